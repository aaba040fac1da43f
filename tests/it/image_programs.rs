//! Configuration files and launch scripts of image programs against what is true of them: hand-made
//! fixtures with the expected result beside them, whole and damaged.

use domicile::inventory::{Context, File, import, show, undeclared_locality};
use domicile::model::DataKinds;
use domicile::model::data::Locality;
use domicile::model::inventory::{FileInventory, Operation, State};
use domicile::services::Services;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/image-programs")
}

fn read(name: &str, bytes: &[u8]) -> Option<FileInventory> {
    let services = Services::embedded().unwrap();
    import(&File::new(name, bytes), &Context { services, locality: &undeclared_locality })
}

fn sent(inventory: &FileInventory) -> DataKinds {
    let leaves = |o: &&Operation| o.state == State::Active && o.locality != Locality::Local;
    inventory.operations.iter().filter(leaves).fold(DataKinds::NONE, |all, o| all.union(o.sends))
}

/// Each fixture has a line in `expected.tsv`.
#[test]
fn every_fixture_gets_its_verdict() {
    let expected = std::fs::read_to_string(folder().join("expected.tsv")).unwrap();
    let mut named = Vec::new();
    let mut wrong = Vec::new();
    for line in expected.lines().filter(|l| !l.starts_with('#')) {
        let file = line.split('\t').next().unwrap();
        named.push(file.to_owned());
        let inventory = read(file, &std::fs::read(folder().join(file)).unwrap());
        let got = inventory.as_ref().map_or_else(
            || format!("{file}\tnone"),
            |i| format!("{file}\t{}\t{}\t{}", i.kind, i.verdict.name(), sent(i)),
        );
        if got != line {
            wrong.push(format!("{line}\n{got}\n{:#?}", inventory.map(|i| (i.operations, i.notes))));
        }
    }
    let mut present: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .filter(|n| n != "expected.tsv")
        .collect();
    present.sort();
    assert_eq!(named, present, "expected.tsv names every fixture once, in order");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Keys, prompts and project names of a file never reach a reader.
#[test]
fn what_a_file_keeps_secret_is_not_shown() {
    let mut met = 0;
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let Some(inventory) = read(&path.file_name().unwrap().to_string_lossy(), &bytes) else { continue };
        met += usize::from(String::from_utf8_lossy(&bytes).contains("CANARY"));
        let files = [inventory];
        for text in [show::text(&files, true), show::json(&files), format!("{files:?}")] {
            assert!(!text.contains("CANARY"), "{}: {text}", path.display());
        }
    }
    assert!(met >= 6, "{met}");
}

/// Cut anywhere, or with any byte spoilt, a fixture is read without a panic; and a JSON file that is cut is
/// never called local.
#[test]
fn damaged_files_are_read_without_harm() {
    let mut undetermined = 0;
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let whole = std::fs::read(&path).unwrap();
        let end = whole.trim_ascii_end().len();
        for at in 0..end {
            let cut = read(&name, &whole[..at]);
            if name.ends_with(".json")
                && let Some(inventory) = cut
            {
                assert_eq!(inventory.verdict.name(), "undetermined", "{name} cut at {at}");
                undetermined += 1;
            }
            let mut spoilt = whole.clone();
            spoilt[at] ^= 0x80;
            read(&name, &spoilt);
        }
    }
    assert!(undetermined > 300, "{undetermined}");
}

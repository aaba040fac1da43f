//! Model files: small ones made by the programs that people use (`tests/fixtures/artefacts/make.py`), with what
//! each is beside them, damaged ones, and large ones as the command line meets them.

use crate::program::{Folder, domicile};
use domicile::inventory::{Context, File, import, may_be_artefact, undeclared_locality};
use domicile::model::inventory::{AssetKind, FileInventory, Verdict};
use domicile::services::Services;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/artefacts")
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(fixtures().join(name)).unwrap()
}

fn context() -> Context<'static> {
    Context { services: Services::embedded().unwrap(), locality: &undeclared_locality }
}

/// As the command line reads it: in ranges if it begins like a model.
fn in_ranges(name: &str, bytes: &[u8]) -> Option<FileInventory> {
    let head = &bytes[..bytes.len().min(512)];
    let ranges = may_be_artefact(head).then(|| import(&File::in_ranges(name, head, &bytes), &context()));
    ranges.flatten().or_else(|| import(&File::new(name, bytes), &context()))
}

fn code(file: &FileInventory) -> String {
    let code = file.assets.iter().filter(|a| a.kind == AssetKind::RemoteCode);
    code.map(|a| a.name.as_str()).collect::<Vec<_>>().join(",")
}

#[test]
fn every_fixture_is_what_it_is() {
    let expected = std::fs::read_to_string(fixtures().join("expected.tsv")).unwrap();
    let mut named = vec!["expected.tsv".to_owned(), "make.py".to_owned()];
    let mut wrong = Vec::new();
    for line in expected.lines().filter(|l| !l.starts_with('#')) {
        let name = line.split('\t').next().unwrap();
        named.push(name.to_owned());
        let bytes = fixture(name);
        let found = in_ranges(name, &bytes);
        let told = found.as_ref().map_or_else(
            || format!("{name}\tnone\t\t\t"),
            |f| {
                let provenance = f.provenance.map_or("", |p| p.name());
                format!("{name}\t{}\t{}\t{provenance}\t{}", f.kind, f.verdict.name(), code(f))
            },
        );
        if told != line {
            wrong.push(format!("expected {line}\ngot      {told}\n{found:#?}"));
        }
        let whole = import(&File::new(name, &bytes), &context());
        assert_eq!(format!("{whole:?}"), format!("{found:?}"), "{name}: whole and in ranges");
        assert!(!format!("{found:?}").contains("CANARY"), "{name}");
    }
    let mut present: Vec<String> = std::fs::read_dir(fixtures())
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    present.sort();
    named.sort();
    assert_eq!(named, present, "expected.tsv names every fixture once");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Nothing about a file may vanish because its end is missing: what is recognised is undetermined, or is whole
/// without what was cut.
#[test]
fn a_file_that_breaks_off_is_never_taken_to_be_harmless() {
    for (name, from) in [
        ("runs.ckpt", 30),
        ("runs_2.pkl", 30),
        ("licensed.safetensors", 60),
        ("source.gguf", 8),
        ("custom.onnx", 40),
    ] {
        let bytes = fixture(name);
        let whole = in_ranges(name, &bytes).unwrap();
        // Of a GGUF file the tensors are not read, so their absence is not seen.
        let to = if name == "source.gguf" { 300 } else { bytes.len() };
        for cut in from..to {
            let found = in_ranges(name, &bytes[..cut]).unwrap_or_else(|| panic!("{name} cut at {cut}"));
            assert_eq!(found.verdict, Verdict::Undetermined, "{name} cut at {cut}: {found:?}");
            assert_eq!(found.kind, whole.kind, "{name} cut at {cut}");
        }
    }
}

/// Every byte of every fixture, changed in four ways: an answer or none, and soon.
#[test]
fn changed_bytes_do_no_harm() {
    for entry in std::fs::read_dir(fixtures()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        for at in 0..bytes.len().min(800) {
            for change in [0x00, 0x01, 0x80, 0xFF] {
                let mut changed = bytes.clone();
                changed[at] = if change == 0x01 { changed[at] ^ 1 } else { change };
                let _ = in_ranges(name, &changed);
            }
        }
    }
}

/// The record that archives of more than 4 GiB end with leads to the same directory.
#[test]
fn large_archives_are_read_by_their_own_record() {
    let bytes = fixture("runs.ckpt");
    let end = bytes.windows(4).rposition(|w| w == b"PK\x05\x06").unwrap();
    let number = |at: usize, n: usize| {
        bytes[end + at..end + at + n].iter().rev().fold(0_u64, |all, b| all << 8 | u64::from(*b))
    };
    let (entries, size, start) = (number(10, 2), number(12, 4), number(16, 4));
    let mut large = bytes[..end].to_vec();
    let record = u64::try_from(large.len()).unwrap();
    large.extend_from_slice(b"PK\x06\x06");
    large.extend_from_slice(&44_u64.to_le_bytes());
    large.extend_from_slice(&[45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    for n in [entries, entries, size, start] {
        large.extend_from_slice(&n.to_le_bytes());
    }
    large.extend_from_slice(b"PK\x06\x07\0\0\0\0");
    large.extend_from_slice(&record.to_le_bytes());
    large.extend_from_slice(&1_u32.to_le_bytes());
    large.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    large.extend_from_slice(&[0xFF; 12]);
    large.extend_from_slice(&[0, 0]);
    let found = in_ranges("x.ckpt", &large).unwrap();
    assert_eq!((code(&found).as_str(), found.notes.len()), ("posix.system", 0), "{found:?}");
}

fn json(folder: &Folder, more: &[&str]) -> Vec<Value> {
    let mut arguments = vec!["inventory", ".", "--output", "json"];
    arguments.extend(more);
    let run = domicile(folder.path(), &arguments);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let document = run.json();
    document["files"].as_array().unwrap().clone()
}

fn of<'f>(files: &'f [Value], path: &str) -> &'f Value {
    files.iter().find(|f| f["path"] == path).unwrap_or_else(|| panic!("{path}"))
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

#[test]
fn digests_are_computed_and_compared_with_what_the_tree_says() {
    let folder = Folder::new();
    let bytes = fixture("plain.safetensors");
    let names =
        ["a/listed.safetensors", "a/other.safetensors", "b/in_bom.safetensors", "c/nobody.safetensors"];
    for (n, name) in (0..).zip(names) {
        let mut bytes = bytes.clone();
        *bytes.last_mut().unwrap() = n;
        folder.write(name, &bytes);
    }
    let digest = |name: &str| hex(&std::fs::read(folder.path().join(name)).unwrap());
    let sums = format!(
        "{}  listed.safetensors\n{}  other.safetensors\n",
        digest("a/listed.safetensors"),
        "0".repeat(64)
    );
    folder.write("a/SHA256SUMS", sums.as_bytes());
    let bom = format!(
        r#"{{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{{"type":"machine-learning-model","name":"m",
            "hashes":[{{"alg":"SHA-256","content":"{}"}}]}}]}}"#,
        digest("b/in_bom.safetensors")
    );
    folder.write("bom.json", bom.as_bytes());
    let files = json(&folder, &[]);
    for (name, provenance) in [
        ("a/listed.safetensors", "verified"),
        ("a/other.safetensors", "contradicted"),
        ("b/in_bom.safetensors", "verified"),
        ("c/nobody.safetensors", "undeclared"),
    ] {
        let file = of(&files, name);
        assert_eq!(file["provenance"], provenance, "{name}");
        assert_eq!(file["assets"][0]["sha256"], digest(name), "{name}");
    }
    let unhashed = json(&folder, &["--no-sha256"]);
    assert_eq!(of(&unhashed, "a/listed.safetensors")["provenance"], "declared");
    assert_eq!(of(&unhashed, "a/listed.safetensors")["assets"][0].get("sha256"), None);
}

#[cfg(unix)]
#[test]
fn a_model_larger_than_memory_is_read_in_ranges() {
    let folder = Folder::new();
    let length: u64 = 1 << 40;
    let header = format!(r#"{{"a":{{"dtype":"U8","shape":[{length}],"data_offsets":[0,{length}]}}}}"#);
    let mut bytes = u64::try_from(header.len()).unwrap().to_le_bytes().to_vec();
    bytes.extend_from_slice(header.as_bytes());
    for name in ["whole.safetensors", "short.safetensors"] {
        folder.write(name, &bytes);
        let file = std::fs::File::options().write(true).open(folder.path().join(name)).unwrap();
        let short = u64::from(name.starts_with("short"));
        // A hole: it takes no room on the disk.
        file.set_len(u64::try_from(bytes.len()).unwrap() + length - short).unwrap();
    }
    let files = json(&folder, &["--no-sha256"]);
    assert_eq!(of(&files, "whole.safetensors")["verdict"], "no-evidence");
    assert_eq!(of(&files, "short.safetensors")["verdict"], "undetermined");
}

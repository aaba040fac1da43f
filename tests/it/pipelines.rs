//! ComfyUI workflows against what is true of them: the shared samples where they are present, and small
//! hand-made fixtures, one for each trap, with the expected result beside them.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test reads fixtures from the disk, fails on the spot and says what it skipped"
)]

use domicile::inventory::{Context, File, import, undeclared_locality};
use domicile::model::data::Locality;
use domicile::model::inventory::{FileInventory, State, Verdict};
use domicile::model::{DataKind, DataKinds};
use domicile::services::Services;
use std::path::Path;

fn services() -> &'static Services {
    Services::embedded().unwrap()
}

fn read(path: &Path) -> Option<FileInventory> {
    let bytes = std::fs::read(path).unwrap();
    let services = services();
    let context = Context { services, locality: &undeclared_locality };
    import(&File::new(&path.file_name().unwrap().to_string_lossy(), &bytes), &context)
}

/// What active remote operations send, together.
fn sent(inventory: &FileInventory) -> DataKinds {
    let remote = |o: &&domicile::model::inventory::Operation| {
        o.state == State::Active && o.locality != Locality::Local
    };
    inventory.operations.iter().filter(remote).fold(DataKinds::NONE, |all, o| all.union(o.sends))
}

/// The truth table has no word of its own for masks: a mask is part of what it calls the image.
fn as_truth_counts(kinds: DataKinds) -> DataKinds {
    kinds.iter().map(|k| if k == DataKind::Mask { DataKind::Image } else { k }).collect()
}

/// No disagreement. One file deserves a word: in `load_image_from_url.api.json` nothing needs the two
/// downloads (their encoders are not linked on); it is "fetch-only" as the most that the file could do.
#[test]
fn every_comfyui_sample_gets_its_verdict() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples/pipelines");
    let Ok(truth) = std::fs::read_to_string(samples.join("truth.tsv")) else {
        eprintln!(
            "SKIPPED: no samples at ../shared/samples/pipelines; tests/fixtures/comfyui still covers the traps"
        );
        return;
    };
    let mut wrong = Vec::new();
    let mut checked = 0;
    for line in truth.lines().filter(|l| l.starts_with("comfyui-")) {
        let (file, expected) = line.split_once('\t').unwrap();
        checked += 1;
        let Some(inventory) = read(&samples.join(file)) else {
            wrong.push(format!("{file}: not recognised"));
            continue;
        };
        let (verdict, sends) = match expected.strip_prefix("remote-") {
            Some(kinds) => {
                ("remote", Some(kinds.split('+').map(|k| DataKind::parse(k).unwrap()).collect::<DataKinds>()))
            }
            None => (expected, None),
        };
        let got = as_truth_counts(sent(&inventory));
        if inventory.verdict.name() != verdict || sends.is_some_and(|s| s != got) {
            wrong.push(format!(
                "{file}: expected {expected}, got {} {got}\n{:#?}",
                inventory.verdict.name(),
                inventory.operations
            ));
        }
    }
    assert!(checked >= 61, "{checked}");
    assert!(wrong.is_empty(), "{} of {checked} disagree:\n{}", wrong.len(), wrong.join("\n"));
}

/// Each fixture `x.json` or `x.txt` has a line `x.json<TAB>verdict<TAB>sends` in `expected.tsv`.
#[test]
fn every_fixture_gets_its_verdict() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/comfyui");
    let expected = std::fs::read_to_string(folder.join("expected.tsv")).unwrap();
    let mut named: Vec<&str> = Vec::new();
    let mut wrong = Vec::new();
    for line in expected.lines().filter(|l| !l.starts_with('#')) {
        let [file, verdict, sends] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        named.push(file);
        let got = read(&folder.join(file));
        let shown = got.as_ref().map_or(("none".to_owned(), "none".to_owned()), |i| {
            (i.verdict.name().to_owned(), sent(i).to_string())
        });
        if shown != (verdict.to_owned(), sends.to_owned()) {
            wrong.push(format!(
                "{file}: expected {verdict} {sends}, got {shown:?}\n{:#?}",
                got.map(|i| (i.operations, i.notes))
            ));
        }
    }
    let mut present: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .filter(|n| n != "expected.tsv")
        .collect();
    present.sort();
    named.sort_unstable();
    assert_eq!(named, present, "expected.tsv names every fixture once");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_node_is_found_at_its_line_and_says_no_text_of_the_user() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/comfyui");
    let inventory = read(&folder.join("partner.ui.json")).unwrap();
    assert_eq!(inventory.verdict, Verdict::Remote);
    let operation = &inventory.operations[0];
    assert_eq!(operation.place.line, Some(4));
    assert_eq!(operation.route, ["comfy-partner", "bfl"]);
    for file in std::fs::read_dir(&folder).unwrap() {
        let Some(inventory) = read(&file.unwrap().path()) else { continue };
        let all = [
            domicile::inventory::show::text(std::slice::from_ref(&inventory), true),
            domicile::inventory::show::json(std::slice::from_ref(&inventory)),
        ];
        for text in all {
            assert!(!text.contains("CANARY"), "{text}");
        }
    }
}

#[test]
fn damaged_workflows_are_never_local() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/comfyui");
    let services = services();
    let context = Context { services, locality: &undeclared_locality };
    let whole = std::fs::read(folder.join("local.api.json")).unwrap();
    let end = whole.trim_ascii_end().len();
    let mut met = 0;
    for cut in 0..end {
        if let Some(inventory) = import(&File::new("cut.json", &whole[..cut]), &context) {
            assert_eq!(inventory.verdict, Verdict::Undetermined, "cut at {cut}");
            met += 1;
        }
    }
    assert!(met > end / 2, "{met}");
    let mut foreign = whole.clone();
    let at = foreign.windows(3).position(|w| w == b"cat").unwrap();
    foreign[at] = 0xFF;
    let inventory = import(&File::new("latin.json", &foreign), &context).unwrap();
    assert_eq!(inventory.verdict, Verdict::Undetermined);
    let deep = format!(
        "{{\"1\":{{\"class_type\":\"KSampler\",\"inputs\":{{\"x\":{}1{}}}}}}}",
        "[".repeat(200_000),
        "]".repeat(200_000)
    );
    let inventory = import(&File::new("deep.json", deep.as_bytes()), &context).unwrap();
    assert_eq!(inventory.verdict, Verdict::Undetermined);
}

#[test]
fn subgraphs_that_double_at_every_level_are_bounded() {
    let id = |level: usize| format!("00000000-0000-0000-0000-{level:012}");
    let instance = |n: usize, level: usize| {
        format!(
            r#"{{"id":{n},"type":"{}","mode":0,"inputs":[],"outputs":[],"widgets_values":[]}}"#,
            id(level)
        )
    };
    let pair = |level: usize| format!("{},{}", instance(1, level), instance(2, level));
    let definitions: Vec<String> = (0..30)
        .map(|level| {
            format!(r#"{{"id":"{}","name":"s","nodes":[{}],"links":[]}}"#, id(level), pair(level + 1))
        })
        .collect();
    let text = format!(
        r#"{{"nodes":[{}],"links":[],"definitions":{{"subgraphs":[{}]}}}}"#,
        pair(0),
        definitions.join(",")
    );
    let services = services();
    let context = Context { services, locality: &undeclared_locality };
    let inventory = import(&File::new("bomb.json", text.as_bytes()), &context).unwrap();
    assert_eq!(inventory.verdict, Verdict::Undetermined);
    assert!(inventory.notes.iter().any(|n| n.starts_with("more than")), "{:?}", inventory.notes);
}

/// The ids that node classes name are ids of the services list, wherever that list has been filled.
#[test]
fn every_service_that_a_node_class_names_is_in_the_list() {
    let classes = domicile::services::nodes::NodeClasses::shipped();
    let named: std::collections::BTreeSet<&str> =
        classes.all().iter().filter_map(|c| c.service.as_deref()).collect();
    assert!(named.len() > 40);
    let missing: Vec<_> = named.into_iter().filter(|id| services().service(id).is_none()).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

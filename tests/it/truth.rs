//! Every pipeline sample against what is true of it, with the table of what was found and missed.
//!
//! The samples are real files from the world that may not be committed; where they are absent the test
//! says so. What its few verdicts in free text mean is written beside them in `SOURCES.md`, and here.

#![expect(clippy::print_stderr, reason = "a test says what it skipped, and what was found and missed")]

use domicile::inventory::{Context, File, import, passed_over, undeclared_locality};
use domicile::model::data::Locality;
use domicile::model::inventory::{FileInventory, State, Verdict};
use domicile::model::{DataKind, DataKinds};
use domicile::services::Services;
use std::path::{Path, PathBuf};

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples/pipelines")
}

/// What a truth stands for: verdict, and what leaves if it is said.
fn expected(file: &str, truth: &str) -> (Verdict, Option<DataKinds>) {
    let kinds = |text: &str| text.split('+').map(|k| DataKind::parse(k).unwrap()).collect::<DataKinds>();
    match truth {
        // Credentials of a hosted service, no call: what every other row calls remote-capable.
        "remote" => (Verdict::RemoteCapable, None),
        // A variable decides, and its default is local: open, as long as nobody says what it is set to.
        "undetermined, default local" => (Verdict::Undetermined, None),
        // An address of RFC 1918: somebody's network, local only if the project declares it.
        "local network" => (Verdict::Undetermined, None),
        "remote relay" => (Verdict::Remote, Some(kinds("prompt+image"))),
        "remote-prompt by default" => (Verdict::Remote, Some(kinds("prompt"))),
        // A list of model names that no pipeline loads.
        "catalogue" => (Verdict::NoEvidence, None),
        // A bill of materials is judged by its flows: those of the SaaSBOM samples enter a bucket in the
        // "Public Internet", those of the service samples cross a trust boundary; the others have none.
        "BOM" if file.contains("saasbom") || file.contains("/service-") => (Verdict::Remote, None),
        "BOM" => (Verdict::NoEvidence, None),
        _ => match truth.strip_prefix("remote-").filter(|rest| *rest != "capable") {
            Some(rest) => (Verdict::Remote, Some(kinds(rest))),
            None => (Verdict::parse(truth).unwrap_or_else(|| panic!("{file}: `{truth}`")), None),
        },
    }
}

fn read(file: &str) -> FileInventory {
    let bytes = std::fs::read(samples().join(file)).unwrap();
    let context = Context { services: Services::embedded().unwrap(), locality: &undeclared_locality };
    import(&File::new(file, &bytes), &context).unwrap_or_else(|| passed_over(file, "not recognised"))
}

/// What active operations send away; a mask is part of what the truth calls the image.
fn sent(inventory: &FileInventory) -> DataKinds {
    let remote =
        inventory.operations.iter().filter(|o| o.state == State::Active && o.locality != Locality::Local);
    let kinds = remote.fold(DataKinds::NONE, |all, o| all.union(o.sends));
    let content = DataKinds::of(&[DataKind::Prompt, DataKind::Image, DataKind::Mask]);
    kinds
        .intersection(content)
        .iter()
        .map(|k| if k == DataKind::Mask { DataKind::Image } else { k })
        .collect()
}

/// Whether a verdict warns that data leaves or may leave.
fn warns(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Remote | Verdict::Undetermined | Verdict::RemoteCapable)
}

#[test]
fn every_sample_gets_its_verdict() {
    let Ok(truth) = std::fs::read_to_string(samples().join("truth.tsv")) else {
        eprintln!("SKIPPED: no samples beside the checkout; tests/fixtures covers the traps");
        return;
    };
    let (mut found, mut missed, mut called, mut kept) = (0, 0, 0, 0);
    let mut wrong = Vec::new();
    for line in truth.lines().skip(1) {
        let (file, word) = line.split_once('\t').unwrap();
        let (verdict, sends) = expected(file, word);
        let inventory = read(file);
        match (warns(verdict), warns(inventory.verdict)) {
            (true, true) => found += 1,
            (true, false) => missed += 1,
            (false, true) => called += 1,
            (false, false) => kept += 1,
        }
        let got = sent(&inventory);
        if inventory.verdict != verdict || sends.is_some_and(|s| s != got) {
            let name = inventory.verdict.name();
            wrong.push(format!("{file}: {word} expected, {name} {got} found by {}", inventory.kind));
        }
    }
    eprintln!(
        "remote found {found}, remote missed {missed}, local called remote {called}, local kept {kept}"
    );
    assert!(found + missed + called + kept >= 141, "the whole table was walked");
    assert!(wrong.is_empty(), "{} disagree:\n{}", wrong.len(), wrong.join("\n"));
}

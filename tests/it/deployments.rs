//! Manifests, deployments and gateways against what is true of them: the shared samples where they are
//! present, and folders of hand-made files, read as one tree, with the expected result beside them.

use domicile::inventory::{Context, File, import, reconcile, undeclared_locality};
use domicile::model::inventory::{FileInventory, State};
use domicile::model::{DataKinds, data::Locality};
use domicile::services::Services;
use std::path::Path;

fn context() -> Context<'static> {
    Context { services: Services::embedded().unwrap(), locality: &undeclared_locality }
}

fn read(path: &Path, name: &str) -> Option<FileInventory> {
    import(&File::new(name, &std::fs::read(path).unwrap()), &context())
}

fn sent(inventory: &FileInventory) -> DataKinds {
    let counts = |o: &&domicile::model::inventory::Operation| {
        o.state == State::Active && o.locality != Locality::Local
    };
    inventory.operations.iter().filter(counts).fold(DataKinds::NONE, |all, o| all.union(o.sends))
}

/// Verdict and what is sent, as the truth table words them.
fn worded(inventory: &FileInventory) -> String {
    match inventory.verdict.name() {
        "remote" => format!("remote-{}", sent(inventory)),
        other => other.to_owned(),
    }
}

#[test]
fn every_sample_of_a_deployment_gets_its_verdict() {
    const KINDS: [&str; 8] = [
        "compose/",
        "env/",
        "kubernetes/",
        "manifests/",
        "invokeai/env",
        "_handwritten/compose/",
        "_handwritten/dockerfile/",
        "_handwritten/kubernetes/",
    ];
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples/pipelines");
    let Ok(truth) = std::fs::read_to_string(samples.join("truth.tsv")) else {
        eprintln!(
            "SKIPPED: no samples at ../shared/samples/pipelines; tests/fixtures/deployments still covers the traps"
        );
        return;
    };
    let mut wrong = Vec::new();
    let mut checked = 0;
    for line in truth.lines() {
        let (file, expected) = line.split_once('\t').unwrap();
        if !KINDS.iter().any(|k| file.starts_with(k)) && !file.starts_with("_handwritten/manifests/") {
            continue;
        }
        checked += 1;
        // What the table says in words of its own.
        let expected = match expected {
            "remote" => "remote-capable",
            "remote-prompt by default" => "remote-prompt",
            other => other,
        };
        let Some(inventory) = read(&samples.join(file), file) else {
            wrong.push(format!("{file}: not recognised"));
            continue;
        };
        if worded(&inventory) != expected {
            wrong.push(format!("{file}: expected {expected}, got {}\n{inventory:#?}", worded(&inventory)));
        }
    }
    assert!(checked >= 30, "{checked}");
    assert!(wrong.is_empty(), "{} of {checked} disagree:\n{}", wrong.len(), wrong.join("\n"));
}

/// Each folder is a tree of its own; `expected.tsv` has a line `file<TAB>kind<TAB>verdict` for every file.
#[test]
fn every_tree_of_fixtures_gets_its_verdicts() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/deployments");
    let mut trees: Vec<_> = std::fs::read_dir(&root).unwrap().map(|e| e.unwrap().path()).collect();
    trees.sort();
    assert!(trees.len() >= 4, "{trees:?}");
    for tree in trees {
        let expected = std::fs::read_to_string(tree.join("expected.tsv")).unwrap();
        let rows: Vec<Vec<&str>> =
            expected.lines().filter(|l| !l.starts_with('#')).map(|l| l.split('\t').collect()).collect();
        let mut files: Vec<FileInventory> = rows
            .iter()
            .map(|row| {
                read(&tree.join(row[0]), row[0]).unwrap_or_else(|| panic!("{} is not recognised", row[0]))
            })
            .collect();
        reconcile(&mut files, &context());
        for (row, file) in rows.iter().zip(&files) {
            let got = format!("{}\t{}", file.kind, worded(file));
            assert_eq!(got, row[1..].join("\t"), "{}/{}: {file:#?}", tree.display(), row[0]);
        }
        let shown = domicile::inventory::show::text(&files, true) + &domicile::inventory::show::json(&files);
        assert!(!shown.contains("CANARY"), "{shown}");
    }
}

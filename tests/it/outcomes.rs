//! What the program concludes about the four example projects, to the record.

use crate::program::{Folder, domicile, examples};
use serde_json::{Value, json};
use std::path::Path;

const NOW: &str = "2026-11-23T00:00:00Z";

/// The sum of a list of counted reasons.
fn sum(reasons: &Value) -> u64 {
    let reasons = reasons.as_array().unwrap();
    reasons.iter().map(|r| r["records"].as_u64().unwrap()).sum()
}

fn adds_up(records: &Value, of: &str) {
    let parts = records["flows"].as_u64().unwrap() + sum(&records["ignored"]) + sum(&records["rejected"]);
    assert_eq!(records["read"].as_u64().unwrap(), parts, "{of}: {records}");
}

fn check(project: &str, output: &str) -> crate::program::Run {
    domicile(&examples(), &["check", project, "--now", NOW, "--output", output])
}

/// Runs one example and holds everything that is counted to itself and to what is expected.
fn concludes(project: &str, code: i32, conclusion: &str, outcomes: &Value, records: [u64; 4]) -> Value {
    let run = check(project, "json");
    assert_eq!(run.code, code, "{project}: {}", run.stderr);
    assert_eq!(run.stderr, "", "{project}");
    let report = run.json();
    assert_eq!(report["conclusion"], conclusion, "{project}");
    assert_eq!(&report["outcomes"], outcomes, "{project}");
    let counted: u64 = outcomes.as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(counted, report["rules"].as_array().unwrap().len() as u64, "{project}: every rule, once");

    let whole = &report["records"];
    adds_up(whole, project);
    let [read, flows, ignored, findings] = records;
    assert_eq!(whole["read"], read, "{project}");
    assert_eq!(whole["flows"], flows, "{project}");
    assert_eq!(sum(&whole["ignored"]), ignored, "{project}");
    assert_eq!(sum(&whole["rejected"]), 0, "{project}");
    let failed = report["findings"].as_array().unwrap().iter().filter(|f| f["outcome"] == "fail");
    assert_eq!(failed.count() as u64, findings, "{project}");

    let mut by_log = 0;
    for log in report["logs"].as_array().unwrap() {
        assert_eq!(log["skipped"], Value::Null, "{project}: {log}");
        adds_up(&log["records"], &format!("{project} {}", log["path"]));
        by_log += log["records"]["read"].as_u64().unwrap();
    }
    assert_eq!(by_log, read, "{project}: the logs hold what the whole holds");
    report
}

/// The records that `examples/truth.tsv` says the logs of a project hold.
fn truth(project: &str) -> u64 {
    let table = std::fs::read_to_string(examples().join("truth.tsv")).unwrap();
    let rows = table.lines().map(|l| l.split('\t').collect::<Vec<_>>());
    let rows = rows.filter(|cells| cells[0] == project && cells[1] == "records");
    rows.map(|cells| cells[5].parse::<u64>().unwrap()).sum()
}

#[test]
fn the_clinic_conforms() {
    let outcomes =
        json!({"pass": 15, "fail": 0, "waived": 0, "inconclusive": 0, "not_applicable": 0, "error": 0});
    let report = concludes("clinic", 0, "conforms", &outcomes, [2887, 2887, 0, 0]);
    assert_eq!(truth("clinic"), 2887);
    assert_eq!(report["sources"][0]["heartbeats"], 144);
    assert_eq!(report["blocked"][0]["destination"], "api.comfy.org");
    assert_eq!(report["blocked"][0]["records"], 4);
    assert_eq!(report["expected"][0]["records"], 109);
}

#[test]
fn the_bank_conforms_except_as_waived() {
    let outcomes =
        json!({"pass": 14, "fail": 0, "waived": 1, "inconclusive": 0, "not_applicable": 0, "error": 0});
    let report = concludes("bank", 0, "conforms except as waived", &outcomes, [5255, 5255, 0, 1]);
    assert_eq!(truth("bank"), 5255);
    let waiver = &report["waivers"][0];
    assert_eq!(waiver["owner"], "creative-platform@bank.example", "{waiver}");
}

#[test]
fn the_shipyard_does_not_conform() {
    let outcomes =
        json!({"pass": 10, "fail": 5, "waived": 0, "inconclusive": 1, "not_applicable": 0, "error": 0});
    let report = concludes("shipyard", 1, "does not conform", &outcomes, [3366, 3222, 144, 15]);
    assert_eq!(truth("shipyard"), 3366);
    let named = serde_json::to_string(&report["findings"]).unwrap();
    for host in ["api.openai.com", "api.replicate.com", "api.bfl.ai", "203.0.113.9", "gradio.live"] {
        assert!(named.contains(host), "no finding about {host}: {named}");
    }
}

#[test]
fn the_blind_studio_cannot_conclude() {
    let outcomes =
        json!({"pass": 10, "fail": 0, "waived": 0, "inconclusive": 5, "not_applicable": 0, "error": 0});
    let report = concludes("blind", 4, "unable to conclude", &outcomes, [1461, 1461, 0, 0]);
    assert_eq!(truth("blind"), 1461);
    let rules = report["rules"].as_array().unwrap();
    for rule in rules.iter().filter(|r| r["outcome"] == "inconclusive") {
        assert_ne!(rule["settle"], json!([]), "what would settle it: {rule}");
    }
}

#[test]
fn the_same_inputs_make_the_same_bytes() {
    for project in ["clinic", "bank", "shipyard", "blind"] {
        for output in ["json", "html", "aggregates", "text"] {
            let (first, second) = (check(project, output), check(project, output));
            assert_eq!(first.code, second.code, "{project} {output}");
            assert!(!first.stdout.is_empty(), "{project} {output}");
            assert!(first.stdout == second.stdout, "{project} {output}: two runs differ");
        }
    }
}

/// Where a project stands does not reach what is said about it: neither its absolute path nor the folder
/// the program was started in.
#[test]
fn the_place_of_the_project_changes_no_aggregate() {
    for project in ["clinic", "shipyard"] {
        let from_above = check(project, "aggregates");
        let within = domicile(&examples().join(project), &["check", "--now", NOW, "--output", "aggregates"]);
        assert!(from_above.stdout == within.stdout, "{project}");
        let absolute = examples().join(project);
        let absolute = absolute.to_str().unwrap();
        for output in ["json", "html", "text"] {
            let run = check(absolute, output);
            assert!(!run.stdout.contains(env!("CARGO_MANIFEST_DIR")), "{project} {output}: an absolute path");
        }
    }
}

/// Seventy clients of one destination are more than are kept apart, and the component may be among them: nothing is
/// said of it then.
#[test]
fn a_component_that_may_be_among_folded_clients_is_not_concluded_about() {
    let folder = Folder::new();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cli/domicile.toml");
    folder.write("domicile.toml", &std::fs::read(fixture).unwrap());
    let log = |clients: std::ops::Range<u32>, net: &str| -> String {
        let line = |n| {
            format!(
                "{}.100   90 {net}.{n} TCP_TUNNEL/200 4000 CONNECT www.example.org:443 - HIER_DIRECT/192.0.2.1 - 900\n",
                1_795_305_600 + n * 1_200
            )
        };
        clients.map(line).collect()
    };
    let check = |text: String| {
        folder.write("logs/access.log", text.as_bytes());
        domicile(folder.path(), &["check", "--now", "2026-11-23T00:00:00Z"])
    };
    let folded = check(log(0..71, "10.99.0"));
    assert!(
        folded.stdout.contains("71 records of source `proxy` are of clients that were too many"),
        "{}",
        folded.stdout
    );
    assert_eq!(folded.code, 4, "{}", folded.stdout);
    // Others may be as many as they like.
    let others = check(log(0..71, "10.98.0"));
    assert!(!others.stdout.contains("too many to be kept apart"), "{}", others.stdout);
}

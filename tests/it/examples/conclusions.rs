//! What each example is for, as `domicile check` sees it: exit code, conclusion, and the seeded findings.

use super::folder;
use std::process::Command;

/// Exit code, standard output and the quoted sentence, which is its last line.
fn check(project: &str, more: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_domicile"));
    command.arg("check").arg(folder().join(project)).args(["--now", "2026-11-23T12:00:00Z"]).args(more);
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let sentence = text.lines().last().unwrap_or_default().to_owned();
    (output.status.code().unwrap(), text, sentence)
}

#[test]
fn each_project_concludes_as_its_readme_says() {
    for (project, code, conclusion, records) in [
        ("clinic", 0, ": conforms; ", "0 findings in 2,887 records"),
        ("bank", 0, ": conforms except as waived; ", "1 finding in 5,255 records"),
        ("shipyard", 1, ": does not conform; ", "findings in 3,366 records"),
        ("blind", 4, ": unable to conclude; ", "0 findings in 1,461 records"),
    ] {
        let (exit, _, sentence) = check(project, &[]);
        assert_eq!(exit, code, "{project}: {sentence}");
        assert!(sentence.contains(conclusion) && sentence.contains(records), "{project}: {sentence}");
    }
}

#[test]
fn the_clinic_lists_what_was_refused_and_what_was_expected() {
    let (_, text, _) = check("clinic", &[]);
    for line in [
        "blocked: comfyui to api.comfy.org, 4 records",
        "blocked: comfyui to hb.domicile.invalid, 144 records",
        "expected weights-and-time: 109 records",
        "other clients: 18 with 2600 records",
    ] {
        assert!(text.contains(line), "no `{line}` in:\n{text}");
    }
}

/// The six ways out, the partner node and the undeclared machine, each found by the rule it is there for.
#[test]
fn the_shipyard_shows_every_seeded_fact() {
    let (_, text, _) = check("shipyard", &["--output", "json"]);
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let part = |f: &serde_json::Value, key: &str| f[key].as_str().unwrap_or("-").to_owned();
    for (rule, client, destination, records) in [
        ("prompt-egress", "10.30.0.10", "api.openai.com", 14),
        ("prompt-egress", "unnamed-client", "api.bfl.ai", 3),
        ("prompt-egress", "10.30.0.20", "3fa85f6457174562b3.gradio.live", 4),
        ("declared-remote-step", "-", "bfl", 0),
        ("declared-remote-step", "-", "openai", 0),
        ("undeclared-destination", "10.30.0.10", "198.51.100.23", 5),
        ("undeclared-client", "10.30.0.77", "api.replicate.com", 9),
        ("encrypted-transport", "10.30.0.11", "203.0.113.9", 6),
    ] {
        let found = findings.iter().any(|f| {
            part(f, "rule") == rule
                && part(f, "client") == client
                && part(f, "destination") == destination
                && f["records"].to_string().trim_matches('"') == records.to_string()
        });
        assert!(found, "no finding of {rule}: {client} to {destination}, {records} records");
    }
}

/// The silence is a fact of the log that the coverage states, whoever asks.
#[test]
fn the_blind_project_states_its_silence() {
    let (_, text, _) = check("blind", &[]);
    assert!(text.contains("longest silence 4h 44m") && text.contains("bypass not controlled"), "{text}");
}

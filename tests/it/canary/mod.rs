//! Nothing that a log or a workflow says in private reaches any output: a known word is planted in every
//! field that can hold a prompt, an image, a credential, a user name or a path, and looked for in all that
//! the program writes, also in capitals, base64, hexadecimal and percent escapes.

mod logs;
mod workflows;

use crate::program::{Folder, Run, domicile};
use base64ct::{Base64Unpadded, Encoding as _};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// What every canary begins with.
const STEM: &str = "KanarieVogel";

const PROJECT: &str = r#"
[project]
name = "canary"
owner = "owner@site.example"
policies = ["healthcare"]
assessment = "self"
period = { start = 2026-11-22T00:00:00Z, end = 2026-11-23T00:00:00Z }

[boundary]
networks = [{ cidr = "10.99.0.0/24", site = "dc1", use = "test" }]
sites = [{ id = "dc1", jurisdiction = "US", basis = "owned" }]

[[component]]
id = "comfyui"
role = "generator"
hosts = ["10.99.0.5", "har-client"]
files = ["workflows/*.json"]

[[source]]
id = "everything"
files = ["logs/**/*.log", "logs/**/*.json", "logs/*.har"]
point = { at = "gateway", kind = "gateway", observes = ["comfyui"] }
custody = { collector = "netops@site.example", method = "read in place" }
"#;

/// The spellings of the stem to look for. Text is compared in lower case, so that capitals are covered.
fn spellings() -> Vec<String> {
    let mut all = Vec::new();
    for stem in [STEM.to_owned(), STEM.to_lowercase(), STEM.to_uppercase()] {
        all.push(stem.bytes().map(|b| format!("{b:02x}")).collect());
        all.push(stem.bytes().map(|b| format!("%{b:02x}")).collect());
        for shift in 0..3 {
            let shifted = [&vec![0; shift], stem.as_bytes()].concat();
            let text = Base64Unpadded::encode_string(&shifted);
            // Only the characters that the stem alone decides.
            all.push(text[(shift * 8).div_ceil(6)..shifted.len() * 8 / 6].to_owned());
        }
    }
    all
}

/// The planted words as they stand in the files.
fn planted(folder: &Folder) -> Vec<String> {
    let mut words = Vec::new();
    let mut open = vec![folder.path().to_owned()];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(path).unwrap().map(|e| e.unwrap().path()));
            continue;
        }
        let text = String::from_utf8(std::fs::read(path).unwrap()).unwrap();
        for (at, _) in text.match_indices(STEM) {
            let word = text[at..].split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next().unwrap();
            words.push(word.to_owned());
        }
    }
    words
}

/// The first canary in an output, with what stands around it.
fn leak(output: &str, words: &[String]) -> Option<String> {
    let around = |at: usize| {
        let from = output.floor_char_boundary(at.saturating_sub(80));
        output[from..output.ceil_char_boundary((at + 60).min(output.len()))].to_owned()
    };
    let lower = output.to_ascii_lowercase();
    // Without its first letter, which some canaries hide in an escape.
    let plain = lower.find(&STEM.to_ascii_lowercase()[1..]);
    let spelled = || spellings().iter().find_map(|s| output.find(s.as_str()));
    // A digest without a key is a guess away from what it was made of.
    let digested = || {
        let digests =
            words.iter().map(|w| Sha256::digest(w).iter().map(|b| format!("{b:02x}")).collect::<String>());
        digests.into_iter().find_map(|d| lower.find(&d))
    };
    plain.or_else(spelled).or_else(digested).map(around)
}

fn silent(name: &str, run: &Run, words: &[String]) {
    for (stream, text) in [("standard output", &run.stdout), ("standard error", &run.stderr)] {
        if let Some(around) = leak(text, words) {
            panic!("{name}: a canary on {stream}: {around}");
        }
    }
}

#[test]
fn a_canary_is_seen_in_every_spelling() {
    let words = [format!("{STEM}-token")];
    for text in [
        "a KANARIEVOGEL b",
        "%4BanarieVogel",
        "&#75;anarievogel",
        "S2FuYXJpZVZvZ2Vs",
        "eEthbmFyaWVWb2dlbA",
        "4b616e61726965566f67656c",
        "%4b%61%6e%61%72%69%65%56%6f%67%65%6c",
    ] {
        assert!(leak(text, &words).is_some(), "{text}");
    }
    let digest: String = Sha256::digest(&words[0]).iter().map(|b| format!("{b:02x}")).collect();
    assert!(leak(&digest, &words).is_some());
    assert_eq!(leak("a vogel, kanari; S2FuYXJp", &words), None);
}

#[test]
fn no_output_holds_what_was_planted() {
    let folder = Folder::new();
    folder.write("domicile.toml", PROJECT.as_bytes());
    let logs = logs::plant(&folder);
    workflows::plant(&folder);
    let words = planted(&folder);
    assert!(words.len() > 100, "{} canaries", words.len());

    for output in ["text", "json", "html", "aggregates"] {
        for more in [&[][..], &["--examine"], &["--color", "always"]] {
            let mut args = vec!["check", "--now", "2026-11-23T00:00:00Z", "--output", output];
            args.extend(more);
            let run = domicile(folder.path(), &args);
            assert_eq!(run.code, 1, "{args:?}: {}{}", run.stdout, run.stderr);
            // No log is read for an examination, so there is nothing to aggregate.
            let empty = output == "aggregates" && more == ["--examine"];
            assert_eq!(run.stdout.is_empty(), empty, "{args:?}");
            silent(&args.join(" "), &run, &words);
        }
    }
    for args in [
        &["check", "--propose"][..],
        &["scan", "logs"],
        &["scan", "logs", "--output", "json"],
        &["scan", "logs/squid/access.log", "--format", "squid-combined"],
        &["scan", "logs/squid/access.log", "--format", "suricata-eve"],
        &["scan", "logs/suricata/eve.json", "--format", "zeek-json"],
        &["scan", "logs/browser.har", "--format", "squid"],
        &["inventory", "workflows"],
        &["inventory", "workflows", "--output", "json"],
        &["inventory", "workflows", "--all"],
        &["inventory", "logs", "--all", "--output", "json"],
        // Files that are nothing of the kind: errors quote no line of them.
        &["check", "logs/squid/access.log"],
        &["check", "workflows/editor.json"],
        &["check", "--policy", "logs/squid/access.log"],
    ] {
        let run = domicile(folder.path(), args);
        assert!(!(run.stdout.is_empty() && run.stderr.is_empty()), "{args:?}");
        silent(&args.join(" "), &run, &words);
    }

    // A partial leaves the machine that the logs lie on.
    let scanned = domicile(folder.path(), &["scan", "--project", ".", "--partial", "all.partial"]);
    silent("scan --partial", &scanned, &words);
    let partial = std::fs::read_to_string(folder.path().join("all.partial")).unwrap();
    assert!(partial.lines().count() > 50, "{partial}");
    if let Some(around) = leak(&partial, &words) {
        panic!("a canary in a partial: {around}");
    }
    for output in ["text", "json", "html"] {
        let args =
            ["check", "--now", "2026-11-23T00:00:00Z", "--evidence", "all.partial", "--output", output];
        silent("check --evidence", &domicile(folder.path(), &args), &words);
    }

    // What was planted was read: silence about a log that nobody opened proves nothing.
    let report =
        domicile(folder.path(), &["check", "--now", "2026-11-23T00:00:00Z", "--output", "json"]).json();
    for log in &logs {
        let found = report["logs"].as_array().unwrap().iter().find(|l| l["path"] == log.name);
        let records = &found.unwrap_or_else(|| panic!("{} is not listed", log.name))["records"];
        assert_eq!(records["read"], log.read, "{}: {records}", log.name);
        assert_eq!(records["flows"], log.flows, "{}: {records}", log.name);
    }
    let services: Vec<_> =
        report["findings"].as_array().unwrap().iter().filter_map(|f| f["service"].as_str()).collect();
    assert!(services.len() > 5, "{services:?}");
    let declared = |name: &str| {
        let files = report["declared"].as_array().unwrap();
        files.iter().find(|f| f["path"] == name).map_or(Value::Null, |f| f["verdict"].clone())
    };
    for name in ["editor.json", "request.json", "endpoint.json"] {
        assert_eq!(declared(&format!("workflows/{name}")), "remote", "{name}");
    }
}

//! Partials as evidence: the report is that of the logs, and what no partial holds is named.

use crate::program::{Folder, domicile, examples};
use std::fmt::Write;
use std::path::Path;

const NOW: &str = "2026-11-23T00:00:00Z";

/// The report as lines of text without that disclosure, and the list of aggregates.
fn report(directory: &Path, folder: &Folder, evidence: &[&str]) -> (i32, Vec<String>, Vec<u8>) {
    let out = |name: &str| folder.path().join(name).display().to_string();
    let (json, lines) = (out("report.json"), out("list.jsonl"));
    let (json_to, lines_to) = (format!("json={json}"), format!("aggregates={lines}"));
    let mut args = vec!["check", "--now", NOW, "--output", &json_to, "--output", &lines_to];
    for partial in evidence {
        args.extend(["--evidence", partial]);
    }
    let run = domicile(directory, &args);
    let value: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(json).unwrap()).unwrap();
    let pretty = serde_json::to_string_pretty(&value).unwrap();
    let lines_of = pretty.lines().filter(|l| !l.contains("no log was read: the evidence is partial"));
    let told = lines_of.map(|l| l.trim_end_matches(',').replace("\"disclosures\": []", "\"disclosures\": ["));
    (run.code, told.filter(|l| l.trim() != "]").collect(), std::fs::read(lines).unwrap())
}

#[test]
fn every_example_is_judged_from_partials_as_from_its_logs() {
    for example in ["clinic", "bank", "shipyard", "blind"] {
        let directory = examples().join(example);
        let folder = Folder::new();
        let to = |name: &str| folder.path().join(name).display().to_string();
        let (whole, merged) = (to("whole"), to("merged"));
        let run = domicile(&directory, &["scan", "--project", ".", "--partial", &whole]);
        assert!(run.code == 0 || run.code == 4, "{example}: {}", run.stderr);
        let straight = report(&directory, &folder, &[]);
        assert_eq!(report(&directory, &folder, &[&whole]), straight, "{example}");

        // The same from one partial for each log.
        let read = std::fs::read(&whole).unwrap();
        let summary = domicile::evidence::partial::read(&mut read.as_slice()).unwrap().summary;
        let mut parts = Vec::new();
        for (i, (source, name)) in summary.logs.keys().enumerate() {
            let part = to(&format!("part{i}"));
            domicile(&directory, &["scan", "--project", ".", "--source", source, name, "--partial", &part]);
            parts.push(part);
        }
        let parts: Vec<&str> = parts.iter().map(String::as_str).rev().collect();
        if summary.logs.values().all(|l| l.facts.copy_of.is_none()) {
            assert_eq!(report(&directory, &folder, &parts), straight, "{example}");
            let run = domicile(&directory, &[&["merge", "--output", &merged], &parts[..]].concat());
            assert_eq!(run.code, 0, "{example}: {}", run.stderr);
            assert!(read == std::fs::read(&merged).unwrap(), "{example}");
        }
    }
}

#[test]
fn bytes_that_no_range_covers_leave_the_rules_open() {
    let folder = Folder::new();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cli/domicile.toml");
    folder.write("domicile.toml", &std::fs::read(fixture).unwrap());
    let mut log = String::new();
    for n in 0..80 {
        let (time, pad) = (1_795_312_800 + n * 60, "p".repeat(50_000));
        let _ = writeln!(
            log,
            "{time}.100    120 10.99.0.5 TCP_MISS/200 512 GET http://10.99.0.9/{pad} - HIER_DIRECT/10.99.0.9 -"
        );
    }
    folder.write("logs/access.log", log.as_bytes());
    let run = |args: &[&str]| domicile(folder.path(), args);
    for (range, to) in [("0..1M", "a"), ("2M..3M", "b"), ("1M..2M", "c"), ("3M..", "d")] {
        let done = run(&["scan", "--project", ".", "logs/access.log", "--range", range, "--partial", to]);
        assert_eq!(done.code, 0, "{}", done.stderr);
    }
    let some = run(&["check", "--now", NOW, "--evidence", "b", "--evidence", "a"]);
    let gap = "was not read: no partial holds all of it: missing are bytes 1048576 to 2097152, what follows byte 3145728";
    assert!(some.stderr.contains(gap), "{}", some.stderr);
    assert!(
        some.stdout.contains("unable to conclude") || some.stdout.contains("inconclusive"),
        "{}",
        some.stdout
    );
    let all = run(&[
        "check",
        "--now",
        NOW,
        "--evidence",
        "b",
        "--evidence",
        "d",
        "--evidence",
        "a",
        "--evidence",
        "c",
    ]);
    let logs = run(&["check", "--now", NOW]);
    assert_eq!((all.code, &*all.stderr), (logs.code, ""), "{}", all.stdout);
    assert!(!folder.path().join(".a.part").exists());
}

#[test]
fn a_partial_that_cannot_be_written_leaves_the_old_one_and_nothing_beside_it() {
    let folder = Folder::new();
    folder.write(
        "a.log",
        b"1795312800.100 120 10.99.0.5 TCP_MISS/200 512 GET http://10.99.0.9/ - HIER_DIRECT/10.99.0.9 -\n",
    );
    std::fs::create_dir(folder.path().join("taken")).unwrap();
    let run = domicile(folder.path(), &["scan", "a.log", "--partial", "taken"]);
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(run.stderr.contains("`taken` cannot be written"), "{}", run.stderr);
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn whatever_a_log_is_its_partial_is_read_again() {
    let folder = Folder::new();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let gz = std::fs::read(examples().join("clinic/logs/access.log.2.gz")).unwrap();
    folder.write("logs/cut.gz", &gz[..gz.len() / 2]);
    folder.write("logs/whole.gz", &gz);
    folder.write("logs/copy.gz", &gz);
    folder.write("logs/empty", b"");
    folder.write("logs/binary", &[127, 69, 76, 70, 2, 1, 0, 0, 255, 254]);
    folder.write("logs/foreign", b"this is\nno log\n");
    folder.write("logs/na\u{ef}ve \u{1f310}\n.log", b"x");
    let logs = folder.path().join("logs").display().to_string();
    for path in [logs, fixtures.display().to_string(), examples().display().to_string()] {
        let run = |args: &[&str]| domicile(folder.path(), args);
        let scanned = run(&["scan", &path, "--partial", "a"]);
        assert!([0, 4].contains(&scanned.code), "{}", scanned.stderr);
        let merged = run(&["merge", "a", "--output", "b"]);
        assert_eq!(merged.code, 0, "{path}: {}", merged.stderr);
        let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
        assert!(read("a") == read("b"), "{path}");
        let file = String::from_utf8(read("a")).unwrap();
        assert!(
            !file.contains(&folder.path().display().to_string())
                && !file.contains(env!("CARGO_MANIFEST_DIR"))
        );
    }
}

//! Killed at any moment, the program leaves a file whole or not at all.

use super::watched::{program, start};
use crate::producers::Rng;
use crate::program::{Folder, domicile};
use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

/// A command that writes a file, and the file.
const WRITERS: &[(&[&str], &str)] = &[
    (&["check", "--now", "2026-11-23T00:00:00Z", "-o", "html=out.html"], "out.html"),
    (&["check", "--now", "2026-11-23T00:00:00Z", "-o", "json=out.json"], "out.json"),
    (&["check", "--now", "2026-11-23T00:00:00Z", "-o", "aggregates=out.jsonl"], "out.jsonl"),
    (&["scan", "--project", ".", "--partial", "out.partial"], "out.partial"),
];

fn prepare() -> Folder {
    let folder = Folder::new();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cli");
    folder.write("domicile.toml", &std::fs::read(fixture.join("domicile.toml")).unwrap());
    let mut log = Vec::new();
    for n in 0..300 {
        let line = format!(
            "{}.100 120 10.99.0.5 TCP_MISS/200 512 GET http://h{}.d{n}.example/ - HIER_DIRECT/203.0.113.9 -\n",
            1_795_312_800 + n,
            n % 7
        );
        log.extend(line.bytes());
    }
    folder.write("logs/access.log", &log);
    folder
}

#[test]
fn killed_at_any_moment_it_leaves_a_whole_file_or_none() {
    let folder = prepare();
    let mut rng = Rng::new(13);
    for (args, name) in WRITERS {
        let path = folder.path().join(name);
        let before = Instant::now();
        let run = domicile(folder.path(), args);
        let took = before.elapsed().as_micros() as u64;
        assert!([0, 1, 4].contains(&run.code), "{}", run.stderr);
        let whole = std::fs::read(&path).unwrap();
        let (mut none, mut all) = (0, 0);
        for round in 0..12 {
            let _ = std::fs::remove_file(&path);
            let mut child = start(folder.path(), args);
            // Half of the moments lie near the end, where the file is written. The first is at once: how long a run
            // takes differs from one to the next, and one of them must be too short.
            let from = if round % 2 == 0 { 0 } else { took * 3 / 4 };
            if round > 0 {
                std::thread::sleep(Duration::from_micros(rng.within(from, took * 5 / 4)));
            }
            child.kill().unwrap();
            child.wait().unwrap();
            match std::fs::read(&path) {
                Ok(bytes) => {
                    assert!(bytes == whole, "{name}: {} of {} bytes", bytes.len(), whole.len());
                    all += 1;
                }
                Err(e) => {
                    assert_eq!(e.kind(), std::io::ErrorKind::NotFound);
                    none += 1;
                }
            }
        }
        assert!(none > 0, "{name}: never killed in time, {all} times too late");
        // One that was there before is not lost either.
        std::fs::write(&path, b"the one before").unwrap();
        for _ in 0..4 {
            let mut child = start(folder.path(), args);
            std::thread::sleep(Duration::from_micros(rng.within(took / 2, took)));
            child.kill().unwrap();
            child.wait().unwrap();
            let bytes = std::fs::read(&path).unwrap();
            assert!(bytes == b"the one before" || bytes == whole, "{name}: {} bytes", bytes.len());
        }
    }
}

/// What goes to the standard output is begun only when all of it is known.
#[test]
fn a_killed_scan_prints_nothing() {
    let folder = prepare();
    let log = std::fs::read(folder.path().join("logs/access.log")).unwrap();
    folder.write("long.log", &log.repeat(if program().1 { 2_000 } else { 400 }));
    for output in ["text", "json"] {
        for millis in [20, 60, 100] {
            let mut child = start(folder.path(), &["scan", "-o", output, "long.log", "-"]);
            // Its standard input stays open, so it cannot have come to an end.
            std::thread::sleep(Duration::from_millis(millis));
            child.kill().unwrap();
            let mut printed = Vec::new();
            child.stdout.take().unwrap().read_to_end(&mut printed).unwrap();
            assert!(printed.is_empty(), "{}", String::from_utf8_lossy(&printed));
            child.wait().unwrap();
        }
    }
}

//! The logs of the example projects are what the generator writes, byte for byte, and hold what
//! `examples/truth.tsv` says. `DOMICILE_REGENERATE=1 cargo test --test it examples` writes them anew.

mod bank;
mod blind;
mod clinic;
mod conclusions;
mod reading;
mod shipyard;

use crate::producers::{HOUR, Lines, file};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

/// 2026-11-22T00:00:00Z, the start of the audited day of every example.
const START: i64 = 1_795_305_600_000_000;
/// The end of the audited day.
const END: i64 = START + 24 * HOUR;

/// Facts that the projects are about, pinned by hand so that no change of a generator loses one.
const SEEDED: &[(&str, u64)] = &[
    ("clinic\tseen\theartbeat\t10.20.0.5\thb.domicile.invalid", 144),
    ("clinic\tseen\tdenied\t10.20.0.5\tapi.comfy.org", 4),
    ("bank\tseen\tproxy\t10.40.0.20\tstatus.vendor.example", 96),
    ("shipyard\tseen\ttls\t10.30.0.10\tapi.openai.com", 14),
    ("shipyard\tseen\ttls\t10.30.0.77\tapi.replicate.com", 9),
    ("shipyard\tseen\thttp\t10.30.0.11\t203.0.113.9", 6),
    ("shipyard\tseen\thar\tunnamed-client\tapi.bfl.ai", 3),
];

/// What a generator made: files by path below `examples/`, and the counts that are true of them.
#[derive(Default)]
struct Made {
    files: BTreeMap<String, Vec<u8>>,
    truth: BTreeMap<[String; 5], u64>,
}

impl Made {
    /// Adds a log with its number of records, compressed if its name ends in `.gz`.
    fn log(&mut self, path: &str, bytes: Vec<u8>, records: usize) {
        let (project, log) = path.split_once('/').unwrap();
        *self.entry([project, "records", log, "", ""]) = records as u64;
        self.files.insert(path.to_owned(), bytes);
    }

    /// Adds a log of lines written in `[start, end)`.
    fn lines(&mut self, path: &str, lines: &Lines, start: i64, end: i64) {
        let chosen = lines.between(start, end);
        let records = chosen.len();
        self.log(path, file(chosen), records);
    }

    /// Counts a record of a component, or of a client that a finding is about, within the audited day.
    fn seen(&mut self, project: &str, kind: &str, time: i64, client: &str, server: &str) {
        if (START..END).contains(&time) {
            *self.entry([project, "seen", kind, client, server]) += 1;
        }
    }

    fn entry(&mut self, key: [&str; 5]) -> &mut u64 {
        self.truth.entry(key.map(str::to_owned)).or_default()
    }

    fn table(&self) -> String {
        let mut out = String::from("project\twhat\tlog or kind\tclient\tserver\trecords\n");
        for (key, count) in &self.truth {
            out.push_str(&format!("{}\t{count}\n", key.join("\t")));
        }
        out
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// gzip without a name or a time, as `gzip -n` writes.
fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::GzBuilder::new().mtime(0).write(Vec::new(), flate2::Compression::best());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

/// The decoded content. Compressors may change between versions; what they hold may not.
fn stored(path: &Path) -> Option<Vec<u8>> {
    let bytes = std::fs::read(path).ok()?;
    if path.extension().is_none_or(|e| e != "gz") {
        return Some(bytes);
    }
    let mut out = Vec::new();
    flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut out).ok()?;
    Some(out)
}

fn below(folder: &Path, root: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            below(&path, root, found);
        } else {
            found.insert(path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/"));
        }
    }
}

#[test]
fn logs_are_what_the_generator_writes() {
    let mut made = Made::default();
    clinic::make(&mut made);
    bank::make(&mut made);
    shipyard::make(&mut made);
    blind::make(&mut made);
    let root = folder();
    let regenerate = std::env::var("DOMICILE_REGENERATE").is_ok_and(|v| v == "1");
    for (path, bytes) in &made.files {
        let target = root.join(path);
        if regenerate {
            std::fs::create_dir_all(target.parent().unwrap()).unwrap();
            let gz = target.extension().is_some_and(|e| e == "gz");
            std::fs::write(&target, if gz { compressed(bytes) } else { bytes.clone() }).unwrap();
        }
        assert!(stored(&target).as_ref() == Some(bytes), "{path} is not what the generator writes");
    }
    if regenerate {
        std::fs::write(root.join("truth.tsv"), made.table()).unwrap();
    }
    assert_eq!(std::fs::read_to_string(root.join("truth.tsv")).unwrap(), made.table());
    let mut found = BTreeSet::new();
    let table = made.table();
    for project in ["clinic", "bank", "shipyard", "blind"] {
        below(&root.join(project).join("logs"), &root, &mut found);
    }
    assert_eq!(found, made.files.keys().cloned().collect(), "a log that no generator wrote");
    for (fact, records) in SEEDED {
        assert!(table.lines().any(|l| l == format!("{fact}\t{records}")), "{fact} is not {records}");
    }
}

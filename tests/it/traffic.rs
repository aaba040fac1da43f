#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests read files and tell what they saw"
)]

//! Logs of real producers, where they are present beside the checkout: the counts agree with a second
//! reader's, whatever the block size and whether they come as a file or as a stream; cut and changed
//! logs still add up.

use domicile::bytes::{Input, Intake};
use domicile::model::At;
use domicile::traffic::{Choice, Health, LogRead, NameFact, ReadOptions, Settled, Sink, read_within};
use std::path::PathBuf;

#[derive(Default)]
struct Seen {
    records: Vec<(At, String)>,
    sent: u64,
    back: u64,
}

impl Sink for Seen {
    fn record(&mut self, at: At, _: &[u8], what: Settled<'_, '_>) {
        if let Settled::Flow(flow) = what {
            self.sent += flow.bytes_out.unwrap_or(0);
            self.back += flow.bytes_in.unwrap_or(0);
        }
        self.records.push((at, format!("{what:?}")));
    }
    fn name(&mut self, _: &NameFact<'_>) {}
    fn health(&mut self, _: Health) {}
}

fn run(bytes: &[u8], block: usize, stream: bool) -> (LogRead, Seen) {
    let (mut seen, mut from) = (Seen::default(), bytes);
    let intake = Intake { block, ..Intake::default() };
    let input = if stream { Input::Stream(&mut from) } else { Input::At(&bytes) };
    let log = read_within(intake, input, Choice::Auto, &ReadOptions::default(), &mut seen, &mut |_| {});
    assert!(log.counts.adds_up() && log.counts.read == seen.records.len() as u64);
    (log, seen)
}

/// Name, bytes and the columns records, out and in of the table beside them.
fn samples() -> Vec<(String, Vec<u8>, [Option<u64>; 3])> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/samples/traffic");
    let Ok(truth) = std::fs::read_to_string(root.join("truth.tsv")) else {
        eprintln!("no samples beside the checkout: nothing compared");
        return Vec::new();
    };
    let rows = truth.lines().filter(|l| ["squid/", "zeek/", "suricata/"].iter().any(|f| l.starts_with(f)));
    // Columns cut out by zeek-cut without their header: no log of Zeek any more.
    let rows = rows.filter(|l| !l.contains(".log.cut"));
    rows.map(|row| {
        let cells: Vec<_> = row.split('\t').collect();
        let bytes = std::fs::read(root.join(cells[0])).unwrap();
        (cells[0].to_owned(), bytes, [1, 2, 3].map(|i| cells.get(i).and_then(|c| c.parse().ok())))
    })
    .collect()
}

/// The samples with baseline times (`XXXXXXXXXX.XXXXXX`) and template times (`{{ ... }}`), given real ones so
/// that their sums can be compared.
fn with_times(bytes: &[u8]) -> Vec<u8> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return bytes.to_vec();
    }
    let text = String::from_utf8_lossy(bytes).replace("XXXXXXXXXX.XXXXXX", "1300475167.096535");
    text.replace("{{  timestamp_iso_8601 }}", "2025-07-04T10:21:02.706953+0000").into_bytes()
}

#[test]
fn counts_and_sums_agree_with_a_second_reader() {
    for (name, bytes, [records, sent, back]) in samples() {
        let (log, _) = run(&bytes, 1 << 19, false);
        eprintln!("{name}: {:?} {:?}", log.format, log.counts);
        assert_eq!(Some(log.counts.read), records, "{name}");
        assert_eq!(log.stopped, None, "{name}");
        let (log, seen) = run(&with_times(&bytes), 1 << 19, false);
        assert_eq!(log.counts.rejected_total(), 0, "{name}: {:?}", log.counts);
        // The second reader added requests that never were one (3444 bytes of an error page); they are ignored here.
        let errors = if name.ends_with("access_native.log") { 3444 } else { 0 };
        if let Some(back) = back {
            assert_eq!(seen.back + errors, back, "{name}: bytes in");
        }
        if let Some(sent) = sent {
            assert_eq!(seen.sent, sent, "{name}: bytes out");
        }
    }
}

#[test]
fn block_size_and_source_change_nothing() {
    for (name, bytes, _) in samples().into_iter().filter(|s| s.1.len() < 15_000) {
        let (log, seen) = run(&bytes, 1 << 19, false);
        for (block, stream) in [(1, false), (7, true), (100, false), (4096, true)] {
            let (other, also) = run(&bytes, block, stream);
            assert!(log == other && seen.records == also.records, "{name} at {block}");
        }
    }
}

#[test]
fn cut_and_changed_logs_add_up() {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |n: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % n as u64) as usize
    };
    for (_, bytes, _) in samples() {
        let bytes = with_times(&bytes);
        for _ in 0..60 {
            let mut bad = bytes[..random(bytes.len() + 1)].to_vec();
            for _ in 0..random(8).min(bad.len()) {
                let at = random(bad.len());
                bad[at] = random(256) as u8;
            }
            run(&bad, 1 << 12, false);
        }
    }
}

/// HAR counts. Bytes are not compared: the table adds body sizes alone, a flow has the headers too.
#[test]
fn har_records_agree_with_a_second_reader() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/samples/traffic");
    let Ok(truth) = std::fs::read_to_string(root.join("truth.tsv")) else {
        eprintln!("no samples beside the checkout: nothing compared");
        return;
    };
    for row in truth.lines().filter(|l| l.starts_with("har/")) {
        let cells: Vec<_> = row.split('\t').collect();
        let (log, seen) = run(&std::fs::read(root.join(cells[0])).unwrap(), 1 << 16, false);
        match cells[1].parse::<u64>() {
            Ok(records) => assert_eq!(log.counts.read, records, "{}", cells[0]),
            // Not JSON, or without `log.entries`: said, and nothing made up.
            Err(_) => {
                assert!(seen.records.is_empty(), "{}", cells[0]);
                assert!(log.skipped.is_some() || log.stopped.is_some(), "{}", cells[0]);
            }
        }
    }
}

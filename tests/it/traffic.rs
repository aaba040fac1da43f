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

use crate::producers::Rng;
use crate::producers::vpc::{self, Record};
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

/// Folders of samples of which every record is understood.
const FOLDERS: [&str; 5] = ["squid/", "zeek/", "suricata/", "vpcflow/awsdocs_default", "vpcflow/cribl"];

/// Name, bytes and the columns records, out and in of the table beside them.
fn samples() -> Vec<(String, Vec<u8>, [Option<u64>; 3])> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/samples/traffic");
    let Ok(truth) = std::fs::read_to_string(root.join("truth.tsv")) else {
        eprintln!("no samples beside the checkout: nothing compared");
        return Vec::new();
    };
    let rows = truth.lines().filter(|l| FOLDERS.iter().any(|f| l.starts_with(f)));
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

/// Fields of choice: all of them with their sums, commas and `_` too, and none where the header says no time.
#[test]
fn vpc_flow_logs_are_read_as_their_header_says() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/samples/traffic/vpcflow");
    if !root.is_dir() {
        eprintln!("no samples beside the checkout: nothing compared");
        return;
    }
    for (name, flows, rejected, sent, said) in [
        ("awsdocs_custom_v5_header.log", 2, 0, 15_515, "Stated"),
        ("awsdocs_nat_custom_header.log", 0, 4, 0, "no `start` in the header"),
        ("vpcflowlog_ocsf.raw", 1, 0, 40, "Denied"),
    ] {
        let (log, seen) = run(&std::fs::read(root.join(name)).unwrap(), 64, false);
        assert_eq!(log.format, Some("vpc-flow"), "{name}");
        assert_eq!(
            (log.counts.flows, log.counts.rejected_total(), seen.sent),
            (flows, rejected, sent),
            "{name}"
        );
        assert!(seen.records.iter().any(|(_, what)| what.contains(said)), "{name}: {:?}", seen.records);
    }
}

#[test]
fn vpc_flow_logs_have_the_totals_they_were_written_with() {
    let mut rng = Rng::new(11);
    let (mut text, mut sent, mut counts) = (Vec::new(), 0, [0_u64; 3]);
    // Objects of both kinds put together, the first without a header as from CloudWatch Logs.
    for object in 0..20 {
        let custom = object % 3 == 1;
        if object > 0 {
            let header = if custom { vpc::CUSTOM } else { vpc::DEFAULT };
            text.extend(format!("{header}\n").bytes());
        }
        for i in 0..50 {
            let start = 1_795_305_600 + object * 600 + i * 10;
            match rng.within(0, 40) {
                0 if !custom => {
                    let status = *rng.pick(&["NODATA", "SKIPDATA"]);
                    vpc::write_empty(&mut text, (start, start + 60), status);
                    counts[1] += 1;
                }
                1 => {
                    text.extend(b"2 123456789012 eni-0a1b\n");
                    counts[2] += 1;
                }
                _ => {
                    let client = format!("10.60.0.{}", rng.within(2, 25));
                    let server = rng.pick(&["198.18.4.9", "2001:db8::9"]);
                    let egress = rng.within(0, 1) == 1;
                    let mut ends = [(client.as_str(), 40_000), (*server, 443)];
                    if !egress {
                        ends.reverse();
                    }
                    let record = Record {
                        seconds: (start, start + 59),
                        ends,
                        protocol: *rng.pick(&[6, 17]),
                        flags: if egress { 3 } else { 19 },
                        bytes: rng.within(40, 9_000_000),
                        accepted: rng.within(0, 9) > 0,
                        egress,
                    };
                    let write = if custom { vpc::write_custom } else { vpc::write_default };
                    write(&mut text, &record);
                    counts[0] += 1;
                    sent += record.bytes;
                }
            }
        }
    }
    for (block, stream) in [(1 << 16, false), (1, false), (300, true)] {
        let (log, seen) = run(&text, block, stream);
        let read = [log.counts.flows, log.counts.ignored_total(), log.counts.rejected_total()];
        assert_eq!((read, seen.sent, seen.back), (counts, sent, 0));
    }
}

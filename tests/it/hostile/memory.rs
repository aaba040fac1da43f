//! Inputs made to fill the memory: bombs, endless lines, names without end.

use super::watched::{program, watched, write};
use crate::producers::Rng;
use crate::program::{Folder, Run};
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ChildStdin;

/// A valid line of Squid.
const LINE: &str =
    "1795312800.100 120 10.99.0.5 TCP_MISS/200 512 GET http://10.99.0.9/ - HIER_DIRECT/10.99.0.9 -\n";
/// Most MiB that any log may make the program hold.
const MOST: u64 = 200;

fn file<'j>(json: &'j serde_json::Value, path: &str) -> &'j serde_json::Value {
    let files = json["files"].as_array().unwrap();
    files.iter().find(|f| f["path"] == path).unwrap_or_else(|| panic!("{path} is not among {files:?}"))
}

fn repeated(encoder: &mut dyn std::io::Write, line: &[u8], mebibytes: usize) {
    let block = line.repeat((1 << 20) / line.len());
    for _ in 0..mebibytes {
        encoder.write_all(&block).unwrap();
    }
}

#[test]
fn bombs_are_refused_in_bounded_memory() {
    let folder = Folder::new();
    folder.write("logs/good.log", LINE.as_bytes());
    // A log that is valid to its end, one of nothing but zeros, and one whose frame asks for a window of 128 MiB.
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(LINE.as_bytes()).unwrap();
    repeated(&mut gzip, b"\n", 160);
    folder.write("logs/bomb.log.gz", &gzip.finish().unwrap());
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    repeated(&mut gzip, b"\0", 160);
    folder.write("logs/zeros.gz", &gzip.finish().unwrap());
    let mut zstd = zstd::Encoder::new(Vec::new(), 3).unwrap();
    zstd.window_log(27).unwrap();
    repeated(&mut zstd, LINE.as_bytes(), 300);
    folder.write("logs/bomb.log.zst", &zstd.finish().unwrap());
    for threads in ["1", "2"] {
        let (run, peak) =
            watched(folder.path(), &["scan", "-o", "json", "--threads", threads, "logs"], |_| {});
        let json = run.json();
        assert_eq!(run.code, 4, "{}", run.stderr);
        assert_eq!(file(&json, "good.log")["flows"], 1);
        for name in ["bomb.log.gz", "bomb.log.zst", "zeros.gz"] {
            let why = file(&json, name)["skipped"].as_str().unwrap();
            assert!(why.contains("it decompresses to more than 500 times its stored size"), "{name}: {why}");
        }
        // Windows of the zstd format are the larger part of it.
        assert!(peak < MOST, "{peak} MiB with {threads} threads");
    }
}

#[test]
fn a_line_without_end_is_one_rejected_record() {
    let folder = Folder::new();
    let mebibytes = 4096;
    let (run, peak) = watched(folder.path(), &["scan", "-o", "json", "-"], |stdin: &mut ChildStdin| {
        write(stdin, LINE.as_bytes());
        let block = vec![b'a'; 1 << 20];
        (0..mebibytes).for_each(|_| assert!(write(stdin, &block)));
        write(stdin, format!("\n{LINE}").as_bytes());
    });
    let json = run.json();
    let log = file(&json, "standard-input");
    assert_eq!((run.code, &log["flows"], &log["rejected"]), (0, &2.into(), &1.into()), "{log}");
    assert_eq!(log["problems"], serde_json::json!(["line 2: longer than the limit"]));
    assert_eq!(log["bytes"], (mebibytes << 20) + 1 + 2 * LINE.len() as u64);
    assert!(peak < 100, "{peak} MiB");
}

/// One file of one line: each stretch passes over its own part of it and no more.
#[test]
fn a_file_of_one_line_is_read_once() {
    let folder = Folder::new();
    let mut bytes = LINE.as_bytes().to_vec();
    bytes.resize(90 << 20, b'a');
    bytes.extend(format!("\n{LINE}{LINE}no line\n").bytes());
    folder.write("long.log", &bytes);
    let whole = watched(folder.path(), &["scan", "-o", "json", "--threads", "1", "long.log"], |_| {});
    let json = whole.0.json();
    let log = file(&json, "long.log");
    let told = serde_json::json!(["line 2: longer than the limit", "line 5: not a line of this format"]);
    assert_eq!((&log["read"], &log["flows"], &log["problems"]), (&5.into(), &3.into(), &told));
    for threads in ["2", "3"] {
        let (run, peak) =
            watched(folder.path(), &["scan", "-o", "json", "--threads", threads, "long.log"], |_| {});
        assert_eq!(run.stdout, whole.0.stdout, "{threads} threads");
        assert!(peak < 100, "{peak} MiB");
    }
}

/// Clients, hosts and domains that each stand in one line only.
#[test]
fn names_without_end_fold_and_none_is_lost() {
    let folder = Folder::new();
    let records: u64 = if program().1 { 10_000_000 } else { 1_000_000 };
    let (run, peak) = watched(folder.path(), &["scan", "-"], |stdin: &mut ChildStdin| {
        let mut rng = Rng::new(9);
        let mut text = String::new();
        for n in 0..records {
            let (client, end) = (rng.next() as u32, 1_795_312_800 + n / 5000);
            let [a, b, c, d] = client.to_be_bytes();
            let _ = match n % 3 {
                0 => write!(
                    text,
                    "{end}.001 1 10.{b}.{c}.{d} TCP_MISS/200 7 GET http://h{n}.d{}.example/",
                    n % 50_000
                ),
                1 => write!(text, "{end}.001 1 10.0.0.9 TCP_MISS/200 7 CONNECT h{n}.one.example:443"),
                _ => write!(text, "{end}.001 1 c{n}.client TCP_MISS/200 7 GET http://{a}.{b}.{c}.{d}/"),
            };
            text.push_str(" - HIER_DIRECT/192.0.2.1 -\n");
            if text.len() > 1 << 20 {
                assert!(write(stdin, text.as_bytes()));
                text.clear();
            }
        }
        write(stdin, text.as_bytes());
    });
    let n = domicile::model::text::group(records);
    let total = format!("total: {n} records read = {n} flows + 0 ignored + 0 rejected; 0 bytes out, ");
    assert!(run.stdout.contains(&total), "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains(&format!("{} bytes in;", domicile::model::text::group(records * 7))));
    // What is kept apart is bounded by the caps, not by the log.
    assert!(peak < 400, "{peak} MiB");
}

/// Writes what follows the time in a line, given the number of the line.
type Rest = dyn Fn(u64, &mut String) + Sync;

/// Scans so many lines of Squid; after so many, the time goes on by so many seconds.
fn paced(records: u64, pace: (u64, u64), rest: &Rest) -> (Run, u64) {
    let folder = Folder::new();
    watched(folder.path(), &["scan", "-", "--threads", "1"], |stdin: &mut ChildStdin| {
        let mut text = String::new();
        for n in 0..records {
            let _ = write!(text, "{}.001 1 ", 1_795_312_800 + n / pace.0 * pace.1);
            rest(n, &mut text);
            text.push_str(" - HIER_DIRECT/192.0.2.1 -\n");
            if (text.len() > 1 << 20 || n + 1 == records) && !write(stdin, text.as_bytes()) {
                return;
            }
            if text.len() > 1 << 20 {
                text.clear();
            }
        }
    })
}

/// Scans so many lines of Squid of some minutes.
fn made_up(records: u64, rest: &Rest) -> (Run, u64) {
    paced(records, (5000, 1), rest)
}

/// Every record was a flow, and the peak is below 100 MiB.
fn in_little_room(what: &str, records: u64, (run, peak): (Run, u64)) {
    let n = domicile::model::text::group(records);
    let total = format!("total: {n} records read = {n} flows + 0 ignored + 0 rejected");
    assert!(run.stdout.contains(&total), "{what}: {}{}", run.stdout, run.stderr);
    assert!(peak < 100, "{what}: {peak} MiB");
}

/// A few clients and one host, in ever new hours.
#[test]
fn hours_without_end_take_no_room() {
    let records: u64 = if program().1 { 12_000_000 } else { 300_000 };
    let run = paced(records, (100, 3600), &|n, line| {
        let _ = write!(line, "10.0.0.{} TCP_MISS/200 7 GET http://one.example/", n % 100);
    });
    in_little_room("hours", records, run);
}

/// Names of which all but a few are counted for the same, so that nothing but they themselves would take room.
#[test]
fn names_of_one_kind_without_end_take_no_room() {
    let records: u64 = if program().1 { 3_000_000 } else { 300_000 };
    const GET: &str = "TCP_MISS/200 7 GET http://one.example/";
    let kinds: [(&str, u64, &Rest); 5] = [
        ("hosts of one domain", records, &|n, line| {
            let _ = write!(line, "10.0.0.9 TCP_MISS/200 7 CONNECT h{n}.one.example:443");
        }),
        ("clients of one host", records, &|n, line| {
            let [a, b, c, d] = (n as u32).wrapping_mul(2_654_435_761).to_be_bytes();
            let _ = write!(line, "{a}.{b}.{c}.{d} {GET}");
        }),
        ("clients of one network", records, &|n, line| {
            let _ = write!(line, "2001:db8::{:x}:{:x} {GET}", n >> 16, n & 0xffff);
        }),
        ("clients by name", records, &|n, line| {
            let _ = write!(line, "c{n}.client {GET}");
        }),
        ("hosts that are none", records / 50, &|n, line| {
            let _ = write!(line, "10.0.0.9 TCP_MISS/200 7 CONNECT {n}{:x>5000}:443", "");
        }),
    ];
    for (kind, records, rest) in kinds {
        in_little_room(kind, records, made_up(records, rest));
    }
}

/// Aggregates that never fold are refused once they are too many, and take no more room from then on.
#[test]
fn notable_aggregates_without_end_are_refused() {
    let records: u64 = if program().1 { 3_000_000 } else { 500_000 };
    let (run, peak) = made_up(records, &|n, line| {
        let [_, b, c, d] = (n as u32).to_be_bytes();
        let _ = write!(line, "10.{b}.{c}.{d} TCP_MISS/200 7 CONNECT api.openai.com:443");
    });
    let why = "more than 100000 aggregates reach services of the list";
    assert!(
        run.code == 2 && run.stderr.contains(why) && run.stdout.is_empty(),
        "{}{}",
        run.stdout,
        run.stderr
    );
    assert!(peak < 300, "{peak} MiB");
}

//! Logs that are not what they were: of another format half-way, growing, shrinking, read in other ways.

use super::property::holds;
use super::seeds::{corpus, produced};
use super::watched::{start, watched, write};
use crate::producers::{Rng, SECOND, squid};
use crate::program::{Folder, domicile};
use domicile::bytes::{Input, Intake, ReadAt};
use domicile::traffic::{Choice, Health, NameFact, ReadOptions, Settled, Sink, read_within};
use std::io::{Read, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What the producers write in a format.
fn log(format: &str) -> Vec<u8> {
    produced().into_iter().find(|(id, ..)| *id == format).unwrap().2
}

fn auto(bytes: &[u8]) -> domicile::traffic::LogRead {
    holds(bytes, (Choice::Auto, &ReadOptions::default()), &[1, 7, 4096])
}

#[test]
fn a_log_that_becomes_another_is_counted_to_its_end() {
    let web = corpus().into_iter().find(|s| s.format == "web-access" && s.layout.is_none()).unwrap().bytes;
    let lines =
        |bytes: &[u8]| bytes.split(|b| *b == b'\n').filter(|l| !l.trim_ascii().is_empty()).count() as u64;
    let read = auto(&[log("squid"), web.clone()].concat());
    assert_eq!(read.format, Some("squid"));
    assert_eq!((read.counts.flows, read.counts.rejected_total()), (3, lines(&web)));
    // A second header of Zeek is followed.
    let zeek = log("zeek-tsv");
    let read = auto(&zeek);
    assert_eq!((read.counts.flows, read.counts.rejected_total()), (8, 0));
    // Events, then garbage without an end.
    let read = auto(&[log("suricata-eve"), b"\0\xff\x1b garbage".repeat(3)].concat());
    assert_eq!((read.counts.read, read.counts.rejected_total()), (7, 1));
    assert!(read.incomplete_last_line);
    // Each of the others behind each.
    for (_, _, first) in produced() {
        for (_, _, second) in produced() {
            auto(&[first.as_slice(), &second].concat());
        }
    }
}

/// A store whose content and length change from call to call.
struct Changing {
    bytes: Vec<u8>,
    /// Bytes that there are; moves by `step` with every call.
    there: AtomicU64,
    step: i64,
}

impl ReadAt for Changing {
    fn len(&self) -> u64 {
        self.there.load(Ordering::Relaxed)
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> std::io::Result<usize> {
        let there = ReadAt::len(self).min(self.bytes.len() as u64);
        self.there.store(there.saturating_add_signed(self.step), Ordering::Relaxed);
        let most = usize::try_from(there.saturating_sub(offset)).unwrap().min(buf.len());
        let got = self.bytes.read_at(&mut buf[..most], offset)?;
        // What is there is rewritten too.
        buf[..got].iter_mut().step_by(977).for_each(|b| *b ^= there as u8 & 3);
        Ok(got)
    }
}

#[derive(Default)]
struct Count(u64);

impl Sink for Count {
    fn record(&mut self, _: domicile::model::At, _: &[u8], _: Settled<'_, '_>) {
        self.0 += 1;
    }
    fn name(&mut self, _: &NameFact<'_>) {}
    fn health(&mut self, _: Health) {}
}

#[test]
fn a_store_that_changes_under_the_reader_adds_up() {
    for seed in corpus().into_iter().filter(|s| s.layout.is_none()) {
        let bytes = seed.bytes.repeat(60_000 / seed.bytes.len() + 1);
        for step in [-900, -7, 5, 700] {
            let there = if step < 0 { bytes.len() as u64 } else { 9_000 };
            let store = Changing { bytes: bytes.clone(), there: AtomicU64::new(there), step };
            let (mut count, intake) = (Count::default(), Intake { block: 4096, ..Intake::default() });
            let (choice, options) = (Choice::Forced(&seed.format), ReadOptions::default());
            let read = read_within(intake, Input::At(&store), choice, &options, &mut count, &mut |_| {});
            assert!(read.counts.adds_up() && read.counts.read == count.0, "{}", seed.name);
            assert!(read.decoded_bytes <= bytes.len() as u64);
        }
    }
}

/// Waits until the program holds a log open and has read some of it.
fn is_reading(id: u32, path: &std::path::Path) {
    let path = path.canonicalize().unwrap();
    for _ in 0..6000 {
        let open = std::fs::read_dir(format!("/proc/{id}/fd")).expect("this test needs Linux's /proc");
        let holds = open.flatten().any(|fd| std::fs::read_link(fd.path()).is_ok_and(|to| to == path));
        let io = std::fs::read_to_string(format!("/proc/{id}/io")).unwrap_or_default();
        let read =
            io.lines().find_map(|l| l.strip_prefix("rchar: ")).and_then(|n| n.parse().ok()).unwrap_or(0);
        if holds && read > 64_u64 << 20 {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    panic!("the log was never read");
}

/// A file of hundreds of GB, nearly all of it a hole, that is cut to a few lines as soon as it is being read.
#[test]
fn a_log_that_shrinks_is_said_to() {
    for threads in ["1", "2"] {
        let folder = Folder::new();
        let lines = log("squid");
        folder.write("access.log", &lines);
        folder.write("other.log", &lines[..lines.len() / 2]);
        let path = folder.path().join("access.log");
        let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(400 << 30).unwrap();
        let child =
            start(folder.path(), &["scan", "-o", "json", "--threads", threads, "access.log", "other.log"]);
        is_reading(child.id(), &path);
        file.set_len(3 << 20).unwrap();
        let done = child.wait_with_output().unwrap();
        let json: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
        let log = &json["files"][0];
        let why = log["skipped"].as_str().unwrap_or_else(|| panic!("{threads} threads: {log}"));
        assert!(why.contains("the file became shorter while it was read"), "{why}");
        assert_eq!((&log["flows"], done.status.code()), (&3.into(), Some(4)), "{threads} threads: {log}");
        assert!(log["sha256"].is_null(), "{threads} threads: no digest of what nobody has: {log}");
    }
}

/// A log is read as it was when reading began, whoever goes on writing to it.
#[test]
fn a_log_that_grows_is_read_as_it_was() {
    let folder = Folder::new();
    let lines = log("squid");
    let long = lines.repeat((8 << 20) / lines.len());
    let count = long.iter().filter(|b| **b == b'\n').count() as u64;
    for threads in ["1", "2"] {
        folder.write("access.log", &long);
        let path = folder.path().join("access.log");
        let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
        let mut child = start(folder.path(), &["scan", "-o", "json", "--threads", threads, "access.log"]);
        let mut out = child.stdout.take().unwrap();
        let reader = std::thread::spawn(move || {
            let mut text = String::new();
            out.read_to_string(&mut text).unwrap();
            text
        });
        // While it lives, the file grows; half of a line at first, so that its end is no end of a line.
        let mut grown = 0;
        while child.try_wait().unwrap().is_none() {
            file.write_all(&lines[..70]).unwrap();
            file.write_all(&lines[70..]).unwrap();
            grown += 3;
        }
        let json: serde_json::Value = serde_json::from_str(&reader.join().unwrap()).unwrap();
        let log = &json["files"][0];
        let read = log["read"].as_u64().unwrap();
        assert!(
            log["skipped"].is_null() && read >= count && read <= count + grown,
            "{threads} threads: {log}"
        );
        assert!(log["rejected"].as_u64().unwrap() <= 1, "{threads} threads: {log}");
    }
}

/// What has no end, or would be waited for, is named and not opened.
#[test]
fn devices_and_links_are_listed_and_not_read() {
    let folder = Folder::new();
    folder.write("logs/access.log", &log("squid"));
    std::os::unix::fs::symlink("/dev/zero", folder.path().join("logs/zero")).unwrap();
    std::os::unix::fs::symlink(".", folder.path().join("logs/loop")).unwrap();
    let run = domicile(folder.path(), &["scan", "-o", "json", "logs", "/dev/zero"]);
    let json = run.json();
    let told: Vec<_> =
        json["files"].as_array().unwrap().iter().map(|f| (f["path"].as_str(), f["flows"].as_u64())).collect();
    let expected = [("access.log", 3), ("loop", 0), ("zero", 0), ("zero (2)", 0)];
    assert_eq!(told, expected.map(|(name, flows)| (Some(name), Some(flows))));
    assert_eq!(run.code, 4);
    assert_eq!(run.stdout.matches("it is neither a file nor a directory").count(), 1, "{}", run.stdout);
}

/// The same log plain, compressed and through a pipe, by one thread and several.
#[test]
fn every_way_of_reading_gives_the_same() {
    let mut rng = Rng::new(4);
    let mut bytes = Vec::new();
    while bytes.len() < (2 << 20) + 50_000 {
        let (client, n) = (format!("10.99.0.{}", rng.within(1, 30)), rng.within(0, 40));
        let line = squid::line(&squid::Exchange {
            end: 1_795_312_800 * SECOND + rng.up_to(3_600 * SECOND),
            elapsed: 5,
            client: &client,
            result: "TCP_MISS/200",
            reply: rng.within(1, 9_000),
            method: "POST",
            url: &format!("http://h{n}.example/v1/images/edits"),
            peer: "HIER_DIRECT/192.0.2.1",
            media: "-",
            request: Some(rng.within(1, 90_000)),
        });
        bytes.extend(line.bytes().chain([b'\n']));
        if n == 0 {
            bytes.extend(b"\r\n no line \xff\r\n".repeat(rng.within(0, 3) as usize));
        }
    }
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&bytes).unwrap();
    let folder = Folder::new();
    folder.write("log", &bytes);
    folder.write("gz/log", &gzip.finish().unwrap());
    folder.write("zst/log", &zstd::encode_all(bytes.as_slice(), 1).unwrap());
    let plain = |run: crate::program::Run| {
        let mut json = run.json();
        for key in ["path", "bytes", "sha256"] {
            json["files"][0][key].take();
        }
        for sample in json["aggregates"]
            .as_array_mut()
            .unwrap()
            .iter_mut()
            .flat_map(|a| a["samples"].as_array_mut().unwrap())
        {
            sample["log"].take();
            // Which records are drawn depends on what is stored.
        }
        json
    };
    let whole = domicile(folder.path(), &["scan", "-o", "json", "--threads", "1", "log"]);
    let expected = plain(whole);
    assert!(expected["files"][0]["flows"].as_u64().unwrap() > 10_000);
    assert!(expected["files"][0]["rejected"].as_u64().unwrap() > 100);
    for threads in ["1", "2", "3"] {
        let scan = ["scan", "-o", "json", "--threads", threads];
        assert!(plain(domicile(folder.path(), &[&scan[..], &["log"]].concat())) == expected, "{threads}");
        let piped =
            watched(folder.path(), &[&scan[..], &["-"]].concat(), |stdin| assert!(write(stdin, &bytes))).0;
        assert!(plain(piped) == expected, "pipe, {threads}");
        for name in ["gz/log", "zst/log"] {
            let json = plain(domicile(folder.path(), &[&scan[..], &[name]].concat()));
            let without = |json: &serde_json::Value| {
                let mut json = json.clone();
                json["aggregates"].as_array_mut().unwrap().iter_mut().for_each(|a| drop(a["samples"].take()));
                json
            };
            assert_eq!(json["files"], expected["files"], "{name}, {threads}");
            assert!(without(&json) == without(&expected), "{name}, {threads}");
        }
    }
}

/// What can be read from its start only is the same for one thread and for several that take turns: a document, whole
/// and cut off in an entry, and compressed logs, with a header that changes half-way and broken off in the middle.
#[test]
fn logs_that_are_read_in_turns_are_the_same() {
    let entry = |n: usize| {
        let bytes = n % 977;
        format!(
            r#"{{"startedDateTime":"2026-11-22T{:02}:00:00.000Z","request":{{"method":"POST","url":"https://h{}.example/v1/images/{n}",
            "headersSize":-1,"bodySize":{bytes},"postData":{{"mimeType":"application/json","text":"{{\"prompt\":\"{}\"}}"}}}},
            "response":{{"status":200,"bodySize":{n},"headersSize":-1}}}}"#,
            n % 24,
            n % 60,
            "a cat ".repeat(n % 40)
        )
    };
    let entries: Vec<String> =
        (0..12_000).map(|n| if n % 500 == 7 { "{}".to_owned() } else { entry(n) }).collect();
    let archive = format!(r#"{{"log":{{"version":"1.2","entries":[{}]}}}}"#, entries.join(",\n"));
    let zeek = log("zeek-tsv").repeat(3_000);
    let eve = log("suricata-eve").repeat(3_000);
    let gzip = |bytes: &[u8]| {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
        gzip.write_all(bytes).unwrap();
        gzip.finish().unwrap()
    };
    let folder = Folder::new();
    folder.write("archive.har", archive.as_bytes());
    folder.write("archive-cut.har", &archive.as_bytes()[..archive.len() - 900]);
    folder.write("conn.log.gz", &gzip(&zeek));
    folder.write("eve.json.gz", &gzip(&eve));
    folder.write("eve-cut.json.gz", &gzip(&eve)[..eve.len() - 70_000]);
    folder.write("eve.json.zst", &zstd::encode_all(eve.as_slice(), 1).unwrap());
    for (name, flows, skipped) in [
        ("archive.har", 11_976, false),
        ("archive-cut.har", 11_974, true),
        ("conn.log.gz", 24_000, false),
        ("eve.json.gz", 15_000, false),
        ("eve-cut.json.gz", 14_000, true),
        ("eve.json.zst", 15_000, false),
    ] {
        let read =
            |threads: &str| domicile(folder.path(), &["scan", "-o", "json", "--threads", threads, name]);
        let one = read("1");
        let file = &one.json()["files"][0];
        assert!(file["flows"].as_u64().unwrap() >= flows, "{name}: {file}");
        assert_eq!(file["skipped"].is_string(), skipped, "{name}: {file}");
        for threads in ["2", "5"] {
            let other = read(threads);
            assert!((one.code, &one.stdout) == (other.code, &other.stdout), "{name}, {threads} threads");
        }
    }
}

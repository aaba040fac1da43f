//! The law on logs as text, by the program: ranges scanned apart, some twice, merged in any order, are the
//! partial of the whole.

use crate::program::{Folder, domicile};
use proptest::prelude::*;
use std::fmt::Write;

const MIB: usize = 1 << 20;

/// A line, by kind: how long, which client and host, when.
#[derive(Debug, Clone)]
struct Line {
    kind: u8,
    pad: usize,
    client: u8,
    host: u8,
    second: u32,
    bytes: u32,
}

fn line() -> impl Strategy<Value = Line> {
    (0..40u8, 3_000..60_000usize, 0..9u8, 0..12u8, 0..20_000u32, 0..90_000u32)
        .prop_map(|(kind, pad, client, host, second, bytes)| Line { kind, pad, client, host, second, bytes })
}

fn client(n: u8) -> String {
    match n {
        0..=4 => format!("10.0.0.{n}"),
        5 | 6 => format!("2001:db8::{n}"),
        _ => format!("gpu-{n}"),
    }
}

fn host(n: u8) -> &'static str {
    ["api.openai.com", "a.one.com", "b.one.com", "two.com", "192.0.2.1", "192.0.2.2", "[2001:db8:7::1]"]
        .get(n as usize)
        .unwrap_or(&"huggingface.co")
}

/// What both formats have: noise instead of a record, or `None`.
fn noise(l: &Line) -> Option<String> {
    match l.kind {
        0 => Some("\n".to_owned()),
        1 => Some("this is no record\n".to_owned()),
        2 => Some(format!("{}\n", "x".repeat(MIB + 5_000 + l.pad))),
        3 => Some("\r\n".to_owned()),
        _ => None,
    }
}

fn squid(lines: &[Line]) -> String {
    let mut log = String::new();
    for l in lines {
        if let Some(noise) = noise(l) {
            log.push_str(&noise);
            continue;
        }
        let (client, host, time) = (client(l.client), host(l.host), 1_795_312_800 + l.second);
        let (pad, end) = ("p".repeat(l.pad), if l.kind == 4 { "\r\n" } else { "\n" });
        let _ = write!(
            log,
            "{time}.100    120 {client} TCP_MISS/200 {} POST http://{host}/{pad} - HIER_DIRECT/203.0.113.9 -{end}",
            l.bytes
        );
    }
    log
}

fn zeek(lines: &[Line]) -> String {
    let mut log = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\thttp\n\
        #fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tmethod\thost\turi\trequest_body_len\t\
        response_body_len\tstatus_code\n#types\ttime\tstring\taddr\tport\taddr\tport\tstring\tstring\tstring\t\
        count\tcount\tcount\n"
        .to_owned();
    for l in lines {
        if let Some(noise) = noise(l) {
            log.push_str(&noise);
            continue;
        }
        let (host, pad, end) = (host(l.host), "p".repeat(l.pad), if l.kind == 4 { "\r\n" } else { "\n" });
        let _ = write!(
            log,
            "{}.000001\tC1\t10.0.0.{}\t40000\t203.0.113.{}\t80\tPOST\t{host}\t/{pad}\t{}\t7\t200{end}",
            1_795_312_800 + l.second,
            l.client,
            l.host,
            l.bytes
        );
    }
    log
}

fn run(folder: &Folder, args: &[&str]) {
    let run = domicile(folder.path(), args);
    assert_eq!(run.code, 0, "{args:?}: {}", run.stderr);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn ranges_of_a_log_merge_to_the_scan_of_it(
        lines in prop::collection::vec(line(), 60..150),
        columns in any::<bool>(),
        ended in any::<bool>(),
        cuts in prop::collection::btree_set(1..7usize, 1..4),
        order in prop::collection::vec(0..97usize, 8),
    ) {
        let mut log = if columns { zeek(&lines) } else { squid(&lines) };
        if !ended {
            log.truncate(log.trim_end_matches(['\r', '\n']).len());
        }
        let folder = Folder::new();
        folder.write("a.log", log.as_bytes());
        // Noise may come first, and then no content shows the format.
        let scan = ["scan", "a.log", "--format", if columns { "zeek-tsv" } else { "squid" }, "--partial"];
        run(&folder, &[&scan[..], &["whole", "--threads", "1"]].concat());
        run(&folder, &[&scan[..], &["threads", "--threads", "3"]].concat());
        let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
        let whole = read("whole");
        super::same(&whole, &read("threads")).unwrap();
        let summary = domicile::evidence::partial::read(&mut whole.as_slice()).unwrap().summary;
        let counts = &summary.logs.values().next().unwrap().facts.counts;
        let noisy = lines.iter().filter(|l| l.kind < 4).count();
        prop_assert_eq!(counts.flows as usize, lines.len() - noisy);

        let mut at: Vec<usize> = cuts.into_iter().filter(|m| m * MIB < log.len()).collect();
        at.insert(0, 0);
        let mut names = Vec::new();
        for (i, from) in at.iter().enumerate() {
            let range = at.get(i + 1).map_or(format!("{from}M.."), |to| format!("{from}M..{to}M"));
            let name = format!("part{i}");
            run(&folder, &[&scan[..], &[&name, "--range", &range]].concat());
            names.push(name);
        }
        names.push(names[order[0] % names.len()].clone());
        for (i, o) in order.iter().enumerate() {
            let n = names.len();
            names.swap(i % n, o % n);
        }
        use sha2::{Digest, Sha256};
        let hex: String = Sha256::digest(log.as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
        folder.write("sums", format!("{hex}  a.log\n").as_bytes());
        let mut args = vec!["merge", "--output", "merged", "--checksums", "sums"];
        args.extend(names.iter().map(String::as_str));
        run(&folder, &args);
        super::same(&read("merged"), &whole).unwrap();
    }
}

#[test]
fn a_line_longer_than_a_range_is_counted_once() {
    let line = |client: u8| Line { kind: 9, pad: 4_000, client, host: 1, second: 7, bytes: 5 };
    let long = "x".repeat(3 * MIB + 17);
    for end in ["\n", "\r\n", ""] {
        let after = if end.is_empty() { String::new() } else { squid(&[line(2), line(3)]) };
        let folder = Folder::new();
        folder.write("a.log", format!("{}{long}{end}{after}", squid(&[line(1)])).as_bytes());
        let scan = |name: &str, more: &[&str]| {
            run(&folder, &[&["scan", "a.log", "--no-sha256", "--partial", name], more].concat());
        };
        scan("whole", &["--threads", "1"]);
        for (name, range) in [("a", "0..1M"), ("b", "1M..2M"), ("c", "2M..3M"), ("d", "3M..")] {
            scan(name, &["--range", range]);
        }
        run(&folder, &["merge", "c", "a", "d", "b", "--output", "merged"]);
        let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
        super::same(&read("merged"), &read("whole")).unwrap();
    }
}

#[test]
fn ranges_under_different_headers_are_refused_by_name() {
    let lines: Vec<Line> =
        (0..60).map(|n| Line { kind: 9, pad: 40_000, client: 1, host: 1, second: n, bytes: n }).collect();
    let first = zeek(&lines);
    let other = first
        .replace("\tmethod\thost\turi\t", "\thost\tmethod\turi\t")
        .replace("\tPOST\ta.one.com\t", "\ta.one.com\tPOST\t");
    let folder = Folder::new();
    let log = first + &other;
    folder.write("a.log", log.as_bytes());
    run(&folder, &["scan", "a.log", "--partial", "x", "--range", "0..3M"]);
    run(&folder, &["scan", "a.log", "--partial", "y", "--range", "3M.."]);
    let merged = domicile(folder.path(), &["merge", "y", "x", "--output", "m"]);
    assert_eq!(merged.code, 2, "{}", merged.stderr);
    let told = format!("scan the log from its start to {}", log.len());
    assert!(merged.stderr.contains(&told) && merged.stderr.contains("`y`, `x`"), "{}", merged.stderr);
    assert!(!folder.path().join("m").exists());
}

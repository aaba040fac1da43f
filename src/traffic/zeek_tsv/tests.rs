//! The quick way through a line against splitting it and making a text of every value.

use super::*;
use crate::model::At;
use crate::traffic::NameFact;
use crate::traffic::lines::Places;
use proptest::prelude::*;

#[derive(Default)]
struct Told(String);

impl Sink for Told {
    fn record(&mut self, at: At, raw: &[u8], what: Settled<'_, '_>) {
        self.0 += &format!("{at:?} {} {what:?};", raw.len());
    }
    fn name(&mut self, fact: &NameFact<'_>) {
        self.0 += &format!("{fact:?};");
    }
    fn health(&mut self, health: Health) {
        self.0 += &format!("{health:?};");
    }
}

/// What the reader makes of a line after a header, and what splitting it does.
fn both(header: &str, line: &[u8]) -> (String, String) {
    let mut reader = Reader::default();
    header.lines().for_each(|l| reader.layout.header(l.as_bytes()));
    let at = At { offset: 0, length: line.len() as u64, record: 0, line: Some(1) };
    // What follows a line in memory must not matter.
    let ahead = [line, b"\n\t,\\x\xff\t"].concat();
    let mut maps = Vec::new();
    look(reader.layout.separator)(&ahead, &mut maps);
    let places = Places { maps: &maps, start: 0, end: line.len() };
    let text = std::str::from_utf8(line).ok();
    let line = Line { bytes: line, ahead: &ahead, text, at, places };
    let mut quick = Told::default();
    reader.record(&line, &mut quick);
    // The block may have something near it that is no text.
    let mut near = Told::default();
    reader.record(&Line { text: None, ..line }, &mut near);
    assert_eq!(quick.0, near.0);

    let (mut edges, mut start) = (Vec::new(), 0_u32);
    for value in line.bytes.split(|b| *b == reader.layout.separator) {
        edges.push([start, start + value.len() as u32]);
        start += value.len() as u32 + 1;
    }
    let mut slow = Told::default();
    if edges.len() < reader.layout.roles.len() {
        slow.record(line.at, line.bytes, Settled::Rejected("fewer columns than the header"));
    } else {
        reader.layout.settle_escaped(
            &line,
            Row::new(line.bytes, &edges),
            &mut Addresses::default(),
            &mut slow,
        );
    }
    (quick.0, slow.0)
}

fn header(path: &str, separator: &str, fields: &str) -> String {
    let spelt = if separator == "\t" { "\\x09" } else { separator };
    let line = |word: &str, value: &str| format!("#{word}{separator}{value}\n");
    format!("#separator {spelt}\n")
        + &line("set_separator", if separator == "," { ";" } else { "," })
        + &line("empty_field", "(empty)")
        + &line("unset_field", "-")
        + &line("path", path)
        + &line("fields", &fields.replace(' ', separator))
}

const CONN: &str = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes conn_state history";
const HTTP: &str = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p trans_depth method host uri request_body_len response_body_len status_code tags";
const SSL: &str =
    "ts uid id.orig_h id.orig_p id.resp_h id.resp_p version cipher server_name resumed established";
const DNS: &str = "ts id.orig_h id.resp_h id.resp_p proto query rcode answers";
const TURNED: &str = "query server_name x id.resp_h ts id.orig_h host host id.resp_p";

const LINES: [(&str, &str, &str); 5] = [
    ("conn", CONN, "1320279554.496300 C1 10.0.0.5 1 203.0.113.9 443 tcp quic,ssl 0.1 5 7 SF ^hAD"),
    (
        "http",
        HTTP,
        "1320279554.496300 C1 10.0.0.5 1 2001:db8::1 80 1 POST a.example:81 /a?b=c#d 5 7 200 (empty)",
    ),
    ("ssl", SSL, "1320279554.496300 C1 10.0.0.5 1 203.0.113.9 443 TLSv13-draft TLS_A api.example F T"),
    ("dns", DNS, "1320279554.496300 ::1%eth0 10.0.0.1 53 udp a.example 0 b.example,198.51.100.7,::1"),
    ("quic", TURNED, "a b c 10.0.0.1 1 10.0.0.2 d e 443"),
];

fn agree(header: &str, line: &[u8]) {
    let (quick, slow) = both(header, line);
    assert_eq!(quick, slow, "{}", String::from_utf8_lossy(line));
}

#[test]
fn whole_lines_are_flows() {
    for (path, fields, line) in LINES {
        let (quick, slow) = both(&header(path, " ", fields), line.as_bytes());
        assert_eq!(quick, slow);
        assert!(quick.contains("Flow("), "{quick}");
    }
}

#[test]
fn damaged_lines_are_settled_as_by_splitting() {
    for (path, fields, line) in LINES {
        let (header, line) = (header(path, "\t", fields), line.replace(' ', "\t"));
        let line = line.as_bytes();
        for at in 0..line.len() {
            agree(&header, &line[..at]);
            agree(&header, &[&line[..at], &line[at + 1..]].concat());
            for b in *b"\t\\-x,0\0\r\xc3\x80 .%" {
                let mut bad = line.to_vec();
                bad[at] = b;
                agree(&header, &bad);
            }
            agree(&header, &[&line[..at], b"\\x41\xc3\xa9", &line[at..]].concat());
        }
        // Columns behind the last that matters, many of them, and a very long one.
        agree(&header, &[line, &b"\t\xff".repeat(1000)].concat());
        agree(&header, &[line, &b"x".repeat(LONGEST)].concat());
        agree(&header, &b"\t".repeat(5000));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 8 } else { 2000 }))]

    #[test]
    fn made_up_lines_are_settled_as_by_splitting(
        kind in 0..LINES.len(),
        separator in prop::sample::select(vec!["\t", ",", " ", ";"]),
        values in prop::collection::vec(
            prop::sample::select(vec![
                "", "-", "(empty)", "1320279554.496300", "1.5", "10.0.0.1", "::1", "443", "99999", "tcp", "udp", "SF", "T",
                "\\x2d", "a\\x2eexample", "caf\u{e9}", "\\xff", "/x?y", "http://a.example/b", "GET", "a,b", "\\",
            ]),
            0..20,
        ),
        keep in 0_usize..20,
        tail in prop::collection::vec(any::<u8>(), 0..4),
    ) {
        let (path, fields, line) = LINES[kind];
        let mut all: Vec<_> = line.split(' ').take(keep).collect();
        all.extend(values);
        agree(&header(path, separator, fields), &[all.join(separator).as_bytes(), &tail].concat());
    }
}

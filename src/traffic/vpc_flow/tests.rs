use super::*;
use crate::model::At;
use crate::traffic::NameFact;
use crate::traffic::lines::Places;

#[derive(Default)]
struct Seen {
    lines: Vec<String>,
    health: Vec<Option<u64>>,
}

impl Sink for Seen {
    fn record(&mut self, at: At, raw: &[u8], what: Settled<'_, '_>) {
        assert_eq!(at.length, raw.len() as u64);
        self.lines.push(match what {
            Settled::Flow(f) => {
                let port = f.server_port.map_or_else(|| "-".to_owned(), |p| p.to_string());
                let (server, out) = (f.server_address.unwrap(), f.bytes_out);
                let said = [f.protocol.name(), f.disposition.name(), f.orientation.name()].join(" ");
                assert_eq!((f.visibility, f.lane, f.bytes_in), (Visibility::Address, Lane::PacketFlow, None));
                format!("{} {} {server} {port} {out:?} {said}", f.time, f.client)
            }
            Settled::Ignored(why) => format!("ignored: {why}"),
            Settled::Rejected(why) => format!("rejected: {why}"),
        });
    }
    fn name(&mut self, _: &NameFact<'_>) {}
    fn health(&mut self, health: Health) {
        self.health.push(health.lost);
    }
}

fn seen(text: &str) -> Seen {
    let mut seen = Seen::default();
    let mut reader = Reader::default();
    let block = Block { bytes: text.as_bytes(), offset: 0, line: 1, last: true };
    assert!(reader.block(block, &mut seen).is_continue());
    reader.finish(&mut seen);
    seen
}

fn lines(text: &str) -> Vec<String> {
    seen(text).lines
}

const PLAIN: &str = "2 123456789010 eni-1 10.0.0.5 203.0.113.9 49761 443 6 20 4249 1418530010 1418530070";

#[test]
fn the_default_format_needs_no_header() {
    let seen = seen(&format!(
        "{PLAIN} ACCEPT OK\n{PLAIN}  REJECT OK\r\n\
         2 unknown eni-1 - - - - - - - 1431280876 1431280934 - NODATA\n\
         2 unknown eni-1 - - - - - - - 1431280876 1431280934 - SKIPDATA\n\
         2 1 eni-1 2001:db8::1 2001:db8::2 0 0 58 4 336 1432917027 1432917142 ACCEPT OK\n\
         2 1 eni-1 203.0.113.9 10.0.0.5 443 49761 6 4 336 1432917027 1432917142 ACCEPT OK"
    ));
    let ends = "2014-12-14T04:06:50Z 10.0.0.5 203.0.113.9 443 Some(4249) tcp";
    assert_eq!(
        seen.lines,
        [
            format!("{ends} delivered inferred"),
            format!("{ends} denied inferred"),
            "ignored: no traffic in the interval".to_owned(),
            "ignored: records of the interval were skipped".to_owned(),
            "2015-05-29T16:30:27Z 2001:db8::1 2001:db8::2 - Some(336) icmp delivered unknown".to_owned(),
            "2015-05-29T16:30:27Z 203.0.113.9 10.0.0.5 - Some(336) tcp delivered unknown".to_owned(),
        ]
    );
    assert_eq!(seen.health, [None, Some(1)]);
}

#[test]
fn other_formats_are_not_guessed() {
    let rejected = |text: &str, why: &str| {
        assert!(lines(text).iter().all(|l| *l == format!("rejected: {why}")), "{text}: {:?}", lines(text));
    };
    rejected(PLAIN, "no header before it");
    rejected(&format!("{PLAIN} ACCEPT OK OK"), "no header before it");
    rejected(&format!("5{} ACCEPT OK", &PLAIN[1..]), "no header before it");
    rejected(
        "version srcaddr dstaddr start\n5 10.0.0.1 10.0.0.2",
        "another number of columns than the header",
    );
    rejected("srcaddr dstaddr pkt-srcaddr\n1.1.1.1 2.2.2.2 -", "no `start` in the header");
    rejected("version dstaddr start\n5 2.2.2.2 1", "no `srcaddr` in the header");
    rejected("version srcaddr start\n5 2.2.2.2 1", "no `dstaddr` in the header");
    rejected("start start srcaddr dstaddr\n1 1 1.1.1.1 2.2.2.2", "a field stands twice in the header");
    rejected(&format!("{PLAIN} MAYBE OK"), "action is not one of AWS");
    rejected(&format!("{PLAIN} ACCEPT GOOD"), "log-status is not one of AWS");
    rejected(&format!("{} ACCEPT OK", PLAIN.replace("10.0.0.5", "host")), "an end is no address");
    rejected(&format!("{} ACCEPT OK", PLAIN.replace("10.0.0.5", "-")), "no source address");
    rejected(&format!("{} ACCEPT OK", PLAIN.replace("443", "70000")), "a count or port is not a number");
    rejected(&format!("{} ACCEPT OK", PLAIN.replace("1418530010", "now")), "start is not a number");
}

#[test]
fn a_header_is_followed_wherever_it_stands() {
    let text = format!(
        "start tcp_flags flow-direction srcaddr dstaddr pkt-dstaddr srcport dstport protocol new-field\n\
         1 2 egress 10.0.0.5 10.0.0.220 203.0.113.9 50000 443 6 x\n\
         1 18 ingress 203.0.113.9 10.0.0.5 - 443 50000 6 x\n\
         1 3 - 10.0.0.5 10.0.0.220 203.0.113.9 50000 443 6 x\n\
         1 0 egress 10.0.0.5 10.0.0.220 203.0.113.9 50000 443 6 x\n\
         1 0 egress 10.0.0.5 10.0.0.220 203.0.113.9 443 443 17 x\n\
         version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n\
         {PLAIN} ACCEPT OK\n"
    );
    let sent = "1970-01-01T00:00:01Z 10.0.0.5 203.0.113.9 443 None";
    assert_eq!(
        lines(&text),
        [
            format!("{sent} tcp unknown stated"),
            "1970-01-01T00:00:01Z 203.0.113.9 10.0.0.5 - None tcp unknown unknown".to_owned(),
            format!("{sent} tcp unknown inferred"),
            format!("{sent} tcp unknown inferred"),
            format!("{sent} udp unknown unknown"),
            "2014-12-14T04:06:50Z 10.0.0.5 203.0.113.9 443 Some(4249) tcp delivered inferred".to_owned(),
        ]
    );
}

#[test]
fn exports_with_commas_or_tabs_are_read() {
    let wanted = ["1970-01-01T00:00:01Z 10.0.0.5 203.0.113.9 443 Some(7) tcp denied unknown"];
    let text =
        "srcaddr,dstaddr,dstport,protocol,bytes,start,action,vpc_id\n10.0.0.5,203.0.113.9,443,6,7,1,REJECT,";
    assert_eq!(lines(text), wanted);
    assert_eq!(lines(&text.replace(',', "\t")), wanted);
    let quoted = |line: &str| format!("\"{}\"", line.replace(',', "\",\""));
    assert_eq!(lines(&text.lines().map(quoted).collect::<Vec<_>>().join("\n")), wanted);
}

#[test]
fn content_is_recognised() {
    let sniff = |text: &str| VpcFlow.sniff(&Head { bytes: text.as_bytes(), whole: true });
    assert_eq!(sniff(&format!("{PLAIN} ACCEPT OK")), Sniff::Certain);
    assert_eq!(sniff("instance-id interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr\n"), Sniff::Certain);
    for other in ["", PLAIN, "start and end of bytes type\n", "srcaddr,dstaddr,start\n"] {
        assert_eq!(sniff(other), Sniff::No, "{other}");
    }
}

#[test]
fn what_stretches_must_agree_on_is_the_header() {
    let header = "start srcaddr dstaddr\n";
    let head = |text: &str| VpcFlow.header(&Head { bytes: text.as_bytes(), whole: true });
    assert_eq!(
        (head(&format!("{header}1 1.1.1.1 2.2.2.2\n")), head(PLAIN), head("start srcaddr")),
        (22, 0, 0)
    );
    let state = |text: &str| {
        let mut reader = Reader::default();
        let block = Block { bytes: text.as_bytes(), offset: 0, line: 1, last: true };
        assert!(reader.block(block, &mut Seen::default()).is_continue());
        reader.state()
    };
    assert_eq!(state(header), state(&format!("{PLAIN}\n{header}1 1.1.1.1 2.2.2.2")));
    assert_ne!(state(header), state(PLAIN));
    assert_ne!(state(header), state("start dstaddr srcaddr\n"));
    assert_ne!(state(header), state("start,srcaddr,dstaddr\n"));
}

/// Lines cut by columns mean what they do cut by splitting them.
#[test]
fn lines_are_cut_as_by_splitting() {
    let headers = [
        "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status",
        "start,bytes,srcaddr,vpc-id,dstaddr",
        "\"start\",\"bytes\",\"srcaddr\",\"vpc-id\",\"dstaddr\"",
    ];
    let values =
        ["", "-", "10.0.0.1", "\"", "\"7\"", "2", "443", "x\0", "\r", "ACCEPT", "  ", "\\", "\u{e9}"];
    let (mut columns, mut seed) = (Columns::default(), 1_u64);
    for round in 0..6000 {
        let layout = Layout::of_header(headers[round % 3].as_bytes()).unwrap();
        let separator = if round % 3 == 0 { " " } else { "," };
        let mut draw = |n: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % n
        };
        let count = if round % 3 == 0 { 12 + draw(5) } else { 4 + draw(3) };
        let line: Vec<_> = (0..count).map(|_| values[draw(values.len() as u64) as usize]).collect();
        let line = line.join(separator);
        let split: Vec<_> = line.split(separator).filter(|v| separator != " " || !v.is_empty()).collect();
        let names: Vec<_> = headers[round % 3].split(separator).collect();
        let ahead = format!("{line}\n1 2 3,4,5");
        let mut maps = Vec::new();
        look(layout.separator)(ahead.as_bytes(), &mut maps);
        let places = Places { maps: &maps, start: 0, end: line.len() };
        let record = layout.cut(line.as_bytes(), places, &mut columns);
        assert_eq!(record.is_some(), split.len() == names.len(), "{line}");
        let Some(record) = record else { continue };
        for (role, name) in [
            (Role::Start, "start"),
            (Role::Bytes, "bytes"),
            (Role::Source, "srcaddr"),
            (Role::Destination, "dstaddr"),
            (Role::Action, "action"),
        ] {
            let column = names.iter().position(|n| n.trim_matches('"') == name);
            let wanted = column.map_or("", |c| split[c]);
            let bare = wanted.strip_prefix('"').and_then(|w| w.strip_suffix('"'));
            let wanted = if round % 3 == 2 { bare.unwrap_or(wanted) } else { wanted };
            assert_eq!(record.value(role), wanted.as_bytes(), "{line} {name}");
            for text in [None, Some(&*line)] {
                assert_eq!(record.text(role, text), Some(wanted), "{line} {name}");
            }
        }
    }
}

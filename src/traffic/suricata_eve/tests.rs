//! What events become.

use super::WAYS;
use super::quick::Eve;
use super::schema::Event;
use crate::model::At;
use crate::traffic::json_walk::{Reader, made_up as json_made_up};
use crate::traffic::{Health, NameFact, Settled, Sink};

#[derive(Default)]
struct Seen(Vec<String>);

impl Sink for Seen {
    fn record(&mut self, _: At, _: &[u8], what: Settled<'_, '_>) {
        self.0.push(match what {
            Settled::Flow(f) => format!(
                "{} {} {} {} {} {} {:?}",
                f.client,
                f.server_name.unwrap_or("-"),
                f.lane.name(),
                f.disposition.name(),
                f.transport.name(),
                f.visibility.name(),
                f.bytes_out
            ),
            Settled::Ignored(why) | Settled::Rejected(why) => why.to_owned(),
        });
    }
    fn name(&mut self, n: &NameFact<'_>) {
        self.0.push(format!("{} is {} for {}", n.address, n.name, n.client));
    }
    fn health(&mut self, h: Health) {
        self.0.push(format!("alive, lost {:?}", h.lost));
    }
}

fn read(more: &str) -> String {
    read_as("TCP", more)
}

/// Client, server and orientation of a flow.
fn sides(more: &str) -> String {
    struct Sides(String);
    impl Sink for Sides {
        fn record(&mut self, _: At, _: &[u8], what: Settled<'_, '_>) {
            let Settled::Flow(f) = what else { panic!("{what:?}") };
            let (address, port) = (f.server_address.unwrap(), f.server_port.unwrap());
            self.0 = format!("{} {address} {port} {}", f.client, f.orientation.name());
        }
        fn name(&mut self, _: &NameFact<'_>) {}
        fn health(&mut self, _: Health) {}
    }
    let mut seen = Sides(String::new());
    settle("TCP", more, &mut seen);
    seen.0
}

fn read_as(protocol: &str, more: &str) -> String {
    let mut seen = Seen::default();
    settle(protocol, more, &mut seen);
    seen.0.join("|")
}

fn settle(protocol: &str, more: &str, seen: &mut dyn Sink) {
    let line = format!(
        r#"{{"timestamp":"2026-11-22T10:00:00.000001+0000","src_ip":"10.30.0.9","src_port":40000,"dest_ip":"203.0.113.9","dest_port":443,"proto":"{protocol}",{more}}}"#
    );
    let at = At { offset: 0, length: 0, record: 0, line: None };
    serde_json::from_str::<Event<'_>>(&line).unwrap().settle(at, b"", seen);
}

#[test]
fn events_become_what_they_show() {
    assert_eq!(
        read(r#""event_type":"tls","tls":{"sni":"api.openai.com.","version":"TLS 1.3"}"#),
        "10.30.0.9 api.openai.com. tls delivered tls1.3 name None"
    );
    assert_eq!(
        read(
            r#""event_type":"flow","app_proto":"tls","flow":{"bytes_toserver":900,"bytes_toclient":0,"pkts_toclient":0,"state":"new"}"#
        ),
        "10.30.0.9 - packet-flow failed tls address Some(900)"
    );
    assert_eq!(
        read(
            r#""event_type":"http","http":{"hostname":"203.0.113.9","url":"\/sdapi\/v1\/txt2img?x=1","http_method":"POST","status":200}"#
        ),
        "10.30.0.9 203.0.113.9 http delivered cleartext url None"
    );
    assert_eq!(
        read(r#""event_type":"stats","stats":{"capture":{"kernel_drops":7}}"#),
        "alive, lost Some(7)|stats: the sensor about itself"
    );
    assert!(read(r#""event_type":"drop""#).contains("denied"));
}

#[test]
fn answers_name_addresses_for_who_asked() {
    let answer = r#""event_type":"dns","dns":{"version":2,"type":"answer","rrname":"a.example","answers":[{"rrtype":"CNAME","rdata":"b.example"},{"rrtype":"A","rdata":"192.0.2.1"}]}"#;
    assert!(read(answer).ends_with("192.0.2.1 is a.example for 10.30.0.9"), "{}", read(answer));
    let grouped = r#""event_type":"dns","dns":{"version":3,"type":"response","queries":[{"rrname":"a.example"}],"grouped":{"AAAA":["2001:db8::1"]}}"#;
    assert!(read(grouped).ends_with("2001:db8::1 is a.example for 10.30.0.9"));
}

#[test]
fn a_key_that_stands_twice_is_refused() {
    let twice = r#"{"timestamp":"x","event_type":"tls","src_ip":"1.1.1.1","src_ip":"2.2.2.2"}"#;
    assert!(serde_json::from_str::<Event<'_>>(twice).is_err());
}

#[test]
fn flows_that_reached_nobody_are_told_apart() {
    let flow = |part: &str, flags: &str| {
        read(&format!(r#""event_type":"flow","flow":{{"bytes_toserver":9,{part}}},"tcp":{{{flags}}}"#))
    };
    let both = r#""pkts_toserver":2,"pkts_toclient":1"#;
    // Seen from a port that nothing listens on: SYN, then RST and ACK.
    assert!(flow(both, r#""tcp_flags_ts":"06","tcp_flags_tc":"14""#).contains("failed"));
    assert!(flow(both, r#""tcp_flags_ts":"1b","tcp_flags_tc":"1b""#).contains("delivered"));
    assert!(flow(both, r#""tcp_flags_ts":"1e","tcp_flags_tc":"16""#).contains("delivered"));
    let dropped = |n: u8| flow(&format!(r#""pkts_toclient":{n},"state":"new","action":"drop""#), "");
    assert!(dropped(0).contains("denied") && dropped(3).contains("failed"));
    let late = r#""event_type":"flow","flow":{"pkts_toclient":1},"tcp":{"tcp_flags_ts":"18"}"#;
    assert!(sides(late).starts_with("10.30.0.9 203.0.113.9 443 inferred"), "{}", sides(late));
    let datagram = r#""event_type":"flow","flow":{"pkts_toclient":0,"state":"new"}"#;
    assert!(read_as("UDP", datagram).contains("unknown"));
}

#[test]
fn what_a_server_sent_is_turned_round() {
    let quic = r#""event_type":"quic","quic":{"version":"1","ja3s":{"hash":"0"}}"#;
    assert_eq!(sides(quic), "203.0.113.9 10.30.0.9 40000 inferred");
    assert!(read(quic).contains("tls delivered quic address"));
    let asked = r#""event_type":"quic","quic":{"version":"1","sni":"a.example","ja3":{"hash":"0"}}"#;
    assert_eq!(sides(asked), "10.30.0.9 203.0.113.9 443 stated");
    assert_eq!(sides(r#""event_type":"drop","direction":"to_client""#), "203.0.113.9 10.30.0.9 40000 stated");
    assert_eq!(sides(r#""event_type":"drop""#), "10.30.0.9 203.0.113.9 443 unknown");
    let half = r#""event_type":"netflow","netflow":{"bytes":923,"start":"2013-03-19T16:05:11.062053+0000"}"#;
    assert_eq!(sides(half), "10.30.0.9 203.0.113.9 443 unknown");
}

#[test]
fn logged_headers_tell_the_size_of_a_request() {
    let http = |headers: &str| {
        read(&format!(
            r#""event_type":"http","http":{{"hostname":"a.example","url":"/post","http_method":"POST","request_headers":[{headers}]}}"#
        ))
    };
    let one = r#"{"name":"Content-Length","value":"11"}"#;
    assert!(http(one).ends_with("Some(11)"));
    assert!(http("").ends_with("None"));
    assert!(http(&format!("{one},{one}")).ends_with("None"), "two lengths are no length");
    assert!(http(r#"{"name":"content-length","value":"-1"}"#).ends_with("None"));
}

/// What a line becomes, by the quick pass and by the parser; `None` where the quick pass is unsure.
fn both(line: &[u8]) -> (Option<String>, String) {
    WAYS.both(&mut Reader::default(), line)
}

const EVENTS: [&str; 8] = [
    r#"{"timestamp":"2026-11-22T12:00:37.527996+0000","flow_id":1253103163589008,"in_iface":"enp4s0f0","event_type":"dns","src_ip":"10.31.2.24","src_port":35145,"dest_ip":"10.30.0.1","dest_port":53,"proto":"UDP","dns":{"version":2,"type":"answer","id":49552,"flags":"8180","rrname":"www.port.example","rrtype":"A","rcode":"NOERROR","answers":[{"rrname":"www.port.example","rrtype":"A","ttl":300,"rdata":"198.51.100.7"},{"rrname":"x","rrtype":"CNAME","rdata":"y"}],"grouped":{"A":["198.51.100.7","198.51.100.8"]}}}"#,
    r#"{"timestamp":"2026-11-22T12:00:37.527996+0000","event_type":"flow","src_ip":"10.31.2.24","src_port":35145,"dest_ip":"198.51.100.9","dest_port":443,"proto":"TCP","app_proto":"tls","flow":{"pkts_toserver":0,"pkts_toclient":20,"bytes_toserver":1200,"bytes_toclient":900,"start":"2026-11-22T12:00:30.000000+0000","end":"2026-11-22T12:00:37.5+0000","age":7,"state":"closed","reason":"timeout","alerted":false},"metadata":{"flowbits":["a","b"],"flow":{"start":"x"}},"tcp":{"tcp_flags":"1b","tcp_flags_ts":"1b","tcp_flags_tc":"1b","syn":true,"ack":null}}"#,
    r#"{"timestamp":"2026-11-22T12:00:37.527996+0000","event_type":"tls","src_ip":"10.31.2.24","src_port":1,"dest_ip":"2001:0db8:0000:0000:0000:0000:0000:0009","dest_port":443,"proto":"TCP","tls":{"subject":"CN=a, O=\"b\"","sni":"api.openai.com","version":"TLS 1.3","ja3":{},"ja3s":{"hash":"x","string":"1,2,3"}}}"#,
    r#"{"timestamp":"2026-11-22T12:00:37.527996+0000","event_type":"http","src_ip":"10.31.2.24","src_port":1,"dest_ip":"198.51.100.9","dest_port":80,"proto":"TCP","tx_id":0,"http":{"hostname":"h.example","url":"\/a\/b?q=\u0041","http_user_agent":"a\"b","http_method":"POST","protocol":"HTTP/1.1","status":200,"length":77,"request_headers":[{"name":"Content-Length","value":"12"},{"name":"Host","value":"h.example"}]}}"#,
    r#"{"timestamp":"2026-11-22T12:00:05.000000+0000","event_type":"stats","stats":{"uptime":129600,"capture":{"kernel_packets":4836200,"kernel_drops":0,"errors":0},"decoder":{"pkts":4836200}}}"#,
    r#"{"timestamp":"2026-11-22T12:00:05.000000+0000","event_type":"quic","src_ip":"10.0.0.1","dest_ip":"198.51.100.1","src_port":50000,"dest_port":443,"proto":"UDP","quic":{"version":"1","sni":"q.example","cyu":[{"hash":"a"}]}}"#,
    r#"{"timestamp":"2026-11-22T12:00:05.000000+0000","event_type":"netflow","src_ip":"10.0.0.1","dest_ip":"198.51.100.1","proto":"UDP","netflow":{"pkts":1,"bytes":60,"start":"2026-11-22T12:00:04.000000+0000"}}"#,
    r#"{"timestamp":"2026-11-22T12:00:05.000000+0000","event_type":"drop","src_ip":"10.0.0.1","dest_ip":"198.51.100.1","proto":"ICMP","direction":"to_server","drop":{"len":60,"tos":0}}"#,
];

#[test]
fn the_quick_pass_is_sure_of_what_suricata_writes_and_right() {
    for line in EVENTS {
        let (quick, parsed) = both(line.as_bytes());
        // A word that is null is the parser's.
        let sure = !line.contains("null");
        assert_eq!(quick.is_some(), sure || line.contains("flow"), "{line}");
        assert_eq!(quick.unwrap_or_else(|| parsed.clone()), parsed, "{line}");
        assert!(parsed.contains("Flow(") || parsed.contains("Ignored"), "{parsed}");
    }
}

#[test]
fn twins_below_the_top_and_members_that_stand_twice_do_not_mislead() {
    let nested = r#"{"metadata":{"timestamp":"x","dest_ip":"1.1.1.1","tls":{"sni":"evil.example"}},"timestamp":"2026-11-22T12:00:05Z","event_type":"tls","src_ip":"10.0.0.1","dest_ip":"198.51.100.1","tls":{"sni":"real.example","session":{"sni":"evil.example"},"alpn":["sni","evil.example"]}}"#;
    let (quick, parsed) = both(nested.as_bytes());
    assert_eq!(quick.as_deref(), Some(parsed.as_str()));
    assert!(parsed.contains("real.example") && !parsed.contains("evil"), "{parsed}");
    let twice = nested.replace(r#""dest_ip":"198"#, r#""dest_ip":"203.0.113.1","dest_ip":"198"#);
    assert_eq!(both(twice.as_bytes()).0, None);
    let list = nested.replace(r#""metadata":{"#, r#""dns":{"answers":[[]]},"metadata":{"#);
    assert_eq!(both(list.as_bytes()).0, None);
    let spelt = nested.replace(r#""dest_ip":"198"#, r#""d\u0065st_ip":"203.0.113.1","dest_ip":"198"#);
    assert_eq!(both(spelt.as_bytes()).0, None);
}

fn agree(reader: &mut Reader<Eve>, line: &[u8]) {
    WAYS.agree(reader, line);
}

#[test]
fn the_quick_pass_agrees_with_the_parser_on_damaged_lines() {
    let mut reader = Reader::default();
    EVENTS.iter().for_each(|line| agree(&mut reader, line.as_bytes()));
    for line in EVENTS {
        json_made_up::damaged(line.as_bytes(), |line| agree(&mut reader, line));
    }
}

mod made_up {
    use super::*;
    use proptest::prelude::*;

    /// JSON of the words that matter, and pieces of it in any order.
    fn token() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            ":",
            ",",
            "\"timestamp\"",
            "\"2026-11-22T12:00:05Z\"",
            "\"event_type\"",
            "\"tls\"",
            "\"sni\"",
            "\"dns\"",
            "\"answers\"",
            "\"grouped\"",
            "\"A\"",
            "\"rdata\"",
            "\"src_ip\"",
            "\"dest_ip\"",
            "\"10.0.0.1\"",
            "1",
            "0",
            "01",
            "true",
            "false",
            "null",
            "\"\\\"\"",
            "\"\\",
            "\"",
            " ",
            "1.5",
            "-1",
            "\"flow\"",
            "\"\u{e9}\"",
        ])
    }

    fn value() -> impl Strategy<Value = String> {
        let leaves = vec![
            "1",
            "0",
            "true",
            "null",
            "\"tls\"",
            "\"dns\"",
            "\"flow\"",
            "\"10.0.0.1\"",
            "\"a\\\"b\"",
            "[]",
            "{}",
            "1.5",
            "\"2026-11-22T12:00:05Z\"",
        ];
        let keys = vec![
            "timestamp",
            "event_type",
            "src_ip",
            "dest_ip",
            "tls",
            "sni",
            "dns",
            "answers",
            "rdata",
            "rrtype",
            "grouped",
            "A",
            "flow",
            "start",
            "http",
            "request_headers",
            "name",
            "value",
            "x",
            "stats",
            "capture",
            "kernel_drops",
            "version",
        ];
        json_made_up::value(keys, leaves)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 8 } else { 2000 }))]

        #[test]
        fn of_pieces(tokens in prop::collection::vec(token(), 0..40)) {
            agree(&mut Reader::default(), format!("{{{}", tokens.concat()).as_bytes());
        }

        #[test]
        fn of_values(value in value(), pad in 0..130_usize) {
            let head = r#"{"timestamp":"2026-11-22T12:00:05Z","event_type":"tls","src_ip":"10.0.0.1""#;
            let mut reader = Reader::default();
            agree(&mut reader, format!("{head},\"pad\":\"{}\",\"tls\":{value}}}", "x".repeat(pad)).as_bytes());
            agree(&mut reader, format!("{head},\"dest_ip\":\"1.1.1.1\",\"dns\":{value}}}").as_bytes());
            agree(&mut reader, value.as_bytes());
        }
    }
}

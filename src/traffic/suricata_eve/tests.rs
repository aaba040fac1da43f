//! What events become.

use super::event::Event;
use crate::model::At;
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

//! One eve.json event, as its schema gives it, and what it becomes.

use crate::model::{At, Disposition, Flow, Lane, Method, Orientation, Protocol, Time, Transport, Visibility};
use crate::traffic::scalar::address;
use crate::traffic::zeek::{http_disposition, http_target};
use crate::traffic::{Health, NameFact, Settled, Sink};
use serde::Deserialize;
use std::borrow::Cow;
use std::net::IpAddr;

// Only what matters is read; serde refuses a key of these that stands twice.
#[derive(Deserialize)]
pub(super) struct Event<'a> {
    #[serde(borrow)]
    timestamp: Cow<'a, str>,
    #[serde(borrow)]
    event_type: Cow<'a, str>,
    #[serde(borrow)]
    src_ip: Option<Cow<'a, str>>,
    #[serde(borrow)]
    dest_ip: Option<Cow<'a, str>>,
    src_port: Option<u16>,
    dest_port: Option<u16>,
    #[serde(borrow)]
    proto: Option<Cow<'a, str>>,
    #[serde(borrow)]
    app_proto: Option<Cow<'a, str>>,
    #[serde(borrow)]
    flow: Option<FlowPart<'a>>,
    netflow: Option<NetFlow>,
    #[serde(borrow)]
    http: Option<Http<'a>>,
    #[serde(borrow)]
    tls: Option<Tls<'a>>,
    #[serde(borrow)]
    quic: Option<Tls<'a>>,
    #[serde(borrow)]
    dns: Option<Dns<'a>>,
    stats: Option<Stats>,
}

#[derive(Deserialize)]
struct FlowPart<'a> {
    bytes_toserver: Option<u64>,
    bytes_toclient: Option<u64>,
    pkts_toclient: Option<u64>,
    #[serde(borrow)]
    start: Option<Cow<'a, str>>,
    #[serde(borrow)]
    state: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct NetFlow {
    bytes: Option<u64>,
}

#[derive(Deserialize)]
struct Http<'a> {
    #[serde(borrow)]
    hostname: Option<Cow<'a, str>>,
    #[serde(borrow)]
    url: Option<Cow<'a, str>>,
    #[serde(borrow)]
    http_method: Option<Cow<'a, str>>,
    http_port: Option<u16>,
    status: Option<u64>,
    length: Option<u64>,
}

#[derive(Deserialize)]
struct Tls<'a> {
    #[serde(borrow)]
    sni: Option<Cow<'a, str>>,
    // QUIC gives its version as a number.
    version: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Dns<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    rrname: Option<Cow<'a, str>>,
    #[serde(borrow)]
    rrtype: Option<Cow<'a, str>>,
    #[serde(borrow)]
    rdata: Option<Cow<'a, str>>,
    #[serde(borrow)]
    answers: Option<Vec<Answer<'a>>>,
    #[serde(borrow)]
    queries: Option<Vec<Query<'a>>>,
    #[serde(borrow)]
    grouped: Option<Grouped<'a>>,
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    rrtype: Option<Cow<'a, str>>,
    #[serde(borrow)]
    rdata: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Query<'a> {
    #[serde(borrow)]
    rrname: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Grouped<'a> {
    #[serde(rename = "A", borrow)]
    a: Option<Vec<Cow<'a, str>>>,
    #[serde(rename = "AAAA", borrow)]
    aaaa: Option<Vec<Cow<'a, str>>>,
}

#[derive(Deserialize)]
struct Stats {
    capture: Option<Capture>,
}

#[derive(Deserialize)]
struct Capture {
    kernel_drops: Option<u64>,
}

impl Event<'_> {
    pub(super) fn settle(&self, at: At, raw: &[u8], out: &mut dyn Sink) {
        let Some(time) = Time::parse(&self.timestamp) else {
            return out.record(at, raw, Settled::Rejected("time is not ISO 8601"));
        };
        match &*self.event_type {
            "flow" | "netflow" | "drop" => self.packets(time, at, raw, out),
            "http" => self.http(time, at, raw, out),
            "tls" => self.handshake(self.tls.as_ref(), Protocol::Tcp, time, at, raw, out),
            "quic" => self.handshake(self.quic.as_ref(), Protocol::Udp, time, at, raw, out),
            "dns" => self.dns(time, at, raw, out),
            "stats" => {
                let lost = self.stats.as_ref().and_then(|s| s.capture.as_ref()).and_then(|c| c.kernel_drops);
                out.health(Health { time, lost });
                out.record(at, raw, Settled::Ignored("stats: the sensor about itself"));
            }
            "alert" => out.record(at, raw, Settled::Ignored("alert: copies of exchanges with events of their own")),
            "fileinfo" => out.record(at, raw, Settled::Ignored("fileinfo: a part of an http exchange")),
            _ => out.record(at, raw, Settled::Ignored("an event type without exchanges of its own")),
        }
    }

    /// The parts every exchange has, or why there is none.
    fn base(&self, time: Time, lane: Lane) -> Result<Flow<'_>, &'static str> {
        let client = self.src_ip.as_deref().ok_or("no source address")?;
        let server = self.dest_ip.as_deref().ok_or("no destination address")?;
        Ok(Flow {
            server_address: Some(address(server).ok_or("the destination is no address")?),
            server_port: self.dest_port,
            protocol: match self.proto.as_deref() {
                Some(p) if p.eq_ignore_ascii_case("tcp") => Protocol::Tcp,
                Some(p) if p.eq_ignore_ascii_case("udp") => Protocol::Udp,
                Some(p) if p.to_ascii_lowercase().contains("icmp") => Protocol::Icmp,
                _ => Protocol::Other,
            },
            visibility: Visibility::Address,
            orientation: Orientation::Stated,
            ..Flow::new(time, client, lane)
        })
    }

    fn packets(&self, time: Time, at: At, raw: &[u8], out: &mut dyn Sink) {
        let part = self.flow.as_ref();
        let began = part.and_then(|f| f.start.as_deref()).and_then(Time::parse).unwrap_or(time);
        let mut flow = match self.base(began, Lane::PacketFlow) {
            Ok(flow) => flow,
            Err(why) => return out.record(at, raw, Settled::Rejected(why)),
        };
        flow.transport = match self.app_proto.as_deref() {
            Some("tls") => Transport::Tls,
            Some("quic") => Transport::Quic,
            Some("http") => Transport::Cleartext,
            _ => Transport::Unknown,
        };
        match &*self.event_type {
            "drop" => flow.disposition = Disposition::Denied,
            "netflow" => {
                flow.orientation = Orientation::Unknown;
                flow.bytes_out = self.netflow.as_ref().and_then(|n| n.bytes);
            }
            _ => {
                flow.bytes_out = part.and_then(|f| f.bytes_toserver);
                flow.bytes_in = part.and_then(|f| f.bytes_toclient);
                let unanswered = part.and_then(|f| f.pkts_toclient) == Some(0);
                let fresh = part.and_then(|f| f.state.as_deref()) == Some("new");
                flow.disposition = match flow.protocol {
                    // A handshake nobody answered carried nothing; a datagram may have.
                    Protocol::Tcp if unanswered && fresh => Disposition::Failed,
                    _ if unanswered => Disposition::Unknown,
                    _ => Disposition::Delivered,
                };
            }
        }
        out.record(at, raw, Settled::Flow(&flow));
    }

    fn http(&self, time: Time, at: At, raw: &[u8], out: &mut dyn Sink) {
        let mut flow = match self.base(time, Lane::Http) {
            Ok(flow) => flow,
            Err(why) => return out.record(at, raw, Settled::Rejected(why)),
        };
        let Some(http) = &self.http else {
            return out.record(at, raw, Settled::Rejected("an http event without http"));
        };
        let method = Method::of_http(http.http_method.as_deref().unwrap_or_default());
        let url = http.url.as_deref().unwrap_or_default();
        let port = http.http_port.or(flow.server_port);
        let (name, port, path, proxied) = http_target(method, url, http.hostname.as_deref(), port);
        flow.server_name = name;
        flow.server_port = port;
        // Towards a proxy the destination address is the proxy's.
        flow.server_address = flow.server_address.filter(|_| !proxied);
        flow.method = method;
        flow.path = path;
        flow.transport = Transport::Cleartext;
        flow.visibility = if path.is_some() { Visibility::Url } else { Visibility::Name };
        flow.disposition = http_disposition(method, http.status);
        flow.bytes_in = http.length;
        out.record(at, raw, Settled::Flow(&flow));
    }

    fn handshake(&self, tls: Option<&Tls<'_>>, protocol: Protocol, time: Time, at: At, raw: &[u8], out: &mut dyn Sink) {
        let mut flow = match self.base(time, Lane::Tls) {
            Ok(flow) => flow,
            Err(why) => return out.record(at, raw, Settled::Rejected(why)),
        };
        flow.protocol = protocol;
        flow.server_name = tls.and_then(|t| t.sni.as_deref()).filter(|s| !s.is_empty());
        if flow.server_name.is_some() {
            flow.visibility = Visibility::Name;
        }
        let version = tls.and_then(|t| t.version.as_ref()).and_then(serde_json::Value::as_str);
        flow.transport = match (protocol, version) {
            (Protocol::Udp, _) => Transport::Quic,
            (_, Some("SSLv2" | "SSLv3")) => Transport::Ssl,
            (_, Some("TLSv1" | "TLS 1.0" | "TLSv1.0")) => Transport::Tls10,
            (_, Some("TLS 1.1" | "TLSv1.1")) => Transport::Tls11,
            (_, Some("TLS 1.2" | "TLSv1.2")) => Transport::Tls12,
            (_, Some("TLS 1.3" | "TLSv1.3")) => Transport::Tls13,
            _ => Transport::Tls,
        };
        out.record(at, raw, Settled::Flow(&flow));
    }

    fn dns(&self, time: Time, at: At, raw: &[u8], out: &mut dyn Sink) {
        let mut flow = match self.base(time, Lane::Lookup) {
            Ok(flow) => flow,
            Err(why) => return out.record(at, raw, Settled::Rejected(why)),
        };
        let Some(dns) = &self.dns else {
            return out.record(at, raw, Settled::Rejected("a dns event without dns"));
        };
        let answer = matches!(dns.kind.as_deref(), Some("answer" | "response"));
        // An answer comes from the resolver: who asked is at the other end. Version 3 keeps the query's order.
        let from_resolver = answer && self.src_port == Some(53);
        if from_resolver {
            let Some(resolver) = self.src_ip.as_deref().and_then(address) else {
                return out.record(at, raw, Settled::Rejected("the source is no address"));
            };
            flow.client = self.dest_ip.as_deref().unwrap_or_default();
            flow.server_address = Some(resolver);
            flow.server_port = self.src_port;
        }
        let asked = || dns.queries.iter().flatten().find_map(|q| q.rrname.as_deref());
        flow.server_name = dns.rrname.as_deref().or_else(asked).filter(|n| !n.is_empty());
        flow.visibility = Visibility::Name;
        flow.disposition = if answer { Disposition::Delivered } else { Disposition::Unknown };
        out.record(at, raw, Settled::Flow(&flow));
        if let (true, Some(name)) = (answer, flow.server_name) {
            for address in dns.addresses() {
                out.name(&NameFact { address, name, client: flow.client, time });
            }
        }
    }
}

impl Dns<'_> {
    /// Addresses among the answers, in whichever version they are written.
    fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        let is_address = |rrtype: &Option<Cow<'_, str>>| matches!(rrtype.as_deref(), Some("A" | "AAAA"));
        let single = self.rdata.as_deref().filter(|_| is_address(&self.rrtype));
        let listed = self.answers.iter().flatten().filter(move |a| is_address(&a.rrtype)).filter_map(|a| a.rdata.as_deref());
        let grouped = self.grouped.iter().flat_map(|g| g.a.iter().chain(&g.aaaa)).flatten().map(|t| &**t);
        single.into_iter().chain(listed).chain(grouped).filter_map(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Seen(Vec<String>);

    impl Sink for Seen {
        fn record(&mut self, _: At, _: &[u8], what: Settled<'_, '_>) {
            self.0.push(match what {
                Settled::Flow(f) => format!(
                    "{} {} {} {} {} {} {:?}",
                    f.client, f.server_name.unwrap_or("-"), f.lane.name(), f.disposition.name(), f.transport.name(),
                    f.visibility.name(), f.bytes_out
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
        let line = format!(
            r#"{{"timestamp":"2026-11-22T10:00:00.000001+0000","src_ip":"10.30.0.9","src_port":40000,"dest_ip":"203.0.113.9","dest_port":443,"proto":"TCP",{more}}}"#
        );
        let mut seen = Seen::default();
        let at = At { offset: 0, length: 0, record: 0, line: None };
        serde_json::from_str::<Event<'_>>(&line).unwrap().settle(at, b"", &mut seen);
        seen.0.join("|")
    }

    #[test]
    fn events_become_what_they_show() {
        assert_eq!(
            read(r#""event_type":"tls","tls":{"sni":"api.openai.com.","version":"TLS 1.3"}"#),
            "10.30.0.9 api.openai.com. tls unknown tls1.3 name None"
        );
        assert_eq!(
            read(r#""event_type":"flow","app_proto":"tls","flow":{"bytes_toserver":900,"bytes_toclient":0,"pkts_toclient":0,"state":"new"}"#),
            "10.30.0.9 - packet-flow failed tls address Some(900)"
        );
        assert_eq!(
            read(r#""event_type":"http","http":{"hostname":"203.0.113.9","url":"\/sdapi\/v1\/txt2img?x=1","http_method":"POST","status":200}"#),
            "10.30.0.9 203.0.113.9 http delivered cleartext url None"
        );
        assert_eq!(read(r#""event_type":"stats","stats":{"capture":{"kernel_drops":7}}"#), "alive, lost Some(7)|stats: the sensor about itself");
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
}

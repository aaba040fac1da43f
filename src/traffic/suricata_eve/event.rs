//! What an eve.json event becomes.

use super::schema::{Event, Tcp, Tls, Version};
use crate::model::{At, Disposition, Flow, Lane, Method, Orientation, Protocol, Time, Transport, Visibility};
use crate::traffic::scalar::address;
use crate::traffic::zeek::{http_disposition, http_target};
use crate::traffic::{Health, NameFact, Settled, Sink};

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
            "alert" => {
                out.record(at, raw, Settled::Ignored("alert: copies of exchanges with events of their own"))
            }
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
        let start = match &*self.event_type {
            "netflow" => self.netflow.as_ref().and_then(|n| n.start.as_deref()),
            "flow" => part.and_then(|f| f.start.as_deref()),
            // A dropped packet may belong to a flow that began long before.
            _ => None,
        };
        let began = start.and_then(Time::parse).unwrap_or(time);
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
            "drop" => {
                flow.disposition = Disposition::Denied;
                match self.direction.as_deref() {
                    Some("to_server") => {}
                    Some("to_client") => {
                        if let Err(why) = self.turn(&mut flow) {
                            return out.record(at, raw, Settled::Rejected(why));
                        }
                    }
                    _ => flow.orientation = Orientation::Unknown,
                }
            }
            "netflow" => {
                flow.orientation = Orientation::Unknown;
                flow.bytes_out = self.netflow.as_ref().and_then(|n| n.bytes);
            }
            _ => {
                flow.bytes_out = part.and_then(|f| f.bytes_toserver);
                flow.bytes_in = part.and_then(|f| f.bytes_toclient);
                flow.disposition = self.fate(flow.protocol);
                if self.tcp.as_ref().and_then(Tcp::began) == Some(false) {
                    // Seen from midway: the sides are the sensor's guess.
                    flow.orientation = Orientation::Inferred;
                }
            }
        }
        out.record(at, raw, Settled::Flow(&flow));
    }

    /// What became of a flow.
    fn fate(&self, protocol: Protocol) -> Disposition {
        let Some(part) = &self.flow else { return Disposition::Unknown };
        let stopped = matches!(part.action.as_deref(), Some("drop" | "reject"));
        let refused = self.tcp.as_ref().is_some_and(Tcp::refused);
        match (part.pkts_toclient, protocol) {
            // Nobody answered the handshake, so nothing was said; a datagram may have arrived all the same.
            (Some(0), Protocol::Tcp) if stopped => Disposition::Denied,
            (Some(0), Protocol::Tcp) if part.state.as_deref() == Some("new") => Disposition::Failed,
            // What had passed before the sensor stopped it is not told.
            _ if stopped || refused => Disposition::Failed,
            (Some(1..), _) => Disposition::Delivered,
            _ => Disposition::Unknown,
        }
    }

    /// Makes the source the server: an event written for what the server sent.
    fn turn<'s>(&'s self, flow: &mut Flow<'s>) -> Result<(), &'static str> {
        let server = self.src_ip.as_deref().and_then(address).ok_or("the source is no address")?;
        flow.client = self.dest_ip.as_deref().ok_or("no destination address")?;
        flow.server_address = Some(server);
        flow.server_port = self.src_port;
        Ok(())
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
        flow.visibility = match (path, name) {
            (Some(_), _) => Visibility::Url,
            (None, Some(_)) => Visibility::Name,
            (None, None) => Visibility::Address,
        };
        flow.disposition = http_disposition(method, http.status);
        flow.bytes_in = http.length;
        flow.bytes_out = http.request_length();
        out.record(at, raw, Settled::Flow(&flow));
    }

    fn handshake(
        &self,
        tls: Option<&Tls<'_>>,
        protocol: Protocol,
        time: Time,
        at: At,
        raw: &[u8],
        out: &mut dyn Sink,
    ) {
        let mut flow = match self.base(time, Lane::Tls) {
            Ok(flow) => flow,
            Err(why) => return out.record(at, raw, Settled::Rejected(why)),
        };
        flow.protocol = protocol;
        flow.server_name = tls.and_then(|t| t.sni.as_deref()).filter(|s| !s.is_empty());
        // QUIC has an event for each side, written as it was sent; only the client's names the server.
        let answered = tls.is_some_and(|t| t.ja3s.is_some());
        let from_port = self.src_port == Some(443) && self.dest_port != Some(443);
        let reply = flow.server_name.is_none() && (answered || from_port);
        if protocol == Protocol::Udp && reply {
            if let Err(why) = self.turn(&mut flow) {
                return out.record(at, raw, Settled::Rejected(why));
            }
            flow.orientation = Orientation::Inferred;
            flow.disposition = Disposition::Delivered;
        }
        if flow.server_name.is_some() {
            flow.visibility = Visibility::Name;
        }
        let version = tls.and_then(|t| t.version.as_ref()).and_then(|v| match v {
            Version::Named(name) => Some(&**name),
            Version::Other(_) => None,
        });
        flow.transport = match (protocol, version) {
            (Protocol::Udp, _) => Transport::Quic,
            (_, Some("SSLv2" | "SSLv3")) => Transport::Ssl,
            (_, Some("TLSv1" | "TLS 1.0" | "TLSv1.0")) => Transport::Tls10,
            (_, Some("TLS 1.1" | "TLSv1.1")) => Transport::Tls11,
            (_, Some("TLS 1.2" | "TLSv1.2")) => Transport::Tls12,
            (_, Some("TLS 1.3" | "TLSv1.3")) => Transport::Tls13,
            _ => Transport::Tls,
        };
        // The version is the one the server chose: it had answered.
        if protocol == Protocol::Tcp && version.is_some_and(|v| v != "UNDETERMINED") {
            flow.disposition = Disposition::Delivered;
        }
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
        if from_resolver && let Err(why) = self.turn(&mut flow) {
            return out.record(at, raw, Settled::Rejected(why));
        }
        let asked = || dns.queries.iter().flatten().find_map(|q| q.rrname.as_deref());
        flow.server_name = dns.rrname.as_deref().or_else(asked).filter(|n| !n.is_empty());
        if flow.server_name.is_some() {
            flow.visibility = Visibility::Name;
        }
        flow.disposition = if answer { Disposition::Delivered } else { Disposition::Unknown };
        out.record(at, raw, Settled::Flow(&flow));
        if let (true, Some(name)) = (answer, flow.server_name) {
            for address in dns.addresses() {
                out.name(&NameFact { address, name, client: flow.client, time });
            }
        }
    }
}

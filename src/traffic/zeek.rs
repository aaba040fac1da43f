//! What a Zeek record means, whether it was written as columns or as JSON.
//!
//! Standard: docs.zeek.org, "Log Files" and the `Conn::Info`, `HTTP::Info`, `SSL::Info`, `QUIC::Info`,
//! `DNS::Info` records. `conn_state` tells the disposition:
//!
//! | state | meaning | disposition |
//! |---|---|---|
//! | `SF` `S1` `S2` `S3` | established | delivered |
//! | `RSTO` `RSTR` | established, then reset | delivered |
//! | `REJ` `RSTOS0` `SH` `S0` | never established | failed; unknown if payload was sent all the same |
//! | `RSTRH` `SHR` | only the answer was seen | unknown |
//! | `OTH` | seen midway | delivered if payload was sent, else unknown |

use super::scalar::address;
use super::{NameFact, Settled};
use crate::model::net::{Host, Url, split_authority};
use crate::model::{At, Disposition, Flow, Lane, Method, Orientation, Protocol, Time, Transport, Visibility};

/// The logs that hold traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Path {
    Conn,
    Http,
    Ssl,
    Quic,
    Dns,
    Files,
    /// `stats`, `capture_loss`: the sensor about itself.
    Health,
    Other,
}

impl Path {
    /// The log that writes a `#path` or `_path`.
    pub(super) fn of(name: &[u8]) -> Path {
        match name {
            b"conn" => Path::Conn,
            b"http" => Path::Http,
            b"ssl" => Path::Ssl,
            b"quic" => Path::Quic,
            b"dns" => Path::Dns,
            b"files" => Path::Files,
            b"stats" | b"capture_loss" => Path::Health,
            _ => Path::Other,
        }
    }

    /// Why its records are no flows, if they are none.
    pub(super) fn ignored(self) -> Option<&'static str> {
        match self {
            Path::Files => Some("files.log: parts of exchanges that other logs hold"),
            Path::Health => Some("sensor statistics"),
            Path::Other => Some("a Zeek log without exchanges of its own"),
            _ => None,
        }
    }
}

/// The fields that matter, unset ones `None`.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Fields<'a> {
    pub(super) client: Option<&'a str>,
    pub(super) server: Option<&'a str>,
    pub(super) port: Option<u16>,
    pub(super) protocol: Option<&'a str>,
    pub(super) service: Option<&'a str>,
    pub(super) state: Option<&'a str>,
    pub(super) history: Option<&'a str>,
    pub(super) out: Option<u64>,
    pub(super) back: Option<u64>,
    pub(super) method: Option<&'a str>,
    pub(super) host: Option<&'a str>,
    pub(super) uri: Option<&'a str>,
    pub(super) status: Option<u64>,
    pub(super) server_name: Option<&'a str>,
    pub(super) version: Option<&'a str>,
    pub(super) established: Option<bool>,
    pub(super) query: Option<&'a str>,
    pub(super) answered: bool,
}

/// The flow of a record, or why there is none.
pub(super) fn flow<'a>(path: Path, time: Time, f: &Fields<'a>) -> Result<Flow<'a>, &'static str> {
    // Zeek writes addresses only; other text there is no name that may be shown.
    let client = f.client.ok_or("no originator")?;
    address(client).ok_or("the originator is no address")?;
    let server_address = match f.server {
        Some(text) => Some(address(text).ok_or("the responder is no address")?),
        None => None,
    };
    let base = Flow {
        server_address,
        server_port: f.port,
        orientation: Orientation::Stated,
        visibility: if server_address.is_some() { Visibility::Address } else { Visibility::Opaque },
        protocol: protocol(f.protocol),
        ..Flow::new(time, client, Lane::PacketFlow)
    };
    Ok(match path {
        Path::Conn => conn(base, f),
        Path::Http => http(base, f),
        Path::Ssl => Flow {
            lane: Lane::Tls,
            protocol: Protocol::Tcp,
            server_name: f.server_name,
            visibility: named(f.server_name, base.visibility),
            transport: tls(f.version),
            disposition: match f.established {
                Some(true) => Disposition::Delivered,
                Some(false) => Disposition::Failed,
                None => Disposition::Unknown,
            },
            ..base
        },
        Path::Quic => Flow {
            lane: Lane::Tls,
            protocol: Protocol::Udp,
            server_name: f.server_name,
            visibility: named(f.server_name, base.visibility),
            transport: Transport::Quic,
            // `H` is the end of the client's handshake, `O` its data under session keys.
            disposition: match f.history.is_some_and(|h| h.contains(['H', 'O'])) {
                true => Disposition::Delivered,
                false => Disposition::Unknown,
            },
            ..base
        },
        Path::Dns => Flow {
            lane: Lane::Lookup,
            server_name: f.query,
            visibility: named(f.query, base.visibility),
            disposition: if f.answered { Disposition::Delivered } else { Disposition::Unknown },
            ..base
        },
        Path::Files | Path::Health | Path::Other => return Err("no exchange"),
    })
}

fn protocol(name: Option<&str>) -> Protocol {
    match name {
        // Logs above the transport name it only if it can differ.
        None | Some("tcp") => Protocol::Tcp,
        Some("udp") => Protocol::Udp,
        Some("icmp") => Protocol::Icmp,
        Some(_) => Protocol::Other,
    }
}

fn named(name: Option<&str>, otherwise: Visibility) -> Visibility {
    if name.is_some() { Visibility::Name } else { otherwise }
}

fn conn<'a>(base: Flow<'a>, f: &Fields<'a>) -> Flow<'a> {
    let sent = f.out.is_some_and(|n| n > 0);
    let datagrams = !matches!(base.protocol, Protocol::Tcp);
    let service = f.service.unwrap_or_default();
    let speaks = |name: &str| service.split([',', '-']).any(|s| s == name);
    Flow {
        disposition: match f.state.unwrap_or_default() {
            "SF" | "S1" | "S2" | "S3" | "RSTO" | "RSTR" => Disposition::Delivered,
            "REJ" | "RSTOS0" | "SH" | "S0" if !sent && !datagrams => Disposition::Failed,
            "S0" if !sent && f.out == Some(0) => Disposition::Failed,
            "OTH" if sent => Disposition::Delivered,
            _ => Disposition::Unknown,
        },
        orientation: match (f.history, f.state) {
            (Some(h), _) if h.starts_with('^') => Orientation::Unknown,
            (_, Some("OTH")) => Orientation::Inferred,
            _ => Orientation::Stated,
        },
        transport: match () {
            () if speaks("quic") => Transport::Quic,
            () if speaks("ssl") => Transport::Tls,
            () if speaks("http") => Transport::Cleartext,
            () => Transport::Unknown,
        },
        bytes_out: f.out,
        bytes_in: f.back,
        ..base
    }
}

fn http<'a>(base: Flow<'a>, f: &Fields<'a>) -> Flow<'a> {
    let method = Method::of_http(f.method.unwrap_or_default());
    let uri = f.uri.unwrap_or_default();
    let (name, port, path, proxied) = http_target(method, uri, f.host, base.server_port);
    Flow {
        lane: Lane::Http,
        protocol: Protocol::Tcp,
        server_name: name,
        server_port: port,
        // Towards a proxy the responder is the proxy, not the server.
        server_address: if proxied { None } else { base.server_address },
        method,
        path,
        transport: Transport::Cleartext,
        visibility: match (path, name) {
            (Some(_), _) => Visibility::Url,
            (None, Some(name)) if matches!(Host::parse(name), Some(Host::Name(_))) => Visibility::Name,
            _ => Visibility::Address,
        },
        disposition: http_disposition(method, f.status),
        bytes_out: f.out,
        bytes_in: f.back,
        ..base
    }
}

/// Name, port and path that an HTTP request on the wire was for, and whether it was for a proxy.
pub(super) fn http_target<'a>(
    method: Method,
    uri: &'a str,
    host: Option<&'a str>,
    port: Option<u16>,
) -> (Option<&'a str>, Option<u16>, Option<&'a str>, bool) {
    if method == Method::Connect {
        let (name, stated) = split_authority(if uri.is_empty() { host.unwrap_or_default() } else { uri });
        return (Some(name).filter(|n| !n.is_empty()), stated, None, true);
    }
    if let Some(url) = Url::parse(uri) {
        return (Some(url.host), url.port, Some(url.path), true);
    }
    let path = uri.split(['?', '#']).next().filter(|p| !p.is_empty());
    let (name, stated) = host.map_or((None, None), |h| {
        let (name, port) = split_authority(h);
        (Some(name).filter(|n| !n.is_empty()), port)
    });
    (name, stated.or(port), path, false)
}

/// What an answer says of the request. A refused tunnel carried nothing; any other answer means that
/// the request arrived.
pub(super) fn http_disposition(method: Method, status: Option<u64>) -> Disposition {
    match (method, status) {
        (_, None | Some(0)) => Disposition::Unknown,
        (Method::Connect, Some(403 | 407)) => Disposition::Denied,
        (Method::Connect, Some(400..)) => Disposition::Failed,
        _ => Disposition::Delivered,
    }
}

fn tls(version: Option<&str>) -> Transport {
    match version {
        Some("SSLv2" | "SSLv3") => Transport::Ssl,
        Some("TLSv10") => Transport::Tls10,
        Some("TLSv11") => Transport::Tls11,
        Some("TLSv12") => Transport::Tls12,
        Some(v) if v.starts_with("TLSv13") => Transport::Tls13,
        _ => Transport::Tls,
    }
}

/// Settles a record and, for an answered lookup, tells the addresses among its answers.
pub(super) fn settle<'a>(
    path: Path,
    time: Time,
    fields: &Fields<'a>,
    answers: impl Iterator<Item = &'a str>,
    (at, raw): (At, &[u8]),
    out: &mut dyn super::Sink,
) {
    match flow(path, time, fields) {
        Err(why) => out.record(at, raw, Settled::Rejected(why)),
        Ok(flow) => {
            out.record(at, raw, Settled::Flow(&flow));
            if let (Path::Dns, Some(name)) = (path, fields.query) {
                for address in answers.filter_map(address) {
                    out.name(&NameFact { address, name, client: flow.client, time });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one<'a>(path: Path, fields: Fields<'a>) -> Flow<'a> {
        let base =
            Fields { client: Some("10.0.0.5"), server: Some("203.0.113.9"), port: Some(443), ..fields };
        flow(path, Time::from_seconds(1).unwrap(), &base).unwrap()
    }

    #[test]
    fn states_tell_what_arrived() {
        let of = |state: &'static str, out: Option<u64>, protocol: &'static str| {
            let fields = Fields { state: Some(state), out, protocol: Some(protocol), ..Fields::default() };
            one(Path::Conn, fields).disposition
        };
        assert_eq!(of("SF", Some(5), "tcp"), Disposition::Delivered);
        assert_eq!(of("RSTR", Some(5), "tcp"), Disposition::Delivered);
        assert_eq!(of("S0", None, "tcp"), Disposition::Failed);
        assert_eq!(of("S0", Some(0), "udp"), Disposition::Failed);
        assert_eq!(of("S0", Some(40), "udp"), Disposition::Unknown);
        assert_eq!(of("S0", None, "udp"), Disposition::Unknown);
        assert_eq!(of("REJ", Some(0), "tcp"), Disposition::Failed);
        assert_eq!(of("OTH", Some(9), "tcp"), Disposition::Delivered);
        assert_eq!(of("SHR", None, "tcp"), Disposition::Unknown);
        assert_eq!(of("", None, "tcp"), Disposition::Unknown);
    }

    #[test]
    fn midway_captures_have_no_known_side() {
        let fields = Fields { state: Some("SF"), history: Some("^dA"), ..Fields::default() };
        assert_eq!(one(Path::Conn, fields).orientation, Orientation::Unknown);
    }

    #[test]
    fn a_proxy_is_not_the_server() {
        let fields = Fields {
            method: Some("CONNECT"),
            uri: Some("api.example:443"),
            status: Some(403),
            ..Fields::default()
        };
        let f = one(Path::Http, fields);
        assert_eq!((f.server_name, f.server_port, f.server_address), (Some("api.example"), Some(443), None));
        assert_eq!((f.disposition, f.visibility, f.path), (Disposition::Denied, Visibility::Name, None));
        let fields = Fields {
            method: Some("POST"),
            uri: Some("/a?b=c"),
            host: Some("h.example:8080"),
            ..Fields::default()
        };
        let f = one(Path::Http, fields);
        assert_eq!((f.server_name, f.server_port, f.path), (Some("h.example"), Some(8080), Some("/a")));
        assert_eq!((f.disposition, f.method), (Disposition::Unknown, Method::Write));
    }
}

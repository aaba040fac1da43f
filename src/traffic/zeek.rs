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

use super::{NameFact, Settled};
use crate::model::net::{Host, Url, split_authority};
use crate::model::{At, Disposition, Flow, Lane, Method, Orientation, Protocol, Time, Transport, Visibility};
use std::net::IpAddr;

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
    pub(super) server: Option<&'a [u8]>,
    pub(super) port: Option<u16>,
    pub(super) protocol: Option<&'a [u8]>,
    pub(super) service: Option<&'a [u8]>,
    pub(super) state: Option<&'a [u8]>,
    pub(super) history: Option<&'a [u8]>,
    pub(super) out: Option<u64>,
    pub(super) back: Option<u64>,
    pub(super) method: Option<&'a [u8]>,
    pub(super) host: Option<&'a str>,
    pub(super) uri: Option<&'a str>,
    pub(super) status: Option<u64>,
    pub(super) server_name: Option<&'a str>,
    pub(super) version: Option<&'a [u8]>,
    pub(super) established: Option<bool>,
    pub(super) query: Option<&'a str>,
    pub(super) answered: bool,
}

/// Fills in the flow of a record, or says why there is none. `address` reads one.
#[inline]
fn fill<'a>(
    flow: &mut Flow<'a>,
    path: Path,
    f: &Fields<'a>,
    mut address: impl FnMut(&[u8]) -> Option<IpAddr>,
) -> Result<(), &'static str> {
    // Zeek writes addresses only; other text there is no name that may be shown.
    flow.client = f.client.ok_or("no originator")?;
    address(flow.client.as_bytes()).ok_or("the originator is no address")?;
    if let Some(text) = f.server {
        flow.server_address = Some(address(text).ok_or("the responder is no address")?);
    }
    flow.server_port = f.port;
    flow.orientation = Orientation::Stated;
    flow.visibility = if flow.server_address.is_some() { Visibility::Address } else { Visibility::Opaque };
    flow.protocol = protocol(f.protocol);
    match path {
        Path::Conn => conn(flow, f),
        Path::Http => http(flow, f),
        Path::Ssl => {
            flow.lane = Lane::Tls;
            flow.protocol = Protocol::Tcp;
            named(flow, f.server_name);
            flow.transport = tls(f.version);
            flow.disposition = match f.established {
                Some(true) => Disposition::Delivered,
                Some(false) => Disposition::Failed,
                None => Disposition::Unknown,
            };
        }
        Path::Quic => {
            flow.lane = Lane::Tls;
            flow.protocol = Protocol::Udp;
            named(flow, f.server_name);
            flow.transport = Transport::Quic;
            // `H` is the end of the client's handshake, `O` its data under session keys.
            flow.disposition = match f.history.is_some_and(|h| h.iter().any(|b| matches!(b, b'H' | b'O'))) {
                true => Disposition::Delivered,
                false => Disposition::Unknown,
            };
        }
        Path::Dns => {
            flow.lane = Lane::Lookup;
            named(flow, f.query);
            flow.disposition = if f.answered { Disposition::Delivered } else { Disposition::Unknown };
        }
        Path::Files | Path::Health | Path::Other => return Err("no exchange"),
    }
    Ok(())
}

fn protocol(name: Option<&[u8]>) -> Protocol {
    match name {
        // Logs above the transport name it only if it can differ.
        None | Some(b"tcp") => Protocol::Tcp,
        Some(b"udp") => Protocol::Udp,
        Some(b"icmp") => Protocol::Icmp,
        Some(_) => Protocol::Other,
    }
}

fn named<'a>(flow: &mut Flow<'a>, name: Option<&'a str>) {
    flow.server_name = name;
    if name.is_some() {
        flow.visibility = Visibility::Name;
    }
}

#[inline]
fn conn<'a>(flow: &mut Flow<'a>, f: &Fields<'a>) {
    let sent = f.out.is_some_and(|n| n > 0);
    let datagrams = !matches!(flow.protocol, Protocol::Tcp);
    flow.disposition = match f.state.unwrap_or_default() {
        b"SF" | b"S1" | b"S2" | b"S3" | b"RSTO" | b"RSTR" => Disposition::Delivered,
        b"REJ" | b"RSTOS0" | b"SH" | b"S0" if !sent && !datagrams => Disposition::Failed,
        b"S0" if !sent && f.out == Some(0) => Disposition::Failed,
        b"OTH" if sent => Disposition::Delivered,
        _ => Disposition::Unknown,
    };
    flow.orientation = match (f.history, f.state) {
        (Some(h), _) if h.starts_with(b"^") => Orientation::Unknown,
        (_, Some(b"OTH")) => Orientation::Inferred,
        _ => Orientation::Stated,
    };
    flow.transport = service(f.service.unwrap_or_default());
    flow.bytes_out = f.out;
    flow.bytes_in = f.back;
}

/// The protection that the services found in a connection have.
fn service(services: &[u8]) -> Transport {
    match services {
        b"" => Transport::Unknown,
        b"ssl" => Transport::Tls,
        b"http" => Transport::Cleartext,
        several => {
            let speaks = |name: &[u8]| several.split(|b| matches!(b, b',' | b'-')).any(|s| s == name);
            match () {
                () if speaks(b"quic") => Transport::Quic,
                () if speaks(b"ssl") => Transport::Tls,
                () if speaks(b"http") => Transport::Cleartext,
                () => Transport::Unknown,
            }
        }
    }
}

fn http<'a>(flow: &mut Flow<'a>, f: &Fields<'a>) {
    let method = Method::of_http(f.method.unwrap_or_default());
    let uri = f.uri.unwrap_or_default();
    let (name, port, path, proxied) = http_target(method, uri, f.host, flow.server_port);
    flow.lane = Lane::Http;
    flow.protocol = Protocol::Tcp;
    flow.server_name = name;
    flow.server_port = port;
    if proxied {
        // Towards a proxy the responder is the proxy, not the server.
        flow.server_address = None;
    }
    flow.method = method;
    flow.path = path;
    flow.transport = Transport::Cleartext;
    flow.visibility = match (path, name) {
        (Some(_), _) => Visibility::Url,
        (None, Some(name)) if matches!(Host::parse(name), Some(Host::Name(_))) => Visibility::Name,
        _ => Visibility::Address,
    };
    flow.disposition = http_disposition(method, f.status);
    flow.bytes_out = f.out;
    flow.bytes_in = f.back;
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
    // A path is the usual case, and no URL.
    if !uri.starts_with('/')
        && let Some(url) = Url::parse(uri)
    {
        return (Some(url.host), url.port, Some(url.path), true);
    }
    let end = memchr::memchr2(b'?', b'#', uri.as_bytes()).unwrap_or(uri.len());
    let path = uri.get(..end).filter(|p| !p.is_empty());
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

fn tls(version: Option<&[u8]>) -> Transport {
    match version {
        Some(b"SSLv2" | b"SSLv3") => Transport::Ssl,
        Some(b"TLSv10") => Transport::Tls10,
        Some(b"TLSv11") => Transport::Tls11,
        Some(b"TLSv12") => Transport::Tls12,
        Some([b'T', b'L', b'S', b'v', b'1', b'3', ..]) => Transport::Tls13,
        _ => Transport::Tls,
    }
}

/// Settles a record and, for an answered lookup, tells the addresses among its answers. `address` reads one.
pub(super) fn settle<'a>(
    path: Path,
    time: Time,
    fields: &Fields<'a>,
    answers: impl Iterator<Item = &'a str>,
    mut address: impl FnMut(&[u8]) -> Option<IpAddr>,
    (at, raw): (At, &[u8]),
    out: &mut dyn super::Sink,
) {
    let mut flow = Flow::new(time, "", Lane::PacketFlow);
    match fill(&mut flow, path, fields, &mut address) {
        Err(why) => out.record(at, raw, Settled::Rejected(why)),
        Ok(()) => {
            out.record(at, raw, Settled::Flow(&flow));
            if let (Path::Dns, Some(name)) = (path, fields.query) {
                for address in answers.filter_map(|text| address(text.as_bytes())) {
                    out.name(&NameFact { address, name, client: flow.client, time });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::scalar::address_bytes;

    fn one<'a>(path: Path, fields: Fields<'a>) -> Flow<'a> {
        let base =
            Fields { client: Some("10.0.0.5"), server: Some(b"203.0.113.9"), port: Some(443), ..fields };
        let mut flow = Flow::new(Time::from_seconds(1).unwrap(), "", Lane::PacketFlow);
        fill(&mut flow, path, &base, address_bytes).unwrap();
        flow
    }

    #[test]
    fn states_tell_what_arrived() {
        let of = |state: &'static str, out: Option<u64>, protocol: &'static str| {
            let fields = Fields {
                state: Some(state.as_bytes()),
                out,
                protocol: Some(protocol.as_bytes()),
                ..Fields::default()
            };
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
        let fields = Fields { state: Some(b"SF"), history: Some(b"^dA"), ..Fields::default() };
        assert_eq!(one(Path::Conn, fields).orientation, Orientation::Unknown);
    }

    #[test]
    fn a_proxy_is_not_the_server() {
        let fields = Fields {
            method: Some(b"CONNECT"),
            uri: Some("api.example:443"),
            status: Some(403),
            ..Fields::default()
        };
        let f = one(Path::Http, fields);
        assert_eq!((f.server_name, f.server_port, f.server_address), (Some("api.example"), Some(443), None));
        assert_eq!((f.disposition, f.visibility, f.path), (Disposition::Denied, Visibility::Name, None));
        let fields = Fields {
            method: Some(b"POST"),
            uri: Some("/a?b=c"),
            host: Some("h.example:8080"),
            ..Fields::default()
        };
        let f = one(Path::Http, fields);
        assert_eq!((f.server_name, f.server_port, f.path), (Some("h.example"), Some(8080), Some("/a")));
        assert_eq!((f.disposition, f.method), (Disposition::Unknown, Method::Write));
    }
}

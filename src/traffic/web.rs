//! What a web server's record of a request says, whatever its layout.
//!
//! The one place where fields become a flow: a request passed on leads to the server it was passed on to, a
//! request in proxy form to the host of its URL, any other to the server that wrote the log.

use super::layout::{Role, Values, instant, near, plain};
use super::lines::Line;
use super::scalar::{address, number, port};
use super::{Settled, Sink};
use crate::model::net::{Url, split_authority};
use crate::model::{Disposition, Flow, Lane, Method, Orientation, Time, Transport, Visibility};
use std::borrow::Cow;

/// Reason of a request that is none.
pub(super) const NO_REQUEST: &str = "a request that is not HTTP";
/// Reason of a line of the error log.
pub(super) const ERROR_LINE: &str = "error log line";
/// Reason of a line that is laid out in another way.
pub(super) const OTHER_LINE: &str = "not a line of this format";

/// Where the server passed a request on to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Onward<'a> {
    /// The record does not say.
    NotLogged,
    /// Nowhere: the server answered itself.
    Nowhere,
    /// To these servers, tried one after the other; the last one answered.
    Servers(&'a [u8]),
}

/// A record of a request, as bytes of the line. Sizes in bytes, from the server's side turned to the
/// client's: `sent` is what the client sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Served<'a> {
    pub(super) time: Time,
    pub(super) client: &'a [u8],
    pub(super) method: &'a [u8],
    /// Target as sent: path, URL or authority.
    pub(super) target: &'a [u8],
    pub(super) status: Option<u64>,
    pub(super) sent: Option<u64>,
    pub(super) back: Option<u64>,
    /// Name of the server that wrote the log, a port may follow.
    pub(super) host: Option<&'a [u8]>,
    pub(super) port: Option<u16>,
    pub(super) address: Option<&'a [u8]>,
    pub(super) onward: Onward<'a>,
    /// Name of the server it was passed on to, a port may follow.
    pub(super) onward_name: Option<&'a [u8]>,
    pub(super) onward_port: Option<u16>,
    /// Protection between client and server.
    pub(super) transport: Transport,
}

impl<'a> Served<'a> {
    /// A record of which only these are known.
    pub(super) fn new(time: Time, client: &'a [u8], (method, target): (&'a [u8], &'a [u8])) -> Served<'a> {
        Served {
            time,
            client,
            method,
            target,
            status: None,
            sent: None,
            back: None,
            host: None,
            port: None,
            address: None,
            onward: Onward::NotLogged,
            onward_name: None,
            onward_port: None,
            transport: Transport::Unknown,
        }
    }

    /// The record that the fields of a line make.
    pub(super) fn of(values: &Values<'a>) -> Result<Served<'a>, Settled<'static, 'static>> {
        let time = instant(values).ok_or(Settled::Rejected("time is not a date"))?;
        let client = values.get(Role::Client).or(values.get(Role::Connection));
        let client = client.ok_or(Settled::Rejected("no client"))?;
        let size = |role| {
            let value = values.get(role).map(|v| number(v).ok_or(Settled::Rejected("size is not a number")));
            value.transpose()
        };
        let status =
            values.get(Role::Status).map(|v| number(v).ok_or(Settled::Rejected("status is not a number")));
        let status = status.transpose()?;
        let request = match values.get(Role::Request) {
            Some(line) => request_line(line),
            None if values.has(Role::Request) => None,
            None => {
                let target = values.get(Role::Target).or(values.get(Role::Path));
                let method = values.get(Role::Method).unwrap_or_default();
                target.filter(|t| is_request(method, t)).map(|target| (method, target))
            }
        };
        let request = request.ok_or(Settled::Ignored(NO_REQUEST))?;
        // nginx counts nothing of a request that it could not read.
        let sent = size(Role::Sent)?.filter(|n| *n > 0);
        // `%b` is `-` where nothing was sent back; a server that does not know writes no status either.
        let nothing = (status.is_some() && values.has(Role::BackBody)).then_some(0);
        let numbered = |role| values.get(role).and_then(port);
        Ok(Served {
            status,
            sent: sent.or(size(Role::Declared)?),
            back: size(Role::Back)?.or(size(Role::BackBody)?).or(nothing),
            host: values.get(Role::Host).or(values.get(Role::ServerName)).filter(|h| *h != b"_"),
            port: numbered(Role::Port),
            address: values.get(Role::ServerAddress),
            onward: onward(values),
            onward_name: values.get(Role::ProxyHost),
            onward_port: numbered(Role::ProxyPort),
            transport: transport(values),
            ..Served::new(time, client, request)
        })
    }

    /// Tells the sink what the record is.
    pub(super) fn settle(&self, line: &Line<'_, '_>, out: &mut dyn Sink) {
        // Over a socket in the file system: somebody on the same machine.
        let client = if self.client == b"unix:" { Cow::Borrowed("unix") } else { plain(self.client) };
        let method = Method::of_http(self.method);
        let target = plain(self.target);
        let host = self.host.map(plain);
        let mut flow = Flow::new(self.time, &client, Lane::Http);
        flow.method = method;
        flow.orientation = Orientation::Stated;
        flow.visibility = Visibility::Url;
        flow.bytes_out = self.sent;
        flow.bytes_in = self.back;
        let onward_name = self.onward_name.map(plain);
        let servers = match self.onward {
            Onward::Servers(list) => plain(last_of(list)),
            Onward::NotLogged | Onward::Nowhere => Cow::Borrowed(""),
        };
        if method == Method::Connect {
            connect(&mut flow, &target, self.status);
            return out.record(line.at, line.bytes, Settled::Flow(&flow));
        }
        let url = if target.starts_with('/') { None } else { Url::parse(&target) };
        flow.path = Some(url.map_or_else(|| path_of(&target), |u| u.path));
        match (self.onward, url) {
            (Onward::Servers(_), _) => {
                flow.lane = Lane::Proxy;
                flow.disposition = passed_on(self.status);
                onward_to(&mut flow, &servers, onward_name.as_deref(), self.onward_port);
            }
            (onward, Some(url)) => {
                flow.lane = Lane::Proxy;
                flow.transport = if url.encrypted() { Transport::Tls } else { Transport::Cleartext };
                server(&mut flow, url.host, url.port);
                // Only a proxy asks for authentication like this. Else the server may have answered itself.
                flow.disposition = match (onward, self.status) {
                    (Onward::Nowhere, status) => kept(status),
                    (_, Some(407)) => Disposition::Denied,
                    _ => Disposition::Unknown,
                };
            }
            (Onward::Nowhere, None) => {
                flow.lane = Lane::Proxy;
                flow.transport = self.transport;
                flow.disposition = kept(self.status);
                match onward_name.as_deref() {
                    Some(name) => onward_to(&mut flow, "", Some(name), self.onward_port),
                    None => self.itself(&mut flow, host.as_deref()),
                }
            }
            (Onward::NotLogged, None) => {
                flow.transport = self.transport;
                self.itself(&mut flow, host.as_deref());
            }
        }
        out.record(line.at, line.bytes, Settled::Flow(&flow));
    }

    /// The server is the one that wrote the log, by the name it was called.
    fn itself<'f>(&self, flow: &mut Flow<'f>, host: Option<&'f str>) {
        let (name, port) = host.map_or((None, None), |h| {
            let (name, port) = split_authority(h);
            (Some(name), port)
        });
        if let Some(name) = name {
            server(flow, name, None);
        }
        flow.server_port = self.port.or(port);
        if let Some(known) = self.address.and_then(|a| std::str::from_utf8(a).ok()).and_then(address) {
            flow.server_address = Some(known);
        }
    }
}

fn server<'f>(flow: &mut Flow<'f>, host: &'f str, port: Option<u16>) {
    flow.server_name = Some(host);
    flow.server_port = port;
    // Only what begins with a digit or holds a colon can be an address.
    if host.starts_with(|c: char| c.is_ascii_digit()) || host.as_bytes().contains(&b':') {
        flow.server_address = address(host).or(flow.server_address);
    }
}

fn connect<'f>(flow: &mut Flow<'f>, target: &'f str, status: Option<u64>) {
    flow.lane = Lane::Proxy;
    flow.visibility = Visibility::Opaque;
    // Where only the path is logged, as by Apache's `%U`, a tunnel has `/` there.
    if !target.starts_with('/') {
        let (host, port) = split_authority(target);
        server(flow, host, port);
        flow.visibility = if flow.server_address.is_some() { Visibility::Address } else { Visibility::Name };
    }
    flow.disposition = match status {
        Some(200..=299) => Disposition::Delivered,
        Some(403 | 407) => Disposition::Denied,
        Some(300..) => Disposition::Failed,
        _ => Disposition::Unknown,
    };
}

/// A server as `$upstream_addr` or a URL tells it, with the name it is configured by.
fn onward_to<'f>(flow: &mut Flow<'f>, to: &'f str, name: Option<&'f str>, port: Option<u16>) {
    // A socket in the file system: whatever answers runs on the same machine.
    if to.starts_with("unix:") || (to.is_empty() && name.is_some_and(|n| n.starts_with("unix:"))) {
        flow.disposition = Disposition::ServedLocally;
        return;
    }
    let url = if to.starts_with('h') { Url::parse(to) } else { None };
    let (authority, given) = match url {
        Some(url) => {
            flow.transport = if url.encrypted() { Transport::Tls } else { Transport::Cleartext };
            (url.host, url.port)
        }
        None => split_authority(to),
    };
    let (named, named_port) = name.map_or((None, None), |n| {
        let (host, port) = split_authority(n);
        (Some(host), port)
    });
    let known = address(authority);
    // The name of a group of servers in the configuration is no host: the address says more.
    let group = known.is_some() && named.is_some_and(|n| !n.contains(['.', ':']));
    match named.filter(|_| !group) {
        Some(host) => server(flow, host, None),
        None if !authority.is_empty() => flow.server_name = Some(authority),
        None => {}
    }
    flow.server_port = given.or(port).or(named_port);
    flow.server_address = known.or(flow.server_address);
}

/// What became of a request that was passed on.
fn passed_on(status: Option<u64>) -> Disposition {
    match status {
        // The server may speak for itself: it could not reach the other one, or the client left before.
        None | Some(0 | 499 | 502..=504) => Disposition::Unknown,
        Some(_) => Disposition::Delivered,
    }
}

/// What became of a request that was not passed on.
fn kept(status: Option<u64>) -> Disposition {
    match status {
        Some(502..=504) => Disposition::Failed,
        _ => Disposition::ServedLocally,
    }
}

/// The last of the servers that were tried, as nginx lists them: `a:80, b:80 : c:80`.
fn last_of(list: &[u8]) -> &[u8] {
    if memchr::memchr(b' ', list).is_none() {
        return list;
    }
    let after_comma = memchr::memrchr(b',', list).map(|at| at + 1);
    let after_colon = memchr::memmem::rfind(list, b" : ").map(|at| at + 3);
    let from = after_comma.max(after_colon).unwrap_or(0);
    list.get(from..).unwrap_or_default().trim_ascii()
}

fn onward<'a>(values: &Values<'a>) -> Onward<'a> {
    if matches!(values.get(Role::Cache), Some(b"HIT" | b"STALE" | b"UPDATING")) {
        return Onward::Nowhere;
    }
    match (values.get(Role::Upstream), values.get(Role::ProxyHost)) {
        (Some(servers), _) if last_of(servers) == b"-" => Onward::Nowhere,
        (Some(servers), _) => Onward::Servers(servers),
        (None, _) if values.has(Role::Upstream) => Onward::Nowhere,
        (None, Some(_)) => Onward::Servers(b""),
        (None, None) if values.has(Role::ProxyHost) => Onward::Nowhere,
        (None, None) => Onward::NotLogged,
    }
}

fn transport(values: &Values<'_>) -> Transport {
    match values.get(Role::Tls) {
        Some(b"TLSv1.3") => Transport::Tls13,
        Some(b"TLSv1.2") => Transport::Tls12,
        Some(b"TLSv1.1") => Transport::Tls11,
        Some(b"TLSv1") => Transport::Tls10,
        Some(b"SSLv2" | b"SSLv3") => Transport::Ssl,
        Some(_) => Transport::Tls,
        None => match values.get(Role::Scheme) {
            Some(b"https" | b"wss") => Transport::Tls,
            Some(b"http" | b"ws") => Transport::Cleartext,
            _ if values.has(Role::Tls) => Transport::Cleartext,
            _ => Transport::Unknown,
        },
    }
}

/// Method and target of a request line; `None` if it is no request of HTTP. A target may hold blanks.
pub(super) fn request_line(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let blank = near(b' ', line)?;
    let (method, rest) = (line.get(..blank)?, line.get(blank + 1..)?);
    let token = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    if method.is_empty() || method.len() > 32 || !method.iter().all(token) {
        return None;
    }
    if let [target @ .., b' ', b'H', b'T', b'T', b'P', b'/', major, b'.', minor] = rest
        && major.is_ascii_digit()
        && minor.is_ascii_digit()
    {
        return is_request(method, target).then_some((method, target));
    }
    let target = match memchr::memrchr(b' ', rest) {
        Some(at) if rest.get(at + 1..)?.starts_with(b"HTTP/") => rest.get(..at)?,
        // HTTP/0.9 has no version and one method.
        _ if method == b"GET" => rest,
        _ => return None,
    };
    is_request(method, target).then_some((method, target))
}

fn is_request(method: &[u8], target: &[u8]) -> bool {
    match method {
        b"CONNECT" => !target.is_empty(),
        // The preface of HTTP/2 looks like a request and is none.
        b"PRI" if target == b"*" => false,
        _ => is_target(target),
    }
}

/// Whether a target is a path, `*` or a whole URL.
fn is_target(target: &[u8]) -> bool {
    matches!(target, [b'/', ..] | b"*") || memchr::memmem::find(target, b"://").is_some()
}

/// The target up to its query.
fn path_of(target: &str) -> &str {
    let end = memchr::memchr2(b'?', b'#', target.as_bytes()).unwrap_or(target.len());
    target.get(..end).unwrap_or(target)
}

/// Whether it is a line of the error log of nginx (`2022/01/24 16:33:06 [error] ...`) or Apache
/// (`[Thu Oct 13 12:24:49.880562 2022] [...`).
pub(super) fn is_error_line(line: &[u8]) -> bool {
    match line {
        [y, _, _, _, b'/', _, _, b'/', _, _, b' ', h, _, b':', _, _, b':', _, _, b' ', b'[', ..] => {
            y.is_ascii_digit() && h.is_ascii_digit()
        }
        [b'[', a, _, _, b' ', b, _, _, b' ', _, _, b' ', _, _, b':', _, _, b':', ..] => {
            a.is_ascii_uppercase() && b.is_ascii_uppercase()
        }
        _ => false,
    }
}

/// How a line that does not fit is settled.
pub(super) fn misfit(line: &[u8]) -> Settled<'static, 'static> {
    if is_error_line(line) { Settled::Ignored(ERROR_LINE) } else { Settled::Rejected(OTHER_LINE) }
}

//! Zeek logs as columns, the default of its ASCII writer.

use super::lines::{LONGEST, Line, Lines};
use super::scalar::{epoch, number, port};
use super::zeek::{self, Fields, Path};
use super::{Block, Decoder, Format, Framing, Head, Health, ReadOptions, Settled, Sink, Sniff, Split, Stop};
use crate::model::Time;
use std::borrow::Cow;
use std::ops::ControlFlow;

/// The shelf entry.
pub(super) static FORMAT: ZeekTsv = ZeekTsv;

/// Zeek logs as columns.
pub(super) struct ZeekTsv;

impl Format for ZeekTsv {
    fn id(&self) -> &'static str {
        "zeek-tsv"
    }

    fn about(&self) -> &'static str {
        "Zeek conn, http, ssl, quic and dns logs as columns"
    }

    fn doc(&self) -> &'static str {
        r##"Logs of Zeek's ASCII writer: <https://docs.zeek.org/en/master/log-formats.html>. The header
(`#separator` to `#types`) is read, never assumed: other separators, other orders, renamed fields and a
header that stands again half-way are followed.

**Shows** by log: `conn` addresses, ports and payload bytes both ways; `http` method, host, path and body
sizes of cleartext exchanges; `ssl` and `quic` the server name and version; `dns` the name asked for and the
addresses answered. Other logs are counted as ignored.

**Cannot show** bodies, or the path of an encrypted exchange. `orig_bytes` counts sequence numbers and can be
wrong after loss or a reset. The originator is not known where `history` begins with `^`.

**To make it show more**, keep `conn.log`, `ssl.log` and `dns.log` of the same period in one source: an
address gets its name from them. Log JSON or columns, not both, or every exchange counts twice.

**Not supported**: a last `zeek-cut` without the header (keep it with `zeek-cut -c`); separators longer than
one byte."##
    }

    fn sniff(&self, head: &Head<'_>) -> Sniff {
        let mut lines = head.bytes.split(|b| *b == b'\n').take(40);
        let header = |l: &[u8]| l.starts_with(b"#separator ") || l.starts_with(b"#fields");
        if lines.any(header) { Sniff::Certain } else { Sniff::No }
    }

    fn framing(&self) -> Framing {
        Framing::Lines { max: LONGEST }
    }

    fn split(&self) -> Split {
        Split::LinesAfterHeader
    }

    fn header(&self, head: &Head<'_>) -> usize {
        let lines = head.bytes.split_inclusive(|b| *b == b'\n');
        lines.take_while(|l| l.starts_with(b"#") && l.ends_with(b"\n")).map(<[u8]>::len).sum()
    }

    fn decoder<'o>(&self, _: &'o ReadOptions) -> Box<dyn Decoder + 'o> {
        Box::new(Reader { layout: Layout::default() })
    }
}

/// The columns that are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
enum Role {
    Time,
    Client,
    Server,
    Port,
    Protocol,
    Service,
    State,
    History,
    Out,
    Back,
    Method,
    Host,
    Uri,
    Status,
    ServerName,
    Version,
    Established,
    Query,
    Answers,
    Rcode,
}

const ROLES: usize = 20;

/// What the header says.
struct Layout {
    separator: u8,
    set_separator: u8,
    empty: Vec<u8>,
    unset: Vec<u8>,
    path: Path,
    fields: Vec<Vec<u8>>,
    /// The role of each column, up to the last that has one.
    roles: Vec<Option<Role>>,
    /// Whether the separator is one byte.
    readable: bool,
}

impl Default for Layout {
    fn default() -> Self {
        Layout {
            separator: b'\t',
            set_separator: b',',
            empty: b"(empty)".to_vec(),
            unset: b"-".to_vec(),
            path: Path::Other,
            fields: Vec::new(),
            roles: Vec::new(),
            readable: true,
        }
    }
}

impl Layout {
    /// Takes a header line; lines that are not understood are comments.
    fn header(&mut self, line: &[u8]) {
        if let Some(value) = line.strip_prefix(b"#separator ") {
            *self = Layout::default();
            match unescape(value).as_ref() {
                [one] => self.separator = *one,
                _ => self.readable = false,
            }
            return;
        }
        let Some(at) = memchr::memchr(self.separator, line) else { return };
        let (Some(word), Some(value)) = (line.get(..at), line.get(at + 1..)) else { return };
        match word {
            b"#set_separator" => self.set_separator = unescape(value).first().copied().unwrap_or(b','),
            b"#empty_field" => self.empty = value.to_vec(),
            b"#unset_field" => self.unset = value.to_vec(),
            b"#path" => self.path = Path::of(value),
            b"#fields" => {
                self.fields = value.split(|b| *b == self.separator).map(plain).collect();
                self.roles = self.fields.iter().map(|f| role(f, self.path)).collect();
                self.trim();
            }
            b"#types" => self.types(value),
            _ => {}
        }
    }

    /// A digest of all that later records are read by.
    fn digest(&self) -> u64 {
        let mut hasher = blake3::Hasher::new();
        let Layout { separator, set_separator, empty, unset, path, roles, readable, fields } = self;
        let texts = [empty, unset].into_iter().chain(fields);
        texts.for_each(|t| {
            hasher.update(&(t.len() as u64).to_le_bytes()).update(t);
        });
        let role = |r: &Option<Role>| r.map_or(u8::MAX, |r| r as u8);
        hasher.update(&[*separator, *set_separator, *path as u8, u8::from(*readable)]);
        hasher.update(&roles.iter().map(role).collect::<Vec<_>>());
        hasher.finalize().as_bytes().iter().take(8).fold(0, |all, b| (all << 8) | u64::from(*b))
    }

    /// Renamed identity fields are recognised by their types: the first address is the originator.
    fn types(&mut self, value: &[u8]) {
        let missing = |roles: &[Option<Role>], role| !roles.contains(&Some(role));
        self.roles.resize(self.fields.len(), None);
        let (mut addresses, mut ports) = (0, 0);
        for (i, kind) in value.split(|b| *b == self.separator).enumerate().take(self.fields.len()) {
            let role = match kind {
                b"time" => Some(Role::Time),
                b"addr" => {
                    addresses += 1;
                    [Role::Client, Role::Server].get(addresses - 1).copied()
                }
                b"port" => {
                    ports += 1;
                    (ports == 2).then_some(Role::Port)
                }
                _ => None,
            };
            if let (Some(role), Some(None)) = (role, self.roles.get(i))
                && missing(&self.roles, role)
                && let Some(slot) = self.roles.get_mut(i)
            {
                *slot = Some(role);
            }
        }
        self.trim();
    }

    fn trim(&mut self) {
        let used = self.roles.iter().rposition(Option::is_some).map_or(0, |n| n + 1);
        self.roles.truncate(used);
    }
}

/// A field name with every other scope separator than `_` made one.
fn plain(name: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(name.len());
    for b in name {
        match b {
            b if b.is_ascii_alphanumeric() => out.push(*b),
            _ if out.last() == Some(&b'_') => {}
            _ => out.push(b'_'),
        }
    }
    out
}

fn role(name: &[u8], path: Path) -> Option<Role> {
    Some(match (name, path) {
        (b"ts", _) => Role::Time,
        (b"id_orig_h", _) => Role::Client,
        (b"id_resp_h", _) => Role::Server,
        (b"id_resp_p", _) => Role::Port,
        (b"proto", _) => Role::Protocol,
        (b"service", Path::Conn) => Role::Service,
        (b"conn_state", Path::Conn) => Role::State,
        (b"history", _) => Role::History,
        (b"orig_bytes", Path::Conn) | (b"request_body_len", Path::Http) => Role::Out,
        (b"resp_bytes", Path::Conn) | (b"response_body_len", Path::Http) => Role::Back,
        (b"method", Path::Http) => Role::Method,
        (b"host", Path::Http) => Role::Host,
        (b"uri", Path::Http) => Role::Uri,
        (b"status_code", Path::Http) => Role::Status,
        (b"server_name", _) => Role::ServerName,
        (b"version", Path::Ssl) => Role::Version,
        (b"established", Path::Ssl) => Role::Established,
        (b"query", Path::Dns) => Role::Query,
        (b"answers", Path::Dns) => Role::Answers,
        (b"rcode", Path::Dns) => Role::Rcode,
        _ => return None,
    })
}

struct Reader {
    layout: Layout,
}

impl Decoder for Reader {
    fn block(&mut self, block: Block<'_>, out: &mut dyn Sink) -> ControlFlow<Stop> {
        let mut lines = Lines::of(block);
        while let Some(line) = lines.next(out) {
            if line.bytes.first() == Some(&b'#') {
                self.layout.header(line.bytes);
            } else {
                self.record(&line, out);
            }
        }
        ControlFlow::Continue(())
    }

    fn finish(&mut self, _: &mut dyn Sink) {}

    fn state(&self) -> u64 {
        self.layout.digest()
    }
}

impl Reader {
    fn record(&self, line: &Line<'_>, out: &mut dyn Sink) {
        let Layout { separator, path, roles, .. } = &self.layout;
        if roles.is_empty() || !self.layout.readable {
            let why = if self.layout.readable {
                "no header before it"
            } else {
                "separator is longer than one byte"
            };
            return out.record(line.at, line.bytes, Settled::Rejected(why));
        }
        let mut values: [&[u8]; ROLES] = [&[]; ROLES];
        let mut rest = Some(line.bytes);
        for role in roles {
            let Some(ahead) = rest else {
                return out.record(line.at, line.bytes, Settled::Rejected("fewer columns than the header"));
            };
            let end = memchr::memchr(*separator, ahead);
            let value = end.map_or(ahead, |n| ahead.get(..n).unwrap_or_default());
            rest = end.and_then(|n| ahead.get(n + 1..));
            if let Some(slot) = role.and_then(|r| values.get_mut(r as usize)) {
                *slot = value;
            }
        }
        let Some(time) = values.get(Role::Time as usize).and_then(|v| epoch(v)) else {
            return out.record(line.at, line.bytes, Settled::Rejected("time is not a number"));
        };
        if let Some(why) = path.ignored() {
            if *path == Path::Health {
                out.health(Health { time, lost: None });
            }
            return out.record(line.at, line.bytes, Settled::Ignored(why));
        }
        self.settle(time, &values, line, out);
    }

    fn settle(&self, time: Time, values: &[&[u8]; ROLES], line: &Line<'_>, out: &mut dyn Sink) {
        let Layout { unset, empty, set_separator, path, .. } = &self.layout;
        let raw = |role: Role| {
            let value = *values.get(role as usize)?;
            (!value.is_empty() && value != unset.as_slice() && value != empty.as_slice()).then_some(value)
        };
        let texts: [Option<Cow<'_, str>>; ROLES] = {
            let mut texts = [const { None }; ROLES];
            for (role, slot) in TEXTS.iter().zip(&mut texts) {
                *slot = raw(*role).map(text);
            }
            texts
        };
        let of =
            |role: Role| TEXTS.iter().zip(&texts).find(|(r, _)| **r == role).and_then(|(_, t)| t.as_deref());
        let whole = |role: Role| raw(role).map(|v| number(v).ok_or("a count is not a number")).transpose();
        let counts = (whole(Role::Out), whole(Role::Back), whole(Role::Status));
        let port = raw(Role::Port).map(|v| port(v).ok_or("a port is not a number")).transpose();
        let ((Ok(sent), Ok(back), Ok(status)), Ok(port)) = (counts, port) else {
            return out.record(line.at, line.bytes, Settled::Rejected("a count or port is not a number"));
        };
        let fields = Fields {
            client: of(Role::Client),
            server: of(Role::Server),
            port,
            protocol: of(Role::Protocol),
            service: of(Role::Service),
            state: of(Role::State),
            history: of(Role::History),
            out: sent,
            back,
            method: of(Role::Method),
            host: of(Role::Host),
            uri: of(Role::Uri),
            status,
            server_name: of(Role::ServerName),
            version: of(Role::Version),
            established: raw(Role::Established).map(|v| v == b"T"),
            query: of(Role::Query),
            answered: raw(Role::Rcode).is_some() || raw(Role::Answers).is_some(),
        };
        let answers = raw(Role::Answers).unwrap_or_default().split(|b| b == set_separator);
        let answers = answers.filter_map(|a| std::str::from_utf8(a).ok());
        zeek::settle(*path, time, &fields, answers, (line.at, line.bytes), out);
    }
}

/// The columns read as text.
const TEXTS: [Role; 13] = [
    Role::Client,
    Role::Server,
    Role::Protocol,
    Role::Service,
    Role::State,
    Role::History,
    Role::Method,
    Role::Host,
    Role::Uri,
    Role::ServerName,
    Role::Version,
    Role::Query,
    Role::Established,
];

/// A value as text: `\xHH` taken back, bytes that are no UTF-8 replaced.
fn text(value: &[u8]) -> Cow<'_, str> {
    if memchr::memchr(b'\\', value).is_none() {
        return String::from_utf8_lossy(value);
    }
    Cow::Owned(String::from_utf8_lossy(&unescape(value)).into_owned())
}

fn unescape(value: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', value).is_none() {
        return Cow::Borrowed(value);
    }
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value;
    loop {
        match rest {
            [] => return Cow::Owned(out),
            [b'\\', b'x', high, low, tail @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let digit = |b: u8| char::from(b).to_digit(16).unwrap_or(0) as u8;
                out.push(digit(*high) << 4 | digit(*low));
                rest = tail;
            }
            [b'\\', b'\\', tail @ ..] => {
                out.push(b'\\');
                rest = tail;
            }
            [one, tail @ ..] => {
                out.push(*one);
                rest = tail;
            }
        }
    }
}

//! Zeek logs as columns, the default of its ASCII writer.

mod layout;
#[cfg(test)]
mod tests;

use super::addresses::Addresses;
use super::columns::{Columns, Row, look};
use super::lines::{LONGEST, Line, Lines};
use super::scalar::{epoch, number, port};
use super::zeek::{self, Fields, Path};
use super::{Block, Decoder, Format, Framing, Head, Health, ReadOptions, Settled, Sink, Sniff, Split, Stop};
use layout::{Layout, ROLES, Role, unescape};
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
        Box::new(Reader::default())
    }
}

#[derive(Default)]
struct Reader {
    layout: Layout,
    columns: Columns,
    addresses: Addresses,
}

impl Decoder for Reader {
    fn block(&mut self, block: Block<'_>, out: &mut dyn Sink) -> ControlFlow<Stop> {
        let mut separator = self.layout.separator;
        let mut lines = Lines::with(block, look(separator));
        while let Some(line) = lines.next(out) {
            if line.bytes.first() != Some(&b'#') {
                self.record(&line, out);
                continue;
            }
            self.layout.header(line.bytes);
            if self.layout.separator != separator {
                separator = self.layout.separator;
                lines.look_for(look(separator));
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
    fn record(&mut self, line: &Line<'_, '_, 3>, out: &mut dyn Sink) {
        let Reader { layout, columns, addresses } = self;
        if layout.roles.is_empty() || !layout.readable {
            let why =
                if layout.readable { "no header before it" } else { "separator is longer than one byte" };
            return out.record(line.at, line.bytes, Settled::Rejected(why));
        }
        let wanted = layout.roles.len();
        if columns.cut(line.places, wanted) < wanted {
            return out.record(line.at, line.bytes, Settled::Rejected("fewer columns than the header"));
        }
        let row = columns.of(line.bytes);
        let text = line.text.or_else(|| std::str::from_utf8(line.bytes).ok());
        match text.filter(|_| !columns.may_be_escaped()) {
            Some(text) => layout.settle(line, row, &Plain { layout, row, text }, addresses, out),
            None => layout.settle_escaped(line, row, addresses, out),
        }
    }
}

impl Layout {
    /// Settles a record in which something is escaped, or is no UTF-8.
    #[cold]
    fn settle_escaped(
        &self,
        line: &Line<'_, '_, 3>,
        row: Row<'_, '_>,
        addresses: &mut Addresses,
        out: &mut dyn Sink,
    ) {
        let mut texts = [const { None }; ROLES];
        for role in TEXTS {
            if let Some(slot) = texts.get_mut(role as usize) {
                *slot = self.value(row, role).map(text);
            }
        }
        self.settle(line, row, &Unescaped { texts }, addresses, out);
    }

    /// Settles a record by the values of its columns.
    #[inline]
    fn settle(
        &self,
        line: &Line<'_, '_, 3>,
        row: Row<'_, '_>,
        values: &impl Values,
        addresses: &mut Addresses,
        out: &mut dyn Sink,
    ) {
        let Some(time) = epoch(row.column(self.slot(Role::Time))) else {
            return out.record(line.at, line.bytes, Settled::Rejected("time is not a number"));
        };
        if let Some(why) = self.path.ignored() {
            if self.path == Path::Health {
                out.health(Health { time, lost: None });
            }
            return out.record(line.at, line.bytes, Settled::Ignored(why));
        }
        let raw = |role| self.value(row, role);
        let whole = |role: Role| raw(role).map(|v| number(v).ok_or(())).transpose();
        let counts = (whole(Role::Out), whole(Role::Back), whole(Role::Status));
        let port = raw(Role::Port).map(|v| port(v).ok_or(())).transpose();
        let ((Ok(sent), Ok(back), Ok(status)), Ok(port)) = (counts, port) else {
            let why = "a count or port is not a number";
            return out.record(line.at, line.bytes, Settled::Rejected(why));
        };
        let mut fields = Fields {
            client: values.named(Role::Client),
            server: values.told(Role::Server),
            port,
            protocol: values.told(Role::Protocol),
            history: values.told(Role::History),
            out: sent,
            back,
            status,
            ..Fields::default()
        };
        match self.path {
            Path::Conn => {
                (fields.service, fields.state) = (values.told(Role::Service), values.told(Role::State))
            }
            Path::Http => {
                fields.method = values.told(Role::Method);
                (fields.host, fields.uri) = (values.named(Role::Host), values.named(Role::Uri));
            }
            Path::Dns => {
                fields.query = values.named(Role::Query);
                fields.answered = raw(Role::Rcode).is_some() || raw(Role::Answers).is_some();
            }
            _ => {
                (fields.server_name, fields.version) =
                    (values.named(Role::ServerName), values.told(Role::Version));
                fields.established = raw(Role::Established).map(|v| v == b"T");
            }
        }
        let answers = raw(Role::Answers).filter(|_| self.path == Path::Dns).unwrap_or_default();
        let answers = answers.split(|b| *b == self.set_separator).filter_map(|a| std::str::from_utf8(a).ok());
        let address = |text: &[u8]| addresses.read(text);
        zeek::settle(self.path, time, &fields, answers, address, (line.at, line.bytes), out);
    }
}

/// The values of a record that are told on, with what was escaped taken back.
trait Values {
    fn told(&self, role: Role) -> Option<&[u8]>;
    fn named(&self, role: Role) -> Option<&str>;
}

/// Those of a line in which nothing is escaped.
struct Plain<'a, 'r> {
    layout: &'r Layout,
    row: Row<'a, 'r>,
    text: &'a str,
}

impl Values for Plain<'_, '_> {
    #[inline(always)]
    fn told(&self, role: Role) -> Option<&[u8]> {
        self.layout.value(self.row, role)
    }

    fn named(&self, role: Role) -> Option<&str> {
        let (start, end) = self.row.place(self.layout.slot(role))?;
        self.text.get(start..end).filter(|text| self.layout.is_set(text.as_bytes()))
    }
}

/// Those of any line.
struct Unescaped<'a> {
    texts: [Option<Cow<'a, str>>; ROLES],
}

impl Values for Unescaped<'_> {
    fn told(&self, role: Role) -> Option<&[u8]> {
        self.named(role).map(str::as_bytes)
    }

    fn named(&self, role: Role) -> Option<&str> {
        self.texts.get(role as usize)?.as_deref()
    }
}

/// The columns in which something may be escaped.
const TEXTS: [Role; 12] = [
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
];

/// A value as text: `\xHH` taken back, bytes that are no UTF-8 replaced.
fn text(value: &[u8]) -> Cow<'_, str> {
    if memchr::memchr(b'\\', value).is_none() {
        return String::from_utf8_lossy(value);
    }
    Cow::Owned(String::from_utf8_lossy(&unescape(value)).into_owned())
}

//! Layouts that people write themselves: a format string of nginx, Apache or Squid compiled into literals
//! and fields, and lines cut by it.
//!
//! Each dialect is a file of its own that knows how directives are spelled; all map to the same [`Role`]s, so
//! that what a line means is decided in one place. A line is cut in one pass, and the values are slices of
//! it: escapes stay in and are taken back by [`plain`] where a value is used.

mod apache;
mod builder;
mod escape;
mod nginx;
mod squid;
mod stamp;
#[cfg(test)]
mod tests;

pub(super) use escape::plain;
pub(super) use nginx::variable;
pub(super) use stamp::{clf, instant};

use std::fmt;

/// Why a format string cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayoutError {
    /// Bytes of the format string before the place.
    pub at: usize,
    /// What is wrong: lower case, no full stop.
    pub why: String,
}

impl LayoutError {
    pub(super) fn new(at: usize, why: impl Into<String>) -> LayoutError {
        LayoutError { at, why: why.into() }
    }
}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.at + 1, self.why)
    }
}

/// What a field tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub(super) enum Role {
    /// Who asked: address or name.
    Client,
    /// The other end of the connection, where that may be a proxy before the server.
    Connection,
    /// Port of the client.
    ClientPort,
    /// `dd/Mon/yyyy:HH:MM:SS +zzzz`.
    Clf,
    /// ISO 8601 with a zone, or one of the other spellings where a key does not say which.
    Iso,
    /// Seconds since 1970, decimals allowed.
    Seconds,
    /// Milliseconds since 1970.
    Millis,
    /// Microseconds since 1970.
    Micros,
    /// Milliseconds of the second, to be added.
    MilliPart,
    /// Microseconds of the second, to be added.
    MicroPart,
    /// Day of the month.
    Day,
    /// Month, as a number.
    Month,
    /// Month, as three English letters.
    MonthName,
    /// Year, four digits.
    Year,
    /// Hour, 0 to 23.
    Hour,
    /// Minute.
    Minute,
    /// Second.
    Second,
    /// `+zzzz`, `+zz:zz` or `Z`.
    Zone,
    /// Seconds that the exchange took, which the time stands at the end of.
    TookSeconds,
    /// The same in milliseconds.
    TookMillis,
    /// The whole request line.
    Request,
    /// Method.
    Method,
    /// Target of the request as sent: path, URL or authority.
    Target,
    /// Path.
    Path,
    /// Query: nothing of it is looked at.
    Query,
    /// Host as the client named it.
    Host,
    /// Name by which the server knows itself.
    ServerName,
    /// Address of the server that wrote the log.
    ServerAddress,
    /// Port of the server that wrote the log.
    Port,
    /// Status.
    Status,
    /// Bytes to the client with headers.
    Back,
    /// Bytes to the client without headers.
    BackBody,
    /// Bytes from the client with headers.
    Sent,
    /// Size of the body as the client declared it.
    Declared,
    /// Servers to which the request was passed on.
    Upstream,
    /// Host to which requests are passed on, as configured.
    ProxyHost,
    /// Its port.
    ProxyPort,
    /// What the cache had.
    Cache,
    /// Scheme between client and server.
    Scheme,
    /// Version of TLS between client and server.
    Tls,
    /// What Squid did.
    Result,
    /// How Squid chose where to go.
    Hierarchy,
    /// Where Squid went.
    Peer,
    /// Anything else.
    Other,
}

/// How many roles there are.
const ROLES: usize = Role::Other as usize + 1;

impl Role {
    /// Whether the value is an address or a name that a port may follow after a colon.
    fn takes_port(self) -> bool {
        use Role::{Client, Connection, Host, Peer, ProxyHost, ServerAddress, ServerName};
        matches!(self, Client | Connection | Host | ServerName | ServerAddress | ProxyHost | Peer)
    }

    /// Whether the value is a port.
    fn is_port(self) -> bool {
        matches!(self, Role::ClientPort | Role::Port | Role::ProxyPort)
    }

    /// Whether the value begins with a slash, or is a whole URL.
    fn is_target(self) -> bool {
        matches!(self, Role::Target | Role::Path)
    }
}

/// The values of one line by role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Values<'a>([&'a [u8]; ROLES]);

impl<'a> Values<'a> {
    /// No value.
    pub(super) fn none() -> Values<'a> {
        Values([&[]; ROLES])
    }

    /// The value as written, unless it is empty or `-`, which all three servers write for nothing.
    pub(super) fn get(&self, role: Role) -> Option<&'a [u8]> {
        self.0.get(role as usize).copied().filter(|v| !matches!(*v, b"" | b"-"))
    }

    /// Whether the line has such a field, be it unset.
    pub(super) fn has(&self, role: Role) -> bool {
        self.0.get(role as usize).is_some_and(|v| !v.is_empty())
    }

    /// Sets a value unless one stands there already. Nothing is kept as `-`.
    pub(super) fn set(&mut self, role: Role, value: &'a [u8]) {
        if let Some(slot) = self.0.get_mut(role as usize)
            && matches!(*slot, b"" | b"-")
        {
            *slot = if value.is_empty() { b"-" } else { value };
        }
    }
}

/// Whose format strings they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// `log_format` of nginx.
    Nginx,
    /// `LogFormat` of Apache.
    Apache,
    /// `logformat` of Squid.
    Squid,
}

/// One field of a line and what ends it.
#[derive(Debug)]
struct Field {
    role: Role,
    /// Blanks may stand before it and at its end.
    padded: bool,
    /// Quotes stand around it: a backslash takes the byte after it out of the search for the end.
    quoted: bool,
    /// The literal after it.
    until: Box<[u8]>,
    /// It ends before the first slash: the next field is a path.
    before_slash: bool,
    /// A port stands after its last colon.
    port: Option<Role>,
}

impl Field {
    /// Whether `rest` can begin with the value. Times show by their shape; it is asked for them alone, since a
    /// user name may stand before them and hold what ends it.
    fn may_begin(&self, rest: &[u8]) -> bool {
        match self.role {
            Role::Clf => matches!(rest, [_, _, b'/', _, _, _, b'/', _, _, _, _, b':', ..]),
            Role::Iso => matches!(rest, [_, _, _, _, b'-', _, _, b'-', _, _, b'T', ..]),
            _ => true,
        }
    }

    /// Length of the value at the front of `rest`, given the field after it.
    fn end(&self, rest: &[u8], next: Option<&Field>) -> Option<usize> {
        if next.is_none() {
            return rest.ends_with(&self.until).then(|| rest.len() - self.until.len());
        }
        let first = *self.until.first()?;
        let mut from = 0;
        loop {
            let ahead = rest.get(from..)?;
            let at =
                from + if self.quoted { memchr::memchr2(first, b'\\', ahead)? } else { near(first, ahead)? };
            let here = rest.get(at..)?;
            if let Some(after) = here.get(self.until.len()..)
                && self.until.iter().zip(here).all(|(a, b)| a == b)
                && next.is_none_or(|n| n.may_begin(after))
            {
                return Some(at);
            }
            from = at + if here.first() == Some(&b'\\') { 2 } else { 1 };
        }
    }
}

/// Where a byte is. Most fields are short: the first bytes are looked at one by one.
#[inline]
pub(super) fn near(byte: u8, text: &[u8]) -> Option<usize> {
    let (first, rest) = text.split_at_checked(12).unwrap_or((text, &[]));
    match first.iter().position(|b| *b == byte) {
        None => memchr::memchr(byte, rest).map(|at| at + first.len()),
        found => found,
    }
}

/// A compiled format string.
#[derive(Debug)]
pub(super) struct Layout {
    /// The literal before the first field.
    lead: Box<[u8]>,
    fields: Vec<Field>,
}

impl Layout {
    /// Compiles a format string.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub(super) fn compile(dialect: Dialect, text: &str) -> Result<Layout, LayoutError> {
        let directive = ["log_format", "LogFormat", "CustomLog", "logformat", "access_log"];
        if let Some(word) = directive.iter().find(|w| text.trim_start().starts_with(&format!("{w} "))) {
            return Err(LayoutError::new(
                0,
                format!("`{word}` and the name are no part of the format: leave them out"),
            ));
        }
        match dialect {
            Dialect::Nginx => nginx::compile(text),
            Dialect::Apache => apache::compile(text),
            Dialect::Squid => squid::compile(text),
        }
    }

    /// Compiles a format string of a web server: with `$name` it is one of nginx, else one of Apache.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub(super) fn of_web(text: &str) -> Result<Layout, LayoutError> {
        let named = |pair: &[u8]| matches!(pair, [b'$', next] if *next == b'{' || next.is_ascii_lowercase());
        let nginx = text.as_bytes().windows(2).any(named);
        Layout::compile(if nginx { Dialect::Nginx } else { Dialect::Apache }, text)
    }

    /// Cuts a line; `None` if it is not laid out like this.
    pub(super) fn cut<'a>(&self, line: &'a [u8]) -> Option<Values<'a>> {
        let mut values = Values::none();
        let mut rest = line.strip_prefix(&*self.lead)?;
        let mut ahead = self.fields.iter();
        while let Some(field) = ahead.next() {
            if field.padded {
                let blanks = rest.iter().take_while(|b| **b == b' ').count();
                rest = rest.get(blanks..)?;
            }
            let end = match ahead.as_slice() {
                // Both end where the next one does; it may be empty.
                [next, more @ ..] if field.before_slash => {
                    let both = next.end(rest, more.first())?;
                    memchr::memchr(b'/', rest.get(..both)?).unwrap_or(both)
                }
                more => field.end(rest, more.first())?,
            };
            let (mut value, after) = rest.split_at_checked(end)?;
            rest = after.get(field.until.len()..)?;
            if field.padded {
                value = value.trim_ascii_end();
            }
            if let Some(port) = field.port {
                let colon = memchr::memrchr(b':', value)?;
                values.set(port, value.get(colon + 1..)?);
                value = value.get(..colon)?;
            }
            if field.role != Role::Other {
                values.set(field.role, value);
            }
        }
        rest.is_empty().then_some(values)
    }
}

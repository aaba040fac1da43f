//! What the header says, and which column is what.

use super::super::columns::Row;
use super::super::zeek::Path;
use std::borrow::Cow;

/// The columns that are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub(super) enum Role {
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

pub(super) const ROLES: usize = 20;

/// What the header says.
pub(super) struct Layout {
    pub(super) separator: u8,
    pub(super) set_separator: u8,
    empty: Vec<u8>,
    unset: Vec<u8>,
    /// The first bytes of both: most values begin with another.
    begin_nothing: [u8; 2],
    pub(super) path: Path,
    fields: Vec<Vec<u8>>,
    /// The role of each column, up to the last that has one.
    pub(super) roles: Vec<Option<Role>>,
    /// The column of each role, `usize::MAX` if it has none; the last if several have it.
    slots: [usize; ROLES],
    /// The first and the last column of those that are told on as texts.
    pub(super) named: (usize, usize),
    /// Whether the separator is one byte.
    pub(super) readable: bool,
}

impl Default for Layout {
    fn default() -> Self {
        Layout {
            separator: b'\t',
            set_separator: b',',
            empty: b"(empty)".to_vec(),
            unset: b"-".to_vec(),
            begin_nothing: *b"(-",
            path: Path::Other,
            fields: Vec::new(),
            roles: Vec::new(),
            slots: [usize::MAX; ROLES],
            named: (0, 0),
            readable: true,
        }
    }
}

impl Layout {
    /// Takes a header line; lines that are not understood are comments.
    pub(super) fn header(&mut self, line: &[u8]) {
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
        self.begin_nothing = [&self.empty, &self.unset].map(|word| word.first().copied().unwrap_or(0));
    }

    /// A digest of all that later records are read by.
    pub(super) fn digest(&self) -> u64 {
        let mut hasher = blake3::Hasher::new();
        // The last three follow from the others.
        let Layout {
            separator,
            set_separator,
            empty,
            unset,
            path,
            roles,
            readable,
            fields,
            slots: _,
            named: _,
            begin_nothing: _,
        } = self;
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
        self.slots = [usize::MAX; ROLES];
        for (column, role) in self.roles.iter().enumerate() {
            if let Some(slot) = role.and_then(|r| self.slots.get_mut(r as usize)) {
                *slot = column;
            }
        }
        let named = NAMED.map(|role| self.slot(role));
        let there = || named.iter().copied().filter(|slot| *slot != usize::MAX);
        self.named = (there().min().unwrap_or(0), there().max().unwrap_or(0));
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

impl Layout {
    #[inline(always)]
    pub(super) fn slot(&self, role: Role) -> usize {
        self.slots.get(role as usize).copied().unwrap_or(usize::MAX)
    }

    /// The value of a role, if it is set.
    #[inline(always)]
    pub(super) fn value<'a>(&self, row: Row<'a, '_>, role: Role) -> Option<&'a [u8]> {
        Some(row.column(self.slot(role))).filter(|value| self.is_set(value))
    }

    /// Whether a value is one.
    #[inline(always)]
    pub(super) fn is_set(&self, value: &[u8]) -> bool {
        let Some(first) = value.first() else { return false };
        !self.begin_nothing.contains(first) || self.is_set_word(value)
    }

    #[inline(never)]
    fn is_set_word(&self, value: &[u8]) -> bool {
        value != self.unset && value != self.empty
    }
}

/// The columns that are told on as texts.
const NAMED: [Role; 5] = [Role::Client, Role::Host, Role::Uri, Role::ServerName, Role::Query];

/// A value with what the writer escaped taken back.
pub(super) fn unescape(value: &[u8]) -> Cow<'_, [u8]> {
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

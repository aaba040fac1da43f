//! Which column is what, and a line cut into its columns.

use super::super::columns::{Columns, Row};
use super::super::lines::Places;

/// The columns that are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Role {
    Version,
    Source,
    Destination,
    PacketSource,
    PacketDestination,
    SourcePort,
    DestinationPort,
    Protocol,
    Bytes,
    Start,
    Action,
    Status,
    Flags,
    Direction,
    /// Any other column.
    Other,
}

/// How many roles there are besides [`Role::Other`].
const ROLES: usize = Role::Other as usize;

/// The fields of AWS that begin none of the above, by which a header is known as one.
const OTHERS: [&str; 15] = [
    "account-id",
    "interface-id",
    "packets",
    "end",
    "vpc-id",
    "subnet-id",
    "instance-id",
    "type",
    "region",
    "az-id",
    "sublocation-type",
    "sublocation-id",
    "pkt-src-aws-service",
    "pkt-dst-aws-service",
    "traffic-path",
];

/// Version 2, the default of AWS.
const DEFAULT: [Role; 14] = [
    Role::Version,
    Role::Other,
    Role::Other,
    Role::Source,
    Role::Destination,
    Role::SourcePort,
    Role::DestinationPort,
    Role::Protocol,
    Role::Other,
    Role::Bytes,
    Role::Start,
    Role::Other,
    Role::Action,
    Role::Status,
];

impl Role {
    fn of(name: &str) -> Option<Role> {
        Some(match name {
            "version" => Role::Version,
            "srcaddr" => Role::Source,
            "dstaddr" => Role::Destination,
            "pkt-srcaddr" => Role::PacketSource,
            "pkt-dstaddr" => Role::PacketDestination,
            "srcport" => Role::SourcePort,
            "dstport" => Role::DestinationPort,
            "protocol" => Role::Protocol,
            "bytes" => Role::Bytes,
            "start" => Role::Start,
            "action" => Role::Action,
            "log-status" => Role::Status,
            "tcp-flags" => Role::Flags,
            "flow-direction" => Role::Direction,
            _ => return None,
        })
    }
}

/// What a header says.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) separator: u8,
    roles: Vec<Role>,
    /// The column of each role, `usize::MAX` if it has none.
    slots: [usize; ROLES],
    /// Whether values may stand in quotes.
    quoted: bool,
    /// Names among the columns that AWS gives.
    known: usize,
    /// Whether no header was there and the default is taken.
    pub(super) assumed: bool,
    /// Why no record below this header can be read.
    pub(super) fault: Option<&'static str>,
}

impl Default for Layout {
    fn default() -> Self {
        Layout {
            separator: b' ',
            roles: DEFAULT.to_vec(),
            slots: slots(&DEFAULT),
            quoted: false,
            known: DEFAULT.len(),
            assumed: true,
            fault: None,
        }
    }
}

impl Layout {
    /// The layout a header line declares; `None` for any other line.
    pub(super) fn of_header(line: &[u8]) -> Option<Layout> {
        let quoted = line.first() == Some(&b'"');
        // Records of the default format, and most others, begin with a digit.
        if !line.get(usize::from(quoted))?.is_ascii_alphabetic() {
            return None;
        }
        let separator = *line.iter().find(|b| matches!(b, b' ' | b',' | b'\t'))?;
        let (mut roles, mut known) = (Vec::new(), 0);
        for token in line.split(|b| *b == separator).map(<[u8]>::trim_ascii) {
            if token.is_empty() && separator == b' ' {
                continue;
            }
            let name = name(if quoted { unquoted(token) } else { token })?;
            let role = Role::of(&name);
            known += usize::from(role.is_some() || OTHERS.contains(&name.as_str()));
            roles.push(role.unwrap_or(Role::Other));
        }
        let fault = fault(&roles);
        let slots = slots(&roles);
        (known >= 2).then_some(Layout { separator, roles, slots, quoted, known, assumed: false, fault })
    }

    /// A line cut into the columns of the layout; `None` if it has another number of them.
    pub(super) fn cut<'a, 'r>(
        &'r self,
        line: &'a [u8],
        places: Places<'_, 3>,
        columns: &'r mut Columns,
    ) -> Option<Record<'a, 'r>> {
        // One more shows that there are too many.
        let wanted = self.roles.len() + 1;
        let count = match self.separator {
            // Blanks in a row are one separator.
            b' ' => columns.words(places, wanted),
            _ => columns.cut(places, wanted),
        };
        (count == self.roles.len()).then(|| Record { row: columns.of(line), layout: self })
    }

    /// A digest of all that later records are read by.
    pub(super) fn digest(&self) -> u64 {
        let mut hasher = blake3::Hasher::new();
        // What is wrong with it follows from the roles, and so do the slots.
        let Layout { separator, roles, quoted, assumed, known: _, fault: _, slots: _ } = self;
        hasher.update(&[*separator, u8::from(*quoted), u8::from(*assumed)]);
        hasher.update(&roles.iter().map(|r| *r as u8).collect::<Vec<_>>());
        hasher.finalize().as_bytes().iter().take(8).fold(0, |all, b| (all << 8) | u64::from(*b))
    }

    /// Whether the header can be of nothing else.
    pub(super) fn is_certain(&self) -> bool {
        let ends = [Role::Source, Role::Destination, Role::PacketSource, Role::PacketDestination];
        self.known >= 4 && ends.iter().any(|e| self.roles.contains(e))
    }
}

fn slots(roles: &[Role]) -> [usize; ROLES] {
    let mut slots = [usize::MAX; ROLES];
    for (column, role) in roles.iter().enumerate() {
        if let Some(slot) = slots.get_mut(*role as usize) {
            *slot = column;
        }
    }
    slots
}

/// A field's name with `-` for `_`, if it looks like one.
fn name(token: &[u8]) -> Option<String> {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    if !token.first()?.is_ascii_alphabetic() || !token.iter().all(plain) {
        return None;
    }
    Some(std::str::from_utf8(token).ok()?.to_ascii_lowercase().replace('_', "-"))
}

fn fault(roles: &[Role]) -> Option<&'static str> {
    let has = |role: Role| roles.contains(&role);
    let twice = |role: &Role| *role != Role::Other && roles.iter().filter(|r| *r == role).count() > 1;
    if roles.iter().any(twice) {
        Some("a field stands twice in the header")
    } else if !has(Role::Start) {
        Some("no `start` in the header")
    } else if !has(Role::Source) && !has(Role::PacketSource) {
        Some("no `srcaddr` in the header")
    } else if !has(Role::Destination) && !has(Role::PacketDestination) {
        Some("no `dstaddr` in the header")
    } else {
        None
    }
}

fn unquoted(value: &[u8]) -> &[u8] {
    value.strip_prefix(b"\"").and_then(|v| v.strip_suffix(b"\"")).unwrap_or(value)
}

/// Whether a row in the default layout is one of that format.
pub(super) fn is_default(row: Record<'_, '_>) -> bool {
    row.value(Role::Version) == b"2"
        && matches!(row.value(Role::Action), b"ACCEPT" | b"REJECT" | b"-")
        && matches!(row.value(Role::Status), b"OK" | b"NODATA" | b"SKIPDATA")
}

/// The values of a line.
#[derive(Clone, Copy)]
pub(super) struct Record<'a, 'r> {
    row: Row<'a, 'r>,
    layout: &'r Layout,
}

impl<'a> Record<'a, '_> {
    /// The value of a role, empty if it has no column.
    #[inline(always)]
    pub(super) fn value(self, role: Role) -> &'a [u8] {
        let value = self.row.column(self.slot(role));
        if self.layout.quoted { unquoted(value) } else { value }
    }

    /// The same as text, if it is UTF-8. `text` is the line, if that is known to be.
    pub(super) fn text(self, role: Role, text: Option<&'a str>) -> Option<&'a str> {
        let text = self.row.text(self.slot(role), text)?;
        let bare = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).filter(|_| self.layout.quoted);
        Some(bare.unwrap_or(text))
    }

    #[inline(always)]
    fn slot(self, role: Role) -> usize {
        self.layout.slots.get(role as usize).copied().unwrap_or(usize::MAX)
    }
}

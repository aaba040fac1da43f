//! From the pieces of a format string to a layout.

use super::{Field, Layout, LayoutError, Role};

/// Collects literals and fields in the order written.
#[derive(Default)]
pub(super) struct Builder {
    lead: Vec<u8>,
    fields: Vec<Draft>,
}

/// A field on its way into a layout.
struct Draft {
    role: Role,
    /// As written, for messages.
    name: String,
    padded: bool,
    until: Vec<u8>,
    before_slash: bool,
    /// Whether it swallows the query that follows.
    with_query: bool,
}

/// What a layout must show, and how the dialect spells it.
pub(super) struct Needs {
    /// The client.
    pub(super) client: &'static str,
    /// The time.
    pub(super) time: &'static str,
    /// The request.
    pub(super) request: &'static str,
}

impl Builder {
    /// Text that stands in every line.
    pub(super) fn text(&mut self, bytes: &[u8]) {
        match self.fields.last_mut() {
            Some(field) => field.until.extend_from_slice(bytes),
            None => self.lead.extend_from_slice(bytes),
        }
    }

    /// A field, spelled `name` at byte `at` of the format string.
    pub(super) fn field(
        &mut self,
        role: Role,
        name: &str,
        at: usize,
        padded: bool,
    ) -> Result<(), LayoutError> {
        if let Some(before) = self.fields.last_mut()
            && before.until.is_empty()
        {
            if role == Role::Query && (before.role.is_target() || before.with_query) {
                before.with_query = true;
                return Ok(());
            }
            if !role.is_target() {
                let why = format!(
                    "nothing stands between `{}` and `{name}`, so they cannot be told apart",
                    before.name
                );
                return Err(LayoutError::new(at, why));
            }
            before.before_slash = true;
        }
        let name = name.to_owned();
        let (until, before_slash, with_query) = (Vec::new(), false, false);
        self.fields.push(Draft { role, name, padded, until, before_slash, with_query });
        Ok(())
    }

    /// The layout, if it shows what a flow needs.
    pub(super) fn layout(self, needs: &Needs) -> Result<Layout, LayoutError> {
        let shows = |roles: &[Role]| self.fields.iter().any(|f| roles.contains(&f.role));
        let missing = |what: &str, spelled: &str| {
            Err(LayoutError::new(0, format!("it logs no {what}: it needs {spelled}")))
        };
        if self.fields.is_empty() {
            return Err(LayoutError::new(0, "it has no field"));
        }
        if !shows(&[Role::Client, Role::Connection]) {
            return missing("client", needs.client);
        }
        let date = [Role::Day, Role::Year, Role::Hour, Role::Minute];
        let dated = date.iter().all(|r| shows(&[*r])) && shows(&[Role::Month, Role::MonthName]);
        let whole = [Role::Clf, Role::Iso, Role::Seconds, Role::Millis, Role::Micros];
        if dated && !shows(&whole) && !shows(&[Role::Zone]) {
            return Err(LayoutError::new(0, "its time has no zone: add `%z`"));
        }
        if !dated && !shows(&whole) {
            return missing("time", needs.time);
        }
        if !shows(&[Role::Request, Role::Target, Role::Path]) {
            return missing("request", needs.request);
        }
        let mut fields: Vec<Field> = Vec::with_capacity(self.fields.len());
        let mut quoted = self.lead.last() == Some(&b'"');
        for draft in self.fields {
            let Draft { role, padded, until, before_slash, .. } = draft;
            let opens = quoted && until.first() == Some(&b'"');
            quoted = if before_slash { quoted } else { until.last() == Some(&b'"') };
            // `address:port`: an IPv6 address has colons of its own, the last is the one.
            if role.is_port()
                && let Some(before) = fields.last_mut()
                && before.role.takes_port()
                && before.port.is_none()
                && *before.until == *b":"
            {
                before.port = Some(role);
                before.until = until.into();
                before.before_slash = before_slash;
                before.padded |= padded;
                continue;
            }
            fields.push(Field { role, padded, quoted: opens, until: until.into(), before_slash, port: None });
        }
        Ok(Layout { lead: self.lead.into(), fields })
    }
}

/// Text in which a backslash stands before a quote, as configuration files have it.
pub(super) fn backslashed(rest: &str) -> Option<(u8, usize)> {
    match rest.as_bytes() {
        [b'\\', quote @ (b'"' | b'\'' | b'\\'), ..] => Some((*quote, 2)),
        [b'\\', b't', ..] => Some((b'\t', 2)),
        _ => None,
    }
}

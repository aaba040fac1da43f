//! TOML with places: every key and value keeps where it was written, and every mistake is found.
//!
//! The one reader of everything people write in TOML. A [`Reader`] takes the keys it knows out of a
//! table; what is left over is an error with a suggestion, so an unknown key never passes silently.

use super::diagnostic::{Diagnostic, Diagnostics, Place, SourceText, closest};
use super::time::{Time, parse_duration};
use chrono::NaiveDate;
use std::cell::RefCell;
use std::sync::Arc;

/// A value with its place.
#[derive(Debug, Clone)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it stands.
    pub at: Place,
}

/// A TOML value.
#[derive(Debug, Clone)]
pub enum Value {
    /// A string.
    String(String),
    /// An integer.
    Integer(i64),
    /// A float.
    Float(f64),
    /// A boolean.
    Boolean(bool),
    /// A date, or a date and time, as written.
    Datetime(String),
    /// An array.
    Array(Vec<Node>),
    /// A table.
    Table(Table),
}

impl Value {
    /// What it is, with an article, for messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Value::String(_) => "a string",
            Value::Integer(_) => "an integer",
            Value::Float(_) => "a float",
            Value::Boolean(_) => "a boolean",
            Value::Datetime(_) => "a date",
            Value::Array(_) => "an array",
            Value::Table(_) => "a table",
        }
    }
}

/// A table with its place, entries in the order written.
#[derive(Debug, Clone)]
pub struct Table {
    /// Keys with their places, and values.
    pub entries: Vec<(String, Place, Node)>,
    /// Where the table begins.
    pub at: Place,
}

impl Table {
    /// Parses a TOML text. Every syntax error becomes a diagnostic; what could be read is returned.
    #[must_use]
    pub fn parse(source: &Arc<SourceText>, out: &mut Diagnostics) -> Table {
        let (root, errors) = toml::de::DeTable::parse_recoverable(&source.text);
        for error in errors {
            let span = error.span().unwrap_or(0..0);
            let place = Place { source: Arc::clone(source), span };
            out.push(Diagnostic::error("toml-syntax", error.message().to_owned()).at(place, "here"));
        }
        let span = root.span();
        convert_table(root.get_ref(), Place { source: Arc::clone(source), span }, source)
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries.iter().find(|(k, ..)| k == key).map(|(.., node)| node)
    }

    /// The place of a key, or of the table if the key is absent.
    #[must_use]
    pub fn key_place(&self, key: &str) -> Place {
        self.entries.iter().find(|(k, ..)| k == key).map_or_else(|| self.at.clone(), |(_, p, _)| p.clone())
    }
}

fn convert_table(table: &toml::de::DeTable<'_>, at: Place, source: &Arc<SourceText>) -> Table {
    let place = |span| Place { source: Arc::clone(source), span };
    let mut entries: Vec<_> = table
        .iter()
        .map(|(key, value)| {
            let node = Node { value: convert(value, source), at: place(value.span()) };
            (key.get_ref().to_string(), place(key.span()), node)
        })
        .collect();
    entries.sort_by_key(|(_, place, _)| place.span.start);
    Table { entries, at }
}

fn convert(value: &toml::Spanned<toml::de::DeValue<'_>>, source: &Arc<SourceText>) -> Value {
    use toml::de::DeValue as V;
    match value.get_ref() {
        V::String(s) => Value::String(s.to_string()),
        V::Integer(i) => i64::from_str_radix(&i.as_str().replace('_', ""), i.radix())
            .map_or_else(|_| Value::String(i.as_str().to_owned()), Value::Integer),
        V::Float(f) => f
            .as_str()
            .replace('_', "")
            .parse()
            .map_or_else(|_| Value::String(f.as_str().to_owned()), Value::Float),
        V::Boolean(b) => Value::Boolean(*b),
        V::Datetime(d) => Value::Datetime(d.to_string()),
        V::Array(items) => Value::Array(
            items
                .iter()
                .map(|item| Node {
                    value: convert(item, source),
                    at: Place { source: Arc::clone(source), span: item.span() },
                })
                .collect(),
        ),
        V::Table(t) => {
            Value::Table(convert_table(t, Place { source: Arc::clone(source), span: value.span() }, source))
        }
    }
}

/// A value with the place it was written at.
#[derive(Debug, Clone)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Where.
    pub at: Place,
}

/// Takes known keys out of a table and reports the rest.
///
/// Each method looks up one key; a wrong type is reported and reads as absent. [`Reader::finish`]
/// reports every key that no method asked for.
pub struct Reader<'t, 'd> {
    table: &'t Table,
    /// What the table is, for messages: `[boundary]`, `[[component]]`.
    what: &'static str,
    asked: RefCell<Vec<&'static str>>,
    out: RefCell<&'d mut Diagnostics>,
}

impl<'t, 'd> Reader<'t, 'd> {
    /// Reads a table, reporting into `out`.
    pub fn new(table: &'t Table, what: &'static str, out: &'d mut Diagnostics) -> Reader<'t, 'd> {
        Reader { table, what, asked: RefCell::new(Vec::new()), out: RefCell::new(out) }
    }

    /// The table that is read.
    #[must_use]
    pub fn table(&self) -> &'t Table {
        self.table
    }

    /// Adds a problem of the caller's own.
    pub fn report(&self, diagnostic: Diagnostic) {
        self.out.borrow_mut().push(diagnostic);
    }

    /// Hands the list of problems to a nested reader.
    pub fn nested<R>(&self, read: impl FnOnce(&mut Diagnostics) -> R) -> R {
        read(&mut self.out.borrow_mut())
    }

    /// The node of a key, whatever its type.
    pub fn node(&self, key: &'static str) -> Option<&'t Node> {
        self.asked.borrow_mut().push(key);
        self.table.get(key)
    }

    /// Reports that a required key is missing.
    pub fn missing(&self, key: &'static str, help: &str) {
        self.report(
            Diagnostic::error("missing-key", format!("{} needs `{key}`", self.what))
                .at(self.table.at.clone(), format!("`{key}` is missing here"))
                .help(help.to_owned()),
        );
    }

    fn wrong(&self, key: &str, node: &Node, wanted: &str) {
        self.report(
            Diagnostic::error("wrong-type", format!("`{key}` must be {wanted}, not {}", node.value.kind()))
                .at(node.at.clone(), format!("expected {wanted}")),
        );
    }

    /// A string.
    pub fn string(&self, key: &'static str) -> Option<At<String>> {
        let node = self.node(key)?;
        match &node.value {
            Value::String(s) => Some(At { value: s.clone(), at: node.at.clone() }),
            _ => {
                self.wrong(key, node, "a string");
                None
            }
        }
    }

    /// A string that must be there and not be blank.
    pub fn required(&self, key: &'static str, help: &str) -> Option<At<String>> {
        if self.table.get(key).is_none() {
            self.asked.borrow_mut().push(key);
            self.missing(key, help);
            return None;
        }
        let text = self.string(key)?;
        if text.value.trim().is_empty() || text.value.trim() == "REQUIRED" {
            self.report(
                Diagnostic::error("blank-value", format!("`{key}` of {} is blank", self.what))
                    .at(text.at.clone(), "fill this in")
                    .help(help.to_owned()),
            );
            return None;
        }
        Some(text)
    }

    /// A string that is one of a list of words.
    pub fn word<T>(
        &self,
        key: &'static str,
        words: &[&'static str],
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<At<T>> {
        let text = self.string(key)?;
        if let Some(value) = parse(&text.value) {
            return Some(At { value, at: text.at });
        }
        let mut problem = Diagnostic::error("unknown-value", format!("`{}` is not a `{key}`", text.value))
            .at(text.at.clone(), format!("one of {}", words.join(", ")));
        if let Some(meant) = closest(&text.value, words.iter().copied()) {
            problem = problem.help(format!("did you mean `{meant}`?"));
        }
        self.report(problem);
        None
    }

    /// A boolean.
    pub fn boolean(&self, key: &'static str) -> Option<bool> {
        let node = self.node(key)?;
        match node.value {
            Value::Boolean(b) => Some(b),
            _ => {
                self.wrong(key, node, "true or false");
                None
            }
        }
    }

    /// An integer.
    pub fn integer(&self, key: &'static str) -> Option<i64> {
        let node = self.node(key)?;
        match node.value {
            Value::Integer(i) => Some(i),
            _ => {
                self.wrong(key, node, "an integer");
                None
            }
        }
    }

    /// A duration such as `"10m"`, in microseconds.
    pub fn duration(&self, key: &'static str) -> Option<At<i64>> {
        let text = self.string(key)?;
        match parse_duration(&text.value) {
            Some(value) => Some(At { value, at: text.at }),
            None => {
                self.report(
                    Diagnostic::error("wrong-value", format!("`{}` is not a duration", text.value))
                        .at(text.at, "a number and a unit")
                        .help("write for example \"90s\", \"10m\", \"4h\" or \"2d\""),
                );
                None
            }
        }
    }

    /// A calendar date.
    pub fn date(&self, key: &'static str) -> Option<At<NaiveDate>> {
        let node = self.node(key)?;
        let text = match &node.value {
            Value::Datetime(text) | Value::String(text) => text,
            _ => {
                self.wrong(key, node, "a date");
                return None;
            }
        };
        match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            Ok(value) => Some(At { value, at: node.at.clone() }),
            Err(_) => {
                self.report(
                    Diagnostic::error("wrong-value", format!("`{text}` is not a date"))
                        .at(node.at.clone(), "expected a date")
                        .help("write it bare, as 2026-12-31"),
                );
                None
            }
        }
    }

    /// An instant: an offset date-time, or a date, which means its first instant in UTC.
    pub fn instant(&self, key: &'static str) -> Option<At<Time>> {
        let node = self.node(key)?;
        let text = match &node.value {
            Value::Datetime(text) | Value::String(text) => text,
            _ => {
                self.wrong(key, node, "a time");
                return None;
            }
        };
        let day = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().and_then(Time::from_date);
        match Time::parse(text).or_else(day) {
            Some(value) => Some(At { value, at: node.at.clone() }),
            None => {
                self.report(
                    Diagnostic::error("wrong-value", format!("`{text}` is not an instant"))
                        .at(node.at.clone(), "expected a time with an offset")
                        .help("write it bare, as 2026-11-22T00:00:00Z, or as a date"),
                );
                None
            }
        }
    }

    /// A list of strings; absent reads as empty.
    pub fn strings(&self, key: &'static str) -> Vec<At<String>> {
        let mut list = Vec::new();
        for node in self.array(key) {
            match &node.value {
                Value::String(s) => list.push(At { value: s.clone(), at: node.at.clone() }),
                _ => self.wrong(key, node, "a list of strings"),
            }
        }
        list
    }

    /// The elements of an array; absent reads as empty.
    pub fn array(&self, key: &'static str) -> &'t [Node] {
        match self.node(key) {
            None => &[],
            Some(Node { value: Value::Array(items), .. }) => items,
            Some(node) => {
                self.wrong(key, node, "an array");
                &[]
            }
        }
    }

    /// A nested table.
    pub fn nested_table(&self, key: &'static str) -> Option<&'t Table> {
        let node = self.node(key)?;
        match &node.value {
            Value::Table(table) => Some(table),
            _ => {
                self.wrong(key, node, "a table");
                None
            }
        }
    }

    /// The tables of an array of tables; absent reads as empty.
    pub fn tables(&self, key: &'static str) -> Vec<&'t Table> {
        let mut list = Vec::new();
        for node in self.array(key) {
            match &node.value {
                Value::Table(table) => list.push(table),
                _ => self.wrong(key, node, "a list of tables"),
            }
        }
        list
    }

    /// Reports every key that was not asked for.
    pub fn finish(self) {
        let asked = self.asked.into_inner();
        let out = self.out.into_inner();
        for (key, place, _) in &self.table.entries {
            if asked.contains(&key.as_str()) {
                continue;
            }
            let mut problem = Diagnostic::error("unknown-key", format!("{} has no key `{key}`", self.what))
                .at(place.clone(), "unknown key");
            problem = match closest(key, asked.iter().copied()) {
                Some(meant) => problem.help(format!("did you mean `{meant}`?")),
                None => problem.help(format!("keys here: {}", asked.join(", "))),
            };
            out.push(problem);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, f: impl FnOnce(&Reader<'_, '_>)) -> Vec<String> {
        let source = SourceText::new("t.toml", text);
        let mut out = Diagnostics::default();
        let table = Table::parse(&source, &mut out);
        let reader = Reader::new(&table, "[t]", &mut out);
        f(&reader);
        reader.finish();
        out.list
            .iter()
            .map(|d| {
                let at = d.at.as_ref().map(|(p, _)| p.show()).unwrap_or_default();
                format!("{at} {} {}", d.message, d.help.clone().unwrap_or_default())
            })
            .collect()
    }

    #[test]
    fn every_problem_is_reported_with_its_place() {
        let problems = read("name = 1\nperod = \"1h\"\nwhen = 2026-13-01\n", |r| {
            assert!(r.string("name").is_none());
            assert!(r.duration("period").is_none());
            assert!(r.date("when").is_none());
        });
        assert!(problems.iter().any(|p| p.starts_with("t.toml:1:8 `name` must be a string")), "{problems:?}");
        assert!(
            problems.iter().any(|p| p.contains("no key `perod`") && p.contains("`period`")),
            "{problems:?}"
        );
        assert!(problems.iter().any(|p| p.starts_with("t.toml:3:")), "{problems:?}");
    }

    #[test]
    fn blank_is_not_a_value() {
        let problems = read("owner = \"REQUIRED\"\n", |r| assert!(r.required("owner", "who?").is_none()));
        assert_eq!(problems.len(), 1);
    }
}

//! TOML 1.0.

use super::{Key, LARGEST, Lines, Node, Unreadable, Value};
use ::toml::Spanned;
use ::toml::de::{DeTable, DeValue};

/// The tree of a TOML text. Depth is bounded by its reader.
pub(in super::super) fn toml(text: &str) -> Result<Node, Unreadable> {
    if text.len() > LARGEST {
        return Err(Unreadable { line: None, why: "it is larger than 16 MiB" });
    }
    let lines = Lines::of(text);
    let table = DeTable::parse(text)
        .map_err(|e| Unreadable { line: e.span().map(|span| lines.at(span.start)), why: "it is not TOML" })?;
    Ok(Node { line: 1, value: map(table.get_ref(), &lines) })
}

fn map(table: &DeTable<'_>, lines: &Lines) -> Value {
    let mut entries: Vec<(Key, Node)> = table
        .iter()
        .map(|(key, value)| {
            let key = Key { text: key.get_ref().clone().into_owned(), line: lines.at(key.span().start) };
            (key, node(value, lines))
        })
        .collect();
    entries.sort_by_key(|(key, _)| key.line);
    Value::Map(entries)
}

fn node(value: &Spanned<DeValue<'_>>, lines: &Lines) -> Node {
    let line = lines.at(value.span().start);
    let value = match value.get_ref() {
        DeValue::String(text) => Value::Text(text.clone().into_owned()),
        DeValue::Boolean(b) => Value::Bool(*b),
        DeValue::Integer(n) => Value::Number(n.as_str().to_owned()),
        DeValue::Float(n) => Value::Number(n.as_str().to_owned()),
        DeValue::Datetime(date) => Value::Number(date.to_string()),
        DeValue::Array(items) => Value::List(items.iter().map(|item| node(item, lines)).collect()),
        DeValue::Table(table) => map(table, lines),
    };
    Node { line, value }
}

//! JSON (RFC 8259), with the comments and trailing commas that configuration files have.

use super::{DEEPEST, Key, LARGEST, Lines, MOST_NODES, Node, Unreadable, Value};
use jsonc_parser::ast::{self, ObjectPropName};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

/// The tree of a JSON text.
pub(in super::super) fn json(text: &str) -> Result<Node, Unreadable> {
    if text.len() > LARGEST {
        return Err(Unreadable { line: None, why: "it is larger than 16 MiB" });
    }
    let lines = Lines::of(text);
    let parsed = parse_to_ast(text, &CollectOptions::default(), &ParseOptions::default())
        .map_err(|e| Unreadable { line: Some(lines.at(e.range().start)), why: "it is not whole JSON" })?;
    let root = parsed.value.ok_or(Unreadable { line: None, why: "it is empty" })?;
    let mut left = MOST_NODES;
    node(&root, &lines, 0, &mut left)
}

fn node(value: &ast::Value<'_>, lines: &Lines, depth: usize, left: &mut usize) -> Result<Node, Unreadable> {
    let line = lines.at(value.start());
    if depth > DEEPEST {
        return Err(Unreadable { line: Some(line), why: "it is nested too deeply" });
    }
    *left = left.checked_sub(1).ok_or(Unreadable { line: Some(line), why: "it has too many values" })?;
    let value = match value {
        ast::Value::NullKeyword(_) => Value::Null,
        ast::Value::BooleanLit(b) => Value::Bool(b.value),
        ast::Value::NumberLit(n) => Value::Number(n.value.to_owned()),
        ast::Value::StringLit(s) => Value::Text(s.value.clone().into_owned()),
        ast::Value::Array(array) => Value::List(
            array.elements.iter().map(|e| node(e, lines, depth + 1, left)).collect::<Result<_, _>>()?,
        ),
        ast::Value::Object(object) => {
            let mut entries = Vec::with_capacity(object.properties.len());
            for property in &object.properties {
                let name = match &property.name {
                    ObjectPropName::String(s) => s.value.clone().into_owned(),
                    ObjectPropName::Word(w) => w.value.to_owned(),
                };
                let key = Key { text: name, line: lines.at(property.start()) };
                entries.push((key, node(&property.value, lines, depth + 1, left)?));
            }
            Value::Map(entries)
        }
    };
    Ok(Node { line, value })
}

//! Types of parameters: how a value of each is written, which have an order, and which side is strict.

use crate::model::table::{Node, Value};
use crate::model::time::parse_duration;
use crate::policy::quantity::{parse_ppm, parse_size};
use std::collections::BTreeSet;

/// Types a parameter may have, with how a value is written.
pub(super) const TYPES: [(&str, Kind, &str); 8] = [
    ("duration", Kind::Duration, "a duration such as \"4h\""),
    ("integer", Kind::Integer, "an integer"),
    ("size", Kind::Size, "a size such as \"20MB\""),
    ("percent", Kind::Percent, "a share such as \"0.1%\""),
    ("string", Kind::Text, "a string"),
    ("list", Kind::List, "a list of strings"),
    ("jurisdictions", Kind::List, "a list of countries and sets of countries"),
    ("boolean", Kind::Flag, "true or false"),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Duration,
    Integer,
    Size,
    Percent,
    Text,
    List,
    Flag,
}

impl Kind {
    pub(super) fn wanted(self) -> &'static str {
        TYPES.iter().find(|(_, k, _)| *k == self).map_or("a value", |(.., wanted)| wanted)
    }

    pub(super) fn ordered(self) -> bool {
        matches!(self, Kind::Duration | Kind::Integer | Kind::Size | Kind::Percent)
    }

    pub(super) fn read(self, node: &Node) -> Option<Typed> {
        match (self, &node.value) {
            (Kind::Duration, Value::String(s)) => parse_duration(s).map(|n| Typed::Number(i128::from(n))),
            (Kind::Size, Value::String(s)) => parse_size(s).map(|n| Typed::Number(i128::from(n))),
            (Kind::Percent, Value::String(s)) => parse_ppm(s).map(|n| Typed::Number(i128::from(n))),
            (Kind::Integer, Value::Integer(n)) => Some(Typed::Number(i128::from(*n))),
            (Kind::Text, Value::String(s)) => Some(Typed::Words(BTreeSet::from([s.clone()]))),
            (Kind::Flag, Value::Boolean(b)) => Some(Typed::Number(i128::from(*b))),
            (Kind::List, Value::Array(items)) => items
                .iter()
                .map(|item| match &item.value {
                    Value::String(s) => Some(s.clone()),
                    _ => None,
                })
                .collect::<Option<BTreeSet<String>>>()
                .map(Typed::Words),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stricter {
    Lower,
    Higher,
    Subset,
}

impl Stricter {
    pub(super) fn parse(word: &str) -> Option<Stricter> {
        match word {
            "lower" => Some(Stricter::Lower),
            "higher" => Some(Stricter::Higher),
            "subset" => Some(Stricter::Subset),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Typed {
    Number(i128),
    Words(BTreeSet<String>),
}

/// A value as people read it.
pub(super) fn show(node: &Node) -> String {
    match &node.value {
        Value::String(s) | Value::Datetime(s) => s.clone(),
        Value::Integer(n) => n.to_string(),
        Value::Float(n) => n.to_string(),
        Value::Boolean(b) => b.to_string(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => items.iter().map(show).collect::<Vec<_>>().join(", "),
        Value::Table(_) => "a table".to_owned(),
    }
}

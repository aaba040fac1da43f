//! Parameters: declared with a type and bounds by one policy, set within them by those above it.

use crate::model::Diagnostics;
use crate::model::diagnostic::{Diagnostic, closest};
use crate::model::policy::{Parameter, Stance};
use crate::model::table::{Node, Reader, Table, Value};
use crate::model::time::parse_duration;
use crate::policy::quantity::{parse_ppm, parse_size};

/// The types a parameter may have.
const TYPES: &[&str] = &["duration", "integer", "size", "percent", "string", "list", "boolean"];

struct Declared {
    name: String,
    kind: &'static str,
    default: Node,
    value: Node,
    at_most: Option<Node>,
    at_least: Option<Node>,
    one_of: Vec<String>,
    stricter: Option<&'static str>,
}

/// All parameters of a policy.
#[derive(Default)]
pub(super) struct Parameters {
    list: Vec<Declared>,
}

impl Parameters {
    /// Reads a `[parameters]` table: a table declares a parameter, anything else sets one.
    pub(super) fn read(&mut self, node: Option<&Node>, out: &mut Diagnostics) {
        let Some(node) = node else { return };
        let Value::Table(table) = &node.value else {
            out.push(
                Diagnostic::error("wrong-type", "`parameters` must be a table").at(node.at.clone(), "here"),
            );
            return;
        };
        for (name, place, node) in &table.entries {
            match &node.value {
                Value::Table(declaration) if self.find(name).is_none() => {
                    self.list.extend(declare(name, declaration, out));
                }
                Value::Table(_) => out.push(
                    Diagnostic::error(
                        "parameter-twice",
                        format!("`{name}` is declared by a policy below this one"),
                    )
                    .at(place.clone(), "declared again")
                    .help(format!("set it within its bounds: `{name} = ...`")),
                ),
                _ => self.assign(name, node, out),
            }
        }
    }

    /// Sets parameters from a project file.
    pub(super) fn set(&mut self, values: &[(String, Node)], out: &mut Diagnostics) {
        for (name, node) in values {
            self.assign(name, node, out);
        }
    }

    fn find(&self, name: &str) -> Option<&Declared> {
        self.list.iter().find(|p| p.name == name)
    }

    /// The value in force of a parameter.
    pub(super) fn value(&self, name: &str) -> Option<&Node> {
        self.find(name).map(|p| &p.value)
    }

    /// Names, for suggestions.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(|p| p.name.as_str())
    }

    fn assign(&mut self, name: &str, node: &Node, out: &mut Diagnostics) {
        let Some(declared) = self.list.iter_mut().find(|p| p.name == name) else {
            let help = closest(name, self.names()).map_or_else(
                || "see `[parameters]` of the policy".to_owned(),
                |meant| format!("did you mean `{meant}`?"),
            );
            out.push(
                Diagnostic::error("unknown-parameter", format!("the policy has no parameter `{name}`"))
                    .at(node.at.clone(), "set here")
                    .help(help),
            );
            return;
        };
        let Some(why) = declared.objection(node) else {
            declared.value = node.clone();
            return;
        };
        let mut problem = Diagnostic::error("parameter-bound", format!("`{name}` {why}"))
            .at(node.at.clone(), "set here")
            .related(declared.default.at.clone(), "declared here");
        if let Some(bounds) = declared.bounds() {
            problem = problem.help(format!("allowed: {bounds}"));
        }
        out.push(problem);
    }

    /// Every parameter with its value in force, by name.
    pub(super) fn in_force(&self) -> Vec<Parameter> {
        let mut list: Vec<Parameter> = self
            .list
            .iter()
            .map(|p| Parameter {
                name: p.name.clone(),
                value: written(&p.value),
                default: written(&p.default),
                bounds: p.bounds(),
                stance: p.stance(),
            })
            .collect();
        list.sort_by(|a, b| a.name.cmp(&b.name));
        list
    }
}

impl Declared {
    /// Why a value cannot be taken.
    fn objection(&self, node: &Node) -> Option<String> {
        if !fits(self.kind, node) {
            return Some(format!("must be a {}, not {}", self.kind, node.value.kind()));
        }
        let value = measure(self.kind, node);
        let beyond = |bound: &Option<Node>, above: bool| {
            let bound = bound.as_ref().and_then(|b| measure(self.kind, b));
            value.zip(bound).is_some_and(|(v, b)| if above { v > b } else { v < b })
        };
        if beyond(&self.at_most, true) || beyond(&self.at_least, false) {
            return Some(format!("may not be {}", written(node)));
        }
        let allowed = |s: &String| self.one_of.is_empty() || self.one_of.contains(s);
        (!texts(node).iter().all(allowed)).then(|| format!("may not hold {}", written(node)))
    }

    fn bounds(&self) -> Option<String> {
        let mut parts = Vec::new();
        if let Some(b) = &self.at_least {
            parts.push(format!("at least {}", written(b)));
        }
        if let Some(b) = &self.at_most {
            parts.push(format!("at most {}", written(b)));
        }
        if !self.one_of.is_empty() {
            parts.push(format!("one of {}", self.one_of.join(", ")));
        }
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    fn stance(&self) -> Stance {
        use std::cmp::Ordering::{Greater, Less};
        if written(&self.value) == written(&self.default) {
            return Stance::Default;
        }
        let order =
            measure(self.kind, &self.value).zip(measure(self.kind, &self.default)).map(|(v, d)| v.cmp(&d));
        match (self.stricter, order) {
            (Some("lower"), Some(Less)) | (Some("higher"), Some(Greater)) => Stance::Stricter,
            (Some("lower" | "higher"), Some(_)) => Stance::Looser,
            (Some("subset"), _) => {
                let default = texts(&self.default);
                let within = texts(&self.value).iter().all(|t| default.contains(t));
                if within { Stance::Stricter } else { Stance::Looser }
            }
            _ => Stance::Changed,
        }
    }
}

fn declare(name: &str, table: &Table, out: &mut Diagnostics) -> Option<Declared> {
    let r = Reader::new(table, "a parameter", out);
    let kind = r.word("type", TYPES, |w| TYPES.iter().find(|t| **t == w).copied());
    if table.get("type").is_none() {
        r.missing("type", "one of duration, integer, size, percent, string, list, boolean");
    }
    let default = r.node("default").cloned();
    if default.is_none() {
        r.missing("default", "the value in force unless somebody sets another");
    }
    let at_most = r.node("at_most").cloned();
    let at_least = r.node("at_least").cloned();
    let one_of = r.strings("one_of").into_iter().map(|s| s.value).collect();
    let sides = ["lower", "higher", "subset"];
    let stricter = r.word("stricter", &sides, |w| sides.into_iter().find(|s| *s == w)).map(|w| w.value);
    let _ = r.string("about");
    let declared = kind.zip(default).map(|(kind, default)| Declared {
        name: name.to_owned(),
        kind: kind.value,
        value: default.clone(),
        default,
        at_most,
        at_least,
        one_of,
        stricter,
    });
    if let Some(d) = &declared {
        for node in [Some(&d.default), d.at_most.as_ref(), d.at_least.as_ref()].into_iter().flatten() {
            if !fits(d.kind, node) {
                r.report(
                    Diagnostic::error("wrong-type", format!("`{name}` is a {}", d.kind))
                        .at(node.at.clone(), "another type"),
                );
            }
        }
    }
    r.finish();
    declared
}

/// Whether a value is of a type.
fn fits(kind: &str, node: &Node) -> bool {
    match (kind, &node.value) {
        ("string", Value::String(_)) | ("boolean", Value::Boolean(_)) => true,
        ("list", Value::Array(items)) => items.iter().all(|i| matches!(i.value, Value::String(_))),
        _ => measure(kind, node).is_some(),
    }
}

/// A value as a number, for types that have an order.
fn measure(kind: &str, node: &Node) -> Option<i128> {
    match (kind, &node.value) {
        ("integer", Value::Integer(i)) => Some((*i).into()),
        ("duration", Value::String(s)) => parse_duration(s).map(Into::into),
        ("size", Value::String(s)) => parse_size(s).map(Into::into),
        ("percent", Value::String(s)) => parse_ppm(s).map(Into::into),
        _ => None,
    }
}

fn texts(node: &Node) -> Vec<String> {
    match &node.value {
        Value::String(s) => vec![s.clone()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// A value as its author would write it.
fn written(node: &Node) -> String {
    match &node.value {
        Value::String(s) | Value::Datetime(s) => s.clone(),
        Value::Integer(i) => i.to_string(),
        Value::Float(f) => f.to_string(),
        Value::Boolean(b) => b.to_string(),
        Value::Array(items) => format!("[{}]", items.iter().map(written).collect::<Vec<_>>().join(", ")),
        Value::Table(_) => "{...}".to_owned(),
    }
}

//! Parameters of a policy: typed, bounded, and comparable with their default.
//!
//! The policy that introduces a parameter declares it (a table with `type`); policies that extend it and
//! the project may only set it, within the bounds. A policy that extends may declare it again to narrow
//! the bounds.

use super::kind::{Kind, Stricter, TYPES, Typed, show};
use crate::model::diagnostic::{Diagnostic, Diagnostics, Place, closest};
use crate::model::policy::{Parameter, Stance};
use crate::model::table::{Node, Reader, Table, Value};
use std::cell::Cell;
use std::cmp::Ordering;
use std::collections::BTreeSet;

#[derive(Debug, Clone)]
struct Bound {
    limit: i128,
    shown: String,
    at: Place,
}

/// A parameter that some policy declares.
#[derive(Debug, Clone)]
struct Declared {
    name: String,
    kind: Kind,
    stricter: Option<Stricter>,
    at_most: Option<Bound>,
    at_least: Option<Bound>,
    one_of: Option<(BTreeSet<String>, Place)>,
    /// The words of `one_of` as first written, which is their order.
    order: Vec<String>,
    default: Node,
    value: Node,
    /// Policies (by index) that declared or set it, the last one to set the value in force last.
    layers: Vec<usize>,
    /// Whether a rule names it.
    used: Cell<bool>,
    at: Place,
}

/// All parameters of the policies that were asked for.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    list: Vec<Declared>,
    /// Names whose declaration is wrong: known, so that no second error is made of them.
    broken: BTreeSet<String>,
}

impl Parameters {
    /// Takes in `[parameters]` of a policy. `ancestors` are the policies it extends, in any number of steps.
    pub(super) fn layer(
        &mut self,
        index: usize,
        ancestors: &BTreeSet<usize>,
        entries: &[(String, Place, Node)],
        out: &mut Diagnostics,
    ) {
        for (name, place, node) in entries {
            match &node.value {
                Value::Table(table) => self.declare(name, place, table, index, ancestors, out),
                _ => self.set(name, place, node, Some((index, ancestors)), out),
            }
        }
    }

    /// Takes in `[parameters]` of the project file.
    pub(super) fn project(&mut self, entries: &[(String, Node)], out: &mut Diagnostics) {
        for (name, node) in entries {
            self.set(name, &node.at, node, None, out);
        }
    }

    /// The value in force, `Ok(None)` if the declaration is wrong, `Err` with a suggestion if there is none.
    pub(super) fn value(&self, name: &str) -> Result<Option<&Node>, Option<&str>> {
        if let Some(found) = self.list.iter().find(|d| d.name == name) {
            found.used.set(true);
            return Ok(Some(&found.value));
        }
        if self.broken.contains(name) {
            return Ok(None);
        }
        let broken = self.broken.iter().map(String::as_str);
        Err(closest(name, self.list.iter().map(|d| d.name.as_str()).chain(broken)))
    }

    /// Warns of parameters that no rule names.
    pub(super) fn unused(&self, out: &mut Diagnostics) {
        for d in self.list.iter().filter(|d| !d.used.get()) {
            out.push(
                Diagnostic::warning("unused-parameter", format!("no rule uses the parameter `{}`", d.name))
                    .at(d.at.clone(), "setting it changes nothing"),
            );
        }
    }

    /// As recorded in the policy, by name.
    pub(super) fn finish(mut self) -> Vec<Parameter> {
        self.list.sort_by(|a, b| a.name.cmp(&b.name));
        self.list
            .into_iter()
            .map(|d| Parameter {
                value: show(&d.value),
                default: show(&d.default),
                bounds: d.bounds(),
                stance: d.stance(),
                name: d.name,
            })
            .collect()
    }

    fn declare(
        &mut self,
        name: &str,
        place: &Place,
        table: &Table,
        index: usize,
        ancestors: &BTreeSet<usize>,
        out: &mut Diagnostics,
    ) {
        let Some(declared) = read(name, place, table, index, out) else {
            self.broken.insert(name.to_owned());
            return;
        };
        let Some(old) = self.list.iter_mut().find(|d| d.name == name) else {
            self.list.push(declared);
            return;
        };
        let inherited = old.layers.first().is_some_and(|first| ancestors.contains(first));
        if !inherited || old.kind != declared.kind {
            let (why, help) = if inherited {
                ("has another type here", "an inherited parameter keeps its type")
            } else {
                ("is declared twice", "policies that do not extend each other need names of their own")
            };
            out.push(
                Diagnostic::error("duplicate-parameter", format!("parameter `{name}` {why}"))
                    .at(place.clone(), "declared again here")
                    .related(old.at.clone(), "first declared here")
                    .help(help),
            );
            return;
        }
        if let Some(problem) = old.narrow(&declared) {
            out.push(problem);
            return;
        }
        self.set(name, place, &declared.default, Some((index, ancestors)), out);
    }

    fn set(
        &mut self,
        name: &str,
        place: &Place,
        node: &Node,
        by: Option<(usize, &BTreeSet<usize>)>,
        out: &mut Diagnostics,
    ) {
        let Some(declared) = self.list.iter_mut().find(|d| d.name == name) else {
            if self.broken.contains(name) {
                return;
            }
            let problem = Diagnostic::error("unknown-parameter", format!("there is no parameter `{name}`"))
                .at(place.clone(), "no policy declares it");
            let names: Vec<&str> = self.list.iter().map(|d| d.name.as_str()).collect();
            out.push(match closest(name, names.iter().copied()) {
                Some(meant) => problem.help(format!("did you mean `{meant}`?")),
                None if names.is_empty() => problem,
                None => problem.help(format!("parameters: {}", names.join(", "))),
            });
            return;
        };
        let Some(typed) = declared.kind.read(node) else {
            out.push(wrong_type(name, declared.kind, node));
            return;
        };
        if let Some(problem) = declared.outside(&typed, node) {
            out.push(problem);
            return;
        }
        if let Some((index, ancestors)) = by {
            // Two policies that know nothing of each other may both set it: the stricter value holds.
            let overrides = declared.layers.last().is_none_or(|last| ancestors.contains(last));
            if !overrides {
                match declared.compare(&typed, &declared.value) {
                    Stance::Stricter => {}
                    Stance::Default | Stance::Looser => return,
                    Stance::Changed => {
                        out.push(
                            Diagnostic::error(
                                "conflicting-parameter",
                                format!("two policies set `{name}` to different values"),
                            )
                            .at(place.clone(), "this policy")
                            .related(declared.value.at.clone(), "the other policy")
                            .help("neither value is the stricter one: use the policies one at a time"),
                        );
                        return;
                    }
                }
            }
            declared.layers.push(index);
        }
        declared.value = node.clone();
    }
}

impl Declared {
    /// How a value compares with another one of this parameter.
    fn compare(&self, typed: &Typed, with: &Node) -> Stance {
        let Some(other) = self.kind.read(with) else { return Stance::Changed };
        if *typed == other {
            return Stance::Default;
        }
        let order = match (typed, &other, self.stricter) {
            (Typed::Number(a), Typed::Number(b), Some(Stricter::Lower)) => Some(a.cmp(b)),
            (Typed::Number(a), Typed::Number(b), Some(Stricter::Higher)) => Some(b.cmp(a)),
            (Typed::Words(a), Typed::Words(b), Some(Stricter::Subset)) if a.is_subset(b) => {
                Some(Ordering::Less)
            }
            (Typed::Words(a), Typed::Words(b), Some(Stricter::Subset)) if b.is_subset(a) => {
                Some(Ordering::Greater)
            }
            (Typed::Words(a), Typed::Words(b), Some(side)) if self.kind == Kind::Text => {
                let rank =
                    |words: &BTreeSet<String>| self.order.iter().position(|o| words.contains(o.as_str()));
                let order = rank(a).zip(rank(b)).map(|(a, b)| a.cmp(&b));
                if side == Stricter::Higher { order.map(Ordering::reverse) } else { order }
            }
            _ => None,
        };
        match order {
            Some(Ordering::Less) => Stance::Stricter,
            Some(Ordering::Greater) => Stance::Looser,
            _ => Stance::Changed,
        }
    }

    fn stance(&self) -> Stance {
        self.kind.read(&self.value).map_or(Stance::Changed, |typed| self.compare(&typed, &self.default))
    }

    fn bounds(&self) -> Option<String> {
        let mut parts = Vec::new();
        if let Some(bound) = &self.at_least {
            parts.push(format!("at least {}", bound.shown));
        }
        if let Some(bound) = &self.at_most {
            parts.push(format!("at most {}", bound.shown));
        }
        if let Some((words, _)) = &self.one_of {
            parts.push(format!("one of {}", words.iter().cloned().collect::<Vec<_>>().join(", ")));
        }
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    /// A problem if the value is outside the bounds.
    fn outside(&self, typed: &Typed, node: &Node) -> Option<Diagnostic> {
        let problem = |bound: &Place, rule: String| {
            let message = format!("`{}` of parameter `{}` is out of bounds", show(node), self.name);
            Diagnostic::error("out-of-bounds", message)
                .at(node.at.clone(), rule)
                .related(bound.clone(), "the bound is stated here")
        };
        match typed {
            Typed::Number(n) => {
                if let Some(bound) = self.at_most.as_ref().filter(|b| *n > b.limit) {
                    return Some(problem(&bound.at, format!("at most {}", bound.shown)));
                }
                let bound = self.at_least.as_ref().filter(|b| *n < b.limit)?;
                Some(problem(&bound.at, format!("at least {}", bound.shown)))
            }
            Typed::Words(words) => {
                let (allowed, place) = self.one_of.as_ref()?;
                let stray = words.difference(allowed).next()?;
                let list = allowed.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
                Some(problem(place, format!("`{stray}` is not one of {list}")))
            }
        }
    }

    /// Takes over the narrower bounds of a second declaration; a problem if one is wider.
    fn narrow(&mut self, by: &Declared) -> Option<Diagnostic> {
        let wider = |at: &Place, old: &Place| {
            Diagnostic::error("loosened", format!("the bounds of parameter `{}` get wider", self.name))
                .at(at.clone(), "wider than inherited")
                .related(old.clone(), "inherited bound")
                .help("a policy that extends another one can only narrow its bounds")
        };
        if let (Some(old), Some(new)) = (&self.at_most, &by.at_most)
            && new.limit > old.limit
        {
            return Some(wider(&new.at, &old.at));
        }
        if let (Some(old), Some(new)) = (&self.at_least, &by.at_least)
            && new.limit < old.limit
        {
            return Some(wider(&new.at, &old.at));
        }
        if let (Some((old, at)), Some((new, new_at))) = (&self.one_of, &by.one_of)
            && !new.is_subset(old)
        {
            return Some(wider(new_at, at));
        }
        if by.stricter.is_some() && by.stricter != self.stricter {
            return Some(
                Diagnostic::error("loosened", format!("`stricter` of parameter `{}` changes", self.name))
                    .at(by.at.clone(), "declared again here")
                    .related(self.at.clone(), "first declared here"),
            );
        }
        self.at_most = by.at_most.clone().or_else(|| self.at_most.take());
        self.at_least = by.at_least.clone().or_else(|| self.at_least.take());
        self.one_of = by.one_of.clone().or_else(|| self.one_of.take());
        None
    }
}

fn read(name: &str, place: &Place, table: &Table, index: usize, out: &mut Diagnostics) -> Option<Declared> {
    let reader = Reader::new(table, "a parameter", out);
    let words: Vec<&'static str> = TYPES.iter().map(|(word, ..)| *word).collect();
    let kind =
        reader.word("type", &words, |w| TYPES.iter().find(|(word, ..)| *word == w).map(|(_, kind, _)| *kind));
    if table.get("type").is_none() {
        reader.missing("type", &format!("one of {}", words.join(", ")));
    }
    let default = reader.node("default");
    if default.is_none() {
        reader.missing("default", "the value that holds unless another one is set");
    }
    let stricter = reader.word("stricter", &["lower", "higher", "subset"], Stricter::parse);
    let bounds = [reader.node("at_most"), reader.node("at_least")];
    let one_of = reader.node("one_of");
    let _ = reader.string("about");
    let kind = kind?.value;
    let fits = match stricter.as_ref().map(|s| s.value) {
        Some(Stricter::Subset) => kind == Kind::List,
        Some(_) => kind.ordered() || kind == Kind::Flag || (kind == Kind::Text && one_of.is_some()),
        None => true,
    };
    if let Some(stricter) = stricter.as_ref().filter(|_| !fits) {
        reader.report(
            Diagnostic::error("wrong-value", "this type has no such stricter side")
                .at(stricter.at.clone(), "does not fit the type")
                .help("`lower` and `higher` are for what has an order (strings in the order of their `one_of`), `subset` is for lists"),
        );
    }
    let mut limits = bounds.into_iter().map(|node| {
        let node = node?;
        match kind.read(node) {
            Some(Typed::Number(limit)) if kind.ordered() => {
                Some(Bound { limit, shown: show(node), at: node.at.clone() })
            }
            _ => {
                reader.report(wrong_type(name, kind, node));
                None
            }
        }
    });
    let (at_most, at_least) = (limits.next().flatten(), limits.next().flatten());
    drop(limits);
    let order = one_of.map(words_in_order).unwrap_or_default();
    let one_of = one_of.and_then(|node| match (Kind::List.read(node), kind) {
        (Some(Typed::Words(words)), Kind::Text | Kind::List) => Some((words, node.at.clone())),
        _ => {
            reader.report(
                Diagnostic::error("wrong-type", "`one_of` is a list of strings, for a string or a list")
                    .at(node.at.clone(), "does not fit the type"),
            );
            None
        }
    });
    reader.finish();
    let default = default?;
    let Some(typed) = kind.read(default) else {
        out.push(wrong_type(name, kind, default));
        return None;
    };
    let declared = Declared {
        name: name.to_owned(),
        kind,
        stricter: stricter.map(|s| s.value),
        at_most,
        at_least,
        one_of,
        order,
        default: default.clone(),
        value: default.clone(),
        layers: vec![index],
        used: Cell::new(false),
        at: place.clone(),
    };
    if let Some(problem) = declared.outside(&typed, default) {
        out.push(problem);
        return None;
    }
    Some(declared)
}

fn words_in_order(node: &Node) -> Vec<String> {
    let Value::Array(items) = &node.value else { return Vec::new() };
    let text = |item: &Node| match &item.value {
        Value::String(s) => Some(s.clone()),
        _ => None,
    };
    items.iter().filter_map(text).collect()
}

fn wrong_type(name: &str, kind: Kind, node: &Node) -> Diagnostic {
    Diagnostic::error("wrong-type", format!("parameter `{name}` is {}", kind.wanted()))
        .at(node.at.clone(), format!("expected {}", kind.wanted()))
}

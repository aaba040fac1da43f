//! Sector policies: files that extend each other, resolved into one list of rules with values filled in.
//!
//! A policy that extends another may set its parameters within bounds and add to its rules; it cannot
//! loosen them. Two policies with a common ancestor load it once. What they both say holds together:
//! the stricter value, the higher severity, the tighter evidence.

mod cases;
mod controls;
mod evidence;
mod kind;
mod parameter;
mod rule;
mod strict;
#[cfg(test)]
mod tests;

use crate::model::diagnostic::{Diagnostic, Diagnostics, Place, SourceText, closest};
use crate::model::policy::{Policy, PolicyLayer};
use crate::model::table::{At, Node, Reader, Table};
use crate::model::text::hex;
use chrono::NaiveDate;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Most files one policy may be made from.
const MOST_LAYERS: usize = 64;

/// The policies compiled in: id and text.
static EMBEDDED: &[(&str, &str)] = &[
    ("baseline", include_str!("../../policies/baseline.toml")),
    ("defense", include_str!("../../policies/defense.toml")),
    ("finance", include_str!("../../policies/finance.toml")),
    ("healthcare", include_str!("../../policies/healthcare.toml")),
];

/// The policies compiled in: id and text.
#[must_use]
pub fn embedded() -> &'static [(&'static str, &'static str)] {
    EMBEDDED
}

/// Loads the policies that were asked for (ids or paths, each with the place that asks) and everything
/// they extend, and resolves them into one. `find` hands out the text behind an id or path, `parameters`
/// are those of the project file, `checks` the ids of the checks there are.
///
/// `None` if anything is wrong; every problem is added to `out`.
#[must_use]
pub fn load(
    ids: &[(String, Option<Place>)],
    find: &dyn Fn(&str) -> Option<Arc<SourceText>>,
    parameters: &[(String, Node)],
    checks: &[&str],
    out: &mut Diagnostics,
) -> Option<Policy> {
    let mut found = Diagnostics::default();
    let policy = resolve(ids, find, parameters, checks, &mut found);
    let failed = found.has_errors();
    out.list.append(&mut found.list);
    if failed { None } else { policy }
}

fn resolve(
    ids: &[(String, Option<Place>)],
    find: &dyn Fn(&str) -> Option<Arc<SourceText>>,
    values: &[(String, Node)],
    checks: &[&str],
    out: &mut Diagnostics,
) -> Option<Policy> {
    let mut files = Files { find, layers: Vec::new(), trail: Vec::new() };
    let asked: Vec<usize> = ids.iter().filter_map(|(id, at)| files.layer(id, at.as_ref(), out)).collect();
    let known = controls::Controls::embedded(out);

    let mut parameters = parameter::Parameters::default();
    for (index, layer) in files.layers.iter().enumerate() {
        if let Some(table) = &layer.parameters {
            parameters.layer(index, &layer.ancestors, &table.entries, out);
        }
    }
    // With a policy missing, every parameter of it would be reported as unknown.
    if asked.len() == ids.len() {
        parameters.project(values, out);
    }
    let mut rules = rule::Rules::default();
    let context = rule::Context { parameters: &parameters, checks, known: &known };
    for (index, layer) in files.layers.iter().enumerate() {
        for table in &layer.rules {
            rules.add(table, &layer.id, index, &layer.ancestors, &context, out);
        }
    }
    if !out.has_errors() {
        parameters.unused(out);
    }
    let layers = &files.layers;
    let first = layers.get(*asked.first()?)?;
    let mut names: Vec<&str> = Vec::new();
    for id in asked.iter().filter_map(|index| layers.get(*index)).map(|layer| layer.id.as_str()) {
        if !names.contains(&id) {
            names.push(id);
        }
    }
    let blanket: Vec<bool> = layers.iter().filter_map(|layer| layer.blanket).collect();
    Some(Policy {
        id: names.join("+"),
        version: first.version.clone(),
        as_of: layers.iter().map(|layer| layer.as_of).min()?,
        layers: layers.iter().map(Layer::record).collect(),
        parameters: parameters.finish(),
        altered: std::mem::take(&mut rules.altered),
        rules: rules.finish(),
        max_waiver_days: layers.iter().filter_map(|layer| layer.max_days).min(),
        blanket_waivers: !blanket.is_empty() && blanket.iter().all(|allowed| *allowed),
    })
}

/// One policy file, read.
struct Layer {
    asked: String,
    id: String,
    version: String,
    as_of: NaiveDate,
    ancestors: BTreeSet<usize>,
    max_days: Option<i64>,
    blanket: Option<bool>,
    parameters: Option<Table>,
    rules: Vec<Table>,
    source: Arc<SourceText>,
    embedded: bool,
}

impl Layer {
    fn record(&self) -> PolicyLayer {
        PolicyLayer {
            id: self.id.clone(),
            version: self.version.clone(),
            file: self.source.name.clone(),
            sha256: hex(Sha256::digest(self.source.text.as_bytes())),
            embedded: self.embedded,
        }
    }
}

/// Policy files as they are found, ancestors before those that extend them.
struct Files<'a> {
    find: &'a dyn Fn(&str) -> Option<Arc<SourceText>>,
    layers: Vec<Layer>,
    /// Policies that are being read, each extended by the one before.
    trail: Vec<(String, Option<Place>)>,
}

impl Files<'_> {
    /// The number of the layer of that id, after reading it and everything it extends.
    fn layer(&mut self, id: &str, at: Option<&Place>, out: &mut Diagnostics) -> Option<usize> {
        let place = |problem: Diagnostic, label: &str| match at {
            Some(at) => problem.at(at.clone(), label),
            None => problem,
        };
        if let Some(done) = self.layers.iter().position(|layer| layer.asked == id) {
            return Some(done);
        }
        if let Some(start) = self.trail.iter().position(|(name, _)| name == id) {
            let mut names: Vec<&str> = self.trail.iter().skip(start).map(|(name, _)| name.as_str()).collect();
            names.push(id);
            let problem = Diagnostic::error("policy-cycle", format!("policy `{id}` extends itself"))
                .help(format!("the way round: {}", names.join(" -> ")));
            let problem = place(problem, "extends it again here");
            let next = self.trail.get(start + 1).and_then(|(_, at)| at.clone());
            out.push(match next {
                Some(next) => problem.related(next, "the way round begins here"),
                None => problem,
            });
            return None;
        }
        if self.layers.len() + self.trail.len() >= MOST_LAYERS {
            let problem = Diagnostic::error("too-many-policies", "too many policies extend each other");
            out.push(place(problem, &format!("at most {MOST_LAYERS} files")));
            return None;
        }
        // A file cannot take the place of a policy that is compiled in.
        let shipped = EMBEDDED.iter().find(|(name, _)| *name == id);
        let source = match shipped {
            Some((name, text)) => Some(SourceText::new(format!("policies/{name}.toml"), *text)),
            None => (self.find)(id),
        };
        let Some(source) = source else {
            let problem = Diagnostic::error("unknown-policy", format!("there is no policy `{id}`"));
            let help = closest(id, EMBEDDED.iter().map(|(name, _)| *name)).map_or_else(
                || "name a policy file, or one of those compiled in: `domicile list policies`".to_owned(),
                |meant| format!("did you mean `{meant}`?"),
            );
            out.push(place(problem, "not found").help(help));
            return None;
        };
        self.trail.push((id.to_owned(), at.cloned()));
        let layer = self.read(id, source, shipped.is_some(), out);
        self.trail.pop();
        let layer = layer?;
        if !layer.embedded && EMBEDDED.iter().any(|(name, _)| *name == layer.id) {
            out.push(
                Diagnostic::error("duplicate", format!("policy `{}` is compiled in", layer.id))
                    .at(Place { source: Arc::clone(&layer.source), span: 0..0 }, "this file takes its id")
                    .help("give this one an id of its own, and `extends` what it builds on"),
            );
            return None;
        }
        if let Some(other) = self.layers.iter().find(|other| other.id == layer.id) {
            out.push(
                Diagnostic::error("duplicate", format!("two files are policy `{}`", layer.id))
                    .at(Place { source: Arc::clone(&layer.source), span: 0..0 }, "this file")
                    .related(Place { source: Arc::clone(&other.source), span: 0..0 }, "and this one"),
            );
            return None;
        }
        self.layers.push(layer);
        self.layers.len().checked_sub(1)
    }

    fn read(
        &mut self,
        asked: &str,
        source: Arc<SourceText>,
        embedded: bool,
        out: &mut Diagnostics,
    ) -> Option<Layer> {
        let before = out.list.len();
        let root = Table::parse(&source, out);
        if out.list.len() > before {
            return None;
        }
        let reader = Reader::new(&root, "a policy file", out);
        let head = reader.nested_table("policy");
        if root.get("policy").is_none() {
            reader.report(
                Diagnostic::error("missing-key", "a policy file needs a `[policy]` table")
                    .at(Place { source: Arc::clone(&source), span: 0..0 }, "`[policy]` is missing"),
            );
        }
        let parameters = reader.nested_table("parameters").cloned();
        let rules: Vec<Table> = reader.tables("rule").into_iter().cloned().collect();
        reader.finish();

        let reader = Reader::new(head?, "[policy]", out);
        let id = reader.required("id", "the name that others extend it by");
        let version = reader.required("version", "for example \"2026.11.0\"");
        let as_of = reader.date("as_of");
        if head?.get("as_of").is_none() {
            reader.missing("as_of", "the day up to which its knowledge holds, as 2026-11-23");
        }
        let _ = reader.string("title");
        let extends = reader.strings("extends");
        let waivers = reader.nested_table("waivers");
        reader.finish();
        let (max_days, blanket) = waivers.map_or((None, None), |table| {
            let reader = Reader::new(table, "`waivers`", out);
            let days = reader.integer("max_days");
            if days.is_some_and(|days| days < 0) {
                reader.report(
                    Diagnostic::error("wrong-value", "`max_days` is a number of days, 0 or more")
                        .at(table.key_place("max_days"), "less than nothing"),
                );
            }
            let blanket = reader.boolean("blanket");
            reader.finish();
            (days, blanket)
        });
        let mut ancestors = BTreeSet::new();
        for At { value, at } in &extends {
            let Some(index) = self.layer(value, Some(at), out) else { continue };
            ancestors.insert(index);
            if let Some(parent) = self.layers.get(index) {
                ancestors.extend(parent.ancestors.iter().copied());
            }
        }
        let id = super::project::identifier(id?, out)?;
        let is_path = asked.contains(['/', '\\']) || asked.ends_with(".toml");
        if !is_path && id.value != asked {
            out.push(
                Diagnostic::error("wrong-id", format!("this file is policy `{}`, not `{asked}`", id.value))
                    .at(id.at, format!("asked for as `{asked}`")),
            );
            return None;
        }
        Some(Layer {
            asked: asked.to_owned(),
            id: id.value,
            version: version?.value,
            as_of: as_of?.value,
            ancestors,
            max_days,
            blanket,
            parameters,
            rules,
            source,
            embedded,
        })
    }
}

//! Sector policies: TOML files that extend each other, resolved into one [`Policy`].
//!
//! A policy that extends another may only make it stricter: it adds rules and controls, raises a
//! severity, tightens required evidence, and sets parameters within their bounds. Removing or loosening
//! is an error, so that what a reader knows of the base holds of everything built on it.

mod controls;
mod evidence;
mod parameters;
mod rule;

use crate::model::diagnostic::{Diagnostic, Place, closest};
use crate::model::policy::{Policy, PolicyLayer};
use crate::model::table::{Node, Reader, Table};
use crate::model::{Diagnostics, SourceText};
use chrono::NaiveDate;
use controls::Controls;
use parameters::Parameters;
use rule::RawRule;
use sha2::{Digest, Sha256};
use std::sync::Arc;

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

/// Loads policies by id, or by what `find` makes of it, with everything they extend, and fills in
/// parameters. Reports every problem; `None` if there was an error.
#[must_use]
pub fn load(
    ids: &[(String, Option<Place>)],
    find: &dyn Fn(&str) -> Option<Arc<SourceText>>,
    parameters: &[(String, Node)],
    checks: &[&str],
    out: &mut Diagnostics,
) -> Option<Policy> {
    let before = out.list.len();
    let mut stack = Stack { find, files: Vec::new(), open: Vec::new(), out };
    for (id, at) in ids {
        stack.visit(id, at.as_ref());
    }
    let files = stack.files;
    let mut values = Parameters::default();
    let mut rules: Vec<RawRule> = Vec::new();
    for file in &files {
        values.read(file.table.get("parameters"), out);
        for table in &file.rules {
            rule::read(table, &file.id, &mut rules, out);
        }
    }
    values.set(parameters, out);
    let controls = Controls::embedded(out);
    let rules = rules.iter().filter_map(|r| r.bind(&values, &controls, checks, out)).collect();
    let failed = out.list.iter().skip(before).any(|d| d.level == crate::model::Level::Error);
    let first = files.iter().rev().find(|f| ids.iter().any(|(id, _)| *id == f.asked))?;
    (!failed).then(|| Policy {
        id: ids
            .iter()
            .filter_map(|(id, _)| files.iter().find(|f| f.asked == *id))
            .map(|f| f.id.as_str())
            .collect::<Vec<_>>()
            .join("+"),
        version: first.version.clone(),
        as_of: files.iter().map(|f| f.as_of).min().unwrap_or(first.as_of),
        layers: files
            .iter()
            .map(|f| PolicyLayer {
                id: f.id.clone(),
                version: f.version.clone(),
                file: f.source.name.clone(),
                sha256: Sha256::digest(f.source.text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect(),
                embedded: f.embedded,
            })
            .collect(),
        parameters: values.in_force(),
        rules,
        // The strictest of all files holds.
        max_waiver_days: files.iter().filter_map(|f| f.max_waiver_days).min(),
        blanket_waivers: files.iter().any(|f| f.blanket == Some(true))
            && files.iter().all(|f| f.blanket != Some(false)),
    })
}

/// A policy file, its head read.
struct PolicyFile {
    /// The id or path it was asked by.
    asked: String,
    id: String,
    version: String,
    as_of: NaiveDate,
    source: Arc<SourceText>,
    embedded: bool,
    table: Table,
    rules: Vec<Table>,
    max_waiver_days: Option<i64>,
    blanket: Option<bool>,
}

/// Files in the order in which they apply: what is extended comes first.
struct Stack<'f, 'd> {
    find: &'f dyn Fn(&str) -> Option<Arc<SourceText>>,
    files: Vec<PolicyFile>,
    open: Vec<String>,
    out: &'d mut Diagnostics,
}

impl Stack<'_, '_> {
    fn visit(&mut self, asked: &str, at: Option<&Place>) {
        if self.files.iter().any(|f| f.asked == asked) {
            return;
        }
        let mut report = |mut problem: Diagnostic| {
            if let Some(at) = at {
                problem = problem.at(at.clone(), "asked for here");
            }
            self.out.push(problem);
        };
        if self.open.iter().any(|o| o == asked) {
            let chain = self.open.join("` extends `");
            return report(Diagnostic::error("policy-cycle", format!("`{chain}` extends `{asked}` again")));
        }
        let shipped = EMBEDDED.iter().find(|(id, _)| *id == asked);
        let source = match shipped {
            Some((id, text)) => SourceText::new(format!("policies/{id}.toml"), *text),
            None => match (self.find)(asked) {
                Some(source) => source,
                None => {
                    let help = closest(asked, EMBEDDED.iter().map(|(id, _)| *id)).map_or_else(
                        || {
                            "name a policy file, or one of those compiled in: `domicile list policies`"
                                .to_owned()
                        },
                        |meant| format!("did you mean `{meant}`?"),
                    );
                    return report(
                        Diagnostic::error("unknown-policy", format!("there is no policy `{asked}`"))
                            .help(help),
                    );
                }
            },
        };
        self.open.push(asked.to_owned());
        let table = Table::parse(&source, self.out);
        if let Some((file, extends)) = head(asked, source, shipped.is_some(), table, self.out) {
            for (base, place) in extends {
                self.visit(&base, Some(&place));
            }
            self.files.push(file);
        }
        self.open.pop();
    }
}

fn head(
    asked: &str,
    source: Arc<SourceText>,
    embedded: bool,
    table: Table,
    out: &mut Diagnostics,
) -> Option<(PolicyFile, Vec<(String, Place)>)> {
    let root = Reader::new(&table, "a policy file", out);
    let rules = root.tables("rule").into_iter().cloned().collect();
    let _ = root.node("parameters");
    let Some(policy) = root.nested_table("policy") else {
        if table.get("policy").is_none() {
            root.missing("policy", "begin with [policy], id, version and as_of");
        }
        root.finish();
        return None;
    };
    let read = root.nested(|out| {
        let r = Reader::new(policy, "[policy]", out);
        let id = r.required("id", "a short kebab-case name");
        let version = r.required("version", "for example \"2026.11.0\"");
        let as_of = r.date("as_of");
        if policy.get("as_of").is_none() {
            r.missing("as_of", "the date up to which the policy's knowledge holds, for example 2026-11-23");
        }
        let _ = r.string("title");
        let extends: Vec<_> = r.strings("extends").into_iter().map(|e| (e.value, e.at)).collect();
        let waivers = r.nested_table("waivers").map(|t| {
            r.nested(|out| {
                let w = Reader::new(t, "`waivers`", out);
                let both = (w.integer("max_days"), w.boolean("blanket"));
                w.finish();
                both
            })
        });
        r.finish();
        Some((id?.value, version?.value, as_of?.value, extends, waivers.unwrap_or((None, None))))
    });
    root.finish();
    let (id, version, as_of, extends, (max_waiver_days, blanket)) = read?;
    let asked = asked.to_owned();
    let file =
        PolicyFile { asked, id, version, as_of, source, embedded, table, rules, max_waiver_days, blanket };
    Some((file, extends))
}

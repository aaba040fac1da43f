//! `[[rule]]`: reading one, filling in parameters, and what a policy may change about an inherited rule.
//!
//! An inherited rule may get more controls, a higher severity, tighter evidence and further words; its
//! check, what it is checked with, and its title stay. That keeps "this rule passed" meaning one thing.

use super::cases;
use super::controls::Controls;
use super::evidence;
use super::parameter::Parameters;
use crate::model::diagnostic::{Diagnostic, Diagnostics, Place, closest};
use crate::model::policy::{ControlRef, Requirement, Rule, Severity};
use crate::model::table::{At, Node, Reader, Table, Value};
use std::collections::BTreeSet;

/// Kinds of implementation specification (45 CFR 164.306(d)).
const SPECIFICATIONS: [&str; 2] = ["required", "addressable"];

/// What reading rules needs to know.
pub(super) struct Context<'a> {
    /// Values of parameters.
    pub(super) parameters: &'a Parameters,
    /// Ids of the checks there are.
    pub(super) checks: &'a [&'a str],
    /// Controls of the catalogues.
    pub(super) known: &'a Controls,
}

/// A rule, and which policies said what about its severity and evidence.
struct Built {
    rule: Rule,
    said: Vec<(usize, Severity, Requirement, Place)>,
}

/// All rules so far.
#[derive(Default)]
pub(super) struct Rules {
    list: Vec<Built>,
}

impl Rules {
    /// Takes in one `[[rule]]` of the policy `policy` with number `index`.
    pub(super) fn add(
        &mut self,
        table: &Table,
        policy: &str,
        index: usize,
        ancestors: &BTreeSet<usize>,
        context: &Context<'_>,
        out: &mut Diagnostics,
    ) {
        let id = match table.get("id").map(|n| &n.value) {
            Some(Value::String(id)) => id.as_str(),
            _ => "",
        };
        let Some(old) = self.list.iter_mut().find(|b| b.rule.id == id) else {
            if let Some(rule) = state(table, policy, context, out) {
                let said = vec![(index, rule.severity, rule.needs.clone(), rule.at.clone())];
                self.list.push(Built { rule, said });
            }
            return;
        };
        if old.said.first().is_some_and(|(first, ..)| ancestors.contains(first)) {
            old.restate(table, index, ancestors, context, out);
        } else {
            out.push(
                Diagnostic::error("duplicate", format!("rule `{id}` is there twice"))
                    .at(table.key_place("id"), "again here")
                    .related(old.rule.at.clone(), "first here")
                    .help("only a policy that extends the other one can add to its rules"),
            );
        }
    }

    /// The rules, in order.
    pub(super) fn finish(self) -> Vec<Rule> {
        self.list.into_iter().map(|b| b.rule).collect()
    }
}

impl Built {
    fn restate(
        &mut self,
        table: &Table,
        index: usize,
        ancestors: &BTreeSet<usize>,
        context: &Context<'_>,
        out: &mut Diagnostics,
    ) {
        for key in ["title", "check", "with"] {
            if table.get(key).is_some() {
                out.push(
                    Diagnostic::error(
                        "inherited-rule",
                        format!("`{key}` of an inherited rule cannot be changed"),
                    )
                    .at(table.key_place(key), "stated again here")
                    .related(self.rule.at.clone(), "the rule is stated here")
                    .help(
                        "an inherited rule can get more `controls`, a higher `severity`, tighter `evidence`, \
                             further `why` and `fix`; anything else needs a rule with an id of its own",
                    ),
                );
            }
        }
        let reader = Reader::new(table, "[[rule]]", out);
        for key in ["id", "title", "check", "with"] {
            let _ = reader.node(key);
        }
        let severity = severity(&reader);
        let needs = reader
            .nested_table("evidence")
            .map(|t| reader.nested(|out| evidence::read(t, context.parameters, out)));
        let controls = reader.tables("controls");
        let why = reader.string("why");
        let fix = reader.string("fix");
        let cases = reader.tables("cases");
        reader.finish();
        cases::check(&cases, out);

        let place = table.key_place("id");
        let inherited: Vec<_> = self.said.iter().filter(|(layer, ..)| ancestors.contains(layer)).collect();
        if let Some(severity) = &severity
            && let Some((.., first)) = inherited.iter().find(|(_, old, ..)| *old > severity.value)
        {
            out.push(
                Diagnostic::error("loosened", "the severity of an inherited rule cannot be lowered")
                    .at(severity.at.clone(), "lower than inherited")
                    .related((*first).clone(), "the rule is stated here"),
            );
        }
        if let Some(needs) = &needs {
            for (_, _, old, first) in &inherited {
                if let Some(key) = evidence::loosened(old, needs) {
                    let at = match table.get("evidence").map(|n| &n.value) {
                        Some(Value::Table(evidence)) => evidence.key_place(key),
                        _ => place.clone(),
                    };
                    out.push(
                        Diagnostic::error("loosened", format!("`{key}` of an inherited rule gets looser"))
                            .at(at, "asks for less than inherited")
                            .related(first.clone(), "the rule is stated here")
                            .help("a policy that extends another one can only ask for more evidence"),
                    );
                }
            }
        }
        let severity = severity.map_or(self.rule.severity, |s| s.value.max(self.rule.severity));
        let needs = needs.unwrap_or_default();
        self.rule.severity = severity;
        if let Err(key) = evidence::combine(&mut self.rule.needs, &needs) {
            out.push(
                Diagnostic::error("contradiction", format!("no `{key}` satisfies every policy"))
                    .at(place.clone(), "with what this policy asks for")
                    .related(self.rule.at.clone(), "the rule is stated here"),
            );
        }
        self.said.push((index, severity, self.rule.needs.clone(), place));
        for control in read_controls(&controls, context, out) {
            if !self.rule.controls.iter().any(|c| c.id == control.id) {
                self.rule.controls.push(control);
            }
        }
        append(&mut self.rule.why, why);
        append(&mut self.rule.fix, fix);
    }
}

fn append(text: &mut String, more: Option<At<String>>) {
    let Some(more) = more.map(|t| t.value).filter(|t| !t.trim().is_empty()) else { return };
    if !text.is_empty() {
        text.push(' ');
    }
    text.push_str(more.trim());
}

fn severity(reader: &Reader<'_, '_>) -> Option<At<Severity>> {
    let words: Vec<&'static str> = Severity::ALL.iter().map(|s| s.name()).collect();
    reader.word("severity", &words, Severity::parse)
}

/// A rule that is stated for the first time.
fn state(table: &Table, policy: &str, context: &Context<'_>, out: &mut Diagnostics) -> Option<Rule> {
    let reader = Reader::new(table, "[[rule]]", out);
    let id = reader.required("id", "a short name that waivers refer to");
    let title = reader.required("title", "the rule as a sentence");
    let severity = severity(&reader);
    if table.get("severity").is_none() {
        reader.missing("severity", "one of low, medium, high, critical");
    }
    let check = reader.required("check", &format!("how it is decided: one of {}", context.checks.join(", ")));
    let with = reader.nested_table("with");
    let needs = reader
        .nested_table("evidence")
        .map(|t| reader.nested(|out| evidence::read(t, context.parameters, out)));
    let controls = reader.tables("controls");
    let why = reader.required("why", "why the rule exists, for whoever reads a finding");
    let fix = reader.required("fix", "what to do about a finding");
    let cases = reader.tables("cases");
    reader.finish();

    cases::check(&cases, out);
    let controls = read_controls(&controls, context, out);
    let with = match with {
        Some(table) => filled_table(table, context.parameters, out),
        None => Table { entries: Vec::new(), at: table.at.clone() },
    };
    if let Some(check) = check.as_ref().filter(|c| !context.checks.contains(&c.value.as_str())) {
        let problem = Diagnostic::error("unknown-check", format!("there is no check `{}`", check.value))
            .at(check.at.clone(), "not a check this program knows");
        out.push(match closest(&check.value, context.checks.iter().copied()) {
            Some(meant) => problem.help(format!("did you mean `{meant}`?")),
            None => problem.help(format!("checks: {}", context.checks.join(", "))),
        });
    }
    let id = super::super::project::identifier(id?, out)?;
    let check = check?;
    Some(Rule {
        id: id.value,
        title: title?.value,
        severity: severity?.value,
        check: (check.value, check.at),
        with,
        needs: needs.unwrap_or_default(),
        controls,
        why: why?.value.trim().to_owned(),
        fix: fix?.value.trim().to_owned(),
        policy: policy.to_owned(),
        at: id.at,
    })
}

fn read_controls(tables: &[&Table], context: &Context<'_>, out: &mut Diagnostics) -> Vec<ControlRef> {
    let mut list: Vec<ControlRef> = Vec::new();
    for table in tables {
        let reader = Reader::new(table, "a control", out);
        let id = reader.required("id", "the identifier as it is cited");
        let title = reader.string("title");
        let specification =
            reader.word("specification", &SPECIFICATIONS, |w| SPECIFICATIONS.into_iter().find(|s| *s == w));
        let not_shown = reader.required("not_shown", "what the evidence of this rule cannot show about it");
        reader.finish();
        let (Some(id), Some(not_shown)) = (id, not_shown) else { continue };
        if list.iter().any(|c| c.id == id.value) {
            out.push(
                Diagnostic::error("duplicate", format!("control `{}` is there twice", id.value))
                    .at(id.at, "again here"),
            );
            continue;
        }
        let known = context.known.get(&id.value);
        if known.is_none() {
            out.push(
                Diagnostic::warning(
                    "unknown-control",
                    format!("`{}` is not among the controls known here", id.value),
                )
                .at(id.at, "not checked")
                .help("it is printed as unverified"),
            );
        }
        list.push(ControlRef {
            title: title.map(|t| t.value).or_else(|| known.map(|k| k.title.clone())).unwrap_or_default(),
            specification: specification.map(|s| s.value.to_owned()),
            // What no catalogue of ours holds was checked by nobody here.
            grade: known.map_or_else(|| "unverified".to_owned(), |k| k.grade.clone()),
            not_shown: not_shown.value,
            id: id.value,
        });
    }
    list
}

/// A table with every `{ parameter = "x" }` replaced by the value in force.
pub(super) fn filled_table(table: &Table, parameters: &Parameters, out: &mut Diagnostics) -> Table {
    let entries = table
        .entries
        .iter()
        .map(|(key, place, node)| (key.clone(), place.clone(), filled(node, parameters, out)))
        .collect();
    Table { entries, at: table.at.clone() }
}

/// The value keeps the place where it was set, so that a problem with it points there.
fn filled(node: &Node, parameters: &Parameters, out: &mut Diagnostics) -> Node {
    let value = match &node.value {
        Value::Table(table) => {
            if let [(key, _, Node { value: Value::String(name), at })] = table.entries.as_slice()
                && key == "parameter"
            {
                return match parameters.value(name) {
                    Ok(found) => found.unwrap_or(node).clone(),
                    Err(meant) => {
                        let message = format!("there is no parameter `{name}`");
                        let problem = Diagnostic::error("unknown-parameter", message)
                            .at(at.clone(), "no policy declares it");
                        out.push(match meant {
                            Some(meant) => problem.help(format!("did you mean `{meant}`?")),
                            None => problem.help("declare it in `[parameters]`"),
                        });
                        node.clone()
                    }
                };
            }
            Value::Table(filled_table(table, parameters, out))
        }
        Value::Array(items) => Value::Array(items.iter().map(|item| filled(item, parameters, out)).collect()),
        other => other.clone(),
    };
    Node { value, at: node.at.clone() }
}

//! `[[rule]]`: reading one, filling in parameters, and what a policy may change about an inherited rule.
//!
//! An inherited rule may get more controls, a higher severity, tighter evidence, stricter parameters of its
//! check and further words; its check stays, and nothing gets looser. That keeps "this rule passed"
//! meaning at least what the policy below says. It may be stated again in full.

use super::cases;
use super::controls::Controls;
use super::evidence;
use super::parameter::Parameters;
use super::strict;
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
    /// `with` as written, parameters not filled in, and the policy that changed it last.
    with: Table,
    with_by: usize,
    /// Whether policies above may turn it off, and whether it is on.
    may_disable: bool,
    active: bool,
    said: Vec<(usize, Severity, Requirement, Place)>,
}

/// All rules so far.
#[derive(Default)]
pub(super) struct Rules {
    list: Vec<Built>,
    /// What a policy turned off where the one below allows it, as sentences.
    pub(super) altered: Vec<String>,
}

/// The policy whose file is being read.
struct Author<'a> {
    policy: &'a str,
    index: usize,
    ancestors: &'a BTreeSet<usize>,
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
            self.list.extend(state(table, policy, index, context, out));
            return;
        };
        if old.said.first().is_some_and(|(first, ..)| ancestors.contains(first)) {
            let author = Author { policy, index, ancestors };
            old.restate(table, &author, context, &mut self.altered, out);
        } else {
            out.push(
                Diagnostic::error("duplicate", format!("rule `{id}` is there twice"))
                    .at(table.key_place("id"), "again here")
                    .related(old.rule.at.clone(), "first here")
                    .help("only a policy that extends the other one can add to its rules"),
            );
        }
    }

    /// The rules that are on, in order.
    pub(super) fn finish(self) -> Vec<Rule> {
        self.list.into_iter().filter(|b| b.active).map(|b| b.rule).collect()
    }
}

impl Built {
    fn restate(
        &mut self,
        table: &Table,
        author: &Author<'_>,
        context: &Context<'_>,
        altered: &mut Vec<String>,
        out: &mut Diagnostics,
    ) {
        let ancestors = author.ancestors;
        let reader = Reader::new(table, "[[rule]]", out);
        let _ = reader.node("id");
        let title = reader.string("title");
        let check = reader.string("check");
        let with = reader.nested_table("with");
        let severity = severity(&reader);
        let needs = reader
            .nested_table("evidence")
            .map(|t| reader.nested(|out| evidence::read(t, context.parameters, out)));
        let controls = reader.tables("controls");
        let why = reader.string("why");
        let fix = reader.string("fix");
        let active = reader.boolean("active");
        let may = may_disable(&reader);
        let cases = reader.tables("cases");
        reader.finish();
        cases::check(&cases, out);

        if let Some(check) = check.filter(|c| c.value != self.rule.check.0) {
            out.push(
                Diagnostic::error("inherited-rule", "the check of an inherited rule cannot be changed")
                    .at(check.at, "another check")
                    .related(self.rule.check.1.clone(), "the rule is stated here")
                    .help("give the rule an id of its own"),
            );
            return;
        }
        if let Some(title) = title.filter(|t| !t.value.trim().is_empty()) {
            self.rule.title = title.value;
        }
        if let Some(with) = with {
            let filled = filled_table(with, context.parameters, out);
            let below = ancestors.contains(&self.with_by);
            let mut old = strict::Twofold { written: &mut self.with, filled: &mut self.rule.with };
            if old.tighten(with, &filled, below, out) {
                self.with_by = author.index;
            }
        }
        match active {
            Some(false) if self.may_disable => {
                self.active = false;
                altered.push(format!("policy {} turns rule {} off", author.policy, self.rule.id));
            }
            Some(false) => out.push(
                Diagnostic::error("loosened", "an inherited rule cannot be turned off")
                    .at(table.key_place("active"), "turned off here")
                    .related(self.rule.at.clone(), "the rule is stated here")
                    .help("use a waiver with an owner and an end; or the policy below says `may = [\"disable\"]`"),
            ),
            Some(true) => self.active = true,
            None => {}
        }
        // A policy may close what the one below left open, not open it.
        self.may_disable &= may.unwrap_or(true);

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
        let stated = severity.map_or(Severity::Low, |s| s.value);
        self.rule.severity = self.rule.severity.max(stated);
        let needs = needs.unwrap_or_default();
        if let Err(key) = evidence::combine(&mut self.rule.needs, &needs)
            && !out.has_errors()
        {
            out.push(
                Diagnostic::error("contradiction", format!("no `{key}` satisfies every policy"))
                    .at(place.clone(), "with what this policy asks for")
                    .related(self.rule.at.clone(), "the rule is stated here"),
            );
        }
        self.said.push((author.index, stated, needs, place));
        for control in read_controls(&controls, context, out) {
            if !self.rule.controls.iter().any(|c| c.id == control.id) {
                self.rule.controls.push(control);
            }
        }
        append(&mut self.rule.why, why);
        append(&mut self.rule.fix, fix);
    }
}

/// Whether `may` lets policies above turn the rule off; `None` if it says nothing.
fn may_disable(reader: &Reader<'_, '_>) -> Option<bool> {
    let words = reader.strings("may");
    for word in words.iter().filter(|w| w.value != "disable") {
        reader.report(
            Diagnostic::error("unknown-value", format!("`{}` is nothing a rule can allow", word.value))
                .at(word.at.clone(), "only `disable`"),
        );
    }
    reader.table().get("may").map(|_| words.iter().any(|w| w.value == "disable"))
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
fn state(
    table: &Table,
    policy: &str,
    index: usize,
    context: &Context<'_>,
    out: &mut Diagnostics,
) -> Option<Built> {
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
    let active = reader.boolean("active").unwrap_or(true);
    let may_disable = may_disable(&reader).unwrap_or(false);
    let cases = reader.tables("cases");
    reader.finish();

    cases::check(&cases, out);
    let controls = read_controls(&controls, context, out);
    let with = with.cloned().unwrap_or_else(|| Table { entries: Vec::new(), at: table.at.clone() });
    let filled = filled_table(&with, context.parameters, out);
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
    let rule = Rule {
        id: id.value,
        title: title?.value,
        severity: severity?.value,
        check: (check.value, check.at),
        with: filled,
        needs: needs.unwrap_or_default(),
        controls,
        why: why?.value.trim().to_owned(),
        fix: fix?.value.trim().to_owned(),
        policy: policy.to_owned(),
        at: id.at,
    };
    let said = vec![(index, rule.severity, rule.needs.clone(), rule.at.clone())];
    Some(Built { rule, with, with_by: index, may_disable, active, said })
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

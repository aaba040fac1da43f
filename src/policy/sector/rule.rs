//! Rules: read, amended by policies above, and bound to the values in force.

use super::controls::Controls;
use super::evidence::{requirement, tighten};
use super::parameters::Parameters;
use crate::model::Diagnostics;
use crate::model::audit::Outcome;
use crate::model::diagnostic::{Diagnostic, closest};
use crate::model::policy::{ControlRef, Requirement, Rule, Severity};
use crate::model::table::{At, Node, Reader, Table, Value};

/// A rule as written, with what policies above added.
pub(super) struct RawRule {
    id: At<String>,
    title: String,
    severity: Severity,
    check: At<String>,
    with: Table,
    evidence: Vec<Table>,
    controls: Vec<Table>,
    why: String,
    fix: String,
    policy: String,
}

const SEVERITIES: &[&str] = &["low", "medium", "high", "critical"];

/// Reads one `[[rule]]`: a new rule, or an amendment of one below.
pub(super) fn read(table: &Table, policy: &str, rules: &mut Vec<RawRule>, out: &mut Diagnostics) {
    let r = Reader::new(table, "[[rule]]", out);
    let id = r.required("id", "a short kebab-case name, unique in the policy");
    let severity = r.word("severity", SEVERITIES, Severity::parse);
    let evidence = r.nested_table("evidence").cloned();
    let controls: Vec<Table> = r.tables("controls").into_iter().cloned().collect();
    let why = r.string("why").map(|s| s.value);
    let fix = r.string("fix").map(|s| s.value);
    let title = r.string("title").map(|s| s.value);
    let check = r.string("check");
    let with = r.nested_table("with").cloned();
    for case in r.tables("cases") {
        r.nested(|out| validate_case(case, out));
    }
    let Some(id) = id else { return r.finish() };
    if let Some(base) = rules.iter_mut().find(|b| b.id.value == id.value) {
        for (key, given) in [("title", title.is_some()), ("check", check.is_some()), ("with", with.is_some())]
        {
            if given {
                let message =
                    format!("rule `{}` is stated by another policy; its `{key}` cannot be changed", id.value);
                r.report(
                    Diagnostic::error("rule-restated", message)
                        .at(table.key_place(key), "changed here")
                        .related(base.id.at.clone(), "stated here")
                        .help("add controls, raise the severity, tighten the evidence, or set a parameter"),
                );
            }
        }
        match severity {
            Some(s) if s.value < base.severity => r.report(
                Diagnostic::error(
                    "rule-loosened",
                    format!("the severity of `{}` may only be raised", id.value),
                )
                .at(s.at, format!("it is {}", base.severity.name())),
            ),
            Some(s) => base.severity = s.value,
            None => {}
        }
        base.evidence.extend(evidence);
        base.controls.extend(controls);
        for (text, more) in [(&mut base.why, why), (&mut base.fix, fix)] {
            if let Some(more) = more {
                *text = format!("{text} {more}");
            }
        }
        return r.finish();
    }
    let absent = [title.is_none(), severity.is_none(), check.is_none(), why.is_none(), fix.is_none()];
    for (key, absent) in ["title", "severity", "check", "why", "fix"].into_iter().zip(absent) {
        if absent && table.get(key).is_none() {
            r.missing(
                key,
                "a rule says what it asks, how much it matters, what decides it, why, and what to do",
            );
        }
    }
    if let (Some(title), Some(severity), Some(check), Some(why), Some(fix)) =
        (title, severity, check, why, fix)
    {
        rules.push(RawRule {
            id,
            title,
            severity: severity.value,
            check,
            with: with.unwrap_or_else(|| Table { entries: Vec::new(), at: table.at.clone() }),
            evidence: evidence.into_iter().collect(),
            controls,
            why,
            fix,
            policy: policy.to_owned(),
        });
    }
    r.finish();
}

/// The shape of a case beside a rule. Judging it is the work of another command.
fn validate_case(case: &Table, out: &mut Diagnostics) {
    let r = Reader::new(case, "a case", out);
    let names: Vec<_> = Outcome::ALL.iter().map(|o| o.name()).collect();
    let _ = r.word("expect", &names, Outcome::parse);
    if case.get("expect").is_none() {
        r.missing("expect", "the outcome that is wanted: pass, fail, inconclusive, not-applicable");
    }
    let _ = (r.string("listed"), r.duration("silent"), r.integer("records"));
    if let Some(flow) = r.nested_table("flow") {
        r.nested(|out| {
            let f = Reader::new(flow, "`flow`", out);
            for key in ["from", "url", "connect", "address", "disposition", "method", "tls"] {
                let _ = f.string(key);
            }
            let _ = f.integer("bytes_out");
            f.finish();
        });
    }
    r.finish();
}

impl RawRule {
    /// The rule with the values in force.
    pub(super) fn bind(
        &self,
        values: &Parameters,
        controls: &Controls,
        checks: &[&str],
        out: &mut Diagnostics,
    ) -> Option<Rule> {
        if !checks.contains(&self.check.value.as_str()) {
            let help = closest(&self.check.value, checks.iter().copied()).map_or_else(
                || format!("checks: {}", checks.join(", ")),
                |meant| format!("did you mean `{meant}`?"),
            );
            out.push(
                Diagnostic::error("unknown-check", format!("there is no check `{}`", self.check.value))
                    .at(self.check.at.clone(), "unknown check")
                    .help(help),
            );
            return None;
        }
        let mut needs = Requirement::default();
        for table in &self.evidence {
            let table = fill(table, values, out);
            let more = requirement(&table, out);
            tighten(&mut needs, more, &table, out);
        }
        Some(Rule {
            id: self.id.value.clone(),
            title: self.title.clone(),
            severity: self.severity,
            check: (self.check.value.clone(), self.check.at.clone()),
            with: fill(&self.with, values, out),
            needs,
            controls: self.controls.iter().filter_map(|t| control(t, controls, out)).collect(),
            why: self.why.clone(),
            fix: self.fix.clone(),
            policy: self.policy.clone(),
            at: self.id.at.clone(),
        })
    }
}

/// Replaces `{ parameter = "x" }` by the value in force, at any depth. The value keeps the place where
/// it was set, so that a problem with it points there.
fn fill(table: &Table, values: &Parameters, out: &mut Diagnostics) -> Table {
    let entries = table.entries.iter();
    let entries =
        entries.map(|(k, at, node)| (k.clone(), at.clone(), fill_node(node, values, out))).collect();
    Table { entries, at: table.at.clone() }
}

fn fill_node(node: &Node, values: &Parameters, out: &mut Diagnostics) -> Node {
    let value = match &node.value {
        Value::Table(t) => {
            if let (Some(Node { value: Value::String(name), at }), 1) = (t.get("parameter"), t.entries.len())
            {
                if let Some(value) = values.value(name) {
                    return value.clone();
                }
                let mut problem =
                    Diagnostic::error("unknown-parameter", format!("the policy has no parameter `{name}`"))
                        .at(at.clone(), "unknown parameter");
                if let Some(meant) = closest(name, values.names()) {
                    problem = problem.help(format!("did you mean `{meant}`?"));
                }
                out.push(problem);
            }
            Value::Table(fill(t, values, out))
        }
        Value::Array(items) => Value::Array(items.iter().map(|i| fill_node(i, values, out)).collect()),
        other => other.clone(),
    };
    Node { value, at: node.at.clone() }
}

fn control(table: &Table, known: &Controls, out: &mut Diagnostics) -> Option<ControlRef> {
    let r = Reader::new(table, "a control", out);
    let id = r.required("id", "the identifier as the framework prints it");
    let not_shown = r.required("not_shown", "what this evidence cannot show about the control");
    let specification = r.string("specification").map(|s| s.value);
    let title = r.string("title").map(|s| s.value);
    let found = id.as_ref().and_then(|id| known.get(&id.value));
    if let (Some(id), None) = (&id, found) {
        r.report(
            Diagnostic::warning(
                "unknown-control",
                format!("`{}` is not among the controls known here", id.value),
            )
            .at(id.at.clone(), "not checked")
            .help("it is printed as unverified"),
        );
    }
    r.finish();
    Some(ControlRef {
        title: title.or_else(|| found.map(|e| e.title.clone())).unwrap_or_default(),
        grade: found.map_or_else(|| "unverified".to_owned(), |e| e.grade.clone()),
        id: id?.value,
        specification,
        not_shown: not_shown?.value,
    })
}

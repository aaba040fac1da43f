//! Controls against rules: evidence consistent, contrary, or none. A control never passes.

use crate::model::audit::Outcome;
use crate::report::evidence::{Evidence, Rule};
use serde::Serialize;
use std::collections::BTreeMap;

/// A control with what the rules say about it.
#[derive(Serialize)]
pub(super) struct Row {
    id: String,
    title: String,
    specification: Option<String>,
    grade: String,
    evidence: &'static str,
    rules: Vec<RuleOfControl>,
    not_shown: Vec<String>,
}

/// A rule that gives evidence for a control.
#[derive(Serialize)]
struct RuleOfControl {
    id: String,
    outcome: &'static str,
}

/// One row for each control, in the order of first mention.
pub(super) fn rows(e: &Evidence) -> Vec<Row> {
    let mut at: BTreeMap<&str, usize> = BTreeMap::new();
    let mut rows: Vec<(Row, Vec<&Rule>)> = Vec::new();
    for rule in &e.rules {
        for control in &rule.controls {
            let index = *at.entry(&control.id).or_insert_with(|| {
                let row = Row {
                    id: control.id.clone(),
                    title: control.title.clone(),
                    specification: control.specification.clone(),
                    grade: control.grade.clone(),
                    evidence: "",
                    rules: Vec::new(),
                    not_shown: Vec::new(),
                };
                rows.push((row, Vec::new()));
                rows.len() - 1
            });
            if let Some((row, of)) = rows.get_mut(index) {
                of.push(rule);
                if !row.not_shown.contains(&control.not_shown) {
                    row.not_shown.push(control.not_shown.clone());
                }
            }
        }
    }
    rows.into_iter()
        .map(|(row, of)| Row {
            evidence: verdict(&of),
            rules: of.iter().map(|r| RuleOfControl { id: r.id.clone(), outcome: word(r) }).collect(),
            ..row
        })
        .collect()
}

fn word(rule: &Rule) -> &'static str {
    if rule.outcome == Outcome::Fail && rule.waived { "waived" } else { rule.outcome.name() }
}

/// A failure, waived or not, is contrary evidence: a waiver accepts a risk, it does not change a fact.
/// An open rule keeps the rest from being consistent.
fn verdict(rules: &[&Rule]) -> &'static str {
    let any = |outcome| rules.iter().any(|r| r.outcome == outcome);
    if any(Outcome::Fail) {
        "contrary"
    } else if any(Outcome::Inconclusive) || any(Outcome::Error) || !any(Outcome::Pass) {
        "none"
    } else {
        "consistent"
    }
}

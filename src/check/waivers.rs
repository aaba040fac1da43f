//! Waivers: debts with a name on them. What one covers stays a finding, and every one is listed.

use super::case::Case;
use super::group::stated;
use crate::model::Diagnostics;
use crate::model::audit::{Finding, Outcome, WaiverResult};
use crate::model::diagnostic::{Diagnostic, closest};
use crate::model::net::under_domain;
use crate::model::policy::Policy;
use crate::model::project::{Project, Waiver};
use crate::model::time::DAY;

/// How long before its end a waiver is called soon to expire.
const SOON: i64 = 30 * DAY;

/// Holds waivers against what the policy allows of them, before anything is read.
pub fn validate(project: &Project, policy: &Policy, out: &mut Diagnostics) {
    for waiver in &project.waivers {
        let (rule, at) = &waiver.rule;
        if !policy.rules.iter().any(|r| r.id == *rule) {
            let ids = policy.rules.iter().map(|r| r.id.as_str());
            let mut problem = Diagnostic::error("unknown-rule", format!("the policy has no rule `{rule}`"))
                .at(at.clone(), "waived here");
            if let Some(meant) = closest(rule, ids) {
                problem = problem.help(format!("did you mean `{meant}`?"));
            }
            out.push(problem);
        }
        if waiver.is_blanket() && !policy.blanket_waivers {
            out.push(
                Diagnostic::error(
                    "blanket-waiver",
                    format!("the waiver on `{rule}` covers everything the rule is about"),
                )
                .at(waiver.at.clone(), "no `match`")
                .help("limit it: match = { host = \"...\" }, or service, or component"),
            );
        }
        let days = (waiver.end - waiver.start).num_days() + 1;
        if let Some(most) = policy.max_waiver_days.filter(|most| days > *most) {
            out.push(
                Diagnostic::error("waiver-too-long", format!("the waiver on `{rule}` lasts {days} days"))
                    .at(waiver.at.clone(), format!("policy `{}` allows {most}", policy.id))
                    .help("end it sooner; a waiver is a debt, and a new one can follow"),
            );
        }
    }
}

/// Marks every failed finding that a waiver in force covers.
pub(super) fn apply(case: &Case<'_>, findings: &mut [Finding]) {
    for finding in findings.iter_mut().filter(|f| f.outcome == Outcome::Fail) {
        let covering = |w: &Waiver| concerns(w, finding) && in_force(case, w) && spans(w, finding);
        finding.waived_by = case.inputs.project.waivers.iter().position(covering);
    }
}

/// Whether a waiver's rule and scope are those of a finding, whatever the dates.
fn concerns(waiver: &Waiver, finding: &Finding) -> bool {
    let host = |h: &String| finding.destination.as_deref().is_some_and(|d| under_domain(d, h));
    let service = |s: &String| finding.service.as_deref() == Some(s.as_str());
    let component = |c: &String| finding.component.as_deref() == Some(c.as_str());
    waiver.rule.0 == finding.rule
        && waiver.host.as_ref().is_none_or(host)
        && waiver.service.as_ref().is_none_or(service)
        && waiver.component.as_ref().is_none_or(component)
}

fn in_force(case: &Case<'_>, waiver: &Waiver) -> bool {
    waiver.covers(case.inputs.now)
}

/// Whether it was in force while the traffic of a finding took place.
fn spans(waiver: &Waiver, finding: &Finding) -> bool {
    finding.seen.is_none_or(|(first, last)| waiver.covers(first) && waiver.covers(last))
}

/// Every waiver with its use.
pub(super) fn results(case: &Case<'_>, findings: &[Finding]) -> Vec<WaiverResult> {
    let today = case.inputs.now.date();
    let list = case.inputs.project.waivers.iter().enumerate();
    list.map(|(i, w)| {
        let covered = findings.iter().filter(|f| f.waived_by == Some(i)).count() as u64;
        let status = if today < w.start {
            "not yet in force"
        } else if today > w.end {
            "expired"
        } else {
            "in force"
        };
        let mut remarks = Vec::new();
        if covered == 0 {
            remarks.push("unused".to_owned());
        }
        let soon = case.inputs.now.plus(SOON).date();
        if status == "in force" && w.end <= soon {
            remarks.push("expires within 30 days".to_owned());
        }
        if findings.iter().any(|f| concerns(w, f) && f.seen.is_some_and(|(first, _)| first.date() < w.start))
        {
            remarks.push("starts after traffic it would cover".to_owned());
        }
        WaiverResult {
            rule: w.rule.0.clone(),
            scope: scope(w),
            reason: w.reason.clone(),
            owner: w.owner.clone(),
            approver: w.approver.clone(),
            ticket: w.ticket.clone(),
            days: (w.start.to_string(), w.end.to_string()),
            status: status.to_owned(),
            remarks,
            findings: covered,
            declared: stated(&w.at),
        }
    })
    .collect()
}

fn scope(waiver: &Waiver) -> String {
    let parts: Vec<String> =
        [("host", &waiver.host), ("service", &waiver.service), ("component", &waiver.component)]
            .into_iter()
            .filter_map(|(what, value)| value.as_ref().map(|v| format!("{what} {v}")))
            .collect();
    if parts.is_empty() { "everything the rule is about".to_owned() } else { parts.join(", ") }
}

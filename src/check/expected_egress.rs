//! `expected-egress`: approved communication stays within its limits.

use super::bind::{Open, open, parameters};
use super::group::{Objection, blank, findings, stated};
use super::tables::usage;
use super::traffic::Explains;
use super::{Bound, Case, Check, Judged, Side};
use crate::model::audit::{Finding, Outcome};
use crate::model::policy::Rule;
use crate::model::table::Table;
use crate::model::text::{group, plural};
use crate::model::{Certainty, Diagnostics};

pub(super) static CHECK: ExpectedEgress = ExpectedEgress;

pub(super) struct ExpectedEgress;

impl Check for ExpectedEgress {
    fn id(&self) -> &'static str {
        "expected-egress"
    }
    fn about(&self) -> &'static str {
        "adds up approved communication and compares it with what was approved"
    }
    fn doc(&self) -> &'static str {
        "An `[[expected]]` entry explains flows within its limits and hides none. A write to an inference \
         path under an entry for downloads, or more bytes out on a UTC day than allowed, fails the rule. A \
         limit that the logs do not allow testing is printed as such.\n\n\
         - `untestable`: `inconclusive` or `disclose` (default)"
    }
    fn side(&self) -> Side {
        Side::Traffic
    }
    fn bind(&self, with: &Table, out: &mut Diagnostics) -> Option<Box<dyn Bound>> {
        let bound = parameters(with, out, |r| Rules { untestable: open(r, "untestable", Open::Disclose) })?;
        Some(Box::new(bound))
    }
}

struct Rules {
    untestable: Open,
}

impl Bound for Rules {
    fn judge(&self, case: &Case<'_>, rule: &Rule, out: &mut Vec<Finding>) -> Judged {
        let exceeding = case
            .component_traffic()
            .filter(|(row, _)| row.crossed() && matches!(row.expected, Some((_, Explains::Exceeds))))
            .map(|(row, _)| Objection {
                row,
                kind: "expected-carries-more",
                outcome: Outcome::Fail,
                data: row.data,
                certainty: row.certainty.max(Certainty::Implied),
                settle: None,
            });
        findings(case, rule, exceeding, say, out);
        for (entry, used) in case.inputs.project.expected.iter().zip(usage(case)) {
            let Some(limit) = entry.limit_out_per_day else { continue };
            let mut report = |kind, outcome, message: String| {
                let mut finding = blank(rule, kind, outcome, message);
                finding.declared = vec![stated(&entry.at)];
                finding.bytes_out = used.bytes_out;
                finding.records = used.records;
                out.push(finding);
            };
            if used.peak_day > limit {
                let message = format!(
                    "expected egress {} sent {} bytes on one day, more than the {} approved",
                    entry.id,
                    group(used.peak_day),
                    group(limit)
                );
                report("expected-over-limit", Outcome::Fail, message);
            } else if !used.testable && self.untestable != Open::Disclose {
                let message =
                    format!("the logs do not give bytes out, so the limit of {} is not tested", entry.id);
                report("expected-limit-untestable", Outcome::Inconclusive, message);
            }
        }
        let entries = case.inputs.project.expected.len() as u64;
        Judged::holds(format!(
            "{} stayed within what was approved, as far as the logs give sizes",
            plural(entries, "expected entry", "expected entries")
        ))
    }
}

fn say(f: &Finding) -> String {
    let who = f.component.as_deref().unwrap_or("a component");
    let whither = f.destination.as_deref().unwrap_or("an unnamed destination");
    format!(
        "{who} reached {whither} under an approval that does not cover {}",
        if f.data.is_empty() { "writing".to_owned() } else { f.data.to_string() }
    )
}

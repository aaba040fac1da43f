//! `rejected-records`: the logs could be read.

use super::bind::parameters;
use super::coverage::over;
use super::group::{blank, stated};
use super::{Bound, Case, Check, Judged, Side};
use crate::model::Diagnostics;
use crate::model::audit::{Finding, Outcome};
use crate::model::diagnostic::Diagnostic;
use crate::model::policy::Rule;
use crate::model::table::Table;
use crate::model::text::plural;

pub(super) static CHECK: RejectedRecords = RejectedRecords;

pub(super) struct RejectedRecords;

impl Check for RejectedRecords {
    fn id(&self) -> &'static str {
        "rejected-records"
    }
    fn about(&self) -> &'static str {
        "compares records that could not be understood, and logs that could not be read, with a limit"
    }
    fn doc(&self) -> &'static str {
        "A record that could not be understood may be the one that matters. More of them than the limit, or \
         a log that is there and was not read, leave the rule open.\n\n- `max`: share of records, default `0.1%`"
    }
    fn side(&self) -> Side {
        Side::Traffic
    }
    fn bind(&self, with: &Table, out: &mut Diagnostics) -> Option<Box<dyn Bound>> {
        let bound = parameters(with, out, |r| {
            let Some(text) = r.string("max") else { return Rules { max_ppm: 1000 } };
            let parsed = text.value.strip_suffix('%').and_then(ppm);
            if parsed.is_none() {
                r.report(
                    Diagnostic::error("wrong-value", format!("`{}` is not a share", text.value))
                        .at(text.at, "a percentage")
                        .help("write for example \"0.1%\""),
                );
            }
            Rules { max_ppm: parsed.unwrap_or(1000) }
        })?;
        Some(Box::new(bound))
    }
}

/// A percentage with at most four decimals, in parts per million.
fn ppm(percent: &str) -> Option<u64> {
    let (whole, fraction) = percent.trim().split_once('.').unwrap_or((percent.trim(), ""));
    if fraction.len() > 4 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let fraction: u64 = format!("{fraction:0<4}").parse().ok()?;
    let value = whole.parse::<u64>().ok()?.checked_mul(10_000)?.checked_add(fraction)?;
    (value <= 1_000_000).then_some(value)
}

struct Rules {
    max_ppm: u64,
}

impl Bound for Rules {
    fn judge(&self, case: &Case<'_>, rule: &Rule, out: &mut Vec<Finding>) -> Judged {
        let (mut read, mut rejected) = (0, 0);
        for point in &case.points {
            read += point.counts.read;
            rejected += point.counts.rejected_total();
            let id = &point.source.id;
            let declared = vec![stated(&point.source.at)];
            let mut open = |kind, message: String, settle: &str| {
                let mut finding = blank(rule, kind, Outcome::Inconclusive, message);
                finding.declared.clone_from(&declared);
                finding.settle = Some(settle.to_owned());
                out.push(finding);
            };
            if over(&point.counts, self.max_ppm) {
                let message = format!(
                    "{} of {} of source {id} could not be understood",
                    point.counts.rejected_total(),
                    plural(point.counts.read, "record", "records")
                );
                open(
                    "records-rejected",
                    message,
                    "repair or re-export the log; the register lists where it breaks",
                );
            }
            if point.logs_skipped > 0 {
                let message =
                    format!("{} of source {id} could not be read", plural(point.logs_skipped, "log", "logs"));
                open("log-not-read", message, "the register says why each was not read");
            }
        }
        Judged::holds(format!(
            "{} read, {rejected} of them not understood",
            plural(read, "record", "records")
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::ppm;

    #[test]
    fn shares_are_exact() {
        assert_eq!(ppm("0.1"), Some(1000));
        assert_eq!(ppm("100"), Some(1_000_000));
        assert_eq!(ppm("0"), Some(0));
        assert_eq!(ppm("100.1"), None);
        assert_eq!(ppm("1e1"), None);
    }
}

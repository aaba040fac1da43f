//! The conclusion, and the sentence an auditor could quote.

use super::case::Case;
use crate::model::audit::{Conclusion, Finding, Outcome, RuleResult};
use crate::model::text::plural;

/// The conclusion that follows from the rules (DESIGN, exit codes: findings before inconclusive).
pub(super) fn conclusion(case: &Case<'_>, rules: &[RuleResult], findings: &[Finding]) -> Conclusion {
    let fails = rules.iter().any(|r| r.outcome == Outcome::Fail && !r.waived);
    let waived = rules.iter().any(|r| r.outcome == Outcome::Fail && r.waived);
    let open = |r: &&RuleResult| matches!(r.outcome, Outcome::Inconclusive | Outcome::Error);
    if fails {
        return Conclusion::DoesNotConform;
    }
    if case.inputs.examine {
        // Rules about traffic are open by choice; what the declaration itself leaves open is not.
        let declared = findings.iter().any(|f| f.outcome == Outcome::Inconclusive);
        return if declared { Conclusion::UnableToConclude } else { Conclusion::DeclarationExamined };
    }
    if rules.iter().any(|r| open(&r)) {
        Conclusion::UnableToConclude
    } else if waived {
        Conclusion::ConformsExceptAsWaived
    } else {
        Conclusion::Conforms
    }
}

/// The sentence.
pub(super) fn sentence(
    case: &Case<'_>,
    conclusion: Conclusion,
    rules: &[RuleResult],
    findings: &[Finding],
) -> String {
    let count = |wanted: Outcome, waived: bool| {
        rules.iter().filter(|r| r.outcome == wanted && r.waived == waived).count() as u64
    };
    let (pass, fail, waived) =
        (count(Outcome::Pass, false), count(Outcome::Fail, false), count(Outcome::Fail, true));
    let (open, moot) = (
        count(Outcome::Inconclusive, false) + count(Outcome::Error, false),
        count(Outcome::NotApplicable, false),
    );
    let mut parts = vec![format!("{pass} hold")];
    for (n, word) in
        [(fail, "fail"), (waived, "fail and are waived"), (open, "stay open"), (moot, "do not apply")]
    {
        if n > 0 {
            parts.push(format!("{n} {word}"));
        }
    }
    let project = &case.inputs.project.name;
    let policy = format!("{} {}", case.inputs.policy.id, case.inputs.policy.version);
    let tally = format!("of {} {}", plural(rules.len() as u64, "rule", "rules"), parts.join(", "));
    if case.inputs.examine {
        return format!(
            "{project}, held against {policy}: {}; {tally}; {} examined, no traffic tested.",
            conclusion.name(),
            plural(case.inputs.inventory.len() as u64, "file", "files")
        );
    }
    let read: u64 = case.points.iter().map(|p| p.counts.read).sum();
    let failing = findings.iter().filter(|f| f.outcome == Outcome::Fail).count() as u64;
    format!(
        "{project}, {} to {}, held against {policy}: {}; {tally}; {} in {} read at {}.",
        case.inputs.period.start,
        case.inputs.period.end,
        conclusion.name(),
        plural(failing, "finding", "findings"),
        plural(read, "record", "records"),
        case.points_sentence()
    )
}

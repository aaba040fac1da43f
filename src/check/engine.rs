//! The engine: rules judged one by one, requirements enforced, waivers applied, the audit put together.

use super::bind::Bindings;
use super::case::Case;
use super::{Bound, Check, Side, conclude, tables, waivers};
use crate::evidence::aggregate_lines;
use crate::model::RecordCounts;
use crate::model::audit::{Audit, Conclusion, Criteria, Finding, Outcome, RuleResult, Subject};
use crate::model::policy::{Rule, Stance};
use crate::model::project::{Bypass, PointKind};

/// The most findings of one rule that are kept apart; the rest is one finding with their totals.
const MOST_FINDINGS: usize = 100;

/// What the caller knows besides the case.
pub struct Circumstances {
    /// Program and version.
    pub tool: String,
    /// Whether the time was supplied rather than read from a clock.
    pub time_supplied: bool,
    /// Name of the project file and its SHA-256.
    pub project_file: (String, String),
    /// Further disclosures for page one.
    pub disclosures: Vec<String>,
}

/// Judges a case.
///
/// # Errors
/// If the list of aggregates cannot be written.
pub fn audit(
    case: &Case<'_>,
    bindings: &Bindings,
    around: Circumstances,
) -> Result<(Audit, Vec<u8>), String> {
    let mut findings = Vec::new();
    let mut rules = Vec::new();
    for (rule, (check, bound)) in case.inputs.policy.rules.iter().zip(&bindings.bound) {
        let mut own = Vec::new();
        rules.push(judge(case, rule, *check, bound.as_ref(), &mut own));
        findings.extend(own);
    }
    waivers::apply(case, &mut findings);
    for rule in &mut rules {
        let mut failed =
            findings.iter().filter(|f| f.rule == rule.id && f.outcome == Outcome::Fail).peekable();
        rule.waived = failed.peek().is_some() && failed.all(|f| f.waived_by.is_some());
    }
    number(&mut findings, &rules);
    let conclusion = conclude::conclusion(case, &rules, &findings);
    let sentence = conclude::sentence(case, conclusion, &rules, &findings);
    let (lines, aggregates) = aggregate_lines(case.inputs.summary)?;
    let logs = tables::logs(case);
    let mut records = RecordCounts::default();
    logs.iter().for_each(|l| records.add(&l.records));
    let mut disclosures = around.disclosures;
    disclose(case, &mut disclosures);
    let audit = Audit {
        tool: around.tool,
        created: case.inputs.now,
        time_supplied: around.time_supplied,
        subject: subject(case, around.project_file),
        period: case.inputs.period,
        criteria: criteria(case),
        conclusion,
        sentence,
        blocked: tables::blocked(case),
        unresolved: tables::unresolved(case),
        expected: tables::expected(case),
        waivers: waivers::results(case, &findings),
        sources: tables::sources(case),
        others: tables::others(case),
        inventory: case.inputs.inventory.to_vec(),
        rules,
        findings,
        logs,
        records,
        aggregates,
        disclosures,
    };
    Ok((audit, lines))
}

fn judge(
    case: &Case<'_>,
    rule: &Rule,
    check: &dyn Check,
    bound: &dyn Bound,
    out: &mut Vec<Finding>,
) -> RuleResult {
    let mut result = RuleResult {
        id: rule.id.clone(),
        title: rule.title.clone(),
        severity: rule.severity,
        check: check.id().to_owned(),
        method: check.about().to_owned(),
        outcome: Outcome::Inconclusive,
        waived: false,
        reason: String::new(),
        settle: Vec::new(),
        points: Vec::new(),
        findings: 0,
        controls: rule.controls.clone(),
        why: rule.why.clone(),
        fix: rule.fix.clone(),
        stated: super::group::stated(&rule.at),
    };
    if case.inputs.examine && check.side() == Side::Traffic {
        "traffic was not tested: only the declaration was examined".clone_into(&mut result.reason);
        return result;
    }
    if check.side() == Side::Traffic {
        result.points = case.points.iter().filter(|p| p.logs_read > 0).map(|p| p.source.id.clone()).collect();
    }
    let judged = bound.judge(case, rule, out);
    fold_excess(rule, out);
    result.findings = out.len() as u64;
    let failed = out.iter().filter(|f| f.outcome == Outcome::Fail).count();
    let open: Vec<_> = out.iter().filter(|f| f.outcome == Outcome::Inconclusive).collect();
    let unmet = if check.side() == Side::Traffic { unmet(case, rule) } else { Vec::new() };
    (result.outcome, result.reason) = if failed > 0 {
        (Outcome::Fail, format!("{failed} of {} findings break it", out.len()))
    } else if let Some(first) = open.first() {
        result.settle = open.iter().filter_map(|f| f.settle.clone()).collect();
        (Outcome::Inconclusive, first.message.clone())
    } else if let Some((why, settle)) = unmet.first() {
        result.settle =
            std::iter::once(settle).chain(unmet.iter().skip(1).map(|(_, s)| s)).cloned().collect();
        (Outcome::Inconclusive, format!("nothing was found, but the evidence it requires is missing: {why}"))
    } else if let Some(moot) = judged.moot {
        (Outcome::NotApplicable, moot)
    } else {
        (Outcome::Pass, judged.holds_because)
    };
    result.settle.sort();
    result.settle.dedup();
    result
}

/// What the rule requires and does not have, with what would settle it.
fn unmet(case: &Case<'_>, rule: &Rule) -> Vec<(String, String)> {
    let needs = &rule.needs;
    let mut unmet = Vec::new();
    if !tables::anything_watched(case) {
        unmet.push((
            "no component with the role generator is declared".to_owned(),
            "declare the components that run image models".to_owned(),
        ));
    }
    for component in case.watched() {
        let points: Vec<_> =
            case.points.iter().filter(|p| p.source.observes.contains(&component.id)).collect();
        if points.is_empty() {
            unmet.push((
                format!("no source observes component {}", component.id),
                format!("declare a source whose `observes` names {}", component.id),
            ));
        } else if points.iter().all(|p| p.falls_short(needs).is_some())
            && let Some(why) = points.first().and_then(|p| p.falls_short(needs))
        {
            unmet.push((why.clone(), format!("for component {}: settle that {why}", component.id)));
        }
    }
    if let Some(least) = needs.visibility {
        let dim = case.component_traffic().find(|(row, _)| {
            row.crossed()
                && !row.is_expected()
                && row.key.visibility > least
                && row.destination.names.is_empty()
        });
        if let Some((row, component)) = dim {
            unmet.push((
                format!(
                    "traffic of {} to {} shows only its {}",
                    component.id,
                    row.destination.label,
                    row.key.visibility.name()
                ),
                format!("a log that shows the {} of every exchange", least.name()),
            ));
        }
    }
    unmet
}

/// Keeps the list of findings bounded on any input; nothing is lost from the totals.
fn fold_excess(rule: &Rule, findings: &mut Vec<Finding>) {
    findings.sort_by(|a, b| order(a).cmp(&order(b)));
    if findings.len() <= MOST_FINDINGS {
        return;
    }
    let excess = findings.split_off(MOST_FINDINGS - 1);
    let outcome =
        excess.iter().map(|f| f.outcome).min_by_key(|o| *o != Outcome::Fail).unwrap_or(Outcome::Fail);
    let message = format!("{} further groups of findings of this rule", excess.len());
    let mut rest = super::group::blank(rule, "further-findings", outcome, message);
    for finding in &excess {
        rest.records += finding.records;
        rest.bytes_out.merge(finding.bytes_out);
        rest.data = rest.data.union(finding.data);
        rest.seen = match (rest.seen, finding.seen) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (one, other) => one.or(other),
        };
    }
    findings.push(rest);
}

type Order<'f> = (
    bool,
    std::cmp::Reverse<crate::model::Certainty>,
    &'f Option<String>,
    &'f Option<String>,
    &'f Option<String>,
    &'f str,
);

fn order(f: &Finding) -> Order<'_> {
    (
        f.outcome != Outcome::Fail,
        std::cmp::Reverse(f.certainty),
        &f.component,
        &f.service,
        &f.destination,
        &f.message,
    )
}

/// Worst first, then by rule; numbered in that order.
fn number(findings: &mut [Finding], rules: &[RuleResult]) {
    let place = |f: &Finding| rules.iter().position(|r| r.id == f.rule);
    findings.sort_by(|a, b| {
        let key = |f: &Finding| {
            (f.outcome != Outcome::Fail, f.waived_by.is_some(), std::cmp::Reverse(f.severity), place(f))
        };
        key(a).cmp(&key(b)).then_with(|| order(a).cmp(&order(b)))
    });
    for (i, finding) in findings.iter_mut().enumerate() {
        finding.id = format!("F{}", i + 1);
    }
}

fn subject(case: &Case<'_>, file: (String, String)) -> Subject {
    let project = case.inputs.project;
    Subject {
        project: project.name.clone(),
        owner: project.owner.clone(),
        assessment: project.assessment.name().to_owned(),
        handling: project.handling.clone(),
        file,
        networks: project
            .boundary
            .networks
            .iter()
            .map(|n| {
                let site = n.site.as_ref().map(|s| format!("site {s}"));
                let words: Vec<_> =
                    [site, n.purpose.clone(), n.basis.clone()].into_iter().flatten().collect();
                if words.is_empty() {
                    n.network.to_string()
                } else {
                    format!("{} ({})", n.network, words.join(", "))
                }
            })
            .collect(),
        domains: project.boundary.domains.iter().map(|(d, _)| d.clone()).collect(),
        sites: project
            .boundary
            .sites
            .iter()
            .map(|s| (s.id.clone(), s.jurisdiction.clone(), s.basis.clone()))
            .collect(),
        components: project
            .components
            .iter()
            .map(|c| (c.id.clone(), c.role.name().to_owned(), c.hosts.clone()))
            .collect(),
    }
}

fn criteria(case: &Case<'_>) -> Criteria {
    let policy = case.inputs.policy;
    Criteria {
        policy: policy.id.clone(),
        version: policy.version.clone(),
        as_of: policy.as_of.to_string(),
        layers: policy.layers.clone(),
        parameters: policy.parameters.clone(),
        services: (case.inputs.services.as_of.clone(), case.inputs.services.sha256.clone()),
        places: (case.inputs.places.as_of.clone(), case.inputs.places.sha256.clone()),
    }
}

/// What page one must say (DESIGN, promise 11).
fn disclose(case: &Case<'_>, out: &mut Vec<String>) {
    for p in case.inputs.policy.parameters.iter().filter(|p| p.stance == Stance::Looser) {
        out.push(format!(
            "parameter {} is looser than its default: {} instead of {}",
            p.name, p.value, p.default
        ));
    }
    out.extend(case.inputs.policy.altered.iter().cloned());
    for source in &case.inputs.project.sources {
        if let Some(format) = &source.format {
            out.push(format!("the format of source {} was forced to {format}", source.id));
        }
        if source.kind == PointKind::ExplicitProxy && source.bypass == Bypass::NotControlled {
            out.push(format!("traffic around source {} is not controlled", source.id));
        }
    }
    for point in &case.points {
        if let (Bypass::Denied, false) = (point.source.bypass, point.bypass_denied) {
            out.push(format!(
                "source {} is said to be the only way out, but its evidence was not read",
                point.source.id
            ));
        }
    }
    for network in &case.inputs.project.boundary.networks {
        if let (Some(basis), Some(owner)) = (&network.basis, &network.owner) {
            out.push(format!(
                "{} is declared local on the basis `{basis}`, for which {owner} answers",
                network.network
            ));
        }
    }
}

/// The exit code of `check` that a conclusion stands for.
#[must_use]
pub fn conclusion_code(conclusion: Conclusion) -> u8 {
    match conclusion {
        Conclusion::Conforms | Conclusion::ConformsExceptAsWaived | Conclusion::DeclarationExamined => 0,
        Conclusion::DoesNotConform => 1,
        Conclusion::UnableToConclude => 4,
    }
}

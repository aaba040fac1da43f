//! From an audit to evidence v1: conversion and limits.

use super::*;
use crate::model::audit::{self, Audit};
use crate::model::inventory::{self, FileInventory};
use crate::model::record::RecordCounts;
use crate::model::text::shorten;
use std::collections::BTreeMap;

/// Cuts lists and texts, and counts what it left out.
#[derive(Default)]
struct Limiter {
    omitted: BTreeMap<&'static str, u64>,
}

impl Limiter {
    fn list<T, U>(
        &mut self,
        name: &'static str,
        limit: usize,
        items: &[T],
        mut convert: impl FnMut(&mut Self, &T) -> U,
    ) -> Vec<U> {
        let over = items.len().saturating_sub(limit) as u64;
        if over > 0 {
            *self.omitted.entry(name).or_default() += over;
        }
        items.iter().take(limit).map(|item| convert(self, item)).collect()
    }

    fn texts(&mut self, name: &'static str, items: &[String]) -> Vec<String> {
        self.list(name, limits::INNER, items, |_, t| text(t))
    }
}

fn text(t: &str) -> String {
    shorten(t, limits::TEXT)
}

fn maybe(t: &Option<String>) -> Option<String> {
    t.as_deref().map(text)
}

impl From<&Audit> for Evidence {
    fn from(a: &Audit) -> Evidence {
        let mut l = Limiter::default();
        let l = &mut l;
        let counts = a.outcome_counts();
        let outcome = |name: &str| Count(counts.get(name).copied().unwrap_or(0));
        let mut evidence = Evidence {
            format: FORMAT.to_owned(),
            tool: text(&a.tool),
            created: a.created,
            time_supplied: a.time_supplied,
            subject: subject(l, &a.subject),
            period: a.period,
            criteria: criteria(l, &a.criteria),
            conclusion: a.conclusion,
            sentence: text(&a.sentence),
            disclosures: l.list("disclosures", limits::ROWS, &a.disclosures, |_, t| text(t)),
            outcomes: Outcomes {
                pass: outcome("pass"),
                fail: outcome("fail"),
                waived: outcome("waived"),
                inconclusive: outcome("inconclusive"),
                not_applicable: outcome("not-applicable"),
                error: outcome("error"),
            },
            rules: l.list("rules", limits::ROWS, &a.rules, rule),
            findings: l.list("findings", limits::FINDINGS, &a.findings, finding),
            blocked: l.list("blocked", limits::ROWS, &a.blocked, |_, r| row(r)),
            unresolved: l.list("unresolved", limits::ROWS, &a.unresolved, |_, r| row(r)),
            expected: l.list("expected", limits::ROWS, &a.expected, expected),
            waivers: l.list("waivers", limits::ROWS, &a.waivers, waiver),
            sources: l.list("sources", limits::ROWS, &a.sources, source),
            logs: l.list("logs", limits::ROWS, &a.logs, log),
            others: Others {
                clients: Count(a.others.clients),
                records: Count(a.others.records),
                bytes_out: bytes(a.others.bytes_out),
            },
            declared: l.list("declared", limits::ROWS, &a.inventory, declared),
            records: records(&a.records),
            aggregates: Aggregates {
                lines: Count(a.aggregates.lines),
                sha256: text(&a.aggregates.sha256),
                root: text(&a.aggregates.root),
            },
            omitted: Vec::new(),
        };
        // A waiver that the limit left out cannot be pointed at.
        let kept = evidence.waivers.len() as u64;
        for f in &mut evidence.findings {
            f.waived_by = f.waived_by.filter(|w| w.0 < kept);
        }
        evidence.omitted = l
            .omitted
            .iter()
            .map(|(list, n)| Omitted { list: (*list).to_owned(), entries: Count(*n) })
            .collect();
        evidence
    }
}

fn subject(l: &mut Limiter, s: &audit::Subject) -> Subject {
    Subject {
        project: text(&s.project),
        owner: text(&s.owner),
        assessment: text(&s.assessment),
        handling: maybe(&s.handling),
        file: FileDigest { name: text(&s.file.0), sha256: text(&s.file.1) },
        networks: l.list("subject.networks", limits::ROWS, &s.networks, |_, t| text(t)),
        domains: l.list("subject.domains", limits::ROWS, &s.domains, |_, t| text(t)),
        sites: l.list("subject.sites", limits::ROWS, &s.sites, |_, (id, jurisdiction, basis)| Site {
            id: text(id),
            jurisdiction: text(jurisdiction),
            basis: text(basis),
        }),
        components: l.list("subject.components", limits::ROWS, &s.components, |l, (id, role, hosts)| {
            Component { id: text(id), role: text(role), hosts: l.texts("subject.components.hosts", hosts) }
        }),
    }
}

fn criteria(l: &mut Limiter, c: &audit::Criteria) -> Criteria {
    let dated = |(as_of, sha256): &(String, String)| Dated { as_of: text(as_of), sha256: text(sha256) };
    Criteria {
        policy: text(&c.policy),
        version: text(&c.version),
        as_of: text(&c.as_of),
        layers: l.list("criteria.layers", limits::ROWS, &c.layers, |_, y| Layer {
            id: text(&y.id),
            version: text(&y.version),
            file: text(&y.file),
            sha256: text(&y.sha256),
            embedded: y.embedded,
        }),
        parameters: l.list("criteria.parameters", limits::ROWS, &c.parameters, |_, p| Parameter {
            name: text(&p.name),
            value: text(&p.value),
            default: text(&p.default),
            bounds: maybe(&p.bounds),
            stance: p.stance,
        }),
        services: dated(&c.services),
        places: dated(&c.places),
    }
}

fn place(w: &inventory::Where) -> Where {
    Where { file: text(&w.file), line: w.line.map(Count), inside: maybe(&w.inside) }
}

fn bytes(b: audit::ByteSum) -> Bytes {
    Bytes { sum: Count(b.sum), unknown: Count(b.unknown) }
}

fn seen((first, last): (Time, Time)) -> Seen {
    Seen { first, last }
}

fn rule(l: &mut Limiter, r: &audit::RuleResult) -> Rule {
    Rule {
        id: text(&r.id),
        title: text(&r.title),
        severity: r.severity,
        check: text(&r.check),
        method: text(&r.method),
        outcome: r.outcome,
        waived: r.waived,
        reason: text(&r.reason),
        settle: l.texts("rules.settle", &r.settle),
        points: l.texts("rules.points", &r.points),
        findings: Count(r.findings),
        controls: l.list("rules.controls", limits::INNER, &r.controls, |_, c| Control {
            id: text(&c.id),
            title: text(&c.title),
            specification: maybe(&c.specification),
            not_shown: text(&c.not_shown),
            grade: text(&c.grade),
        }),
        why: text(&r.why),
        fix: text(&r.fix),
        stated: place(&r.stated),
    }
}

fn finding(l: &mut Limiter, f: &audit::Finding) -> Finding {
    Finding {
        id: text(&f.id),
        rule: text(&f.rule),
        severity: f.severity,
        outcome: f.outcome,
        kind: f.kind.to_owned(),
        component: maybe(&f.component),
        client: maybe(&f.client),
        service: maybe(&f.service),
        destination: maybe(&f.destination),
        place: maybe(&f.place),
        data: f.data,
        certainty: f.certainty,
        visibility: f.visibility,
        message: text(&f.message),
        records: Count(f.records),
        bytes_out: bytes(f.bytes_out),
        seen: f.seen.map(seen),
        declared: l.list("findings.declared", limits::INNER, &f.declared, |_, w| place(w)),
        stated: place(&f.stated),
        exemplars: l.list("findings.exemplars", audit::EXEMPLARS, &f.exemplars, |_, e| Exemplar {
            source: text(&e.source),
            log: text(&e.log),
            record: Count(e.record),
            line: e.line.map(Count),
            offset: Count(e.offset),
            length: Count(e.length),
            sha256: text(&e.sha256),
            time: e.time,
        }),
        waived_by: f.waived_by.map(|n| Count(n as u64)),
        settle: maybe(&f.settle),
    }
}

fn row(r: &audit::TrafficRow) -> TrafficRow {
    TrafficRow {
        client: text(&r.client),
        destination: text(&r.destination),
        service: maybe(&r.service),
        disposition: r.disposition,
        lane: r.lane,
        locality: r.locality,
        records: Count(r.records),
        bytes_out: bytes(r.bytes_out),
        seen: seen(r.seen),
        note: text(&r.note),
    }
}

fn expected(l: &mut Limiter, e: &audit::ExpectedResult) -> Expected {
    let (owner, approver, review_by) = &e.approval;
    Expected {
        id: text(&e.id),
        to: l.texts("expected.to", &e.to),
        carries: text(&e.carries),
        limit: e.limit.as_ref().map(|(written, _)| text(written)),
        limit_testable: e.limit.as_ref().map(|(_, testable)| *testable),
        need: text(&e.need),
        owner: text(owner),
        approver: text(approver),
        review_by: text(review_by),
        review_overdue: e.review_overdue,
        records: Count(e.records),
        bytes_out: bytes(e.bytes_out),
        peak_day: Count(e.peak_day),
        destinations: Count(e.destinations),
        declared: place(&e.declared),
    }
}

fn waiver(l: &mut Limiter, w: &audit::WaiverResult) -> Waiver {
    Waiver {
        rule: text(&w.rule),
        scope: text(&w.scope),
        reason: text(&w.reason),
        owner: text(&w.owner),
        approver: text(&w.approver),
        ticket: maybe(&w.ticket),
        start: text(&w.days.0),
        end: text(&w.days.1),
        status: text(&w.status),
        remarks: l.texts("waivers.remarks", &w.remarks),
        findings: Count(w.findings),
        declared: place(&w.declared),
    }
}

fn source(l: &mut Limiter, s: &audit::SourceResult) -> Source {
    Source {
        id: text(&s.id),
        point: text(&s.point),
        kind: text(&s.kind),
        observes: l.texts("sources.observes", &s.observes),
        bypass: text(&s.bypass),
        bypass_evidence: s
            .bypass_evidence
            .as_ref()
            .map(|(file, sha256)| BypassEvidence { file: text(file), sha256: maybe(sha256) }),
        custody: text(&s.custody),
        seen: s.seen.map(seen),
        longest_silence_ms: Count(u64::try_from(s.longest_silence / 1000).unwrap_or(0)),
        gaps: l.list("sources.gaps", limits::INNER, &s.gaps, |_, g| *g),
        liveness: text(&s.liveness),
        heartbeats: Count(s.heartbeats),
    }
}

fn log(l: &mut Limiter, g: &audit::LogResult) -> Log {
    Log {
        source: text(&g.source),
        path: text(&g.path),
        format: maybe(&g.format),
        skipped: maybe(&g.skipped),
        records: records(&g.records),
        seen: g.seen.map(seen),
        bytes: Count(g.bytes),
        sha256: maybe(&g.sha256),
        content: maybe(&g.content),
        problems: l.texts("logs.problems", &g.problems),
    }
}

fn records(r: &RecordCounts) -> Records {
    // Reasons are fixed words of the program, so their number is bounded.
    let reasons = |map: &BTreeMap<String, u64>| {
        map.iter().map(|(reason, n)| Reason { reason: text(reason), records: Count(*n) }).collect()
    };
    Records {
        read: Count(r.read),
        flows: Count(r.flows),
        ignored: reasons(&r.ignored),
        rejected: reasons(&r.rejected),
    }
}

fn declared(l: &mut Limiter, f: &FileInventory) -> DeclaredFile {
    DeclaredFile {
        path: text(&f.path),
        kind: text(&f.kind),
        verdict: f.verdict,
        operations: l.list("declared.operations", limits::INNER, &f.operations, |l, o| Operation {
            id: text(&o.id),
            place: place(&o.place),
            state: o.state,
            sends: o.sends,
            fetch: o.fetch,
            service: maybe(&o.service),
            route: l.texts("declared.operations.route", &o.route),
            locality: o.locality,
            certainty: o.certainty,
            because: text(&o.because),
        }),
        notes: l.texts("declared.notes", &f.notes),
    }
}

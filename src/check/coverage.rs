//! Observation points: which components each sees, how long its sensor was silent, and whether that
//! satisfies what a rule requires.

use super::case::Inputs;
use super::traffic::Observed;
use crate::evidence::{self, Minutes, Server};
use crate::model::audit::ByteSum;
use crate::model::net::Network;
use crate::model::policy::{PointNeed, Requirement};
use crate::model::project::{Bypass, PointKind, Project, Source};
use crate::model::text::plural;
use crate::model::time::show_duration;
use crate::model::{Period, RecordCounts, Time};

/// A source as an observation point.
pub(super) struct Point<'a> {
    pub(super) source: &'a Source,
    /// Logs that were read.
    pub(super) logs_read: u64,
    /// Logs that could not be read, or patterns that matched nothing.
    pub(super) logs_skipped: u64,
    pub(super) counts: RecordCounts,
    /// Silences of the sensor inside the period, longest first.
    pub(super) silences: Vec<Period>,
    pub(super) seen: Option<(Time, Time)>,
    pub(super) heartbeats: u64,
    pub(super) liveness: &'static str,
    /// Whether traffic around it is denied, with evidence that was read.
    pub(super) bypass_denied: bool,
    /// Records of clients that were too many to be kept apart, among whom a component it observes may be.
    pub(super) unattributed: u64,
}

impl Point<'_> {
    /// `squid (explicit-proxy, bypass denied)`.
    pub(super) fn words(&self) -> String {
        let kind = self.source.kind.name();
        let bypass = match (self.source.kind, self.bypass_denied) {
            (_, true) => ", bypass denied",
            (PointKind::ExplicitProxy, false) => ", bypass not controlled",
            (_, false) => "",
        };
        format!("{} ({kind}{bypass})", self.source.point)
    }

    pub(super) fn longest_silence(&self) -> i64 {
        self.silences.first().map_or(0, |p| p.end.since(p.start))
    }

    /// Whether it is a kind of point that a rule accepts.
    pub(super) fn fits(&self, needs: &[PointNeed]) -> bool {
        needs.is_empty()
            || needs.iter().any(|n| n.kind == self.source.kind && (!n.denied || self.bypass_denied))
    }

    /// Why it does not satisfy a requirement, everything that is missing; `None` if it does.
    pub(super) fn falls_short(&self, needs: &Requirement) -> Option<String> {
        let id = &self.source.id;
        if self.logs_read == 0 {
            return Some(format!("no log of source `{id}` could be read"));
        }
        let mut why = Vec::new();
        if !self.fits(&needs.points) {
            let right_kind = needs.points.iter().any(|n| n.kind == self.source.kind);
            why.push(if right_kind {
                format!("traffic around source `{id}` is not shown to be denied")
            } else {
                let kinds: Vec<_> = needs.points.iter().map(|n| n.kind.name()).collect();
                let kind = self.source.kind.name();
                format!("source `{id}` looks from {kind}, the rule needs one of {}", kinds.join(", "))
            });
        }
        if let (Some(most), Some(gap)) = (needs.max_silence, self.silences.first())
            && gap.end.since(gap.start) > most
        {
            why.push(format!(
                "source `{id}` is silent for {} from {}, longer than {}",
                show_duration(gap.end.since(gap.start)),
                gap.start,
                show_duration(most)
            ));
        }
        if let Some(most) = needs.max_rejected_ppm
            && over(&self.counts, most)
        {
            why.push(format!(
                "{} of {} records of source `{id}` could not be understood",
                self.counts.rejected_total(),
                self.counts.read
            ));
        }
        if self.unattributed > 0 {
            why.push(format!(
                "{} of source `{id}` are of clients that were too many to be kept apart, maybe also of a component",
                plural(self.unattributed, "record", "records")
            ));
        }
        if self.logs_skipped > 0 {
            why.push(format!("{} logs of source `{id}` could not be read", self.logs_skipped));
        }
        (!why.is_empty()).then(|| why.join("; "))
    }
}

/// Whether more than so many parts per million were rejected.
pub(super) fn over(counts: &RecordCounts, most_ppm: u64) -> bool {
    u128::from(counts.rejected_total()) * 1_000_000 > u128::from(most_ppm) * u128::from(counts.read)
}

/// Every declared source as an observation point.
pub(super) fn points<'a>(inputs: &Inputs<'a>, traffic: &[Observed<'a>]) -> Vec<Point<'a>> {
    if inputs.examine {
        return Vec::new();
    }
    inputs.project.sources.iter().map(|source| point(inputs, traffic, source)).collect()
}

fn point<'a>(inputs: &Inputs<'a>, traffic: &[Observed<'a>], source: &'a Source) -> Point<'a> {
    let mut counts = RecordCounts::default();
    let (mut logs_read, mut logs_skipped) = (0, 0);
    let mut seen: Option<(Time, Time)> = None;
    for ((id, _), log) in &inputs.summary.logs {
        if **id != *source.id {
            continue;
        }
        // A log that broke off was read as far as it goes, and the rest is missing.
        logs_read += u64::from(log.facts.skipped.is_none() || log.facts.counts.read > 0);
        logs_skipped += u64::from(log.facts.skipped.is_some());
        counts.add(&log.facts.counts);
        if let Some((first, last)) = log.seen {
            seen = Some(seen.map_or((first, last), |(f, l)| (f.min(first), l.max(last))));
        }
    }
    let life = inputs.summary.sources.get(source.id.as_str());
    let none = Minutes::default();
    let mut silences = life.map_or(&none, |l| &l.minutes).silences(inputs.period);
    silences.sort_by_key(|p| (-p.end.since(p.start), p.start));
    let own = || traffic.iter().filter(|r| *r.key.source == *source.id);
    let beats = |r: &&Observed<'_>| {
        source.heartbeat.as_ref().is_some_and(|h| matches!(&r.key.server, Server::Name(n) if **n == *h.host))
    };
    let heartbeats = own().filter(beats).map(|r| r.cell.records).sum();
    let observed = |r: &&Observed<'_>| {
        r.component
            .and_then(|i| inputs.project.components.get(i))
            .is_some_and(|c| source.observes.contains(&c.id))
    };
    let unattributed =
        own().filter(|r| may_be_of(inputs.project, source, &r.key.client)).map(|r| r.cell.records).sum();
    let liveness = if heartbeats > 0 {
        "heartbeat"
    } else if life.is_some_and(|l| l.statistics > 0) {
        "statistics"
    } else if own().any(|r| !observed(&r)) {
        "other clients"
    } else {
        "none"
    };
    let evidence =
        source.bypass_evidence.as_ref().is_some_and(|(path, _)| inputs.evidence_files.contains_key(path));
    Point {
        source,
        logs_read,
        logs_skipped,
        counts,
        silences,
        seen,
        heartbeats,
        liveness,
        bypass_denied: source.bypass == Bypass::Denied && evidence,
        unattributed,
    }
}

/// Whether a label that stands for many clients may stand for a component that the source observes.
fn may_be_of(project: &Project, source: &Source, client: &str) -> bool {
    let observed = project.components.iter().filter(|c| source.observes.contains(&c.id));
    let mut hosts = observed.flat_map(|c| &c.hosts);
    match client {
        evidence::ANYBODY => hosts.next().is_some(),
        evidence::NAMED => hosts.any(|h| h.parse::<Network>().is_err()),
        _ if !client.contains('/') => false,
        _ => client.parse::<Network>().is_ok_and(|folded| {
            let within = |n: Network| folded.contains(n.base) || n.contains(folded.base);
            hosts.any(|h| h.parse().is_ok_and(within))
        }),
    }
}

/// All bytes out of rows; used for tables, where lanes stand apart.
pub(super) fn bytes(rows: &[&Observed<'_>]) -> ByteSum {
    rows.iter().fold(ByteSum::default(), |mut sum, r| {
        sum.merge(r.cell.bytes_out);
        sum
    })
}

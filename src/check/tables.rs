//! The tables of an audit besides findings: blocked attempts, unresolved flows, expected egress, other
//! clients, sources and logs.

use super::case::Case;
use super::coverage::bytes;
use super::group::{span, stated, strongest};
use super::traffic::Observed;
use crate::model::audit::{ByteSum, ExpectedResult, LogResult, OtherTraffic, SourceResult, TrafficRow};
use crate::model::data::Locality;
use crate::model::project::{Carries, Role};
use crate::model::time::HOUR;
use crate::model::{Disposition, Lane, Time};
use std::collections::{BTreeMap, BTreeSet};

/// The most rows of a table, gaps of a source, or problems of a log that are kept.
const MOST: usize = 200;

/// What an expected entry explained.
pub(super) struct Usage {
    pub(super) records: u64,
    pub(super) bytes_out: ByteSum,
    pub(super) peak_day: u64,
    pub(super) destinations: u64,
    /// Whether some lane gives bytes out for every day it was used.
    pub(super) testable: bool,
}

/// What each expected entry explained, in the order of the project file.
pub(super) fn usage(case: &Case<'_>) -> Vec<Usage> {
    (0..case.inputs.project.expected.len())
        .map(|entry| {
            let rows: Vec<_> = case
                .component_traffic()
                .map(|(r, _)| r)
                .filter(|r| r.crossed() && r.is_expected() && r.expected.is_some_and(|(i, _)| i == entry))
                .collect();
            let (records, bytes_out) = strongest(&rows);
            let (peak_day, testable) = peak(&rows);
            let destinations =
                rows.iter().map(|r| &r.destination.label).collect::<BTreeSet<_>>().len() as u64;
            Usage { records, bytes_out, peak_day, destinations, testable }
        })
        .collect()
}

/// Known bytes out, and records without a figure, by lane and source.
type Lanes<'a> = BTreeMap<(Lane, &'a str), (u64, u64)>;

/// The most bytes out on one day, and whether every day has a lane that measured all its records. Lanes
/// tell the same story, so of each day and component the lane with most counts.
fn peak(rows: &[&Observed<'_>]) -> (u64, bool) {
    let mut days: BTreeMap<(Time, Option<usize>), Lanes<'_>> = BTreeMap::new();
    for row in rows {
        for (day, (sum, unknown)) in &row.days {
            let lanes = days.entry((*day, row.component)).or_default();
            let lane = lanes.entry((row.key.lane, &row.key.source)).or_default();
            lane.0 = lane.0.saturating_add(*sum);
            lane.1 += unknown;
        }
    }
    let testable = days.values().all(|lanes| lanes.values().any(|(_, unknown)| *unknown == 0));
    let mut by_day: BTreeMap<Time, u64> = BTreeMap::new();
    for ((day, _), lanes) in &days {
        let most = lanes.values().map(|(sum, _)| *sum).max().unwrap_or(0);
        let total = by_day.entry(*day).or_default();
        *total = total.saturating_add(most);
    }
    (by_day.into_values().max().unwrap_or(0), testable)
}

/// Expected egress with what it explained.
pub(super) fn expected(case: &Case<'_>) -> Vec<ExpectedResult> {
    let today = case.inputs.now.date();
    case.inputs
        .project
        .expected
        .iter()
        .zip(usage(case))
        .map(|(e, used)| ExpectedResult {
            id: e.id.clone(),
            to: e.to.iter().map(|(t, _)| t.clone()).collect(),
            carries: match e.carries {
                Carries::FetchOnly => "fetch-only".to_owned(),
                Carries::Data(kinds) => kinds.to_string(),
            },
            limit: e
                .limit_out_per_day
                .map(|n| (format!("{} bytes out per UTC day", crate::model::text::group(n)), used.testable)),
            need: e.need.clone(),
            approval: (e.owner.clone(), e.approved_by.clone(), e.review_by.to_string()),
            review_overdue: e.review_by < today,
            records: used.records,
            bytes_out: used.bytes_out,
            peak_day: used.peak_day,
            destinations: used.destinations,
            declared: stated(&e.at),
        })
        .collect()
}

fn rows<'r, 'a: 'r>(
    case: &Case<'a>,
    chosen: impl Iterator<Item = (&'r Observed<'a>, String)>,
) -> Vec<TrafficRow> {
    let mut groups: BTreeMap<_, Vec<&Observed<'a>>> = BTreeMap::new();
    for (row, note) in chosen {
        let client = case.component(row).map_or_else(|| row.key.client.to_string(), |c| c.id.clone());
        let key = (client, row.destination.label.clone(), row.key.disposition, row.key.lane, note);
        groups.entry(key).or_default().push(row);
    }
    let mut table: Vec<TrafficRow> = groups
        .into_iter()
        .filter_map(|((client, destination, disposition, lane, note), rows)| {
            Some(TrafficRow {
                client,
                destination,
                service: rows.iter().find_map(|r| r.destination.service.map(str::to_owned)),
                disposition,
                lane,
                locality: rows.iter().map(|r| r.destination.locality).max().unwrap_or(Locality::Undetermined),
                records: rows.iter().map(|r| r.cell.records).sum(),
                bytes_out: bytes(&rows),
                seen: span(&rows)?,
                note,
            })
        })
        .collect();
    table.truncate(MOST);
    table
}

/// Attempts of components that a control refused.
pub(super) fn blocked(case: &Case<'_>) -> Vec<TrafficRow> {
    let beat = |row: &Observed<'_>| {
        case.inputs
            .project
            .sources
            .iter()
            .any(|s| s.heartbeat.as_ref().is_some_and(|h| h.host == row.destination.label))
    };
    let refused = case
        .component_traffic()
        .map(|(r, _)| r)
        .filter(|r| r.key.disposition == Disposition::Denied && r.destination.locality != Locality::Local)
        .map(|r| (r, if beat(r) { "heartbeat" } else { "refused before anything left" }.to_owned()));
    rows(case, refused)
}

/// Flows of components that are neither shown delivered nor refused, or whose destination stays open.
pub(super) fn unresolved(case: &Case<'_>) -> Vec<TrafficRow> {
    let reached: BTreeSet<&str> = case
        .component_traffic()
        .filter(|(r, _)| r.key.lane != Lane::Lookup)
        .map(|(r, _)| r.destination.label.as_str())
        .collect();
    let open = case.component_traffic().filter_map(|(row, _)| {
        if row.destination.locality == Locality::Local || row.destination.hop {
            return None;
        }
        let note = match row.key.disposition {
            Disposition::Failed => "tried and failed; whether anything left is not shown",
            Disposition::Denied | Disposition::ServedLocally => return None,
            _ if row.key.lane == Lane::Lookup => {
                let asked = row.destination.generation && !reached.contains(row.destination.label.as_str());
                asked.then_some("a generation service was looked up and no traffic to it was seen")?
            }
            _ if row.destination.locality == Locality::Undetermined => row.destination.because,
            _ => return None,
        };
        Some((row, note.to_owned()))
    });
    rows(case, open)
}

/// Traffic of clients that are no components: counted, destinations not listed.
pub(super) fn others(case: &Case<'_>) -> OtherTraffic {
    let rows: Vec<_> = case.traffic.iter().filter(|r| r.component.is_none()).collect();
    let clients = rows.iter().map(|r| &r.key.client).collect::<BTreeSet<_>>().len() as u64;
    let mut lanes: BTreeMap<(&str, Lane), (u64, ByteSum)> = BTreeMap::new();
    for row in &rows {
        let lane = lanes.entry((&row.key.source, row.key.lane)).or_default();
        lane.0 += row.cell.records;
        lane.1.merge(row.cell.bytes_out);
    }
    let (records, bytes_out) = lanes.into_values().max_by_key(|(n, _)| *n).unwrap_or_default();
    OtherTraffic { clients, records, bytes_out }
}

/// Sources with their coverage.
pub(super) fn sources(case: &Case<'_>) -> Vec<SourceResult> {
    let limit = case.inputs.policy.rules.iter().filter_map(|r| r.needs.max_silence).min().unwrap_or(HOUR);
    case.points
        .iter()
        .map(|p| {
            let s = p.source;
            let digest = |path: &String| case.inputs.evidence_files.get(path).cloned();
            let collector = s.collector.as_deref().unwrap_or("collector not stated");
            SourceResult {
                id: s.id.clone(),
                point: s.point.clone(),
                kind: s.kind.name().to_owned(),
                observes: s.observes.clone(),
                bypass: s.bypass.name().to_owned(),
                bypass_evidence: s.bypass_evidence.as_ref().map(|(path, _)| (path.clone(), digest(path))),
                custody: format!(
                    "{} ({collector})",
                    s.custody.as_deref().unwrap_or("supplied by the audited team")
                ),
                seen: p.seen,
                longest_silence: p.longest_silence(),
                gaps: p
                    .silences
                    .iter()
                    .filter(|g| g.end.since(g.start) > limit)
                    .take(MOST)
                    .copied()
                    .collect(),
                liveness: p.liveness.to_owned(),
                heartbeats: p.heartbeats,
            }
        })
        .collect()
}

/// Every log, read or not.
pub(super) fn logs(case: &Case<'_>) -> Vec<LogResult> {
    case.inputs
        .summary
        .logs
        .iter()
        .map(|((source, name), log)| LogResult {
            source: source.to_string(),
            path: name.to_string(),
            format: log.facts.format.clone(),
            skipped: log
                .facts
                .skipped
                .clone()
                .or_else(|| log.facts.copy_of.as_ref().map(|c| format!("a copy of {c}, counted once"))),
            records: log.facts.counts.clone(),
            seen: log.seen,
            bytes: log.facts.bytes,
            sha256: log.facts.sha256.clone(),
            content: log.facts.content.clone(),
            problems: log.facts.problem_lines(),
        })
        .collect()
}

/// Whether any component with a role to watch is declared.
pub(super) fn anything_watched(case: &Case<'_>) -> bool {
    case.watched().any(|c| c.role == Role::Generator)
}

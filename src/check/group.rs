//! Grouping: like facts become one finding with totals and a few exemplars.

use super::case::Case;
use super::traffic::Observed;
use crate::evidence::Sample;
use crate::model::audit::{ByteSum, EXEMPLARS, Exemplar, Finding, Outcome};
use crate::model::data::Certainty;
use crate::model::diagnostic::Place;
use crate::model::inventory::{State, Where};
use crate::model::policy::Rule;
use crate::model::text::hex;
use crate::model::{DataKinds, Lane, Time, Visibility};
use std::collections::{BTreeMap, BTreeSet};

/// One row that a check objects to.
pub(super) struct Objection<'r, 'a> {
    pub(super) row: &'r Observed<'a>,
    pub(super) kind: &'static str,
    pub(super) outcome: Outcome,
    pub(super) data: DataKinds,
    pub(super) certainty: Certainty,
    pub(super) settle: Option<&'static str>,
}

/// A finding with nothing in it yet but its rule.
pub(super) fn blank(rule: &Rule, kind: &'static str, outcome: Outcome, message: String) -> Finding {
    Finding {
        id: String::new(),
        rule: rule.id.clone(),
        severity: rule.severity,
        outcome,
        kind,
        component: None,
        client: None,
        service: None,
        destination: None,
        place: None,
        data: DataKinds::NONE,
        certainty: Certainty::Stated,
        visibility: None,
        message,
        records: 0,
        bytes_out: ByteSum::default(),
        seen: None,
        declared: Vec::new(),
        stated: stated(&rule.at),
        exemplars: Vec::new(),
        waived_by: None,
        settle: None,
    }
}

/// A place in a file as the model has it.
pub(super) fn stated(place: &Place) -> Where {
    let (line, _) = place.source.line_column(place.span.start);
    Where { file: place.source.name.clone(), line: Some(line as u64), inside: None }
}

/// The part of a host that groups it: its registrable domain, or itself.
fn domain(label: &str) -> String {
    psl::domain_str(label).unwrap_or(label).to_owned()
}

struct Group<'r, 'a> {
    rows: Vec<&'r Observed<'a>>,
    data: DataKinds,
    certainty: Certainty,
    visibility: Visibility,
    settle: Option<&'static str>,
}

/// Objections as findings, grouped by component or client, service or domain, and kind. `say` makes the
/// sentence from the finding, whose figures are in place.
pub(super) fn findings<'r, 'a>(
    case: &Case<'a>,
    rule: &Rule,
    objections: impl IntoIterator<Item = Objection<'r, 'a>>,
    say: impl Fn(&Finding) -> String,
    out: &mut Vec<Finding>,
) where
    'a: 'r,
{
    let mut groups: BTreeMap<_, Group<'r, 'a>> = BTreeMap::new();
    for o in objections {
        let who = (case.component(o.row).map(|c| c.id.clone()), o.row.key.client.to_string());
        let who = if who.0.is_some() { (who.0, String::new()) } else { who };
        let place = o.row.destination.service.map_or_else(|| domain(&o.row.destination.label), str::to_owned);
        let key = (o.outcome, who, place, o.kind);
        let group = groups.entry(key).or_insert_with(|| Group {
            rows: Vec::new(),
            data: DataKinds::NONE,
            certainty: o.certainty,
            visibility: o.row.key.visibility,
            settle: o.settle,
        });
        group.rows.push(o.row);
        group.data = group.data.union(o.data);
        group.certainty = group.certainty.max(o.certainty);
        group.visibility = group.visibility.min(o.row.key.visibility);
    }
    for ((outcome, (component, _), _, kind), group) in groups {
        let mut finding = blank(rule, kind, outcome, String::new());
        finding.component = component;
        fill(case, &mut finding, &group);
        finding.message = say(&finding);
        out.push(finding);
    }
}

fn fill(case: &Case<'_>, finding: &mut Finding, group: &Group<'_, '_>) {
    let labels: BTreeSet<&str> = group.rows.iter().map(|r| r.destination.label.as_str()).collect();
    let clients: BTreeSet<&str> = group.rows.iter().map(|r| &*r.key.client).collect();
    finding.client = match clients.iter().next() {
        Some(one) if clients.len() == 1 => Some((*one).to_owned()),
        Some(first) => Some(format!("{first} and {} more", clients.len() - 1)),
        None => None,
    };
    finding.destination = match labels.iter().next() {
        Some(one) if labels.len() == 1 => Some((*one).to_owned()),
        Some(first) => Some(format!("{first} and {} more", labels.len() - 1)),
        None => None,
    };
    finding.service = group.rows.iter().find_map(|r| r.destination.service.map(str::to_owned));
    finding.place = group.rows.iter().find_map(|r| r.destination.place.map(str::to_owned));
    finding.data = group.data;
    finding.certainty = group.certainty;
    finding.visibility = Some(group.visibility);
    finding.settle = group.settle.map(str::to_owned);
    let (records, bytes_out) = strongest(&group.rows);
    finding.records = records;
    finding.bytes_out = bytes_out;
    finding.seen = span(&group.rows);
    finding.exemplars = exemplars(&group.rows);
    finding.declared = declared(case, finding.service.as_deref());
}

/// Records and bytes of the lane that tells most: lanes are never added. Records come from the lane
/// that sees most of an exchange, bytes from the one that measured most.
pub(super) fn strongest(rows: &[&Observed<'_>]) -> (u64, ByteSum) {
    let mut lanes: BTreeMap<(Lane, &str), (u64, ByteSum)> = BTreeMap::new();
    for row in rows {
        let lane = lanes.entry((row.key.lane, &row.key.source)).or_default();
        lane.0 += row.cell.records;
        lane.1.merge(row.cell.bytes_out);
    }
    let records = lanes.iter().next_back().map_or(0, |(_, (n, _))| *n);
    let bytes = lanes.values().map(|(_, b)| *b).max_by_key(|b| (b.sum, std::cmp::Reverse(b.unknown)));
    (records, bytes.unwrap_or_default())
}

/// First and last record of rows.
pub(super) fn span(rows: &[&Observed<'_>]) -> Option<(Time, Time)> {
    let first = rows.iter().map(|r| r.cell.first).min()?;
    let last = rows.iter().map(|r| r.cell.last).max()?;
    Some((first, last))
}

fn exemplars(rows: &[&Observed<'_>]) -> Vec<Exemplar> {
    let exemplar = |source: &str, s: &Sample| Exemplar {
        source: source.to_owned(),
        log: s.log.to_string(),
        record: s.at.record,
        line: s.at.line,
        offset: s.at.offset,
        length: s.at.length,
        sha256: s.sha256.map(hex).unwrap_or_default(),
        time: s.time,
    };
    let mut list: Vec<Exemplar> = rows
        .iter()
        .flat_map(|r| {
            let inside = move |s: &&Sample| s.time >= r.cell.first && s.time <= r.cell.last;
            let samples = || r.total.samples.iter().filter(inside);
            // Those with a hash; the hashed ones of other keys may lie outside the period.
            let hashed = samples().any(|s| s.sha256.is_some());
            let shown = samples().filter(move |s| s.sha256.is_some() || !hashed);
            shown.map(move |s| exemplar(&r.key.source, s))
        })
        .collect();
    list.sort();
    list.dedup();
    list.truncate(EXEMPLARS);
    list
}

/// Where the declaration names a service in an active operation.
pub(super) fn declared(case: &Case<'_>, service: Option<&str>) -> Vec<Where> {
    let Some(service) = service else { return Vec::new() };
    let mut places: Vec<Where> = case
        .inputs
        .inventory
        .iter()
        .flat_map(|f| &f.operations)
        .filter(|o| o.state == State::Active)
        .filter(|o| o.service.as_deref() == Some(service) || o.route.iter().any(|hop| hop == service))
        .map(|o| o.place.clone())
        .collect();
    places.truncate(EXEMPLARS);
    places
}

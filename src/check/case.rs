//! The case: everything a check may look at, with traffic already put into words of the project.

use super::coverage::{Point, points};
use super::traffic::{Observed, observe};
use crate::evidence::Summary;
use crate::model::inventory::FileInventory;
use crate::model::policy::Policy;
use crate::model::project::{Component, Project, Role};
use crate::model::{Period, Time};
use crate::place::Places;
use crate::services::Services;
use std::collections::BTreeMap;

/// What an audit is made from.
pub struct Inputs<'a> {
    /// The declaration.
    pub project: &'a Project,
    /// The criteria.
    pub policy: &'a Policy,
    /// What the project's files show.
    pub inventory: &'a [FileInventory],
    /// What the logs show.
    pub summary: &'a Summary,
    /// The services list.
    pub services: &'a Services,
    /// Jurisdictions.
    pub places: &'a Places,
    /// The period.
    pub period: Period,
    /// The time of the audit.
    pub now: Time,
    /// Whether only the declaration is examined.
    pub examine: bool,
    /// SHA-256 of files named as evidence (bypass rules), by path as written; absent if unreadable.
    pub evidence_files: &'a BTreeMap<String, String>,
}

/// The case as checks see it.
pub struct Case<'a> {
    /// What it is made from.
    pub inputs: Inputs<'a>,
    pub(super) traffic: Vec<Observed<'a>>,
    pub(super) points: Vec<Point<'a>>,
}

impl<'a> Case<'a> {
    /// Puts the evidence into words of the project.
    #[must_use]
    pub fn new(inputs: Inputs<'a>) -> Case<'a> {
        let traffic = if inputs.examine { Vec::new() } else { observe(&inputs) };
        let points = points(&inputs, &traffic);
        Case { inputs, traffic, points }
    }

    /// Traffic of components, look-ups apart.
    pub(super) fn component_traffic(&self) -> impl Iterator<Item = (&Observed<'a>, &'a Component)> {
        self.traffic.iter().filter_map(|o| Some((o, self.component(o)?)))
    }

    /// The component a row of traffic comes from.
    pub(super) fn component(&self, row: &Observed<'a>) -> Option<&'a Component> {
        row.component.and_then(|i| self.inputs.project.components.get(i))
    }

    /// Components whose prompts and images must stay.
    pub(super) fn watched(&self) -> impl Iterator<Item = &'a Component> {
        self.inputs.project.components.iter().filter(|c| c.role != Role::Forwarder)
    }

    /// The observation points in words: `squid (explicit-proxy, bypass denied)`.
    pub(super) fn points_sentence(&self) -> String {
        let words: Vec<_> = self.points.iter().filter(|p| p.logs_read > 0).map(Point::words).collect();
        if words.is_empty() { "no observation point".to_owned() } else { words.join(", ") }
    }

    /// Records of components that were looked at, in the lane that has most.
    pub(super) fn component_records(&self) -> u64 {
        let mut lanes = BTreeMap::new();
        for (row, _) in self.component_traffic() {
            *lanes.entry((&row.key.source, row.key.lane)).or_insert(0u64) += row.cell.records;
        }
        lanes.into_values().sum()
    }
}

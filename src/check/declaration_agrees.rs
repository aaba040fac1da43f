//! `declaration-agrees`: the project file, the bills of materials and the other files say the same.

use super::assets::finding;
use super::bind::{Open, open, parameters};
use super::{Bound, Case, Check, Judged, Side, assets, locate};
use crate::model::Diagnostics;
use crate::model::audit::Finding;
use crate::model::data::Locality;
use crate::model::inventory::{FileInventory, Operation, State};
use crate::model::net::{Host, Url, split_authority, under_domain};
use crate::model::policy::Rule;
use crate::model::project::Project;
use crate::model::table::Table;
use crate::model::text::plural;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

pub(super) static CHECK: DeclarationAgrees = DeclarationAgrees;

/// Importers of bills of materials: what they read declares, what others read does.
const BILLS: [&str; 2] = ["cyclonedx", "spdx"];

pub(super) struct DeclarationAgrees;

impl Check for DeclarationAgrees {
    fn id(&self) -> &'static str {
        "declaration-agrees"
    }
    fn about(&self) -> &'static str {
        "compares components and bills of materials with what the other files do"
    }
    fn doc(&self) -> &'static str {
        "Two disagreements: a step that sends something to a host inside the boundary that is no declared \
         component; an active step that sends something to a service which the bills of materials of the \
         project, if they list services at all, do not name.\n\n\
         - `found`: `fail` (default), `inconclusive` or `disclose`"
    }
    fn side(&self) -> Side {
        Side::Declaration
    }
    fn bind(&self, with: &Table, out: &mut Diagnostics) -> Option<Box<dyn Bound>> {
        let found = parameters(with, out, |r| open(r, "found", Open::Fail))?;
        Some(Box::new(Rules { found }))
    }
}

struct Rules {
    found: Open,
}

impl Bound for Rules {
    fn judge(&self, case: &Case<'_>, rule: &Rule, out: &mut Vec<Finding>) -> Judged {
        let project = case.inputs.project;
        let billed = billed(case.inputs.inventory);
        let mut compared = 0;
        let mut found: BTreeMap<(&'static str, String), Finding> = BTreeMap::new();
        let files = case.inputs.inventory.iter().filter(|f| !BILLS.contains(&f.kind.as_str()));
        for operation in files.flat_map(|f| &f.operations) {
            if operation.state != State::Active || operation.sends.is_empty() {
                continue;
            }
            compared += 1;
            let Some((kind, subject, message)) = disagreement(project, billed.as_ref(), operation) else {
                continue;
            };
            let Some(outcome) = assets::outcome(self.found) else { continue };
            let settle = "declare it, or take the step out";
            found
                .entry((kind, subject))
                .and_modify(|f| f.declared.push(operation.place.clone()))
                .or_insert_with(|| {
                    let mut finding = finding(rule, kind, outcome, message, &operation.place, settle);
                    finding.service.clone_from(&operation.service);
                    finding.destination = operation.route.last().cloned();
                    finding.data = operation.sends;
                    finding.certainty = operation.certainty;
                    finding
                });
        }
        out.extend(found.into_values());
        Judged::holds(format!(
            "{} and {} agree{}",
            plural(project.components.len() as u64, "declared component", "declared components"),
            plural(compared, "step that sends something", "steps that send something"),
            if billed.is_some() { ", and the bill of materials names every service" } else { "" }
        ))
    }
}

/// The services that bills of materials name, if any lists services.
fn billed(files: &[FileInventory]) -> Option<BTreeSet<&str>> {
    let operations = files.iter().filter(|f| BILLS.contains(&f.kind.as_str())).flat_map(|f| &f.operations);
    let named: BTreeSet<&str> = operations
        .flat_map(|o| o.service.as_deref().into_iter().chain(o.route.iter().map(String::as_str)))
        .collect();
    (!named.is_empty()).then_some(named)
}

/// Kind, subject and sentence of a disagreement.
fn disagreement(
    project: &Project,
    billed: Option<&BTreeSet<&str>>,
    operation: &Operation,
) -> Option<(&'static str, String, String)> {
    if operation.locality == Locality::Remote {
        let billed = billed?;
        let service = operation.route.first().or(operation.service.as_ref())?;
        let named = operation.route.iter().chain(&operation.service).any(|s| billed.contains(s.as_str()));
        return (!named).then(|| {
            let message = format!(
                "{} sends to {service}, which no bill of materials of the project names: {}",
                operation.id, operation.because
            );
            ("service-not-in-bill", service.clone(), message)
        });
    }
    let address = operation.spelled.as_ref()?.address.as_deref()?;
    let host = Url::parse(address).map_or_else(|| split_authority(address).0, |url| url.host);
    let host = Host::parse(host)?;
    let inside = locate(project, &host.to_string()) == Locality::Local;
    if !inside || is_loopback(&host) || is_component(project, &host) {
        return None;
    }
    let host = host.to_string();
    let message = format!(
        "{} sends to {host}, which lies inside the boundary and is no declared component: {}",
        operation.id, operation.because
    );
    Some(("undeclared-component", host, message))
}

fn is_loopback(host: &Host<'_>) -> bool {
    match host {
        Host::Address(address) => address.is_loopback(),
        Host::Name(name) => *name == "localhost" || under_domain(name, "localhost"),
    }
}

fn is_component(project: &Project, host: &Host<'_>) -> bool {
    let text = host.to_string();
    let address: Option<IpAddr> = text.parse().ok();
    project.components.iter().flat_map(|c| &c.hosts).any(|declared| {
        declared.eq_ignore_ascii_case(&text) || (address.is_some() && declared.parse().ok() == address)
    })
}

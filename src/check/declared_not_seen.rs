//! `declared-not-seen`: what is declared also shows in the traffic, so that the logs are of this system.

use super::bind::parameters;
use super::group::{blank, stated};
use super::{Bound, Case, Check, Judged, Side};
use crate::model::Diagnostics;
use crate::model::audit::{Finding, Outcome};
use crate::model::data::Locality;
use crate::model::diagnostic::{Diagnostic, closest};
use crate::model::inventory::State;
use crate::model::policy::Rule;
use crate::model::project::Role;
use crate::model::table::{Reader, Table};
use std::collections::BTreeSet;

pub(super) static CHECK: DeclaredNotSeen = DeclaredNotSeen;

pub(super) struct DeclaredNotSeen;

impl Check for DeclaredNotSeen {
    fn id(&self) -> &'static str {
        "declared-not-seen"
    }
    fn about(&self) -> &'static str {
        "compares components and declared remote steps with the traffic that was seen"
    }
    fn doc(&self) -> &'static str {
        "A component of the listed roles of which no log holds a single record may not be observed at all; \
         an active remote step whose service never appears may go around the observation points. Either \
         leaves the rule open.\n\n- `roles`: roles of components, default generator"
    }
    fn side(&self) -> Side {
        Side::Traffic
    }
    fn bind(&self, with: &Table, out: &mut Diagnostics) -> Option<Box<dyn Bound>> {
        let roles = parameters(with, out, |r| roles(r, &[Role::Generator]))?;
        Some(Box::new(Rules { roles }))
    }
}

/// Reads a list of roles.
pub(super) fn roles(reader: &Reader<'_, '_>, default: &[Role]) -> Vec<Role> {
    let mut roles = Vec::new();
    for word in reader.strings("roles") {
        match Role::parse(&word.value) {
            Some(role) => roles.push(role),
            None => {
                let names: Vec<_> = Role::ALL.iter().map(|r| r.name()).collect();
                let mut problem =
                    Diagnostic::error("unknown-value", format!("`{}` is not a role", word.value))
                        .at(word.at, format!("one of {}", names.join(", ")));
                if let Some(meant) = closest(&word.value, names.iter().copied()) {
                    problem = problem.help(format!("did you mean `{meant}`?"));
                }
                reader.report(problem);
            }
        }
    }
    if roles.is_empty() { default.to_vec() } else { roles }
}

struct Rules {
    roles: Vec<Role>,
}

impl Bound for Rules {
    fn judge(&self, case: &Case<'_>, rule: &Rule, out: &mut Vec<Finding>) -> Judged {
        let seen: BTreeSet<&str> = case.component_traffic().map(|(_, c)| c.id.as_str()).collect();
        for component in case.inputs.project.components.iter().filter(|c| self.roles.contains(&c.role)) {
            if seen.contains(component.id.as_str()) {
                continue;
            }
            let message = format!("no log holds a record of component {}", component.id);
            let mut finding = blank(rule, "component-not-seen", Outcome::Inconclusive, message);
            finding.component = Some(component.id.clone());
            finding.declared = vec![stated(&component.at)];
            finding.settle =
                Some("check `hosts` of the component against the logs, or add a heartbeat".to_owned());
            out.push(finding);
        }
        let reached: BTreeSet<&str> =
            case.component_traffic().filter_map(|(r, _)| r.destination.service).collect();
        let steps = case.inputs.inventory.iter().flat_map(|f| &f.operations);
        for step in steps.filter(|o| o.state == State::Active && o.locality == Locality::Remote) {
            // The first hop is what the traffic shows; the vendor behind it is not.
            let Some(service) = step.route.first().or(step.service.as_ref()) else { continue };
            if reached.contains(service.as_str()) {
                continue;
            }
            let message = format!("active step {} talks to {service}, of which no traffic was seen", step.id);
            let mut finding = blank(rule, "declared-step-not-seen", Outcome::Inconclusive, message);
            finding.service = Some(service.clone());
            finding.declared = vec![step.place.clone()];
            finding.settle =
                Some("remove the step, or find the way it takes around the observation points".to_owned());
            out.push(finding);
        }
        Judged::holds("every component and every declared remote step shows in the traffic")
    }
}

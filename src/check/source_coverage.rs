//! `source-coverage`: every component is observed for the whole period by a sensor that was alive.

use super::bind::parameters;
use super::declared_not_seen::roles;
use super::group::{blank, stated};
use super::{Bound, Case, Check, Judged, Side};
use crate::model::Diagnostics;
use crate::model::audit::{Finding, Outcome};
use crate::model::policy::{Requirement, Rule};
use crate::model::project::Role;
use crate::model::table::Table;
use crate::model::text::plural;
use crate::model::time::{HOUR, show_duration};

pub(super) static CHECK: SourceCoverage = SourceCoverage;

pub(super) struct SourceCoverage;

impl Check for SourceCoverage {
    fn id(&self) -> &'static str {
        "source-coverage"
    }
    fn about(&self) -> &'static str {
        "looks for a live sensor on every component during the whole period"
    }
    fn doc(&self) -> &'static str {
        "Coverage is the liveness of sensors, not the activity of hosts: any record a source logged, of any \
         client, and any statistics it wrote about itself, show that it was alive. A silence longer than \
         allowed leaves the rule open, never a quiet host that a heartbeat vouches for.\n\n\
         - `roles`: roles of components, default generator, forwarder\n\
         - `max_silence`: longest silence, default `1h`"
    }
    fn side(&self) -> Side {
        Side::Traffic
    }
    fn bind(&self, with: &Table, out: &mut Diagnostics) -> Option<Box<dyn Bound>> {
        let bound = parameters(with, out, |r| Rules {
            roles: roles(r, &[Role::Generator, Role::Forwarder]),
            max_silence: r.duration("max_silence").map_or(HOUR, |d| d.value),
        })?;
        Some(Box::new(bound))
    }
}

struct Rules {
    roles: Vec<Role>,
    max_silence: i64,
}

impl Bound for Rules {
    fn judge(&self, case: &Case<'_>, rule: &Rule, out: &mut Vec<Finding>) -> Judged {
        let needs = Requirement { max_silence: Some(self.max_silence), ..rule.needs.clone() };
        let mut observed = 0;
        for component in case.inputs.project.components.iter().filter(|c| self.roles.contains(&c.role)) {
            let own = |s: &&super::coverage::Point<'_>| {
                s.source.observes.contains(&component.id)
                    // A forwarder is seen by the source that is in it.
                    || (component.role == Role::Forwarder && s.source.point == component.id)
            };
            let points: Vec<_> = case.points.iter().filter(own).collect();
            if points.iter().any(|p| p.falls_short(&needs).is_none()) {
                observed += 1;
                continue;
            }
            let (kind, why) = match points.first().and_then(|p| p.falls_short(&needs)) {
                Some(why) => ("coverage-gap", why),
                None => ("component-not-observed", "no declared source observes it".to_owned()),
            };
            let message =
                format!("component {} is not shown to be observed for the whole period: {why}", component.id);
            let mut finding = blank(rule, kind, Outcome::Inconclusive, message);
            finding.component = Some(component.id.clone());
            finding.declared =
                points.iter().map(|p| stated(&p.source.at)).chain([stated(&component.at)]).collect();
            finding.settle = Some(format!(
                "a log of a sensor that was never silent for more than {} and that traffic cannot go around; \
                 a heartbeat proves life while hosts are quiet",
                show_duration(self.max_silence)
            ));
            out.push(finding);
        }
        Judged::holds(format!(
            "{} observed by sensors never silent for more than {}: {}",
            plural(observed, "component is", "components are"),
            show_duration(self.max_silence),
            case.points_sentence()
        ))
    }
}

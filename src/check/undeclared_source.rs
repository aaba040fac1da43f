//! `undeclared-source`: nothing inside the boundary that is no component reaches a generation service.

use super::bind::{CONTENT, parameters};
use super::group::{Objection, findings};
use super::{Bound, Case, Check, Judged, Side};
use crate::model::Diagnostics;
use crate::model::audit::{Finding, Outcome};
use crate::model::policy::Rule;
use crate::model::table::Table;

pub(super) static CHECK: UndeclaredSource = UndeclaredSource;

pub(super) struct UndeclaredSource;

impl Check for UndeclaredSource {
    fn id(&self) -> &'static str {
        "undeclared-source"
    }
    fn about(&self) -> &'static str {
        "looks for clients inside the boundary that are no component and reach a generation service"
    }
    fn doc(&self) -> &'static str {
        "Traffic of clients that are no components is counted and its destinations are not listed, with \
         one exception: a client inside the declared boundary that reaches a service which takes prompts \
         or images may be an undeclared generator. It has no parameters."
    }
    fn side(&self) -> Side {
        Side::Traffic
    }
    fn bind(&self, with: &Table, out: &mut Diagnostics) -> Option<Box<dyn Bound>> {
        parameters(with, out, |_| ())?;
        Some(Box::new(Rules))
    }
}

struct Rules;

impl Bound for Rules {
    fn judge(&self, case: &Case<'_>, rule: &Rule, out: &mut Vec<Finding>) -> Judged {
        let reaches = case
            .traffic
            .iter()
            .filter(|row| {
                row.component.is_none() && row.inside && row.crossed() && row.destination.generation
            })
            .filter(|row| !row.fetch && !row.data.intersection(CONTENT).is_empty())
            // A host that also serves downloads says nothing about a client nobody knows.
            .filter(|row| row.certainty >= crate::model::Certainty::Implied);
        let objections: Vec<_> = reaches
            .map(|row| Objection {
                row,
                kind: "undeclared-client",
                outcome: Outcome::Fail,
                data: row.data.intersection(CONTENT),
                certainty: row.certainty,
                settle: None,
            })
            .collect();
        findings(case, rule, objections, say, out);
        Judged::holds(format!(
            "no client inside the boundary other than the components was seen reaching a generation service at {}",
            case.points_sentence()
        ))
    }
}

fn say(f: &Finding) -> String {
    let who = f.client.as_deref().unwrap_or("a client");
    let whither = f.service.as_deref().or(f.destination.as_deref()).unwrap_or("a generation service");
    format!("{who} lies inside the boundary, is no declared component, and reached {whither}")
}

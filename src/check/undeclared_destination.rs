//! `undeclared-destination`: components reach nothing outside the boundary that nobody declared.

use super::bind::{Open, open, parameters};
use super::group::{Objection, declared, findings};
use super::traffic::is_forwarder;
use super::{Bound, Case, Check, Judged, Side};
use crate::model::audit::{Finding, Outcome};
use crate::model::data::Locality;
use crate::model::policy::Rule;
use crate::model::table::Table;
use crate::model::text::plural;
use crate::model::{Certainty, Diagnostics, Visibility};

pub(super) static CHECK: UndeclaredDestination = UndeclaredDestination;

pub(super) struct UndeclaredDestination;

impl Check for UndeclaredDestination {
    fn id(&self) -> &'static str {
        "undeclared-destination"
    }
    fn about(&self) -> &'static str {
        "compares destinations in the traffic of components with expected egress and declared steps"
    }
    fn doc(&self) -> &'static str {
        "A destination outside the boundary that neither an `[[expected]]` entry nor an active declared \
         step names fails the rule. Aggregates that have only an address are first explained by named \
         traffic of the same client, address, port and hour.\n\n\
         - `address_only`: what an unexplained address means: `fail` (default), `inconclusive`, `disclose`"
    }
    fn side(&self) -> Side {
        Side::Traffic
    }
    fn bind(&self, with: &Table, out: &mut Diagnostics) -> Option<Box<dyn Bound>> {
        let bound = parameters(with, out, |r| Rules { address_only: open(r, "address_only", Open::Fail) })?;
        Some(Box::new(bound))
    }
}

struct Rules {
    address_only: Open,
}

impl Bound for Rules {
    fn judge(&self, case: &Case<'_>, rule: &Rule, out: &mut Vec<Finding>) -> Judged {
        let mut known = 0;
        let mut objections = Vec::new();
        for (row, _) in case.component_traffic() {
            if !row.crossed() || is_forwarder(case.inputs.project, row.component) {
                continue;
            }
            if row.expected.is_some() || !declared(case, row.destination.service).is_empty() {
                known += 1;
                continue;
            }
            // The log that has the URL speaks for it.
            if row.explained && row.destination.names.is_empty() {
                continue;
            }
            let nameless = row.key.visibility >= Visibility::Address && row.destination.names.is_empty();
            let open = row.destination.locality == Locality::Undetermined;
            let (kind, outcome) = match (nameless, open, self.address_only) {
                (false, true, _) => ("undetermined-destination", Outcome::Inconclusive),
                (false, false, _) => ("undeclared-destination", Outcome::Fail),
                (true, true, Open::Fail | Open::Inconclusive) | (true, false, Open::Inconclusive) => {
                    ("unexplained-address", Outcome::Inconclusive)
                }
                (true, false, Open::Fail) => ("unexplained-address", Outcome::Fail),
                (true, _, Open::Disclose) => continue,
            };
            let settle = (outcome == Outcome::Inconclusive)
                .then_some("declare the network if it is local, or add a log that shows names");
            objections.push(Objection {
                row,
                kind,
                outcome,
                data: row.data,
                certainty: Certainty::Stated,
                settle,
            });
        }
        findings(case, rule, objections, say, out);
        Judged::holds(format!(
            "every destination of a component outside the boundary is declared ({} seen at {})",
            plural(known, "kind of exchange", "kinds of exchange"),
            case.points_sentence()
        ))
    }
}

fn say(f: &Finding) -> String {
    let who = f.component.as_deref().unwrap_or("a component");
    let whither = f.destination.as_deref().unwrap_or("an unnamed destination");
    match f.kind {
        "unexplained-address" => {
            format!("{who} reached the address {whither}, which no name in any log explains")
        }
        "undetermined-destination" => {
            format!("{who} reached {whither}, which is neither shown local nor remote")
        }
        _ => format!("{who} reached {whither}, which no declaration names"),
    }
}

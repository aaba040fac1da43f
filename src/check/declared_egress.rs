//! `declared-egress`: no active step of the declared pipeline sends content outside the boundary.

use super::bind::{CONTENT, Open, data, open, parameters};
use super::group::blank;
use super::{Bound, Case, Check, Judged, Side};
use crate::model::audit::{Finding, Outcome};
use crate::model::data::Locality;
use crate::model::inventory::{Operation, State};
use crate::model::policy::Rule;
use crate::model::table::Table;
use crate::model::text::plural;
use crate::model::{DataKinds, Diagnostics};

pub(super) static CHECK: DeclaredEgress = DeclaredEgress;

pub(super) struct DeclaredEgress;

impl Check for DeclaredEgress {
    fn id(&self) -> &'static str {
        "declared-egress"
    }
    fn about(&self) -> &'static str {
        "reads workflows and configuration for active steps that send content outside the boundary"
    }
    fn doc(&self) -> &'static str {
        "Each active operation of the inventory whose destination is outside the declared boundary and \
         which sends one of the listed kinds of data fails the rule. An operation whose destination \
         cannot be determined is never local.\n\n\
         - `data`: kinds of data, default prompt, image, mask, embedding\n\
         - `undetermined`: `fail`, `inconclusive` (default) or `disclose`"
    }
    fn side(&self) -> Side {
        Side::Declaration
    }
    fn bind(&self, with: &Table, out: &mut Diagnostics) -> Option<Box<dyn Bound>> {
        let bound = parameters(with, out, |r| Rules {
            data: data(r, CONTENT),
            undetermined: open(r, "undetermined", Open::Inconclusive),
        })?;
        Some(Box::new(bound))
    }
}

struct Rules {
    data: DataKinds,
    undetermined: Open,
}

impl Bound for Rules {
    fn judge(&self, case: &Case<'_>, rule: &Rule, out: &mut Vec<Finding>) -> Judged {
        let mut looked = 0;
        for file in case.inputs.inventory {
            for operation in &file.operations {
                looked += 1;
                if operation.state != State::Active || operation.sends.intersection(self.data).is_empty() {
                    continue;
                }
                let outcome = match (operation.locality, self.undetermined) {
                    (Locality::Remote, _) | (Locality::Undetermined, Open::Fail) => Outcome::Fail,
                    (Locality::Undetermined, Open::Inconclusive) => Outcome::Inconclusive,
                    (Locality::Local, _) | (Locality::Undetermined, Open::Disclose) => continue,
                };
                out.push(finding(rule, operation, operation.sends.intersection(self.data), outcome));
            }
        }
        let files = case.inputs.inventory.len() as u64;
        Judged::holds(format!(
            "{} of {} send nothing that must stay to a place outside the boundary",
            plural(looked, "operation", "operations"),
            plural(files, "file", "files")
        ))
    }
}

fn finding(rule: &Rule, operation: &Operation, data: DataKinds, outcome: Outcome) -> Finding {
    let whither = if operation.route.is_empty() {
        "an undetermined destination".to_owned()
    } else {
        operation.route.join(", then ")
    };
    let kind =
        if outcome == Outcome::Fail { "declared-step-sends-content" } else { "declared-step-undetermined" };
    let message = format!("active step {} sends {data} to {whither}: {}", operation.id, operation.because);
    let mut finding = blank(rule, kind, outcome, message);
    finding.service.clone_from(&operation.service);
    finding.destination = operation.route.last().cloned();
    finding.data = data;
    finding.certainty = operation.certainty;
    finding.declared = std::iter::once(&operation.place).chain(&operation.decided_at).cloned().collect();
    if outcome == Outcome::Inconclusive {
        finding.settle =
            Some("write the endpoint into the file, or declare its host in the boundary".to_owned());
    }
    finding
}

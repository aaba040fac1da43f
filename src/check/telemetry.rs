//! `telemetry`: what programs tell their makers is switched off.

use super::assets::{active, finding, outcome, understood};
use super::bind::{Open, open, parameters};
use super::{Bound, Case, Check, Judged, Side};
use crate::model::audit::Finding;
use crate::model::data::Locality;
use crate::model::inventory::{AssetKind, State};
use crate::model::policy::Rule;
use crate::model::table::Table;
use crate::model::text::plural;
use crate::model::{DataKind, Diagnostics};

pub(super) static CHECK: Telemetry = Telemetry;

pub(super) struct Telemetry;

impl Check for Telemetry {
    fn id(&self) -> &'static str {
        "telemetry"
    }
    fn about(&self) -> &'static str {
        "looks for usage data and error reports that nobody switched off"
    }
    fn doc(&self) -> &'static str {
        "A program that is known to send usage data unless a variable or a flag says otherwise, and of which \
         no file says otherwise; a step that sends traces or logs to a place outside the boundary. A switch \
         set on the machine itself is not seen.\n\n- `found`: `fail` (default), `inconclusive` or `disclose`"
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
        let outcome = outcome(self.found);
        let mut found = 0;
        let settle = "set the switch in a file of the project, or say that the machine sets it";
        for (_, asset) in active(case, AssetKind::Telemetry) {
            found += 1;
            let Some(outcome) = outcome else { continue };
            let message = format!("{} sends usage data: {}", asset.name, asset.because);
            let mut finding = finding(rule, "telemetry-on", outcome, message, &asset.place, settle);
            finding.service.clone_from(&asset.service);
            finding.data.insert(DataKind::Telemetry);
            out.push(finding);
        }
        let operations = case.inputs.inventory.iter().flat_map(|f| &f.operations);
        let sends = operations.filter(|o| {
            o.state == State::Active && o.locality != Locality::Local && o.sends.contains(DataKind::Telemetry)
        });
        for operation in sends {
            found += 1;
            let Some(outcome) = outcome else { continue };
            let message = format!("{} sends usage data: {}", operation.id, operation.because);
            let mut finding = finding(rule, "telemetry-on", outcome, message, &operation.place, settle);
            finding.service.clone_from(&operation.service);
            finding.destination = operation.route.last().cloned();
            finding.certainty = operation.certainty;
            finding.data.insert(DataKind::Telemetry);
            out.push(finding);
        }
        Judged::holds(format!(
            "{} that nobody switched off in {}",
            plural(found, "source of usage data", "sources of usage data"),
            plural(understood(case), "file that was understood", "files that were understood")
        ))
    }
}

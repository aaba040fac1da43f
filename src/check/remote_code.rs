//! `remote-code`: nothing fetches code from elsewhere and runs it.

use super::assets::{active, finding, outcome, understood};
use super::bind::{Open, open, parameters};
use super::{Bound, Case, Check, Judged, Side};
use crate::model::Diagnostics;
use crate::model::audit::Finding;
use crate::model::inventory::AssetKind;
use crate::model::policy::Rule;
use crate::model::table::Table;
use crate::model::text::plural;

pub(super) static CHECK: RemoteCode = RemoteCode;

pub(super) struct RemoteCode;

impl Check for RemoteCode {
    fn id(&self) -> &'static str {
        "remote-code"
    }
    fn about(&self) -> &'static str {
        "looks for code that comes with a model or from a hub and is run"
    }
    fn doc(&self) -> &'static str {
        "`trust_remote_code`, custom pipelines, components outside the known libraries, pickles that import \
         what a model does not need: code that nobody here wrote runs with the rights of the pipeline, and \
         may send what it likes. Pickles are read, never loaded.\n\n\
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
        let mut found = 0;
        for (_, asset) in active(case, AssetKind::RemoteCode) {
            found += 1;
            let Some(outcome) = outcome(self.found) else { continue };
            let message = format!("{} runs code from elsewhere: {}", asset.name, asset.because);
            let settle = "pin the code and look at it";
            out.push(finding(rule, "remote-code", outcome, message, &asset.place, settle));
        }
        Judged::holds(format!(
            "{} that runs code from elsewhere in {}",
            plural(found, "place", "places"),
            plural(understood(case), "file that was understood", "files that were understood")
        ))
    }
}

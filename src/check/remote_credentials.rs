//! `remote-credentials`: no credential of a hosted generation service lies in the project.

use super::assets::{active, finding, outcome, understood};
use super::bind::{Open, open, parameters};
use super::{Bound, Case, Check, Judged, Side};
use crate::model::Diagnostics;
use crate::model::audit::Finding;
use crate::model::inventory::AssetKind;
use crate::model::policy::Rule;
use crate::model::table::Table;
use crate::model::text::plural;

pub(super) static CHECK: RemoteCredentials = RemoteCredentials;

pub(super) struct RemoteCredentials;

impl Check for RemoteCredentials {
    fn id(&self) -> &'static str {
        "remote-credentials"
    }
    fn about(&self) -> &'static str {
        "looks for keys of hosted generation services in the project's files"
    }
    fn doc(&self) -> &'static str {
        "A filled-in key or token of a service that generates images or passes prompts on: whoever has it can \
         send. Its name and place are told, never its value. Empty values, placeholders and references to a \
         secret store are not filled in; keys of services that only serve downloads are counted and decide \
         nothing.\n\n- `found`: `fail` (default), `inconclusive` or `disclose`"
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
        let (mut generating, mut other) = (0, 0);
        for (_, asset) in active(case, AssetKind::Credential) {
            let service = asset.service.as_deref().and_then(|id| case.inputs.services.service(id));
            if !service.is_some_and(|s| s.generation) {
                other += 1;
                continue;
            }
            generating += 1;
            let Some(outcome) = outcome(self.found) else { continue };
            let id = service.map_or("a service", |s| s.id.as_str());
            let message = format!("{} is a credential of {id}: {}", asset.name, asset.because);
            let settle = "empty it, or say what it is for";
            let mut finding = finding(rule, "credential-present", outcome, message, &asset.place, settle);
            finding.service = Some(id.to_owned());
            finding.data.insert(crate::model::DataKind::Credential);
            out.push(finding);
        }
        Judged::holds(format!(
            "{} of generation services and {other} of others in {}",
            plural(generating, "credential", "credentials"),
            plural(understood(case), "file that was understood", "files that were understood")
        ))
    }
}

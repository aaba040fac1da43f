//! `model-provenance`: every model file is one that the project describes by its digest.

use super::assets::{finding, outcome};
use super::bind::{Open, open, parameters};
use super::{Bound, Case, Check, Judged, Side};
use crate::model::Diagnostics;
use crate::model::audit::{Finding, Outcome};
use crate::model::inventory::{AssetKind, Provenance};
use crate::model::policy::Rule;
use crate::model::table::Table;
use crate::model::text::plural;

pub(super) static CHECK: ModelProvenance = ModelProvenance;

pub(super) struct ModelProvenance;

impl Check for ModelProvenance {
    fn id(&self) -> &'static str {
        "model-provenance"
    }
    fn about(&self) -> &'static str {
        "compares the SHA-256 of model files with those that bills of materials and checksum lists state"
    }
    fn doc(&self) -> &'static str {
        "A model file counts as verified if another file of the project (CycloneDX, SPDX, a list of \
         checksums) states its SHA-256. One that states another digest for it always fails. What a file says \
         about its own origin is told and proves nothing.\n\n\
         - `unverified`: `fail` (default), `inconclusive` or `disclose`"
    }
    fn side(&self) -> Side {
        Side::Declaration
    }
    fn bind(&self, with: &Table, out: &mut Diagnostics) -> Option<Box<dyn Bound>> {
        let unverified = parameters(with, out, |r| open(r, "unverified", Open::Fail))?;
        Some(Box::new(Rules { unverified }))
    }
}

struct Rules {
    unverified: Open,
}

impl Bound for Rules {
    fn judge(&self, case: &Case<'_>, rule: &Rule, out: &mut Vec<Finding>) -> Judged {
        let (mut files, mut verified) = (0, 0);
        for file in case.inputs.inventory {
            let Some(provenance) = file.provenance else { continue };
            files += 1;
            let (kind, outcome) = match provenance {
                Provenance::Verified => {
                    verified += 1;
                    continue;
                }
                Provenance::Contradicted => ("model-contradicted", Some(Outcome::Fail)),
                Provenance::Declared | Provenance::Undeclared => {
                    ("unverified-model", outcome(self.unverified))
                }
            };
            let Some(outcome) = outcome else { continue };
            let Some(model) = file.assets.iter().find(|a| a.kind == AssetKind::Model) else { continue };
            let message =
                format!("model {} is {}, not verified: {}", model.name, provenance.name(), model.because);
            let settle = "add the model with its SHA-256 to a CycloneDX or SPDX file of the project";
            out.push(finding(rule, kind, outcome, message, &model.place, settle));
        }
        if files == 0 {
            return Judged::holds("no model file is among the files of the project");
        }
        Judged::holds(format!(
            "the project states the SHA-256 of {verified} of {}",
            plural(files, "model file", "model files")
        ))
    }
}

//! `model-provenance`: every model file is one that a bill of materials describes by its digest.

use super::assets::{active, described, finding, is_file, outcome};
use super::bind::{Open, open, parameters};
use super::{Bound, Case, Check, Judged, Side};
use crate::model::Diagnostics;
use crate::model::audit::Finding;
use crate::model::inventory::AssetKind;
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
        "compares the SHA-256 of model files with those a bill of materials states"
    }
    fn doc(&self) -> &'static str {
        "A model file counts as verified if a bill of materials of the project (CycloneDX, SPDX) states its \
         SHA-256. What a file says about its own origin is told and proves nothing.\n\n\
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
        let described = described(case);
        let (mut files, mut verified) = (0, 0);
        for (_, asset) in active(case, AssetKind::Model).filter(|(_, asset)| is_file(asset)) {
            files += 1;
            if asset.sha256.as_deref().is_some_and(|digest| described.contains(digest)) {
                verified += 1;
                continue;
            }
            let Some(outcome) = outcome(self.unverified) else { continue };
            let why = match &asset.sha256 {
                Some(digest) => format!("no bill of materials states its SHA-256 {digest}"),
                None => "its SHA-256 was not made".to_owned(),
            };
            let message = format!("model {} is not verified: {why}; {}", asset.name, asset.because);
            let settle = "add the model with its SHA-256 to a CycloneDX or SPDX file of the project";
            out.push(finding(rule, "unverified-model", outcome, message, &asset.place, settle));
        }
        if files == 0 {
            return Judged::holds("no model file is among the files of the project");
        }
        Judged::holds(format!(
            "{verified} of {} are described by a bill of materials",
            plural(files, "model file", "model files")
        ))
    }
}

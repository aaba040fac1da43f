//! Findings from assets: things that the project's files hold, whether or not anything uses them.

use super::bind::Open;
use super::case::Case;
use super::group::blank;
use crate::model::audit::{Finding, Outcome};
use crate::model::inventory::{Asset, AssetKind, FileInventory, State, Where};
use crate::model::policy::Rule;

/// Active assets of a kind, with the file they stand in.
pub(super) fn active<'a>(
    case: &Case<'a>,
    kind: AssetKind,
) -> impl Iterator<Item = (&'a FileInventory, &'a Asset)> {
    case.inputs
        .inventory
        .iter()
        .flat_map(|file| file.assets.iter().map(move |asset| (file, asset)))
        .filter(move |(_, asset)| asset.kind == kind && asset.state == State::Active)
}

/// The outcome of something found, if it is one; without it is only counted.
pub(super) fn outcome(open: Open) -> Option<Outcome> {
    match open {
        Open::Fail => Some(Outcome::Fail),
        Open::Inconclusive => Some(Outcome::Inconclusive),
        Open::Disclose => None,
    }
}

/// A finding about something in a file.
pub(super) fn finding(
    rule: &Rule,
    kind: &'static str,
    outcome: Outcome,
    message: String,
    place: &Where,
    settle: &str,
) -> Finding {
    let mut finding = blank(rule, kind, outcome, message);
    finding.declared = vec![place.clone()];
    finding.settle = (outcome == Outcome::Inconclusive).then(|| settle.to_owned());
    finding
}

/// How many files were understood: what a sentence about their absence rests on.
pub(super) fn understood(case: &Case<'_>) -> u64 {
    case.inputs.inventory.iter().filter(|f| f.kind != "none").count() as u64
}

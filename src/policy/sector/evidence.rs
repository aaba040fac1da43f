//! What evidence a rule requires, and how policies above may tighten it.

use crate::model::Diagnostics;
use crate::model::diagnostic::{Diagnostic, closest};
use crate::model::flow::Visibility;
use crate::model::policy::{PointNeed, Requirement};
use crate::model::project::PointKind;
use crate::model::table::{Reader, Table};
use crate::policy::quantity::parse_ppm;

/// Reads an `evidence` table.
pub(super) fn requirement(table: &Table, out: &mut Diagnostics) -> Requirement {
    let r = Reader::new(table, "`evidence`", out);
    let mut points = Vec::new();
    for word in r.strings("point") {
        let (kind, denied) = match word.value.strip_suffix("+denied") {
            Some(kind) => (kind, true),
            None => (word.value.as_str(), false),
        };
        match PointKind::parse(kind) {
            Some(kind) => points.push(PointNeed { kind, denied }),
            None => {
                let names: Vec<_> = PointKind::ALL.iter().map(|k| k.name()).collect();
                let message = format!("`{kind}` is no kind of observation point");
                let label = format!("one of {}, each also with `+denied`", names.join(", "));
                let mut problem = Diagnostic::error("unknown-value", message).at(word.at.clone(), label);
                if let Some(meant) = closest(kind, names.iter().copied()) {
                    problem = problem.help(format!("did you mean `{meant}`?"));
                }
                r.report(problem);
            }
        }
    }
    let names: Vec<_> = Visibility::ALL.iter().map(|v| v.name()).collect();
    let visibility = r.word("visibility", &names, Visibility::parse).map(|v| v.value);
    let max_silence = r.duration("max_silence").map(|d| d.value);
    let max_rejected_ppm = r.string("max_rejected").and_then(|text| {
        let parsed = parse_ppm(&text.value);
        if parsed.is_none() {
            r.report(
                Diagnostic::error("wrong-value", format!("`{}` is not a share", text.value))
                    .at(text.at, "a percentage")
                    .help("write for example \"0.1%\""),
            );
        }
        parsed
    });
    r.finish();
    Requirement { points, visibility, max_silence, max_rejected_ppm }
}

/// Joins what a policy above requires; what would loosen is an error.
pub(super) fn tighten(base: &mut Requirement, more: Requirement, table: &Table, out: &mut Diagnostics) {
    let mut loosened = |key: &str| {
        out.push(
            Diagnostic::error("rule-loosened", format!("required `{key}` may only be tightened"))
                .at(table.key_place(key), "looser than stated by another policy"),
        );
    };
    if !more.points.is_empty() {
        let covered = |n: &PointNeed| base.points.iter().any(|b| b.kind == n.kind && (n.denied || !b.denied));
        if base.points.is_empty() || more.points.iter().all(covered) {
            base.points = more.points;
        } else {
            loosened("point");
        }
    }
    match (base.visibility, more.visibility) {
        (Some(b), Some(m)) if m > b => loosened("visibility"),
        (_, Some(m)) => base.visibility = Some(m),
        _ => {}
    }
    match (base.max_silence, more.max_silence) {
        (Some(b), Some(m)) if m > b => loosened("max_silence"),
        (_, Some(m)) => base.max_silence = Some(m),
        _ => {}
    }
    match (base.max_rejected_ppm, more.max_rejected_ppm) {
        (Some(b), Some(m)) if m > b => loosened("max_rejected"),
        (_, Some(m)) => base.max_rejected_ppm = Some(m),
        _ => {}
    }
}

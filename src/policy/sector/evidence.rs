//! `evidence` of a rule: what it takes before a rule may pass, and which of two demands asks for more.

use super::super::quantity::parse_ppm;
use super::parameter::Parameters;
use super::rule::filled_table;
use crate::model::diagnostic::{Diagnostic, Diagnostics, closest};
use crate::model::flow::Visibility;
use crate::model::policy::{PointNeed, Requirement};
use crate::model::project::PointKind;
use crate::model::table::{Reader, Table};

/// Reads an `evidence` table.
pub(super) fn read(table: &Table, parameters: &Parameters, out: &mut Diagnostics) -> Requirement {
    let before = out.list.len();
    let table = filled_table(table, parameters, out);
    if out.list.len() > before {
        return Requirement::default();
    }
    let reader = Reader::new(&table, "`evidence`", out);
    let words: Vec<&'static str> = PointKind::ALL.iter().map(|k| k.name()).collect();
    let mut points = Vec::new();
    for text in reader.strings("point") {
        let (word, denied) =
            text.value.strip_suffix("+denied").map_or((text.value.as_str(), false), |w| (w, true));
        match PointKind::parse(word) {
            Some(kind) => points.push(PointNeed { kind, denied }),
            None => {
                let problem =
                    Diagnostic::error("unknown-value", format!("`{}` is not a kind of point", text.value))
                        .at(text.at.clone(), format!("one of {}, some with `+denied`", words.join(", ")));
                reader.report(match closest(word, words.iter().copied()) {
                    Some(meant) => problem.help(format!("did you mean `{meant}`?")),
                    None => problem,
                });
            }
        }
    }
    let words: Vec<&'static str> = Visibility::ALL.iter().map(|v| v.name()).collect();
    let visibility = reader.word("visibility", &words, Visibility::parse);
    let max_silence = reader.duration("max_silence");
    let rejected = reader.string("max_rejected").and_then(|text| {
        let parsed = parse_ppm(&text.value);
        if parsed.is_none() {
            reader.report(
                Diagnostic::error("wrong-value", format!("`{}` is not a share", text.value))
                    .at(text.at, "a number and `%`")
                    .help("write for example \"0.1%\", with at most four decimals"),
            );
        }
        parsed
    });
    reader.finish();
    Requirement {
        points,
        visibility: visibility.map(|v| v.value),
        max_silence: max_silence.map(|d| d.value),
        max_rejected_ppm: rejected,
    }
}

/// The key of `new` that asks for less than `old` does. What `new` leaves out stays as it is.
pub(super) fn loosened(old: &Requirement, new: &Requirement) -> Option<&'static str> {
    let covered =
        |need: &PointNeed| old.points.iter().any(|o| o.kind == need.kind && (need.denied || !o.denied));
    let more = |old: Option<u64>, new: Option<u64>| matches!((old, new), (Some(old), Some(new)) if new > old);
    let bytes = |silence: Option<i64>| silence.and_then(|s| u64::try_from(s).ok());
    if !old.points.is_empty() && !new.points.iter().all(covered) {
        Some("point")
    } else if matches!((old.visibility, new.visibility), (Some(old), Some(new)) if new > old) {
        Some("visibility")
    } else if more(bytes(old.max_silence), bytes(new.max_silence)) {
        Some("max_silence")
    } else if more(old.max_rejected_ppm, new.max_rejected_ppm) {
        Some("max_rejected")
    } else {
        None
    }
}

/// Makes `all` ask for what either asks for. `Err` with the key that nothing can satisfy.
pub(super) fn combine(all: &mut Requirement, more: &Requirement) -> Result<(), &'static str> {
    fn least<T: Ord>(a: Option<T>, b: Option<T>) -> Option<T> {
        a.into_iter().chain(b).min()
    }
    all.visibility = least(all.visibility, more.visibility);
    all.max_silence = least(all.max_silence, more.max_silence);
    all.max_rejected_ppm = least(all.max_rejected_ppm, more.max_rejected_ppm);
    if all.points.is_empty() {
        all.points.clone_from(&more.points);
    } else if !more.points.is_empty() {
        let both: Vec<PointNeed> = all
            .points
            .iter()
            .flat_map(|a| {
                more.points
                    .iter()
                    .filter(|b| b.kind == a.kind)
                    .map(|b| PointNeed { kind: a.kind, denied: a.denied || b.denied })
            })
            .collect();
        if both.is_empty() {
            return Err("point");
        }
        all.points = both;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(list: &[(PointKind, bool)]) -> Requirement {
        Requirement {
            points: list.iter().map(|(kind, denied)| PointNeed { kind: *kind, denied: *denied }).collect(),
            ..Requirement::default()
        }
    }

    #[test]
    fn a_point_with_bypass_denied_asks_for_more() {
        let open = points(&[(PointKind::ExplicitProxy, false), (PointKind::Host, false)]);
        let closed = points(&[(PointKind::ExplicitProxy, true)]);
        assert_eq!(loosened(&open, &closed), None);
        assert_eq!(loosened(&closed, &open), Some("point"));
        let mut both = open.clone();
        combine(&mut both, &closed).unwrap();
        assert_eq!(both.points, closed.points);
        assert_eq!(combine(&mut both, &points(&[(PointKind::Host, false)])), Err("point"));
    }

    #[test]
    fn less_silence_and_more_to_see_is_more() {
        let old = Requirement {
            max_silence: Some(10),
            visibility: Some(Visibility::Name),
            ..Requirement::default()
        };
        let new = Requirement {
            max_silence: Some(20),
            visibility: Some(Visibility::Url),
            ..Requirement::default()
        };
        assert_eq!(loosened(&old, &new), Some("max_silence"));
        let mut both = old.clone();
        combine(&mut both, &new).unwrap();
        assert_eq!((both.max_silence, both.visibility), (Some(10), Some(Visibility::Url)));
    }
}

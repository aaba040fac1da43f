//! Binding: every rule of a policy handed to the check it names, before anything is read.

use super::{Bound, CHECKS, Check};
use crate::model::diagnostic::{Diagnostic, closest};
use crate::model::policy::Policy;
use crate::model::table::Reader;
use crate::model::{DataKind, DataKinds, Diagnostics};

/// The checks of a policy's rules, in the order of the rules.
pub struct Bindings {
    pub(super) bound: Vec<(&'static dyn Check, Box<dyn Bound>)>,
}

/// Binds every rule; reports every rule whose check is unknown or whose parameters are wrong.
#[must_use]
pub fn bind(policy: &Policy, out: &mut Diagnostics) -> Option<Bindings> {
    let mut bound = Vec::new();
    for rule in &policy.rules {
        let (id, place) = &rule.check;
        let Some(check) = CHECKS.iter().find(|c| c.id() == id) else {
            let known: Vec<_> = CHECKS.iter().map(|c| c.id()).collect();
            let help = closest(id, known.iter().copied()).map_or_else(
                || format!("checks: {}", known.join(", ")),
                |meant| format!("did you mean `{meant}`?"),
            );
            out.push(
                Diagnostic::error("unknown-check", format!("there is no check `{id}`"))
                    .at(place.clone(), "unknown check")
                    .help(help),
            );
            continue;
        };
        if let Some(b) = check.bind(&rule.with, out) {
            bound.push((*check, b));
        }
    }
    (bound.len() == policy.rules.len()).then_some(Bindings { bound })
}

/// What to do with something that the evidence leaves open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Open {
    /// It fails the rule.
    Fail,
    /// It leaves the rule open.
    Inconclusive,
    /// It is listed and decides nothing.
    Disclose,
}

/// Reads a key that says what to do with something left open.
pub(super) fn open(reader: &Reader<'_, '_>, key: &'static str, default: Open) -> Open {
    reader
        .word(key, &["fail", "inconclusive", "disclose"], |w| match w {
            "fail" => Some(Open::Fail),
            "inconclusive" => Some(Open::Inconclusive),
            "disclose" => Some(Open::Disclose),
            _ => None,
        })
        .map_or(default, |w| w.value)
}

/// Reads a list of data kinds.
pub(super) fn data(reader: &Reader<'_, '_>, default: DataKinds) -> DataKinds {
    let words = reader.strings("data");
    if words.is_empty() {
        return default;
    }
    let mut kinds = DataKinds::NONE;
    for word in words {
        match DataKind::parse(&word.value) {
            Some(kind) => kinds.insert(kind),
            None => {
                let names = DataKind::ALL.map(DataKind::name);
                let mut problem =
                    Diagnostic::error("unknown-value", format!("`{}` is not a kind of data", word.value))
                        .at(word.at, format!("one of {}", names.join(", ")));
                if let Some(meant) = closest(&word.value, names) {
                    problem = problem.help(format!("did you mean `{meant}`?"));
                }
                reader.report(problem);
            }
        }
    }
    kinds
}

/// The kinds of data that the promise of the program is about.
pub(super) const CONTENT: DataKinds =
    DataKinds::of(&[DataKind::Prompt, DataKind::Image, DataKind::Mask, DataKind::Embedding]);

/// Runs `read` over a rule's parameters and returns its value only if it reported no error.
pub(super) fn parameters<T>(
    with: &crate::model::table::Table,
    out: &mut Diagnostics,
    read: impl FnOnce(&Reader<'_, '_>) -> T,
) -> Option<T> {
    let before = out.list.len();
    let reader = Reader::new(with, "`with`", out);
    let value = read(&reader);
    reader.finish();
    let clean = !out.list.iter().skip(before).any(|d| d.level == crate::model::Level::Error);
    clean.then_some(value)
}

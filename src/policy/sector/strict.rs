//! Which of two values of a rule is the stricter one.
//!
//! A rule that is stated again by a policy above may only be tightened. For that, every key that a
//! check takes has a direction here; a key that is not listed may only be stated again as it was.
//! Values are compared as they are in force. Where a fixed value meets a parameter the stricter one
//! holds: which one that is depends on what the project sets, so the looser one is only warned of.

use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::table::{Node, Table, Value};
use crate::model::time::parse_duration;
use crate::policy::quantity::parse_ppm;

/// A table of a rule as written and with its parameters filled in, changed together.
pub(super) struct Twofold<'a> {
    pub(super) written: &'a mut Table,
    pub(super) filled: &'a mut Table,
}

impl Twofold<'_> {
    /// Lays a second statement over this one; it may only tighten. Whether anything changed.
    ///
    /// `below` says whether the second statement's policy builds on the first one's. If not, neither
    /// has to know of the other, and the stricter value holds.
    pub(super) fn tighten(
        &mut self,
        written: &Table,
        filled: &Table,
        below: bool,
        out: &mut Diagnostics,
    ) -> bool {
        let mut changed = false;
        for ((key, place, raw), (.., new)) in written.entries.iter().zip(&filled.entries) {
            let old = self.filled.entries.iter_mut().find(|(k, ..)| k == key);
            let old_raw = self.written.entries.iter_mut().find(|(k, ..)| k == key);
            let (Some((_, stated, old)), Some((.., old_raw))) = (old, old_raw) else {
                out.push(
                    Diagnostic::error("loosened", format!("the inherited rule does not state `{key}`"))
                        .at(place.clone(), "added here")
                        .related(self.written.at.clone(), "the rule is stated here")
                        .help(
                            "what is not stated has the value the check gives it; state a rule of your own",
                        ),
                );
                continue;
            };
            let mixed = is_parameter(old_raw) != is_parameter(raw);
            let tables = (&mut old.value, &mut old_raw.value, &new.value, &raw.value);
            if let (Value::Table(old), Value::Table(old_raw), Value::Table(new), Value::Table(raw)) = tables {
                changed |= Twofold { written: old_raw, filled: old }.tighten(raw, new, below, out);
                continue;
            }
            let why = match compare(key, old, new) {
                Compared::Same => continue,
                Compared::Stricter => {
                    *old = new.clone();
                    *old_raw = raw.clone();
                    changed = true;
                    continue;
                }
                Compared::Looser if !below => continue,
                Compared::Looser if mixed => {
                    out.push(
                        Diagnostic::warning("no-effect", format!("`{key}` is looser than what is in force"))
                            .at(raw.at.clone(), "has no effect")
                            .related(old.at.clone(), "in force"),
                    );
                    continue;
                }
                Compared::Looser => "gets looser",
                Compared::Unlike => "is neither the same nor stricter",
            };
            out.push(
                Diagnostic::error("loosened", format!("`{key}` of an inherited rule {why}"))
                    .at(raw.at.clone(), "stated again here")
                    .related(stated.clone(), "inherited from here")
                    .help("an inherited rule can only be tightened; set a parameter within its bounds, or state a rule of your own"),
            );
        }
        changed
    }
}

fn is_parameter(node: &Node) -> bool {
    matches!(&node.value, Value::Table(t) if t.get("parameter").is_some())
}

/// How a value compares with the one it would replace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compared {
    Same,
    Stricter,
    Looser,
    /// Neither: another kind of value, or a key without a direction.
    Unlike,
}

/// Which side of a key is the strict one.
enum Direction {
    /// More members are stricter.
    More,
    /// Fewer members are stricter.
    Fewer,
    /// A smaller quantity is stricter.
    Less,
    /// Words, loosest first.
    Words(&'static [&'static str]),
}

fn direction(key: &str) -> Option<Direction> {
    Some(match key {
        "data" | "roles" | "denied" => Direction::More,
        "allowed" => Direction::Fewer,
        "max" | "max_silence" => Direction::Less,
        "fail_from" => Direction::Words(&["observed", "stated", "implied", "possible"]),
        "possible" | "undetermined" | "unknown" | "untestable" | "address_only" | "cleartext" | "unseen" => {
            Direction::Words(&["disclose", "inconclusive", "fail"])
        }
        "at_least" => Direction::Words(&["1.0", "1.1", "1.2", "1.3"]),
        _ => return None,
    })
}

/// Compares `new` with the `old` value of the same key.
fn compare(key: &str, old: &Node, new: &Node) -> Compared {
    if same(old, new) {
        return Compared::Same;
    }
    let Some(direction) = direction(key) else { return Compared::Unlike };
    match direction {
        Direction::More => members(old, new),
        Direction::Fewer => match members(old, new) {
            Compared::Stricter => Compared::Looser,
            Compared::Looser => Compared::Stricter,
            other => other,
        },
        Direction::Less => by_rank(quantity(new), quantity(old)),
        Direction::Words(words) => {
            let rank = |node: &Node| match &node.value {
                Value::String(s) => words.iter().position(|w| w == s),
                _ => None,
            };
            by_rank(rank(old), rank(new))
        }
    }
}

/// Whether two values say the same, wherever they stand. The order of a list does not matter.
fn same(a: &Node, b: &Node) -> bool {
    match (&a.value, &b.value) {
        (Value::String(a), Value::String(b)) | (Value::Datetime(a), Value::Datetime(b)) => a == b,
        (Value::Integer(a), Value::Integer(b)) => a == b,
        (Value::Float(a), Value::Float(b)) => a.total_cmp(b).is_eq(),
        (Value::Boolean(a), Value::Boolean(b)) => a == b,
        (Value::Array(a), Value::Array(b)) => {
            let within = |x: &[Node], y: &[Node]| x.iter().all(|i| y.iter().any(|j| same(i, j)));
            within(a, b) && within(b, a)
        }
        (Value::Table(a), Value::Table(b)) => {
            a.entries.len() == b.entries.len()
                && a.entries.iter().all(|(key, _, x)| b.get(key).is_some_and(|y| same(x, y)))
        }
        _ => false,
    }
}

/// `Stricter` if every member of `old` is in `new`.
fn members(old: &Node, new: &Node) -> Compared {
    let (Value::Array(old), Value::Array(new)) = (&old.value, &new.value) else { return Compared::Unlike };
    let within = |x: &[Node], y: &[Node]| x.iter().all(|i| y.iter().any(|j| same(i, j)));
    match (within(old, new), within(new, old)) {
        (true, true) => Compared::Same,
        (true, false) => Compared::Stricter,
        (false, true) => Compared::Looser,
        (false, false) => Compared::Unlike,
    }
}

/// `Stricter` if the second rank is the higher one.
fn by_rank<T: Ord>(low: Option<T>, high: Option<T>) -> Compared {
    let (Some(low), Some(high)) = (low, high) else { return Compared::Unlike };
    match low.cmp(&high) {
        std::cmp::Ordering::Less => Compared::Stricter,
        std::cmp::Ordering::Equal => Compared::Same,
        std::cmp::Ordering::Greater => Compared::Looser,
    }
}

/// A duration or a share as a number; two of different kinds are told apart by the kind.
fn quantity(node: &Node) -> Option<(u8, i128)> {
    match &node.value {
        Value::Integer(i) => Some((0, (*i).into())),
        Value::String(s) if s.ends_with('%') => parse_ppm(s).map(|n| (1, n.into())),
        Value::String(s) => parse_duration(s).map(|n| (2, n.into())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::table::Table;
    use crate::model::{Diagnostics, SourceText};

    fn compared(old: &str, new: &str) -> Compared {
        let node = |line: &str| {
            let mut out = Diagnostics::default();
            let table = Table::parse(&SourceText::new("t", line), &mut out);
            assert!(!out.has_errors(), "{line}");
            table.entries[0].clone()
        };
        let (old, new) = (node(old), node(new));
        compare(&old.0, &old.2, &new.2)
    }

    #[test]
    fn every_direction() {
        use Compared::{Looser, Same, Stricter, Unlike};
        for (old, new, expected) in [
            ("data = ['prompt']", "data = ['image', 'prompt']", Stricter),
            ("data = ['prompt', 'image']", "data = ['image', 'prompt']", Same),
            ("data = ['prompt', 'image']", "data = ['prompt']", Looser),
            ("data = ['prompt']", "data = ['image']", Unlike),
            ("allowed = ['EEA', 'CH']", "allowed = ['CH']", Stricter),
            ("allowed = ['CH']", "allowed = ['EEA', 'CH']", Looser),
            ("denied = ['CN']", "denied = ['CN', 'RU']", Stricter),
            ("max_silence = '1h'", "max_silence = '30m'", Stricter),
            ("max_silence = '1h'", "max_silence = '61m'", Looser),
            ("max = '0.1%'", "max = '0.01%'", Stricter),
            ("max_silence = { parameter = 'a' }", "max_silence = '1s'", Unlike),
            ("max_silence = { parameter = 'a' }", "max_silence = { parameter = 'a' }", Same),
            ("fail_from = 'implied'", "fail_from = 'possible'", Stricter),
            ("fail_from = 'implied'", "fail_from = 'observed'", Looser),
            ("unknown = 'disclose'", "unknown = 'fail'", Stricter),
            ("at_least = '1.2'", "at_least = '1.0'", Looser),
            ("surprise = 1", "surprise = 1", Same),
            ("surprise = 1", "surprise = 2", Unlike),
        ] {
            assert_eq!(compared(old, new), expected, "{old} -> {new}");
        }
    }
}

//! Host patterns and the table that finds the one that fits a host best.
//!
//! A pattern is a host name in which `{name}` stands for one label or a part of one, and a leading `*.`
//! for one or more labels. Patterns are filed under their literal tail, so a look-up asks the table once
//! for each label of the host, longest tail first, and a tail always begins at a label: `notopenai.com`
//! never meets a pattern for `openai.com`.

use rustc_hash::FxHashMap;

/// A part of a label pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    /// These characters.
    Literal(String),
    /// At least one character; whether it is the region.
    Variable { region: bool },
}

/// A host pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HostPattern {
    /// As written.
    pub(super) text: String,
    /// The literal labels at its end.
    tail: String,
    /// The labels before them, last one first.
    labels: Vec<Vec<Piece>>,
    /// Whether one or more further labels must stand before those.
    below: bool,
}

impl HostPattern {
    /// Reads a pattern. The error says what is wrong, for a diagnostic.
    pub(super) fn parse(text: &str) -> Result<HostPattern, &'static str> {
        let (below, rest) = match text.strip_prefix("*.") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        if rest.is_empty() || rest.len() > 253 {
            return Err("is not a host name");
        }
        let mut labels = Vec::new();
        for label in rest.split('.') {
            labels.push(pieces(label)?);
        }
        let literal = |label: &Vec<Piece>| matches!(label.as_slice(), [Piece::Literal(_)]);
        let fixed = labels.iter().rev().take_while(|label| literal(label)).count();
        // A pattern that fixes less than `example.com` would claim other people's names.
        if fixed < 2 {
            return Err("must end in at least two literal labels");
        }
        let variable = labels.len() - fixed;
        let tail = rest.split('.').skip(variable).collect::<Vec<_>>().join(".");
        labels.truncate(variable);
        labels.reverse();
        Ok(HostPattern { text: text.to_owned(), tail, labels, below })
    }

    /// Whether `head`, what stands before the tail and its dot, fits; and the region it names.
    fn fits<'h>(&self, head: &'h str) -> Option<Option<&'h str>> {
        let mut rest = Some(head).filter(|h| !h.is_empty());
        let mut region = None;
        for label in &self.labels {
            let (before, last) = match rest?.rsplit_once('.') {
                Some((before, last)) => (Some(before), last),
                None => (None, rest?),
            };
            if !label_fits(label, last, &mut region) {
                return None;
            }
            rest = before;
        }
        (rest.is_some() == self.below).then_some(region)
    }

    /// Whether the pattern has a `{region}`.
    pub(super) fn has_region(&self) -> bool {
        self.labels.iter().flatten().any(|piece| *piece == Piece::Variable { region: true })
    }

    /// Sorts the more particular pattern first: exact, then by literal characters, `*.` last.
    fn rank(&self) -> (bool, usize, usize, &str) {
        let literal: usize = self
            .labels
            .iter()
            .flatten()
            .map(|piece| match piece {
                Piece::Literal(text) => text.len(),
                Piece::Variable { .. } => 0,
            })
            .sum();
        (self.below, usize::MAX - literal, usize::MAX - self.labels.len(), &self.text)
    }
}

/// Cuts `s3-{region}` into its pieces.
fn pieces(label: &str) -> Result<Vec<Piece>, &'static str> {
    let mut list = Vec::new();
    let mut rest = label;
    while !rest.is_empty() {
        if let Some(inside) = rest.strip_prefix('{') {
            let (name, after) = inside.split_once('}').ok_or("has a `{` without `}`")?;
            if matches!(list.last(), Some(Piece::Variable { .. })) {
                return Err("has two variables that touch");
            }
            list.push(Piece::Variable { region: name == "region" });
            rest = after;
        } else {
            let (literal, after) = rest.split_at(rest.find('{').unwrap_or(rest.len()));
            if !literal.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
                return Err("has characters that a host name in lower case cannot have");
            }
            list.push(Piece::Literal(literal.to_owned()));
            rest = after;
        }
    }
    if list.is_empty() { Err("has an empty label") } else { Ok(list) }
}

/// Whether a label fits. A variable takes as much as it can: in `{name}-{port}` the port is what
/// follows the last hyphen.
fn label_fits<'h>(pieces: &[Piece], label: &'h str, region: &mut Option<&'h str>) -> bool {
    match pieces {
        [] => label.is_empty(),
        [Piece::Literal(text), rest @ ..] => {
            label.strip_prefix(text.as_str()).is_some_and(|after| label_fits(rest, after, region))
        }
        [Piece::Variable { region: named }] => {
            if *named {
                *region = Some(label);
            }
            !label.is_empty()
        }
        [Piece::Variable { region: named }, rest @ ..] => {
            let Some(Piece::Literal(next)) = rest.first() else { return false };
            let mut end = label.len();
            while let Some(at) = label.get(..end).and_then(|l| l.rfind(next.as_str())) {
                let (taken, after) = label.split_at(at);
                if !taken.is_empty() && label_fits(rest, after, region) {
                    if *named {
                        *region = Some(taken);
                    }
                    return true;
                }
                // Steps left by one character; labels are ASCII wherever a literal was found.
                end = (at + next.len()).saturating_sub(1);
            }
            false
        }
    }
}

/// Patterns with a value each, found by host.
#[derive(Debug, Clone)]
pub(super) struct HostTable<T> {
    by_tail: FxHashMap<String, Vec<(HostPattern, T)>>,
}

impl<T> Default for HostTable<T> {
    fn default() -> Self {
        HostTable { by_tail: FxHashMap::default() }
    }
}

impl<T> HostTable<T> {
    /// The value of exactly this pattern, made by `new` if there is none yet.
    pub(super) fn entry(&mut self, pattern: &HostPattern, new: impl FnOnce() -> T) -> Option<&mut T> {
        let list = self.by_tail.entry(pattern.tail.clone()).or_default();
        let at = match list.iter().position(|(p, _)| p.text == pattern.text) {
            Some(at) => at,
            None => {
                let at = list.partition_point(|(p, _)| p.rank() < pattern.rank());
                list.insert(at, (pattern.clone(), new()));
                at
            }
        };
        list.get_mut(at).map(|(_, value)| value)
    }

    /// What fits a host best, and the region its pattern found in it. The host is lower case and has
    /// no trailing dot.
    pub(super) fn find<'t, 'h>(&'t self, host: &'h str) -> Option<(&'t T, Option<&'h str>)> {
        let mut start = 0;
        loop {
            let tail = host.get(start..)?;
            if let Some(list) = self.by_tail.get(tail) {
                let head = host.get(..start.saturating_sub(1)).unwrap_or("");
                if let Some(found) = list.iter().find_map(|(p, v)| p.fits(head).map(|region| (v, region))) {
                    return Some(found);
                }
            }
            start += tail.find('.')? + 1;
        }
    }

    /// Every value with its pattern, in no order that means anything.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &T)> {
        self.by_tail.values().flatten().map(|(pattern, value)| (pattern.text.as_str(), value))
    }

    /// Every value, to be changed, in no order that means anything.
    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.by_tail.values_mut().flatten().map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn table(patterns: &[&str]) -> HostTable<String> {
        let mut table = HostTable::default();
        for text in patterns {
            let pattern = HostPattern::parse(text).unwrap();
            table.entry(&pattern, || (*text).to_owned()).unwrap();
        }
        table
    }

    #[test]
    fn the_longest_tail_wins_and_labels_are_whole() {
        let t = table(&["*.x.example", "api.x.example", "{region}.api.x.example", "s3-{region}.x.example"]);
        let find = |host| t.find(host).map(|(text, region)| (text.as_str(), region));
        assert_eq!(find("api.x.example"), Some(("api.x.example", None)));
        assert_eq!(find("eu.api.x.example"), Some(("{region}.api.x.example", Some("eu"))));
        assert_eq!(find("a.eu.api.x.example"), Some(("*.x.example", None)));
        assert_eq!(find("s3-eu-west-1.x.example"), Some(("s3-{region}.x.example", Some("eu-west-1"))));
        assert_eq!(find("s3-.x.example"), Some(("*.x.example", None)));
        for other in ["x.example", "notx.example", "api.x.example.evil.example", "example", "", "..", "."] {
            assert_eq!(find(other), None, "{other}");
        }
    }

    #[test]
    fn a_variable_takes_as_much_as_it_can() {
        let t = table(&["{region}-{project}.run.example", "{pod}-{port}.proxy.example"]);
        let region = |host| t.find(host).and_then(|(_, region)| region);
        assert_eq!(region("us-central1-123.run.example"), Some("us-central1"));
        assert!(t.find("abc-8188.proxy.example").is_some() && t.find("abc8188.proxy.example").is_none());
        assert!(t.find("-8188.proxy.example").is_none() && t.find("abc-.proxy.example").is_none());
    }

    #[test]
    fn patterns_that_claim_too_much_or_are_misspelt_are_refused() {
        for bad in ["*.com", "com", "{x}.com", "a..com", "A.example.com", "*", "", "a.{x.b.example.com"] {
            assert!(HostPattern::parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_host_matches_below_a_domain_exactly_if_a_label_boundary_is_there(
            head in "[a-z0-9.-]{0,12}", tail in prop::sample::select(vec!["x.example", "yx.example", "x.example.y"])
        ) {
            let t = table(&["*.x.example"]);
            let host = format!("{head}{tail}");
            let below = host.strip_suffix(".x.example").is_some_and(|h| !h.is_empty());
            prop_assert_eq!(t.find(&host).is_some(), below, "{}", host);
        }

        #[test]
        fn looking_up_never_panics(host in "\\PC{0,40}") {
            let t = table(&["{a}-{region}-{b}.x.example", "*.y.example", "a{b}c.x.example"]);
            let _ = t.find(&host);
            let _ = t.find(&format!("{host}.x.example"));
        }
    }
}

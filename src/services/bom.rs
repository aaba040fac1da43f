//! Words of bills of materials: which kind of data a flow carries, and how strict a classification is.
//!
//! The data is `policies/services/bom.toml`. Words are compared whole: "masked" is no mask, and a longer
//! phrase takes the words that it holds, so "container image" is no image.

use crate::model::{DataKind, DataKinds};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The data as shipped.
pub(super) static SHIPPED: &str = include_str!("../../policies/services/bom.toml");
/// How strict a classification without a known word is.
const UNKNOWN: u8 = 2;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    as_of: String,
    #[serde(rename = "grade")]
    _grade: String,
    words: BTreeMap<DataKind, Vec<String>>,
    strictness: BTreeMap<String, u8>,
}

/// What words of a bill of materials mean.
#[derive(Debug, Default)]
pub struct BomWords {
    /// Date up to which the list holds, ISO.
    pub as_of: String,
    /// Phrases by their first word, the longest first.
    phrases: BTreeMap<String, Vec<(Vec<String>, DataKind)>>,
    strictness: BTreeMap<String, u8>,
}

impl BomWords {
    /// The list that ships with the program.
    #[must_use]
    pub fn shipped() -> &'static BomWords {
        // A test reads the shipped text; an empty list is never reached in a released binary.
        static LIST: LazyLock<BomWords> = LazyLock::new(|| BomWords::parse(SHIPPED).unwrap_or_default());
        &LIST
    }

    /// Reads a list.
    ///
    /// # Errors
    /// What the TOML reader says.
    pub fn parse(text: &str) -> Result<BomWords, String> {
        let document: Document = toml::from_str(text).map_err(|e| e.to_string())?;
        let mut phrases: BTreeMap<String, Vec<(Vec<String>, DataKind)>> = BTreeMap::new();
        for (kind, list) in document.words {
            for phrase in list {
                let words = words(&phrase);
                let first = words.first().ok_or_else(|| format!("`{phrase}` holds no word"))?;
                phrases.entry(first.clone()).or_default().push((words, kind));
            }
        }
        for list in phrases.values_mut() {
            list.sort_by_key(|(words, _)| std::cmp::Reverse(words.len()));
        }
        Ok(BomWords { as_of: document.as_of, phrases, strictness: document.strictness })
    }

    /// The kinds of data that a text names; empty if it names none.
    #[must_use]
    pub fn kinds(&self, text: &str) -> DataKinds {
        let words = words(text);
        let mut kinds = DataKinds::NONE;
        let mut rest = words.as_slice();
        while let Some(first) = rest.first() {
            let known = self.phrases.get(first).into_iter().flatten();
            let met = known.into_iter().find(|(phrase, _)| rest.starts_with(phrase));
            let taken = met.map_or(1, |(phrase, kind)| {
                kinds.insert(*kind);
                phrase.len()
            });
            rest = rest.get(taken..).unwrap_or_default();
        }
        kinds
    }

    /// How strict a classification is, from 0 for what anybody may know.
    #[must_use]
    pub fn strictness(&self, classification: &str) -> u8 {
        words(classification).iter().filter_map(|w| self.strictness.get(w)).max().copied().unwrap_or(UNKNOWN)
    }
}

/// The words of a text, lower case: runs of letters and digits, also where `camelCase` joins them.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower = false;
    for c in text.chars() {
        let joined = lower && c.is_uppercase();
        if joined || !c.is_alphanumeric() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
        lower = c.is_lowercase();
    }
    words.retain(|w| !w.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_list_is_read_and_every_kind_names_itself() {
        let list = BomWords::parse(SHIPPED).unwrap();
        assert_eq!(list.as_of, "2026-11-25");
        for kind in DataKind::ALL {
            assert_eq!(list.kinds(kind.name()), DataKinds::of(&[kind]), "{}", kind.name());
        }
        assert!(BomWords::parse(&format!("more = 1\n{SHIPPED}")).is_err());
    }

    #[test]
    fn words_count_whole_and_phrases_take_their_words() {
        let list = BomWords::shipped();
        let of = |text: &str| list.kinds(text).to_string();
        assert_eq!(of("customer-image"), "image");
        assert_eq!(of("customerImage and userPrompt"), "prompt+image");
        assert_eq!(of("container image"), "other");
        assert_eq!(of("container image and rendered image"), "image+other");
        assert_eq!(of("masked data, imagery, promptness"), "none");
        assert_eq!(of(""), "none");
    }

    #[test]
    fn the_strictest_word_counts() {
        let list = BomWords::shipped();
        assert!(list.strictness("PII") > list.strictness("Public"));
        assert!(list.strictness("customer, PII") > list.strictness("customer"));
        assert_eq!(list.strictness("something of our own"), UNKNOWN);
    }
}

//! Canonical form of evidence: RFC 8785, and its spelling inside the page.

use super::{Evidence, FORMAT, limits};
use std::fmt;

/// Why evidence cannot be written or read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EvidenceError {
    /// It could not be serialised.
    Unwritable(String),
    /// It is larger than [`limits::BYTES`].
    TooLarge,
    /// It is not evidence v1: a place and what is wrong there, never the value.
    Malformed {
        /// Line of the JSON text.
        line: usize,
        /// Column.
        column: usize,
    },
    /// It names another format.
    OtherFormat,
    /// It parses, but is not spelt canonically: a duplicate member, other spacing, another number form.
    NotCanonical,
}

impl fmt::Display for EvidenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EvidenceError::Unwritable(why) => write!(f, "evidence cannot be written: {why}"),
            EvidenceError::TooLarge => {
                write!(f, "evidence is larger than {} MiB", limits::BYTES / 1024 / 1024)
            }
            EvidenceError::Malformed { line, column } => {
                write!(f, "evidence is not of version 1 (line {line}, column {column} of its JSON)")
            }
            EvidenceError::OtherFormat => write!(f, "evidence is not of the format `{FORMAT}`"),
            EvidenceError::NotCanonical => f.write_str("evidence is not in canonical form (RFC 8785)"),
        }
    }
}

impl std::error::Error for EvidenceError {}

impl Evidence {
    /// The canonical bytes (RFC 8785): what is digested and signed.
    ///
    /// # Errors
    /// If it cannot be serialised or is too large.
    pub fn canonical(&self) -> Result<Vec<u8>, EvidenceError> {
        let bytes =
            serde_json_canonicalizer::to_vec(self).map_err(|e| EvidenceError::Unwritable(e.to_string()))?;
        if bytes.len() > limits::BYTES { Err(EvidenceError::TooLarge) } else { Ok(bytes) }
    }

    /// Reads canonical bytes, and only those: what is parsed must be written again with the same bytes,
    /// which refuses duplicate members, other spacing, other escapes and other number forms.
    ///
    /// # Errors
    /// If the bytes are too many, are not evidence v1, or are not canonical.
    pub fn read_canonical(bytes: &[u8]) -> Result<Evidence, EvidenceError> {
        let evidence = Evidence::read(bytes)?;
        if evidence.canonical()? == bytes { Ok(evidence) } else { Err(EvidenceError::NotCanonical) }
    }

    /// Reads evidence v1 in any JSON spelling, such as `--output json` prints.
    ///
    /// # Errors
    /// If the bytes are too many or are not evidence v1.
    pub fn read(bytes: &[u8]) -> Result<Evidence, EvidenceError> {
        if bytes.len() > limits::BYTES {
            return Err(EvidenceError::TooLarge);
        }
        let evidence: Evidence = serde_json::from_slice(bytes)
            .map_err(|e| EvidenceError::Malformed { line: e.line(), column: e.column() })?;
        if evidence.format == FORMAT { Ok(evidence) } else { Err(EvidenceError::OtherFormat) }
    }
}

/// The characters that must not stand literally in a data block, with their JSON escapes.
const ESCAPES: [(char, &str); 5] =
    [('<', "\\u003c"), ('>', "\\u003e"), ('&', "\\u0026"), ('\u{2028}', "\\u2028"), ('\u{2029}', "\\u2029")];

/// Canonical JSON as it stands in the page: still the same JSON value, but without `<`, `>`, `&`,
/// U+2028 and U+2029, so that it can neither close its element nor open a comment.
#[must_use]
pub fn escape_for_page(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match ESCAPES.iter().find(|(plain, _)| *plain == c) {
            Some((_, escaped)) => out.push_str(escaped),
            None => out.push(c),
        }
    }
    out
}

/// The JSON behind a data block, or `None` if the block is not what [`escape_for_page`] writes.
#[must_use]
pub fn unescape_from_page(block: &str) -> Option<String> {
    let mut json = String::with_capacity(block.len());
    let mut rest = block;
    // Scans escape by escape, because `\\u003c` is a backslash followed by plain letters.
    while let Some(at) = rest.find('\\') {
        let (before, from) = rest.split_at(at);
        json.push_str(before);
        match ESCAPES.iter().find(|(_, escaped)| from.starts_with(escaped)) {
            Some((plain, escaped)) => {
                json.push(*plain);
                rest = from.get(escaped.len()..)?;
            }
            None => {
                let pair: String = from.chars().take(2).collect();
                json.push_str(&pair);
                rest = from.get(pair.len()..)?;
            }
        }
    }
    json.push_str(rest);
    (escape_for_page(&json) == block).then_some(json)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn canonical_form_sorts_by_utf16_units_and_rounds_nothing() {
        let json = serde_json::json!({"\u{fb33}": 1, "\u{1f600}": 2, "a": "\u{7f}\u{1}\n<"});
        let text = serde_json_canonicalizer::to_string(&json).unwrap();
        assert_eq!(text, "{\"a\":\"\u{7f}\\u0001\\n<\",\"\u{1f600}\":2,\"\u{fb33}\":1}");
    }

    #[test]
    fn a_backslash_before_an_escape_is_not_an_escape() {
        for json in [r#""\\u003c""#, r#""\\\\u003c<""#, "\"\\\\<\"", "\"\\u0001\""] {
            let block = escape_for_page(json);
            assert!(!block.contains('<'));
            assert_eq!(unescape_from_page(&block).as_deref(), Some(json));
        }
        assert_eq!(unescape_from_page("\"<\""), None);
        // An upper-case escape is valid JSON but not the one spelling.
        assert_eq!(unescape_from_page(r#""\u003C""#).as_deref(), Some(r#""\u003C""#));
    }

    proptest! {
        #[test]
        fn the_escape_is_a_bijection_without_markup(text in any::<String>()) {
            let json = serde_json::to_string(&text).unwrap();
            let block = escape_for_page(&json);
            let plain = !block.contains(['<', '>', '&', '\u{2028}', '\u{2029}']);
            prop_assert!(plain, "a character that markup reads");
            prop_assert_eq!(unescape_from_page(&block), Some(json));
            prop_assert_eq!(serde_json::from_str::<String>(&block).unwrap(), text);
        }
    }
}

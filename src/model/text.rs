//! Text from outside, made safe to look at.
//!
//! Data stays byte for byte in evidence; only what a person reads goes through [`visible`]: on a
//! terminal it stops escape sequences, in a page it stops text that lies about its order.

use unicode_general_category::{GeneralCategory as G, get_general_category};

/// The text with every character that does not show itself written as `[U+XXXX]`: controls,
/// direction overrides, zero-width and tag characters, variation selectors, private use and
/// unassigned code points.
#[must_use]
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if hides(c) {
            out.push_str(&format!("[U+{:04X}]", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

/// A JSON text of the same value in which every character that does not show itself is written as an escape. What
/// is JSON outside of strings shows itself, but for the ends of its lines.
#[must_use]
pub fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\n' && hides(c) {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        } else {
            out.push(c);
        }
    }
    out
}

/// Whether a character does not show itself.
#[must_use]
pub fn hides(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    let selector = matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}' | '\u{180B}'..='\u{180F}');
    selector
        || matches!(
            get_general_category(c),
            G::Control
                | G::Format
                | G::Surrogate
                | G::PrivateUse
                | G::Unassigned
                | G::LineSeparator
                | G::ParagraphSeparator
        )
}

/// Cuts to so many characters, marking the cut with `…`.
#[must_use]
pub fn shorten(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or(text)),
    }
}

/// Bytes as lower-case hex.
#[must_use]
pub fn hex(bytes: impl AsRef<[u8]>) -> String {
    let digit = |nibble: u8| char::from(nibble + if nibble < 10 { b'0' } else { b'a' - 10 });
    bytes.as_ref().iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect()
}

/// `1 record`, `3 records`.
#[must_use]
pub fn plural(n: u64, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{} {many}", group(n)) }
}

/// Digits in groups of three: `1,234,567`.
#[must_use]
pub fn group(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_is_as_formatting_has_it() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(hex(&all), all.iter().map(|b| format!("{b:02x}")).collect::<String>());
    }

    #[test]
    fn what_hides_is_shown() {
        assert_eq!(visible("a\u{1b}[31m"), "a[U+001B][31m");
        assert_eq!(visible("x\u{202e}gpj.exe"), "x[U+202E]gpj.exe");
        assert_eq!(visible("\u{200b}\u{e0041}\u{feff}\u{ad}"), "[U+200B][U+E0041][U+FEFF][U+00AD]");
        assert_eq!(visible("Grüße, 东京, שלום"), "Grüße, 东京, שלום");
    }

    #[test]
    fn escapes_keep_the_value() {
        let value = serde_json::json!({"a\u{202e}\u{7f}": ["\u{e0041}", "\n\\", "Grüße"]});
        let text = escaped(&serde_json::to_string_pretty(&value).unwrap());
        assert!(text.contains("\\u202e\\u007f") && text.contains("\\udb40\\udc41") && text.contains("Grüße"));
        assert!(!text.chars().any(|c| c != '\n' && hides(c)));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(group(1234567), "1,234,567");
        assert_eq!(plural(1, "record", "records"), "1 record");
        assert_eq!(shorten("abcdef", 3), "abc…");
    }
}

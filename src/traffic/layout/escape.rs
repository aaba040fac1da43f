//! Taking back what servers escape.

use std::borrow::Cow;

/// A value without escapes: `\xHH` of nginx and Apache, `\"` of Apache, `\uHHHH` and the rest of JSON. No
/// writer uses one of them with another meaning. Without a backslash nothing is copied.
pub(in crate::traffic) fn plain(value: &[u8]) -> Cow<'_, str> {
    if memchr::memchr(b'\\', value).is_none() {
        return std::str::from_utf8(value).map_or_else(|_| String::from_utf8_lossy(value), Cow::Borrowed);
    }
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((first, after)) = rest.split_first() {
        let (byte, tail) = match (first, after) {
            (b'\\', [b'x', a, b, tail @ ..]) if hex(&[*a, *b]).is_some() => {
                (hex(&[*a, *b]).unwrap_or(0).to_le_bytes()[0], tail)
            }
            (b'\\', [b'u', a, b, c, d, tail @ ..]) if hex(&[*a, *b, *c, *d]).is_some() => {
                rest = wide(hex(&[*a, *b, *c, *d]).unwrap_or(0), tail, &mut out);
                continue;
            }
            (b'\\', [b'n', tail @ ..]) => (b'\n', tail),
            (b'\\', [b't', tail @ ..]) => (b'\t', tail),
            (b'\\', [b'r', tail @ ..]) => (b'\r', tail),
            (b'\\', [b'b', tail @ ..]) => (8, tail),
            (b'\\', [b'f', tail @ ..]) => (12, tail),
            (b'\\', [b'v', tail @ ..]) => (11, tail),
            (b'\\', [other @ (b'"' | b'\\' | b'/'), tail @ ..]) => (*other, tail),
            (byte, tail) => (*byte, tail),
        };
        out.push(byte);
        rest = tail;
    }
    Cow::Owned(String::from_utf8(out).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned()))
}

/// Pushes the character of `\uHHHH`, with the second half of a pair if it follows.
fn wide<'a>(unit: u32, tail: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    let (code, tail) = match (unit, tail) {
        (0xd800..=0xdbff, [b'\\', b'u', a, b, c, d, after @ ..]) => match hex(&[*a, *b, *c, *d]) {
            Some(low @ 0xdc00..=0xdfff) => (0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00), after),
            _ => (unit, tail),
        },
        _ => (unit, tail),
    };
    let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    tail
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |n, b| char::from(*b).to_digit(16).map(|d| n << 4 | d))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_of_every_writer_are_taken_back() {
        assert!(matches!(plain(b"/a%22b"), Cow::Borrowed("/a%22b")));
        assert_eq!(plain(br"/a\x22b\x5C\xc3\xa9"), "/a\"b\\\u{e9}");
        assert_eq!(plain(br#"/a\"b\\c\n"#), "/a\"b\\c\n");
        assert_eq!(plain(br"\u00e9\ud83d\ude00\ud83d\u0041\/"), "\u{e9}\u{1f600}\u{fffd}A/");
        assert_eq!(plain(br"\xFF\x4\u12"), "\u{fffd}\\x4\\u12");
        assert_eq!(plain(b"\\"), "\\");
    }
}

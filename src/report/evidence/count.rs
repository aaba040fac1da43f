//! A count that survives JSON.

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// The largest integer every JSON reader keeps exactly (RFC 8785, 3.2.2.3): 2^53-1.
pub(super) const LARGEST_EXACT: u64 = (1 << 53) - 1;

/// A number from 0 to 2^64-1. In JSON an integer up to 2^53-1, beyond that a decimal string, because
/// RFC 8785 and JavaScript would round it without a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Count(pub u64);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<u64> for Count {
    fn from(n: u64) -> Count {
        Count(n)
    }
}

impl Serialize for Count {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if self.0 <= LARGEST_EXACT { s.serialize_u64(self.0) } else { s.collect_str(&self.0) }
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Count;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a count, as an integer up to 2^53-1 or a decimal string beyond it")
            }
            fn visit_u64<E: Error>(self, n: u64) -> Result<Count, E> {
                if n <= LARGEST_EXACT { Ok(Count(n)) } else { Err(E::custom("integer beyond 2^53-1")) }
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Count, E> {
                match text.parse::<u64>() {
                    Ok(n) if n > LARGEST_EXACT && n.to_string() == text => Ok(Count(n)),
                    _ => Err(E::custom("not a count beyond 2^53-1")),
                }
            }
        }
        d.deserialize_any(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_border_is_kept_on_both_sides() {
        for (n, json) in [
            (0, "0"),
            (LARGEST_EXACT, "9007199254740991"),
            (LARGEST_EXACT + 1, "\"9007199254740992\""),
            (u64::MAX, "\"18446744073709551615\""),
        ] {
            assert_eq!(serde_json::to_string(&Count(n)).unwrap(), json);
            assert_eq!(serde_json::from_str::<Count>(json).unwrap(), Count(n));
        }
    }

    #[test]
    fn other_spellings_are_refused() {
        for json in ["9007199254740993", "\"5\"", "\"09007199254740993\"", "1.0", "-1", "null"] {
            assert!(serde_json::from_str::<Count>(json).is_err(), "{json}");
        }
    }
}

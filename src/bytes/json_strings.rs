//! Which bytes of JSON (RFC 8259) lie in strings, a group of 64 at a time, by arithmetic on bitmaps.

/// What runs over from one group into the next: a string, and a backslash at its end.
#[derive(Debug, Clone, Copy, Default)]
pub struct Strings {
    /// All ones inside of a string.
    inside: u64,
    /// 1 if the next byte is escaped.
    escaping: u64,
}

/// Where the strings of a group are.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// Quotes that begin or end a string.
    pub quotes: u64,
    /// What lies in a string, its first quote too, its last one not.
    pub inside: u64,
    /// What is escaped by the backslash before it.
    pub escaped: u64,
}

impl Strings {
    /// Goes on where a string is open or not, and the next byte escaped or not.
    #[inline(always)]
    #[must_use]
    pub fn resume(is_open: bool, escaping: bool) -> Strings {
        Strings { inside: if is_open { u64::MAX } else { 0 }, escaping: u64::from(escaping) }
    }

    /// Whether a string is open, and whether the next byte is escaped.
    #[inline(always)]
    #[must_use]
    pub fn state(&self) -> (bool, bool) {
        (self.inside != 0, self.escaping != 0)
    }

    /// Goes on by a group of so many bytes, at most 64. A backslash escapes wherever it stands; whether that is
    /// in a string, whoever cares has to see.
    #[inline(always)]
    pub fn next(&mut self, quotes: u64, backslashes: u64, length: usize) -> Group {
        let escaped = if backslashes | self.escaping == 0 { 0 } else { self.escaped(backslashes, length) };
        let quotes = quotes & !escaped;
        let inside = parity(quotes) ^ self.inside;
        self.inside = (inside.cast_signed() >> 63).cast_unsigned();
        Group { quotes, inside, escaped }
    }

    /// In each row of backslashes the first escapes, and every second one after it. Subtracting carries through
    /// a row, so that its bits come out alternating (simdjson, `json_escape_scanner`).
    #[inline(always)]
    fn escaped(&mut self, backslashes: u64, length: usize) -> u64 {
        const ODD: u64 = 0xaaaa_aaaa_aaaa_aaaa;
        let may_escape = backslashes & !self.escaping;
        let alternating = (may_escape << 1 | ODD).wrapping_sub(may_escape) ^ ODD;
        let escaped = alternating ^ (backslashes | self.escaping);
        self.escaping = (alternating & backslashes) >> ((length - 1) & 63) & 1;
        escaped
    }
}

/// Bit `i` is the parity of the bits up to `i`.
#[inline(always)]
fn parity(mut x: u64) -> u64 {
    x ^= x << 1;
    x ^= x << 2;
    x ^= x << 4;
    x ^= x << 8;
    x ^= x << 16;
    x ^ x << 32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 1000 }))]

        #[test]
        fn groups_of_any_length_say_what_a_loop_says(
            bytes in prop::collection::vec(prop::sample::select(b"\\\\\"ab".to_vec()), 0..300),
            lengths in prop::collection::vec(1..=64_usize, 300),
        ) {
            let mut strings = Strings::default();
            let (mut rest, mut escaping, mut inside) = (&bytes[..], false, false);
            for length in lengths {
                let (group, after) = rest.split_at(length.min(rest.len()));
                rest = after;
                if group.is_empty() {
                    break;
                }
                let of = |wanted| group.iter().rev().fold(0, |bits, b| bits << 1 | u64::from(*b == wanted));
                let found = strings.next(of(b'"'), of(b'\\'), group.len());
                for (i, b) in group.iter().enumerate() {
                    let bit = |bits: u64| bits >> i & 1 == 1;
                    let quote = *b == b'"' && !escaping;
                    inside ^= quote;
                    prop_assert_eq!(
                        (bit(found.quotes), bit(found.inside), bit(found.escaped)),
                        (quote, inside, escaping)
                    );
                    escaping = *b == b'\\' && !escaping;
                }
                prop_assert_eq!(strings.state(), (inside, escaping));
            }
        }
    }
}

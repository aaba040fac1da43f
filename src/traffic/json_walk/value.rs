//! A value of a member, looked at only if somebody wants it.

use super::{Context, Maps, Unsure};
use std::borrow::Cow;

/// A value that begins somewhere.
#[derive(Clone, Copy)]
pub(in crate::traffic) struct Value<'a, 'm> {
    pub(super) line: &'a [u8],
    /// The same as text: the pass is unsure of every line that is not ASCII.
    pub(super) text: &'a str,
    pub(super) at: usize,
    pub(super) maps: &'m Maps,
}

impl<'a> Value<'a, '_> {
    /// Its first byte.
    fn first(&self) -> u8 {
        self.line.get(self.at).copied().unwrap_or(0)
    }

    /// A text.
    pub(in crate::traffic) fn text(&self) -> Result<Cow<'a, str>, Unsure> {
        if self.first() != b'"' {
            return Err(Unsure);
        }
        let start = self.at + 1;
        let mut group = start / 64;
        let mut from = u64::MAX << (start % 64);
        loop {
            let [quotes, backslashes, ..] = self.maps.get(group).ok_or(Unsure)?;
            let (quotes, backslashes) = (quotes & from, backslashes & from);
            if quotes != 0 {
                let bit = quotes.trailing_zeros();
                if backslashes.trailing_zeros() < bit {
                    return self.escaped();
                }
                return self.text.get(start..group * 64 + bit as usize).map(Cow::Borrowed).ok_or(Unsure);
            }
            if backslashes != 0 {
                return self.escaped();
            }
            group += 1;
            from = u64::MAX;
        }
    }

    #[cold]
    fn escaped(&self) -> Result<Cow<'a, str>, Unsure> {
        let rest = self.line.get(self.at..).ok_or(Unsure)?;
        let mut texts = serde_json::Deserializer::from_slice(rest).into_iter::<String>();
        texts.next().and_then(Result::ok).map(Cow::Owned).ok_or(Unsure)
    }

    /// A whole number that is not negative.
    pub(in crate::traffic) fn number(&self) -> Result<u64, Unsure> {
        let rest = self.line.get(self.at..).ok_or(Unsure)?;
        let mut number = 0_u64;
        for (i, b) in rest.iter().enumerate() {
            match b {
                b'0'..=b'9' if i < 19 => number = number * 10 + u64::from(b - b'0'),
                b',' | b'}' | b']' if i > 0 => return Ok(number),
                _ => return Err(Unsure),
            }
        }
        Err(Unsure)
    }

    /// A port.
    pub(in crate::traffic) fn port(&self) -> Result<u16, Unsure> {
        u16::try_from(self.number()?).map_err(|_| Unsure)
    }

    /// Whether it is `null`.
    pub(in crate::traffic) fn is_null(&self) -> bool {
        self.first() == b'n'
    }

    /// `true` or `false`.
    pub(in crate::traffic) fn truth(&self) -> Result<bool, Unsure> {
        match self.first() {
            b't' => Ok(true),
            b'f' => Ok(false),
            _ => Err(Unsure),
        }
    }

    /// A number as it is written.
    pub(in crate::traffic) fn digits(&self) -> Result<&'a [u8], Unsure> {
        let rest = self.line.get(self.at..).filter(|_| self.first().is_ascii_digit()).ok_or(Unsure)?;
        memchr::memchr2(b',', b'}', rest).and_then(|end| rest.get(..end)).ok_or(Unsure)
    }

    /// An object.
    pub(in crate::traffic) fn object(&self, inside: Context) -> Result<Context, Unsure> {
        if self.first() == b'{' { Ok(inside) } else { Err(Unsure) }
    }

    /// An array.
    pub(in crate::traffic) fn list(&self, inside: Context) -> Result<Context, Unsure> {
        if self.first() == b'[' { Ok(inside) } else { Err(Unsure) }
    }
}

//! A value of a member, looked at only if somebody wants it.

use super::Unsure;
use crate::traffic::scalar::short_number;
use std::borrow::Cow;

/// A value that begins somewhere.
#[derive(Clone, Copy)]
pub(in crate::traffic) struct Value<'a> {
    /// The line in which it stands.
    pub(super) text: &'a str,
    pub(super) at: usize,
    /// Of a text, its first backslash, or the quote at its end if it has none.
    pub(super) end: usize,
}

impl<'a> Value<'a> {
    /// Its first byte.
    fn first(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    /// A text.
    #[inline]
    pub(in crate::traffic) fn text(&self) -> Result<Cow<'a, str>, Unsure> {
        if self.first() != b'"' {
            return Err(Unsure);
        }
        if self.text.as_bytes().get(self.end) == Some(&b'\\') {
            return self.escaped();
        }
        self.text.get(self.at + 1..self.end).map(Cow::Borrowed).ok_or(Unsure)
    }

    #[cold]
    fn escaped(&self) -> Result<Cow<'a, str>, Unsure> {
        let rest = self.text.as_bytes().get(self.at..).ok_or(Unsure)?;
        let mut texts = serde_json::Deserializer::from_slice(rest).into_iter::<String>();
        texts.next().and_then(Result::ok).map(Cow::Owned).ok_or(Unsure)
    }

    /// A whole number that is not negative.
    pub(in crate::traffic) fn number(&self) -> Result<u64, Unsure> {
        let rest = self.text.as_bytes().get(self.at..).ok_or(Unsure)?;
        if let Some((number, behind)) = short_number(rest)
            && matches!(rest.get(behind), Some(b',' | b'}' | b']'))
        {
            return Ok(number);
        }
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
        let rest =
            self.text.as_bytes().get(self.at..).filter(|_| self.first().is_ascii_digit()).ok_or(Unsure)?;
        memchr::memchr2(b',', b'}', rest).and_then(|end| rest.get(..end)).ok_or(Unsure)
    }

    /// Whether it is an object.
    pub(in crate::traffic) fn object(&self) -> Result<(), Unsure> {
        if self.first() == b'{' { Ok(()) } else { Err(Unsure) }
    }

    /// Whether it is an array.
    pub(in crate::traffic) fn list(&self) -> Result<(), Unsure> {
        if self.first() == b'[' { Ok(()) } else { Err(Unsure) }
    }
}

//! The tokens of one JSON value, one after the other, with the grammar held.
//!
//! Bitmaps say where strings are and where tokens begin outside of them; whoever reads goes from token to
//! token and looks at a string or number only if its value is wanted. What goes through is valid JSON.

use super::{Unsure, Value};
use crate::bytes::json_strings::{Group, Strings};
use crate::bytes::simd::{Class, Classes, GROUP, Work, best, bitmaps};
use std::borrow::Cow;

/// Levels of nesting that are followed where nothing is wanted.
const DEPTH: u32 = 64;

/// What is told apart in JSON.
struct Json;

impl Classes<5> for Json {
    const LIST: [Class; 5] = [Class::Is(b'"'), Class::Is(b'\\'), Class::Mark, Class::Control, Class::Space];
}

/// Room that is used again for every value.
#[derive(Default)]
pub(in crate::traffic) struct Scratch {
    maps: Vec<[u64; 5]>,
    /// Where tokens begin.
    tokens: Vec<u32>,
}

/// Goes through a value. Every method stands before a value or key and goes behind it.
pub(in crate::traffic) struct Cursor<'a, 'm> {
    bytes: &'a [u8],
    text: &'a str,
    maps: &'m [[u64; 5]],
    tokens: std::slice::Iter<'m, u32>,
    /// Whether there is no white space, no escape and no number but whole ones and, if so wished, decimals.
    plain: bool,
    decimals: bool,
}

impl Scratch {
    /// The tokens of a value. `ahead` is the value and whatever follows it in memory, which saves a copy.
    pub(in crate::traffic) fn cursor<'a, 'm>(
        &'m mut self,
        bytes: &'a [u8],
        ahead: &[u8],
        decimals: bool,
    ) -> Result<Cursor<'a, 'm>, Unsure> {
        let groups = bytes.len().div_ceil(GROUP);
        let ahead = ahead.get(..(groups * GROUP).min(ahead.len())).unwrap_or(bytes);
        let Scratch { maps, tokens } = self;
        bitmaps::<Json, 5>(ahead, maps);
        let plain = best(Tokenise { bytes, maps, tokens })?;
        let text = simdutf8::basic::from_utf8(bytes).map_err(|_| Unsure)?;
        Ok(Cursor { bytes, text, maps, tokens: tokens.iter(), plain, decimals })
    }
}

struct Tokenise<'a, 'm> {
    bytes: &'a [u8],
    maps: &'m [[u64; 5]],
    tokens: &'m mut Vec<u32>,
}

impl Work for Tokenise<'_, '_> {
    /// Whether there is neither an escape nor white space.
    type Out = Result<bool, Unsure>;

    #[inline(always)]
    fn run(self) -> Result<bool, Unsure> {
        let Tokenise { bytes, maps, tokens } = self;
        let (mut strings, mut after_scalar, mut plain, mut n) = (Strings::default(), 0, true, 0);
        for (group, words) in maps.iter().enumerate() {
            let length = bytes.len().saturating_sub(group * GROUP).min(GROUP);
            let Some(unused) = GROUP.checked_sub(length).filter(|n| *n < GROUP) else { break };
            let [quotes, backslashes, marks, controls, spaces] = words.map(|word| word & u64::MAX >> unused);
            let Group { quotes, inside, escaped } = strings.next(quotes, backslashes, length);
            if controls & inside != 0 || escaped != 0 && !escapes_are_known(bytes, group, escaped) {
                return Err(Unsure);
            }
            let outside = !inside & u64::MAX >> unused;
            plain &= backslashes | spaces & outside == 0;
            let marks = marks & outside;
            let scalars = outside & !(marks | quotes | spaces);
            let begins = scalars & !(scalars << 1 | after_scalar);
            after_scalar = scalars >> (GROUP - 1);
            place(quotes & inside | marks | begins, group, tokens, &mut n)?;
        }
        tokens.truncate(n);
        if strings.state().0 { Err(Unsure) } else { Ok(plain) }
    }
}

/// Writes down where bits are set. A fixed number of steps at a time is quicker than asking after each whether
/// it was the last.
#[inline(always)]
fn place(mut bits: u64, group: usize, places: &mut Vec<u32>, n: &mut usize) -> Result<(), Unsure> {
    let count = bits.count_ones() as usize;
    if places.len() < *n + GROUP {
        places.resize(*n + 4 * GROUP, 0);
    }
    let base = u32::try_from(group * GROUP).map_err(|_| Unsure)?;
    for eight in places.get_mut(*n..).unwrap_or_default().chunks_exact_mut(8) {
        for place in eight {
            *place = base + bits.trailing_zeros();
            bits &= bits.wrapping_sub(1);
        }
        if bits == 0 {
            break;
        }
    }
    *n += count;
    Ok(())
}

/// Whether JSON knows each escape of a group.
#[inline]
fn escapes_are_known(bytes: &[u8], group: usize, mut escaped: u64) -> bool {
    let mut known = true;
    while escaped != 0 {
        let at = group * GROUP + escaped.trailing_zeros() as usize;
        known &= match bytes.get(at..).unwrap_or_default() {
            [b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => true,
            [b'u', a, b, c, d, ..] => [a, b, c, d].iter().all(|h| h.is_ascii_hexdigit()),
            _ => false,
        };
        escaped &= escaped - 1;
    }
    known
}

impl<'a> Cursor<'a, '_> {
    /// Takes the next token.
    #[inline(always)]
    fn take(&mut self) -> Result<(usize, u8), Unsure> {
        let at = *self.tokens.next().ok_or(Unsure)? as usize;
        Ok((at, *self.bytes.get(at).ok_or(Unsure)?))
    }

    /// Where the next token begins.
    #[inline(always)]
    pub(in crate::traffic) fn place(&self) -> usize {
        self.tokens.as_slice().first().map_or(self.bytes.len(), |at| *at as usize)
    }

    /// The first byte of what comes next.
    #[inline(always)]
    pub(in crate::traffic) fn peek(&self) -> u8 {
        self.bytes.get(self.place()).copied().unwrap_or(0)
    }

    /// What comes next, if it is a value.
    #[inline(always)]
    pub(in crate::traffic) fn value(&self) -> Value<'a> {
        let at = self.place();
        let end = if self.peek() == b'"' { self.text_end(at + 1) } else { at };
        Value { text: self.text, at, end }
    }

    /// The first quote or backslash from a place on.
    #[inline(always)]
    fn text_end(&self, at: usize) -> usize {
        let (first, bit) = (at / GROUP, at % GROUP);
        let mut from = u64::MAX << bit;
        for (i, [quotes, backslashes, ..]) in self.maps.iter().enumerate().skip(first) {
            let found = (quotes | backslashes) & from;
            if found != 0 {
                return i * GROUP + found.trailing_zeros() as usize;
            }
            from = u64::MAX;
        }
        self.bytes.len()
    }

    /// An object: gives its keys to `member`, which goes past the value.
    #[inline(always)]
    pub(in crate::traffic) fn object(
        &mut self,
        mut member: impl FnMut(&mut Self, &'a [u8]) -> Result<(), Unsure>,
    ) -> Result<(), Unsure> {
        if self.take()?.1 != b'{' {
            return Err(Unsure);
        }
        if self.peek() == b'}' {
            return self.take().map(|_| ());
        }
        loop {
            let key = self.key()?;
            // What it spells is for a parser to say.
            if key.contains(&b'\\') {
                return Err(Unsure);
            }
            member(self, key)?;
            match self.take()?.1 {
                b',' => {}
                b'}' => return Ok(()),
                _ => return Err(Unsure),
            }
        }
    }

    /// An array: `element` goes past each element.
    #[inline(always)]
    pub(in crate::traffic) fn array(
        &mut self,
        mut element: impl FnMut(&mut Self) -> Result<(), Unsure>,
    ) -> Result<(), Unsure> {
        if self.take()?.1 != b'[' {
            return Err(Unsure);
        }
        if self.peek() == b']' {
            return self.take().map(|_| ());
        }
        loop {
            element(self)?;
            match self.take()?.1 {
                b',' => {}
                b']' => return Ok(()),
                _ => return Err(Unsure),
            }
        }
    }

    /// A key and its colon.
    #[inline(always)]
    fn key(&mut self) -> Result<&'a [u8], Unsure> {
        let ((at, quote), (colon, mark)) = (self.take()?, self.take()?);
        // Before the colon stands the last quote of the key, unless there is white space.
        let key = self.bytes.get(at + 1..colon.wrapping_sub(1)).ok_or(Unsure)?;
        let closed = self.bytes.get(colon.wrapping_sub(1)) == Some(&b'"');
        if quote == b'"' && mark == b':' && closed { Ok(key) } else { Err(Unsure) }
    }

    /// Any value.
    #[inline]
    pub(in crate::traffic) fn skip(&mut self) -> Result<(), Unsure> {
        // Of what is open, a bit each: whether it is an object.
        let (mut objects, mut depth) = (0_u64, 0);
        loop {
            let (at, b) = self.take()?;
            match b {
                b'"' => {}
                b'{' | b'[' if depth == DEPTH => return Err(Unsure),
                b'{' => {
                    if self.peek() != b'}' {
                        (objects, depth) = (objects << 1 | 1, depth + 1);
                        self.key()?;
                        continue;
                    }
                    self.take()?;
                }
                b'[' => {
                    if self.peek() != b']' {
                        (objects, depth) = (objects << 1, depth + 1);
                        continue;
                    }
                    self.take()?;
                }
                _ => self.scalar(at)?,
            }
            loop {
                if depth == 0 {
                    return Ok(());
                }
                match (self.take()?.1, objects & 1) {
                    (b',', 1) => {
                        self.key()?;
                        break;
                    }
                    (b',', _) => break,
                    (b'}', 1) | (b']', 0) => (objects, depth) = (objects >> 1, depth - 1),
                    _ => return Err(Unsure),
                }
            }
        }
    }

    /// A number or word that begins at a place.
    #[inline(always)]
    fn scalar(&mut self, at: usize) -> Result<(), Unsure> {
        let rest = self.bytes.get(at..).ok_or(Unsure)?;
        let end = match rest {
            [b't', b'r', b'u', b'e', ..] | [b'n', b'u', b'l', b'l', ..] => 4,
            [b'f', b'a', b'l', b's', b'e', ..] => 5,
            _ => self.number(rest).ok_or(Unsure)?,
        };
        match rest.get(end) {
            None | Some(b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t') => Ok(()),
            Some(_) => Err(Unsure),
        }
    }

    /// The length of a number at the front.
    #[inline(always)]
    fn number(&mut self, rest: &[u8]) -> Option<usize> {
        let digits = |from: usize| rest.iter().skip(from).take_while(|b| b.is_ascii_digit()).count();
        let whole = usize::from(rest.first() == Some(&b'-'));
        let mut end = match digits(whole) {
            0 => return None,
            // No whole number begins with a zero but zero itself.
            2.. if rest.get(whole) == Some(&b'0') => return None,
            n => whole + n,
        };
        self.plain &= whole == 0;
        if rest.get(end) == Some(&b'.') {
            self.plain &= self.decimals;
            end += 1 + Some(digits(end + 1)).filter(|n| *n > 0)?;
        }
        if let Some(b'e' | b'E') = rest.get(end) {
            self.plain = false;
            end += 1 + usize::from(matches!(rest.get(end + 1), Some(b'+' | b'-')));
            end += Some(digits(end)).filter(|n| *n > 0)?;
        }
        Some(end)
    }

    /// A text.
    #[inline]
    pub(in crate::traffic) fn text(&mut self) -> Result<Cow<'a, str>, Unsure> {
        let text = self.value().text();
        self.take()?;
        text
    }

    /// A whole number.
    pub(in crate::traffic) fn integer(&mut self) -> Result<i64, Unsure> {
        let at = self.place();
        self.skip()?;
        let rest = self.bytes.get(at..).ok_or(Unsure)?;
        let (sign, digits) = rest.strip_prefix(b"-").map_or((1, rest), |digits| (-1, digits));
        let end = digits.iter().position(|b| !b.is_ascii_digit()).unwrap_or(digits.len());
        // A parser takes -0 and whatever goes on behind the digits for a floating-point number.
        let whole = !matches!(digits.get(end), Some(b'.' | b'e' | b'E')) && !rest.starts_with(b"-0");
        let number = super::super::scalar::number(digits.get(..end).ok_or(Unsure)?).filter(|_| whole);
        number.and_then(|n| i64::try_from(n).ok()).map(|n| sign * n).ok_or(Unsure)
    }

    /// The text of an array that has just ended, brackets and all.
    pub(super) fn since(&self, array: Value<'a>) -> &'a [u8] {
        let behind = self.bytes.get(array.at..self.place()).unwrap_or_default();
        let end = behind.iter().rposition(|b| *b == b']').map_or(0, |at| at + 1);
        behind.get(..end).unwrap_or_default()
    }

    /// Whether the value was the last, and plain.
    pub(in crate::traffic) fn finish(self) -> Result<bool, Unsure> {
        if self.tokens.as_slice().is_empty() { Ok(self.plain) } else { Err(Unsure) }
    }
}

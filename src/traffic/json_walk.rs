//! One pass over a line of JSON (RFC 8259) that finds the members somebody wants, at their depth.
//!
//! A general parser reads every value; here bitmaps say where quotes, brackets, colons and commas stand,
//! and only wanted values are looked at. The pass is strict: it goes through only where a parser would,
//! and calls anything out of the ordinary [`Unsure`], upon which its caller asks `serde_json`. Unsure are
//! bytes outside printable ASCII, white space between tokens, escapes in keys, numbers other than whole
//! ones, more than a few levels of nesting, and of course whatever is wrong. A line of a shape that was met
//! before is compared with it instead ([`shapes`]). Tests hold these ways against each other on valid, mutated
//! and made-up lines.

#[cfg(test)]
pub(super) mod made_up;
mod schema;
mod shapes;
mod tokens;
mod value;

pub(super) use schema::{Context, IGNORED, Member, Schema, TOP, set};
pub(super) use value::Value;

use super::Block;
use super::lines::{Line, Lines};
use crate::bytes::simd::{Class, Classes, Work, best, bitmaps};
use shapes::Shapes;
use tokens::{After, Tokens, prefix_xor};

/// Levels of nesting that are followed.
const DEPTH: usize = 16;

/// What is told apart in JSON.
struct Json;

impl Classes<8> for Json {
    const LIST: [Class; 8] = [
        Class::Is(b'"'),
        Class::Is(b'\\'),
        Class::Is(b':'),
        Class::Is(b','),
        Class::Either(b'{'),
        Class::Either(b'}'),
        Class::Odd,
        Class::Digit,
    ];
}

/// The bitmaps of a line.
type Maps = Vec<[u64; 8]>;

/// Reads lines. Keeps what it learns of their shapes, and room that is used again for every line.
pub(super) struct Reader<S: Schema> {
    shapes: Shapes<S>,
    scratch: Scratch,
}

#[derive(Default)]
struct Scratch {
    maps: Maps,
    /// Where colons and brackets stand outside of texts.
    places: Vec<u32>,
    /// Commas outside of texts in each group, and how many there are in the groups before.
    commas: Vec<(u64, u32)>,
}

/// The line is not one that the pass is sure of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unsure;

/// An object or array that is open.
#[derive(Clone, Copy, Default)]
struct Open {
    context: Context,
    is_object: bool,
    /// Where it begins.
    start: usize,
    /// Members met.
    members: u32,
    /// Commas before it, and commas inside what it holds.
    commas_before: u32,
    commas_within: u32,
}

/// What is told apart where lines have a shape that was met before.
pub(super) struct Shaped;

impl Classes<3> for Shaped {
    const LIST: [Class; 3] = [Class::Is(b'\n'), Class::Break, Class::Digit];
}

/// Makes bitmaps of some bytes.
type Look = fn(&[u8], &mut Vec<[u64; 3]>);

/// The lines of a block, for a [`Reader`].
pub(super) fn lines(block: Block<'_>) -> Lines<'_, 3, Look> {
    Lines::with(block, bitmaps::<Shaped, 3>)
}

impl<S: Schema> Default for Reader<S> {
    fn default() -> Self {
        Reader { shapes: Shapes::default(), scratch: Scratch::default() }
    }
}

impl<S: Schema> Reader<S> {
    /// Takes what a line says, if nothing about it is out of the ordinary. `record` is as good as new before.
    #[inline]
    pub(super) fn read<'a>(
        &mut self,
        line: &Line<'a, '_, 3>,
        record: &mut S::Record<'a>,
    ) -> Result<(), Unsure> {
        if self.shapes.read(line, record).is_ok() {
            return Ok(());
        }
        *record = S::Record::default();
        walk::<S>(line.bytes, line.ahead, &mut self.scratch, record)?;
        self.shapes.learn(line.bytes);
        Ok(())
    }
}

/// Goes through a line. `ahead` is the line and whatever follows it in memory, which saves a copy.
fn walk<'a, S: Schema>(
    line: &'a [u8],
    ahead: &'a [u8],
    scratch: &mut Scratch,
    record: &mut S::Record<'a>,
) -> Result<(), Unsure> {
    let Scratch { maps, places, commas } = scratch;
    let groups = line.len().div_ceil(64);
    bitmaps::<Json, 8>(ahead.get(..(groups * 64).min(ahead.len())).unwrap_or(line), maps);
    let text = std::str::from_utf8(line).map_err(|_| Unsure)?;
    if line.first() != Some(&b'{') {
        return Err(Unsure);
    }
    let stack = [Open::default(); DEPTH];
    best(Walk::<S> { line, text, maps, places, commas, record, stack, depth: 0, words: 0, letters: 0 })
}

struct Walk<'a, 'm, S: Schema> {
    line: &'a [u8],
    text: &'a str,
    maps: &'m Maps,
    places: &'m mut Vec<u32>,
    commas: &'m mut Vec<(u64, u32)>,
    record: &'m mut S::Record<'a>,
    stack: [Open; DEPTH],
    depth: usize,
    /// Letters of `true`, `false` and `null` that stand where a value begins.
    words: u32,
    /// Letters and signs that stand anywhere outside of texts.
    letters: u32,
}

impl<S: Schema> Work for Walk<'_, '_, S> {
    type Out = Result<(), Unsure>;

    #[inline(always)]
    fn run(mut self) -> Result<(), Unsure> {
        let escapes = self.tokens()?;
        for i in 0..self.places.len() {
            let at = self.places.get(i).map_or(0, |p| *p as usize);
            match self.line.get(at) {
                Some(b':') => {
                    let key = self.key(at)?;
                    if escapes && memchr::memchr(b'\\', key).is_some() {
                        return Err(Unsure);
                    }
                    self.member(key, at)?;
                }
                Some(b'{' | b'[') => self.open(at, self.commas_before(at))?,
                _ => self.close(at, self.commas_before(at))?,
            }
        }
        let whole = self.depth == 0 && self.line.last() == Some(&b'}') && self.letters == self.words;
        if whole { Ok(()) } else { Err(Unsure) }
    }
}

impl<'a, S: Schema> Walk<'a, '_, S> {
    /// Finds the tokens outside of texts and looks whether each may follow the one before. Says whether
    /// there are escapes.
    #[inline(always)]
    fn tokens(&mut self) -> Result<bool, Unsure> {
        // What runs over from one group into the next.
        let (mut in_text, mut escaping) = (0_u64, 0_u64);
        let mut after = After::start();
        let (mut any_escape, mut all_commas) = (false, 0);
        self.commas.clear();
        let last = self.line.len().div_ceil(64).saturating_sub(1);
        let mut n = 0;
        for (group, maps) in self.maps.iter().enumerate().take(last + 1) {
            let inside = if group == last { u64::MAX >> (63 - (self.line.len() - 1) % 64) } else { u64::MAX };
            let [quotes, backslashes, colons, commas, opens, closes, odd, digits] = *maps;
            let (quotes, backslashes, odd) = (quotes & inside, backslashes & inside, odd & inside);
            if odd != 0 {
                return Err(Unsure);
            }
            any_escape |= backslashes != 0;
            let quotes = if backslashes | escaping == 0 {
                quotes
            } else {
                quotes & !self.escapes(group, backslashes, &mut escaping)?
            };
            let text = prefix_xor(quotes) ^ in_text;
            in_text = (text.cast_signed() >> 63).cast_unsigned();
            let outside = !text & inside;
            let (colons, commas) = (colons & outside, commas & outside);
            let (opens, closes) = (opens & outside, closes & outside);
            let ends = quotes & outside;
            let scalars = outside & !(ends | colons | commas | opens | closes);
            after.check(Tokens { begins: quotes & text, ends, colons, commas, opens, closes, scalars })?;
            self.letters += (scalars & !digits).count_ones();
            self.commas.push((commas, all_commas));
            all_commas += commas.count_ones();
            let mut events = colons | opens | closes;
            let count = events.count_ones() as usize;
            // A fixed number of steps at a time is quicker than asking after each whether it was the last.
            if self.places.len() < n + 64 {
                self.places.resize(n + 256, 0);
            }
            let base = u32::try_from(group * 64).map_err(|_| Unsure)?;
            for eight in self.places.get_mut(n..).unwrap_or_default().chunks_exact_mut(8) {
                for place in eight {
                    *place = base + events.trailing_zeros();
                    events &= events.wrapping_sub(1);
                }
                if events == 0 {
                    break;
                }
            }
            n += count;
        }
        self.places.truncate(n);
        if in_text == 0 { Ok(any_escape) } else { Err(Unsure) }
    }

    /// The bytes of a group that a backslash before them escapes. `carry` is 1 if the first one is.
    #[cold]
    fn escapes(&self, group: usize, backslashes: u64, carry: &mut u64) -> Result<u64, Unsure> {
        let mut escaped = std::mem::take(carry);
        let mut rest = backslashes & !escaped;
        while rest != 0 {
            let at = rest.trailing_zeros();
            let after = self.line.get(group * 64 + at as usize + 1..).unwrap_or_default();
            match after {
                [b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => {}
                [b'u', a, b, c, d, ..] if [a, b, c, d].iter().all(|h| h.is_ascii_hexdigit()) => {}
                _ => return Err(Unsure),
            }
            if at == 63 {
                *carry = 1;
                break;
            }
            escaped |= 2 << at;
            rest &= !(3 << at);
        }
        Ok(escaped)
    }

    /// How many commas outside of texts stand before a place.
    #[inline(always)]
    fn commas_before(&self, at: usize) -> u32 {
        let below = (1_u64 << (at % 64)) - 1;
        self.commas.get(at / 64).map_or(0, |(map, before)| before + (map & below).count_ones())
    }

    /// The key before a colon: it ends just before it and begins after the quote before that. If that quote
    /// is an escaped one, what stands before it is no comma and no bracket, which [`Walk::member`] sees.
    #[inline(always)]
    fn key(&self, colon: usize) -> Result<&'a [u8], Unsure> {
        let end = colon.checked_sub(1).ok_or(Unsure)?;
        let mut group = end / 64;
        let mut below = (1_u64 << (end % 64)) - 1;
        loop {
            let quotes = self.maps.get(group).map_or(0, |[quotes, ..]| quotes & below);
            if quotes != 0 {
                let start = group * 64 + 64 - quotes.leading_zeros() as usize;
                return self.line.get(start..end).ok_or(Unsure);
            }
            group = group.checked_sub(1).ok_or(Unsure)?;
            below = u64::MAX;
        }
    }

    /// The quote or backslash that follows in a text.
    #[inline(always)]
    fn text_end(&self, start: usize) -> Result<usize, Unsure> {
        let mut group = start / 64;
        let mut from = u64::MAX << (start % 64);
        loop {
            let [quotes, backslashes, ..] = self.maps.get(group).ok_or(Unsure)?;
            let found = (quotes | backslashes) & from;
            if found != 0 {
                return Ok(group * 64 + found.trailing_zeros() as usize);
            }
            group += 1;
            from = u64::MAX;
        }
    }

    #[inline(always)]
    fn member(&mut self, key: &'a [u8], colon: usize) -> Result<(), Unsure> {
        let Some(open) = self.depth.checked_sub(1).and_then(|d| self.stack.get_mut(d)) else {
            return Err(Unsure);
        };
        // A key follows the bracket or a comma, so that no text is a value and a key as well.
        let before = colon.checked_sub(key.len() + 3).and_then(|at| self.line.get(at));
        if !open.is_object || !matches!(before, Some(b'{' | b',')) {
            return Err(Unsure);
        }
        open.members += 1;
        let at = colon + 1;
        let inside = open.context;
        let value = self.line.get(at..).unwrap_or_default();
        if S::DECIMALS && value.first().is_some_and(u8::is_ascii_digit) {
            self.words += decimals(value)?;
        }
        match value {
            [b'"' | b'{' | b'[' | b'1'..=b'9', ..] => {}
            // No whole number begins with a zero but zero itself.
            [b'0', next, ..] if !next.is_ascii_digit() => {}
            [b't', b'r', b'u', b'e', b',' | b'}', ..] | [b'n', b'u', b'l', b'l', b',' | b'}', ..] => {
                self.words += 4;
            }
            [b'f', b'a', b'l', b's', b'e', b',' | b'}', ..] => self.words += 5,
            _ => return Err(Unsure),
        }
        let mut context = IGNORED;
        if inside != IGNORED
            && let Some(member) = S::member(inside, key)
        {
            let end = if value.first() == Some(&b'"') { self.text_end(at + 1)? } else { at };
            (member.take)(self.record, Value { line: self.line, text: self.text, at, end })?;
            context = member.inside;
        }
        if let Some(next) = self.stack.get_mut(self.depth) {
            // Taken up if an object or array begins there.
            next.context = context;
            next.start = at;
        }
        Ok(())
    }

    #[inline(always)]
    fn open(&mut self, at: usize, commas: u32) -> Result<(), Unsure> {
        let is_object = self.line.get(at) == Some(&b'{');
        let context = match self.depth.checked_sub(1).and_then(|d| self.stack.get(d)) {
            None if at == 0 => TOP,
            None => return Err(Unsure),
            Some(outer) => match self.stack.get(self.depth) {
                Some(next) if outer.is_object && next.start == at => next.context,
                Some(_) if !outer.is_object && outer.context == IGNORED => IGNORED,
                Some(_) if !outer.is_object => {
                    S::element(self.record, outer.context);
                    S::within(outer.context)
                }
                _ => return Err(Unsure),
            },
        };
        let open =
            Open { context, is_object, start: at, members: 0, commas_before: commas, commas_within: 0 };
        *self.stack.get_mut(self.depth).ok_or(Unsure)? = open;
        self.depth += 1;
        Ok(())
    }

    #[inline(always)]
    fn close(&mut self, at: usize, commas: u32) -> Result<(), Unsure> {
        self.depth = self.depth.checked_sub(1).ok_or(Unsure)?;
        let Open { context, is_object, start, members, commas_before, commas_within } =
            *self.stack.get(self.depth).ok_or(Unsure)?;
        if (self.line.get(at) == Some(&b'}')) != is_object {
            return Err(Unsure);
        }
        let all = commas - commas_before;
        // Between members stands one comma each; the elements of an array were looked at one by one.
        if is_object && all - commas_within != members.saturating_sub(1) {
            return Err(Unsure);
        }
        if !is_object && context != IGNORED {
            S::array(self.record, context, self.line.get(start..=at).ok_or(Unsure)?)?;
        }
        if let Some(outer) = self.depth.checked_sub(1).and_then(|d| self.stack.get_mut(d)) {
            outer.commas_within += all;
        } else if at + 1 != self.line.len() {
            return Err(Unsure);
        }
        Ok(())
    }
}

/// How many points a number has: none or one, with digits on either side.
fn decimals(value: &[u8]) -> Result<u32, Unsure> {
    let digits = |text: &[u8]| text.iter().take_while(|b| b.is_ascii_digit()).count();
    let rest = value.get(digits(value)..).unwrap_or_default();
    match rest {
        [b'.', fraction @ ..] if digits(fraction) > 0 => Ok(1),
        [b'.', ..] => Err(Unsure),
        _ => Ok(0),
    }
}

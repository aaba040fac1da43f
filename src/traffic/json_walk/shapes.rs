//! Lines of the shapes that were met before.
//!
//! A producer writes the same keys in the same order again and again: only values differ. What was sure of a
//! line has shown that its keys, brackets, commas and words make valid JSON around its texts and numbers. A
//! line that has the same bytes there, and plain texts and numbers where that one had them, is as valid and
//! says its values at the same places, so comparing takes the place of looking at every token. Shapes are
//! kept as a tree: they part where lines do. What fits no shape is nobody's loss: the strict pass sees to it.

#[cfg(test)]
mod tests;

use super::schema::Take;
use super::{Context, IGNORED, Member, Schema, TOP, Unsure, Value};
use crate::traffic::lines::{Line, Places};

/// The bitmaps of a line, after that of line ends.
const BREAKS: usize = 1;
const DIGITS: usize = 2;

/// Most nodes of the tree, bytes of its literals, and nodes that follow the same one.
const NODES: usize = 4096;
const BYTES: usize = 128 << 10;
const SIBLINGS: usize = 16;

/// Most arrays that are open at a time and matter.
const DEPTH: usize = 16;

/// Shapes that are learnt before any is met again; beyond, learning has to pay.
const AT_FIRST: u64 = 256;

/// What comes after the literal of a node.
enum Step<S: Schema> {
    /// A text, whose first quote is the last byte of the literal, and what takes it.
    Text(Option<Take<S>>),
    Number(Option<Take<S>>),
    /// A wanted value that is a word, an object or an array: the literals that follow say which. An array
    /// whose end matters says so.
    Rest(Take<S>, bool),
    /// An object or array that is an element of an array; an array whose end matters says so.
    Element(Context, bool),
    /// The end of an array.
    Array(Context),
    /// The end of the line.
    End,
}

struct Node<S: Schema> {
    literal: Literal,
    step: Step<S>,
    /// The node to look at if the literal is another, and the first of those that come after this one.
    next: u32,
    inner: u32,
}

/// Bytes of a literal that are compared at once.
const HEAD: usize = 32;

/// Bytes that a line has in common with others of its shape. Most are short, and of no length that could be
/// foreseen: a fixed number of bytes is compared, and what is not of the literal masked.
struct Literal {
    head: [u64; HEAD / 8],
    mask: [u64; HEAD / 8],
    length: usize,
    /// Where the bytes after its head begin and end.
    rest: (u32, u32),
}

/// No node.
const NONE: u32 = u32::MAX;

/// The shapes of the lines of a log.
pub(super) struct Shapes<S: Schema> {
    nodes: Vec<Node<S>>,
    /// What does not fit into the heads of literals.
    literals: Vec<u8>,
    /// Lines that were of a known shape, and lines that were learnt.
    met: u64,
    learnt: u64,
}

impl<S: Schema> Default for Shapes<S> {
    fn default() -> Self {
        Shapes { nodes: Vec::new(), literals: Vec::new(), met: 0, learnt: 0 }
    }
}

impl<S: Schema> Shapes<S> {
    /// Reads a line of a known shape. What it has set when it is unsure means nothing.
    #[inline]
    pub(super) fn read<'a>(
        &mut self,
        line: &Line<'a, '_, 3>,
        record: &mut S::Record<'a>,
    ) -> Result<(), Unsure> {
        let (bytes, text) = (line.bytes, line.text.ok_or(Unsure)?);
        let (mut at, mut index) = (0, 0);
        // Where the arrays begin that are open and matter.
        let (mut open, mut starts) = (0, [0; DEPTH]);
        loop {
            let node = self.nodes.get(index as usize).ok_or(Unsure)?;
            let behind = at + node.literal.length;
            let number = matches!(node.step, Step::Number(_));
            if number && !bytes.get(behind).is_some_and(u8::is_ascii_digit)
                || !node.literal.begins(line.ahead.get(at..).unwrap_or_default(), &self.literals)
            {
                index = node.next;
                continue;
            }
            at = behind;
            index = node.inner;
            let mut begin = |at| starts.get_mut(open).map(|start| *start = at).ok_or(Unsure);
            match &node.step {
                Step::Text(take) => {
                    let end = text_end(line.places, at);
                    if bytes.get(end) != Some(&b'"') {
                        return Err(Unsure);
                    }
                    if let Some(take) = take {
                        take(record, Value { text, at: at - 1, end })?;
                    }
                    at = end + 1;
                }
                Step::Number(take) => {
                    let end = number_end::<S>(bytes, line.places, at)?;
                    if let Some(take) = take {
                        take(record, Value { text, at, end })?;
                    }
                    at = end;
                }
                Step::Rest(take, array) => {
                    take(record, Value { text, at, end: at })?;
                    begin(at)?;
                    open += usize::from(*array);
                }
                Step::Element(context, array) => {
                    S::element(record, *context);
                    begin(at)?;
                    open += usize::from(*array);
                }
                Step::Array(context) => {
                    open = open.checked_sub(1).ok_or(Unsure)?;
                    let start = starts.get(open).copied().unwrap_or(at);
                    S::array(record, *context, bytes.get(start..at).ok_or(Unsure)?)?;
                }
                Step::End if at == bytes.len() => {
                    self.met += 1;
                    return Ok(());
                }
                Step::End => return Err(Unsure),
            }
        }
    }

    /// Learns the shape of a line of which the strict pass was sure, and which it found plain.
    pub(super) fn learn(&mut self, line: &[u8]) {
        if self.learnt > AT_FIRST + self.met / 8 {
            return;
        }
        self.learnt += 1;
        let Some(steps) = steps::<S>(line) else { return };
        let bytes = self.literals.len() + line.len();
        if self.nodes.len() + steps.len() > NODES || bytes > BYTES {
            self.nodes.clear();
            self.literals.clear();
            if steps.len() > NODES || line.len() > BYTES {
                return;
            }
        }
        // The node behind which the next one stands, if there is one yet.
        let mut outer = None;
        for (literal, step) in steps {
            let Some(index) = self.place(outer, literal, step) else { return };
            outer = Some(index);
        }
    }

    /// The node with a literal behind another one: the one that is there, or a new one, if there is room.
    fn place(&mut self, outer: Option<u32>, literal: &[u8], step: Step<S>) -> Option<u32> {
        let first = match outer {
            None if self.nodes.is_empty() => NONE,
            None => 0,
            Some(outer) => self.nodes.get(outer as usize)?.inner,
        };
        let (mut last, mut index, mut siblings) = (None, first, 0);
        while let Some(node) = self.nodes.get(index as usize) {
            let same = node.literal.is(literal, &self.literals);
            if same && std::mem::discriminant(&node.step) == std::mem::discriminant(&step) {
                return Some(index);
            }
            siblings += 1;
            (last, index) = (Some(index), node.next);
        }
        if siblings >= SIBLINGS {
            return None;
        }
        let new = u32::try_from(self.nodes.len()).ok()?;
        let literal = Literal::new(literal, &mut self.literals)?;
        self.nodes.push(Node { literal, step, next: NONE, inner: NONE });
        if let Some(node) = last.and_then(|last| self.nodes.get_mut(last as usize)) {
            node.next = new;
        } else if let Some(node) = outer.and_then(|outer| self.nodes.get_mut(outer as usize)) {
            node.inner = new;
        }
        Some(new)
    }
}

impl Literal {
    /// A literal; what its head does not hold comes behind the rests of others.
    fn new(bytes: &[u8], rests: &mut Vec<u8>) -> Option<Literal> {
        let (head, rest) = bytes.split_at_checked(HEAD).unwrap_or((bytes, &[]));
        let from = u32::try_from(rests.len()).ok()?;
        rests.extend_from_slice(rest);
        let to = u32::try_from(rests.len()).ok()?;
        let ones = [u8::MAX; HEAD];
        let mask = words(&padded(ones.get(..head.len())?));
        Some(Literal { head: words(&padded(head)), mask, length: bytes.len(), rest: (from, to) })
    }

    /// Whether bytes begin with it.
    #[inline(always)]
    fn begins(&self, bytes: &[u8], rests: &[u8]) -> bool {
        let found = bytes.first_chunk::<HEAD>().map_or_else(|| words(&padded(bytes)), words);
        let wanted = self.head.iter().zip(&self.mask);
        let differ = found.iter().zip(wanted).fold(0, |bits, (f, (w, mask))| bits | (f ^ w) & mask);
        differ == 0 && (self.length <= HEAD || self.goes_on(bytes, rests))
    }

    fn goes_on(&self, bytes: &[u8], rests: &[u8]) -> bool {
        let rest = rests.get(self.rest.0 as usize..self.rest.1 as usize);
        rest.is_some_and(|rest| bytes.get(HEAD..self.length) == Some(rest))
    }

    fn is(&self, bytes: &[u8], rests: &[u8]) -> bool {
        self.length == bytes.len() && self.begins(bytes, rests)
    }
}

#[inline(always)]
fn words(bytes: &[u8; HEAD]) -> [u64; HEAD / 8] {
    let mut words = [0; HEAD / 8];
    let eights = bytes.as_chunks::<8>().0;
    words.iter_mut().zip(eights).for_each(|(word, eight)| *word = u64::from_le_bytes(*eight));
    words
}

/// Fewer bytes than a head, and zeros, which are in no literal.
#[cold]
fn padded(bytes: &[u8]) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    head.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    head
}

/// Where a text that begins behind its quote ends or stops being plain.
#[inline(always)]
fn text_end(places: Places<'_, 3>, at: usize) -> usize {
    let mut end = at;
    loop {
        let breaks = places.from(BREAKS, end);
        if breaks != 0 {
            return end + breaks.trailing_zeros() as usize;
        }
        end += 64;
        if places.start + end >= places.end {
            return end;
        }
    }
}

/// Where a number ends that is a whole one, or has decimals where these are usual.
#[inline(always)]
fn number_end<S: Schema>(bytes: &[u8], places: Places<'_, 3>, at: usize) -> Result<usize, Unsure> {
    let digits = |at| places.from(DIGITS, at).trailing_ones() as usize;
    let whole = digits(at);
    // No whole number begins with a zero but zero itself.
    if whole == 0 || whole > 1 && bytes.get(at) == Some(&b'0') {
        return Err(Unsure);
    }
    let end = at + whole;
    if !S::DECIMALS || bytes.get(end) != Some(&b'.') {
        return Ok(end);
    }
    match digits(end + 1) {
        0 => Err(Unsure),
        decimals => Ok(end + 1 + decimals),
    }
}

/// The shape of a plain, valid line: literals, and what comes after each.
fn steps<S: Schema>(line: &[u8]) -> Option<Vec<(&[u8], Step<S>)>> {
    let mut steps = Vec::new();
    // The objects and arrays that are open: whether it is an array, and what is wanted inside.
    let mut open: Vec<(bool, Context)> = Vec::new();
    // The wanted member whose value comes next.
    let mut member = None;
    let (mut literal, mut at) = (0, 0);
    while let Some(b) = line.get(at) {
        let (before, rest) = (line.get(literal..at)?, line.get(at..)?);
        match b {
            b'"' => {
                let end = memchr::memchr(b'"', rest.get(1..)?)? + 2;
                at += end;
                if rest.get(end) == Some(&b':') {
                    let context = open.last().map(|(_, context)| *context).filter(|c| *c != IGNORED);
                    member = context.and_then(|context| S::member(context, rest.get(1..end - 1)?));
                    at += 1;
                    continue;
                }
                let quoted = line.get(literal..literal + before.len() + 1)?;
                steps.push((quoted, Step::Text(member.take().map(|m: Member<S>| m.take))));
                literal = at;
            }
            b'0'..=b'9' => {
                let point = |b: &u8| S::DECIMALS && *b == b'.';
                at += rest.iter().take_while(|b| b.is_ascii_digit() || point(b)).count();
                steps.push((before, Step::Number(member.take().map(|m| m.take))));
                literal = at;
            }
            b'{' | b'[' => {
                let array = *b == b'[';
                let matters = |inside: Context| array && inside != IGNORED;
                let inside = match (open.last(), member.take()) {
                    (None, _) => TOP,
                    (Some((true, IGNORED)), _) | (Some((false, _)), None) => IGNORED,
                    (Some((true, outer)), _) => {
                        let inside = S::within(*outer);
                        steps.push((before, Step::Element(*outer, matters(inside))));
                        literal = at;
                        inside
                    }
                    (Some((false, _)), Some(Member { take, inside })) => {
                        steps.push((before, Step::Rest(take, matters(inside))));
                        literal = at;
                        inside
                    }
                };
                open.push((array, inside));
                at += 1;
            }
            b'}' | b']' => {
                at += 1;
                if let (true, context @ 1..) = open.pop()? {
                    steps.push((line.get(literal..at)?, Step::Array(context)));
                    literal = at;
                }
            }
            b't' | b'f' | b'n' => {
                if let Some(Member { take, .. }) = member.take() {
                    steps.push((before, Step::Rest(take, false)));
                    literal = at;
                }
                at += rest.iter().take_while(|b| b.is_ascii_lowercase()).count();
            }
            _ => at += 1,
        }
    }
    steps.push((line.get(literal..)?, Step::End));
    Some(steps)
}

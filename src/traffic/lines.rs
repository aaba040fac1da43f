//! Walking a block of lines.

use super::{Block, Settled, Sink};
use crate::bytes::simd::{GROUP, places};
use crate::model::At;

/// Longest line that is read, in bytes. Longer ones are one rejected record each.
pub(super) const LONGEST: usize = 8 << 20;

/// Reason of a record that is longer than allowed.
pub(super) const TOO_LONG: &str = "longer than the limit";

/// A line without its end.
pub(super) struct Line<'a, 'm, const N: usize = 1> {
    /// The bytes.
    pub(super) bytes: &'a [u8],
    /// The bytes, and what follows them in the block.
    pub(super) ahead: &'a [u8],
    /// The same as text, of [`Lines::with`]. None if something here or near it is not UTF-8.
    pub(super) text: Option<&'a str>,
    /// Where it stands; `record` is left 0.
    pub(super) at: At,
    /// Where in it some bytes stand.
    pub(super) places: Places<'m, N>,
}

/// The bitmaps of a line: those of the bytes around it, and where it begins and ends among them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places<'m, const N: usize> {
    pub(super) maps: &'m [[u64; N]],
    pub(super) start: usize,
    pub(super) end: usize,
}

impl<const N: usize> Places<'_, N> {
    /// Bytes of the line.
    #[inline(always)]
    pub(super) fn len(self) -> usize {
        self.end - self.start
    }

    /// The bits of 64 bytes of the line from any of them on. Those behind the line may be set or not.
    #[inline(always)]
    pub(super) fn from(self, class: usize, at: usize) -> u64 {
        let at = self.start.wrapping_add(at);
        let (group, bit) = (at / GROUP, at % GROUP);
        let word = |group: usize| self.maps.get(group).and_then(|words| words.get(class)).copied();
        let (low, high) = (word(group).unwrap_or(0), word(group + 1).unwrap_or(0));
        low >> bit | high << 1 << (GROUP - 1 - bit)
    }
}

/// The lines of a block that hold anything. Blank ones are framing; too long ones are rejected on the way.
pub(super) struct Lines<'a, const N: usize, L> {
    block: Block<'a>,
    /// Makes the bitmaps of some bytes. The first is of line ends.
    look: L,
    /// Where the next line begins.
    start: usize,
    /// Where the piece that is looked at begins and ends: whole lines.
    piece: usize,
    piece_end: usize,
    maps: Vec<[u64; N]>,
    /// Whether somebody asks for text, and the piece as text, if it is UTF-8.
    texts: bool,
    text: Option<&'a str>,
    /// Which group of the piece is looked at, and the line ends in it that are not met yet.
    group: usize,
    left: u64,
}

/// Bytes that are looked at at once: they stay near until they are read. Longer lines have longer pieces.
const PIECE: usize = 16 << 10;

impl<'a> Lines<'a, 1, fn(&[u8], &mut Vec<[u64; 1]>)> {
    /// Lines of which nothing else is known.
    pub(super) fn of(block: Block<'a>) -> Self {
        Lines::new(block, |bytes, maps| places([b'\n'], bytes, maps), false)
    }
}

impl<'a, const N: usize, L: Fn(&[u8], &mut Vec<[u64; N]>)> Lines<'a, N, L> {
    /// Lines, and bitmaps of them. The first is of line ends.
    pub(super) fn with(block: Block<'a>, look: L) -> Self {
        Lines::new(block, look, true)
    }

    fn new(block: Block<'a>, look: L, texts: bool) -> Self {
        let (maps, text) = (Vec::new(), None);
        let mut lines =
            Lines { block, look, start: 0, piece: 0, piece_end: 0, maps, texts, text, group: 0, left: 0 };
        lines.look();
        lines
    }

    /// From here on the bitmaps are made in another way.
    pub(super) fn look_for(&mut self, look: L) {
        self.look = look;
        self.look();
    }

    /// Looks at the piece that begins with the next line.
    fn look(&mut self) {
        let ahead = self.block.bytes.get(self.start..).unwrap_or_default();
        let mut length = PIECE;
        let piece = loop {
            let piece = ahead.get(..length).unwrap_or(ahead);
            if piece.len() == ahead.len() {
                break piece;
            }
            if let Some(end) = memchr::memrchr(b'\n', piece) {
                break piece.get(..=end).unwrap_or(piece);
            }
            length = length.saturating_mul(2);
        };
        (self.look)(piece, &mut self.maps);
        self.text = if self.texts { simdutf8::basic::from_utf8(piece).ok() } else { None };
        (self.piece, self.piece_end, self.group) = (self.start, self.start + piece.len(), 0);
        self.left = self.maps.first().and_then(|words| words.first()).copied().unwrap_or(0);
    }

    /// Where the next line ends; where the block does, if none does.
    #[inline]
    fn end(&mut self) -> usize {
        while self.left == 0 {
            self.group += 1;
            let Some(words) = self.maps.get(self.group) else { return self.piece_end };
            self.left = words.first().copied().unwrap_or(0);
        }
        let bit = self.left.trailing_zeros() as usize;
        self.left &= self.left.wrapping_sub(1);
        self.piece + self.group * GROUP + bit
    }

    #[inline]
    pub(super) fn next(&mut self, out: &mut dyn Sink) -> Option<Line<'a, '_, N>> {
        while self.start < self.block.bytes.len() {
            if self.start >= self.piece_end {
                self.look();
            }
            let (start, end) = (self.start, self.end());
            let ahead = self.block.bytes.get(start..)?;
            let line = ahead.get(..end - start)?;
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let at = At {
                offset: self.block.offset + start as u64,
                length: line.len() as u64,
                record: 0,
                line: Some(self.block.line),
            };
            self.start = end + 1;
            self.block.line += 1;
            if line.len() > LONGEST {
                out.record(at, &[], Settled::Rejected(TOO_LONG));
            } else if !line.iter().all(u8::is_ascii_whitespace) {
                let first = start - self.piece;
                let places = Places { maps: &self.maps, start: first, end: first + line.len() };
                let text = self.text.and_then(|text| text.get(first..places.end));
                return Some(Line { bytes: line, ahead, text, at, places });
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::{Health, NameFact};
    use proptest::prelude::*;

    struct Nothing;

    impl Sink for Nothing {
        fn record(&mut self, _: At, _: &[u8], _: Settled<'_, '_>) {}
        fn name(&mut self, _: &NameFact<'_>) {}
        fn health(&mut self, _: Health) {}
    }

    fn check(bytes: &[u8]) {
        let block = Block { bytes, offset: 7, line: 3, last: true };
        let mut lines = Lines::with(block, |bytes, maps| super::places([b'\n', b'x'], bytes, maps));
        let (mut offset, mut number) = (7, 3);
        for whole in bytes.split_inclusive(|b| *b == b'\n') {
            let line = whole.strip_suffix(b"\n").unwrap_or(whole);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if !line.trim_ascii().is_empty() {
                let Line { bytes: found, ahead, text, at, places } = lines.next(&mut Nothing).unwrap();
                assert_eq!((found, at.offset, at.length), (line, offset, line.len() as u64));
                assert_eq!(at.line, Some(number));
                assert!(text.is_none_or(|text| text.as_bytes() == line));
                assert_eq!(text.is_none(), std::str::from_utf8(bytes).is_err());
                for from in (0..line.len()).step_by(1 + line.len() / 100) {
                    let ends = places.from(1, from);
                    for (bit, b) in line[from..].iter().take(GROUP).enumerate() {
                        assert_eq!(ends >> bit & 1 == 1, *b == b'x', "{from} + {bit}");
                    }
                }
                assert!(ahead.starts_with(whole) && ahead.len() as u64 == bytes.len() as u64 + 7 - offset);
            }
            (offset, number) = (offset + whole.len() as u64, number + 1);
        }
        assert!(lines.next(&mut Nothing).is_none());
        assert!(lines.next(&mut Nothing).is_none());
    }

    #[test]
    fn lines_end_where_they_do_in_blocks_of_any_size() {
        for size in [0, 1, 63, 64, 65, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 2 * PIECE + 64] {
            for every in [1, 2, 64, 100, PIECE - 1, PIECE, 5 * PIECE] {
                let mut bytes = vec![b'x'; size];
                bytes.iter_mut().skip(every - 1).step_by(every).for_each(|b| *b = b'\n');
                check(&bytes);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 500 }))]

        #[test]
        fn any_block_is_cut_as_by_splitting(
            bytes in prop::collection::vec(prop::sample::select(b"\n\n\r \tx\0\xff".to_vec()), 0..400),
        ) {
            check(&bytes);
        }
    }
}

//! Walking a block of lines.

use super::{Block, Settled, Sink};
use crate::bytes::simd::{GROUP, places};
use crate::model::At;

/// Longest line that is read, in bytes. Longer ones are one rejected record each.
pub(super) const LONGEST: usize = 8 << 20;

/// Reason of a record that is longer than allowed.
pub(super) const TOO_LONG: &str = "longer than the limit";

/// A line without its end.
pub(super) struct Line<'a> {
    /// The bytes.
    pub(super) bytes: &'a [u8],
    /// The bytes, and what follows them in the block.
    pub(super) ahead: &'a [u8],
    /// Where it stands; `record` is left 0.
    pub(super) at: At,
}

/// The lines of a block that hold anything. Blank ones are framing; too long ones are rejected on the way.
pub(super) struct Lines<'a> {
    block: Block<'a>,
    /// Where the next line begins.
    start: usize,
    /// Where lines end in a piece of the block, and which group of it is looked at.
    ends: Vec<[u64; 1]>,
    group: usize,
    /// Where the piece begins.
    piece: usize,
    /// The ends in the group that are not met yet.
    left: u64,
}

/// Bytes that are looked at for line ends at once: they stay near until they are read.
const PIECE: usize = 16 << 10;

impl<'a> Lines<'a> {
    pub(super) fn of(block: Block<'a>) -> Lines<'a> {
        let mut lines = Lines { block, start: 0, ends: Vec::new(), group: 0, piece: 0, left: 0 };
        lines.look(0);
        lines
    }

    /// Looks for line ends in the piece that begins at `piece`.
    fn look(&mut self, piece: usize) {
        let bytes = self.block.bytes.get(piece..).unwrap_or_default();
        places([b'\n'], bytes.get(..PIECE).unwrap_or(bytes), &mut self.ends);
        (self.piece, self.group) = (piece, 0);
        self.left = self.ends.first().map_or(0, |[word]| *word);
    }

    /// Where the next line ends; where the block does, if none does.
    fn end(&mut self) -> usize {
        while self.left == 0 {
            self.group += 1;
            match self.ends.get(self.group) {
                Some([word]) => self.left = *word,
                None if self.piece + PIECE < self.block.bytes.len() => self.look(self.piece + PIECE),
                None => return self.block.bytes.len(),
            }
        }
        let bit = self.left.trailing_zeros() as usize;
        self.left &= self.left.wrapping_sub(1);
        self.piece + self.group * GROUP + bit
    }

    pub(super) fn next(&mut self, out: &mut dyn Sink) -> Option<Line<'a>> {
        while self.start < self.block.bytes.len() {
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
                return Some(Line { bytes: line, ahead, at });
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
        let mut lines = Lines::of(Block { bytes, offset: 7, line: 3, last: true });
        let (mut offset, mut number) = (7, 3);
        for whole in bytes.split_inclusive(|b| *b == b'\n') {
            let line = whole.strip_suffix(b"\n").unwrap_or(whole);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if !line.trim_ascii().is_empty() {
                let Line { bytes: found, ahead, at } = lines.next(&mut Nothing).unwrap();
                assert_eq!((found, at.offset, at.length), (line, offset, line.len() as u64));
                assert_eq!(at.line, Some(number));
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

//! Walking a block of lines.

use super::{Block, Settled, Sink};
use crate::bytes::simd::{Class, Classes, GROUP, bitmaps};
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

struct Ends;

impl Classes<1> for Ends {
    const LIST: [Class; 1] = [Class::Is(b'\n')];
}

/// The lines of a block that hold anything. Blank ones are framing; too long ones are rejected on the way.
pub(super) struct Lines<'a> {
    block: Block<'a>,
    /// Where lines end: what is left of the group at hand, and all groups.
    left: u64,
    group: usize,
    ends: Vec<[u64; 1]>,
    /// Where the next line begins in the block.
    start: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    pub(super) fn of(block: Block<'a>) -> Lines<'a> {
        let mut ends = Vec::new();
        bitmaps::<Ends, 1>(block.bytes, &mut ends);
        let left = ends.first().map_or(0, |[word]| *word);
        Lines { block, left, group: 0, ends, start: 0, line: block.line }
    }

    /// Where the next line ends: its line feed, or the end of the block.
    fn end(&mut self) -> usize {
        while self.left == 0 {
            self.group += 1;
            match self.ends.get(self.group) {
                Some([word]) => self.left = *word,
                None => return self.block.bytes.len(),
            }
        }
        let at = self.group * GROUP + self.left.trailing_zeros() as usize;
        self.left &= self.left - 1;
        at
    }

    pub(super) fn next(&mut self, out: &mut dyn Sink) -> Option<Line<'a>> {
        while self.start < self.block.bytes.len() {
            let end = self.end();
            let ahead = self.block.bytes.get(self.start..)?;
            let line = ahead.get(..end - self.start)?;
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let offset = self.block.offset + self.start as u64;
            let at = At { offset, length: line.len() as u64, record: 0, line: Some(self.line) };
            self.start = end + 1;
            self.line += 1;
            if line.len() > LONGEST {
                out.record(at, &[], Settled::Rejected(TOO_LONG));
            } else if !line.iter().all(u8::is_ascii_whitespace) {
                return Some(Line { bytes: line, ahead, at });
            }
        }
        None
    }
}

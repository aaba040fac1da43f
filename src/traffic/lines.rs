//! Walking a block of lines.

use super::{Block, Settled, Sink};
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
    rest: &'a [u8],
    offset: u64,
    line: u64,
}

impl<'a> Lines<'a> {
    pub(super) fn of(block: Block<'a>) -> Lines<'a> {
        Lines { rest: block.bytes, offset: block.offset, line: block.line }
    }

    pub(super) fn next(&mut self, out: &mut dyn Sink) -> Option<Line<'a>> {
        while !self.rest.is_empty() {
            let end = memchr::memchr(b'\n', self.rest);
            let whole = end.map_or(self.rest.len(), |n| n + 1);
            let ahead = self.rest;
            let (taken, rest) = ahead.split_at_checked(whole)?;
            let line = taken.strip_suffix(b"\n").unwrap_or(taken);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let at = At { offset: self.offset, length: line.len() as u64, record: 0, line: Some(self.line) };
            self.rest = rest;
            self.offset += whole as u64;
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

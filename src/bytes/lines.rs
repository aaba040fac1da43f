//! Cutting a log of lines into blocks of whole lines.

use super::{Halt, Piece, Window};

/// Blocks of whole lines. A line that is longer than allowed is passed over in bounded memory.
pub struct Lines {
    max: usize,
    taken: usize,
    halted: Option<Halt>,
    /// Lines that begin here or later are not given.
    end: u64,
    /// Line ends at or after `end` that were passed.
    beyond: u64,
    known: Option<(u64, u64)>,
}

impl Lines {
    /// Lines of at most `max` bytes.
    #[must_use]
    pub fn new(max: usize) -> Lines {
        Lines::before(u64::MAX, max)
    }

    /// Lines of at most `max` bytes that begin before an offset.
    #[must_use]
    pub fn before(end: u64, max: usize) -> Lines {
        Lines { max, taken: 0, halted: None, end, beyond: 0, known: None }
    }

    /// Tells on which line an offset in the last block stands, so that its lines are not counted again.
    pub fn known(&mut self, offset: u64, line: u64) {
        self.known = Some((offset, line));
    }

    /// Line ends at or after the end that were passed over.
    #[must_use]
    pub fn ends_beyond(&self) -> u64 {
        self.beyond
    }

    /// Passes over the rest of a line that began before `start`, as far as `end`. The window begins one byte
    /// before `start`, so that a line which begins with it is seen to. Line ends at or after `end` are left to
    /// whoever reads on from there: a line may be longer than many stretches.
    ///
    /// # Errors
    /// Those of the source.
    pub fn skip_begun(window: &mut Window<'_>, (start, end): (u64, u64)) -> Result<(), Halt> {
        loop {
            let until =
                |offset: u64| usize::try_from(offset.saturating_sub(window.offset())).unwrap_or(usize::MAX);
            let (before, inside) = (until(start), until(end));
            let ahead = window.first(inside);
            let found = memchr::memchr(b'\n', ahead);
            let taken = found.map_or(ahead.len(), |at| at + 1);
            // The byte before the start is of no line here; what is skipped after it is.
            window.skip(before.min(taken));
            window.consume(taken.saturating_sub(before));
            if found.is_some() || window.offset() >= end || window.is_done() {
                return Ok(());
            }
            window.fill()?;
        }
    }

    /// The next block, `None` at the end. A last line without its end comes with the last block.
    ///
    /// # Errors
    /// Those of the source, after everything that was read before has been given out.
    pub fn next<'w>(&mut self, window: &'w mut Window<'_>) -> Result<Option<Piece<'w>>, Halt> {
        window.consume_from(std::mem::take(&mut self.taken), self.known.take());
        if window.offset() >= self.end {
            return self.halted.take().map_or(Ok(None), Err);
        }
        // Bytes of lines that begin in time; the last of them may end later.
        let inside = usize::try_from(self.end - window.offset()).unwrap_or(usize::MAX);
        let mut searched = 0;
        loop {
            let ahead = window.bytes().get(searched..).unwrap_or_default();
            if searched + ahead.len() >= inside {
                let last = inside.saturating_sub(1).max(searched) - searched;
                if let Some(at) = memchr::memchr(b'\n', ahead.get(last..).unwrap_or_default()) {
                    self.taken = searched + last + at + 1;
                    self.beyond += u64::from(self.taken > inside);
                    break;
                }
            }
            if let Some(at) = memchr::memrchr(b'\n', ahead) {
                self.taken = searched + at + 1;
                break;
            }
            searched = window.bytes().len();
            // One byte more than is allowed may be the first of a line end of two.
            if searched > self.max.saturating_add(1) {
                return self.pass_over(window).map(Some);
            }
            if window.is_done() {
                self.taken = searched;
                break;
            }
            if let Err(halt) = window.fill() {
                self.halted = Some(halt);
            }
        }
        if self.taken == 0 {
            return self.halted.take().map_or(Ok(None), Err);
        }
        let last = window.is_done() && self.taken == window.bytes().len() && self.halted.is_none();
        let (offset, line) = (window.offset(), window.line());
        Ok(Some(Piece::Records { bytes: window.first(self.taken), offset, line, last }))
    }

    /// Passes over the line that begins here, up to and with its end.
    fn pass_over<'w>(&mut self, window: &mut Window<'_>) -> Result<Piece<'w>, Halt> {
        let (offset, line) = (window.offset(), window.line());
        let mut returned = false;
        loop {
            let ahead = window.bytes();
            if let Some(at) = memchr::memchr(b'\n', ahead) {
                returned = ahead.get(..at).and_then(<[u8]>::last).map_or(returned, |b| *b == b'\r');
                let end = window.offset() + at as u64;
                self.beyond += u64::from(end >= self.end);
                window.consume(at + 1);
                return Ok(Piece::TooLong { offset, length: end - offset - u64::from(returned), line });
            }
            returned = ahead.last().map_or(returned, |b| *b == b'\r');
            window.consume(ahead.len());
            if window.is_done() {
                let length = window.offset() - offset - u64::from(returned);
                return Ok(Piece::TooLong { offset, length, line });
            }
            if let Err(halt) = window.fill() {
                self.halted = Some(halt);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::{Decoded, Input, Intake};

    /// The lines of all blocks, `<n>` for one that was too long.
    fn cut(text: &str, block: usize, max: usize) -> Vec<(u64, u64, String)> {
        let bytes = text.as_bytes();
        let (decoded, _) = Decoded::open(Input::At(&bytes), Intake::default()).unwrap();
        let (mut window, mut lines, mut out) = (Window::new(decoded, block), Lines::new(max), Vec::new());
        while let Some(piece) = lines.next(&mut window).unwrap() {
            match piece {
                Piece::Records { bytes, offset, line, .. } => {
                    let (mut at, mut line) = (offset, line);
                    for one in bytes.split_inclusive(|b| *b == b'\n') {
                        out.push((at, line, String::from_utf8_lossy(one).into_owned()));
                        at += one.len() as u64;
                        line += 1;
                    }
                }
                Piece::TooLong { offset, length, line } => out.push((offset, line, format!("<{length}>"))),
            }
        }
        out
    }

    #[test]
    fn any_block_size_gives_the_same_lines() {
        let text = "one\ntwo\r\n\nabcdefghijklmnopqrstuvwxyz0123456789\r\nend";
        let whole = cut(text, 1, 20);
        let rest: Vec<_> = whole.iter().map(|(_, _, l)| l.as_str()).collect();
        assert_eq!(rest, ["one\n", "two\r\n", "\n", "<36>", "end"]);
        assert_eq!(whole[4], (48, 5, "end".to_owned()));
        for block in 2..25 {
            // A block may hold a long line whole: those are left to the walker, which knows the limit too.
            assert_eq!(cut(text, block, 20).len(), whole.len(), "block {block}");
        }
        assert_eq!(cut("", 4, 20), []);
    }
}

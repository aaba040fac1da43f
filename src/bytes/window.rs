//! A window that slides over decoded bytes, one buffer for the whole log.

use super::{Decoded, Halt};

/// The byte-order mark of UTF-8.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// The stretch of decoded bytes that is in memory.
pub struct Window<'a> {
    source: Decoded<'a>,
    buf: Vec<u8>,
    start: usize,
    end: usize,
    offset: u64,
    line: u64,
    line_start: u64,
    block: usize,
    done: bool,
}

impl<'a> Window<'a> {
    /// A window at the start of a log or stretch, `block` bytes to a read.
    #[must_use]
    pub fn new(source: Decoded<'a>, block: usize) -> Window<'a> {
        let block = block.max(1);
        let offset = source.first_offset();
        Window {
            source,
            buf: Vec::new(),
            start: 0,
            end: 0,
            offset,
            line: 1,
            line_start: offset,
            block,
            done: false,
        }
    }

    /// Brings at least `n` bytes into view unless the log is shorter.
    ///
    /// # Errors
    /// Those of the source, with the place.
    pub fn at_least(&mut self, n: usize) -> Result<(), Halt> {
        while !self.done && self.bytes().len() < n {
            self.fill()?;
        }
        Ok(())
    }

    /// Passes over `n` bytes that come before what is read: their lines are not counted.
    pub fn skip(&mut self, n: usize) {
        let line = self.line;
        self.consume_from(n, None);
        self.line = line;
    }

    /// Passes over a UTF-8 byte-order mark; call it at the start.
    pub fn skip_bom(&mut self) {
        if self.bytes().starts_with(BOM) {
            self.consume(BOM.len());
            self.line_start = self.offset;
        }
    }

    /// Reads one more block behind what is in view.
    ///
    /// # Errors
    /// Those of the source, with the place. The window then counts as at its end.
    pub fn fill(&mut self) -> Result<(), Halt> {
        if self.start > 0 {
            self.buf.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.buf.len() < self.end + self.block {
            self.buf.resize(self.end + self.block, 0);
        }
        let room = self.buf.get_mut(self.end..self.end + self.block).unwrap_or_default();
        match self.source.read(room) {
            Ok(0) => self.done = true,
            Ok(n) => self.end += n,
            Err(why) => {
                self.done = true;
                return Err(self.halt_at(self.bytes().len(), why, false));
            }
        }
        Ok(())
    }

    /// What is in view.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.buf.get(self.start..self.end).unwrap_or_default()
    }

    /// The first `n` bytes in view.
    #[must_use]
    pub fn first(&self, n: usize) -> &[u8] {
        self.bytes().get(..n).unwrap_or_else(|| self.bytes())
    }

    /// Moves past `n` bytes in view.
    pub fn consume(&mut self, n: usize) {
        self.consume_from(n, None);
    }

    /// Moves past `n` bytes in view. Whoever went through them may know the line on which some offset
    /// among them stands: only what follows is counted then.
    pub fn consume_from(&mut self, n: usize, known: Option<(u64, u64)>) {
        let n = n.min(self.end - self.start);
        let gone = self.buf.get(self.start..self.start + n).unwrap_or_default();
        let known = known.and_then(|(offset, line)| {
            let at = usize::try_from(offset.checked_sub(self.offset)?).ok()?;
            Some((gone.get(at..)?, line))
        });
        let (rest, line) = known.unwrap_or((gone, self.line));
        self.line = line + memchr::memchr_iter(b'\n', rest).count() as u64;
        if let Some(at) = memchr::memrchr(b'\n', gone) {
            self.line_start = self.offset + at as u64 + 1;
        }
        self.start += n;
        self.offset += n as u64;
    }

    /// Offset of the first byte in view in the decoded log.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Line of the first byte in view, from 1 at the start of the log or stretch.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Whether nothing follows what is in view.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// The source, for its counters.
    #[must_use]
    pub fn source(&self) -> &Decoded<'a> {
        &self.source
    }

    /// The source, for its digests.
    #[must_use]
    pub fn into_source(self) -> Decoded<'a> {
        self.source
    }

    /// An end of reading so many bytes into the view.
    #[must_use]
    pub fn halt_at(&self, ahead: usize, why: impl Into<String>, inside_record: bool) -> Halt {
        let before = self.first(ahead);
        let offset = self.offset + before.len() as u64;
        let line = self.line + memchr::memchr_iter(b'\n', before).count() as u64;
        let start = memchr::memrchr(b'\n', before).map_or(self.line_start, |at| self.offset + at as u64 + 1);
        Halt { why: why.into(), offset, line, column: offset - start + 1, inside_record }
    }
}

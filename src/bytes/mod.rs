//! Bytes in: containers, decompression, framing and digests, all with limits.
//!
//! Nothing here opens a file. A log arrives as an [`Input`]: something that can be read at any offset,
//! or a stream that can be read once.

mod container;
mod content;
mod decoded;
mod json_scan;
pub mod json_strings;
mod json_values;
mod lines;
pub mod simd;
mod stored;
mod unwrapped;
mod window;

pub use container::{Container, looks_binary};
pub use content::{PIECE, content_root};
pub use decoded::{Decoded, Digests, Intake};
pub use json_values::JsonValues;
pub use lines::Lines;
pub use window::Window;

/// Ways through bytes held against each other: for fuzz targets, which alone are built with it.
#[cfg(any(test, fuzzing))]
pub mod twins {
    pub use super::json_scan::agree as scan;
    pub use super::simd::twins::agree as bitmaps;
}

use std::io;

/// Random access to stored bytes. Disk reaches the lower rooms only as this.
pub trait ReadAt: Sync {
    /// Length in bytes.
    fn len(&self) -> u64;
    /// Whether there are no bytes.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Reads into `buf` from `offset`; returns how many bytes were read, 0 only at the end.
    ///
    /// # Errors
    /// Those of the underlying store.
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize>;
}

impl ReadAt for [u8] {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(<[u8]>::len(self));
        let rest = self.get(from..).unwrap_or(&[]);
        let n = rest.len().min(buf.len());
        if let (Some(to), Some(from)) = (buf.get_mut(..n), rest.get(..n)) {
            to.copy_from_slice(from);
        }
        Ok(n)
    }
}

impl<T: ReadAt + ?Sized> ReadAt for &T {
    fn len(&self) -> u64 {
        (**self).len()
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        (**self).read_at(buf, offset)
    }
}

impl ReadAt for Vec<u8> {
    fn len(&self) -> u64 {
        ReadAt::len(self.as_slice())
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.as_slice().read_at(buf, offset)
    }
}

/// A log as handed in.
pub enum Input<'a> {
    /// Readable at any offset.
    At(&'a dyn ReadAt),
    /// Readable once, from the start.
    Stream(&'a mut (dyn io::Read + Send)),
}

/// A stretch of decoded bytes, cut where records begin and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'w> {
    /// Whole records.
    Records {
        /// The bytes.
        bytes: &'w [u8],
        /// Offset of the first in the decoded log.
        offset: u64,
        /// Number of the line it stands on, from 1.
        line: u64,
        /// Whether it is known that nothing follows.
        last: bool,
    },
    /// One record that is longer than allowed and was passed over without being kept.
    TooLong {
        /// Offset of its first byte.
        offset: u64,
        /// Its length, without the line end.
        length: u64,
        /// Number of the line it begins on, from 1.
        line: u64,
    },
}

/// Why reading ended before the end of the log, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Halt {
    /// What is the matter; fixed words and numbers, never text of the log.
    pub why: String,
    /// Offset in the decoded log.
    pub offset: u64,
    /// Line, from 1.
    pub line: u64,
    /// Column in bytes, from 1.
    pub column: u64,
    /// Whether it lies inside a record, which is lost by it.
    pub inside_record: bool,
}

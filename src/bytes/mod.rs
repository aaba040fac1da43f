//! Bytes in: containers, decompression, framing and digests, all with limits.
//!
//! Nothing here opens a file. A log arrives as an [`Input`]: something that can be read at any offset,
//! or a stream that can be read once.

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

/// A log as handed in.
pub enum Input<'a> {
    /// Readable at any offset.
    At(&'a dyn ReadAt),
    /// Readable once, from the start.
    Stream(&'a mut (dyn io::Read + Send)),
}

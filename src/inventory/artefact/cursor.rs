//! Reading binary formats of any size from the start to an end, with little of them in memory.

use crate::bytes::ReadAt;
use std::io;

/// Bytes fetched at once.
const PIECE: usize = 64 << 10;

/// A place in stored bytes that moves on as they are taken. Every method is `None` where the bytes end
/// or cannot be read.
pub(in super::super) struct Cursor<'a> {
    bytes: &'a dyn ReadAt,
    at: u64,
    end: u64,
    piece: Vec<u8>,
    piece_at: u64,
}

impl<'a> Cursor<'a> {
    /// From `start` to `end`, or to where the bytes end.
    pub(in super::super) fn new(bytes: &'a dyn ReadAt, start: u64, end: u64) -> Cursor<'a> {
        Cursor { bytes, at: start, end: end.min(bytes.len()), piece: Vec::new(), piece_at: 0 }
    }

    /// Offset of the next byte.
    pub(in super::super) fn position(&self) -> u64 {
        self.at
    }

    /// How many bytes are left.
    pub(in super::super) fn left(&self) -> u64 {
        self.end.saturating_sub(self.at)
    }

    /// Passes over bytes.
    pub(in super::super) fn skip(&mut self, n: u64) -> Option<()> {
        (n <= self.left()).then(|| self.at += n)
    }

    /// The next byte.
    pub(in super::super) fn byte(&mut self) -> Option<u8> {
        if self.left() == 0 {
            return None;
        }
        let inside = |c: &Self| usize::try_from(c.at.checked_sub(c.piece_at)?).ok();
        if inside(self).is_none_or(|i| i >= self.piece.len()) {
            self.fetch()?;
        }
        let byte = *self.piece.get(inside(self)?)?;
        self.at += 1;
        Some(byte)
    }

    /// The next two bytes, not taken.
    pub(in super::super) fn peek(&mut self) -> Option<[u8; 2]> {
        let at = self.at;
        let two = self.array();
        self.at = at;
        two
    }

    fn fetch(&mut self) -> Option<()> {
        let most = usize::try_from(self.left()).unwrap_or(PIECE).min(PIECE);
        self.piece.resize(most, 0);
        let got = fill(self.bytes, &mut self.piece, self.at)?;
        self.piece.truncate(got);
        self.piece_at = self.at;
        (got > 0).then_some(())
    }

    /// The next bytes, as many as the array holds.
    pub(in super::super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let mut array = [0; N];
        for slot in &mut array {
            *slot = self.byte()?;
        }
        Some(array)
    }

    /// A number of two bytes, least significant first.
    pub(in super::super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    /// A number of four bytes, least significant first.
    pub(in super::super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// A number of eight bytes, least significant first.
    pub(in super::super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// The next `n` bytes. The caller bounds `n`.
    pub(in super::super) fn take(&mut self, n: u64) -> Option<Vec<u8>> {
        if n > self.left() {
            return None;
        }
        let mut taken = vec![0; usize::try_from(n).ok()?];
        let got = fill(self.bytes, &mut taken, self.at)?;
        (got == taken.len()).then(|| {
            self.at += n;
            taken
        })
    }

    /// The next `n` bytes as text if there are at most `most` and they are UTF-8; otherwise they are passed
    /// over, and the text is `None`.
    pub(in super::super) fn text(&mut self, n: u64, most: u64) -> Option<Option<String>> {
        if n > most {
            return self.skip(n).map(|()| None);
        }
        // Short texts come from the piece at hand: most formats have many of them.
        if n < 256 {
            let mut bytes = Vec::with_capacity(256);
            for _ in 0..n {
                bytes.push(self.byte()?);
            }
            return Some(String::from_utf8(bytes).ok());
        }
        self.take(n).map(|bytes| String::from_utf8(bytes).ok())
    }
}

/// Reads until the buffer is full or the bytes end.
fn fill(bytes: &dyn ReadAt, buf: &mut [u8], at: u64) -> Option<usize> {
    let mut got = 0;
    while let Some(rest) = buf.get_mut(got..).filter(|r| !r.is_empty()) {
        match bytes.read_at(rest, at.checked_add(u64::try_from(got).ok()?)?) {
            Ok(0) => break,
            Ok(n) => got += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
    Some(got)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_in_order_across_pieces_and_skips() {
        let bytes: Vec<u8> = (0..200_000_u32).map(|i| u8::try_from(i % 251).unwrap()).collect();
        let mut cursor = Cursor::new(&bytes, 1, u64::MAX);
        assert_eq!(cursor.byte(), Some(1));
        cursor.skip(100_000).unwrap();
        assert_eq!(cursor.byte(), Some(bytes[100_002]));
        assert_eq!(cursor.take(70_000).unwrap(), bytes[100_003..170_003]);
        assert_eq!(cursor.u32(), Some(u32::from_le_bytes(bytes[170_003..170_007].try_into().unwrap())));
        assert_eq!(cursor.left(), 29_993);
        assert_eq!(cursor.take(29_994), None);
        assert_eq!(cursor.skip(29_993), Some(()));
        assert_eq!(cursor.byte(), None);
    }

    #[test]
    fn an_end_is_kept() {
        let bytes = b"abcdef".to_vec();
        let mut cursor = Cursor::new(&bytes, 2, 4);
        assert_eq!(cursor.text(2, 8), Some(Some("cd".to_owned())));
        assert_eq!(cursor.byte(), None);
        assert_eq!(Cursor::new(&bytes, 9, 12).byte(), None);
    }
}

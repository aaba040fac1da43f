//! Decoded bytes, hashed on the way.
//!
//! One pass yields the SHA-256 of the file as stored (what an auditor can type) and the BLAKE3 of the
//! decoded bytes (what identifies a log, compressed or not).

use super::content::{Content, PIECE};
use super::unwrapped::{Unwrapped, failed};
use super::{Container, Input, ReadAt};
use std::io;

/// How a log is taken in.
#[derive(Debug, Clone, Copy)]
pub struct Intake {
    /// Bytes read at a time.
    pub block: usize,
    /// Most bytes a compressed log may decode to.
    pub decoded_max: u64,
    /// Most decoded bytes for each stored byte, looked at beyond the first 64 MiB.
    pub ratio_max: u64,
    /// Whether to compute the SHA-256 of the stored bytes.
    pub sha256: bool,
}

impl Default for Intake {
    fn default() -> Self {
        // A block that stays in the cache of a core while it is hashed, cut and decoded.
        Intake { block: 128 << 10, decoded_max: 1 << 40, ratio_max: 500, sha256: true }
    }
}

/// What is known of the stored bytes once all of them were read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Stock {
    /// How many there are.
    pub(super) bytes: u64,
    /// Their SHA-256, hex, if it was asked for and all could be read.
    pub(super) sha256: Option<String>,
}

/// Where decoded bytes come from.
pub(super) trait Feed: Send {
    /// Reads decoded bytes; 0 only at the end.
    ///
    /// # Errors
    /// Fixed words and numbers: reading failed, the compressed data is broken, it swells too much.
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, String>;
    /// Stored bytes read so far.
    fn stored_bytes(&self) -> u64;
    /// Reads what is left of the stored bytes and tells what they are.
    fn finish(self: Box<Self>) -> Stock;
}

/// Sizes and digests of a log, or of a stretch of it, that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digests {
    /// Bytes as stored.
    pub stored_bytes: u64,
    /// Bytes after decompression.
    pub decoded_bytes: u64,
    /// BLAKE3 of the decoded bytes, hex, of a whole log.
    pub content: Option<String>,
    /// BLAKE3 chaining values of the pieces of a stretch.
    pub pieces: Vec<[u8; 32]>,
    /// SHA-256 of the stored bytes, hex, if it was asked for.
    pub sha256: Option<String>,
}

/// The decoded bytes of a log.
pub struct Decoded<'a> {
    feed: Box<dyn Feed + 'a>,
    content: Content,
    /// Offset of the next byte.
    at: u64,
    /// What is hashed.
    start: u64,
    end: u64,
    block: usize,
    broken: bool,
}

impl<'a> Decoded<'a> {
    /// Opens a log and says how it is wrapped. A container that is not opened here is read as it is.
    ///
    /// # Errors
    /// Fixed words, when its first bytes cannot be read.
    pub fn open(input: Input<'a>, intake: Intake) -> Result<(Decoded<'a>, Container), String> {
        let (unwrapped, container) = Unwrapped::open(input, intake)?;
        let (feed, content) = (Box::new(unwrapped), Content::from(0));
        let (start, end) = (0, u64::MAX);
        Ok((Decoded { feed, content, at: 0, start, end, block: intake.block, broken: false }, container))
    }

    /// A stretch of a plain log, from a multiple of [`PIECE`]. The byte before it is read too, to see
    /// whether a line begins with it, and so is what follows it, as far as somebody asks; only the
    /// stretch itself is hashed.
    #[must_use]
    pub fn range(log: &'a dyn ReadAt, (start, end): (u64, u64), intake: Intake) -> Decoded<'a> {
        let start = start / PIECE * PIECE;
        let at = start.saturating_sub(1);
        let feed = Stretch { log, at, begin: at, end };
        let content = Content::from(start);
        Decoded { feed: Box::new(feed), content, at, start, end, block: intake.block, broken: false }
    }

    /// Stored bytes read so far.
    #[must_use]
    pub fn stored_bytes(&self) -> u64 {
        self.feed.stored_bytes()
    }

    /// Offset of the first byte that [`Decoded::read`] gives.
    #[must_use]
    pub fn first_offset(&self) -> u64 {
        self.start.saturating_sub(1)
    }

    /// Reads decoded bytes; 0 only at the end.
    ///
    /// # Errors
    /// Those of [`Feed::read`].
    pub fn read(&mut self, buf: &mut [u8]) -> Result<usize, String> {
        if self.broken {
            return Ok(0);
        }
        let got = self.feed.read(buf).inspect_err(|_| self.broken = true)?;
        let bytes = buf.get(..got).unwrap_or_default();
        let ahead = usize::try_from(self.start.saturating_sub(self.at)).unwrap_or(got).min(got);
        let inside = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(got).min(got);
        self.content.update(bytes.get(ahead..inside).unwrap_or_default());
        self.at += got as u64;
        Ok(got)
    }

    /// Reads what is left of the stretch, for the digests, and gives them. Past a break only the stored
    /// bytes go on.
    ///
    /// # Errors
    /// As [`Decoded::read`]; the digests then cover what could be read.
    pub fn finish(mut self) -> (Digests, Result<(), String>) {
        let mut buf = vec![0; self.block.clamp(512, 1 << 20)];
        let mut outcome = Ok(());
        while self.at < self.end {
            match self.read(&mut buf) {
                Ok(0) => break,
                Ok(_) => {}
                Err(why) => {
                    outcome = Err(why);
                    break;
                }
            }
        }
        let whole = self.start == 0 && self.end == u64::MAX;
        let Stock { bytes: stored_bytes, sha256 } = self.feed.finish();
        let (pieces, content) = self.content.finish(whole);
        let decoded_bytes = self.at.min(self.end).saturating_sub(self.start);
        (Digests { stored_bytes, decoded_bytes, content, pieces, sha256 }, outcome)
    }
}

/// A plain log from somewhere in it. Past the end of the stretch it is read in small steps.
struct Stretch<'a> {
    log: &'a dyn ReadAt,
    at: u64,
    begin: u64,
    end: u64,
}

/// Bytes read at a time past the end of a stretch.
const BEYOND: usize = 8 << 10;

impl Feed for Stretch<'_> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, String> {
        let most = match usize::try_from(self.end.saturating_sub(self.at)) {
            Ok(0) => BEYOND,
            Ok(ahead) => ahead,
            Err(_) => buf.len(),
        };
        let len = buf.len().min(most);
        loop {
            match self.log.read_at(buf.get_mut(..len).unwrap_or_default(), self.at) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(failed(&e)),
                Ok(got) => {
                    self.at += got as u64;
                    return Ok(got);
                }
            }
        }
    }

    fn stored_bytes(&self) -> u64 {
        self.at.min(self.end) - self.begin
    }

    fn finish(self: Box<Self>) -> Stock {
        Stock { bytes: self.stored_bytes(), ..Stock::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{self, Read, Write};

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    fn whole(stored: &[u8], intake: Intake) -> (Vec<u8>, Digests, Option<String>) {
        let (mut decoded, _) = Decoded::open(Input::At(&stored), intake).unwrap();
        let (mut out, mut buf, mut trouble) = (Vec::new(), [0; 7000], None);
        loop {
            match decoded.read(&mut buf) {
                Ok(0) => break,
                Ok(n) => out.extend_from_slice(&buf[..n]),
                Err(why) => {
                    trouble = Some(why);
                    break;
                }
            }
        }
        (out, decoded.finish().0, trouble)
    }

    #[test]
    fn members_are_joined_and_both_digests_known() {
        let stored = [gzip(b"abc"), gzip(b""), gzip(b"def")].concat();
        let (out, digests, trouble) = whole(&stored, Intake::default());
        assert_eq!((out.as_slice(), trouble), (b"abcdef".as_slice(), None));
        assert_eq!(digests.content.unwrap(), blake3::hash(b"abcdef").to_hex().to_string());
        let sha = "bef57ec7f53a6d40beb640a780a639c83bc29ac8a9816f1fc6c5c6dcd93c4721";
        assert_eq!(whole(b"abcdef", Intake::default()).1.sha256.unwrap(), sha);
        assert_eq!(digests.stored_bytes, stored.len() as u64);
    }

    #[test]
    fn zstd_is_opened_and_its_frames_joined() {
        let frame = |bytes: &[u8]| zstd::encode_all(bytes, 3).unwrap();
        let stored = [frame(b"abc"), frame(b"def")].concat();
        let (out, digests, trouble) = whole(&stored, Intake::default());
        assert_eq!((out.as_slice(), trouble), (b"abcdef".as_slice(), None));
        assert_eq!(digests.stored_bytes, stored.len() as u64);
        let (_, _, trouble) = whole(&stored[..stored.len() - 2], Intake::default());
        assert_eq!(trouble.unwrap(), "the compressed data is broken or cut off");
        let bomb = frame(&vec![0; 80 << 20]);
        let (_, _, trouble) = whole(&bomb, Intake::default());
        assert_eq!(trouble.unwrap(), "it decompresses to more than 500 times its stored size");
    }

    #[test]
    fn a_stretch_is_hashed_apart_and_read_on_past_its_end() {
        let bytes: Vec<u8> = (0..3_000_000_u32).map(|i| (i % 251) as u8).collect();
        let (start, end) = (PIECE, 2 * PIECE);
        let mut decoded = Decoded::range(&bytes, (start, end), Intake::default());
        let (mut out, mut buf) = (Vec::new(), [0; 70_000]);
        while out.len() < 1_200_000 {
            let n = decoded.read(&mut buf).unwrap();
            out.extend_from_slice(&buf[..n]);
        }
        assert_eq!(out[..], bytes[start as usize - 1..][..out.len()]);
        let digests = decoded.finish().0;
        assert_eq!((digests.pieces.len(), digests.decoded_bytes), (1, PIECE));
    }

    #[test]
    fn a_stream_and_a_file_agree() {
        let stored = gzip(&[7; 100_000]);
        let mut stream = stored.as_slice();
        let (decoded, container) = Decoded::open(Input::Stream(&mut stream), Intake::default()).unwrap();
        assert_eq!(container, Container::Gzip);
        assert_eq!(decoded.finish().0, whole(&stored, Intake::default()).1);
    }

    #[test]
    fn broken_and_swelling_data_is_stopped_and_still_hashed_as_stored() {
        let bomb = gzip(&vec![0; 80 << 20]);
        let (out, digests, trouble) = whole(&bomb, Intake { ratio_max: 100, ..Intake::default() });
        assert!(out.len() <= (64 << 20) + 7000);
        assert_eq!(trouble.unwrap(), "it decompresses to more than 100 times its stored size");
        assert_eq!(digests.stored_bytes, bomb.len() as u64);

        let (_, _, trouble) = whole(&bomb, Intake { decoded_max: 1000, ..Intake::default() });
        assert_eq!(trouble.unwrap(), "it decompresses to more than 1000 bytes");

        let mut cut = gzip(&[b'x'; 5000]);
        cut.truncate(cut.len() - 3);
        let (_, digests, trouble) = whole(&cut, Intake::default());
        assert_eq!(trouble.unwrap(), "the compressed data is broken or cut off");
        assert_eq!(digests.stored_bytes, cut.len() as u64);
    }

    #[test]
    fn an_error_of_the_store_does_not_leak_its_text() {
        struct Bad;
        impl Read for Bad {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::new(io::ErrorKind::PermissionDenied, "/home/someone/secret"))
            }
        }
        let why = Decoded::open(Input::Stream(&mut Bad), Intake::default()).err().unwrap();
        assert_eq!(why, "reading failed (permission denied)");
    }
}

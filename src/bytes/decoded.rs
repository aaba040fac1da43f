//! From stored bytes to decoded bytes, hashing both on the way.
//!
//! One pass yields the SHA-256 of the file as stored (what an auditor can type) and the BLAKE3 of the
//! decoded bytes (what identifies a log, compressed or not). A log that swells without measure when
//! it is decompressed is stopped: memory is bounded in any case, time would not be.

use super::{Container, Input};
use flate2::bufread::MultiGzDecoder;
use sha2::{Digest, Sha256};
use std::io::{self, BufReader, Read};

/// Bytes a compressed log may always decode to before its ratio is looked at.
const RATIO_FROM: u64 = 64 << 20;

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
        Intake { block: 512 << 10, decoded_max: 1 << 40, ratio_max: 500, sha256: true }
    }
}

/// Sizes and digests of a log that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digests {
    /// Bytes as stored.
    pub stored_bytes: u64,
    /// Bytes after decompression.
    pub decoded_bytes: u64,
    /// BLAKE3 of the decoded bytes, hex.
    pub content: String,
    /// SHA-256 of the stored bytes, hex, if it was asked for.
    pub sha256: Option<String>,
}

/// Stored bytes, read from the start, with the first few looked at beforehand.
struct Stored<'a> {
    input: Input<'a>,
    peeked: Vec<u8>,
    taken: usize,
    read: u64,
    sha256: Option<Sha256>,
    failed: bool,
}

impl Stored<'_> {
    fn fetch(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let got = loop {
            let got = match &mut self.input {
                Input::At(at) => at.read_at(buf, self.read),
                Input::Stream(stream) => stream.read(buf),
            };
            match got {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        self.failed |= got.is_err();
        let got = got?;
        self.read += got as u64;
        if let (Some(sha), Some(bytes)) = (&mut self.sha256, buf.get(..got)) {
            sha.update(bytes);
        }
        Ok(got)
    }

    fn peek(&mut self, n: usize) -> io::Result<&[u8]> {
        let mut room = vec![0; n];
        while self.peeked.len() < n {
            let Some(rest) = room.get_mut(self.peeked.len()..) else { break };
            let got = self.fetch(rest)?;
            if got == 0 {
                break;
            }
            self.peeked.extend_from_slice(rest.get(..got).unwrap_or_default());
        }
        Ok(&self.peeked)
    }
}

impl Read for Stored<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut ahead = self.peeked.get(self.taken..).unwrap_or_default();
        if ahead.is_empty() {
            return self.fetch(buf);
        }
        let got = ahead.read(buf)?;
        self.taken += got;
        Ok(got)
    }
}

enum Body<'a> {
    Plain(Stored<'a>),
    Gzip(Box<MultiGzDecoder<BufReader<Stored<'a>>>>),
}

/// The decoded bytes of a log.
pub struct Decoded<'a> {
    body: Body<'a>,
    content: blake3::Hasher,
    decoded: u64,
    intake: Intake,
    broken: bool,
}

impl<'a> Decoded<'a> {
    /// Opens a log and says how it is wrapped. A container that is not opened here is read as it is.
    ///
    /// # Errors
    /// Fixed words, when its first bytes cannot be read.
    pub fn open(input: Input<'a>, intake: Intake) -> Result<(Decoded<'a>, Container), String> {
        let sha256 = intake.sha256.then(Sha256::new);
        let mut stored = Stored { input, peeked: Vec::new(), taken: 0, read: 0, sha256, failed: false };
        let container = Container::of(stored.peek(Container::MAGIC).map_err(|e| failed(&e))?);
        let body = match container {
            Container::Gzip => Body::Gzip(Box::new(MultiGzDecoder::new(BufReader::with_capacity(
                intake.block.max(512),
                stored,
            )))),
            _ => Body::Plain(stored),
        };
        let content = blake3::Hasher::new();
        Ok((Decoded { body, content, decoded: 0, intake, broken: false }, container))
    }

    fn stored(&self) -> &Stored<'a> {
        match &self.body {
            Body::Plain(stored) => stored,
            Body::Gzip(gzip) => gzip.get_ref().get_ref(),
        }
    }

    /// Stored bytes read so far.
    #[must_use]
    pub fn stored_bytes(&self) -> u64 {
        self.stored().read
    }

    /// Reads decoded bytes; 0 only at the end.
    ///
    /// # Errors
    /// Fixed words and numbers: reading failed, the compressed data is broken, it swells too much.
    pub fn read(&mut self, buf: &mut [u8]) -> Result<usize, String> {
        if self.broken {
            return Ok(0);
        }
        let got = match &mut self.body {
            Body::Plain(stored) => stored.read(buf),
            Body::Gzip(gzip) => loop {
                match gzip.read(buf) {
                    Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                    other => break other,
                }
            },
        };
        let got = got.map_err(|e| {
            self.broken = true;
            if self.stored().failed {
                failed(&e)
            } else {
                "the compressed data is broken or cut off".to_owned()
            }
        })?;
        self.content.update(buf.get(..got).unwrap_or_default());
        self.decoded += got as u64;
        self.check_size()?;
        Ok(got)
    }

    fn check_size(&mut self) -> Result<(), String> {
        if matches!(self.body, Body::Plain(_)) {
            return Ok(());
        }
        let Intake { decoded_max, ratio_max, .. } = self.intake;
        let stored = self.stored().read;
        if self.decoded > decoded_max {
            self.broken = true;
            return Err(format!("it decompresses to more than {decoded_max} bytes"));
        }
        if self.decoded > RATIO_FROM && self.decoded / stored.max(1) > ratio_max {
            self.broken = true;
            return Err(format!("it decompresses to more than {ratio_max} times its stored size"));
        }
        Ok(())
    }

    /// Reads what is left, for the digests, and gives them. Past a break only the stored bytes go on.
    ///
    /// # Errors
    /// As [`Decoded::read`]; the digests then cover what could be read.
    pub fn finish(mut self) -> (Digests, Result<(), String>) {
        let mut buf = vec![0; self.intake.block.clamp(512, 1 << 20)];
        let mut outcome = Ok(());
        loop {
            match self.read(&mut buf) {
                Ok(0) => break,
                Ok(_) => {}
                Err(why) => {
                    outcome = Err(why);
                    break;
                }
            }
        }
        let mut stored = match self.body {
            Body::Plain(stored) => stored,
            Body::Gzip(gzip) => gzip.into_inner().into_inner(),
        };
        while !stored.failed && stored.fetch(&mut buf).is_ok_and(|n| n > 0) {}
        let digests = Digests {
            stored_bytes: stored.read,
            decoded_bytes: self.decoded,
            content: self.content.finalize().to_hex().to_string(),
            sha256: stored.sha256.filter(|_| !stored.failed).map(|sha| hex(&sha.finalize())),
        };
        (digests, outcome)
    }
}

/// An error of the store in fixed words: its own text may name a path.
fn failed(error: &io::Error) -> String {
    format!("reading failed ({})", error.kind())
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut out, b| {
        let _infallible = write!(out, "{b:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

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
        assert_eq!(digests.content, blake3::hash(b"abcdef").to_hex().to_string());
        let sha = "bef57ec7f53a6d40beb640a780a639c83bc29ac8a9816f1fc6c5c6dcd93c4721";
        assert_eq!(whole(b"abcdef", Intake::default()).1.sha256.unwrap(), sha);
        assert_eq!(digests.stored_bytes, stored.len() as u64);
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

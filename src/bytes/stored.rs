//! Stored bytes, read from the start to the end, hashed on the way.

use super::Input;
use sha2::{Digest, Sha256};
use std::io::{self, Read};

/// Stored bytes, read from the start, with the first few looked at beforehand.
pub(super) struct Stored<'a> {
    input: Input<'a>,
    peeked: Vec<u8>,
    taken: usize,
    /// Bytes read so far.
    pub(super) read: u64,
    /// Hash of them, if it was asked for.
    pub(super) sha256: Option<Sha256>,
    /// Whether reading failed.
    pub(super) failed: bool,
}

impl<'a> Stored<'a> {
    pub(super) fn new(input: Input<'a>, sha256: bool) -> Stored<'a> {
        let sha256 = sha256.then(Sha256::new);
        Stored { input, peeked: Vec::new(), taken: 0, read: 0, sha256, failed: false }
    }

    /// Reads on, past what was looked at beforehand.
    pub(super) fn fetch(&mut self, buf: &mut [u8]) -> io::Result<usize> {
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

    /// The first `n` bytes, without taking them.
    pub(super) fn peek(&mut self, n: usize) -> io::Result<&[u8]> {
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

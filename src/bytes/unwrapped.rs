//! From stored bytes to decoded bytes.
//!
//! A log that swells without measure when it is decompressed is stopped: memory is bounded in any case,
//! time would not be.

use super::stored::Stored;
use super::{Container, Feed, Input, Intake, Stock};
use flate2::bufread::MultiGzDecoder;
use sha2::Digest;
use std::fmt::Write;
use std::io::{self, BufReader, Read};

/// Bytes a compressed log may always decode to before its ratio is looked at.
const RATIO_FROM: u64 = 64 << 20;

enum Body<'a> {
    Plain(Stored<'a>),
    Gzip(Box<MultiGzDecoder<BufReader<Stored<'a>>>>),
    Zstd(Box<zstd::stream::read::Decoder<'static, BufReader<Stored<'a>>>>),
}

/// A log, decompressed as it is read.
pub struct Unwrapped<'a> {
    body: Body<'a>,
    decoded: u64,
    intake: Intake,
    broken: bool,
}

impl<'a> Unwrapped<'a> {
    /// Opens a log and says how it is wrapped. A container that is not opened here is read as it is.
    ///
    /// # Errors
    /// Fixed words, when its first bytes cannot be read.
    pub fn open(input: Input<'a>, intake: Intake) -> Result<(Unwrapped<'a>, Container), String> {
        let mut stored = Stored::new(input, intake.sha256);
        let container = Container::of(stored.peek(Container::MAGIC).map_err(|e| failed(&e))?);
        let buffered = |stored| BufReader::with_capacity(intake.block.max(512), stored);
        let body = match container {
            Container::Gzip => Body::Gzip(Box::new(MultiGzDecoder::new(buffered(stored)))),
            Container::Zstd => {
                let mut decoder =
                    zstd::stream::read::Decoder::with_buffer(buffered(stored)).map_err(|e| failed(&e))?;
                decoder.window_log_max(ZSTD_WINDOW).map_err(|e| failed(&e))?;
                Body::Zstd(Box::new(decoder))
            }
            _ => Body::Plain(stored),
        };
        Ok((Unwrapped { body, decoded: 0, intake, broken: false }, container))
    }

    fn stored(&self) -> &Stored<'a> {
        match &self.body {
            Body::Plain(stored) => stored,
            Body::Gzip(gzip) => gzip.get_ref().get_ref(),
            Body::Zstd(zstd) => zstd.get_ref().get_ref(),
        }
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
}

/// Largest window of a zstd frame, as a power of two: what `zstd --long` writes at most, 128 MiB.
const ZSTD_WINDOW: u32 = 27;

impl Feed for Unwrapped<'_> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, String> {
        if self.broken {
            return Ok(0);
        }
        let got = loop {
            let got = match &mut self.body {
                Body::Plain(stored) => stored.read(buf),
                Body::Gzip(gzip) => gzip.read(buf),
                Body::Zstd(zstd) => zstd.read(buf),
            };
            match got {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        let got = got.map_err(|e| {
            self.broken = true;
            if self.stored().failed {
                failed(&e)
            } else {
                "the compressed data is broken or cut off".to_owned()
            }
        })?;
        self.decoded += got as u64;
        self.check_size()?;
        Ok(got)
    }

    fn stored_bytes(&self) -> u64 {
        self.stored().read
    }

    fn finish(self: Box<Self>) -> Stock {
        let mut buf = vec![0; self.intake.block.clamp(512, 1 << 20)];
        let mut stored = match self.body {
            Body::Plain(stored) => stored,
            Body::Gzip(gzip) => gzip.into_inner().into_inner(),
            Body::Zstd(zstd) => zstd.finish().into_inner(),
        };
        while !stored.failed && stored.fetch(&mut buf).is_ok_and(|n| n > 0) {}
        let hex = |sha: sha2::Sha256| {
            sha.finalize().iter().fold(String::new(), |mut out, b| {
                let _infallible = write!(out, "{b:02x}");
                out
            })
        };
        Stock { bytes: stored.read, sha256: stored.sha256.filter(|_| !stored.failed).map(hex) }
    }
}

/// An error of the store in fixed words: its own text may name a path.
pub(super) fn failed(error: &io::Error) -> String {
    format!("reading failed ({})", error.kind())
}

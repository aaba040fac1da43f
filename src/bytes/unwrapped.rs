//! From stored bytes to decoded bytes.
//!
//! A log that swells without measure when it is decompressed is stopped: memory is bounded in any case,
//! time would not be.

use super::decoded::{Feed, Stock};
use super::stored::Stored;
use super::{Container, Input, Intake};
use crate::model::text::hex;
use flate2::bufread::MultiGzDecoder;
use sha2::Digest;
use std::io::{self, BufReader, Read};

/// Bytes a compressed log may always decode to before its ratio is looked at.
const RATIO_FROM: u64 = 64 << 20;

/// Stored bytes that a decoder is given at a time, and decoded bytes that it is asked for. What it decoded in the
/// step in which it fails is lost, so both are the same for every block size, and for a file and a pipe.
const FED: usize = 128 << 10;
const STEP: usize = 16 << 10;

type Fed<'a> = BufReader<Full<'a>>;

enum Body<'a> {
    Plain(Stored<'a>),
    Gzip(Box<MultiGzDecoder<Fed<'a>>>),
    Zstd(Box<zstd::stream::read::Decoder<'static, Fed<'a>>>),
}

/// Fills what it is given, however little the store gives at a time. What came before a failure is decoded first.
struct Full<'a>(Stored<'a>, Option<io::Error>);

impl Read for Full<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if let Some(error) = self.1.take() {
            return Err(error);
        }
        let mut have = 0;
        while let Some(room) = buf.get_mut(have..).filter(|r| !r.is_empty()) {
            match self.0.read(room) {
                Ok(0) => break,
                Ok(got) => have += got,
                Err(e) if have > 0 => {
                    self.1 = Some(e);
                    break;
                }
                Err(e) => return Err(e),
            }
        }
        Ok(have)
    }
}

/// A log, decompressed as it is read.
pub(super) struct Unwrapped<'a> {
    body: Body<'a>,
    decoded: u64,
    intake: Intake,
    /// A step that was decoded and is not given out yet, from where.
    step: (Vec<u8>, usize),
    broken: Option<String>,
}

impl<'a> Unwrapped<'a> {
    /// Opens a log and says how it is wrapped. A container that is not opened here is read as it is.
    ///
    /// # Errors
    /// Fixed words, when its first bytes cannot be read.
    pub(super) fn open(input: Input<'a>, intake: Intake) -> Result<(Unwrapped<'a>, Container), String> {
        let mut stored = Stored::new(input, intake.sha256);
        let container = Container::of(stored.peek(Container::MAGIC).map_err(|e| failed(&e))?);
        let buffered = |stored| BufReader::with_capacity(FED, Full(stored, None));
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
        Ok((Unwrapped { body, decoded: 0, intake, step: (Vec::new(), 0), broken: None }, container))
    }

    fn stored(&self) -> &Stored<'a> {
        match &self.body {
            Body::Plain(stored) => stored,
            Body::Gzip(gzip) => &gzip.get_ref().get_ref().0,
            Body::Zstd(zstd) => &zstd.get_ref().get_ref().0,
        }
    }

    /// Decodes one step into a buffer of that size.
    fn decode(&mut self, buf: &mut [u8]) -> Result<usize, String> {
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
        let got = got.map_err(|e| match self.stored().failed {
            true => failed(&e),
            false => "the compressed data is broken or cut off".to_owned(),
        })?;
        self.decoded += got as u64;
        self.check_size()?;
        Ok(got)
    }

    fn check_size(&self) -> Result<(), String> {
        if matches!(self.body, Body::Plain(_)) {
            return Ok(());
        }
        let Intake { decoded_max, ratio_max, .. } = self.intake;
        let stored = self.stored().read;
        if self.decoded > decoded_max {
            return Err(format!("it decompresses to more than {decoded_max} bytes"));
        }
        if self.decoded > RATIO_FROM && self.decoded / stored.max(1) > ratio_max {
            return Err(format!("it decompresses to more than {ratio_max} times its stored size"));
        }
        Ok(())
    }

    /// Gives out decoded bytes, at the pace of [`STEP`] whatever is asked for.
    fn give(&mut self, buf: &mut [u8]) -> Result<usize, String> {
        let mut given = 0;
        while let Some(room) = buf.get_mut(given..).filter(|r| !r.is_empty()) {
            let (step, from) = &mut self.step;
            let mut ahead = step.get(*from..).unwrap_or_default();
            if !ahead.is_empty() {
                let got = ahead.read(room).unwrap_or(0);
                *from += got;
                given += got;
                continue;
            }
            let outcome = match room.get_mut(..STEP) {
                Some(room) => self.decode(room),
                None => {
                    let mut step = std::mem::take(&mut self.step.0);
                    step.resize(STEP, 0);
                    let outcome = self.decode(&mut step);
                    step.truncate(outcome.as_ref().map_or(0, |got| *got));
                    self.step = (step, 0);
                    if matches!(outcome, Ok(1..)) {
                        continue;
                    }
                    outcome
                }
            };
            match outcome {
                Ok(0) => break,
                Ok(got) => given += got,
                Err(why) if given > 0 => {
                    self.broken = Some(why);
                    break;
                }
                Err(why) => return Err(why),
            }
        }
        Ok(given)
    }
}

/// Largest window of a zstd frame, as a power of two: what `zstd --long` writes at most, 128 MiB.
const ZSTD_WINDOW: u32 = 27;

impl Feed for Unwrapped<'_> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, String> {
        if let Some(why) = &self.broken {
            return Err(why.clone());
        }
        let outcome = if matches!(self.body, Body::Plain(_)) { self.decode(buf) } else { self.give(buf) };
        outcome.inspect_err(|why| self.broken = Some(why.clone()))
    }

    fn stored_bytes(&self) -> u64 {
        self.stored().read
    }

    fn finish(self: Box<Self>) -> Stock {
        let mut buf = vec![0; self.intake.block.clamp(512, 1 << 20)];
        let mut stored = match self.body {
            Body::Plain(stored) => stored,
            Body::Gzip(gzip) => gzip.into_inner().into_inner().0,
            Body::Zstd(zstd) => zstd.finish().into_inner().0,
        };
        while !stored.failed && stored.fetch(&mut buf).is_ok_and(|n| n > 0) {}
        Stock {
            bytes: stored.read,
            sha256: stored.sha256.filter(|_| !stored.failed).map(|sha| hex(sha.finalize())),
        }
    }
}

/// An error of the store in fixed words: its own text may name a path.
pub(super) fn failed(error: &io::Error) -> String {
    format!("reading failed ({})", error.kind())
}

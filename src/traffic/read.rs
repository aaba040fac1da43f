//! Reading one log from its stored bytes to its last record.
//!
//! Whatever the bytes are, the outcome says what was done with all of them: the format, how each record
//! ended, where reading stopped if it did, and the digests. A log that cannot be read is skipped with a
//! sentence, never passed over in silence.

use super::lines::TOO_LONG;
use super::{Block, FORMATS, Format, Framing, Head, Health, NameFact, ReadOptions, Settled, Sink, Sniff};
use crate::bytes::{
    Container, Decoded, Digests, Halt, Input, Intake, JsonValues, Lines, Piece, Window, looks_binary,
};
use crate::model::{At, RecordCounts, Time};
use std::ops::ControlFlow;

/// Bytes that a format is recognised by.
const HEAD: usize = 64 << 10;
/// Rejected records that are listed with their place.
const PROBLEMS: usize = 10;
/// Reason of a last line without its end that makes no sense.
const INCOMPLETE: &str = "incomplete last line";
/// Reason of a record in which the document breaks off.
const BROKEN_OFF: &str = "broken off";

/// Which format a log is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice<'a> {
    /// The one its content shows.
    Auto,
    /// The one of that id, whatever the content shows.
    Forced(&'a str),
}

/// Why a log was not read at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Skip {
    /// It holds no bytes.
    Empty,
    /// It is no text, and no format here is binary.
    Binary,
    /// It is UTF-16 text.
    Utf16,
    /// No format recognises it.
    Unrecognised,
    /// More than one format is sure of it.
    Ambiguous(&'static str, &'static str),
    /// It is compressed in a way that is not opened here.
    UnsupportedCompression(Container),
    /// The format that was asked for does not exist.
    NoSuchFormat,
    /// Its first bytes cannot be read.
    Io(String),
}

impl Skip {
    /// What is the matter, without the name of the log.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Skip::Empty => "it is empty".to_owned(),
            Skip::Binary => "it is binary and of no known format".to_owned(),
            Skip::Utf16 => "it is UTF-16 text".to_owned(),
            Skip::Unrecognised => "it is of no known format".to_owned(),
            Skip::Ambiguous(a, b) => format!("it looks like `{a}` and like `{b}`"),
            Skip::UnsupportedCompression(c) => {
                format!("it is compressed with {}", c.refused().map_or("a known method", |(name, _)| name))
            }
            Skip::NoSuchFormat => "the format it is declared as does not exist".to_owned(),
            Skip::Io(why) => why.clone(),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Skip::Empty => "remove it, or see why nothing was logged".to_owned(),
            Skip::Binary | Skip::Unrecognised => {
                let ids: Vec<_> = FORMATS.iter().map(|f| f.id()).collect();
                format!("name its format if it is one of {}, or leave it out of the source", ids.join(", "))
            }
            Skip::Utf16 => "convert it to UTF-8 (`iconv -f UTF-16 -t UTF-8`)".to_owned(),
            Skip::Ambiguous(..) => "name its format in the source".to_owned(),
            Skip::UnsupportedCompression(c) => {
                let command = c.refused().map_or("its tool", |(_, command)| command);
                format!("decompress it (`{command}`) or compress it with gzip")
            }
            Skip::NoSuchFormat => "see `domicile list formats`".to_owned(),
            Skip::Io(_) => "make it readable".to_owned(),
        }
    }
}

/// A rejected record and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProblemAt {
    /// Its number among the records, from 1.
    pub record: u64,
    /// Its line, from 1, in formats made of lines.
    pub line: Option<u64>,
    /// Offset of its first byte in the decoded log.
    pub offset: u64,
    /// The reason: fixed words.
    pub reason: &'static str,
}

/// Where reading stopped before the end of the log, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stopped {
    /// What is the matter; fixed words and numbers.
    pub why: String,
    /// Offset in the decoded log.
    pub offset: u64,
    /// Line, from 1.
    pub line: u64,
    /// Column in bytes, from 1.
    pub column: u64,
}

/// What became of a log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogRead {
    /// Id of the format it was read as.
    pub format: Option<&'static str>,
    /// Why it was not read.
    pub skipped: Option<Skip>,
    /// How its records ended.
    pub counts: RecordCounts,
    /// Time of the earliest flow.
    pub first: Option<Time>,
    /// Time of the latest flow.
    pub last: Option<Time>,
    /// Bytes as stored.
    pub stored_bytes: u64,
    /// Bytes after decompression.
    pub decoded_bytes: u64,
    /// BLAKE3 of the decoded bytes, hex.
    pub content: String,
    /// SHA-256 of the stored bytes, hex, if it was asked for and all of them could be read.
    pub sha256: Option<String>,
    /// The first rejected records.
    pub problems: Vec<ProblemAt>,
    /// Where reading stopped before the end.
    pub stopped: Option<Stopped>,
    /// Whether the last line lacks its end and could not be understood: the log was cut or is being written.
    pub incomplete_last_line: bool,
}

/// Counts what passes through to the sink behind it.
struct Counting<'s> {
    inner: &'s mut dyn Sink,
    log: LogRead,
    /// Offset at which an unfinished last line ends, once known.
    cut_at: Option<u64>,
}

impl Sink for Counting<'_> {
    fn record(&mut self, at: At, raw: &[u8], what: Settled<'_, '_>) {
        let log = &mut self.log;
        let at = At { record: log.counts.read + 1, ..at };
        let cut = self.cut_at.is_some_and(|end| end == at.offset + at.length);
        let what = match what {
            Settled::Rejected(why) if cut && why != TOO_LONG => {
                log.incomplete_last_line = true;
                Settled::Rejected(INCOMPLETE)
            }
            other => other,
        };
        match what {
            Settled::Flow(flow) => {
                log.counts.flow();
                log.first = Some(log.first.map_or(flow.time, |t| t.min(flow.time)));
                log.last = Some(log.last.map_or(flow.time, |t| t.max(flow.time)));
            }
            Settled::Ignored(why) => log.counts.ignore(why),
            Settled::Rejected(reason) => {
                log.counts.reject(reason);
                if log.problems.len() < PROBLEMS {
                    let At { record, line, offset, .. } = at;
                    log.problems.push(ProblemAt { record, line, offset, reason });
                }
            }
        }
        self.inner.record(at, raw, what);
    }

    fn name(&mut self, fact: &NameFact<'_>) {
        self.inner.name(fact);
    }

    fn health(&mut self, health: Health) {
        self.inner.health(health);
    }
}

/// Reads a log to its end with the usual limits. `progress` is told now and then how many stored bytes
/// have been read.
pub fn read(
    input: Input<'_>,
    choice: Choice<'_>,
    options: &ReadOptions,
    sink: &mut dyn Sink,
    progress: &mut dyn FnMut(u64),
) -> LogRead {
    read_within(Intake::default(), input, choice, options, sink, progress)
}

/// Reads a log to its end. The outcome does not depend on the block size of the intake.
pub fn read_within(
    intake: Intake,
    input: Input<'_>,
    choice: Choice<'_>,
    options: &ReadOptions,
    sink: &mut dyn Sink,
    progress: &mut dyn FnMut(u64),
) -> LogRead {
    let mut out = Counting { inner: sink, log: LogRead::default(), cut_at: None };
    let (decoded, container) = match Decoded::open(input, intake) {
        Ok(opened) => opened,
        Err(why) => return LogRead { skipped: Some(Skip::Io(why)), ..LogRead::default() },
    };
    let mut window = Window::new(decoded, intake.block);
    if let Err(halt) = window.at_least(HEAD) {
        out.log.stopped = Some(stopped(halt));
    }
    window.skip_bom();
    let head = window.first(HEAD);
    let whole = window.is_done() && head.len() == window.bytes().len() && out.log.stopped.is_none();
    match choose(Head { bytes: head, whole }, container, choice) {
        Ok(format) => {
            out.log.format = Some(format.id());
            decode(format, &mut window, options, &mut out, progress);
        }
        Err(skip) => out.log.skipped = Some(skip),
    }
    let (digests, outcome) = window.into_source().finish();
    progress(digests.stored_bytes);
    let mut log = out.log;
    let Digests { stored_bytes, decoded_bytes, content, sha256 } = digests;
    if let (Err(why), None) = (outcome, &log.stopped) {
        log.stopped = Some(Stopped { why, offset: decoded_bytes, line: 0, column: 0 });
    }
    LogRead { stored_bytes, decoded_bytes, content, sha256, ..log }
}

/// The format of a log that begins like this.
///
/// # Errors
/// Why the log cannot be read.
pub fn choose(head: Head<'_>, container: Container, choice: Choice<'_>) -> Result<&'static dyn Format, Skip> {
    if container.refused().is_some() {
        return Err(Skip::UnsupportedCompression(container));
    }
    if let Choice::Forced(id) = choice {
        return FORMATS.iter().copied().find(|f| f.id() == id).ok_or(Skip::NoSuchFormat);
    }
    if head.bytes.is_empty() {
        return Err(Skip::Empty);
    }
    let mut best: Option<(Sniff, &'static dyn Format)> = None;
    for format in FORMATS.iter().copied() {
        let sniff = format.sniff(&head);
        match best {
            Some((Sniff::Certain, other)) if sniff == Sniff::Certain => {
                return Err(Skip::Ambiguous(other.id(), format.id()));
            }
            Some((score, _)) if score >= sniff => {}
            _ if sniff == Sniff::No => {}
            _ => best = Some((sniff, format)),
        }
    }
    match (best, head.bytes) {
        (Some((_, format)), _) => Ok(format),
        (None, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) => Err(Skip::Utf16),
        (None, bytes) if looks_binary(bytes) => Err(Skip::Binary),
        (None, _) => Err(Skip::Unrecognised),
    }
}

/// The framer of a format.
enum Framer {
    Lines(Lines),
    Json(JsonValues),
}

impl Framer {
    fn next<'w>(&mut self, window: &'w mut Window<'_>) -> Result<Option<Piece<'w>>, Halt> {
        match self {
            Framer::Lines(lines) => lines.next(window),
            Framer::Json(values) => values.next(window),
        }
    }
}

fn decode(
    format: &dyn Format,
    window: &mut Window<'_>,
    options: &ReadOptions,
    out: &mut Counting<'_>,
    progress: &mut dyn FnMut(u64),
) {
    let mut decoder = format.decoder(options);
    let (mut framer, of_lines) = match format.framing() {
        Framing::Lines { max } => (Framer::Lines(Lines::new(max)), true),
        Framing::JsonValues { at, max } => (Framer::Json(JsonValues::new(at, max)), false),
    };
    loop {
        progress(window.source().stored_bytes());
        match framer.next(window) {
            Ok(None) => break,
            Ok(Some(Piece::Records { bytes, offset, line, last })) => {
                if of_lines && !bytes.ends_with(b"\n") {
                    let end = bytes.strip_suffix(b"\r").unwrap_or(bytes).len();
                    out.cut_at = Some(offset + end as u64);
                }
                if let ControlFlow::Break(stop) = decoder.block(Block { bytes, offset, line, last }, out) {
                    out.log.stopped = Some(Stopped { why: stop.why, offset, line, column: 1 });
                    break;
                }
            }
            Ok(Some(Piece::TooLong { offset, length, line })) => {
                let at = At { offset, length, record: 0, line: of_lines.then_some(line) };
                out.record(at, &[], Settled::Rejected(TOO_LONG));
            }
            Err(halt) => {
                if halt.inside_record {
                    let at = At { offset: halt.offset, length: 0, record: 0, line: None };
                    out.record(at, &[], Settled::Rejected(BROKEN_OFF));
                }
                out.log.stopped.get_or_insert(stopped(halt));
                break;
            }
        }
    }
    decoder.finish(out);
}

fn stopped(halt: Halt) -> Stopped {
    let Halt { why, offset, line, column, .. } = halt;
    Stopped { why, offset, line, column }
}

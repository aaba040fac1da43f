//! Reading one log from its stored bytes to its last record.
//!
//! Whatever the bytes are, the outcome says what was done with all of them: the format, how each record
//! ended, where reading stopped if it did, and the digests. A log that cannot be read is skipped with a
//! sentence, never passed over in silence.

use super::lines::TOO_LONG;
use super::plan::{BOM, HEAD};
use super::{
    Block, Choice, Decoder, Format, Framing, Head, Health, NameFact, Plan, ReadOptions, Settled, Sink, Skip,
    choose,
};
use crate::bytes::{
    Container, Decoded, Digests, Halt, Input, Intake, JsonValues, Lines, Piece, ReadAt, Window,
};
use crate::model::{At, RecordCounts, Time};
use std::ops::ControlFlow;

/// Rejected records that are listed with their place.
const PROBLEMS: usize = 10;
/// Reason of a last line without its end that makes no sense.
const INCOMPLETE: &str = "incomplete last line";
/// Reason of a record in which the document breaks off.
const BROKEN_OFF: &str = "broken off";

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
    /// BLAKE3 of the decoded bytes, hex, of a whole log.
    pub content: Option<String>,
    /// BLAKE3 chaining values of its pieces, of a stretch.
    pub pieces: Vec<[u8; 32]>,
    /// Line ends that lie in it.
    pub lines: u64,
    /// What its decoder took over from the stretch before, and what it ended with.
    pub state: (u64, u64),
    /// SHA-256 of the stored bytes, hex, if it was asked for and all of them could be read.
    pub sha256: Option<String>,
    /// The first rejected records.
    pub problems: Vec<ProblemAt>,
    /// Where reading stopped before the end.
    pub stopped: Option<Stopped>,
    /// Whether the last line lacks its end and could not be understood: the log was cut or is being written.
    pub incomplete_last_line: bool,
}

/// What became of the records that begin between two offsets of the decoded log.
pub type Stretch = ((u64, u64), LogRead);

impl LogRead {
    /// Adds what follows right after.
    pub(super) fn append(&mut self, next: LogRead) {
        let before = self.counts.read;
        self.problems.extend(next.problems.into_iter().map(|p| ProblemAt { record: p.record + before, ..p }));
        self.problems.truncate(PROBLEMS);
        self.counts.add(&next.counts);
        self.stopped = self.stopped.take().or(next.stopped);
    }
}

/// Counts what passes through to the sink behind it.
pub(super) struct Counting<'s> {
    inner: &'s mut dyn Sink,
    pub(super) log: LogRead,
    /// Offset at which an unfinished last line ends, once known.
    cut_at: Option<u64>,
    /// Offset and line of the last record, in formats made of lines.
    last_line: Option<(u64, u64)>,
}

impl<'s> Counting<'s> {
    pub(super) fn new(inner: &'s mut dyn Sink) -> Counting<'s> {
        Counting { inner, log: LogRead::default(), cut_at: None, last_line: None }
    }
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
        self.last_line = at.line.map(|line| (at.offset, line));
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
    match Decoded::open(input, intake) {
        Ok((decoded, container)) => read_decoded(decoded, container, intake, choice, options, sink, progress),
        Err(why) => LogRead { skipped: Some(Skip::Io(why)), ..LogRead::default() },
    }
}

/// Reads a log whose bytes come decoded already.
pub fn read_decoded(
    decoded: Decoded<'_>,
    container: Container,
    intake: Intake,
    choice: Choice<'_>,
    options: &ReadOptions,
    sink: &mut dyn Sink,
    progress: &mut dyn FnMut(u64),
) -> LogRead {
    let mut out = Counting::new(sink);
    let mut window = Window::new(decoded, intake.block);
    if let Some((format, _)) = begin(&mut window, container, choice, &mut out.log) {
        decode(format, &mut *format.decoder(options), u64::MAX, &mut window, &mut out, progress);
    }
    conclude(window, out, progress)
}

/// Looks at the first bytes of a log: its format, and how long its header is. What is the matter otherwise is noted.
pub(super) fn begin(
    window: &mut Window<'_>,
    container: Container,
    choice: Choice<'_>,
    log: &mut LogRead,
) -> Option<(&'static dyn Format, usize)> {
    // One byte more than is looked at, to see whether it is all there is.
    if let Err(halt) = window.at_least(HEAD + BOM.len() + 1) {
        log.stopped = Some(stopped(halt));
    }
    window.skip_bom();
    let head = window.first(HEAD);
    let whole = window.is_done() && head.len() == window.bytes().len() && log.stopped.is_none();
    let head = Head { bytes: head, whole };
    match choose(head, container, choice) {
        Ok(format) => {
            log.format = Some(format.id());
            Some((format, format.header(&head)))
        }
        Err(skip) => {
            log.skipped = Some(skip);
            None
        }
    }
}

/// Reads the records that begin in a stretch of a log, from a multiple of [`crate::bytes::PIECE`] up to
/// `end`. Its records and lines are counted from its start.
pub fn read_stretch(
    plan: &Plan,
    log: &dyn ReadAt,
    (start, end): (u64, u64),
    intake: Intake,
    options: &ReadOptions,
    sink: &mut dyn Sink,
    progress: &mut dyn FnMut(u64),
) -> LogRead {
    let mut out = Counting::new(sink);
    let mut window = Window::new(Decoded::range(log, (start, end), intake), intake.block);
    let mut decoder = plan.format.decoder(options);
    let begun = if start == 0 {
        window.at_least(3).map(|()| window.skip_bom())
    } else {
        let header = Block { bytes: &plan.header, offset: 0, line: 1, last: false };
        // A header holds no record; what it would say twice is said by the stretch at the start.
        let _ = decoder.block(header, &mut Nowhere);
        out.log.state.0 = decoder.state();
        Lines::skip_begun(&mut window, (start, end))
    };
    match begun {
        Ok(()) => decode(plan.format, &mut *decoder, end, &mut window, &mut out, progress),
        Err(halt) => {
            out.log.format = Some(plan.format.id());
            out.log.stopped = Some(stopped(halt));
        }
    }
    conclude(window, out, progress)
}

/// Takes what a header would say.
pub(super) struct Nowhere;

impl Sink for Nowhere {
    fn record(&mut self, _: At, _: &[u8], _: Settled<'_, '_>) {}
    fn name(&mut self, _: &NameFact<'_>) {}
    fn health(&mut self, _: Health) {}
}

/// Reads what is left, for the digests.
fn conclude(window: Window<'_>, out: Counting<'_>, progress: &mut dyn FnMut(u64)) -> LogRead {
    let (digests, outcome) = window.into_source().finish();
    progress(digests.stored_bytes);
    let mut log = out.log;
    let Digests { stored_bytes, decoded_bytes, content, pieces, sha256 } = digests;
    if let (Err(why), None) = (outcome, &log.stopped) {
        log.stopped = Some(Stopped { why, offset: decoded_bytes, line: 0, column: 0 });
    }
    LogRead { stored_bytes, decoded_bytes, content, pieces, sha256, ..log }
}

/// The framer of a format.
pub(super) enum Framer {
    Lines(Lines),
    Json(JsonValues),
}

impl Framer {
    /// One that cuts out the records that begin before `end`.
    pub(super) fn of(framing: Framing, end: u64) -> Framer {
        match framing {
            Framing::Lines { max } => Framer::Lines(Lines::before(end, max)),
            Framing::JsonValues { at, max } => Framer::Json(JsonValues::new(at, max)),
        }
    }

    pub(super) fn next<'w>(&mut self, window: &'w mut Window<'_>) -> Result<Option<Piece<'w>>, Halt> {
        match self {
            Framer::Lines(lines) => lines.next(window),
            Framer::Json(values) => values.next(window),
        }
    }
}

fn decode(
    format: &dyn Format,
    decoder: &mut dyn Decoder,
    end: u64,
    window: &mut Window<'_>,
    out: &mut Counting<'_>,
    progress: &mut dyn FnMut(u64),
) {
    out.log.format = Some(format.id());
    let mut framer = Framer::of(format.framing(), end);
    let of_lines = matches!(framer, Framer::Lines(_));
    loop {
        progress(window.source().stored_bytes());
        match framer.next(window) {
            Ok(None) => break,
            Ok(Some(piece)) => {
                if settle(piece, of_lines, decoder, out).is_break() {
                    break;
                }
                if let (Framer::Lines(lines), Some((at, line))) = (&mut framer, out.last_line) {
                    lines.known(at, line);
                }
            }
            Err(halt) => {
                halted(halt, out);
                break;
            }
        }
    }
    decoder.finish(out);
    out.log.state.1 = decoder.state();
    let beyond = if let Framer::Lines(lines) = &framer { lines.ends_beyond() } else { 0 };
    out.log.lines = window.line().saturating_sub(1 + beyond);
}

/// Decodes a piece. Breaks if nothing after it can be understood.
pub(super) fn settle(
    piece: Piece<'_>,
    of_lines: bool,
    decoder: &mut dyn Decoder,
    out: &mut Counting<'_>,
) -> ControlFlow<()> {
    match piece {
        Piece::Records { bytes, offset, line, last } => {
            if of_lines && !bytes.ends_with(b"\n") {
                let end = bytes.strip_suffix(b"\r").unwrap_or(bytes).len();
                out.cut_at = Some(offset + end as u64);
            }
            if let ControlFlow::Break(stop) = decoder.block(Block { bytes, offset, line, last }, out) {
                out.log.stopped = Some(Stopped { why: stop.why, offset, line, column: 1 });
                return ControlFlow::Break(());
            }
        }
        Piece::TooLong { offset, length, line } => {
            let at = At { offset, length, record: 0, line: of_lines.then_some(line) };
            out.record(at, &[], Settled::Rejected(TOO_LONG));
        }
    }
    ControlFlow::Continue(())
}

/// Notes where a log breaks off, and the record that is lost by it.
pub(super) fn halted(halt: Halt, out: &mut Counting<'_>) {
    if halt.inside_record {
        let at = At { offset: halt.offset, length: 0, record: 0, line: None };
        out.record(at, &[], Settled::Rejected(BROKEN_OFF));
    }
    out.log.stopped.get_or_insert(stopped(halt));
}

fn stopped(halt: Halt) -> Stopped {
    let Halt { why, offset, line, column, .. } = halt;
    Stopped { why, offset, line, column }
}

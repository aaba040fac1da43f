//! A log that several threads read in turns: one cuts the next records out of it while the others decode what they
//! cut out before. So a log that can only be read from its start, being compressed or one document, keeps more than
//! one thread at work.

use super::read::{Counting, Framer, LogRead, Nowhere, Stopped, Stretch, begin, halted, settle};
use super::{Block, Choice, Decoder, Format, Framing, ReadOptions, Sink, Split};
use crate::bytes::{Container, Decoded, Digests, Halt, Intake, Piece, Window};
use std::ops::{ControlFlow, Range};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Most bytes of a piece that is taken along; a larger one is decoded where it stands, so that it is held once.
const LARGEST: usize = 4 << 20;

/// Blocks that are read in one turn: readers should not wait for each other often.
const BLOCKS: usize = 8;
/// Each turn leaves a little to be remembered: far behind in a log one takes a thousandth of what was read before, up
/// to so many bytes.
const MOST: usize = 4 << 20;
const PART: u64 = 1 << 10;
/// Pieces that are taken along at most.
const PIECES: usize = 1 << 12;

/// A log from its start to its end, for any number of readers.
pub struct Turns<'a> {
    /// The format, and the first bytes, which a decoder must have seen; none if the log is skipped.
    of: Option<(&'static dyn Format, Vec<u8>)>,
    options: &'a ReadOptions,
    /// What was found out before the first record.
    first: LogRead,
    cutting: Mutex<Cutting<'a>>,
}

/// What became of the records that were cut out in one turn. They and their lines count from it.
pub struct Turn {
    /// Offset and line in the log at which it begins.
    start: u64,
    line: u64,
    read: LogRead,
}

impl<'a> Turns<'a> {
    /// Opens a log. `progress` is told now and then how many stored bytes have been read.
    #[must_use]
    pub fn open(
        decoded: Decoded<'a>,
        container: Container,
        intake: Intake,
        choice: Choice<'_>,
        options: &'a ReadOptions,
        progress: &'a mut (dyn FnMut(u64) + Send),
    ) -> Turns<'a> {
        let mut window = Window::new(decoded, intake.block);
        let mut first = LogRead::default();
        let of = begin(&mut window, container, choice, &mut first)
            .map(|(format, header)| (format, window.first(header).to_vec()));
        let framer = of.as_ref().map(|(format, _)| Framer::of(format.framing(), u64::MAX));
        let cutting = Cutting { window, framer, begun: false, share: BLOCKS * intake.block.max(1), progress };
        Turns { of, options, first, cutting: Mutex::new(cutting) }
    }

    /// Whether its records can be decoded apart from each other. If not, only one reader may take turns.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.of.as_ref().is_some_and(|(format, _)| {
            format.split() != Split::Never || matches!(format.framing(), Framing::JsonValues { .. })
        })
    }

    /// Takes turns until nothing is left.
    pub fn take(&self, sink: &mut dyn Sink) -> Vec<Turn> {
        let Some((format, header)) = &self.of else { return Vec::new() };
        let mut reader = Reader {
            decoder: format.decoder(self.options),
            of_lines: matches!(format.framing(), Framing::Lines { .. }),
            format: format.id(),
            out: Counting::new(sink),
            turns: Vec::new(),
        };
        let mut hand = Hand::default();
        let mut more = true;
        while more {
            more = self.cutting().cut(header, &mut hand, &mut reader);
            if reader.decode(&mut hand).is_break() {
                self.cutting().framer = None;
            }
        }
        reader.decoder.finish(&mut reader.out);
        reader.close();
        reader.turns
    }

    fn cutting(&self) -> MutexGuard<'_, Cutting<'a>> {
        self.cutting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What became of the stretches of the log, given all turns that were taken, and the digests of all of it.
    #[must_use]
    pub fn end(self, mut turns: Vec<Turn>) -> (Vec<Stretch>, Digests) {
        let Cutting { window, progress, .. } =
            self.cutting.into_inner().unwrap_or_else(PoisonError::into_inner);
        let line = window.line();
        let (digests, outcome) = window.into_source().finish();
        progress(digests.stored_bytes);
        let length = digests.decoded_bytes;
        turns.sort_by_key(|turn| turn.start);
        let mut first = Turn { start: 0, line: 1, read: self.first };
        if let (Some((format, _)), true) = (self.of, turns.is_empty()) {
            first.read.state.1 = format.decoder(self.options).state();
        }
        let mut joined = vec![first];
        for turn in turns {
            match joined.last_mut() {
                // Where a log breaks off, nothing is left for a stretch of its own.
                Some(last) if turn.start >= length => last.read.append(turn.read),
                _ => joined.push(turn),
            }
        }
        if let (Err(why), Some(last)) = (outcome, joined.last_mut()) {
            last.read.stopped.get_or_insert(Stopped { why, offset: length, line: 0, column: 0 });
        }
        let mut next = (length, line);
        let mut stretches: Vec<_> = joined
            .into_iter()
            .rev()
            .map(|Turn { start, line, read }| {
                let (end, after) = std::mem::replace(&mut next, (start, line));
                let lines = after.saturating_sub(line);
                ((start, end), LogRead { decoded_bytes: end - start, lines, ..read })
            })
            .collect();
        stretches.reverse();
        // Others may have had records in hand that lie behind the end: where it is said first counts.
        let stop = stretches.iter().position(|(_, read)| read.stopped.is_some());
        for (_, read) in stretches.iter_mut().skip(stop.map_or(usize::MAX, |at| at + 1)) {
            read.stopped = None;
        }
        (stretches, digests)
    }
}

/// The log, which one reader has at a time.
struct Cutting<'a> {
    window: Window<'a>,
    /// None once nothing is left.
    framer: Option<Framer>,
    /// Whether anything was cut out.
    begun: bool,
    /// Bytes that are cut out in one turn at the start.
    share: usize,
    progress: &'a mut (dyn FnMut(u64) + Send),
}

impl Cutting<'_> {
    /// Cuts out the records of a turn; false if nothing is left. Each reader's first turn begins with the header, if
    /// it is not the first of all, in which it stands.
    fn cut(&mut self, header: &[u8], hand: &mut Hand, reader: &mut Reader<'_, '_>) -> bool {
        let mut begun = false;
        let far = usize::try_from(self.window.offset() / PART).map_or(MOST, |part| part.min(MOST));
        let share = self.share.max(far);
        let room = |hand: &Hand| hand.bytes.len() < share && hand.pieces.len() < PIECES;
        while let Some(framer) = self.framer.as_mut().filter(|_| room(hand)) {
            let (start, line, step) = match framer.next(&mut self.window) {
                Ok(Some(
                    piece @ (Piece::Records { offset, line, .. } | Piece::TooLong { offset, line, .. }),
                )) => (offset, line, Ok(piece)),
                Ok(None) => {
                    self.framer = None;
                    break;
                }
                Err(halt) => (halt.offset, halt.line, Err(halt)),
            };
            if !begun {
                reader.begin(start, line, self.begun.then_some(header));
                (begun, self.begun) = (true, true);
            }
            match step {
                Ok(piece @ Piece::Records { bytes, .. }) if bytes.len() > LARGEST => {
                    if reader.decode(hand).is_break() || reader.piece(piece).is_break() {
                        self.framer = None;
                    }
                    break;
                }
                Ok(piece) => hand.take(piece),
                Err(halt) => {
                    self.framer = None;
                    hand.halt = Some(halt);
                }
            }
        }
        (self.progress)(self.window.source().stored_bytes());
        begun
    }
}

/// A piece that was taken along.
enum Held {
    /// Records, and where in the hand their bytes are.
    Records { bytes: Range<usize>, offset: u64, line: u64, last: bool },
    /// A record of which nothing was kept.
    TooLong { offset: u64, length: u64, line: u64 },
}

/// What a reader has cut out and not decoded yet.
#[derive(Default)]
struct Hand {
    bytes: Vec<u8>,
    pieces: Vec<Held>,
    halt: Option<Halt>,
}

impl Hand {
    fn take(&mut self, piece: Piece<'_>) {
        self.pieces.push(match piece {
            Piece::Records { bytes, offset, line, last } => {
                let start = self.bytes.len();
                self.bytes.extend_from_slice(bytes);
                Held::Records { bytes: start..self.bytes.len(), offset, line, last }
            }
            Piece::TooLong { offset, length, line } => Held::TooLong { offset, length, line },
        });
    }
}

/// Whoever takes turns.
struct Reader<'o, 's> {
    format: &'static str,
    of_lines: bool,
    decoder: Box<dyn Decoder + 'o>,
    out: Counting<'s>,
    turns: Vec<Turn>,
}

impl Reader<'_, '_> {
    /// Begins a turn. A reader that has not seen the start of the log is shown it: a header holds no record, and what
    /// it would say twice is said by whoever has the first turn.
    fn begin(&mut self, start: u64, line: u64, missed: Option<&[u8]>) {
        self.close();
        if let Some(bytes) = missed.filter(|_| self.turns.is_empty()) {
            let _ = self.decoder.block(Block { bytes, offset: 0, line: 1, last: false }, &mut Nowhere);
        }
        self.out.log.format = Some(self.format);
        if missed.is_some() {
            self.out.log.state.0 = self.decoder.state();
        }
        self.turns.push(Turn { start, line, read: LogRead::default() });
    }

    /// Ends the turn, if there is one.
    fn close(&mut self) {
        if let Some(turn) = self.turns.last_mut() {
            turn.read = std::mem::take(&mut self.out.log);
            turn.read.state.1 = self.decoder.state();
        }
    }

    /// Decodes all that is in a hand.
    fn decode(&mut self, hand: &mut Hand) -> ControlFlow<()> {
        for held in hand.pieces.drain(..) {
            self.piece(match held {
                Held::TooLong { offset, length, line } => Piece::TooLong { offset, length, line },
                Held::Records { bytes, offset, line, last } => {
                    let bytes = hand.bytes.get(bytes).unwrap_or_default();
                    Piece::Records { bytes, offset, line, last }
                }
            })?;
        }
        hand.bytes.clear();
        if let Some(halt) = hand.halt.take() {
            halted(halt, &mut self.out);
        }
        ControlFlow::Continue(())
    }

    /// Decodes a piece, its lines counted from the start of the turn.
    fn piece(&mut self, mut piece: Piece<'_>) -> ControlFlow<()> {
        let before = self.turns.last().map_or(0, |turn| turn.line - 1);
        let (Piece::Records { line, .. } | Piece::TooLong { line, .. }) = &mut piece;
        *line = line.saturating_sub(before);
        let outcome = settle(piece, self.of_lines, &mut *self.decoder, &mut self.out);
        if let (ControlFlow::Break(()), Some(stopped)) = (outcome, &mut self.out.log.stopped) {
            stopped.line += before;
        }
        outcome
    }
}

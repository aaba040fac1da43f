//! What holds of any bytes whatever, read as any format: every record is counted once and in order, and the
//! outcome is the same for every block size, for a file and a stream, and for a log read in stretches or in turns.
//!
//! The fuzz targets include this file, so it knows nothing of its neighbours.

use domicile::bytes::{Container, Decoded, Input, Intake, PIECE, ReadAt, content_root};
use domicile::evidence::{Caps, Fold, LogName, Total, aggregate_lines};
use domicile::model::At;
use domicile::services::Services;
use domicile::traffic::{
    Choice, FORMATS, Framing, Health, LogRead, NameFact, ReadOptions, Settled, Sink, Split, Turns, plan,
    read_stretch, read_within,
};
use std::collections::hash_map::DefaultHasher;
use std::fmt::{Debug, Write as _};
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};

/// What came out of a log, in order: where it stands, and a hash of all that was said.
#[derive(Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Records.
    pub(crate) records: Vec<(At, u64)>,
    /// Facts about names and signs of life.
    asides: Vec<u64>,
    /// What the raw bytes of records must be a part of; empty if they are not known.
    decoded: Vec<u8>,
}

/// Hashes what is printed.
struct Hashing(DefaultHasher);

impl std::fmt::Write for Hashing {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        text.hash(&mut self.0);
        Ok(())
    }
}

fn hash(what: &dyn Debug) -> u64 {
    let mut out = Hashing(DefaultHasher::new());
    write!(out, "{what:?}").expect("hashing takes anything");
    out.0.finish()
}

impl Sink for Seen {
    fn record(&mut self, at: At, raw: &[u8], what: Settled<'_, '_>) {
        if !self.decoded.is_empty() && !raw.is_empty() {
            let range = at.offset as usize..(at.offset + at.length) as usize;
            assert_eq!(self.decoded.get(range), Some(raw), "record at {at:?} is not what stands there");
        }
        self.records.push((at, hash(&what)));
    }
    fn name(&mut self, fact: &NameFact<'_>) {
        self.asides.push(hash(fact));
    }
    fn health(&mut self, health: Health) {
        self.asides.push(hash(&health));
    }
}

/// Reads bytes at one block size, as a file or as a stream.
pub(crate) fn read(
    bytes: &[u8],
    (choice, options): (Choice<'_>, &ReadOptions),
    block: usize,
    stream: bool,
) -> (LogRead, Seen) {
    let mut seen = Seen::default();
    if Container::of(bytes) == Container::Plain {
        seen.decoded = bytes.to_vec();
    }
    // More is never made of an input than this, whatever it claims to be.
    let intake = Intake { block, decoded_max: 64 << 20, ..Intake::default() };
    let mut from = bytes;
    let input = if stream { Input::Stream(&mut from) } else { Input::At(&bytes) };
    let log = read_within(intake, input, choice, options, &mut seen, &mut |_| {});
    adds_up(&log, &seen);
    seen.decoded = Vec::new();
    (log, seen)
}

/// Counts agree with what was told, and records come in order, none inside another.
fn adds_up(log: &LogRead, seen: &Seen) {
    assert!(log.counts.adds_up(), "{:?}", log.counts);
    assert_eq!(log.counts.read, seen.records.len() as u64);
    assert!(log.problems.len() as u64 <= log.counts.rejected_total());
    let mut before = (0, 0);
    for (at, _) in &seen.records {
        let line = at.line.unwrap_or(before.1 + 1);
        assert!(at.offset >= before.0 && line > before.1, "{at:?} after {before:?}");
        before = (at.offset + at.length, if at.line.is_some() { line } else { 0 });
    }
    assert!(before.0 <= log.decoded_bytes, "{before:?} of {}", log.decoded_bytes);
}

/// Every line that holds anything is a record or a header, and stands where it is said to.
fn every_line_is_told(bytes: &[u8], log: &LogRead, seen: &Seen) {
    let format = log.format.and_then(|id| FORMATS.iter().find(|f| f.id() == id));
    let Some(format) = format.filter(|f| matches!(f.framing(), Framing::Lines { .. })) else { return };
    if log.stopped.is_some() || Container::of(bytes) != Container::Plain {
        return;
    }
    let mut told = seen.records.iter().peekable();
    let mut offset = 0;
    for (i, whole) in bytes.split_inclusive(|b| *b == b'\n').enumerate() {
        let start = if i == 0 && bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let line = whole.strip_suffix(b"\n").unwrap_or(whole);
        let line = line.strip_suffix(b"\r").unwrap_or(line).get(start..).unwrap_or_default();
        let at = (offset + start as u64, line.len() as u64, Some(i as u64 + 1));
        offset += whole.len() as u64;
        if told.next_if(|(t, _)| (t.offset, t.length, t.line) == at).is_some() {
            continue;
        }
        let header = format.split() == Split::LinesAfterHeader && line.iter().any(u8::is_ascii_graphic);
        let blank = line.iter().all(u8::is_ascii_whitespace);
        assert!(
            blank || header,
            "line {} is neither blank nor told: {:?}",
            i + 1,
            line.escape_ascii().to_string()
        );
    }
    assert!(told.next().is_none(), "a record that is no line: {:?}", told.peek());
}

/// Panics unless everything holds of these bytes. `blocks` are compared with the usual block size.
pub(crate) fn holds(bytes: &[u8], way: (Choice<'_>, &ReadOptions), blocks: &[usize]) -> LogRead {
    let (log, seen) = read(bytes, way, Intake::default().block, false);
    every_line_is_told(bytes, &log, &seen);
    for block in blocks {
        for stream in [false, true] {
            let other = read(bytes, way, *block, stream);
            same((&log, &seen), (&other.0, &other.1), &format!("block {block}, stream {stream}"));
        }
    }
    stretches(bytes, way, (&log, &seen));
    for block in blocks.iter().copied().chain([Intake::default().block]) {
        turns(bytes, way, block, (&log, &seen));
    }
    folds(bytes, way, &log);
    log
}

/// No flow is lost where little is kept apart.
fn folds(bytes: &[u8], (choice, options): (Choice<'_>, &ReadOptions), log: &LogRead) {
    let name = LogName { source: "s".into(), name: "l".into(), seed: 5 };
    let caps = Caps { hosts: 2, clients: 2, units: 2, notable: usize::MAX, names: 1 };
    let mut fold = Fold::within(Services::embedded().expect("the list is compiled in"), name, caps, 3);
    let intake = Intake { decoded_max: 64 << 20, ..Intake::default() };
    let read = read_within(intake, Input::At(&bytes), choice, options, &mut fold, &mut |_| {});
    assert_eq!(*log, read, "folded");
    let summary = fold.finish().expect("nothing is capped that may not fold").expect("nobody else folds");
    let records = |t: &Total| t.sum().map_or(0, |cell| cell.records);
    assert_eq!(summary.aggregates.values().map(records).sum::<u64>(), log.counts.flows, "folded");
    assert!(aggregate_lines(&summary).is_ok());
}

fn same((log, seen): (&LogRead, &Seen), (other, also): (&LogRead, &Seen), how: &str) {
    let differs = seen.records.iter().zip(&also.records).position(|(a, b)| a != b);
    let place = differs.map(|i| (seen.records.get(i), also.records.get(i)));
    assert!(differs.is_none(), "{how}: record {differs:?} differs: {place:?}");
    assert_eq!(log, other, "{how}");
    assert!(
        seen == also,
        "{how}: {} records and {}, or asides differ",
        seen.records.len(),
        also.records.len()
    );
}

/// A log that counts what is read of it: no damage may make it be read again and again.
struct Counted<'b>(&'b [u8], AtomicU64);

impl ReadAt for Counted<'_> {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> std::io::Result<usize> {
        let got = self.0.read_at(buf, offset)?;
        self.1.fetch_add(got as u64, Ordering::Relaxed);
        Ok(got)
    }
}

/// A log of several pieces gives the same if each is read apart, unless one assumed a header that the one before
/// it took back: then the whole is read again.
fn stretches(bytes: &[u8], (choice, options): (Choice<'_>, &ReadOptions), (log, seen): (&LogRead, &Seen)) {
    let Some(plan) = plan(&bytes, choice) else { return };
    let length = bytes.len() as u64;
    let intake = Intake { sha256: false, ..Intake::default() };
    let counted = Counted(bytes, AtomicU64::new(0));
    let (mut all, mut joined, mut before) = (Seen::default(), LogRead::default(), None);
    let mut start = 0;
    while start < length {
        let end = (start + PIECE).min(length);
        let mut part = Seen { decoded: bytes.to_vec(), ..Seen::default() };
        let read = read_stretch(&plan, &counted, (start, end), intake, options, &mut part, &mut |_| {});
        assert!(read.counts.adds_up() && read.counts.read == part.records.len() as u64);
        assert_eq!(read.decoded_bytes, end - start);
        if before.is_some_and(|state| state != read.state.0) {
            return;
        }
        before = Some(read.state.1);
        all.records.extend(part.records.iter().map(|(at, said)| {
            let line = at.line.map(|l| l + joined.lines);
            (At { record: at.record + joined.counts.read, line, ..*at }, *said)
        }));
        all.asides.extend(part.asides);
        joined.counts.add(&read.counts);
        joined.lines += read.lines;
        joined.pieces.extend(read.pieces);
        start = end;
    }
    // A line is read to its end where it begins, so at worst all of the log is read twice, and a little of each.
    let most = 2 * length + length.div_ceil(PIECE) * (64 << 10);
    assert!(counted.1.into_inner() <= most, "stretches of {length} bytes read more than {most}");
    assert_eq!(log.counts, joined.counts, "stretches");
    assert_eq!(log.lines, joined.lines, "lines of stretches");
    if joined.pieces.len() > 1 {
        assert_eq!(log.content, content_root(&joined.pieces), "content of stretches");
    }
    let differs = seen.records.iter().zip(&all.records).position(|(a, b)| a != b);
    let place = differs.map(|i| (seen.records.get(i), all.records.get(i)));
    assert!(differs.is_none(), "stretches: record {differs:?} differs: {place:?}");
    assert!(seen.asides == all.asides, "stretches: asides differ");
}

/// A log gives the same if two readers take turns, unless one assumed a header that another one took back.
fn turns(
    bytes: &[u8],
    (choice, options): (Choice<'_>, &ReadOptions),
    block: usize,
    (log, seen): (&LogRead, &Seen),
) {
    let how = format!("turns of {block}");
    let intake = Intake { block, decoded_max: 64 << 20, ..Intake::default() };
    let (decoded, container) = Decoded::open(Input::At(&bytes), intake).expect("bytes in memory can be read");
    let mut progress = |_| {};
    let turns = Turns::open(decoded, container, intake, choice, options, &mut progress);
    let go = || {
        let mut seen = Seen::default();
        (turns.take(&mut seen), seen)
    };
    let ((mut taken, mine), theirs) = std::thread::scope(|scope| {
        let other = turns.is_shared().then(|| scope.spawn(go));
        (go(), other.map(|other| other.join().expect("a reader does not panic")).unwrap_or_default())
    });
    taken.extend(theirs.0);
    let (stretches, digests) = turns.end(taken);
    let state = |read: &LogRead| read.state;
    if stretches.windows(2).any(|two| matches!(two, [(_, a), (_, b)] if state(a).1 != state(b).0)) {
        return;
    }
    let mut records = [mine.records, theirs.1.records].concat();
    records.sort_by_key(|(at, _)| at.offset);
    let (mut joined, mut moved, mut end) = (LogRead::default(), records.into_iter(), 0);
    let mut all = Seen::default();
    for (range, read) in &stretches {
        assert!(
            range.0 == end && (range.1 > range.0 || stretches.len() == 1 || end == 0),
            "{how}: {range:?}"
        );
        assert!(read.counts.adds_up() && read.format == log.format, "{how}");
        let here = moved.by_ref().take(read.counts.read as usize).enumerate();
        all.records.extend(here.map(|(n, (at, said))| {
            let line = at.line.map(|l| l + joined.lines);
            // What is lost where a log breaks off had a turn of its own.
            let record = if at.offset == log.decoded_bytes { n as u64 + 1 } else { at.record };
            (At { record: record + joined.counts.read, line, ..at }, said)
        }));
        joined.problems.extend(read.problems.iter().cloned().map(|mut p| {
            p.record += joined.counts.read;
            p.line = p.line.map(|l| l + joined.lines);
            p
        }));
        joined.counts.add(&read.counts);
        joined.lines += read.lines;
        joined.decoded_bytes += read.decoded_bytes;
        joined.stopped = joined.stopped.or_else(|| read.stopped.clone());
        joined.skipped = joined.skipped.or_else(|| read.skipped.clone());
        joined.incomplete_last_line |= read.incomplete_last_line;
        let earlier = joined.first.into_iter().chain(read.first).min();
        let later = joined.last.into_iter().chain(read.last).max();
        (joined.first, joined.last, end) = (earlier, later, range.1);
    }
    joined.problems.truncate(log.problems.len());
    assert!(moved.next().is_none(), "{how}: records of no stretch");
    let (mut said, mut expected) = ([mine.asides, theirs.1.asides].concat(), seen.asides.clone());
    said.sort_unstable();
    expected.sort_unstable();
    assert!(said == expected, "{how}: asides differ");
    joined.format = log.format;
    // A decoder that gives up leaves lines behind that are not counted.
    if log.stopped.is_some() && log.counts.read == 0 {
        joined.lines = log.lines;
    }
    let (first, last) = (stretches.first().map(|(_, read)| read), stretches.last().map(|(_, read)| read));
    joined.state = (first.map_or(0, |read| read.state.0), last.map_or(0, |read| read.state.1));
    joined.stored_bytes = digests.stored_bytes;
    (joined.content, joined.sha256) = (digests.content, digests.sha256);
    all.asides.clone_from(&seen.asides);
    same((log, seen), (&joined, &all), &how);
}

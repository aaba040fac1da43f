//! Which stretches of a log were read, and how they join.

use super::fold::Problem;
use super::sorted::Sorted;
use super::summary::{Log, MergeRefusal};
use super::total::Total;
use super::{LogFacts, key::Key};
use crate::bytes::{PIECE, content_root};
use std::sync::Arc;

/// A stretch of a log that was read, from the first record that starts in it to the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// Offset of its first byte in the decoded log.
    pub start: u64,
    /// Offset after its last byte.
    pub end: u64,
    /// Records that start in it.
    pub records: u64,
    /// Line ends that lie in it.
    pub lines: u64,
    /// What the decoder took over from the stretch before, as a digest.
    pub state_in: u64,
    /// What it hands on to the stretch after.
    pub state_out: u64,
    /// Whether the log ends with it.
    pub last: bool,
    /// BLAKE3 chaining values of its pieces of 1 MiB, as long as it is not the whole log.
    pub pieces: Vec<[u8; 32]>,
}

impl Range {
    fn is_whole(&self) -> bool {
        self.start == 0 && self.last
    }
}

/// How much records and lines of a stretch move when others are put before it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shift {
    start: u64,
    end: u64,
    records: u64,
    lines: u64,
}

/// The shifts of one log of a summary.
pub(super) type Shifts = Vec<(Arc<str>, Arc<str>, Vec<Shift>)>;

impl Log {
    /// Which bytes of it no range covers, as a sentence; `None` if all are covered, or nothing was read.
    #[must_use]
    pub fn unread(&self) -> Option<String> {
        let last = self.ranges.last()?;
        let mut gaps = Vec::new();
        let mut next = 0;
        for range in &self.ranges {
            if range.start > next {
                gaps.push(format!("bytes {next} to {}", range.start));
            }
            next = range.end;
        }
        if !last.last {
            gaps.push(format!("what follows byte {next}"));
        }
        let shown = gaps.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
        let more =
            if gaps.len() > 5 { format!(" and {} more ranges", gaps.len() - 5) } else { String::new() };
        (!gaps.is_empty()).then(|| format!("no partial holds all of it: missing are {shown}{more}"))
    }

    /// Whether both cover the same stretches; if so, whether they say the same of them.
    pub(super) fn same_coverage(&self, other: &Log) -> Option<bool> {
        let same = self.ranges.len() == other.ranges.len()
            && self.ranges.iter().zip(&other.ranges).all(|(a, b)| (a.start, a.end) == (b.start, b.end));
        let content = |l: &Log| {
            let pieces: Vec<_> = l.ranges.iter().map(|r| r.pieces.clone()).collect();
            (l.facts.content.clone(), pieces)
        };
        same.then(|| content(self) == content(other))
    }

    /// Both as one, and how far the records of each move.
    pub(super) fn join(self, other: Log, name: &str) -> Result<(Log, Vec<Shift>, Vec<Shift>), MergeRefusal> {
        if self.ranges.is_empty() || other.ranges.is_empty() || self.facts.format != other.facts.format {
            return Err(MergeRefusal::Differs { log: name.to_owned() });
        }
        if self.facts.options != other.facts.options {
            return Err(MergeRefusal::Options { log: name.to_owned() });
        }
        if let (Some(mine), Some(theirs)) = (&self.facts.sha256, &other.facts.sha256)
            && mine != theirs
        {
            return Err(MergeRefusal::Differs { log: name.to_owned() });
        }
        let mut all: Vec<Range> = self.ranges.iter().chain(&other.ranges).cloned().collect();
        all.sort_by_key(|r| (r.start, r.end));
        let mut joined: Vec<Range> = Vec::new();
        let mut shifts = Vec::new();
        for next in all {
            let Some(before) = joined.last_mut() else {
                shifts.push(Shift { start: next.start, end: next.end, records: 0, lines: 0 });
                joined.push(next);
                continue;
            };
            if next.start < before.end || before.last {
                return Err(MergeRefusal::Overlaps { log: name.to_owned() });
            }
            if next.start > before.end {
                shifts.push(Shift { start: next.start, end: next.end, records: 0, lines: 0 });
                joined.push(next);
                continue;
            }
            if next.state_in != before.state_out {
                return Err(MergeRefusal::State { log: name.to_owned(), again: (next.start, next.end) });
            }
            let Range { records, lines, .. } = *before;
            shifts.push(Shift { start: next.start, end: next.end, records, lines });
            before.end = next.end;
            before.records += next.records;
            before.lines += next.lines;
            before.state_out = next.state_out;
            before.last = next.last;
            before.pieces.extend(next.pieces);
        }
        let mut content = None;
        if let [only] = joined.as_mut_slice()
            && only.is_whole()
        {
            let pieces = std::mem::take(&mut only.pieces);
            // Where reading broke off, pieces are missing, and the digest would be of something else.
            content = content_root(&pieces).filter(|_| pieces.len() as u64 == only.end.div_ceil(PIECE));
        }
        let of = |log: &Log| -> Vec<Shift> {
            let held = |s: &&Shift| log.ranges.iter().any(|r| r.start == s.start);
            shifts.iter().filter(held).copied().collect()
        };
        let (mine, theirs) = (of(&self), of(&other));
        let facts = join_facts(self.facts, &mine, other.facts, &theirs, content);
        let seen = match (self.seen, other.seen) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            (one, none) => one.or(none),
        };
        Ok((Log { facts, seen, ranges: joined }, mine, theirs))
    }
}

fn join_facts(
    mut mine: LogFacts,
    my_shifts: &[Shift],
    mut other: LogFacts,
    shifts: &[Shift],
    content: Option<String>,
) -> LogFacts {
    for (problems, shifts) in [(&mut mine.problems, my_shifts), (&mut other.problems, shifts)] {
        for p in problems {
            shift_problem(p, shifts);
        }
    }
    mine.counts.add(&other.counts);
    let mut problems = mine.problems;
    problems.extend(other.problems);
    problems.sort();
    problems.truncate(LogFacts::MOST_PROBLEMS);
    LogFacts {
        format: mine.format,
        options: mine.options,
        skipped: mine.skipped.into_iter().chain(other.skipped).min(),
        copy_of: None,
        counts: mine.counts,
        bytes: mine.bytes + other.bytes,
        // Of a range it is known only from a list, and then it is that of the whole log.
        sha256: mine.sha256.or(other.sha256),
        content,
        problems,
    }
}

/// The shift of the stretch that an offset lies in; they ascend. A log that breaks off does so at its end.
fn at(shifts: &[Shift], offset: u64) -> Option<&Shift> {
    let after = shifts.partition_point(|s| s.start <= offset);
    shifts.get(after.checked_sub(1)?).filter(|s| offset <= s.end)
}

fn shift_problem(problem: &mut Problem, shifts: &[Shift]) {
    if let Some(shift) = at(shifts, problem.offset) {
        problem.record += shift.records;
        problem.line = problem.line.map(|l| l + shift.lines);
    }
}

/// Moves the samples of the logs that were put behind others.
pub(super) fn shift(aggregates: &mut Sorted<Key, Total>, shifts: &Shifts) {
    let moves: Vec<_> =
        shifts.iter().filter(|(.., list)| list.iter().any(|s| s.records > 0 || s.lines > 0)).collect();
    if moves.is_empty() {
        return;
    }
    for (key, total) in aggregates.iter_mut() {
        for sample in &mut total.samples {
            let of_log = |(source, log, _): &&&(Arc<str>, Arc<str>, Vec<Shift>)| {
                *source == key.source && *log == sample.log
            };
            let Some((.., list)) = moves.iter().find(of_log) else { continue };
            if let Some(shift) = at(list, sample.at.offset) {
                sample.at.record += shift.records;
                sample.at.line = sample.at.line.map(|l| l + shift.lines);
            }
        }
    }
}

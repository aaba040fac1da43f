//! Whether what a partial says can be: order, ranges, sums and times, each against the others.

use super::{Fault, MOST};
use crate::bytes::PIECE;
use crate::evidence::{Cell, Hours, Key, Log, LogFacts, NameKey, Range, Server, Summary, Total};
use crate::model::Time;
use crate::model::net::fold_mapped;
use crate::model::time::HOUR;
use crate::traffic::FORMATS;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Lines that must ascend do not.
pub(super) const ORDER: Fault = Fault::Unsound("it is out of order, or stands twice");
const COUNT: Fault = Fault::Unsound("a number in it is larger than any log has");
const SUM: Fault = Fault::Unsound("its counts do not add up");
const RANGE: Fault = Fault::Unsound("its ranges overlap, touch or are out of order");
const PLACE: Fault = Fault::Unsound("it names a place that was not read");
const TEXT: Fault = Fault::Unsound("a text in it is none that such a line has");
/// The longest client, host or reason.
const LONGEST_TEXT: usize = 8 << 10;
/// The most reasons for which records of a log are ignored, or rejected.
const MOST_REASONS: usize = 4_096;

/// That a list ascends and holds nothing twice.
pub(super) fn ascending<T: Ord>(list: &[T]) -> Result<(), Fault> {
    if list.is_sorted_by(|a, b| a < b) { Ok(()) } else { Err(ORDER) }
}

/// That a count can be added to thousands of others.
pub(super) fn count(n: u64) -> Result<(), Fault> {
    if n <= MOST { Ok(()) } else { Err(COUNT) }
}

fn check(holds: bool, fault: Fault) -> Result<(), Fault> {
    if holds { Ok(()) } else { Err(fault) }
}

/// A log: its facts, what was read of it, what was found where.
pub(super) fn log(log: &Log) -> Result<(), Fault> {
    let Log { facts, seen, ranges } = log;
    let LogFacts { format, options, skipped, copy_of, counts, bytes, content, problems, .. } = facts;
    let known = format.as_ref().is_none_or(|id| FORMATS.iter().any(|f| f.id() == id));
    check(known, Fault::Unsound("it is of a format that this program does not know"))?;
    check(counts.ignored.len() <= MOST_REASONS && counts.rejected.len() <= MOST_REASONS, COUNT)?;
    let reasons = || counts.ignored.iter().chain(&counts.rejected);
    [counts.read, counts.flows, *bytes]
        .iter()
        .chain(reasons().map(|(_, n)| n))
        .try_for_each(|n| count(*n))?;
    let texts = [options, skipped, copy_of].into_iter().flatten().chain(reasons().map(|(reason, _)| reason));
    texts.chain(problems.iter().map(|p| &p.reason)).try_for_each(|t| check(t.len() <= LONGEST_TEXT, TEXT))?;
    check(counts.adds_up() && reasons().all(|(_, n)| *n > 0), SUM)?;
    check(seen.is_none_or(|(first, last)| first <= last) && seen.is_some() == (counts.flows > 0), SUM)?;
    check(copy_of.is_none() || ranges.is_empty(), PLACE)?;
    let mut records = 0_u64;
    for (i, r) in ranges.iter().enumerate() {
        let Range { start, end, records: n, lines, last, pieces, .. } = r;
        [*end, *n, *lines].iter().try_for_each(|n| count(*n))?;
        let before = i.checked_sub(1).and_then(|i| ranges.get(i));
        check(before.is_none_or(|b| b.end < *start && !b.last), RANGE)?;
        check(start < end || (*start, *end, *last) == (0, 0, true), RANGE)?;
        check(start % PIECE == 0 && (*last || end % PIECE == 0), RANGE)?;
        let whole = *start == 0 && *last;
        let expected = if whole { 0 } else { (end - start).div_ceil(PIECE) };
        // A stretch that could not be read to its end has fewer pieces, and says so.
        let broken = skipped.is_some() && (pieces.len() as u64) < expected;
        check(pieces.len() as u64 == expected || broken, Fault::Unsound("its pieces do not fit its ranges"))?;
        check(whole || content.is_none(), Fault::Unsound("it has a content digest and was not read whole"))?;
        records = records.saturating_add(*n);
    }
    check(records == counts.read, SUM)?;
    check(problems.len() <= LogFacts::MOST_PROBLEMS && problems.is_sorted_by(|a, b| a < b), ORDER)?;
    check(problems.len() as u64 <= counts.rejected_total(), SUM)?;
    problems.iter().try_for_each(|p| check(is_place(log, p.offset, p.record, p.line), PLACE))
}

/// Whether a record could begin there.
fn is_place(log: &Log, offset: u64, record: u64, line: Option<u64>) -> bool {
    let at = log.ranges.partition_point(|r| r.start <= offset);
    let Some(range) = at.checked_sub(1).and_then(|i| log.ranges.get(i)) else { return false };
    offset <= range.end
        && (1..=range.records).contains(&record)
        && line.is_none_or(|l| (1..=range.lines + 1).contains(&l))
}

/// The aggregates of a summary whose logs and sources are known.
pub(super) struct Aggregates<'s> {
    summary: &'s Summary,
    /// Flows by source that no aggregate holds yet.
    flows: BTreeMap<Arc<str>, u64>,
    notable: usize,
}

impl<'s> Aggregates<'s> {
    /// Fails if the logs together hold more than can be added.
    pub(super) fn of(summary: &'s Summary) -> Result<Aggregates<'s>, Fault> {
        let all = summary.logs.values().map(|l| &l.facts);
        let (read, bytes) = all.fold((0_u64, 0_u64), |(read, bytes), f| {
            (read.saturating_add(f.counts.read), bytes.saturating_add(f.bytes))
        });
        count(read.max(bytes))?;
        let mut flows = BTreeMap::<Arc<str>, u64>::new();
        for ((source, _), log) in &summary.logs {
            let n = flows.entry(Arc::clone(source)).or_default();
            *n = n.saturating_add(log.facts.counts.flows);
        }
        Ok(Aggregates { summary, flows, notable: 0 })
    }

    pub(super) fn take(&mut self, key: &Key, total: &Total) -> Result<(), Fault> {
        texts(key)?;
        self.notable += usize::from(key.is_notable());
        check(self.notable <= self.summary.caps.notable, Fault::Unsound("it is beyond the caps"))?;
        check(total.is_canonical(key), Fault::Unsound("its samples or hours are none that are chosen"))?;
        let (first, last) = hours(&total.hours)?;
        magnitudes(total)?;
        let mut records = 0_u64;
        for cell in &total.hours {
            records = records.saturating_add(cell.records);
        }
        let left = self.flows.get_mut(&key.source).ok_or(PLACE)?;
        *left = left.checked_sub(records).ok_or(SUM)?;
        for s in &total.samples {
            let log = self.summary.logs.get(&(Arc::clone(&key.source), Arc::clone(&s.log))).ok_or(PLACE)?;
            check(is_place(log, s.at.offset, s.at.record, s.at.line), PLACE)?;
            count(s.at.length)?;
            check(first <= s.time && s.time <= last, Fault::Unsound("a sample is of another time"))?;
        }
        Ok(())
    }

    /// That no flow is missing, and that there are logs which so many names can be of.
    pub(super) fn end(&self, names: u64) -> Result<(), Fault> {
        check(names == 0 || !self.summary.logs.is_empty(), Fault::Unsound("a name has no log"))?;
        check(self.flows.values().all(|n| *n == 0), SUM)?;
        let known = self.summary.sources.keys().all(|s| self.flows.contains_key(s));
        check(known, Fault::Unsound("a source has no log"))
    }
}

/// The cells of a key; its first and last record.
fn hours(hours: &Hours) -> Result<(Time, Time), Fault> {
    let (Some(first), Some(last)) = (hours.iter().next(), hours.iter().last()) else { return Err(SUM) };
    check(hours.iter().is_sorted_by(|a, b| a.hour() < b.hour()), ORDER)?;
    for cell in hours {
        let Cell { records, bytes_out, bytes_in, last, .. } = cell;
        [records, bytes_out.unknown, bytes_in.unknown].into_iter().try_for_each(count)?;
        check(
            last.hour() == cell.hour() || hours.len() == 1,
            Fault::Unsound("a cell spans more than its hour"),
        )?;
        let unknown = bytes_out.unknown.max(bytes_in.unknown);
        check(records > 0 && unknown <= records && cell.largest <= bytes_out.sum, SUM)?;
    }
    Ok((first.first, last.last))
}

/// That the magnitudes are those of as many records as gave a size, up to the largest.
fn magnitudes(total: &Total) -> Result<(), Fault> {
    let list: Vec<(u8, u64)> = total.magnitudes.iter().collect();
    list.iter().try_for_each(|(_, n)| count(*n))?;
    check(
        list.is_sorted_by(|a, b| a.0 < b.0) && list.len() <= 65 && list.iter().all(|(_, n)| *n > 0),
        ORDER,
    )?;
    let sized = |c: Cell| c.records.saturating_sub(c.bytes_out.unknown);
    let known = total.hours.iter().fold(0_u64, |all, c| all.saturating_add(sized(c)));
    let largest = total.hours.iter().filter_map(|c| c.largest_out()).max();
    let bits = largest.map(|n| u64::from(u64::BITS - n.leading_zeros()));
    let all = list.iter().fold(0_u64, |all, (_, n)| all.saturating_add(*n));
    check(all == known && bits == list.last().map(|(b, _)| u64::from(*b)), SUM)
}

fn texts(key: &Key) -> Result<(), Fault> {
    check(plain(&key.client), TEXT)?;
    check(key.endpoint.as_deref().is_none_or(plain), TEXT)?;
    check(
        match &key.server {
            Server::Name(name) | Server::Below(name) => is_host(name),
            Server::Address(address) => fold_mapped(*address) == *address,
            Server::Within(_) | Server::Unreadable | Server::Unknown | Server::Beyond => true,
        },
        TEXT,
    )
}

/// A name of an address.
pub(super) fn name(key: &NameKey, hours: &[i64]) -> Result<(), Fault> {
    check(plain(&key.client) && is_host(&key.name) && fold_mapped(key.address) == key.address, TEXT)?;
    check(hours.is_sorted_by(|a, b| a < b), ORDER)?;
    let within = |h: &i64| h.checked_mul(HOUR).and_then(Time::from_micros).is_some();
    check(hours.iter().all(within), Fault::Unsound("a time in it is out of range"))
}

/// Nothing that a client or endpoint cannot have.
fn plain(text: &str) -> bool {
    !text.is_empty() && text.len() <= LONGEST_TEXT && !text.chars().any(|c| c.is_control() || c == ' ')
}

/// What a host name may be once it is in lower case.
fn is_host(name: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.*".contains(&b) || !b.is_ascii();
    plain(name) && name.bytes().all(fits)
}

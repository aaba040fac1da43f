//! What is kept of the flows of one key: counts, bytes and times by hour, and a few samples.

use super::hours::Hours;
use super::key::Key;
use super::magnitudes::Magnitudes;
use crate::model::audit::ByteSum;
use crate::model::{At, Time};
use std::sync::Arc;

/// Counts of one key in one UTC hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// First record. Its hour is the hour of the cell.
    pub first: Time,
    /// Last record.
    pub last: Time,
    /// Records.
    pub records: u64,
    /// Bytes from client to server.
    pub bytes_out: ByteSum,
    /// Bytes from server to client.
    pub bytes_in: ByteSum,
    /// Largest known bytes out of one record; 0 if none is known.
    pub(super) largest: u64,
}

impl Cell {
    /// The hour, since the epoch.
    #[must_use]
    pub fn hour(&self) -> i64 {
        self.first.hour()
    }

    /// Largest known bytes out of one record.
    #[must_use]
    pub fn largest_out(&self) -> Option<u64> {
        (self.bytes_out.unknown < self.records).then_some(self.largest)
    }

    /// Whether it holds more than its hour: that of a key with more hours than are kept apart.
    pub(super) fn spans_hours(&self) -> bool {
        self.first.hour() != self.last.hour()
    }

    /// Adds another cell.
    pub fn merge(&mut self, other: &Cell) {
        self.records += other.records;
        self.bytes_out.merge(other.bytes_out);
        self.bytes_in.merge(other.bytes_in);
        self.largest = self.largest.max(other.largest);
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}

/// Brings the cells of a key into order: one for each hour, or one in all if the hours are too many. Once
/// they were given up they do not come back.
pub(super) fn settle_hours(cells: &mut Vec<Cell>) {
    if !cells.is_sorted_by(|a, b| a.hour() < b.hour()) {
        cells.sort_by_key(|c| c.first);
        cells.dedup_by(|next, kept| {
            let same = next.hour() == kept.hour();
            if same {
                kept.merge(next);
            }
            same
        });
    }
    if cells.len() > MOST_HOURS || cells.iter().any(Cell::spans_hours) {
        *cells = join_all(cells.drain(..)).into_iter().collect();
    }
}

/// A record that can be found again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sample {
    /// When.
    pub time: Time,
    /// Its log, by name within its source.
    pub log: Arc<str>,
    /// Where in the log. Record and line are counted from the start of the covered range.
    pub at: At,
    /// SHA-256 of the record's bytes, of those samples that may be shown (see [`Key::is_notable`]).
    pub sha256: Option<[u8; 32]>,
    /// Bytes out, if known.
    pub bytes_out: Option<u64>,
    /// Position in a fixed random order of all records.
    pub rank: u64,
}

/// How many samples of lowest rank are kept.
const LOWEST: usize = 2;

/// Everything kept of one key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Total {
    /// Counts by UTC hour, ascending.
    pub hours: Hours,
    /// Magnitudes of bytes out, over all hours: by the hour they would take more room than all the rest.
    pub magnitudes: Magnitudes,
    /// Earliest, latest, largest, and the two of lowest rank, each once, in order of time.
    pub samples: Vec<Sample>,
}

impl Total {
    /// Adds what other scans kept of the same key.
    pub(super) fn join(key: &Key, mine: &mut Total, others: Vec<Total>) {
        mine.hours.join(others.iter().map(|other| &other.hours));
        mine.magnitudes.join(others.iter().map(|other| &other.magnitudes));
        mine.samples.extend(others.into_iter().flat_map(|other| other.samples));
        mine.settle(key.is_notable());
    }

    /// Chooses the samples among those at hand. Hashing every one of them would cost more than all the
    /// rest of a scan, and a record is found by log, offset and length: so a hash is kept of all samples
    /// of a key that a finding is likely to name (`every`), and of one for any other key: the largest, or
    /// the one of lowest rank where no size is known.
    fn settle(&mut self, every: bool) {
        self.samples.sort_unstable();
        self.samples.dedup_by(|a, b| {
            let same = (a.time, a.at.offset, &a.log) == (b.time, b.at.offset, &b.log);
            // The hash may be known of one of two; `b` is the one that stays.
            if same && b.sha256.is_none() {
                b.sha256 = a.sha256.take();
            }
            same
        });
        let Some(chosen) = Chosen::of(&self.samples) else { return };
        let lead = chosen.lead();
        let mut at = 0;
        self.samples.retain_mut(|s| {
            let here = at;
            at += 1;
            if !every && here != lead {
                s.sha256 = None;
            }
            chosen.contains(here)
        });
    }

    /// Whether its samples are those that are chosen among them, and its hours no more than are kept apart.
    pub(super) fn is_canonical(&self, key: &Key) -> bool {
        let mut again = self.clone();
        again.settle(key.is_notable());
        again == *self && !self.samples.is_empty() && self.hours.len() <= MOST_HOURS
    }

    /// All hours together; `None` if there are none.
    #[must_use]
    pub fn sum(&self) -> Option<Cell> {
        join_all(self.hours.iter())
    }
}

/// Most hours of a key that are kept apart: a year and some days. More, and all become one cell at the
/// earliest hour.
pub(super) const MOST_HOURS: usize = 9_000;

fn join_all(mut cells: impl Iterator<Item = Cell>) -> Option<Cell> {
    let mut all = cells.next()?;
    cells.for_each(|c| all.merge(&c));
    Some(all)
}

/// Which of a list of samples are kept, by place. Ties go to the lower rank, so that the order in which
/// records arrive does not matter.
struct Chosen {
    earliest: usize,
    latest: usize,
    largest: Option<usize>,
    lowest: [usize; LOWEST],
}

impl Chosen {
    fn of(samples: &[Sample]) -> Option<Chosen> {
        let all = || samples.iter().enumerate();
        let (earliest, _) = all().min_by_key(|(_, s)| (s.time, s.rank, *s))?;
        let (latest, _) = all().min_by_key(|(_, s)| (std::cmp::Reverse(s.time), s.rank, *s))?;
        let sized = all().filter_map(|(i, s)| Some((i, s.bytes_out?, s)));
        let largest = sized.min_by_key(|(_, n, s)| (std::cmp::Reverse(*n), s.rank, *s)).map(|(i, ..)| i);
        let (first, _) = all().min_by_key(|(_, s)| (s.rank, *s))?;
        let second = all().filter(|(i, _)| *i != first).min_by_key(|(_, s)| (s.rank, *s));
        Some(Chosen { earliest, latest, largest, lowest: [first, second.map_or(first, |(i, _)| i)] })
    }

    fn lead(&self) -> usize {
        let [first, _] = self.lowest;
        self.largest.unwrap_or(first)
    }

    fn contains(&self, at: usize) -> bool {
        at == self.earliest || at == self.latest || Some(at) == self.largest || self.lowest.contains(&at)
    }
}

//! What is kept of the flows of one key: counts, bytes and times by hour, and a few samples.

use super::key::Key;
use crate::model::audit::ByteSum;
use crate::model::{At, Time};
use smallvec::SmallVec;
use std::sync::Arc;

/// Counts of one key in one UTC hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The hour, since the epoch.
    pub hour: i64,
    /// Records.
    pub records: u64,
    /// Bytes from client to server.
    pub bytes_out: ByteSum,
    /// Bytes from server to client.
    pub bytes_in: ByteSum,
    /// Largest known bytes out of one record.
    pub largest_out: Option<u64>,
    /// First record.
    pub first: Time,
    /// Last record.
    pub last: Time,
}

impl Cell {
    /// A cell that holds no record yet, of the hour of an instant.
    pub(super) fn at(time: Time) -> Cell {
        Cell {
            hour: time.hour(),
            records: 0,
            bytes_out: ByteSum::default(),
            bytes_in: ByteSum::default(),
            largest_out: None,
            first: time,
            last: time,
        }
    }

    /// Counts one record.
    fn add(&mut self, time: Time, bytes_out: Option<u64>, bytes_in: Option<u64>) {
        self.records += 1;
        self.bytes_in.add(bytes_in);
        self.first = self.first.min(time);
        self.last = self.last.max(time);
        self.bytes_out.add(bytes_out);
        self.largest_out = self.largest_out.max(bytes_out);
    }

    /// Whether it holds more than its hour: that of a key with more hours than are kept apart.
    fn spans_hours(&self) -> bool {
        self.records > 0 && self.first.hour() != self.last.hour()
    }

    /// Adds another cell.
    pub fn merge(&mut self, other: &Cell) {
        self.records += other.records;
        self.bytes_out.merge(other.bytes_out);
        self.bytes_in.merge(other.bytes_in);
        self.largest_out = self.largest_out.max(other.largest_out);
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}

/// How many records had bytes out of a magnitude: the number of significant bits, ascending, and the count.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Magnitudes(SmallVec<[(u8, u64); 3]>);

impl Magnitudes {
    /// Magnitudes as they were written; whether they are in order is for the reader to check.
    pub(super) fn of(list: Vec<(u8, u64)>) -> Magnitudes {
        Magnitudes(list.into())
    }

    /// Counts one figure.
    pub(super) fn add(&mut self, bytes: u64) {
        let bits = u8::try_from(u64::BITS - bytes.leading_zeros()).unwrap_or(u8::MAX);
        match self.0.iter_mut().find(|(b, _)| *b == bits) {
            Some((_, count)) => *count += 1,
            None => self.count(bits, 1),
        }
    }

    /// Counts `n` figures of a magnitude.
    pub(super) fn count(&mut self, bits: u8, n: u64) {
        match self.0.binary_search_by_key(&bits, |(b, _)| *b) {
            Ok(at) => self.0.get_mut(at).into_iter().for_each(|(_, count)| *count += n),
            Err(at) => self.0.insert(at, (bits, n)),
        }
    }

    /// The magnitudes met, ascending, each with its count.
    #[must_use]
    pub fn list(&self) -> &[(u8, u64)] {
        &self.0
    }
}

/// The hours of a key while a log is read: the one at hand, which nearly every record falls into, and the
/// others.
pub(super) struct Hours {
    now: Cell,
    others: Vec<Cell>,
}

impl Hours {
    /// Hours of a key whose first record is of that time.
    pub(super) fn at(time: Time) -> Hours {
        Hours { now: Cell::at(time), others: Vec::new() }
    }

    /// Counts one record in the hour it falls into.
    pub(super) fn count(&mut self, time: Time, bytes_out: Option<u64>, bytes_in: Option<u64>) {
        let hour = time.hour();
        if self.now.hour != hour {
            self.turn_to(hour, time);
        }
        self.now.add(time, bytes_out, bytes_in);
    }

    #[cold]
    fn turn_to(&mut self, hour: i64, time: Time) {
        // A log is nearly in order of time: the next hour is nearly always the last one.
        let newest = self.others.last().is_none_or(|last| last.hour < hour);
        let next = match self.others.binary_search_by_key(&hour, |c| c.hour) {
            Ok(at) if !newest => self.others.remove(at),
            _ => Cell::at(time),
        };
        let before = std::mem::replace(&mut self.now, next);
        let at = self.others.partition_point(|c| c.hour < before.hour);
        self.others.insert(at, before);
        if self.others.len() > MOST_HOURS {
            // Too many are given up when all of them are at hand: see `collapse`.
            let all = join_all(&self.others);
            self.others = all.into_iter().collect();
        }
    }

    pub(super) fn into_cells(mut self) -> Vec<Cell> {
        let at = self.others.partition_point(|c| c.hour < self.now.hour);
        self.others.insert(at, self.now);
        let mut cells = self.others;
        // Once given up, hours do not come back, whichever cell was at hand last.
        if cells.iter().any(Cell::spans_hours) {
            cells = join_all(&cells).into_iter().collect();
        }
        collapse(&mut cells);
        cells.shrink_to_fit();
        cells
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
    pub sha256: Option<Box<[u8; 32]>>,
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
    pub hours: Vec<Cell>,
    /// Magnitudes of bytes out, over all hours: by the hour they would take more room than all the rest.
    pub magnitudes: Magnitudes,
    /// Earliest, latest, largest, and the two of lowest rank, each once, in order of time.
    pub samples: Vec<Sample>,
}

impl Total {
    /// Adds what another scan kept of the same key.
    pub(super) fn join(key: &Key, mine: &mut Total, other: Total) {
        mine.merge(other);
        mine.settle(key.is_notable());
    }

    fn merge(&mut self, other: Total) {
        // One that gave up its hours takes the other's with it.
        let spans = |t: &Total| t.hours.first().is_some_and(Cell::spans_hours);
        let spans = spans(self) || spans(&other);
        for cell in other.hours {
            match self.hours.binary_search_by_key(&cell.hour, |c| c.hour) {
                Ok(at) => {
                    if let Some(mine) = self.hours.get_mut(at) {
                        mine.merge(&cell);
                    }
                }
                Err(at) => self.hours.insert(at, cell),
            }
        }
        if spans {
            self.hours = join_all(&self.hours).into_iter().collect();
        } else {
            collapse(&mut self.hours);
        }
        other.magnitudes.list().iter().for_each(|(bits, n)| self.magnitudes.count(*bits, *n));
        self.samples.extend(other.samples);
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
        join_all(&self.hours)
    }
}

/// Most hours of a key that are kept apart: a year and some days. More, and all become one cell at the
/// earliest hour.
pub(super) const MOST_HOURS: usize = 9_000;

/// Gives up the hours if there are too many; says whether it did.
fn collapse(hours: &mut Vec<Cell>) -> bool {
    let too_many = hours.len() > MOST_HOURS;
    if too_many {
        *hours = join_all(hours).into_iter().collect();
    }
    too_many
}

fn join_all(hours: &[Cell]) -> Option<Cell> {
    let mut cells = hours.iter();
    let mut all = cells.next()?.clone();
    cells.for_each(|c| all.merge(c));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::HOUR;

    #[test]
    fn hours_that_were_given_up_do_not_come_back() {
        let hours = i64::try_from(MOST_HOURS).unwrap() + 2;
        let at = |hour: i64| Time::from_micros(hour * HOUR).unwrap();
        // The last record falls into the hour that all others were given up to, and into any other.
        for last in [0, 7, hours] {
            let mut of = Hours::at(at(0));
            (0..hours).for_each(|h| of.count(at(h), Some(1), None));
            of.count(at(last), Some(1), None);
            let cells = of.into_cells();
            let [only] = cells.as_slice() else { panic!("{} cells, {last}", cells.len()) };
            assert_eq!((only.hour, only.records), (0, hours.unsigned_abs() + 1));
        }
    }
}

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
    /// How many records had bytes out of a magnitude: the number of significant bits, ascending, and the count.
    pub magnitudes: SmallVec<[(u8, u64); 1]>,
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
            magnitudes: SmallVec::new(),
            first: time,
            last: time,
        }
    }

    /// Counts one record.
    pub(super) fn add(&mut self, time: Time, bytes_out: Option<u64>, bytes_in: Option<u64>) {
        self.records += 1;
        self.bytes_out.add(bytes_out);
        self.bytes_in.add(bytes_in);
        self.first = self.first.min(time);
        self.last = self.last.max(time);
        if let Some(bytes) = bytes_out {
            self.largest_out = self.largest_out.max(Some(bytes));
            let bits = u8::try_from(u64::BITS - bytes.leading_zeros()).unwrap_or(u8::MAX);
            self.magnitude(bits, 1);
        }
    }

    /// Whether it holds more than its hour: that of a key with more hours than are kept apart.
    fn spans_hours(&self) -> bool {
        self.records > 0 && self.first.hour() != self.last.hour()
    }

    fn magnitude(&mut self, bits: u8, n: u64) {
        match self.magnitudes.binary_search_by_key(&bits, |(b, _)| *b) {
            Ok(at) => {
                if let Some((_, count)) = self.magnitudes.get_mut(at) {
                    *count += n;
                }
            }
            Err(at) => self.magnitudes.insert(at, (bits, n)),
        }
    }

    /// Adds another cell.
    pub fn merge(&mut self, other: &Cell) {
        self.records += other.records;
        self.bytes_out.merge(other.bytes_out);
        self.bytes_in.merge(other.bytes_in);
        self.largest_out = self.largest_out.max(other.largest_out);
        for (bits, n) in &other.magnitudes {
            self.magnitude(*bits, *n);
        }
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
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
    pub hours: SmallVec<[Cell; 1]>,
    /// Earliest, latest, largest, and the two of lowest rank, each once, in order of time.
    pub samples: Vec<Sample>,
}

impl Total {
    /// The cell of an hour, made if there is none.
    fn cell(hours: &mut SmallVec<[Cell; 1]>, time: Time) -> Option<&mut Cell> {
        let hour = time.hour();
        if hours.last().is_some_and(|last| last.hour == hour) {
            return hours.last_mut();
        }
        match hours.binary_search_by_key(&hour, |c| c.hour) {
            Ok(at) => hours.get_mut(at),
            Err(_) if hours.first().is_some_and(Cell::spans_hours) => {
                let only = hours.first_mut()?;
                only.hour = only.hour.min(hour);
                Some(only)
            }
            Err(at) => {
                hours.insert(at, Cell::at(time));
                let at = if collapse(hours) { 0 } else { at };
                hours.get_mut(at)
            }
        }
    }

    /// Counts one record in the hour it falls into.
    pub(super) fn count(
        hours: &mut SmallVec<[Cell; 1]>,
        time: Time,
        bytes_out: Option<u64>,
        bytes_in: Option<u64>,
    ) {
        if let Some(cell) = Total::cell(hours, time) {
            cell.add(time, bytes_out, bytes_in);
        }
    }

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
fn collapse(hours: &mut SmallVec<[Cell; 1]>) -> bool {
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

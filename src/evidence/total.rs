//! What is kept of the flows of one key: counts, bytes and times by hour, and a few samples.

use crate::model::audit::ByteSum;
use crate::model::{At, Time};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Counts of one key in one UTC hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// Records.
    pub records: u64,
    /// Bytes from client to server.
    pub bytes_out: ByteSum,
    /// Bytes from server to client.
    pub bytes_in: ByteSum,
    /// Largest known bytes out of one record.
    pub largest_out: Option<u64>,
    /// How many records had bytes out of a magnitude: key is the number of significant bits.
    pub magnitudes: BTreeMap<u8, u64>,
    /// First record.
    pub first: Time,
    /// Last record.
    pub last: Time,
}

impl Cell {
    /// Adds another cell.
    pub fn merge(&mut self, other: &Cell) {
        self.records += other.records;
        self.bytes_out.merge(other.bytes_out);
        self.bytes_in.merge(other.bytes_in);
        self.largest_out = self.largest_out.max(other.largest_out);
        for (bits, n) in &other.magnitudes {
            *self.magnitudes.entry(*bits).or_default() += n;
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
    /// Where in the log.
    pub at: At,
    /// SHA-256 of the record's bytes.
    pub sha256: [u8; 32],
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
    /// Counts by UTC hour since the epoch.
    pub hours: BTreeMap<i64, Cell>,
    earliest: Option<Sample>,
    latest: Option<Sample>,
    largest: Option<Sample>,
    lowest: Vec<Sample>,
}

/// The figures of one flow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Figures {
    pub(super) time: Time,
    pub(super) bytes_out: Option<u64>,
    pub(super) bytes_in: Option<u64>,
    pub(super) rank: u64,
}

impl Total {
    /// Counts one flow. `sample` is called only if the record is worth keeping as a sample.
    pub(super) fn add(&mut self, f: Figures, sample: impl FnOnce() -> Sample) {
        let cell = self.hours.entry(f.time.hour()).or_insert_with(|| Cell {
            records: 0,
            bytes_out: ByteSum::default(),
            bytes_in: ByteSum::default(),
            largest_out: None,
            magnitudes: BTreeMap::new(),
            first: f.time,
            last: f.time,
        });
        cell.records += 1;
        cell.bytes_out.add(f.bytes_out);
        cell.bytes_in.add(f.bytes_in);
        cell.first = cell.first.min(f.time);
        cell.last = cell.last.max(f.time);
        if let Some(bytes) = f.bytes_out {
            cell.largest_out = cell.largest_out.max(Some(bytes));
            let bits = u8::try_from(u64::BITS - bytes.leading_zeros()).unwrap_or(u8::MAX);
            *cell.magnitudes.entry(bits).or_default() += 1;
        }
        if self.wants(f) {
            self.keep(&sample());
        }
    }

    fn wants(&self, f: Figures) -> bool {
        self.earliest.as_ref().is_none_or(|s| f.time <= s.time)
            || self.latest.as_ref().is_none_or(|s| f.time >= s.time)
            || f.bytes_out.is_some_and(|b| self.largest.as_ref().is_none_or(|s| Some(b) >= s.bytes_out))
            || self.lowest.len() < LOWEST
            || self.lowest.last().is_some_and(|s| f.rank <= s.rank)
    }

    // Ties go to the lower rank, so that the order in which records arrive does not matter.
    fn keep(&mut self, s: &Sample) {
        let better = |old: &Option<Sample>, key: &dyn Fn(&Sample) -> (i128, u64)| {
            old.as_ref().is_none_or(|o| (key(s), s) < (key(o), o))
        };
        if better(&self.earliest, &|x| (i128::from(x.time.micros()), x.rank)) {
            self.earliest = Some(s.clone());
        }
        if better(&self.latest, &|x| (-i128::from(x.time.micros()), x.rank)) {
            self.latest = Some(s.clone());
        }
        if s.bytes_out.is_some()
            && better(&self.largest, &|x| (-i128::from(x.bytes_out.unwrap_or(0)), x.rank))
        {
            self.largest = Some(s.clone());
        }
        if let Err(place) = self.lowest.binary_search_by_key(&s.rank, |x| x.rank) {
            self.lowest.insert(place, s.clone());
            self.lowest.truncate(LOWEST);
        }
    }

    /// Adds what another scan kept of the same key.
    pub(super) fn merge(&mut self, other: &Total) {
        for (hour, cell) in &other.hours {
            match self.hours.get_mut(hour) {
                Some(mine) => mine.merge(cell),
                None => {
                    self.hours.insert(*hour, cell.clone());
                }
            }
        }
        for sample in other.every_sample() {
            self.keep(sample);
        }
    }

    fn every_sample(&self) -> impl Iterator<Item = &Sample> {
        [&self.earliest, &self.latest, &self.largest].into_iter().flatten().chain(&self.lowest)
    }

    /// The samples, each once, in order of time: earliest, latest, largest, and the two of lowest rank.
    #[must_use]
    pub fn samples(&self) -> Vec<&Sample> {
        let mut samples: Vec<&Sample> = self.every_sample().collect();
        samples.sort();
        samples.dedup();
        samples
    }

    /// All hours together; `None` if there are none.
    #[must_use]
    pub fn sum(&self) -> Option<Cell> {
        let mut cells = self.hours.values();
        let mut sum = cells.next()?.clone();
        cells.for_each(|c| sum.merge(c));
        Some(sum)
    }
}

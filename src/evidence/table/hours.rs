//! The hours that keys have turned away from, in the order in which they did.
//!
//! A log is nearly in order of time, and every key has its present hour at hand: so an hour that is over is
//! written behind the others, and tells where the one before it of the same key stands. Once many are written,
//! those of each key are put behind each other, which takes less room, and none of it twice when the table is
//! drained.

use crate::evidence;
use crate::evidence::hours::{Packer, put, take, unvarint, varint};
use crate::evidence::total::{Cell, MOST_HOURS, settle_hours};
use crate::model::Time;
use crate::model::audit::ByteSum;
use crate::model::time::HOUR;

/// Hours that may be there twice, or may be too many for their key, at which that is looked into.
const LOOSE: usize = 1 << 16;
/// Bytes of cells as they come, at which those of each key are put together.
const LATELY: usize = 4 << 20;

/// What was counted of a key in one hour, in 48 bytes.
#[derive(Clone, Copy)]
pub(super) struct Hour {
    first: Time,
    bytes_out: u64,
    bytes_in: u64,
    largest: u64,
    /// Microseconds from the first to the last: an hour has fewer than 2^32.
    span: u32,
    records: u32,
    unknown_out: u32,
    unknown_in: u32,
}

impl Hour {
    /// That of one record.
    pub(super) fn of(time: Time, bytes_out: Option<u64>, bytes_in: Option<u64>) -> Hour {
        Hour {
            first: time,
            bytes_out: bytes_out.unwrap_or(0),
            bytes_in: bytes_in.unwrap_or(0),
            largest: bytes_out.unwrap_or(0),
            span: 0,
            records: 1,
            unknown_out: u32::from(bytes_out.is_none()),
            unknown_in: u32::from(bytes_in.is_none()),
        }
    }

    /// Counts one more record, if it is of this hour and there is room.
    #[inline]
    pub(super) fn add(
        &mut self,
        time: Time,
        of: &Span,
        bytes_out: Option<u64>,
        bytes_in: Option<u64>,
    ) -> bool {
        if !of.contains(self.first) || self.records == u32::MAX {
            return false;
        }
        let last = self.last().max(time);
        self.first = self.first.min(time);
        self.span = last.since(self.first) as u32;
        self.records += 1;
        self.bytes_out = self.bytes_out.saturating_add(bytes_out.unwrap_or(0));
        self.bytes_in = self.bytes_in.saturating_add(bytes_in.unwrap_or(0));
        self.largest = self.largest.max(bytes_out.unwrap_or(0));
        self.unknown_out += u32::from(bytes_out.is_none());
        self.unknown_in += u32::from(bytes_in.is_none());
        true
    }

    fn last(&self) -> Time {
        self.first.plus(i64::from(self.span))
    }

    fn cell(&self) -> Cell {
        let sum = |sum, unknown| ByteSum { sum, unknown: u64::from(unknown) };
        Cell {
            first: self.first,
            last: self.last(),
            records: u64::from(self.records),
            bytes_out: sum(self.bytes_out, self.unknown_out),
            bytes_in: sum(self.bytes_in, self.unknown_in),
            largest: self.largest,
        }
    }
}

/// An hour with its bounds, so that it is not worked out for every record.
#[derive(Clone, Copy)]
pub(super) struct Span {
    /// Microseconds since the epoch.
    start: i64,
    /// Hours since the epoch.
    pub(super) hour: i64,
}

impl Span {
    /// The hour of a time.
    pub(super) fn of(time: Time) -> Span {
        let hour = time.hour();
        Span { start: hour * HOUR, hour }
    }

    #[inline]
    pub(super) fn contains(&self, time: Time) -> bool {
        (self.start..self.start + HOUR).contains(&time.micros())
    }
}

/// Cells by the number of their key.
pub(super) struct Hours {
    /// Cells as they came, each after the distance to the one before it of the same key (0 if it is the first).
    lately: Vec<u8>,
    /// By key: behind where its last cell begins; 0 if it has none.
    last: Vec<usize>,
    /// By key: the cells that came before, in order.
    settled: Vec<evidence::Hours>,
    /// Bytes that they take.
    settled_size: usize,
    /// How many cells there are.
    cells: usize,
    /// How many may be there twice, or may be too many for their key.
    loose: usize,
    /// What times are told from.
    base: i64,
    /// Earliest and latest hour met.
    met: (i64, i64),
}

impl Default for Hours {
    fn default() -> Hours {
        Hours {
            lately: Vec::new(),
            last: Vec::new(),
            settled: Vec::new(),
            settled_size: 0,
            cells: 0,
            loose: 0,
            base: 0,
            met: (i64::MAX, i64::MIN),
        }
    }
}

impl Hours {
    /// Meets the next key, and its first hour.
    pub(super) fn meet(&mut self, hour: i64) {
        if self.last.is_empty() {
            self.base = hour * HOUR;
        }
        self.last.push(0);
        self.settled.push(evidence::Hours::default());
        self.turn(hour);
    }

    fn turn(&mut self, hour: i64) {
        self.met = (self.met.0.min(hour), self.met.1.max(hour));
    }

    /// Bytes of memory that the cells take.
    pub(super) fn size(&self) -> usize {
        self.settled_size + self.lately.len()
    }

    /// Takes what was counted of a key that has turned to another hour.
    pub(super) fn put(&mut self, key: u32, hour: Hour, turned_to: i64) {
        // Whoever turns to an earlier hour may have had it before.
        let again = turned_to < self.met.1;
        self.turn(turned_to);
        let most = i64::try_from(MOST_HOURS).unwrap_or(i64::MAX);
        self.loose += usize::from(again || self.met.1 - self.met.0 >= most);
        self.link(key as usize, &hour.cell());
        // As many as a part of those that are in order, so that these are not moved for a few.
        if self.loose > LOOSE.max(self.cells / 2) || self.lately.len() > LATELY.max(self.settled_size / 4) {
            self.settle();
        }
    }

    fn link(&mut self, key: usize, cell: &Cell) {
        let Some(last) = self.last.get_mut(key) else { return };
        let here = self.lately.len() + 1;
        varint(&mut self.lately, if *last == 0 { 0 } else { here - *last } as u64);
        put(cell, &mut self.lately, &mut { self.base });
        *last = here;
        self.cells += 1;
    }

    /// Adds the latest cells of a key in the order in which they were put.
    fn unlink(&self, key: usize, cells: &mut Vec<Cell>) {
        let mut here = self.last.get(key).copied().unwrap_or(0);
        while let Some(mut from) = here.checked_sub(1).and_then(|at| self.lately.get(at..)) {
            let Some(distance) = unvarint(&mut from) else { break };
            cells.extend(take(&mut from, &mut { self.base }));
            here = if distance == 0 { 0 } else { here.saturating_sub(distance as usize) };
        }
        cells.reverse();
    }

    /// Puts the cells of each key together, and those that are there twice or too many for their key.
    #[cold]
    fn settle(&mut self) {
        let mut settled = std::mem::take(&mut self.settled);
        let mut settling = self.settling();
        for (key, hours) in settled.iter_mut().enumerate().filter(|(key, _)| self.last.get(*key) > Some(&0)) {
            *hours = settling.of(key, std::mem::take(hours), None);
        }
        self.settled_size = settled.iter().map(evidence::Hours::size).sum();
        self.cells = settled.iter().map(evidence::Hours::len).sum();
        self.settled = settled;
        self.lately.clear();
        self.last.fill(0);
        self.loose = 0;
    }

    /// By key, those of its cells that are in order already.
    pub(super) fn take_settled(&mut self) -> Vec<evidence::Hours> {
        std::mem::take(&mut self.settled)
    }

    /// What brings the other cells of keys into order.
    pub(super) fn settling(&self) -> Settling<'_> {
        Settling { hours: self, packer: Packer::default(), cells: Vec::new() }
    }
}

/// Brings the latest cells of keys into order.
pub(super) struct Settling<'h> {
    hours: &'h Hours,
    packer: Packer,
    cells: Vec<Cell>,
}

impl Settling<'_> {
    /// The cells of a key in order, given those that are already, and what is present of it.
    pub(super) fn of(
        &mut self,
        key: usize,
        mut settled: evidence::Hours,
        present: Option<Hour>,
    ) -> evidence::Hours {
        let Settling { hours, packer, cells } = self;
        cells.clear();
        hours.unlink(key, cells);
        cells.extend(present.map(|hour| hour.cell()));
        settle_hours(cells);
        cells.iter().for_each(|cell| packer.put(cell));
        let lately = packer.finish();
        if settled.is_empty() {
            return lately;
        }
        settled.join(std::iter::once(&lately));
        settled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cells of one key with a record in each of these hours.
    fn cells(hours: impl IntoIterator<Item = i64>) -> (Vec<Cell>, usize) {
        let time = |hour: i64| Time::from_micros(hour * HOUR).unwrap();
        let mut hours = hours.into_iter();
        let first = hours.next().unwrap();
        let mut now = Hour::of(time(first), Some(1), None);
        let mut of = Hours::default();
        of.meet(first);
        let mut most = 0;
        for hour in hours {
            if !now.add(time(hour), &Span::of(time(hour)), Some(1), None) {
                of.put(0, std::mem::replace(&mut now, Hour::of(time(hour), Some(1), None)), hour);
            }
            most = most.max(of.cells);
        }
        let settled = of.take_settled().remove(0);
        (of.settling().of(0, settled, Some(now)).iter().collect(), most)
    }

    #[test]
    fn hours_that_were_given_up_do_not_come_back() {
        // So many that they are looked into while the log is read, and so few that they are not.
        for hours in [i64::try_from(MOST_HOURS).unwrap() + 2, 200_000] {
            // The last record falls into the hour that all others were given up to, and into any other.
            for last in [0, 7, hours] {
                let (cells, most) = cells((0..hours).chain([last]));
                let [only] = cells.as_slice() else { panic!("{} cells, {last}", cells.len()) };
                assert_eq!((only.hour(), only.records), (0, hours.unsigned_abs() + 1));
                assert!(most <= MOST_HOURS + LOOSE + 1);
            }
        }
    }

    #[test]
    fn hours_that_come_again_are_one_and_take_no_room() {
        let (cells, most) = cells((0..300_000).map(|n| [5, 3, 4][n % 3]));
        let told: Vec<_> = cells.iter().map(|c| (c.hour(), c.records)).collect();
        assert_eq!(told, [(3, 100_000), (4, 100_000), (5, 100_000)]);
        assert!(most <= 2 * LOOSE);
    }
}

//! The hours that keys have turned away from, in the order in which they did.
//!
//! A log is nearly in order of time, and every key has its present hour at hand: so an hour that is over is
//! written behind the others and not looked at again until the table is drained.

use crate::evidence::total::{Cell, MOST_HOURS, settle_hours};
use crate::model::Time;
use crate::model::audit::ByteSum;
use crate::model::time::HOUR;

/// Hours that may be there twice, or may be too many for their key, at which that is looked into.
const LOOSE: usize = 1 << 16;

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
    /// Those that were turned away from since it was last looked into what is there twice.
    turned: Vec<(u32, Hour)>,
    /// Those from before.
    cells: Vec<(u32, Cell)>,
    /// How many may be there twice, or may be too many for their key.
    loose: usize,
    /// Earliest and latest hour met.
    met: (i64, i64),
}

impl Default for Hours {
    fn default() -> Hours {
        Hours { turned: Vec::new(), cells: Vec::new(), loose: 0, met: (i64::MAX, i64::MIN) }
    }
}

impl Hours {
    /// Meets the first hour of a key.
    pub(super) fn meet(&mut self, hour: i64) {
        self.met = (self.met.0.min(hour), self.met.1.max(hour));
    }

    /// Takes what was counted of a key that has turned to another hour.
    pub(super) fn put(&mut self, key: u32, hour: Hour, turned_to: i64) {
        // Whoever turns to an earlier hour may have had it before.
        let again = turned_to < self.met.1;
        self.meet(turned_to);
        let most = i64::try_from(MOST_HOURS).unwrap_or(i64::MAX);
        self.loose += usize::from(again || self.met.1 - self.met.0 >= most);
        self.turned.push((key, hour));
        if self.loose > LOOSE.max((self.turned.len() + self.cells.len()) / 2) {
            self.squeeze();
        }
    }

    /// Joins what is there twice or too many for its key.
    #[cold]
    fn squeeze(&mut self) {
        self.loose = 0;
        self.cells.extend(self.turned.drain(..).map(|(key, hour)| (key, hour.cell())));
        self.cells.sort_by_key(|(key, cell)| (*key, cell.first));
        let mut settled = Vec::with_capacity(self.cells.len() / 2);
        let mut cells = Vec::new();
        for of_key in self.cells.chunk_by(|a, b| a.0 == b.0) {
            cells.clear();
            cells.extend(of_key.iter().map(|(_, cell)| cell.clone()));
            settle_hours(&mut cells);
            settled.extend(of_key.iter().map(|(key, _)| *key).zip(cells.drain(..)));
        }
        self.cells = settled;
    }

    /// The cells of every key, given what is present of each, in order.
    pub(super) fn finish(self, present: impl ExactSizeIterator<Item = Hour>) -> Vec<Vec<Cell>> {
        let mut count = vec![1_usize; present.len()];
        for key in self.cells.iter().map(|(key, _)| key).chain(self.turned.iter().map(|(key, _)| key)) {
            if let Some(n) = count.get_mut(*key as usize) {
                *n += 1;
            }
        }
        let mut hours: Vec<Vec<Cell>> = count.into_iter().map(Vec::with_capacity).collect();
        let turned = self.turned.into_iter().map(|(key, hour)| (key, hour.cell()));
        for (key, cell) in self.cells.into_iter().chain(turned) {
            if let Some(hours) = hours.get_mut(key as usize) {
                hours.push(cell);
            }
        }
        for (hours, hour) in hours.iter_mut().zip(present) {
            hours.push(hour.cell());
            settle_hours(hours);
        }
        hours
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
            most = most.max(of.cells.len() + of.turned.len());
        }
        (of.finish([now].into_iter()).remove(0), most)
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

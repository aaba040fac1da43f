//! The hours that keys have turned away from, in the order in which they did.
//!
//! A log is nearly in order of time, and every key has its present hour at hand: so an hour that is over is
//! written behind the others and not looked at again until the table is drained.

use crate::evidence::total::{Cell, MOST_HOURS, settle_hours};

/// Hours that may be there twice, or may be too many for their key, at which that is looked into.
const LOOSE: usize = 1 << 16;

/// Cells by the number of their key.
pub(super) struct Hours {
    cells: Vec<(u32, Cell)>,
    /// How many may be there twice, or may be too many for their key.
    loose: usize,
    /// Earliest and latest hour met.
    met: (i64, i64),
}

impl Default for Hours {
    fn default() -> Hours {
        Hours { cells: Vec::new(), loose: 0, met: (i64::MAX, i64::MIN) }
    }
}

impl Hours {
    /// Meets the first hour of a key.
    pub(super) fn meet(&mut self, hour: i64) {
        self.met = (self.met.0.min(hour), self.met.1.max(hour));
    }

    /// Takes the cell of a key that has turned to another hour.
    pub(super) fn put(&mut self, key: u32, cell: Cell, turned_to: i64) {
        // Whoever turns to an earlier hour may have had it before.
        let again = turned_to < self.met.1;
        self.meet(turned_to);
        let most = i64::try_from(MOST_HOURS).unwrap_or(i64::MAX);
        self.loose += usize::from(again || self.met.1 - self.met.0 >= most);
        self.cells.push((key, cell));
        if self.loose > LOOSE.max(self.cells.len() / 2) {
            self.squeeze();
        }
    }

    /// Joins what is there twice or too many for its key.
    #[cold]
    fn squeeze(&mut self) {
        self.loose = 0;
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

    /// The cells of every key, which are as many as there are present ones, in order.
    pub(super) fn finish(self, present: impl ExactSizeIterator<Item = Cell>) -> Vec<Vec<Cell>> {
        let mut count = vec![1_usize; present.len()];
        for (key, _) in &self.cells {
            if let Some(n) = count.get_mut(*key as usize) {
                *n += 1;
            }
        }
        let mut hours: Vec<Vec<Cell>> = count.into_iter().map(Vec::with_capacity).collect();
        for (key, cell) in self.cells {
            if let Some(hours) = hours.get_mut(key as usize) {
                hours.push(cell);
            }
        }
        for (hours, cell) in hours.iter_mut().zip(present) {
            hours.push(cell);
            settle_hours(hours);
        }
        hours
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Time;
    use crate::model::time::HOUR;

    /// The cells of one key with a record in each of these hours.
    fn cells(hours: impl IntoIterator<Item = i64>) -> (Vec<Cell>, usize) {
        let at = |hour: i64| Cell::of(Time::from_micros(hour * HOUR).unwrap(), Some(1), None);
        let mut hours = hours.into_iter();
        let mut now = at(hours.next().unwrap());
        let mut of = Hours::default();
        of.meet(now.hour());
        let mut most = 0;
        for hour in hours {
            if hour == now.hour() {
                now.add(now.first, Some(1), None);
            } else {
                of.put(0, std::mem::replace(&mut now, at(hour)), hour);
            }
            most = most.max(of.cells.len());
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

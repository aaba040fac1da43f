//! A set of minutes, kept as runs: when something was alive.

use crate::model::time::MINUTE;
use crate::model::{Period, Time};
use std::collections::BTreeMap;

/// The most runs kept. A log whose records jump about in time more than this loses resolution, never
/// the other way round: runs are dropped, so silence grows and nothing is claimed to have been alive.
const MOST_RUNS: usize = 100_000;

/// A set of minutes since the epoch, as runs of start to end (inclusive).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Minutes {
    runs: BTreeMap<i64, i64>,
}

impl Minutes {
    /// Adds the minute of an instant.
    pub fn insert(&mut self, time: Time) {
        self.insert_run(time.minute(), time.minute());
    }

    fn insert_run(&mut self, mut start: i64, mut end: i64) {
        if let Some((&s, &e)) = self.runs.range(..=start).next_back() {
            if e >= end {
                return;
            }
            if e >= start - 1 {
                start = s;
            }
        }
        while let Some((&s, &e)) = self.runs.range(start..=end.saturating_add(1)).next() {
            end = end.max(e);
            self.runs.remove(&s);
        }
        if self.runs.len() < MOST_RUNS {
            self.runs.insert(start, end);
        }
    }

    /// Adds all minutes of another set.
    pub fn merge(&mut self, other: &Minutes) {
        for (&start, &end) in &other.runs {
            self.insert_run(start, end);
        }
    }

    /// Whether the set is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The runs, as start and end minute, in order.
    pub fn runs(&self) -> impl Iterator<Item = (i64, i64)> + '_ {
        self.runs.iter().map(|(&s, &e)| (s, e))
    }

    /// The silences inside a period, in order of time: from its start to the first sign of life,
    /// between signs of life, and from the last to its end. Minutes are taken as alive throughout.
    #[must_use]
    pub fn silences(&self, period: Period) -> Vec<Period> {
        let mut silences = Vec::new();
        let mut quiet_since = period.start;
        for (start, end) in self.runs() {
            let alive_from = Time::from_micros(start.saturating_mul(MINUTE)).unwrap_or(Time::EARLIEST);
            let alive_until = Time::from_micros((end + 1).saturating_mul(MINUTE)).unwrap_or(Time::LATEST);
            if alive_until <= period.start {
                continue;
            }
            if alive_from >= period.end {
                break;
            }
            if alive_from > quiet_since {
                silences.push(Period { start: quiet_since, end: alive_from });
            }
            quiet_since = quiet_since.max(alive_until);
        }
        if quiet_since < period.end {
            silences.push(Period { start: quiet_since, end: period.end });
        }
        silences
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Time {
        Time::from_micros(minute * MINUTE).unwrap()
    }

    #[test]
    fn runs_join_in_any_order() {
        let mut forwards = Minutes::default();
        let mut backwards = Minutes::default();
        for m in [1, 2, 3, 7, 5, 6] {
            forwards.insert(at(m));
        }
        for m in [6, 5, 7, 3, 2, 1] {
            backwards.insert(at(m));
        }
        assert_eq!(forwards, backwards);
        assert_eq!(forwards.runs().collect::<Vec<_>>(), [(1, 3), (5, 7)]);
    }

    #[test]
    fn silences_cover_the_ends_of_the_period() {
        let mut alive = Minutes::default();
        alive.insert(at(10));
        alive.insert(at(20));
        let period = Period { start: at(5), end: at(30) };
        let silences: Vec<_> =
            alive.silences(period).iter().map(|p| (p.start.minute(), p.end.minute())).collect();
        assert_eq!(silences, [(5, 10), (11, 20), (21, 30)]);
        assert_eq!(Minutes::default().silences(period), [period]);
    }
}

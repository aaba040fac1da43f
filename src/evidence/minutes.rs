//! A set of minutes, kept as runs: when something was alive.

use crate::model::time::MINUTE;
use crate::model::{Period, Time};
use std::collections::BTreeMap;

/// The most minutes kept, eight years of them: the earliest, so that it does not matter in which order logs
/// are read or merged. Silence grows by it, and nothing is claimed to have been alive.
const MOST_MINUTES: u64 = 1 << 22;

/// A set of minutes since the epoch, as runs of start to end (inclusive).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Minutes {
    runs: BTreeMap<i64, i64>,
    /// How many minutes that are.
    count: u64,
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
            self.remove(s, e);
        }
        self.count += length(start, end);
        self.runs.insert(start, end);
        while self.count > MOST_MINUTES {
            let Some((&s, &e)) = self.runs.last_key_value() else { break };
            self.remove(s, e);
            let keep = length(s, e).saturating_sub(self.count + length(s, e) - MOST_MINUTES);
            if keep > 0 {
                self.count += keep;
                self.runs.insert(s, s.saturating_add_unsigned(keep - 1));
            }
        }
    }

    fn remove(&mut self, start: i64, end: i64) {
        self.runs.remove(&start);
        self.count -= length(start, end);
    }

    /// Adds all minutes of another set.
    pub fn merge(&mut self, other: &Minutes) {
        for (&start, &end) in &other.runs {
            self.insert_run(start, end);
        }
    }

    /// The set of these runs; `None` unless they are as [`Minutes::runs`] gives them.
    #[must_use]
    pub fn from_runs(runs: &[(i64, i64)]) -> Option<Minutes> {
        let within = |m: i64| m.checked_mul(MINUTE).and_then(Time::from_micros).is_some();
        let sound = runs.iter().all(|(s, e)| s <= e && within(*s) && within(*e))
            && runs.is_sorted_by(|a, b| a.1 + 1 < b.0);
        let mut all = Minutes::default();
        sound.then(|| runs.iter().for_each(|(s, e)| all.insert_run(*s, *e)))?;
        all.runs().eq(runs.iter().copied()).then_some(all)
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

/// Minutes of a run.
fn length(start: i64, end: i64) -> u64 {
    end.abs_diff(start) + 1
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
    fn the_earliest_minutes_are_kept_in_any_order() {
        let most = MOST_MINUTES as i64;
        let runs = [(0, 9), (20, most), (most + 50, most + 60), (most + 100, most + 100)];
        let mut forwards = Minutes::default();
        runs.iter().for_each(|(s, e)| forwards.insert_run(*s, *e));
        let mut backwards = Minutes::default();
        runs.iter().rev().for_each(|(s, e)| backwards.insert_run(*s, *e));
        assert_eq!(forwards, backwards);
        assert_eq!(forwards.runs().collect::<Vec<_>>(), [(0, 9), (20, most), (most + 50, most + 58)]);
        let copy = Minutes::from_runs(&forwards.runs().collect::<Vec<_>>()).unwrap();
        assert_eq!(copy, forwards);
        assert_eq!(Minutes::from_runs(&[(0, 3), (4, 5)]), None);
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

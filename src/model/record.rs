//! Records and their counts: the sum that makes "nothing was lost" checkable.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where a record stands in its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct At {
    /// Byte offset of its first byte in the decoded log.
    pub offset: u64,
    /// Length in bytes, without the line end.
    pub length: u64,
    /// Its number among the records of the log, from 1.
    pub record: u64,
    /// Its line number, from 1, in formats made of lines.
    pub line: Option<u64>,
}

/// How the records of a log ended. `read = flows + ignored + rejected`, always.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RecordCounts {
    /// Records met.
    pub read: u64,
    /// Records that became a flow.
    pub flows: u64,
    /// Records that carry no traffic, by reason.
    pub ignored: BTreeMap<String, u64>,
    /// Records that could not be understood, by reason.
    pub rejected: BTreeMap<String, u64>,
}

impl RecordCounts {
    /// Counts one flow.
    pub fn flow(&mut self) {
        self.read += 1;
        self.flows += 1;
    }

    /// Counts one record without traffic.
    pub fn ignore(&mut self, reason: &str) {
        self.read += 1;
        count(&mut self.ignored, reason);
    }

    /// Counts one record that could not be understood.
    pub fn reject(&mut self, reason: &str) {
        self.read += 1;
        count(&mut self.rejected, reason);
    }

    /// All ignored records.
    #[must_use]
    pub fn ignored_total(&self) -> u64 {
        self.ignored.values().sum()
    }

    /// All rejected records.
    #[must_use]
    pub fn rejected_total(&self) -> u64 {
        self.rejected.values().sum()
    }

    /// Whether the sum holds.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        self.read == self.flows + self.ignored_total() + self.rejected_total()
    }

    /// Adds the counts of another stretch of records.
    pub fn add(&mut self, other: &RecordCounts) {
        self.read += other.read;
        self.flows += other.flows;
        for (reason, n) in &other.ignored {
            *self.ignored.entry(reason.clone()).or_default() += n;
        }
        for (reason, n) in &other.rejected {
            *self.rejected.entry(reason.clone()).or_default() += n;
        }
    }
}

fn count(map: &mut BTreeMap<String, u64>, reason: &str) {
    match map.get_mut(reason) {
        Some(n) => *n += 1,
        None => {
            map.insert(reason.to_owned(), 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_add_up_and_add() {
        let mut a = RecordCounts::default();
        a.flow();
        a.ignore("stats");
        a.reject("time is not a number");
        let mut b = a.clone();
        b.add(&a);
        assert!(a.adds_up() && b.adds_up());
        assert_eq!((b.read, b.flows, b.ignored_total(), b.rejected_total()), (6, 2, 2, 2));
    }
}

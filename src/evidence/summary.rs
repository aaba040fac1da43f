//! A summary: everything judging needs of any number of logs, and how two become one.
//!
//! Merge is a partial commutative monoid over coverage. Disjoint logs add; equal logs with equal
//! content are one; the same log with different content, or sets of logs that overlap only in part,
//! cannot be told apart any more and are refused. The empty summary is the identity.

use super::fold::LogFacts;
use super::key::Key;
use super::minutes::Minutes;
use super::total::Total;
use crate::model::{Lane, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

/// That an address goes by a name, as one client knew it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameKey {
    /// Client as logged.
    pub client: Arc<str>,
    /// The address.
    pub address: IpAddr,
    /// The name.
    pub name: Arc<str>,
    /// Where the fact comes from: a look-up, or the named exchange itself.
    pub how: Lane,
}

/// Signs of life of a source's sensor.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SourceLife {
    /// Minutes in which it logged anything at all.
    pub minutes: Minutes,
    /// Statistics it wrote about itself.
    pub statistics: u64,
    /// Most packets it says it lost.
    pub lost: Option<u64>,
}

/// A log that was folded, or passed over.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Log {
    /// What reading found out.
    pub facts: LogFacts,
    /// First and last flow.
    pub seen: Option<(Time, Time)>,
}

/// The evidence of any number of logs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// Logs by source and name: the coverage.
    pub logs: BTreeMap<(Arc<str>, Arc<str>), Log>,
    /// Aggregates.
    pub aggregates: BTreeMap<Key, Total>,
    /// Names of addresses, with the hours in which they were met.
    pub names: BTreeMap<NameKey, BTreeSet<i64>>,
    /// Signs of life by source.
    pub sources: BTreeMap<Arc<str>, SourceLife>,
}

/// Why two summaries cannot become one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MergeRefusal {
    /// The same log with different content.
    Differs {
        /// Source and name of the log.
        log: String,
    },
    /// The sets of logs overlap in part.
    Overlaps {
        /// Source and name of a log both hold.
        log: String,
    },
}

impl fmt::Display for MergeRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MergeRefusal::Differs { log } => write!(f, "`{log}` is in both summaries with different content"),
            MergeRefusal::Overlaps { log } => {
                write!(
                    f,
                    "both summaries hold `{log}`, and each holds other logs too, so it would count twice"
                )
            }
        }
    }
}

impl Summary {
    /// The two as one.
    ///
    /// # Errors
    /// If they overlap without being equal in coverage and content.
    pub fn merge(mut self, other: &Summary) -> Result<Summary, MergeRefusal> {
        let shared: Vec<_> = other.logs.keys().filter(|k| self.logs.contains_key(*k)).collect();
        if let Some(first) = shared.first() {
            let name = |k: &(Arc<str>, Arc<str>)| format!("{}: {}", k.0, k.1);
            for key in &shared {
                let content = |s: &Summary| s.logs.get(*key).map(|l| l.facts.content.clone());
                if content(&self) != content(other) {
                    return Err(MergeRefusal::Differs { log: name(key) });
                }
            }
            if shared.len() == self.logs.len() && shared.len() == other.logs.len() {
                return Ok(self);
            }
            return Err(MergeRefusal::Overlaps { log: name(first) });
        }
        for (key, log) in &other.logs {
            self.logs.insert(key.clone(), log.clone());
        }
        for (key, total) in &other.aggregates {
            match self.aggregates.get_mut(key) {
                Some(mine) => mine.merge(total),
                None => {
                    self.aggregates.insert(key.clone(), total.clone());
                }
            }
        }
        for (key, hours) in &other.names {
            self.names.entry(key.clone()).or_default().extend(hours);
        }
        for (source, life) in &other.sources {
            let mine = self.sources.entry(Arc::clone(source)).or_default();
            mine.minutes.merge(&life.minutes);
            mine.statistics += life.statistics;
            mine.lost = mine.lost.max(life.lost);
        }
        Ok(self)
    }
}

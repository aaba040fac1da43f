//! A summary: everything judging needs of any number of logs, and how two become one.
//!
//! Merge is a partial commutative monoid over coverage. Disjoint ranges of logs add, and join where they
//! touch; equal coverage with equal content is one; any other overlap cannot be told apart any more and
//! is refused. The empty summary is the identity of those that keep as much apart. What is merged is brought into canonical form, so that
//! any way of splitting and merging gives the same bytes.

use super::caps::{self, Caps};
use super::coverage::{self, Range, Shifts};
use super::fold::{LogFacts, LogName};
use super::hour_set::HourSet;
use super::key::Key;
use super::minutes::Minutes;
use super::sorted::Sorted;
use super::total::Total;
use crate::model::{Lane, Time};
use std::collections::BTreeMap;
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
    /// Whether the name is one of the services list: such facts are kept whatever else of its domain folds.
    pub listed: bool,
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

impl SourceLife {
    /// Adds the signs of another part.
    pub(super) fn merge(&mut self, other: &SourceLife) {
        self.minutes.merge(&other.minutes);
        self.statistics += other.statistics;
        self.lost = self.lost.max(other.lost);
    }
}

/// A log that was folded, or passed over.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Log {
    /// What reading found out.
    pub facts: LogFacts,
    /// First and last flow.
    pub seen: Option<(Time, Time)>,
    /// What of it was read, ascending, ranges that touch joined. Nothing, if it was passed over.
    pub ranges: Vec<Range>,
}

/// What a summary depends on besides the logs. Summaries of different bases never become one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Basis {
    /// Name and version of the program.
    pub tool: String,
    /// SHA-256 of the services list, hex.
    pub services: String,
    /// The content detectors.
    pub inspector: String,
    /// Reading options, spelt out.
    pub options: String,
}

impl Basis {
    /// What the other has otherwise, with both values; `None` if nothing.
    #[must_use]
    pub fn differs(&self, other: &Basis) -> Option<String> {
        let parts = [
            ("the program that made them", &self.tool, &other.tool),
            ("the services list", &self.services, &other.services),
            ("the content detectors", &self.inspector, &other.inspector),
            ("the reading options", &self.options, &other.options),
        ];
        let (what, a, b) = parts.into_iter().find(|(_, a, b)| a != b)?;
        Some(format!("{what}: `{a}` and `{b}`"))
    }
}

/// The evidence of any number of logs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// What it depends on; `None` in an empty one.
    pub basis: Option<Arc<Basis>>,
    /// What is kept apart.
    pub caps: Caps,
    /// Logs by source and name: the coverage.
    pub logs: BTreeMap<(Arc<str>, Arc<str>), Log>,
    /// Aggregates.
    pub aggregates: Sorted<Key, Total>,
    /// Names of addresses, with the hours in which they were met, ascending.
    pub names: Sorted<NameKey, HourSet>,
    /// Signs of life by source.
    pub sources: BTreeMap<Arc<str>, SourceLife>,
}

/// Why summaries cannot become one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MergeRefusal {
    /// The same part of a log with different content.
    Differs {
        /// Source and name of the log.
        log: String,
    },
    /// Stretches of a log that were read with different options.
    Options {
        /// Source and name of the log.
        log: String,
    },
    /// Two logs of a source with the same content, each counted.
    Copies {
        /// Source and name of the one.
        log: String,
        /// Name of the other.
        other: String,
    },
    /// Coverage overlaps in part.
    Overlaps {
        /// Source and name of a log both hold.
        log: String,
    },
    /// Ranges touch, but the later one was read as if the earlier had ended otherwise.
    State {
        /// Source and name of the log.
        log: String,
        /// The range to scan again: start and end offset.
        again: (u64, u64),
    },
    /// They were made by different programs, lists, detectors or options.
    Basis {
        /// Which part, and both values.
        what: String,
    },
    /// More notable aggregates than may be kept; they never fold.
    TooMany {
        /// How many there may be.
        most: usize,
    },
}

impl MergeRefusal {
    /// Source and name of the log it is about, if it is about one.
    #[must_use]
    pub fn log(&self) -> Option<&str> {
        match self {
            MergeRefusal::Differs { log }
            | MergeRefusal::Options { log }
            | MergeRefusal::Copies { log, .. }
            | MergeRefusal::Overlaps { log }
            | MergeRefusal::State { log, .. } => Some(log),
            MergeRefusal::Basis { .. } | MergeRefusal::TooMany { .. } => None,
        }
    }
}

impl fmt::Display for MergeRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MergeRefusal::Differs { log } => write!(f, "`{log}` is in both with different content"),
            MergeRefusal::Options { log } => {
                write!(f, "parts of `{log}` were read with different options (format, year, log format)")
            }
            MergeRefusal::Copies { log, other } => {
                write!(f, "`{log}` holds what `{other}` holds, so records would count twice: leave one out")
            }
            MergeRefusal::Overlaps { log } => {
                write!(f, "both hold part of `{log}`, and not the same parts of the same logs")?;
                f.write_str(", so records would count twice")
            }
            MergeRefusal::State { log, again: (start, end) } => write!(
                f,
                "the part of `{log}` from byte {start} to {end} was read under another header than the part \
                 before it ends with: scan the log from its start to {end}"
            ),
            MergeRefusal::Basis { what } => write!(f, "the summaries differ in {what}"),
            MergeRefusal::TooMany { most } => write!(
                f,
                "more than {most} aggregates reach services of the list, and no more are kept: scan fewer logs"
            ),
        }
    }
}

impl Summary {
    /// The summary of one log from the stretches that were read of it, in any order, and from the figures
    /// that were folded of them, in any division.
    ///
    /// # Errors
    /// If a stretch was read as if the one before it had ended otherwise; if there are more notable
    /// aggregates than may be kept.
    pub fn of_log(
        log: &LogName,
        basis: Option<Arc<Basis>>,
        mut stretches: Vec<Log>,
        parts: Vec<Summary>,
    ) -> Result<Summary, MergeRefusal> {
        stretches.sort_by_key(|l| l.ranges.first().map(|r| r.start));
        let mut stretches = stretches.into_iter();
        let mut whole = stretches.next().unwrap_or_default();
        let mut shifts = Vec::new();
        for next in stretches {
            let (joined, _, theirs) = whole.join(next, &format!("{}: {}", log.source, log.name))?;
            whole = joined;
            shifts.extend(theirs);
        }
        let shifts = vec![(Arc::clone(&log.source), Arc::clone(&log.name), shifts)];
        let mut summary = Summary::default();
        // One part alone is folded already.
        let joined = parts.len() > 1;
        for mut part in parts {
            coverage::shift(&mut part.aggregates, &shifts);
            summary.caps = part.caps;
            summary.add_shared(part);
        }
        if joined {
            summary.fold()?;
        }
        summary.basis = basis;
        summary.sources.entry(Arc::clone(&log.source)).or_default();
        summary.logs.insert((Arc::clone(&log.source), Arc::clone(&log.name)), whole);
        Ok(summary)
    }

    /// The two as one.
    ///
    /// # Errors
    /// If they overlap without being equal in coverage and content, or rest on different bases.
    pub fn merge(mut self, mut other: Summary) -> Result<Summary, MergeRefusal> {
        self.basis = same_basis(self.basis, other.basis.take())?;
        // What is of no log adds nothing, and says nothing about what is kept apart if the other is of some.
        match (self.logs.is_empty(), other.logs.is_empty()) {
            (true, false) => return Ok(Summary { basis: self.basis, ..other }),
            (false, true) => return Ok(self),
            _ => {}
        }
        if self.caps != other.caps {
            return Err(MergeRefusal::Basis { what: "how much is kept apart".to_owned() });
        }
        if self.is_same_coverage(&other)? {
            return self.same(other);
        }
        let (mut my_shifts, mut shifts) = (Shifts::new(), Shifts::new());
        for (key, log) in std::mem::take(&mut other.logs) {
            let joined = match self.logs.remove(&key) {
                None => log,
                Some(mine) if mine.ranges.is_empty() && mine == log => log,
                Some(mine) => {
                    let (log, mine, theirs) = mine.join(log, &format!("{}: {}", key.0, key.1))?;
                    my_shifts.push((Arc::clone(&key.0), Arc::clone(&key.1), mine));
                    shifts.push((Arc::clone(&key.0), Arc::clone(&key.1), theirs));
                    log
                }
            };
            self.logs.insert(key, joined);
        }
        coverage::shift(&mut self.aggregates, &my_shifts);
        coverage::shift(&mut other.aggregates, &shifts);
        self.refuse_copies()?;
        self.add(other);
        self.fold()?;
        Ok(self)
    }

    /// The one summary that both are. A digest of a stored log that only one of them knows is kept.
    fn same(mut self, mut other: Summary) -> Result<Summary, MergeRefusal> {
        for ((key, mine), theirs) in self.logs.iter_mut().zip(other.logs.values_mut()) {
            let (a, b) = (&mut mine.facts.sha256, &mut theirs.facts.sha256);
            if a.is_none() {
                *a = b.clone();
            } else if b.is_none() {
                *b = a.clone();
            }
            if mine != theirs {
                return Err(MergeRefusal::Differs { log: format!("{}: {}", key.0, key.1) });
            }
        }
        other.basis = self.basis.clone();
        if self == other {
            return Ok(self);
        }
        let log = self.logs.keys().next().map_or_else(String::new, |(s, l)| format!("{s}: {l}"));
        Err(MergeRefusal::Differs { log })
    }

    /// One scan of all logs would have counted a copy once; it cannot be taken out again.
    fn refuse_copies(&self) -> Result<(), MergeRefusal> {
        let mut met = BTreeMap::new();
        for ((source, name), log) in self.logs.iter().filter(|(_, l)| l.facts.counts.read > 0) {
            let Some(content) = &log.facts.content else { continue };
            if let Some(other) = met.insert((source, content), name) {
                return Err(MergeRefusal::Copies {
                    log: format!("{source}: {name}"),
                    other: other.to_string(),
                });
            }
        }
        Ok(())
    }

    /// Whether the other covers the same stretches of the same logs with the same content.
    fn is_same_coverage(&self, other: &Summary) -> Result<bool, MergeRefusal> {
        let mut all = self.logs.len() == other.logs.len();
        for (key, log) in &other.logs {
            match self.logs.get(key).map(|mine| mine.same_coverage(log)) {
                Some(Some(true)) => {}
                Some(Some(false)) => {
                    return Err(MergeRefusal::Differs { log: format!("{}: {}", key.0, key.1) });
                }
                Some(None) | None => all = false,
            }
        }
        Ok(all)
    }

    /// Folds what is more than the caps keep apart.
    ///
    /// # Errors
    /// If there are more notable aggregates than may be kept.
    pub(super) fn fold(&mut self) -> Result<(), MergeRefusal> {
        caps::fold(&mut self.aggregates, &mut self.names, self.caps)
    }

    /// Adds another summary's figures, whatever it covers.
    pub(super) fn add(&mut self, other: Summary) {
        let mine = std::mem::take(&mut self.aggregates);
        self.aggregates = mine.merge(other.aggregates, Total::join);
        let names = std::mem::take(&mut self.names);
        self.names = names.merge(other.names, join_hours);
        self.add_lives(other.sources);
    }

    /// The same by two threads: parts of a log are there only if as many have read it.
    fn add_shared(&mut self, other: Summary) {
        let mine = std::mem::take(&mut self.aggregates);
        self.aggregates = mine.merge_shared(other.aggregates, Total::join);
        let names = std::mem::take(&mut self.names);
        self.names = names.merge_shared(other.names, join_hours);
        self.add_lives(other.sources);
    }

    fn add_lives(&mut self, sources: BTreeMap<Arc<str>, SourceLife>) {
        for (source, life) in sources {
            self.sources.entry(source).or_default().merge(&life);
        }
    }
}

/// Hours of a name: those of all.
pub(super) fn join_hours<K>(_: &K, mine: &mut HourSet, others: Vec<HourSet>) {
    mine.join(&others);
}

fn same_basis(a: Option<Arc<Basis>>, b: Option<Arc<Basis>>) -> Result<Option<Arc<Basis>>, MergeRefusal> {
    let (a, b) = match (a, b) {
        (Some(a), Some(b)) => (a, b),
        (one, none) => return Ok(one.or(none)),
    };
    a.differs(&b).map_or(Ok(Some(a)), |what| Err(MergeRefusal::Basis { what }))
}

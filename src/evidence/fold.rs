//! Folding: the sink that turns the records of one log, or of a part of it, into a summary.

use super::caps::Caps;
use super::summary::{MergeRefusal, SourceLife, Summary};
use super::table::{Front, Table, Waiting};
use crate::model::text::plural;
use crate::model::time::MINUTE;
use crate::model::{At, RecordCounts, Time};
use crate::services::Services;
use crate::traffic::{Health, NameFact, Settled, Sink};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, Weak};

/// Which log is folded.
#[derive(Debug, Clone)]
pub struct LogName {
    /// Source id.
    pub source: Arc<str>,
    /// Name relative to the source's root, never absolute.
    pub name: Arc<str>,
    /// Seed of sample ranks: the first eight bytes of the BLAKE3 of the log's first stored MiB, so that
    /// a file and a pipe agree.
    pub seed: u64,
}

/// A rejected record and its place. Record and line are counted from the start of the covered range.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Offset of its first byte in the decoded log.
    pub offset: u64,
    /// Its number among the records, from 1.
    pub record: u64,
    /// Its line, from 1, in formats made of lines.
    pub line: Option<u64>,
    /// The reason: fixed words.
    pub reason: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.reason),
            None => write!(f, "record {} at byte {}: {}", self.record, self.offset, self.reason),
        }
    }
}

/// What reading a log found out about it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogFacts {
    /// Format id.
    pub format: Option<String>,
    /// What its reader was told that it does not say itself, spelt out; `None` if nothing.
    pub options: Option<String>,
    /// Why it was not read, if it was not.
    pub skipped: Option<String>,
    /// The log of the same source with the same content, if this is a copy that was not counted.
    pub copy_of: Option<String>,
    /// Record counts.
    pub counts: RecordCounts,
    /// Size as stored, of what was read.
    pub bytes: u64,
    /// SHA-256 as stored, hex.
    pub sha256: Option<String>,
    /// BLAKE3 of the decoded bytes, hex, once all of them were read.
    pub content: Option<String>,
    /// The first rejected records.
    pub problems: Vec<Problem>,
}

impl LogFacts {
    /// Rejected records that are listed with their place.
    pub const MOST_PROBLEMS: usize = 10;

    /// The listed problems as people read them, and how many more there are.
    #[must_use]
    pub fn problem_lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.problems.iter().map(ToString::to_string).collect();
        let listed = lines.len() as u64;
        if self.counts.rejected_total() > listed {
            let more = self.counts.rejected_total() - listed;
            lines.push(format!("and {} more", plural(more, "record", "records")));
        }
        lines
    }
}

/// Folds the records of one log, or of stretches of it. Several may fill one table, each with a thread of its own.
pub struct Fold<'s> {
    services: &'s Services,
    shared: Arc<Shared>,
    front: Front<'s>,
    life: SourceLife,
    minutes: MinutesSeen,
}

/// What those that fill one table share.
struct Shared {
    log: LogName,
    /// Entries at which the table is drained.
    limit: usize,
    counted: Mutex<Counted>,
}

struct Counted {
    table: Table,
    summary: Summary,
    refusal: Option<MergeRefusal>,
    /// Whether more than one has filled it: then there are threads to drain it by.
    shared: bool,
}

impl<'s> Fold<'s> {
    /// A fold of one log with the usual limits.
    #[must_use]
    pub fn new(services: &'s Services, log: LogName) -> Fold<'s> {
        Fold::within(services, log, Caps::default(), Table::LIMIT)
    }

    /// A fold of one log that keeps apart what `caps` say.
    #[must_use]
    pub fn with_caps(services: &'s Services, log: LogName, caps: Caps) -> Fold<'s> {
        Fold::within(services, log, caps, Table::LIMIT)
    }

    /// A fold that keeps apart what `caps` say, and drains its table at `limit` entries. The outcome does
    /// not depend on the latter.
    #[must_use]
    pub fn within(services: &'s Services, log: LogName, caps: Caps, limit: usize) -> Fold<'s> {
        let summary = Summary { caps, ..Summary::default() };
        let counted = Mutex::new(Counted {
            table: Table::new(log.clone(), caps),
            summary,
            refusal: None,
            shared: false,
        });
        Fold::before(services, Arc::new(Shared { log, limit: limit.max(1), counted }))
    }

    fn before(services: &'s Services, shared: Arc<Shared>) -> Fold<'s> {
        let front = shared.counted().table.front(services);
        Fold { services, shared, front, life: SourceLife::default(), minutes: MinutesSeen::default() }
    }

    /// What others can fill the same table by, as long as anybody does.
    #[must_use]
    pub fn seat(&self) -> Seat<'s> {
        Seat { services: self.services, shared: Arc::downgrade(&self.shared) }
    }

    fn alive(&mut self, time: Time) {
        if self.minutes.is_new(time) {
            self.life.minutes.insert(time);
        }
    }

    /// Counts what waits, if enough does; if somebody else is counting, only once there is no room for more.
    fn pass_on(&mut self) {
        if !self.front.is_ready() {
            return;
        }
        let counted = match self.shared.counted.try_lock() {
            Ok(counted) => counted,
            Err(TryLockError::WouldBlock) if !self.front.is_full() => return,
            Err(_) => self.shared.counted(),
        };
        self.shared.count(counted, &mut self.front, None);
    }

    /// The figures of what was folded; `None` as long as another fills the same table, which will give all of
    /// them. Which stretches of the log they cover, [`Summary::of_log`] adds.
    ///
    /// # Errors
    /// If more notable aggregates were met than may be kept.
    pub fn finish(mut self) -> Result<Option<Summary>, MergeRefusal> {
        let mut counted = self.shared.counted();
        if self.life != SourceLife::default() {
            let life = counted.summary.sources.entry(Arc::clone(&self.shared.log.source)).or_default();
            life.merge(&self.life);
        }
        self.shared.count(counted, &mut self.front, None);
        // The last one finds all of them.
        let Some(Shared { counted, .. }) = Arc::into_inner(self.shared) else { return Ok(None) };
        let mut counted = counted.into_inner().unwrap_or_else(PoisonError::into_inner);
        counted.drain();
        counted.refusal.map_or(Ok(Some(counted.summary)), Err)
    }
}

/// A place at a table that is being filled.
pub struct Seat<'s> {
    services: &'s Services,
    shared: Weak<Shared>,
}

impl<'s> Seat<'s> {
    /// A fold into that table; `None` if it is finished.
    #[must_use]
    pub fn take(&self) -> Option<Fold<'s>> {
        let shared = self.shared.upgrade()?;
        shared.counted().shared = true;
        Some(Fold::before(self.services, shared))
    }
}

impl Shared {
    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(
        &self,
        mut counted: MutexGuard<'_, Counted>,
        front: &mut Front<'_>,
        long: Option<(Waiting, &[u8])>,
    ) {
        counted.table.count(front, long);
        if counted.table.is_full(self.limit) {
            counted.drain();
        }
    }
}

impl Counted {
    fn drain(&mut self) {
        let (aggregates, names) = self.table.drain(self.shared);
        // Too many were not folded, and would only become more.
        if self.refusal.is_some() {
            return;
        }
        self.summary.add(Summary { aggregates, names, ..Summary::default() });
        if let Err(refusal) = self.summary.fold() {
            self.refusal = Some(refusal);
            self.summary = Summary::default();
        }
    }
}

impl Sink for Fold<'_> {
    fn record(&mut self, at: At, raw: &[u8], what: Settled<'_, '_>) {
        let Settled::Flow(flow) = what else { return };
        self.alive(flow.time);
        if let Some(long) = self.front.flow(at, raw, flow) {
            self.shared.count(self.shared.counted(), &mut self.front, Some((long, raw)));
        }
        self.pass_on();
    }

    fn name(&mut self, fact: &NameFact<'_>) {
        self.front.looked_up(fact.address, fact.name, fact.client, fact.time);
        self.pass_on();
    }

    fn health(&mut self, health: Health) {
        self.alive(health.time);
        self.life.statistics += 1;
        if let Some(lost) = health.lost {
            self.life.lost = Some(self.life.lost.unwrap_or(0).max(lost));
        }
    }
}

/// Minutes that were told already, of the last few hours met: a log is nearly in order of time.
#[derive(Default)]
struct MinutesSeen {
    /// Where the minute told last begins, in microseconds; none before the first.
    now: Option<i64>,
    windows: [(i64, u64); 4],
}

impl MinutesSeen {
    #[inline]
    fn is_new(&mut self, time: Time) -> bool {
        !self.now.is_some_and(|start| (start..start + MINUTE).contains(&time.micros())) && self.turn(time)
    }

    fn turn(&mut self, time: Time) -> bool {
        let minute = time.minute();
        self.now = Some(minute * MINUTE);
        let (window, bit) = (minute >> 6, 1_u64 << (minute & 63));
        let slots = self.windows.len() as i64;
        let at = usize::try_from(window.rem_euclid(slots)).unwrap_or(0);
        let Some(slot) = self.windows.get_mut(at) else { return true };
        if slot.0 != window {
            *slot = (window, 0);
        }
        let new = slot.1 & bit == 0;
        slot.1 |= bit;
        new
    }
}

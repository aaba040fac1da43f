//! Logs from disk to one summary: each file folded by itself, two at a time, then merged.

use super::shell::Disk;
use super::tree::Found;
use crate::bytes::{Input, ReadAt};
use crate::evidence::{Fold, Log, LogFacts, LogName, Summary};
use crate::model::text::plural;
use crate::services::Services;
use crate::traffic::{Choice, LogRead, ReadOptions, Skip, read};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A log to read.
pub(crate) struct Task {
    pub(crate) source: Arc<str>,
    pub(crate) found: Found,
    /// Forced format.
    pub(crate) format: Option<String>,
    /// What the logs of its source do not say.
    pub(crate) options: Arc<ReadOptions>,
}

/// How many logs are read at a time.
fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(8)
}

/// Reads every log. The result does not depend on how many are read at a time.
pub(crate) fn read_all(tasks: &[Task], services: &Services) -> Result<Summary, String> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            let Some(task) = tasks.get(i) else { return done };
            done.push((i, read_one(task, services)));
        }
    };
    let mut summaries: Vec<(usize, Summary)> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..workers().min(tasks.len().max(1))).map(|_| scope.spawn(work)).collect();
        handles
            .into_iter()
            .map(|h| h.join().map_err(|_| "a reader stopped unexpectedly".to_owned()))
            .collect::<Result<Vec<_>, _>>()
    })?
    .into_iter()
    .flatten()
    .collect();
    summaries.sort_by_key(|(i, _)| *i);
    let mut whole = Summary::default();
    let mut known: BTreeMap<(Arc<str>, String), Arc<str>> = BTreeMap::new();
    for (_, summary) in summaries {
        let summary = without_copies(summary, &mut known);
        // The first is taken as it is: a single large log is not held twice.
        whole = if whole == Summary::default() {
            summary
        } else {
            whole.merge(&summary).map_err(|refusal| refusal.to_string())?
        };
    }
    Ok(whole)
}

/// A log whose decoded content another log of the same source has is a copy, plain or compressed: it is
/// listed and not counted again.
fn without_copies(summary: Summary, known: &mut BTreeMap<(Arc<str>, String), Arc<str>>) -> Summary {
    let Some((key, log)) = summary.logs.iter().next() else { return summary };
    let (Some(content), true) = (&log.facts.content, log.facts.counts.read > 0) else { return summary };
    let identity = (Arc::clone(&key.0), content.clone());
    let Some(first) = known.get(&identity) else {
        known.insert(identity, Arc::clone(&key.1));
        return summary;
    };
    let facts = LogFacts {
        format: log.facts.format.clone(),
        copy_of: Some(first.to_string()),
        bytes: log.facts.bytes,
        sha256: log.facts.sha256.clone(),
        content: log.facts.content.clone(),
        ..LogFacts::default()
    };
    Summary { logs: [(key.clone(), Log { facts, seen: None })].into(), ..Summary::default() }
}

fn read_one(task: &Task, services: &Services) -> Summary {
    let name =
        |seed| LogName { source: Arc::clone(&task.source), name: task.found.name.as_str().into(), seed };
    let skipped = |why: &str| {
        Fold::new(services, name(0)).finish(LogFacts { skipped: Some(why.to_owned()), ..LogFacts::default() })
    };
    if let Some(why) = task.found.refused {
        return skipped(why);
    }
    let disk = match Disk::open(&task.found.path) {
        Ok(disk) => disk,
        Err(e) => return skipped(&format!("it cannot be read: {}", e.kind())),
    };
    let mut first = vec![0; usize::try_from(disk.len().min(1 << 20)).unwrap_or(0)];
    let seed = match disk.read_at(&mut first, 0) {
        Ok(n) => seed(first.get(..n).unwrap_or(&first)),
        Err(e) => return skipped(&format!("it cannot be read: {}", e.kind())),
    };
    let mut fold = Fold::new(services, name(seed));
    let choice = task.format.as_deref().map_or(Choice::Auto, Choice::Forced);
    let done = read(Input::At(&disk), choice, &task.options, &mut fold, &mut |_| {});
    fold.finish(facts(done))
}

fn seed(first: &[u8]) -> u64 {
    blake3::hash(first).as_bytes().iter().take(8).fold(0, |seed, b| (seed << 8) | u64::from(*b))
}

fn facts(read: LogRead) -> LogFacts {
    let mut problems: Vec<String> = read
        .problems
        .iter()
        .map(|p| match p.line {
            Some(line) => format!("line {line}: {}", p.reason),
            None => format!("record {} at byte {}: {}", p.record, p.offset, p.reason),
        })
        .collect();
    let listed = problems.len() as u64;
    if read.counts.rejected_total() > listed {
        problems
            .push(format!("and {} more", plural(read.counts.rejected_total() - listed, "record", "records")));
    }
    // An empty log holds no record and hides none: a rotation leaves one behind.
    let skipped = match (&read.skipped, &read.stopped) {
        (None | Some(Skip::Empty), None) => None,
        (Some(skip), _) => Some(format!("{}; {}", skip.sentence(), skip.help())),
        (None, Some(stop)) => Some(format!(
            "reading stopped at byte {} (line {}, column {}): {}",
            stop.offset, stop.line, stop.column, stop.why
        )),
    };
    LogFacts {
        format: read.format.map(str::to_owned),
        skipped,
        copy_of: None,
        counts: read.counts,
        bytes: read.stored_bytes,
        sha256: read.sha256,
        content: Some(read.content).filter(|c| !c.is_empty()),
        problems,
    }
}

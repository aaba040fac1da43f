//! Logs from disk to one summary: each cut into stretches where its format allows it, which several threads read,
//! two of them into one table; what is in several tables is put together.

use super::job::{Done, Failed, Job, close, fold, hash, prepare, read_whole, seed, stretch};
use super::outcome::{basis, broken_off, log, told, without_copies};
use super::progress::Progress;
use super::shares::Shares;
use super::tree::Found;
use crate::bytes::{Digests, PIECE, ReadAt};
use crate::evidence::{Caps, Fold, Log, LogFacts, MergeRefusal, Seat, Summary};
use crate::services::Services;
use crate::traffic::{ReadOptions, plan};
use std::collections::BTreeMap;
use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Builder;

/// A log to read.
pub(crate) struct Task {
    pub(crate) source: Arc<str>,
    pub(crate) found: Found,
    /// Forced format.
    pub(crate) format: Option<String>,
    /// What the logs of its source do not say.
    pub(crate) options: Arc<ReadOptions>,
}

/// The path that stands for the standard input, and the name of that log.
pub(crate) const STDIN: (&str, &str) = ("-", "standard-input");

/// Threads that go through one run of stretches together and fill one table. More would wait for each other; only
/// those that help with the last of it join them.
const TOGETHER: usize = 2;

/// How logs are read.
pub(crate) struct Reading<'a> {
    pub(crate) services: &'a Services,
    pub(crate) threads: usize,
    /// Whether to compute the SHA-256 of logs.
    pub(crate) sha256: bool,
    pub(crate) caps: Caps,
    pub(crate) progress: &'a Progress,
}

impl<'a> Reading<'a> {
    /// As it is done if nobody says otherwise.
    pub(crate) fn usual(services: &'a Services, progress: &'a Progress) -> Self {
        Reading { services, threads: threads(), sha256: true, caps: Caps::default(), progress }
    }
}

/// How many threads read, if nobody says.
pub(crate) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(8)
}

/// A piece of work.
#[derive(Debug, Clone, Copy)]
enum Unit {
    /// A log from its start to its end.
    Whole(usize),
    /// A stretch of a log.
    Stretch(usize, (u64, u64)),
    /// The SHA-256 of a log that is read in stretches.
    Hash(usize),
}

impl Unit {
    /// The log.
    fn job(self) -> usize {
        let (Unit::Whole(i) | Unit::Stretch(i, _) | Unit::Hash(i)) = self;
        i
    }
}

/// Reads every log. The result does not depend on the number of threads.
pub(crate) fn read_all(tasks: &[Task], reading: &Reading<'_>) -> Result<Summary, Failed> {
    let jobs: Vec<Job<'_>> = tasks.iter().map(|task| prepare(task, reading)).collect();
    let units = units(&jobs, reading);
    reading.progress.start(jobs.iter().map(|j| j.length).sum());
    run(&jobs, &units, reading)?;
    let mut summaries = Vec::new();
    let mut known: BTreeMap<(Arc<str>, String), Arc<str>> = BTreeMap::new();
    for job in &jobs {
        summaries.push(without_copies(assemble(job, reading)?, &mut known));
    }
    reading.progress.end();
    Ok(merge_all(summaries)?)
}

/// Reads one stretch of one log: its records and lines are counted from there.
pub(crate) fn read_range(task: &Task, range: (u64, u64), reading: &Reading<'_>) -> Result<Summary, Failed> {
    let job = Job { plan: None, ..prepare(task, &Reading { threads: 2, ..*reading }) };
    if job.is_stdin() {
        return Err(Failed::Input("a pipe is read from its start to its end: it has no ranges".to_owned()));
    }
    if let Some(why) = job.done().refused.take() {
        return Err(Failed::Input(why));
    }
    let disk = job.open().map_err(Failed::Input)?;
    let plan = plan(&disk, job.choice()).ok_or_else(|| {
        let why = "it is compressed, or of a format that is read from its start to its end only";
        Failed::Input(why.to_owned())
    })?;
    let (start, end) = (range.0, range.1.min(disk.len()));
    if start % PIECE != 0 || start >= end || (end < disk.len() && end % PIECE != 0) {
        let why = format!("a range lies in the log and begins and ends at multiples of {PIECE} bytes");
        return Err(Failed::Input(why));
    }
    let whole = (start, end) == (0, disk.len());
    let job = Job { plan: (!whole).then_some(plan), seed: seed(&disk).map_err(Failed::Input)?, ..job };
    reading.progress.start(end - start);
    let unit = if whole { Unit::Whole(0) } else { Unit::Stretch(0, (start, end)) };
    let jobs = [job];
    run(&jobs, &[unit], &Reading { threads: 1, ..*reading })?;
    let summary = jobs.first().map_or_else(|| Ok(Summary::default()), |job| assemble(job, reading));
    reading.progress.end();
    summary
}

/// Merges neighbours until one is left, so that no figure is moved more often than needed.
pub(crate) fn merge_all(mut summaries: Vec<Summary>) -> Result<Summary, MergeRefusal> {
    while summaries.len() > 1 {
        let mut halved = Vec::with_capacity(summaries.len().div_ceil(2));
        let mut rest = summaries.into_iter();
        while let Some(left) = rest.next() {
            halved.push(match rest.next() {
                Some(right) => left.merge(right)?,
                None => left,
            });
        }
        summaries = halved;
    }
    Ok(summaries.pop().unwrap_or_default())
}

fn units(jobs: &[Job<'_>], reading: &Reading<'_>) -> Vec<Unit> {
    let mut units = Vec::new();
    // Hashing a log is the longest piece of work that cannot be shared: it comes first.
    for (i, job) in jobs.iter().enumerate() {
        if job.plan.is_some() && reading.sha256 {
            units.push(Unit::Hash(i));
        }
    }
    for (i, job) in jobs.iter().enumerate() {
        if job.done().refused.is_some() {
            continue;
        }
        if job.plan.is_none() {
            units.push(Unit::Whole(i));
            continue;
        }
        // Threads that fill one table are to be in the same hour of a log, and none to be left with the last.
        let share = job.length / (reading.threads as u64 * 64);
        let step = share.div_ceil(PIECE).clamp(1, 64) * PIECE;
        let mut start = 0;
        while start < job.length {
            let end = (start + step).min(job.length);
            units.push(Unit::Stretch(i, (start, end)));
            start = end;
        }
    }
    units
}

/// Works through the units with as many threads as asked for.
fn run(jobs: &[Job<'_>], units: &[Unit], reading: &Reading<'_>) -> Result<(), Failed> {
    let threads = reading.threads.min(units.len());
    let shares = Shares::of(units, threads.div_ceil(TOGETHER));
    // Threads that may help with a log that is read from its start to its end.
    let spare = AtomicUsize::new(reading.threads.saturating_sub(threads));
    let take = |n: usize| n.checked_sub(1);
    // Of each run, the table of the log that its threads read at the moment.
    let tables: Vec<Mutex<Option<(usize, Seat<'_>)>>> = (0..shares.len()).map(|_| Mutex::default()).collect();
    let table = |job: usize, run: usize| -> Option<Fold<'_>> {
        let mut table = tables.get(run)?.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, seat)) = table.as_ref().filter(|(of, _)| *of == job)
            && let Some(fold) = seat.take()
        {
            return Some(fold);
        }
        let fold = jobs.get(job).map(|j| fold(j, reading, j.seed))?;
        *table = Some((job, fold.seat()));
        Some(fold)
    };
    let work = |thread: usize| {
        // Stretches of one run that fall to the same thread are folded together.
        let mut open: Option<((usize, usize), Fold<'_>)> = None;
        while let Some((run, unit)) = shares.take(thread / TOGETHER) {
            let i = unit.job();
            let Some(job) = jobs.get(i) else { continue };
            if let Some(((other, _), fold)) = open.take_if(|(place, _)| *place != (i, run))
                && let Some(other) = jobs.get(other)
            {
                close(other, fold);
            }
            match unit {
                Unit::Hash(_) => hash(job),
                Unit::Whole(_) => {
                    let helped = spare.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok();
                    read_whole(job, reading, helped);
                    spare.fetch_add(usize::from(helped), Ordering::Relaxed);
                }
                Unit::Stretch(_, range) => {
                    if open.is_none() {
                        open = table(i, run).map(|fold| ((i, run), fold));
                    }
                    if let Some((_, fold)) = &mut open {
                        stretch(job, range, fold, reading);
                    }
                }
            }
        }
        if let Some(((i, _), fold)) = open
            && let Some(job) = jobs.get(i)
        {
            close(job, fold);
        }
    };
    if threads <= 1 {
        work(0);
        return Ok(());
    }
    std::thread::scope(|scope| {
        let work = &work;
        // The first works here. Of the others the system may refuse some: then fewer do the same work.
        let others: Vec<_> = (1..threads)
            .map_while(|thread| Builder::new().spawn_scoped(scope, move || work(thread)).ok())
            .collect();
        work(0);
        others.into_iter().try_for_each(|other| other.join().map_err(|_| Failed::Stopped))
    })
}

/// Puts together what was read of a log.
fn assemble(job: &Job<'_>, reading: &Reading<'_>) -> Result<Summary, Failed> {
    let basis = Some(basis(reading.services, reading.caps));
    let Done { mut stretches, parts, sha256, digests, too_many, refused } = mem::take(&mut *job.done());
    let name = job.name(0);
    let options = told(job.task);
    let whole = |mut logs: Vec<Log>, mut parts: Vec<Summary>| {
        logs.iter_mut().for_each(|l| l.facts.options.clone_from(&options));
        // A log of which nothing was read is held to the same caps.
        if parts.is_empty() {
            parts.push(Summary { caps: reading.caps, ..Summary::default() });
        }
        Summary::of_log(&name, basis.clone(), logs, parts)
    };
    if let Some(why) = refused {
        let facts = LogFacts { skipped: Some(why), ..LogFacts::default() };
        return Ok(whole(vec![Log { facts, ..Log::default() }], Vec::new())?);
    }
    if job.plan.is_some() && broken_off(&mut stretches) {
        return read_again(job, reading);
    }
    let apart = job.plan.is_some() || digests.is_some();
    let length = digests.as_ref().map_or(job.length, |all| all.decoded_bytes);
    let logs = stretches.into_iter().map(|(range, read)| log(range, read, apart, length)).collect();
    match (whole(logs, parts), too_many) {
        (Ok(_), Some(refusal)) => Err(refusal.into()),
        (Ok(mut summary), None) => {
            if let Some(log) = summary.logs.values_mut().next() {
                match digests {
                    Some(Digests { stored_bytes, content, sha256, .. }) => {
                        log.facts =
                            LogFacts { bytes: stored_bytes, content, sha256, ..mem::take(&mut log.facts) };
                    }
                    None if apart => log.facts.sha256 = sha256,
                    None => {}
                }
            }
            Ok(summary)
        }
        // Its header changes half-way: nothing can be read ahead of it.
        (Err(MergeRefusal::State { .. }), _) if apart => read_again(job, reading),
        (Err(refusal), _) => Err(refusal.into()),
    }
}

/// Reads a log once more, from its start to its end, by one thread.
fn read_again(job: &Job<'_>, reading: &Reading<'_>) -> Result<Summary, Failed> {
    let again = Job { plan: None, done: Mutex::default(), ..*job };
    let jobs = [again];
    run(&jobs, &[Unit::Whole(0)], &Reading { threads: 1, ..*reading })?;
    jobs.first().map_or_else(|| Ok(Summary::default()), |job| assemble(job, reading))
}

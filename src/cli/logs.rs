//! Logs from disk to one summary: each cut into stretches where its format allows it, which several threads read,
//! two of them into one table; what is in several tables is put together.

use super::ahead::Ahead;
use super::outcome::{basis, log, shrunk, told, without_copies};
use super::progress::Progress;
use super::shares::Shares;
use super::shell::Disk;
use super::tree::Found;
use crate::bytes::{Container, Decoded, Feed, Input, Intake, PIECE, ReadAt, Unwrapped};
use crate::evidence::{Caps, Fold, Log, LogFacts, LogName, MergeRefusal, Seat, Summary};
use crate::model::text::hex;
use crate::services::Services;
use crate::traffic::{Choice, LogRead, Plan, ReadOptions, plan, read_decoded, read_stretch, read_within};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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

/// A log as it is being read.
struct Job<'t> {
    task: &'t Task,
    plan: Option<Plan>,
    length: u64,
    /// The seed of its sample ranks, if it is read in stretches.
    seed: u64,
    done: Mutex<Done>,
}

/// What has come of a log so far.
#[derive(Default)]
struct Done {
    stretches: Vec<((u64, u64), LogRead)>,
    parts: Vec<Summary>,
    sha256: Option<String>,
    refused: Option<String>,
}

impl Job<'_> {
    fn done(&self) -> MutexGuard<'_, Done> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn choice(&self) -> Choice<'_> {
        self.task.format.as_deref().map_or(Choice::Auto, Choice::Forced)
    }

    fn name(&self, seed: u64) -> LogName {
        LogName { source: Arc::clone(&self.task.source), name: self.task.found.name.as_str().into(), seed }
    }

    fn is_stdin(&self) -> bool {
        self.task.found.path == Path::new(STDIN.0)
    }

    /// The log, no longer than it was when it was planned: what has grown since is not read.
    fn open(&self) -> Result<Disk, String> {
        let most = if self.plan.is_some() { self.length } else { u64::MAX };
        Disk::open(&self.task.found.path, most).map_err(|e| format!("it cannot be read: {}", e.kind()))
    }
}

/// Reads every log. The result does not depend on the number of threads.
pub(crate) fn read_all(tasks: &[Task], reading: &Reading<'_>) -> Result<Summary, String> {
    let jobs: Vec<Job<'_>> = tasks.iter().map(|task| prepare(task, reading)).collect();
    let units = units(&jobs, reading);
    reading.progress.start(jobs.iter().map(|j| j.length).sum());
    run(&jobs, &units, reading)?;
    reading.progress.end();
    let mut summaries = Vec::new();
    let mut known: BTreeMap<(Arc<str>, String), Arc<str>> = BTreeMap::new();
    for job in &jobs {
        summaries.push(without_copies(assemble(job, reading)?, &mut known));
    }
    merge_all(summaries).map_err(|refusal| refusal.to_string())
}

/// Reads one stretch of one log: its records and lines are counted from there.
pub(crate) fn read_range(task: &Task, range: (u64, u64), reading: &Reading<'_>) -> Result<Summary, String> {
    let job = Job { plan: None, ..prepare(task, &Reading { threads: 2, ..*reading }) };
    if let Some(why) = job.done().refused.take() {
        return Err(why);
    }
    let disk = job.open()?;
    let plan = plan(&disk, job.choice())
        .ok_or("it is compressed, or of a format that is read from its start to its end only")?;
    let (start, end) = (range.0, range.1.min(disk.len()));
    if start % PIECE != 0 || start >= end || (end < disk.len() && end % PIECE != 0) {
        return Err(format!("a range lies in the log and begins and ends at multiples of {PIECE} bytes"));
    }
    let whole = (start, end) == (0, disk.len());
    let job = Job { plan: (!whole).then_some(plan), seed: seed(&disk)?, ..job };
    reading.progress.start(end - start);
    let unit = if whole { Unit::Whole(0) } else { Unit::Stretch(0, (start, end)) };
    let jobs = [job];
    run(&jobs, &[unit], &Reading { threads: 1, ..*reading })?;
    reading.progress.end();
    jobs.first().map_or_else(|| Ok(Summary::default()), |job| assemble(job, reading))
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

/// Looks at a log without reading it.
fn prepare<'t>(task: &'t Task, reading: &Reading<'_>) -> Job<'t> {
    let mut job = Job { task, plan: None, length: 0, seed: 0, done: Mutex::default() };
    if job.is_stdin() {
        return job;
    }
    match task.found.refused.map_or_else(|| job.open(), |why| Err(why.to_owned())) {
        Ok(disk) => {
            job.length = disk.len();
            if reading.threads > 1 && disk.len() >= 2 * PIECE {
                job.plan = plan(&disk, job.choice());
                match seed(&disk) {
                    Ok(seed) => job.seed = seed,
                    Err(why) => job.done().refused = Some(why),
                }
            }
        }
        Err(why) => job.done().refused = Some(why),
    }
    job
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
fn run(jobs: &[Job<'_>], units: &[Unit], reading: &Reading<'_>) -> Result<(), String> {
    let threads = reading.threads.min(units.len());
    let shares = Shares::of(units, threads.div_ceil(TOGETHER));
    let alone = units.len() < reading.threads;
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
    let work = |thread: usize| -> Result<(), String> {
        // Stretches of one run that fall to the same thread are folded together.
        let mut open: Option<((usize, usize), Fold<'_>)> = None;
        while let Some((run, unit)) = shares.take(thread / TOGETHER) {
            let i = unit.job();
            let Some(job) = jobs.get(i) else { continue };
            if let Some(((other, _), fold)) = open.take_if(|(place, _)| *place != (i, run)) {
                close(jobs.get(other), fold)?;
            }
            match unit {
                Unit::Hash(_) => hash(job),
                Unit::Whole(_) => {
                    if let Some((read, fold)) = read_whole(job, reading, alone) {
                        let range = (0, read.decoded_bytes);
                        job.done().stretches.push((range, read));
                        close(Some(job), fold)?;
                    }
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
        open.map_or(Ok(()), |((i, _), fold)| close(jobs.get(i), fold))
    };
    if threads <= 1 {
        return work(0);
    }
    std::thread::scope(|scope| {
        let work = &work;
        let handles: Vec<_> = (0..threads).map(|thread| scope.spawn(move || work(thread))).collect();
        handles
            .into_iter()
            .try_for_each(|h| h.join().map_err(|_| "a reader stopped unexpectedly".to_owned())?)
    })
}

/// Reads a stretch of a log.
fn stretch(job: &Job<'_>, range: (u64, u64), fold: &mut Fold<'_>, reading: &Reading<'_>) {
    let disk = match job.open() {
        Ok(disk) => disk,
        Err(why) => {
            job.done().refused = Some(why);
            return;
        }
    };
    let Some(plan) = &job.plan else { return };
    let mut before = 0;
    let mut progress = |n| reading.progress.add(&mut before, n);
    let intake = Intake { sha256: false, ..Intake::default() };
    let mut read = read_stretch(plan, &disk, range, intake, &job.task.options, fold, &mut progress);
    if read.decoded_bytes < range.1 - range.0 && read.stopped.is_none() {
        shrunk(&mut read, (range.0, 0));
    }
    job.done().stretches.push((range, read));
}

fn fold<'s>(job: &Job<'_>, reading: &Reading<'s>, seed: u64) -> Fold<'s> {
    Fold::with_caps(reading.services, job.name(seed), reading.caps)
}

fn close(job: Option<&Job<'_>>, fold: Fold<'_>) -> Result<(), String> {
    let part = fold.finish().map_err(|refusal| refusal.to_string())?;
    if let Some(job) = job {
        job.done().parts.extend(part);
    }
    Ok(())
}

/// Reads a log from its start to its end. A thread of its own reads ahead if there is one to spare.
fn read_whole<'s>(job: &Job<'_>, reading: &Reading<'s>, alone: bool) -> Option<(LogRead, Fold<'s>)> {
    let intake = Intake { sha256: reading.sha256, ..Intake::default() };
    let mut before = 0;
    let mut progress = |n| reading.progress.add(&mut before, n);
    let options = &*job.task.options;
    let outcome = if job.is_stdin() {
        let mut first = Vec::new();
        let mut stdin = io::stdin().lock();
        let read = (&mut stdin).take(PIECE).read_to_end(&mut first);
        read.map_err(|e| format!("it cannot be read: {}", e.kind())).map(|_| {
            let mut fold = fold(job, reading, seed_of(&first));
            let mut stream = Sendable(first.as_slice().chain(io::stdin()));
            drop(stdin);
            let input = Input::Stream(&mut stream);
            (read_within(intake, input, job.choice(), options, &mut fold, &mut progress), fold)
        })
    } else {
        job.open().and_then(|disk| {
            let mut fold = fold(job, reading, seed(&disk)?);
            let (unwrapped, container) = Unwrapped::open(Input::At(&disk), intake)?;
            let ahead = alone && reading.threads > 1;
            let mut go = |feed: Box<dyn Feed + '_>| {
                let decoded = Decoded::fed(feed, intake);
                read_decoded(decoded, container, intake, job.choice(), options, &mut fold, &mut progress)
            };
            let mut read = if ahead {
                std::thread::scope(|scope| go(Box::new(Ahead::of(unwrapped, intake, scope))))
            } else {
                go(Box::new(unwrapped))
            };
            if container == Container::Plain && read.stored_bytes < disk.len() && read.stopped.is_none() {
                let line = read.lines + 1;
                shrunk(&mut read, (0, line));
            }
            Ok((read, fold))
        })
    };
    outcome.map_err(|why| job.done().refused = Some(why)).ok()
}

/// The first MiB of the standard input, and the rest of it.
struct Sendable<R>(R);

impl<R: Read> Read for Sendable<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }
}

/// SHA-256 of a log that others read.
fn hash(job: &Job<'_>) {
    let Ok(disk) = job.open() else { return };
    let mut sha = Sha256::new();
    let mut buf = vec![0; 128 << 10];
    let mut at = 0;
    while let Ok(got) = disk.read_at(&mut buf, at) {
        if got == 0 {
            if at == job.length && disk.is_whole() {
                job.done().sha256 = Some(hex(sha.finalize()));
            }
            return;
        }
        sha.update(buf.get(..got).unwrap_or_default());
        at += got as u64;
    }
}

/// The seed of sample ranks: from the first stored MiB, so that a file and a pipe agree.
fn seed(log: &dyn ReadAt) -> Result<u64, String> {
    let mut first = vec![0; usize::try_from(log.len().min(PIECE)).unwrap_or(0)];
    let mut have = 0;
    while let Some(room) = first.get_mut(have..).filter(|r| !r.is_empty()) {
        match log.read_at(room, have as u64).map_err(|e| format!("it cannot be read: {}", e.kind()))? {
            0 => break,
            got => have += got,
        }
    }
    Ok(seed_of(first.get(..have).unwrap_or_default()))
}

fn seed_of(first: &[u8]) -> u64 {
    blake3::hash(first).as_bytes().iter().take(8).fold(0, |seed, b| (seed << 8) | u64::from(*b))
}

/// Puts together what was read of a log.
fn assemble(job: &Job<'_>, reading: &Reading<'_>) -> Result<Summary, String> {
    let basis = Some(basis(reading.services, reading.caps));
    let Done { stretches, parts, sha256, refused } = std::mem::take(&mut *job.done());
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
        return whole(vec![Log { facts, ..Log::default() }], Vec::new()).map_err(|e| e.to_string());
    }
    let (apart, length) = (job.plan.is_some(), job.length);
    let logs = stretches.into_iter().map(|(range, read)| log(range, read, apart, length)).collect();
    match whole(logs, parts) {
        Ok(mut summary) => {
            if let Some(log) = summary.logs.values_mut().next()
                && apart
            {
                log.facts.sha256 = sha256;
            }
            Ok(summary)
        }
        // Its header changes half-way: nothing can be read ahead of it.
        Err(MergeRefusal::State { .. }) if apart => {
            let again = Job { plan: None, done: Mutex::default(), ..*job };
            let jobs = [again];
            run(&jobs, &[Unit::Whole(0)], &Reading { threads: 1, ..*reading })?;
            jobs.first().map_or_else(|| Ok(Summary::default()), |job| assemble(job, reading))
        }
        Err(refusal) => Err(refusal.to_string()),
    }
}

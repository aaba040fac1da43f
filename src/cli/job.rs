//! One log as it is being read: opened, read whole or by the stretch into a fold, hashed.

use super::exit;
use super::logs::{Reading, STDIN, Task};
use super::outcome::shrunk;
use super::shell::Disk;
use crate::bytes::{Container, Decoded, Digests, Input, Intake, PIECE, ReadAt};
use crate::evidence::{Fold, LogName, MergeRefusal, Summary};
use crate::model::text::hex;
use crate::traffic::{Choice, Plan, Stretch, Turn, Turns, plan, read_decoded, read_stretch, read_within};
use sha2::{Digest, Sha256};
use std::fmt;
use std::io::{self, Read};
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Why logs give no figures.
#[derive(Debug)]
pub(crate) enum Failed {
    /// What they hold is more than is kept, or contradicts itself.
    Refused(MergeRefusal),
    /// What was asked for is not to be had of this log.
    Input(String),
    /// A thread is gone, which is a fault of the program.
    Stopped,
}

impl Failed {
    /// The exit code.
    pub(crate) fn code(&self) -> u8 {
        if let Failed::Stopped = self { exit::INTERNAL } else { exit::INVALID }
    }
}

impl From<MergeRefusal> for Failed {
    fn from(refusal: MergeRefusal) -> Failed {
        Failed::Refused(refusal)
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failed::Refused(refusal) => refusal.fmt(f),
            Failed::Input(why) => f.write_str(why),
            Failed::Stopped => f.write_str("a reader stopped unexpectedly"),
        }
    }
}

/// A log as it is being read.
pub(super) struct Job<'t> {
    pub(super) task: &'t Task,
    pub(super) plan: Option<Plan>,
    pub(super) length: u64,
    /// The seed of its sample ranks, if it is read in stretches.
    pub(super) seed: u64,
    pub(super) done: Mutex<Done>,
}

/// What has come of a log so far.
#[derive(Default)]
pub(super) struct Done {
    pub(super) stretches: Vec<Stretch>,
    pub(super) parts: Vec<Summary>,
    pub(super) sha256: Option<String>,
    /// What all of it is, if it was read in turns.
    pub(super) digests: Option<Digests>,
    /// Why what was folded of it gives no figures.
    pub(super) too_many: Option<MergeRefusal>,
    pub(super) refused: Option<String>,
}

impl Job<'_> {
    pub(super) fn done(&self) -> MutexGuard<'_, Done> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn choice(&self) -> Choice<'_> {
        self.task.format.as_deref().map_or(Choice::Auto, Choice::Forced)
    }

    pub(super) fn name(&self, seed: u64) -> LogName {
        LogName { source: Arc::clone(&self.task.source), name: self.task.found.name.as_str().into(), seed }
    }

    pub(super) fn is_stdin(&self) -> bool {
        self.task.found.path == Path::new(STDIN.0)
    }

    /// The log, no longer than it was when it was planned: what has grown since is not read.
    pub(super) fn open(&self) -> Result<Disk, String> {
        let most = if self.plan.is_some() { self.length } else { u64::MAX };
        Disk::open(&self.task.found.path, most).map_err(|e| format!("it cannot be read: {}", e.kind()))
    }
}

/// Looks at a log without reading it.
pub(super) fn prepare<'t>(task: &'t Task, reading: &Reading<'_>) -> Job<'t> {
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

/// Reads a stretch of a log.
pub(super) fn stretch(job: &Job<'_>, range: (u64, u64), fold: &mut Fold<'_>, reading: &Reading<'_>) {
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

/// A fold of a log whose sample ranks have a seed.
pub(super) fn fold<'s>(job: &Job<'_>, reading: &Reading<'s>, seed: u64) -> Fold<'s> {
    Fold::with_caps(reading.services, job.name(seed), reading.caps)
}

/// Ends a fold and keeps what it gives, which is nothing as long as others fill its table, or why it gives nothing.
pub(super) fn close(job: &Job<'_>, fold: Fold<'_>) {
    let part = fold.finish();
    let mut done = job.done();
    match part {
        Ok(part) => done.parts.extend(part),
        Err(refusal) => done.too_many = Some(refusal),
    }
}

/// Reads a log from its start to its end; with another thread in turns, if there is one to spare.
pub(super) fn read_whole(job: &Job<'_>, reading: &Reading<'_>, spare: bool) {
    let intake = Intake { sha256: reading.sha256, ..Intake::default() };
    let outcome = if job.is_stdin() {
        read_stdin(job, reading, intake)
    } else {
        job.open().and_then(|disk| read_disk(job, &disk, reading, intake, spare))
    };
    match outcome {
        Ok(folds) => folds.into_iter().for_each(|fold| close(job, fold)),
        Err(why) => job.done().refused = Some(why),
    }
}

fn read_stdin<'s>(job: &Job<'_>, reading: &Reading<'s>, intake: Intake) -> Result<Vec<Fold<'s>>, String> {
    let mut before = 0;
    let mut progress = |n| reading.progress.add(&mut before, n);
    let mut first = Vec::new();
    let read = io::stdin().lock().take(PIECE).read_to_end(&mut first);
    read.map_err(|e| format!("it cannot be read: {}", e.kind()))?;
    let mut fold = fold(job, reading, seed_of(&first));
    let mut stream = first.as_slice().chain(io::stdin());
    let input = Input::Stream(&mut stream);
    let read = read_within(intake, input, job.choice(), &job.task.options, &mut fold, &mut progress);
    job.done().stretches.push(((0, read.decoded_bytes), read));
    Ok(vec![fold])
}

fn read_disk<'s>(
    job: &Job<'_>,
    disk: &Disk,
    reading: &Reading<'s>,
    intake: Intake,
    spare: bool,
) -> Result<Vec<Fold<'s>>, String> {
    let mut before = 0;
    let mut progress = |n| reading.progress.add(&mut before, n);
    let (choice, options) = (job.choice(), &*job.task.options);
    let mut fold = fold(job, reading, seed(disk)?);
    let (decoded, container) = Decoded::open(Input::At(disk), intake)?;
    // A compressed log may end early or late without being shorter than it was.
    let is_cut = |stored: u64| container == Container::Plain && stored < disk.len();
    if !spare || disk.len() <= intake.block as u64 {
        let mut read = read_decoded(decoded, container, intake, choice, options, &mut fold, &mut progress);
        if is_cut(read.stored_bytes) && read.stopped.is_none() {
            let line = read.lines + 1;
            shrunk(&mut read, (0, line));
        }
        job.done().stretches.push(((0, read.decoded_bytes), read));
        return Ok(vec![fold]);
    }
    let turns = Turns::open(decoded, container, intake, choice, options, &mut progress);
    let (taken, folds) = share(&turns, fold);
    let (mut stretches, mut digests) = turns.end(taken);
    let whole = stretches.iter().all(|(_, read)| read.stopped.is_none());
    if is_cut(digests.stored_bytes) && whole {
        let lines: u64 = stretches.iter().map(|(_, read)| read.lines).sum();
        if let Some(((start, _), read)) = stretches.last_mut() {
            shrunk(read, (*start, lines + 1));
            digests.sha256 = None;
        }
    }
    let mut done = job.done();
    done.stretches = stretches;
    done.digests = Some(digests);
    Ok(folds)
}

/// Takes turns with another thread, which fills the same table. If there can be none, alone.
fn share<'s>(turns: &Turns<'_>, mut fold: Fold<'s>) -> (Vec<Turn>, Vec<Fold<'s>>) {
    std::thread::scope(|scope| {
        let seat = fold.seat();
        let help = move || {
            let mut fold = seat.take()?;
            Some((turns.take(&mut fold), fold))
        };
        let helper =
            turns.is_shared().then(|| std::thread::Builder::new().spawn_scoped(scope, help).ok()).flatten();
        let mut taken = turns.take(&mut fold);
        let mut folds = vec![fold];
        if let Some(helper) = helper
            && let Some((theirs, fold)) = helper.join().unwrap_or_else(|panic| resume_unwind(panic))
        {
            taken.extend(theirs);
            folds.push(fold);
        }
        (taken, folds)
    })
}

/// SHA-256 of a log that others read.
pub(super) fn hash(job: &Job<'_>) {
    let Ok(disk) = job.open() else { return };
    let mut sha = Sha256::new();
    let mut buf = vec![0; 128 << 10];
    let mut at = 0;
    loop {
        match disk.read_at(&mut buf, at) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return,
            Ok(0) => break,
            Ok(got) => {
                sha.update(buf.get(..got).unwrap_or_default());
                at += got as u64;
            }
        }
    }
    if at == job.length && disk.is_whole() {
        job.done().sha256 = Some(hex(sha.finalize()));
    }
}

/// The seed of sample ranks: from the first stored MiB, so that a file and a pipe agree.
pub(super) fn seed(log: &dyn ReadAt) -> Result<u64, String> {
    let mut first = vec![0; usize::try_from(log.len().min(PIECE)).unwrap_or(0)];
    let mut have = 0;
    while let Some(room) = first.get_mut(have..).filter(|r| !r.is_empty()) {
        match log.read_at(room, have as u64) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(format!("it cannot be read: {}", e.kind())),
            Ok(0) => break,
            Ok(got) => have += got,
        }
    }
    Ok(seed_of(first.get(..have).unwrap_or_default()))
}

fn seed_of(first: &[u8]) -> u64 {
    blake3::hash(first).as_bytes().iter().take(8).fold(0, |seed, b| (seed << 8) | u64::from(*b))
}

//! One log as it is being read: opened, read whole or by the stretch into a fold, hashed.

use super::ahead::Ahead;
use super::logs::{Reading, STDIN, Task};
use super::outcome::shrunk;
use super::shell::Disk;
use crate::bytes::{Container, Decoded, Feed, Input, Intake, PIECE, ReadAt, Unwrapped};
use crate::evidence::{Fold, LogName, Summary};
use crate::model::text::hex;
use crate::traffic::{Choice, LogRead, Plan, plan, read_decoded, read_stretch, read_within};
use sha2::{Digest, Sha256};
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
    pub(super) stretches: Vec<((u64, u64), LogRead)>,
    pub(super) parts: Vec<Summary>,
    pub(super) sha256: Option<String>,
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

    fn is_stdin(&self) -> bool {
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

/// Ends a fold and keeps what it gives, which is nothing as long as others fill its table.
pub(super) fn close(job: Option<&Job<'_>>, fold: Fold<'_>) -> Result<(), String> {
    let part = fold.finish().map_err(|refusal| refusal.to_string())?;
    if let Some(job) = job {
        job.done().parts.extend(part);
    }
    Ok(())
}

/// Reads a log from its start to its end. A thread of its own reads ahead if there is one to spare.
pub(super) fn read_whole<'s>(
    job: &Job<'_>,
    reading: &Reading<'s>,
    alone: bool,
) -> Option<(LogRead, Fold<'s>)> {
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
pub(super) fn hash(job: &Job<'_>) {
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
pub(super) fn seed(log: &dyn ReadAt) -> Result<u64, String> {
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

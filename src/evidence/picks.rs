//! Records chosen as samples while a log is read, and their bytes until they are hashed.
//!
//! Most choices are soon replaced by better ones, and hashing costs more than anything else a scan does:
//! so the bytes are held, and hashed when the choice is final or memory asks for it.
//!
//! A record is often chosen in more than one respect: it is there once, and a key knows its choices by
//! number. The latest record changes with nearly every record, so it is kept apart from the others.

use super::total::Sample;
use crate::model::{At, Time};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Records longer than this are hashed at once.
pub(super) const LONGEST: usize = 16 << 10;

/// A record that may become a sample.
pub(super) struct Candidate<'r> {
    pub(super) at: At,
    pub(super) time: Time,
    pub(super) bytes_out: Option<u64>,
    /// Its place in the fixed random order of all records.
    pub(super) rank: u64,
    pub(super) raw: &'r [u8],
}

/// A chosen record: one cache line.
#[derive(Clone, Copy)]
struct Pick {
    time: Time,
    rank: u64,
    bytes_out: Option<u64>,
    offset: u64,
    length: u64,
    record: u64,
    /// 0 if there is none.
    line: u64,
}

impl Pick {
    fn of(record: &Candidate<'_>) -> Pick {
        let Candidate { at, time, bytes_out, rank, .. } = *record;
        let At { offset, length, record, line } = at;
        Pick { time, rank, bytes_out, offset, length, record, line: line.unwrap_or(0) }
    }

    fn sample(&self, log: &Arc<str>, sha256: Option<Box<[u8; 32]>>) -> Sample {
        let Pick { time, rank, bytes_out, offset, length, record, line } = *self;
        let at = At { offset, length, record, line: Some(line).filter(|l| *l > 0) };
        Sample { time, log: Arc::clone(log), at, sha256, bytes_out, rank }
    }
}

/// A record's bytes, or their hash.
#[derive(Default)]
enum Body {
    /// Neither is kept.
    #[default]
    None,
    Held(Vec<u8>),
    Digest(Box<[u8; 32]>),
}

impl Body {
    /// Takes the bytes of another record. `held` is the memory that all bodies take.
    fn fill(&mut self, raw: &[u8], held: &mut usize) {
        if raw.len() > LONGEST {
            self.clear(held);
            *self = Body::Digest(digest(raw));
        } else if let Body::Held(bytes) = self {
            *held = held.saturating_sub(bytes.capacity());
            bytes.clear();
            bytes.extend_from_slice(raw);
            *held += bytes.capacity();
        } else {
            *held += raw.len();
            *self = Body::Held(raw.to_vec());
        }
    }

    fn clear(&mut self, held: &mut usize) {
        if let Body::Held(bytes) = std::mem::take(self) {
            *held = held.saturating_sub(bytes.capacity());
        }
    }

    /// The hash. Nothing is there afterwards.
    fn finish(&mut self) -> Option<Box<[u8; 32]>> {
        match std::mem::take(self) {
            Body::None => None,
            Body::Held(bytes) => Some(digest(&bytes)),
            Body::Digest(digest) => Some(digest),
        }
    }
}

fn digest(raw: &[u8]) -> Box<[u8; 32]> {
    Box::new(Sha256::digest(raw).into())
}

/// No record.
const NONE: u32 = u32::MAX;

/// The choices of one key but for its latest record, by number.
#[derive(Clone, Copy)]
struct Choice {
    earliest: u32,
    largest: u32,
    lowest: u32,
    second: u32,
}

impl Choice {
    /// Which of them keeps a hash, if only one does: see [`super::key::Key::is_notable`].
    fn lead(self) -> u32 {
        if self.largest == NONE { self.lowest } else { self.largest }
    }

    /// Each record of it, once.
    fn records(self) -> impl Iterator<Item = u32> {
        let all = [self.earliest, self.largest, self.lowest, self.second];
        let first = move |i: &usize| all.iter().position(|n| Some(n) == all.get(*i)) == Some(*i);
        (0..all.len()).filter(first).filter_map(move |i| all.get(i).copied()).filter(|n| *n != NONE)
    }

    fn contains(self, record: u32) -> bool {
        [self.earliest, self.largest, self.lowest, self.second].contains(&record)
    }
}

/// From where on a record is one of the choices: most are not, which a glance at this tells.
#[derive(Clone, Copy)]
pub(super) struct Bar {
    earliest: Time,
    largest: u64,
    rank: u64,
}

impl Bar {
    pub(super) fn rank(self) -> u64 {
        self.rank
    }

    pub(super) fn admits(&self, next: &Candidate<'_>) -> bool {
        next.time <= self.earliest
            || next.rank <= self.rank
            || next.bytes_out.is_some_and(|n| n >= self.largest)
    }
}

/// The chosen records of all keys of a table.
#[derive(Default)]
pub(super) struct Picks {
    records: Vec<Pick>,
    bodies: Vec<Body>,
    /// Numbers that are free again.
    free: Vec<u32>,
    /// By key.
    choices: Vec<Choice>,
    /// By key.
    latest: Vec<Pick>,
    /// By key. Where the latest record is one of the other choices, only its bytes there may be kept.
    latest_bodies: Vec<Body>,
    /// Memory of the bytes that wait to be hashed.
    held: usize,
}

impl Picks {
    /// The first record of the next key, and what its next is held against.
    pub(super) fn first(&mut self, record: &Candidate<'_>) -> Bar {
        self.latest.push(Pick::of(record));
        self.latest_bodies.push(Body::None);
        let only = self.add(record);
        let largest = if record.bytes_out.is_some() { only } else { NONE };
        // One of them is the one that keeps a hash.
        self.fill(only, record.raw);
        let choice = Choice { earliest: only, largest, lowest: only, second: NONE };
        self.choices.push(choice);
        self.bar(choice)
    }

    /// Takes another record of a key if it is later. Ties go to the lower rank.
    pub(super) fn consider_latest(&mut self, key: usize, next: &Candidate<'_>, every: bool) {
        let Some(latest) = self.latest.get_mut(key) else { return };
        if next.time > latest.time || (next.time == latest.time && next.rank < latest.rank) {
            *latest = Pick::of(next);
            if every && let Some(body) = self.latest_bodies.get_mut(key) {
                body.fill(next.raw, &mut self.held);
            }
        }
    }

    /// Takes another record of a key wherever it fits better. Ties go to the lower rank. `every` says that
    /// all samples of the key keep a hash. Gives what the record after it is held against.
    pub(super) fn consider(&mut self, key: usize, next: &Candidate<'_>, every: bool) -> Option<Bar> {
        let before = *self.choices.get(key)?;
        let new = self.add(next);
        let (time, rank) = (next.time, next.rank);
        let mut after = before;
        if self.get(before.earliest).is_none_or(|e| (time, rank) < (e.time, e.rank)) {
            after.earliest = new;
        }
        let smaller =
            |l: Pick| next.bytes_out > l.bytes_out || (next.bytes_out == l.bytes_out && rank < l.rank);
        if next.bytes_out.is_some() && self.get(before.largest).is_none_or(smaller) {
            after.largest = new;
        }
        if self.get(before.lowest).is_none_or(|l| rank < l.rank) {
            (after.lowest, after.second) = (new, before.lowest);
        } else if self.get(before.second).is_none_or(|s| rank < s.rank) {
            after.second = new;
        }
        for old in before.records() {
            if !after.contains(old) {
                self.let_go(key, old, every);
            } else if !every && old != after.lead() {
                self.clear(old);
            }
        }
        if !after.contains(new) {
            self.free.push(new);
        } else if every || new == after.lead() {
            self.fill(new, next.raw);
        }
        if let Some(choice) = self.choices.get_mut(key) {
            *choice = after;
        }
        Some(self.bar(after))
    }

    /// Looks at what another record of a key will change, so that it is at hand then.
    pub(super) fn touch(&self, key: usize) -> u64 {
        self.latest.get(key).map_or(0, |l| l.rank)
    }

    /// What the next record of a key is held against.
    fn bar(&self, choice: Choice) -> Bar {
        Bar {
            earliest: self.get(choice.earliest).map_or(Time::LATEST, |e| e.time),
            largest: self.get(choice.largest).and_then(|l| l.bytes_out).unwrap_or(0),
            rank: self.get(choice.second).map_or(u64::MAX, |s| s.rank),
        }
    }

    /// Memory of the bytes that wait to be hashed.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// Hashes what is held.
    pub(super) fn hash(&mut self) {
        for body in self.bodies.iter_mut().chain(&mut self.latest_bodies) {
            if let Body::Held(bytes) = body {
                *body = Body::Digest(digest(bytes));
            }
        }
        self.held = 0;
    }

    /// The samples of a key; a record that was chosen more than once is there once.
    pub(super) fn samples(&mut self, key: usize, log: &Arc<str>) -> Vec<Sample> {
        let Some(choice) = self.choices.get(key).copied() else { return Vec::new() };
        let mut samples = Vec::with_capacity(choice.records().count() + 1);
        for record in choice.records() {
            let sha256 = self.bodies.get_mut(record as usize).and_then(Body::finish);
            samples.extend(self.get(record).map(|p| p.sample(log, sha256)));
        }
        if let (Some(latest), Some(body)) = (self.latest.get(key), self.latest_bodies.get_mut(key)) {
            match samples.iter_mut().find(|s| s.at.offset == latest.offset) {
                Some(same) if same.sha256.is_none() => same.sha256 = body.finish(),
                Some(_) => {}
                None => samples.push(latest.sample(log, body.finish())),
            }
        }
        samples.sort_unstable();
        samples
    }

    fn get(&self, record: u32) -> Option<Pick> {
        self.records.get(record as usize).copied()
    }

    /// A number for a record, without its bytes.
    fn add(&mut self, record: &Candidate<'_>) -> u32 {
        let pick = Pick::of(record);
        if let Some(free) = self.free.pop() {
            if let Some(slot) = self.records.get_mut(free as usize) {
                *slot = pick;
            }
            return free;
        }
        self.records.push(pick);
        self.bodies.push(Body::None);
        u32::try_from(self.records.len() - 1).unwrap_or(NONE)
    }

    fn fill(&mut self, record: u32, raw: &[u8]) {
        if let Some(body) = self.bodies.get_mut(record as usize) {
            body.fill(raw, &mut self.held);
        }
    }

    fn clear(&mut self, record: u32) {
        if let Some(body) = self.bodies.get_mut(record as usize) {
            body.clear(&mut self.held);
        }
    }

    /// Frees the number of a record that is chosen no more. If it is still the latest and `every` sample
    /// keeps a hash, its bytes are kept there.
    fn let_go(&mut self, key: usize, record: u32, every: bool) {
        self.free.push(record);
        let offset = self.get(record).map(|p| p.offset);
        if every
            && self.latest.get(key).map(|l| l.offset) == offset
            && let (Some(body), Some(of_latest @ Body::None)) =
                (self.bodies.get_mut(record as usize), self.latest_bodies.get_mut(key))
        {
            *of_latest = std::mem::take(body);
        }
        self.clear(record);
    }
}

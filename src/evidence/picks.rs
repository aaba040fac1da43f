//! Records chosen as samples while a log is read, and their bytes until they are hashed.
//!
//! Most choices are soon replaced by better ones, and hashing costs more than anything else a scan does:
//! so the bytes are held, and hashed when the choice is final or memory asks for it.

use super::total::Sample;
use crate::model::{At, Time};
use sha2::{Digest, Sha256};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

/// Records longer than this are hashed at once.
const LONGEST: usize = 16 << 10;

/// Bytes that are held by all picks of a table.
pub(super) type Meter = Rc<Cell<usize>>;

/// A record's bytes, or their hash.
struct Held {
    state: RefCell<State>,
    meter: Meter,
}

enum State {
    Bytes(Box<[u8]>),
    Digest([u8; 32]),
}

impl Held {
    fn new(raw: &[u8], meter: &Meter) -> Held {
        let state = if raw.len() > LONGEST {
            State::Digest(Sha256::digest(raw).into())
        } else {
            meter.set(meter.get() + raw.len());
            State::Bytes(raw.into())
        };
        Held { state: RefCell::new(state), meter: Rc::clone(meter) }
    }

    /// The hash. The bytes are gone afterwards.
    fn digest(&self) -> [u8; 32] {
        let mut state = self.state.borrow_mut();
        match &*state {
            State::Digest(digest) => *digest,
            State::Bytes(bytes) => {
                let digest = Sha256::digest(bytes).into();
                self.meter.set(self.meter.get().saturating_sub(bytes.len()));
                *state = State::Digest(digest);
                digest
            }
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let State::Bytes(bytes) = self.state.get_mut() {
            self.meter.set(self.meter.get().saturating_sub(bytes.len()));
        }
    }
}

/// A record that may become a sample.
pub(super) struct Candidate<'r> {
    pub(super) at: At,
    pub(super) time: Time,
    pub(super) bytes_out: Option<u64>,
    /// Its place in the fixed random order of all records.
    pub(super) rank: u64,
    pub(super) raw: &'r [u8],
    pub(super) meter: &'r Meter,
    /// Made when first needed, shared by the choices it fits.
    pub(super) body: Body,
}

/// Bytes of a candidate that some choice holds already.
#[derive(Default)]
pub(super) struct Body(Option<Rc<Held>>);

impl Candidate<'_> {
    fn pick(&mut self, with_hash: bool) -> Pick {
        let held = with_hash
            .then(|| Rc::clone(self.body.0.get_or_insert_with(|| Rc::new(Held::new(self.raw, self.meter)))));
        Pick { at: self.at, time: self.time, bytes_out: self.bytes_out, rank: self.rank, held }
    }
}

struct Pick {
    at: At,
    time: Time,
    bytes_out: Option<u64>,
    rank: u64,
    held: Option<Rc<Held>>,
}

/// The latest record of a key. It changes with nearly every record, so it is kept apart from the other choices.
pub(super) struct Latest(Pick);

impl Latest {
    /// Hashes what is held: memory asks for it.
    pub(super) fn hash(&self) {
        if let Some(held) = &self.0.held {
            let _ = held.digest();
        }
    }

    pub(super) fn new(first: &mut Candidate<'_>, every: bool) -> Latest {
        Latest(first.pick(every))
    }

    /// Takes another record if it is later. Ties go to the lower rank.
    pub(super) fn consider(&mut self, next: &mut Candidate<'_>, every: bool) {
        let Pick { time, rank, .. } = self.0;
        if next.time > time || (next.time == time && next.rank < rank) {
            self.0 = next.pick(every);
        }
    }
}

/// From where on a record is one of the other choices: most are not, which a glance at this tells.
#[derive(Clone, Copy)]
pub(super) struct Bar {
    earliest: Time,
    largest: Option<u64>,
    rank: u64,
}

impl Bar {
    pub(super) fn admits(&self, next: &Candidate<'_>) -> bool {
        next.time <= self.earliest
            || next.rank <= self.rank
            || (next.bytes_out.is_some() && next.bytes_out >= self.largest)
    }
}

/// The other choices for one key. Which of them keep a hash: see [`super::key::Key::is_notable`].
pub(super) struct Picks {
    earliest: Pick,
    largest: Option<Pick>,
    lowest: Pick,
    second: Option<Pick>,
}

impl Picks {
    /// The choices when there is one record. `every` says that all samples of the key keep a hash.
    pub(super) fn new(first: &mut Candidate<'_>, every: bool) -> Picks {
        let sized = first.bytes_out.is_some();
        Picks {
            earliest: first.pick(every),
            largest: sized.then(|| first.pick(true)),
            lowest: first.pick(every || !sized),
            second: None,
        }
    }

    /// Takes another record wherever it fits better. Ties go to the lower rank.
    pub(super) fn consider(&mut self, next: &mut Candidate<'_>, every: bool) {
        let (time, rank) = (next.time, next.rank);
        if (time, rank) < (self.earliest.time, self.earliest.rank) {
            self.earliest = next.pick(every);
        }
        if next.bytes_out.is_some() {
            let smaller =
                |l: &Pick| next.bytes_out > l.bytes_out || (next.bytes_out == l.bytes_out && rank < l.rank);
            if self.largest.as_ref().is_none_or(smaller) {
                self.largest = Some(next.pick(true));
            }
        }
        let lead = every || self.largest.is_none();
        if rank < self.lowest.rank {
            let old = std::mem::replace(&mut self.lowest, next.pick(lead));
            self.second = Some(old);
        } else if self.second.as_ref().is_none_or(|s| rank < s.rank) {
            self.second = Some(next.pick(every));
        }
        if !every {
            self.lowest.held.take_if(|_| !lead);
            if let Some(second) = &mut self.second {
                second.held = None;
            }
        }
    }

    /// Hashes what is held: memory asks for it.
    pub(super) fn hash(&self) {
        let Picks { earliest, largest, lowest, second } = self;
        let all = [Some(earliest), largest.as_ref(), Some(lowest), second.as_ref()];
        for held in all.into_iter().flatten().filter_map(|p| p.held.as_ref()) {
            let _ = held.digest();
        }
    }

    /// What the next record is held against.
    pub(super) fn bar(&self) -> Bar {
        Bar {
            earliest: self.earliest.time,
            largest: self.largest.as_ref().and_then(|l| l.bytes_out),
            rank: self.second.as_ref().map_or(u64::MAX, |s| s.rank),
        }
    }

    /// The samples; a record that was chosen more than once is there once.
    pub(super) fn samples(self, latest: Latest, log: &Arc<str>) -> Vec<Sample> {
        let Picks { earliest, largest, lowest, second } = self;
        let latest = latest.0;
        let mut picks: Vec<Pick> =
            [Some(earliest), Some(latest), largest, Some(lowest), second].into_iter().flatten().collect();
        picks.sort_by_key(|p| (p.at.offset, p.held.is_none()));
        picks.dedup_by_key(|p| p.at.offset);
        let sample = |p: Pick| Sample {
            time: p.time,
            log: Arc::clone(log),
            at: p.at,
            sha256: p.held.map(|h| Box::new(h.digest())),
            bytes_out: p.bytes_out,
            rank: p.rank,
        };
        let mut samples: Vec<Sample> = picks.into_iter().map(sample).collect();
        samples.sort_unstable();
        samples
    }
}

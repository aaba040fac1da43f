//! Records chosen as samples while a log is read, and their bytes until they are hashed.
//!
//! Most choices are soon replaced by better ones, and hashing costs more than anything else a scan does:
//! so the bytes are held, and hashed when the choice is final or memory asks for it.
//!
//! A record is often chosen in more than one respect: it is there once, and a key knows its choices by
//! their places. The latest record changes with nearly every record, so it is kept apart from the others.

mod bodies;

use super::rank::Order;
use super::total::Sample;
use crate::model::{At, Time};
pub(super) use bodies::LONGEST;
use bodies::{Bodies, Body};
use std::sync::Arc;

/// A record that may become a sample.
pub(super) struct Candidate<'r> {
    pub(super) at: At,
    pub(super) time: Time,
    pub(super) bytes_out: Option<u64>,
    /// Its place in the fixed random order of all records.
    pub(super) rank: u64,
    pub(super) raw: &'r [u8],
}

/// A chosen record, in three quarters of a cache line. Its rank follows from its offset.
#[derive(Clone, Copy)]
struct Pick {
    time: Time,
    offset: u64,
    record: u64,
    /// 0 if there is none.
    line: u64,
    /// 0 if unknown.
    bytes_out: u64,
    /// The length in bytes, and in the highest bit whether bytes out are known. No record is longer than the
    /// 256 MiB that readers take.
    length: u32,
    body: Body,
}

const SIZED: u32 = 1 << 31;

impl Pick {
    fn of(record: &Candidate<'_>) -> Pick {
        let Candidate { at, time, bytes_out, .. } = *record;
        let At { offset, length, record, line } = at;
        let length = u32::try_from(length).map_or(SIZED - 1, |l| l.min(SIZED - 1));
        let sized = if bytes_out.is_some() { SIZED } else { 0 };
        let (line, bytes_out) = (line.unwrap_or(0), bytes_out.unwrap_or(0));
        Pick { time, offset, record, line, bytes_out, length: length | sized, body: Body::NONE }
    }

    fn bytes_out(&self) -> Option<u64> {
        (self.length & SIZED != 0).then_some(self.bytes_out)
    }

    fn sample(&self, log: &Arc<str>, rank: u64, sha256: Option<[u8; 32]>) -> Sample {
        let Pick { time, offset, record, line, length, .. } = *self;
        let length = u64::from(length & !SIZED);
        let at = At { offset, length, record, line: Some(line).filter(|l| *l > 0) };
        Sample { time, log: Arc::clone(log), at, sha256, bytes_out: self.bytes_out(), rank }
    }
}

/// Records of a key that are chosen besides the latest, at most.
const PLACES: usize = 4;
/// No place.
const NONE: u8 = u8::MAX;
/// The place of a record that has none yet.
const NEW: u8 = u8::MAX - 1;

/// Where the choices of a key are, but for its latest record.
#[derive(Clone, Copy)]
struct Choice {
    earliest: u8,
    largest: u8,
    lowest: u8,
    second: u8,
}

impl Choice {
    /// Which of them keeps a hash, if only one does: see [`super::key::Key::is_notable`].
    fn lead(self) -> u8 {
        if self.largest == NONE { self.lowest } else { self.largest }
    }

    fn contains(self, place: u8) -> bool {
        self.earliest == place || self.largest == place || self.lowest == place || self.second == place
    }

    /// The places that are taken, ascending.
    fn places(self) -> impl Iterator<Item = u8> {
        (0..PLACES as u8).filter(move |place| self.contains(*place))
    }

    /// A place that none of them takes.
    fn free(self) -> u8 {
        (0..PLACES as u8).find(|place| !self.contains(*place)).unwrap_or(NONE)
    }

    /// The same with the new record at a place.
    fn placed(self, place: u8) -> Choice {
        let at = |other: u8| if other == NEW { place } else { other };
        let Choice { earliest, largest, lowest, second } = self;
        Choice { earliest: at(earliest), largest: at(largest), lowest: at(lowest), second: at(second) }
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
    pub(super) fn admits(&self, next: &Candidate<'_>) -> bool {
        next.time <= self.earliest
            || next.rank <= self.rank
            || next.bytes_out.is_some_and(|n| n >= self.largest)
    }
}

/// The chosen records of a key. What every record looks at comes first.
#[repr(C)]
pub(super) struct Chosen {
    latest: Pick,
    choice: Choice,
    picks: [Pick; PLACES],
}

impl Chosen {
    fn get(&self, place: u8) -> Option<&Pick> {
        self.picks.get(usize::from(place))
    }

    fn body(&mut self, place: u8) -> Option<&mut Body> {
        self.picks.get_mut(usize::from(place)).map(|p| &mut p.body)
    }
}

/// Chooses records, and keeps the bytes of those that are chosen.
pub(super) struct Picks {
    order: Order,
    bodies: Bodies,
}

impl Picks {
    pub(super) fn new(order: Order) -> Picks {
        Picks { order, bodies: Bodies::default() }
    }

    /// The choices of a key with one record, and what its next is held against.
    pub(super) fn first(&mut self, record: &Candidate<'_>) -> (Chosen, Bar) {
        let latest = Pick::of(record);
        let largest = if record.bytes_out.is_some() { 0 } else { NONE };
        let choice = Choice { earliest: 0, largest, lowest: 0, second: NONE };
        let mut picks = [latest; PLACES];
        // It is the one that keeps a hash.
        let [first, ..] = &mut picks;
        self.bodies.fill(&mut first.body, record.raw);
        let chosen = Chosen { latest, choice, picks };
        let bar = self.bar(&chosen);
        (chosen, bar)
    }

    /// Takes another record of a key if it is later. Ties go to the lower rank. `every` says that all samples
    /// of the key keep a hash.
    #[inline]
    pub(super) fn consider_latest(&mut self, chosen: &mut Chosen, next: &Candidate<'_>, every: bool) {
        let latest = &mut chosen.latest;
        if next.time > latest.time || (next.time == latest.time && next.rank < self.order.rank(latest.offset))
        {
            *latest = Pick { body: latest.body, ..Pick::of(next) };
            // Where the latest record is one of the other choices, only its bytes there may be kept.
            if every {
                self.bodies.fill(&mut latest.body, next.raw);
            }
        }
    }

    /// Takes another record of a key wherever it fits better. Ties go to the lower rank. Gives what the record
    /// after it is held against.
    pub(super) fn consider(&mut self, chosen: &mut Chosen, next: &Candidate<'_>, every: bool) -> Bar {
        let order = self.order;
        let before = chosen.choice;
        let rank_of = |place: u8| chosen.get(place).map(|p| order.rank(p.offset));
        let mut after = before;
        let of_earliest = chosen.get(before.earliest).map(|e| (e.time, order.rank(e.offset)));
        if of_earliest.is_none_or(|earliest| (next.time, next.rank) < earliest) {
            after.earliest = NEW;
        }
        let smaller = |l: &Pick| {
            next.bytes_out > l.bytes_out()
                || (next.bytes_out == l.bytes_out() && next.rank < order.rank(l.offset))
        };
        if next.bytes_out.is_some() && chosen.get(before.largest).is_none_or(smaller) {
            after.largest = NEW;
        }
        if rank_of(before.lowest).is_none_or(|lowest| next.rank < lowest) {
            (after.lowest, after.second) = (NEW, before.lowest);
        } else if rank_of(before.second).is_none_or(|second| next.rank < second) {
            after.second = NEW;
        }
        for old in before.places() {
            let gone = !after.contains(old);
            let offset = chosen.get(old).map(|p| p.offset);
            let latest = Some(chosen.latest.offset) == offset && chosen.latest.body == Body::NONE;
            let Some(body) = chosen.body(old) else { continue };
            if gone && every && latest {
                // It is still the latest record.
                chosen.latest.body = std::mem::replace(body, Body::NONE);
            } else if gone || (!every && old != after.lead()) {
                self.bodies.clear(body);
            }
        }
        if after.contains(NEW) {
            let place = after.free();
            let leads = after.lead() == NEW;
            chosen.choice = after.placed(place);
            if let Some(slot) = chosen.picks.get_mut(usize::from(place)) {
                *slot = Pick::of(next);
                if every || leads {
                    self.bodies.fill(&mut slot.body, next.raw);
                }
            }
        }
        self.bar(chosen)
    }

    /// What the next record of a key is held against.
    fn bar(&self, chosen: &Chosen) -> Bar {
        let choice = chosen.choice;
        Bar {
            earliest: chosen.get(choice.earliest).map_or(Time::LATEST, |e| e.time),
            largest: chosen.get(choice.largest).and_then(Pick::bytes_out).unwrap_or(0),
            rank: chosen.get(choice.second).map_or(u64::MAX, |s| self.order.rank(s.offset)),
        }
    }

    /// Hashes what is held, if that has become much.
    pub(super) fn relieve(&mut self) {
        self.bodies.relieve();
    }

    /// Hashes all that is held; no record is chosen any more.
    pub(super) fn finish(&mut self) {
        self.bodies.finish();
    }

    /// The samples of a key; a record that was chosen more than once is there once.
    pub(super) fn samples(&self, chosen: &Chosen, log: &Arc<str>) -> Vec<Sample> {
        let sample = |p: &Pick| p.sample(log, self.order.rank(p.offset), self.bodies.digest(p.body));
        let picks = || chosen.choice.places().filter_map(|place| chosen.get(place));
        let latest = &chosen.latest;
        let apart = picks().all(|p| p.offset != latest.offset);
        // No more room than it takes: there are many of these lists.
        let mut samples = Vec::with_capacity(picks().count() + usize::from(apart));
        samples.extend(picks().map(sample));
        if apart {
            samples.push(sample(latest));
        } else if let Some(same) = samples.iter_mut().find(|s| s.at.offset == latest.offset) {
            same.sha256 = same.sha256.or_else(|| self.bodies.digest(latest.body));
        }
        samples.sort_unstable();
        samples
    }
}

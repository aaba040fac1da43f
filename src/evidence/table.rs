//! The hot table: flows of one log as they come, by interned key.
//!
//! What a record costs is waiting for memory. So all that is kept of a key stands in one place ([`Entry`]), what
//! every record looks at first; only what seldom changes is in lists of its own, by the number of the key. Flows
//! come in batches from the fronts of those that read ([`Front`]), with numbers for names from one [`Register`].
//! When the table has grown to its limit it is drained into a canonical summary, where caps apply: memory does not
//! follow what a log makes up.

mod chunks;
mod crowds;
mod drain;
mod facts;
mod front;
mod hours;
mod packed;
mod parties;
mod queue;
mod register;
mod tally;

use super::caps::Caps;
use super::fold::LogName;
use super::hour_set::HourSet;
use super::key::{Key, Traits};
use super::magnitudes::Magnitudes;
use super::picks::{Bar, Candidate, Chosen, Picks};
use super::rank::Order;
use super::sorted::Sorted;
use super::spellings::seeded;
use super::summary::NameKey;
use super::total::Total;
use crate::bytes::simd::prefetch;
use crate::model::Time;
use crate::services::Services;
use chunks::Chunks;
use crowds::Crowds;
use facts::{Fact, Facts, Told};
pub(super) use front::Front;
use hashbrown::HashTable;
use hours::{Hour, Hours, Span};
use packed::{Packed, is_notable};
pub(super) use queue::Waiting;
use register::Register;
use rustc_hash::FxSeededState;
use std::collections::HashMap;
use std::sync::Arc;
use tally::Tally;

/// Entries at which a table is drained.
const ENTRIES: usize = 1 << 16;
/// Names of parties at which it is.
const NAMES: usize = 1 << 17;
/// Bytes of hours that are over at which it is.
const HOURS: usize = 64 << 20;
/// Hours of name facts at which it is.
const MET: usize = 1 << 21;

/// The aggregates and names that a drained table held.
pub(super) type Drained = (Sorted<Key, Total>, Sorted<NameKey, HourSet>);

/// A key and what is kept of it, in one place: waiting for memory is what a record costs. What every record
/// looks at comes first, in four cache lines.
#[repr(C, align(64))]
struct Entry {
    key: Packed,
    /// What another record has to pass to be one of the choices.
    bar: Bar,
    /// The hour at hand, which nearly every record falls into.
    now: Hour,
    tally: Tally,
    /// The name facts told last.
    told: [Told; 2],
    chosen: Chosen,
}

impl Entry {
    fn prefetch(&self) {
        prefetch(&self.key);
        prefetch(&self.tally);
        prefetch(&self.told);
        prefetch(&self.chosen);
    }
}

/// The table of one log, or of a run of its stretches.
pub(super) struct Table {
    log: LogName,
    order: Order,
    hasher: FxSeededState,
    register: Arc<Register>,
    index: HashTable<u32>,
    entries: Chunks<Entry>,
    /// By entry.
    traits: Vec<Traits>,
    /// By entry: what did not fit into its tally, if anything.
    magnitudes: HashMap<u32, Magnitudes, FxSeededState>,
    picks: Picks,
    hours: Hours,
    span: Span,
    facts: Facts,
    caps: Caps,
    crowds: Crowds,
}

impl Table {
    pub(super) fn new(log: LogName, caps: Caps) -> Table {
        Table::hashing(log, caps, seeded())
    }

    fn hashing(log: LogName, caps: Caps, hasher: FxSeededState) -> Table {
        let order = Order { seed: log.seed };
        Table {
            log,
            order,
            register: Arc::new(Register::new(&hasher, caps)),
            facts: Facts::new(hasher.clone()),
            magnitudes: HashMap::with_hasher(hasher.clone()),
            caps,
            crowds: Crowds::new(hasher.clone(), caps.clients),
            hasher,
            index: HashTable::new(),
            entries: Chunks::default(),
            traits: Vec::new(),
            picks: Picks::new(order),
            hours: Hours::default(),
            span: Span::of(Time::EARLIEST),
        }
    }

    /// What one more reader puts its flows in front of it with.
    pub(super) fn front<'s>(&self, services: &'s Services) -> Front<'s> {
        Front::new(services, self.order, self.hasher.clone(), Arc::clone(&self.register))
    }

    /// Whether it should be drained before it takes more.
    pub(super) fn is_full(&self, entries: usize) -> bool {
        let many = self.entries.len() >= entries || self.facts.len() >= entries;
        let long = self.hours.size() >= HOURS || self.facts.met() >= MET;
        many || long || self.register.len() >= NAMES
    }

    /// The usual limit of [`Table::is_full`].
    pub(super) const LIMIT: usize = ENTRIES;

    /// Counts what waits in front of it, and a flow that is too long to wait.
    pub(super) fn count(&mut self, front: &mut Front<'_>, long: Option<(Waiting, &[u8])>) {
        let (mut long, raw) = long.unzip();
        front.renumber(&self.register, long.as_mut());
        for (flows, records) in front.queue.groups() {
            // Where each is, most likely: the memory of all of them is asked for before any of it is needed.
            for flow in flows {
                let Some(place) = self.index.find(flow.hash, |_| true) else { continue };
                self.entries.get(*place as usize).into_iter().for_each(Entry::prefetch);
            }
            records.for_each(|(flow, raw)| self.take(flow, raw));
        }
        for (fact, hour) in front.queue.facts() {
            self.facts.take(*fact, *hour);
        }
        front.queue.clear();
        if let (Some(flow), Some(raw)) = (long, raw) {
            self.take(&flow, raw);
        }
        self.picks.relieve();
    }

    fn take(&mut self, flow: &Waiting, raw: &[u8]) {
        let (key, record) = (flow.key, flow.candidate(raw));
        if !self.span.contains(flow.time) {
            self.span = Span::of(flow.time);
        }
        let notable = is_notable(&key, flow.traits);
        let mut fact = flow.named.map(|address| {
            let Packed { client, server, .. } = key;
            Fact { client, server, address, how: flow.traits.lane }
        });
        let mut found = (self.find(flow.hash, &key), key, flow.hash);
        if let (None, false) = (found.0, notable)
            && let Some(client) = self.crowds.stand_in(key, &self.register)
        {
            let key = Packed { client, ..key };
            let hash = key.hash(&self.hasher);
            found = (self.find(hash, &key), key, hash);
            // Keys of many clients remember no fact of one.
            if let Some(fact) = fact.take() {
                self.facts.take(fact, self.span.hour);
            }
        }
        let id = match found {
            (Some(id), ..) => {
                self.again(id, &record, flow.bytes_in, notable);
                id
            }
            (None, key, hash) => self.insert((key, hash), flow, &record),
        };
        if let Some(fact) = fact {
            self.name(id, fact, self.span.hour);
        }
    }

    fn find(&self, hash: u64, key: &Packed) -> Option<u32> {
        let same = |i: &u32| self.entries.get(*i as usize).is_some_and(|e| e.key == *key);
        self.index.find(hash, same).copied()
    }

    /// Counts another record of a key.
    fn again(&mut self, id: u32, record: &Candidate<'_>, bytes_in: Option<u64>, notable: bool) {
        let Some(entry) = self.entries.get_mut(id as usize) else { return };
        let (time, bytes_out) = (record.time, record.bytes_out);
        if !entry.now.add(time, &self.span, bytes_out, bytes_in) {
            let next = Hour::of(time, bytes_out, bytes_in);
            self.hours.put(id, std::mem::replace(&mut entry.now, next), self.span.hour);
        }
        if let Some(bytes) = bytes_out
            && let Some((bits, n)) = entry.tally.add(bytes)
        {
            self.magnitudes.entry(id).or_default().join([Magnitudes::of([(bits, n)])].iter());
        }
        self.picks.consider_latest(&mut entry.chosen, record, notable);
        if entry.bar.admits(record) {
            entry.bar = self.picks.consider(&mut entry.chosen, record, notable);
        }
    }

    /// Takes the first record of a key.
    fn insert(&mut self, (key, hash): (Packed, u64), flow: &Waiting, record: &Candidate<'_>) -> u32 {
        let id = id(self.entries.len());
        let now = Hour::of(record.time, record.bytes_out, flow.bytes_in);
        self.hours.meet(self.span.hour);
        let (tally, large) = Tally::of(record.bytes_out);
        if let Some(bits) = large {
            self.magnitudes.insert(id, Magnitudes::of([(bits, 1)]));
        }
        let (chosen, bar) = self.picks.first(record);
        let told = [Told::NOTHING; 2];
        self.entries.push(Entry { key, bar, now, tally, told, chosen });
        self.traits.push(flow.traits);
        let (entries, hasher) = (&self.entries, &self.hasher);
        let hash_of = |i: &u32| entries.get(*i as usize).map_or(0, |e| e.key.hash(hasher));
        self.index.insert_unique(hash, id, hash_of);
        id
    }

    /// Takes the name fact of a record.
    fn name(&mut self, entry: u32, fact: Fact, hour: i64) {
        let Some(Entry { told: [last, other], .. }) = self.entries.get_mut(entry as usize) else { return };
        if !last.is_of(fact.address) {
            std::mem::swap(last, other);
        }
        if last.is_of(fact.address) {
            if last.turn(hour) {
                self.facts.again(last.number, hour);
            }
        } else {
            *last = Told::of(fact.address, hour, self.facts.take(fact, hour));
        }
    }
}

fn id(n: usize) -> u32 {
    // A table is drained long before: this cannot be reached, and would only join what belongs apart.
    u32::try_from(n).unwrap_or(u32::MAX)
}

//! The hot table: flows of one log as they come, by interned key.
//!
//! What a record costs is waiting for memory. So what every record of a key changes stands in two cache
//! lines ([`Entry`]) and one more for the latest record; all else is in lists of its own, by the number of
//! the key, and is touched when it has to be. When the table has grown to its limit it is drained into a
//! canonical summary, where caps apply: memory does not follow what a log makes up.

mod drain;
mod facts;
mod hours;
mod packed;
mod parties;
mod queue;
mod tally;

use super::key::{Key, Traits};
use super::picks::{Bar, Candidate, Picks};
use super::sorted::Sorted;
use super::spellings::seeded;
use super::summary::NameKey;
use super::total::{Cell, Magnitudes, Total};
use crate::inspect;
use crate::model::net::fold_mapped;
use crate::model::{At, DataKinds, Flow, Lane, Time};
use crate::services::Services;
use facts::{Fact, Facts};
use hashbrown::HashTable;
use hours::Hours;
use packed::{NO_PORT, Packed};
use parties::{Parties, Verdict};
use queue::{Queue, TOGETHER, Waiting};
use rustc_hash::FxSeededState;
use std::hint::black_box;
use std::net::IpAddr;
use std::sync::Arc;
use tally::Tally;

/// Entries at which a table is drained.
const ENTRIES: usize = 1 << 16;
/// Bytes of records held for hashing at which they are hashed.
const HELD: usize = 8 << 20;

/// The aggregates and names that a drained table held.
pub(super) type Drained = (Sorted<Key, Total>, Sorted<NameKey, Vec<i64>>);

/// What every record of a key looks at: two cache lines.
#[repr(align(64))]
struct Entry {
    key: Packed,
    /// What another record has to pass to be one of the choices.
    bar: Bar,
    tally: Tally,
    /// The hour at hand, which nearly every record falls into.
    now: Cell,
}

/// The last name fact of a key: its address, hour and number, so that it is not told again and again.
type Named = Option<(IpAddr, i64, u32)>;

/// The table of one log.
pub(super) struct Table<'s> {
    services: &'s Services,
    source: Arc<str>,
    log: Arc<str>,
    hasher: FxSeededState,
    parties: Parties<'s>,
    index: HashTable<u32>,
    entries: Vec<Entry>,
    /// By entry.
    traits: Vec<Traits>,
    /// By entry: what did not fit into its tally.
    magnitudes: Vec<Magnitudes>,
    /// By entry.
    named: Vec<Named>,
    picks: Picks,
    hours: Hours,
    facts: Facts,
    queue: Queue,
}

impl<'s> Table<'s> {
    pub(super) fn new(services: &'s Services, source: Arc<str>, log: Arc<str>) -> Table<'s> {
        let hasher = seeded();
        Table {
            services,
            source,
            log,
            parties: Parties::new(services, hasher.clone()),
            facts: Facts::new(hasher.clone()),
            hasher,
            index: HashTable::new(),
            entries: Vec::new(),
            traits: Vec::new(),
            magnitudes: Vec::new(),
            named: Vec::new(),
            picks: Picks::default(),
            hours: Hours::default(),
            queue: Queue::default(),
        }
    }

    /// Whether it should be drained before it takes more.
    pub(super) fn is_full(&self, entries: usize) -> bool {
        self.entries.len() >= entries || self.facts.len() >= entries
    }

    /// The usual limit of [`Table::is_full`].
    pub(super) const LIMIT: usize = ENTRIES;

    /// Counts a flow. `rank` is the record's place in the fixed random order.
    pub(super) fn flow(&mut self, at: At, raw: &[u8], flow: &Flow<'_>, rank: u64) {
        let address = flow.server_address.map(fold_mapped);
        let client = self.parties.client(flow.client);
        let server = self.parties.server(flow.server_name, address);
        let Verdict { endpoint, implied, certainty, fetch } = self.parties.verdict(server, flow);
        let observed = flow.payloads.iter().fold(DataKinds::NONE, |k, p| k.union(inspect::inspect(*p)));
        let traits = Traits {
            protocol: flow.protocol,
            method: flow.method,
            disposition: flow.disposition,
            transport: flow.transport,
            visibility: flow.visibility,
            orientation: flow.orientation,
            lane: flow.lane,
            observed,
            implied,
            certainty,
            fetch,
        };
        let Flow { time, bytes_out, bytes_in, server_port: port, .. } = *flow;
        let port = port.map_or(NO_PORT, u32::from);
        let key = Packed { client, server, endpoint, port, bits: traits.bits() };
        let hash = key.hash(&self.hasher);
        let named = address.filter(|_| flow.lane != Lane::Lookup && flow.server_name.is_some());
        let flow = Waiting { key, hash, traits, named, at, time, bytes_out, bytes_in, rank };
        if !Queue::takes(raw) {
            self.take(&flow, raw);
            return;
        }
        self.queue.push(flow, raw);
        if self.queue.is_full() {
            self.count_waiting();
        }
    }

    /// Counts the flows that wait.
    fn count_waiting(&mut self) {
        let mut queue = std::mem::take(&mut self.queue);
        // Where each is, most likely: one step after the other for all of them.
        let mut places = [None; TOGETHER];
        for (place, flow) in places.iter_mut().zip(queue.flows()) {
            *place = self.index.find(flow.hash, |_| true).copied();
        }
        for place in places.into_iter().flatten() {
            let entry = self.entries.get(place as usize);
            black_box(entry.map(|e| (e.bar.rank(), e.now.records, self.picks.touch(place as usize))));
        }
        for (flow, raw) in queue.iter() {
            self.take(flow, raw);
        }
        queue.clear();
        self.queue = queue;
    }

    fn take(&mut self, flow: &Waiting, raw: &[u8]) {
        let (key, record) = (flow.key, flow.candidate(raw));
        let known = self
            .index
            .find(flow.hash, |i| self.entries.get(*i as usize).is_some_and(|e| e.key == key))
            .copied();
        let id = match known {
            Some(id) => {
                // As of [`Key::is_notable`].
                let notable = key.endpoint != 0 || !flow.traits.observed.is_empty();
                self.count(id, &record, flow.bytes_in, notable);
                id
            }
            None => self.insert(flow, &record),
        };
        if let Some(address) = flow.named {
            let fact = Fact { client: key.client, server: key.server, address, how: flow.traits.lane };
            self.name(id, fact, flow.time.hour());
        }
    }

    /// Counts another record of a key.
    fn count(&mut self, id: u32, record: &Candidate<'_>, bytes_in: Option<u64>, notable: bool) {
        let at = id as usize;
        let Some(entry) = self.entries.get_mut(at) else { return };
        let (hour, bytes_out) = (record.time.hour(), record.bytes_out);
        if entry.now.hour() == hour {
            entry.now.add(record.time, bytes_out, bytes_in);
        } else {
            let next = Cell::of(record.time, bytes_out, bytes_in);
            self.hours.put(id, std::mem::replace(&mut entry.now, next), hour);
        }
        if let Some(bytes) = bytes_out
            && !entry.tally.add(bytes)
            && let Some(all) = self.magnitudes.get_mut(at)
        {
            entry.tally.pour(all);
            entry.tally = Tally::of(bytes_out);
        }
        self.picks.consider_latest(at, record, notable);
        if entry.bar.admits(record)
            && let Some(bar) = self.picks.consider(at, record, notable)
        {
            entry.bar = bar;
        }
    }

    /// Takes the first record of a key.
    fn insert(&mut self, flow: &Waiting, record: &Candidate<'_>) -> u32 {
        let id = id(self.entries.len());
        let now = Cell::of(record.time, record.bytes_out, flow.bytes_in);
        self.hours.meet(now.hour());
        let tally = Tally::of(record.bytes_out);
        self.entries.push(Entry { key: flow.key, bar: self.picks.first(record), tally, now });
        self.magnitudes.push(Magnitudes::default());
        self.traits.push(flow.traits);
        self.named.push(None);
        let (entries, hasher) = (&self.entries, &self.hasher);
        let hash_of = |i: &u32| entries.get(*i as usize).map_or(0, |e| e.key.hash(hasher));
        self.index.insert_unique(flow.hash, id, hash_of);
        id
    }

    /// Takes the name fact of a record.
    fn name(&mut self, entry: u32, fact: Fact, hour: i64) {
        let Some(named) = self.named.get_mut(entry as usize) else { return };
        let number = match *named {
            Some((address, known, _)) if address == fact.address && known == hour => return,
            Some((address, _, number)) if address == fact.address => {
                self.facts.again(number, hour);
                number
            }
            _ if self.parties.is_named(fact.server) => self.facts.take(fact, hour),
            _ => return,
        };
        *named = Some((fact.address, hour, number));
    }

    /// Hashes the records that are held, if they have become too many.
    pub(super) fn relieve(&mut self) {
        if self.picks.held() > HELD {
            self.picks.hash();
        }
    }

    /// Takes a fact about what name an address goes by, told by a look-up.
    pub(super) fn looked_up(&mut self, address: IpAddr, name: &str, client: &str, time: Time) {
        let client = self.parties.client(client);
        let server = self.parties.server(Some(name), None);
        if self.parties.is_named(server) {
            let fact = Fact { client, server, address: fold_mapped(address), how: Lane::Lookup };
            self.facts.take(fact, time.hour());
        }
    }
}

fn id(n: usize) -> u32 {
    // A table is drained long before: this cannot be reached, and would only join what belongs apart.
    u32::try_from(n).unwrap_or(u32::MAX)
}

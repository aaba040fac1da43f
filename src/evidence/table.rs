//! The hot table: flows of one log as they come, by interned key.
//!
//! A spelling of a client or a server is read, normalised and looked up in the services list once; from
//! then on a record costs three probes and a few additions. When the table has grown to its limit it is
//! drained into a canonical summary, where caps apply: memory does not follow what a log makes up.

mod drain;
mod packed;

use super::key::{Key, Server, Traits};
use super::picks::{Bar, Body, Candidate, Latest, Meter, Picks};
use super::sorted::Sorted;
use super::spellings::Spellings;
use super::summary::NameKey;
use super::total::{Hours, Magnitudes, Total};
use crate::inspect;
use crate::model::net::{Host, fold_mapped};
use crate::model::{At, Certainty, DataKinds, Flow, Lane, Method, Time};
use crate::services::{HostHit, Match, Services, shape};
use hashbrown::HashTable;
use packed::{NO_PORT, Packed};
use rustc_hash::{FxHashMap, FxSeededState};
use smallvec::SmallVec;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

/// Entries at which a table is drained.
const ENTRIES: usize = 1 << 16;
/// Bytes of records held for hashing at which they are hashed.
const HELD: usize = 8 << 20;

/// The aggregates and names that a drained table held.
pub(super) type Drained = (Sorted<Key, Total>, Sorted<NameKey, Vec<i64>>);

/// What the services list says of an exchange, small enough to be kept with a server.
#[derive(Clone, Copy)]
struct Verdict {
    /// Index among the endpoints plus one, or 0.
    endpoint: u32,
    implied: DataKinds,
    certainty: Certainty,
    fetch: bool,
}

const NO_VERDICT: Verdict =
    Verdict { endpoint: 0, implied: DataKinds::NONE, certainty: Certainty::Undetermined, fetch: false };

/// A server as it was spelt, looked up once.
struct Known<'s> {
    server: Server,
    hit: Option<HostHit<'s>>,
    /// The verdict if no path was seen.
    by_name: Verdict,
}

struct Entry {
    key: Packed,
    traits: Traits,
    /// Whether all its samples keep a hash.
    notable: bool,
    /// What another record has to pass to be one of the picks.
    bar: Bar,
    latest: Latest,
    hours: Hours,
    magnitudes: Magnitudes,
    picks: Box<Picks>,
    /// The last name fact: its address, hour and number, so that it is not told again and again.
    named: Option<(IpAddr, i64, u32)>,
}

struct NameEntry {
    client: u32,
    server: u32,
    address: IpAddr,
    how: Lane,
    hours: SmallVec<[i64; 2]>,
}

/// The table of one log.
pub(super) struct Table<'s> {
    services: &'s Services,
    source: Arc<str>,
    log: Arc<str>,
    hasher: FxSeededState,
    client_spellings: Spellings,
    clients: Vec<Arc<str>>,
    server_spellings: Spellings,
    /// The server of each spelling; [`Known`] by index.
    spelt: Vec<u32>,
    addresses: FxHashMap<IpAddr, u32>,
    nameless: [Option<u32>; 2],
    servers: Vec<Known<'s>>,
    endpoints: Vec<Arc<str>>,
    endpoint_ids: FxHashMap<&'s str, u32>,
    index: HashTable<u32>,
    entries: Vec<Entry>,
    name_index: HashTable<u32>,
    names: Vec<NameEntry>,
    /// Bytes of records that wait to be hashed.
    held: Meter,
}

impl<'s> Table<'s> {
    pub(super) fn new(services: &'s Services, source: Arc<str>, log: Arc<str>) -> Table<'s> {
        // Unknown to whoever writes the log: names cannot be chosen so that they collide.
        let seed = RandomState::new().hash_one(0_u64) as usize;
        let hasher = FxSeededState::with_seed(seed);
        Table {
            services,
            source,
            log,
            client_spellings: Spellings::new(hasher.clone()),
            clients: Vec::new(),
            server_spellings: Spellings::new(hasher.clone()),
            hasher,
            spelt: Vec::new(),
            addresses: FxHashMap::default(),
            nameless: [None; 2],
            servers: Vec::new(),
            endpoints: Vec::new(),
            endpoint_ids: FxHashMap::default(),
            index: HashTable::new(),
            entries: Vec::new(),
            name_index: HashTable::new(),
            names: Vec::new(),
            held: Meter::default(),
        }
    }

    /// Whether it should be drained before it takes more.
    pub(super) fn is_full(&self, entries: usize) -> bool {
        self.entries.len() >= entries || self.names.len() >= entries
    }

    /// The usual limit of [`Table::is_full`].
    pub(super) const LIMIT: usize = ENTRIES;

    /// Counts a flow. `rank` is the record's place in the fixed random order.
    pub(super) fn flow(&mut self, at: At, raw: &[u8], flow: &Flow<'_>, rank: u64) {
        let address = flow.server_address.map(fold_mapped);
        let client = self.client(flow.client);
        let server = match (flow.server_name, address) {
            (Some(name), _) => self.named_server(name),
            (None, Some(address)) => self.address_server(address),
            (None, None) => self.nameless_server(Server::Unknown),
        };
        let Verdict { endpoint, implied, certainty, fetch } = self.verdict(server, flow);
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
        let meter = Rc::clone(&self.held);
        let mut record = Candidate { at, time, bytes_out, rank, raw, meter: &meter, body: Body::default() };
        let port = port.map_or(NO_PORT, u32::from);
        let key = Packed { client, server, endpoint, port, bits: traits.bits() };
        let found = self.find(key);
        let known = found.is_ok();
        let id = found.unwrap_or_else(|hash| {
            let notable = endpoint != 0 || !observed.is_empty();
            let picks = Box::new(Picks::new(&mut record, notable));
            let (latest, hours) = (Latest::new(&mut record, notable), Hours::at(time));
            let (bar, magnitudes) = (picks.bar(), Magnitudes::default());
            let entry = Entry { key, traits, notable, bar, latest, hours, magnitudes, picks, named: None };
            self.insert(hash, entry)
        });
        let Some(entry) = self.entries.get_mut(id as usize) else { return };
        entry.hours.count(time, bytes_out, bytes_in);
        if let Some(bytes) = bytes_out {
            entry.magnitudes.add(bytes);
        }
        if known {
            entry.latest.consider(&mut record, entry.notable);
            if entry.bar.admits(&record) {
                entry.picks.consider(&mut record, entry.notable);
                entry.bar = entry.picks.bar();
            }
        }
        if flow.lane != Lane::Lookup
            && let (Some(address), Some(_)) = (address, flow.server_name)
        {
            let hour = flow.time.hour();
            match entry.named {
                Some((same, known, _)) if same == address && known == hour => {}
                Some((same, _, fact)) if same == address => {
                    entry.named = Some((address, hour, fact));
                    self.name_hour(fact, hour);
                }
                _ => {
                    let fact = self.name(client, server, address, flow.lane, hour);
                    if let (Some(fact), Some(entry)) = (fact, self.entries.get_mut(id as usize)) {
                        entry.named = Some((address, hour, fact));
                    }
                }
            }
        }
    }

    /// Hashes the records that are held, if they have become too many.
    pub(super) fn relieve(&mut self) {
        if self.held.get() > HELD {
            self.entries.iter().for_each(|e| {
                e.latest.hash();
                e.picks.hash();
            });
        }
    }

    /// Takes a fact about what name an address goes by, told by a look-up.
    pub(super) fn looked_up(&mut self, address: IpAddr, name: &str, client: &str, time: Time) {
        let (client, server) = (self.client(client), self.named_server(name));
        let _ = self.name(client, server, fold_mapped(address), Lane::Lookup, time.hour());
    }

    /// Takes a name fact and gives its number; `None` if the server has no name.
    fn name(&mut self, client: u32, server: u32, address: IpAddr, how: Lane, hour: i64) -> Option<u32> {
        if !self.servers.get(server as usize).is_some_and(|k| matches!(k.server, Server::Name(_))) {
            return None;
        }
        let hash = self.hasher.hash_one((client, server, address, how as u8));
        let same = |i: &u32| {
            self.names.get(*i as usize).is_some_and(|n| {
                n.client == client && n.server == server && n.address == address && n.how == how
            })
        };
        if let Some(fact) = self.name_index.find(hash, same).copied() {
            self.name_hour(fact, hour);
            return Some(fact);
        }
        let new = id(self.names.len());
        self.names.push(NameEntry { client, server, address, how, hours: SmallVec::from_slice(&[hour]) });
        let (names, hasher) = (&self.names, &self.hasher);
        self.name_index.insert_unique(hash, new, |i| {
            names
                .get(*i as usize)
                .map_or(0, |n| hasher.hash_one((n.client, n.server, n.address, n.how as u8)))
        });
        Some(new)
    }

    fn name_hour(&mut self, fact: u32, hour: i64) {
        let Some(entry) = self.names.get_mut(fact as usize) else { return };
        if entry.hours.last() != Some(&hour)
            && let Err(at) = entry.hours.binary_search(&hour)
        {
            entry.hours.insert(at, hour);
        }
    }

    fn client(&mut self, text: &str) -> u32 {
        let (id, new) = self.client_spellings.id(text);
        if new {
            self.clients.push(client_label(text));
        }
        id
    }

    fn named_server(&mut self, name: &str) -> u32 {
        let (spelling, new) = self.server_spellings.id(name);
        if new {
            let server = match Host::parse(name) {
                Some(Host::Name(name)) => {
                    let text: Arc<str> = (*name).into();
                    self.new_server(Server::Name(Arc::clone(&text)), Some(&text))
                }
                Some(Host::Address(address)) => self.address_server(address),
                None => self.nameless_server(Server::Unreadable),
            };
            self.spelt.push(server);
        }
        self.spelt.get(spelling as usize).copied().unwrap_or(0)
    }

    fn address_server(&mut self, address: IpAddr) -> u32 {
        if let Some(known) = self.addresses.get(&address) {
            return *known;
        }
        let server = self.new_server(Server::Address(address), Some(&address.to_string()));
        self.addresses.insert(address, server);
        server
    }

    fn nameless_server(&mut self, server: Server) -> u32 {
        let slot = usize::from(server == Server::Unreadable);
        if let Some(Some(known)) = self.nameless.get(slot) {
            return *known;
        }
        let new = self.new_server(server, None);
        if let Some(slot) = self.nameless.get_mut(slot) {
            *slot = Some(new);
        }
        new
    }

    fn new_server(&mut self, server: Server, host: Option<&str>) -> u32 {
        let hit = host.and_then(|h| self.services.host(h));
        let found = hit.as_ref().and_then(|h| h.at(None, Method::Connect));
        let by_name = found.map_or(NO_VERDICT, |m| self.verdict_of(&m));
        self.servers.push(Known { server, hit, by_name });
        id(self.servers.len() - 1)
    }

    fn verdict_of(&mut self, found: &Match<'s>) -> Verdict {
        let endpoint = self.endpoint(found.endpoint);
        Verdict { endpoint, implied: found.sends, certainty: found.certainty, fetch: found.fetch }
    }

    fn endpoint(&mut self, name: &'s str) -> u32 {
        let next = id(self.endpoints.len()) + 1;
        let endpoints = &mut self.endpoints;
        *self.endpoint_ids.entry(name).or_insert_with(|| {
            endpoints.push(name.into());
            next
        })
    }

    fn verdict(&mut self, server: u32, flow: &Flow<'_>) -> Verdict {
        let Some(known) = self.servers.get(server as usize) else { return NO_VERDICT };
        if flow.lane == Lane::Lookup {
            // A name that was only asked for carries nothing but itself.
            return Verdict { implied: DataKinds::NONE, certainty: Certainty::Undetermined, ..known.by_name };
        }
        match (&known.hit, flow.path) {
            (None, None) => NO_VERDICT,
            (None, Some(path)) => match shape(path, flow.method) {
                None => NO_VERDICT,
                Some(shape) => Verdict {
                    endpoint: self.endpoint(shape.id.as_str()),
                    implied: shape.sends,
                    certainty: Certainty::Implied,
                    fetch: false,
                },
            },
            (Some(_), None) => known.by_name,
            (Some(_), _) if flow.method == Method::Connect => known.by_name,
            (Some(hit), path) => match hit.at(path, flow.method) {
                Some(found) => self.verdict_of(&found),
                None => NO_VERDICT,
            },
        }
    }

    /// The entry of a key, or the hash it would stand under.
    fn find(&self, key: Packed) -> Result<u32, u64> {
        let hash = key.hash(&self.hasher);
        let same = |i: &u32| self.entries.get(*i as usize).is_some_and(|e| e.key == key);
        self.index.find(hash, same).copied().ok_or(hash)
    }

    fn insert(&mut self, hash: u64, entry: Entry) -> u32 {
        let id = id(self.entries.len());
        self.entries.push(entry);
        let (entries, hasher) = (&self.entries, &self.hasher);
        let hash_of = |i: &u32| entries.get(*i as usize).map_or(0, |e| e.key.hash(hasher));
        self.index.insert_unique(hash, id, hash_of);
        id
    }
}

fn id(n: usize) -> u32 {
    // A table is drained long before: this cannot be reached, and would only join what belongs apart.
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// A client as it is kept: an address in its one spelling, or a label that a host could have. What is
/// neither may be a user's name and is not kept.
fn client_label(client: &str) -> Arc<str> {
    match Host::parse(client) {
        Some(Host::Name(name)) => (*name).into(),
        Some(Host::Address(address)) => address.to_string().into(),
        None => "(unreadable)".into(),
    }
}

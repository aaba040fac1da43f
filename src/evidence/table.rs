//! The hot table: flows of one log as they come, by interned key.
//!
//! A spelling of a client or a server is read, normalised and looked up in the services list once; from
//! then on a record costs three probes and a few additions. When the table has grown to its limit it is
//! drained into a canonical summary, where caps apply: memory does not follow what a log makes up.

use super::key::{Key, Server, Traits};
use super::picks::{Body, Candidate, Meter, Picks};
use super::sorted::Sorted;
use super::spellings::Spellings;
use super::summary::NameKey;
use super::total::{Cell, Total};
use crate::inspect;
use crate::model::net::{Host, fold_mapped};
use crate::model::{At, Certainty, DataKinds, Flow, Lane, Method, Time};
use crate::services::{HostHit, Match, Services, shape};
use hashbrown::HashTable;
use rustc_hash::{FxHashMap, FxSeededState};
use smallvec::SmallVec;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

/// Entries at which a table is drained.
const ENTRIES: usize = 1 << 16;
/// Bytes of records held for hashing at which a table is drained.
const HELD: usize = 24 << 20;

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
    client: u32,
    server: u32,
    endpoint: u32,
    port: Option<u16>,
    traits: Traits,
    /// Whether all its samples keep a hash.
    notable: bool,
    hours: SmallVec<[Cell; 1]>,
    picks: Picks,
    /// Address and hour of the last name fact, so that it is not told again and again.
    named: Option<(IpAddr, i64)>,
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
        self.entries.len() >= entries || self.names.len() >= entries || self.held.get() > HELD
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
        let found = self.find(client, server, endpoint, port, traits);
        let known = found.is_ok();
        let id = found.unwrap_or_else(|hash| {
            let notable = endpoint != 0 || !observed.is_empty();
            let picks = Picks::new(&mut record, notable);
            let hours = SmallVec::new();
            self.insert(
                hash,
                Entry { client, server, endpoint, port, traits, notable, hours, picks, named: None },
            )
        });
        let Some(entry) = self.entries.get_mut(id as usize) else { return };
        Total::count(&mut entry.hours, time, bytes_out, bytes_in);
        if known {
            entry.picks.consider(&mut record, entry.notable);
        }
        if flow.lane != Lane::Lookup
            && let (Some(address), Some(_)) = (address, flow.server_name)
        {
            let fact = (address, flow.time.hour());
            if entry.named != Some(fact) {
                entry.named = Some(fact);
                self.name(client, server, address, flow.lane, fact.1);
            }
        }
    }

    /// Takes a fact about what name an address goes by, told by a look-up.
    pub(super) fn looked_up(&mut self, address: IpAddr, name: &str, client: &str, time: Time) {
        let (client, server) = (self.client(client), self.named_server(name));
        self.name(client, server, fold_mapped(address), Lane::Lookup, time.hour());
    }

    fn name(&mut self, client: u32, server: u32, address: IpAddr, how: Lane, hour: i64) {
        if !self.servers.get(server as usize).is_some_and(|k| matches!(k.server, Server::Name(_))) {
            return;
        }
        let hash = self.hasher.hash_one((client, server, address, how as u8));
        let same = |i: &u32| {
            self.names.get(*i as usize).is_some_and(|n| {
                n.client == client && n.server == server && n.address == address && n.how == how
            })
        };
        if let Some(found) = self.name_index.find(hash, same) {
            if let Some(entry) = self.names.get_mut(*found as usize)
                && let Err(at) = entry.hours.binary_search(&hour)
            {
                entry.hours.insert(at, hour);
            }
            return;
        }
        let id = id(self.names.len());
        self.names.push(NameEntry { client, server, address, how, hours: SmallVec::from_slice(&[hour]) });
        let (names, hasher) = (&self.names, &self.hasher);
        self.name_index.insert_unique(hash, id, |i| {
            names
                .get(*i as usize)
                .map_or(0, |n| hasher.hash_one((n.client, n.server, n.address, n.how as u8)))
        });
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

    fn find(
        &self,
        client: u32,
        server: u32,
        endpoint: u32,
        port: Option<u16>,
        traits: Traits,
    ) -> Result<u32, u64> {
        let hash = key_hash(&self.hasher, client, server, endpoint, port, traits);
        let same = |i: &u32| {
            self.entries.get(*i as usize).is_some_and(|e| {
                e.client == client
                    && e.server == server
                    && e.endpoint == endpoint
                    && e.port == port
                    && e.traits == traits
            })
        };
        self.index.find(hash, same).copied().ok_or(hash)
    }

    fn insert(&mut self, hash: u64, entry: Entry) -> u32 {
        let id = id(self.entries.len());
        self.entries.push(entry);
        let (entries, hasher) = (&self.entries, &self.hasher);
        self.index.insert_unique(hash, id, |i| {
            entries
                .get(*i as usize)
                .map_or(0, |e| key_hash(hasher, e.client, e.server, e.endpoint, e.port, e.traits))
        });
        id
    }

    /// Everything it holds in canonical form; it is empty afterwards.
    pub(super) fn drain(&mut self) -> Drained {
        let clients = Ranks::of(&self.clients);
        let servers: Vec<&Server> = self.servers.iter().map(|k| &k.server).collect();
        let servers_in_order = Ranks::of(&servers);
        let endpoints = Ranks::of(&self.endpoints);
        let mut entries = std::mem::take(&mut self.entries);
        entries.sort_by_cached_key(|e| {
            let endpoint = e.endpoint.checked_sub(1).map(|i| endpoints.rank(i));
            (clients.rank(e.client), servers_in_order.rank(e.server), e.port, endpoint, e.traits)
        });
        let mut list = Vec::with_capacity(entries.len());
        for entry in entries {
            let (Some(client), Some(known)) =
                (self.clients.get(entry.client as usize), self.servers.get(entry.server as usize))
            else {
                continue;
            };
            let endpoint =
                entry.endpoint.checked_sub(1).and_then(|i| self.endpoints.get(i as usize)).cloned();
            let key = Key {
                source: Arc::clone(&self.source),
                client: Arc::clone(client),
                server: known.server.clone(),
                port: entry.port,
                endpoint,
                traits: entry.traits,
            };
            list.push((key, Total { hours: entry.hours, samples: entry.picks.samples(&self.log) }));
        }
        let aggregates = Sorted::new(list, Total::join);
        let mut names = Vec::with_capacity(self.names.len());
        for entry in std::mem::take(&mut self.names) {
            let (Some(client), Some(Known { server: Server::Name(name), hit, .. })) =
                (self.clients.get(entry.client as usize), self.servers.get(entry.server as usize))
            else {
                continue;
            };
            let key = NameKey {
                client: Arc::clone(client),
                address: entry.address,
                name: Arc::clone(name),
                how: entry.how,
                listed: hit.is_some(),
            };
            names.push((key, entry.hours.into_vec()));
        }
        *self = Table::new(self.services, Arc::clone(&self.source), Arc::clone(&self.log));
        (aggregates, Sorted::new(names, super::summary::join_hours))
    }
}

/// One word, mixed: the traits are few bits each.
fn key_hash(
    hasher: &FxSeededState,
    client: u32,
    server: u32,
    endpoint: u32,
    port: Option<u16>,
    t: Traits,
) -> u64 {
    let places = u64::from(client) << 32 | u64::from(server);
    let port = port.map_or(u64::from(u16::MAX) + 1, u64::from);
    let exchange = u64::from(endpoint) << 32 | port;
    hasher.hash_one((places, exchange, t.bits()))
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

/// The order of a list's values, so that keys are compared as numbers.
struct Ranks(Vec<u32>);

impl Ranks {
    fn of<T: Ord>(list: &[T]) -> Ranks {
        let mut order: Vec<usize> = (0..list.len()).collect();
        order.sort_by(|a, b| list.get(*a).cmp(&list.get(*b)));
        let mut ranks = vec![0; list.len()];
        let (mut rank, mut before) = (0, None);
        for at in order {
            let value = list.get(at);
            if before.is_some() && before != value {
                rank += 1;
            }
            before = value;
            if let Some(slot) = ranks.get_mut(at) {
                *slot = rank;
            }
        }
        Ranks(ranks)
    }

    fn rank(&self, at: u32) -> u32 {
        self.0.get(at as usize).copied().unwrap_or(u32::MAX)
    }
}

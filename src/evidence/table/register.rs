//! The clients, servers and endpoints of a table, each once, by number. All that fill the table ask it for the
//! numbers of what they meet for the first time.

use super::{Packed, id};
use crate::evidence::caps::{self, Caps, Unit};
use crate::evidence::key::Server;
use hashbrown::HashTable;
use rustc_hash::FxSeededState;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Distinct values, numbered in the order in which they came.
struct Numbered<T> {
    hasher: FxSeededState,
    index: HashTable<u32>,
    list: Vec<T>,
}

impl<T: Hash + Eq + Clone> Numbered<T> {
    fn new(hasher: FxSeededState) -> Numbered<T> {
        Numbered { hasher, index: HashTable::new(), list: Vec::new() }
    }

    fn number(&mut self, value: &T) -> u32 {
        let (list, hasher) = (&self.list, &self.hasher);
        let hash = hasher.hash_one(value);
        if let Some(known) = self.index.find(hash, |i| list.get(*i as usize) == Some(value)) {
            return *known;
        }
        let new = id(list.len());
        let hash_of = |i: &u32| list.get(*i as usize).map_or(0, |v| hasher.hash_one(v));
        self.index.insert_unique(hash, new, hash_of);
        self.list.push(value.clone());
        new
    }
}

/// What is numbered.
struct Names {
    clients: Numbered<Arc<str>>,
    /// Servers, and whether the services list knows them.
    servers: Numbered<(Server, bool)>,
    endpoints: Numbered<Arc<str>>,
    /// Servers of a unit that are kept apart.
    most: usize,
    /// How many are, by unit: one more than that at most.
    apart: HashMap<Unit, usize, FxSeededState>,
    /// Servers that were asked about, with the server that their flows are counted for.
    placed: HashMap<u32, u32, FxSeededState>,
}

/// What was numbered, by number.
pub(super) struct Lists {
    pub(super) clients: Vec<Arc<str>>,
    /// Servers, and whether the services list knows them.
    pub(super) servers: Vec<(Server, bool)>,
    pub(super) endpoints: Vec<Arc<str>>,
}

/// The names of one table, until it is drained.
pub(super) struct Register(Mutex<Names>);

impl Register {
    pub(super) fn new(hasher: &FxSeededState, caps: Caps) -> Register {
        Register(Mutex::new(Names {
            clients: Numbered::new(hasher.clone()),
            servers: Numbered::new(hasher.clone()),
            endpoints: Numbered::new(hasher.clone()),
            most: caps.hosts,
            apart: HashMap::with_hasher(hasher.clone()),
            placed: HashMap::with_hasher(hasher.clone()),
        }))
    }

    fn names(&self) -> MutexGuard<'_, Names> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many names it holds: they may be made up without end, though all of them be counted for a few.
    pub(super) fn len(&self) -> usize {
        let names = self.names();
        names.clients.list.len() + names.servers.list.len()
    }

    /// Clients, servers and endpoints, by number.
    pub(super) fn lists(&self) -> Lists {
        let Names { clients, servers, endpoints, .. } = &*self.names();
        let [clients, endpoints] = [clients, endpoints].map(|names| names.list.clone());
        Lists { clients, servers: servers.list.clone(), endpoints }
    }

    pub(super) fn client(&self, label: &Arc<str>) -> u32 {
        self.names().clients.number(label)
    }

    pub(super) fn server(&self, server: Server, listed: bool) -> u32 {
        self.names().servers.number(&(server, listed))
    }

    /// The server that flows to a server are counted for, unless they are notable: itself, or all of its unit once
    /// the unit has more of them than are kept apart. Whoever asks has such a flow.
    pub(super) fn place(&self, server: u32) -> u32 {
        let names = &mut *self.names();
        if let Some(known) = names.placed.get(&server) {
            return *known;
        }
        let unit = names.servers.list.get(server as usize).and_then(|(s, _)| Unit::of(s));
        let place = match unit.as_ref().map(|unit| names.apart.get(unit).copied().unwrap_or(0)) {
            Some(apart) if apart > names.most => {
                unit.map_or(server, |unit| names.servers.number(&(unit.server(), false)))
            }
            Some(apart) => {
                unit.and_then(|unit| names.apart.insert(unit, apart + 1));
                server
            }
            None => server,
        };
        names.placed.insert(server, place);
        place
    }

    /// The network of a client.
    pub(super) fn network(&self, client: u32) -> u32 {
        let names = &mut *self.names();
        let network = names.clients.list.get(client as usize).map(caps::network);
        network.map_or(client, |network| names.clients.number(&network))
    }

    /// The number plus one: 0 stands for none.
    pub(super) fn endpoint(&self, name: &Arc<str>) -> u32 {
        self.names().endpoints.number(name) + 1
    }

    /// The same client and server by the numbers of another register.
    pub(super) fn parties_in(&self, other: &Register, (client, server): (u32, u32)) -> (u32, u32) {
        let (mine, mut theirs) = (self.names(), other.names());
        let client = mine.clients.list.get(client as usize).map_or(0, |c| theirs.clients.number(c));
        let server = mine.servers.list.get(server as usize).map_or(0, |s| theirs.servers.number(s));
        (client, server)
    }

    /// The same key by the numbers of another register.
    pub(super) fn key_in(&self, other: &Register, key: Packed) -> Packed {
        let (client, server) = self.parties_in(other, (key.client, key.server));
        let name =
            key.endpoint.checked_sub(1).and_then(|i| self.names().endpoints.list.get(i as usize).cloned());
        let endpoint = name.map_or(0, |name| other.endpoint(&name));
        Packed { client, server, endpoint, ..key }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_too_many_is_counted_for_its_unit() {
        let hasher = FxSeededState::with_seed(7);
        let register = Register::new(&hasher, Caps { hosts: 1, ..Caps::default() });
        let place = |server: &Server| {
            let number = register.place(register.server(server.clone(), false));
            register.names().servers.list[number as usize].0.clone()
        };
        let name = |n: &str| Server::Name(n.into());
        // One more than are kept apart decides it; whoever was apart before may stay so.
        for apart in [name("a.one.com"), name("b.one.com"), name("a.two.com"), Server::Unknown] {
            assert_eq!(place(&apart), apart);
        }
        assert_eq!(place(&name("c.one.com")), Server::Below("one.com".into()));
        assert_eq!(place(&name("a.one.com")), name("a.one.com"));
        assert_eq!(place(&name("b.two.com")), name("b.two.com"));
    }

    #[test]
    fn numbers_of_one_register_are_told_in_those_of_another() {
        let hasher = FxSeededState::with_seed(7);
        let [one, other] = [(); 2].map(|()| Register::new(&hasher, Caps::default()));
        other.client(&"somebody".into());
        other.endpoint(&"x/y".into());
        let (client, server) = (one.client(&"c".into()), one.server(Server::Unknown, false));
        let endpoint = one.endpoint(&"a/b".into());
        let key = Packed { client, server, endpoint, port: 1, bits: 2 };
        let moved = one.key_in(&other, key);
        assert_eq!(moved.client, other.client(&"c".into()));
        assert_eq!(moved.server, other.server(Server::Unknown, false));
        assert_eq!(moved.endpoint, other.endpoint(&"a/b".into()));
        assert!(moved.client != client && moved.endpoint != endpoint && (moved.port, moved.bits) == (1, 2));
        assert_eq!(one.key_in(&other, Packed { endpoint: 0, ..key }).endpoint, 0);
    }
}

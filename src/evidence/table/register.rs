//! The clients, servers and endpoints of a table, each once, by number. All that fill the table ask it for the
//! numbers of what they meet for the first time.

use super::{Packed, id};
use crate::evidence::key::Server;
use hashbrown::HashTable;
use rustc_hash::FxSeededState;
use std::hash::{BuildHasher, Hash};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Distinct values, numbered in the order in which they came.
pub(super) struct Numbered<T> {
    hasher: FxSeededState,
    index: HashTable<u32>,
    pub(super) list: Vec<T>,
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
pub(super) struct Names {
    pub(super) clients: Numbered<Arc<str>>,
    /// Servers, and whether the services list knows them.
    pub(super) servers: Numbered<(Server, bool)>,
    pub(super) endpoints: Numbered<Arc<str>>,
}

/// The names of one table, until it is drained.
pub(super) struct Register(Mutex<Names>);

impl Register {
    pub(super) fn new(hasher: &FxSeededState) -> Register {
        Register(Mutex::new(Names {
            clients: Numbered::new(hasher.clone()),
            servers: Numbered::new(hasher.clone()),
            endpoints: Numbered::new(hasher.clone()),
        }))
    }

    pub(super) fn names(&self) -> MutexGuard<'_, Names> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn client(&self, label: &Arc<str>) -> u32 {
        self.names().clients.number(label)
    }

    pub(super) fn server(&self, server: Server, listed: bool) -> u32 {
        self.names().servers.number(&(server, listed))
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

//! Clients and servers of a log, interned: each spelling is read, normalised and looked up once.

use super::facts::word;
use super::id;
use crate::evidence::key::Server;
use crate::evidence::spellings::Spellings;
use crate::model::net::Host;
use crate::model::{Certainty, DataKinds, Flow, Lane, Method};
use crate::services::{HostHit, Match, Services, shape};
use hashbrown::HashTable;
use rustc_hash::{FxHashMap, FxSeededState};
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::Arc;

/// What the services list says of an exchange, small enough to be kept with a server.
#[derive(Clone, Copy)]
pub(super) struct Verdict {
    /// Index among the endpoints plus one, or 0.
    pub(super) endpoint: u32,
    pub(super) implied: DataKinds,
    pub(super) certainty: Certainty,
    pub(super) fetch: bool,
}

const NO_VERDICT: Verdict =
    Verdict { endpoint: 0, implied: DataKinds::NONE, certainty: Certainty::Undetermined, fetch: false };

/// What every record asks of its server.
#[derive(Clone, Copy)]
struct Glance {
    /// Whether the services list knows it.
    listed: bool,
    /// Whether it is a name.
    named: bool,
    /// The verdict if no path was seen.
    by_name: Verdict,
}

/// A server as it was spelt, looked up once.
pub(super) struct Known<'s> {
    pub(super) server: Server,
    pub(super) hit: Option<HostHit<'s>>,
}

/// The parties of one log, by number.
pub(super) struct Parties<'s> {
    services: &'s Services,
    hasher: FxSeededState,
    client_spellings: Spellings,
    pub(super) clients: Vec<Arc<str>>,
    server_spellings: Spellings,
    /// The server of each spelling.
    spelt: Vec<u32>,
    addresses: HashTable<(IpAddr, u32)>,
    nameless: [Option<u32>; 2],
    glances: Vec<Glance>,
    pub(super) servers: Vec<Known<'s>>,
    pub(super) endpoints: Vec<Arc<str>>,
    endpoint_ids: FxHashMap<&'s str, u32>,
}

impl<'s> Parties<'s> {
    pub(super) fn new(services: &'s Services, hasher: FxSeededState) -> Parties<'s> {
        Parties {
            services,
            client_spellings: Spellings::new(hasher.clone()),
            clients: Vec::new(),
            server_spellings: Spellings::new(hasher.clone()),
            hasher,
            spelt: Vec::new(),
            addresses: HashTable::new(),
            nameless: [None; 2],
            glances: Vec::new(),
            servers: Vec::new(),
            endpoints: Vec::new(),
            endpoint_ids: FxHashMap::default(),
        }
    }

    pub(super) fn client(&mut self, text: &str) -> u32 {
        let (id, new) = self.client_spellings.id(text);
        if new {
            self.clients.push(client_label(text));
        }
        id
    }

    /// A server by its name, or only if nameless by its address.
    pub(super) fn server(&mut self, name: Option<&str>, address: Option<IpAddr>) -> u32 {
        match (name, address) {
            (Some(name), _) => self.named_server(name),
            (None, Some(address)) => self.address_server(address),
            (None, None) => self.nameless_server(Server::Unknown),
        }
    }

    /// Whether a server has a name.
    pub(super) fn is_named(&self, server: u32) -> bool {
        self.glances.get(server as usize).is_some_and(|g| g.named)
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
        let hash = self.hasher.hash_one(word(address));
        if let Some((_, known)) = self.addresses.find(hash, |(a, _)| *a == address) {
            return *known;
        }
        let server = self.new_server(Server::Address(address), Some(&address.to_string()));
        let hasher = &self.hasher;
        self.addresses.insert_unique(hash, (address, server), |(a, _)| hasher.hash_one(word(*a)));
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
        let named = matches!(server, Server::Name(_));
        self.glances.push(Glance { listed: hit.is_some(), named, by_name });
        self.servers.push(Known { server, hit });
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

    /// What the services list says of an exchange with a server.
    pub(super) fn verdict(&mut self, server: u32, flow: &Flow<'_>) -> Verdict {
        let Some(Glance { listed, by_name, .. }) = self.glances.get(server as usize).copied() else {
            return NO_VERDICT;
        };
        if flow.lane == Lane::Lookup {
            // A name that was only asked for carries nothing but itself.
            return Verdict { implied: DataKinds::NONE, certainty: Certainty::Undetermined, ..by_name };
        }
        match flow.path {
            Some(path) if listed && flow.method != Method::Connect => {
                let hit = self.servers.get(server as usize).and_then(|k| k.hit.as_ref());
                match hit.and_then(|h| h.at(Some(path), flow.method)) {
                    Some(found) => self.verdict_of(&found),
                    None => NO_VERDICT,
                }
            }
            Some(path) if !listed => match shape(path, flow.method) {
                None => NO_VERDICT,
                Some(shape) => Verdict {
                    endpoint: self.endpoint(shape.id.as_str()),
                    implied: shape.sends,
                    certainty: Certainty::Implied,
                    fetch: false,
                },
            },
            // That of a server that is not listed is none.
            _ => by_name,
        }
    }
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

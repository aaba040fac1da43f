//! Clients and servers as one reader of a log meets them: each spelling is read, normalised and looked up once.

use super::facts::word;
use super::id;
use super::register::Register;
use crate::evidence::ANYBODY;
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
    /// Its number in the register.
    number: u32,
    /// Whether the services list knows it.
    listed: bool,
    /// Whether it is a name.
    named: bool,
    /// The verdict if no path was seen.
    by_name: Verdict,
    /// The server that flows which are not notable are counted for, once there were any.
    place: Option<u32>,
}

/// The server of a flow.
pub(super) struct Met {
    /// Where it stands among those that were met.
    met: u32,
    /// Its number in the register.
    pub(super) number: u32,
    /// Whether it has a name.
    pub(super) named: bool,
    /// Whether the services list knows it.
    pub(super) listed: bool,
    pub(super) verdict: Verdict,
}

/// Spellings at which they are forgotten, and bytes of them: what they stand for is in the register, and they may
/// be made up without end.
const SPELLINGS: usize = 1 << 17;
const SPELT: usize = 8 << 20;
/// Bytes of a spelling that is remembered; longer is no name, and hardly an address.
const LONGEST: usize = 512;

/// The parties that one reader has met.
pub(super) struct Parties<'s> {
    services: &'s Services,
    register: Arc<Register>,
    hasher: FxSeededState,
    client_spellings: Spellings,
    /// The number of the client of each spelling.
    clients: Vec<u32>,
    server_spellings: Spellings,
    /// The server of each spelling, among those that were met.
    spelt: Vec<u32>,
    addresses: HashTable<(IpAddr, u32)>,
    nameless: [Option<u32>; 2],
    /// Servers that were met.
    glances: Vec<Glance>,
    hits: Vec<Option<HostHit<'s>>>,
    endpoints: FxHashMap<&'s str, u32>,
}

impl<'s> Parties<'s> {
    pub(super) fn new(services: &'s Services, hasher: FxSeededState, register: Arc<Register>) -> Parties<'s> {
        Parties {
            services,
            register,
            client_spellings: Spellings::new(hasher.clone()),
            clients: Vec::new(),
            server_spellings: Spellings::new(hasher.clone()),
            hasher,
            spelt: Vec::new(),
            addresses: HashTable::new(),
            nameless: [None; 2],
            glances: Vec::new(),
            hits: Vec::new(),
            endpoints: FxHashMap::default(),
        }
    }

    /// Where numbers come from.
    pub(super) fn register(&self) -> &Arc<Register> {
        &self.register
    }

    /// Takes numbers from another register from now on, or from the same if there were too many spellings.
    pub(super) fn turn_to(&mut self, register: &Arc<Register>) {
        let many = self.clients.len() > SPELLINGS || self.glances.len() + self.spelt.len() > SPELLINGS;
        let many = many || self.client_spellings.size() + self.server_spellings.size() > SPELT;
        if many || !Arc::ptr_eq(&self.register, register) {
            *self = Parties::new(self.services, self.hasher.clone(), Arc::clone(register));
        }
    }

    /// The number of a client.
    pub(super) fn client(&mut self, text: &str) -> u32 {
        if text.len() > LONGEST {
            return self.register.client(&client_label(text));
        }
        let (spelling, new) = self.client_spellings.id(text);
        if new {
            self.clients.push(self.register.client(&client_label(text)));
        }
        self.clients.get(spelling as usize).copied().unwrap_or(0)
    }

    /// The server of a flow: by its name, or only if nameless by its address.
    pub(super) fn server(&mut self, flow: &Flow<'_>, address: Option<IpAddr>) -> Met {
        let met = match (flow.server_name, address) {
            (Some(name), _) => self.named_server(name),
            (None, Some(address)) => self.address_server(address),
            (None, None) => self.nameless_server(Server::Unknown),
        };
        let Some(glance) = self.glances.get(met as usize).copied() else {
            return Met { met: 0, number: 0, named: false, listed: false, verdict: NO_VERDICT };
        };
        let verdict = self.verdict(met, glance, flow);
        let Glance { number, named, listed, .. } = glance;
        Met { met, number, named, listed, verdict }
    }

    /// The server that a flow is counted for which is not notable: see [`Register::place`].
    #[inline]
    pub(super) fn place(&mut self, server: &Met) -> u32 {
        match self.glances.get_mut(server.met as usize) {
            Some(Glance { place: Some(place), .. }) => *place,
            Some(glance) => *glance.place.insert(self.register.place(server.number)),
            None => server.number,
        }
    }

    /// The number of what a name stands for, if that is a name.
    pub(super) fn name(&mut self, name: &str) -> Option<u32> {
        let met = self.named_server(name);
        self.glances.get(met as usize).filter(|g| g.named).map(|g| g.number)
    }

    fn named_server(&mut self, name: &str) -> u32 {
        if name.len() > LONGEST {
            return self.read_server(name);
        }
        let (spelling, new) = self.server_spellings.id(name);
        if new {
            let server = self.read_server(name);
            self.spelt.push(server);
        }
        self.spelt.get(spelling as usize).copied().unwrap_or(0)
    }

    fn read_server(&mut self, name: &str) -> u32 {
        match Host::parse(name) {
            Some(Host::Name(name)) => {
                let text: Arc<str> = (*name).into();
                self.new_server(Server::Name(Arc::clone(&text)), Some(&text))
            }
            Some(Host::Address(address)) => self.address_server(address),
            None => self.nameless_server(Server::Unreadable),
        }
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
        let (named, listed) = (matches!(server, Server::Name(_)), hit.is_some());
        let number = self.register.server(server, listed);
        self.glances.push(Glance { number, listed, named, by_name, place: None });
        self.hits.push(hit);
        id(self.hits.len() - 1)
    }

    fn verdict_of(&mut self, found: &Match<'s>) -> Verdict {
        let endpoint = self.endpoint(found.endpoint);
        Verdict { endpoint, implied: found.sends, certainty: found.certainty, fetch: found.fetch }
    }

    fn endpoint(&mut self, name: &'s str) -> u32 {
        let register = &self.register;
        *self.endpoints.entry(name).or_insert_with(|| register.endpoint(&name.into()))
    }

    /// What the services list says of an exchange with a server.
    fn verdict(&mut self, met: u32, Glance { listed, by_name, .. }: Glance, flow: &Flow<'_>) -> Verdict {
        if flow.lane == Lane::Lookup {
            // A name that was only asked for carries nothing but itself.
            return Verdict { implied: DataKinds::NONE, certainty: Certainty::Undetermined, ..by_name };
        }
        match flow.path {
            Some(path) if listed && flow.method != Method::Connect => {
                let hit = self.hits.get(met as usize).and_then(Option::as_ref);
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

/// A client whose label is neither an address nor one that a host could have.
const UNREADABLE: &str = "(unreadable)";

/// A client as it is kept: an address in its one spelling, or a label that a host could have. What is
/// neither may be a user's name and is not kept.
fn client_label(client: &str) -> Arc<str> {
    match Host::parse(client) {
        // That stands for clients that are not told apart.
        Some(Host::Name(name)) if *name == *ANYBODY => UNREADABLE.into(),
        Some(Host::Name(name)) => (*name).into(),
        Some(Host::Address(address)) => address.to_string().into(),
        None => UNREADABLE.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_never_taken_for_all_clients() {
        let label = |client| client_label(client).to_string();
        assert_eq!([label("Scanner-7"), label("::ffff:10.0.0.7")], ["scanner-7", "10.0.0.7"]);
        assert_eq!([label(ANYBODY), label("*."), label("jane doe")], [UNREADABLE; 3]);
    }
}

//! Clients of a server that are too many to keep apart: what a new one is counted for, while a log is read.
//!
//! [`crate::evidence::Caps`] say so of what is drained. By then keys of many clients would have taken memory, and
//! waiting for it: so as soon as the table holds enough of them to decide it, others are counted where they would
//! fold to.

use super::packed::Packed;
use super::register::Register;
use crate::evidence::caps::ANYBODY;
use rustc_hash::FxSeededState;
use std::collections::{HashMap, HashSet};

type Numbers = HashSet<u32, FxSeededState>;

/// The clients of one server.
struct Crowd {
    /// Those that are kept apart: one more than may be, at most.
    clients: Numbers,
    /// Their networks and those of all others, once there are more: one more than may be, at most.
    networks: Numbers,
}

/// The clients of each server.
pub(super) struct Crowds {
    hasher: FxSeededState,
    /// Clients, and networks of clients, that are kept apart.
    most: usize,
    /// By server.
    crowds: HashMap<u32, Crowd, FxSeededState>,
    /// Networks by client, as far as they were asked for.
    networks: HashMap<u32, u32, FxSeededState>,
    anybody: Option<u32>,
}

impl Crowds {
    pub(super) fn new(hasher: FxSeededState, most: usize) -> Crowds {
        let (crowds, networks) = (HashMap::with_hasher(hasher.clone()), HashMap::with_hasher(hasher.clone()));
        Crowds { hasher, most, crowds, networks, anybody: None }
    }

    /// The client that a new key which is not notable is counted for instead of its own, if its server has too
    /// many.
    pub(super) fn stand_in(&mut self, key: Packed, register: &Register) -> Option<u32> {
        let Crowds { hasher, most, crowds, networks: known, anybody } = self;
        let mut network_of = |client| *known.entry(client).or_insert_with(|| register.network(client));
        let none = || HashSet::with_hasher(hasher.clone());
        let Crowd { clients, networks } =
            crowds.entry(key.server).or_insert_with(|| Crowd { clients: none(), networks: none() });
        if networks.len() <= *most {
            if clients.len() <= *most || clients.contains(&key.client) {
                clients.insert(key.client);
                return None;
            }
            if networks.is_empty() {
                networks.extend(clients.iter().map(|client| network_of(*client)));
            }
            let network = network_of(key.client);
            networks.insert(network);
            if networks.len() <= *most {
                return Some(network);
            }
        }
        Some(*anybody.get_or_insert_with(|| register.client(&ANYBODY.into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Caps;

    #[test]
    fn a_client_too_many_is_its_network_and_a_network_too_many_is_anybody() {
        let hasher = FxSeededState::with_seed(7);
        let register = Register::new(&hasher, Caps::default());
        let mut crowds = Crowds::new(hasher, 2);
        let mut stands_for = |server, client: &str| {
            let client = register.client(&client.into());
            let key = Packed { client, server, endpoint: 0, port: 443, bits: 0 };
            let number = crowds.stand_in(key, &register).unwrap_or(client);
            register.lists().clients[number as usize].to_string()
        };
        for apart in ["10.0.1.1", "10.0.1.2", "10.0.2.1", "10.0.1.1"] {
            assert_eq!(stands_for(5, apart), apart);
        }
        assert_eq!(stands_for(5, "10.0.1.3"), "10.0.1.0/24");
        assert_eq!(stands_for(5, "10.0.1.1"), "10.0.1.1");
        assert_eq!(stands_for(4, "10.0.1.3"), "10.0.1.3");
        for anybody in ["10.0.3.1", "10.0.1.3", "10.0.1.1"] {
            assert_eq!(stands_for(5, anybody), "*");
        }
    }
}

//! From the hot table to canonical form.

use super::{Drained, Known, Packed, Table};
use crate::evidence::key::{Key, Server};
use crate::evidence::sorted::Sorted;
use crate::evidence::summary::{NameKey, join_hours};
use crate::evidence::total::Total;
use std::sync::Arc;

impl Table<'_> {
    /// Everything it holds in canonical form; it is empty afterwards.
    pub(in crate::evidence) fn drain(&mut self) -> Drained {
        let clients = Ranks::of(&self.clients);
        let servers: Vec<&Server> = self.servers.iter().map(|k| &k.server).collect();
        let servers_in_order = Ranks::of(&servers);
        let endpoints = Ranks::of(&self.endpoints);
        let mut entries = std::mem::take(&mut self.entries);
        entries.sort_by_cached_key(|e| {
            let Packed { client, server, endpoint, .. } = e.key;
            let endpoint = endpoint.checked_sub(1).map(|i| endpoints.rank(i));
            (clients.rank(client), servers_in_order.rank(server), e.key.port(), endpoint, e.traits)
        });
        let mut list = Vec::with_capacity(entries.len());
        for entry in entries {
            let (Some(client), Some(known)) =
                (self.clients.get(entry.key.client as usize), self.servers.get(entry.key.server as usize))
            else {
                continue;
            };
            let endpoint =
                entry.key.endpoint.checked_sub(1).and_then(|i| self.endpoints.get(i as usize)).cloned();
            let key = Key {
                source: Arc::clone(&self.source),
                client: Arc::clone(client),
                server: known.server.clone(),
                port: entry.key.port(),
                endpoint,
                traits: entry.traits,
            };
            list.push((
                key,
                Total {
                    hours: entry.hours.into_cells(),
                    magnitudes: entry.magnitudes,
                    samples: entry.picks.samples(entry.latest, &self.log),
                },
            ));
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
        (aggregates, Sorted::new(names, join_hours))
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

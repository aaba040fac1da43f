//! From the hot table to canonical form.

use super::chunks::Chunks;
use super::register::Lists;
use super::{Drained, Entry, Packed, Table, id};
use crate::evidence::Hours;
use crate::evidence::key::{Key, Server};
use crate::evidence::magnitudes::Scale;
use crate::evidence::sorted::Sorted;
use crate::evidence::summary::{NameKey, join_hours};
use crate::evidence::together::together;
use crate::evidence::total::Total;
use std::sync::Arc;

impl Table {
    /// Everything it holds in canonical form, made by two threads if there are; it is empty afterwards.
    pub(in crate::evidence) fn drain(&mut self, by_two: bool) -> Drained {
        // What waits in front of it was hashed already.
        let new = Table::hashing(self.log.clone(), self.caps, self.hasher.clone());
        let Table { log, register, entries, traits, magnitudes, mut picks, mut hours, facts, .. } =
            std::mem::replace(self, new);
        // Others may still ask the register for numbers.
        let Lists { clients, servers, endpoints } = register.lists();
        let (by_client, by_server) = (Ranks::of(&clients), Ranks::of(&servers));
        let by_endpoint = Ranks::of(&endpoints);
        let mut order: Vec<_> = entries
            .iter()
            .zip(&traits)
            .enumerate()
            .map(|(number, (entry, traits))| {
                let Packed { client, server, endpoint, .. } = entry.key;
                let endpoint = endpoint.checked_sub(1).map(|i| by_endpoint.rank(i));
                let parties = (by_client.rank(client), by_server.rank(server));
                ((parties, entry.key.port(), endpoint, *traits), id(number))
            })
            .collect();
        order.sort_unstable();
        picks.finish();
        // What is met takes less room once it is told.
        let mut told = Vec::with_capacity(facts.len());
        for (fact, hours) in facts.finish() {
            let (Some(client), Some((Server::Name(name), listed))) =
                (clients.get(fact.client as usize), servers.get(fact.server as usize))
            else {
                continue;
            };
            let (client, name) = (Arc::clone(client), Arc::clone(name));
            let key = NameKey { client, address: fact.address, name, how: fact.how, listed: *listed };
            told.push((key, hours));
        }
        // In the order of numbers at first: what an entry took is free for what becomes of it.
        let mut settled = hours.take_settled();
        let totals_from = |first: usize, entries: Chunks<Entry>, settled: Vec<Hours>| {
            let (mut settling, mut totals) = (hours.settling(), Vec::with_capacity(entries.len()));
            totals.extend((first..).zip(entries.take()).zip(settled).map(|((number, entry), settled)| {
                let mut scale = Scale::default();
                entry.tally.pour(&mut scale);
                magnitudes.get(&id(number)).into_iter().for_each(|more| scale.add(more));
                let samples = picks.samples(&entry.chosen, &log.name);
                let hours = settling.of(number, settled, Some(entry.now));
                (entry.key, Total { hours, magnitudes: scale.finish(), samples })
            }));
            totals
        };
        let mut totals: Vec<(Packed, Total)> = if by_two {
            let [entries, later] = entries.halves();
            let middle = entries.len().min(settled.len());
            let settled_later = settled.split_off(middle);
            let (mut totals, rest) =
                together(|| totals_from(0, entries, settled), || totals_from(middle, later, settled_later));
            totals.extend(rest);
            totals
        } else {
            totals_from(0, entries, settled)
        };
        drop(hours);
        drop(picks);
        let mut list: Vec<(Key, Total)> = Vec::with_capacity(order.len());
        for ((.., traits), number) in order {
            let Some((packed, total)) = totals.get_mut(number as usize) else { continue };
            let (Some(client), Some((server, _))) =
                (clients.get(packed.client as usize), servers.get(packed.server as usize))
            else {
                continue;
            };
            let endpoint = packed.endpoint.checked_sub(1).and_then(|i| endpoints.get(i as usize));
            let key = Key {
                source: Arc::clone(&log.source),
                client: Arc::clone(client),
                server: server.clone(),
                port: packed.port(),
                endpoint: endpoint.cloned(),
                traits,
            };
            list.push((key, std::mem::take(total)));
        }
        (Sorted::ascending(list), Sorted::new(told, join_hours))
    }
}

/// The order of distinct values, so that keys are compared as numbers.
struct Ranks(Vec<u32>);

impl Ranks {
    fn of<T: Ord>(list: &[T]) -> Ranks {
        let mut order: Vec<usize> = (0..list.len()).collect();
        order.sort_unstable_by(|a, b| list.get(*a).cmp(&list.get(*b)));
        let mut ranks = vec![0; list.len()];
        for (rank, at) in (0..).zip(order) {
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

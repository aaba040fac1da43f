//! From the hot table to canonical form.

use super::parties::Known;
use super::{Drained, Packed, Table, id};
use crate::evidence::key::{Key, Server};
use crate::evidence::magnitudes::Scale;
use crate::evidence::sorted::Sorted;
use crate::evidence::summary::{NameKey, join_hours};
use crate::evidence::total::Total;
use std::sync::Arc;

impl Table<'_> {
    /// Everything it holds in canonical form; it is empty afterwards.
    pub(in crate::evidence) fn drain(&mut self) -> Drained {
        self.count_waiting();
        let new = Table::new(self.services, self.log.clone());
        let Table { log, parties, entries, traits, magnitudes, mut picks, hours, facts, .. } =
            std::mem::replace(self, new);
        let clients = Ranks::of(&parties.clients);
        let servers: Vec<&Server> = parties.servers.iter().map(|k| &k.server).collect();
        let servers = Ranks::of(&servers);
        let endpoints = Ranks::of(&parties.endpoints);
        let mut order: Vec<_> = entries
            .iter()
            .zip(&traits)
            .enumerate()
            .map(|(number, (entry, traits))| {
                let Packed { client, server, endpoint, .. } = entry.key;
                let endpoint = endpoint.checked_sub(1).map(|i| endpoints.rank(i));
                let parties = (clients.rank(client), servers.rank(server));
                ((parties, entry.key.port(), endpoint, *traits), id(number))
            })
            .collect();
        order.sort_unstable();
        picks.finish();
        let hours = hours.finish(entries.iter().map(|e| e.now));
        // In the order of numbers at first: what an entry took is free for what becomes of it.
        let mut totals: Vec<(Packed, Total)> = Vec::with_capacity(order.len());
        totals.extend((0..).zip(entries.take().zip(hours)).map(|(number, (entry, hours))| {
            let mut scale = Scale::default();
            entry.tally.pour(&mut scale);
            magnitudes.get(&number).into_iter().for_each(|more| scale.add(more));
            let samples = picks.samples(&entry.chosen, &log.name);
            (entry.key, Total { hours, magnitudes: scale.finish(), samples })
        }));
        drop(picks);
        let mut list: Vec<(Key, Total)> = Vec::with_capacity(order.len());
        let mut before = None;
        for (rank, number) in order {
            let Some((packed, total)) = totals.get_mut(number as usize) else { continue };
            let (packed, total) = (*packed, std::mem::take(total));
            // Spellings of the same parties.
            if before == Some(rank)
                && let Some((key, last)) = list.last_mut()
            {
                Total::join(key, last, vec![total]);
                continue;
            }
            before = Some(rank);
            let (Some(client), Some(known), (.., traits)) = (
                parties.clients.get(packed.client as usize),
                parties.servers.get(packed.server as usize),
                rank,
            ) else {
                continue;
            };
            let endpoint = packed.endpoint.checked_sub(1).and_then(|i| parties.endpoints.get(i as usize));
            let key = Key {
                source: Arc::clone(&log.source),
                client: Arc::clone(client),
                server: known.server.clone(),
                port: packed.port(),
                endpoint: endpoint.cloned(),
                traits,
            };
            list.push((key, total));
        }
        let mut names = Vec::with_capacity(facts.len());
        for (fact, hours) in facts.finish() {
            let (Some(client), Some(Known { server: Server::Name(name), hit })) =
                (parties.clients.get(fact.client as usize), parties.servers.get(fact.server as usize))
            else {
                continue;
            };
            let key = NameKey {
                client: Arc::clone(client),
                address: fact.address,
                name: Arc::clone(name),
                how: fact.how,
                listed: hit.is_some(),
            };
            names.push((key, hours));
        }
        (Sorted::ascending(list), Sorted::new(names, join_hours))
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

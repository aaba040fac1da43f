//! Name facts while a log is read: which name an address goes by, for which client, and in which hours.

use super::id;
use crate::evidence::HourSet;
use crate::model::Lane;
use hashbrown::HashTable;
use rustc_hash::FxSeededState;
use std::hash::BuildHasher;
use std::net::IpAddr;

/// Hours met at which those that are there twice are joined.
const MET: usize = 1 << 16;

/// A fact by interned client and server.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Fact {
    pub(super) client: u32,
    pub(super) server: u32,
    pub(super) address: IpAddr,
    pub(super) how: Lane,
}

impl Fact {
    fn hash(&self, hasher: &FxSeededState) -> u64 {
        let parties = u64::from(self.client) << 32 | u64::from(self.server);
        hasher.hash_one((parties, word(self.address), self.how as u8))
    }
}

/// An address as a number.
pub(super) fn word(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(a) => u128::from(u32::from(a)) | 0xffff_0000_0000,
        IpAddr::V6(a) => u128::from(a),
    }
}

/// A name fact that a key told: its address, number and hour, so that it is not looked up again and again.
#[derive(Clone, Copy)]
pub(super) struct Told {
    address: [u64; 2],
    pub(super) number: u32,
    /// Since the epoch.
    hour: i32,
}

impl Told {
    pub(super) const NOTHING: Told = Told { address: [0; 2], number: u32::MAX, hour: i32::MIN };

    pub(super) fn of(address: IpAddr, hour: i64, number: u32) -> Told {
        Told { address: halves(address), number, hour: hour as i32 }
    }

    pub(super) fn is_of(&self, address: IpAddr) -> bool {
        self.number != u32::MAX && self.address == halves(address)
    }

    /// Turns to an hour; says whether it is another one.
    pub(super) fn turn(&mut self, hour: i64) -> bool {
        std::mem::replace(&mut self.hour, hour as i32) != hour as i32
    }
}

fn halves(address: IpAddr) -> [u64; 2] {
    let word = word(address);
    [(word >> 64) as u64, word as u64]
}

/// Facts by number, with the hours in which they were met.
pub(super) struct Facts {
    hasher: FxSeededState,
    index: HashTable<u32>,
    facts: Vec<Fact>,
    /// The hour in which each fact was met last.
    latest: Vec<i32>,
    /// Facts and hours in the order in which they were met. The hours of all years up to 9999 have 28 bits.
    met: Vec<(u32, i32)>,
    /// How many at which those that are there twice are joined.
    limit: usize,
}

impl Facts {
    pub(super) fn new(hasher: FxSeededState) -> Facts {
        let (index, limit) = (HashTable::new(), MET);
        Facts { hasher, index, facts: Vec::new(), latest: Vec::new(), met: Vec::new(), limit }
    }

    pub(super) fn len(&self) -> usize {
        self.facts.len()
    }

    /// Hours of facts that it holds.
    pub(super) fn met(&self) -> usize {
        self.met.len()
    }

    /// Takes a fact met in an hour and gives its number.
    pub(super) fn take(&mut self, fact: Fact, hour: i64) -> u32 {
        let hash = fact.hash(&self.hasher);
        let (facts, hasher) = (&self.facts, &self.hasher);
        let same = |i: &u32| facts.get(*i as usize) == Some(&fact);
        if let Some(known) = self.index.find(hash, same).copied() {
            self.again(known, hour);
            return known;
        }
        let new = id(facts.len());
        let hash_of = |i: &u32| facts.get(*i as usize).map_or(0, |f| f.hash(hasher));
        self.index.insert_unique(hash, new, hash_of);
        self.facts.push(fact);
        self.latest.push(hour as i32);
        self.met.push((new, hour as i32));
        new
    }

    /// Meets a fact in an hour.
    pub(super) fn again(&mut self, fact: u32, hour: i64) {
        let (hour, Some(latest)) = (hour as i32, self.latest.get_mut(fact as usize)) else { return };
        if *latest != hour {
            *latest = hour;
            self.met.push((fact, hour));
            if self.met.len() >= self.limit {
                self.join();
                self.limit = MET.max(2 * self.met.len());
            }
        }
    }

    #[cold]
    fn join(&mut self) {
        self.met.sort_unstable();
        self.met.dedup();
    }

    /// Every fact with its hours, ascending.
    pub(super) fn finish(mut self) -> impl Iterator<Item = (Fact, HourSet)> {
        self.join();
        let mut met = self.met.into_iter().peekable();
        self.facts.into_iter().enumerate().map(move |(number, fact)| {
            let of_fact = std::iter::from_fn(|| met.next_if(|(n, _)| *n == id(number)));
            (fact, of_fact.map(|(_, hour)| i64::from(hour)).collect())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_told_once_and_in_order() {
        let mut facts = Facts::new(FxSeededState::with_seed(7));
        let fact = |client| Fact { client, server: 0, address: IpAddr::from([10, 0, 0, 1]), how: Lane::Tls };
        for n in 0..400_000 {
            assert_eq!(facts.take(fact(n % 2), [3, 1, 2, 1][n as usize / 2 % 4]), n % 2);
            assert!(facts.met.len() <= MET);
        }
        let told: Vec<_> = facts.finish().map(|(f, hours)| (f.client, hours.iter().collect())).collect();
        assert_eq!(told, [(0, vec![1, 2, 3]), (1, vec![1, 2, 3])]);
    }
}

//! Naming: which names an address went by, and which named exchange explains one that has only an address.

use crate::evidence::{HourSet, Key, Server, Summary};
use crate::model::{Lane, Visibility};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

/// What explains an aggregate that has only an address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Explained {
    /// Nothing.
    No,
    /// Another log saw the exchange with its URL, whose host is the address.
    ByAddress,
    /// Another log names it.
    ByName(Arc<str>),
    /// Other logs name it, and not only one way.
    ByMany,
}

/// A name an address went by: the name, where the fact comes from, and the hours it was met in.
type Known<'a> = (&'a Arc<str>, Lane, &'a HourSet);
/// Name, port and hour of a named exchange.
type Exchange<'a> = (&'a str, Option<u16>, i64);
/// Client, address, port and hour of an exchange whose URL names an address.
type Addressed<'a> = (&'a str, IpAddr, Option<u16>, i64);

/// What names addresses went by, for each client.
pub(super) struct Naming<'a> {
    names: BTreeMap<(&'a str, IpAddr), Vec<Known<'a>>>,
    exchanges: BTreeMap<&'a str, BTreeSet<Exchange<'a>>>,
    addressed: BTreeSet<Addressed<'a>>,
}

impl<'a> Naming<'a> {
    pub(super) fn new(summary: &'a Summary) -> Naming<'a> {
        let mut names: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (key, hours) in &summary.names {
            names.entry((&*key.client, key.address)).or_default().push((&key.name, key.how, hours));
        }
        let mut exchanges: BTreeMap<&str, BTreeSet<_>> = BTreeMap::new();
        let mut addressed = BTreeSet::new();
        for (key, total) in &summary.aggregates {
            match &key.server {
                _ if key.lane == Lane::Lookup => {}
                Server::Name(name) => {
                    let known = exchanges.entry(&*key.client).or_default();
                    known.extend(total.hours.iter().map(|c| (&**name, key.port, c.hour())));
                }
                // A URL whose host is an address.
                Server::Address(a) if key.visibility <= Visibility::Url => {
                    addressed.extend(total.hours.iter().map(|c| (&*key.client, *a, key.port, c.hour())));
                }
                _ => {}
            }
        }
        Naming { names, exchanges, addressed }
    }

    fn of<'n>(&'n self, client: &'n str, address: IpAddr) -> &'n [Known<'a>] {
        self.names.get(&(client, address)).map_or(&[], Vec::as_slice)
    }

    /// What explains an aggregate in an hour, if it has only an address. A connection is logged when it ends
    /// in one log and when it begins in another, so a neighbouring hour counts.
    pub(super) fn explain(&self, key: &Key, hour: i64) -> Explained {
        let (Server::Address(address), true) = (&key.server, key.lane != Lane::Lookup) else {
            return Explained::No;
        };
        let near = hour - 1..=hour + 1;
        let met = |name: &str| {
            let exchanges = self.exchanges.get(&*key.client);
            exchanges.is_some_and(|e| near.clone().any(|h| e.contains(&(name, key.port, h))))
        };
        let known = self.of(&key.client, *address);
        let mut names: Vec<&Arc<str>> = known
            .iter()
            .filter(|(name, how, hours)| {
                *how != Lane::Lookup && hours.iter().any(|h| near.contains(&h)) && met(name)
            })
            .map(|(name, ..)| *name)
            .collect();
        names.dedup();
        match names.as_slice() {
            [] => {}
            [one] => return Explained::ByName(Arc::clone(one)),
            _ => return Explained::ByMany,
        }
        let seen = key.lane == Lane::PacketFlow
            && near.clone().any(|h| self.addressed.contains(&(&*key.client, *address, key.port, h)));
        if seen { Explained::ByAddress } else { Explained::No }
    }

    /// The names an address went by for a client in or just before the hours.
    pub(super) fn known(&self, client: &str, address: IpAddr, hours: &[i64]) -> Vec<Arc<str>> {
        let mut known: Vec<Arc<str>> = self
            .of(client, address)
            .iter()
            .filter(|(_, _, met)| hours.iter().any(|h| met.iter().any(|m| (h - 1..=*h).contains(&m))))
            .map(|(name, ..)| Arc::clone(name))
            .collect();
        known.sort();
        known.dedup();
        known
    }

    /// The addresses a name had for a client.
    pub(super) fn addresses(&self, client: &str, name: &str) -> Vec<IpAddr> {
        let from = (client, IpAddr::from([0, 0, 0, 0]));
        self.names
            .range(from..)
            .take_while(|((c, _), _)| *c == client)
            .filter(|(_, list)| list.iter().any(|(n, how, _)| &***n == name && *how != Lane::Lookup))
            .map(|((_, address), _)| *address)
            .collect()
    }
}

//! Caps: what is kept apart, so that memory does not follow what a log makes up.
//!
//! - A *unit* is a registrable domain, or a network of nameless addresses (/24, /48). More than
//!   [`Caps::hosts`] servers of a unit become one.
//! - The [`Caps::units`] units of lowest fixed hash are kept; servers of the others become one.
//! - A destination with more than [`Caps::clients`] clients keeps their networks instead, and if these
//!   are too many as well, nothing of them.
//! - Keys that a finding is likely to name never fold. More than [`Caps::notable`] of them are an error.
//!
//! Every decision depends on a set that only grows with more logs, and what is folded says so. So it does
//! not matter whether logs are folded before or after they are merged (`tests/it/merge/`), nor whether a flow is
//! counted as folded once the table holds as many as decide it.

use super::hour_set::HourSet;
use super::key::{Key, Server};
use super::sorted::Sorted;
use super::spellings::seeded;
use super::summary::{MergeRefusal, NameKey};
use super::total::{MOST_HOURS, Total};
use crate::model::Lane;
use crate::model::net::Network;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// How much is kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// Servers of a unit.
    pub hosts: usize,
    /// Clients of a destination.
    pub clients: usize,
    /// Units.
    pub units: usize,
    /// Aggregates that never fold.
    pub notable: usize,
    /// Addresses and clients of a name.
    pub names: usize,
}

impl Default for Caps {
    fn default() -> Self {
        Caps { hosts: 64, clients: 64, units: 4_096, notable: 100_000, names: 1_024 }
    }
}

/// Label of clients that are not told apart any more.
pub const ANYBODY: &str = "*";
/// Label of clients that are logged by name, once they are not told apart any more.
pub const NAMED: &str = "names/*";

/// Folds aggregates and names that are more than the caps keep apart.
///
/// # Errors
/// If there are more notable aggregates than may be kept.
pub(super) fn fold(
    aggregates: &mut Sorted<Key, Total>,
    names: &mut Sorted<NameKey, HourSet>,
    caps: Caps,
) -> Result<(), MergeRefusal> {
    let notable = aggregates.keys().filter(|k| k.is_notable()).count();
    if notable > caps.notable {
        return Err(MergeRefusal::TooMany { most: caps.notable });
    }
    let dropped = fold_servers(aggregates, names, caps);
    fold_clients(aggregates, caps);
    fold_names(names, &dropped, caps);
    Ok(())
}

/// Gives keys another server or client, and joins those that became equal.
fn rewrite(aggregates: &mut Sorted<Key, Total>, change: impl Fn(&mut Key)) {
    let mut list = std::mem::take(aggregates).into_list();
    list.iter_mut().filter(|(k, _)| !k.is_notable()).for_each(|(k, _)| change(k));
    *aggregates = Sorted::new(list, Total::join);
}

/// Folds servers; returns the units whose names explain nothing any more.
fn fold_servers(
    aggregates: &mut Sorted<Key, Total>,
    names: &Sorted<NameKey, HourSet>,
    caps: Caps,
) -> BTreeSet<Unit> {
    // Servers of each unit, by source; `None` once they are not told apart any more.
    let mut units: BTreeMap<Unit, BTreeMap<&Arc<str>, Option<BTreeSet<&Server>>>> = BTreeMap::new();
    let mut met = HashSet::with_hasher(seeded());
    let apart = aggregates.keys().filter(|k| !k.is_notable());
    for key in apart.filter(|k| met.insert((&k.source, &k.server))) {
        let Some(unit) = Unit::of(&key.server) else { continue };
        let hosts = units.entry(unit).or_default();
        let hosts = hosts.entry(&key.source).or_insert_with(|| Some(BTreeSet::new()));
        if key.server.is_folded() {
            *hosts = None;
        } else if let Some(set) = hosts {
            set.insert(&key.server);
            if set.len() > caps.hosts {
                *hosts = None;
            }
        }
    }
    let mut met = HashSet::with_hasher(seeded());
    for key in names.keys().filter(|k| !k.listed && met.insert(&*k.name)) {
        units.entry(Unit::domain(&key.name)).or_default();
    }
    let mut beyond = BTreeSet::new();
    if units.len() > caps.units {
        let mut order: Vec<([u8; 8], &Unit)> = units.keys().map(|u| (u.rank(), u)).collect();
        order.sort_unstable();
        beyond.extend(order.iter().skip(caps.units).map(|(_, u)| (*u).clone()));
    }
    let mut folded: BTreeSet<(Unit, Arc<str>)> = BTreeSet::new();
    for (unit, sources) in &units {
        let full = sources.iter().filter(|(_, hosts)| hosts.is_none());
        folded.extend(full.map(|(source, _)| (unit.clone(), Arc::clone(source))));
    }
    let mut dropped = beyond.clone();
    dropped.extend(folded.iter().map(|(unit, _)| unit.clone()));
    if dropped.is_empty() {
        return dropped;
    }
    rewrite(aggregates, |key| {
        let Some(unit) = Unit::of(&key.server) else { return };
        if beyond.contains(&unit) {
            key.server = Server::Beyond;
            key.port = None;
        } else if folded.contains(&(unit.clone(), Arc::clone(&key.source))) {
            key.server = unit.server();
        }
    });
    dropped
}

fn fold_clients(aggregates: &mut Sorted<Key, Total>, caps: Caps) {
    // How many clients each destination has, at first by counting alone: keys come in order of clients.
    let mut counts = HashMap::with_hasher(seeded());
    let apart = || aggregates.keys().filter(|k| !k.is_notable());
    for key in apart() {
        let (last, n) = counts.entry((&key.source, &key.server)).or_insert((None, 0_usize));
        if last.replace(&key.client) != Some(&key.client) {
            *n = if is_folded(&key.client) { usize::MAX } else { n.saturating_add(1) };
        }
    }
    let too_many = |k: &&Key| counts.get(&(&k.source, &k.server)).is_some_and(|(_, n)| *n > caps.clients);
    let mut clients: BTreeMap<(&Arc<str>, &Server), BTreeSet<&Arc<str>>> = BTreeMap::new();
    for key in apart().filter(too_many) {
        clients.entry((&key.source, &key.server)).or_default().insert(&key.client);
    }
    // Destinations whose clients fold, and whether to their networks or to nothing.
    let mut folded: BTreeMap<(Arc<str>, Server), bool> = BTreeMap::new();
    for ((source, server), set) in clients {
        let networks: BTreeSet<Arc<str>> = set.iter().map(|c| network(c)).collect();
        let nobody = networks.len() > caps.clients || networks.iter().any(|n| &**n == ANYBODY);
        folded.insert((Arc::clone(source), server.clone()), nobody);
    }
    if folded.is_empty() {
        return;
    }
    rewrite(aggregates, |key| match folded.get(&(Arc::clone(&key.source), key.server.clone())) {
        Some(true) => key.client = ANYBODY.into(),
        Some(false) => key.client = network(&key.client),
        None => {}
    });
}

fn fold_names(names: &mut Sorted<NameKey, HourSet>, dropped: &BTreeSet<Unit>, caps: Caps) {
    // A name whose flows are folded explains none of them. That it is so in any source decides for all, and
    // whether it has flows of its own decides nothing: a fact does not say which part of a log it is from.
    let mut facts: HashMap<&Arc<str>, (usize, bool), _> = HashMap::with_hasher(seeded());
    for (key, hours) in names.iter() {
        let (n, listed) = facts.entry(&key.name).or_default();
        let too_many = &*key.client == ANYBODY || hours.len() > MOST_HOURS;
        *n = if too_many { usize::MAX } else { n.saturating_add(1) };
        *listed |= key.listed;
    }
    let (mut full, mut gone) = (BTreeSet::new(), BTreeSet::new());
    for key in names.keys() {
        let (name, Some((n, listed))) = (&key.name, facts.remove(&key.name)) else { continue };
        if !listed && !dropped.is_empty() && dropped.contains(&Unit::domain(name)) {
            gone.insert(Arc::clone(name));
        } else if n > caps.names {
            full.insert(Arc::clone(name));
        }
    }
    if full.is_empty() && gone.is_empty() {
        return;
    }
    let mut list = std::mem::take(names).into_list();
    list.retain(|(key, _)| !gone.contains(&key.name));
    for (key, hours) in &mut list {
        if full.contains(&key.name) {
            // That there were too many is kept, so that it holds after a merge too.
            key.client = ANYBODY.into();
            key.address = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
            key.how = Lane::Lookup;
            *hours = HourSet::default();
        }
    }
    *names = Sorted::new(list, super::summary::join_hours);
}

/// What servers fold to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Unit {
    Domain(Arc<str>),
    Network(Network),
}

impl Unit {
    pub(super) fn of(server: &Server) -> Option<Unit> {
        match server {
            Server::Name(name) => Some(Unit::domain(name)),
            Server::Address(address) => Some(Unit::Network(around(*address))),
            Server::Below(domain) => Some(Unit::Domain(Arc::clone(domain))),
            Server::Within(network) => Some(Unit::Network(*network)),
            Server::Unreadable | Server::Unknown | Server::Beyond => None,
        }
    }

    fn domain(name: &str) -> Unit {
        Unit::Domain(psl::domain_str(name).unwrap_or(name).into())
    }

    pub(super) fn server(self) -> Server {
        match self {
            Unit::Domain(domain) => Server::Below(domain),
            Unit::Network(network) => Server::Within(network),
        }
    }

    /// The same on every machine and in every run: which units are kept is part of the evidence.
    fn rank(&self) -> [u8; 8] {
        let hash = match self {
            Unit::Domain(domain) => blake3::hash(domain.as_bytes()),
            Unit::Network(network) => blake3::hash(network.to_string().as_bytes()),
        };
        let mut rank = [0; 8];
        rank.iter_mut().zip(hash.as_bytes()).for_each(|(r, h)| *r = *h);
        rank
    }
}

/// The network of an address that its neighbours fold to.
fn around(address: IpAddr) -> Network {
    match address {
        IpAddr::V4(a) => Network { base: Ipv4Addr::from(u32::from(a) & 0xffff_ff00).into(), bits: 24 },
        IpAddr::V6(a) => Network { base: Ipv6Addr::from(u128::from(a) >> 80 << 80).into(), bits: 48 },
    }
}

/// Whether a client label stands for many.
fn is_folded(client: &str) -> bool {
    client == ANYBODY || client.contains('/')
}

/// What a client folds to first.
pub(super) fn network(client: &Arc<str>) -> Arc<str> {
    if is_folded(client) {
        return Arc::clone(client);
    }
    match client.parse() {
        Ok(address) => around(address).to_string().into(),
        Err(_) => NAMED.into(),
    }
}

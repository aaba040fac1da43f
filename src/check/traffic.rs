//! Aggregates in words of the project: who, where to, and whether a declaration explains it.
//!
//! An aggregate that has only an address is explained by named ones of the same client, address, port
//! and hour; the hours that none explains stay. Lanes are never added: one connection may be here
//! several times, once for each layer that logged it.

use super::case::Inputs;
use super::destination::{Destination, resolve};
use super::naming::{Explained, Naming};
use crate::evidence::{Cell, Key, Server, Total};
use crate::model::data::Locality;
use crate::model::flow::UNNAMED_CLIENT;
use crate::model::net::{Host, Network};
use crate::model::project::{Carries, Expected, Project, Role};
use crate::model::{Certainty, DataKind, DataKinds, Disposition, Lane, Method, Time, Visibility};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// One aggregate in words of the project.
pub(super) struct Observed<'a> {
    pub(super) key: &'a Key,
    pub(super) total: &'a Total,
    /// Its counts inside the period, hours explained by named aggregates taken out.
    pub(super) cell: Cell,
    /// Bytes out by UTC day: known sum, records without a figure.
    pub(super) days: BTreeMap<Time, (u64, u64)>,
    /// Index of the component it comes from.
    pub(super) component: Option<usize>,
    /// Whether the client lies in the declared boundary.
    pub(super) inside: bool,
    pub(super) destination: Destination<'a>,
    /// Kinds of data: what was seen, or else what such an exchange carries.
    pub(super) data: DataKinds,
    pub(super) certainty: Certainty,
    /// Whether it is one of downloads.
    pub(super) fetch: bool,
    /// Whether another log names the exchange that this one has by address only.
    pub(super) explained: bool,
    /// The expected entry whose source and destination match, and whether it explains the row.
    pub(super) expected: Option<(usize, Explains)>,
}

/// Whether an expected entry explains a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Explains {
    /// It does.
    Yes,
    /// The row carries more than the entry allows.
    Exceeds,
}

impl Observed<'_> {
    /// Whether it may have left: it went somewhere that is not local, and no control or cache stopped it.
    pub(super) fn crossed(&self) -> bool {
        self.key.lane != Lane::Lookup
            && !self.destination.hop
            && self.destination.locality != Locality::Local
            && matches!(self.key.disposition, Disposition::Delivered | Disposition::Unknown)
    }

    /// Whether an expected entry explains it.
    pub(super) fn is_expected(&self) -> bool {
        matches!(self.expected, Some((_, Explains::Yes)))
    }
}

/// Every aggregate of the period. Hours of an address that a named exchange explains become a row of that
/// name: the packet log measured what the other log named.
pub(super) fn observe<'a>(inputs: &Inputs<'a>) -> Vec<Observed<'a>> {
    let naming = Naming::new(inputs.summary);
    let clients = Clients::new(inputs.project);
    let mut rows = Vec::new();
    for (key, total) in &inputs.summary.aggregates {
        let mut parts: BTreeMap<Explained, Vec<Cell>> = BTreeMap::new();
        for cell in &total.hours {
            if cell.last >= inputs.period.start && cell.first < inputs.period.end {
                parts.entry(naming.explain(key, cell.hour())).or_default().push(cell);
            }
        }
        for (explained, cells) in parts {
            // Several names explain it: which of them the bytes belong to is not known.
            let (Some(cell), true) = (sum(&cells), explained != Explained::ByMany) else { continue };
            let hours: Vec<i64> = cells.iter().map(|c| c.hour()).collect();
            let (component, inside) = clients.find(inputs.project, key);
            let destination = resolve(inputs, &naming, key, &hours, &explained);
            let (data, certainty, fetch) = carried(inputs, key, &destination);
            let mut row = Observed {
                key,
                total,
                cell,
                days: days(&cells),
                component,
                inside,
                destination,
                data,
                certainty,
                fetch,
                explained: explained != Explained::No,
                expected: None,
            };
            row.expected = component.and_then(|c| expectation(inputs, &row, c));
            rows.push(row);
        }
    }
    rows
}

fn sum(cells: &[Cell]) -> Option<Cell> {
    let mut rest = cells.iter();
    let mut total = rest.next()?.clone();
    rest.for_each(|c| total.merge(c));
    Some(total)
}

fn days(cells: &[Cell]) -> BTreeMap<Time, (u64, u64)> {
    let mut days = BTreeMap::new();
    for cell in cells {
        let Some(day) = Time::from_date(cell.first.date()) else { continue };
        let entry: &mut (u64, u64) = days.entry(day).or_default();
        entry.0 = entry.0.saturating_add(cell.bytes_out.sum);
        entry.1 += cell.bytes_out.unknown;
    }
    days
}

/// What it carried: what a detector saw; else what the endpoint is for, or what the one known name of
/// its address is for.
fn carried(inputs: &Inputs<'_>, key: &Key, to: &Destination<'_>) -> (DataKinds, Certainty, bool) {
    if !key.observed.is_empty() {
        // No more is claimed than was seen: what else such a request could carry is not added.
        return (key.observed, Certainty::Observed, false);
    }
    if key.endpoint.is_some() {
        return (key.implied, key.certainty, key.fetch);
    }
    if let (Server::Address(_), [name]) = (&key.server, to.names.as_slice())
        && let Some(m) = inputs.services.lookup(name, None, Method::Connect)
    {
        return (m.sends, m.certainty, m.fetch);
    }
    (DataKinds::NONE, Certainty::Undetermined, false)
}

/// Components by the ways a log may name them.
struct Clients {
    names: BTreeMap<String, usize>,
    networks: Vec<(Network, usize)>,
}

impl Clients {
    fn new(project: &Project) -> Clients {
        let mut names = BTreeMap::new();
        let mut networks = Vec::new();
        for (i, component) in project.components.iter().enumerate() {
            for host in &component.hosts {
                match host.parse::<Network>() {
                    Ok(network) => networks.push((network, i)),
                    Err(_) => {
                        let name = Host::parse(host).map_or_else(|| host.clone(), |h| h.to_string());
                        names.entry(name).or_insert(i);
                    }
                }
            }
        }
        // The longest prefix says most about who it is.
        networks.sort_by(|a, b| b.0.bits.cmp(&a.0.bits).then(a.1.cmp(&b.1)));
        Clients { names, networks }
    }

    fn find(&self, project: &Project, key: &Key) -> (Option<usize>, bool) {
        let client = &*key.client;
        if client == UNNAMED_CLIENT {
            let source = project.sources.iter().find(|s| *s.id == *key.source);
            let [only] = source.map_or(&[][..], |s| &s.observes) else { return (None, false) };
            return (project.components.iter().position(|c| c.id == *only), true);
        }
        if let Some(i) = self.names.get(client) {
            return (Some(*i), true);
        }
        let Ok(address) = client.parse::<IpAddr>() else { return (None, false) };
        let component = self.networks.iter().find(|(n, _)| n.contains(address)).map(|(_, i)| *i);
        let inside = project.boundary.networks.iter().any(|n| n.network.contains(address));
        (component, inside || component.is_some())
    }
}

fn expectation(inputs: &Inputs<'_>, row: &Observed<'_>, component: usize) -> Option<(usize, Explains)> {
    let id = &inputs.project.components.get(component)?.id;
    let mut found = None;
    for (i, entry) in inputs.project.expected.iter().enumerate() {
        if !entry.from.iter().any(|f| f == id) || !reaches(inputs, entry, row) {
            continue;
        }
        if allows(entry, row) {
            return Some((i, Explains::Yes));
        }
        found.get_or_insert((i, Explains::Exceeds));
    }
    found
}

/// Whether one of an entry's destinations is this one.
fn reaches(inputs: &Inputs<'_>, entry: &Expected, row: &Observed<'_>) -> bool {
    entry.to.iter().any(|(target, _)| {
        if inputs.services.knows_target(target) {
            let names = &row.destination.names;
            return !names.is_empty()
                && names.iter().all(|n| inputs.services.matches_target(target, n, None));
        }
        match (target.parse::<Network>(), row.destination.address) {
            (Ok(network), Some(address)) => network.contains(address) && row.destination.names.is_empty(),
            (Ok(_), None) => false,
            (Err(_), _) => {
                let names = &row.destination.names;
                !names.is_empty() && names.iter().all(|n| crate::model::net::under_domain(n, target))
            }
        }
    })
}

/// Whether an entry allows what the row carries. What was not seen is taken as a download only while
/// nothing says otherwise: the limit of the entry still bounds it.
fn allows(entry: &Expected, row: &Observed<'_>) -> bool {
    match entry.carries {
        Carries::FetchOnly => {
            let content = row.data.intersection(super::bind::CONTENT);
            let seen = row.certainty >= Certainty::Implied && !content.is_empty() && !row.fetch;
            let writes =
                row.key.method == Method::Write && row.key.visibility <= Visibility::Url && !row.fetch;
            !seen && !writes
        }
        Carries::Data(kinds) => {
            let unsaid: Vec<DataKind> = row.data.iter().filter(|k| !kinds.contains(*k)).collect();
            unsaid.is_empty() || row.certainty < Certainty::Implied
        }
    }
}

/// Whether a component is a hop that forwards for others.
pub(super) fn is_forwarder(project: &Project, component: Option<usize>) -> bool {
    component.and_then(|i| project.components.get(i)).is_some_and(|c| c.role == Role::Forwarder)
}

/// Names that any proxy log shows, with hours: what a forwarder's own traffic is explained by.
pub(super) fn proxied(summary: &crate::evidence::Summary) -> BTreeSet<(&str, i64)> {
    let mut set = BTreeSet::new();
    for (key, total) in &summary.aggregates {
        if let (Lane::Proxy, Server::Name(name)) = (key.lane, &key.server) {
            set.extend(total.hours.iter().map(|c| (&**name, c.hour())));
        }
    }
    set
}

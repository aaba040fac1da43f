//! Where an aggregate went: the name the client used, else the names its address went by, else the
//! address; and whether that is inside the declared boundary.
//!
//! A name outside beats an address inside: that is a relay. A name inside with an address outside is
//! undetermined, never local.

use super::case::Inputs;
use super::naming::{Explained, Naming};
use crate::evidence::{Key, Server};
use crate::model::Method;
use crate::model::data::Locality;
use crate::model::net::{AddressKind, Host, address_kind, under_domain};
use crate::model::project::{Boundary, Project, Role};
use std::net::IpAddr;
use std::sync::Arc;

/// Where an aggregate went.
pub(super) struct Destination<'a> {
    /// How it is printed.
    pub(super) label: String,
    /// The names it goes by: the one the client used, or those of its address.
    pub(super) names: Vec<Arc<str>>,
    /// Its address, if the record gives one and no name.
    pub(super) address: Option<IpAddr>,
    pub(super) locality: Locality,
    /// Why.
    pub(super) because: &'static str,
    /// Service id.
    pub(super) service: Option<&'a str>,
    /// Whether the service takes prompts or images.
    pub(super) generation: bool,
    /// Jurisdiction of processing, as far as the host name shows it.
    pub(super) place: Option<&'a str>,
    /// Whether it is a declared forwarder: a hop, never a destination.
    pub(super) hop: bool,
}

/// Where an aggregate went.
pub(super) fn resolve<'a>(
    inputs: &Inputs<'a>,
    naming: &Naming<'a>,
    key: &'a Key,
    hours: &[i64],
    explained: &Explained,
) -> Destination<'a> {
    let project = inputs.project;
    let (names, address) = match &key.server {
        Server::Name(name) => (vec![Arc::clone(name)], None),
        Server::Address(a) => (naming.known(&key.client, *a, hours), Some(*a)),
        _ => (Vec::new(), None),
    };
    if let Explained::ByName(name) = explained {
        let (locality, because) =
            locate_name(&project.boundary, project, name, || naming.addresses(&key.client, name));
        return named(
            inputs,
            name.to_string(),
            vec![Arc::clone(name)],
            None,
            locality,
            because,
            key.service(),
        );
    }
    let (locality, because) = match (&key.server, names.as_slice()) {
        (Server::Name(name), _) => {
            locate_name(&project.boundary, project, name, || naming.addresses(&key.client, name))
        }
        (Server::Address(a), known) => locate_address(&project.boundary, project, *a, known),
        (Server::Unreadable, _) => (Locality::Undetermined, "the record names a host that cannot be one"),
        (Server::Unknown, _) => (Locality::Undetermined, "the record names no destination"),
        (Server::Below(_) | Server::Within(_) | Server::Beyond, _) => {
            (Locality::Undetermined, "its servers were too many to be kept apart")
        }
    };
    let label = match &key.server {
        Server::Name(name) => name.to_string(),
        Server::Address(a) => a.to_string(),
        Server::Unreadable => "(unreadable name)".to_owned(),
        Server::Unknown => "(no destination)".to_owned(),
        Server::Below(domain) => format!("*.{domain}"),
        Server::Within(network) => network.to_string(),
        Server::Beyond => "(other destinations)".to_owned(),
    };
    named(inputs, label, names, address, locality, because, key.service())
}

fn named<'a>(
    inputs: &Inputs<'a>,
    label: String,
    names: Vec<Arc<str>>,
    address: Option<IpAddr>,
    locality: Locality,
    because: &'static str,
    service: Option<&'a str>,
) -> Destination<'a> {
    let by_name = names.first().and_then(|n| inputs.services.lookup(n, None, Method::Connect));
    let by_address = address.and_then(|a| inputs.services.lookup(&a.to_string(), None, Method::Connect));
    let found = by_name.or(by_address);
    let service = service.or(found.as_ref().map(|m| m.service.id.as_str()));
    let generation = service.and_then(|s| inputs.services.service(s)).is_some_and(|s| s.generation);
    let hop = is_hop(inputs.project, &label);
    Destination {
        label,
        names,
        address,
        locality,
        because,
        service,
        generation,
        place: found.and_then(|m| m.place),
        hop,
    }
}

fn is_hop(project: &Project, label: &str) -> bool {
    let spelling = |host: &String| Host::parse(host).is_some_and(|h| h.to_string() == label);
    project.components.iter().any(|c| c.role == Role::Forwarder && c.hosts.iter().any(spelling))
}

fn is_component(project: &Project, label: &str) -> bool {
    let spelling = |host: &String| Host::parse(host).is_some_and(|h| h.to_string() == label);
    project.components.iter().any(|c| c.hosts.iter().any(spelling))
}

fn in_networks(boundary: &Boundary, address: IpAddr) -> bool {
    boundary.networks.iter().any(|n| n.network.contains(address))
}

/// Where a name is. `addresses` gives the addresses it had for the client, if any log shows them.
fn locate_name(
    boundary: &Boundary,
    project: &Project,
    name: &str,
    addresses: impl FnOnce() -> Vec<IpAddr>,
) -> (Locality, &'static str) {
    if name == "localhost" || name.ends_with(".localhost") {
        return (Locality::Local, "loopback name");
    }
    if name.ends_with(".local") || name.ends_with(".localdomain") {
        return (Locality::Local, "link-local name");
    }
    let declared = boundary.domains.iter().any(|(d, _)| under_domain(name, d)) || is_component(project, name);
    if !declared {
        return (Locality::Remote, "its name is outside the declared boundary");
    }
    let outside = |a: &IpAddr| {
        !in_networks(boundary, *a) && !matches!(address_kind(*a), AddressKind::Loopback | AddressKind::Link)
    };
    if addresses().iter().any(outside) {
        return (
            Locality::Undetermined,
            "its name is declared local, but its address is outside the declared networks",
        );
    }
    (Locality::Local, "its name is declared local")
}

fn locate_address(
    boundary: &Boundary,
    project: &Project,
    address: IpAddr,
    known: &[Arc<str>],
) -> (Locality, &'static str) {
    match address_kind(address) {
        AddressKind::Loopback => return (Locality::Local, "loopback address"),
        AddressKind::Link => return (Locality::Local, "link-local or multicast address"),
        AddressKind::Special => return (Locality::Undetermined, "an address that no host has"),
        AddressKind::Private | AddressKind::Public => {}
    }
    let outside = |n: &Arc<str>| locate_name(boundary, project, n, Vec::new).0 == Locality::Remote;
    if in_networks(boundary, address) {
        if !known.is_empty() && known.iter().all(outside) {
            return (Locality::Remote, "its address is inside, but the name asked for is outside: a relay");
        }
        return (Locality::Local, "its address is in a declared network");
    }
    if address_kind(address) == AddressKind::Private {
        return (Locality::Undetermined, "a private address that no declared network holds");
    }
    (Locality::Remote, "its address is outside the declared networks")
}

/// Where a host written in a project's file is, as the project declares it.
#[must_use]
pub fn locate(project: &Project, host: &str) -> Locality {
    match Host::parse(host) {
        Some(Host::Name(name)) => locate_name(&project.boundary, project, &name, Vec::new).0,
        Some(Host::Address(a)) => locate_address(&project.boundary, project, a, &[]).0,
        None => Locality::Undetermined,
    }
}

//! What was understood, as a bill of materials that other tools read: CycloneDX 1.6, JSON.
//!
//! Data flows are named from the side of the service, as the format has it: what a pipeline sends is
//! `inbound` there. A service of which it is not known whether it lies outside has no trust boundary stated,
//! neither true nor false. The serial number is made from the content, so the same inventory gives the same
//! bytes; a time would not, so there is none.

mod parts;

use crate::inventory::endpoint::host_of;
use crate::model::data::{Certainty, DataKind, DataKinds, Locality};
use crate::model::inventory::{AssetKind, FileInventory, Operation, State, Where};
use crate::model::text::{escaped, hex};
use crate::services::Services;
use parts::{Bom, Component, Data, Hash, Metadata, Property, Service};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// The name of a service that nothing names.
const NAMELESS: &str = "undetermined";

/// The inventory as a CycloneDX 1.6 document.
#[must_use]
pub fn cyclonedx(files: &[FileInventory], services: &Services) -> String {
    let mut files: Vec<&FileInventory> = files.iter().collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let mut bom = Bom::new(Metadata::new(&services.as_of, others(&files)));
    bom.components = components(&files);
    bom.services = parties(&files).into_iter().map(|(key, party)| party.service(&key, services)).collect();
    let content = serde_json::to_string(&bom).unwrap_or_default();
    bom.serial_number = Some(serial_number(&content));
    let mut text = escaped(&serde_json::to_string_pretty(&bom).unwrap_or_default());
    text.push('\n');
    text
}

/// A UUID of version 8 (RFC 9562): made from a digest in a way of our own.
fn serial_number(content: &str) -> String {
    let mut bytes: Vec<u8> = Sha256::digest(content.as_bytes()).into_iter().take(16).collect();
    for (at, keep, set) in [(6, 0x0F, 0x80), (8, 0x3F, 0x80)] {
        if let Some(byte) = bytes.get_mut(at) {
            *byte = *byte & keep | set;
        }
    }
    let hex = hex(&bytes);
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!("urn:uuid:{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}

/// One party that data passes: a service of the list, a host, or nobody known.
#[derive(Default)]
struct Party {
    endpoints: BTreeSet<String>,
    /// What active operations send there, and whether they download from it.
    sends: DataKinds,
    fetch: bool,
    /// What operations that do not run would send.
    idle: DataKinds,
    states: BTreeSet<&'static str>,
    certainty: Option<Certainty>,
    places: BTreeSet<String>,
}

type Key = (String, Locality);

fn parties(files: &[&FileInventory]) -> BTreeMap<Key, Party> {
    let mut all: BTreeMap<Key, Party> = BTreeMap::new();
    for operation in files.iter().flat_map(|f| &f.operations) {
        let nameless = [NAMELESS.to_owned()];
        let route: &[String] = match operation.route.as_slice() {
            [] if operation.locality == Locality::Local => continue,
            [] => &nameless,
            route => route,
        };
        for (n, name) in route.iter().enumerate() {
            let party = all.entry((name.clone(), operation.locality)).or_default();
            party.add(operation, n == 0);
        }
    }
    all
}

impl Party {
    fn add(&mut self, operation: &Operation, first: bool) {
        if operation.state == State::Active {
            self.sends = self.sends.union(operation.sends);
            self.fetch |= operation.fetch;
            self.certainty = self.certainty.max(Some(operation.certainty));
        } else {
            self.idle = self.idle.union(operation.sends);
        }
        self.states.insert(operation.state.name());
        self.places.insert(place(&operation.place));
        // An address that another file overruled is no longer where it goes.
        let spelled = operation.spelled.as_ref().filter(|_| first && operation.decided_at.is_none());
        if let Some(host) = spelled.and_then(|s| host_of(s.address.as_deref()?)) {
            self.endpoints.insert(endpoint(&host));
        }
    }

    fn service(self, (name, locality): &Key, services: &Services) -> Service {
        let known = services.service(name);
        let mut endpoints = self.endpoints;
        if known.is_none() && name != NAMELESS {
            endpoints.extend(host_of(name).filter(|host| host == name).map(|host| endpoint(&host)));
        }
        let flow = if name == NAMELESS { "unknown" } else { "inbound" };
        let mut data: Vec<Data> = self.sends.iter().map(|kind| Data::of(flow, kind)).collect();
        if self.fetch {
            data.push(Data::of("outbound", DataKind::Model));
        }
        let mut properties = Vec::new();
        let mut say = |name: &str, value: &str| properties.push(Property::of(name, value));
        if let Some(known) = known {
            say("service", &known.id);
        }
        say("locality", locality.name());
        if let Some(certainty) = self.certainty {
            say("certainty", certainty.name());
        } else {
            say("state", self.states.first().copied().unwrap_or(State::Inactive.name()));
            say("inactive-data", &self.idle.to_string());
        }
        for place in &self.places {
            say("where", place);
        }
        Service {
            bom_ref: format!("service/{name}/{}", locality.name()),
            name: known.map_or_else(|| name.clone(), |k| k.name.clone()),
            endpoints: endpoints.into_iter().collect(),
            x_trust_boundary: match locality {
                Locality::Local => Some(false),
                Locality::Remote => Some(true),
                Locality::Undetermined => None,
            },
            data,
            properties,
        }
    }
}

/// A host as a reference that the format allows: one with colons needs brackets, and slashes before them.
fn endpoint(host: &str) -> String {
    if host.contains(':') { format!("//[{host}]") } else { host.to_owned() }
}

fn place(place: &Where) -> String {
    match (place.line, &place.inside) {
        (Some(line), _) => format!("{}:{line}", place.file),
        (None, Some(inside)) => format!("{}#{inside}", place.file),
        (None, None) => place.file.clone(),
    }
}

/// Packages and models. Of models that another file only describes those with a digest or a name of their own.
fn components(files: &[&FileInventory]) -> Vec<Component> {
    let mut all: BTreeMap<String, Component> = BTreeMap::new();
    for file in files.iter().filter(|f| f.kind != "model-card") {
        for asset in &file.assets {
            let (kind, reference) = match asset.kind {
                AssetKind::Package => ("library", format!("package/{}", asset.name)),
                AssetKind::Model => {
                    ("machine-learning-model", format!("model/{}/{}", place(&asset.place), asset.name))
                }
                _ => continue,
            };
            let component = all.entry(reference.clone()).or_insert_with(|| Component {
                kind,
                bom_ref: reference,
                name: asset.name.clone(),
                hashes: asset.sha256.iter().map(|digest| Hash::sha256(digest)).collect(),
                properties: Vec::new(),
            });
            let mut say = |name: &str, value: &str| {
                let property = Property::of(name, value);
                if !component.properties.contains(&property) {
                    component.properties.push(property);
                }
            };
            say("where", &place(&asset.place));
            if let Some(service) = &asset.service {
                say("service", service);
            }
            if asset.state != State::Active {
                say("state", asset.state.name());
            }
            if let Some(provenance) = file.provenance.filter(|_| asset.kind == AssetKind::Model) {
                say("provenance", provenance.name());
            }
        }
    }
    all.into_values().collect()
}

/// Assets that are neither packages nor models, as properties of the whole.
fn others(files: &[&FileInventory]) -> Vec<Property> {
    let assets = files.iter().flat_map(|f| &f.assets);
    let others = assets.filter(|a| !matches!(a.kind, AssetKind::Package | AssetKind::Model));
    let told: BTreeSet<(&str, String)> = others
        .map(|a| (a.kind.name(), format!("{} ({}) at {}", a.name, a.state.name(), place(&a.place))))
        .collect();
    told.into_iter().map(|(kind, value)| Property::of(kind, &value)).collect()
}

#[cfg(test)]
mod tests;

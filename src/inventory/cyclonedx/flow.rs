//! Data flows of services, from the side of whoever uses them.

use super::service::{Service, by_endpoint};
use crate::inventory::Context;
use crate::inventory::document::Node;
use crate::inventory::endpoint::{Target, shown, unknown};
use crate::model::data::{Certainty, DataKind, DataKinds, Locality};
use crate::model::inventory::{Operation, State, Where};
use crate::services::bom::BomWords;
use std::collections::{BTreeMap, BTreeSet};

/// Which way data flows at a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Inbound,
    Outbound,
    Both,
    Unknown,
}

/// One entry of a service's `data`.
struct Entry<'n> {
    /// Index of the service.
    at: usize,
    node: &'n Node,
    place: Where,
    direction: Direction,
    /// Its name, lower case; empty if it has none.
    name: String,
    classification: &'n str,
}

/// What `source` or `destination` names.
enum End {
    /// A service of this file.
    Service(usize),
    /// An address.
    Address(String),
    /// A part of another bill of materials.
    Elsewhere,
    /// The application itself, or a component of it.
    Inside,
}

/// Flows of all services together.
struct Flows<'n, 's> {
    services: &'s [Service<'n>],
    entries: Vec<Entry<'n>>,
    /// Service by what others call it.
    references: BTreeMap<&'n str, usize>,
    /// `urn:cdx:` and the serial number of this file.
    own: Option<String>,
    /// The stricter classification of flows whose ends differ, by service and name.
    stricter: BTreeMap<(usize, String), &'n str>,
    /// Flows that a service takes in, by service and name.
    taken: BTreeSet<(usize, String)>,
    /// Services that a service takes something from: receiver, sender.
    takes_from: BTreeSet<(usize, usize)>,
}

/// What goes to the services of a bill of materials, and from them to others.
pub(super) fn operations(
    root: &Node,
    services: &[Service<'_>],
    path: &str,
    context: &Context<'_>,
    notes: &mut BTreeSet<String>,
) -> Vec<Operation> {
    let mut flows = Flows::of(root, services, path);
    flows.compare(notes);
    let mut found = Vec::new();
    for entry in &flows.entries {
        flows.entry(entry, context, &mut found);
    }
    for service in services.iter().filter(|s| data(s).is_empty()) {
        found.push(undeclared(service, path, context));
    }
    found.sort_by_key(|o| o.place.line);
    found
}

fn data<'n>(service: &Service<'n>) -> &'n [Node] {
    service.node.get("data").map(Node::items).unwrap_or_default()
}

impl<'n, 's> Flows<'n, 's> {
    fn of(root: &Node, services: &'s [Service<'n>], path: &str) -> Flows<'n, 's> {
        let mut entries = Vec::new();
        for (at, service) in services.iter().enumerate() {
            for (i, node) in data(service).iter().enumerate().filter(|(_, n)| n.is_map()) {
                entries.push(Entry {
                    at,
                    node,
                    place: Where::key(path, node.line, format!("{}.data[{i}]", service.inside)),
                    direction: match node.text_of("flow") {
                        Some("inbound") => Direction::Inbound,
                        Some("outbound") => Direction::Outbound,
                        Some("bi-directional") => Direction::Both,
                        _ => Direction::Unknown,
                    },
                    name: node.text_of("name").unwrap_or_default().to_lowercase(),
                    classification: node.text_of("classification").unwrap_or_default(),
                });
            }
        }
        let references = services.iter().enumerate().filter_map(|(i, s)| Some((s.reference?, i))).collect();
        let own = root.text_of("serialNumber").and_then(|s| s.strip_prefix("urn:uuid:"));
        let own = own.map(|serial| format!("urn:cdx:{serial}/"));
        Flows {
            services,
            entries,
            references,
            own,
            stricter: BTreeMap::new(),
            taken: BTreeSet::new(),
            takes_from: BTreeSet::new(),
        }
    }

    fn end(&self, text: &str) -> End {
        if let Some(at) = self.references.get(text) {
            return End::Service(*at);
        }
        if let Some(link) = text.strip_prefix("urn:cdx:") {
            let own = self.own.as_deref().is_some_and(|own| text.starts_with(own));
            let reference = link.split_once('#').map(|(_, reference)| reference);
            return match reference.filter(|_| own) {
                Some(reference) => self.references.get(reference).map_or(End::Inside, |at| End::Service(*at)),
                None => End::Elsewhere,
            };
        }
        if text.contains("://") { End::Address(text.to_owned()) } else { End::Inside }
    }

    fn ends(&self, entry: &Entry<'_>, key: &str) -> Vec<End> {
        let list = entry.node.get(key).map(Node::items).unwrap_or_default();
        list.iter().filter_map(Node::text).map(|text| self.end(text)).collect()
    }

    /// Finds the flows that are declared at both of their ends, and which classification counts for them.
    fn compare(&mut self, notes: &mut BTreeSet<String>) {
        let words = BomWords::shipped();
        let stricter = |a: &'n str, b: &'n str| if words.strictness(b) > words.strictness(a) { b } else { a };
        let mut own: BTreeMap<(usize, String), &'n str> = BTreeMap::new();
        for entry in &self.entries {
            let key = (entry.at, entry.name.clone());
            let known = own.entry(key.clone()).or_insert(entry.classification);
            *known = stricter(known, entry.classification);
            if entry.direction != Direction::Outbound {
                self.taken.insert(key);
            }
        }
        let mut joined: BTreeMap<(usize, String), &'n str> = BTreeMap::new();
        for entry in &self.entries {
            let sources = self.ends(entry, "source");
            let services = |ends: &[End]| -> Vec<usize> {
                ends.iter().filter_map(|e| if let End::Service(at) = e { Some(*at) } else { None }).collect()
            };
            let from = services(&sources);
            if entry.direction != Direction::Outbound {
                self.takes_from.extend(from.iter().map(|sender| (entry.at, *sender)));
            }
            if entry.name.is_empty() {
                continue;
            }
            let here = (entry.at, entry.name.clone());
            for other in from.into_iter().chain(services(&self.ends(entry, "destination"))) {
                let there = (other, entry.name.clone());
                let (Some(a), Some(b)) = (own.get(&here), own.get(&there)) else { continue };
                if a.eq_ignore_ascii_case(b) || other == entry.at {
                    continue;
                }
                notes.insert(self.differently(&here, a, &there, b));
                let counts = stricter(a, b);
                for key in [here.clone(), there] {
                    let known = joined.entry(key).or_insert(counts);
                    *known = stricter(known, counts);
                }
            }
        }
        self.stricter = joined;
    }

    /// The same words whichever end is looked at first.
    fn differently(&self, here: &(usize, String), a: &str, there: &(usize, String), b: &str) -> String {
        let name = |at: usize| self.services.get(at).map_or("", |s| s.name.as_str());
        let mut ends = [(here.0, a), (there.0, b)];
        ends.sort_unstable();
        let [first, second] =
            ends.map(|(at, classification)| format!("`{}` at `{}`", shown(classification), name(at)));
        format!(
            "contradiction: the flow `{}` is classified {first} and {second}; the stricter counts",
            shown(&here.1)
        )
    }

    fn entry(&self, entry: &Entry<'n>, context: &Context<'_>, found: &mut Vec<Operation>) {
        let Some(service) = self.services.get(entry.at) else { return };
        if entry.direction != Direction::Outbound {
            let mut target = service.target.clone();
            let way = match entry.direction {
                Direction::Unknown => {
                    target.locality = Locality::Undetermined;
                    target.certainty = Certainty::Undetermined;
                    target.spelled = None;
                    "whose direction is not said"
                }
                Direction::Both => "which goes to the service and back",
                _ => "which goes to the service",
            };
            found.push(self.operation(entry, service, way, target));
        }
        if entry.direction == Direction::Outbound && service.target.locality != Locality::Local {
            let way = "which comes from the service";
            let operation = self.operation(entry, service, way, service.target.clone());
            if operation.sends == DataKinds::of(&[DataKind::Model]) {
                found.push(Operation { sends: DataKinds::NONE, fetch: true, ..operation });
            }
        }
        if matches!(entry.direction, Direction::Outbound | Direction::Both) {
            for end in self.ends(entry, "destination") {
                let target = match end {
                    End::Service(at) if !self.is_taken(at, entry) => {
                        self.services.get(at).map(|s| s.target.clone())
                    }
                    End::Address(address) => Some(by_endpoint(&address, context)),
                    End::Elsewhere => {
                        Some(unknown("its destination is described in another bill of materials"))
                    }
                    End::Service(_) | End::Inside => None,
                };
                let way = "which the service passes on";
                found.extend(target.map(|target| self.operation(entry, service, way, target)));
            }
        }
    }

    /// Whether the receiver says of itself that it takes this, so that it is counted there.
    fn is_taken(&self, receiver: usize, entry: &Entry<'_>) -> bool {
        receiver == entry.at
            || (!entry.name.is_empty() && self.taken.contains(&(receiver, entry.name.clone())))
            || self.takes_from.contains(&(receiver, entry.at))
    }

    fn operation(&self, entry: &Entry<'n>, service: &Service<'n>, way: &str, target: Target) -> Operation {
        let words = BomWords::shipped();
        let texts =
            ["name", "description", "classification"].map(|k| entry.node.text_of(k).unwrap_or_default());
        let kinds = words.kinds(&texts.join(". "));
        let label =
            [texts[0], entry.classification, "data"].into_iter().find(|t| !t.is_empty()).unwrap_or("data");
        let key = (entry.at, entry.name.clone());
        let counts = self.stricter.get(&key).copied().unwrap_or(entry.classification);
        let mut classified = format!("classified `{}`", shown(counts));
        if !counts.eq_ignore_ascii_case(entry.classification) {
            classified.push_str(&format!(" at its other end, here `{}`", shown(entry.classification)));
        }
        Operation {
            id: format!("{} / {}", service.name, shown(label)),
            place: entry.place.clone(),
            state: service.state,
            sends: if kinds.is_empty() { DataKinds::of(&[DataKind::Other]) } else { kinds },
            fetch: false,
            service: target.service,
            route: target.route,
            locality: target.locality,
            certainty: target.certainty,
            because: format!("it declares data, {classified}, {way}; {}", target.because),
            decided_at: None,
            spelled: target.spelled,
        }
    }
}

/// A service whose data is not declared: it is listed because something uses it.
fn undeclared(service: &Service<'_>, path: &str, context: &Context<'_>) -> Operation {
    let target = service.target.clone();
    let known = target.service.as_deref().and_then(|id| context.services.service(id));
    let sends = known.map_or(DataKinds::NONE, |s| s.sends);
    let because = if service.state == State::Active {
        "it does not declare what data the service takes"
    } else {
        "it says that the service is not in use"
    };
    Operation {
        id: service.name.clone(),
        place: Where::key(path, service.node.line, service.inside.clone()),
        state: service.state,
        sends: if sends.is_empty() { DataKinds::of(&[DataKind::Other]) } else { sends },
        fetch: false,
        service: target.service,
        route: target.route,
        locality: target.locality,
        certainty: if known.is_some() {
            target.certainty.min(Certainty::Implied)
        } else {
            target.certainty.min(Certainty::Possible)
        },
        because: format!("{because}; {}", target.because),
        decided_at: None,
        spelled: target.spelled,
    }
}

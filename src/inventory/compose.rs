//! Compose files: services, what they are given, and by which names they reach each other.
//!
//! Format: the Compose Specification; anchors and merge keys are followed by the YAML reader. Not followed:
//! `include`, `extends` from another file, and `env_file`, whose files are read for themselves.
//!
//! What would mislead: a service that a profile or `replicas: 0` leaves out; an address whose host is a
//! service of the same file; a default that a variable may override.

use super::command::loopback;
use super::document::Node;
use super::endpoint::{host_of, shown};
use super::interpolate::Given;
use super::invocation::{Invocation, started};
use super::variables::{Found, Program, Sibling, Variable, is_gateway, not_utf8};
use super::{Context, File, Importer};
use crate::model::data::Certainty;
use crate::model::inventory::{FileInventory, HostName, State, Where};
use std::collections::{BTreeMap, BTreeSet};

pub(super) struct Compose;

pub(super) static IMPORTER: Compose = Compose;

impl Importer for Compose {
    fn id(&self) -> &'static str {
        "compose"
    }

    fn about(&self) -> &'static str {
        "Compose files: services, their variables, commands, ports and names"
    }

    fn doc(&self) -> &'static str {
        "Recognised by content: YAML with `services`, a map of maps of which one has `image`, `build`, `command`, \
         `environment` or `extends`.\n\n\
         A service is inactive if it has `profiles`, `deploy.replicas: 0` or `scale: 0`. Variables are judged \
         together for each service: addresses, engine selectors, credentials, switches. A host that is a service \
         of the file is local; an address whose host a variable decides is undetermined, or remote if its default \
         is. A service all of whose networks are `internal` is guarded. Published ports are listeners unless \
         bound to loopback. That an image is pulled does not count as a download."
    }

    fn import(&self, file: &File<'_>, context: &Context<'_>) -> Option<FileInventory> {
        if !file.holds("services:") || file.holds("apiVersion:") {
            return None;
        }
        if let Some(unread) = not_utf8(file, self.id(), &["services:", "image:"]) {
            return Some(unread);
        }
        let (documents, problem) = file.yaml()?;
        let Some(root) = documents.iter().find(|d| is_compose(d)) else {
            let cut = problem.as_ref().filter(|_| file.text().is_some_and(resembles))?;
            let mut found = Found::new(file.path, context);
            found.partial = true;
            found.notes.push(cut.note());
            return Some(found.finish(self.id()));
        };
        let mut found = Found::new(file.path, context);
        if let Some(problem) = problem {
            found.partial = true;
            found.notes.push(problem.note());
        }
        let names = Names::of(root, file.path);
        found.hosts.extend(names.hosts());
        let siblings = |host: &str| names.find(host);
        let networks = root.get("networks").map(Node::entries).unwrap_or_default().iter();
        let internal = |n: &Node| n.get("internal").and_then(Node::bool) == Some(true);
        let closed: BTreeSet<&str> =
            networks.filter(|(_, n)| internal(n)).map(|(key, _)| key.text.as_str()).collect();
        for (key, service) in root.get("services").map(Node::entries).unwrap_or_default() {
            read_service(&key.text, key.line, service, &closed, &siblings, &mut found);
        }
        if root.get("include").is_some() {
            found.notes.push("it includes other files, which are read for themselves".to_owned());
        }
        Some(found.finish(self.id()))
    }
}

fn is_compose(root: &Node) -> bool {
    const KEYS: [&str; 5] = ["image", "build", "command", "environment", "extends"];
    let service = |node: &Node| KEYS.iter().any(|key| node.get(key).is_some());
    root.get("services").is_some_and(|s| s.entries().iter().any(|(_, node)| service(node)))
}

/// Whether a text that is not whole YAML looks like a Compose file.
fn resembles(text: &str) -> bool {
    let services = text.lines().any(|l| l.trim_end() == "services:");
    let keys = ["image:", "build:", "environment:"];
    services && keys.iter().any(|k| text.contains(k))
}

/// The names by which services reach each other, and hosts that the file gives addresses.
struct Names {
    file: String,
    services: BTreeMap<String, Where>,
    /// Those that pass prompts on.
    gateways: BTreeSet<String>,
    extra: BTreeMap<String, (String, Where)>,
}

impl Names {
    fn of(root: &Node, path: &str) -> Names {
        let mut names = Names {
            file: path.to_owned(),
            services: BTreeMap::new(),
            gateways: BTreeSet::new(),
            extra: BTreeMap::new(),
        };
        for (key, service) in root.get("services").map(Node::entries).unwrap_or_default() {
            let inside = format!("services.{}", key.text);
            let image = service.get("image").and_then(Node::text).map(plain).unwrap_or_default();
            let gateway = is_gateway(&image) || is_gateway(&key.text);
            let mut add = |name: &str, line: u64| {
                if let Some(host) = host_of(name) {
                    if gateway {
                        names.gateways.insert(host.clone());
                    }
                    names.services.entry(host).or_insert_with(|| Where::key(path, line, inside.clone()));
                }
            };
            add(&key.text, key.line);
            for own in ["container_name", "hostname"] {
                if let Some(name) = service.get(own) {
                    name.text().inspect(|text| add(text, name.line));
                }
            }
            for (_, network) in service.get("networks").map(Node::entries).unwrap_or_default() {
                for alias in network.get("aliases").map(Node::items).unwrap_or_default() {
                    alias.text().inspect(|text| add(text, alias.line));
                }
            }
            for (name, address, line) in extra_hosts(service) {
                let place = Where::key(path, line, format!("{inside}.extra_hosts"));
                names.extra.entry(name.to_lowercase()).or_insert((address, place));
            }
        }
        names
    }

    fn hosts(&self) -> Vec<HostName> {
        let own = self.services.iter().map(|(name, place)| HostName {
            name: name.clone(),
            outside: None,
            gateway: self.gateways.contains(name),
            place: place.clone(),
        });
        let extra = self.extra.iter().map(|(name, (address, place))| HostName {
            name: name.clone(),
            outside: Some(address.clone()),
            gateway: false,
            place: place.clone(),
        });
        own.chain(extra).collect()
    }

    fn find(&self, host: &str) -> Option<Sibling> {
        if let Some((address, _)) = self.extra.get(host) {
            return Some(Sibling::Outside(address.clone()));
        }
        let place = self.services.get(host)?;
        let line = place.line.unwrap_or(1);
        let why = format!("`{}` is a service of {}:{line}", shown(host), shown(&self.file));
        Some(if self.gateways.contains(host) { Sibling::Gateway(why) } else { Sibling::Here(why) })
    }
}

/// `name:address`, `name=address`, or a map. The machine itself keeps its name.
fn extra_hosts(service: &Node) -> Vec<(String, String, u64)> {
    let Some(node) = service.get("extra_hosts") else { return Vec::new() };
    let split = |text: &str| {
        let (name, address) = text.split_once(['=', ':'])?;
        Some((name.to_owned(), address.trim_matches(['[', ']']).to_owned()))
    };
    let listed = node.items().iter().filter_map(|n| Some((split(n.text()?)?, n.line)));
    let mapped = node.entries().iter().filter_map(|(k, n)| Some(((k.text.clone(), n.word()?), n.line)));
    listed
        .chain(mapped)
        .filter(|((_, address), _)| address != "host-gateway")
        .map(|((name, address), line)| (name, address, line))
        .collect()
}

fn read_service(
    name: &str,
    line: u64,
    service: &Node,
    closed: &BTreeSet<&str>,
    siblings: &dyn Fn(&str) -> Option<Sibling>,
    found: &mut Found<'_>,
) {
    let path = found.path;
    let inside = |key: &str| format!("services.{name}.{key}");
    let state = state(service);
    let variables = environment(service, path, &inside("environment"));
    if let Some(image) = service.get("image") {
        let reference = image.text().map(plain).unwrap_or_default();
        found.image(name, state, &reference, Where::key(path, image.line, inside("image")));
    }
    let program = Program { name, state, runs: true, variables: &variables, siblings };
    found.program(&program);
    if state == State::Active {
        found.export(&variables, Certainty::Implied);
    }
    let invocation = |key: &str| {
        let node = service.get(key)?;
        let place = Where::key(path, node.line, inside(key));
        let invocation = match node.text() {
            Some(text) => Invocation::Line(unescaped(text)),
            None => {
                let words = node.items().iter().filter_map(Node::word);
                Invocation::Words(words.map(|w| unescaped(&w)).collect())
            }
        };
        Some((invocation, place))
    };
    if let Some(parts) = started(invocation("entrypoint"), invocation("command"), found.context) {
        found.commands(parts, &program);
    }
    for port in service.get("ports").map(Node::items).unwrap_or_default() {
        let Some((shown, loopback)) = published(port) else { continue };
        if !loopback {
            let place = Where::key(path, port.line, inside("ports"));
            let because = "the port is published at every address of the machine or at one that others reach";
            found.listener(&format!("{name} {shown}"), state, place, because);
        }
    }
    if let Some(networks) = internal(service, closed) {
        let place = Where::key(path, line, inside("networks"));
        let because = "every network of the service is internal: it has no way out".to_owned();
        found.guard(&format!("{name} {networks}"), state, place, because);
    }
    if service.get("env_file").is_some() {
        found.notes.push(format!("`{}` takes variables from other files too", shown(name)));
    }
    if let Some(other) = service.get("extends").and_then(|e| e.text_of("file")) {
        found.notes.push(format!("`{}` goes on in `{}`", shown(name), shown(other)));
    }
}

fn state(service: &Node) -> State {
    let zero = |node: Option<&Node>| node.and_then(Node::word).is_some_and(|w| w == "0");
    let gated = service.get("profiles").is_some_and(|p| !p.items().is_empty() || p.text().is_some());
    if gated || zero(service.at(&["deploy", "replicas"])) || zero(service.get("scale")) {
        State::Inactive
    } else {
        State::Active
    }
}

/// `environment` as a map or a list. A name without a value comes from whoever starts it.
fn environment(service: &Node, path: &str, inside: &str) -> Vec<Variable> {
    let Some(node) = service.get("environment") else { return Vec::new() };
    let handed_in = |name: &str, place: Where| {
        let given = Given::Open { variables: vec![name.to_owned()], default: None, whole: true };
        Variable::with(name, given, place)
    };
    let variable = |name: &str, value: Option<&str>, line: u64| {
        let place = Where::key(path, line, format!("{inside}.{name}"));
        match value {
            Some(value) => Variable::read(name, value, place, &|_| None),
            None => handed_in(name, place),
        }
    };
    let mapped = node.entries().iter().map(|(key, n)| variable(&key.text, n.word().as_deref(), n.line));
    let listed = node.items().iter().filter_map(|n| {
        let text = n.text()?;
        Some(match text.split_once('=') {
            Some((name, value)) => variable(name.trim(), Some(value), n.line),
            None => variable(text.trim(), None, n.line),
        })
    });
    mapped.chain(listed).collect()
}

/// A value with the defaults of its variables put in.
fn plain(text: &str) -> String {
    super::interpolate::given(text, &|_| None).by_default().unwrap_or(text).to_owned()
}

/// Compose writes `$$` for the shell's `$`.
fn unescaped(text: &str) -> String {
    text.replace("$$", "$")
}

/// A published port as it is shown, and whether only the machine itself reaches it.
fn published(port: &Node) -> Option<(String, bool)> {
    if port.is_map() {
        let published = port.get("published").and_then(Node::word)?;
        let address = port.text_of("host_ip").unwrap_or_default();
        return Some((published, loopback(address)));
    }
    let text = plain(&port.word()?);
    let bare = text.split('/').next().unwrap_or(&text);
    // A lone port inside the container is given a random one outside: published all the same.
    let address = match bare.rsplitn(3, ':').collect::<Vec<_>>()[..] {
        [_, _, address] => address.to_owned(),
        _ => String::new(),
    };
    Some((text.clone(), loopback(&address)))
}

/// The names of a service's networks if all are internal.
fn internal(service: &Node, closed: &BTreeSet<&str>) -> Option<String> {
    let networks = service.get("networks")?;
    let mut names: Vec<&str> = networks.entries().iter().map(|(k, _)| k.text.as_str()).collect();
    names.extend(networks.items().iter().filter_map(Node::text));
    (!names.is_empty() && names.iter().all(|name| closed.contains(name))).then(|| names.join(" "))
}

#[cfg(test)]
mod tests;

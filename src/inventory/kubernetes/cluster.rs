//! What the objects of a file say to each other: ConfigMaps, Secrets, Services, pods and their labels.

use super::Object;
use crate::inventory::document::Node;
use crate::inventory::endpoint::shown;
use crate::inventory::variables::{Sibling, is_gateway};
use crate::model::inventory::{State, Where};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// Most kinds of pods that policies are compared with.
const MOST_PODS: usize = 1024;

/// The part of a cluster that a file describes.
pub(super) struct Cluster<'n> {
    file: &'n str,
    /// By namespace and name.
    maps: BTreeMap<(&'n str, String), &'n Node>,
    /// By namespace, ConfigMap and key.
    values: FxHashMap<(&'n str, &'n str, &'n str), &'n Node>,
    secrets: BTreeMap<(&'n str, String), Vec<(String, u64)>>,
    services: Vec<Service<'n>>,
    /// Positions in `services` by every name that means one, the bare ones with their namespace.
    names: FxHashMap<String, usize>,
    bare: FxHashMap<(&'n str, String), usize>,
    pods: Vec<Pods<'n>>,
    /// Whether anything of a namespace runs.
    running: BTreeMap<&'n str, bool>,
}

/// A Service: a name by which pods reach each other.
pub(super) struct Service<'n> {
    pub(super) name: &'n str,
    namespace: &'n str,
    pub(super) outside: Option<String>,
    pub(super) place: Where,
}

/// The pods of a workload.
struct Pods<'n> {
    namespace: &'n str,
    labels: Vec<(&'n str, &'n str)>,
}

impl Service<'_> {
    /// The names that mean it.
    pub(super) fn names(&self) -> Vec<String> {
        let Service { name, namespace, .. } = self;
        ["", ".svc", ".svc.cluster.local"]
            .iter()
            .map(|tail| format!("{name}.{namespace}{tail}").to_lowercase())
            .chain([name.to_lowercase()])
            .collect()
    }
}

impl<'n> Cluster<'n> {
    pub(super) fn of(objects: &[Object<'n>], file: &'n str) -> Cluster<'n> {
        let mut cluster = Cluster {
            file,
            maps: BTreeMap::new(),
            values: FxHashMap::default(),
            secrets: BTreeMap::new(),
            services: Vec::new(),
            names: FxHashMap::default(),
            bare: FxHashMap::default(),
            pods: Vec::new(),
            running: BTreeMap::new(),
        };
        for object in objects {
            let key = (object.namespace, object.name.to_owned());
            match object.kind {
                "ConfigMap" => {
                    let Some(data) = object.node.get("data") else { continue };
                    let entries = data.entries().iter();
                    cluster
                        .values
                        .extend(entries.map(|(k, v)| ((object.namespace, object.name, k.text.as_str()), v)));
                    cluster.maps.insert(key, data);
                }
                "Secret" => {
                    let parts = ["data", "stringData"].into_iter().filter_map(|k| object.node.get(k));
                    let names = parts.flat_map(Node::entries).map(|(k, _)| (k.text.clone(), k.line));
                    cluster.secrets.insert(key, names.collect());
                }
                "ExternalSecret" => {
                    let target = object.node.at(&["spec", "target", "name"]).and_then(Node::text);
                    let data = object.node.at(&["spec", "data"]).map(Node::items).unwrap_or_default();
                    let names = data.iter().filter_map(|d| {
                        let name = d.get("secretKey")?;
                        Some((name.text()?.to_owned(), name.line))
                    });
                    let name = target.unwrap_or(object.name).to_owned();
                    cluster.secrets.insert((object.namespace, name), names.collect());
                }
                "Service" => {
                    let outside = object.node.at(&["spec", "externalName"]).and_then(Node::text);
                    let service = Service {
                        name: object.name,
                        namespace: object.namespace,
                        outside: outside.map(|host| host.trim_end_matches('.').to_lowercase()),
                        place: Where::key(file, object.node.line, object.title()),
                    };
                    let at = cluster.services.len();
                    for name in service.names().into_iter().filter(|n| n.contains('.')) {
                        cluster.names.entry(name).or_insert(at);
                    }
                    let bare = (object.namespace, object.name.to_lowercase());
                    cluster.bare.entry(bare).or_insert(at);
                    cluster.services.push(service);
                }
                _ => {}
            }
            let template = object.node.at(&["spec", "template", "metadata", "labels"]);
            let own = (object.kind == "Pod").then(|| object.node.at(&["metadata", "labels"])).flatten();
            if template.is_some() || object.kind == "Pod" || object.node.at(&["spec", "template"]).is_some() {
                let labels = template.or(own).map(Node::entries).unwrap_or_default();
                *cluster.running.entry(object.namespace).or_default() |= state(object.node) == State::Active;
                // What a policy selects beyond these is not known: it guards nothing.
                if cluster.pods.len() < MOST_PODS {
                    let labels = labels.iter().filter_map(|(k, v)| Some((k.text.as_str(), v.text()?)));
                    cluster.pods.push(Pods { namespace: object.namespace, labels: labels.collect() });
                }
            }
        }
        cluster
    }

    pub(super) fn services(&self) -> &[Service<'n>] {
        &self.services
    }

    /// The data of a ConfigMap of the file.
    pub(super) fn map(&self, namespace: &'n str, name: &str) -> Option<&'n Node> {
        self.maps.get(&(namespace, name.to_owned())).copied()
    }

    /// The names that a Secret of the file holds.
    pub(super) fn secret(&self, namespace: &'n str, name: &str) -> &[(String, u64)] {
        self.secrets.get(&(namespace, name.to_owned())).map(Vec::as_slice).unwrap_or_default()
    }

    /// The value of a ConfigMap's key.
    pub(super) fn value(&self, namespace: &str, map: &str, key: &str) -> Option<&'n Node> {
        self.values.get(&(namespace, map, key)).copied()
    }

    /// Whether anything of a namespace runs; where the file has no pods, somebody else's do.
    pub(super) fn runs(&self, namespace: &str) -> bool {
        self.running.get(namespace).copied().unwrap_or(true)
    }

    /// Whether a selector selects pods of the file.
    pub(super) fn selects(&self, namespace: &str, selector: Option<&Node>) -> bool {
        let wanted = selector.and_then(|s| s.get("matchLabels")).map(Node::entries).unwrap_or_default();
        // Expressions are not judged: what they select is not known to be any of these.
        let open = selector.is_some_and(|s| s.get("matchExpressions").is_some());
        let fits = |pods: &Pods<'_>| {
            let has = |k: &str, v: Option<&str>| pods.labels.iter().any(|(a, b)| *a == k && Some(*b) == v);
            wanted.iter().all(|(k, v)| has(&k.text, v.text()))
        };
        !open && self.pods.iter().any(|p| p.namespace == namespace && fits(p))
    }

    /// What a host name means to a pod of a namespace.
    pub(super) fn sibling(&self, namespace: &str, host: &str) -> Option<Sibling> {
        let at = self.names.get(host).or_else(|| self.bare.get(&(namespace, host.to_owned())));
        let named = at.and_then(|at| self.services.get(*at));
        if let Some(service) = named {
            return Some(match &service.outside {
                Some(outside) => Sibling::Outside(outside.clone()),
                None => {
                    let line = service.place.line.unwrap_or(1);
                    let why = format!("`{}` is a Service of {}:{line}", shown(host), shown(self.file));
                    if is_gateway(service.name) { Sibling::Gateway(why) } else { Sibling::Here(why) }
                }
            });
        }
        if host.ends_with(".svc") || host.ends_with(".cluster.local") {
            return Some(Sibling::Inside("the name is one of the cluster".to_owned()));
        }
        let bare = !host.contains(['.', ':']) && host != "localhost";
        if bare && is_gateway(host) {
            return Some(Sibling::Gateway(format!("`{}` is by its name", shown(host))));
        }
        bare.then(|| Sibling::Inside("a name without a dot is looked up inside the cluster".to_owned()))
    }
}

/// Whether a workload runs as saved.
pub(super) fn state(node: &Node) -> State {
    let zero = node.at(&["spec", "replicas"]).and_then(Node::word).is_some_and(|w| w == "0");
    let suspended = node.at(&["spec", "suspend"]).and_then(Node::bool) == Some(true);
    if zero || suspended { State::Inactive } else { State::Active }
}

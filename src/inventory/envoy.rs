//! Envoy as a proxy before models: where its clusters lead.
//!
//! Format: Envoy's bootstrap configuration, API v3, and the older `hosts` of a cluster. Clusters that a management
//! server provides are not in the file.

use super::document::Node;
use super::proxy::{self, Way};
use super::variables::{Found, not_utf8};
use super::{Context, File, Importer};
use crate::model::inventory::{FileInventory, State, Where};
use crate::model::project::Role;
use std::collections::BTreeMap;

pub(super) struct Envoy;

pub(super) static IMPORTER: Envoy = Envoy;

impl Importer for Envoy {
    fn id(&self) -> &'static str {
        "envoy"
    }

    fn about(&self) -> &'static str {
        "Envoy configuration: clusters that requests for models are passed on to"
    }

    fn doc(&self) -> &'static str {
        "Recognised by content: YAML or JSON with `static_resources`, or with `resources` of Envoy's types.\n\n\
         A cluster counts if one of its addresses is a service of the list, if a route with the path of a model \
         interface leads to it, or if its port is one that image and text programs usually have. Listeners are \
         listeners unless on loopback or a pipe."
    }

    fn component(&self) -> Option<(&'static str, Role)> {
        Some(("gateway", Role::Forwarder))
    }

    fn import(&self, file: &File<'_>, context: &Context<'_>) -> Option<FileInventory> {
        let resources = file.holds("type.googleapis.com/envoy");
        if !file.holds("static_resources") && !resources || !file.holds("cluster") {
            return None;
        }
        if let Some(unread) = not_utf8(file, self.id(), &["static_resources", "clusters"]) {
            return Some(unread);
        }
        let mut found = Found::new(file.path, context);
        let whole: Vec<&Node>;
        match file.json() {
            Some(Ok(root)) => whole = vec![root],
            Some(Err(problem)) => {
                found.partial = true;
                found.notes.push(problem.note());
                return Some(found.finish(self.id()));
            }
            None => {
                let (documents, problem) = file.yaml()?;
                whole = documents.iter().filter(|d| is_envoy(d)).collect();
                if let Some(problem) = problem {
                    found.partial = true;
                    found.notes.push(problem.note());
                }
            }
        }
        if !whole.iter().any(|root| is_envoy(root)) && !found.partial {
            return None;
        }
        for root in whole {
            let mut routes = BTreeMap::new();
            paths(root, &mut routes);
            for cluster in clusters(root) {
                read_cluster(cluster, &routes, &mut found);
            }
            if !found.operations.is_empty() {
                listeners(root, &mut found);
            }
        }
        Some(found.finish(self.id()))
    }
}

fn is_envoy(root: &Node) -> bool {
    let typed = |node: &Node| node.text_of("@type").is_some_and(|t| t.contains("envoy"));
    root.get("static_resources").is_some()
        || root.get("resources").is_some_and(|r| r.items().iter().any(typed))
}

fn clusters(root: &Node) -> Vec<&Node> {
    let listed = root.at(&["static_resources", "clusters"]).map(Node::items).unwrap_or_default();
    let typed = root.get("resources").map(Node::items).unwrap_or_default();
    let is_cluster = |node: &&Node| node.text_of("@type").is_some_and(|t| t.ends_with(".Cluster"));
    listed.iter().chain(typed.iter().filter(is_cluster)).collect()
}

/// Paths of the routes that lead to each cluster. The depth of the tree is bounded where it was read.
fn paths<'n>(node: &'n Node, out: &mut BTreeMap<&'n str, &'n str>) {
    if let (Some(wanted), Some(route)) = (node.get("match"), node.get("route")) {
        let path = ["prefix", "path", "path_separated_prefix"].iter().find_map(|key| wanted.text_of(key));
        let weighted = route.at(&["weighted_clusters", "clusters"]).map(Node::items).unwrap_or_default();
        let names =
            route.text_of("cluster").into_iter().chain(weighted.iter().filter_map(|c| c.text_of("name")));
        for name in names {
            // The path that says most about what is asked for: the longest.
            let known = out.entry(name).or_default();
            *known = path.filter(|p| p.len() > known.len()).unwrap_or(known);
        }
        return;
    }
    node.entries().iter().for_each(|(_, inner)| paths(inner, out));
    node.items().iter().for_each(|inner| paths(inner, out));
}

fn read_cluster(cluster: &Node, routes: &BTreeMap<&str, &str>, found: &mut Found<'_>) {
    let name = cluster.text_of("name").unwrap_or("cluster");
    let mut addresses = Vec::new();
    sockets(
        cluster.get("load_assignment").or_else(|| cluster.get("hosts")).unwrap_or(cluster),
        &mut addresses,
    );
    let path = routes.get(name).copied().filter(|path| !path.is_empty());
    let place = |line: u64| Where::key(found.path, line, format!("cluster {name}"));
    let mut ways = Vec::new();
    for socket in &addresses {
        ways.push(Way {
            id: format!("cluster {name}"),
            place: place(socket.line),
            state: State::Active,
            host: socket.text_of("address"),
            port: socket.get("port_value").and_then(Node::word).and_then(|w| w.parse().ok()),
            path,
            told: path,
        });
    }
    if addresses.is_empty() {
        let (id, place) = (format!("cluster {name}"), place(cluster.line));
        ways.push(Way { id, place, state: State::Active, host: None, port: None, path, told: path });
    }
    for way in ways {
        proxy::add(way, found);
    }
}

/// Every `socket_address` below a node.
fn sockets<'n>(node: &'n Node, out: &mut Vec<&'n Node>) {
    for (key, inner) in node.entries() {
        if key.text == "socket_address" { out.push(inner) } else { sockets(inner, out) }
    }
    node.items().iter().for_each(|inner| sockets(inner, out));
}

fn listeners(root: &Node, found: &mut Found<'_>) {
    let listed = root.at(&["static_resources", "listeners"]).map(Node::items).unwrap_or_default();
    for socket in listed.iter().filter_map(|l| l.at(&["address", "socket_address"])) {
        let address = socket.text_of("address").unwrap_or_default();
        if address.starts_with("127.") || address == "::1" || address == "localhost" {
            continue;
        }
        let port = socket.get("port_value").and_then(Node::word).unwrap_or_default();
        let place = Where::key(found.path, socket.line, "listener");
        let because = "requests to the model are taken from other machines";
        found.listener(&format!("{address}:{port}"), State::Active, place, because);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assets, operations, read as import};
    use super::*;

    const TEXT: &str = "static_resources:\n  listeners:\n  - address: {socket_address: {address: 0.0.0.0, port_value: 80}}\n    filter_chains:\n    - filters:\n      - typed_config:\n          route_config:\n            virtual_hosts:\n            - routes:\n              - match: {prefix: \"/v1/\"}\n                route: {cluster: models}\n  clusters:\n  - name: vendor\n    load_assignment:\n      endpoints:\n      - lb_endpoints:\n        - endpoint: {address: {socket_address: {address: api.openai.com, port_value: 443}}}\n  - name: models\n    load_assignment:\n      endpoints:\n      - lb_endpoints:\n        - endpoint: {address: {socket_address: {address: vllm, port_value: 8000}}}\n  - name: shop\n    hosts: [{socket_address: {address: shop, port_value: 80}}]\n";

    #[test]
    fn clusters_count_by_host_or_path() {
        let inventory = import(&IMPORTER, "envoy.yaml", TEXT).unwrap();
        assert_eq!(
            operations(&inventory),
            [
                "cluster vendor 17 prompt+image+mask remote openai",
                "cluster models 22 prompt undetermined vllm"
            ]
        );
        assert_eq!(assets(&inventory), ["0.0.0.0:80 3"]);
    }

    #[test]
    fn json_is_read_and_what_is_cut_is_undetermined() {
        let text = "{\"static_resources\": {\"clusters\": [{\"name\": \"a\", \"hosts\": [{\"socket_address\": {\"address\": \"api.bfl.ai\"}}]}]}}";
        assert_eq!(import(&IMPORTER, "e.json", text).unwrap().verdict.name(), "remote");
        assert_eq!(import(&IMPORTER, "e.json", &text[..60]).unwrap().verdict.name(), "undetermined");
        assert!(import(&IMPORTER, "e.yaml", "a: static_resources cluster\n").is_none());
    }
}

//! Kubernetes manifests: workloads, what they are given, the names they reach, what keeps them in.
//!
//! Format: the Kubernetes API (v1, apps/v1, batch/v1, networking.k8s.io/v1), Ray's `RayService`, KServe's
//! `InferenceService`, Kustomize's `configMapGenerator`. A pod template is found wherever it stands, so that other
//! kinds that hold one are read as well.
//!
//! What would mislead: a ConfigMap or a NetworkPolicy of another namespace; `replicas: 0`; an `ExternalName`,
//! which is a name inside that stands for a host outside. "Inside the cluster" is where the cluster runs: in
//! a managed one that is not on the premises.

mod cluster;
mod embedded;
mod workload;

use super::document::Node;
use super::variables::{Found, is_gateway, not_utf8};
use super::{Context, File, Importer};
use crate::model::inventory::{FileInventory, HostName, State, Where};
use cluster::Cluster;

pub(super) struct Kubernetes;

pub(super) static IMPORTER: Kubernetes = Kubernetes;
/// Its id, for those who read files inside its files.
const IMPORTER_ID: &str = "kubernetes";

impl Importer for Kubernetes {
    fn id(&self) -> &'static str {
        IMPORTER_ID
    }

    fn about(&self) -> &'static str {
        "Kubernetes manifests: workloads, ConfigMaps, Services, policies, RayService, InferenceService"
    }

    fn doc(&self) -> &'static str {
        "Recognised by content: YAML documents with `apiVersion` and `kind`.\n\n\
         Every pod template is read: variables, also from ConfigMaps of the same namespace in the same file, and \
         commands. A ConfigMap's own files (a gateway's configuration, an environment file) are read by the \
         importers of their kinds. A workload with `replicas: 0` or `suspend: true` is inactive. A host is inside \
         the cluster if it has no dot, is a Service of the file or ends in `.svc` or `.cluster.local`; an \
         `ExternalName` is the host that it stands for. Of Secrets only the names of their keys are read. A \
         NetworkPolicy without egress guards the workloads that it selects in its own namespace, and no others. \
         A load balancer, a node port and an Ingress are listeners."
    }

    fn import(&self, file: &File<'_>, context: &Context<'_>) -> Option<FileInventory> {
        if !file.holds("apiVersion") || !file.holds("kind") {
            return None;
        }
        if let Some(unread) = not_utf8(file, self.id(), &["apiVersion:", "kind:"]) {
            return Some(unread);
        }
        // A template that was not filled in is Helm's.
        if file.holds("{{") && file.holds("}}") && file.yaml()?.1.is_some() {
            return None;
        }
        let (documents, problem) = file.yaml()?;
        let objects = objects(documents);
        if objects.is_empty() {
            return None;
        }
        let mut found = Found::new(file.path, context);
        if let Some(problem) = problem {
            found.partial = true;
            found.notes.push(problem.note());
        }
        let cluster = Cluster::of(&objects, file.path);
        for service in cluster.services() {
            found.hosts.extend(service.names().into_iter().map(|name| HostName {
                name,
                gateway: service.outside.is_none() && is_gateway(service.name),
                outside: service.outside.clone(),
                place: service.place.clone(),
            }));
        }
        for object in &objects {
            workload::read(object, &cluster, &mut found);
            embedded::read(object, &cluster, &mut found);
            exposure(object, &mut found);
            policy(object, &cluster, &mut found);
        }
        Some(found.finish(self.id()))
    }
}

/// An object of the API.
pub(super) struct Object<'n> {
    kind: &'n str,
    name: &'n str,
    namespace: &'n str,
    node: &'n Node,
}

impl Object<'_> {
    /// `Kind/name`, for ids and places.
    fn title(&self) -> String {
        format!("{}/{}", self.kind, self.name)
    }
}

/// Every object of the documents, those of lists included.
fn objects(documents: &[Node]) -> Vec<Object<'_>> {
    let mut all = Vec::new();
    for document in documents {
        let listed = document.text_of("kind").is_some_and(|k| k.ends_with("List"));
        let items = document.get("items").filter(|_| listed).map(Node::items);
        for node in items.unwrap_or(std::slice::from_ref(document)) {
            if let (Some(kind), Some(_)) = (node.text_of("kind"), node.text_of("apiVersion")) {
                let meta = |key| node.at(&["metadata", key]).and_then(Node::text);
                all.push(Object {
                    kind,
                    name: meta("name").unwrap_or_default(),
                    namespace: meta("namespace").unwrap_or("default"),
                    node,
                });
            }
        }
    }
    all
}

/// Ways into the cluster.
fn exposure(object: &Object<'_>, found: &mut Found<'_>) {
    let place = |line: u64| Where::key(found.path, line, object.title());
    match object.kind {
        "Service" => {
            let Some(kind) = object.node.at(&["spec", "type"]) else { return };
            if let Some(text @ ("LoadBalancer" | "NodePort")) = kind.text() {
                let (place, name) = (place(kind.line), format!("{} {text}", object.name));
                found.listener(&name, State::Active, place, "others reach it from outside the cluster");
            }
        }
        "Ingress" | "Gateway" | "HTTPRoute" | "IngressRoute" | "Route" => {
            let place = place(object.node.line);
            found.listener(
                &object.title(),
                State::Active,
                place,
                "it takes requests from outside the cluster",
            );
        }
        _ => {}
    }
}

/// A NetworkPolicy is a guard of what it selects, if it lets nothing out.
fn policy(object: &Object<'_>, cluster: &Cluster<'_>, found: &mut Found<'_>) {
    if object.kind != "NetworkPolicy" {
        return;
    }
    let spec = |key| object.node.at(&["spec", key]);
    let rules = spec("egress").map(Node::items).unwrap_or_default();
    let types = spec("policyTypes").map(Node::items).unwrap_or_default();
    let limits = types.iter().any(|t| t.text() == Some("Egress")) || spec("egress").is_some();
    if !limits {
        return;
    }
    let anywhere = |rule: &Node| {
        let to = rule.get("to").map(Node::items).unwrap_or_default();
        let wide = |peer: &Node| {
            matches!(peer.at(&["ipBlock", "cidr"]).and_then(Node::text), Some("0.0.0.0/0" | "::/0"))
        };
        to.is_empty() || to.iter().any(wide)
    };
    let selects = cluster.selects(object.namespace, spec("podSelector"));
    let (state, because) = if rules.iter().any(anywhere) {
        (State::Inactive, "it lets requests out to any place".to_owned())
    } else if selects {
        (State::Active, format!("it limits what its pods in namespace `{}` reach", object.namespace))
    } else {
        (
            State::Inactive,
            format!("it is about namespace `{}` and pods that this file does not have", object.namespace),
        )
    };
    let place = Where::key(found.path, object.node.line, object.title());
    found.guard(&format!("{}/{}", object.namespace, object.name), state, place, because);
}

#[cfg(test)]
mod tests;

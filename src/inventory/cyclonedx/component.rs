//! Components of a bill of materials: models, packages that call a service, data.

use super::service::{property, state};
use crate::inventory::Context;
use crate::inventory::document::Node;
use crate::inventory::endpoint::{host_of, shown};
use crate::inventory::purl::Purl;
use crate::model::Method;
use crate::model::inventory::{Asset, AssetKind, Where};
use crate::services::artefacts::Artefacts;
use std::collections::BTreeSet;

/// Models and packages, nested ones too.
pub(super) fn assets(
    root: &Node,
    path: &str,
    context: &Context<'_>,
    notes: &mut BTreeSet<String>,
) -> Vec<Asset> {
    let mut walk = Walk { path, context, notes, found: Vec::new() };
    if let Some(main) = root.at(&["metadata", "component"]) {
        walk.component(main, "metadata.component");
    }
    walk.below(root, "");
    walk.found
}

struct Walk<'w> {
    path: &'w str,
    context: &'w Context<'w>,
    notes: &'w mut BTreeSet<String>,
    found: Vec<Asset>,
}

impl Walk<'_> {
    /// As deep as the document itself may be.
    fn below(&mut self, node: &Node, inside: &str) {
        let components = node.get("components").map(Node::items).unwrap_or_default();
        for (i, component) in components.iter().enumerate() {
            self.component(component, &format!("{inside}components[{i}]"));
        }
    }

    fn component(&mut self, node: &Node, inside: &str) {
        let name = node.text_of("name").unwrap_or_default();
        let kind = node.text_of("type").unwrap_or_default();
        let purl = node.text_of("purl").and_then(Purl::parse);
        // A data set and a source file may come from a model hub too.
        let from_hub =
            purl.as_ref().is_some_and(Purl::is_model) && !matches!(kind, "data" | "file" | "library");
        let file = matches!(kind, "data" | "file") && Artefacts::shipped().names_a_model(name);
        let place = Where::key(self.path, node.line, inside);
        if kind == "machine-learning-model" || file || from_hub {
            let asset = self.model(node, purl.as_ref(), place);
            self.found.push(asset);
        } else if let Some(purl) = &purl {
            self.found.extend(purl.client(place, self.context.services));
        } else if kind == "library" {
            self.found.extend(self.client(node, name, place));
        }
        if kind == "data" {
            self.data(node, name);
        }
        self.training(node, name);
        self.below(node, &format!("{inside}."));
    }

    /// A package as Domicile writes it, without a package URL: it read the name where no version stood.
    fn client(&self, node: &Node, name: &str, place: Where) -> Option<Asset> {
        let service = self.context.services.service(property(node, "domicile:service")?)?;
        Some(Asset {
            kind: AssetKind::Package,
            name: shown(name),
            place,
            state: state(node),
            service: Some(service.id.clone()),
            sha256: None,
            because: format!("a property says that it is a client of {}", service.id),
        })
    }

    fn model(&self, node: &Node, purl: Option<&Purl>, place: Where) -> Asset {
        let kind = node.text_of("type").unwrap_or_default();
        let name = node.text_of("name").unwrap_or("a model without a name");
        let name = match (purl.filter(|_| kind == "machine-learning-model"), node.text_of("group")) {
            (Some(purl), _) => purl.name.clone(),
            (None, Some(group)) if !group.is_empty() => format!("{group}/{name}"),
            _ => name.to_owned(),
        };
        let sha256 = sha256(node);
        let host = origin(node).or_else(|| hub(purl?).map(str::to_owned));
        let mut because = format!("the bill of materials lists it as `{}`", shown(kind));
        if let Some(task) = node.at(&["modelCard", "modelParameters", "task"]).and_then(Node::text) {
            because.push_str(&format!(", for `{}`", shown(task)));
        }
        match &host {
            Some(host) => because.push_str(&format!("; it comes from `{}`", shown(host))),
            None => because.push_str("; it does not say where it comes from"),
        }
        because.push_str(if sha256.is_some() { "; its SHA-256 is given" } else { "; no SHA-256 is given" });
        let service = host.and_then(|host| {
            let found = self.context.services.lookup(&host, None, Method::Read)?;
            Some(found.service.id.clone())
        });
        let state = state(node);
        Asset { kind: AssetKind::Model, name: shown(&name), place, state, service, sha256, because }
    }

    fn data(&mut self, node: &Node, name: &str) {
        let entries = node.get("data").map(Node::items).unwrap_or_default();
        let classified: BTreeSet<String> =
            entries.iter().filter_map(|e| e.text_of("classification")).map(shown).collect();
        let sensitive = entries.iter().any(|e| e.get("sensitiveData").is_some_and(|s| !s.items().is_empty()));
        let mut note = format!("data component `{}`", shown(name));
        if classified.is_empty() {
            note.push_str(" has no classification");
        } else {
            note.push_str(&format!(" is classified {}", listed(&classified)));
        }
        if sensitive {
            note.push_str(" and names sensitive data");
        }
        self.notes.insert(note);
    }

    /// Training data of a model that somebody classified.
    fn training(&mut self, node: &Node, name: &str) {
        let Some(sets) = node.at(&["modelCard", "modelParameters", "datasets"]) else { return };
        let classified: BTreeSet<String> =
            sets.items().iter().filter_map(|set| set.text_of("classification")).map(shown).collect();
        if !classified.is_empty() {
            self.notes.insert(format!(
                "training data of `{}` is classified {}",
                shown(name),
                listed(&classified)
            ));
        }
    }
}

fn listed(words: &BTreeSet<String>) -> String {
    words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", ")
}

/// The SHA-256 that a component gives, if it has the form of one.
fn sha256(node: &Node) -> Option<String> {
    let hashes = node.get("hashes").map(Node::items).unwrap_or_default();
    let given = hashes.iter().filter(|h| h.text_of("alg") == Some("SHA-256"));
    given.filter_map(|h| h.text_of("content")).find_map(crate::inventory::artefact::sha256_of)
}

/// The host that a component is distributed from.
fn origin(node: &Node) -> Option<String> {
    let references = node.get("externalReferences").map(Node::items).unwrap_or_default();
    let of = |kind: &str| {
        let url = references.iter().find(|r| r.text_of("type") == Some(kind))?.text_of("url")?;
        url.contains("://").then_some(url)
    };
    ["distribution", "vcs", "website", "model-card"].into_iter().find_map(|kind| host_of(of(kind)?))
}

/// The host behind a type of package URL.
fn hub(purl: &Purl) -> Option<&'static str> {
    (purl.kind == "huggingface").then_some("huggingface.co")
}

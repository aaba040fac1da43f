//! Files inside ConfigMaps: read by the importers of their kinds, with places in the file around them.

use super::Object;
use super::cluster::Cluster;
use super::workload::map_setting;
use crate::inventory::document::Node;
use crate::inventory::variables::{Found, Given, Program, Variable, no_siblings};
use crate::inventory::{File, IMPORTERS};
use crate::model::data::{Certainty, Locality};
use crate::model::inventory::{FileInventory, Setting, State, Verdict, Where};
use crate::services::environment::Environment;

/// Reads what a ConfigMap holds, and what Kustomize makes into one.
pub(super) fn read<'n>(object: &Object<'n>, cluster: &Cluster<'n>, found: &mut Found<'_>) {
    match object.kind {
        "ConfigMap" => {
            let data = object.node.get("data").map(Node::entries).unwrap_or_default();
            for (key, node) in data {
                value(object, &key.text, node, cluster, found);
            }
        }
        "Secret" => {
            for (name, line) in cluster.secret(object.namespace, object.name) {
                secret(object, name, *line, found);
            }
        }
        "Kustomization" => {
            for generator in object.node.get("configMapGenerator").map(Node::items).unwrap_or_default() {
                let name = generator.text_of("name").unwrap_or_default();
                for literal in generator.get("literals").map(Node::items).unwrap_or_default() {
                    let Some((key, value)) = literal.text().and_then(|t| t.split_once('=')) else { continue };
                    set(object.namespace, name, key, value, literal.line, found);
                }
                if generator.get("envs").is_some() || generator.get("files").is_some() {
                    found.notes.push("it takes variables from other files too".to_owned());
                }
            }
        }
        _ => {}
    }
}

fn value<'n>(object: &Object<'n>, key: &str, node: &'n Node, cluster: &Cluster<'n>, found: &mut Found<'_>) {
    let Some(text) = node.word() else { return };
    if !text.contains('\n') {
        set(object.namespace, object.name, key, &text, node.line, found);
        return;
    }
    let file = File::new(key, text.as_bytes());
    // Manifests inside manifests end here.
    let ours = [super::IMPORTER_ID, "helm"];
    let importers = IMPORTERS.iter().filter(|i| !ours.contains(&i.id()));
    let Some(inner) = importers.into_iter().find_map(|i| i.import(&file, found.context)) else { return };
    let state = if cluster.runs(object.namespace) { State::Active } else { State::Inactive };
    adopt(object, key, node.line, inner, state, cluster, found);
}

/// Takes in what a file inside says, at its place in the file around it.
fn adopt(
    object: &Object<'_>,
    key: &str,
    first_line: u64,
    inner: FileInventory,
    state: State,
    cluster: &Cluster<'_>,
    found: &mut Found<'_>,
) {
    let path = found.path.to_owned();
    let moved = |place: &mut Where| {
        place.file.clone_from(&path);
        place.line = place.line.map(|line| first_line + line - 1);
        let inside = place.inside.take().map(|i| format!(" {i}")).unwrap_or_default();
        place.inside = Some(format!("{} {key}{inside}", object.title()));
    };
    found.relevant |= inner.verdict != Verdict::NoEvidence;
    found.capable |= inner.verdict == Verdict::RemoteCapable && state == State::Active;
    // What its operations leave open is weighed with them.
    let weighed =
        inner.operations.iter().any(|o| o.state == State::Active && o.locality == Locality::Undetermined);
    found.open |= inner.verdict == Verdict::Undetermined && state == State::Active && !weighed;
    for mut operation in inner.operations {
        moved(&mut operation.place);
        if state != State::Active {
            operation.state = state;
        }
        let siblings = |host: &str| cluster.sibling(object.namespace, host);
        found.settle(&mut operation, &siblings);
        found.add(operation);
    }
    for mut asset in inner.assets {
        moved(&mut asset.place);
        if state != State::Active {
            asset.state = state;
        }
        found.asset(asset);
    }
    for mut setting in inner.settings {
        moved(&mut setting.place);
        found.settings.push(setting);
    }
    found.notes.extend(inner.notes.into_iter().map(|note| format!("{key}: {note}")));
}

/// A key of a ConfigMap, for pods that other files describe: by its own name, where it can be one of a
/// variable, and by where it stands.
fn set(namespace: &str, map: &str, key: &str, value: &str, line: u64, found: &mut Found<'_>) {
    let place = Where::key(found.path, line, format!("ConfigMap/{map} {key}"));
    let value = (!Environment::shipped().is_secret(key)).then(|| value.trim().to_owned());
    for name in [key.to_owned(), map_setting(namespace, map, key)] {
        let place = place.clone();
        found.settings.push(Setting { name, value: value.clone(), certainty: Certainty::Implied, place });
    }
}

/// The name of a secret that is one of a service's.
fn secret(object: &Object<'_>, name: &str, line: u64, found: &mut Found<'_>) {
    let place = Where::key(found.path, line, object.title());
    let variables = [Variable::with(name, Given::Secret, place)];
    found.program(&Program {
        name: object.name,
        state: State::Active,
        runs: false,
        variables: &variables,
        siblings: &no_siblings,
    });
}

//! Pod templates: containers, their variables and commands; and what serving resources fetch.

use super::Object;
use super::cluster::{Cluster, state};
use crate::inventory::document::{self, Node};
use crate::inventory::invocation::{Invocation, started};
use crate::inventory::manifest::Packages;
use crate::inventory::requirements::name_of;
use crate::inventory::variables::{Found, Given, Program, Set, Sibling, Variable};
use crate::model::data::Certainty;
use crate::model::inventory::{State, Where};
use crate::services::Ecosystem;

/// Reads whatever an object runs.
pub(super) fn read<'n>(object: &Object<'n>, cluster: &Cluster<'n>, found: &mut Found<'_>) {
    let state = state(object.node);
    let mut pods = Vec::new();
    pod_specs(object.node, &mut pods);
    for pod in pods {
        for key in ["initContainers", "containers"] {
            for container in pod.get(key).map(Node::items).unwrap_or_default() {
                read_container(object, container, state, cluster, found);
            }
        }
    }
    match object.kind {
        "RayService" | "RayJob" | "RayCluster" => ray(object, state, cluster, found),
        "InferenceService" => {
            let mut addresses = Vec::new();
            storage(object.node, &mut addresses);
            for (address, line) in addresses {
                let place = Where::key(found.path, line, format!("{} storageUri", object.title()));
                let name = format!("{} storageUri", object.name);
                stored(&name, &address, state, place, found);
            }
        }
        _ => {}
    }
}

/// Every map that holds containers. The depth of the tree is bounded where it was read.
fn pod_specs<'n>(node: &'n Node, out: &mut Vec<&'n Node>) {
    if node.get("containers").is_some_and(Node::is_list) {
        out.push(node);
        return;
    }
    node.entries().iter().for_each(|(_, inner)| pod_specs(inner, out));
    node.items().iter().for_each(|inner| pod_specs(inner, out));
}

fn read_container<'n>(
    object: &Object<'n>,
    container: &'n Node,
    state: State,
    cluster: &Cluster<'n>,
    found: &mut Found<'_>,
) {
    let path = found.path;
    let name = container.text_of("name").unwrap_or(object.name);
    let inside = |key: &str| format!("{} {name} {key}", object.title());
    if let Some(image) = container.get("image") {
        let place = Where::key(path, image.line, inside("image"));
        found.image(name, state, image.text().unwrap_or_default(), place);
    }
    let variables = variables(object, container, cluster, path);
    let siblings = |host: &str| cluster.sibling(object.namespace, host);
    let program = Program { name, state, runs: true, variables: variables.list(), siblings: &siblings };
    found.partial |= variables.full;
    found.program(&program);
    if state == State::Active {
        found.export(variables.list(), Certainty::Implied);
    }
    let invocation = |key: &str| {
        let node = container.get(key)?;
        let words: Vec<String> = node.items().iter().filter_map(Node::word).collect();
        let place = Where::key(path, node.items().first().unwrap_or(node).line, inside(key));
        Some((Invocation::Words(words), place))
    };
    if let Some(parts) = started(invocation("command"), invocation("args"), found.context) {
        found.commands(parts, &program);
    }
}

/// `env` and `envFrom` of a container. What `env` sets wins.
fn variables<'n>(object: &Object<'n>, container: &'n Node, cluster: &Cluster<'n>, path: &str) -> Set {
    let mut all = Set::default();
    for source in container.get("envFrom").map(Node::items).unwrap_or_default() {
        let prefix = source.text_of("prefix").unwrap_or_default();
        let of = |key| source.at(&[key, "name"]).and_then(Node::text);
        if let Some(data) = of("configMapRef").and_then(|name| cluster.map(object.namespace, name)) {
            for (key, node) in data.entries() {
                let name = format!("{prefix}{}", key.text);
                let value = node.word().unwrap_or_default();
                all.put(Variable::read(&name, &value, Where::key(path, node.line, name.clone()), &none));
            }
        }
        if let Some(secret) = of("secretRef") {
            for (key, line) in cluster.secret(object.namespace, secret) {
                let name = format!("{prefix}{key}");
                let place = Where::key(path, *line, name.clone());
                all.put(Variable::with(&name, Given::Secret, place));
            }
        }
    }
    for entry in container.get("env").map(Node::items).unwrap_or_default() {
        let Some(name) = entry.text_of("name") else { continue };
        let place = |node: &Node| Where::key(path, node.line, name.to_owned());
        let variable = match (entry.get("value"), entry.get("valueFrom")) {
            (Some(value), _) => {
                let value_text = dollars(&value.word().unwrap_or_default());
                Variable::read(name, &value_text, place(value), &|other| all.given(other))
            }
            (None, Some(source)) => reference(object, name, source, cluster, place(entry)),
            (None, None) => continue,
        };
        all.put(variable);
    }
    all
}

fn none(_: &str) -> Option<Given> {
    None
}

/// `$(NAME)` as pods write it, in the way of shells; a shell's own `$NAME` is plain text to a pod.
pub(super) fn dollars(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.find('$') {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let inner = after.strip_prefix("$(").and_then(|r| r.split_once(')'));
        match inner {
            Some((name, left)) => {
                out.push_str(&format!("${{{name}}}"));
                rest = left;
            }
            None => {
                out.push_str("$$");
                let one = after.get(1..).unwrap_or_default();
                rest = one.strip_prefix('$').unwrap_or(one);
            }
        }
    }
    out.push_str(rest);
    out
}

/// A variable whose value stands in another object. A ConfigMap of another file may settle it by its name.
fn reference<'n>(
    object: &Object<'n>,
    name: &str,
    source: &'n Node,
    cluster: &Cluster<'n>,
    place: Where,
) -> Variable {
    if let Some(map) = source.get("configMapKeyRef") {
        let (of, key) = (map.text_of("name").unwrap_or_default(), map.text_of("key").unwrap_or_default());
        if let Some(node) = cluster.value(object.namespace, of, key) {
            let place = Where::key(&place.file, node.line, format!("ConfigMap/{of} {key}"));
            return Variable::read(name, &node.word().unwrap_or_default(), place, &none);
        }
        let elsewhere = map_setting(object.namespace, of, key);
        let given = Given::Open { variables: vec![elsewhere], default: None, whole: true };
        return Variable::with(name, given, place);
    }
    if source.get("secretKeyRef").is_some() {
        return Variable::with(name, Given::Secret, place);
    }
    // A field of the pod: its name, its address.
    Variable::with(name, Given::Text(String::new()), place)
}

/// The name by which a key of a ConfigMap is known to other files.
pub(super) fn map_setting(namespace: &str, name: &str, key: &str) -> String {
    format!("ConfigMap {namespace}/{name} {key}")
}

/// What Ray is told to fetch, install and set.
fn ray<'n>(object: &Object<'n>, state: State, cluster: &Cluster<'n>, found: &mut Found<'_>) {
    for key in ["serveConfigV2", "runtimeEnvYAML"] {
        let Some(node) = object.node.at(&["spec", key]) else { continue };
        let Some(text) = node.text() else { continue };
        let (documents, problem) = document::yaml(text);
        if let Some(problem) = problem {
            found.partial = true;
            found.notes.push(format!("{key}: {}", problem.note()));
        }
        for document in &documents {
            let applications = document.get("applications").map(Node::items).unwrap_or_default();
            let environments = applications.iter().filter_map(|a| a.get("runtime_env"));
            for environment in environments.chain((key == "runtimeEnvYAML").then_some(document)) {
                runtime(object, environment, node.line, state, cluster, found);
            }
        }
    }
}

fn runtime<'n>(
    object: &Object<'n>,
    environment: &Node,
    first_line: u64,
    state: State,
    cluster: &Cluster<'n>,
    found: &mut Found<'_>,
) {
    let path = found.path;
    // The text begins on the line after the key.
    let place = |node: &Node, key: &str| {
        Where::key(path, first_line + node.line - 1, format!("{} runtime_env.{key}", object.title()))
    };
    if let Some(node) = environment.get("working_dir") {
        let name = format!("{} working_dir", object.name);
        let what = "code is downloaded when it starts";
        found.download(&name, state, place(node, "working_dir"), node.text().unwrap_or_default(), what);
    }
    let mut packages = Packages::new(path, Ecosystem::Python, found.context);
    let pip = environment.get("pip");
    let listed = pip.and_then(|p| p.get("packages")).or(pip);
    for item in listed.map(Node::items).unwrap_or_default() {
        if let Some(name) = item.text().and_then(name_of) {
            let at = place(item, "pip");
            packages.add(name, at.line.unwrap_or(1), at.inside, "installed when it starts");
        }
    }
    let (mut assets, capable, local) = packages.into_assets();
    assets.iter_mut().filter(|_| state != State::Active).for_each(|a| a.state = state);
    assets.into_iter().for_each(|asset| found.asset(asset));
    found.capable |= capable && state == State::Active;
    found.relevant |= local;
    let set = environment.get("env_vars").map(Node::entries).unwrap_or_default();
    let variables: Vec<Variable> = set
        .iter()
        .map(|(k, v)| Variable::read(&k.text, &v.word().unwrap_or_default(), place(v, &k.text), &none))
        .collect();
    let siblings = |host: &str| -> Option<Sibling> { cluster.sibling(object.namespace, host) };
    let name = object.name;
    found.program(&Program { name, state, runs: true, variables: &variables, siblings: &siblings });
}

/// Every `storageUri` of a KServe resource.
fn storage(node: &Node, out: &mut Vec<(String, u64)>) {
    for (key, inner) in node.entries() {
        match inner.text() {
            Some(text) if key.text == "storageUri" => out.push((text.to_owned(), inner.line)),
            _ => storage(inner, out),
        }
    }
    node.items().iter().for_each(|inner| storage(inner, out));
}

/// Weights from a store: a bucket or hub by its scheme, or an address.
fn stored(name: &str, address: &str, state: State, place: Where, found: &mut Found<'_>) {
    let host = match address.split_once("://") {
        Some(("s3", _)) => "s3.amazonaws.com",
        Some(("gs", _)) => "storage.googleapis.com",
        Some(("hf", _)) => "huggingface.co",
        Some(("pvc", _)) | None => return,
        Some(_) => address,
    };
    found.relevant = true;
    found.download(name, state, place, host, "weights are downloaded when it starts");
}

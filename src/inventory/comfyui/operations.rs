//! From nodes to operations: what each sends, whether it runs, where it goes.

use super::endpoint::target;
use super::graph::{Graph, Node, Source};
use super::reach::{Reach, class_of, is_core, reach};
use crate::inventory::Context;
use crate::inventory::endpoint::shown;
use crate::model::data::{Certainty, Locality};
use crate::model::inventory::{Operation, State, Where};
use crate::model::net::{Host, Url};
use crate::model::{DataKind, DataKinds, Method};
use crate::services::nodes::{NodeClass, NodeClasses, Role, same_input};
use serde_json::Value;
use std::collections::BTreeSet;

/// How far helpers are followed.
const HELPERS: usize = 16;
/// Most unknown classes that are named in a note.
const NAMED: usize = 12;

/// What a graph does.
pub(super) fn operations(
    graph: &mut Graph,
    path: &str,
    part: &str,
    classes: &NodeClasses,
    context: &Context<'_>,
) -> Vec<Operation> {
    let reached = reach(graph, classes);
    let mut out = Vec::new();
    let mut unknown = BTreeSet::new();
    for (index, node) in graph.nodes.iter().enumerate() {
        if node.inner.is_some() || classes.is_virtual(&node.class) {
            continue;
        }
        let how = reached.get(index).copied().unwrap_or(Reach::No);
        let Some(class) = class_of(node, classes) else {
            let plain = is_core(node, classes)
                || classes.is_relay(&node.class)
                || classes.is_text(&node.class)
                || super::graph::is_wire(&node.class);
            if !plain {
                if node.live() {
                    unknown.insert(node.class.as_str());
                }
                out.extend(by_url(node, how, path, part, context));
            }
            continue;
        };
        if let Some(key) = &class.key
            && key_is_stored(node, key)
        {
            graph.notes.insert(format!("a key is stored in clear text in node {}", shown(&node.id)));
        }
        if !matches!(class.role, Role::Call | Role::Fetch | Role::Queue) {
            continue;
        }
        out.push(operation(graph, index, class, how, path, part, classes, context));
    }
    if !unknown.is_empty() {
        let names: Vec<String> = unknown.iter().take(NAMED).map(|c| format!("`{}`", shown(c))).collect();
        let more = if unknown.len() > NAMED { ", ..." } else { "" };
        let note = format!(
            "custom node classes that no list knows, taken as they are: {}: {}{more}",
            unknown.len(),
            names.join(", ")
        );
        graph.notes.insert(note);
    }
    out
}

fn state(node: &Node, how: Reach) -> State {
    match (node.live(), how) {
        (false, _) => State::Inactive,
        (true, Reach::No) => State::NotReached,
        (true, _) => State::Active,
    }
}

#[expect(clippy::too_many_arguments, reason = "one call, all of it context")]
fn operation(
    graph: &Graph,
    index: usize,
    class: &NodeClass,
    how: Reach,
    path: &str,
    part: &str,
    classes: &NodeClasses,
    context: &Context<'_>,
) -> Operation {
    let place = graph.nodes.get(index);
    let (id, name, line) = place.map_or_else(Default::default, |n| (n.id.clone(), shown(&n.class), n.line));
    let state = place.map_or(State::Inactive, |n| state(n, how));
    let target = target(graph, index, class, classes, context);
    let mut facts = vec![format!("`{name}`: {}", target.because)];
    let sends = match class.role {
        Role::Fetch => DataKinds::NONE,
        Role::Queue => {
            facts.push("the whole graph goes there".to_owned());
            DataKinds::of(&[DataKind::Prompt, DataKind::Image])
        }
        _ => sends(graph, index, class, classes, &mut facts),
    };
    let mut certainty = target.certainty;
    if state == State::Active && how == Reach::Maybe {
        certainty = certainty.min(Certainty::Possible);
        facts.push("needed only by a node that may or may not be an output".to_owned());
    }
    match place {
        Some(n) if n.dead => facts.push("switched off by what contains it, or never instantiated".to_owned()),
        Some(n) if n.mode == super::graph::Mode::Muted => facts.push("muted (mode 2)".to_owned()),
        Some(n) if n.mode == super::graph::Mode::Bypassed => facts.push("bypassed (mode 4)".to_owned()),
        _ if state == State::NotReached => facts.push("no output node needs it".to_owned()),
        _ => {}
    }
    let id = shown(&id);
    Operation {
        place: Where { file: path.to_owned(), line, inside: Some(format!("{part}{id}")) },
        id: format!("{id} {name}"),
        state,
        sends,
        fetch: class.role == Role::Fetch,
        service: target.service,
        route: target.route,
        locality: target.locality,
        certainty,
        because: facts.join("; "),
        decided_at: None,
        spelled: target.spelled,
    }
}

/// What a node sends, with a fact for each kind.
fn sends(
    graph: &Graph,
    index: usize,
    class: &NodeClass,
    classes: &NodeClasses,
    facts: &mut Vec<String>,
) -> DataKinds {
    let mut kinds = DataKinds::NONE;
    let Some(node) = graph.nodes.get(index) else { return kinds };
    let (prompts, images) = by_mode(node, class);
    if prompts && class.kinds().contains(DataKind::Prompt) {
        kinds.insert(DataKind::Prompt);
        facts.push(prompt_fact(graph, index, class, classes));
    }
    for (slot, input) in node.inputs.iter().enumerate() {
        let carried = carried(graph, index, slot, class, classes, HELPERS);
        for kind in carried.iter().filter(|k| *k != DataKind::Prompt && (images || *k == DataKind::Other)) {
            if !kinds.contains(kind) {
                kinds.insert(kind);
                facts.push(format!("{} through input `{}`", kind.name(), shown(&input.name)));
            }
        }
    }
    // With nothing that arrives, the call itself still goes out; only a graph that runs at the vendor's
    // as a whole has steps that send nothing of their own.
    if kinds.is_empty() && !class.remote_graph {
        kinds.insert(DataKind::Other);
        facts.push("the call itself, nothing arrives at its inputs".to_owned());
    }
    kinds
}

fn by_mode(node: &Node, class: &NodeClass) -> (bool, bool) {
    let Some(mode) = &class.mode else { return (true, true) };
    let value = mode
        .input
        .as_ref()
        .and_then(|name| node.named.get(name))
        .or_else(|| mode.widget.and_then(|at| node.widgets.get(at)))
        .and_then(Value::as_str)
        .unwrap_or_default();
    let is = |list: &[String]| list.iter().any(|v| v == value);
    (!is(&mode.image_only), !is(&mode.prompt_only))
}

fn prompt_fact(graph: &Graph, index: usize, class: &NodeClass, classes: &NodeClasses) -> String {
    let inputs = graph.nodes.get(index).map(|n| n.inputs.as_slice()).unwrap_or_default();
    let takes = |name: &str| {
        class.prompt.iter().any(|p| same_input(p, name))
            || (class.prompt.is_empty() && classes.usual(name) == Some(DataKind::Prompt))
    };
    let Some((slot, input)) = inputs.iter().enumerate().find(|(_, i)| i.from.is_some() && takes(&i.name))
    else {
        return "prompt in its own widget".to_owned();
    };
    match graph.source(index, slot, classes) {
        Source::Node(source, _) => {
            let id = graph.nodes.get(source).map(|n| shown(&n.id)).unwrap_or_default();
            format!("prompt linked from node {id}")
        }
        _ => format!("prompt in input `{}`", shown(&input.name)),
    }
}

/// What a link brings to an input.
fn carried(
    graph: &Graph,
    index: usize,
    slot: usize,
    class: &NodeClass,
    classes: &NodeClasses,
    depth: usize,
) -> DataKinds {
    let mut kinds = DataKinds::NONE;
    let Some(input) = graph.nodes.get(index).and_then(|n| n.inputs.get(slot)) else { return kinds };
    if depth == 0 || class.plugs.iter().any(|p| p == &input.name) {
        return kinds;
    }
    let source = graph.source(index, slot, classes);
    if source == Source::None {
        return kinds;
    }
    if let Source::Node(source, _) = source
        && let Some(from) = graph.nodes.get(source)
    {
        if classes.is_blank(&from.class) {
            return kinds;
        }
        if let Some(known) = class_of(from, classes) {
            if class.remote_graph && known.remote_graph {
                return kinds;
            }
            if known.role == Role::Helper {
                let own = DataKinds::of(&[DataKind::Other]).intersection(known.kinds());
                return (0..from.inputs.len())
                    .fold(own, |all, i| all.union(carried(graph, source, i, known, classes, depth - 1)));
            }
        }
    }
    if let Some(kind) = kind_of(&input.name, input.kind.as_deref(), class, classes) {
        kinds.insert(kind);
    }
    kinds
}

/// The kind that an input carries: as listed, else by its type, else by the usual meaning of its name.
fn kind_of(
    name: &str,
    slot_type: Option<&str>,
    class: &NodeClass,
    classes: &NodeClasses,
) -> Option<DataKind> {
    let listed = [DataKind::Mask, DataKind::Image, DataKind::Embedding, DataKind::Other, DataKind::Prompt];
    if let Some(kind) = listed.into_iter().find(|k| class.inputs(*k).iter().any(|n| same_input(n, name))) {
        return Some(kind);
    }
    let typed = match slot_type {
        Some("IMAGE" | "VIDEO" | "LATENT") => Some(DataKind::Image),
        Some("MASK") => Some(DataKind::Mask),
        Some("CONDITIONING") => Some(DataKind::Embedding),
        Some("AUDIO") => Some(DataKind::Other),
        Some("STRING") | None => classes.usual(name),
        Some(_) => classes.usual(name).filter(|k| *k == DataKind::Image && class.can.contains(k)),
    };
    // A partner node takes what is plugged into it, also into an input newer than the list.
    typed.filter(|k| class.can.contains(k) || (class.partner.is_some() && slot_type.is_some()))
}

fn key_is_stored(node: &Node, spot: &crate::services::nodes::Spot) -> bool {
    let named = spot.input.as_ref().and_then(|n| node.named.get(n));
    let value = named.or_else(|| spot.widget.and_then(|at| node.widgets.get(at))).and_then(Value::as_str);
    value.is_some_and(|v| v.trim().len() >= 8)
}

/// A node that no list knows, with the address of a known service in a widget: possible, not guessed
/// remote. An address with a query or of a file is a result or a download, not an endpoint.
fn by_url(node: &Node, how: Reach, path: &str, part: &str, context: &Context<'_>) -> Option<Operation> {
    let endpoint = |text: &str| {
        let url = Url::parse(text).filter(|u| matches!(u.scheme, "http" | "https" | "ws" | "wss"))?;
        let file = url.path.rsplit('/').next().is_some_and(|last| last.contains('.'));
        if file || text.contains(['?', ' ', '\n']) {
            return None;
        }
        let host = Host::parse(url.host)?.to_string();
        let known = context.services.lookup(&host, Some(url.path), Method::Write)?;
        (!known.fetch && (context.locality)(&host) != Locality::Local)
            .then(|| (host, known.service.id.clone(), known.sends))
    };
    let texts = node.widgets.iter().chain(node.named.values()).filter_map(Value::as_str);
    let (host, service, sends) = texts.filter(|t| t.len() < 2048).find_map(endpoint)?;
    let (id, name) = (shown(&node.id), shown(&node.class));
    Some(Operation {
        place: Where { file: path.to_owned(), line: node.line, inside: Some(format!("{part}{id}")) },
        id: format!("{id} {name}"),
        state: state(node, how),
        sends: if sends.is_empty() { DataKinds::of(&[DataKind::Other]) } else { sends },
        fetch: false,
        route: vec![service.clone()],
        service: Some(service),
        locality: Locality::Undetermined,
        certainty: Certainty::Possible,
        because: format!("`{name}`: a class no list knows, with the address of `{host}` in a widget"),
        decided_at: None,
        spelled: None,
    })
}

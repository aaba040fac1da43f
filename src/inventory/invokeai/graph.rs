//! Graphs: the editor's form, with lists of nodes and edges, and the queue's, with nodes by id.

use crate::inventory::Context;
use crate::inventory::document::Node;
use crate::inventory::endpoint::{operation, shown};
use crate::model::data::{DataKind, DataKinds};
use crate::model::inventory::{FileInventory, Spelled, Where};
use crate::services::settings::{Invocation, Settings};
use std::collections::BTreeSet;

/// Keys under which a graph is wrapped in a request, a session or a picture.
const WRAPPING: [&str; 5] = ["batch", "graph", "session", "workflow", "item"];
/// How many wrappers there may be.
const WRAPPERS: usize = 4;
/// Most calls of one graph.
const MOST_CALLS: usize = 2_000;

/// Adds what the nodes of a graph do; whether there is one.
pub(super) fn read(root: &Node, part: &str, inventory: &mut FileInventory, context: &Context<'_>) -> bool {
    let Some(settings) = Settings::of("invokeai") else { return false };
    let mut any = false;
    look(root, part, 0, &mut |nodes, edges| {
        any = true;
        graph(settings, nodes, edges, part, inventory, context);
    });
    any
}

fn look(root: &Node, part: &str, depth: usize, found: &mut dyn FnMut(Vec<Call<'_>>, &Node)) {
    if let (Some(nodes), Some(edges)) = (root.get("nodes"), root.get("edges").filter(|e| e.is_list())) {
        let calls = calls(nodes);
        let empty = nodes.entries().is_empty() && nodes.items().is_empty();
        if !calls.is_empty() || (empty && !part.is_empty()) {
            found(calls, edges);
        }
        return;
    }
    if depth < WRAPPERS {
        for key in WRAPPING {
            if let Some(inner) = root.get(key) {
                look(inner, part, depth + 1, found);
            }
        }
    }
}

/// A node: its id, its type, its fields.
struct Call<'n> {
    id: &'n str,
    kind: &'n str,
    line: u64,
    pack: Option<&'n str>,
    /// Fields with their values.
    fields: Vec<(&'n str, &'n Node)>,
}

fn calls(nodes: &Node) -> Vec<Call<'_>> {
    let editor = nodes.items().iter().filter_map(|node| {
        let data = node.get("data").filter(|_| node.text_of("type") == Some("invocation"))?;
        let inputs = data.get("inputs")?.entries();
        Some(Call {
            id: node.text_of("id")?,
            kind: data.text_of("type")?,
            line: node.line,
            pack: data.text_of("nodePack"),
            fields: inputs.iter().filter_map(|(k, v)| Some((k.text.as_str(), v.get("value")?))).collect(),
        })
    });
    let queue = nodes.entries().iter().filter_map(|(key, node)| {
        (node.get("is_intermediate").is_some()
            || node.get("use_cache").is_some()
            || node.get("id").is_some())
        .then_some(())?;
        Some(Call {
            id: &key.text,
            kind: node.text_of("type")?,
            line: key.line,
            pack: None,
            fields: node.entries().iter().map(|(k, v)| (k.text.as_str(), v)).collect(),
        })
    });
    editor.chain(queue).collect()
}

/// Node and field at which an edge ends.
fn ends(edge: &Node) -> Option<(&str, &str)> {
    let queue = edge.get("destination").and_then(|d| Some((d.text_of("node_id")?, d.text_of("field")?)));
    queue.or_else(|| Some((edge.text_of("target")?, edge.text_of("targetHandle")?)))
}

fn graph(
    settings: &Settings,
    calls: Vec<Call<'_>>,
    edges: &Node,
    part: &str,
    inventory: &mut FileInventory,
    context: &Context<'_>,
) {
    let fed: BTreeSet<(&str, &str)> = edges.items().iter().filter_map(ends).collect();
    for call in &calls {
        if call.pack.is_some_and(|pack| pack != "invokeai") {
            let note = "some nodes come from other packs: what they do is not known".to_owned();
            if !inventory.notes.contains(&note) {
                inventory.notes.push(note);
            }
        }
        let Some(known) = settings.invocations.iter().find(|i| i.kind == call.kind) else { continue };
        if inventory.operations.len() >= MOST_CALLS {
            inventory.notes.push("there are more calls than are listed".to_owned());
            return;
        }
        let line = part.is_empty().then_some(call.line);
        let inside = Some(shown(&format!("{part}{}", call.id)));
        let place = Where { file: inventory.path.clone(), line, inside };
        inventory.operations.push(sends(settings, known, call, &fed, place, context));
    }
}

fn sends(
    settings: &Settings,
    known: &Invocation,
    call: &Call<'_>,
    fed: &BTreeSet<(&str, &str)>,
    place: Where,
    context: &Context<'_>,
) -> crate::model::inventory::Operation {
    let filled = |name: &String| {
        let held = call.fields.iter().any(|(field, value)| field == name && !is_empty(value));
        held || fed.contains(&(call.id, name.as_str()))
    };
    let fields = [
        (DataKind::Prompt, &settings.prompt_fields),
        (DataKind::Image, &settings.image_fields),
        (DataKind::Mask, &settings.mask_fields),
    ];
    let mut kinds: DataKinds =
        fields.iter().filter(|(_, names)| names.iter().any(filled)).map(|(k, _)| *k).collect();
    // Such a node cannot be run without a prompt.
    kinds.insert(DataKind::Prompt);
    let to = Spelled {
        variables: vec![known.variable.clone()],
        address: None,
        vendor: Some(known.service.clone()),
    };
    let what = format!("nodes of type `{}` call a provider", known.kind);
    operation(place, &format!("{} {}", call.id, known.kind), kinds, &what, to, context)
}

fn is_empty(value: &Node) -> bool {
    value.is_null()
        || value.text().is_some_and(str::is_empty)
        || (value.is_list() && value.items().is_empty())
        || (value.is_map() && value.entries().is_empty())
}

//! What is executed: only nodes that an output node needs.

use super::graph::{Graph, Node, OUTPUTS, Source};
use crate::services::nodes::{NodeClass, NodeClasses, Role};
use std::collections::BTreeSet;

/// How sure it is that a node is executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// Nothing that is executed needs it.
    No,
    /// A node needs it that may or may not be an output node.
    Maybe,
    /// An output node needs it.
    Yes,
}

/// What is known of a node's class, its pack considered.
pub(super) fn class_of<'c>(node: &Node, classes: &'c NodeClasses) -> Option<&'c NodeClass> {
    let packs: Vec<&str> = node.packs.iter().map(String::as_str).collect();
    classes.find(&node.class, &packs, &|name| node.has_input(name))
}

/// Whether the node ships with ComfyUI and runs on the machine.
pub(super) fn is_core(node: &Node, classes: &NodeClasses) -> bool {
    classes.is_core(&node.class) || node.packs.iter().any(|p| p == "comfy-core")
}

/// How surely each node is executed.
pub(super) fn reach(graph: &Graph, classes: &NodeClasses) -> Vec<Reach> {
    let mut reached = vec![Reach::No; graph.nodes.len()];
    let consumed = consumed(graph);
    let mut queue = Vec::new();
    for (index, node) in graph.nodes.iter().enumerate() {
        if !node.live() {
            continue;
        }
        if graph.is_blueprint(index, classes) {
            // Its user will connect the outputs: what feeds them is needed.
            if let Some(scope) = node.inner.and_then(|s| graph.scopes.get(s).map(|place| (s, place))) {
                for from in scope.1.outputs.iter().flatten() {
                    if let Source::Node(source, _) = graph.follow(scope.0, from.clone(), classes) {
                        queue.push((source, Reach::Yes));
                    }
                }
            }
        }
        let kind = output(graph, node, &consumed, classes);
        if kind > Reach::No {
            queue.push((index, kind));
        }
    }
    while let Some((index, how)) = queue.pop() {
        match reached.get_mut(index) {
            Some(known) if *known < how => *known = how,
            _ => continue,
        }
        let inputs = graph.nodes.get(index).map_or(0, |n| n.inputs.len());
        for input in 0..inputs {
            if let Source::Node(source, _) = graph.source(index, input, classes) {
                queue.push((source, how));
            }
        }
    }
    reached
}

/// Ids, by scope, of nodes from which a link starts.
fn consumed(graph: &Graph) -> BTreeSet<(usize, &str)> {
    let links = graph.nodes.iter().flat_map(|n| n.inputs.iter().map(move |i| (n.scope, i.from.as_ref())));
    let outer =
        graph.scopes.iter().enumerate().flat_map(|(s, p)| p.outputs.iter().map(move |f| (s, f.as_ref())));
    links
        .chain(outer)
        .filter_map(|(s, f)| Some((s, f?.node.as_str())))
        .filter(|(_, n)| *n != OUTPUTS)
        .collect()
}

fn output(graph: &Graph, node: &Node, consumed: &BTreeSet<(usize, &str)>, classes: &NodeClasses) -> Reach {
    if node.inner.is_some()
        || classes.is_virtual(&node.class)
        || classes.is_relay(&node.class)
        || super::graph::is_wire(&node.class)
    {
        return Reach::No;
    }
    if classes.is_output(&node.class) {
        return Reach::Yes;
    }
    let known = class_of(node, classes);
    if known.is_some_and(|c| c.output || c.role == Role::Queue) {
        return Reach::Yes;
    }
    let none = node.outputs.as_ref().is_some_and(Vec::is_empty);
    if none && !known.is_some_and(|c| matches!(c.role, Role::Config | Role::Helper)) {
        return Reach::Yes;
    }
    if known.is_some() || classes.is_core(&node.class) || classes.is_text(&node.class) {
        return Reach::No;
    }
    if classes.sounds_like_output(&node.class) {
        return Reach::Yes;
    }
    // Only the file says that it is ComfyUI's own.
    if is_core(node, classes) {
        return Reach::No;
    }
    // A class no list knows, at the end of a chain: it may be executed for its own sake.
    let unlinked = match &node.outputs {
        Some(outputs) => outputs.iter().all(|o| !o.linked),
        None => graph.api && !consumed.contains(&(node.scope, node.local.as_str())),
    };
    if unlinked { Reach::Maybe } else { Reach::No }
}

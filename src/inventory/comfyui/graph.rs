//! A workflow in one form, whichever it was saved in.
//!
//! Nodes of all scopes (the canvas, each instance of a subgraph or group) lie in one list. A link is
//! followed on demand, through bypassed nodes, reroutes, named wires and scope boundaries, to the node
//! that really makes the value.

use crate::services::nodes::NodeClasses;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Most hops a link is followed; beyond, it is taken as leading nowhere known.
const HOPS: usize = 512;
/// Id by which links name the inputs of their own subgraph.
pub(super) const INPUTS: &str = "-10";
/// Id by which links name the outputs of their own subgraph.
pub(super) const OUTPUTS: &str = "-20";

/// Whether a node runs, by its own mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Runs,
    /// Mode 2: gone.
    Muted,
    /// Mode 4: gone, inputs pass to outputs of the same type.
    Bypassed,
}

/// Where a link comes from, inside one scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct From {
    pub(super) node: String,
    pub(super) slot: usize,
}

#[derive(Debug, Clone)]
pub(super) struct Input {
    pub(super) name: String,
    pub(super) kind: Option<String>,
    pub(super) from: Option<From>,
    /// Whether it is a widget turned into an input.
    pub(super) widget: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Output {
    pub(super) kind: Option<String>,
    pub(super) linked: bool,
}

#[derive(Debug)]
pub(super) struct Node {
    /// Path of ids from the canvas: `12`, `231/1`.
    pub(super) id: String,
    /// Its id in its own scope.
    pub(super) local: String,
    pub(super) class: String,
    /// Pack ids that it states.
    pub(super) packs: Vec<String>,
    pub(super) mode: Mode,
    /// Whether something around it is switched off or never instantiated.
    pub(super) dead: bool,
    pub(super) scope: usize,
    pub(super) line: Option<u64>,
    pub(super) inputs: Vec<Input>,
    /// Unknown in API format.
    pub(super) outputs: Option<Vec<Output>>,
    pub(super) widgets: Vec<Value>,
    pub(super) named: BTreeMap<String, Value>,
    /// The scope it is an instance of.
    pub(super) inner: Option<usize>,
}

impl Node {
    /// Whether it runs as saved, leaving aside whether anything needs it.
    pub(super) fn live(&self) -> bool {
        self.mode == Mode::Runs && !self.dead
    }

    pub(super) fn has_input(&self, name: &str) -> bool {
        self.named.contains_key(name) || self.inputs.iter().any(|i| i.name == name)
    }
}

/// The canvas, or the inside of one instance.
#[derive(Debug, Default)]
pub(super) struct Scope {
    /// The instance it is the inside of.
    pub(super) parent: Option<usize>,
    pub(super) ids: BTreeMap<String, usize>,
    /// Names of its inputs, in slot order.
    pub(super) inputs: Vec<String>,
    /// What feeds its outputs, in slot order.
    pub(super) outputs: Vec<Option<From>>,
}

/// What a link leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// Nothing arrives.
    None,
    /// An input of a blueprint that its user will connect.
    Open,
    /// Output `slot` of a node that runs.
    Node(usize, usize),
}

#[derive(Debug, Default)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    pub(super) scopes: Vec<Scope>,
    pub(super) notes: BTreeSet<String>,
    /// Whether some part was not read, so that "local" cannot be said.
    pub(super) partial: bool,
    /// Whether it is API format, where every node is one that runs.
    pub(super) api: bool,
}

impl Graph {
    /// A note about something not understood, which rules out "local".
    pub(super) fn incomplete(&mut self, note: impl Into<String>) {
        self.partial = true;
        self.notes.insert(note.into());
    }

    /// What really arrives at an input.
    pub(super) fn source(&self, node: usize, input: usize, classes: &NodeClasses) -> Source {
        let Some(start) = self.nodes.get(node) else { return Source::None };
        match start.inputs.get(input).and_then(|i| i.from.clone()) {
            Some(from) => self.follow(start.scope, from, classes),
            None => Source::None,
        }
    }

    /// What really arrives at the end of a link.
    pub(super) fn follow(&self, scope: usize, from: From, classes: &NodeClasses) -> Source {
        let (mut scope, mut from) = (scope, from);
        for _ in 0..HOPS {
            let Some(place) = self.scopes.get(scope) else { return Source::None };
            if from.node == INPUTS {
                let Some(instance) = place.parent.and_then(|p| self.nodes.get(p)) else {
                    return Source::None;
                };
                let name = place.inputs.get(from.slot);
                let outer = instance
                    .inputs
                    .iter()
                    .find(|i| Some(&i.name) == name)
                    .or_else(|| if name.is_none() { instance.inputs.get(from.slot) } else { None });
                match outer.and_then(|i| i.from.clone()) {
                    Some(next) => (scope, from) = (instance.scope, next),
                    None if place.parent.is_some_and(|p| self.is_blueprint(p, classes)) => {
                        return Source::Open;
                    }
                    None => return Source::None,
                }
                continue;
            }
            let Some((index, node)) = place.ids.get(&from.node).and_then(|i| Some((*i, self.nodes.get(*i)?)))
            else {
                return Source::None;
            };
            let next = match node.mode {
                Mode::Muted => return Source::None,
                Mode::Bypassed => pass_through(node, from.slot),
                Mode::Runs => {
                    if let Some(inner) = node.inner {
                        let fed =
                            self.scopes.get(inner).and_then(|s| s.outputs.get(from.slot).cloned().flatten());
                        match fed {
                            Some(next) => {
                                (scope, from) = (inner, next);
                                continue;
                            }
                            None => return Source::None,
                        }
                    } else if classes.is_relay(&node.class) {
                        node.inputs.iter().find_map(|i| i.from.clone())
                    } else if is_get(&node.class) {
                        self.setter(node).and_then(|set| set.inputs.iter().find_map(|i| i.from.clone()))
                    } else {
                        return Source::Node(index, from.slot);
                    }
                }
            };
            match next {
                Some(next) => (scope, from) = (node.scope, next),
                None => return Source::None,
            }
        }
        Source::None
    }

    /// The SetNode whose name a GetNode bears.
    fn setter(&self, get: &Node) -> Option<&Node> {
        let name = get.widgets.first()?.as_str()?;
        let names = |n: &&Node| {
            is_set(&n.class)
                && n.scope == get.scope
                && n.mode == Mode::Runs
                && n.widgets.first().and_then(Value::as_str) == Some(name)
        };
        self.nodes.iter().find(names)
    }

    /// Whether the node is an instance that is all there is on the canvas: a blueprint, to be connected
    /// by whoever uses it.
    pub(super) fn is_blueprint(&self, node: usize, classes: &NodeClasses) -> bool {
        let on_canvas = |n: &&Node| n.scope == 0 && !n.dead && !classes.is_virtual(&n.class);
        self.nodes.get(node).is_some_and(|n| n.inner.is_some() && n.scope == 0 && n.live())
            && self.nodes.iter().filter(on_canvas).count() == 1
    }
}

/// The input that a bypassed node hands to one of its outputs: the one in the same place if the types
/// agree, else the first of the output's type.
fn pass_through(node: &Node, slot: usize) -> Option<From> {
    let kind = node.outputs.as_ref()?.get(slot)?.kind.as_deref()?;
    let fits = |i: &&Input| kind == "*" || i.kind.as_deref() == Some(kind) || i.kind.as_deref() == Some("*");
    let same = node.inputs.get(slot).filter(fits);
    same.or_else(|| node.inputs.iter().find(fits))?.from.clone()
}

fn is_set(class: &str) -> bool {
    class == "SetNode" || class == "easy setNode"
}

fn is_get(class: &str) -> bool {
    class == "GetNode" || class == "easy getNode"
}

/// Whether the node is one end of a named wire.
pub(super) fn is_wire(class: &str) -> bool {
    is_set(class) || is_get(class)
}

//! API ("prompt") format: node ids to `class_type` and named `inputs`. A two-element array of a node id
//! and a slot number is a link, anything else a literal. Muted and bypassed nodes are already gone.

use super::MOST_NODES;
use super::graph::{From, Graph, Input, Mode, Node, Scope};
use super::json::{Fields, Lines};
use serde_json::Value;

pub(super) fn read(fields: &Fields<'_>, lines: Option<&Lines<'_>>) -> Graph {
    let mut graph = Graph { api: true, ..Graph::default() };
    let mut scope = Scope::default();
    for (id, raw) in fields {
        if graph.nodes.len() >= MOST_NODES {
            graph.incomplete(format!("more than {MOST_NODES} nodes: the rest was not read"));
            break;
        }
        let value: Value = match serde_json::from_str(raw.get()) {
            Ok(value) => value,
            Err(_) => {
                graph.incomplete("a node is nested too deeply to be read");
                continue;
            }
        };
        let Some(class) = value.get("class_type").and_then(Value::as_str) else { continue };
        let mut node = Node {
            id: id.clone(),
            local: id.clone(),
            class: class.to_owned(),
            packs: Vec::new(),
            mode: Mode::Runs,
            dead: false,
            scope: 0,
            line: lines.and_then(|l| l.of(raw)),
            inputs: Vec::new(),
            outputs: None,
            widgets: Vec::new(),
            named: Default::default(),
            inner: None,
        };
        for (name, value) in value.get("inputs").and_then(Value::as_object).into_iter().flatten() {
            match link(value) {
                Some(from) => node.inputs.push(Input {
                    name: name.clone(),
                    kind: None,
                    from: Some(from),
                    widget: false,
                }),
                None => {
                    node.named.insert(name.clone(), value.clone());
                }
            }
        }
        scope.ids.insert(id.clone(), graph.nodes.len());
        graph.nodes.push(node);
    }
    graph.scopes.push(scope);
    graph
}

fn link(value: &Value) -> Option<From> {
    let [node, slot] = value.as_array()?.as_slice() else { return None };
    let node = match node {
        Value::String(s) => s.clone(),
        Value::Number(n) => n.to_string(),
        _ => return None,
    };
    Some(From { node, slot: usize::try_from(slot.as_u64()?).ok()? })
}

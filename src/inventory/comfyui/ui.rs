//! Editor ("UI") format: `nodes` and `links`, positional widgets, modes, subgraphs (`definitions`) and
//! the older group nodes (`extra.groupNodes`).
//!
//! Every instance is expanded into a scope of its own, bounded in depth and number. A definition that no
//! instance uses is expanded as dead, so that what it could do is listed as inactive.

use super::graph::{From, Graph, INPUTS, Input, Mode, Node, OUTPUTS, Output, Scope};
use super::json::{Fields, Lines};
use super::{DEEPEST_SUBGRAPH, MOST_NODES};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};

/// A subgraph or group, as defined.
struct Definition<'a> {
    name: String,
    nodes: Vec<&'a RawValue>,
    links: BTreeMap<String, (From, String, usize)>,
    inputs: Vec<String>,
    /// For a group, what feeds an input, by node and slot, and which outputs are taken inside.
    wires: BTreeMap<(String, usize), From>,
    taken: BTreeSet<(String, usize)>,
    /// Whether nodes are known by their position rather than by id.
    group: bool,
}

struct Reading<'a, 'l> {
    graph: Graph,
    lines: Option<&'l Lines<'l>>,
    definitions: BTreeMap<String, Definition<'a>>,
    used: BTreeSet<String>,
}

pub(super) fn read<'a>(fields: &Fields<'a>, lines: Option<&Lines<'_>>) -> Graph {
    let mut reading =
        Reading { graph: Graph::default(), lines, definitions: BTreeMap::new(), used: BTreeSet::new() };
    reading.define_subgraphs(fields);
    reading.define_groups(fields);
    let canvas = Definition {
        name: String::new(),
        nodes: list(fields.get("nodes").copied()),
        links: links(fields.get("links").copied()),
        inputs: Vec::new(),
        wires: BTreeMap::new(),
        taken: BTreeSet::new(),
        group: false,
    };
    let mut stack = Vec::new();
    reading.expand(&canvas, None, "", false, &BTreeMap::new(), &mut stack);
    let unused: Vec<String> =
        reading.definitions.keys().filter(|k| !reading.used.contains(*k)).cloned().collect();
    for key in unused {
        if let Some(definition) = reading.definitions.remove(&key) {
            let prefix = format!("{}/", definition.name);
            reading.expand(&definition, None, &prefix, true, &BTreeMap::new(), &mut stack);
            reading.definitions.insert(key, definition);
        }
    }
    reading.graph
}

fn list(raw: Option<&RawValue>) -> Vec<&RawValue> {
    raw.and_then(|r| serde_json::from_str(r.get()).ok()).unwrap_or_default()
}

fn value(raw: Option<&RawValue>) -> Option<Value> {
    raw.and_then(|r| serde_json::from_str(r.get()).ok())
}

fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(s) => Some(s.clone()),
        Value::Number(n) => Some(n.to_string()),
        _ => None,
    }
}

fn number(value: Option<&Value>) -> Option<usize> {
    usize::try_from(value?.as_u64()?).ok()
}

/// Links by id: origin, target node, target slot. Arrays in 0.4, objects in schema 1 and in subgraphs.
fn links(raw: Option<&RawValue>) -> BTreeMap<String, (From, String, usize)> {
    let mut out = BTreeMap::new();
    for item in list(raw) {
        let Some(link) = value(Some(item)) else { continue };
        let field =
            |position: usize, name: &str| if link.is_array() { link.get(position) } else { link.get(name) };
        let parts = (
            text(field(0, "id")),
            text(field(1, "origin_id")),
            number(field(2, "origin_slot")),
            text(field(3, "target_id")),
            number(field(4, "target_slot")),
        );
        if let (Some(id), Some(node), Some(slot), Some(target), Some(at)) = parts {
            out.insert(id, (From { node, slot }, target, at));
        }
    }
    out
}

impl<'a> Reading<'a, '_> {
    fn define_subgraphs(&mut self, fields: &Fields<'a>) {
        let Some(raw) = fields.get("definitions") else { return };
        let definitions: Fields<'a> = serde_json::from_str(raw.get()).unwrap_or_default();
        let Some(subgraphs) = definitions.get("subgraphs") else { return };
        let subgraphs: Vec<&'a RawValue> = serde_json::from_str(subgraphs.get()).unwrap_or_default();
        for raw in subgraphs {
            let fields: Fields<'a> = serde_json::from_str(raw.get()).unwrap_or_default();
            let Some(id) = text(value(fields.get("id").copied()).as_ref()) else { continue };
            let inputs = list(fields.get("inputs").copied())
                .into_iter()
                .map(|i| text(value(Some(i)).as_ref().and_then(|v| v.get("name"))).unwrap_or_default())
                .collect();
            let nodes: Vec<&'a RawValue> =
                fields.get("nodes").and_then(|r| serde_json::from_str(r.get()).ok()).unwrap_or_default();
            let definition = Definition {
                name: text(value(fields.get("name").copied()).as_ref()).unwrap_or_else(|| id.clone()),
                nodes,
                links: links(fields.get("links").copied()),
                inputs,
                wires: BTreeMap::new(),
                taken: BTreeSet::new(),
                group: false,
            };
            self.definitions.insert(id, definition);
        }
    }

    fn define_groups(&mut self, fields: &Fields<'a>) {
        let Some(raw) = fields.get("extra") else { return };
        let extra: Fields<'a> = serde_json::from_str(raw.get()).unwrap_or_default();
        let Some(raw) = extra.get("groupNodes") else { return };
        let groups: Fields<'a> = serde_json::from_str(raw.get()).unwrap_or_default();
        for (name, raw) in groups {
            let fields: Fields<'a> = serde_json::from_str(raw.get()).unwrap_or_default();
            let nodes: Vec<&'a RawValue> =
                fields.get("nodes").and_then(|r| serde_json::from_str(r.get()).ok()).unwrap_or_default();
            let mut links = BTreeMap::new();
            for (i, item) in list(fields.get("links").copied()).into_iter().enumerate() {
                let Some(link) = value(Some(item)) else { continue };
                // [origin, slot, target, slot, ...], nodes by position; a null origin is outside.
                let parts = (text(link.get(0)), number(link.get(1)), text(link.get(2)), number(link.get(3)));
                if let (Some(node), Some(slot), Some(target), Some(at)) = parts {
                    links.insert(format!("g{i}"), (From { node, slot }, target, at));
                }
            }
            let wires = links
                .values()
                .map(|(f, t, s): &(From, String, usize)| ((t.clone(), *s), f.clone()))
                .collect();
            let taken = links.values().map(|(f, ..)| (f.node.clone(), f.slot)).collect();
            let definition = Definition {
                name: name.clone(),
                nodes,
                links,
                inputs: Vec::new(),
                wires,
                taken,
                group: true,
            };
            self.definitions.insert(format!("group/{name}"), definition);
        }
    }

    /// The key of the definition that a class is an instance of.
    fn instance_of(&self, class: &str) -> Option<String> {
        if self.definitions.contains_key(class) {
            return Some(class.to_owned());
        }
        let name = class.strip_prefix("workflow/").or_else(|| class.strip_prefix("workflow>"))?;
        let key = format!("group/{name}");
        self.definitions.contains_key(&key).then_some(key)
    }

    fn expand(
        &mut self,
        definition: &Definition<'a>,
        parent: Option<usize>,
        prefix: &str,
        dead: bool,
        shown: &BTreeMap<(String, String), Value>,
        stack: &mut Vec<String>,
    ) -> usize {
        let scope = self.graph.scopes.len();
        self.graph.scopes.push(Scope { parent, inputs: definition.inputs.clone(), ..Scope::default() });
        let mut members = Vec::new();
        for (position, raw) in definition.nodes.iter().enumerate() {
            if self.graph.nodes.len() >= MOST_NODES {
                self.graph.incomplete(format!("more than {MOST_NODES} nodes: the rest was not read"));
                break;
            }
            let Some(json) = value(Some(raw)) else {
                self.graph.incomplete("a node is nested too deeply to be read");
                continue;
            };
            let Some(mut node) = node(&json, definition, position) else { continue };
            node.scope = scope;
            node.dead = dead;
            node.line = self.lines.and_then(|l| l.of(raw));
            node.id = format!("{prefix}{}", node.local);
            for ((id, widget), value) in shown {
                if *id == node.local {
                    node.named.insert(widget.clone(), value.clone());
                } else if id == "-1" {
                    let fed = |i: &&Input| {
                        i.from.as_ref().is_some_and(|f| {
                            f.node == INPUTS && definition.inputs.get(f.slot) == Some(widget)
                        })
                    };
                    if let Some(name) = node.inputs.iter().find(fed).map(|i| i.name.clone()) {
                        node.named.insert(name, value.clone());
                    }
                }
            }
            let index = self.graph.nodes.len();
            if let Some(place) = self.graph.scopes.get_mut(scope) {
                place.ids.insert(node.local.clone(), index);
            }
            members.push((index, json));
            self.graph.nodes.push(node);
        }
        self.boundary(definition, scope, parent);
        for (index, json) in members {
            self.instantiate(index, &json, dead, stack);
        }
        scope
    }

    /// What feeds the scope's outputs; for a group also which inputs come from outside, in order.
    fn boundary(&mut self, definition: &Definition<'a>, scope: usize, parent: Option<usize>) {
        let mut outputs: Vec<Option<From>> = Vec::new();
        if definition.group {
            let fed = &definition.taken;
            let wanted: Vec<String> = parent
                .and_then(|p| self.graph.nodes.get(p))
                .map(|n| n.inputs.iter().map(|i| i.name.clone()).collect())
                .unwrap_or_default();
            let mut names = Vec::new();
            // Nodes of a scope are read one after the other, before anything inside them.
            let first = self.graph.nodes.iter().rposition(|n| n.scope != scope).map_or(0, |i| i + 1);
            for node in self.graph.nodes.iter_mut().skip(first) {
                for (slot, _) in node.outputs.iter().flatten().enumerate() {
                    if !fed.contains(&(node.local.clone(), slot)) {
                        outputs.push(Some(From { node: node.local.clone(), slot }));
                    }
                }
                for input in node.inputs.iter_mut().filter(|i| i.from.is_none()) {
                    // The editor names an outer input after the inner one, with the node's title if needed.
                    let outer = wanted.iter().find(|w| {
                        !names.contains(*w) && (**w == input.name || w.ends_with(&format!(" {}", input.name)))
                    });
                    if let Some(outer) = outer {
                        input.from = Some(From { node: INPUTS.to_owned(), slot: names.len() });
                        names.push(outer.clone());
                    }
                }
            }
            if let Some(place) = self.graph.scopes.get_mut(scope) {
                place.inputs = names;
            }
        } else {
            for (from, target, slot) in definition.links.values() {
                if target == OUTPUTS && *slot < MOST_NODES {
                    if outputs.len() <= *slot {
                        outputs.resize(slot + 1, None);
                    }
                    if let Some(place) = outputs.get_mut(*slot) {
                        *place = Some(from.clone());
                    }
                }
            }
        }
        if let Some(place) = self.graph.scopes.get_mut(scope) {
            place.outputs = outputs;
        }
    }

    fn instantiate(&mut self, index: usize, json: &Value, dead: bool, stack: &mut Vec<String>) {
        let Some(node) = self.graph.nodes.get(index) else { return };
        let Some(key) = self.instance_of(&node.class) else {
            if looks_like_uuid(&node.class) && node.live() {
                self.graph.incomplete("a subgraph is used that the file does not define");
            }
            return;
        };
        if stack.contains(&key) || stack.len() >= DEEPEST_SUBGRAPH {
            self.graph.incomplete("subgraphs contain each other, or are nested too deeply");
            return;
        }
        self.used.insert(key.clone());
        let dead = dead || node.mode != Mode::Runs;
        let (prefix, shown) = (format!("{}/", node.id), shown_widgets(node, json));
        let Some(definition) = self.definitions.remove(&key) else { return };
        stack.push(key.clone());
        // The definition is out while it is expanded; put back a hollow one so that it is still found.
        let hollow = Definition {
            name: definition.name.clone(),
            nodes: Vec::new(),
            links: BTreeMap::new(),
            inputs: Vec::new(),
            wires: BTreeMap::new(),
            taken: BTreeSet::new(),
            group: definition.group,
        };
        self.definitions.insert(key.clone(), hollow);
        let inner = self.expand(&definition, Some(index), &prefix, dead, &shown, stack);
        self.definitions.insert(key, definition);
        stack.pop();
        if let Some(node) = self.graph.nodes.get_mut(index) {
            node.inner = Some(inner);
        }
    }
}

/// The widget values that an instance shows for nodes inside it.
fn shown_widgets(node: &Node, json: &Value) -> BTreeMap<(String, String), Value> {
    let mut shown = BTreeMap::new();
    let proxies = json.get("properties").and_then(|p| p.get("proxyWidgets")).and_then(Value::as_array);
    match proxies.filter(|p| !p.is_empty()) {
        Some(proxies) => {
            for (proxy, value) in proxies.iter().zip(&node.widgets) {
                if let (Some(id), Some(widget)) = (text(proxy.get(0)), text(proxy.get(1))) {
                    shown.insert((id, widget), value.clone());
                }
            }
        }
        None => {
            let widgets = node.inputs.iter().filter(|i| i.widget);
            for (input, value) in widgets.zip(&node.widgets) {
                shown.insert(("-1".to_owned(), input.name.clone()), value.clone());
            }
        }
    }
    shown
}

fn looks_like_uuid(class: &str) -> bool {
    class.len() == 36 && class.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

fn node(json: &Value, definition: &Definition<'_>, position: usize) -> Option<Node> {
    let class = json.get("type").and_then(Value::as_str)?.to_owned();
    let local = if definition.group { position.to_string() } else { text(json.get("id"))? };
    let mode = match json.get("mode").and_then(Value::as_i64) {
        Some(2) => Mode::Muted,
        Some(4) => Mode::Bypassed,
        _ => Mode::Runs,
    };
    let properties = json.get("properties");
    let packs = ["cnr_id", "aux_id"]
        .iter()
        .filter_map(|k| properties.and_then(|p| p.get(k)).and_then(Value::as_str))
        .filter(|s| !s.is_empty())
        .map(str::to_owned)
        .collect();
    let array = |key: &str| json.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut inputs = Vec::new();
    for (slot, input) in array("inputs").iter().enumerate() {
        let from = if definition.group {
            definition.wires.get(&(local.clone(), slot)).cloned()
        } else {
            let link = text(input.get("link"));
            link.and_then(|id| definition.links.get(&id)).map(|(from, ..)| from.clone())
        };
        inputs.push(Input {
            name: text(input.get("name")).unwrap_or_default(),
            kind: input.get("type").and_then(Value::as_str).map(str::to_owned),
            from,
            widget: input.get("widget").is_some_and(|w| !w.is_null()),
        });
    }
    let outputs = array("outputs")
        .iter()
        .enumerate()
        .map(|(slot, output)| Output {
            kind: output.get("type").and_then(Value::as_str).map(str::to_owned),
            linked: output.get("links").and_then(Value::as_array).is_some_and(|l| !l.is_empty())
                || definition.taken.contains(&(local.clone(), slot)),
        })
        .collect();
    let mut named = BTreeMap::new();
    let mut widgets = Vec::new();
    match json.get("widgets_values") {
        Some(Value::Array(values)) => widgets = values.clone(),
        Some(Value::Object(values)) => named = values.iter().map(|(k, v)| (k.clone(), v.clone())).collect(),
        _ => {}
    }
    Some(Node {
        id: local.clone(),
        local,
        class,
        packs,
        mode,
        dead: false,
        scope: 0,
        line: None,
        inputs,
        outputs: Some(outputs),
        widgets,
        named,
        inner: None,
    })
}

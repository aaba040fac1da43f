//! Where a node's data goes: by its class, by the node plugged into it, or by what a widget says.
//!
//! An empty address usually means the vendor's default, never "none". Loopback does not prove local: a
//! model whose tag ends in `-cloud` is run by Ollama's cloud through the daemon on the machine.

use super::graph::{Graph, Node, Source};
use super::reach::class_of;
use crate::inventory::Context;
use crate::inventory::endpoint::{Target, by_host, host_of, shown, unknown, vendor};
use crate::model::Method;
use crate::model::data::{Certainty, Locality};
use crate::model::inventory::Spelled;
use crate::model::net::Url;
use crate::services::nodes::{NodeClass, NodeClasses, Role, Spot};
use serde_json::Value;

/// Host of the daemon's maker, who runs models whose tag ends in `-cloud`.
const OLLAMA_CLOUD: &str = "ollama.com";
/// The proxy through which every partner node goes.
pub(super) const PARTNER_PROXY: &str = "comfy-partner";

/// What a widget says.
enum Said {
    Text(String),
    /// Empty or absent: the default applies.
    Nothing,
    /// It comes from a node whose value the file does not hold.
    Elsewhere,
}

/// Where a node's data goes.
pub(super) fn target(
    graph: &Graph,
    index: usize,
    class: &NodeClass,
    classes: &NodeClasses,
    context: &Context<'_>,
) -> Target {
    if let Some(vendor) = &class.partner {
        let mut route = vec![PARTNER_PROXY.to_owned()];
        route.extend(class.service.clone());
        let because = if class.guess {
            format!("its name has the form of a partner node, which goes to {vendor} through Comfy Org")
        } else {
            format!("partner node: goes to Comfy Org, then to {vendor}")
        };
        let certainty = if class.guess { Certainty::Possible } else { Certainty::Stated };
        let service = Some(PARTNER_PROXY.to_owned());
        return Target { service, route, locality: Locality::Remote, certainty, because, spelled: None };
    }
    let Some(node) = graph.nodes.get(index) else { return unknown("the node was not read") };
    for (slot, input) in node.inputs.iter().enumerate() {
        if !class.plugs.iter().any(|p| p == &input.name) || input.from.is_none() {
            continue;
        }
        match graph.source(index, slot, classes) {
            Source::Node(config, _) => {
                let Some(plugged) = graph.nodes.get(config) else { continue };
                let name = shown(&plugged.class);
                return match class_of(plugged, classes) {
                    Some(known) if known.role == Role::Local => Target {
                        service: None,
                        route: Vec::new(),
                        locality: Locality::Local,
                        certainty: Certainty::Stated,
                        because: format!(
                            "`{name}` (node {}), which runs here, is plugged into `{}`",
                            plugged.id, input.name
                        ),
                        spelled: None,
                    },
                    Some(known) if known.role == Role::Config => {
                        let mut target = own(graph, config, known, class, classes, context);
                        target.because = format!("{} (`{name}`, node {})", target.because, plugged.id);
                        target
                    }
                    // An agent handed on from another call: the same vendor unless it says otherwise.
                    Some(known)
                        if known.role == Role::Call && known.packs == class.packs && config != index =>
                    {
                        let mut target = own(graph, config, known, class, classes, context);
                        target.because = format!("{} (`{name}`, node {})", target.because, plugged.id);
                        target
                    }
                    _ => unknown(format!(
                        "`{}` comes from `{name}` (node {}), which no list knows",
                        input.name, plugged.id
                    )),
                };
            }
            Source::Open => return unknown(format!("`{}` is left open", input.name)),
            Source::None => {}
        }
    }
    own(graph, index, class, class, classes, context)
}

/// What a node says by itself; `caller` is the class whose default applies.
fn own(
    graph: &Graph,
    index: usize,
    class: &NodeClass,
    caller: &NodeClass,
    classes: &NodeClasses,
    context: &Context<'_>,
) -> Target {
    let Some(node) = graph.nodes.get(index) else { return unknown("the node was not read") };
    if let Some(choice) = &class.choice {
        let spot = Spot { widget: None, input: Some(choice.input.clone()) };
        let value = match said(graph, index, &spot, classes) {
            Said::Text(value) => Some(value.to_lowercase()),
            _ => node
                .widgets
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_lowercase)
                .find(|v| choice.local.contains(v) || choice.services.contains_key(v)),
        };
        if let Some(service) = value.as_ref().and_then(|v| choice.services.get(v)) {
            return vendor(service, Certainty::Stated, format!("`{}` selects {service}", choice.input));
        }
        if !value.is_some_and(|v| choice.local.contains(&v)) {
            return unknown(format!("`{}` selects an engine no list knows", choice.input));
        }
    }
    let is_true = |spot: &Spot| match widget(node, spot) {
        Some(Value::Bool(b)) => *b,
        Some(Value::String(s)) => matches!(s.as_str(), "true" | "enable" | "True"),
        _ => false,
    };
    let mut target = if class.local_if.as_ref().is_some_and(is_true) {
        by_host("127.0.0.1", "a switch selects the daemon on the machine".to_owned(), context)
    } else {
        match address(graph, index, class, classes) {
            Said::Text(text) => by_address(&text, context),
            Said::Elsewhere => unknown("the address comes from another node, its value is not in the file"),
            Said::Nothing => default(class, caller, context),
        }
    };
    let cloud = class.model.as_ref().is_some_and(|spot| match said(graph, index, spot, classes) {
        Said::Text(tag) => tag.ends_with("-cloud") || tag.ends_with(":cloud"),
        _ => false,
    });
    if cloud && target.locality != Locality::Remote {
        let service =
            context.services.lookup(OLLAMA_CLOUD, None, Method::Write).map(|m| m.service.id.clone());
        target.route.push(service.clone().unwrap_or_else(|| OLLAMA_CLOUD.to_owned()));
        target.service = service;
        target.locality = Locality::Remote;
        target.certainty = Certainty::Stated;
        target.because =
            format!("{}, but the model's tag ends in `cloud`: {OLLAMA_CLOUD} runs it", target.because);
    }
    target
}

fn address(graph: &Graph, index: usize, class: &NodeClass, classes: &NodeClasses) -> Said {
    for spot in class.endpoint.iter().chain(&class.host_part) {
        match said(graph, index, spot, classes) {
            Said::Nothing => {}
            other => return other,
        }
    }
    let node = graph.nodes.get(index);
    let anywhere =
        || node.into_iter().flat_map(|n| n.widgets.iter().chain(n.named.values())).filter_map(Value::as_str);
    if class.url_anywhere
        && let Some(text) = anywhere().find(|t| t.starts_with("http") && Url::parse(t).is_some())
    {
        return Said::Text(text.to_owned());
    }
    Said::Nothing
}

/// The widget's own value, where it stands.
fn widget<'n>(node: &'n Node, spot: &Spot) -> Option<&'n Value> {
    let by_name = spot.input.as_ref().and_then(|name| node.named.get(name));
    by_name.or_else(|| spot.widget.and_then(|at| node.widgets.get(at)))
}

fn said(graph: &Graph, index: usize, spot: &Spot, classes: &NodeClasses) -> Said {
    let Some(node) = graph.nodes.get(index) else { return Said::Nothing };
    let linked = node.inputs.iter().position(|i| Some(&i.name) == spot.input.as_ref() && i.from.is_some());
    if let Some(input) = linked {
        match graph.source(index, input, classes) {
            Source::Node(source, _) => {
                let text = graph
                    .nodes
                    .get(source)
                    .filter(|n| classes.is_text(&n.class))
                    .and_then(|n| n.widgets.iter().chain(n.named.values()).find_map(Value::as_str));
                return text.map_or(Said::Elsewhere, said_text);
            }
            Source::Open => return Said::Elsewhere,
            Source::None => {}
        }
    }
    widget(node, spot).and_then(Value::as_str).map_or(Said::Nothing, said_text)
}

fn said_text(text: &str) -> Said {
    let text = text.trim();
    if text.is_empty() { Said::Nothing } else { Said::Text(text.to_owned()) }
}

fn by_address(text: &str, context: &Context<'_>) -> Target {
    match host_of(text) {
        Some(host) => {
            let spelled = Spelled { address: Some(text.to_owned()), ..Spelled::default() };
            let target = by_host(&host, format!("a widget names `{host}`"), context);
            Target { spelled: Some(spelled), ..target }
        }
        None => unknown("a widget holds an address that cannot be read"),
    }
}

fn default(class: &NodeClass, caller: &NodeClass, context: &Context<'_>) -> Target {
    let spoken = class.endpoint.is_some() || class.host_part.is_some();
    let why = |whose: &str| {
        if spoken {
            format!("no address is given, so the default of {whose} applies")
        } else {
            format!("goes to {whose}")
        }
    };
    let certainty = if spoken { Certainty::Implied } else { Certainty::Stated };
    if class.local_default && class.service.is_none() {
        return by_host(
            "127.0.0.1",
            "no address is given, so the program on the machine is asked".to_owned(),
            context,
        );
    }
    let known = if class.service.is_some() || class.host.is_some() { class } else { caller };
    if let Some(service) = &known.service {
        return vendor(service, certainty, why(service));
    }
    match &known.host {
        Some(host) => {
            let service = context.services.lookup(host, None, Method::Write).map(|m| m.service.id.clone());
            let route = vec![service.clone().unwrap_or_else(|| host.clone())];
            Target {
                service,
                route,
                locality: Locality::Remote,
                certainty,
                because: why(host),
                spelled: None,
            }
        }
        None => unknown("the file does not say where it goes"),
    }
}

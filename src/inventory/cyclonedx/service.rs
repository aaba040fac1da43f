//! Services of a bill of materials, and where each of them is.

use crate::inventory::Context;
use crate::inventory::document::Node;
use crate::inventory::endpoint::{Target, host_of, shown, target, unknown, vendor};
use crate::model::Method;
use crate::model::data::{Certainty, Locality};
use crate::model::inventory::{Spelled, State};
use std::collections::BTreeSet;

/// A service as declared.
pub(super) struct Service<'n> {
    pub(super) node: &'n Node,
    /// Its name, fit to be shown.
    pub(super) name: String,
    /// What others call it by.
    pub(super) reference: Option<&'n str>,
    /// Path of keys that leads to it.
    pub(super) inside: String,
    /// Where it is.
    pub(super) target: Target,
    /// As Domicile writes it into its own bills of materials; active otherwise.
    pub(super) state: State,
}

/// Every service, nested ones too, in the order of the file.
pub(super) fn all<'n>(
    root: &'n Node,
    context: &Context<'_>,
    notes: &mut BTreeSet<String>,
) -> Vec<Service<'n>> {
    let mut found = Vec::new();
    below(root, "", context, notes, &mut found);
    found
}

/// As deep as the document itself may be.
fn below<'n>(
    node: &'n Node,
    inside: &str,
    context: &Context<'_>,
    notes: &mut BTreeSet<String>,
    found: &mut Vec<Service<'n>>,
) {
    let services = node.get("services").map(Node::items).unwrap_or_default();
    for (i, node) in services.iter().enumerate().filter(|(_, n)| n.is_map()) {
        let inside = format!("{inside}services[{i}]");
        let name = shown(node.text_of("name").unwrap_or("a service without a name"));
        let target = stand(node, &name, context, notes);
        let state = state(node);
        let reference = node.text_of("bom-ref");
        found.push(Service { node, name, reference, inside: inside.clone(), target, state });
        below(node, &format!("{inside}."), context, notes, found);
    }
}

/// The value of a property.
pub(super) fn property<'n>(node: &'n Node, name: &str) -> Option<&'n str> {
    let properties = node.get("properties").map(Node::items).unwrap_or_default();
    properties.iter().find(|p| p.text_of("name") == Some(name))?.text_of("value")
}

/// As Domicile writes it; what nobody says of is active.
pub(super) fn state(node: &Node) -> State {
    match property(node, "domicile:state") {
        Some("inactive") => State::Inactive,
        Some("not-reached") => State::NotReached,
        _ => State::Active,
    }
}

/// Where a service is: by its worst endpoint, else by the boundary it crosses, else by who provides it.
fn stand(node: &Node, name: &str, context: &Context<'_>, notes: &mut BTreeSet<String>) -> Target {
    let boundary = node.get("x-trust-boundary").and_then(Node::bool);
    let endpoints = node.get("endpoints").map(Node::items).unwrap_or_default();
    let worst = endpoints.iter().filter_map(Node::text).map(|e| by_endpoint(e, context));
    let worst = worst.max_by_key(|t| match t.locality {
        Locality::Local => 0,
        Locality::Undetermined => 1,
        Locality::Remote => 2,
    });
    let mut target = match worst {
        Some(target) => with_boundary(target, boundary, name, notes),
        None => without_endpoint(node, boundary, name, context, notes),
    };
    if let Some(country) = node.at(&["provider", "address", "country"]).and_then(Node::text) {
        target.because.push_str(&format!("; its provider's address is in `{}`", shown(country)));
    }
    if let Some(zone) = node.text_of("trustZone") {
        target.because.push_str(&format!("; its trust zone is called `{}`", shown(zone)));
    }
    target
}

pub(super) fn by_endpoint(endpoint: &str, context: &Context<'_>) -> Target {
    // Without a scheme, as a network-path reference.
    let address = endpoint.strip_prefix("//").unwrap_or(endpoint);
    target(Spelled { address: Some(address.to_owned()), ..Spelled::default() }, context)
}

fn with_boundary(
    mut target: Target,
    boundary: Option<bool>,
    name: &str,
    notes: &mut BTreeSet<String>,
) -> Target {
    match (target.locality, boundary) {
        (Locality::Remote, Some(false)) => {
            notes.insert(format!(
                "contradiction: `{name}` is said to cross no trust boundary, and its endpoint is outside; the endpoint counts"
            ));
            target.because.push_str("; that no trust boundary is crossed does not move it");
        }
        (Locality::Local, Some(true)) => {
            notes.insert(format!(
                "contradiction: `{name}` is said to cross a trust boundary, and its endpoint is local; it counts as undetermined"
            ));
            target.locality = Locality::Undetermined;
            target.certainty = Certainty::Undetermined;
            target.because.push_str(", which is local; but using it is said to cross a trust boundary");
            target.spelled = None;
        }
        (Locality::Undetermined, Some(true)) => {
            target.locality = Locality::Remote;
            target.certainty = Certainty::Implied;
            target.because.push_str("; using it is said to cross a trust boundary");
            target.spelled = None;
        }
        (Locality::Remote, Some(true)) => target.because.push_str("; using it crosses a trust boundary"),
        _ => {}
    }
    target
}

fn without_endpoint(
    node: &Node,
    boundary: Option<bool>,
    name: &str,
    context: &Context<'_>,
    notes: &mut BTreeSet<String>,
) -> Target {
    let known = known_service(node, context);
    match (known, boundary) {
        (Some((service, fact)), boundary) => {
            if boundary == Some(false) {
                notes.insert(format!(
                    "contradiction: `{name}` is said to cross no trust boundary, and {fact}; without an endpoint that counts"
                ));
            }
            let crosses = if boundary == Some(true) { "; using it crosses a trust boundary" } else { "" };
            let certainty = if boundary == Some(true) { Certainty::Stated } else { Certainty::Implied };
            vendor(&service, certainty, format!("it names no endpoint; {fact}{crosses}"))
        }
        (None, Some(true)) => Target {
            locality: Locality::Remote,
            certainty: Certainty::Stated,
            route: vec![name.to_owned()],
            ..unknown("it names no endpoint; using it crosses a trust boundary")
        },
        (None, Some(false)) => unknown("it names no endpoint, and crossing no trust boundary is no place"),
        (None, None) => unknown("it names no endpoint and says nothing of a trust boundary"),
    }
}

/// The service of the list that it is, by what Domicile wrote or by the address of its provider.
fn known_service(node: &Node, context: &Context<'_>) -> Option<(String, String)> {
    if let Some(service) = property(node, "domicile:service").and_then(|id| context.services.service(id)) {
        return Some((service.id.clone(), format!("a property says that it is {}", service.id)));
    }
    let urls = node.at(&["provider", "url"]).map(Node::items).unwrap_or_default();
    urls.iter().filter_map(Node::text).filter_map(host_of).find_map(|host| {
        let id = context.services.lookup(&host, None, Method::Write)?.service.id.clone();
        let fact = format!("its provider's address `{}` is that of {id}", shown(&host));
        Some((id, fact))
    })
}

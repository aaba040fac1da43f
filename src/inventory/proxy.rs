//! Where a proxy passes requests on to, and whether they are requests to a model.

use super::endpoint::{operation, shown};
use super::variables::{Found, Program, Sibling};
use crate::model::Method;
use crate::model::data::{DataKind, DataKinds, Locality};
use crate::model::inventory::{Operation, Spelled, State, Where};
use crate::services::gateways::Gateways;
use crate::services::shape;

/// What a request to a model carries of what people put in.
const CONTENT: DataKinds =
    DataKinds::of(&[DataKind::Prompt, DataKind::Image, DataKind::Mask, DataKind::Embedding]);

/// A way through a proxy.
pub(super) struct Way<'w> {
    /// What it is called in its file.
    pub(super) id: String,
    pub(super) place: Where,
    pub(super) state: State,
    /// The host it leads to; `None` if the file does not say.
    pub(super) host: Option<&'w str>,
    pub(super) port: Option<u16>,
    /// The path of requests that take it, as far as it is known.
    pub(super) path: Option<&'w str>,
    /// The path as a reader may be told of it; what an address holds may be private.
    pub(super) told: Option<&'w str>,
}

/// Adds a way if it is one to a model: by its host, its path or its port.
pub(super) fn add(way: Way<'_>, found: &mut Found<'_>) {
    let services = found.context.services;
    let known = way.host.and_then(|host| services.lookup(host, way.path, Method::Write));
    let known = known.filter(|m| m.service.generation && !m.sends.intersection(CONTENT).is_empty());
    let form = way.path.and_then(|path| shape(path, Method::Write));
    let gateways = Gateways::shipped();
    let by_path = form.is_some() || way.path.is_some_and(|path| gateways.is_model_path(path));
    let by_port = way.port.is_some_and(|port| gateways.is_model_port(port));
    if known.is_none() && !by_path && !by_port {
        return;
    }
    let sends = known.map(|m| m.sends).or(form.map(|s| s.sends)).map(|kinds| kinds.intersection(CONTENT));
    let sends = sends.unwrap_or(DataKinds::of(&[DataKind::Prompt]));
    let spelled = Spelled { address: way.host.map(str::to_owned), ..Spelled::default() };
    let what = match way.told {
        Some(path) => format!("requests for `{}` are passed on", shown(path)),
        None => "requests are passed on".to_owned(),
    };
    let made = operation(way.place, &way.id, sends, &what, spelled, found.context);
    let none = |_: &str| -> Option<Sibling> { None };
    let program = Program { name: "", state: way.state, runs: true, variables: &[], siblings: &none };
    found.push(made, &program);
}

/// Adds a way to a socket of the machine.
pub(super) fn add_socket(way: Way<'_>, found: &mut Found<'_>) {
    let before = found.operations.len();
    add(way, found);
    if let Some(made) = found.operations.get_mut(before..).and_then(<[Operation]>::first_mut) {
        made.locality = Locality::Local;
        made.because = "requests are passed on to a socket of the machine".to_owned();
        made.certainty = crate::model::data::Certainty::Stated;
        made.spelled = None;
    }
}

//! Where an operation goes, from what its file says about it.
//!
//! Four sources in falling order of certainty: an address in the file; a variable with a default in the
//! file; a variable alone; nothing, so that the program's own default applies. The last two are never
//! local. Loopback is where data goes first, not where it stays: a gateway there may pass it on, which is
//! for the gateway's own configuration to say.

use super::Context;
use crate::model::Method;
use crate::model::data::{Certainty, DataKinds, Locality};
use crate::model::inventory::{Operation, Spelled, State, Where};
use crate::model::net::{Host, Url, split_authority};
use crate::model::text::{shorten, visible};

/// Where data goes, and the fact that says so.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) service: Option<String>,
    pub(super) route: Vec<String>,
    pub(super) locality: Locality,
    pub(super) certainty: Certainty,
    pub(super) because: String,
    /// As it was spelt, if another file may decide it.
    pub(super) spelled: Option<Spelled>,
}

/// The host that an address names: a URL, a host, or `host:port`, with or without a path.
pub(super) fn host_of(address: &str) -> Option<String> {
    let address = address.trim();
    let host = Url::parse(address).map_or_else(
        || split_authority(address.split(['/', '?', '#']).next().unwrap_or(address)).0,
        |url| url.host,
    );
    // What a template leaves open is no host.
    if host.contains(['{', '}', '$', '%', '<', '>', '*']) {
        return None;
    }
    Some(Host::parse(host)?.to_string())
}

/// A host, named by a file.
pub(super) fn by_host(host: &str, because: String, context: &Context<'_>) -> Target {
    let locality = (context.locality)(host);
    let service = context.services.lookup(host, None, Method::Write).map(|m| m.service.id.clone());
    let service = service.filter(|_| locality != Locality::Local);
    let route = vec![service.clone().unwrap_or_else(|| host.to_owned())];
    Target { service, route, locality, certainty: Certainty::Stated, because, spelled: None }
}

/// A service of the list.
pub(super) fn vendor(service: &str, certainty: Certainty, because: String) -> Target {
    Target {
        route: vec![service.to_owned()],
        service: Some(service.to_owned()),
        locality: Locality::Remote,
        certainty,
        because,
        spelled: None,
    }
}

/// Nobody says where.
pub(super) fn unknown(because: impl Into<String>) -> Target {
    Target {
        service: None,
        route: Vec::new(),
        locality: Locality::Undetermined,
        certainty: Certainty::Undetermined,
        because: because.into(),
        spelled: None,
    }
}

/// Where data goes by what the file alone says.
pub(super) fn target(spelled: Spelled, context: &Context<'_>) -> Target {
    let variable = spelled.variables.first().map(|v| shown(v));
    let host = spelled.address.as_deref().map(host_of);
    let mut target = match (host, &variable, &spelled.vendor) {
        (Some(Some(host)), None, _) => by_host(&host, format!("it names `{}`", shown(&host)), context),
        (Some(Some(host)), Some(variable), _) => {
            let mut target =
                by_host(&host, format!("`{variable}` decides; without it, `{}`", shown(&host)), context);
            target.certainty = Certainty::Implied;
            if target.locality == Locality::Local {
                target.locality = Locality::Undetermined;
                target.certainty = Certainty::Undetermined;
                target.because.push_str(", which is local");
            }
            target
        }
        (Some(None), _, _) => unknown("it holds an address that cannot be read"),
        (None, Some(variable), Some(service)) => vendor(
            service,
            Certainty::Implied,
            format!("no address is given; unless `{variable}` is set, it goes to {service}"),
        ),
        (None, Some(variable), None) => unknown(format!("`{variable}` decides, and is set elsewhere")),
        (None, None, Some(service)) => vendor(service, Certainty::Stated, format!("it goes to {service}")),
        (None, None, None) => unknown("the file does not say where it goes"),
    };
    target.spelled = Some(spelled);
    target
}

/// An active operation that goes where the file says. `what` is the fact that makes it one.
pub(super) fn operation(
    place: Where,
    id: &str,
    sends: DataKinds,
    what: &str,
    spelled: Spelled,
    context: &Context<'_>,
) -> Operation {
    let target = target(spelled, context);
    Operation {
        id: shown(id),
        place,
        state: State::Active,
        sends,
        fetch: false,
        service: target.service,
        route: target.route,
        locality: target.locality,
        certainty: target.certainty,
        because: format!("{what}; {}", target.because),
        decided_at: None,
        spelled: target.spelled,
    }
}

/// The address of an interface that takes prompts or images, of which more is not known than that it stands
/// there. `stands` says where, and what was looked for in vain. Nothing if it is another's, or local.
pub(super) fn mentioned(
    url: &Url<'_>,
    place: Where,
    stands: &str,
    context: &Context<'_>,
) -> Option<Operation> {
    let host = host_of(url.host)?;
    let found = context.services.lookup(&host, Some(url.path), Method::Write)?;
    let sends = !found.fetch
        && found.service.generation
        && found.certainty >= Certainty::Implied
        && !found.sends.is_empty();
    if !sends || (context.locality)(&host) == Locality::Local {
        return None;
    }
    Some(Operation {
        id: format!("address {}", shown(&host)),
        place,
        state: State::Active,
        sends: found.sends,
        fetch: false,
        service: Some(found.service.id.clone()),
        route: vec![host],
        locality: Locality::Undetermined,
        certainty: Certainty::Possible,
        because: format!("an address of {} stands {stands}", found.service.id),
        decided_at: None,
        spelled: None,
    })
}

/// A word of a file, made safe to look at.
pub(super) fn shown(word: &str) -> String {
    shorten(&visible(word), 80)
}

//! The services list: hosts, paths, node classes to a hosted system and its operator.
//!
//! Data lives in `policies/services/*.toml`, dated, each row with the grade of its source.

pub mod nodes;

use crate::model::{Certainty, DataKinds, Method};

/// The services list, ready for look-ups.
pub struct Services {
    /// Date up to which it holds, ISO.
    pub as_of: String,
    /// SHA-256 over its files, hex.
    pub sha256: String,
}

/// A service.
#[derive(Debug, Clone)]
pub struct Service {
    /// Its id.
    pub id: String,
    /// Name of vendor and product.
    pub name: String,
    /// Kind: `image`, `edit`, `aggregator`, `gpu`, `hub`, `chat`, `llm`, `cloud`, `app`, `tunnel`, `telemetry`, `storage`, `time`, `pki`, ...
    pub kind: String,
    /// Jurisdiction of its operator, ISO 3166-1 alpha-2, if known.
    pub operator_jurisdiction: Option<String>,
    /// Grade of the source: `S`, `C` or `K`.
    pub grade: char,
    /// Whether it makes or changes images, or passes prompts and images on: what promise 3 calls a generation service.
    pub generation: bool,
}

/// What the list says of an exchange.
#[derive(Debug, Clone)]
pub struct Match<'s> {
    /// The service.
    pub service: &'s Service,
    /// Id of the endpoint rule that matched, `service/endpoint`; stable, stored in aggregates.
    pub endpoint: &'s str,
    /// What an exchange of that method there carries towards the service.
    pub sends: DataKinds,
    /// How sure that is at this visibility: `Implied`, `Possible` (dual use at name visibility).
    pub certainty: Certainty,
    /// Whether it is a download only.
    pub fetch: bool,
    /// Where it is processed, as the host name shows: country, `EU`, or `None` for global or unknown.
    pub place: Option<&'s str>,
}

impl Services {
    /// What is known of a host, with path and method if they were seen. Longest host suffix on label
    /// boundaries first, then path.
    #[must_use]
    pub fn lookup(&self, _host: &str, _path: Option<&str>, _method: Method) -> Option<Match<'_>> {
        None
    }

    /// A service by id.
    #[must_use]
    pub fn service(&self, _id: &str) -> Option<&Service> {
        None
    }
}

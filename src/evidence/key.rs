//! What makes two flows the same, and what is left out on purpose: client port, connection id, full
//! URL, status.

use crate::model::data::Certainty;
use crate::model::{DataKinds, Disposition, Lane, Method, Orientation, Protocol, Transport, Visibility};
use std::net::IpAddr;
use std::sync::Arc;

/// The server of an aggregate: its name, or only if nameless its address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Server {
    /// A host name, lower case.
    Name(Arc<str>),
    /// An address without a name.
    Address(IpAddr),
    /// The record named a server in a way that no host can be named. Never local.
    Unreadable,
    /// The record names none.
    Unknown,
}

/// The key of an aggregate, without the hour. Field order is the order of every list of aggregates.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Source id.
    pub source: Arc<str>,
    /// Client as logged: an address or a workload label.
    pub client: Arc<str>,
    /// Server.
    pub server: Server,
    /// Port of the server.
    pub port: Option<u16>,
    /// Transport protocol.
    pub protocol: Protocol,
    /// Endpoint of the services list, `service/endpoint`. A path is never stored raw.
    pub endpoint: Option<Arc<str>>,
    /// Class of the method.
    pub method: Method,
    /// What became of it.
    pub disposition: Disposition,
    /// Protection on the wire.
    pub transport: Transport,
    /// How much was seen.
    pub visibility: Visibility,
    /// Whether the client is known to be the initiator.
    pub orientation: Orientation,
    /// Layer.
    pub lane: Lane,
    /// Kinds of data that detectors saw.
    pub observed: DataKinds,
    /// Kinds of data that such an exchange carries according to the services list.
    pub implied: DataKinds,
    /// How sure `implied` is.
    pub certainty: Certainty,
    /// Whether the endpoint is one of downloads.
    pub fetch: bool,
}

impl Key {
    /// The service id, which is the endpoint up to the slash.
    #[must_use]
    pub fn service(&self) -> Option<&str> {
        self.endpoint.as_deref().map(|e| e.split('/').next().unwrap_or(e))
    }
}

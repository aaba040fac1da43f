//! What makes two flows the same, and what is left out on purpose: client port, connection id, full
//! URL, status.

use crate::model::data::Certainty;
use crate::model::net::Network;
use crate::model::{DataKinds, Disposition, Lane, Method, Orientation, Protocol, Transport, Visibility};
use std::cmp::Ordering;
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
    /// Hosts of a registrable domain that were too many to keep apart. Never local.
    Below(Arc<str>),
    /// Addresses of a network that were too many to keep apart. Never local.
    Within(Network),
    /// Servers of domains and networks beyond those that are kept apart. Never local.
    Beyond,
}

impl Server {
    /// Whether it stands for servers that are not told apart any more.
    #[must_use]
    pub fn is_folded(&self) -> bool {
        matches!(self, Server::Below(_) | Server::Within(_) | Server::Beyond)
    }
}

/// The key of an aggregate, without the hour. Field order is the order of every list of aggregates.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// Source id.
    pub source: Arc<str>,
    /// Client as logged: an address or a workload label; a network, or `*`, where a destination had more
    /// clients than are kept apart.
    pub client: Arc<str>,
    /// Server.
    pub server: Server,
    /// Port of the server.
    pub port: Option<u16>,
    /// Endpoint of the services list, `service/endpoint`. A path is never stored raw.
    pub endpoint: Option<Arc<str>>,
    /// The rest.
    pub traits: Traits,
}

/// The part of a key that is not text: twelve bytes of named values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Traits {
    /// Transport protocol.
    pub protocol: Protocol,
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

impl Traits {
    /// All of it in one word, for hashing.
    pub(super) fn bits(self) -> u64 {
        [
            self.protocol as u64,
            self.method as u64,
            self.disposition as u64,
            self.transport as u64,
            self.visibility as u64,
            self.orientation as u64,
            self.lane as u64,
            self.certainty as u64,
            u64::from(self.fetch),
        ]
        .into_iter()
        .fold(u64::from(self.observed.bits()) << 8 | u64::from(self.implied.bits()), |all, n| all << 4 | n)
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Key) -> Ordering {
        // Keys of one scan share their texts: then there is nothing to compare.
        let text = |a: &Arc<str>, b: &Arc<str>| if Arc::ptr_eq(a, b) { Ordering::Equal } else { a.cmp(b) };
        text(&self.source, &other.source)
            .then_with(|| text(&self.client, &other.client))
            .then_with(|| self.server.cmp(&other.server))
            .then_with(|| self.port.cmp(&other.port))
            .then_with(|| self.endpoint.cmp(&other.endpoint))
            .then_with(|| self.traits.cmp(&other.traits))
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Key) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl std::ops::Deref for Key {
    type Target = Traits;

    fn deref(&self) -> &Traits {
        &self.traits
    }
}

impl Key {
    /// The service id, which is the endpoint up to the slash.
    #[must_use]
    pub fn service(&self) -> Option<&str> {
        self.endpoint.as_deref().map(|e| e.split('/').next().unwrap_or(e))
    }

    /// Whether a finding is likely to name it: it is on the services list or of a known shape, or data
    /// was seen in it. Such keys never fold, and every sample of theirs is hashed.
    #[must_use]
    pub fn is_notable(&self) -> bool {
        self.endpoint.is_some() || !self.traits.observed.is_empty()
    }
}

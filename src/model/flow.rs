//! A flow: one record of traffic in common terms.

use super::time::Time;
use std::net::IpAddr;

macro_rules! names {
    ($(#[$meta:meta])* $type:ident { $($(#[$vmeta:meta])* $variant:ident = $name:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $type { $($(#[$vmeta])* #[serde(rename = $name)] $variant),+ }
        impl $type {
            /// Every value, in order.
            pub const ALL: &'static [$type] = &[$($type::$variant),+];
            /// The name used in files and output.
            #[must_use]
            pub fn name(self) -> &'static str { match self { $($type::$variant => $name),+ } }
            /// The value of that name, if there is one.
            #[must_use]
            pub fn parse(name: &str) -> Option<$type> {
                match name { $($name => Some($type::$variant),)+ _ => None }
            }
        }
    };
}
pub(crate) use names;

names! {
    /// What became of an exchange. Denied is never egress and always listed as a blocked attempt.
    Disposition {
        /// It reached its destination.
        Delivered = "delivered",
        /// A control refused it before anything left.
        Denied = "denied",
        /// It was tried and did not succeed; whether anything left is not certain.
        Failed = "failed",
        /// A cache answered; nothing left.
        ServedLocally = "served-locally",
        /// The record does not say.
        Unknown = "unknown",
    }
}

names! {
    /// Which layer a record describes. One connection may appear in several; they are never added.
    Lane {
        /// A name was asked for (DNS).
        Lookup = "lookup",
        /// Packets or bytes between addresses.
        PacketFlow = "packet-flow",
        /// A TLS or QUIC handshake.
        Tls = "tls",
        /// An HTTP exchange seen on the wire or at the client.
        Http = "http",
        /// An exchange seen by a proxy.
        Proxy = "proxy",
    }
}

names! {
    /// What the client asked for.
    Method {
        /// GET, HEAD, OPTIONS, TRACE.
        Read = "read",
        /// POST, PUT, PATCH, DELETE and every other method that can carry a body.
        Write = "write",
        /// CONNECT: a tunnel.
        Connect = "connect",
        /// No method is known, or it is not one of HTTP.
        Other = "other",
    }
}

impl Method {
    /// The class of an HTTP method. An unknown method counts as a write, since it may carry a body.
    #[must_use]
    pub fn of_http(method: impl AsRef<[u8]>) -> Method {
        match method.as_ref() {
            b"GET" | b"HEAD" | b"OPTIONS" | b"TRACE" => Method::Read,
            b"CONNECT" => Method::Connect,
            b"" | b"-" => Method::Other,
            _ => Method::Write,
        }
    }
}

names! {
    /// How much of an exchange the record shows, from most to least. A finding claims no more.
    Visibility {
        /// The body was recorded.
        Payload = "payload",
        /// Method and path.
        Url = "url",
        /// The name of the server.
        Name = "name",
        /// Only its address.
        Address = "address",
        /// Not even that.
        Opaque = "opaque",
    }
}

names! {
    /// How the exchange was protected on the stretch the record saw.
    Transport {
        /// Not encrypted.
        Cleartext = "cleartext",
        /// SSL 2 or 3.
        Ssl = "ssl",
        /// TLS 1.0.
        Tls10 = "tls1.0",
        /// TLS 1.1.
        Tls11 = "tls1.1",
        /// TLS 1.2.
        Tls12 = "tls1.2",
        /// TLS 1.3.
        Tls13 = "tls1.3",
        /// TLS of a version that is not recorded.
        Tls = "tls",
        /// QUIC, which is TLS 1.3 by definition (RFC 9001).
        Quic = "quic",
        /// Not recorded.
        Unknown = "unknown",
    }
}

names! {
    /// Whether the client side of the record is known to be the initiator.
    Orientation {
        /// The format says who began.
        Stated = "stated",
        /// Worked out from ports or flags.
        Inferred = "inferred",
        /// Not known.
        Unknown = "unknown",
    }
}

names! {
    /// Transport protocol.
    Protocol {
        /// TCP.
        Tcp = "tcp",
        /// UDP.
        Udp = "udp",
        /// ICMP or ICMPv6.
        Icmp = "icmp",
        /// Another, or not recorded.
        Other = "other",
    }
}

/// The client of a record in a format that names none, such as HAR. It is the one component that the
/// source of the log observes, if it observes exactly one.
pub const UNNAMED_CLIENT: &str = "unnamed-client";

/// A body, or a part of one, that the client sent. It is looked at and dropped, never kept.
#[derive(Debug, Clone, Copy)]
pub struct Payload<'a> {
    /// The declared media type, without trust.
    pub media_type: Option<&'a str>,
    /// The bytes as recorded.
    pub bytes: &'a [u8],
}

/// One record in common terms. Borrowed from the record: it lives only until the sink returns.
///
/// "Out" is from the client towards the server, "in" is back. A figure the record does not give is
/// `None`, never zero.
#[derive(Debug, Clone)]
pub struct Flow<'a> {
    /// When the exchange began, or when it was logged if the record gives only that.
    pub time: Time,
    /// The client as logged: an address or a workload label, never a user's name.
    pub client: &'a str,
    /// Name of the server as the client knew it (URL host, CONNECT authority, SNI), as logged.
    pub server_name: Option<&'a str>,
    /// Address of the server.
    pub server_address: Option<IpAddr>,
    /// Port of the server.
    pub server_port: Option<u16>,
    /// Transport protocol.
    pub protocol: Protocol,
    /// Layer of the record.
    pub lane: Lane,
    /// Class of the method.
    pub method: Method,
    /// Path of the URL, query cut off. Used to classify, never stored.
    pub path: Option<&'a str>,
    /// Protection on the wire.
    pub transport: Transport,
    /// How much the record shows.
    pub visibility: Visibility,
    /// What became of it.
    pub disposition: Disposition,
    /// Whether the client is known to be the initiator.
    pub orientation: Orientation,
    /// Bytes from client to server.
    pub bytes_out: Option<u64>,
    /// Bytes from server to client.
    pub bytes_in: Option<u64>,
    /// Bodies the client sent, if recorded.
    pub payloads: &'a [Payload<'a>],
}

impl<'a> Flow<'a> {
    /// A flow about which only the time and the client are known; the format fills in the rest.
    #[must_use]
    pub fn new(time: Time, client: &'a str, lane: Lane) -> Flow<'a> {
        Flow {
            time,
            client,
            server_name: None,
            server_address: None,
            server_port: None,
            protocol: Protocol::Tcp,
            lane,
            method: Method::Other,
            path: None,
            transport: Transport::Unknown,
            visibility: Visibility::Opaque,
            disposition: Disposition::Unknown,
            orientation: Orientation::Unknown,
            bytes_out: None,
            bytes_in: None,
            payloads: &[],
        }
    }
}

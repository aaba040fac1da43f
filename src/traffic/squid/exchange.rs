//! What Squid's log forms tell about an exchange, and what became of it.

use super::super::Settled;
use super::super::scalar::number;
use crate::model::net::{Host, Url, split_authority};
use crate::model::{Disposition, Flow, Method, Orientation, Transport, Visibility};
use std::net::IpAddr;

/// The words of `%Sh` (Squid's `hier_code`), with the prefixes of newer versions.
pub(super) fn known_hierarchy(word: &[u8]) -> bool {
    let word = word.strip_prefix(b"TIMEOUT_").unwrap_or(word);
    word.starts_with(b"HIER_")
        || matches!(
            word,
            b"NONE"
                | b"DIRECT"
                | b"SIBLING_HIT"
                | b"PARENT_HIT"
                | b"DEFAULT_PARENT"
                | b"SINGLE_PARENT"
                | b"FIRSTUP_PARENT"
                | b"FIRST_UP_PARENT"
                | b"FIRST_PARENT_MISS"
                | b"CLOSEST_PARENT_MISS"
                | b"CLOSEST_PARENT"
                | b"CLOSEST_DIRECT"
                | b"NO_DIRECT_FAIL"
                | b"SOURCE_FASTEST"
                | b"ROUNDROBIN_PARENT"
                | b"CACHE_DIGEST_HIT"
                | b"CD_PARENT_HIT"
                | b"CD_SIBLING_HIT"
                | b"NO_CACHE_DIGEST_PEERS"
                | b"CARP"
                | b"ANY_OLD_PARENT"
                | b"ANY_PARENT"
                | b"USERHASH_PARENT"
                | b"SOURCEHASH_PARENT"
                | b"PINNED"
                | b"ORIGINAL_DST"
                | b"STANDBY_POOL"
        )
}

/// What the log forms of Squid tell about an exchange.
pub(in crate::traffic) struct Exchange<'a> {
    /// Absent, as method and URL are, if it is not UTF-8.
    pub(in crate::traffic) client: Option<&'a str>,
    pub(in crate::traffic) result: &'a [u8],
    pub(in crate::traffic) status: &'a [u8],
    pub(in crate::traffic) method: Option<&'a str>,
    pub(in crate::traffic) url: Option<&'a str>,
    /// How it was chosen where to go; absent if it is not logged.
    pub(in crate::traffic) hierarchy: Option<&'a [u8]>,
    pub(in crate::traffic) peer: Option<&'a [u8]>,
    /// Bytes to the client; absent if they are not logged.
    pub(in crate::traffic) back: Option<&'a [u8]>,
}

impl<'a> Exchange<'a> {
    /// Fills in all of the flow but its time, or says how the record is settled without one. `address` reads
    /// one.
    #[inline]
    pub(in crate::traffic) fn fill(
        &self,
        flow: &mut Flow<'a>,
        address: impl FnOnce(&[u8]) -> Option<IpAddr>,
    ) -> Result<(), Settled<'static, 'static>> {
        let text = |text: Option<&'a str>| text.ok_or(Settled::Rejected("not valid UTF-8"));
        let status = number(self.status).ok_or(Settled::Rejected("status is not a number"))?;
        let (url, method) = (text(self.url)?, text(self.method)?);
        if self.result.starts_with(b"UDP_") {
            return Err(Settled::Ignored("query of a neighbouring cache"));
        }
        if url.starts_with("error:") {
            return Err(Settled::Ignored("request that the proxy could not read"));
        }
        if url.starts_with("cache_object:") || is_internal(url.as_bytes()) {
            return Err(Settled::Ignored("request to the proxy itself"));
        }
        let peer = self.hierarchy.map(|h| !h.ends_with(b"NONE"));
        let class = Method::of_http(method);
        flow.client = text(self.client)?;
        flow.method = class;
        flow.orientation = Orientation::Stated;
        flow.disposition = disposition(self.result, status, peer, class);
        let size = self.back.map(|b| number(b).ok_or(Settled::Rejected("size is not a number")));
        flow.bytes_in = size.transpose()?;
        if class == Method::Connect {
            // NONE/200 without a peer: Squid answered the CONNECT itself and took the tunnel apart.
            if peer == Some(false) && status == 200 && holds(self.result, b"NONE") {
                return Err(Settled::Ignored("tunnel taken apart, its requests are logged by themselves"));
            }
            let (host, port) = split_authority(url);
            flow.server_name = Some(host);
            flow.server_port = port;
            flow.visibility = Visibility::Name;
        } else {
            let parsed = Url::parse(url).ok_or(Settled::Rejected("no absolute URL"))?;
            flow.server_name = Some(parsed.host);
            flow.server_port = parsed.port;
            flow.path = Some(parsed.path);
            flow.visibility = Visibility::Url;
            flow.transport = if parsed.encrypted() { Transport::Tls } else { Transport::Cleartext };
        }
        let literal = flow.server_name.filter(|host| may_be_address(host)).and_then(Host::parse);
        if let Some(Host::Address(literal)) = literal {
            flow.server_address = Some(literal);
            if class == Method::Connect {
                flow.visibility = Visibility::Address;
            }
        }
        if let Some(peer) = self.peer.filter(|_| self.hierarchy.is_some_and(leads_to_server))
            && let Some(known) = address(peer)
        {
            flow.server_address = Some(known);
        }
        Ok(())
    }
}

/// Whether `word` stands in a text. Its first byte is rare, so that nothing is set up for a search.
fn holds(text: &[u8], word: &[u8]) -> bool {
    let begins = |at| text.get(at..).is_some_and(|rest| rest.starts_with(word));
    word.first().is_some_and(|first| memchr::memchr_iter(*first, text).any(begins))
}

/// Whether a URL is one of those that Squid answers itself. Few URLs have a `q`.
fn is_internal(url: &[u8]) -> bool {
    memchr::memchr_iter(b'q', url).any(|at| {
        at.checked_sub(2)
            .and_then(|start| url.get(start..))
            .is_some_and(|rest| rest.starts_with(b"/squid-internal-"))
    })
}

/// Whether a host may be an address: those of version 6 have colons.
fn may_be_address(host: &str) -> bool {
    matches!(host.as_bytes(), [b'0'..=b'9' | b'[', ..]) || memchr::memchr(b':', host.as_bytes()).is_some()
}

/// Whether the peer column holds the server itself and not another proxy.
fn leads_to_server(hierarchy: &[u8]) -> bool {
    [&b"DIRECT"[..], b"ORIGINAL_DST", b"PINNED"].iter().any(|w| hierarchy.ends_with(w))
}

fn disposition(result: &[u8], status: u64, peer: Option<bool>, method: Method) -> Disposition {
    let says = |word: &[u8]| holds(result, word);
    // TCP_DENIED_REPLY refuses the answer: the request had gone out.
    if says(b"DENIED") && !says(b"DENIED_REPLY") {
        return Disposition::Denied;
    }
    match (peer, method, status) {
        (Some(true), Method::Connect, 400..) => Disposition::Failed,
        (Some(true), _, 0 | 502..=504) => Disposition::Unknown,
        // Without the result a refusal of the proxy looks like an answer of the server.
        (Some(true), ..) if result.is_empty() && matches!(status, 403 | 407) => Disposition::Unknown,
        (Some(true), ..) => Disposition::Delivered,
        (None, ..) => Disposition::Unknown,
        (Some(false), ..) if says(b"HIT") || says(b"REDIRECT") => Disposition::ServedLocally,
        // Neither refused nor answered from the cache for all that is logged.
        (Some(false), ..) if result.is_empty() => Disposition::Unknown,
        (Some(false), ..) => Disposition::Failed,
    }
}

//! The parts of an eve.json event that matter, as Suricata's schema gives them.

use crate::traffic::scalar::{address, number};
use serde::Deserialize;
use std::borrow::Cow;
use std::net::IpAddr;

// Only what matters is read; serde refuses a key of these that stands twice.
#[derive(Deserialize, Default)]
pub(super) struct Event<'a> {
    #[serde(borrow)]
    pub(super) timestamp: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) event_type: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) src_ip: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) dest_ip: Option<Cow<'a, str>>,
    pub(super) src_port: Option<u16>,
    pub(super) dest_port: Option<u16>,
    #[serde(borrow)]
    pub(super) proto: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) app_proto: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) flow: Option<FlowPart<'a>>,
    #[serde(borrow)]
    pub(super) netflow: Option<NetFlow<'a>>,
    #[serde(borrow)]
    pub(super) http: Option<Http<'a>>,
    #[serde(borrow)]
    pub(super) tls: Option<Tls<'a>>,
    #[serde(borrow)]
    pub(super) quic: Option<Tls<'a>>,
    #[serde(borrow)]
    pub(super) dns: Option<Dns<'a>>,
    pub(super) stats: Option<Stats>,
    #[serde(borrow)]
    pub(super) tcp: Option<Tcp<'a>>,
    #[serde(borrow)]
    pub(super) direction: Option<Cow<'a, str>>,
}

#[derive(Deserialize, Default)]
pub(super) struct FlowPart<'a> {
    pub(super) bytes_toserver: Option<u64>,
    pub(super) bytes_toclient: Option<u64>,
    pub(super) pkts_toclient: Option<u64>,
    #[serde(borrow)]
    pub(super) start: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) state: Option<Cow<'a, str>>,
    // What an inline sensor did to the flow.
    #[serde(borrow)]
    pub(super) action: Option<Cow<'a, str>>,
}

/// TCP flags seen each way, as hex.
#[derive(Deserialize, Default)]
pub(super) struct Tcp<'a> {
    #[serde(borrow)]
    pub(super) tcp_flags_ts: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) tcp_flags_tc: Option<Cow<'a, str>>,
}

#[derive(Deserialize, Default)]
pub(super) struct NetFlow<'a> {
    pub(super) bytes: Option<u64>,
    #[serde(borrow)]
    pub(super) start: Option<Cow<'a, str>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Http<'a> {
    #[serde(borrow)]
    pub(super) hostname: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) url: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) http_method: Option<Cow<'a, str>>,
    pub(super) http_port: Option<u16>,
    pub(super) status: Option<u64>,
    pub(super) length: Option<u64>,
    // With `dump-all-headers`.
    #[serde(borrow)]
    pub(super) request_headers: Option<Vec<Header<'a>>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Header<'a> {
    #[serde(borrow)]
    pub(super) name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) value: Option<Cow<'a, str>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Tls<'a> {
    #[serde(borrow)]
    pub(super) sni: Option<Cow<'a, str>>,
    // QUIC gives its version as a number.
    #[serde(borrow)]
    pub(super) version: Option<Version<'a>>,
    // What the server answered; in QUIC events of its own.
    pub(super) ja3s: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Version<'a> {
    Named(#[serde(borrow)] Cow<'a, str>),
    Other(serde::de::IgnoredAny),
}

#[derive(Deserialize, Default)]
pub(super) struct Dns<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) rrname: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) rrtype: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) rdata: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) answers: Option<Vec<Answer<'a>>>,
    #[serde(borrow)]
    pub(super) queries: Option<Vec<Query<'a>>>,
    #[serde(borrow)]
    pub(super) grouped: Option<Grouped<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Answer<'a> {
    #[serde(borrow)]
    pub(super) rrtype: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) rdata: Option<Cow<'a, str>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Query<'a> {
    #[serde(borrow)]
    pub(super) rrname: Option<Cow<'a, str>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Grouped<'a> {
    #[serde(rename = "A", borrow)]
    pub(super) a: Option<Vec<Cow<'a, str>>>,
    #[serde(rename = "AAAA", borrow)]
    pub(super) aaaa: Option<Vec<Cow<'a, str>>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Stats {
    pub(super) capture: Option<Capture>,
}

#[derive(Deserialize, Default)]
pub(super) struct Capture {
    pub(super) kernel_drops: Option<u64>,
}

impl Tcp<'_> {
    const SYN: u8 = 0x02;
    const RST: u8 = 0x04;

    fn flags(text: &Option<Cow<'_, str>>) -> Option<u8> {
        u8::from_str_radix(text.as_deref()?, 16).ok()
    }

    /// Whether the beginning of the connection was seen, if flags are logged.
    pub(super) fn began(&self) -> Option<bool> {
        Self::flags(&self.tcp_flags_ts).map(|flags| flags & Self::SYN != 0)
    }

    /// Whether the server answered the handshake with a reset and nothing else.
    pub(super) fn refused(&self) -> bool {
        let answer = Self::flags(&self.tcp_flags_tc).unwrap_or(0);
        self.began() == Some(true) && answer & Self::RST != 0 && answer & Self::SYN == 0
    }
}

impl Http<'_> {
    /// Length of the request's body, if its headers were logged and give it once.
    pub(super) fn request_length(&self) -> Option<u64> {
        let named =
            |h: &&Header<'_>| h.name.as_deref().is_some_and(|n| n.eq_ignore_ascii_case("content-length"));
        let mut lengths = self.request_headers.iter().flatten().filter(named);
        let length = number(lengths.next()?.value.as_deref()?.trim().as_bytes());
        lengths.next().is_none().then_some(length)?
    }
}

impl Dns<'_> {
    /// Addresses among the answers, in whichever version they are written.
    pub(super) fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        let is_address = |rrtype: &Option<Cow<'_, str>>| matches!(rrtype.as_deref(), Some("A" | "AAAA"));
        let single = self.rdata.as_deref().filter(|_| is_address(&self.rrtype));
        let listed = self
            .answers
            .iter()
            .flatten()
            .filter(move |a| is_address(&a.rrtype))
            .filter_map(|a| a.rdata.as_deref());
        let grouped = self.grouped.iter().flat_map(|g| g.a.iter().chain(&g.aaaa)).flatten().map(|t| &**t);
        single.into_iter().chain(listed).chain(grouped).filter_map(address)
    }
}

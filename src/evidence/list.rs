//! The full list of aggregates as canonical lines, and the digest that binds it.
//!
//! One JSON object a line (RFC 8785), sorted by key. The tree is that of RFC 6962, section 2.1: leaf
//! `H(0x00 || line)`, node `H(0x01 || left || right)`, split at the largest power of two below n.

use super::key::{Key, Server};
use super::summary::Summary;
use super::total::Total;
use crate::model::DataKinds;
use crate::model::audit::{AggregateList, ByteSum};
use crate::model::text::hex;
use crate::model::time::{HOUR, Time};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// One aggregate as it is written.
#[derive(Debug, Clone, Serialize)]
pub struct AggregateLine<'a> {
    source: &'a str,
    client: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    port: Option<u16>,
    protocol: &'static str,
    endpoint: Option<&'a str>,
    method: &'static str,
    disposition: &'static str,
    transport: &'static str,
    visibility: &'static str,
    orientation: &'static str,
    lane: &'static str,
    observed: DataKinds,
    implied: DataKinds,
    certainty: &'static str,
    fetch: bool,
    hours: Vec<HourLine>,
    magnitudes: Vec<(u8, u64)>,
    samples: Vec<SampleLine<'a>>,
}

#[derive(Debug, Clone, Serialize)]
struct HourLine {
    hour: Time,
    records: u64,
    bytes_out: ByteSum,
    bytes_in: ByteSum,
    largest_out: Option<u64>,
    first: Time,
    last: Time,
}

#[derive(Debug, Clone, Serialize)]
struct SampleLine<'a> {
    log: &'a str,
    record: u64,
    line: Option<u64>,
    offset: u64,
    length: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    time: Time,
}

impl<'a> AggregateLine<'a> {
    fn new(key: &'a Key, total: &'a Total) -> AggregateLine<'a> {
        let (name, address) = match &key.server {
            Server::Name(n) => (Some(&**n), None),
            Server::Address(a) => (None, Some(a.to_string())),
            Server::Unreadable => (None, Some("unreadable".to_owned())),
            Server::Unknown => (None, None),
            Server::Below(domain) => (None, Some(format!("*.{domain}"))),
            Server::Within(network) => (None, Some(network.to_string())),
            Server::Beyond => (None, Some("*".to_owned())),
        };
        AggregateLine {
            source: &key.source,
            client: &key.client,
            name,
            address,
            port: key.port,
            protocol: key.protocol.name(),
            endpoint: key.endpoint.as_deref(),
            method: key.method.name(),
            disposition: key.disposition.name(),
            transport: key.transport.name(),
            visibility: key.visibility.name(),
            orientation: key.orientation.name(),
            lane: key.lane.name(),
            observed: key.observed,
            implied: key.implied,
            certainty: key.certainty.name(),
            fetch: key.fetch,
            hours: total
                .hours
                .iter()
                .map(|c| HourLine {
                    hour: Time::from_micros(c.hour().saturating_mul(HOUR)).unwrap_or(c.first),
                    records: c.records,
                    bytes_out: c.bytes_out,
                    bytes_in: c.bytes_in,
                    largest_out: c.largest_out(),
                    first: c.first,
                    last: c.last,
                })
                .collect(),
            magnitudes: total.magnitudes.iter().collect(),
            samples: total
                .samples
                .iter()
                .map(|s| SampleLine {
                    log: &s.log,
                    record: s.at.record,
                    line: s.at.line,
                    offset: s.at.offset,
                    length: s.at.length,
                    sha256: s.sha256.map(hex),
                    time: s.time,
                })
                .collect(),
        }
    }
}

/// The list as bytes, one line each with a line feed, and the digests that bind it.
///
/// # Errors
/// If a line cannot be serialised, which no key can cause.
pub fn aggregate_lines(summary: &Summary) -> Result<(Vec<u8>, AggregateList), String> {
    let mut bytes = Vec::new();
    let mut leaves = Vec::new();
    for (key, total) in &summary.aggregates {
        let line = serde_json_canonicalizer::to_string(&AggregateLine::new(key, total))
            .map_err(|e| format!("an aggregate cannot be written: {e}"))?;
        leaves.push(leaf(line.as_bytes()));
        bytes.extend_from_slice(line.as_bytes());
        bytes.push(b'\n');
    }
    let list = AggregateList {
        lines: leaves.len() as u64,
        sha256: hex(Sha256::digest(&bytes)),
        root: hex(root(&leaves)),
    };
    Ok((bytes, list))
}

fn leaf(line: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update([0]).chain_update(line).finalize().into()
}

fn root(leaves: &[[u8; 32]]) -> [u8; 32] {
    match leaves {
        [] => Sha256::digest([]).into(),
        [one] => *one,
        many => {
            let split = many.len().next_power_of_two() / 2;
            let (left, right) = many.split_at_checked(split).unwrap_or((many, &[]));
            Sha256::new()
                .chain_update([1])
                .chain_update(root(left))
                .chain_update(root(right))
                .finalize()
                .into()
        }
    }
}

/// RFC 6962 tree root over lines, hex.
#[must_use]
pub fn tree_root<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> String {
    let leaves: Vec<_> = lines.into_iter().map(leaf).collect();
    hex(root(&leaves))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_agrees_with_known_vectors() {
        assert_eq!(
            tree_root([b"".as_slice()]),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
        );
        assert_eq!(
            tree_root([b"a".as_slice(), b"b", b"c"]),
            "36642e73c2540ab121e3a6bf9545b0a24982cd830eb13d3cd19de3ce6c021ec1"
        );
        assert_eq!(tree_root([]), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}

//! The lines of a partial as they are spelt.

use crate::model::text::hex;
use crate::model::{
    Certainty, DataKinds, Disposition, Lane, Method, Orientation, Protocol, Transport, Visibility,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::collections::BTreeMap;

/// The first line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    #[serde(rename = "domicile-partial")]
    pub(super) version: u64,
    pub(super) basis: Option<BasisRow>,
    pub(super) caps: CapsRow,
    pub(super) texts: u64,
    pub(super) servers: u64,
    pub(super) traits: u64,
    pub(super) logs: u64,
    pub(super) sources: u64,
    pub(super) aggregates: u64,
    pub(super) names: u64,
}

/// The first member of the first line, whatever follows.
#[derive(Deserialize)]
pub(super) struct Begins {
    #[serde(rename = "domicile-partial")]
    pub(super) version: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BasisRow {
    pub(super) tool: String,
    pub(super) services: String,
    pub(super) inspector: String,
    pub(super) options: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CapsRow {
    pub(super) hosts: u64,
    pub(super) clients: u64,
    pub(super) units: u64,
    pub(super) notable: u64,
    pub(super) names: u64,
}

/// What a server is.
#[derive(Serialize, Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ServerKind {
    Name,
    Address,
    Unreadable,
    Unknown,
    Below,
    Within,
    Beyond,
}

/// A server, with what it is called.
#[derive(Serialize, Deserialize)]
pub(super) struct ServerRow(pub(super) ServerKind, pub(super) Option<String>);

/// Traits by name.
#[derive(Serialize, Deserialize)]
pub(super) struct TraitsRow(
    pub(super) Protocol,
    pub(super) Method,
    pub(super) Disposition,
    pub(super) Transport,
    pub(super) Visibility,
    pub(super) Orientation,
    pub(super) Lane,
    pub(super) DataKinds,
    pub(super) DataKinds,
    pub(super) Certainty,
    pub(super) bool,
);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LogRow {
    pub(super) source: u32,
    pub(super) log: u32,
    pub(super) format: Option<String>,
    pub(super) options: Option<String>,
    pub(super) skipped: Option<String>,
    pub(super) copy_of: Option<String>,
    pub(super) read: u64,
    pub(super) flows: u64,
    pub(super) ignored: BTreeMap<String, u64>,
    pub(super) rejected: BTreeMap<String, u64>,
    pub(super) bytes: u64,
    pub(super) sha256: Option<Digest>,
    pub(super) content: Option<Digest>,
    pub(super) problems: Vec<ProblemRow>,
    pub(super) seen: Option<(i64, i64)>,
    pub(super) ranges: Vec<RangeRow>,
}

/// Offset, record, line, reason.
#[derive(Serialize, Deserialize)]
pub(super) struct ProblemRow(pub(super) u64, pub(super) u64, pub(super) Option<u64>, pub(super) String);

/// Start, end, records, lines, state before, state after, whether the log ends with it, pieces.
#[derive(Serialize, Deserialize)]
pub(super) struct RangeRow(
    pub(super) u64,
    pub(super) u64,
    pub(super) u64,
    pub(super) u64,
    pub(super) Word,
    pub(super) Word,
    pub(super) bool,
    pub(super) Pieces,
);

/// Source, runs of minutes, statistics, lost packets.
#[derive(Serialize, Deserialize)]
pub(super) struct SourceRow(
    pub(super) u32,
    pub(super) Vec<(i64, i64)>,
    pub(super) u64,
    pub(super) Option<u64>,
);

/// Source, client, server, port, endpoint, traits, cells, magnitudes of bytes out, samples.
#[derive(Serialize, Deserialize)]
pub(super) struct AggregateRow(
    pub(super) u32,
    pub(super) u32,
    pub(super) u32,
    pub(super) Option<u16>,
    pub(super) Option<u32>,
    pub(super) u32,
    pub(super) Vec<CellRow>,
    pub(super) Vec<(u8, u64)>,
    pub(super) Vec<SampleRow>,
);

/// First record, microseconds from it to the last, records, bytes out and how many records did not say,
/// bytes in and the same, largest bytes out.
#[derive(Serialize, Deserialize)]
pub(super) struct CellRow(
    pub(super) i64,
    pub(super) u64,
    pub(super) u64,
    pub(super) u64,
    pub(super) u64,
    pub(super) u64,
    pub(super) u64,
    pub(super) Option<u64>,
);

/// Log, time, offset, length, record, line, bytes out, rank, SHA-256.
#[derive(Serialize, Deserialize)]
pub(super) struct SampleRow(
    pub(super) u32,
    pub(super) i64,
    pub(super) u64,
    pub(super) u64,
    pub(super) u64,
    pub(super) Option<u64>,
    pub(super) Option<u64>,
    pub(super) Word,
    pub(super) Option<Digest>,
);

/// Client, address, name, how known, whether it is of the services list, hours.
#[derive(Serialize, Deserialize)]
pub(super) struct NameRow(
    pub(super) u32,
    pub(super) std::net::IpAddr,
    pub(super) u32,
    pub(super) Lane,
    pub(super) bool,
    pub(super) Vec<i64>,
);

/// A number that has no meaning but itself, as 16 hex digits: others than this program read it too, and
/// not all of them keep 64 bits of a JSON number.
pub(super) struct Word(pub(super) u64);

/// 32 bytes as hex.
pub(super) struct Digest(pub(super) [u8; 32]);

/// Digests without anything between them, as hex.
pub(super) struct Pieces(pub(super) Vec<[u8; 32]>);

impl Digest {
    pub(super) fn of_hex(text: &str) -> Option<Digest> {
        unhex(text)?.try_into().ok().map(Digest)
    }

    pub(super) fn hex(&self) -> String {
        hex(self.0)
    }
}

impl Serialize for Word {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(&format_args!("{:016x}", self.0))
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let bytes = unhex(&String::deserialize(d)?).and_then(|b| b.try_into().ok());
        bytes.map(|b| Word(u64::from_be_bytes(b))).ok_or_else(|| de::Error::custom("not 16 hex digits"))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.hex())
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Digest::of_hex(&String::deserialize(d)?).ok_or_else(|| de::Error::custom("not 64 hex digits"))
    }
}

impl Serialize for Pieces {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&hex(self.0.as_flattened()))
    }
}

impl<'de> Deserialize<'de> for Pieces {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let bytes = unhex(&String::deserialize(d)?).unwrap_or(vec![0]);
        let (pieces, rest) = bytes.as_chunks::<32>();
        if rest.is_empty() { Ok(Pieces(pieces.to_vec())) } else { Err(de::Error::custom("not hex digits")) }
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |b: &u8| match b {
        b'0'..=b'9' => Some(b - b'0'),
        b'a'..=b'f' => Some(b - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    rest.is_empty().then_some(())?;
    pairs.iter().map(|[a, b]| Some(digit(a)? << 4 | digit(b)?)).collect()
}

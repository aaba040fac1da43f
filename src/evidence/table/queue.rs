//! Flows that wait to be counted.
//!
//! Counting one is waiting for memory a few times over, and what is waited for in turn adds up. So a few
//! flows are counted together: the memory of all of them is asked for before any of it is needed.

use super::packed::Packed;
use crate::evidence::key::Traits;
use crate::evidence::picks::{Candidate, LONGEST};
use crate::model::At;
use crate::model::Time;
use std::net::IpAddr;

/// Flows that are counted together.
const TOGETHER: usize = 32;
/// Bytes of records that wait, at which they are counted.
const BYTES: usize = 32 << 10;

/// A flow whose parties are known.
pub(super) struct Waiting {
    pub(super) key: Packed,
    pub(super) hash: u64,
    pub(super) traits: Traits,
    /// Address of a server that has a name, if the record tells that it goes by it.
    pub(super) named: Option<IpAddr>,
    pub(super) at: At,
    pub(super) time: Time,
    pub(super) bytes_out: Option<u64>,
    pub(super) bytes_in: Option<u64>,
    pub(super) rank: u64,
}

impl Waiting {
    /// The record, which may become a sample.
    pub(super) fn candidate<'r>(&self, raw: &'r [u8]) -> Candidate<'r> {
        let Waiting { at, time, bytes_out, rank, .. } = *self;
        Candidate { at, time, bytes_out, rank, raw }
    }
}

/// The flows that wait, with the bytes of their records.
#[derive(Default)]
pub(super) struct Queue {
    flows: Vec<Waiting>,
    bytes: Vec<u8>,
    /// Where the bytes of each end.
    ends: Vec<usize>,
}

impl Queue {
    /// Whether a record is not too long to wait.
    pub(super) fn takes(raw: &[u8]) -> bool {
        raw.len() <= LONGEST
    }

    pub(super) fn push(&mut self, flow: Waiting, raw: &[u8]) {
        self.flows.push(flow);
        self.bytes.extend_from_slice(raw);
        self.ends.push(self.bytes.len());
    }

    /// Whether they should be counted now.
    pub(super) fn is_full(&self) -> bool {
        self.flows.len() >= TOGETHER || self.bytes.len() > BYTES
    }

    pub(super) fn flows(&self) -> &[Waiting] {
        &self.flows
    }

    /// The flows, each with the bytes of its record.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Waiting, &[u8])> {
        let starts = std::iter::once(&0).chain(&self.ends);
        let records = starts.zip(&self.ends).map(|(start, end)| self.bytes.get(*start..*end));
        self.flows.iter().zip(records.map(Option::unwrap_or_default))
    }

    pub(super) fn clear(&mut self) {
        self.flows.clear();
        self.bytes.clear();
        self.ends.clear();
    }
}

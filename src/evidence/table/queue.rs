//! Flows that wait to be counted.
//!
//! Counting one is waiting for memory a few times over, and what is waited for in turn adds up. So a few
//! flows are counted together: the memory of all of them is asked for before any of it is needed.

use super::facts::Fact;
use super::packed::Packed;
use crate::evidence::key::Traits;
use crate::evidence::picks::{Candidate, LONGEST};
use crate::model::At;
use crate::model::Time;
use std::net::IpAddr;

/// Flows whose memory is asked for together.
const TOGETHER: usize = 32;
/// Flows, or facts, that wait at most where a table is filled by several.
const MOST: usize = 256;
/// Bytes of records that wait, at which they are counted.
const BYTES: usize = 32 << 10;
/// And at most where a table is filled by several.
const MOST_BYTES: usize = 128 << 10;

/// A flow whose parties are known.
pub(in crate::evidence) struct Waiting {
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

/// The flows that wait, with the bytes of their records, and facts of look-ups with their hours.
#[derive(Default)]
pub(super) struct Queue {
    flows: Vec<Waiting>,
    bytes: Vec<u8>,
    /// Where the bytes of each end.
    ends: Vec<usize>,
    facts: Vec<(Fact, i64)>,
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

    pub(super) fn tell(&mut self, fact: Fact, hour: i64) {
        self.facts.push((fact, hour));
    }

    /// Whether they should be counted now.
    pub(super) fn is_ready(&self) -> bool {
        self.flows.len() >= TOGETHER || self.facts.len() >= TOGETHER || self.bytes.len() > BYTES
    }

    /// Whether no more should wait.
    pub(super) fn is_full(&self) -> bool {
        self.flows.len() >= MOST || self.facts.len() >= MOST || self.bytes.len() > MOST_BYTES
    }

    pub(super) fn flows_mut(&mut self) -> &mut [Waiting] {
        &mut self.flows
    }

    pub(super) fn facts_mut(&mut self) -> &mut [(Fact, i64)] {
        &mut self.facts
    }

    /// The flows, each with the bytes of its record, in groups whose memory is asked for together.
    pub(super) fn groups(
        &self,
    ) -> impl Iterator<Item = (&[Waiting], impl Iterator<Item = (&Waiting, &[u8])>)> {
        let mut start = 0;
        self.flows.chunks(TOGETHER).zip(self.ends.chunks(TOGETHER)).map(move |(flows, ends)| {
            let starts = std::iter::once(start).chain(ends.iter().copied());
            start = ends.last().copied().unwrap_or(start);
            let records =
                starts.zip(ends).map(|(start, end)| self.bytes.get(start..*end).unwrap_or_default());
            (flows, flows.iter().zip(records))
        })
    }

    /// Facts of look-ups, with their hours.
    pub(super) fn facts(&self) -> &[(Fact, i64)] {
        &self.facts
    }

    pub(super) fn clear(&mut self) {
        self.flows.clear();
        self.bytes.clear();
        self.ends.clear();
        self.facts.clear();
    }
}

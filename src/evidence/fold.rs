//! Folding: the sink that turns the records of one log into a summary.

use super::key::{Key, Server};
use super::summary::{Log, NameKey, Summary};
use super::total::{Figures, Sample};
use crate::inspect;
use crate::model::net::{Host, fold_mapped};
use crate::model::{At, Certainty, DataKinds, Flow, Lane, RecordCounts, Time};
use crate::services::{Services, shape};
use crate::traffic::{Health, NameFact, Settled, Sink};
use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

/// Which log is folded.
#[derive(Debug, Clone)]
pub struct LogName {
    /// Source id.
    pub source: Arc<str>,
    /// Name relative to the source's root, never absolute.
    pub name: Arc<str>,
    /// Seed of sample ranks: the first eight bytes of the BLAKE3 of the log's first stored MiB, so that
    /// a file and a pipe agree.
    pub seed: u64,
}

/// What reading a log found out about it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogFacts {
    /// Format id.
    pub format: Option<String>,
    /// Why it was not read, if it was not.
    pub skipped: Option<String>,
    /// The log of the same source with the same content, if this is a copy that was not counted.
    pub copy_of: Option<String>,
    /// Record counts.
    pub counts: RecordCounts,
    /// Size as stored.
    pub bytes: u64,
    /// SHA-256 as stored, hex.
    pub sha256: Option<String>,
    /// BLAKE3 of the decoded bytes, hex.
    pub content: Option<String>,
    /// Places of the first rejected records, with the reason.
    pub problems: Vec<String>,
}

/// Folds the records of one log.
pub struct Fold<'s> {
    services: &'s Services,
    log: LogName,
    table: FxHashMap<Key, super::Total>,
    strings: FxHashMap<Box<str>, Arc<str>>,
    names: FxHashMap<NameKey, BTreeSet<i64>>,
    summary: Summary,
    last_minute: Option<i64>,
    seen: Option<(Time, Time)>,
}

impl<'s> Fold<'s> {
    /// A fold of one log.
    #[must_use]
    pub fn new(services: &'s Services, log: LogName) -> Fold<'s> {
        Fold {
            services,
            log,
            table: FxHashMap::default(),
            strings: FxHashMap::default(),
            names: FxHashMap::default(),
            summary: Summary::default(),
            last_minute: None,
            seen: None,
        }
    }

    fn intern(strings: &mut FxHashMap<Box<str>, Arc<str>>, text: &str) -> Arc<str> {
        if let Some(known) = strings.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = text.into();
        strings.insert(text.into(), Arc::clone(&new));
        new
    }

    fn alive(&mut self, time: Time) {
        if self.last_minute != Some(time.minute()) {
            self.last_minute = Some(time.minute());
            let life = self.summary.sources.entry(Arc::clone(&self.log.source)).or_default();
            life.minutes.insert(time);
        }
    }

    fn named(&mut self, address: IpAddr, name: &str, client: &str, how: Lane, time: Time) {
        let Some(Host::Name(name)) = Host::parse(name) else { return };
        let key = NameKey {
            client: Self::intern(&mut self.strings, client),
            address: fold_mapped(address),
            name: Self::intern(&mut self.strings, &name),
            how,
        };
        self.names.entry(key).or_default().insert(time.hour());
    }

    fn flow(&mut self, at: At, raw: &[u8], flow: &Flow<'_>) {
        self.alive(flow.time);
        self.seen = Some(match self.seen {
            None => (flow.time, flow.time),
            Some((first, last)) => (first.min(flow.time), last.max(flow.time)),
        });
        let address = flow.server_address.map(fold_mapped);
        let host = flow.server_name.map(Host::parse);
        let server = match (&host, address) {
            (Some(Some(Host::Name(name))), _) => Server::Name(Self::intern(&mut self.strings, name)),
            (Some(Some(Host::Address(a))), _) => Server::Address(*a),
            (Some(None), _) => Server::Unreadable,
            (None, Some(a)) => Server::Address(a),
            (None, None) => Server::Unknown,
        };
        if let (Server::Name(name), Some(address), true) = (&server, address, flow.lane != Lane::Lookup) {
            let name = Arc::clone(name);
            self.named(address, &name, flow.client, flow.lane, flow.time);
        }
        let text = match &server {
            Server::Name(name) => Some(name.to_string()),
            Server::Address(a) => Some(a.to_string()),
            Server::Unreadable | Server::Unknown => None,
        };
        let found = text.as_deref().and_then(|t| self.services.lookup(t, flow.path, flow.method));
        let (endpoint, implied, certainty, fetch) = match &found {
            // A name that was only asked for carries nothing but itself.
            Some(m) if flow.lane == Lane::Lookup => {
                (Some(m.endpoint), DataKinds::NONE, Certainty::Undetermined, m.fetch)
            }
            Some(m) => (Some(m.endpoint), m.sends, m.certainty, m.fetch),
            None => match flow.path.and_then(|p| shape(p, flow.method)) {
                Some(shape) => (Some(shape.id.as_str()), shape.sends, Certainty::Implied, false),
                None => (None, DataKinds::NONE, Certainty::Undetermined, false),
            },
        };
        let endpoint = endpoint.map(|e| Self::intern(&mut self.strings, e));
        let observed = flow.payloads.iter().fold(DataKinds::NONE, |k, p| k.union(inspect::inspect(*p)));
        let key = Key {
            source: Arc::clone(&self.log.source),
            client: Self::intern(&mut self.strings, &client_label(flow.client)),
            server,
            port: flow.server_port,
            protocol: flow.protocol,
            endpoint,
            method: flow.method,
            disposition: flow.disposition,
            transport: flow.transport,
            visibility: flow.visibility,
            orientation: flow.orientation,
            lane: flow.lane,
            observed,
            implied,
            certainty,
            fetch,
        };
        let rank = rank(self.log.seed, at.offset);
        let figures = Figures { time: flow.time, bytes_out: flow.bytes_out, bytes_in: flow.bytes_in, rank };
        let log = Arc::clone(&self.log.name);
        self.table.entry(key).or_default().add(figures, || Sample {
            time: figures.time,
            log,
            at,
            sha256: Sha256::digest(raw).into(),
            bytes_out: figures.bytes_out,
            rank,
        });
    }

    /// The summary of the log, given what reading it found out.
    #[must_use]
    pub fn finish(self, facts: LogFacts) -> Summary {
        let mut summary = self.summary;
        summary.sources.entry(Arc::clone(&self.log.source)).or_default();
        #[expect(clippy::iter_over_hash_type, reason = "it goes into an ordered map")]
        for (key, total) in self.table {
            summary.aggregates.insert(key, total);
        }
        #[expect(clippy::iter_over_hash_type, reason = "it goes into an ordered map")]
        for (key, hours) in self.names {
            summary.names.insert(key, hours);
        }
        summary.logs.insert((self.log.source, self.log.name), Log { facts, seen: self.seen });
        summary
    }
}

impl Sink for Fold<'_> {
    fn record(&mut self, at: At, raw: &[u8], what: Settled<'_, '_>) {
        if let Settled::Flow(flow) = what {
            self.flow(at, raw, flow);
        }
    }

    fn name(&mut self, fact: &NameFact<'_>) {
        self.named(fact.address, fact.name, &client_label(fact.client), Lane::Lookup, fact.time);
    }

    fn health(&mut self, health: Health) {
        self.alive(health.time);
        let life = self.summary.sources.entry(Arc::clone(&self.log.source)).or_default();
        life.statistics += 1;
        if let Some(lost) = health.lost {
            life.lost = Some(life.lost.unwrap_or(0).max(lost));
        }
    }
}

/// A client as it is kept: an address in its one spelling, or a label that a host could have. What is
/// neither may be a user's name and is not kept.
fn client_label(client: &str) -> String {
    Host::parse(client).map_or_else(|| "(unreadable)".to_owned(), |host| host.to_string())
}

/// A fixed pseudo-random order over records: SplitMix64 of seed and offset.
fn rank(seed: u64, offset: u64) -> u64 {
    let mut z = seed ^ offset.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

//! What stands before a table: one reader's flows until they are counted.

use super::facts::Fact;
use super::packed::{NO_PORT, Packed, is_notable};
use super::parties::{Met, Parties};
use super::queue::{Queue, Waiting};
use super::register::Register;
use crate::evidence::key::Traits;
use crate::evidence::rank::Order;
use crate::inspect;
use crate::model::net::fold_mapped;
use crate::model::{At, DataKinds, Flow, Lane, Time};
use crate::services::Services;
use rustc_hash::FxSeededState;
use std::net::IpAddr;
use std::sync::Arc;

/// The flows and facts of one reader that wait to be counted, and the parties it has met.
pub(in crate::evidence) struct Front<'s> {
    order: Order,
    hasher: FxSeededState,
    parties: Parties<'s>,
    pub(super) queue: Queue,
}

impl<'s> Front<'s> {
    pub(super) fn new(
        services: &'s Services,
        order: Order,
        hasher: FxSeededState,
        register: Arc<Register>,
    ) -> Front<'s> {
        let parties = Parties::new(services, hasher.clone(), register);
        Front { order, hasher, parties, queue: Queue::default() }
    }

    /// The flow as it is counted.
    fn waiting(&mut self, at: At, flow: &Flow<'_>) -> Waiting {
        let address = flow.server_address.map(fold_mapped);
        let client = self.parties.client(flow.client);
        let met = self.parties.server(flow, address);
        let Met { named, listed, verdict, .. } = met;
        let observed = flow.payloads.iter().fold(DataKinds::NONE, |k, p| k.union(inspect::inspect(*p)));
        let traits = Traits {
            protocol: flow.protocol,
            method: flow.method,
            disposition: flow.disposition,
            transport: flow.transport,
            visibility: flow.visibility,
            orientation: flow.orientation,
            lane: flow.lane,
            observed,
            implied: verdict.implied,
            certainty: verdict.certainty,
            fetch: verdict.fetch,
        };
        let Flow { time, bytes_out, bytes_in, server_port: port, .. } = *flow;
        let port = port.map_or(NO_PORT, u32::from);
        let mut key =
            Packed { client, server: met.number, endpoint: verdict.endpoint, port, bits: traits.bits() };
        let tells = named && flow.lane != Lane::Lookup && flow.server_name.is_some();
        let mut named = address.filter(|_| tells);
        // Names of the services list are kept whatever else of their domain folds, so these are left to the caps.
        if !listed && !is_notable(&key, traits) {
            key.server = self.parties.place(&met);
            // Of servers that are counted for their unit, no name is kept.
            named = named.filter(|_| key.server == met.number);
        }
        let (hash, rank) = (key.hash(&self.hasher), self.order.rank(at.offset));
        Waiting { key, hash, traits, named, at, time, bytes_out, bytes_in, rank }
    }

    /// Takes a flow. One whose record is too long to wait is given back.
    pub(in crate::evidence) fn flow(&mut self, at: At, raw: &[u8], flow: &Flow<'_>) -> Option<Waiting> {
        let waiting = self.waiting(at, flow);
        if !Queue::takes(raw) {
            return Some(waiting);
        }
        self.queue.push(waiting, raw);
        None
    }

    /// Takes a fact about what name an address goes by, told by a look-up.
    pub(in crate::evidence) fn looked_up(&mut self, address: IpAddr, name: &str, client: &str, time: Time) {
        if let Some(server) = self.parties.name(name) {
            let client = self.parties.client(client);
            let fact = Fact { client, server, address: fold_mapped(address), how: Lane::Lookup };
            self.queue.tell(fact, time.hour());
        }
    }

    /// Whether as much waits as is counted well together.
    pub(in crate::evidence) fn is_ready(&self) -> bool {
        self.queue.is_ready()
    }

    /// Whether it is time to wait for the table, if others fill it.
    pub(in crate::evidence) fn is_full(&self) -> bool {
        self.queue.is_full()
    }

    /// Puts what waits into the numbers of a register, if it is another by now.
    pub(super) fn renumber(&mut self, register: &Arc<Register>, long: Option<&mut Waiting>) {
        let (old, hasher) = (self.parties.register(), &self.hasher);
        if !Arc::ptr_eq(old, register) {
            for flow in self.queue.flows_mut().iter_mut().chain(long) {
                flow.key = old.key_in(register, flow.key);
                flow.hash = flow.key.hash(hasher);
            }
            for (fact, _) in self.queue.facts_mut() {
                (fact.client, fact.server) = old.parties_in(register, (fact.client, fact.server));
            }
        }
        self.parties.turn_to(register);
    }
}

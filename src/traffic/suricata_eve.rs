//! Suricata eve.json: one JSON event a line.

mod event;
mod quick;
mod schema;
#[cfg(test)]
mod tests;

use super::json_walk;
use super::lines::LONGEST;
use super::{Block, Decoder, Format, Framing, Head, ReadOptions, Settled, Sink, Sniff, Split, Stop};
use crate::model::At;
use schema::Event;
use std::ops::ControlFlow;

/// The shelf entry.
pub(super) static FORMAT: SuricataEve = SuricataEve;

/// Suricata's event log.
pub(super) struct SuricataEve;

/// Bytes before the first brace that a relay may have put there: a syslog header.
const PREFIX: usize = 512;

impl Format for SuricataEve {
    fn id(&self) -> &'static str {
        "suricata-eve"
    }

    fn about(&self) -> &'static str {
        "Suricata eve.json: flow, http, tls, quic, dns, drop and stats events"
    }

    fn doc(&self) -> &'static str {
        "Suricata's EVE JSON (<https://docs.suricata.io/en/latest/output/eve/eve-json-format.html>), one event \
         a line, also behind a syslog header.\n\n\
         | event | becomes |\n|---|---|\n\
         | `flow` | packet flow, with bytes both ways at the link layer |\n\
         | `netflow` | packet flow of one direction; who began is unknown |\n\
         | `http` | exchange with name and path; the size of the request is not logged |\n\
         | `tls`, `quic` | handshake with the name asked for |\n\
         | `dns` | look-up, versions 1 to 3; answers name addresses |\n\
         | `drop` | denied flow |\n\
         | `stats` | sign of life of the sensor |\n\
         | `fileinfo`, `alert`, others | ignored: they repeat an exchange that has an event of its own |\n\n\
         A TCP flow that nobody answered, or only with a reset, is failed; one that an inline sensor stopped before \
         an answer is denied, later it is failed. A datagram without an answer may have arrived: unknown.\n\n\
         **Cannot show** bodies, what runs inside TLS, and anything the sensor lost: `stats` says how much.\n\n\
         **To make it show more**, enable `flow`, `tls`, `quic`, `http`, `dns` and `stats` under `eve-log`. \
         `dump-all-headers: request` of `http` gives the size of requests, as the client declared it; `stats` every 8 \
         seconds is the proof that the sensor lived while hosts were quiet.\n\n\
         **Would mislead**: one connection appears as flow, tls and http events; they are kept apart as layers and \
         never added. Log `flow` or `netflow`, not both, or every connection counts twice in its layer; `netflow` \
         also has a record for what came back, whose source is the server. A look-up and its answer are two \
         records (in version 1, one for each address), and so are the two sides of a QUIC handshake.\n\n\
         **Not supported**: alerts are not looked into, also not for bodies they carry; exchanges of protocols other \
         than HTTP, TLS, QUIC and DNS are known by their `flow` event only."
    }

    fn sniff(&self, head: &Head<'_>) -> Sniff {
        let mut lines = head.bytes.split(|b| *b == b'\n').filter(|l| !l.trim_ascii().is_empty());
        let typed = |line: &[u8]| {
            let json = after_prefix(line);
            let has = |key: &[u8]| memchr::memmem::find(json, key).is_some();
            json.first() == Some(&b'{') && has(b"\"event_type\"") && has(b"\"timestamp\"")
        };
        if lines.by_ref().take(20).any(typed) { Sniff::Certain } else { Sniff::No }
    }

    fn framing(&self) -> Framing {
        Framing::Lines { max: LONGEST }
    }

    fn split(&self) -> Split {
        Split::Lines
    }

    fn decoder<'o>(&self, _: &'o ReadOptions) -> Box<dyn Decoder + 'o> {
        Box::<Reader>::default()
    }
}

#[derive(Default)]
struct Reader {
    json: json_walk::Reader<quick::Eve>,
}

impl Decoder for Reader {
    fn block(&mut self, block: Block<'_>, out: &mut dyn Sink) -> ControlFlow<Stop> {
        let mut lines = json_walk::lines(block);
        while let Some(line) = lines.next(out) {
            if quick::settle(&line, &mut self.json, out).is_err() {
                parsed(line.bytes, line.at, out);
            }
        }
        ControlFlow::Continue(())
    }

    fn finish(&mut self, _: &mut dyn Sink) {}
}

/// Settles a line by a general parser.
fn parsed(bytes: &[u8], at: At, out: &mut dyn Sink) {
    match serde_json::from_slice::<Event<'_>>(after_prefix(bytes)) {
        Ok(event) => event.settle(at, bytes, out),
        // A key that stands twice, or a value of another type than the schema gives it.
        Err(e) if e.is_data() => {
            out.record(at, bytes, Settled::Rejected("an event that breaks the schema"));
        }
        Err(_) if std::str::from_utf8(bytes).is_err() => {
            out.record(at, bytes, Settled::Rejected("not UTF-8"));
        }
        Err(_) => out.record(at, bytes, Settled::Rejected("not JSON")),
    }
}

/// The line from its first brace, if that comes soon.
fn after_prefix(line: &[u8]) -> &[u8] {
    let window = line.get(..PREFIX.min(line.len())).unwrap_or(line);
    memchr::memchr(b'{', window).and_then(|at| line.get(at..)).unwrap_or(line)
}

/// The quick pass and the parser, to be held against each other.
#[cfg(any(test, fuzzing))]
const WAYS: json_walk::twins::Ways<quick::Eve> = json_walk::twins::Ways { quick: quick::settle, parsed };

/// Panics unless both agree on every line.
#[cfg(fuzzing)]
pub(super) fn agree_on(log: &[u8]) {
    WAYS.agree_on(log);
}

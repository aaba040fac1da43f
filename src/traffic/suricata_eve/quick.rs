//! An event read in one pass, without a general parser. What it is unsure of, `serde_json` decides.

use super::event::{
    Answer, Capture, Dns, Event, FlowPart, Grouped, Header, Http, NetFlow, Query, Stats, Tcp, Tls, Version,
};
use crate::model::At;
use crate::traffic::Sink;
use crate::traffic::json_walk::{Context, IGNORED, Scratch, TOP, Unsure, Value, Visit, set, walk};
use serde::de::IgnoredAny;

const FLOW: Context = 2;
const NETFLOW: Context = 3;
const HTTP: Context = 4;
const TLS: Context = 5;
const QUIC: Context = 6;
const DNS: Context = 7;
const STATS: Context = 8;
const CAPTURE: Context = 9;
const TCP: Context = 10;
const ANSWERS: Context = 11;
const ANSWER: Context = 12;
const QUERIES: Context = 13;
const QUERY: Context = 14;
const GROUPED: Context = 15;
const HEADERS: Context = 16;
const HEADER: Context = 17;
const GROUPED_A: Context = 18;
const GROUPED_AAAA: Context = 19;

/// Settles a line, if nothing about it is out of the ordinary.
pub(super) fn settle(
    line: &[u8],
    ahead: &[u8],
    at: At,
    scratch: &mut Scratch,
    out: &mut dyn Sink,
) -> Result<(), Unsure> {
    let mut reading = Reading { event: Event::default(), timed: false, typed: false };
    walk(line, ahead, scratch, &mut reading)?;
    if !reading.timed || !reading.typed {
        return Err(Unsure);
    }
    reading.event.settle(at, line, out);
    Ok(())
}

struct Reading<'a> {
    event: Event<'a>,
    timed: bool,
    typed: bool,
}

/// An object that was not begun before.
fn begin<T: Default>(slot: &mut Option<T>, inside: Result<Context, Unsure>) -> Result<Context, Unsure> {
    match slot.replace(T::default()) {
        None => inside,
        Some(_) => Err(Unsure),
    }
}

impl<'a> Reading<'a> {
    fn top(&mut self, key: &[u8], value: Value<'a, '_>) -> Result<Context, Unsure> {
        let event = &mut self.event;
        match key {
            b"timestamp" if !self.timed => {
                self.timed = true;
                event.timestamp = value.text()?;
                Ok(IGNORED)
            }
            b"event_type" if !self.typed => {
                self.typed = true;
                event.event_type = value.text()?;
                Ok(IGNORED)
            }
            b"timestamp" | b"event_type" => Err(Unsure),
            b"src_ip" => set(&mut event.src_ip, value.text()),
            b"dest_ip" => set(&mut event.dest_ip, value.text()),
            b"src_port" => set(&mut event.src_port, value.port()),
            b"dest_port" => set(&mut event.dest_port, value.port()),
            b"proto" => set(&mut event.proto, value.text()),
            b"app_proto" => set(&mut event.app_proto, value.text()),
            b"direction" => set(&mut event.direction, value.text()),
            b"flow" => begin::<FlowPart<'_>>(&mut event.flow, value.object(FLOW)),
            b"netflow" => begin::<NetFlow<'_>>(&mut event.netflow, value.object(NETFLOW)),
            b"http" => begin::<Http<'_>>(&mut event.http, value.object(HTTP)),
            b"tls" => begin::<Tls<'_>>(&mut event.tls, value.object(TLS)),
            b"quic" => begin::<Tls<'_>>(&mut event.quic, value.object(QUIC)),
            b"dns" => begin::<Dns<'_>>(&mut event.dns, value.object(DNS)),
            b"stats" => begin::<Stats>(&mut event.stats, value.object(STATS)),
            b"tcp" => begin::<Tcp<'_>>(&mut event.tcp, value.object(TCP)),
            _ => Ok(IGNORED),
        }
    }

    fn dns(&mut self, key: &[u8], value: Value<'a, '_>) -> Result<Context, Unsure> {
        let Some(dns) = &mut self.event.dns else { return Err(Unsure) };
        match key {
            b"type" => set(&mut dns.kind, value.text()),
            b"rrname" => set(&mut dns.rrname, value.text()),
            b"rrtype" => set(&mut dns.rrtype, value.text()),
            b"rdata" => set(&mut dns.rdata, value.text()),
            b"answers" => begin::<Vec<Answer<'_>>>(&mut dns.answers, value.list(ANSWERS)),
            b"queries" => begin::<Vec<Query<'_>>>(&mut dns.queries, value.list(QUERIES)),
            b"grouped" => begin::<Grouped<'_>>(&mut dns.grouped, value.object(GROUPED)),
            _ => Ok(IGNORED),
        }
    }

    fn http(&mut self, key: &[u8], value: Value<'a, '_>) -> Result<Context, Unsure> {
        let Some(http) = &mut self.event.http else { return Err(Unsure) };
        match key {
            b"hostname" => set(&mut http.hostname, value.text()),
            b"url" => set(&mut http.url, value.text()),
            b"http_method" => set(&mut http.http_method, value.text()),
            b"http_port" => set(&mut http.http_port, value.port()),
            b"status" => set(&mut http.status, value.number()),
            b"length" => set(&mut http.length, value.number()),
            b"request_headers" => begin::<Vec<Header<'_>>>(&mut http.request_headers, value.list(HEADERS)),
            _ => Ok(IGNORED),
        }
    }

    fn flow(&mut self, key: &[u8], value: Value<'a, '_>) -> Result<Context, Unsure> {
        let Some(flow) = &mut self.event.flow else { return Err(Unsure) };
        match key {
            b"bytes_toserver" => set(&mut flow.bytes_toserver, value.number()),
            b"bytes_toclient" => set(&mut flow.bytes_toclient, value.number()),
            b"pkts_toclient" => set(&mut flow.pkts_toclient, value.number()),
            b"start" => set(&mut flow.start, value.text()),
            b"state" => set(&mut flow.state, value.text()),
            b"action" => set(&mut flow.action, value.text()),
            _ => Ok(IGNORED),
        }
    }

    fn handshake(&mut self, inside: Context, key: &[u8], value: Value<'a, '_>) -> Result<Context, Unsure> {
        let tls = if inside == TLS { &mut self.event.tls } else { &mut self.event.quic };
        let Some(tls) = tls else { return Err(Unsure) };
        match key {
            b"sni" => set(&mut tls.sni, value.text()),
            b"version" => {
                let named = value.text().map(Version::Named);
                set(&mut tls.version, named.or_else(|_| value.number().map(|_| Version::Other(IgnoredAny))))
            }
            // What it holds does not matter, only that it is there.
            b"ja3s" if value.object(IGNORED).is_ok() || value.text().is_ok() => {
                set(&mut tls.ja3s, Ok(IgnoredAny))
            }
            b"ja3s" => Err(Unsure),
            _ => Ok(IGNORED),
        }
    }

    fn small(&mut self, inside: Context, key: &[u8], value: Value<'a, '_>) -> Result<Context, Unsure> {
        let event = &mut self.event;
        match (inside, key) {
            (TCP, b"tcp_flags_ts") => set(&mut event.tcp.as_mut().ok_or(Unsure)?.tcp_flags_ts, value.text()),
            (TCP, b"tcp_flags_tc") => set(&mut event.tcp.as_mut().ok_or(Unsure)?.tcp_flags_tc, value.text()),
            (NETFLOW, b"bytes") => set(&mut event.netflow.as_mut().ok_or(Unsure)?.bytes, value.number()),
            (NETFLOW, b"start") => set(&mut event.netflow.as_mut().ok_or(Unsure)?.start, value.text()),
            (STATS, b"capture") => {
                let stats = event.stats.as_mut().ok_or(Unsure)?;
                begin::<Capture>(&mut stats.capture, value.object(CAPTURE))
            }
            (CAPTURE, b"kernel_drops") => {
                let stats = event.stats.as_mut().ok_or(Unsure)?;
                set(&mut stats.capture.as_mut().ok_or(Unsure)?.kernel_drops, value.number())
            }
            (GROUPED, b"A") => value.list(GROUPED_A),
            (GROUPED, b"AAAA") => value.list(GROUPED_AAAA),
            _ => Ok(IGNORED),
        }
    }

    fn listed(&mut self, inside: Context, key: &[u8], value: Value<'a, '_>) -> Result<Context, Unsure> {
        let Event { dns, http, .. } = &mut self.event;
        match (inside, key) {
            (ANSWER, b"rrtype" | b"rdata") => {
                let answers = dns.as_mut().and_then(|d| d.answers.as_mut());
                let answer = answers.and_then(|a| a.last_mut()).ok_or(Unsure)?;
                let slot = if key == b"rdata" { &mut answer.rdata } else { &mut answer.rrtype };
                set(slot, value.text())
            }
            (QUERY, b"rrname") => {
                let queries = dns.as_mut().and_then(|d| d.queries.as_mut());
                set(&mut queries.and_then(|q| q.last_mut()).ok_or(Unsure)?.rrname, value.text())
            }
            (HEADER, b"name" | b"value") => {
                let headers = http.as_mut().and_then(|h| h.request_headers.as_mut());
                let header = headers.and_then(|h| h.last_mut()).ok_or(Unsure)?;
                let slot = if key == b"name" { &mut header.name } else { &mut header.value };
                set(slot, value.text())
            }
            _ => Ok(IGNORED),
        }
    }
}

impl<'a> Visit<'a> for Reading<'a> {
    fn member(&mut self, inside: Context, key: &'a [u8], value: Value<'a, '_>) -> Result<Context, Unsure> {
        match inside {
            TOP => self.top(key, value),
            FLOW => self.flow(key, value),
            HTTP => self.http(key, value),
            TLS | QUIC => self.handshake(inside, key, value),
            DNS => self.dns(key, value),
            ANSWER | QUERY | HEADER => self.listed(inside, key, value),
            _ => self.small(inside, key, value),
        }
    }

    fn element(&mut self, array: Context) -> Context {
        let Event { dns, http, .. } = &mut self.event;
        match array {
            ANSWERS => {
                dns.iter_mut().flat_map(|d| &mut d.answers).for_each(|a| a.push(Answer::default()));
                ANSWER
            }
            QUERIES => {
                dns.iter_mut().flat_map(|d| &mut d.queries).for_each(|q| q.push(Query::default()));
                QUERY
            }
            HEADERS => {
                http.iter_mut().flat_map(|h| &mut h.request_headers).for_each(|h| h.push(Header::default()));
                HEADER
            }
            _ => IGNORED,
        }
    }

    fn array(&mut self, array: Context, text: &'a [u8]) -> Result<(), Unsure> {
        let grouped = self.event.dns.as_mut().and_then(|d| d.grouped.as_mut());
        let slot = match (array, grouped) {
            (GROUPED_A, Some(grouped)) => &mut grouped.a,
            (GROUPED_AAAA, Some(grouped)) => &mut grouped.aaaa,
            // Elements that are no objects would be for the parser to refuse.
            (ANSWERS | QUERIES | HEADERS, _) => {
                let objects = matches!(text, [b'[', b']'] | [b'[', b'{', .., b'}', b']']);
                let other: [&[u8]; 2] = [b"},\"", b"},["];
                let mixed = other.iter().any(|o| memchr::memmem::find(text, o).is_some());
                return if objects && !mixed { Ok(()) } else { Err(Unsure) };
            }
            _ => return Ok(()),
        };
        set(slot, serde_json::from_slice(text).map_err(|_| Unsure)).map(|_| ())
    }
}

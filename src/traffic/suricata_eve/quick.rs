//! An event read in one pass, without a general parser. What it is unsure of, `serde_json` decides.

use super::schema::{Answer, Capture, Event, Header, Query, Version};
use crate::traffic::Sink;
use crate::traffic::json_walk::{Context, IGNORED, Member, Reader, Schema, TOP, Unsure, Value, set};
use crate::traffic::lines::Line;
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

/// The lines of eve.json.
pub(super) struct Eve;

/// An event, and whether it has what every event has.
#[derive(Default)]
pub(super) struct Reading<'a> {
    event: Event<'a>,
    timed: bool,
    typed: bool,
}

/// Settles a line, if nothing about it is out of the ordinary.
pub(super) fn settle(
    line: &Line<'_, '_, 3>,
    reader: &mut Reader<Eve>,
    out: &mut dyn Sink,
) -> Result<(), Unsure> {
    let mut reading = Reading::default();
    reader.read(line, &mut reading)?;
    if !reading.timed || !reading.typed {
        return Err(Unsure);
    }
    reading.event.settle(line.at, line.bytes, out);
    Ok(())
}

/// An object or array that was not begun before.
fn begin<T: Default>(slot: &mut Option<T>, fits: Result<(), Unsure>) -> Result<(), Unsure> {
    set(slot, fits.map(|()| T::default()))
}

/// A value that every event has once.
fn once<T>(known: &mut bool, slot: &mut T, value: Result<T, Unsure>) -> Result<(), Unsure> {
    if std::mem::replace(known, true) {
        return Err(Unsure);
    }
    *slot = value?;
    Ok(())
}

/// The part of an event in whose context a member stands.
fn part<T>(slot: &mut Option<T>) -> Result<&mut T, Unsure> {
    slot.as_mut().ok_or(Unsure)
}

fn last<T>(list: Option<&mut Vec<T>>) -> Result<&mut T, Unsure> {
    list.and_then(|list| list.last_mut()).ok_or(Unsure)
}

fn top(key: &[u8]) -> Option<Member<Eve>> {
    match key {
        b"timestamp" => Member::plain(|r, v| once(&mut r.timed, &mut r.event.timestamp, v.text())),
        b"event_type" => Member::plain(|r, v| once(&mut r.typed, &mut r.event.event_type, v.text())),
        b"src_ip" => Member::plain(|r, v| set(&mut r.event.src_ip, v.text())),
        b"dest_ip" => Member::plain(|r, v| set(&mut r.event.dest_ip, v.text())),
        b"src_port" => Member::plain(|r, v| set(&mut r.event.src_port, v.port())),
        b"dest_port" => Member::plain(|r, v| set(&mut r.event.dest_port, v.port())),
        b"proto" => Member::plain(|r, v| set(&mut r.event.proto, v.text())),
        b"app_proto" => Member::plain(|r, v| set(&mut r.event.app_proto, v.text())),
        b"direction" => Member::plain(|r, v| set(&mut r.event.direction, v.text())),
        b"flow" => Member::with(FLOW, |r, v| begin(&mut r.event.flow, v.object())),
        b"netflow" => Member::with(NETFLOW, |r, v| begin(&mut r.event.netflow, v.object())),
        b"http" => Member::with(HTTP, |r, v| begin(&mut r.event.http, v.object())),
        b"tls" => Member::with(TLS, |r, v| begin(&mut r.event.tls, v.object())),
        b"quic" => Member::with(QUIC, |r, v| begin(&mut r.event.quic, v.object())),
        b"dns" => Member::with(DNS, |r, v| begin(&mut r.event.dns, v.object())),
        b"stats" => Member::with(STATS, |r, v| begin(&mut r.event.stats, v.object())),
        b"tcp" => Member::with(TCP, |r, v| begin(&mut r.event.tcp, v.object())),
        _ => None,
    }
}

fn dns(key: &[u8]) -> Option<Member<Eve>> {
    match key {
        b"type" => Member::plain(|r, v| set(&mut part(&mut r.event.dns)?.kind, v.text())),
        b"rrname" => Member::plain(|r, v| set(&mut part(&mut r.event.dns)?.rrname, v.text())),
        b"rrtype" => Member::plain(|r, v| set(&mut part(&mut r.event.dns)?.rrtype, v.text())),
        b"rdata" => Member::plain(|r, v| set(&mut part(&mut r.event.dns)?.rdata, v.text())),
        b"answers" => Member::with(ANSWERS, |r, v| begin(&mut part(&mut r.event.dns)?.answers, v.list())),
        b"queries" => Member::with(QUERIES, |r, v| begin(&mut part(&mut r.event.dns)?.queries, v.list())),
        b"grouped" => Member::with(GROUPED, |r, v| begin(&mut part(&mut r.event.dns)?.grouped, v.object())),
        _ => None,
    }
}

fn http(key: &[u8]) -> Option<Member<Eve>> {
    match key {
        b"hostname" => Member::plain(|r, v| set(&mut part(&mut r.event.http)?.hostname, v.text())),
        b"url" => Member::plain(|r, v| set(&mut part(&mut r.event.http)?.url, v.text())),
        b"http_method" => Member::plain(|r, v| set(&mut part(&mut r.event.http)?.http_method, v.text())),
        b"http_port" => Member::plain(|r, v| set(&mut part(&mut r.event.http)?.http_port, v.port())),
        b"status" => Member::plain(|r, v| set(&mut part(&mut r.event.http)?.status, v.number())),
        b"length" => Member::plain(|r, v| set(&mut part(&mut r.event.http)?.length, v.number())),
        b"request_headers" => {
            Member::with(HEADERS, |r, v| begin(&mut part(&mut r.event.http)?.request_headers, v.list()))
        }
        _ => None,
    }
}

fn flow(key: &[u8]) -> Option<Member<Eve>> {
    match key {
        b"bytes_toserver" => {
            Member::plain(|r, v| set(&mut part(&mut r.event.flow)?.bytes_toserver, v.number()))
        }
        b"bytes_toclient" => {
            Member::plain(|r, v| set(&mut part(&mut r.event.flow)?.bytes_toclient, v.number()))
        }
        b"pkts_toclient" => {
            Member::plain(|r, v| set(&mut part(&mut r.event.flow)?.pkts_toclient, v.number()))
        }
        b"start" => Member::plain(|r, v| set(&mut part(&mut r.event.flow)?.start, v.text())),
        b"state" => Member::plain(|r, v| set(&mut part(&mut r.event.flow)?.state, v.text())),
        b"action" => Member::plain(|r, v| set(&mut part(&mut r.event.flow)?.action, v.text())),
        _ => None,
    }
}

fn tls(key: &[u8]) -> Option<Member<Eve>> {
    match key {
        b"sni" => Member::plain(|r, v| set(&mut part(&mut r.event.tls)?.sni, v.text())),
        b"version" => Member::plain(|r, v| set(&mut part(&mut r.event.tls)?.version, version(v))),
        b"ja3s" => Member::plain(|r, v| set(&mut part(&mut r.event.tls)?.ja3s, there(v))),
        _ => None,
    }
}

fn quic(key: &[u8]) -> Option<Member<Eve>> {
    match key {
        b"sni" => Member::plain(|r, v| set(&mut part(&mut r.event.quic)?.sni, v.text())),
        b"version" => Member::plain(|r, v| set(&mut part(&mut r.event.quic)?.version, version(v))),
        b"ja3s" => Member::plain(|r, v| set(&mut part(&mut r.event.quic)?.ja3s, there(v))),
        _ => None,
    }
}

fn version<'a>(value: Value<'a>) -> Result<Version<'a>, Unsure> {
    let named = value.text().map(Version::Named);
    named.or_else(|_| value.number().map(|_| Version::Other(IgnoredAny)))
}

/// What it holds does not matter, only that it is there.
fn there(value: Value<'_>) -> Result<IgnoredAny, Unsure> {
    value.object().or_else(|_| value.text().map(|_| ())).map(|()| IgnoredAny)
}

/// Parts of which little matters.
fn small(inside: Context, key: &[u8]) -> Option<Member<Eve>> {
    match (inside, key) {
        (TCP, b"tcp_flags_ts") => {
            Member::plain(|r, v| set(&mut part(&mut r.event.tcp)?.tcp_flags_ts, v.text()))
        }
        (TCP, b"tcp_flags_tc") => {
            Member::plain(|r, v| set(&mut part(&mut r.event.tcp)?.tcp_flags_tc, v.text()))
        }
        (NETFLOW, b"bytes") => Member::plain(|r, v| set(&mut part(&mut r.event.netflow)?.bytes, v.number())),
        (NETFLOW, b"start") => Member::plain(|r, v| set(&mut part(&mut r.event.netflow)?.start, v.text())),
        (STATS, b"capture") => {
            Member::with(CAPTURE, |r, v| begin::<Capture>(&mut part(&mut r.event.stats)?.capture, v.object()))
        }
        (CAPTURE, b"kernel_drops") => Member::plain(|r, v| {
            let capture = part(&mut part(&mut r.event.stats)?.capture)?;
            set(&mut capture.kernel_drops, v.number())
        }),
        (GROUPED, b"A") => Member::with(GROUPED_A, |_, v| v.list()),
        (GROUPED, b"AAAA") => Member::with(GROUPED_AAAA, |_, v| v.list()),
        (ANSWER, b"rrtype") => Member::plain(|r, v| set(&mut last(r.answers())?.rrtype, v.text())),
        (ANSWER, b"rdata") => Member::plain(|r, v| set(&mut last(r.answers())?.rdata, v.text())),
        (QUERY, b"rrname") => Member::plain(|r, v| set(&mut last(r.queries())?.rrname, v.text())),
        (HEADER, b"name") => Member::plain(|r, v| set(&mut last(r.headers())?.name, v.text())),
        (HEADER, b"value") => Member::plain(|r, v| set(&mut last(r.headers())?.value, v.text())),
        _ => None,
    }
}

impl<'a> Reading<'a> {
    fn answers(&mut self) -> Option<&mut Vec<Answer<'a>>> {
        self.event.dns.as_mut()?.answers.as_mut()
    }

    fn queries(&mut self) -> Option<&mut Vec<Query<'a>>> {
        self.event.dns.as_mut()?.queries.as_mut()
    }

    fn headers(&mut self) -> Option<&mut Vec<Header<'a>>> {
        self.event.http.as_mut()?.request_headers.as_mut()
    }
}

impl Schema for Eve {
    type Record<'a> = Reading<'a>;

    fn member(inside: Context, key: &[u8]) -> Option<Member<Eve>> {
        match inside {
            TOP => top(key),
            FLOW => flow(key),
            HTTP => http(key),
            TLS => tls(key),
            QUIC => quic(key),
            DNS => dns(key),
            _ => small(inside, key),
        }
    }

    fn within(array: Context) -> Context {
        match array {
            ANSWERS => ANSWER,
            QUERIES => QUERY,
            HEADERS => HEADER,
            _ => IGNORED,
        }
    }

    fn element(reading: &mut Reading<'_>, array: Context) {
        match array {
            ANSWERS => reading.answers().into_iter().for_each(|list| list.push(Answer::default())),
            QUERIES => reading.queries().into_iter().for_each(|list| list.push(Query::default())),
            HEADERS => reading.headers().into_iter().for_each(|list| list.push(Header::default())),
            _ => {}
        }
    }

    fn array<'a>(reading: &mut Reading<'a>, array: Context, text: &'a [u8]) -> Result<(), Unsure> {
        let grouped = reading.event.dns.as_mut().and_then(|d| d.grouped.as_mut());
        let slot = match (array, grouped) {
            (GROUPED_A, Some(grouped)) => &mut grouped.a,
            (GROUPED_AAAA, Some(grouped)) => &mut grouped.aaaa,
            _ => return Ok(()),
        };
        set(slot, serde_json::from_slice(text).map_err(|_| Unsure))
    }
}

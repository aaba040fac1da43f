//! Zeek logs written as JSON: one object a line, dotted keys.

mod quick;
#[cfg(test)]
mod tests;

use super::json_walk;
use super::lines::LONGEST;
use super::scalar::address_bytes;
use super::zeek::{Fields, Path, settle};
use super::{Block, Decoder, Format, Framing, Head, Health, ReadOptions, Settled, Sink, Sniff, Split, Stop};
use crate::model::time::SECOND;
use crate::model::{At, Time};
use serde::Deserialize;
use std::borrow::Cow;
use std::ops::ControlFlow;

/// The shelf entry.
pub(super) static FORMAT: ZeekJson = ZeekJson;

/// Zeek's logs as JSON.
pub(super) struct ZeekJson;

impl Format for ZeekJson {
    fn id(&self) -> &'static str {
        "zeek-json"
    }

    fn about(&self) -> &'static str {
        "Zeek conn, http, ssl, quic and dns logs as JSON lines"
    }

    fn doc(&self) -> &'static str {
        "Zeek's ASCII writer with `LogAscii::use_json=T`, and the JSON streaming package \
         (<https://docs.zeek.org/en/master/log-formats.html>). A dotted name is one key (`\"id.orig_h\"`), an unset \
         field is absent. Time stamps may be seconds, milliseconds or ISO 8601.\n\n\
         Which log a record belongs to is read from `_path`, or else from the fields it has. What the records mean \
         is the same as for columns: see `domicile explain zeek-tsv`.\n\n\
         **Cannot show** bodies. **Would mislead**: without `_path`, a log that was cut down to a few fields may not \
         show which it is; such records are ignored as another log and counted.\n\n\
         **To make it show more**, keep conn, ssl, http, quic and dns of the same period in one source, and log JSON \
         or columns, not both.\n\n\
         **Not supported**: a scope separator other than `.`; other logs are ignored and counted."
    }

    fn sniff(&self, head: &Head<'_>) -> Sniff {
        let mut lines = head.bytes.split(|b| *b == b'\n').filter(|l| !l.trim_ascii().is_empty());
        let zeek = |line: &[u8]| {
            let has = |key: &[u8]| memchr::memmem::find(line, key).is_some();
            line.trim_ascii_start().first() == Some(&b'{')
                && has(b"\"ts\"")
                && (has(b"\"_path\"") || has(b"\"id.orig_h\""))
        };
        if lines.by_ref().take(20).any(zeek) { Sniff::Certain } else { Sniff::No }
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
    json: json_walk::Reader<quick::Zeek>,
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
    match serde_json::from_slice::<Record<'_>>(bytes) {
        Ok(record) => record.settle(at, bytes, out),
        Err(e) if e.is_data() => out.record(at, bytes, Settled::Rejected("a record that breaks the schema")),
        Err(_) if std::str::from_utf8(bytes).is_err() => {
            out.record(at, bytes, Settled::Rejected("not UTF-8"))
        }
        Err(_) => out.record(at, bytes, Settled::Rejected("not JSON")),
    }
}

/// What may be a text or something else.
#[derive(Deserialize)]
#[serde(untagged)]
enum Loose<'a> {
    Text(#[serde(borrow)] Cow<'a, str>),
    Other(serde::de::IgnoredAny),
}

impl Loose<'_> {
    fn text(&self) -> Option<&[u8]> {
        match self {
            Loose::Text(text) => Some(text.as_bytes()),
            Loose::Other(_) => None,
        }
    }
}

// Only what matters is read; serde refuses a key of these that stands twice.
#[derive(Deserialize, Default)]
struct Record<'a> {
    #[serde(rename = "_path", borrow)]
    path: Option<Cow<'a, str>>,
    #[serde(deserialize_with = "stamp")]
    ts: Option<Time>,
    #[serde(rename = "id.orig_h", borrow)]
    client: Option<Cow<'a, str>>,
    #[serde(rename = "id.resp_h", borrow)]
    server: Option<Cow<'a, str>>,
    #[serde(rename = "id.resp_p")]
    port: Option<u16>,
    #[serde(borrow)]
    proto: Option<Cow<'a, str>>,
    // A set in known_services.log.
    #[serde(borrow)]
    service: Option<Loose<'a>>,
    #[serde(borrow)]
    conn_state: Option<Cow<'a, str>>,
    #[serde(borrow)]
    history: Option<Cow<'a, str>>,
    orig_bytes: Option<u64>,
    resp_bytes: Option<u64>,
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow)]
    host: Option<Cow<'a, str>>,
    #[serde(borrow)]
    uri: Option<Cow<'a, str>>,
    trans_depth: Option<u64>,
    status_code: Option<u64>,
    request_body_len: Option<u64>,
    response_body_len: Option<u64>,
    #[serde(borrow)]
    server_name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    version: Option<Loose<'a>>,
    established: Option<bool>,
    client_initial_dcid: Option<serde::de::IgnoredAny>,
    #[serde(borrow)]
    query: Option<Cow<'a, str>>,
    rcode: Option<u64>,
    trans_id: Option<u64>,
    #[serde(borrow)]
    answers: Option<Vec<Cow<'a, str>>>,
    fuid: Option<serde::de::IgnoredAny>,
    // Only sip.log, which otherwise has the fields of http.log.
    call_id: Option<serde::de::IgnoredAny>,
    request_from: Option<serde::de::IgnoredAny>,
}

impl Record<'_> {
    /// The log it belongs to: as it says, or as its fields show.
    fn path(&self) -> Path {
        match &self.path {
            Some(path) => Path::of(path.as_bytes()),
            None if self.conn_state.is_some() => Path::Conn,
            None if self.query.is_some() || self.trans_id.is_some() && self.proto.is_some() => Path::Dns,
            None if self.is_http() => Path::Http,
            None if self.client_initial_dcid.is_some() => Path::Quic,
            // Not `cipher`: kerberos.log has one too.
            None if self.established.is_some() => Path::Ssl,
            None if self.fuid.is_some() => Path::Files,
            None => Path::Other,
        }
    }

    /// smtp.log counts `trans_depth` too, but has none of the other fields.
    fn is_http(&self) -> bool {
        let request = self.method.is_some() || self.uri.is_some() || self.request_body_len.is_some();
        self.trans_depth.is_some() && request && self.call_id.is_none() && self.request_from.is_none()
    }

    fn settle(&self, at: At, raw: &[u8], out: &mut dyn Sink) {
        let Some(time) = self.ts else {
            return out.record(at, raw, Settled::Rejected("time is not a number"));
        };
        let path = self.path();
        if path == Path::Health {
            out.health(Health { time, lost: None });
        }
        if let Some(why) = path.ignored() {
            return out.record(at, raw, Settled::Ignored(why));
        }
        let http = path == Path::Http;
        let fields = Fields {
            client: self.client.as_deref(),
            server: bytes(&self.server),
            port: self.port,
            protocol: bytes(&self.proto),
            service: self.service.as_ref().and_then(Loose::text),
            state: bytes(&self.conn_state),
            history: bytes(&self.history),
            out: if http { self.request_body_len } else { self.orig_bytes },
            back: if http { self.response_body_len } else { self.resp_bytes },
            method: bytes(&self.method),
            host: self.host.as_deref(),
            uri: self.uri.as_deref(),
            status: self.status_code,
            server_name: self.server_name.as_deref(),
            version: self.version.as_ref().and_then(Loose::text),
            established: self.established,
            query: self.query.as_deref(),
            answered: self.rcode.is_some() || self.answers.is_some(),
        };
        let answers = self.answers.iter().flatten().map(|a| &**a);
        settle(path, time, &fields, answers, address_bytes, (at, raw), out);
    }
}

fn bytes<'r>(text: &'r Option<Cow<'_, str>>) -> Option<&'r [u8]> {
    text.as_ref().map(|t| t.as_bytes())
}

fn stamp<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Option<Time>, D::Error> {
    serde_json::Value::deserialize(value).map(|ts| instant(&ts))
}

/// Seconds with decimals, whole milliseconds, or ISO 8601.
fn instant(ts: &serde_json::Value) -> Option<Time> {
    match ts {
        serde_json::Value::String(text) => Time::parse(text),
        serde_json::Value::Number(n) => match n.as_i64() {
            // Milliseconds since 1970 pass this in 2001; seconds do in 5138.
            Some(whole) if whole.abs() >= 100_000_000_000 => Time::from_micros(whole.checked_mul(1000)?),
            Some(whole) => Time::from_seconds(whole),
            None => {
                let seconds = n.as_f64()?;
                let whole = seconds.floor();
                (whole.abs() < 1e12).then_some(())?;
                #[expect(clippy::cast_possible_truncation, reason = "bounded by the line above")]
                let micros = whole as i64 * SECOND + ((seconds - whole) * 1e6).round() as i64;
                Time::from_micros(micros)
            }
        },
        _ => None,
    }
}

/// The quick pass and the parser, to be held against each other.
#[cfg(any(test, fuzzing))]
const WAYS: json_walk::twins::Ways<quick::Zeek> = json_walk::twins::Ways { quick: quick::settle, parsed };

/// Panics unless both agree on every line.
#[cfg(fuzzing)]
pub(super) fn agree_on(log: &[u8]) {
    WAYS.agree_on(log);
}

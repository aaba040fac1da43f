//! Zeek logs written as JSON: one object a line, dotted keys.

use super::lines::{LONGEST, Line, Lines};
use super::zeek::{Fields, Path, settle};
use super::{Block, Decoder, Format, Framing, Head, Health, ReadOptions, Settled, Sink, Sniff, Split, Stop};
use crate::model::Time;
use crate::model::time::SECOND;
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
        Box::new(Reader)
    }
}

struct Reader;

impl Decoder for Reader {
    fn block(&mut self, block: Block<'_>, out: &mut dyn Sink) -> ControlFlow<Stop> {
        let mut lines = Lines::of(block);
        while let Some(Line { bytes, at, .. }) = lines.next(out) {
            match serde_json::from_slice::<Record<'_>>(bytes) {
                Ok(record) => record.settle(at, bytes, out),
                Err(e) if e.is_data() => {
                    out.record(at, bytes, Settled::Rejected("a record that breaks the schema"))
                }
                Err(_) if std::str::from_utf8(bytes).is_err() => {
                    out.record(at, bytes, Settled::Rejected("not UTF-8"))
                }
                Err(_) => out.record(at, bytes, Settled::Rejected("not JSON")),
            }
        }
        ControlFlow::Continue(())
    }

    fn finish(&mut self, _: &mut dyn Sink) {}
}

// Only what matters is read; serde refuses a key of these that stands twice.
#[derive(Deserialize)]
struct Record<'a> {
    #[serde(rename = "_path", borrow)]
    path: Option<Cow<'a, str>>,
    ts: serde_json::Value,
    #[serde(rename = "id.orig_h", borrow)]
    client: Option<Cow<'a, str>>,
    #[serde(rename = "id.resp_h", borrow)]
    server: Option<Cow<'a, str>>,
    #[serde(rename = "id.resp_p")]
    port: Option<u16>,
    #[serde(borrow)]
    proto: Option<Cow<'a, str>>,
    // A set in known_services.log.
    service: Option<serde_json::Value>,
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
    version: Option<serde_json::Value>,
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

    fn settle(&self, at: crate::model::At, raw: &[u8], out: &mut dyn Sink) {
        let Some(time) = instant(&self.ts) else {
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
            service: self.service.as_ref().and_then(serde_json::Value::as_str).map(str::as_bytes),
            state: bytes(&self.conn_state),
            history: bytes(&self.history),
            out: if http { self.request_body_len } else { self.orig_bytes },
            back: if http { self.response_body_len } else { self.resp_bytes },
            method: bytes(&self.method),
            host: self.host.as_deref(),
            uri: self.uri.as_deref(),
            status: self.status_code,
            server_name: self.server_name.as_deref(),
            version: self.version.as_ref().and_then(serde_json::Value::as_str).map(str::as_bytes),
            established: self.established,
            query: self.query.as_deref(),
            answered: self.rcode.is_some() || self.answers.is_some(),
        };
        let answers = self.answers.iter().flatten().map(|a| &**a);
        settle(path, time, &fields, answers, (at, raw), out);
    }
}

fn bytes<'r>(text: &'r Option<Cow<'_, str>>) -> Option<&'r [u8]> {
    text.as_ref().map(|t| t.as_bytes())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_read_in_every_spelling() {
        let t = |text: &str| instant(&serde_json::from_str(text).unwrap()).map(|t| t.to_string());
        assert_eq!(t("1521911720.600725").as_deref(), Some("2018-03-24T17:15:20.600725Z"));
        assert_eq!(t("1521911720600").as_deref(), Some("2018-03-24T17:15:20.600Z"));
        assert_eq!(t("\"2018-03-24T17:15:20.600725Z\"").as_deref(), Some("2018-03-24T17:15:20.600725Z"));
        assert_eq!(t("1e300"), None);
        assert_eq!(t("null"), None);
    }

    #[test]
    fn the_log_is_known_by_its_fields() {
        let path = |text: &str| serde_json::from_str::<Record<'_>>(text).unwrap().path();
        assert_eq!(path(r#"{"ts":1,"conn_state":"SF"}"#), Path::Conn);
        assert_eq!(path(r#"{"ts":1,"query":"a.example"}"#), Path::Dns);
        assert_eq!(path(r#"{"ts":1,"_path":"ssl","query":"a"}"#), Path::Ssl);
        assert_eq!(path(r#"{"ts":1}"#), Path::Other);
        assert_eq!(path(r#"{"ts":1,"trans_depth":1,"method":"POST","uri":"/"}"#), Path::Http);
        assert_eq!(path(r#"{"ts":1,"uid":"C","established":false}"#), Path::Ssl);
    }

    #[test]
    fn logs_that_share_fields_are_told_apart() {
        let path = |text: &str| serde_json::from_str::<Record<'_>>(text).unwrap().path();
        assert_eq!(
            path(r#"{"ts":1,"trans_depth":1,"method":"INVITE","uri":"sip:a","call_id":"x"}"#),
            Path::Other
        );
        assert_eq!(path(r#"{"ts":1,"trans_depth":1,"helo":"mail.example","tls":true}"#), Path::Other);
        assert_eq!(
            path(r#"{"ts":1,"request_type":"TGS","service":"host/a","cipher":"aes256"}"#),
            Path::Other
        );
        assert_eq!(
            path(r#"{"ts":1,"_path":"known_services","host":"10.0.0.1","service":["HTTP"]}"#),
            Path::Other
        );
    }
}

//! A record read in one pass, without a general parser. What it is unsure of, `serde_json` decides.

use super::super::Sink;
use super::super::json_walk::{Context, IGNORED, Member, Reader, Schema, TOP, Unsure, Value, set};
use super::super::lines::Line;
use super::super::scalar::epoch;
use super::{Loose, Record};
use crate::model::Time;
use crate::model::time::SECOND;
use serde::de::IgnoredAny;

const ANSWERS: Context = 2;

/// The parser reads times as floating point, which is exact to the microsecond up to here and further.
const EXACT: i64 = (1 << 31) * SECOND;

/// The lines of Zeek's logs.
pub(super) struct Zeek;

/// Settles a line, if nothing about it is out of the ordinary.
pub(super) fn settle(
    line: &Line<'_, '_, 3>,
    reader: &mut Reader<Zeek>,
    out: &mut dyn Sink,
) -> Result<(), Unsure> {
    let mut record = Record::default();
    reader.read(line, &mut record)?;
    if record.ts.is_none() {
        return Err(Unsure);
    }
    record.settle(line.at, line.bytes, out);
    Ok(())
}

impl Schema for Zeek {
    type Record<'a> = Record<'a>;
    const DECIMALS: bool = true;

    fn member(inside: Context, key: &[u8]) -> Option<Member<Zeek>> {
        if inside != TOP {
            return None;
        }
        match key {
            b"ts" => Member::plain(|r, v| set(&mut r.ts, time(v))),
            b"_path" => Member::plain(|r, v| set(&mut r.path, v.text())),
            b"id.orig_h" => Member::plain(|r, v| set(&mut r.client, v.text())),
            b"id.resp_h" => Member::plain(|r, v| set(&mut r.server, v.text())),
            b"id.resp_p" => Member::plain(|r, v| set(&mut r.port, v.port())),
            b"proto" => Member::plain(|r, v| set(&mut r.proto, v.text())),
            b"service" => Member::plain(|r, v| loose(&mut r.service, v)),
            b"conn_state" => Member::plain(|r, v| set(&mut r.conn_state, v.text())),
            b"history" => Member::plain(|r, v| set(&mut r.history, v.text())),
            b"orig_bytes" => Member::plain(|r, v| set(&mut r.orig_bytes, v.number())),
            b"resp_bytes" => Member::plain(|r, v| set(&mut r.resp_bytes, v.number())),
            b"method" => Member::plain(|r, v| set(&mut r.method, v.text())),
            b"host" => Member::plain(|r, v| set(&mut r.host, v.text())),
            b"uri" => Member::plain(|r, v| set(&mut r.uri, v.text())),
            b"trans_depth" => Member::plain(|r, v| set(&mut r.trans_depth, v.number())),
            b"status_code" => Member::plain(|r, v| set(&mut r.status_code, v.number())),
            b"request_body_len" => Member::plain(|r, v| set(&mut r.request_body_len, v.number())),
            b"response_body_len" => Member::plain(|r, v| set(&mut r.response_body_len, v.number())),
            b"server_name" => Member::plain(|r, v| set(&mut r.server_name, v.text())),
            b"version" => Member::plain(|r, v| loose(&mut r.version, v)),
            b"established" => Member::plain(|r, v| set(&mut r.established, v.truth())),
            b"client_initial_dcid" => Member::plain(|r, v| there(&mut r.client_initial_dcid, v)),
            b"query" => Member::plain(|r, v| set(&mut r.query, v.text())),
            b"rcode" => Member::plain(|r, v| set(&mut r.rcode, v.number())),
            b"trans_id" => Member::plain(|r, v| set(&mut r.trans_id, v.number())),
            b"answers" => Member::with(ANSWERS, |r, v| set(&mut r.answers, v.list().map(|()| Vec::new()))),
            b"fuid" => Member::plain(|r, v| there(&mut r.fuid, v)),
            b"call_id" => Member::plain(|r, v| there(&mut r.call_id, v)),
            b"request_from" => Member::plain(|r, v| there(&mut r.request_from, v)),
            _ => None,
        }
    }

    fn within(_: Context) -> Context {
        IGNORED
    }

    fn element(_: &mut Record<'_>, _: Context) {}

    fn array<'a>(record: &mut Record<'a>, _: Context, text: &'a [u8]) -> Result<(), Unsure> {
        record.answers = Some(serde_json::from_slice(text).map_err(|_| Unsure)?);
        Ok(())
    }
}

fn time(value: Value<'_>) -> Result<Time, Unsure> {
    let time = match value.digits() {
        // Ten digits and at most six decimals.
        Ok(digits) if digits.len() <= 17 && matches!(digits.get(10), None | Some(b'.')) => {
            epoch(digits).filter(|time| time.micros() < EXACT)
        }
        Ok(_) => None,
        Err(Unsure) => Time::parse(&value.text()?),
    };
    time.ok_or(Unsure)
}

/// What may be a text or something else; only whether it is there matters then.
fn loose<'a>(slot: &mut Option<Loose<'a>>, value: Value<'a>) -> Result<(), Unsure> {
    if value.is_null() {
        return Err(Unsure);
    }
    let text = value.text().map(Loose::Text);
    set(slot, text.or(Ok(Loose::Other(IgnoredAny))))
}

/// A value of which only matters that it is there.
fn there(slot: &mut Option<IgnoredAny>, value: Value<'_>) -> Result<(), Unsure> {
    set(slot, if value.is_null() { Err(Unsure) } else { Ok(IgnoredAny) })
}

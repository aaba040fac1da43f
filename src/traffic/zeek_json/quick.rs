//! A record read in one pass, without a general parser. What it is unsure of, `serde_json` decides.

use super::super::json_walk::{Context, IGNORED, Scratch, TOP, Unsure, Value, Visit, set, walk};
use super::super::scalar::epoch;
use super::{Loose, Record};
use crate::model::Time;
use crate::model::time::SECOND;
use serde::de::IgnoredAny;

const ANSWERS: Context = 2;

/// The parser reads times as floating point, which is exact to the microsecond up to here and further.
const EXACT: i64 = (1 << 31) * SECOND;

/// The record of a line, if nothing about it is out of the ordinary.
pub(super) fn record<'a>(
    line: &'a [u8],
    ahead: &'a [u8],
    scratch: &mut Scratch,
) -> Result<Record<'a>, Unsure> {
    let mut record = Record::default();
    walk(line, ahead, scratch, &mut record)?;
    if record.ts.is_some() { Ok(record) } else { Err(Unsure) }
}

impl<'a> Visit<'a> for Record<'a> {
    const DECIMALS: bool = true;

    fn member(&mut self, inside: Context, key: &'a [u8], value: Value<'a, '_>) -> Result<Context, Unsure> {
        if inside != TOP {
            return Ok(IGNORED);
        }
        match key {
            b"ts" => set(&mut self.ts, time(value)),
            b"_path" => set(&mut self.path, value.text()),
            b"id.orig_h" => set(&mut self.client, value.text()),
            b"id.resp_h" => set(&mut self.server, value.text()),
            b"id.resp_p" => set(&mut self.port, value.port()),
            b"proto" => set(&mut self.proto, value.text()),
            b"service" => loose(&mut self.service, value),
            b"conn_state" => set(&mut self.conn_state, value.text()),
            b"history" => set(&mut self.history, value.text()),
            b"orig_bytes" => set(&mut self.orig_bytes, value.number()),
            b"resp_bytes" => set(&mut self.resp_bytes, value.number()),
            b"method" => set(&mut self.method, value.text()),
            b"host" => set(&mut self.host, value.text()),
            b"uri" => set(&mut self.uri, value.text()),
            b"trans_depth" => set(&mut self.trans_depth, value.number()),
            b"status_code" => set(&mut self.status_code, value.number()),
            b"request_body_len" => set(&mut self.request_body_len, value.number()),
            b"response_body_len" => set(&mut self.response_body_len, value.number()),
            b"server_name" => set(&mut self.server_name, value.text()),
            b"version" => loose(&mut self.version, value),
            b"established" => set(&mut self.established, value.truth()),
            b"client_initial_dcid" => there(&mut self.client_initial_dcid, value),
            b"query" => set(&mut self.query, value.text()),
            b"rcode" => set(&mut self.rcode, value.number()),
            b"trans_id" => set(&mut self.trans_id, value.number()),
            b"answers" => set(&mut self.answers, value.list(ANSWERS).map(|_| Vec::new())).map(|_| ANSWERS),
            b"fuid" => there(&mut self.fuid, value),
            b"call_id" => there(&mut self.call_id, value),
            b"request_from" => there(&mut self.request_from, value),
            _ => Ok(IGNORED),
        }
    }

    fn element(&mut self, _: Context) -> Context {
        IGNORED
    }

    fn array(&mut self, _: Context, text: &'a [u8]) -> Result<(), Unsure> {
        self.answers = Some(serde_json::from_slice(text).map_err(|_| Unsure)?);
        Ok(())
    }
}

fn time(value: Value<'_, '_>) -> Result<Time, Unsure> {
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
fn loose<'a>(slot: &mut Option<Loose<'a>>, value: Value<'a, '_>) -> Result<Context, Unsure> {
    if value.is_null() {
        return Err(Unsure);
    }
    let text = value.text().map(Loose::Text);
    set(slot, text.or(Ok(Loose::Other(IgnoredAny))))
}

/// A value of which only matters that it is there.
fn there(slot: &mut Option<IgnoredAny>, value: Value<'_, '_>) -> Result<Context, Unsure> {
    set(slot, if value.is_null() { Err(Unsure) } else { Ok(IgnoredAny) })
}

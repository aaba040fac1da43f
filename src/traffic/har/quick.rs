//! An entry read in one pass, without a general parser. What it is unsure of, `serde_json` decides.
//!
//! Bodies of responses and other members that nobody needs are passed over by bitmaps.

use super::super::json_walk::{Cursor, Scratch, Unsure, set};
use super::{Entry, Pair, PostData, Request, Response};
#[cfg(any(test, fuzzing))]
use crate::{model::At, traffic::json_walk::twins::Told};
use serde::de::IgnoredAny;
use std::borrow::Cow;

/// The entry that is written there.
pub(super) fn entry<'a>(bytes: &'a [u8], scratch: &mut Scratch) -> Result<Entry<'a>, Unsure> {
    let mut cursor = scratch.cursor(bytes, bytes, true)?;
    let (mut started, mut from_cache, mut address) = (None, None, None);
    let (mut sent, mut answer) = (None, None);
    cursor.object(|c, key| match key {
        b"startedDateTime" => set(&mut started, c.text()),
        b"request" => set(&mut sent, request(c)),
        b"response" => set(&mut answer, response(c)),
        b"serverIPAddress" => set(&mut address, c.text()),
        b"_fromCache" if c.peek() != b'n' => set(&mut from_cache, c.skip().map(|()| IgnoredAny)),
        b"_fromCache" | b"_webSocketMessages" => Err(Unsure),
        _ => c.skip(),
    })?;
    cursor.finish()?;
    Ok(Entry {
        started_date_time: started.ok_or(Unsure)?,
        request: sent.ok_or(Unsure)?,
        response: answer.unwrap_or_default(),
        server_address: address,
        from_cache,
        messages: None,
    })
}

fn request<'a>(cursor: &mut Cursor<'a, '_>) -> Result<Request<'a>, Unsure> {
    let (mut method, mut url, mut headers, mut post_data) = (None, None, None, None);
    let (mut headers_size, mut body_size) = (None, None);
    cursor.object(|c, key| match key {
        b"method" => set(&mut method, c.text()),
        b"url" => set(&mut url, c.text()),
        b"headers" => set(&mut headers, pairs(c, of_the_body)),
        b"postData" => set(&mut post_data, post(c)),
        b"headersSize" => set(&mut headers_size, c.integer()),
        b"bodySize" => set(&mut body_size, c.integer()),
        _ => c.skip(),
    })?;
    Ok(Request {
        method: method.unwrap_or_default(),
        url: url.ok_or(Unsure)?,
        headers: headers.unwrap_or_default(),
        post_data,
        headers_size,
        body_size,
    })
}

/// Whether a header of that name matters.
fn of_the_body(name: &str) -> bool {
    name.eq_ignore_ascii_case("content-length") || name.eq_ignore_ascii_case("content-type")
}

fn response(cursor: &mut Cursor<'_, '_>) -> Result<Response, Unsure> {
    let mut response = Response::default();
    cursor.object(|c, key| match key {
        b"status" => set(&mut response.status, c.integer()),
        b"headersSize" => set(&mut response.headers_size, c.integer()),
        b"bodySize" => set(&mut response.body_size, c.integer()),
        b"_transferSize" => set(&mut response.transfer_size, c.integer()),
        _ => c.skip(),
    })?;
    Ok(response)
}

fn post<'a>(cursor: &mut Cursor<'a, '_>) -> Result<PostData<'a>, Unsure> {
    let (mut mime_type, mut text, mut encoding, mut params) = (None, None, None, None);
    cursor.object(|c, key| match key {
        b"mimeType" => set(&mut mime_type, c.text()),
        b"text" => set(&mut text, c.text()),
        b"encoding" => set(&mut encoding, c.text()),
        b"params" => set(&mut params, pairs(c, |_| true)),
        _ => c.skip(),
    })?;
    Ok(PostData { mime_type, text, encoding, params })
}

/// The pairs whose name matters.
fn pairs<'a>(cursor: &mut Cursor<'a, '_>, matters: fn(&str) -> bool) -> Result<Vec<Pair<'a>>, Unsure> {
    let mut pairs = Vec::new();
    cursor.array(|c| {
        let (mut name, mut value) = (None, None);
        c.object(|c, key| match key {
            b"name" => set(&mut name, c.text()),
            b"value" => set(&mut value, c.text()),
            _ => c.skip(),
        })?;
        let name: Cow<'_, str> = name.unwrap_or_default();
        if matters(&name) {
            pairs.push(Pair { name, value: value.unwrap_or_default() });
        }
        Ok(())
    })?;
    Ok(pairs)
}

/// Whether the quick way is sure.
///
/// # Panics
/// Unless it then agrees with the parser.
#[cfg(any(test, fuzzing))]
pub(super) fn agree(bytes: &[u8]) -> bool {
    let told = |entry: &Entry<'_>| {
        let mut told = Told::default();
        entry.settle(At { offset: 0, length: 0, record: 0, line: None }, b"", &mut told);
        told.0
    };
    let Ok(quick) = entry(bytes, &mut Scratch::default()).map(|entry| told(&entry)) else { return false };
    let parsed = serde_json::from_slice::<Entry<'_>>(bytes).map(|entry| told(&entry));
    assert_eq!(Some(quick), parsed.ok(), "{}", String::from_utf8_lossy(bytes));
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::json_walk::made_up;

    const ENTRIES: [&str; 3] = [
        r#"{
  "startedDateTime": "2026-11-22T10:00:00.000+01:00", "serverIPAddress": "[2001:db8::1]",
  "request": {
    "method": "POST", "url": "https:\/\/api.bfl.ai/v1/flux-pro?k=1", "bodySize": -1, "headersSize": 120,
    "headers": [
      {"name": "Content-Type", "value": "application\/json"},
      {"name": "sec-ch-ua", "value": "\"Chromium\""},
      {"name": "content-length", "value": "14", "comment": [[], {}, null]}
    ],
    "postData": {"mimeType": "", "text": "{\"prompt\":\"\u00e9\"}", "params": []}
  },
  "response": {"status": 200, "bodySize": 5, "headersSize": -1, "_transferSize": 0,
    "content": {"text": "\\\\\"é\n", "size": 1.5e+3, "list": [true, -0, "x", 12]}},
  "timings": {"wait": 0.25, "dns": -1}
}"#,
        r#"{"request":{"url":"http://a.example/x","method":"GET","postData":{"params":[{"name":"a","value":"b"}]}},"startedDateTime":"2026-11-22T10:00:00Z","_fromCache":"disk"}"#,
        r#"{"startedDateTime":"2026-11-22T10:00:00Z","request":{"url":"data:,","headers":[]},"response":{}}"#,
    ];

    #[test]
    fn the_quick_way_is_sure_of_what_browsers_write_and_right() {
        for entry in ENTRIES {
            assert!(agree(entry.as_bytes()), "{entry}");
        }
    }

    #[test]
    fn the_quick_way_agrees_with_the_parser_on_damaged_entries() {
        for entry in ENTRIES {
            made_up::damaged(entry.as_bytes(), |bytes| {
                agree(bytes);
            });
            for (from, to) in [
                ("\"GET\"", "null"),
                ("\"GET\"", "7"),
                ("-1,", "-1.0,"),
                ("-1,", "-0,"),
                ("120", "99999999999999999999"),
                ("[]", "[[]]"),
                ("{}", "[]"),
                ("\"disk\"", "null"),
                ("\"a\"", "\"\\ud800\""),
                ("\"Chromium", "\\udc00\""),
                ("\"response\"", "\"\\u0072equest\""),
                ("\"method\"", "\"url\""),
                ("\"method\":", "\"method\" :"),
            ] {
                agree(entry.replace(from, to).as_bytes());
            }
        }
    }
}

//! HAR 1.2 as Chrome's developer tools export it (`creator` WebInspector), bodies included.

use super::stamp;
use base64ct::{Base64, Encoding};
use serde_json::{Value, json};

/// One request of a page.
pub(crate) struct Entry<'a> {
    /// When it began.
    pub(crate) start: i64,
    /// Method and URL.
    pub(crate) request: (&'a str, &'a str),
    /// Address of the server.
    pub(crate) address: &'a str,
    /// JSON body, if it sends one.
    pub(crate) body: Option<String>,
    /// Media type and size of the response.
    pub(crate) response: (&'a str, u64),
}

/// The file for these entries.
pub(crate) fn file(entries: &[Entry<'_>]) -> Vec<u8> {
    let entries: Vec<_> = entries.iter().map(entry).collect();
    let log = json!({"log": {
        "version": "1.2",
        "creator": {"name": "WebInspector", "version": "537.36"},
        "pages": [],
        "entries": entries,
    }});
    let mut text = serde_json::to_string_pretty(&log).expect("it has no maps with other keys");
    text.push('\n');
    text.into_bytes()
}

fn entry(e: &Entry<'_>) -> Value {
    let (method, url) = e.request;
    let mut headers = vec![json!({"name": "accept", "value": "*/*"})];
    let mut request = json!({
        "method": method, "url": url, "httpVersion": "h2", "queryString": [], "cookies": [],
        "headersSize": -1, "bodySize": e.body.as_ref().map_or(0, String::len),
    });
    if let Some(body) = &e.body {
        headers.push(json!({"name": "content-type", "value": "application/json"}));
        request["postData"] = json!({"mimeType": "application/json", "text": body});
    }
    request["headers"] = Value::Array(headers);
    let (media, size) = e.response;
    json!({
        "_resourceType": "fetch", "cache": {}, "connection": "443",
        "startedDateTime": stamp(e.start, "%Y-%m-%dT%H:%M:%S%.3fZ"),
        "time": 812.4, "serverIPAddress": e.address, "request": request,
        "response": {
            "status": 200, "statusText": "", "httpVersion": "h2", "headers": [], "cookies": [],
            "content": {"size": size, "mimeType": media}, "redirectURL": "",
            "headersSize": -1, "bodySize": -1, "_transferSize": size + 180, "_error": null,
        },
        "timings": {"blocked": 1.2, "dns": -1, "ssl": -1, "connect": -1, "send": 0.4, "wait": 799.3, "receive": 11.5},
    })
}

/// A small picture: a PNG of `side` by `side` RGB pixels drawn from `noise`, in base64. Its data is
/// stored, not deflated, so that the bytes depend on no compressor.
pub(crate) fn picture(side: u16, mut noise: impl FnMut() -> u8) -> String {
    let mut raw = Vec::new();
    for _ in 0..side {
        raw.push(0);
        raw.extend((0..3 * side).map(|_| noise()));
    }
    let length = u16::try_from(raw.len()).expect("the picture is small");
    let mut zlib = vec![0x78, 0x01, 0x01];
    zlib.extend(length.to_le_bytes());
    zlib.extend((!length).to_le_bytes());
    zlib.extend(&raw);
    let (a, b) = raw.iter().fold((1_u32, 0_u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    zlib.extend((b << 16 | a).to_be_bytes());
    let mut header = Vec::new();
    header.extend(u32::from(side).to_be_bytes());
    header.extend(u32::from(side).to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, data) in [(b"IHDR", header), (b"IDAT", zlib), (b"IEND", Vec::new())] {
        let mut crc = flate2::Crc::new();
        crc.update(kind);
        crc.update(&data);
        png.extend(u32::try_from(data.len()).expect("the picture is small").to_be_bytes());
        png.extend(kind);
        png.extend(data);
        png.extend(crc.sum().to_be_bytes());
    }
    Base64::encode_string(&png)
}

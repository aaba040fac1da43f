//! HAR 1.2 as Chrome's developer tools write it: one document, an entry a request.

use super::Fate;
use crate::world::{Day, Put, path};

pub(super) const HEAD: &str = "{\n  \"log\": {\n    \"version\": \"1.2\",\n    \"creator\": {\n      \"name\": \"WebInspector\",\n      \"version\": \"537.36\"\n    },\n    \"pages\": [],\n    \"entries\": [\n";
pub(super) const TAIL: &str = "\n    ]\n  }\n}\n";

const HEADERS: [(&str, &str); 9] = [
    ("accept", "application/json, text/plain, */*"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("accept-language", "de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7"),
    ("cache-control", "no-cache"),
    ("priority", "u=1, i"),
    ("sec-ch-ua", "\\\"Chromium\\\";v=\\\"142\\\", \\\"Not_A Brand\\\";v=\\\"99\\\""),
    ("sec-fetch-dest", "empty"),
    ("sec-fetch-mode", "cors"),
    (
        "user-agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    ),
];

fn headers(out: &mut Vec<u8>) {
    out.s("[");
    for (i, (name, value)) in HEADERS.iter().enumerate() {
        out.s(if i == 0 { "\n" } else { ",\n" });
        out.s("            {\n              \"name\": \"")
            .s(name)
            .s("\",\n              \"value\": \"")
            .s(value)
            .s("\"\n            }");
    }
    out.s("\n          ]");
}

pub(super) fn record(day: &mut Day<'_>, out: &mut Vec<u8>) -> Fate {
    let v = day.next();
    let (post, back, odd) = (day.rng.once_in(4), day.rng.size(), day.rng.below(1_000));
    if day.id > 1 {
        out.s(",\n");
    }
    out.s("      {\n        \"_initiator\": {\n          \"type\": \"script\"");
    if odd == 0 {
        out.s(",\n          \"url\": \"https://decoy.example/\",\n          \"request\": {\n            \"url\": \"https://decoy.example/\", \"bodySize\": 99999\n          }");
    }
    out.s("\n        },\n        \"_resourceType\": \"fetch\",\n        \"cache\": {},\n        \"connection\": \"443\",\n");
    if odd == 1 {
        // Broken: an entry without its request.
        out.s("        \"startedDateTime\": \"2026-11-23T00:00:00.000Z\"\n      }");
        return Fate::Rejected;
    }
    out.s("        \"request\": {\n          \"method\": \"")
        .s(if post { "POST" } else { "GET" })
        .s("\",\n          \"url\": \"");
    let local = odd == 2 || odd == 3;
    if local {
        out.s("data:image/png;base64,iVBORw0KGgo=");
    } else {
        match odd {
            4..7 => out.s("https:\\/\\/\\u00").s(hex(v.name)).s(&v.name[1..]),
            _ => out.s("https://").s(v.name),
        };
        path(out, &mut day.rng, if odd == 4 { "\\/" } else { "/" });
    }
    out.s("\",\n          \"httpVersion\": \"h2\",\n          \"headers\": ");
    headers(out);
    out.s(",\n          \"queryString\": [],\n          \"cookies\": [],\n          \"headersSize\": -1,\n");
    let mut sent = 0;
    if post {
        // The size is that of the text without its escapes.
        const PROMPT: &str =
            "{\\\"prompt\\\":\\\"a lighthouse at dusk, oil on canvas\\\",\\\"steps\\\":30,\\\"seed\\\":";
        let seed = 1_000_000 + day.rng.below(8_999_999);
        out.s("          \"postData\": {\n            \"mimeType\": \"application/json\",\n            \"text\": \"");
        out.s(PROMPT).n(seed).s("}\"\n          },\n");
        sent = (PROMPT.bytes().filter(|b| *b != b'\\').count() + 8) as u64;
    }
    out.s("          \"bodySize\": ").n(sent).s("\n        },\n        \"response\": {\n          \"status\": 200,\n          \"statusText\": \"\",\n          \"httpVersion\": \"h2\",\n          \"headers\": ");
    headers(out);
    out.s(",\n          \"cookies\": [],\n          \"content\": {\n            \"size\": ").n(back * 3).s(",\n            \"mimeType\": \"application/json\",\n            \"text\": \"{\\\"status\\\":\\\"ok\\\",\\\"url\\\":\\\"https://decoy.example/\\\"}\"\n          },\n          \"redirectURL\": \"\",\n          \"headersSize\": -1,\n          \"bodySize\": ").n(back);
    out.s(",\n          \"_transferSize\": ")
        .n(back + 180)
        .s("\n        },\n        \"serverIPAddress\": \"")
        .s(v.address);
    out.s("\",\n        \"startedDateTime\": \"");
    day.iso(out, 0, 3);
    out.s("Z\",\n        \"time\": 812.4,\n        \"timings\": {\n          \"blocked\": 1.2,\n          \"dns\": -1,\n          \"ssl\": -1,\n          \"connect\": -1,\n          \"send\": 0.4,\n          \"wait\": 799.3,\n          \"receive\": 11.5\n        }\n      }");
    if local { Fate::Ignored } else { Fate::Flow(sent, back) }
}

/// The code of a name's first byte, a letter or a digit.
fn hex(name: &str) -> &'static str {
    const CODES: [&str; 26] = [
        "61", "62", "63", "64", "65", "66", "67", "68", "69", "6a", "6b", "6c", "6d", "6e", "6f", "70", "71",
        "72", "73", "74", "75", "76", "77", "78", "79", "7a",
    ];
    const DIGITS: [&str; 10] = ["30", "31", "32", "33", "34", "35", "36", "37", "38", "39"];
    match name.as_bytes() {
        [letter @ b'a'..=b'z', ..] => CODES[usize::from(letter - b'a')],
        [digit @ b'0'..=b'9', ..] => DIGITS[usize::from(digit - b'0')],
        _ => "2d",
    }
}

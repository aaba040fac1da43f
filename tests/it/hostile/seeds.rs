//! Small logs of every format to start from: what the producers write, and records made by hand for the corners
//! that no producer shows. They are the corpus of the fuzz targets too, in `tests/fixtures/hostile`.

use crate::producers::vpc::Record;
use crate::producers::zeek::{Conn, Log};
use crate::producers::{SECOND, file, har, squid, suricata, vpc, zeek};
use std::path::{Path, PathBuf};

/// 2026-11-22T00:00:00Z.
const DAY: i64 = 1_795_305_600 * SECOND;

/// A log to start from.
pub(super) struct Seed {
    /// The format it is of.
    pub(super) format: String,
    /// File name in the corpus.
    pub(super) name: String,
    /// The layout it is read by, if it needs one.
    pub(super) layout: Option<String>,
    /// The log.
    pub(super) bytes: Vec<u8>,
}

/// Where the corpus lies.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/hostile")
}

/// The logs of the corpus. Those in `layouts` have the layout as their first line.
pub(super) fn corpus() -> Vec<Seed> {
    let mut seeds = Vec::new();
    for kind in ["corpus", "layouts"] {
        for format in names(&folder().join(kind)) {
            let directory = folder().join(kind).join(&format);
            for name in names(&directory) {
                let bytes = std::fs::read(directory.join(&name)).unwrap();
                let (layout, bytes) = if kind == "layouts" { with_layout(&bytes) } else { (None, bytes) };
                seeds.push(Seed { format: format.clone(), name, layout, bytes });
            }
        }
    }
    seeds
}

/// The layout in the first line, and the log after it.
pub(super) fn with_layout(bytes: &[u8]) -> (Option<String>, Vec<u8>) {
    let end = bytes.iter().position(|b| *b == b'\n').unwrap_or(bytes.len());
    let log = bytes.get(end + 1..).unwrap_or_default().to_vec();
    (Some(String::from_utf8_lossy(&bytes[..end]).into_owned()), log)
}

/// The names in a folder, in order.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// What the producers write, by format and file name.
pub(super) fn produced() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    vec![
        ("har", "produced.har", produced_har()),
        ("squid", "produced.log", produced_squid()),
        ("suricata-eve", "produced.json", produced_eve()),
        ("vpc-flow", "produced.log", produced_vpc()),
        ("zeek-tsv", "produced.log", produced_zeek()),
    ]
}

fn produced_har() -> Vec<u8> {
    let entry = |minute: i64, body: Option<String>| har::Entry {
        start: DAY + minute * 60 * SECOND,
        request: (if body.is_some() { "POST" } else { "GET" }, "https://api.vendor.example/v1/images"),
        address: "203.0.113.9",
        body,
        response: ("application/json", 900),
    };
    har::file(&[entry(1, None), entry(2, Some(r#"{"prompt":"a","image":"iVBORw0KGgo="}"#.to_owned()))])
}

fn produced_squid() -> Vec<u8> {
    let exchange = |request| squid::Exchange {
        end: DAY + 5 * SECOND,
        elapsed: 120,
        client: "10.99.0.5",
        result: "TCP_MISS/200",
        reply: 512,
        method: "POST",
        url: "http://api.vendor.example:8080/v1/x",
        peer: "HIER_DIRECT/203.0.113.9",
        media: "text/html",
        request,
    };
    let tunnel = squid::Exchange {
        method: "CONNECT",
        url: "api.vendor.example:443",
        result: "TCP_TUNNEL/200",
        ..exchange(None)
    };
    let lines = [squid::line(&exchange(None)), squid::line(&exchange(Some(9000))), squid::line(&tunnel)];
    file(lines.iter().map(String::as_str))
}

fn produced_eve() -> Vec<u8> {
    let pair =
        suricata::Pair { id: 77, client: ("10.99.0.5", 40_000), server: ("2001:db8::9", 443), proto: "TCP" };
    let at = DAY + SECOND;
    let volume = suricata::Volume { out: 90_000, back: 4_000 };
    let mut lines = suricata::dns(at, &pair, "api.vendor.example", "203.0.113.9").to_vec();
    lines.push(suricata::tls(at, &pair, "api.vendor.example"));
    lines.push(suricata::http(at, &pair, "api.vendor.example", ("POST", "/v1/x"), "text/html", 10));
    lines.push(suricata::flow(at, at + SECOND, &pair, "tls", volume));
    lines.push(suricata::stats(at, 40));
    file(lines.iter().map(String::as_str))
}

fn produced_vpc() -> Vec<u8> {
    let record = |flags, egress| Record {
        seconds: (DAY / SECOND, DAY / SECOND + 59),
        ends: [("10.99.0.5", 40_000), ("203.0.113.9", 443)],
        protocol: 6,
        flags,
        bytes: 9000,
        accepted: egress,
        egress,
    };
    let mut out = format!("{}\n", vpc::DEFAULT).into_bytes();
    vpc::write_default(&mut out, &record(3, true));
    vpc::write_empty(&mut out, (DAY / SECOND, DAY / SECOND + 59), "SKIPDATA");
    out.extend(format!("{}\n", vpc::CUSTOM).bytes());
    vpc::write_custom(&mut out, &record(3, true));
    vpc::write_custom(&mut out, &record(19, false));
    out
}

fn produced_zeek() -> Vec<u8> {
    let conn = Conn {
        uid: "CAbCdEfGhIjKlMnOp".to_owned(),
        start: DAY + SECOND,
        duration: 2 * SECOND,
        client: ("10.99.0.5", 40_000),
        server: ("203.0.113.9", 443),
        proto: "tcp",
        service: "ssl",
        bytes: (9000, 400),
        local: false,
    };
    let log = |log: &Log, row: String| zeek::rotated(log, DAY, DAY + 60 * SECOND, vec![&row, &row]);
    [
        log(&zeek::CONN, zeek::conn(&conn)),
        log(&zeek::DNS, zeek::dns(&conn, 7, "api.vendor.example", "203.0.113.9")),
        log(&zeek::HTTP, zeek::http(&conn, "api.vendor.example", "/v1/x", "curl", "text/html", "F1")),
        log(&zeek::SSL, zeek::ssl(&conn, "api.vendor.example")),
    ]
    .concat()
}

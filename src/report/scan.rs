//! What `scan` prints: record counts of files, and aggregates judged by nobody.
//!
//! JSON is frozen as version 1: `files[]{path, format, read, flows, ignored, rejected, first, last,
//! sha256, bytes, skipped, problems[]}` and `aggregates[]{client, destination{name, address, port},
//! service, place, locality, data[], visibility, disposition, records, bytes_out, bytes_in, first, last,
//! samples[]}`.

use crate::evidence::{Cell, Key, Server, Summary, Total};
use crate::model::audit::ByteSum;
use crate::model::net::{AddressKind, Host, address_kind};
use crate::model::text::{escaped, group, hex, visible};
use crate::model::{DataKinds, Method, RecordCounts, Time};
use crate::services::Services;
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Rows of aggregates shown as text.
const ROWS: usize = 25;

#[derive(Serialize)]
struct Scan<'a> {
    version: u8,
    files: Vec<File<'a>>,
    aggregates: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct File<'a> {
    path: &'a str,
    format: Option<&'a str>,
    read: u64,
    flows: u64,
    ignored: &'a BTreeMap<String, u64>,
    rejected: u64,
    first: Option<Time>,
    last: Option<Time>,
    sha256: Option<&'a str>,
    bytes: u64,
    skipped: Option<&'a str>,
    copy_of: Option<&'a str>,
    problems: Vec<String>,
}

#[derive(Serialize)]
struct Row<'a> {
    client: &'a str,
    destination: Destination<'a>,
    service: Option<&'a str>,
    place: Option<&'a str>,
    locality: &'static str,
    data: DataKinds,
    certainty: &'static str,
    lane: &'static str,
    visibility: &'static str,
    disposition: &'static str,
    records: u64,
    bytes_out: ByteSum,
    bytes_in: ByteSum,
    first: Time,
    last: Time,
    samples: Vec<Sample<'a>>,
}

#[derive(Serialize)]
struct Destination<'a> {
    name: Option<&'a str>,
    address: Option<String>,
    port: Option<u16>,
}

#[derive(Serialize)]
struct Sample<'a> {
    log: &'a str,
    record: u64,
    line: Option<u64>,
    offset: u64,
    length: u64,
    sha256: Option<String>,
}

fn files(summary: &Summary) -> Vec<File<'_>> {
    summary
        .logs
        .iter()
        .map(|((_, name), log)| File {
            path: name,
            format: log.facts.format.as_deref(),
            read: log.facts.counts.read,
            flows: log.facts.counts.flows,
            ignored: &log.facts.counts.ignored,
            rejected: log.facts.counts.rejected_total(),
            first: log.seen.map(|s| s.0),
            last: log.seen.map(|s| s.1),
            sha256: log.facts.sha256.as_deref(),
            bytes: log.facts.bytes,
            skipped: log.facts.skipped.as_deref(),
            copy_of: log.facts.copy_of.as_deref(),
            problems: log.facts.problem_lines(),
        })
        .collect()
}

fn row<'a>(key: &'a Key, total: &'a Total, services: &'a Services) -> Option<Row<'a>> {
    let sum = total.sum()?;
    let (name, address) = match &key.server {
        Server::Name(name) => (Some(&**name), None),
        Server::Address(address) => (None, Some(*address)),
        _ => (None, None),
    };
    // Servers that were too many to be kept apart are named by what they have in common.
    let folded = match &key.server {
        Server::Below(domain) => Some(format!("*.{domain}")),
        Server::Within(network) => Some(network.to_string()),
        Server::Beyond => Some("*".to_owned()),
        _ => None,
    };
    // Without a project only loopback and the link are local; a private address is somebody's network.
    let locality = match (name.and_then(Host::parse), address) {
        (Some(Host::Name(n)), _) if n == "localhost" => "local",
        (_, Some(a)) => match address_kind(a) {
            AddressKind::Loopback | AddressKind::Link => "local",
            AddressKind::Private | AddressKind::Special => "undetermined",
            AddressKind::Public => "remote",
        },
        (Some(_), None) => "remote",
        (None, None) => "undetermined",
    };
    Some(Row {
        client: &key.client,
        destination: Destination { name, address: address.map(|a| a.to_string()).or(folded), port: key.port },
        service: key.service(),
        place: name.and_then(|n| services.lookup(n, None, Method::Connect)).and_then(|m| m.place),
        locality,
        data: key.observed.union(key.implied),
        certainty: if key.observed.is_empty() { key.certainty.name() } else { "observed" },
        lane: key.lane.name(),
        visibility: key.visibility.name(),
        disposition: key.disposition.name(),
        records: sum.records,
        bytes_out: sum.bytes_out,
        bytes_in: sum.bytes_in,
        first: sum.first,
        last: sum.last,
        samples: total
            .samples
            .iter()
            .map(|s| Sample {
                log: &s.log,
                record: s.at.record,
                line: s.at.line,
                offset: s.at.offset,
                length: s.at.length,
                sha256: s.sha256.map(hex),
            })
            .collect(),
    })
}

/// The scan as JSON v1, indented, with a final newline.
#[must_use]
pub fn json(summary: &Summary, services: &Services) -> String {
    let aggregates = summary.aggregates.iter().filter_map(|(k, t)| row(k, t, services)).collect();
    let scan = Scan { version: 1, files: files(summary), aggregates };
    serde_json::to_string_pretty(&scan).map(|s| escaped(&s) + "\n").unwrap_or_default()
}

/// All records of all logs, and the bytes of all lanes: a figure to check a scan by, not one of traffic, since
/// one connection may be in several lanes.
fn totals(summary: &Summary, bytes: (ByteSum, ByteSum)) -> String {
    let mut counts = RecordCounts::default();
    summary.logs.values().for_each(|l| counts.add(&l.facts.counts));
    format!(
        "total: {} records read = {} flows + {} ignored + {} rejected; {} bytes out, {} bytes in; {} aggregates",
        group(counts.read),
        group(counts.flows),
        group(counts.ignored_total()),
        group(counts.rejected_total()),
        group(bytes.0.sum),
        group(bytes.1.sum),
        group(summary.aggregates.len() as u64),
    )
}

/// The scan as text: every file, then the aggregates with most bytes out.
#[must_use]
pub fn text(summary: &Summary, services: &Services) -> String {
    let mut out = String::new();
    for file in files(summary) {
        let _ = writeln!(
            out,
            "{}: {}, {} read = {} flows + {} ignored + {} rejected",
            visible(file.path),
            file.format.unwrap_or("not read"),
            file.read,
            file.flows,
            file.ignored.values().sum::<u64>(),
            file.rejected
        );
        for (reason, n) in file.ignored {
            let _ = writeln!(out, "    ignored {n}: {reason}");
        }
        for note in file.skipped.iter().copied().chain(file.problems.iter().map(String::as_str)) {
            let _ = writeln!(out, "    {}", visible(note));
        }
        if file.format.is_none() && file.skipped.is_none() && file.copy_of.is_none() {
            let _ = writeln!(out, "    it is empty");
        }
        if let Some(original) = file.copy_of {
            let _ = writeln!(out, "    a copy of {}, counted once", visible(original));
        }
    }
    let mut bytes = (ByteSum::default(), ByteSum::default());
    let sums = summary.aggregates.iter().filter_map(|(k, t)| Some((k, t, t.sum()?)));
    let mut order: Vec<_> = sums
        .map(|(key, total, Cell { bytes_out, bytes_in, records, .. })| {
            bytes.0.merge(bytes_out);
            bytes.1.merge(bytes_in);
            (Reverse((bytes_out.sum, records)), key, total)
        })
        .collect();
    let total = order.len();
    // Keys are in order already: those of equal figures stay so.
    order.sort_by_key(|(figures, ..)| *figures);
    if total > 0 {
        let _ = writeln!(out, "\n{} aggregates, those with most bytes out first:", group(total as u64));
    }
    for r in order.into_iter().take(ROWS).filter_map(|(_, key, total)| row(key, total, services)) {
        let host = r.destination.name.map(str::to_owned).or_else(|| r.destination.address.clone());
        let _ = writeln!(
            out,
            "  {} -> {}{} {} {}: {} records, {} bytes out{}{}",
            visible(r.client),
            visible(host.as_deref().unwrap_or("(no destination)")),
            r.destination.port.map(|p| format!(":{p}")).unwrap_or_default(),
            r.lane,
            r.disposition,
            group(r.records),
            group(r.bytes_out.sum),
            if r.bytes_out.unknown > 0 {
                format!(" ({} without a size)", group(r.bytes_out.unknown))
            } else {
                String::new()
            },
            r.service.map(|s| format!(", service {s} ({} {})", r.certainty, r.data)).unwrap_or_default()
        );
    }
    if total > ROWS {
        let _ = writeln!(out, "  ... and {} more; `--output json` has all", group((total - ROWS) as u64));
    }
    let _ = writeln!(out, "\n{}", totals(summary, bytes));
    out
}

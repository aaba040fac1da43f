//! Writing a partial: one pass over the summary for its tables, one to spell it.

use super::rows::{
    AggregateRow, BasisRow, CapsRow, CellRow, Digest, Header, LogRow, NameRow, Pieces, ProblemRow, RangeRow,
    SampleRow, ServerKind, ServerRow, SourceRow, TraitsRow, Word,
};
use super::{Body, LONGEST, VERSION, closing};
use crate::evidence::{Cell, Key, Log, Sample, Server, Summary, Total, Traits};
use crate::model::text::hex;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::io::{self, Write};

/// Writes a summary as the body of a partial, line by line.
///
/// # Errors
/// Those of the writer; if a line would be longer than any that is read.
pub fn write(summary: &Summary, out: &mut dyn Write) -> io::Result<Body> {
    let mut lines = Lines { out, hash: Sha256::new(), lines: 0, bytes: 0, buf: Vec::new() };
    let texts = Table::of(texts(summary));
    let servers = Table::of(summary.aggregates.keys().map(|k| &k.server).collect());
    let traits = Table::of(summary.aggregates.keys().map(|k| k.traits).collect());
    lines.put(&header(summary, &texts, &servers, &traits))?;
    texts.list.iter().try_for_each(|text| lines.put(text))?;
    servers.list.iter().try_for_each(|server| lines.put(&server_row(server)))?;
    traits.list.iter().try_for_each(|t| lines.put(&traits_row(t)))?;
    for ((source, name), log) in &summary.logs {
        lines.put(&log_row(texts.at(&&**source), texts.at(&&**name), log)?)?;
    }
    for (source, life) in &summary.sources {
        let runs = life.minutes.runs().collect();
        lines.put(&SourceRow(texts.at(&&**source), runs, life.statistics, life.lost))?;
    }
    for (key, total) in &summary.aggregates {
        lines.put(&aggregate_row(key, total, &texts, &servers, &traits))?;
    }
    for (key, hours) in &summary.names {
        let (client, name) = (texts.at(&&*key.client), texts.at(&&*key.name));
        lines.put(&NameRow(client, key.address, name, key.how, key.listed, hours.iter().collect()))?;
    }
    lines.close()
}

/// Lines on their way out, with their digest.
struct Lines<'o> {
    out: &'o mut dyn Write,
    hash: Sha256,
    lines: u64,
    bytes: u64,
    buf: Vec<u8>,
}

impl Lines<'_> {
    fn put<T: Serialize + ?Sized>(&mut self, row: &T) -> io::Result<()> {
        self.buf.clear();
        serde_json::to_writer(&mut self.buf, row)?;
        self.buf.push(b'\n');
        if self.buf.len() as u64 > LONGEST {
            return Err(io::Error::other("more belongs to one log or key than a line of a partial can hold"));
        }
        self.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.hash.update(&self.buf);
        self.lines += 1;
        self.bytes += self.buf.len() as u64;
        self.out.write_all(&self.buf)
    }

    fn close(mut self) -> io::Result<Body> {
        let before = hex(self.hash.clone().finalize());
        self.buf = closing(self.lines, &before).into_bytes();
        self.flush()?;
        Ok(Body { lines: self.lines, bytes: self.bytes, sha256: hex(self.hash.finalize()) })
    }
}

/// Values in order, each with its number.
struct Table<T> {
    list: Vec<T>,
    numbers: HashMap<T, u32>,
}

impl<T: Ord + Hash + Copy> Table<T> {
    fn of(set: BTreeSet<T>) -> Table<T> {
        let list: Vec<T> = set.into_iter().collect();
        let numbers = list.iter().copied().zip(0..).collect();
        Table { list, numbers }
    }

    fn at(&self, value: &T) -> u32 {
        // Every value was put there before; a reader refuses the number that stands for none.
        self.numbers.get(value).copied().unwrap_or(u32::MAX)
    }

    fn len(&self) -> u64 {
        self.list.len() as u64
    }
}

fn texts(summary: &Summary) -> BTreeSet<&str> {
    let mut texts = BTreeSet::new();
    for (source, name) in summary.logs.keys() {
        texts.extend([&**source, &**name]);
    }
    texts.extend(summary.sources.keys().map(|s| &**s));
    for (key, total) in &summary.aggregates {
        texts.extend([&*key.source, &*key.client]);
        texts.extend(key.endpoint.as_deref());
        texts.extend(total.samples.iter().map(|s| &*s.log));
    }
    for key in summary.names.keys() {
        texts.extend([&*key.client, &*key.name]);
    }
    texts
}

fn header(
    summary: &Summary,
    texts: &Table<&str>,
    servers: &Table<&Server>,
    traits: &Table<Traits>,
) -> Header {
    let caps = summary.caps;
    Header {
        version: VERSION,
        basis: summary.basis.as_deref().map(|b| BasisRow {
            tool: b.tool.clone(),
            services: b.services.clone(),
            inspector: b.inspector.clone(),
            options: b.options.clone(),
        }),
        caps: CapsRow {
            hosts: caps.hosts as u64,
            clients: caps.clients as u64,
            units: caps.units as u64,
            notable: caps.notable as u64,
            names: caps.names as u64,
        },
        texts: texts.len(),
        servers: servers.len(),
        traits: traits.len(),
        logs: summary.logs.len() as u64,
        sources: summary.sources.len() as u64,
        aggregates: summary.aggregates.len() as u64,
        names: summary.names.len() as u64,
    }
}

fn server_row(server: &Server) -> ServerRow {
    match server {
        Server::Name(name) => ServerRow(ServerKind::Name, Some(name.to_string())),
        Server::Address(address) => ServerRow(ServerKind::Address, Some(address.to_string())),
        Server::Unreadable => ServerRow(ServerKind::Unreadable, None),
        Server::Unknown => ServerRow(ServerKind::Unknown, None),
        Server::Below(domain) => ServerRow(ServerKind::Below, Some(domain.to_string())),
        Server::Within(network) => ServerRow(ServerKind::Within, Some(network.to_string())),
        Server::Beyond => ServerRow(ServerKind::Beyond, None),
    }
}

fn traits_row(t: &Traits) -> TraitsRow {
    TraitsRow(
        t.protocol,
        t.method,
        t.disposition,
        t.transport,
        t.visibility,
        t.orientation,
        t.lane,
        t.observed,
        t.implied,
        t.certainty,
        t.fetch,
    )
}

fn log_row(source: u32, name: u32, log: &Log) -> io::Result<LogRow> {
    let facts = &log.facts;
    let digest = |text: &Option<String>| match text {
        None => Ok(None),
        Some(text) => {
            Digest::of_hex(text).map(Some).ok_or_else(|| io::Error::other("a digest of a log is no digest"))
        }
    };
    Ok(LogRow {
        source,
        log: name,
        format: facts.format.clone(),
        options: facts.options.clone(),
        skipped: facts.skipped.clone(),
        copy_of: facts.copy_of.clone(),
        read: facts.counts.read,
        flows: facts.counts.flows,
        ignored: facts.counts.ignored.clone(),
        rejected: facts.counts.rejected.clone(),
        bytes: facts.bytes,
        sha256: digest(&facts.sha256)?,
        content: digest(&facts.content)?,
        problems: (facts.problems.iter())
            .map(|p| ProblemRow(p.offset, p.record, p.line, p.reason.clone()))
            .collect(),
        seen: log.seen.map(|(first, last)| (first.micros(), last.micros())),
        ranges: (log.ranges.iter())
            .map(|r| {
                let (before, after) = (Word(r.state_in), Word(r.state_out));
                let pieces = Pieces(r.pieces.clone());
                RangeRow(r.start, r.end, r.records, r.lines, before, after, r.last, pieces)
            })
            .collect(),
    })
}

fn aggregate_row(
    key: &Key,
    total: &Total,
    texts: &Table<&str>,
    servers: &Table<&Server>,
    traits: &Table<Traits>,
) -> AggregateRow {
    AggregateRow(
        texts.at(&&*key.source),
        texts.at(&&*key.client),
        servers.at(&&key.server),
        key.port,
        key.endpoint.as_deref().map(|e| texts.at(&e)),
        traits.at(&key.traits),
        total.hours.iter().map(cell_row).collect(),
        total.magnitudes.iter().collect(),
        total.samples.iter().map(|s| sample_row(s, texts)).collect(),
    )
}

fn cell_row(c: Cell) -> CellRow {
    let span = c.last.since(c.first).unsigned_abs();
    CellRow(
        c.first.micros(),
        span,
        c.records,
        c.bytes_out.sum,
        c.bytes_out.unknown,
        c.bytes_in.sum,
        c.bytes_in.unknown,
        c.largest_out(),
    )
}

fn sample_row(s: &Sample, texts: &Table<&str>) -> SampleRow {
    SampleRow(
        texts.at(&&*s.log),
        s.time.micros(),
        s.at.offset,
        s.at.length,
        s.at.record,
        s.at.line,
        s.bytes_out,
        Word(s.rank),
        s.sha256.map(Digest),
    )
}

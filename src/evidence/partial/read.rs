//! Reading a partial: every line bounded, every number held against the others, and the whole written again
//! to see that it was spelt in the one way.

use super::rows::{
    AggregateRow, Begins, CellRow, Header, LogRow, NameRow, RangeRow, SampleRow, ServerKind, ServerRow,
    SourceRow, TraitsRow,
};
use super::{Body, Fault, LARGEST, LONGEST, Partial, PartialError, VERSION, closing, sound, write};
use crate::evidence::HourSet;
use crate::evidence::{
    Basis, Caps, Cell, Hours, Key, Log, LogFacts, Magnitudes, Minutes, NameKey, Problem, Range, Sample,
    Server, Sorted, SourceLife, Summary, Total, Traits,
};
use crate::model::audit::ByteSum;
use crate::model::text::hex;
use crate::model::{At, RecordCounts, Time};
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use std::io::{self, BufRead, Read};
use std::sync::Arc;

/// The longest line after the body: a signature.
const LONGEST_SIGNATURE: u64 = 256 << 10;

/// Reads a partial to the end of its file.
///
/// # Errors
/// If it is none, is cut, was altered, contradicts itself or is not spelt as it is written.
pub fn read(from: &mut dyn BufRead) -> Result<Partial, PartialError> {
    let mut lines = Lines { from, hash: Sha256::new(), line: 0, bytes: 0, buf: Vec::new(), closed: false };
    match whole(&mut lines) {
        Ok(partial) => Ok(partial),
        Err(fault) => {
            let line = lines.line.max(1);
            // What is wrong with a line matters only if it was written like that.
            let fault = if matches!(fault, Fault::Unsound(_)) { lines.sealed(fault) } else { fault };
            Err(PartialError { line, fault })
        }
    }
}

const SPELT: Fault = Fault::Unsound("it is not spelt as such a line is");

fn whole(lines: &mut Lines<'_>) -> Result<Partial, Fault> {
    let head = lines.header()?;
    let mut reading = Reading::default();
    for _ in 0..head.texts {
        reading.texts.push(lines.row::<String>()?.into());
    }
    sound::ascending(&reading.texts)?;
    for _ in 0..head.servers {
        reading.servers.push(server(lines.row()?)?);
    }
    sound::ascending(&reading.servers)?;
    for _ in 0..head.traits {
        reading.traits.push(traits(&lines.row()?));
    }
    sound::ascending(&reading.traits)?;
    let mut summary = Summary {
        basis: head.basis.map(|b| {
            let (tool, services) = (b.tool, b.services);
            Arc::new(Basis { tool, services, inspector: b.inspector, options: b.options })
        }),
        caps: Caps {
            hosts: size(head.caps.hosts)?,
            clients: size(head.caps.clients)?,
            units: size(head.caps.units)?,
            notable: size(head.caps.notable)?,
            names: size(head.caps.names)?,
        },
        ..Summary::default()
    };
    for _ in 0..head.logs {
        let (key, log) = reading.log(lines.row()?)?;
        sound::log(&log)?;
        if summary.logs.last_key_value().is_some_and(|(last, _)| *last >= key) {
            return Err(sound::ORDER);
        }
        summary.logs.insert(key, log);
    }
    for _ in 0..head.sources {
        let SourceRow(source, runs, statistics, lost) = lines.row()?;
        let source = reading.text(source)?;
        let minutes = Minutes::from_runs(&runs).ok_or(Fault::Unsound("its minutes are not in order"))?;
        sound::count(statistics)?;
        if summary.sources.last_key_value().is_some_and(|(last, _)| *last >= source) {
            return Err(sound::ORDER);
        }
        summary.sources.insert(source, SourceLife { minutes, statistics, lost });
    }
    let mut checked = sound::Aggregates::of(&summary)?;
    let mut aggregates = Vec::new();
    for _ in 0..head.aggregates {
        let (key, total) = reading.aggregate(lines.row()?)?;
        checked.take(&key, &total)?;
        if aggregates.last().is_some_and(|(last, _)| *last >= key) {
            return Err(sound::ORDER);
        }
        aggregates.push((key, total));
    }
    checked.end(head.names)?;
    let mut names = Vec::new();
    for _ in 0..head.names {
        let (key, hours) = reading.name(lines.row()?)?;
        if names.last().is_some_and(|(last, _)| *last >= key) {
            return Err(sound::ORDER);
        }
        names.push((key, hours));
    }
    summary.aggregates = Sorted::new(aggregates, |_, _, _| {});
    summary.names = Sorted::new(names, |_, _, _| {});
    let body = lines.close()?;
    let again = write(&summary, &mut io::sink()).map_err(|_| SPELT)?;
    if again != body {
        return Err(Fault::Unsound("the lines before it are not spelt in the one way that partials are"));
    }
    let signature = lines.rest()?;
    Ok(Partial { summary, body, signature })
}

/// Lines as they come, with the digest of those before the current one.
struct Lines<'r> {
    from: &'r mut dyn BufRead,
    hash: Sha256,
    line: u64,
    bytes: u64,
    buf: Vec<u8>,
    /// Whether the closing line was met, and fits.
    closed: bool,
}

impl Lines<'_> {
    /// Goes to the next line, which must be whole.
    fn next(&mut self) -> Result<(), Fault> {
        self.hash.update(&self.buf);
        self.fill(LONGEST)
    }

    fn fill(&mut self, longest: u64) -> Result<(), Fault> {
        self.buf.clear();
        self.line += 1;
        let got = self.from.take(longest).read_until(b'\n', &mut self.buf);
        self.bytes += got.map_err(|e| Fault::Io(e.kind().to_string()))? as u64;
        match self.buf.last() {
            Some(b'\n') if self.bytes <= LARGEST => Ok(()),
            _ if self.bytes > LARGEST || self.buf.len() as u64 == longest => Err(Fault::TooLong),
            _ => Err(Fault::Cut),
        }
    }

    fn header(&mut self) -> Result<Header, Fault> {
        const START: &[u8] = b"{\"domicile-partial\":";
        match self.next() {
            Err(Fault::Io(why)) => return Err(Fault::Io(why)),
            Err(fault) if self.buf.starts_with(START) => return Err(fault),
            Ok(()) if self.buf.starts_with(START) => {}
            _ => return Err(Fault::NotAPartial),
        }
        if let Ok(Begins { version }) = serde_json::from_slice(&self.buf)
            && version != VERSION
        {
            return Err(Fault::Version(version));
        }
        serde_json::from_slice(&self.buf).map_err(|_| SPELT)
    }

    fn row<T: DeserializeOwned>(&mut self) -> Result<T, Fault> {
        self.next()?;
        serde_json::from_slice(&self.buf).map_err(|_| SPELT)
    }

    /// Whether the current line closes what stands before it.
    fn closes(&self) -> bool {
        closing(self.line.saturating_sub(1), &hex(self.hash.clone().finalize())).as_bytes() == self.buf
    }

    fn close(&mut self) -> Result<Body, Fault> {
        self.next()?;
        if !self.closes() {
            return Err(Fault::Altered);
        }
        self.closed = true;
        let whole = self.hash.clone().chain_update(&self.buf).finalize();
        Ok(Body { lines: self.line, bytes: self.bytes, sha256: hex(whole) })
    }

    /// The line after the body; nothing may follow it.
    fn rest(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        match self.fill(LONGEST_SIGNATURE) {
            Err(Fault::Cut) if self.buf.is_empty() => return Ok(None),
            other => other?,
        }
        let mut signature = std::mem::take(&mut self.buf);
        signature.pop();
        match self.fill(LONGEST_SIGNATURE) {
            Err(Fault::Cut) if self.buf.is_empty() => Ok(Some(signature)),
            Err(Fault::Io(why)) => Err(Fault::Io(why)),
            _ => Err(Fault::Unsound("something follows the signature")),
        }
    }

    /// The fault of the current line if a closing line fits all lines; else what that makes of it.
    fn sealed(&mut self, fault: Fault) -> Fault {
        loop {
            if self.closed || self.buf.starts_with(b"{\"lines\":") {
                return if self.closed || self.closes() { fault } else { Fault::Altered };
            }
            match self.next() {
                Ok(()) => {}
                Err(Fault::Cut) => return Fault::Cut,
                Err(_) => return Fault::Altered,
            }
        }
    }
}

/// Source and name of a log.
type LogKey = (Arc<str>, Arc<str>);

/// The tables that later lines refer to.
#[derive(Default)]
struct Reading {
    texts: Vec<Arc<str>>,
    servers: Vec<Server>,
    traits: Vec<Traits>,
}

impl Reading {
    fn text(&self, at: u32) -> Result<Arc<str>, Fault> {
        get(&self.texts, at)
    }

    fn log(&self, row: LogRow) -> Result<(LogKey, Log), Fault> {
        let key = (self.text(row.source)?, self.text(row.log)?);
        let facts = LogFacts {
            format: row.format,
            options: row.options,
            skipped: row.skipped,
            copy_of: row.copy_of,
            counts: RecordCounts {
                read: row.read,
                flows: row.flows,
                ignored: row.ignored,
                rejected: row.rejected,
            },
            bytes: row.bytes,
            sha256: row.sha256.map(|d| d.hex()),
            content: row.content.map(|d| d.hex()),
            problems: (row.problems.into_iter())
                .map(|p| Problem { offset: p.0, record: p.1, line: p.2, reason: p.3 })
                .collect(),
        };
        let seen = row.seen.map(|(first, last)| Ok((time(first)?, time(last)?))).transpose()?;
        let range = |r: RangeRow| {
            let RangeRow(start, end, records, lines, before, after, last, pieces) = r;
            let (state_in, state_out, pieces) = (before.0, after.0, pieces.0);
            Range { start, end, records, lines, state_in, state_out, last, pieces }
        };
        Ok((key, Log { facts, seen, ranges: row.ranges.into_iter().map(range).collect() }))
    }

    fn aggregate(&self, row: AggregateRow) -> Result<(Key, Total), Fault> {
        let AggregateRow(source, client, server, port, endpoint, traits, cells, magnitudes, samples) = row;
        let key = Key {
            source: self.text(source)?,
            client: self.text(client)?,
            server: get(&self.servers, server)?,
            port,
            endpoint: endpoint.map(|e| self.text(e)).transpose()?,
            traits: get(&self.traits, traits)?,
        };
        let hours = Hours::of(&cells.into_iter().map(cell).collect::<Result<Vec<_>, _>>()?);
        let samples = samples.into_iter().map(|s| self.sample(s)).collect::<Result<_, _>>()?;
        let magnitudes = Magnitudes::of(magnitudes);
        Ok((key, Total { hours, magnitudes, samples }))
    }

    fn sample(&self, row: SampleRow) -> Result<Sample, Fault> {
        let SampleRow(log, at, offset, length, record, line, bytes_out, rank, sha256) = row;
        Ok(Sample {
            time: time(at)?,
            log: self.text(log)?,
            at: At { offset, length, record, line },
            sha256: sha256.map(|d| d.0),
            bytes_out,
            rank: rank.0,
        })
    }

    fn name(&self, row: NameRow) -> Result<(NameKey, HourSet), Fault> {
        let NameRow(client, address, name, how, listed, hours) = row;
        let key = NameKey { client: self.text(client)?, address, name: self.text(name)?, how, listed };
        sound::name(&key, &hours)?;
        Ok((key, hours.into_iter().collect()))
    }
}

fn get<T: Clone>(table: &[T], at: u32) -> Result<T, Fault> {
    table.get(at as usize).cloned().ok_or(Fault::Unsound("it refers to a line that is not there"))
}

fn size(n: u64) -> Result<usize, Fault> {
    usize::try_from(n).map_err(|_| Fault::Unsound("its caps are larger than this machine"))
}

fn time(micros: i64) -> Result<Time, Fault> {
    Time::from_micros(micros).ok_or(Fault::Unsound("a time in it is out of range"))
}

fn cell(row: CellRow) -> Result<Cell, Fault> {
    let CellRow(first, span, records, out, out_unknown, into, in_unknown, largest_out) = row;
    let last = first.checked_add_unsigned(span).ok_or(Fault::Unsound("a time in it is out of range"))?;
    let (first, last) = (time(first)?, time(last)?);
    let cell = Cell {
        records,
        bytes_out: ByteSum { sum: out, unknown: out_unknown },
        bytes_in: ByteSum { sum: into, unknown: in_unknown },
        largest: largest_out.unwrap_or(0),
        first,
        last,
    };
    let told = cell.largest_out() == largest_out;
    told.then_some(cell).ok_or(Fault::Unsound("a largest record is there without a size, or the reverse"))
}

fn server(ServerRow(kind, text): ServerRow) -> Result<Server, Fault> {
    const WRONG: Fault = Fault::Unsound("it is no server");
    let address = |t: String| t.parse().map_err(|_| WRONG);
    match (kind, text) {
        (ServerKind::Name, Some(t)) => Ok(Server::Name(t.into())),
        (ServerKind::Address, Some(t)) => Ok(Server::Address(address(t)?)),
        (ServerKind::Unreadable, None) => Ok(Server::Unreadable),
        (ServerKind::Unknown, None) => Ok(Server::Unknown),
        (ServerKind::Below, Some(t)) => Ok(Server::Below(t.into())),
        (ServerKind::Within, Some(t)) => Ok(Server::Within(t.parse().map_err(|_| WRONG)?)),
        (ServerKind::Beyond, None) => Ok(Server::Beyond),
        _ => Err(WRONG),
    }
}

fn traits(row: &TraitsRow) -> Traits {
    Traits {
        protocol: row.0,
        method: row.1,
        disposition: row.2,
        transport: row.3,
        visibility: row.4,
        orientation: row.5,
        lane: row.6,
        observed: row.7,
        implied: row.8,
        certainty: row.9,
        fetch: row.10,
    }
}

//! The inputs: which there are, and writing one.

use crate::producers::zeek;
use crate::world::{Day, Totals, World};
use crate::{Fate, Outcome, eve, har, lines, zeek as columns};
use std::fs::File;
use std::io::Write as _;
use std::path::Path;

/// A kind of log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Eve,
    ZeekConn,
    ZeekHttp,
    ZeekSsl,
    ZeekDns,
    ZeekJson,
    Squid,
    Nginx,
    Vpc,
    Har,
}

impl Kind {
    pub(crate) const ALL: [Kind; 10] = [
        Kind::Eve,
        Kind::ZeekConn,
        Kind::ZeekHttp,
        Kind::ZeekSsl,
        Kind::ZeekDns,
        Kind::ZeekJson,
        Kind::Squid,
        Kind::Nginx,
        Kind::Vpc,
        Kind::Har,
    ];

    /// What it is called in the table.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Kind::Eve => "Suricata eve.json",
            Kind::ZeekConn => "Zeek conn",
            Kind::ZeekHttp => "Zeek http",
            Kind::ZeekSsl => "Zeek ssl",
            Kind::ZeekDns => "Zeek dns",
            Kind::ZeekJson => "Zeek conn, JSON",
            Kind::Squid => "Squid with `%>st`",
            Kind::Nginx => "nginx combined",
            Kind::Vpc => "VPC flow, version 2",
            Kind::Har => "HAR",
        }
    }

    /// Whether it has names that a list of patterns could find.
    pub(crate) fn has_names(self) -> bool {
        !matches!(self, Kind::ZeekConn | Kind::ZeekJson | Kind::Vpc)
    }

    /// Bytes of a record, about: the step of the clock.
    fn width(self) -> u64 {
        match self {
            Kind::Eve => 580,
            Kind::ZeekConn => 175,
            Kind::ZeekHttp => 300,
            Kind::ZeekSsl => 165,
            Kind::ZeekDns => 185,
            Kind::ZeekJson => 400,
            Kind::Squid => 140,
            Kind::Nginx => 225,
            Kind::Vpc => 120,
            Kind::Har => 4_900,
        }
    }

    fn head(self) -> Vec<u8> {
        const OPEN: i64 = crate::world::MIDNIGHT as i64 * 1_000_000;
        match self {
            Kind::ZeekConn => zeek::header(&zeek::CONN, OPEN),
            Kind::ZeekHttp => zeek::header(&zeek::HTTP, OPEN),
            Kind::ZeekSsl => zeek::header(&zeek::SSL, OPEN),
            Kind::ZeekDns => zeek::header(&zeek::DNS, OPEN),
            Kind::Har => har::HEAD.into(),
            _ => Vec::new(),
        }
    }

    fn record(self, day: &mut Day<'_>, out: &mut Vec<u8>) -> Fate {
        match self {
            Kind::Eve => eve::record(day, out),
            Kind::ZeekConn => columns::conn(day, out),
            Kind::ZeekHttp => columns::http(day, out),
            Kind::ZeekSsl => columns::ssl(day, out),
            Kind::ZeekDns => columns::dns(day, out),
            Kind::ZeekJson => columns::conn_json(day, out),
            Kind::Squid => lines::squid(day, out),
            Kind::Nginx => lines::nginx(day, out),
            Kind::Vpc => lines::vpc(day, out),
            Kind::Har => har::record(day, out),
        }
    }

    /// Writes a log of at least `size` bytes and tells what it holds.
    pub(crate) fn write(self, world: &World, size: u64, seed: u64, path: &Path) -> Outcome<Totals> {
        const BLOCK: usize = 1 << 20;
        let mut file = File::create(path)?;
        let mut day = Day::new(world, seed, size, self.width());
        let mut out = self.head();
        out.reserve(2 * BLOCK);
        let mut written = 0;
        while written + (out.len() as u64) < size {
            match self.record(&mut day, &mut out) {
                Fate::Flow(sent, back) => day.flow(sent, back),
                Fate::Ignored | Fate::Stats => day.totals.ignored += 1,
                Fate::Rejected => day.totals.rejected += 1,
            }
            if out.len() >= BLOCK {
                file.write_all(&out)?;
                written += out.len() as u64;
                out.clear();
            }
        }
        if self == Kind::Har {
            out.extend_from_slice(har::TAIL.as_bytes());
        }
        file.write_all(&out)?;
        // On the disk before anything is measured, so that no write-back runs beside it.
        file.sync_all()?;
        day.totals.size = written + out.len() as u64;
        Ok(day.totals)
    }
}

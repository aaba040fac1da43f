//! Logs of any size with known totals: a day of a busy network, written as a stream.
//!
//! A few hundred clients, some two thousand servers of which few are popular; times ascend as the producer
//! would have written them. The totals are counted while writing, by no reader.

use super::squid::{self, Exchange};
use super::suricata::{self, Pair, Volume};
use super::zeek::{self, Conn};
use super::{HOUR, Rng, SECOND};
use std::io::{self, Write};

/// A kind of log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Squid's native format with `%>st`.
    Squid,
    /// Zeek `conn.log`, TSV.
    ZeekConn,
    /// Zeek `http.log`, TSV.
    ZeekHttp,
    /// Zeek `ssl.log`, TSV.
    ZeekSsl,
    /// Suricata `eve.json`.
    Eve,
}

impl Kind {
    /// Every kind.
    pub(crate) const ALL: [Kind; 5] = [Kind::Squid, Kind::ZeekConn, Kind::ZeekHttp, Kind::ZeekSsl, Kind::Eve];
}

/// What a log holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// Size of the log in bytes.
    pub(crate) size: u64,
    /// Records; headers are none.
    pub(crate) records: u64,
    /// Sum of the bytes that clients sent, where a record says so.
    pub(crate) sent: u64,
    /// Sum of the bytes that clients received, where a record says so.
    pub(crate) back: u64,
}

/// Writes a log of at least `size` bytes, to the end of a record.
///
/// # Errors
/// Those of the writer.
pub(crate) fn write(kind: Kind, size: u64, seed: u64, out: &mut dyn Write) -> io::Result<Totals> {
    const START: i64 = 1_795_305_600 * SECOND;
    let mut day = Day { rng: Rng::new(seed), totals: Totals::default(), id: 0 };
    let log = match kind {
        Kind::ZeekConn => Some(&zeek::CONN),
        Kind::ZeekHttp => Some(&zeek::HTTP),
        Kind::ZeekSsl => Some(&zeek::SSL),
        Kind::Squid | Kind::Eve => None,
    };
    let mut text = log.map_or_else(Vec::new, |log| zeek::header(log, START));
    let mut at = START;
    // About 300 bytes a record, so that the log spans a day whatever its size.
    let step = (24 * HOUR * 600 / i64::try_from(size).expect("a log smaller than a disk")).max(1);
    loop {
        day.totals.size += text.len() as u64;
        out.write_all(&text)?;
        if day.totals.size >= size {
            return Ok(day.totals);
        }
        text.clear();
        at += day.rng.up_to(step);
        for line in day.lines(kind, at) {
            day.totals.records += 1;
            text.extend(line.as_bytes());
            text.push(b'\n');
        }
    }
}

struct Day {
    rng: Rng,
    totals: Totals,
    id: u64,
}

impl Day {
    fn lines(&mut self, kind: Kind, at: i64) -> Vec<String> {
        let client = format!("10.60.{}.{}", self.rng.within(0, 3), self.rng.within(1, 120));
        // The smaller of two draws: half of all visits go to a quarter of the servers.
        let server = self.rng.within(0, 1999).min(self.rng.within(0, 1999));
        let address = format!("198.18.{}.{}", server / 250, server % 250 + 1);
        let name = format!("s{server}.cluster{}.example", server % 97);
        let (sent, back) = (self.rng.within(300, 60_000), self.rng.within(200, 900_000));
        match kind {
            Kind::Squid => vec![self.squid(at, &client, (&name, &address), (sent, back))],
            Kind::Eve => self.eve(at, &client, (&name, &address), Volume { out: sent, back }),
            zeek_log => vec![self.zeek(zeek_log, at, (&client, &name, &address), (sent, back))],
        }
    }

    fn squid(&mut self, end: i64, client: &str, server: (&str, &str), bytes: (u64, u64)) -> String {
        self.totals.sent += bytes.0;
        self.totals.back += bytes.1;
        let tunnel = self.rng.within(0, 3) > 0;
        let url = if tunnel { format!("{}:443", server.0) } else { format!("http://{}/a/b.bin", server.0) };
        squid::line(&Exchange {
            end,
            elapsed: self.rng.within(1, 90_000),
            client,
            result: if tunnel { "TCP_TUNNEL/200" } else { "TCP_MISS/200" },
            reply: bytes.1,
            method: if tunnel { "CONNECT" } else { "GET" },
            url: &url,
            peer: &format!("HIER_DIRECT/{}", server.1),
            media: if tunnel { "-" } else { "application/octet-stream" },
            request: Some(bytes.0),
        })
    }

    fn zeek(&mut self, kind: Kind, start: i64, who: (&str, &str, &str), bytes: (u64, u64)) -> String {
        let (client, name, address) = who;
        let port = u16::try_from(self.rng.within(32_768, 60_999)).expect("a port");
        let http = kind == Kind::ZeekHttp;
        let conn = Conn {
            uid: zeek::uid(&mut self.rng),
            start,
            duration: self.rng.up_to(90 * SECOND),
            client: (client, port),
            server: (address, if http { 80 } else { 443 }),
            proto: "tcp",
            service: "ssl",
            bytes,
            local: false,
        };
        match kind {
            Kind::ZeekHttp => {
                // A GET sends no body; the response's is what is left of its bytes without a head.
                self.totals.back += bytes.1.saturating_sub(310);
                zeek::http(&conn, name, "/a/b.bin", "pkg/4.2", "application/octet-stream", "FuT0b3XkQz1m")
            }
            Kind::ZeekSsl => zeek::ssl(&conn, name),
            _ => {
                self.totals.sent += bytes.0;
                self.totals.back += bytes.1;
                zeek::conn(&conn)
            }
        }
    }

    fn eve(&mut self, at: i64, client: &str, server: (&str, &str), v: Volume) -> Vec<String> {
        self.id += 1;
        if self.id.is_multiple_of(5_000) {
            return vec![suricata::stats(at, self.id)];
        }
        let port = u16::try_from(self.rng.within(32_768, 60_999)).expect("a port");
        let p = Pair { id: self.id << 12, client: (client, port), server: (server.1, 443), proto: "TCP" };
        match self.rng.within(0, 9) {
            0..=2 => vec![suricata::tls(at, &p, server.0)],
            3 => {
                self.totals.back += v.back;
                vec![suricata::http(at, &p, server.0, ("GET", "/a/b.bin"), "application/zip", v.back)]
            }
            4 | 5 => {
                let p = Pair { server: ("10.60.0.1", 53), proto: "UDP", ..p };
                suricata::dns(at, &p, server.0, server.1).into()
            }
            _ => {
                let [(_, sent), (_, back)] = suricata::on_the_link(&p, v);
                self.totals.sent += sent;
                self.totals.back += back;
                vec![suricata::flow(at - 2 * SECOND, at, &p, "tls", v)]
            }
        }
    }
}

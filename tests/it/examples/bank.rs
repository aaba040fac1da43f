//! Two generators that reach the outside only through a proxy of their own; Zeek sees the proxy's far side.

use super::{END, Made, START};
use crate::producers::squid::{self, Exchange};
use crate::producers::zeek::{self, Conn};
use crate::producers::{HOUR, Lines, MINUTE, Rng, SECOND};

const COMFYUI: &str = "10.40.0.20";
const BATCH: &str = "10.40.0.21";
const PROXY: &str = "10.40.0.2";
const RESOLVER: &str = "10.41.0.3";
const STATUS: (&str, &str) = ("status.vendor.example", "203.0.113.40");
const MIRROR: (&str, &str) = ("weights.mirror.example", "198.51.100.20");

/// What the bank's other machines reach through the same gateway: name, address.
const OTHERS: &[(&str, &str)] = &[
    ("rates.exchange.example", "203.0.113.71"),
    ("swift.gateway.example", "203.0.113.72"),
    ("www.press.example", "198.51.100.73"),
    ("patches.vendor-os.example", "198.51.100.74"),
];

/// The logs while they are written.
struct Logs {
    rng: Rng,
    port: u16,
    squid: Lines,
    conn: Lines,
    dns: Lines,
    http: Lines,
    ssl: Lines,
}

impl Logs {
    fn port(&mut self) -> u16 {
        self.port = if self.port >= 60_000 { 32_768 } else { self.port + 7 };
        self.port
    }

    fn connection<'a>(&mut self, start: i64, client: &'a str, server: (&'a str, u16)) -> Conn<'a> {
        Conn {
            uid: zeek::uid(&mut self.rng),
            start,
            duration: 60_000 + self.rng.up_to(4 * SECOND),
            client: (client, self.port()),
            server,
            proto: "tcp",
            service: "ssl",
            bytes: (self.rng.within(700, 2_400), self.rng.within(3_900, 60_000)),
            local: false,
        }
    }

    /// A lookup and, once it is answered, the time at which the client goes on.
    fn lookup(&mut self, at: i64, client: &str, (name, address): (&str, &str)) -> i64 {
        let mut c = self.connection(at, client, (RESOLVER, 53));
        c.duration = 400 + self.rng.up_to(30_000);
        (c.proto, c.service, c.local) = ("udp", "dns", true);
        c.bytes = (name.len() as u64 + 18, name.len() as u64 + 34);
        let id = self.rng.within(1, 65_535);
        self.dns.push(at + c.duration, zeek::dns(&c, id, name, address));
        // Zeek writes a UDP connection when it has been quiet for a minute.
        self.conn.push(at + c.duration + MINUTE, zeek::conn(&c));
        at + c.duration + 900
    }

    fn tls(&mut self, at: i64, client: &str, server: (&str, &str), bytes: (u64, u64)) -> i64 {
        let mut c = self.connection(at, client, (server.1, 443));
        c.bytes = bytes;
        self.ssl.push(at + 40_000, zeek::ssl(&c, server.0));
        self.conn.push(at + c.duration + 5 * SECOND, zeek::conn(&c));
        at + c.duration
    }
}

pub(super) fn make(made: &mut Made) {
    let mut logs = Logs {
        rng: Rng::new(0xba_4c),
        port: 33_000,
        squid: Lines::default(),
        conn: Lines::default(),
        dns: Lines::default(),
        http: Lines::default(),
        ssl: Lines::default(),
    };
    heartbeats(made, &mut logs);
    status_page(made, &mut logs);
    weights(made, &mut logs);
    others(&mut logs);
    made.lines("bank/logs/squid/access.log", &logs.squid, 0, i64::MAX);
    for part in 0..4 {
        let (open, close) = (START + part * 6 * HOUR, START + (part + 1) * 6 * HOUR);
        // What a running connection adds after midnight belongs to the next day's file.
        for (log, lines) in [
            (&zeek::CONN, &logs.conn),
            (&zeek::DNS, &logs.dns),
            (&zeek::HTTP, &logs.http),
            (&zeek::SSL, &logs.ssl),
        ] {
            let rows = lines.between(open, close);
            let records = rows.len();
            let name = zeek::rotated_name(log, open);
            let gz = if part == 0 && log.path == "conn" { ".gz" } else { "" };
            let path = format!("bank/logs/zeek/{name}{gz}");
            made.log(&path, zeek::rotated(log, open, close, rows), records);
        }
    }
}

fn heartbeats(made: &mut Made, logs: &mut Logs) {
    let mut tick = START;
    while tick < END {
        let end = tick + SECOND + logs.rng.up_to(300_000);
        logs.squid.push(
            end,
            squid::line(&Exchange {
                end,
                elapsed: 0,
                client: COMFYUI,
                result: "TCP_DENIED/403",
                reply: 3497,
                method: "GET",
                url: "http://hb.domicile.invalid/comfyui",
                peer: "HIER_NONE/-",
                media: "text/html",
                request: Some(146),
            }),
        );
        made.seen("bank", "heartbeat", end, COMFYUI, "hb.domicile.invalid");
        tick += 10 * MINUTE;
    }
}

/// One exchange through the proxy: what the proxy logs, and what Zeek sees of its far side.
fn tunnel(made: &mut Made, logs: &mut Logs, at: i64, client: &str, server: (&str, &str), back: u64) {
    let start = logs.lookup(at, PROXY, server);
    let out = logs.rng.within(780, 1_900);
    let end = logs.tls(start, PROXY, server, (out, back));
    made.seen("bank", "tls", start, PROXY, server.0);
    logs.squid.push(
        end,
        squid::line(&Exchange {
            end,
            elapsed: u64::try_from((end - at) / 1000).unwrap(),
            client,
            result: "TCP_TUNNEL/200",
            reply: back + 39,
            method: "CONNECT",
            url: &format!("{}:443", server.0),
            peer: &format!("HIER_DIRECT/{}", server.1),
            media: "-",
            request: Some(out + 120),
        }),
    );
    made.seen("bank", "proxy", end, client, server.0);
}

/// A scheduler asks a vendor's status page every quarter of an hour: undeclared, and waived.
fn status_page(made: &mut Made, logs: &mut Logs) {
    for quarter in 0..96 {
        let at = START + quarter * 15 * MINUTE + 4 * MINUTE + logs.rng.up_to(9 * SECOND);
        let back = logs.rng.within(4_900, 5_400);
        tunnel(made, logs, at, COMFYUI, STATUS, back);
    }
}

fn weights(made: &mut Made, logs: &mut Logs) {
    for (client, hour) in [(COMFYUI, 5), (BATCH, 5), (BATCH, 13), (COMFYUI, 17)] {
        for part in 0..18 {
            let at = START + hour * HOUR + part * 40 * SECOND + logs.rng.up_to(20 * SECOND);
            let back = logs.rng.within(40_000_000, 900_000_000);
            tunnel(made, logs, at, client, MIRROR, back);
        }
    }
}

/// The rest of the bank, all day and all night: no component, and proof that the sensor is alive.
fn others(logs: &mut Logs) {
    let mut at = START;
    while at < END - 2 * MINUTE {
        at += 10 * SECOND + logs.rng.up_to(140 * SECOND);
        let client = format!("10.41.7.{}", logs.rng.within(10, 60));
        let server = *logs.rng.pick(OTHERS);
        let start = logs.lookup(at, &client, server);
        if server.0.starts_with("patches") {
            let mut c = logs.connection(start, &client, (server.1, 80));
            c.service = "http";
            let fuid = zeek::uid(&mut logs.rng).replacen('C', "F", 1);
            let row = zeek::http(&c, server.0, "/stable/index.xz", "pkg/4.2", "application/x-xz", &fuid);
            logs.http.push(start + c.duration, row);
            logs.conn.push(start + c.duration + 5 * SECOND, zeek::conn(&c));
        } else {
            let bytes = (logs.rng.within(700, 9_000), logs.rng.within(3_000, 90_000));
            logs.tls(start, &client, server, bytes);
        }
    }
}

//! A ComfyUI machine behind a proxy that it cannot go around, through an idle night.

use super::{END, Made, START};
use crate::producers::squid::{Exchange, line};
use crate::producers::{HOUR, Lines, MINUTE, Rng, SECOND};

const COMFYUI: &str = "10.20.0.5";

/// Sites that workstations on the same proxy visit: name, address, whether in the clear.
const BROWSED: &[(&str, &str, bool)] = &[
    ("portal.insurer.example", "203.0.113.21", false),
    ("mail.clinic.example", "203.0.113.22", false),
    ("www.journal.example", "203.0.113.23", false),
    ("guidelines.society.example", "203.0.113.24", false),
    ("fonts.cdn.example", "198.51.100.31", false),
    ("updates.antivirus.example", "198.51.100.32", true),
    ("www.town.example", "198.51.100.33", true),
];

/// Hosts that weights are fetched from: name, address, largest download in MB.
const WEIGHTS: &[(&str, &str, u64)] = &[
    ("huggingface.co", "192.0.2.10", 1),
    ("cas-bridge.xethub.hf.co", "192.0.2.11", 4800),
    ("cdn-lfs-us-1.hf.co", "192.0.2.12", 900),
    ("mirror.clinic.example", "192.0.2.40", 240),
];

/// Revocation lists: URL, address.
const PKI: &[(&str, &str, &str)] = &[
    ("crl3.digicert.com", "http://crl3.digicert.com/DigiCertGlobalRootG2.crl", "192.0.2.60"),
    ("r11.c.lencr.org", "http://r11.c.lencr.org/44.crl", "192.0.2.61"),
];

pub(super) fn make(made: &mut Made) {
    let mut rng = Rng::new(0xc11_41c);
    let mut lines = Lines::default();
    heartbeats(made, &mut rng, &mut lines);
    weights(made, &mut rng, &mut lines);
    revocation(made, &mut rng, &mut lines);
    refused(made, &mut rng, &mut lines);
    workstations(&mut rng, &mut lines);
    // Rotated at 06:25 each morning and once by size.
    let (morning, evening) = (START + 6 * HOUR + 25 * MINUTE, START + 15 * HOUR);
    made.lines("clinic/logs/access.log.2.gz", &lines, 0, morning);
    made.lines("clinic/logs/access.log.1", &lines, morning, evening);
    made.lines("clinic/logs/access.log", &lines, evening, i64::MAX);
}

/// A cron line on the machine asks for a URL that an ACL refuses: nothing leaves, and the proxy is seen alive.
fn heartbeats(made: &mut Made, rng: &mut Rng, lines: &mut Lines) {
    let mut tick = START - 4 * HOUR;
    while tick < END + 30 * MINUTE {
        let end = tick + SECOND + rng.up_to(400_000);
        lines.push(
            end,
            line(&Exchange {
                end,
                elapsed: 0,
                client: COMFYUI,
                result: "TCP_DENIED/403",
                reply: 3509,
                method: "GET",
                url: "http://hb.domicile.invalid/comfyui",
                peer: "HIER_NONE/-",
                media: "text/html",
                request: Some(146),
            }),
        );
        made.seen("clinic", "heartbeat", end, COMFYUI, "hb.domicile.invalid");
        tick += 10 * MINUTE;
    }
}

fn weights(made: &mut Made, rng: &mut Rng, lines: &mut Lines) {
    for session in [6 * HOUR + 40 * MINUTE, 11 * HOUR + 15 * MINUTE, 16 * HOUR + 5 * MINUTE] {
        let mut at = START + session;
        for _ in 0..34 {
            at += 4 * SECOND + rng.up_to(40 * SECOND);
            let (host, address, most) = *rng.pick(WEIGHTS);
            let reply = rng.within(3_000, most * 1_000_000);
            let elapsed = 40 + reply / 110_000;
            let end = at + i64::try_from(elapsed).unwrap() * 1000;
            let failed = rng.within(0, 33) == 0;
            lines.push(
                end,
                line(&Exchange {
                    end,
                    elapsed: if failed { 60_001 } else { elapsed },
                    client: COMFYUI,
                    result: if failed { "NONE_NONE/503" } else { "TCP_TUNNEL/200" },
                    reply: if failed { 0 } else { reply },
                    method: "CONNECT",
                    url: &format!("{host}:443"),
                    peer: &format!("HIER_DIRECT/{address}"),
                    media: "-",
                    request: Some(if failed { 214 } else { rng.within(840, 2_900) }),
                }),
            );
            made.seen("clinic", if failed { "failed" } else { "tunnel" }, end, COMFYUI, host);
        }
    }
}

fn revocation(made: &mut Made, rng: &mut Rng, lines: &mut Lines) {
    for hour in [6, 9, 12, 16, 18] {
        for (host, url, address) in PKI {
            let end = START + hour * HOUR + 39 * MINUTE + rng.up_to(20 * SECOND);
            let hit = rng.within(0, 2) == 0;
            lines.push(
                end,
                line(&Exchange {
                    end,
                    elapsed: if hit { 0 } else { rng.within(12, 90) },
                    client: COMFYUI,
                    result: if hit { "TCP_MEM_HIT/200" } else { "TCP_MISS/200" },
                    reply: rng.within(1_100, 5_900),
                    method: "GET",
                    url,
                    peer: &if hit { "HIER_NONE/-".to_owned() } else { format!("HIER_DIRECT/{address}") },
                    media: "application/pkix-crl",
                    request: Some(rng.within(150, 190)),
                }),
            );
            made.seen("clinic", if hit { "cached" } else { "fetched" }, end, COMFYUI, host);
        }
    }
}

/// At its start the frontend asks a vendor for its list of hosted nodes; the proxy refuses.
fn refused(made: &mut Made, rng: &mut Rng, lines: &mut Lines) {
    for attempt in 0..4 {
        let end = START + 6 * HOUR + 31 * MINUTE + attempt * 5 * SECOND + rng.up_to(SECOND);
        lines.push(
            end,
            line(&Exchange {
                end,
                elapsed: 0,
                client: COMFYUI,
                result: "TCP_DENIED/403",
                reply: 3489,
                method: "CONNECT",
                url: "api.comfy.org:443",
                peer: "HIER_NONE/-",
                media: "text/html",
                request: Some(211),
            }),
        );
        made.seen("clinic", "denied", end, COMFYUI, "api.comfy.org");
    }
}

fn workstations(rng: &mut Rng, lines: &mut Lines) {
    let day = 11 * HOUR + 40 * MINUTE;
    for _ in 0..2600 {
        let end = START + 6 * HOUR + 55 * MINUTE + rng.up_to(day);
        let client = format!("10.21.4.{}", rng.within(11, 28));
        let (host, address, clear) = *rng.pick(BROWSED);
        let reply = rng.within(400, 180_000);
        let (result, peer) = match (clear, rng.within(0, 19)) {
            (true, 0..=4) => ("TCP_MEM_HIT/200", "HIER_NONE/-".to_owned()),
            (true, 5) => ("TCP_MISS_ABORTED/200", format!("HIER_DIRECT/{address}")),
            (true, 6) => ("TCP_REFRESH_UNMODIFIED/304", format!("HIER_DIRECT/{address}")),
            (true, _) => ("TCP_MISS/200", format!("HIER_DIRECT/{address}")),
            (false, _) => ("TCP_TUNNEL/200", format!("HIER_DIRECT/{address}")),
        };
        let url = if clear { format!("http://{host}/") } else { format!("{host}:443") };
        lines.push(
            end,
            line(&Exchange {
                end,
                elapsed: rng.within(2, 61_000),
                client: &client,
                result,
                reply,
                method: if clear { "GET" } else { "CONNECT" },
                url: &url,
                peer: &peer,
                media: if clear { "text/html" } else { "-" },
                request: Some(rng.within(180, 9_000)),
            }),
        );
    }
}

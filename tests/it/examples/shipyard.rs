//! A yard whose drawings leave it in six ways, seen by Suricata at the gateway and by a browser.

use super::{END, Made, START};
use crate::producers::har::{self, Entry};
use crate::producers::suricata::{self, Pair, Volume};
use crate::producers::{HOUR, Lines, MINUTE, Rng, SECOND};

const COMFYUI: &str = "10.30.0.10";
const WEBUI: &str = "10.30.0.11";
const ARTIST: &str = "10.30.0.20";
const UNDECLARED: &str = "10.30.0.77";
const RESOLVER: &str = "10.30.0.1";

const OPENAI: (&str, &str) = ("api.openai.com", "198.51.100.101");
const COMFY: (&str, &str) = ("api.comfy.org", "198.51.100.102");
const REPLICATE: (&str, &str) = ("api.replicate.com", "198.51.100.103");
const GRADIO: (&str, &str) = ("api.gradio.app", "198.51.100.104");
const SHARED: (&str, &str) = ("3fa85f6457174562b3.gradio.live", "198.51.100.105");
const HUB: (&str, &str) = ("huggingface.co", "192.0.2.10");
const YARD: (&str, &str) = ("www.port-authority.example", "203.0.113.81");

/// The log while it is written.
struct Eve {
    rng: Rng,
    port: u16,
    lines: Lines,
}

impl Eve {
    fn pair<'a>(&mut self, client: &'a str, server: (&'a str, u16), proto: &'a str) -> Pair<'a> {
        self.port = if self.port >= 60_000 { 32_768 } else { self.port + 3 };
        let id = self.rng.within(1 << 40, (1 << 51) - 1);
        Pair { id, client: (client, self.port), server, proto }
    }

    /// A lookup; answers when the client goes on.
    fn lookup(&mut self, at: i64, client: &str, (name, address): (&str, &str)) -> i64 {
        let p = self.pair(client, (RESOLVER, 53), "UDP");
        let [question, answer] = suricata::dns(at, &p, name, address);
        self.lines.push(at, question);
        self.lines.push(at + 18_000, answer);
        let size = name.len() as u64 + 18;
        let v = Volume { out: size, back: size + 16 };
        self.lines.push(at + 31 * SECOND, suricata::flow(at, at + 18_000, &p, "dns", v));
        at + 20_000
    }

    fn flow(&mut self, start: i64, p: &Pair<'_>, app: &str, v: Volume) {
        let end = start + 90_000 + self.rng.up_to(6 * SECOND);
        self.lines.push(end + 31 * SECOND, suricata::flow(start, end, p, app, v));
    }

    fn tls(&mut self, made: &mut Made, at: i64, client: &str, server: (&str, &str), v: Volume) {
        let start = self.lookup(at, client, server);
        let p = self.pair(client, (server.1, 443), "TCP");
        self.lines.push(start + 31_000, suricata::tls(start + 31_000, &p, server.0));
        self.flow(start, &p, "tls", v);
        if client.starts_with("10.30.0.") {
            made.seen("shipyard", "tls", start, client, server.0);
        }
    }

    fn volume(&mut self, out: (u64, u64), back: (u64, u64)) -> Volume {
        Volume { out: self.rng.within(out.0, out.1), back: self.rng.within(back.0, back.1) }
    }
}

pub(super) fn make(made: &mut Made) {
    let mut eve = Eve { rng: Rng::new(0x5119_4a6d), port: 33_000, lines: Lines::default() };
    hosted_services(made, &mut eve);
    cleartext(made, &mut eve);
    address_only(made, &mut eve);
    share_tunnel(made, &mut eve);
    rest(made, &mut eve);
    let mut tick = START;
    while tick < END {
        let uptime = u64::try_from((tick - START) / SECOND).unwrap() + 86_400;
        eve.lines.push(tick + 5 * SECOND, suricata::stats(tick + 5 * SECOND, uptime));
        tick += 10 * MINUTE;
    }
    let noon = START + 12 * HOUR;
    made.lines("shipyard/logs/eve.json.1.gz", &eve.lines, 0, noon);
    made.lines("shipyard/logs/eve.json", &eve.lines, noon, i64::MAX);
    browser(made, &mut eve.rng);
}

/// Prompts to services, by a declared generator and by a machine that nobody declared.
fn hosted_services(made: &mut Made, eve: &mut Eve) {
    for (client, server, hour, times) in
        [(COMFYUI, OPENAI, 8, 14), (COMFYUI, COMFY, 10, 11), (UNDECLARED, REPLICATE, 15, 9)]
    {
        for turn in 0..times {
            let at = START + hour * HOUR + turn * 7 * MINUTE + eve.rng.up_to(MINUTE);
            let v = eve.volume((3_000, 900_000), (400_000, 2_600_000));
            eve.tls(made, at, client, server, v);
        }
    }
}

/// The interface of a rented machine, spoken to without encryption and without a name.
fn cleartext(made: &mut Made, eve: &mut Eve) {
    for turn in 0..6 {
        let at = START + 9 * HOUR + turn * 11 * MINUTE + eve.rng.up_to(MINUTE);
        let p = eve.pair(WEBUI, ("203.0.113.9", 80), "TCP");
        let v = eve.volume((2_000, 600_000), (300_000, 1_900_000));
        let request = ("POST", "/sdapi/v1/txt2img");
        let written = at + 4 * SECOND;
        let length = v.back - 400;
        let event = suricata::http(written, &p, "203.0.113.9", request, "application/json", length);
        eve.lines.push(written, event);
        eve.lines.push(at + 36 * SECOND, suricata::flow(at, at + 5 * SECOND, &p, "http", v));
        made.seen("shipyard", "http", at, WEBUI, "203.0.113.9");
    }
}

/// A destination that has no name in any event.
fn address_only(made: &mut Made, eve: &mut Eve) {
    for turn in 0..5 {
        let at = START + 13 * HOUR + turn * 23 * MINUTE + eve.rng.up_to(MINUTE);
        let p = eve.pair(COMFYUI, ("198.51.100.23", 8443), "TCP");
        let v = eve.volume((90_000, 3_000_000), (9_000, 80_000));
        eve.flow(at, &p, "failed", v);
        made.seen("shipyard", "flow", at, COMFYUI, "198.51.100.23");
    }
}

/// A share link: the control call, the relay, and somebody of the yard who opens the link.
fn share_tunnel(made: &mut Made, eve: &mut Eve) {
    let at = START + 16 * HOUR;
    let v = eve.volume((1_100, 1_300), (4_000, 5_000));
    eve.tls(made, at, WEBUI, GRADIO, v);
    let relay = eve.pair(WEBUI, ("198.51.100.106", 7000), "TCP");
    eve.lines.push(
        at + 2 * HOUR + 31 * SECOND,
        suricata::flow(
            at + SECOND,
            at + 2 * HOUR,
            &relay,
            "failed",
            Volume { out: 48_211_904, back: 1_904_128 },
        ),
    );
    made.seen("shipyard", "flow", at, WEBUI, "198.51.100.106");
    for turn in 0..4 {
        let v = eve.volume((2_000, 40_000), (200_000, 1_500_000));
        eve.tls(made, at + MINUTE + turn * 12 * MINUTE, ARTIST, SHARED, v);
    }
}

/// Weights, which are expected, and the yard's other machines, which are no components.
fn rest(made: &mut Made, eve: &mut Eve) {
    for turn in 0..20 {
        let v = eve.volume((900, 2_800), (40_000_000, 700_000_000));
        eve.tls(made, START + 6 * HOUR + turn * 2 * MINUTE, COMFYUI, HUB, v);
    }
    let mut at = START;
    while at < END - 2 * MINUTE {
        at += 30 * SECOND + eve.rng.up_to(4 * MINUTE);
        let client = format!("10.31.2.{}", eve.rng.within(5, 40));
        let v = eve.volume((700, 8_000), (2_000, 300_000));
        eve.tls(made, at, &client, YARD, v);
    }
}

/// What an artist's browser recorded: an edit of a picture by a hosted model, and its result.
fn browser(made: &mut Made, rng: &mut Rng) {
    let mut entries = Vec::new();
    for turn in 0..3 {
        let start = START + 14 * HOUR + turn * 90 * SECOND;
        let picture = har::picture(32, || u8::try_from(rng.within(0, 255)).unwrap());
        let body = serde_json::json!({
            "prompt": "hull of a patrol boat in dry dock, overcast, technical illustration",
            "input_image": picture,
            "aspect_ratio": "16:9",
        });
        entries.push(Entry {
            start,
            request: ("POST", "https://api.bfl.ai/v1/flux-kontext-pro"),
            address: "198.51.100.107",
            body: Some(body.to_string()),
            response: ("application/json", 164),
        });
        made.seen("shipyard", "har", start, "unnamed-client", "api.bfl.ai");
    }
    entries.push(Entry {
        start: START + 14 * HOUR + 300 * SECOND,
        request: ("GET", "https://drawings.yard.example/"),
        address: "10.30.0.40",
        body: None,
        response: ("text/html", 8_120),
    });
    let records = entries.len();
    made.log("shipyard/logs/artist.har", har::file(&entries), records);
}

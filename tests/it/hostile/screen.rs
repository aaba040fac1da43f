//! What a log says is shown to people: nothing of it may move their cursor, hide or turn the text around, or stand
//! in a year that breaks the reckoning.

use super::seeds::corpus;
use crate::producers::Rng;
use crate::program::{Folder, Run, domicile};
use domicile::model::text::hides;
use domicile::traffic::FORMATS;

/// Texts that a sender chooses, as hosts, clients, users, methods, paths.
const EVIL: &[&str] = &[
    "\u{1b}[2J\u{1b}]0;owned\u{7}",
    "\u{1b}]8;;http://evil.example\u{1b}\\here",
    "\u{202e}gpj.elpmaxe",
    "\u{2066}a\u{2069}\u{200b}\u{feff}",
    "\u{9b}31m",
    "\u{7f}\u{8}\u{8}",
    "\r\u{b}\u{c}",
    "\u{e0041}\u{fe0f}\u{2028}x",
    "<script>alert(1)</script>",
];

/// Neither output holds a character that does not show itself.
fn shows_itself(what: &str, run: &Run) {
    for (name, text) in [("standard output", &run.stdout), ("standard error", &run.stderr)] {
        if let Some(at) = text.char_indices().find(|(_, c)| hides(*c) && *c != '\n').map(|(at, _)| at) {
            let from = text[..at].char_indices().rev().take(60).last().map_or(at, |(i, _)| i);
            panic!("{what}: {name} holds {:?}", text[from..].chars().take(90).collect::<String>());
        }
    }
}

/// The bytes with every word of a kind replaced by an evil one: hosts, clients, methods, all of the words of a line.
fn planted(bytes: &[u8], evil: &str, rng: &mut Rng) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    let quoted: String = evil.chars().map(|c| format!("\\u{:04x}", u32::from(c).min(0xffff))).collect();
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        let words: Vec<_> =
            ["example", "10.99.0.5", "POST", "GET", "vendor", "/v1/x", "user", "ssl", "tcp", "10."]
                .into_iter()
                .filter(|w| line.contains(w))
                .collect();
        if words.is_empty() {
            out.push_str(line);
            continue;
        }
        let word = rng.pick(&words);
        // As it is, and as JSON would escape it.
        let evil = if line.contains('{') && rng.within(0, 2) > 0 { &quoted } else { evil };
        out.push_str(line);
        out.push_str(&line.replace(word, evil));
        out.push_str(&line.replace(word, &format!("{evil}{word}")));
    }
    out.into_bytes()
}

#[test]
fn nothing_a_sender_chooses_moves_the_cursor_or_hides() {
    let folder = Folder::new();
    let mut rng = Rng::new(5);
    let mut read = 0;
    for (n, evil) in EVIL.iter().enumerate() {
        for seed in corpus().into_iter().filter(|s| s.layout.is_none()) {
            let name = format!("{n}/{}-{}", seed.format, seed.name);
            folder.write(&name, &planted(&seed.bytes, evil, &mut rng));
        }
        for output in ["text", "json"] {
            let run = domicile(folder.path(), &["scan", "-o", output, &n.to_string()]);
            shows_itself(&format!("{evil:?} as {output}"), &run);
            if output == "json" {
                let json = run.json();
                let records = json["files"].as_array().unwrap().iter().map(|f| f["read"].as_u64().unwrap());
                read += records.sum::<u64>();
            }
        }
    }
    assert!(read > 500, "{read}");
}

#[test]
fn a_file_name_moves_nothing_either() {
    let folder = Folder::new();
    let line = b"1795312800.100 1 10.0.0.5 TCP_MISS/200 5 GET http://a.example/ - HIER_DIRECT/192.0.2.1 -\n";
    let name = "a\u{1b}[2J\u{202e}b.log";
    folder.write(&format!("logs/{name}"), line);
    folder.write("logs/\u{7}\u{202e}broken.log", b"nothing of any kind\n");
    for output in ["text", "json"] {
        shows_itself(output, &domicile(folder.path(), &["scan", "-o", output, "logs"]));
        shows_itself(output, &domicile(folder.path(), &["scan", "-o", output, &format!("logs/{name}")]));
    }
    shows_itself("missing", &domicile(folder.path(), &["scan", "\u{1b}[2J"]));
    shows_itself("format", &domicile(folder.path(), &["scan", "logs", "--format", "\u{1b}[2J"]));
    let layout = ["scan", "logs", "--format", "squid", "--log-format", "%ts \u{1b}[2J%zz\u{202e}"];
    shows_itself("layout", &domicile(folder.path(), &layout));
}

/// The first and the last second that there is, and the ones beside them, in the spelling of every format.
#[test]
fn the_ends_of_time_are_read_in_every_format() {
    let stamps: &[(&str, &str, &[&str])] = &[
        (
            "squid",
            "1795312800.100",
            &["-11644473600.000", "253402300799.999", "-11644473601.000", "253402300800.000"],
        ),
        ("vpc-flow", "1795305600", &["-11644473600", "253402300799", "-11644473601", "253402300800"]),
        (
            "zeek-tsv",
            "1795305601.000000",
            &["-11644473600.0", "253402300799.9", "-11644473600.1", "253402300800.0"],
        ),
        (
            "zeek-json",
            "1795312950.5",
            &["-11644473600", "\"9999-12-31T23:59:59Z\"", "-11644473601", "253402300800000"],
        ),
    ];
    let iso = ["1601-01-01T00:00:00", "9999-12-31T23:59:59", "1600-12-31T23:59:59", "0000-00-00T00:00:00"];
    let clf =
        ["01/Jan/1601:00:00:00", "31/Dec/9999:23:59:59", "31/Dec/1600:23:59:59", "00/Jan/0000:00:00:00"];
    let folder = Folder::new();
    for format in FORMATS {
        let seeds: Vec<_> =
            corpus().into_iter().filter(|s| s.format == format.id() && s.layout.is_none()).collect();
        let told = stamps.iter().find(|(id, ..)| *id == format.id());
        let (from, to): (&str, Vec<&str>) = match told {
            Some((_, from, to)) => (from, to.to_vec()),
            None if format.id().ends_with("json") || matches!(format.id(), "har" | "suricata-eve") => (
                ["2026-11-22T02:25:00", "2026-11-22T02:20:00"][usize::from(format.id() != "web-access-json")],
                iso.to_vec(),
            ),
            None => (
                ["22/Nov/2026:02:20:00", "22/Nov/2026:02:10:00"][usize::from(format.id() != "web-access")],
                clf.to_vec(),
            ),
        };
        let mut flows = Vec::new();
        for time in to {
            let holds = |s: &&super::seeds::Seed| String::from_utf8_lossy(&s.bytes).contains(from);
            let seed =
                seeds.iter().find(holds).unwrap_or_else(|| panic!("no log of {} holds {from}", format.id()));
            folder.write("log", String::from_utf8_lossy(&seed.bytes).replace(from, time).as_bytes());
            let run = domicile(folder.path(), &["scan", "-o", "json", "--format", format.id(), "log"]);
            let json = run.json();
            let log = &json["files"][0];
            let ignored: u64 =
                log["ignored"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
            let sum = log["flows"].as_u64().unwrap() + ignored + log["rejected"].as_u64().unwrap();
            assert_eq!(log["read"], sum, "{} at {time}", format.id());
            flows.push(log["flows"].as_u64().unwrap());
            shows_itself(format.id(), &domicile(folder.path(), &["scan", "--format", format.id(), "log"]));
        }
        // What lies outside is rejected. A negative number of seconds may be, since no such log has ever been written.
        let [earliest, latest, before, after] = flows[..] else { panic!("{flows:?}") };
        assert!(before == after && latest > before && earliest >= before, "{}: {flows:?}", format.id());
    }
}

/// A log that spans eight thousand years is judged like any other, without counting through them.
#[test]
fn eight_thousand_years_are_judged() {
    let fixture = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cli");
    let project = std::fs::read_to_string(fixture.join("domicile.toml")).unwrap();
    let line = |time: &str| {
        format!(
            "{time} 1 10.99.0.5 TCP_MISS/200 5 GET http://status.vendor.example/ - HIER_DIRECT/203.0.113.9 -\n"
        )
    };
    let folder = Folder::new();
    folder.write("logs/access.log", (line("-11644473600.000") + &line("253402300799.999")).as_bytes());
    for period in ["", "period = { start = 1601-01-01T00:00:00Z, end = 9999-12-31T23:59:59Z }"] {
        let toml: Vec<_> =
            project.lines().map(|l| if l.starts_with("period") { period } else { l }).collect();
        folder.write("domicile.toml", toml.join("\n").as_bytes());
        let run = domicile(
            folder.path(),
            &["check", "--now", "2026-11-23T00:00:00Z", "-o", "text", "-o", "html=r.html"],
        );
        assert!([1, 4].contains(&run.code), "{}{}", run.stdout, run.stderr);
        shows_itself("check", &run);
        assert!(std::fs::read(folder.path().join("r.html")).unwrap().len() < 1 << 20);
    }
}

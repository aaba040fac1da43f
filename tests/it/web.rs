#![allow(clippy::print_stderr, reason = "a test that compares nothing says so")]

//! Access logs written by nginx, Apache and Squid for the same requests in several layouts: what one layout
//! says, the others say too. How the logs were made stands in `tests/fixtures/traffic/web/README.md`.

use crate::program::domicile;
use domicile::bytes::{Input, Intake};
use domicile::model::At;
use domicile::services::shape;
use domicile::traffic::{Choice, Health, LogRead, NameFact, ReadOptions, Settled, Sink, read_within};
use std::path::{Path, PathBuf};

/// The layouts as `nginx.conf`, `apache.conf` and `squid.conf` have them.
const CUSTOM: &str = r#"$remote_addr - $remote_user [$time_iso8601] "$request" $status $bytes_sent $request_length $scheme $host:$server_port "$ssl_protocol" "$upstream_addr" "$proxy_host" "$http_user_agent" $request_time"#;
const PARTS: &str = r#"{"t":$msec,"c":"$remote_addr:$remote_port","m":"$request_method","u":"$scheme://$http_host$request_uri","s":$status,"in":$request_length,"out":$bytes_sent,"up":"$upstream_addr","ua":"$http_user_agent"}"#;
const APACHE: &str = r#"%{%Y-%m-%d %T}t.%{usec_frac}t %{%z}t %{c}a:%{remote}p %V:%p %m %U%q %H %!200,304s %>s %B %I %O %D %X \"%{User-agent}i\""#;
const AUDIT: &str =
    r#"%ts.%03tu %6tr %>a:%>p %Ss/%03>Hs %>st/%<st %rm %ru %[un %Sh/%<a %mt "%{User-Agent}>h""#;
const CLOCK: &str = r#"[%tl] %>a "%rm %ru HTTP/%rv" %>Hs %<st %>st %Ss:%Sh %<a"#;
const BARE: &str = "%tS %-15>a %>Hs %<st %rm %ru";

/// One record in words.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Record {
    Flow(Flow),
    Ignored(&'static str),
    Rejected(&'static str),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Flow {
    client: String,
    server: String,
    method: &'static str,
    path: String,
    /// The service shape that the path has.
    class: Option<String>,
    disposition: &'static str,
    sent: Option<u64>,
    back: Option<u64>,
}

#[derive(Default)]
struct Seen(Vec<Record>);

impl Sink for Seen {
    fn record(&mut self, _: At, _: &[u8], what: Settled<'_, '_>) {
        self.0.push(match what {
            Settled::Ignored(why) => Record::Ignored(why),
            Settled::Rejected(why) => Record::Rejected(why),
            Settled::Flow(f) => Record::Flow(Flow {
                client: f.client.to_owned(),
                server: format!(
                    "{}|{}|{}",
                    f.server_name.unwrap_or(""),
                    f.server_address.map_or(String::new(), |a| a.to_string()),
                    f.server_port.map_or(String::new(), |p| p.to_string())
                ),
                method: f.method.name(),
                path: f.path.unwrap_or("").to_owned(),
                class: f.path.and_then(|p| shape(p, f.method)).map(|s| s.id.clone()),
                disposition: f.disposition.name(),
                sent: f.bytes_out,
                back: f.bytes_in,
            }),
        });
    }
    fn name(&mut self, _: &NameFact<'_>) {}
    fn health(&mut self, _: Health) {}
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/traffic/web")
}

fn run(bytes: &[u8], layout: Option<(&str, &str)>, block: usize) -> (LogRead, Vec<Record>) {
    let log_format = layout.map(|(_, text)| text.to_owned());
    let options = ReadOptions { log_format, ..ReadOptions::default() };
    let choice = layout.map_or(Choice::Auto, |(format, _)| Choice::Forced(format));
    let mut seen = Seen::default();
    let intake = Intake { block, ..Intake::default() };
    let log = read_within(intake, Input::At(&bytes), choice, &options, &mut seen, &mut |_| {});
    assert!(log.counts.adds_up() && log.counts.read == seen.0.len() as u64);
    (log, seen.0)
}

fn fixture(name: &str, layout: Option<(&str, &str)>) -> (LogRead, Vec<Record>) {
    let bytes = std::fs::read(fixtures().join(name)).unwrap();
    let whole = run(&bytes, layout, 1 << 19);
    assert_eq!(whole, run(&bytes, layout, 1), "{name}");
    assert_eq!(whole.0.stopped, None, "{name}");
    whole
}

fn flows(records: &[Record]) -> Vec<&Flow> {
    records.iter().filter_map(|r| if let Record::Flow(f) = r { Some(f) } else { None }).collect()
}

/// Read, flows, ignored, rejected, bytes out, bytes in.
fn sums((log, records): &(LogRead, Vec<Record>)) -> [u64; 6] {
    let c = &log.counts;
    let flows = flows(records);
    let sum = |of: fn(&Flow) -> Option<u64>| flows.iter().filter_map(|f| of(f)).sum();
    [c.read, c.flows, c.ignored_total(), c.rejected_total(), sum(|f| f.sent), sum(|f| f.back)]
}

/// Every log with the layout it is read by and what it holds.
type Expected = (&'static str, Option<(&'static str, &'static str)>, &'static str, [u64; 6]);

/// Sums as a second reader has them: see the README beside the logs.
const LOGS: &[Expected] = &[
    ("nginx-combined.log", None, "web-access", [33, 29, 4, 0, 0, 8192]),
    ("nginx-main.log", None, "web-access", [33, 29, 4, 0, 0, 8192]),
    ("nginx-json.log", None, "web-access-json", [33, 29, 4, 0, 18121, 13688]),
    ("nginx-custom.log", Some(("web-access", CUSTOM)), "web-access", [33, 29, 4, 0, 18121, 13688]),
    // Without the request line, two requests that nginx answered with 400 show no method and no path.
    ("nginx-parts.log", Some(("web-access", PARTS)), "web-access", [33, 27, 6, 0, 18121, 13070]),
    ("nginx-error.log", None, "web-access", [11, 0, 11, 0, 0, 0]),
    ("apache-common.log", None, "web-access", [28, 24, 4, 0, 0, 6338]),
    ("apache-combined.log", None, "web-access", [28, 24, 4, 0, 0, 6338]),
    // 17 bytes out are not taken: the answer to HTTP/0.9 has no headers, as no response to HTTP/1 can be.
    ("apache-combinedio.log", None, "web-access", [28, 24, 4, 0, 28623 - 17, 10794]),
    ("apache-vhost-combined.log", None, "web-access", [28, 24, 4, 0, 0, 10794]),
    // `%U` is decoded, and a path with a blank does not fit; what was `HELP` is a request of `/` to Apache.
    ("apache-custom.log", Some(("web-access", APACHE)), "web-access", [28, 24, 3, 1, 28541, 10845]),
    ("apache-proxy.log", None, "web-access", [5, 5, 0, 0, 6569, 3251]),
    ("squid-audit.log", Some(("squid", AUDIT)), "squid", [9, 8, 1, 0, 7107, 19749]),
    ("squid-clock.log", Some(("squid", CLOCK)), "squid", [9, 8, 1, 0, 7107, 19749]),
    ("squid-bare.log", Some(("squid", BARE)), "squid", [9, 8, 1, 0, 0, 19749]),
];

#[test]
fn every_log_adds_up_to_what_its_server_wrote() {
    for (name, layout, format, expected) in LOGS {
        let read = fixture(name, *layout);
        assert_eq!(read.0.format, Some(*format), "{name}");
        assert_eq!(sums(&read), *expected, "{name}: {:?}", read.0.counts);
    }
}

/// What every layout of a server says of a request.
fn common(records: &[Record]) -> Vec<(String, &'static str, String, Option<String>)> {
    let flow = |f: &&Flow| (f.client.clone(), f.method, f.path.clone(), f.class.clone());
    flows(records).iter().map(flow).collect()
}

#[test]
fn layouts_of_one_server_agree() {
    let of = |name: &str| {
        let (_, layout, ..) = LOGS.iter().find(|l| l.0 == name).unwrap();
        fixture(name, *layout).1
    };
    let (combined, main) = (of("nginx-combined.log"), of("nginx-main.log"));
    assert_eq!(combined, main);
    let (json, custom) = (of("nginx-json.log"), of("nginx-custom.log"));
    assert_eq!(json, custom);
    assert_eq!(common(&combined), common(&json));
    let (io, vhost) = (of("apache-combinedio.log"), of("apache-vhost-combined.log"));
    assert_eq!(of("apache-common.log"), of("apache-combined.log"));
    assert_eq!(common(&of("apache-common.log")), common(&io));
    assert_eq!(common(&io), common(&vhost));
    assert_eq!(of("squid-audit.log"), of("squid-clock.log"));
    assert_eq!(common(&of("squid-audit.log")), common(&of("squid-bare.log")));
}

/// `client server method path class disposition out/in` of the flows with that path.
fn said(records: &[Record], path: &str) -> Vec<String> {
    let number = |n: Option<u64>| n.map_or("?".to_owned(), |n| n.to_string());
    let word = |f: &&Flow| {
        let class = f.class.as_deref().unwrap_or("-");
        let sizes = format!("{}/{}", number(f.sent), number(f.back));
        format!("{} {} {} {class} {} {sizes}", f.client, f.server, f.method, f.disposition)
    };
    flows(records).iter().filter(|f| f.path == path).map(word).collect()
}

#[test]
fn requests_end_where_they_went() {
    let (_, nginx) = fixture("nginx-custom.log", Some(("web-access", CUSTOM)));
    let passed = "127.0.0.1 127.0.0.1|127.0.0.1|18081";
    let class = "openai-shaped-api/images-generations";
    assert_eq!(
        said(&nginx, "/v1/images/generations"),
        [
            format!("{passed} write {class} delivered 5172/411"),
            format!("{passed} write {class} delivered 5191/406")
        ]
    );
    assert_eq!(
        said(&nginx, "/v1/images/edits"),
        [format!("{passed} write openai-shaped-api/images-edits delivered 5175/411")]
    );
    // Of two that were tried the second answered; the name of their group is no host.
    assert_eq!(said(&nginx, "/two/x"), ["127.0.0.1 127.0.0.1|127.0.0.1|18081 write - delivered 156/411"]);
    assert_eq!(said(&nginx, "/dead/x"), ["127.0.0.1 127.0.0.1|127.0.0.1|18098 read - unknown 85/314"]);
    assert_eq!(said(&nginx, "/sock/index.html"), ["127.0.0.1 || read - served-locally 94/240"]);
    assert_eq!(
        said(&nginx, "/cached/index.html"),
        [format!("{passed} read - delivered 96/220"), format!("{passed} read - served-locally 96/220")]
    );
    // In proxy form, yet passed on to the server behind: that is where it went.
    assert_eq!(said(&nginx, "/v1/x"), [format!("{passed} read - delivered 156/411")]);
    assert_eq!(said(&nginx, ""), ["127.0.0.1 api.vendor.example||18443 connect - failed ?/309"]);
    assert!(
        said(&nginx, "/index.html").contains(&"::1 ::1|::1|18080 read - served-locally 85/240".to_owned())
    );
    assert!(said(&nginx, "/index.html").iter().any(|f| f.starts_with("unix in.example||")));
    // Escapes are taken back; a byte that is no UTF-8 is replaced.
    assert_eq!(said(&nginx, "/caf\u{e9}\u{fffd}\"q\"").len(), 1);

    let (_, proxy) = fixture("apache-proxy.log", None);
    assert_eq!(
        said(&proxy, ""),
        [
            "127.0.0.1 127.0.0.1|127.0.0.1|18443 connect - delivered 873/1637",
            "127.0.0.1 127.0.0.1|127.0.0.1|25 connect - denied 108/516"
        ]
    );
    assert_eq!(
        said(&proxy, "/v1/images/generations"),
        [format!("127.0.0.1 127.0.0.1|127.0.0.1|18080 write {class} unknown 5224/387")]
    );
    let (_, squid) = fixture("squid-audit.log", Some(("squid", AUDIT)));
    assert_eq!(
        said(&squid, "/v1/images/generations"),
        [format!("127.0.0.1 api.vendor.example|127.0.0.1|18081 write {class} delivered 5242/559")]
    );
    assert_eq!(
        said(&squid, "").last().unwrap(),
        "127.0.0.1 www.vendor.example||25 connect - denied 126/3483"
    );
}

#[test]
fn no_user_agent_or_query_reaches_an_output() {
    for (name, layout, ..) in LOGS {
        let logged = std::fs::read(fixtures().join(name)).unwrap();
        for output in ["text", "json"] {
            let mut args = vec!["scan", *name, "--output", output];
            if let Some((format, text)) = layout {
                args.extend(["--format", format, "--log-format", text]);
            }
            let run = domicile(&fixtures(), &args);
            assert_eq!(run.code, 0, "{name}: {}", run.stderr);
            let printed = format!("{}{}", run.stdout, run.stderr);
            assert!(!printed.contains("Kanarie") && !printed.contains("secret"), "{name}: {printed}");
        }
        let planted = String::from_utf8_lossy(&logged).contains("Kanarie");
        assert!(
            planted
                || name.contains("parts")
                || name.contains("clock")
                || name.contains("bare")
                || name.contains("error")
        );
    }
}

#[test]
fn cut_and_changed_logs_add_up() {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |n: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % n as u64).unwrap()
    };
    for (name, layout, ..) in LOGS {
        let bytes = std::fs::read(fixtures().join(name)).unwrap();
        for _ in 0..40 {
            let mut bad = bytes[..random(bytes.len() + 1)].to_vec();
            for _ in 0..random(8).min(bad.len()) {
                let at = random(bad.len());
                bad[at] = u8::try_from(random(256)).unwrap();
            }
            run(&bad, *layout, 1 << 12);
        }
    }
}

/// Logs collected elsewhere, where they are present beside the checkout: records as counted there, bytes to
/// the client as a plain pattern added them, less those of records that are no flow here.
#[test]
fn samples_agree_with_a_second_reader() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples/traffic");
    let Ok(truth) = std::fs::read_to_string(root.join("truth.tsv")) else {
        eprintln!("no samples beside the checkout: nothing compared");
        return;
    };
    // Flows, ignored, rejected, bytes in; records that are no requests have bytes that are not added.
    let expected = [
        ("apache-http-probing-apache-http-probing.log", [77, 0, 0, 15152]),
        // Two lines of the error log.
        ("apache2-logs-apache2-logs.log", [7, 2, 0, 12487]),
        // Nothing but TLS spoken to a port without it: 2486 bytes of error pages.
        ("apache2-malformed-apache2-logs.log", [0, 11, 0, 0]),
        // The same by other protocols, one of them the word HELP: 1884 bytes.
        ("nginx-http-malformed-nginx_http-logs.log", [0, 12, 0, 0]),
        ("nginx-http-xss-probing-nginx-http-xss-probing.log", [26, 0, 0, 4212]),
        // One line is combined, two are of the error log, the rest is laid out in another way.
        ("nginx-proxy-manager-logs-nginx-proxy-manager-logs.log", [1, 2, 11, 552]),
        ("nginx_http-logs-nginx_http-logs.log", [8, 1, 0, 3731]),
        ("plaso_apache_access.log", [15, 0, 0, 37197]),
        // The line without a status is a flow too: traefik had no server for it.
        ("traefik_clf-traefik_clf.log", [7, 0, 0, 2325]),
    ];
    for (name, [flows, ignored, rejected, back]) in expected {
        let row = truth.lines().find(|l| l.starts_with(&format!("web/{name}\t"))).unwrap();
        let records: u64 = row.split('\t').nth(1).unwrap().parse().unwrap();
        let bytes = std::fs::read(root.join("web").join(name)).unwrap();
        let read = run(&bytes, None, 1 << 19);
        assert_eq!(read, run(&bytes, None, 3), "{name}");
        assert_eq!(read.0.format, Some("web-access"), "{name}");
        assert_eq!(sums(&read), [records, flows, ignored, rejected, 0, back], "{name}: {:?}", read.0);
    }
    // Squid's own forms by their format strings say what they say without them.
    let custom = std::fs::read(root.join("squid/generated_access_custom.log")).unwrap();
    let layout = "%ts.%03tu %6tr %>a %Ss/%03>Hs %>st/%<st %rm %ru %Sh/%<a %mt";
    assert_eq!(run(&custom, Some(("squid", layout)), 1 << 19).1, run(&custom, None, 1 << 19).1);
    let native = std::fs::read(root.join("squid/generated_access_native.log")).unwrap();
    let layout = "%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt";
    assert_eq!(run(&native, Some(("squid", layout)), 1 << 19).1, run(&native, None, 1 << 19).1);
}

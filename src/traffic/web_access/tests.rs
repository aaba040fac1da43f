//! What lines of web servers mean.

use super::super::{Choice, Health, NameFact, Skip, read};
use super::*;
use crate::bytes::Input;
use crate::model::At;

#[derive(Default)]
struct Said(Vec<String>);

impl Sink for Said {
    fn record(&mut self, _: At, _: &[u8], what: Settled<'_, '_>) {
        self.0.push(match what {
            Settled::Ignored(why) => format!("ignored: {why}"),
            Settled::Rejected(why) => format!("rejected: {why}"),
            Settled::Flow(f) => {
                let shown = |n: Option<u64>| n.map_or("?".to_owned(), |n| n.to_string());
                format!(
                    "{} {} {}>{}{}{} {:?} {} {} {} {}/{}",
                    f.time,
                    f.lane.name(),
                    f.client,
                    f.server_name.unwrap_or("?"),
                    f.server_address.map_or(String::new(), |a| format!("({a})")),
                    f.server_port.map_or(String::new(), |p| format!(":{p}")),
                    f.path.unwrap_or("-"),
                    f.method.name(),
                    f.disposition.name(),
                    f.transport.name(),
                    shown(f.bytes_out),
                    shown(f.bytes_in),
                )
            }
        });
    }
    fn name(&mut self, _: &NameFact<'_>) {}
    fn health(&mut self, _: Health) {}
}

fn say(format: &str, log_format: Option<&str>, line: &str) -> String {
    let options = ReadOptions { log_format: log_format.map(str::to_owned), ..ReadOptions::default() };
    let mut said = Said::default();
    let input = Input::At(&line.as_bytes());
    let log = read(input, Choice::Forced(format), &options, &mut said, &mut |_| {});
    assert_eq!(log.counts.read, 1, "{line}: {log:?}");
    said.0.remove(0)
}

fn usual(line: &str) -> String {
    say("web-access", None, line)
}

const NGINX: &str = r#"$remote_addr - $remote_user [$time_local] "$request" $status $bytes_sent $request_length $scheme $host "$ssl_protocol" "$upstream_addr" "$proxy_host" $request_time"#;

fn nginx(tail: &str) -> String {
    let line = format!("10.0.0.7 - a b [23/Nov/2026:09:34:30 +0100] {tail}\n");
    say("web-access", Some(NGINX), &line)
}

const AT: &str = "2026-11-23T08:34:30Z";

#[test]
fn usual_lines_lead_to_the_server_that_wrote_them() {
    let tail = r#"[23/Nov/2026:09:34:30 +0100] "POST /v1/x?secret HTTP/1.1" 200 512 "-" "curl \"x\" 7""#;
    let end = r#""/v1/x" write unknown unknown ?/512"#;
    assert_eq!(usual(&format!("10.0.0.7 - - {tail}")), format!("{AT} http 10.0.0.7>? {end}"));
    assert_eq!(usual(&format!("10.0.0.7 - a b [c] {tail}")), format!("{AT} http 10.0.0.7>? {end}"));
    assert_eq!(usual(&format!("::1 - {tail}")), format!("{AT} http ::1>? {end}"));
    assert_eq!(usual(&format!("pc.example - - {tail}")), format!("{AT} http pc.example>? {end}"));
    assert_eq!(
        usual(&format!("a.example:443 10.0.0.7 - - {tail}")),
        format!("{AT} http 10.0.0.7>a.example:443 {end}")
    );
    assert_eq!(usual(&format!("a.example ::1 - - {tail}")), format!("{AT} http ::1>a.example {end}"));
    assert_eq!(
        usual(&format!("10.0.0.9 10.0.0.7 - - {tail}")),
        format!("{AT} http 10.0.0.7>10.0.0.9(10.0.0.9) {end}")
    );
    let sizes = r#""/v1/x" write unknown unknown 230/700"#;
    assert_eq!(usual(&format!("10.0.0.7 - - {tail} 230 700")), format!("{AT} http 10.0.0.7>? {sizes}"));
    // Microseconds and seconds, or a body larger than the whole: no sizes.
    assert_eq!(usual(&format!("10.0.0.7 - - {tail} 5021 0")), format!("{AT} http 10.0.0.7>? {end}"));
    assert_eq!(usual(&format!("10.0.0.7 - - {tail} 230 511")), format!("{AT} http 10.0.0.7>? {end}"));
}

#[test]
fn lines_of_other_kinds_are_said_to_be_so() {
    let head = "10.0.0.7 - - [23/Nov/2026:08:34:30 +0000]";
    for request in [
        r"\x16\x03\x01\x02",
        "",
        "-",
        "HELP",
        "batman",
        "GET x HTTP/1.1",
        "PRI * HTTP/2.0",
        r"a\xFF / HTTP/1.1",
    ] {
        assert_eq!(
            usual(&format!("{head} \"{request}\" 400 157 \"-\" \"-\"")),
            "ignored: a request that is not HTTP"
        );
    }
    for line in [
        "2022/01/24 16:33:06 [error] 334#334: *338 user \"x\": password mismatch, client: 1.2.3.4",
        "[Thu Oct 13 12:24:49.880562 2022] [auth_basic:error] [pid 10:tid 1] [client 31.33.58.75:50229] AH01618",
    ] {
        assert_eq!(usual(line), "ignored: error log line");
        assert_eq!(say("web-access", Some(NGINX), line), "ignored: error log line");
        assert_eq!(say("web-access-json", None, line), "ignored: error log line");
    }
    for line in [
        r#"[24/Jan/2022:16:51:02 +0000] - 404 404 - GET http a.example "/" [Client 1.2.3.4] [Length 1] "-" "-""#,
        r#"Jun  8 08:04:43 host nginx: 10.0.0.7 - - [23/Nov/2026:08:34:30 +0000] "GET / HTTP/1.1" 200 5 "-" "-""#,
        r#"10.0.0.7 - - [31/Feb/2026:08:34:30 +0000] "GET / HTTP/1.1" 200 5"#,
        r#"10.0.0.7 - - [23/Nov/2026:08:34:30 +0000] "GET / HTTP/1.1" 2000 5"#,
        r#"10.0.0.7 - - [23/Nov/2026:08:34:30 +0000] "GET / HTTP/1.1" 200 x"#,
        r#"alice - - [23/Nov/2026:08:34:30 +0000] "GET / HTTP/1.1" 200 5 "-" "-""#,
        r#"alice 10.0.0.7 - [23/Nov/2026:08:34:30 +0000] "GET / HTTP/1.1" 200 5 "-" "-""#,
        r#" - - [23/Nov/2026:08:34:30 +0000] "GET / HTTP/1.1" 200 5"#,
        "x",
    ] {
        assert_eq!(usual(&format!("{line}\n")), "rejected: not a line of this format", "{line}");
    }
}

#[test]
fn requests_in_proxy_form_lead_to_the_host_they_name() {
    let of = |request: &str, status: u16| {
        usual(&format!("10.0.0.7 - - [23/Nov/2026:08:34:30 +0000] \"{request} HTTP/1.1\" {status} 5"))
            .replace(&format!("{AT} proxy 10.0.0.7>"), "")
    };
    assert_eq!(of("GET http://u:p@a.example:81/x?q", 200), r#"a.example:81 "/x" read unknown cleartext ?/5"#);
    assert_eq!(of("GET https://a.example/", 407), r#"a.example:443 "/" read denied tls ?/5"#);
    assert_eq!(of("CONNECT a.example:443", 200), r#"a.example:443 "-" connect delivered unknown ?/5"#);
    assert_eq!(of("CONNECT [::1]:443", 403), r#"::1(::1):443 "-" connect denied unknown ?/5"#);
    assert_eq!(of("CONNECT a.example:443", 405), r#"a.example:443 "-" connect failed unknown ?/5"#);
    assert_eq!(of("CONNECT a.example:443", 0), r#"a.example:443 "-" connect unknown unknown ?/5"#);
}

#[test]
fn requests_passed_on_lead_to_the_last_server() {
    let of = |tail: &str| nginx(tail).replace(&format!("{AT} proxy 10.0.0.7>"), "");
    let post = r#""POST /v1/images/generations HTTP/1.1" 200 700 9000 https img.clinic.example "TLSv1.3""#;
    let path = r#""/v1/images/generations" write"#;
    assert_eq!(
        of(&format!(r#"{post} "203.0.113.9:443" "api.openai.com" 0.000"#)),
        format!("api.openai.com(203.0.113.9):443 {path} delivered unknown 9000/700")
    );
    assert_eq!(
        of(&format!(r#"{post} "10.0.0.1:80, unix:/run/a, [2001:db8::1]:8080 : 203.0.113.9:443" "-" 0.000"#)),
        format!("203.0.113.9(203.0.113.9):443 {path} delivered unknown 9000/700")
    );
    assert_eq!(
        of(&format!(r#"{post} "-" "api.openai.com:8443" 0.000"#)),
        format!("api.openai.com:8443 {path} served-locally tls1.3 9000/700")
    );
    assert_eq!(
        of(&format!(r#"{post} "-" "-" 0.000"#)),
        format!("img.clinic.example {path} served-locally tls1.3 9000/700")
    );
    assert_eq!(
        of(&format!(r#"{post} "unix:/run/php.sock" "-" 0.000"#)),
        format!("? {path} served-locally unknown 9000/700")
    );
    for status in ["000", "499", "502", "504"] {
        let line =
            format!(r#"{post} "203.0.113.9:443" "-" 0.000"#).replace("200 700", &format!("{status} 700"));
        assert!(of(&line).contains(" unknown unknown "), "{status}");
    }
    // The time is that of the end.
    assert!(nginx(&format!(r#"{post} "-" "-" 1.500"#)).starts_with("2026-11-23T08:34:28.500Z "));
}

#[test]
fn traefik_tells_where_it_went() {
    let line = r#"172.17.0.1 - - [23/Nov/2026:08:34:30 +0000] "GET /a?b HTTP/1.1" 200 414 "-" "-" 500 "test@docker -> x" "http://172.17.0.3:80" 0ms"#;
    let flow = r#"172.17.0.3(172.17.0.3):80 "/a" read delivered cleartext ?/414"#;
    assert_eq!(usual(line), format!("{AT} proxy 172.17.0.1>{flow}"));
    let none = line.replace("http://172.17.0.3:80", "-").replace("200 414", "- -");
    assert_eq!(usual(&none), format!("{AT} proxy 172.17.0.1>? \"/a\" read served-locally unknown ?/?"));
}

#[test]
fn json_logs_are_read_by_key_or_by_layout() {
    let json = r#"{"remote_addr":"10.0.0.7","msec":"1795422870.000","request":"GET /a\"b\u00e9 HTTP/1.1","status":200,"bytes_sent":512,"host":"a.example","upstream_addr":""}"#;
    let flow = format!("{AT} proxy 10.0.0.7>a.example \"/a\\\"b\u{e9}\" read served-locally unknown ?/512");
    assert_eq!(say("web-access-json", None, json), flow);
    let layout = r#"{"remote_addr":"$remote_addr","msec":"$msec","request":"$request","status":$status,"bytes_sent":$bytes_sent,"host":"$host","upstream_addr":"$upstream_addr"}"#;
    assert_eq!(say("web-access", Some(layout), json), flow);
    let broken = json.replace("\"bytes_sent\":512", "\"bytes_sent\":5x") + "\n";
    assert_eq!(say("web-access-json", None, &broken), "rejected: size is not a number");
}

#[test]
fn other_formats_with_a_mark_of_their_own_come_first() {
    let choose = |text: &str| {
        let log = read(
            Input::At(&text.as_bytes()),
            Choice::Auto,
            &ReadOptions::default(),
            &mut Said::default(),
            &mut |_| {},
        );
        match log.skipped {
            Some(Skip::Unrecognised) => "none",
            None => log.format.unwrap(),
            Some(other) => panic!("{other:?}"),
        }
    };
    let combined =
        r#"10.0.0.7 - - [23/Nov/2026:08:34:30 +0000] "GET http://a.example/ HTTP/1.1" 200 5 "-" "x""#;
    assert_eq!(choose(combined), "web-access");
    assert_eq!(choose(&format!("{combined}\n{combined} TCP_MISS:HIER_DIRECT\n")), "squid-combined");
    assert_eq!(
        choose(r#"{"remote_addr":"a","status":1,"time_local":"x","request":"y","event_type":1}"#),
        "web-access-json"
    );
    assert_eq!(choose("2022/01/24 16:33:06 [error] 334#334: x\n"), "web-access");
    assert_eq!(choose("a line of text\n"), "none");
}

#[test]
fn a_layout_that_cannot_be_used_stops_reading() {
    let options = ReadOptions { log_format: Some("$status".to_owned()), ..ReadOptions::default() };
    let mut said = Said::default();
    let log = read(Input::At(&&b"200\n"[..]), Choice::Forced("web-access"), &options, &mut said, &mut |_| {});
    assert!(log.stopped.unwrap().why.contains("it logs no client"));
}

#[test]
fn layouts_that_the_documents_recommend_can_be_read() {
    let quoted = |doc: &str, name: &str| {
        let block = doc.split(&format!("log_format {name}")).nth(1).unwrap().split(';').next().unwrap();
        block.split('\'').skip(1).step_by(2).collect::<String>()
    };
    for doc in [FORMAT.doc(), super::super::web_access_json::FORMAT.doc()] {
        let layout = quoted(doc, "domicile");
        assert!(layout.contains("$upstream_addr") && layout.contains("$remote_addr"), "{layout}");
        assert_eq!(FORMAT.layout(&layout), Ok(()), "{layout}");
    }
    for line in FORMAT.doc().lines().filter(|l| l.trim_start().starts_with("LogFormat")) {
        let layout = line.split_once('"').and_then(|(_, rest)| rest.rsplit_once('"')).unwrap().0;
        assert_eq!(FORMAT.layout(layout), Ok(()), "{layout}");
    }
}

/// Method and target as they were found before the usual end of a request was looked for.
fn by_searching(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let blank = line.iter().position(|b| *b == b' ')?;
    let (method, rest) = (&line[..blank], &line[blank + 1..]);
    let token = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    if method.is_empty() || method.len() > 32 || !method.iter().all(token) {
        return None;
    }
    let target = match rest.iter().rposition(|b| *b == b' ') {
        Some(at) if rest[at + 1..].starts_with(b"HTTP/") => &rest[..at],
        _ if method == b"GET" => rest,
        _ => return None,
    };
    let is_target = target.starts_with(b"/") || target == b"*" || target.windows(3).any(|w| w == b"://");
    let fits = match method {
        b"CONNECT" => !target.is_empty(),
        b"PRI" if target == b"*" => false,
        _ => is_target,
    };
    fits.then_some((method, target))
}

proptest::proptest! {
    #[test]
    fn request_lines_are_read_as_by_searching(
        pieces in proptest::collection::vec(proptest::sample::select(vec![
            "GET", "POST", "CONNECT", "PRI", " ", " ", "/", "/a b", "*", "http://a/", "HTTP/", "HTTP/1.1", " HTTP/1.1", " HTTP/2.0",
            "1.1", ".", "HTTP/1. ", "-", "\0", "a.example:443",
        ]), 0..8),
    ) {
        let line = pieces.concat();
        proptest::prop_assert_eq!(crate::traffic::web::request_line(line.as_bytes()), by_searching(line.as_bytes()));
    }
}

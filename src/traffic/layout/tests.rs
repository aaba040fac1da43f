//! Format strings and the lines they cut.

use super::*;
use proptest::prelude::*;

fn web(text: &str) -> Layout {
    Layout::of_web(text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn value<'a>(layout: &Layout, line: &'a str, role: Role) -> Option<&'a str> {
    let values = layout.cut(line.as_bytes()).unwrap_or_else(|| panic!("{line} does not fit"));
    values.get(role).map(|v| std::str::from_utf8(v).unwrap())
}

#[test]
fn nginx_lines_are_cut_at_their_literals() {
    let layout = web(
        r#"$remote_addr - $remote_user [$time_local] "$request" $status ${body_bytes_sent}B "$http_referer" "$http_user_agent" rt=$request_time"#,
    );
    // A user name may hold what ends it.
    let line = r#"10.0.0.7 - a - b [x] [23/Nov/2026:08:34:30 +0000] "GET /\x22 HTTP/1.1" 200 5B "-" "a "quoted" agent" rt=0.1"#;
    assert_eq!(value(&layout, line, Role::Clf), Some("23/Nov/2026:08:34:30 +0000"));
    assert_eq!(value(&layout, line, Role::Request), Some(r"GET /\x22 HTTP/1.1"));
    assert_eq!(value(&layout, line, Role::BackBody), Some("5"));
    assert_eq!(value(&layout, line, Role::TookSeconds), Some("0.1"));
    assert!(layout.cut(b"10.0.0.7 - - [x] \"GET\" 200 5B \"-\"").is_none());
}

#[test]
fn fields_that_touch_are_told_apart_where_they_can_be() {
    let layout = web(
        r"$remote_addr:$remote_port $msec $request_method $scheme://$host:$server_port$request_uri$is_args$args",
    );
    let line = "2001:db8::7:5000 1.5 GET https://[::1]:8443/a?b=http://c";
    assert_eq!(value(&layout, line, Role::Client), Some("2001:db8::7"));
    assert_eq!(value(&layout, line, Role::Host), Some("[::1]"));
    assert_eq!(value(&layout, line, Role::Port), Some("8443"));
    assert_eq!(value(&layout, line, Role::Target), Some("/a?b=http://c"));
    let layout = web(r#"$msec $remote_addr "$scheme://$http_host$request_uri" "$http_user_agent""#);
    let line = r#"1.5 10.0.0.7 "http://" "curl/7""#;
    assert_eq!((value(&layout, line, Role::Host), value(&layout, line, Role::Target)), (None, None));
    let layout = web(r"%v:%p %a %{%d/%b/%Y %T}t.%{msec_frac}t %{%z}t %m %U%q %>s %b");
    let line = "a.example:443 10.0.0.7 23/Nov/2026 08:34:30.123 +0100 GET /a?b 200 -";
    let values = layout.cut(line.as_bytes()).unwrap();
    assert_eq!(instant(&values).unwrap().to_string(), "2026-11-23T07:34:30.123Z");
    assert_eq!(values.get(Role::ServerName), Some(&b"a.example"[..]));
    assert_eq!(values.get(Role::Path), Some(&b"/a?b"[..]));
    assert!(values.has(Role::BackBody) && values.get(Role::BackBody).is_none());
}

#[test]
fn apache_directives_of_every_shape_are_known() {
    let layout = web(
        r#"%{c}a %h %l %u %t \"%r\" %!200,304>s %400,501{User-agent}i %I %O %S %B %V %D %T %X %{SSL_PROTOCOL}x %{X}^ti %{usec}t 100%% \"%{Host}i\""#,
    );
    let line = r#"10.0.0.1 10.0.0.7 - - [23/Nov/2026:08:34:30 +0000] "GET /\"x\" HTTP/1.1" 404 - 20 300 320 5 v.example 9 0 + TLSv1.2 - 1795422870000000 100% "h.example""#;
    for (role, expected) in [
        (Role::Connection, "10.0.0.1"),
        (Role::Client, "10.0.0.7"),
        (Role::Request, r#"GET /\"x\" HTTP/1.1"#),
        (Role::Status, "404"),
        (Role::Sent, "20"),
        (Role::Back, "300"),
        (Role::BackBody, "5"),
        (Role::ServerName, "v.example"),
        (Role::Tls, "TLSv1.2"),
        (Role::Host, "h.example"),
    ] {
        assert_eq!(value(&layout, line, role), Some(expected), "{role:?}");
    }
}

#[test]
fn squid_codes_of_every_shape_are_known() {
    let compile = |text| Layout::compile(Dialect::Squid, text).unwrap_or_else(|e| panic!("{text}: {e}"));
    let native = compile("%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt %>st");
    let line =
        "1795422870.896      2 127.0.0.1 TCP_MISS/200 290 POST http://a/ - HIER_DIRECT/127.0.0.9 a/b 44";
    assert_eq!(value(&native, line, Role::Sent), Some("44"));
    assert_eq!(value(&native, line, Role::Peer), Some("127.0.0.9"));
    let values = native.cut(line.as_bytes()).unwrap();
    assert_eq!(instant(&values).unwrap().to_string(), "2026-11-23T08:34:30.894Z");
    let other = compile(
        r#"%>a:%>p [%tl] "%rm %ru HTTP/%rv" %-6>Hs %>st/%<st "%"{User-Agent}>h" %>h{Host} %ssl::>sni %Ss:%Sh"#,
    );
    let line = r#"::1:5000 [23/Nov/2026:08:34:30 +0000] "GET http://a/ HTTP/1.1" 200    1/2 "x" a.example - TCP_MISS:HIER_NONE"#;
    assert_eq!(value(&other, line, Role::Client), Some("::1"));
    assert_eq!(value(&other, line, Role::Status), Some("200"));
    assert_eq!(value(&other, line, Role::Host), Some("a.example"));
    assert_eq!(value(&other, line, Role::Hierarchy), Some("HIER_NONE"));
}

#[test]
fn mistakes_are_told_with_their_column() {
    let wrong = |dialect, text: &str| Layout::compile(dialect, text).unwrap_err().to_string();
    let nginx = |text: &str| wrong(Dialect::Nginx, text);
    assert_eq!(nginx("$remote_addr ${status"), "column 14: `${` is not closed by `}`");
    assert_eq!(nginx("$remote_addr $ x"), "column 14: `$` is not followed by the name of a variable");
    assert_eq!(
        nginx("$remote_addr $status$body_bytes_sent"),
        "column 21: nothing stands between `$status` and `$body_bytes_sent`, so they cannot be told apart"
    );
    assert_eq!(
        nginx("$remote_addr $status"),
        "column 1: it logs no time: it needs `$time_local`, `$time_iso8601` or `$msec`"
    );
    assert_eq!(
        nginx("$remote_addr $msec"),
        "column 1: it logs no request: it needs `$request`, or `$request_method` and `$request_uri`"
    );
    assert_eq!(
        nginx("log_format main '$x'"),
        "column 1: `log_format` and the name are no part of the format: leave them out"
    );
    let apache = |text: &str| wrong(Dialect::Apache, text);
    assert_eq!(apache("%h %t \"%r\" %>y"), "column 12: Apache has no `%>y`");
    assert_eq!(apache("%h %t \"%r\" %{x"), "column 12: `%{` is not closed by `}`");
    assert_eq!(apache("%h %"), "column 4: `%` is not followed by a letter");
    assert_eq!(apache("%h %{%H:%M %d/%b/%Y}t %r"), "column 1: its time has no zone: add `%z`");
    assert_eq!(apache("%h %{%c}t %r"), "column 4: `%c` in the time of `%{%c}t` is not read here");
    assert_eq!(apache("words"), "column 1: it has no field");
    let squid = |text: &str| wrong(Dialect::Squid, text);
    assert_eq!(squid("%ts.%03tu %>a %zz %ru"), "column 15: Squid has no code that begins `%zz`");
    assert_eq!(squid("%ts %>a %rp"), "column 1: it logs no URL: it needs `%ru`");
    assert_eq!(squid("%>a %ru"), "column 1: it logs no time: it needs `%ts`, `%tS` or `%tl`");
}

proptest! {
    #[test]
    fn no_format_string_and_no_line_breaks_anything(
        text in "([$%{}\\\\\"a-z:/ é>-]|%>a|%ts|%ru|\\$remote_addr|\\$msec|\\$request|%h|%t|%r|%\\{%e %Y\\}t){0,12}",
        line in "([-\\[\\]\\\\\"/: é]|[0-9]{1,4}|GET / HTTP/1.1){0,30}",
    ) {
        for dialect in [Dialect::Nginx, Dialect::Apache, Dialect::Squid] {
            match Layout::compile(dialect, &text) {
                Ok(layout) => { let _ = layout.cut(line.as_bytes()).and_then(|v| instant(&v)); }
                Err(e) => prop_assert!(text.is_char_boundary(e.at) && !e.why.is_empty()),
            }
        }
    }
}

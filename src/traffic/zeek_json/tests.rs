use super::quick::Zeek;
use super::*;
use crate::traffic::json_walk::{Reader, made_up};
use proptest::prelude::*;

#[test]
fn time_is_read_in_every_spelling() {
    let t = |text: &str| instant(&serde_json::from_str(text).unwrap()).map(|t| t.to_string());
    assert_eq!(t("1521911720.600725").as_deref(), Some("2018-03-24T17:15:20.600725Z"));
    assert_eq!(t("1521911720600").as_deref(), Some("2018-03-24T17:15:20.600Z"));
    assert_eq!(t("\"2018-03-24T17:15:20.600725Z\"").as_deref(), Some("2018-03-24T17:15:20.600725Z"));
    assert_eq!(t("1e300"), None);
    assert_eq!(t("null"), None);
}

#[test]
fn the_log_is_known_by_its_fields() {
    let path = |text: &str| serde_json::from_str::<Record<'_>>(text).unwrap().path();
    assert_eq!(path(r#"{"ts":1,"conn_state":"SF"}"#), Path::Conn);
    assert_eq!(path(r#"{"ts":1,"query":"a.example"}"#), Path::Dns);
    assert_eq!(path(r#"{"ts":1,"_path":"ssl","query":"a"}"#), Path::Ssl);
    assert_eq!(path(r#"{"ts":1}"#), Path::Other);
    assert_eq!(path(r#"{"ts":1,"trans_depth":1,"method":"POST","uri":"/"}"#), Path::Http);
    assert_eq!(path(r#"{"ts":1,"uid":"C","established":false}"#), Path::Ssl);
}

#[test]
fn logs_that_share_fields_are_told_apart() {
    let path = |text: &str| serde_json::from_str::<Record<'_>>(text).unwrap().path();
    assert_eq!(
        path(r#"{"ts":1,"trans_depth":1,"method":"INVITE","uri":"sip:a","call_id":"x"}"#),
        Path::Other
    );
    assert_eq!(path(r#"{"ts":1,"trans_depth":1,"helo":"mail.example","tls":true}"#), Path::Other);
    assert_eq!(path(r#"{"ts":1,"request_type":"TGS","service":"host/a","cipher":"aes256"}"#), Path::Other);
    assert_eq!(
        path(r#"{"ts":1,"_path":"known_services","host":"10.0.0.1","service":["HTTP"]}"#),
        Path::Other
    );
}

/// What the quick pass makes of a line, if it is sure of it, and what the parser does.
fn both(line: &[u8]) -> (Option<String>, String) {
    WAYS.both(&mut Reader::default(), line)
}

fn agree(reader: &mut Reader<Zeek>, line: &[u8]) {
    WAYS.agree(reader, line);
}

const LINES: [&str; 8] = [
    r#"{"ts":1795400000.123456,"uid":"C1","id.orig_h":"10.0.0.5","id.orig_p":50000,"id.resp_h":"203.0.113.9","id.resp_p":443,"proto":"tcp","service":"ssl","duration":0.12,"orig_bytes":517,"resp_bytes":0,"conn_state":"SF","local_orig":true,"history":"ShADadFf","ip_proto":6}"#,
    r#"{"_path":"http","ts":1795400000.5,"id.orig_h":"10.0.0.5","id.resp_h":"203.0.113.9","id.resp_p":80,"trans_depth":1,"method":"POST","host":"a.example","uri":"\/a\u003fb","version":"1.1","request_body_len":7,"response_body_len":9,"status_code":200,"tags":[]}"#,
    r#"{"ts":1795400000.000001,"id.orig_h":"10.0.0.5","id.resp_h":"2001:db8::1","id.resp_p":443,"version":"TLSv13","server_name":"api.example","established":true,"client_cert_chain_fps":["a","b"]}"#,
    r#"{"ts":"2026-11-23T08:34:30.5Z","id.orig_h":"10.0.0.5","id.resp_h":"10.0.0.1","id.resp_p":53,"proto":"udp","trans_id":7,"query":"a.example","rcode":0,"answers":["b.example","198.51.100.7","::1"],"TTLs":[]}"#,
    r#"{"ts":1795400000,"_path":"quic","id.orig_h":"10.0.0.5","id.resp_h":"203.0.113.9","version":"1","client_initial_dcid":"x","server_name":"q.example","history":"ISishHOo"}"#,
    r#"{"ts":1795400000.25,"_path":"stats","mem":77}"#,
    r#"{"ts":1795400000.25,"_path":"known_services","host":"10.0.0.1","service":["HTTP","SSL"]}"#,
    r#"{"ts":1795400000.25,"fuid":"F1","geo":{"id.resp_h":"192.0.2.1","conn_state":"REJ","deep":[{"ts":[]}]}}"#,
];

#[test]
fn the_quick_pass_is_sure_of_what_zeek_writes_and_right() {
    for line in LINES {
        let (quick, parsed) = both(line.as_bytes());
        assert_eq!(quick.as_deref(), Some(parsed.as_str()), "{line}");
        assert!(!parsed.contains("Rejected"), "{parsed}");
    }
    let twice = LINES[0].replace(r#""proto""#, r#""id.resp_h":"192.0.2.1","proto""#);
    assert_eq!(both(twice.as_bytes()).0, None);
}

#[test]
fn the_quick_pass_agrees_with_the_parser_on_damaged_lines() {
    let mut reader = Reader::default();
    LINES.iter().for_each(|line| agree(&mut reader, line.as_bytes()));
    LINES.iter().for_each(|line| made_up::damaged(line.as_bytes(), |line| agree(&mut reader, line)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 8 } else { 2000 }))]

    #[test]
    fn the_quick_pass_agrees_with_the_parser_on_made_up_lines(
        value in made_up::value(
            vec![
                "_path", "ts", "id.orig_h", "id.resp_h", "id.resp_p", "proto", "service", "conn_state", "orig_bytes",
                "answers", "query", "established", "version", "fuid", "call_id", "trans_depth", "method", "rcode", "x",
            ],
            vec![
                "1", "0", "1795400000.5", "1.5", "true", "false", "null", "\"dns\"", "\"conn\"", "\"10.0.0.1\"", "[]", "{}",
                "\"a\\\"b\"", "\"2026-11-22T12:00:05Z\"", "-1", "1e3", "70000",
            ],
        ),
        stamp in (0_u64..3_000_000_000, "[0-9]{0,8}"),
        pad in 0..130_usize,
    ) {
        let mut reader = Reader::default();
        let head = format!("{{\"ts\":{}.{},\"id.orig_h\":\"10.0.0.1\"", stamp.0, stamp.1);
        agree(&mut reader, format!("{head},\"pad\":\"{}\",\"answers\":{value}}}", "x".repeat(pad)).as_bytes());
        agree(&mut reader, format!("{head},\"conn_state\":\"SF\",\"service\":{value}}}").as_bytes());
        agree(&mut reader, format!("{head},\"_path\":\"dns\",\"query\":\"a\"}}").as_bytes());
        agree(&mut reader, value.as_bytes());
    }
}

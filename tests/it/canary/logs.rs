//! Logs with a canary in every field that can hold a prompt, an image, a credential, a user or a path.

use crate::program::Folder;
use base64ct::{Base64, Encoding as _};
use serde_json::{Value, json};

/// What a log holds: records read, and those of them that are flows.
pub(super) struct Planted {
    pub(super) name: &'static str,
    pub(super) read: u64,
    pub(super) flows: u64,
}

/// Writes every log and says what each holds.
pub(super) fn plant(folder: &Folder) -> Vec<Planted> {
    let mut planted = Vec::new();
    for (name, bytes, read, flows) in [
        ("logs/squid/access.log", squid(), 7, 5),
        ("logs/combined/access.log", combined(), 3, 2),
        ("logs/web/access.log", web(), 5, 3),
        ("logs/web/access.json", web_json(), 2, 1),
        ("logs/zeek/http.log", zeek_http(), 3, 2),
        ("logs/zeek/files.log", zeek_files(), 1, 0),
        ("logs/zeek-json/http.log", zeek_json(), 2, 1),
        ("logs/suricata/eve.json", suricata(), 6, 2),
        ("logs/browser.har", har(), 5, 4),
    ] {
        folder.write(name, bytes.as_bytes());
        planted.push(Planted { name, read, flows });
    }
    planted
}

/// Five requests, a line that is none and one that was cut.
fn squid() -> String {
    [
        "1795312800.100 120 10.99.0.5 TCP_MISS/200 512 POST http://KanarieVogel-userinfo:KanarieVogel-password@203.0.113.9/sdapi/v1/KanarieVogel-path?prompt=KanarieVogel-query#KanarieVogel-fragment KanarieVogel-user HIER_DIRECT/203.0.113.9 application/KanarieVogel-type",
        "1795312801.100 120 10.99.0.5 TCP_TUNNEL/200 90512 CONNECT api.openai.com:443 KanarieVogel-tunnel-user HIER_DIRECT/203.0.113.20 -",
        "1795312802.100 120 10.99.0.5 TCP_MISS/200 512 POST https://api.openai.com/v1/images/edits/%4BanarieVogel-escaped?key=KanarieVogel-key KanarieVogel%20user HIER_DIRECT/203.0.113.20 -",
        "1795312803.100 120 10.99.0.5 TCP_DENIED/403 512 GET http://api.replicate.com/v1/models/KanarieVogel-model KanarieVogel-denied HIER_NONE/- text/html",
        "1795312804.100 120 10.99.0.77 TCP_MISS/200 512 KANARIEVOGEL-METHOD http://api.bfl.ai/v1/KanarieVogel-other-client KanarieVogel-other HIER_DIRECT/203.0.113.30 -",
        "KanarieVogel-line that no proxy wrote",
        "1795312805.100 120 10.99.0.5 TCP_MISS/200 512 GET http://203.0.113.9/KanarieVogel-cut",
    ]
    .join("\n")
}

fn combined() -> String {
    [
        r#"10.99.0.5 - KanarieVogel-user [22/Nov/2026:02:10:00 +0000] "POST http://203.0.113.9/sdapi/KanarieVogel-path?KanarieVogel-query HTTP/1.1" 200 512 "http://a.example/KanarieVogel-referer" "KanarieVogel-agent "quoted" KanarieVogel" TCP_MISS:HIER_DIRECT"#,
        r#"10.99.0.5 KanarieVogel-ident KanarieVogel-user [22/Nov/2026:02:11:00 +0000] "CONNECT api.openai.com:443 HTTP/1.1" 200 512 "-" "KanarieVogel-agent" TCP_TUNNEL:HIER_DIRECT"#,
        r#"10.99.0.5 - KanarieVogel-user [KanarieVogel-time] "KanarieVogel-request" 200 512 "-" "-" TCP_MISS:HIER_DIRECT"#,
        "",
    ]
    .join("\n")
}

/// Two requests, a request that is none, a line that begins with a user and one that was cut but tells enough.
fn web() -> String {
    [
        r#"10.99.0.5 - KanarieVogel [user] name [22/Nov/2026:02:20:00 +0000] "POST /v1/images/generations/KanarieVogel-path?KanarieVogel-query HTTP/1.1" 200 512 "http://a.example/KanarieVogel-referer" "KanarieVogel-agent \"quoted\"" "KanarieVogel-forwarded""#,
        r#"10.99.0.5 KanarieVogel-ident KanarieVogel-user [22/Nov/2026:02:21:00 +0000] "GET http://KanarieVogel-userinfo:KanarieVogel-password@203.0.113.9/KanarieVogel-path HTTP/1.1" 200 512"#,
        r#"10.99.0.5 - - [22/Nov/2026:02:22:00 +0000] "KanarieVogel-request" 400 157 "-" "KanarieVogel-agent""#,
        r#"KanarieVogel-user - - [22/Nov/2026:02:23:00 +0000] "GET /KanarieVogel-path HTTP/1.1" 200 5 "-" "-""#,
        r#"10.99.0.5 - - [22/Nov/2026:02:24:00 +0000] "GET /KanarieVogel-path HTTP/1.1" 200 5 "-" "KanarieVogel-cut"#,
    ]
    .join("\n")
}

fn web_json() -> String {
    [
        r#"{"time_iso8601":"2026-11-22T02:25:00+00:00","remote_addr":"10.99.0.5","remote_user":"KanarieVogel-user","request":"POST /sdapi/v1/txt2img?KanarieVogel-query HTTP/1.1","status":"200","upstream_addr":"203.0.113.9:443","http_authorization":"KanarieVogel-key","http_user_agent":"KanarieVogel-agent"}"#,
        r#"{"time_iso8601":"KanarieVogel-time","remote_addr":"10.99.0.5","request":"GET /KanarieVogel-path HTTP/1.1","status":"200"}"#,
        "",
    ]
    .join("\n")
}

const HTTP: &str = "ts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\ttrans_depth\tmethod\thost\turi\treferrer\tversion\tuser_agent\torigin\trequest_body_len\tresponse_body_len\tstatus_code\tstatus_msg\tinfo_code\tinfo_msg\tusername\tpassword\tproxied\torig_filenames\tresp_filenames";
const HTTP_TYPES: &str = "time\tstring\taddr\tport\taddr\tport\tcount\tstring\tstring\tstring\tstring\tstring\tstring\tstring\tcount\tcount\tcount\tstring\tcount\tstring\tstring\tstring\tset[string]\tvector[string]\tvector[string]";

fn zeek(path: &str, fields: &str, types: &str, lines: &[&str]) -> String {
    let head = format!(
        "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\t{path}\n#open\t2026-11-22-00-00-00\n#fields\t{fields}\n#types\t{types}\n"
    );
    head + &lines.join("\n") + "\n#close\t2026-11-22-23-00-00\n"
}

fn zeek_http() -> String {
    let line = "1795312900.5\tCKanarieVogel\t10.99.0.5\t40000\t203.0.113.9\t7860\t1\tPOST\t203.0.113.9:7860\t/sdapi/v1/txt2img/KanarieVogel-uri?q=KanarieVogel-query\thttp://a.example/KanarieVogel-referrer\t1.1\tKanarieVogel-agent\tKanarieVogel-origin\t9000\t100\t200\tKanarieVogel-status\t-\tKanarieVogel-info\tKanarieVogel-username\tKanarieVogel-password\tX-FORWARDED-FOR -> KanarieVogel-proxied\tKanarieVogel-filename.png\tKanarieVogel-filename.jpg";
    let escaped = line
        .replace("/sdapi/v1/txt2img", "/\\x4banarieVogel-escaped")
        .replace("1795312900.5", "1795312901.5");
    let rejected = line.replace("1795312900.5", "KanarieVogel-time");
    zeek("http", HTTP, HTTP_TYPES, &[line, &escaped, &rejected])
}

fn zeek_files() -> String {
    zeek(
        "files",
        "ts\tfuid\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tsource\tfilename\textracted",
        "time\tstring\tstring\taddr\tport\taddr\tport\tstring\tstring\tstring",
        &[
            "1795312902.5\tFa\tCa\t10.99.0.5\t40000\t203.0.113.9\t7860\tHTTP\tKanarieVogel-filename.png\tKanarieVogel-extracted",
        ],
    )
}

fn zeek_json() -> String {
    let good = json!({
        "ts": 1_795_312_950.5, "uid": "CKanarieVogel", "id.orig_h": "10.99.0.5", "id.orig_p": 40001,
        "trans_depth": 1, "id.resp_h": "203.0.113.9", "id.resp_p": 7860, "method": "POST", "host": "203.0.113.9",
        "uri": "/sdapi/v1/KanarieVogel-uri?KanarieVogel-query", "referrer": "http://a.example/KanarieVogel",
        "user_agent": "KanarieVogel-agent", "username": "KanarieVogel-username",
        "password": "KanarieVogel-password", "orig_filenames": ["KanarieVogel-filename.png"],
        "request_body_len": 9000, "response_body_len": 10, "status_code": 200, "status_msg": "KanarieVogel",
        "KanarieVogel-key": "KanarieVogel-value",
    });
    format!(
        "{good}\n{{\"ts\":1795312951.5,\"_path\":\"http\",\"id.orig_h\":\"KanarieVogel-address\",\"uri\":\"KanarieVogel\"}}\n"
    )
}

fn suricata() -> String {
    let event = |kind: &str, name: &str, value: Value| {
        let mut event = json!({
            "timestamp": "2026-11-22T02:20:00.000001+0000", "event_type": kind, "src_ip": "10.99.0.5",
            "src_port": 40002, "dest_ip": "203.0.113.9", "dest_port": 7860, "proto": "TCP",
        });
        event[name] = value;
        event
    };
    let http = json!({
        "hostname": "203.0.113.9", "url": "/sdapi/v1/KanarieVogel-url?KanarieVogel-query",
        "http_user_agent": "KanarieVogel-agent", "http_refer": "http://a.example/KanarieVogel-refer",
        "http_method": "POST", "protocol": "HTTP/1.1", "status": 200, "length": 10,
        "http_content_type": "KanarieVogel-type", "xff": "KanarieVogel-xff",
        "request_headers": [{"name": "authorization", "value": "Bearer KanarieVogel-bearer"}],
        "http_request_body_printable": "KanarieVogel-body",
        "http_request_body": Base64::encode_string(b"KanarieVogel-body"),
    });
    let tls = json!({"sni": "api.openai.com", "version": "TLS 1.3", "subject": "CN=KanarieVogel-subject",
        "issuerdn": "CN=KanarieVogel-issuer", "fingerprint": "KanarieVogel-print"});
    let mut alert = event("alert", "http", http.clone());
    alert["payload_printable"] = json!("KanarieVogel-payload");
    alert["alert"] = json!({"signature": "KanarieVogel-signature", "category": "KanarieVogel-category"});
    let lines = [
        event("http", "http", http).to_string(),
        event("tls", "tls", tls).to_string(),
        event("fileinfo", "fileinfo", json!({"filename": "/KanarieVogel-file.png", "sha256": "0"})).to_string(),
        alert.to_string(),
        event("KanarieVogel-kind", "ftp", json!({"command": "USER", "command_data": "KanarieVogel-ftp"})).to_string(),
        r#"{"timestamp":"2026-11-22T02:21:00.000001+0000","event_type":"http","http":{"url":"/KanarieVogel-cut"#
            .to_owned(),
    ];
    lines.join("\n")
}

fn entry(url: &str, post: &Value) -> Value {
    let pair = |name: &str, value: &str| json!({"name": name, "value": value});
    json!({
        "startedDateTime": "2026-11-22T02:30:00.000Z", "time": 5, "serverIPAddress": "203.0.113.40",
        "_initiator": {"type": "script", "url": "https://a.example/KanarieVogel-initiator"},
        "comment": "KanarieVogel-comment", "pageref": "KanarieVogel-page",
        "request": {
            "method": "POST", "url": url, "httpVersion": "h2", "headersSize": -1, "bodySize": 900,
            "headers": [pair("Authorization", "Bearer KanarieVogel-token"), pair("Cookie", "s=KanarieVogel-cookie"),
                pair("X-KanarieVogel-header", "KanarieVogel-value"), pair("content-type", post["mimeType"].as_str().unwrap())],
            "cookies": [pair("session", "KanarieVogel-cookie")],
            "queryString": [pair("prompt", "KanarieVogel-query")],
            "postData": post,
        },
        "response": {
            "status": 200, "statusText": "KanarieVogel-status", "httpVersion": "h2", "headersSize": -1,
            "bodySize": 10, "headers": [pair("Set-Cookie", "s=KanarieVogel-set-cookie")],
            "cookies": [], "redirectURL": "https://a.example/KanarieVogel-redirect",
            "content": {"size": 10, "mimeType": "application/json", "text": "{\"url\":\"KanarieVogel-answer\"}"},
        },
    })
}

/// A JSON body with a prompt and an image, a multipart body with a file, a form, messages, and no entry.
fn har() -> String {
    let image =
        Base64::encode_string(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR KanarieVogel-image-bytes and more of them");
    let body = json!({"prompt": "KanarieVogel-prompt", "image": format!("data:image/png;base64,{image}"),
        "api_key": "KanarieVogel-api-key", "KanarieVogel-name": 1})
    .to_string();
    let multipart = "--KanarieVogel-boundary\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\nKanarieVogel-part\r\n--KanarieVogel-boundary\r\nContent-Disposition: form-data; name=\"image\"; filename=\"KanarieVogel-scan.png\"\r\nContent-Type: image/png\r\n\r\n\u{fffd}PNG KanarieVogel\r\n--KanarieVogel-boundary--\r\n";
    let mut socket = entry(
        "wss://KanarieVogel-user:KanarieVogel-pw@api.openai.com/v1/realtime/KanarieVogel-socket?model=KanarieVogel",
        &json!({"mimeType": "text/plain", "text": ""}),
    );
    socket["_webSocketMessages"] = json!([
        {"type": "send", "time": 1.0, "opcode": 1, "data": "{\"prompt\":\"KanarieVogel-message\"}"},
        {"type": "receive", "time": 1.0, "opcode": 2, "data": Base64::encode_string(b"KanarieVogel-received")},
    ]);
    let entries = [
        entry(
            "https://api.bfl.ai/v1/flux-pro/KanarieVogel-path?key=KanarieVogel-key#KanarieVogel-fragment",
            &json!({"mimeType": "application/json", "text": body}),
        ),
        entry(
            "https://api.openai.com/v1/images/edits",
            &json!({"mimeType": "multipart/form-data; boundary=KanarieVogel-boundary", "text": multipart}),
        ),
        entry(
            "https://api.replicate.com/v1/predictions",
            &json!({"mimeType": "application/x-www-form-urlencoded", "text": "prompt=KanarieVogel-form",
                "params": [{"name": "prompt", "value": "KanarieVogel-form", "fileName": "KanarieVogel-file.png"}]}),
        ),
        socket,
        json!({"startedDateTime": "KanarieVogel-time", "request": {"url": "KanarieVogel-url"}}),
    ];
    json!({"log": {"version": "1.2", "creator": {"name": "KanarieVogel-creator", "version": "1"},
        "pages": [{"title": "https://a.example/KanarieVogel-title"}], "entries": entries}})
    .to_string()
}

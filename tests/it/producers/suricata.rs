//! Suricata `eve.json`. Event shapes and key order compared with Suricata 7.0.10 (`http: extended`,
//! `tls: extended`, `dns` version 2, `flow`, `stats`); a live sensor adds `in_iface` and no `pcap_cnt`.

use super::stamp;

/// The addresses of a flow, client first, and its id.
#[derive(Clone, Copy)]
pub(crate) struct Pair<'a> {
    /// Flow id, shared by the events of a flow.
    pub(crate) id: u64,
    /// Client address and port.
    pub(crate) client: (&'a str, u16),
    /// Server address and port.
    pub(crate) server: (&'a str, u16),
    /// `TCP` or `UDP`.
    pub(crate) proto: &'a str,
}

/// What a flow carried.
#[derive(Clone, Copy)]
pub(crate) struct Volume {
    /// Payload bytes to the server.
    pub(crate) out: u64,
    /// Payload bytes to the client.
    pub(crate) back: u64,
}

fn when(time: i64) -> String {
    stamp(time, "%Y-%m-%dT%H:%M:%S%.6f+0000")
}

fn opening(time: i64, kind: &str, p: &Pair<'_>) -> String {
    format!(
        r#"{{"timestamp":"{}","flow_id":{},"in_iface":"enp4s0f0","event_type":"{kind}","src_ip":"{}","src_port":{},"dest_ip":"{}","dest_port":{},"proto":"{}""#,
        when(time),
        p.id,
        p.client.0,
        p.client.1,
        p.server.0,
        p.server.1,
        p.proto
    )
}

/// A TLS handshake.
pub(crate) fn tls(time: i64, p: &Pair<'_>, sni: &str) -> String {
    let head = opening(time, "tls", p);
    format!(r#"{head},"pkt_src":"wire/pcap","tls":{{"sni":"{sni}","version":"TLS 1.3"}}}}"#)
}

/// A cleartext HTTP exchange. `length` is the size of the response body.
pub(crate) fn http(
    time: i64,
    p: &Pair<'_>,
    host: &str,
    (method, url): (&str, &str),
    media: &str,
    length: u64,
) -> String {
    let head = opening(time, "http", p);
    format!(
        r#"{head},"pkt_src":"wire/pcap","tx_id":0,"http":{{"hostname":"{host}","url":"{url}","http_user_agent":"python-requests/2.32.3","http_content_type":"{media}","http_method":"{method}","protocol":"HTTP/1.1","status":200,"length":{length}}}}}"#
    )
}

/// A DNS question and its answer, as two events of one flow.
pub(crate) fn dns(time: i64, p: &Pair<'_>, name: &str, address: &str) -> [String; 2] {
    let id = p.id % 65_536;
    let head = opening(time, "dns", p);
    let question = format!(
        r#"{head},"pkt_src":"wire/pcap","dns":{{"version":2,"type":"query","id":{id},"rrname":"{name}","rrtype":"A","tx_id":0,"opcode":0}}}}"#
    );
    // The answer is logged under the same orientation as the question: client first.
    let head = opening(time + 18_000, "dns", p);
    let answer = format!(
        r#"{head},"pkt_src":"wire/pcap","dns":{{"version":2,"type":"answer","id":{id},"flags":"8180","qr":true,"rd":true,"ra":true,"opcode":0,"rrname":"{name}","rrtype":"A","rcode":"NOERROR","answers":[{{"rrname":"{name}","rrtype":"A","ttl":300,"rdata":"{address}"}}],"grouped":{{"A":["{address}"]}}}}}}"#
    );
    [question, answer]
}

/// Packets and bytes on the link for a volume: to the server, then to the client.
pub(crate) fn on_the_link(p: &Pair<'_>, v: Volume) -> [(u64, u64); 2] {
    let (head, extra) = if p.proto == "TCP" { (66, 6) } else { (42, 0) };
    [v.out, v.back].map(|payload| {
        let packets = payload.div_ceil(1448) + extra;
        (packets, payload + packets * head)
    })
}

/// The end of a flow. Its byte counts are those of the link layer, as Suricata has them.
pub(crate) fn flow(start: i64, end: i64, p: &Pair<'_>, app: &str, v: Volume) -> String {
    let tcp = p.proto == "TCP";
    let [(to_server, sent), (to_client, back)] = on_the_link(p, v);
    // Suricata reports a closed flow when its flow manager finds it, up to a minute later.
    let opening = opening(end + 31 * 1_000_000, "flow", p);
    let state = if tcp { "closed" } else { "established" };
    let mut line = format!(
        r#"{opening},"app_proto":"{app}","flow":{{"pkts_toserver":{to_server},"pkts_toclient":{to_client},"bytes_toserver":{sent},"bytes_toclient":{back},"start":"{}","end":"{}","age":{},"state":"{state}","reason":"timeout","alerted":false}}"#,
        when(start),
        when(end),
        (end - start) / 1_000_000
    );
    if tcp {
        line.push_str(r#","tcp":{"tcp_flags":"1b","tcp_flags_ts":"1b","tcp_flags_tc":"1b","syn":true,"fin":true,"psh":true,"ack":true,"state":"closed","ts_max_regions":1,"tc_max_regions":1}"#);
    }
    line.push('}');
    line
}

/// The sensor's statistics, cut to the counters of capture, decoder, TCP and flow engine.
pub(crate) fn stats(time: i64, uptime: u64) -> String {
    let packets = 41_000 + uptime * 37;
    format!(
        r#"{{"timestamp":"{}","event_type":"stats","stats":{{"uptime":{uptime},"capture":{{"kernel_packets":{packets},"kernel_drops":0,"errors":0}},"decoder":{{"pkts":{packets},"bytes":{},"invalid":0,"ipv4":{packets},"ipv6":0,"ethernet":{packets}}},"tcp":{{"sessions":{},"reassembly_gap":0}},"flow":{{"memcap":0,"total":{}}}}}}}"#,
        when(time),
        packets * 701,
        packets / 90,
        packets / 60
    )
}

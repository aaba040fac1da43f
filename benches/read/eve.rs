//! Suricata `eve.json`: shapes and key order of Suricata 7, with what an attacker or a relay may do to them.

use super::Fate;
use crate::world::{Day, Put, Visit, agent, path};

/// What is unusual about a record. Most have nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Odd {
    Nothing,
    /// Escapes in values that matter.
    Escaped,
    /// An escape in a key that matters.
    EscapedKey,
    /// A key that matters twice: what it says depends on who reads it, so it is refused.
    Twice,
    /// A key that matters to nobody twice.
    OtherTwice,
    /// Objects that hold keys of the same names, before and behind the real ones.
    Nested,
}

pub(super) fn record(day: &mut Day<'_>, out: &mut Vec<u8>) -> Fate {
    let v = day.next();
    let odd = match day.rng.below(1_000) {
        0 => Odd::Twice,
        1 => Odd::OtherTwice,
        2 => Odd::Nested,
        3 => Odd::EscapedKey,
        4 | 5 => Odd::Escaped,
        _ => Odd::Nothing,
    };
    let start = out.len();
    let fate = match day.rng.below(1_000) {
        0..400 => flow(day, out, v, odd),
        400..650 => tls(day, out, v, odd),
        650..750 => http(day, out, v, odd),
        750..930 => dns(day, out, v, odd),
        930..990 => fileinfo(day, out, v, odd),
        _ => stats(day, out),
    };
    let fate = if odd == Odd::Twice && !matches!(fate, Fate::Stats) { Fate::Rejected } else { fate };
    let fate = match day.rng.below(4_000) {
        0 => {
            // Cut, as at a full disk: one brace is missing at least.
            let length = out.len() - start;
            out.truncate(start + 1 + day.rng.below(length as u64 - 1) as usize);
            Fate::Rejected
        }
        1 => {
            out.truncate(start);
            out.s("<Notice> - rotating logs, ").n(day.id).s(" events");
            Fate::Rejected
        }
        2 => {
            out.truncate(start);
            opening(day, out, ("tls", 70_000), v, Odd::Nothing, "TCP");
            out.s("}");
            Fate::Rejected
        }
        3 => {
            out.truncate(start);
            out.s("{\"timestamp\":\"today\",\"event_type\":\"flow\"}");
            Fate::Rejected
        }
        _ => fate,
    };
    out.s("\n");
    fate
}

fn opening(day: &Day<'_>, out: &mut Vec<u8>, (kind, port): (&str, u64), v: Visit<'_>, odd: Odd, proto: &str) {
    let server_port = match kind {
        "http" | "fileinfo" => 80,
        "dns" => 53,
        _ => 443,
    };
    out.s("{\"timestamp\":\"");
    day.iso(out, 0, 6);
    out.s("+0000\",\"flow_id\":").n(1_000_000_000_000_000 + day.id * 4_099).s(",\"in_iface\":\"enp4s0f0\",");
    match odd {
        Odd::OtherTwice => out.s("\"in_iface\":\"enp4s0f1\","),
        Odd::Nested => out.s("\"metadata\":{\"event_type\":\"stats\",\"dest_ip\":\"192.0.2.1\",\"tls\":{\"sni\":\"decoy.example\"},\"flow\":{\"bytes_toserver\":999999999,\"bytes_toclient\":7}},"),
        _ => out,
    };
    out.s(if odd == Odd::EscapedKey { "\"event_typ\\u0065\":\"" } else { "\"event_type\":\"" }).s(kind);
    if odd == Odd::Twice {
        out.s("\",\"src_ip\":\"10.60.0.99");
    }
    out.s("\",\"src_ip\":\"").s(v.client).s("\",\"src_port\":").n(port).s(",\"dest_ip\":\"");
    let server = if kind == "dns" { "10.60.0.1" } else { v.address };
    text(out, server, odd);
    out.s("\",\"dest_port\":").n(server_port).s(",\"proto\":\"").s(proto).s("\"");
}

/// A value, its first byte escaped if the record is to have escapes.
fn text(out: &mut Vec<u8>, value: &str, odd: Odd) {
    match value.as_bytes() {
        [first, ..] if odd == Odd::Escaped => {
            out.s("\\u00").s(["3", "6", "7"][usize::from(*first >= b'a') + usize::from(*first >= b'p')]);
            out.push(b"0123456789abcdef"[usize::from(first & 15)]);
            out.s(&value[1..]);
        }
        _ => drop(out.s(value)),
    }
}

fn closing(out: &mut Vec<u8>, odd: Odd) {
    if odd == Odd::Nested {
        out.s(",\"metadata_last\":{\"sni\":\"decoy.example\",\"hostname\":\"decoy.example\",\"http\":{\"length\":123456}}");
    }
    out.s("}");
}

fn flow(day: &mut Day<'_>, out: &mut Vec<u8>, v: Visit<'_>, odd: Odd) -> Fate {
    let (sent, back) = (day.rng.size(), day.rng.size());
    let (lasted, datagrams) = (day.rng.below(90_000_000), day.rng.once_in(8));
    let (proto, app) = if datagrams { ("UDP", "quic") } else { ("TCP", "tls") };
    opening(day, out, ("flow", v.port), v, odd, proto);
    out.s(",\"app_proto\":\"").s(app).s("\",\"flow\":{\"pkts_toserver\":").n(sent / 1_400 + 6);
    out.s(",\"pkts_toclient\":").n(back / 1_400 + 6).s(",\"bytes_toserver\":").n(sent);
    out.s(",\"bytes_toclient\":").n(back).s(",\"start\":\"");
    day.iso(out, lasted, 6);
    out.s("+0000\",\"end\":\"");
    day.iso(out, 0, 6);
    out.s("+0000\",\"age\":").n(lasted / 1_000_000);
    out.s(",\"state\":\"closed\",\"reason\":\"timeout\",\"alerted\":false}");
    if !datagrams {
        out.s(",\"tcp\":{\"tcp_flags\":\"1b\",\"tcp_flags_ts\":\"1b\",\"tcp_flags_tc\":\"1b\",\"syn\":true,\"fin\":true,\"psh\":true,\"ack\":true,\"state\":\"closed\",\"ts_max_regions\":1,\"tc_max_regions\":1}");
    }
    closing(out, odd);
    Fate::Flow(sent, back)
}

fn tls(day: &mut Day<'_>, out: &mut Vec<u8>, v: Visit<'_>, odd: Odd) -> Fate {
    opening(day, out, ("tls", v.port), v, odd, "TCP");
    out.s(",\"pkt_src\":\"wire/pcap\",\"tls\":{");
    let old = day.rng.once_in(3);
    if old {
        out.s("\"subject\":\"CN=")
            .s(v.name)
            .s("\",\"issuerdn\":\"C=US, O=Let's Encrypt, CN=R11\",\"serial\":\"04:")
            .z(day.rng.next(), 16);
        out.s("\",\"fingerprint\":\"5f:")
            .z(day.rng.next(), 16)
            .s("\",\"notbefore\":\"2026-10-01T00:00:00\",\"notafter\":\"2026-12-30T00:00:00\",");
    }
    out.s("\"sni\":\"");
    text(out, v.name, odd);
    out.s("\",\"version\":\"").s(if old { "TLS 1.2" } else { "TLS 1.3" });
    out.s("\",\"ja3\":{\"hash\":\"").z(day.rng.next(), 20).s("\",\"string\":\"771,4865-4866-4867-49195-49199,0-23-65281-10-11-35-16-5-13-18-51-45-43-27-17513,29-23-24,0\"}}");
    closing(out, odd);
    Fate::Flow(0, 0)
}

/// The parts that `http` and `fileinfo` share.
fn exchange(day: &mut Day<'_>, out: &mut Vec<u8>, v: Visit<'_>, odd: Odd) -> Fate {
    let (post, sent, back) = (day.rng.once_in(4), day.rng.size(), day.rng.size());
    out.s(",\"http\":{\"hostname\":\"");
    text(out, v.name, odd);
    out.s("\",\"url\":\"");
    path(out, &mut day.rng, if odd == Odd::Escaped { "\\/" } else { "/" });
    out.s("\",\"http_user_agent\":\"");
    if odd == Odd::Escaped {
        out.s("say \\\"hostname\\\":\\\"decoy.example\\\" ");
    }
    agent(out, &mut day.rng);
    out.s("\",\"http_content_type\":\"application/json\",\"http_method\":\"").s(if post {
        "POST"
    } else {
        "GET"
    });
    out.s("\",\"protocol\":\"HTTP/1.1\",\"status\":200,\"length\":").n(back);
    // As with `dump-all-headers`.
    if post {
        out.s(",\"request_headers\":[{\"name\":\"Host\",\"value\":\"").s(v.name).s("\"},{\"name\":\"hostname\",\"value\":\"decoy.example\"},{\"name\":\"Content-Length\",\"value\":\"").n(sent).s("\"}]");
    }
    out.s("}");
    Fate::Flow(if post { sent } else { 0 }, back)
}

fn http(day: &mut Day<'_>, out: &mut Vec<u8>, v: Visit<'_>, odd: Odd) -> Fate {
    opening(day, out, ("http", v.port), v, odd, "TCP");
    out.s(",\"pkt_src\":\"wire/pcap\",\"tx_id\":0");
    let fate = exchange(day, out, v, odd);
    closing(out, odd);
    fate
}

fn fileinfo(day: &mut Day<'_>, out: &mut Vec<u8>, v: Visit<'_>, odd: Odd) -> Fate {
    opening(day, out, ("fileinfo", v.port), v, odd, "TCP");
    exchange(day, out, v, odd);
    out.s(",\"app_proto\":\"http\",\"fileinfo\":{\"filename\":\"/").n(day.rng.below(9_999));
    out.s("\",\"gaps\":false,\"state\":\"CLOSED\",\"stored\":false,\"size\":")
        .n(day.rng.size())
        .s(",\"tx_id\":0}");
    closing(out, odd);
    Fate::Ignored
}

fn dns(day: &mut Day<'_>, out: &mut Vec<u8>, v: Visit<'_>, odd: Odd) -> Fate {
    let answer = day.rng.once_in(2);
    let kind = if v.is_v6() { "AAAA" } else { "A" };
    opening(day, out, ("dns", v.port), v, odd, "UDP");
    out.s(",\"pkt_src\":\"wire/pcap\",\"dns\":{\"version\":2,\"type\":\"").s(if answer {
        "answer"
    } else {
        "query"
    });
    out.s("\",\"id\":").n(day.id & 0xffff);
    if answer {
        out.s(",\"flags\":\"8180\",\"qr\":true,\"rd\":true,\"ra\":true,\"opcode\":0");
    }
    out.s(",\"rrname\":\"");
    text(out, v.name, odd);
    out.s("\",\"rrtype\":\"").s(kind);
    if answer {
        out.s("\",\"rcode\":\"NOERROR\",\"answers\":[{\"rrname\":\"").s(v.name).s("\",\"rrtype\":\"").s(kind);
        out.s("\",\"ttl\":300,\"rdata\":\"")
            .s(v.address)
            .s("\"}],\"grouped\":{\"")
            .s(kind)
            .s("\":[\"")
            .s(v.address)
            .s("\"]}}");
    } else {
        out.s("\",\"tx_id\":0,\"opcode\":0}");
    }
    closing(out, odd);
    Fate::Flow(0, 0)
}

fn stats(day: &Day<'_>, out: &mut Vec<u8>) -> Fate {
    let packets = 41_000 + day.id * 37;
    out.s("{\"timestamp\":\"");
    day.iso(out, 0, 6);
    out.s("+0000\",\"event_type\":\"stats\",\"stats\":{\"uptime\":").n(day.now / 1_000_000);
    out.s(",\"capture\":{\"kernel_packets\":")
        .n(packets)
        .s(",\"kernel_drops\":0,\"errors\":0},\"decoder\":{\"pkts\":")
        .n(packets);
    for key in ["bytes", "ipv4", "ipv6", "ethernet", "tcp", "udp", "icmpv4", "icmpv6", "vlan", "avg_pkt_size"]
    {
        out.s(",\"").s(key).s("\":").n(packets / 3);
    }
    out.s("},\"flow\":{\"memcap\":0,\"total\":").n(packets / 60).s(",\"tcp\":{\"sessions\":").n(packets / 90);
    out.s("}},\"app_layer\":{\"tx\":{\"http\":")
        .n(packets / 70)
        .s(",\"tls\":")
        .n(packets / 80)
        .s(",\"dns_udp\":")
        .n(packets / 40)
        .s("}}}}");
    Fate::Stats
}

//! Zeek logs as columns, and `conn` as JSON lines.

use super::Fate;
use crate::world::{Day, Put, Visit, agent, path};

/// A connection id: `C` and 17 base-62 digits.
fn uid(day: &mut Day<'_>, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789aZ";
    let (one, two) = (day.rng.next(), day.rng.next());
    out.push(b'C');
    out.extend((0..9).map(|i| DIGITS[(one >> (i * 6)) as usize & 63]));
    out.extend((0..8).map(|i| DIGITS[(two >> (i * 6)) as usize & 63]));
}

fn identity(day: &mut Day<'_>, out: &mut Vec<u8>, v: Visit<'_>, port: u64) {
    day.epoch(out, 0, 6);
    out.s("\t");
    uid(day, out);
    out.s("\t").s(v.client).s("\t").n(v.port).s("\t");
    out.s(if port == 53 { "10.60.0.1" } else { v.address }).s("\t").n(port).s("\t");
}

/// A name, sometimes with a byte as `\xHH`.
fn name(day: &mut Day<'_>, out: &mut Vec<u8>, v: Visit<'_>) {
    match v.name.strip_prefix("api.") {
        Some(rest) if day.rng.once_in(20) => out.s("api\\x2e").s(rest),
        _ => out.s(v.name),
    };
}

/// One line in a thousand is broken: cut, without a time, or without an address.
fn broken(day: &mut Day<'_>, out: &mut Vec<u8>, start: usize, fate: Fate) -> Fate {
    let fate = match day.rng.below(3_000) {
        0 => {
            // After the second column, so that neither end is there.
            let mut tabs = out[start..].iter().enumerate().filter(|(_, b)| **b == b'\t').map(|(i, _)| i);
            let second = tabs.nth(1).unwrap_or(0);
            out.truncate(start + second);
            Fate::Rejected
        }
        1 => {
            out[start + 4] = b'x';
            Fate::Rejected
        }
        2 => {
            out.truncate(start);
            out.s("1795400000.000000\tCunreadable\t-\t-\t-\t-");
            out.extend(std::iter::repeat_n(&b"\t-"[..], 30).flatten());
            Fate::Rejected
        }
        _ => fate,
    };
    out.s("\n");
    fate
}

pub(super) fn conn(day: &mut Day<'_>, out: &mut Vec<u8>) -> Fate {
    let (v, start) = (day.next(), out.len());
    let (sent, back, lasted) = (day.rng.size(), day.rng.size(), day.rng.below(90_000_000));
    let (datagrams, alone) = (day.rng.once_in(8), day.rng.once_in(30));
    identity(day, out, v, 443);
    out.s(if datagrams { "udp\tquic\t" } else { "tcp\tssl\t" });
    let fate = if alone {
        out.s("-\t-\t-\tS0\tT\tF\t0\tS\t1\t60\t0\t0\t-\t");
        Fate::Flow(0, 0)
    } else {
        out.n(lasted / 1_000_000).s(".").z(lasted % 1_000_000, 6).s("\t").n(sent).s("\t").n(back);
        out.s("\tSF\tT\tF\t0\tShADadFf\t").n(sent / 1460 + 4).s("\t").n(sent + 208).s("\t");
        out.n(back / 1460 + 4).s("\t").n(back + 208).s("\t-\t");
        Fate::Flow(sent, back)
    };
    out.s(if datagrams { "17" } else { "6" });
    broken(day, out, start, fate)
}

pub(super) fn http(day: &mut Day<'_>, out: &mut Vec<u8>) -> Fate {
    let (v, start) = (day.next(), out.len());
    let (post, sent, back) = (day.rng.once_in(4), day.rng.size(), day.rng.size());
    let sent = if post { sent } else { 0 };
    identity(day, out, v, 80);
    out.s(if post { "1\tPOST\t" } else { "1\tGET\t" });
    name(day, out, v);
    out.s("\t");
    path(out, &mut day.rng, "/");
    out.s("\t-\t1.1\t");
    if day.rng.once_in(300) {
        out.s("tab\\x09in \\\\ between ");
    }
    agent(out, &mut day.rng);
    out.s("\t-\t").n(sent).s("\t").n(back).s("\t200\tOK\t-\t-\t(empty)\t-\t-\t-\t");
    out.s(if post { "FuQ1z3XkQz1m\t-\tapplication/json" } else { "-\t-\t-" });
    out.s("\tFuT0b3XkQz1m\t-\tapplication/json");
    broken(day, out, start, Fate::Flow(sent, back))
}

pub(super) fn ssl(day: &mut Day<'_>, out: &mut Vec<u8>) -> Fate {
    let (v, start) = (day.next(), out.len());
    identity(day, out, v, 443);
    out.s("TLSv13\tTLS_AES_256_GCM_SHA384\tx25519\t");
    name(day, out, v);
    out.s("\tF\t-\t-\tT\tCsiI\t(empty)\t(empty)\tT");
    broken(day, out, start, Fate::Flow(0, 0))
}

pub(super) fn dns(day: &mut Day<'_>, out: &mut Vec<u8>) -> Fate {
    let (v, start) = (day.next(), out.len());
    let took = day.rng.below(80_000);
    identity(day, out, v, 53);
    out.s("udp\t").n(day.id & 0xffff).s("\t0.").z(took, 6).s("\t");
    name(day, out, v);
    let (number, kind) = if v.is_v6() { ("28", "AAAA") } else { ("1", "A") };
    out.s("\t1\tC_INTERNET\t").s(number).s("\t").s(kind).s("\t0\tNOERROR\tF\tF\tT\tT\t0\t");
    if day.rng.once_in(5) {
        out.s("edge.").s(v.name).s(",");
    }
    out.s(v.address).s("\t300.000000\tF\t0\tquery");
    broken(day, out, start, Fate::Flow(0, 0))
}

pub(super) fn conn_json(day: &mut Day<'_>, out: &mut Vec<u8>) -> Fate {
    let (v, start) = (day.next(), out.len());
    let (sent, back, lasted) = (day.rng.size(), day.rng.size(), day.rng.below(90_000_000));
    let odd = day.rng.below(1_000);
    out.s("{\"ts\":");
    day.epoch(out, 0, 6);
    out.s(",\"uid\":\"");
    uid(day, out);
    out.s("\",");
    if odd == 0 {
        out.s("\"geo\":{\"id.resp_h\":\"192.0.2.1\",\"orig_bytes\":999999999,\"conn_state\":\"REJ\"},");
    }
    out.s("\"id.orig_h\":\"").s(v.client).s("\",\"id.orig_p\":").n(v.port).s(",\"id.resp_h\":\"");
    match odd {
        1 | 2 => out.s("\\u00").s("3").s(&v.address[..1]).s(&v.address[1..]),
        _ => out.s(v.address),
    };
    out.s("\",\"id.resp_p\":443,\"proto\":\"tcp\",\"service\":\"ssl\",\"duration\":");
    out.n(lasted / 1_000_000).s(".").z(lasted % 1_000_000, 6);
    out.s(if odd == 3 { ",\"orig\\u005fbytes\":" } else { ",\"orig_bytes\":" }).n(sent);
    if odd == 4 {
        out.s(",\"orig_bytes\":1");
    }
    if odd == 5 {
        out.s(",\"uid\":\"Cagain\"");
    }
    out.s(",\"resp_bytes\":").n(back).s(",\"conn_state\":\"SF\",\"local_orig\":true,\"local_resp\":false,\"missed_bytes\":0,\"history\":\"ShADadFf\",\"orig_pkts\":");
    out.n(sent / 1460 + 4).s(",\"orig_ip_bytes\":").n(sent + 208).s(",\"resp_pkts\":").n(back / 1460 + 4);
    out.s(",\"resp_ip_bytes\":").n(back + 208).s(",\"ip_proto\":6}");
    let mut fate = if odd == 4 { Fate::Rejected } else { Fate::Flow(sent, back) };
    if day.rng.once_in(1_000) {
        let length = out.len() - start;
        out.truncate(start + 1 + day.rng.below(length as u64 - 1) as usize);
        fate = Fate::Rejected;
    }
    out.s("\n");
    fate
}

//! Squid's native log with `%>st`, nginx's combined log, and AWS VPC flow logs.

use super::Fate;
use crate::producers::vpc;
use crate::world::{Day, MIDNIGHT, Put, agent, path};

pub(super) fn squid(day: &mut Day<'_>, out: &mut Vec<u8>) -> Fate {
    let (v, start) = (day.next(), out.len());
    let (sent, back, took) = (day.rng.size(), day.rng.size(), day.rng.below(90_000));
    day.epoch(out, 0, 3);
    out.s(" ");
    for limit in [100_000, 10_000, 1_000, 100, 10] {
        if took < limit {
            out.s(" ");
        }
    }
    out.n(took).s(" ").s(v.client).s(" ");
    let kind = day.rng.below(1_000);
    let (result, peer) = match kind {
        0..730 => ("TCP_TUNNEL/200 ", true),
        730..740 => ("NONE_NONE/200 ", false),
        740..760 => ("TCP_DENIED/403 ", false),
        760..770 => ("TCP_MEM_HIT/200 ", false),
        770..775 => ("NONE_NONE/400 ", false),
        _ => ("TCP_MISS/200 ", true),
    };
    out.s(result).n(back);
    let tunnel = kind < 760;
    if kind < 760 {
        out.s(" CONNECT ").s(v.name).s(":443");
    } else if result.starts_with("NONE_NONE") {
        out.s(" NONE error:invalid-request");
    } else {
        out.s(if day.rng.once_in(4) { " POST http://" } else { " GET http://" }).s(v.name);
        path(out, &mut day.rng, "/");
        if day.rng.once_in(100) {
            out.s("?q=a blank \\u0041 and \"quotes\"");
        }
    }
    out.s(if peer { " - HIER_DIRECT/" } else { " - HIER_NONE/" }).s(if peer { v.address } else { "-" });
    out.s(if tunnel { " - " } else { " application/json " }).n(sent);
    let mut fate = if result.starts_with("NONE_NONE") { Fate::Ignored } else { Fate::Flow(sent, back) };
    match day.rng.below(3_000) {
        0 => out.truncate(start + 30),
        1 => out[start + 4] = b'x',
        2 => {
            out.truncate(start);
            out.s("1795400000.000      1 10.60.0.11 TCP_MISS/200 many GET http://a.example/ - HIER_DIRECT/198.18.0.1 - 1");
        }
        _ => return end(out, fate),
    }
    fate = Fate::Rejected;
    end(out, fate)
}

fn end(out: &mut Vec<u8>, fate: Fate) -> Fate {
    out.s("\n");
    fate
}

pub(super) fn nginx(day: &mut Day<'_>, out: &mut Vec<u8>) -> Fate {
    let (v, start) = (day.next(), out.len());
    let back = day.rng.size();
    out.s(v.client).s(" - - [23/Nov/2026:");
    day.clock(out, 0);
    out.s(" +0000] \"").s(if day.rng.once_in(4) { "POST " } else { "GET " });
    path(out, &mut day.rng, "/");
    let cut = out.len();
    out.s(" HTTP/1.1\" 200 ").n(back).s(" \"https://").s(v.name).s("/\" \"");
    if day.rng.once_in(200) {
        out.s("say \\x22hello\\x22 ");
    }
    agent(out, &mut day.rng);
    out.s("\"");
    let broken = day.rng.once_in(1_000);
    if broken {
        out.truncate(cut.min(start + 60));
    }
    end(out, if broken { Fate::Rejected } else { Fate::Flow(0, back) })
}

pub(super) fn vpc(day: &mut Day<'_>, out: &mut Vec<u8>) -> Fate {
    let (v, start) = (day.next(), out.len());
    let begun = (MIDNIGHT + day.now / 1_000_000) as i64;
    match day.rng.below(2_000) {
        0 | 1 => {
            vpc::write_empty(out, (begun, begun + 60), "NODATA");
            Fate::Ignored
        }
        2 => {
            vpc::write_empty(out, (begun, begun + 60), "SKIPDATA");
            Fate::Ignored
        }
        kind => {
            let mut ends = [(v.client, v.port as u16), (v.address, 443)];
            if kind % 2 == 0 {
                ends.reverse();
            }
            let bytes = day.rng.size();
            vpc::write_default(
                out,
                &vpc::Record {
                    seconds: (begun, begun + 59),
                    ends,
                    protocol: if kind % 8 == 0 { 17 } else { 6 },
                    flags: 0,
                    bytes,
                    accepted: kind % 50 != 0,
                    egress: kind % 2 == 1,
                },
            );
            if kind == 3 || kind == 4 {
                // Cut within the account.
                out.truncate(start + 8);
                return end(out, Fate::Rejected);
            }
            Fate::Flow(bytes, 0)
        }
    }
}

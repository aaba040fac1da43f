//! A proxy whose log stops for hours and that nobody is made to use.

use super::{END, Made, START};
use crate::producers::squid::{Exchange, line};
use crate::producers::{HOUR, Lines, MINUTE, Rng, SECOND};

const STUDIO: &str = "10.50.0.12";
/// The log has no line at all between these.
const SILENCE: (i64, i64) = (START + 9 * HOUR + 40 * MINUTE, START + 14 * HOUR + 25 * MINUTE);

pub(super) fn make(made: &mut Made) {
    let mut rng = Rng::new(0x000b_114d);
    let mut lines = Lines::default();
    let mut at = START;
    while at < END {
        let gap = if (7..19).contains(&((at - START) / HOUR)) { 40 * SECOND } else { 7 * MINUTE };
        at += SECOND + rng.up_to(gap);
        if at >= END || (SILENCE.0..SILENCE.1).contains(&at) {
            continue;
        }
        let studio = rng.within(0, 11) == 0;
        let (host, address) = if studio {
            *rng.pick(&[("huggingface.co", "192.0.2.10"), ("cas-bridge.xethub.hf.co", "192.0.2.11")])
        } else {
            *rng.pick(&[("www.agency.example", "203.0.113.51"), ("calendar.agency.example", "203.0.113.52")])
        };
        let other = format!("10.50.1.{}", rng.within(20, 33));
        let client = if studio { STUDIO } else { other.as_str() };
        lines.push(
            at,
            line(&Exchange {
                end: at,
                elapsed: rng.within(30, 58_000),
                client,
                result: "TCP_TUNNEL/200",
                reply: rng.within(2_000, 400_000),
                method: "CONNECT",
                url: &format!("{host}:443"),
                peer: &format!("HIER_DIRECT/{address}"),
                media: "-",
                // Squid's own format: how much was sent is not logged.
                request: None,
            }),
        );
        if studio {
            made.seen("blind", "tunnel", at, client, host);
        }
    }
    let noon = START + 12 * HOUR;
    made.lines("blind/logs/access.log.1.gz", &lines, 0, noon);
    made.lines("blind/logs/access.log", &lines, noon, i64::MAX);
}

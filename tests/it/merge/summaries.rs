//! The law on summaries of made-up records, with caps so small that everything is folded.

use super::{bytes, same, tree};
use domicile::bytes::{PIECE, content_root};
use domicile::evidence::{
    Caps, Fold, Log, LogFacts, LogName, Problem, Range, Summary, aggregate_lines, partial,
};
use domicile::model::{At, Disposition, Flow, Lane, Method, Time, Visibility};
use domicile::services::Services;
use domicile::traffic::{Health, NameFact, Settled, Sink};
use proptest::prelude::*;
use std::collections::BTreeSet;

pub(super) const TINY: Caps = Caps { hosts: 3, clients: 3, units: 3, notable: usize::MAX, names: 3 };

/// Neighbours, strangers, labels and what is neither.
const CLIENTS: [&str; 14] = [
    "10.0.0.1",
    "10.0.0.2",
    "10.0.0.3",
    "10.0.0.4",
    "10.0.1.1",
    "10.0.2.1",
    "10.0.3.1",
    "2001:db8::1",
    "2001:db8::2",
    "2001:db8:1::1",
    "gpu-a",
    "gpu-b",
    "laptop.example",
    "nurse smith",
];

/// Many hosts of few domains, few of many, addresses beside each other, one of the list, and none.
const HOSTS: [&str; 22] = [
    "a.one.com",
    "b.one.com",
    "c.one.com",
    "d.one.com",
    "one.com",
    "a.two.com",
    "b.two.com",
    "three.com",
    "four.com",
    "five.com",
    "a.github.io",
    "b.github.io",
    "api.openai.com",
    "192.0.2.1",
    "192.0.2.2",
    "192.0.2.3",
    "192.0.2.4",
    "198.51.100.7",
    "2001:db8:7::1",
    "2001:db8:7::2",
    "no host",
    "",
];

#[derive(Debug, Clone)]
pub(super) struct Record {
    client: usize,
    host: usize,
    micros: i64,
    bytes: Option<u64>,
    lane: Lane,
    address: Option<u8>,
    what: u8,
}

pub(super) fn record() -> impl Strategy<Value = Record> {
    (
        0..CLIENTS.len(),
        0..HOSTS.len(),
        0..3 * 3_600_000_000i64,
        proptest::option::of(0..5_000_000u64),
        prop::sample::select(&[Lane::Proxy, Lane::Lookup, Lane::PacketFlow][..]),
        proptest::option::of(0..5u8),
        0..20u8,
    )
        .prop_map(|(client, host, micros, bytes, lane, address, what)| Record {
            client,
            host,
            // Ties are where an order could show.
            micros: if what % 3 == 0 { micros / 600_000_000 * 600_000_000 } else { micros },
            bytes: if what % 4 == 0 { bytes.map(|b| b % 3) } else { bytes },
            lane,
            address,
            what,
        })
}

fn name(log: usize) -> LogName {
    LogName {
        source: ["s", "t"][log % 2].into(),
        name: format!("log{log}").as_str().into(),
        seed: log as u64 * 77,
    }
}

/// Record `i` of a log begins with its piece `i`, so it can be split at every record.
fn stretch(
    log: usize,
    records: &[Record],
    from: usize,
    to: usize,
    caps: Caps,
    limit: usize,
) -> (Log, Summary) {
    let services = Services::embedded().unwrap();
    // Two fill one table, in turn.
    let fold = Fold::within(services, name(log), caps, limit);
    let other = fold.seat().take().unwrap();
    let mut folds = [fold, other];
    let mut facts = LogFacts { format: Some("squid".into()), ..LogFacts::default() };
    let mut seen: Option<(Time, Time)> = None;
    for (i, r) in records.iter().enumerate().take(to).skip(from) {
        let fold = &mut folds[i % 2];
        let relative = (i - from) as u64 + 1;
        let at = At { offset: i as u64 * PIECE, length: 99, record: relative, line: Some(relative) };
        let time = Time::from_micros(r.micros).unwrap();
        let raw = format!("{log}:{i}");
        match r.what {
            0 => {
                fold.record(at, raw.as_bytes(), Settled::Rejected("made up"));
                facts.counts.reject("made up");
                if facts.problems.len() < LogFacts::MOST_PROBLEMS {
                    let At { record, line, offset, .. } = at;
                    facts.problems.push(Problem { offset, record, line, reason: "made up".into() });
                }
                continue;
            }
            1 => {
                fold.record(at, raw.as_bytes(), Settled::Ignored("statistics"));
                fold.health(Health { time, lost: r.bytes });
                facts.counts.ignore("statistics");
                continue;
            }
            _ => {}
        }
        let mut flow = Flow::new(time, CLIENTS[r.client], r.lane);
        let address = r.address.map(|a| [203, 0, 113, a].into());
        match HOSTS[r.host] {
            "" => {}
            host => match host.parse() {
                Ok(address) => flow.server_address = Some(address),
                Err(_) => {
                    flow.server_name = Some(host);
                    flow.server_address = address;
                }
            },
        }
        flow.server_port = (r.what % 2 == 0).then_some(443);
        flow.method = Method::Write;
        flow.visibility = Visibility::Name;
        flow.disposition = Disposition::Delivered;
        flow.bytes_out = r.bytes;
        fold.record(at, raw.as_bytes(), Settled::Flow(&flow));
        if let (Lane::Lookup, Some(name), Some(address)) = (r.lane, flow.server_name, flow.server_address) {
            fold.name(&NameFact { time, client: CLIENTS[r.client], name, address });
        }
        facts.counts.flow();
        seen = Some(seen.map_or((time, time), |(a, b)| (a.min(time), b.max(time))));
    }
    let last = to == records.len();
    let piece = |i: usize| *blake3::hash(format!("{log}:{i}").as_bytes()).as_bytes();
    let mut pieces: Vec<_> = (from..to).map(piece).collect();
    facts.bytes = (to - from) as u64 * PIECE;
    if from == 0 && last {
        let hex = |d: [u8; 32]| d.iter().map(|b| format!("{b:02x}")).collect::<String>();
        facts.content = content_root(&pieces).or_else(|| Some(hex(piece(0))));
        pieces.clear();
    }
    let range = Range {
        start: from as u64 * PIECE,
        end: to as u64 * PIECE,
        records: (to - from) as u64,
        lines: (to - from) as u64,
        state_in: 0,
        state_out: 0,
        last,
        pieces,
    };
    let [one, other] = folds.map(|fold| fold.finish().unwrap());
    assert!(one.is_none(), "the other is not through");
    (Log { facts, seen, ranges: vec![range] }, other.unwrap())
}

pub(super) fn scan(
    log: usize,
    records: &[Record],
    (from, to): (usize, usize),
    caps: Caps,
    limit: usize,
) -> Summary {
    let (read, part) = stretch(log, records, from, to, caps, limit);
    Summary::of_log(&name(log), None, vec![read], vec![part]).unwrap()
}

/// The ends of the stretches that cuts make.
fn cuts(records: usize, cuts: &[usize]) -> Vec<(usize, usize)> {
    let mut at: BTreeSet<usize> = cuts.iter().map(|c| c % records.max(1)).collect();
    at.extend([0, records]);
    let at: Vec<_> = at.into_iter().collect();
    at.windows(2).map(|w| (w[0], w[1])).collect()
}

fn logs(most: usize) -> impl Strategy<Value = Vec<Vec<Record>>> {
    prop::collection::vec(prop::collection::vec(record(), 1..most), 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_split_and_every_tree_gives_the_same_bytes(
        logs in logs(60),
        at in prop::collection::vec(0..97usize, 0..6),
        turns in prop::collection::vec(0..97usize, 2..12),
        limits in prop::collection::vec(prop::sample::select(&[1, 2, 7, 1 << 16][..]), 3..8),
        doubled in prop::collection::vec(0..97usize, 0..3),
        caps in prop::sample::select(vec![TINY, Caps { hosts: 1, units: 1, ..TINY }, Caps::default()]),
    ) {
        let whole = |limit| {
            let of = |(i, r): (usize, &Vec<Record>)| scan(i, r, (0, r.len()), caps, limit);
            logs.iter().enumerate().map(of).fold(Summary::default(), |all, s| all.merge(s).unwrap())
        };
        let straight = whole(1 << 16);
        let expected = bytes(&straight);
        same(&bytes(&whole(1)), &expected).unwrap();
        same(&bytes(&whole(3)), &expected).unwrap();

        // Stretches of one log put together at once, as a scan with several threads does.
        let together = |(i, records): (usize, &Vec<Record>)| {
            let parts = cuts(records.len(), &at).into_iter().rev().zip(limits.iter().cycle());
            let (read, parts) = parts.map(|((a, b), limit)| stretch(i, records, a, b, caps, *limit)).unzip();
            Summary::of_log(&name(i), None, read, parts).unwrap()
        };
        let shared = logs.iter().enumerate().map(together).rev();
        same(&bytes(&shared.fold(Summary::default(), |all, s| s.merge(all).unwrap())), &expected).unwrap();

        // Stretches as partials: written, read, some of them twice, merged in any order and shape.
        let mut parts = Vec::new();
        for (i, records) in logs.iter().enumerate() {
            for ((a, b), limit) in cuts(records.len(), &at).into_iter().zip(limits.iter().cycle()) {
                parts.push(bytes(&scan(i, records, (a, b), caps, *limit)));
            }
        }
        for d in &doubled {
            parts.push(parts[d % parts.len()].clone());
        }
        let mut met = BTreeSet::new();
        parts.retain(|p| met.insert(p.clone()));
        let parts = parts.iter().map(|p| partial::read(&mut p.as_slice()).unwrap().summary).collect();
        let shaken = tree(parts, &turns).unwrap();
        same(&bytes(&shaken), &expected).unwrap();
        prop_assert_eq!(&shaken, &straight);
        prop_assert_eq!(aggregate_lines(&straight).unwrap().0, aggregate_lines(&shaken).unwrap().0);
        prop_assert_eq!(&partial::read(&mut expected.as_slice()).unwrap().summary, &straight);

        let records: u64 = straight.aggregates.values().filter_map(|t| t.sum()).map(|c| c.records).sum();
        let flows = logs.iter().flatten().filter(|r| r.what > 1).count() as u64;
        prop_assert_eq!(records, flows);
        // A duplicate is one, an overlap is refused.
        prop_assert_eq!(&straight.clone().merge(straight.clone()).unwrap(), &straight);
        if logs.len() > 1 {
            let first = scan(0, &logs[0], (0, logs[0].len()), caps, 7);
            prop_assert!(straight.clone().merge(first).is_err());
        }
    }
}

#[test]
fn keys_of_more_hours_than_are_kept_apart_merge_too() {
    let records: Vec<Record> = (0..9_100)
        .map(|n| Record {
            client: 0,
            host: 0,
            micros: (n * 4_567 % 9_100) * 3_600_000_000 + n,
            bytes: Some(n.unsigned_abs()),
            lane: Lane::Lookup,
            address: Some(1),
            what: 3,
        })
        .collect();
    let caps = Caps::default();
    let whole = bytes(&scan(0, &records, (0, 9_100), caps, 1 << 16));
    let parts = || {
        [(0, 50), (50, 4_000), (4_000, 9_060), (9_060, 9_100)].map(|at| scan(0, &records, at, caps, 2_000))
    };
    for turns in [[0, 0], [1, 1], [3, 1]] {
        same(&bytes(&tree(parts().into(), &turns).unwrap()), &whole).unwrap();
    }
    let cells: usize = partial::read(&mut whole.as_slice())
        .unwrap()
        .summary
        .aggregates
        .values()
        .map(|t| t.hours.len())
        .sum();
    assert_eq!(cells, 1);
}

//! The merge law: any way of splitting logs into summaries and merging them gives the same evidence.

use domicile::evidence::{Fold, Log, LogFacts, LogName, Range, Summary, aggregate_lines};
use domicile::model::{At, Disposition, Flow, Lane, Method, Time, Visibility};
use domicile::services::Services;
use domicile::traffic::{Settled, Sink};
use proptest::prelude::*;

#[derive(Debug, Clone)]
struct Record {
    client: u8,
    host: u8,
    micros: i64,
    bytes: Option<u64>,
}

fn record() -> impl Strategy<Value = Record> {
    (0..4u8, 0..6u8, 0..3 * 3_600_000_000i64, proptest::option::of(0..5_000_000u64))
        .prop_map(|(client, host, micros, bytes)| Record { client, host, micros, bytes })
}

fn scan(log: usize, records: &[Record]) -> Summary {
    let services = Services::embedded().unwrap();
    let name =
        LogName { source: "s".into(), name: format!("log{log}").as_str().into(), seed: log as u64 * 77 };
    let mut fold = Fold::new(services, name.clone());
    for (i, r) in records.iter().enumerate() {
        let client = format!("10.0.0.{}", r.client);
        let host = format!("h{}.example", r.host);
        let mut flow = Flow::new(Time::from_micros(r.micros).unwrap(), &client, Lane::Proxy);
        if r.host < 4 {
            flow.server_name = Some(&host);
        }
        flow.server_address = Some([192, 0, 2, r.host].into());
        flow.method = Method::Write;
        flow.visibility = Visibility::Name;
        flow.disposition = Disposition::Delivered;
        flow.bytes_out = r.bytes;
        let at = At { offset: i as u64 * 100, length: 99, record: i as u64 + 1, line: Some(i as u64 + 1) };
        fold.record(at, format!("{log}:{i}").as_bytes(), Settled::Flow(&flow));
    }
    let part = fold.finish().unwrap();
    let mut facts = LogFacts { content: Some(format!("{log}")), ..LogFacts::default() };
    facts.counts.read = records.len() as u64;
    facts.counts.flows = records.len() as u64;
    let range = Range {
        start: 0,
        end: 1,
        records: facts.counts.read,
        lines: 0,
        state_in: 0,
        state_out: 0,
        last: true,
        pieces: Vec::new(),
    };
    let log = Log { facts, ranges: vec![range], ..Log::default() };
    Summary::of_log(&name, None, vec![log], vec![part]).unwrap()
}

/// Merges in an order and shape that `turns` decides.
fn tree(mut parts: Vec<Summary>, turns: &[usize]) -> Summary {
    let mut turn = turns.iter().cycle();
    while parts.len() > 1 {
        let a = parts.swap_remove(turn.next().unwrap() % parts.len());
        let b = parts.swap_remove(turn.next().unwrap() % parts.len());
        parts.push(a.merge(b).unwrap());
    }
    parts.pop().unwrap_or_default()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_merge_tree_gives_the_same_bytes(
        logs in prop::collection::vec(prop::collection::vec(record(), 0..40), 1..6),
        turns in prop::collection::vec(0..97usize, 2..12),
    ) {
        let parts = || logs.iter().enumerate().map(|(i, r)| scan(i, r)).collect::<Vec<_>>();
        let straight = parts().into_iter().fold(Summary::default(), |all, s| all.merge(s).unwrap());
        let shaken = tree(parts(), &turns);
        prop_assert_eq!(&straight, &shaken);
        prop_assert_eq!(aggregate_lines(&straight).unwrap().0, aggregate_lines(&shaken).unwrap().0);
        let records: u64 = straight.aggregates.values().filter_map(|t| t.sum()).map(|c| c.records).sum();
        prop_assert_eq!(records, logs.iter().map(|l| l.len() as u64).sum::<u64>());
        // A duplicate is one, an overlap is refused.
        prop_assert_eq!(&straight.clone().merge(straight.clone()).unwrap(), &straight);
        if logs.len() > 1 {
            prop_assert!(straight.clone().merge(scan(0, &logs[0])).is_err());
        }
    }
}

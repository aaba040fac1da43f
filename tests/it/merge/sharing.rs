//! One table filled by several: the same as if one had filled it, however they take turns and whenever it is
//! drained.

use domicile::evidence::{Caps, Fold, LogName, Summary};
use domicile::model::{At, Flow, Lane, Time};
use domicile::services::Services;
use domicile::traffic::{Health, NameFact, Settled, Sink};

const RECORDS: u64 = 6_000;

/// Takes one of the records.
fn record(fold: &mut Fold<'_>, i: u64) {
    // SplitMix64: any number, the same in every run.
    let mut z = i.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z ^= z >> 27;
    // Now and then a record too long to wait, and one that turns back an hour.
    let length = if i % 997 == 5 { 40_000 } else { 60 + z % 300 };
    let raw = vec![b'a' + (i % 26) as u8; length as usize];
    let at = At { offset: i * 50_000, length, record: i + 1, line: Some(i + 1) };
    let back = if z.is_multiple_of(50) { 3_600_000_000 } else { 0 };
    let time = Time::from_micros(1_790_000_000_000_000 + i as i64 * 2_000_000 - back).unwrap();
    let client = format!("10.0.{}.{}", z % 3, z / 3 % 40);
    let spelt = ["api.openai.com", "API.openai.com.", "Example.org", "example.org", "h.example", "1.2.3.4"];
    let host = match z / 7 % 12 {
        n if n < 6 => spelt[n as usize].to_owned(),
        n => format!("host{}.example.net", n * (z / 1000 % 30)),
    };
    let lane = [Lane::Tls, Lane::Http, Lane::Lookup][(z / 11 % 3) as usize];
    let mut flow = Flow::new(time, &client, lane);
    flow.server_address = Some([203, 0, 113, (z / 13 % 5) as u8].into());
    flow.server_name = (!(z / 17).is_multiple_of(5)).then_some(&host);
    flow.bytes_out = (!(z / 19).is_multiple_of(4)).then_some(z >> (z % 60));
    fold.record(at, &raw, Settled::Flow(&flow));
    if lane == Lane::Lookup {
        fold.name(&NameFact { time, client: &client, name: &host, address: [10, 9, 8, 7].into() });
    }
    if i.is_multiple_of(500) {
        fold.health(Health { time, lost: Some(i) });
    }
}

/// So many folds of one table, which is drained at a number of entries.
fn folds(n: usize, limit: usize) -> Vec<Fold<'static>> {
    let name = LogName { source: "proxy".into(), name: "log".into(), seed: 9 };
    let caps = Caps { clients: 20, hosts: 6, ..Caps::default() };
    let first = Fold::within(Services::embedded().unwrap(), name, caps, limit);
    let seat = first.seat();
    std::iter::once(first).chain((1..n).map(|_| seat.take().unwrap())).collect()
}

/// What the last one of them gives; the others give nothing.
fn finish(folds: Vec<Fold<'_>>) -> Summary {
    let seat = folds[0].seat();
    let mut parts: Vec<Option<Summary>> = folds.into_iter().map(|fold| fold.finish().unwrap()).collect();
    let last = parts.pop().flatten().expect("the last one gives all");
    assert!(parts.iter().all(Option::is_none) && seat.take().is_none());
    last
}

/// The figures of all records, folded by one.
fn alone() -> Summary {
    let mut one = folds(1, usize::MAX);
    (0..RECORDS).for_each(|i| record(&mut one[0], i));
    finish(one)
}

#[test]
fn a_table_that_several_fill_is_the_same() {
    let alone = alone();
    assert!(alone.aggregates.len() > 300 && alone.names.len() > 100);
    assert_eq!(alone.sources.values().map(|l| l.statistics).sum::<u64>(), RECORDS.div_ceil(500));
    for limit in [1, 50, 300, usize::MAX] {
        for (n, turns) in [(1, 1), (2, 1), (2, 45), (3, 7), (3, 700)] {
            let mut all = folds(n, limit);
            (0..RECORDS).for_each(|i| record(&mut all[i as usize / turns % n], i));
            assert!(finish(all) == alone, "{n} folds, {turns} records a turn, drained at {limit}");
        }
    }
}

#[test]
fn a_table_that_threads_fill_is_the_same() {
    let alone = alone();
    for limit in [40, 300, usize::MAX] {
        let parts: Vec<Option<Summary>> = std::thread::scope(|scope| {
            let run = |mut fold: Fold<'static>, n: u64| {
                (0..RECORDS).filter(|i| i / 100 % 3 == n).for_each(|i| record(&mut fold, i));
                fold.finish().unwrap()
            };
            let handles: Vec<_> =
                (0..).zip(folds(3, limit)).map(|(n, fold)| scope.spawn(move || run(fold, n))).collect();
            handles.into_iter().map(|h| h.join().unwrap()).collect()
        });
        let [only] = &parts.iter().flatten().collect::<Vec<_>>()[..] else { panic!("one gives all") };
        assert!(**only == alone, "drained at {limit}");
    }
}

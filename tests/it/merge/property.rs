//! What holds of any bytes whatever, read as a partial: they are refused in a line, or they are the one spelling of
//! a summary that merges as every summary does.
//!
//! The fuzz target includes this file, so it knows nothing of its neighbours.

use domicile::evidence::{Summary, aggregate_lines, partial};
use sha2::{Digest, Sha256};
use std::io::{BufReader, Read};

/// The lines with a closing line that fits them, so that damage is not seen by the digest already.
pub(crate) fn sealed(lines: &[u8]) -> Vec<u8> {
    let hex: String = Sha256::digest(lines).iter().map(|b| format!("{b:02x}")).collect();
    let count = lines.iter().filter(|b| **b == b'\n').count();
    [lines, format!("{{\"lines\":{count},\"sha256\":\"{hex}\"}}\n").as_bytes()].concat()
}

/// What a summary is written as.
fn written(summary: &Summary) -> (Vec<u8>, partial::Body) {
    let mut out = Vec::new();
    let body = partial::write(summary, &mut out).expect("memory takes what was read");
    (out, body)
}

/// Panics unless everything holds of these bytes. The summary, if they are a partial.
pub(crate) fn holds(bytes: &[u8]) -> Option<Summary> {
    let read = partial::read(&mut &*bytes);
    // However the bytes come.
    let mut slow = BufReader::with_capacity(7, bytes.take(u64::MAX));
    assert!(partial::read(&mut slow) == read, "read in small pieces");
    let read = match read {
        Ok(read) => read,
        Err(error) => {
            let told = error.to_string();
            assert!(told.len() < 200 && !told.contains(char::is_control), "{told:?}");
            return None;
        }
    };
    let (again, body) = written(&read.summary);
    assert!(body == read.body && body.bytes == again.len() as u64, "another body");
    let rest = bytes.strip_prefix(&*again).expect("a partial is spelt in one way");
    let signature = read.signature.map(|s| [&s[..], b"\n"].concat());
    assert_eq!(rest, signature.unwrap_or_default(), "behind the body");
    let summary = read.summary;
    assert!(aggregate_lines(&summary).is_ok());
    let records = summary.aggregates.values().filter_map(|t| t.sum()).map(|cell| cell.records);
    let flows = summary.logs.values().map(|l| l.facts.counts.flows);
    assert_eq!(records.sum::<u64>(), flows.sum::<u64>(), "a flow is in one aggregate");
    assert!(summary.logs.values().all(|l| l.facts.counts.adds_up()));
    let empty = || Summary { caps: summary.caps, ..Summary::default() };
    same("the empty one before it", empty().merge(summary.clone()), &summary);
    same("the empty one behind it", summary.clone().merge(empty()), &summary);
    same("itself", summary.clone().merge(summary.clone()), &summary);
    Some(summary)
}

/// Panics unless two summaries give the same whichever comes first, and it is one that can be read.
pub(crate) fn merge(one: &Summary, other: &Summary) {
    let (ab, ba) = (one.clone().merge(other.clone()), other.clone().merge(one.clone()));
    match (ab, ba) {
        (Ok(ab), Ok(ba)) => {
            let file = written(&ab).0;
            assert!(file == written(&ba).0, "the order of two shows");
            let read = partial::read(&mut &*file);
            assert!(read.is_ok_and(|read| read.summary == ab), "what was merged is not read again");
        }
        (Err(_), Err(_)) => {}
        (ab, _) => panic!("only one order is refused; this one: {:?}", ab.map(|_| ())),
    }
}

fn same<E: std::fmt::Debug>(with: &str, merged: Result<Summary, E>, summary: &Summary) {
    assert!(merged.as_ref().is_ok_and(|m| m == summary), "merged with {with}: {:?}", merged.map(|_| ()));
}

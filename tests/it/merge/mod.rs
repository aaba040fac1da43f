//! The merge law: any way of splitting logs into summaries and merging them gives the same evidence, as
//! bytes of the partial.

mod damaged;
mod evidence;
mod logs;
mod partials;
mod property;
mod sharing;
mod summaries;

use domicile::evidence::{MergeRefusal, Summary, partial};

/// The body of the partial.
fn bytes(summary: &Summary) -> Vec<u8> {
    let mut out = Vec::new();
    partial::write(summary, &mut out).unwrap();
    out
}

/// Merges in an order and shape that `turns` decides.
fn tree(mut parts: Vec<Summary>, turns: &[usize]) -> Result<Summary, MergeRefusal> {
    let mut turn = turns.iter().cycle();
    while parts.len() > 1 {
        let a = parts.swap_remove(turn.next().unwrap() % parts.len());
        let b = parts.swap_remove(turn.next().unwrap() % parts.len());
        parts.push(a.merge(b)?);
    }
    Ok(parts.pop().unwrap_or_default())
}

/// Where two texts first differ, for people.
fn same(left: &[u8], right: &[u8]) -> Result<(), String> {
    let (left, right) = (String::from_utf8_lossy(left), String::from_utf8_lossy(right));
    if left == right {
        return Ok(());
    }
    let only = |a: &str, b: &str| {
        let other: std::collections::BTreeSet<_> = b.lines().collect();
        a.lines().filter(|l| !other.contains(l)).take(12).collect::<Vec<_>>().join("\n")
    };
    Err(format!("only left:\n{}\nonly right:\n{}", only(&left, &right), only(&right, &left)))
}

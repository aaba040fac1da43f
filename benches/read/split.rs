//! One log scanned in eight ranges, merged in two orders, beside one scan of the whole: the same bytes.

use crate::kinds::Kind;
use crate::run::Shell;
use crate::world::World;
use crate::{Outcome, SEED};
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

/// Ranges of a log begin at multiples of it.
const PIECE: u64 = 1 << 20;
const PARTS: u64 = 8;

/// Writes a log of at least `size` bytes, and no less than it takes to have eight ranges; fails if a merge
/// differs from the scan of the whole.
pub(crate) fn check(folder: &Path, shell: &Shell, world: &World, size: u64) -> Outcome<()> {
    let log = folder.join("split.json");
    Kind::Eve.write(world, size.max((PARTS + 1) * PIECE), SEED, &log)?;
    let length = fs::metadata(&log)?.len();
    let partial = |name: &str| folder.join(format!("{name}.partial"));
    let whole = partial("whole");
    scan(shell, &log, "0..", &whole)?;
    let mut parts = Vec::new();
    let bound = |i: u64| length * i / PARTS / PIECE * PIECE;
    for i in 0..PARTS {
        let end = if i + 1 < PARTS { bound(i + 1).to_string() } else { String::new() };
        let part = partial(&format!("part-{i}"));
        scan(shell, &log, &format!("{}..{end}", bound(i)), &part)?;
        parts.push(part);
    }
    let [forwards, odd, even, other] = ["forwards", "odd", "even", "other"].map(partial);
    let some = |odds: usize| parts.iter().skip(odds).step_by(2).rev().map(|p| p.as_os_str());
    merge(shell, &forwards, parts.iter().map(|p| p.as_os_str()))?;
    merge(shell, &odd, some(1))?;
    merge(shell, &even, some(0))?;
    // One part is given again.
    let twice = [odd.as_os_str(), even.as_os_str()].into_iter().chain(parts.last().map(|p| p.as_os_str()));
    let refused = merge(shell, &other, twice).is_err();
    if !refused {
        return Err("a part that another partial holds already was merged again".into());
    }
    merge(shell, &other, [odd.as_os_str(), even.as_os_str(), odd.as_os_str()])?;
    let wanted = fs::read(&whole)?;
    if fs::read(&forwards)? != wanted || fs::read(&other)? != wanted {
        return Err(format!("{PARTS} ranges merged are not the scan of the whole").into());
    }
    println!("{PARTS} ranges of {length} bytes, merged in two orders, equal one scan byte for byte");
    fs::remove_file(&log)?;
    Ok(())
}

fn scan(shell: &Shell, log: &Path, range: &str, to: &Path) -> Outcome<()> {
    let script = "\"$D\" scan \"$1\" --no-sha256 --range \"$2\" --partial \"$3\"";
    shell.measure(script, &[log.as_os_str(), range.as_ref(), to.as_os_str()]).map(|_| ())
}

fn merge<'p>(shell: &Shell, to: &'p Path, parts: impl IntoIterator<Item = &'p OsStr>) -> Outcome<()> {
    let args: Vec<&OsStr> = [to.as_os_str()].into_iter().chain(parts).collect();
    shell.measure("\"$D\" merge \"${@:2}\" --output \"$1\"", &args).map(|_| ())
}

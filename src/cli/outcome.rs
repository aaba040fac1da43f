//! What reading a log found out, in the words of the evidence, and what that rests on.

use super::logs::Task;
use crate::evidence::{Basis, Caps, Log, LogFacts, Problem, Range, Summary};
use crate::inspect::DETECTORS;
use crate::services::Services;
use crate::traffic::{LogRead, ReadOptions, Skip, Stretch};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a summary depends on besides its logs.
pub(crate) fn basis(services: &Services, caps: Caps) -> Arc<Basis> {
    let Caps { hosts, clients, units, notable, names } = caps;
    Arc::new(Basis {
        tool: format!("domicile {}", env!("CARGO_PKG_VERSION")),
        services: services.sha256.clone(),
        inspector: DETECTORS.iter().map(|d| d.id()).collect::<Vec<_>>().join(" "),
        options: format!(
            "at most {hosts} hosts a domain, {clients} clients a destination, {units} domains, \
             {notable} notable aggregates, {names} addresses a name"
        ),
    })
}

/// What a log does not say itself and its reader was told, spelt out.
pub(crate) fn told(task: &Task) -> Option<String> {
    let ReadOptions { year, log_format } = &*task.options;
    let told: Vec<String> = [
        task.format.as_ref().map(|id| format!("format {id}")),
        year.map(|y| format!("year {y}")),
        log_format.as_ref().map(|layout| format!("log_format {layout}")),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!told.is_empty()).then(|| told.join("; "))
}

/// A log whose decoded content another log of the same source has is a copy, plain or compressed: it is
/// listed and not counted again.
pub(super) fn without_copies(
    summary: Summary,
    known: &mut BTreeMap<(Arc<str>, String), Arc<str>>,
) -> Summary {
    let Some((key, log)) = summary.logs.iter().next() else { return summary };
    let (Some(content), true) = (&log.facts.content, log.facts.counts.read > 0) else { return summary };
    let identity = (Arc::clone(&key.0), content.clone());
    let Some(first) = known.get(&identity) else {
        known.insert(identity, Arc::clone(&key.1));
        return summary;
    };
    let facts = LogFacts {
        format: log.facts.format.clone(),
        options: log.facts.options.clone(),
        copy_of: Some(first.to_string()),
        bytes: log.facts.bytes,
        sha256: log.facts.sha256.clone(),
        content: log.facts.content.clone(),
        ..LogFacts::default()
    };
    let logs = [(key.clone(), Log { facts, ..Log::default() })].into();
    Summary { logs, basis: summary.basis.clone(), caps: summary.caps, ..Summary::default() }
}

/// The log that a stretch of it, or all of it, shows. `apart`: it was read in stretches.
pub(super) fn log((start, end): (u64, u64), read: LogRead, apart: bool, length: u64) -> Log {
    let seen = read.first.zip(read.last);
    let range = Range {
        start,
        end: if apart { end } else { read.decoded_bytes },
        records: read.counts.read,
        lines: read.lines,
        state_in: read.state.0,
        state_out: read.state.1,
        last: !apart || end >= length,
        pieces: read.pieces.clone(),
    };
    let ranges = if read.format.is_some() { vec![range] } else { Vec::new() };
    Log { facts: facts(read, apart), seen, ranges }
}

fn facts(read: LogRead, apart: bool) -> LogFacts {
    let problems = read.problems.iter().map(|p| Problem {
        offset: p.offset,
        record: p.record,
        line: p.line,
        reason: p.reason.to_owned(),
    });
    // An empty log holds no record and hides none: a rotation leaves one behind. What could not be read to its
    // end looks like nothing, or like something else: the break says more.
    let skipped = match (&read.skipped, &read.stopped) {
        (None | Some(Skip::Empty), None) => None,
        (Some(skip), None) => Some(format!("{}; {}", skip.sentence(), skip.help())),
        (_, Some(stop)) if stop.line == 0 => {
            Some(format!("reading stopped at byte {}: {}", stop.offset, stop.why))
        }
        (_, Some(stop)) => Some(format!(
            "reading stopped at byte {} (line {}, column {}): {}",
            stop.offset, stop.line, stop.column, stop.why
        )),
    };
    LogFacts {
        format: read.format.map(str::to_owned),
        skipped,
        options: None,
        copy_of: None,
        problems: problems.collect(),
        counts: read.counts,
        bytes: if apart { read.decoded_bytes } else { read.stored_bytes },
        sha256: read.sha256,
        content: read.content,
    }
}

/// Why a log that ended before its end was not read to it.
const SHRUNK: &str = "the file became shorter while it was read";

/// Says of a log that it ended before its end: what was read of it is nobody's file.
pub(super) fn shrunk(read: &mut LogRead, (start, line): (u64, u64)) {
    let offset = start + read.decoded_bytes;
    read.stopped = Some(crate::traffic::Stopped { why: SHRUNK.to_owned(), offset, line, column: 1 });
    read.sha256 = None;
}

/// Whether one of several stretches of a log could not be read to its end, though the log is as long as it was: what
/// lies behind counts no more. Of those that lie where a shorter log is no more, only the first says so.
pub(super) fn broken_off(stretches: &mut [Stretch]) -> bool {
    stretches.sort_by_key(|(range, _)| *range);
    let several = stretches.len() > 1;
    let mut stops = stretches.iter_mut().filter_map(|(_, read)| {
        let shrunk = read.stopped.as_ref()?.why == SHRUNK;
        Some((shrunk, &mut read.stopped))
    });
    let first = stops.next().is_some_and(|(shrunk, _)| !shrunk);
    let any = stops.fold(first, |broken, (shrunk, stopped)| {
        *stopped = None;
        broken || !shrunk
    });
    several && any
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::Stopped;

    /// Stretches that stopped for these reasons, and whether the log has to be read again; then who still says so.
    fn told(stops: &[Option<&str>]) -> (bool, Vec<bool>) {
        let mut stretches: Vec<Stretch> = (0..)
            .zip(stops)
            .map(|(at, why)| {
                let stop = |why: &&str| Stopped { why: (*why).to_owned(), offset: at, line: 1, column: 1 };
                ((at, at + 1), LogRead { stopped: why.as_ref().map(stop), ..LogRead::default() })
            })
            .collect();
        stretches.reverse();
        (broken_off(&mut stretches), stretches.iter().map(|(_, read)| read.stopped.is_some()).collect())
    }

    #[test]
    fn a_log_that_broke_off_in_a_stretch_is_read_again() {
        assert_eq!(told(&[None, None]), (false, vec![false, false]));
        assert!(told(&[None, Some("reading failed")]).0);
        assert!(told(&[Some(SHRUNK), Some("reading failed")]).0);
        assert_eq!(told(&[None, Some(SHRUNK), Some(SHRUNK)]), (false, vec![false, true, false]));
        // One range alone is all that was asked for: it says itself where it ends.
        assert_eq!(told(&[Some("reading failed")]), (false, vec![true]));
    }
}

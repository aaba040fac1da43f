//! Writers of log lines, byte for byte as the real producers print them, for examples and benchmarks.
//!
//! Each module states the producer and the version its lines were compared with. Everything is a pure
//! function of its arguments: the same seed gives the same bytes on every machine.

pub(crate) mod har;
pub(crate) mod squid;
pub(crate) mod suricata;
pub(crate) mod vpc;
pub(crate) mod zeek;

use chrono::DateTime;
use std::fmt::Write as _;

/// Microseconds in a second.
pub(crate) const SECOND: i64 = 1_000_000;
/// Microseconds in a minute.
pub(crate) const MINUTE: i64 = 60 * SECOND;
/// Microseconds in an hour.
pub(crate) const HOUR: i64 = 60 * MINUTE;

/// A small seeded generator (SplitMix64, Steele et al. 2014): fixed for ever, unlike a library's default.
pub(crate) struct Rng(u64);

impl Rng {
    /// The generator of that seed.
    pub(crate) fn new(seed: u64) -> Rng {
        Rng(seed)
    }

    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn within(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low + 1)
    }

    /// A time offset from zero up to `span` microseconds.
    pub(crate) fn up_to(&mut self, span: i64) -> i64 {
        i64::try_from(self.within(0, u64::try_from(span).expect("a span is not negative"))).expect("fits")
    }

    /// One of a list.
    pub(crate) fn pick<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        let at = self.within(0, of.len() as u64 - 1);
        &of[usize::try_from(at).expect("fits")]
    }
}

/// Lines in the order in which the producer would have written them.
#[derive(Default)]
pub(crate) struct Lines(Vec<(i64, String)>);

impl Lines {
    /// Adds a line that was written at an instant.
    pub(crate) fn push(&mut self, written: i64, line: String) {
        self.0.push((written, line));
    }

    /// The lines written in `[start, end)`, in order; those of the same instant as they were added.
    pub(crate) fn between(&self, start: i64, end: i64) -> Vec<&str> {
        let mut chosen: Vec<_> = self.0.iter().filter(|(at, _)| (start..end).contains(at)).collect();
        chosen.sort_by_key(|(at, _)| *at);
        chosen.into_iter().map(|(_, line)| line.as_str()).collect()
    }
}

/// Joins lines into a file, each ended by a line feed.
pub(crate) fn file<'l>(lines: impl IntoIterator<Item = &'l str>) -> Vec<u8> {
    let mut text = String::new();
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
    text.into_bytes()
}

/// An instant in UTC, in a `strftime` format.
pub(crate) fn stamp(time: i64, format: &str) -> String {
    let mut out = String::new();
    let when = DateTime::from_timestamp_micros(time).expect("a year that exists");
    write!(out, "{}", when.format(format)).expect("a valid format");
    out
}

//! Limits on signed evidence: a report stays something a person can open.

/// The most findings.
pub const FINDINGS: usize = 500;
/// The most rows of any other list.
pub const ROWS: usize = 1_000;
/// The most entries of a list inside a row: hosts, gaps, notes, operations, places.
pub const INNER: usize = 100;
/// The longest text, in characters; a longer one is cut and ends in `…`.
pub const TEXT: usize = 2_000;
/// The largest canonical evidence that is read, in bytes.
pub const BYTES: usize = 32 * 1024 * 1024;

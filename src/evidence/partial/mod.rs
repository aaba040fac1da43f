//! The partial: a summary as a file, so that logs can be read where they lie and judged elsewhere.
//!
//! JSON Lines in UTF-8, each line ended by one line feed, integers only; `docs/partials.md` describes every
//! member. The sections stand in this order, their lengths in the header:
//!
//! 1. header: format version, what the summary depends on, caps, number of lines of each section;
//! 2. texts: one JSON string a line, ascending; sources, clients, endpoints, logs and names are numbers
//!    of lines here, from 0;
//! 3. servers and 4. traits: what aggregates refer to by number, ascending as evidence orders them;
//! 5. logs: what was read of each, what reading found out, digests of its pieces;
//! 6. sources: minutes in which a sensor was alive, statistics about itself;
//! 7. aggregates and 8. names, as arrays;
//! 9. a closing line with the number of lines before it and their SHA-256. What comes before its end is the
//!    *body*; a signature, if there is one, is one more line about the SHA-256 of the body.
//!
//! A summary has one spelling: what was read is written again and has to give the same bytes. No clock, host
//! name, absolute path or hash order gets into it. A file is hostile: lengths are bounded, every number is
//! checked against the others, and nothing of it is repeated in an error but the number of the line.

mod read;
mod rows;
mod sound;
mod write;

pub use read::read;
pub use write::write;

use super::Summary;
use std::fmt;

/// The version of the format written here, and the only one read.
pub const VERSION: u64 = 1;
/// The longest line, in bytes.
const LONGEST: u64 = 64 << 20;
/// The largest file, in bytes.
const LARGEST: u64 = 16 << 30;
/// No count, offset or length is larger, so that thousands of partials can be added.
const MOST: u64 = 1 << 48;

/// What identifies a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// Its lines, with the closing one.
    pub lines: u64,
    /// Its bytes.
    pub bytes: u64,
    /// Its SHA-256, hex.
    pub sha256: String,
}

/// A partial that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partial {
    /// What it holds.
    pub summary: Summary,
    /// What a signature is about.
    pub body: Body,
    /// The line after the body, without its end: a signature, not looked at yet.
    pub signature: Option<Vec<u8>>,
}

/// What is wrong with a file that should be a partial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It cannot be read.
    Io(String),
    /// It does not begin as a partial does.
    NotAPartial,
    /// It is of another version of the format.
    Version(u64),
    /// It ends before its closing line.
    Cut,
    /// Its lines are not those that its closing line was made for.
    Altered,
    /// It has a line, or is as a whole, longer than any partial.
    TooLong,
    /// The closing line fits, but what stands before it is not what this program writes: why.
    Unsound(&'static str),
}

/// Why a partial is not read, and at which line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartialError {
    /// The line, from 1.
    pub line: u64,
    /// What is the matter.
    pub fault: Fault,
}

impl PartialError {
    /// Whether it began as a partial and is none: something happened to it, or somebody made it up.
    #[must_use]
    pub fn is_integrity(&self) -> bool {
        matches!(self.fault, Fault::Cut | Fault::Altered | Fault::TooLong | Fault::Unsound(_))
    }
}

impl fmt::Display for PartialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.line;
        match &self.fault {
            Fault::Io(why) => write!(f, "it cannot be read: {why}"),
            Fault::NotAPartial => f.write_str("it is no partial"),
            Fault::Version(n) => {
                write!(f, "it is a partial of version {n}, and this program reads version {VERSION}")
            }
            Fault::Cut => write!(f, "it is cut off: line {line} is not there, or not to its end"),
            Fault::Altered => {
                write!(
                    f,
                    "it was altered after it was written: up to line {line} it is not what its last line says"
                )
            }
            Fault::TooLong => write!(f, "line {line} is longer than any of a partial"),
            Fault::Unsound(why) => write!(f, "line {line}: {why}"),
        }
    }
}

impl std::error::Error for PartialError {}

/// The closing line.
fn closing(lines: u64, sha256: &str) -> String {
    format!("{{\"lines\":{lines},\"sha256\":\"{sha256}\"}}\n")
}

//! Observed traffic: log formats, one file each. Bytes in, flows out.
//!
//! A [`Format`] recognises a log by its content and hands out a [`Decoder`], which is fed blocks of
//! whole records and pushes what each record turned out to be into a [`Sink`]: exactly one of flow,
//! ignored or rejected for every record, so that the counts add up on any input.
//!
//! To add a format: one file with `pub(super) static FORMAT: ...`, one word in [`shelf!`].

mod addresses;
mod columns;
mod json_walk;
mod layout;
mod lines;
mod plan;
mod read;
mod scalar;
mod turns;
mod web;
mod zeek;

pub use layout::LayoutError;
pub use plan::{Choice, Plan, Skip, choose, plan};
pub use read::{LogRead, ProblemAt, Stopped, Stretch, read, read_decoded, read_stretch, read_within};
pub use turns::{Turn, Turns};

use crate::model::{At, Flow, Time};
use std::net::IpAddr;
use std::ops::ControlFlow;

/// How the bytes of a format are cut into records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// One record a line, at most `max` bytes.
    Lines {
        /// Longest line in bytes.
        max: usize,
    },
    /// JSON values inside an array at a path of keys (`log`, `entries`), each at most `max` bytes. What one says is
    /// read without the others.
    JsonValues {
        /// Keys from the root to the array.
        at: &'static [&'static str],
        /// Longest value in bytes.
        max: usize,
    },
}

/// Whether a log may be split into ranges that are scanned apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// Never.
    Never,
    /// At any line.
    Lines,
    /// At any line, given the header at the start.
    LinesAfterHeader,
}

/// The beginning of a log, decoded.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// Up to 64 KiB, decompressed, without a byte-order mark.
    pub bytes: &'a [u8],
    /// Whether this is the whole log.
    pub whole: bool,
}

/// Whether a log is of a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sniff {
    /// It is not.
    No,
    /// It may be; higher is likelier.
    Maybe(u8),
    /// It is.
    Certain,
}

/// What a reader must be told because the log does not say it.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// Year of time stamps without one. Absent: such records are rejected.
    pub year: Option<i32>,
    /// How the lines are laid out, in the words of the server's own configuration; only for formats whose
    /// [`Format::layout`] takes it. Absent: as the format says.
    pub log_format: Option<String>,
}

/// Whole records, many of them, without a cut at either end.
#[derive(Debug, Clone, Copy)]
pub struct Block<'a> {
    /// The bytes.
    pub bytes: &'a [u8],
    /// Offset of the first in the decoded log.
    pub offset: u64,
    /// Number of the line it stands on, from 1.
    pub line: u64,
    /// Whether nothing follows. Only then may the last line lack its end.
    pub last: bool,
}

/// What one record turned out to be.
#[derive(Debug, Clone, Copy)]
pub enum Settled<'f, 'a> {
    /// A flow.
    Flow(&'f Flow<'a>),
    /// A record without traffic, with the reason. Reasons are fixed words, never log text.
    Ignored(&'static str),
    /// A record that could not be understood, with the reason. Fixed words, never log text.
    Rejected(&'static str),
}

/// A fact about what name an address goes by.
#[derive(Debug, Clone)]
pub struct NameFact<'a> {
    /// The address.
    pub address: IpAddr,
    /// The name, as logged.
    pub name: &'a str,
    /// Who asked, as logged; empty if not known.
    pub client: &'a str,
    /// When.
    pub time: Time,
}

/// Proof that a sensor was alive at an instant, other than traffic it logged.
#[derive(Debug, Clone, Copy)]
pub struct Health {
    /// When.
    pub time: Time,
    /// Packets the sensor says it lost since it started, if it says.
    pub lost: Option<u64>,
}

/// Where records go.
pub trait Sink {
    /// What a record turned out to be: once for each record. `raw` is the record's bytes, none if it was
    /// too long to be kept. Decoders leave `at.record` 0; [`read`] numbers the records.
    fn record(&mut self, at: At, raw: &[u8], what: Settled<'_, '_>);
    /// A name fact, besides the record it came from.
    fn name(&mut self, fact: &NameFact<'_>);
    /// A sign of life of the sensor, besides the record it came from.
    fn health(&mut self, health: Health);
}

/// Why decoding cannot go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// What is the matter; fixed words and numbers, never log text.
    pub why: String,
}

/// A log format.
pub trait Format: Sync {
    /// Stable kebab-case id, equal to the file name.
    fn id(&self) -> &'static str;
    /// What it is, in a line.
    fn about(&self) -> &'static str;
    /// What it shows, what it cannot show, and how to make it show more. Markdown.
    fn doc(&self) -> &'static str;
    /// Whether a log is of this format.
    fn sniff(&self, head: &Head<'_>) -> Sniff;
    /// How it is cut into records.
    fn framing(&self) -> Framing;
    /// Whether it may be split.
    fn split(&self) -> Split;
    /// How many bytes at the beginning of a log a decoder must have seen to read on from anywhere in it.
    fn header(&self, head: &Head<'_>) -> usize {
        let _ = head;
        0
    }
    /// Whether lines laid out like this can be read; formats with one layout only take none.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    fn layout(&self, _log_format: &str) -> Result<(), LayoutError> {
        Err(LayoutError::new(0, format!("`{}` has one layout and takes no log_format", self.id())))
    }
    /// A decoder for one log.
    fn decoder<'o>(&self, options: &'o ReadOptions) -> Box<dyn Decoder + 'o>;
}

/// Turns the blocks of one log into records. Owns reassembly, joins and scratch, all bounded.
pub trait Decoder: Send {
    /// Takes a block. Breaks only when nothing after it can be understood.
    fn block(&mut self, block: Block<'_>, out: &mut dyn Sink) -> ControlFlow<Stop>;
    /// Called once after the last block.
    fn finish(&mut self, out: &mut dyn Sink);
    /// What it has taken over from the records so far that later ones are read by, as a digest: two
    /// stretches of a log join only if the later one assumed what the earlier one ended with.
    fn state(&self) -> u64 {
        0
    }
}

/// Declares the formats: modules, and the table that everything else is made from.
macro_rules! shelf {
    ($($module:ident),* $(,)?) => {
        $(mod $module;)*
        /// Every format, by id.
        pub static FORMATS: &[&dyn Format] = &[$(&$module::FORMAT),*];
    };
}

shelf! {
    har, squid, squid_combined, suricata_eve, vpc_flow, web_access, web_access_json, zeek_json, zeek_tsv
}

/// Quick ways through a log held against slow ones: for fuzz targets, which alone are built with it.
#[cfg(fuzzing)]
pub mod twins {
    use super::{har, suricata_eve, web_access_json, zeek_json};

    /// The formats with two ways through JSON, and what panics unless both agree on a log: on each of its lines, or
    /// on its one entry.
    pub const FORMATS: &[(&str, fn(&[u8]))] = &[
        ("har", har::agree_on),
        ("suricata-eve", suricata_eve::agree_on),
        ("web-access-json", web_access_json::agree_on),
        ("zeek-json", zeek_json::agree_on),
    ];
}

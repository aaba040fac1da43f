//! Where the time of a scan goes: the same log read, read and digested, decoded as well, folded as well.
//! In this process, one thread, by the clock; each stage includes the ones before it.

use crate::Outcome;
use domicile::bytes::{Decoded, Input, Intake, ReadAt};
use domicile::evidence::{Fold, LogName};
use domicile::model::At;
use domicile::services::Services;
use domicile::traffic::{Choice, Health, NameFact, ReadOptions, Settled, Sink, read_within};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// Time of each stage, without the ones before it: reading, digest, decoding, folding.
pub(crate) type Stages = [Duration; 4];

struct Disk(File, u64);

impl ReadAt for Disk {
    fn len(&self) -> u64 {
        self.1
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(buf, offset)
    }
}

/// Takes records and drops them.
struct Nothing;

impl Sink for Nothing {
    fn record(&mut self, _: At, _: &[u8], _: Settled<'_, '_>) {}
    fn name(&mut self, _: &NameFact<'_>) {}
    fn health(&mut self, _: Health) {}
}

/// Times the stages of a log that is in the page cache.
pub(crate) fn of(path: &Path) -> Outcome<Stages> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    let disk = Disk(file, length);
    let intake = Intake { sha256: false, ..Intake::default() };
    let input = || Input::At(&disk);
    let options = ReadOptions::default();

    let start = Instant::now();
    let (mut buf, mut at) = (vec![0; intake.block], 0);
    while at < length {
        at += disk.read_at(&mut buf, at)? as u64;
    }
    let read = start.elapsed();

    let start = Instant::now();
    Decoded::open(input(), intake)?.0.finish().1?;
    let digested = start.elapsed();

    let start = Instant::now();
    read_within(intake, input(), Choice::Auto, &options, &mut Nothing, &mut |_| {});
    let decoded = start.elapsed();

    let start = Instant::now();
    let name = LogName { source: "bench".into(), name: "log".into(), seed: 1 };
    let mut fold = Fold::new(Services::embedded()?, name);
    read_within(intake, input(), Choice::Auto, &options, &mut fold, &mut |_| {});
    fold.finish().map_err(|e| e.to_string())?.ok_or("somebody else folds")?;
    let folded = start.elapsed();
    Ok([
        read,
        digested.saturating_sub(read),
        decoded.saturating_sub(digested),
        folded.saturating_sub(decoded),
    ])
}

//! A quick pass held against its parser, for unit tests and fuzz targets.

use super::{Reader, Schema, Unsure, lines};
use crate::model::At;
use crate::traffic::lines::Line;
use crate::traffic::{Block, Health, NameFact, Settled, Sink};

/// What was told of a line, as text.
#[derive(Default)]
pub(in crate::traffic) struct Told(pub(in crate::traffic) String);

impl Sink for Told {
    fn record(&mut self, at: At, _: &[u8], what: Settled<'_, '_>) {
        self.0 += &format!("{at:?} {what:?};");
    }
    fn name(&mut self, fact: &NameFact<'_>) {
        self.0 += &format!("{fact:?};");
    }
    fn health(&mut self, health: Health) {
        self.0 += &format!("{health:?};");
    }
}

/// The quick pass of a format, by a reader that may know the shape of the line, and its parser.
pub(in crate::traffic) struct Ways<S: Schema> {
    /// Settles a line, or is unsure of it.
    pub(in crate::traffic) quick: fn(&Line<'_, '_, 3>, &mut Reader<S>, &mut dyn Sink) -> Result<(), Unsure>,
    /// Settles any line.
    pub(in crate::traffic) parsed: fn(&[u8], At, &mut dyn Sink),
}

impl<S: Schema> Ways<S> {
    /// What a line becomes, by the quick pass and by the parser; `None` where the quick pass is unsure.
    pub(in crate::traffic) fn both(&self, reader: &mut Reader<S>, line: &[u8]) -> (Option<String>, String) {
        let at = At { offset: 0, length: line.len() as u64, record: 0, line: Some(1) };
        let mut quick = Told::default();
        // What follows a line in memory must not matter.
        let bytes = [line, b"\n{\"x\":\"\\"].concat();
        let mut lines = lines(Block { bytes: &bytes, offset: 0, line: 1, last: true });
        let first = lines.next(&mut Told::default()).filter(|first| first.bytes == line);
        let sure = first.is_some_and(|line| (self.quick)(&line, reader, &mut quick).is_ok());
        let mut parsed = Told::default();
        (self.parsed)(line, at, &mut parsed);
        (sure.then_some(quick.0), parsed.0)
    }

    /// Panics unless both agree where the quick pass is sure. The second time the line is of a known shape, if the
    /// first pass was sure of it.
    pub(in crate::traffic) fn agree(&self, reader: &mut Reader<S>, line: &[u8]) {
        let (quick, parsed) = self.both(reader, line);
        let (again, _) = self.both(reader, line);
        assert_eq!(quick.is_some(), again.is_some(), "{}", String::from_utf8_lossy(line));
        for quick in [quick, again].into_iter().flatten() {
            assert_eq!(quick, parsed, "{}", String::from_utf8_lossy(line));
        }
    }

    /// The same of each line of a log, by one reader.
    #[cfg(fuzzing)]
    pub(in crate::traffic) fn agree_on(&self, log: &[u8]) {
        let mut reader = Reader::default();
        log.split(|b| *b == b'\n').for_each(|line| self.agree(&mut reader, line));
    }
}

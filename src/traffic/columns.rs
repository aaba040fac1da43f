//! A line cut into columns, by bitmaps of where its separator stands.
//!
//! A block is looked at once, for line ends, separators and backslashes together, and what comes after is
//! arithmetic on the bits: no search for each line or column, and none at all behind the last one that matters.

use super::lines::Places;
use crate::bytes::simd::{GROUP, places};

/// The bitmaps of a line, after that of line ends.
const SEPARATORS: usize = 1;
const BACKSLASHES: usize = 2;

/// Makes the bitmaps that lines of columns are cut by, for [`super::lines::Lines::with`].
pub(super) fn look(separator: u8) -> impl Fn(&[u8], &mut Vec<[u64; 3]>) {
    move |bytes, maps| places([b'\n', separator, b'\\'], bytes, maps)
}

/// The bitmaps of a line that stands alone.
pub(super) fn alone<'m>(line: &[u8], separator: u8, maps: &'m mut Vec<[u64; 3]>) -> Places<'m, 3> {
    look(separator)(line, maps);
    Places { maps, start: 0, end: line.len() }
}

/// Cuts lines. Kept from line to line, so that none of them allocates.
#[derive(Debug, Default)]
pub(super) struct Columns {
    /// Where each column of the line begins and ends.
    edges: Vec<[u32; 2]>,
    /// How many of them are of this line.
    count: usize,
    /// Whether a backslash stands in one of them, or near them.
    escaped: bool,
}

impl Columns {
    /// Every separator ends a column: two in a row have an empty one between them. At most `wanted` are cut.
    pub(super) fn cut(&mut self, line: Places<'_, 3>, wanted: usize) -> usize {
        self.room(wanted);
        self.escaped = false;
        let (mut start, mut at) = (0, 0);
        let mut slots = self.edges.get_mut(..wanted).unwrap_or_default().iter_mut();
        while at < line.len() {
            let mut bits = line.from(SEPARATORS, at) & inside(line, at);
            self.escaped |= line.from(BACKSLASHES, at) != 0;
            while bits != 0 {
                let Some(slot) = slots.next() else {
                    self.count = wanted;
                    return wanted;
                };
                let end = (at as u32).wrapping_add(bits.trailing_zeros());
                *slot = [start, end];
                start = end.wrapping_add(1);
                bits &= bits.wrapping_sub(1);
            }
            at = at.wrapping_add(GROUP);
        }
        if let Some(slot) = slots.next() {
            *slot = [start, line.len() as u32];
        }
        self.count = wanted - slots.len();
        self.count
    }

    /// Separators in a row count as one, and those at either end as none: columns are words. At most
    /// `wanted` are cut.
    pub(super) fn words(&mut self, line: Places<'_, 3>, wanted: usize) -> usize {
        self.room(wanted);
        // A word begins and ends where being a separator changes; around the line stand separators.
        let (mut before, mut at) = (1, 0);
        let slots = self.edges.get_mut(..wanted).unwrap_or_default();
        let mut edges = slots.as_flattened_mut().iter_mut();
        'line: while at <= line.len() {
            let separators = line.from(SEPARATORS, at) | !inside(line, at);
            let mut changes = separators ^ (separators << 1 | before);
            before = separators >> 63;
            while changes != 0 {
                let Some(edge) = edges.next() else { break 'line };
                *edge = (at as u32).wrapping_add(changes.trailing_zeros());
                changes &= changes.wrapping_sub(1);
            }
            at = at.wrapping_add(GROUP);
        }
        self.count = wanted - edges.len() / 2;
        self.count
    }

    fn room(&mut self, wanted: usize) {
        if self.edges.len() < wanted {
            self.edges.resize(wanted, [0; 2]);
        }
    }

    /// Whether a backslash may stand in a column of the line last cut.
    pub(super) fn may_be_escaped(&self) -> bool {
        self.escaped
    }

    /// The columns of the line last cut.
    pub(super) fn of<'a, 'c>(&'c self, line: &'a [u8]) -> Row<'a, 'c> {
        Row { line, edges: self.edges.get(..self.count).unwrap_or_default() }
    }
}

/// Which of 64 bytes from any of the line on are of it.
#[inline(always)]
fn inside(line: Places<'_, 3>, at: usize) -> u64 {
    match line.len().wrapping_sub(at) {
        0 => 0,
        left @ 1..GROUP => u64::MAX >> (GROUP - left),
        _ => u64::MAX,
    }
}

/// A line and where its columns are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a, 'c> {
    line: &'a [u8],
    edges: &'c [[u32; 2]],
}

impl<'a, 'c> Row<'a, 'c> {
    /// A column as text, if it is UTF-8. `text` is the line, if that is known to be.
    #[inline]
    pub(super) fn text(self, column: usize, text: Option<&'a str>) -> Option<&'a str> {
        match text {
            Some(text) => self.place(column).map_or(Some(""), |(start, end)| text.get(start..end)),
            None => std::str::from_utf8(self.column(column)).ok(),
        }
    }

    /// A line cut by somebody else.
    #[cfg(test)]
    pub(super) fn new(line: &'a [u8], edges: &'c [[u32; 2]]) -> Row<'a, 'c> {
        Row { line, edges }
    }

    /// Where a column begins and ends, if the line has it.
    #[inline(always)]
    pub(super) fn place(self, column: usize) -> Option<(usize, usize)> {
        self.edges.get(column).map(|[start, end]| (*start as usize, *end as usize))
    }

    /// A column, empty if the line has none such.
    #[inline(always)]
    pub(super) fn column(self, column: usize) -> &'a [u8] {
        self.place(column).and_then(|(start, end)| self.line.get(start..end)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// All columns of a line, by bitmaps and by splitting it.
    fn check(line: &[u8], after: &[u8], separator: u8) {
        // What stands around it in memory must not show.
        let before = (line.len() + after.len()) % 70;
        let around = [&vec![separator; before], line, after].concat();
        let mut maps = Vec::new();
        look(separator)(&around, &mut maps);
        let places = Places { maps: &maps, start: before, end: before + line.len() };
        let mut columns = Columns::default();
        let split: Vec<_> = line.split(|b| *b == separator).collect();
        let words: Vec<_> = split.iter().copied().filter(|w| !w.is_empty()).collect();
        for wanted in [0, 1, 2, split.len().saturating_sub(1), split.len(), split.len() + 3] {
            let count = columns.cut(places, wanted);
            let all: Vec<_> = (0..count).map(|i| columns.of(line).column(i)).collect();
            assert_eq!(all, split.iter().copied().take(wanted).collect::<Vec<_>>());
            assert_eq!(columns.of(line).place(count), None);
            let cut = all.concat();
            assert!(columns.may_be_escaped() || !cut.contains(&b'\\'));
            let count = columns.words(places, wanted);
            let all: Vec<_> = (0..count).map(|i| columns.of(line).column(i)).collect();
            for text in [None, std::str::from_utf8(line).ok()] {
                let texts = (0..=count).map(|i| columns.of(line).text(i, text));
                assert!(texts.eq((0..=count).map(|i| std::str::from_utf8(columns.of(line).column(i)).ok())));
            }
            assert_eq!(all, words.iter().copied().take(wanted).collect::<Vec<_>>());
            assert_eq!(columns.of(line).column(count), b"");
        }
    }

    #[test]
    fn lines_of_every_length_are_cut_as_by_splitting() {
        for length in 0..200 {
            for line in
                [vec![b' '; length], vec![b'x'; length], b"a b".repeat(length), b"  ab\\".repeat(length)]
            {
                check(&line, b"", b' ');
                check(&line, b"\n x  y z", b' ');
                check(&line, &[b' '; 100], b' ');
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 500 }))]

        #[test]
        fn any_line_is_cut_as_by_splitting(
            line in prop::collection::vec(prop::sample::select(b" \t,ab\\\0\r\xff".to_vec()), 0..300),
            after in prop::collection::vec(any::<u8>(), 0..100),
            separator in prop::sample::select(b" \t,\\\xff".to_vec()),
        ) {
            check(&line, &after, separator);
        }
    }
}

//! A line cut into columns, by bitmaps of where its separator stands.
//!
//! The line is looked at once, and what comes after is arithmetic on the bits: no search for each column,
//! and none at all behind the last one that matters.

use crate::bytes::simd::{GROUP, places};

/// Cuts lines. Kept from line to line, so that none of them allocates.
#[derive(Debug, Default)]
pub(super) struct Columns {
    /// Where the separator stands, and where a backslash does.
    maps: Vec<[u64; 2]>,
    /// Where each column of the line begins and ends.
    edges: Vec<[u32; 2]>,
    /// How many of them are of this line.
    count: usize,
}

impl Columns {
    /// Every separator ends a column: two in a row have an empty one between them. At most `wanted` are
    /// cut. `ahead` is the line and whatever follows it in memory, which saves a copy.
    pub(super) fn cut(&mut self, line: &[u8], ahead: &[u8], separator: u8, wanted: usize) -> usize {
        self.look(line, ahead, separator, wanted);
        let (mut start, mut base) = (0_u32, 0_u32);
        let mut slots = self.edges.get_mut(..wanted).unwrap_or_default().iter_mut();
        for [separators, _] in &self.maps {
            let mut rest = *separators;
            while rest != 0 {
                let at = base.wrapping_add(rest.trailing_zeros());
                let Some(slot) = slots.next() else {
                    self.count = wanted;
                    return wanted;
                };
                *slot = [start, at];
                start = at.wrapping_add(1);
                rest &= rest.wrapping_sub(1);
            }
            base = base.wrapping_add(GROUP as u32);
        }
        if let Some(slot) = slots.next() {
            *slot = [start, line.len() as u32];
        }
        self.count = wanted - slots.len();
        self.count
    }

    /// Separators in a row count as one, and those at either end as none: columns are words. At most
    /// `wanted` are cut.
    pub(super) fn words(&mut self, line: &[u8], ahead: &[u8], separator: u8, wanted: usize) -> usize {
        self.look(line, ahead, separator, wanted);
        // A word begins and ends where being a separator changes; before the line stands one.
        let (mut before, mut base) = (1, 0_u32);
        let slots = self.edges.get_mut(..wanted).unwrap_or_default();
        let mut edges = slots.as_flattened_mut().iter_mut();
        'line: for [separators, _] in &self.maps {
            let mut changes = separators ^ (separators << 1 | before);
            before = separators >> 63;
            while changes != 0 {
                let Some(edge) = edges.next() else { break 'line };
                *edge = base.wrapping_add(changes.trailing_zeros());
                changes &= changes.wrapping_sub(1);
            }
            base = base.wrapping_add(GROUP as u32);
        }
        let found = 2 * wanted - edges.len();
        if found % 2 == 1
            && let Some(end) = edges.next()
        {
            *end = line.len() as u32;
        }
        self.count = found.div_ceil(2);
        // Behind a separator at its end the line seems to go on with a word.
        if found % 2 == 1 && self.edges.get(self.count - 1).is_some_and(|[start, end]| start == end) {
            self.count -= 1;
        }
        self.count
    }

    fn look(&mut self, line: &[u8], ahead: &[u8], separator: u8, wanted: usize) {
        let groups = line.len().div_ceil(GROUP);
        let around = ahead.get(..(groups * GROUP).min(ahead.len())).unwrap_or(line);
        places([separator, b'\\'], around, &mut self.maps);
        if let Some(last) = self.maps.last_mut() {
            let inside = u64::MAX >> ((GROUP - line.len() % GROUP) % GROUP);
            last.iter_mut().for_each(|word| *word &= inside);
        }
        if self.edges.len() < wanted {
            self.edges.resize(wanted, [0; 2]);
        }
    }

    /// Whether a backslash stands anywhere in the line.
    pub(super) fn has_backslash(&self) -> bool {
        self.maps.iter().fold(0, |all, [_, backslashes]| all | backslashes) != 0
    }

    /// The columns of the line last cut.
    pub(super) fn of<'a, 'c>(&'c self, line: &'a [u8]) -> Row<'a, 'c> {
        Row { line, edges: self.edges.get(..self.count).unwrap_or_default() }
    }
}

/// A line and where its columns are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a, 'c> {
    line: &'a [u8],
    edges: &'c [[u32; 2]],
}

impl<'a, 'c> Row<'a, 'c> {
    /// A line cut by somebody else.
    #[cfg(test)]
    pub(super) fn new(line: &'a [u8], edges: &'c [[u32; 2]]) -> Row<'a, 'c> {
        Row { line, edges }
    }

    /// Where a column begins and ends, if the line has it.
    #[inline]
    pub(super) fn place(self, column: usize) -> Option<(usize, usize)> {
        self.edges.get(column).map(|[start, end]| (*start as usize, *end as usize))
    }

    /// A column, empty if the line has none such.
    #[inline]
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
        let ahead = [line, after].concat();
        let mut columns = Columns::default();
        let split: Vec<_> = line.split(|b| *b == separator).collect();
        let words: Vec<_> = split.iter().copied().filter(|w| !w.is_empty()).collect();
        for wanted in [0, 1, 2, split.len().saturating_sub(1), split.len(), split.len() + 3] {
            // What was there before must not show.
            columns.cut(&[separator; 99], &[separator; 99], separator, wanted);
            let count = columns.cut(line, &ahead, separator, wanted);
            let all: Vec<_> = (0..count).map(|i| columns.of(line).column(i)).collect();
            assert_eq!(all, split.iter().copied().take(wanted).collect::<Vec<_>>());
            assert_eq!(columns.of(line).place(count), None);
            assert_eq!(columns.has_backslash(), line.contains(&b'\\'));
            let count = columns.words(line, &ahead, separator, wanted);
            let all: Vec<_> = (0..count).map(|i| columns.of(line).column(i)).collect();
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

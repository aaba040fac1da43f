//! The hours of a key, each in a few bytes: nearly all hold few records and small figures, and there are
//! many of them.

use super::total::{Cell, MOST_HOURS, settle_hours};
use crate::model::Time;
use crate::model::audit::ByteSum;

/// Cells by UTC hour, ascending.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hours {
    packed: Box<[u8]>,
    length: u32,
}

impl Hours {
    /// Cells as they were written; whether they are in order is for the reader to check.
    pub(super) fn of(cells: &[Cell]) -> Hours {
        let mut packer = Packer::default();
        cells.iter().for_each(|cell| packer.put(cell));
        packer.finish()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.length as usize
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Bytes that they take.
    pub(super) fn size(&self) -> usize {
        self.packed.len()
    }

    /// The cells, in order.
    #[must_use]
    pub fn iter(&self) -> Cells<'_> {
        Cells { packed: &self.packed, before: 0 }
    }

    /// Adds the cells of others: one for each hour, or one in all if the hours are too many.
    pub(super) fn join<'h>(&mut self, mut others: impl ExactSizeIterator<Item = &'h Hours> + Clone) {
        if others.len() == 1
            && let Some(all) = others.clone().next().and_then(|other| self.followed_by(other))
        {
            *self = all;
            return;
        }
        let mut cells: Vec<Cell> = self.iter().collect();
        others.by_ref().for_each(|other| cells.extend(other));
        settle_hours(&mut cells);
        *self = Hours::of(&cells);
    }

    /// Both, if all hours of the one come after those of the other, as those of the parts of a log do.
    fn followed_by(&self, other: &Hours) -> Option<Hours> {
        let hour = |hours: &Hours| hours.iter().next().map(|c| c.hour());
        let (early, late) = if hour(self)? <= hour(other)? { (self, other) } else { (other, self) };
        let mut rest = late.iter();
        let (last, first) = (early.iter().last()?, rest.next()?);
        let apart = last.last.hour() < first.hour() && !last.spans_hours() && !first.spans_hours();
        let length = early.length.checked_add(late.length)?;
        if !apart || length as usize > MOST_HOURS {
            return None;
        }
        let mut packed = Vec::with_capacity(early.packed.len() + late.packed.len() + MOST);
        packed.extend_from_slice(&early.packed);
        put(&first, &mut packed, &mut last.first.micros());
        packed.extend_from_slice(rest.packed);
        Some(Hours { packed: packed.into(), length })
    }
}

impl<'h> IntoIterator for &'h Hours {
    type Item = Cell;
    type IntoIter = Cells<'h>;

    fn into_iter(self) -> Cells<'h> {
        self.iter()
    }
}

/// Iterates over cells.
#[derive(Debug, Clone)]
pub struct Cells<'h> {
    packed: &'h [u8],
    before: i64,
}

impl Iterator for Cells<'_> {
    type Item = Cell;

    #[inline]
    fn next(&mut self) -> Option<Cell> {
        take(&mut self.packed, &mut self.before)
    }
}

/// Packs cells one after the other. Its memory is used again for the next list.
#[derive(Default)]
pub(super) struct Packer {
    packed: Vec<u8>,
    before: i64,
    length: u32,
}

impl Packer {
    pub(super) fn put(&mut self, cell: &Cell) {
        put(cell, &mut self.packed, &mut self.before);
        self.length += 1;
    }

    /// What was packed; it is empty afterwards.
    pub(super) fn finish(&mut self) -> Hours {
        let hours = Hours { packed: self.packed.as_slice().into(), length: self.length };
        self.packed.clear();
        (self.before, self.length) = (0, 0);
        hours
    }
}

/// One record, whose figures are all that there is to say.
const SINGLE: u8 = 1;
/// Bytes out are known of all records.
const OUT: u8 = 2;
/// Bytes in are known of all records.
const IN: u8 = 4;

/// Writes a cell. `before` is the time that the cell before it began at.
#[inline]
pub(super) fn put(cell: &Cell, to: &mut Vec<u8>, before: &mut i64) {
    let Cell { first, last, records, bytes_out, bytes_in, largest } = cell;
    let known = |sum: &ByteSum, flag| if sum.unknown == 0 { flag } else { 0 };
    let of_one = |sum: &ByteSum| matches!(sum, ByteSum { unknown: 0, .. } | ByteSum { sum: 0, unknown: 1 });
    let single = *records == 1 && first == last && *largest == bytes_out.sum;
    let single = if single && of_one(bytes_out) && of_one(bytes_in) { SINGLE } else { 0 };
    let flags = single | known(bytes_out, OUT) | known(bytes_in, IN);
    to.reserve(MOST);
    to.push(flags);
    let step = first.micros().wrapping_sub(std::mem::replace(before, first.micros()));
    varint(to, (step << 1 ^ step >> 63) as u64);
    if flags & SINGLE == 0 {
        let span = last.since(*first) as u64;
        [span, *records].into_iter().for_each(|n| varint(to, n));
        for sum in [bytes_out, bytes_in] {
            varint(to, sum.sum);
            if sum.unknown != 0 {
                varint(to, sum.unknown);
            }
        }
        varint(to, *largest);
        return;
    }
    if flags & OUT != 0 {
        varint(to, bytes_out.sum);
    }
    if flags & IN != 0 {
        varint(to, bytes_in.sum);
    }
}

/// Bytes of a cell at most: its flags, and eight numbers.
const MOST: usize = 1 + 8 * 10;

/// Reads a cell; `None` at the end.
#[inline]
pub(super) fn take(from: &mut &[u8], before: &mut i64) -> Option<Cell> {
    let flags = *from.split_off_first()?;
    let step = unvarint(from)?;
    *before = before.wrapping_add((step >> 1) as i64 ^ -((step & 1) as i64));
    let first = Time::from_micros(*before)?;
    if flags & SINGLE == 0 {
        let mut next = || unvarint(from);
        let last = Time::from_micros(before.wrapping_add(next()? as i64))?;
        let records = next()?;
        let mut sum = |flag| {
            let sum = next()?;
            Some(ByteSum { sum, unknown: if flags & flag == 0 { next()? } else { 0 } })
        };
        let (bytes_out, bytes_in) = (sum(OUT)?, sum(IN)?);
        return Some(Cell { first, last, records, bytes_out, bytes_in, largest: next()? });
    }
    let mut sum = |flag| match flags & flag {
        0 => Some(ByteSum { sum: 0, unknown: 1 }),
        _ => Some(ByteSum { sum: unvarint(from)?, unknown: 0 }),
    };
    let (bytes_out, bytes_in) = (sum(OUT)?, sum(IN)?);
    Some(Cell { first, last: first, records: 1, bytes_out, bytes_in, largest: bytes_out.sum })
}

/// A number as LEB128: seven bits a byte, lowest first.
#[inline]
pub(super) fn varint(to: &mut Vec<u8>, mut n: u64) {
    while n > 0x7f {
        to.push(n as u8 | 0x80);
        n >>= 7;
    }
    to.push(n as u8);
}

/// The number that begins here.
#[inline]
pub(super) fn unvarint(from: &mut &[u8]) -> Option<u64> {
    let mut n = 0;
    for shift in (0..64).step_by(7) {
        let byte = *from.split_off_first()?;
        n |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(n);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::HOUR;
    use proptest::prelude::*;

    fn time() -> impl Strategy<Value = Time> {
        let any = Time::EARLIEST.micros()..=Time::LATEST.micros();
        prop_oneof![any, Just(0), Just(1)].prop_map(|micros| Time::from_micros(micros).unwrap())
    }

    fn figure() -> impl Strategy<Value = u64> {
        prop_oneof![any::<u64>(), 0..3_u64, Just(127), Just(128), Just(u64::MAX)]
    }

    prop_compose! {
        fn sum()(sum in figure(), unknown in figure()) -> ByteSum {
            ByteSum { sum, unknown }
        }
    }

    prop_compose! {
        fn cell()(
            times in (time(), time()),
            records in figure(),
            bytes_out in sum(),
            bytes_in in sum(),
            (same, largest) in (any::<bool>(), figure()),
        ) -> Cell {
            let (first, last) = if same { (times.0, times.0) } else { times };
            let largest = if same { bytes_out.sum } else { largest };
            Cell { first, last, records, bytes_out, bytes_in, largest }
        }
    }

    /// Cells that are settled: of an hour each, or one of more.
    fn settled() -> impl Strategy<Value = Vec<Cell>> {
        prop::collection::vec((0..9_i64, 0..3_i64, figure(), any::<bool>()), 1..6).prop_map(|list| {
            let cell = |(hour, late, sum, whole): (i64, i64, u64, bool)| {
                let first = Time::from_micros(hour * HOUR + late).unwrap();
                let last = if whole { first.plus(late) } else { first };
                let bytes = ByteSum { sum, unknown: 0 };
                Cell { first, last, records: 1, bytes_out: bytes, bytes_in: bytes, largest: sum }
            };
            let mut cells: Vec<Cell> = list.into_iter().map(cell).collect();
            settle_hours(&mut cells);
            cells
        })
    }

    proptest! {
        #[test]
        fn hours_are_joined_as_their_cells_are(all in prop::collection::vec(settled(), 2..4), wide in 0..3_i64) {
            let mut lists = all;
            if let Some(cell) = lists[0].first_mut().filter(|_| wide == 0) {
                // One that stands for hours that were given up.
                cell.last = cell.first.plus(3 * HOUR);
                lists[0].truncate(1);
            }
            let mut cells = lists.concat();
            settle_hours(&mut cells);
            let lists: Vec<Hours> = lists.iter().map(|cells| Hours::of(cells)).collect();
            let (mut mine, others) = (lists[0].clone(), &lists[1..]);
            mine.join(others.iter());
            prop_assert_eq!(mine, Hours::of(&cells));
        }

        #[test]
        fn any_cells_come_back_as_they_were(cells in prop::collection::vec(cell(), 0..20)) {
            let hours = Hours::of(&cells);
            prop_assert_eq!(hours.len(), cells.len());
            prop_assert_eq!(hours.iter().collect::<Vec<_>>(), cells);
        }
    }
}

//! How large the records of a key were, in few bytes.

use super::hours::{unvarint, varint};

/// Magnitudes there are: the numbers of significant bits of a figure.
const ALL: usize = 65;

/// How many records had bytes out of a magnitude: the number of significant bits, ascending, and the count.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Magnitudes(Box<[u8]>);

impl Magnitudes {
    /// Magnitudes as they were written; whether they are in order is for the reader to check.
    pub(super) fn of(list: impl IntoIterator<Item = (u8, u64)>) -> Magnitudes {
        let mut packed = Vec::new();
        for (bits, n) in list {
            packed.push(bits);
            varint(&mut packed, n);
        }
        Magnitudes(packed.into())
    }

    /// The magnitudes met, ascending, each with its count.
    pub fn iter(&self) -> impl Iterator<Item = (u8, u64)> {
        let mut from = &*self.0;
        std::iter::from_fn(move || Some((*from.split_off_first()?, unvarint(&mut from)?)))
    }

    /// Adds those of others.
    pub(super) fn join<'m>(&mut self, others: impl Iterator<Item = &'m Magnitudes>) {
        for other in others {
            let mut theirs = other.iter().peekable();
            let mut all = Vec::with_capacity(self.0.len() + other.0.len());
            let mut put = |bits, n| {
                all.push(bits);
                varint(&mut all, n);
            };
            for (bits, n) in self.iter() {
                while let Some((bits, n)) = theirs.next_if(|(theirs, _)| *theirs < bits) {
                    put(bits, n);
                }
                put(bits, n + theirs.next_if(|(theirs, _)| *theirs == bits).map_or(0, |(_, n)| n));
            }
            theirs.for_each(|(bits, n)| put(bits, n));
            *self = Magnitudes(all.into());
        }
    }
}

/// Counts of all magnitudes.
pub(super) struct Scale([u64; ALL]);

impl Default for Scale {
    fn default() -> Scale {
        Scale([0; ALL])
    }
}

impl Scale {
    /// Counts `n` figures of a magnitude.
    pub(super) fn count(&mut self, bits: u8, n: u64) {
        if let Some(count) = self.0.get_mut(usize::from(bits)) {
            *count += n;
        }
    }

    pub(super) fn add(&mut self, magnitudes: &Magnitudes) {
        magnitudes.iter().for_each(|(bits, n)| self.count(bits, n));
    }

    pub(super) fn finish(&self) -> Magnitudes {
        Magnitudes::of((0..).zip(self.0).filter(|(_, n)| *n > 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magnitudes_are_joined_in_order() {
        let mut mine = Magnitudes::of([(3, 1), (64, 300)]);
        mine.join([Magnitudes::of([(0, 2), (3, u64::MAX - 1)]), Magnitudes::default()].iter());
        assert_eq!(mine.iter().collect::<Vec<_>>(), [(0, 2), (3, u64::MAX), (64, 300)]);
        assert_eq!(Magnitudes::of([(9, 0), (1, 1)]).iter().collect::<Vec<_>>(), [(9, 0), (1, 1)]);
    }
}

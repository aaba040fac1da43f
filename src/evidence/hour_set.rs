//! Hours in which something was so, in few bytes: names are met in most hours of a day, and there are many names.

use super::hours::{unvarint, varint};

/// Hours since the epoch (UTC), ascending, each once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HourSet {
    /// The first, then how far each is from the one before it.
    packed: Box<[u8]>,
    length: u32,
}

impl HourSet {
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

    /// The hours, in order.
    pub fn iter(&self) -> impl Iterator<Item = i64> {
        let (mut packed, mut before) = (&*self.packed, 0_i64);
        std::iter::from_fn(move || {
            let step = unvarint(&mut packed)?;
            before = before.wrapping_add((step >> 1) as i64 ^ -((step & 1) as i64));
            Some(before)
        })
    }

    /// Adds the hours of others.
    pub(super) fn join(&mut self, others: &[HourSet]) {
        *self = self.iter().chain(others.iter().flat_map(HourSet::iter)).collect();
    }
}

impl FromIterator<i64> for HourSet {
    fn from_iter<I: IntoIterator<Item = i64>>(hours: I) -> HourSet {
        let mut hours: Vec<i64> = hours.into_iter().collect();
        if !hours.is_sorted_by(|a, b| a < b) {
            hours.sort_unstable();
            hours.dedup();
        }
        let (mut packed, mut before) = (Vec::with_capacity(hours.len() + 4), 0);
        for hour in &hours {
            let step = hour.wrapping_sub(std::mem::replace(&mut before, *hour));
            varint(&mut packed, (step << 1 ^ step >> 63) as u64);
        }
        HourSet { packed: packed.into(), length: u32::try_from(hours.len()).unwrap_or(u32::MAX) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn it_is_a_set(lists in prop::collection::vec(prop::collection::vec(-9..9_i64, 0..9), 1..4)) {
            let expected: BTreeSet<i64> = lists.iter().flatten().copied().collect();
            let sets: Vec<HourSet> = lists.into_iter().map(HourSet::from_iter).collect();
            let mut all = sets[0].clone();
            all.join(&sets[1..]);
            prop_assert!(all.iter().eq(expected.iter().copied()));
            prop_assert_eq!((all.len(), all.is_empty()), (expected.len(), expected.is_empty()));
            prop_assert_eq!(all, expected.into_iter().collect());
        }
    }

    #[test]
    fn any_hour_comes_back() {
        let hours = [i64::MIN, -1, 0, 1, 494_000, i64::MAX];
        assert!(hours.into_iter().collect::<HourSet>().iter().eq(hours));
    }
}

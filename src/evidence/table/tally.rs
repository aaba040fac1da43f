//! Magnitudes of a key in few bytes.

use crate::evidence::magnitudes::Scale;

/// Magnitudes that have a place: figures below 2 GiB, which are nearly all.
const PLACES: usize = 32;

/// Small counts of magnitudes, which fit beside the key.
#[derive(Clone, Copy, Default)]
pub(super) struct Tally([u8; PLACES]);

impl Tally {
    /// The tally of one figure, and the magnitude of it if it has no place here.
    pub(super) fn of(bytes: Option<u64>) -> (Tally, Option<u8>) {
        let mut tally = Tally::default();
        let left = bytes.and_then(|bytes| tally.add(bytes));
        (tally, left.map(|(bits, _)| bits))
    }

    /// Counts one figure; gives a magnitude and how many of it are to be counted elsewhere.
    #[inline]
    pub(super) fn add(&mut self, bytes: u64) -> Option<(u8, u64)> {
        let bits = u64::BITS - bytes.leading_zeros();
        match self.0.get_mut(bits as usize) {
            Some(count) if *count < u8::MAX => {
                *count += 1;
                None
            }
            Some(count) => {
                *count = 0;
                Some((bits as u8, u64::from(u8::MAX) + 1))
            }
            None => Some((bits as u8, 1)),
        }
    }

    /// Adds it to all that were counted elsewhere.
    pub(super) fn pour(&self, all: &mut Scale) {
        let counts = (0..).zip(self.0).filter(|(_, n)| *n > 0);
        counts.for_each(|(bits, n)| all.count(bits, u64::from(n)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_place_is_counted_elsewhere() {
        let (mut tally, mut all) = (Tally::default(), Scale::default());
        let mut count = |bytes| {
            if let Some((bits, n)) = tally.add(bytes) {
                all.count(bits, n);
            }
        };
        (0..64).for_each(|bit| count(1 << bit));
        (0..70_000).for_each(|_| count(1));
        count(0);
        tally.pour(&mut all);
        let ones = (2..=64).map(|bits| (bits, 1));
        assert!(all.finish().iter().eq([(0, 1), (1, 70_001)].into_iter().chain(ones)));
        assert_eq!(Tally::of(Some(u64::MAX)).1, Some(64));
    }
}

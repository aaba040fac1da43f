//! Magnitudes of a key in few bytes.

use crate::evidence::total::Magnitudes;

/// Magnitudes that have room.
const ROOM: usize = 7;

/// The magnitudes met last, with small counts: they fit beside the key.
#[derive(Clone, Copy, Default)]
pub(super) struct Tally {
    counts: [u8; ROOM],
    bits: [u8; ROOM],
    used: u8,
}

impl Tally {
    /// The tally of one figure.
    pub(super) fn of(bytes: Option<u64>) -> Tally {
        let mut tally = Tally::default();
        bytes.into_iter().for_each(|bytes| {
            tally.add(bytes);
        });
        tally
    }

    /// Counts one figure; says whether there was room.
    pub(super) fn add(&mut self, bytes: u64) -> bool {
        let bits = u8::try_from(u64::BITS - bytes.leading_zeros()).unwrap_or(u8::MAX);
        let used = usize::from(self.used);
        let known = self.bits.iter().take(used).position(|b| *b == bits);
        let at = known.unwrap_or(used);
        let (Some(slot), Some(count)) = (self.bits.get_mut(at), self.counts.get_mut(at)) else {
            return false;
        };
        let Some(more) = count.checked_add(1) else { return false };
        (*slot, *count) = (bits, more);
        self.used += u8::from(known.is_none());
        true
    }

    /// Adds it to all that were counted before.
    pub(super) fn pour(&self, all: &mut Magnitudes) {
        let counts = self.counts.iter().map(|n| u64::from(*n));
        let used = self.bits.iter().zip(counts).take(usize::from(self.used));
        used.for_each(|(bits, n)| all.count(*bits, n));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_poured_out() {
        let (mut tally, mut all) = (Tally::default(), Magnitudes::default());
        let mut count = |bytes| {
            if !tally.add(bytes) {
                tally.pour(&mut all);
                tally = Tally::of(Some(bytes));
            }
        };
        (0..7).for_each(|bit| count(1 << bit));
        (0..70_000).for_each(|_| count(1));
        count(0);
        tally.pour(&mut all);
        let ones = (2..=7).map(|bits| (bits, 1));
        assert!(all.list().iter().copied().eq([(0, 1), (1, 70_001)].into_iter().chain(ones)));
    }
}

//! A fixed pseudo-random order over the records of a log, by which samples are drawn: the same however the
//! log is read, and not to be foreseen by whoever writes it.

/// The order of one log.
#[derive(Debug, Clone, Copy)]
pub(super) struct Order {
    /// From the first stored bytes of the log.
    pub(super) seed: u64,
}

impl Order {
    /// The place of the record that begins at an offset: SplitMix64 (Steele et al. 2014) of both.
    #[inline]
    pub(super) fn rank(self, offset: u64) -> u64 {
        let mut z = self.seed ^ offset.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

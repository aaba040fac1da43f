//! Keys as words: what the hot table hashes and compares.

use crate::evidence::key::Traits;
use rustc_hash::FxSeededState;
use std::hash::BuildHasher;

/// A key in interned form.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Packed {
    pub(super) client: u32,
    pub(super) server: u32,
    /// Index among the endpoints plus one, or 0.
    pub(super) endpoint: u32,
    /// A port, or [`NO_PORT`].
    pub(super) port: u32,
    /// The traits as one word.
    pub(super) bits: u64,
}

pub(super) const NO_PORT: u32 = 1 << 16;

/// As of [`crate::evidence::Key::is_notable`].
pub(super) fn is_notable(key: &Packed, traits: Traits) -> bool {
    key.endpoint != 0 || !traits.observed.is_empty()
}

impl Packed {
    pub(super) fn hash(&self, hasher: &FxSeededState) -> u64 {
        let word = |high: u32, low: u32| u64::from(high) << 32 | u64::from(low);
        hasher.hash_one((word(self.client, self.server), word(self.endpoint, self.port), self.bits))
    }

    pub(super) fn port(&self) -> Option<u16> {
        u16::try_from(self.port).ok()
    }
}

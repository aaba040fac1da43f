//! Texts as they were spelt in a log, each with a number.

use hashbrown::HashTable;
use rustc_hash::FxSeededState;
use std::hash::{BuildHasher, Hasher, RandomState};

/// A quick hasher with a seed that is unknown to whoever writes a log: names cannot be chosen so that they
/// collide.
pub(super) fn seeded() -> FxSeededState {
    FxSeededState::with_seed(RandomState::new().hash_one(0_u64) as usize)
}

/// Where a text stands among all, and its number.
#[derive(Clone, Copy)]
struct Spelt {
    start: usize,
    length: u32,
    number: u32,
}

impl Spelt {
    fn of<'t>(&self, all: &'t str) -> &'t str {
        all.get(self.start..self.start + self.length as usize).unwrap_or("")
    }
}

/// Texts that are remembered by their ends: traffic is of few parties, again and again.
const RECENT: usize = 512;

/// Distinct texts, numbered in the order in which they were met.
pub(super) struct Spellings {
    hasher: FxSeededState,
    text: String,
    index: HashTable<Spelt>,
    recent: Box<[Option<Spelt>; RECENT]>,
}

impl Spellings {
    pub(super) fn new(hasher: FxSeededState) -> Spellings {
        let (text, index) = (String::new(), HashTable::new());
        Spellings { hasher, text, index, recent: Box::new([None; RECENT]) }
    }

    /// Bytes of all texts.
    pub(super) fn size(&self) -> usize {
        self.text.len()
    }

    /// The number of a text, and whether it is new. A text is part of a record, which is shorter than 4 GiB.
    #[inline]
    pub(super) fn id(&mut self, text: &str) -> (u32, bool) {
        let place = ends(text) as usize % RECENT;
        if let Some(Some(spelt)) = self.recent.get(place)
            && spelt.of(&self.text) == text
        {
            return (spelt.number, false);
        }
        let (spelt, new) = self.look_up(text);
        if let Some(recent) = self.recent.get_mut(place) {
            *recent = Some(spelt);
        }
        (spelt.number, new)
    }

    fn look_up(&mut self, text: &str) -> (Spelt, bool) {
        let hash = hash(&self.hasher, text);
        let all = &self.text;
        if let Some(found) = self.index.find(hash, |spelt| spelt.of(all) == text) {
            return (*found, false);
        }
        let number = u32::try_from(self.index.len()).unwrap_or(u32::MAX);
        let spelt = Spelt { start: all.len(), length: text.len() as u32, number };
        self.text.push_str(text);
        let (all, hasher) = (&self.text, &self.hasher);
        self.index.insert_unique(hash, spelt, |spelt| self::hash(hasher, spelt.of(all)));
        (spelt, true)
    }
}

/// A number that texts with other ends hardly share: of the first and the last eight bytes, and the length.
#[inline]
fn ends(text: &str) -> u64 {
    let word = |bytes: Option<&[u8; 8]>| bytes.map_or(0, |b| u64::from_le_bytes(*b));
    let (first, last) = (word(text.as_bytes().first_chunk()), word(text.as_bytes().last_chunk()));
    (first ^ last.rotate_left(29) ^ text.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40
}

fn hash(hasher: &FxSeededState, text: &str) -> u64 {
    let mut state = hasher.build_hasher();
    state.write(text.as_bytes());
    state.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_keeps_its_number() {
        let mut spellings = Spellings::new(FxSeededState::with_seed(7));
        for round in 0..2 {
            for n in 0..500_u32 {
                assert_eq!(spellings.id(&format!("host{n}.example")), (n, round == 0));
            }
        }
        assert_eq!(spellings.id(""), (500, true));
        assert_eq!(spellings.id(""), (500, false));
    }
}

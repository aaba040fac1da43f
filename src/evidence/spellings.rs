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

/// Distinct texts, numbered in the order in which they were met.
pub(super) struct Spellings {
    hasher: FxSeededState,
    text: String,
    index: HashTable<Spelt>,
}

impl Spellings {
    pub(super) fn new(hasher: FxSeededState) -> Spellings {
        Spellings { hasher, text: String::new(), index: HashTable::new() }
    }

    /// The number of a text, and whether it is new. A text is part of a record, which is shorter than 4 GiB.
    pub(super) fn id(&mut self, text: &str) -> (u32, bool) {
        let hash = hash(&self.hasher, text);
        let all = &self.text;
        if let Some(found) = self.index.find(hash, |spelt| spelt.of(all) == text) {
            return (found.number, false);
        }
        let number = u32::try_from(self.index.len()).unwrap_or(u32::MAX);
        let spelt = Spelt { start: all.len(), length: text.len() as u32, number };
        self.text.push_str(text);
        let (all, hasher) = (&self.text, &self.hasher);
        self.index.insert_unique(hash, spelt, |spelt| self::hash(hasher, spelt.of(all)));
        (number, true)
    }
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

//! Texts as they were spelt in a log, each with a number.

use hashbrown::HashTable;
use rustc_hash::FxSeededState;
use std::hash::{BuildHasher, Hasher, RandomState};

/// A quick hasher with a seed that is unknown to whoever writes a log: names cannot be chosen so that they
/// collide.
pub(super) fn seeded() -> FxSeededState {
    FxSeededState::with_seed(RandomState::new().hash_one(0_u64) as usize)
}

/// Distinct texts, numbered in the order in which they were met.
pub(super) struct Spellings {
    hasher: FxSeededState,
    text: String,
    ends: Vec<usize>,
    index: HashTable<u32>,
}

impl Spellings {
    pub(super) fn new(hasher: FxSeededState) -> Spellings {
        Spellings { hasher, text: String::new(), ends: Vec::new(), index: HashTable::new() }
    }

    /// The number of a text, and whether it is new.
    pub(super) fn id(&mut self, text: &str) -> (u32, bool) {
        let hash = hash(&self.hasher, text);
        let (all, ends) = (&self.text, &self.ends);
        if let Some(found) = self.index.find(hash, |i| spelt(all, ends, *i) == text) {
            return (*found, false);
        }
        let new = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
        self.text.push_str(text);
        self.ends.push(self.text.len());
        let (all, ends, hasher) = (&self.text, &self.ends, &self.hasher);
        self.index.insert_unique(hash, new, |i| self::hash(hasher, spelt(all, ends, *i)));
        (new, true)
    }
}

fn hash(hasher: &FxSeededState, text: &str) -> u64 {
    let mut state = hasher.build_hasher();
    state.write(text.as_bytes());
    state.finish()
}

fn spelt<'t>(all: &'t str, ends: &[usize], at: u32) -> &'t str {
    let at = at as usize;
    let start = at.checked_sub(1).and_then(|i| ends.get(i)).copied().unwrap_or(0);
    ends.get(at).and_then(|end| all.get(start..*end)).unwrap_or("")
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

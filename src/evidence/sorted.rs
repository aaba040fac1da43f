//! A map as a sorted list: built once, merged in one pass, iterated in order. Half the memory of a tree.

use super::together::together;

/// Pairs that half of a list has at least if two threads merge it.
const SHARED: usize = 1 << 11;

/// Pairs sorted by key, each key once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sorted<K, V> {
    list: Vec<(K, V)>,
}

impl<K, V> Default for Sorted<K, V> {
    fn default() -> Self {
        Sorted { list: Vec::new() }
    }
}

impl<K: Ord, V> Sorted<K, V> {
    /// The pairs in order; those of one key become one by `join`, which is told the key and the later values.
    #[must_use]
    pub fn new(mut list: Vec<(K, V)>, mut join: impl FnMut(&K, &mut V, Vec<V>)) -> Sorted<K, V> {
        list.sort_by(|a, b| a.0.cmp(&b.0));
        let mut out: Vec<(K, V)> = Vec::with_capacity(list.len());
        let mut rest = list.into_iter().peekable();
        while let Some((key, mut value)) = rest.next() {
            let same = std::iter::from_fn(|| rest.next_if(|(next, _)| *next == key));
            let later: Vec<V> = same.map(|(_, value)| value).collect();
            if !later.is_empty() {
                join(&key, &mut value, later);
            }
            out.push((key, value));
        }
        Sorted { list: out }
    }

    /// Pairs that are in order already, each key once.
    pub(super) fn ascending(list: Vec<(K, V)>) -> Sorted<K, V> {
        debug_assert!(list.is_sorted_by(|a, b| a.0 < b.0), "keys ascend");
        Sorted { list }
    }

    /// Both maps as one; values of one key become one by `join`.
    #[must_use]
    pub fn merge(self, other: Sorted<K, V>, mut join: impl FnMut(&K, &mut V, Vec<V>)) -> Sorted<K, V> {
        if self.list.is_empty() {
            return other;
        }
        if other.list.is_empty() {
            return self;
        }
        let mut out = Vec::with_capacity(self.list.len().max(other.list.len()));
        let (mut left, mut right) = (self.list.into_iter().peekable(), other.list.into_iter().peekable());
        loop {
            let order = match (left.peek(), right.peek()) {
                (Some((a, _)), Some((b, _))) => a.cmp(b),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (None, None) => return Sorted { list: out },
            };
            match order {
                std::cmp::Ordering::Less => out.extend(left.next()),
                std::cmp::Ordering::Greater => out.extend(right.next()),
                std::cmp::Ordering::Equal => {
                    if let (Some((key, mut value)), Some((_, later))) = (left.next(), right.next()) {
                        join(&key, &mut value, vec![later]);
                        out.push((key, value));
                    }
                }
            }
        }
    }

    /// The same by two threads, if it is worth it.
    pub(super) fn merge_shared(
        mut self,
        mut other: Sorted<K, V>,
        join: impl Fn(&K, &mut V, Vec<V>) + Sync,
    ) -> Sorted<K, V>
    where
        K: Send,
        V: Send,
    {
        let half = self.list.len() / 2;
        let Some((middle, _)) = self.list.get(half).filter(|_| half.min(other.len()) >= SHARED) else {
            return self.merge(other, join);
        };
        let theirs = other.list.partition_point(|(key, _)| key < middle);
        let later = [self.list.split_off(half), other.list.split_off(theirs)].map(|list| Sorted { list });
        let [mine, theirs] = later;
        let (mut all, later) = together(|| self.merge(other, &join), || mine.merge(theirs, &join));
        // Room for as many as there are, not for twice as many.
        all.list.reserve_exact(later.list.len());
        all.list.extend(later.list);
        all
    }

    /// How many pairs there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<&V> {
        let at = self.list.binary_search_by(|(k, _)| k.cmp(key)).ok()?;
        self.list.get(at).map(|(_, v)| v)
    }

    /// The pairs, in order.
    pub fn iter(&self) -> Iter<'_, K, V> {
        self.list.iter().map(|(k, v)| (k, v))
    }

    /// The pairs, in order, with values to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.list.iter_mut().map(|(k, v)| (&*k, v))
    }

    /// The keys, in order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.list.iter().map(|(k, _)| k)
    }

    /// The values, in the order of their keys.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.list.iter().map(|(_, v)| v)
    }

    /// The pairs as a list.
    #[must_use]
    pub fn into_list(self) -> Vec<(K, V)> {
        self.list
    }
}

/// Iterates over pairs.
pub type Iter<'a, K, V> = std::iter::Map<std::slice::Iter<'a, (K, V)>, fn(&'a (K, V)) -> (&'a K, &'a V)>;

impl<'a, K: Ord, V> IntoIterator for &'a Sorted<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    fn into_iter(self) -> Iter<'a, K, V> {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_is_the_same_as_building_from_all() {
        let join = |_: &u8, a: &mut u32, b: Vec<u32>| *a += b.iter().sum::<u32>();
        let left = Sorted::new(vec![(3, 1), (1, 1), (3, 1)], join);
        let right = Sorted::new(vec![(2, 1), (3, 1), (9, 1)], join);
        let whole = Sorted::new(vec![(1, 1), (2, 1), (3, 3), (9, 1)], join);
        assert_eq!(left.clone().merge(right.clone(), join), whole);
        assert_eq!(right.merge(left, join), whole);
        assert_eq!(whole.get(&3), Some(&3));
        assert_eq!(whole.clone().merge(Sorted::default(), join), whole);
    }

    #[test]
    fn two_threads_merge_as_one_does() {
        let of = |n: u32, step| Sorted::ascending((0..n).map(|i| (i * step, 1)).collect::<Vec<_>>());
        let join = |_: &u32, a: &mut u32, b: Vec<u32>| *a += b.iter().sum::<u32>();
        for (n, m) in [(10_000, 9_000), (5_000, 5_000), (10_000, 10), (0, 9_000), (9_000, 0)] {
            for (a, b) in [(2, 3), (1, 1), (1, 100)] {
                let shared = of(n, a).merge_shared(of(m, b), join);
                assert_eq!(shared, of(n, a).merge(of(m, b), join));
            }
        }
    }
}

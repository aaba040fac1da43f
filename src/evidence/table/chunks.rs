//! A list in pieces, which does not move when it grows, and of which what was taken needs no memory any more.

/// Values of a piece.
const CHUNK: usize = 1 << 10;

/// Values in the order in which they came.
pub(super) struct Chunks<T> {
    chunks: Vec<Vec<T>>,
    length: usize,
}

impl<T> Default for Chunks<T> {
    fn default() -> Chunks<T> {
        Chunks { chunks: Vec::new(), length: 0 }
    }
}

impl<T> Chunks<T> {
    pub(super) fn len(&self) -> usize {
        self.length
    }

    pub(super) fn push(&mut self, value: T) {
        if self.length.is_multiple_of(CHUNK) {
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        if let Some(chunk) = self.chunks.last_mut() {
            chunk.push(value);
            self.length += 1;
        }
    }

    #[inline]
    pub(super) fn get(&self, at: usize) -> Option<&T> {
        self.chunks.get(at / CHUNK)?.get(at % CHUNK)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        self.chunks.get_mut(at / CHUNK)?.get_mut(at % CHUNK)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flatten()
    }

    /// The first and the last half of the values, or nearly so.
    pub(super) fn halves(mut self) -> [Chunks<T>; 2] {
        let later = self.chunks.split_off(self.chunks.len().div_ceil(2));
        let length = later.iter().map(Vec::len).sum();
        self.length -= length;
        [self, Chunks { chunks: later, length }]
    }

    /// Takes the values; a piece is gone once its last value is.
    pub(super) fn take(self) -> impl Iterator<Item = T> {
        self.chunks.into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_where_they_were_put() {
        let mut list = Chunks::default();
        (0..3 * CHUNK + 5).for_each(|n| list.push(n));
        assert_eq!(list.len(), 3 * CHUNK + 5);
        for at in [0, 1, CHUNK - 1, CHUNK, 3 * CHUNK + 4] {
            assert_eq!(list.get(at), Some(&at));
            assert_eq!(list.get_mut(at).copied(), Some(at));
        }
        assert_eq!(list.get(list.len()), None);
        assert!(list.iter().copied().eq(0..list.len()));
        let [first, last] = list.halves();
        assert_eq!([first.len(), last.len()], [2 * CHUNK, CHUNK + 5]);
        assert!(first.take().chain(last.take()).eq(0..3 * CHUNK + 5));
        assert_eq!(Chunks::<u8>::default().halves().map(|half| half.len()), [0, 0]);
    }
}

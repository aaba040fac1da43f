//! The content digest: BLAKE3 of the decoded bytes, composed of pieces.
//!
//! A piece is an aligned MiB: a subtree of the hash, so that stretches of a log can be hashed apart, in
//! any order, and the digest of the whole follows from them (`blake3::hazmat`).

use blake3::Hasher;
use blake3::hazmat::{HasherExt, Mode, merge_subtrees_non_root, merge_subtrees_root};

/// Bytes of a piece. Stretches that are read apart start at multiples of it.
pub const PIECE: u64 = 1 << 20;

/// Hashes one stretch of decoded bytes.
pub(super) struct Content {
    hasher: Hasher,
    /// Bytes of the piece at hand.
    taken: u64,
    next: u64,
    pieces: Vec<[u8; 32]>,
}

impl Content {
    /// A stretch that begins at a multiple of [`PIECE`].
    pub(super) fn from(start: u64) -> Content {
        let mut content = Content { hasher: Hasher::new(), taken: 0, next: start, pieces: Vec::new() };
        content.hasher.set_input_offset(start / PIECE * PIECE);
        content
    }

    /// Takes the next bytes.
    pub(super) fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.taken == PIECE {
                self.piece();
            }
            let room = usize::try_from(PIECE - self.taken).unwrap_or(usize::MAX);
            let (now, rest) = bytes.split_at(bytes.len().min(room));
            self.hasher.update(now);
            self.taken += now.len() as u64;
            bytes = rest;
        }
    }

    fn piece(&mut self) {
        self.pieces.push(self.hasher.finalize_non_root());
        self.next += PIECE;
        self.taken = 0;
        // Not `reset`, which keeps the old offset.
        self.hasher = Hasher::new();
        self.hasher.set_input_offset(self.next);
    }

    /// The pieces; or the digest in hex, if the stretch is a whole log.
    pub(super) fn finish(mut self, whole: bool) -> (Vec<[u8; 32]>, Option<String>) {
        if whole && self.pieces.is_empty() {
            return (Vec::new(), Some(self.hasher.finalize().to_hex().to_string()));
        }
        if self.taken > 0 {
            self.piece();
        }
        match whole.then(|| content_root(&self.pieces)).flatten() {
            Some(root) => (Vec::new(), Some(root)),
            None => (self.pieces, None),
        }
    }
}

/// The digest of a log from its pieces, in hex; `None` for fewer than two, from which it does not follow.
#[must_use]
pub fn content_root(pieces: &[[u8; 32]]) -> Option<String> {
    let (left, right) = halves(pieces)?;
    Some(merge_subtrees_root(&tree(left)?, &tree(right)?, Mode::Hash).to_hex().to_string())
}

/// Chaining values of the pieces of a stretch.
type Pieces = [[u8; 32]];

fn halves(pieces: &Pieces) -> Option<(&Pieces, &Pieces)> {
    let split = pieces.len().checked_sub(2).map(|_| pieces.len().next_power_of_two() / 2)?;
    pieces.split_at_checked(split)
}

fn tree(pieces: &[[u8; 32]]) -> Option<[u8; 32]> {
    match pieces {
        [] => None,
        [one] => Some(*one),
        many => {
            let (left, right) = halves(many)?;
            Some(merge_subtrees_non_root(&tree(left)?, &tree(right)?, Mode::Hash))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_give_the_digest_of_the_whole() {
        let size = |mib: f64| (mib * PIECE as f64) as usize;
        for len in [0, 1, size(0.5), size(1.0), size(1.0) + 1, size(3.7), size(4.0), size(5.0)] {
            let bytes: Vec<u8> = (0..len).map(|i| ((i * 31) >> 3) as u8).collect();
            let wanted = blake3::hash(&bytes).to_hex().to_string();
            let mut whole = Content::from(0);
            bytes.chunks(70_000).for_each(|c| whole.update(c));
            assert_eq!(whole.finish(true), (Vec::new(), Some(wanted.clone())), "{len}");
            if len > size(2.0) {
                let (left, right) = bytes.split_at(size(2.0));
                let mut pieces = Vec::new();
                for (start, part) in [(0, left), (2 * PIECE, right)] {
                    let mut content = Content::from(start);
                    content.update(part);
                    pieces.extend(content.finish(false).0);
                }
                assert_eq!(content_root(&pieces), Some(wanted));
            }
        }
    }
}

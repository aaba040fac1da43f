//! The bytes of chosen records until they are hashed, behind each other, and the hashes.

use sha2::{Digest, Sha256};

/// Records longer than this are hashed at once.
pub(in crate::evidence) const LONGEST: usize = 16 << 10;
/// Bytes held at which they are hashed.
const HELD: usize = 8 << 20;
/// What a record takes is a multiple of this, so that one a little longer fits in its stead.
const ROUND: usize = 64;

/// The number of a body.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Body(u32);

impl Body {
    /// Nothing is kept.
    pub(super) const NONE: Body = Body(u32::MAX);
}

/// A record's bytes, or their hash.
enum Content {
    /// Where the bytes begin, how many there are, and for how many there is room.
    Held {
        start: usize,
        length: u32,
        room: u32,
    },
    Digest([u8; 32]),
}

/// All bodies of a table.
#[derive(Default)]
pub(super) struct Bodies {
    contents: Vec<Content>,
    /// Numbers that are free again.
    free: Vec<u32>,
    bytes: Vec<u8>,
}

impl Bodies {
    /// Puts the bytes of another record into a body.
    pub(super) fn fill(&mut self, body: &mut Body, raw: &[u8]) {
        if *body == Body::NONE {
            let next = u32::try_from(self.contents.len()).unwrap_or(u32::MAX);
            *body = Body(self.free.pop().unwrap_or(next));
            if body.0 == next {
                self.contents.push(Content::Digest([0; 32]));
            }
        }
        let Some(content) = self.contents.get_mut(body.0 as usize) else { return };
        let length = raw.len() as u32;
        if raw.len() > LONGEST {
            *content = Content::Digest(digest(raw));
        } else if let Content::Held { start, length: old, room } = content
            && length <= *room
            && let Some(to) = self.bytes.get_mut(*start..*start + raw.len())
        {
            to.copy_from_slice(raw);
            *old = length;
        } else {
            let start = self.bytes.len();
            let room = raw.len().next_multiple_of(ROUND);
            self.bytes.extend_from_slice(raw);
            self.bytes.resize(start + room, 0);
            *content = Content::Held { start, length, room: room as u32 };
        }
    }

    /// Frees a body.
    pub(super) fn clear(&mut self, body: &mut Body) {
        if *body != Body::NONE {
            self.free.push(body.0);
            *body = Body::NONE;
        }
    }

    /// Hashes what is held, if that has become much.
    pub(super) fn relieve(&mut self) {
        if self.bytes.len() > HELD {
            self.hash();
        }
    }

    #[cold]
    fn hash(&mut self) {
        // Those that are free are of no interest, and hashing them would cost as much.
        for free in &self.free {
            if let Some(content) = self.contents.get_mut(*free as usize) {
                *content = Content::Digest([0; 32]);
            }
        }
        for content in &mut self.contents {
            if let Content::Held { start, length, .. } = *content {
                *content = Content::Digest(digest(held(&self.bytes, start, length)));
            }
        }
        self.bytes.clear();
    }

    /// Hashes all that is held, and needs no memory for more.
    pub(super) fn finish(&mut self) {
        self.hash();
        self.bytes = Vec::new();
    }

    /// The hash of a body, if there is one.
    pub(super) fn digest(&self, body: Body) -> Option<[u8; 32]> {
        match *self.contents.get(body.0 as usize)? {
            Content::Held { start, length, .. } => Some(digest(held(&self.bytes, start, length))),
            Content::Digest(digest) => Some(digest),
        }
    }
}

fn held(bytes: &[u8], start: usize, length: u32) -> &[u8] {
    bytes.get(start..start + length as usize).unwrap_or_default()
}

fn digest(raw: &[u8]) -> [u8; 32] {
    Sha256::digest(raw).into()
}

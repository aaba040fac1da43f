//! Whether the tokens of a line of JSON may stand in the order in which they do, 64 bytes at a time.

use super::Unsure;

/// The tokens that stand in a group.
#[derive(Clone, Copy)]
pub(super) struct Tokens {
    pub(super) begins: u64,
    pub(super) ends: u64,
    pub(super) colons: u64,
    pub(super) commas: u64,
    pub(super) opens: u64,
    pub(super) closes: u64,
    pub(super) scalars: u64,
}

/// What the last byte of the group before was: a bit each.
#[derive(Clone, Copy)]
pub(super) struct After {
    /// Something a value may follow: a colon, a comma or an opening bracket.
    ready: u64,
    colon: u64,
    /// The end of a text.
    text: u64,
    /// The end of a value: a text, a number, a word, or a closing bracket.
    value: u64,
    open: u64,
    scalar: u64,
}

impl After {
    /// Before the first byte a value may begin.
    pub(super) fn start() -> After {
        After { ready: 1, colon: 0, text: 0, value: 0, open: 0, scalar: 0 }
    }

    /// Whether every token stands behind one that it may follow.
    #[inline(always)]
    pub(super) fn check(&mut self, t: Tokens) -> Result<(), Unsure> {
        let ready = t.colons | t.commas | t.opens;
        let value = t.ends | t.scalars | t.closes;
        let after_ready = ready << 1 | self.ready;
        let after_colon = t.colons << 1 | self.colon;
        let after_text = t.ends << 1 | self.text;
        let after_value = value << 1 | self.value;
        let after_open = t.opens << 1 | self.open;
        let after_scalar = t.scalars << 1 | self.scalar;
        let scalar_begins = t.scalars & !after_scalar;
        let wrong = ((t.begins | t.opens | scalar_begins) & !after_ready)
            | (t.colons & !after_text)
            | (t.commas & !after_value)
            | (t.closes & !(after_value | after_open))
            | (after_text & !(t.colons | t.commas | t.closes))
            // A number in an array is not looked at, so it is not known to be one.
            | (scalar_begins & !after_colon);
        self.ready = ready >> 63;
        self.colon = t.colons >> 63;
        self.text = t.ends >> 63;
        self.value = value >> 63;
        self.open = t.opens >> 63;
        self.scalar = t.scalars >> 63;
        if wrong == 0 { Ok(()) } else { Err(Unsure) }
    }
}

/// Bit `i` is the parity of the bits up to `i`.
#[inline(always)]
pub(super) fn prefix_xor(mut x: u64) -> u64 {
    x ^= x << 1;
    x ^= x << 2;
    x ^= x << 4;
    x ^= x << 8;
    x ^= x << 16;
    x ^ x << 32
}

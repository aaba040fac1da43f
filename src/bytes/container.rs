//! What a stored file is by its first bytes, never by its name.
//!
//! Magic numbers: gzip RFC 1952, zstd RFC 8878, bzip2 and xz by their file format descriptions. gzip and
//! zstd are opened; the others are recognised so that the refusal can say what to do. Archives (tar, zip)
//! are not looked into.

/// How stored bytes are wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// Not wrapped.
    Plain,
    /// gzip, one or more members.
    Gzip,
    /// Zstandard, one or more frames.
    Zstd,
    /// bzip2: recognised, not opened.
    Bzip2,
    /// xz: recognised, not opened.
    Xz,
}

impl Container {
    /// Longest magic number in bytes.
    pub const MAGIC: usize = 6;

    /// What the first bytes say.
    #[must_use]
    pub fn of(head: &[u8]) -> Container {
        match head {
            [0x1f, 0x8b, ..] => Container::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Container::Zstd,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Container::Bzip2,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Container::Xz,
            _ => Container::Plain,
        }
    }

    /// Its name and, if it is not opened here, the command that opens it.
    #[must_use]
    pub fn refused(self) -> Option<(&'static str, &'static str)> {
        match self {
            Container::Plain | Container::Gzip | Container::Zstd => None,
            Container::Bzip2 => Some(("bzip2", "bzip2 -d")),
            Container::Xz => Some(("xz", "xz -d")),
        }
    }
}

/// Whether the beginning of a file is no text: a NUL byte, or more than a tenth of control characters.
#[must_use]
pub fn looks_binary(head: &[u8]) -> bool {
    if memchr::memchr(0, head).is_some() {
        return true;
    }
    let odd =
        head.iter().filter(|b| b.is_ascii_control() && !matches!(b, b'\t' | b'\n' | b'\r' | 0x1b)).count();
    odd * 10 > head.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_are_told_by_magic() {
        assert_eq!(Container::of(b"\x1f\x8b\x08\0"), Container::Gzip);
        assert_eq!(Container::of(&[0x28, 0xb5, 0x2f, 0xfd, 0]), Container::Zstd);
        assert_eq!(Container::of(b"BZh91AY"), Container::Bzip2);
        assert_eq!(Container::of(b"\xfd7zXZ\0\0"), Container::Xz);
        assert_eq!(Container::of(b"BZhello"), Container::Plain);
        assert_eq!(Container::of(b""), Container::Plain);
        assert_eq!(Container::Xz.refused(), Some(("xz", "xz -d")));
    }

    #[test]
    fn text_is_not_binary() {
        assert!(looks_binary(b"\x7fELF\x02\x01\x01\0") && looks_binary(b"\x01\x02\x03abc"));
        assert!(!looks_binary("Grüße\t\x1b[1m\r\n".as_bytes()) && !looks_binary(b""));
    }
}

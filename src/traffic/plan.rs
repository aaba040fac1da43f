//! Which format a log is read as, or why it is not read.

use super::{FORMATS, Format, Head, Sniff, Split};
use crate::bytes::{Container, ReadAt, looks_binary};

/// Bytes that a format is recognised by.
pub(super) const HEAD: usize = 64 << 10;

/// What may stand before it.
pub(super) const BOM: &[u8] = b"\xef\xbb\xbf";

/// Which format a log is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice<'a> {
    /// The one its content shows.
    Auto,
    /// The one of that id, whatever the content shows.
    Forced(&'a str),
}

/// Why a log was not read at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Skip {
    /// It holds no bytes.
    Empty,
    /// It is no text, and no format here is binary.
    Binary,
    /// It is UTF-16 text.
    Utf16,
    /// No format recognises it.
    Unrecognised,
    /// More than one format is sure of it.
    Ambiguous(&'static str, &'static str),
    /// It is compressed in a way that is not opened here.
    UnsupportedCompression(Container),
    /// The format that was asked for does not exist.
    NoSuchFormat,
    /// Its first bytes cannot be read.
    Io(String),
}

impl Skip {
    /// What is the matter, without the name of the log.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Skip::Empty => "it is empty".to_owned(),
            Skip::Binary => "it is binary and of no known format".to_owned(),
            Skip::Utf16 => "it is UTF-16 text".to_owned(),
            Skip::Unrecognised => "it is of no known format".to_owned(),
            Skip::Ambiguous(a, b) => format!("it looks like `{a}` and like `{b}`"),
            Skip::UnsupportedCompression(c) => {
                format!("it is compressed with {}", c.refused().map_or("a known method", |(name, _)| name))
            }
            Skip::NoSuchFormat => "the format it is declared as does not exist".to_owned(),
            Skip::Io(why) => why.clone(),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Skip::Empty => "remove it, or see why nothing was logged".to_owned(),
            Skip::Binary | Skip::Unrecognised => {
                let ids: Vec<_> = FORMATS.iter().map(|f| f.id()).collect();
                format!("name its format if it is one of {}, or leave it out of the source", ids.join(", "))
            }
            Skip::Utf16 => "convert it to UTF-8 (`iconv -f UTF-16 -t UTF-8`)".to_owned(),
            Skip::Ambiguous(..) => "name its format in the source".to_owned(),
            Skip::UnsupportedCompression(c) => {
                let command = c.refused().map_or("its tool", |(_, command)| command);
                format!("decompress it (`{command}`) or compress it with gzip")
            }
            Skip::NoSuchFormat => "see `domicile list formats`".to_owned(),
            Skip::Io(_) => "make it readable".to_owned(),
        }
    }
}

/// The format of a log that begins like this.
///
/// # Errors
/// Why the log cannot be read.
pub fn choose(head: Head<'_>, container: Container, choice: Choice<'_>) -> Result<&'static dyn Format, Skip> {
    if container.refused().is_some() {
        return Err(Skip::UnsupportedCompression(container));
    }
    if let Choice::Forced(id) = choice {
        return FORMATS.iter().copied().find(|f| f.id() == id).ok_or(Skip::NoSuchFormat);
    }
    if head.bytes.is_empty() {
        return Err(Skip::Empty);
    }
    let mut best: Option<(Sniff, &'static dyn Format)> = None;
    for format in FORMATS.iter().copied() {
        let sniff = format.sniff(&head);
        match best {
            Some((Sniff::Certain, other)) if sniff == Sniff::Certain => {
                return Err(Skip::Ambiguous(other.id(), format.id()));
            }
            Some((score, _)) if score >= sniff => {}
            _ if sniff == Sniff::No => {}
            _ => best = Some((sniff, format)),
        }
    }
    match (best, head.bytes) {
        (Some((_, format)), _) => Ok(format),
        (None, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) => Err(Skip::Utf16),
        (None, bytes) if looks_binary(bytes) => Err(Skip::Binary),
        (None, _) => Err(Skip::Unrecognised),
    }
}

/// How a log that is read in stretches is read.
pub struct Plan {
    /// Its format.
    pub format: &'static dyn Format,
    /// Its first bytes, which a decoder must have seen to read on from anywhere.
    pub(super) header: Vec<u8>,
}

/// How a plain log is read in stretches; `None` if it has to be read from its start to its end.
#[must_use]
pub fn plan(log: &dyn ReadAt, choice: Choice<'_>) -> Option<Plan> {
    let mut head = vec![0; BOM.len() + HEAD];
    let mut len = 0;
    while let Some(room) = head.get_mut(len..).filter(|r| !r.is_empty()) {
        match log.read_at(room, len as u64) {
            Ok(0) => break,
            Ok(got) => len += got,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
    head.truncate(len);
    let container = Container::of(&head);
    let text = head.strip_prefix(BOM).unwrap_or(&head);
    let bytes = text.get(..HEAD).unwrap_or(text);
    let head = Head { bytes, whole: log.len() <= len as u64 && bytes.len() == text.len() };
    let format = choose(head, container, choice).ok()?;
    if container != Container::Plain || format.split() == Split::Never {
        return None;
    }
    let header = bytes.get(..format.header(&head)).unwrap_or_default().to_vec();
    Some(Plan { format, header })
}

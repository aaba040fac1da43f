//! Zip archives as PyTorch writes them: which pickles they hold, and where.
//!
//! What counts is the directory at the end, as for the programs that load them. Sizes in it are claims.

use crate::bytes::ReadAt;
use crate::inventory::artefact::Cursor;
use flate2::read::DeflateDecoder;
use std::io::Read;

/// Most entries of a directory that are looked at.
const MOST_ENTRIES: u64 = 1 << 20;
/// Most pickles that are read.
const MOST_PICKLES: usize = 64;
/// Largest compressed pickle, and largest unpacked.
const LARGEST: u64 = 64 << 20;
/// Size of the record at the end without its comment, and of the longest comment.
const END: u64 = 22;
const COMMENT: u64 = 65_535;

/// Whether bytes begin like a zip archive.
pub(super) fn begins(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04")
}

/// What an archive holds that matters here.
#[derive(Default)]
pub(super) struct Archive {
    pub(super) pickles: Vec<Entry>,
    /// Whether there are more pickles than those.
    pub(super) more: bool,
    /// Whether it holds code of TorchScript.
    pub(super) scripts: bool,
}

/// A file in the archive.
pub(super) struct Entry {
    pub(super) name: String,
    method: u16,
    packed: u64,
    /// Where its own header is.
    at: u64,
}

/// The content of an entry.
pub(super) enum Bytes {
    /// As it is, from one offset to another.
    Stored(u64, u64),
    Unpacked(Vec<u8>),
}

/// Where the directory is.
struct Directory {
    start: u64,
    entries: u64,
    /// What stands before the archive in the file.
    before: u64,
}

impl Archive {
    /// Reads the directory; `None` if there is none.
    pub(super) fn read(bytes: &dyn ReadAt) -> Option<Archive> {
        let directory = directory(bytes)?;
        let mut cursor = Cursor::new(bytes, directory.start, u64::MAX);
        let mut found = Archive::default();
        for _ in 0..directory.entries.min(MOST_ENTRIES) {
            let entry = entry(&mut cursor, directory.before)?;
            let Some(entry) = entry else { continue };
            found.scripts |= entry.name.contains("/code/") && entry.name.ends_with(".py");
            if entry.name.ends_with(".pkl") {
                if found.pickles.len() < MOST_PICKLES {
                    found.pickles.push(entry);
                } else {
                    found.more = true;
                }
            }
        }
        found.more |= directory.entries > MOST_ENTRIES;
        Some(found)
    }
}

fn directory(bytes: &dyn ReadAt) -> Option<Directory> {
    let length = bytes.len();
    let from = length.saturating_sub(END + COMMENT);
    let tail = Cursor::new(bytes, from, length).take(length - from)?;
    let found = u64::try_from(memchr::memmem::rfind(&tail, b"PK\x05\x06")?).ok()?;
    let end = from + found;
    let mut cursor = Cursor::new(bytes, end + 4, length);
    cursor.skip(6)?;
    let (entries, size, offset) = (cursor.u16()?, cursor.u32()?, cursor.u32()?);
    if entries == u16::MAX || size == u32::MAX || offset == u32::MAX {
        return zip64(bytes, end);
    }
    let (size, offset) = (u64::from(size), u64::from(offset));
    let start = end.checked_sub(size)?;
    Some(Directory { start, entries: u64::from(entries), before: start.checked_sub(offset)? })
}

/// The record of large archives, to which a locator before the last record leads.
fn zip64(bytes: &dyn ReadAt, end: u64) -> Option<Directory> {
    let mut cursor = Cursor::new(bytes, end.checked_sub(20)?, end);
    if cursor.array()? != *b"PK\x06\x07" {
        return None;
    }
    cursor.skip(4)?;
    let record = cursor.u64()?;
    let mut cursor = Cursor::new(bytes, record, end);
    if cursor.array()? != *b"PK\x06\x06" {
        return None;
    }
    cursor.skip(28)?;
    let (entries, _, start) = (cursor.u64()?, cursor.u64()?, cursor.u64()?);
    Some(Directory { start, entries, before: 0 })
}

/// The next entry of the directory; inside `None` if its name is none.
fn entry(cursor: &mut Cursor<'_>, before: u64) -> Option<Option<Entry>> {
    if cursor.array()? != *b"PK\x01\x02" {
        return None;
    }
    cursor.skip(6)?;
    let method = cursor.u16()?;
    cursor.skip(8)?;
    let (mut packed, mut unpacked) = (u64::from(cursor.u32()?), u64::from(cursor.u32()?));
    let (name, extra, comment) = (cursor.u16()?, cursor.u16()?, cursor.u16()?);
    cursor.skip(8)?;
    let mut at = u64::from(cursor.u32()?);
    let name = cursor.text(u64::from(name), u64::from(u16::MAX))?;
    let extra = cursor.take(u64::from(extra))?;
    cursor.skip(u64::from(comment))?;
    large(&extra, [&mut unpacked, &mut packed, &mut at]);
    let at = at.checked_add(before)?;
    Some(name.map(|name| Entry { name, method, packed, at }))
}

/// Puts in the numbers that did not fit, in their order, from the extra field for large files.
fn large(extra: &[u8], numbers: [&mut u64; 3]) {
    let mut cursor = Cursor::new(&extra, 0, u64::MAX);
    while let (Some(id), Some(size)) = (cursor.u16(), cursor.u16()) {
        if id != 1 {
            if cursor.skip(u64::from(size)).is_none() {
                return;
            }
            continue;
        }
        for number in numbers {
            if *number == u64::from(u32::MAX) {
                let Some(long) = cursor.u64() else { return };
                *number = long;
            }
        }
        return;
    }
}

impl Entry {
    /// Its content; `None` if it is packed in a way that is not known, damaged, or too large.
    pub(super) fn bytes(&self, archive: &dyn ReadAt) -> Option<Bytes> {
        let mut cursor = Cursor::new(archive, self.at, u64::MAX);
        if cursor.array()? != *b"PK\x03\x04" {
            return None;
        }
        cursor.skip(22)?;
        let (name, extra) = (cursor.u16()?, cursor.u16()?);
        cursor.skip(u64::from(name) + u64::from(extra))?;
        let start = cursor.position();
        match self.method {
            0 => {
                cursor.skip(self.packed)?;
                Some(Bytes::Stored(start, start + self.packed))
            }
            8 if self.packed <= LARGEST => {
                let packed = cursor.take(self.packed)?;
                let mut unpacked = Vec::new();
                DeflateDecoder::new(packed.as_slice()).take(LARGEST + 1).read_to_end(&mut unpacked).ok()?;
                (ReadAt::len(&unpacked) <= LARGEST).then_some(Bytes::Unpacked(unpacked))
            }
            _ => None,
        }
    }
}

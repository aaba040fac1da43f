//! Texts in the EXIF data of WebP and JPEG, where programs keep how an image was made.
//!
//! Exif 2.3 (TIFF 6.0 directories) in the `EXIF` chunk of a RIFF container or the APP1 segment of a JPEG.
//! ComfyUI writes `prompt:{...}` and `workflow:{...}` into text tags counted down from Model; the
//! Automatic1111 family writes its parameters into UserComment. Offsets and lengths are claims: each is
//! held against what is there.

use super::png::{Chunks, Text};

/// Most tags of a directory that are looked at.
const MOST_TAGS: usize = 512;
/// Most segments or chunks of a file that are looked at.
const MOST_SEGMENTS: usize = 10_000;
/// The tag that leads to the directory with UserComment.
const EXIF_DIRECTORY: u16 = 0x8769;
/// UserComment: eight bytes of encoding, then text.
const USER_COMMENT: u16 = 0x9286;

/// Whether a file begins like a WebP or a JPEG.
pub(super) fn is_picture(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\xFF\xD8\xFF") || is_webp(bytes)
}

fn is_webp(bytes: &[u8]) -> bool {
    bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP")
}

/// The texts of a WebP or JPEG under these keywords, none longer than `limit` bytes. UserComment goes by
/// `parameters`.
pub(super) fn texts(bytes: &[u8], keywords: &[&str], limit: usize) -> Chunks {
    let mut out = Chunks::default();
    let block = if is_webp(bytes) { webp(bytes) } else { jpeg(bytes) };
    match block {
        Ok(Some(block)) => tiff(block.strip_prefix(b"Exif\0\0").unwrap_or(block), keywords, limit, &mut out),
        Ok(None) => {}
        // A photograph that is damaged is nobody's workflow.
        Err(problem) => {
            let written = |k: &&str| memchr::memmem::find(bytes, format!("{k}:{{").as_bytes()).is_some();
            out.problem = keywords.iter().any(written).then_some(problem);
        }
    }
    out
}

fn webp(bytes: &[u8]) -> Result<Option<&[u8]>, &'static str> {
    let mut rest = bytes.get(12..).unwrap_or_default();
    for _ in 0..MOST_SEGMENTS {
        let Some((head, after)) = rest.split_at_checked(8) else { return Ok(None) };
        let (kind, length) = head.split_at(4);
        let length = length.iter().rev().fold(0usize, |n, b| (n << 8) | usize::from(*b));
        let data = after.get(..length);
        if kind == b"EXIF" {
            return data.map(Some).ok_or("the EXIF chunk claims more bytes than there are");
        }
        rest = after.get(length.saturating_add(length % 2)..).unwrap_or_default();
    }
    Ok(None)
}

fn jpeg(bytes: &[u8]) -> Result<Option<&[u8]>, &'static str> {
    let mut rest = bytes.get(2..).unwrap_or_default();
    for _ in 0..MOST_SEGMENTS {
        let [0xFF, marker, high, low, after @ ..] = rest else { return Ok(None) };
        // Start of scan: what follows is the picture.
        if *marker == 0xDA {
            return Ok(None);
        }
        let length = (usize::from(*high) << 8 | usize::from(*low)).saturating_sub(2);
        let data = after.get(..length);
        if *marker == 0xE1 && after.starts_with(b"Exif\0\0") {
            return data.map(Some).ok_or("the EXIF segment claims more bytes than there are");
        }
        rest = after.get(length..).unwrap_or_default();
    }
    Ok(None)
}

/// A TIFF block, in either byte order.
struct Tiff<'a> {
    bytes: &'a [u8],
    little: bool,
}

impl<'a> Tiff<'a> {
    fn number(&self, at: usize, size: usize) -> Option<usize> {
        let bytes = self.bytes.get(at..at.checked_add(size)?)?;
        let add = |n: usize, b: &u8| (n << 8) | usize::from(*b);
        Some(if self.little { bytes.iter().rev().fold(0, add) } else { bytes.iter().fold(0, add) })
    }

    /// Tag, type and value of each entry of a directory: short values stand in the entry itself.
    fn entries(&self, directory: usize) -> Vec<(u16, usize, &'a [u8])> {
        let count = self.number(directory, 2).unwrap_or(0).min(MOST_TAGS);
        let entry = |i: usize| {
            let at = directory.checked_add(2 + i * 12)?;
            let (tag, kind, length) = (self.number(at, 2)?, self.number(at + 2, 2)?, self.number(at + 4, 4)?);
            let size = length.checked_mul(match kind {
                1 | 2 | 6 | 7 => 1,
                3 | 8 => 2,
                5 | 10 | 12 => 8,
                _ => 4,
            })?;
            let start = if size <= 4 { at + 8 } else { self.number(at + 8, 4)? };
            let value = self.bytes.get(start..start.checked_add(size)?)?;
            Some((u16::try_from(tag).ok()?, kind, value))
        };
        (0..count).filter_map(entry).collect()
    }
}

fn tiff(bytes: &[u8], keywords: &[&str], limit: usize, out: &mut Chunks) {
    let little = bytes.starts_with(b"II");
    if !little && !bytes.starts_with(b"MM") {
        return;
    }
    let tiff = Tiff { bytes, little };
    let Some(first) = tiff.number(4, 4) else { return };
    let mut keep = |keyword: &str, text: String| {
        if text.len() > limit {
            out.problem = Some("a text in the EXIF data is too long");
        } else if keywords.contains(&keyword) {
            out.texts.push(Text { keyword: keyword.to_owned(), text });
        }
    };
    for (tag, kind, value) in tiff.entries(first) {
        if kind == 2 {
            let text = String::from_utf8_lossy(value);
            let text = text.trim_end_matches('\0');
            if let Some((keyword, text)) = text.split_once(':') {
                keep(keyword, text.to_owned());
            }
        } else if tag == EXIF_DIRECTORY {
            let own = |(tag, _, value): (u16, usize, &[u8])| {
                (tag == USER_COMMENT).then(|| comment(value, little))?
            };
            let at = value.iter().rev().fold(0usize, |n, b| (n << 8) | usize::from(*b));
            let at = if little { at } else { value.iter().fold(0usize, |n, b| (n << 8) | usize::from(*b)) };
            tiff.entries(at).into_iter().filter_map(own).for_each(|text| keep("parameters", text));
        }
    }
}

/// The text of UserComment.
fn comment(value: &[u8], little: bool) -> Option<String> {
    let (encoding, text) = value.split_at_checked(8)?;
    if encoding.starts_with(b"UNICODE") {
        // Written in the order of the block by some, in network order by others: a zero comes first in text.
        let big = text.first() == Some(&0) || (!little && text.get(1) != Some(&0));
        let unit = |pair: &[u8]| match pair {
            [a, b] if big => u16::from(*a) << 8 | u16::from(*b),
            [a, b] => u16::from(*b) << 8 | u16::from(*a),
            _ => 0xFFFD,
        };
        let units: Vec<u16> = text.chunks(2).map(unit).collect();
        return Some(String::from_utf16_lossy(&units));
    }
    Some(String::from_utf8_lossy(text).trim_end_matches('\0').to_owned())
}

#[cfg(test)]
mod tests;

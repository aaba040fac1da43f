//! Text chunks of a PNG (ISO/IEC 15948): `tEXt`, `iTXt` and `zTXt`, where programs keep how an image was made.
//!
//! Chunk lengths are claims: each is held against what is left of the file, and inflating has a limit of
//! its own. Checksums are not verified; a wrong one does not make the text less readable.

use flate2::read::ZlibDecoder;
use std::io::Read;

/// First eight bytes of every PNG.
pub(super) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Most chunks that are looked at.
const MOST_CHUNKS: usize = 100_000;

/// A text chunk of interest.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) keyword: String,
    pub(super) text: String,
}

/// What was found, and what went wrong.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    pub(super) texts: Vec<Text>,
    /// Fixed words.
    pub(super) problem: Option<&'static str>,
}

/// The texts of a PNG under these keywords, none longer than `limit` bytes.
pub(super) fn texts(bytes: &[u8], keywords: &[&str], limit: usize) -> Chunks {
    let mut out = Chunks::default();
    let mut rest = bytes.get(SIGNATURE.len()..).unwrap_or(&[]);
    for _ in 0..MOST_CHUNKS {
        let Some((head, after)) = rest.split_at_checked(8) else {
            if !rest.is_empty() {
                out.problem = Some("the PNG ends inside a chunk");
            }
            return out;
        };
        let (length, kind) = head.split_at(4);
        let length = length.iter().fold(0usize, |n, b| (n << 8) | usize::from(*b));
        let Some((data, after)) = after.split_at_checked(length) else {
            out.problem = Some("a PNG chunk claims more bytes than there are");
            return out;
        };
        match kind {
            b"tEXt" | b"zTXt" | b"iTXt" => match read(kind, data, keywords, limit) {
                Ok(Some(text)) => out.texts.push(text),
                Ok(None) => {}
                Err(problem) => out.problem = Some(problem),
            },
            b"IEND" => return out,
            _ => {}
        }
        rest = after.get(4..).unwrap_or(&[]);
    }
    out.problem = Some("the PNG has too many chunks");
    out
}

fn read(kind: &[u8], data: &[u8], keywords: &[&str], limit: usize) -> Result<Option<Text>, &'static str> {
    let Some((keyword, body)) = cut(data) else { return Ok(None) };
    let Some(keyword) = keywords.iter().find(|k| k.as_bytes() == keyword) else { return Ok(None) };
    let (packed, body) = match kind {
        b"tEXt" => (false, body),
        b"zTXt" => (true, body.get(1..).ok_or("a PNG text chunk is cut short")?),
        _ => {
            let [flag, _method, rest @ ..] = body else { return Err("a PNG text chunk is cut short") };
            let (_, rest) = cut(rest).ok_or("a PNG text chunk is cut short")?;
            let (_, rest) = cut(rest).ok_or("a PNG text chunk is cut short")?;
            (*flag == 1, rest)
        }
    };
    let mut plain = Vec::new();
    if packed {
        let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        ZlibDecoder::new(body)
            .take(most)
            .read_to_end(&mut plain)
            .map_err(|_| "a compressed PNG text chunk cannot be inflated")?;
    } else {
        plain.extend_from_slice(body);
    }
    if plain.len() > limit {
        return Err("a PNG text chunk is larger than the limit");
    }
    // tEXt and zTXt are Latin-1 by the standard; writers put UTF-8 there all the same.
    let text =
        String::from_utf8(plain).unwrap_or_else(|e| e.into_bytes().iter().map(|b| char::from(*b)).collect());
    Ok(Some(Text { keyword: (*keyword).to_owned(), text }))
}

/// Splits at the first zero byte.
fn cut(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(0, data)?;
    Some((data.get(..at)?, data.get(at + 1..)?))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use flate2::{Compression, write::ZlibEncoder};
    use std::io::Write;

    fn chunk(kind: &[u8], data: &[u8]) -> Vec<u8> {
        let mut out = u32::try_from(data.len()).unwrap().to_be_bytes().to_vec();
        out.extend_from_slice(kind);
        out.extend_from_slice(data);
        out.extend_from_slice(&[0; 4]);
        out
    }

    pub(in crate::inventory) fn png(chunks: &[(&[u8], Vec<u8>)]) -> Vec<u8> {
        let mut out = SIGNATURE.to_vec();
        for (kind, data) in chunks {
            out.extend(chunk(kind, data));
        }
        out.extend(chunk(b"IEND", b""));
        out
    }

    fn deflate(text: &str) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    const KEYWORDS: &[&str] = &["prompt", "workflow"];

    #[test]
    fn all_three_kinds_of_text_chunk_are_read() {
        let plain = png(&[(b"tEXt", b"prompt\0{}".to_vec())]);
        let packed = png(&[(b"zTXt", [b"workflow\0\0".to_vec(), deflate("{\"a\":1}")].concat())]);
        let wide = png(&[(b"iTXt", "prompt\0\0\0\0\0{\"ä\":1}".as_bytes().to_vec())]);
        let wide_packed = png(&[(b"iTXt", [b"prompt\0\x01\0en\0\0".to_vec(), deflate("{}")].concat())]);
        let one = |bytes: &[u8]| texts(bytes, KEYWORDS, 1000).texts.remove(0);
        assert_eq!(one(&plain), Text { keyword: "prompt".into(), text: "{}".into() });
        assert_eq!(one(&packed).text, "{\"a\":1}");
        assert_eq!(one(&wide).text, "{\"ä\":1}");
        assert_eq!(one(&wide_packed).text, "{}");
    }

    #[test]
    fn lying_lengths_and_bombs_are_bounded() {
        let mut lying = SIGNATURE.to_vec();
        lying.extend_from_slice(&[0xFF; 4]);
        lying.extend_from_slice(b"tEXtprompt\0{}");
        assert_eq!(
            texts(&lying, KEYWORDS, 1000).problem,
            Some("a PNG chunk claims more bytes than there are")
        );
        let bomb = png(&[(b"zTXt", [b"prompt\0\0".to_vec(), deflate(&"0".repeat(1 << 20))].concat())]);
        assert_eq!(texts(&bomb, KEYWORDS, 1000).problem, Some("a PNG text chunk is larger than the limit"));
        let whole = png(&[(b"iTXt", b"prompt\0\0\0\0\0{}".to_vec())]);
        for cut in 0..whole.len() {
            let _ = texts(&whole[..cut], KEYWORDS, 1000);
        }
    }
}

//! Where the seal stands: the last thing in the file.
//!
//! ```text
//! PAGE CORE, ends "</html>\n"
//! <!--DOMICILE-SEAL-V1
//! base64 of the envelope, lines of 76
//! DOMICILE-SEAL-END-->
//! ```
//!
//! The signed bytes are a plain prefix of the file: there is no placeholder to blank and no canonical
//! HTML. A comment after `</html>` is valid HTML, and base64 holds no `-` that could close it. The page
//! core never holds a literal `<` inside data, so the opening line cannot be forged by text of a log; the
//! bare words of it can stand in one and mean nothing.

use super::dsse::Envelope;
use super::refusal::Refusal;
use crate::report::evidence::unescape_from_page;
use crate::report::html::{DATA_CLOSE, DATA_OPEN};
use base64ct::{Base64, Encoding};
use memchr::memmem;

/// The largest report that is read, in bytes: evidence at its limit, in the page twice, with markup.
pub const MOST_BYTES: u64 = 128 << 20;
/// The largest seal, in bytes.
const MOST_SEAL: usize = 1 << 20;
/// What opens the seal; the line feed before it is the last byte of the page core.
const OPEN: &str = "\n<!--DOMICILE-SEAL-V1\n";
/// What closes it.
const CLOSE: &str = "\nDOMICILE-SEAL-END-->\n";
/// Width of its lines.
const WIDTH: usize = 76;

/// A sealed file, taken apart but not yet believed.
#[derive(Debug)]
pub struct Parts<'a> {
    /// The page core: the signed prefix.
    pub core: &'a [u8],
    /// The envelope.
    pub envelope: Envelope,
}

/// Whether a file has a seal, good or bad.
#[must_use]
pub fn is_sealed(file: &[u8]) -> bool {
    memmem::find(file, OPEN.as_bytes()).is_some()
}

/// Takes a sealed file apart, strictly: every byte of the seal has one spelling.
///
/// # Errors
/// If the file is too large, not UTF-8, or its seal is missing, doubled, misplaced or spelt otherwise.
pub fn split(file: &[u8]) -> Result<Parts<'_>, Refusal> {
    if u64::try_from(file.len()).unwrap_or(u64::MAX) > MOST_BYTES {
        return Err(Refusal::TooLarge);
    }
    let text = str::from_utf8(file).map_err(|_| Refusal::NotUtf8)?;
    let finder = memmem::Finder::new(OPEN);
    let mut found = finder.find_iter(file);
    let at = found.next().ok_or(Refusal::NoSeal)?;
    if found.next().is_some() {
        return Err(Refusal::SecondSeal);
    }
    let body = text.get(at + OPEN.len()..).ok_or(Refusal::SealSpelling)?;
    let body = body.strip_suffix(CLOSE).ok_or(Refusal::Ending)?;
    if body.len() > MOST_SEAL {
        return Err(Refusal::SealSpelling);
    }
    let joined: String = body.split('\n').collect();
    let json = Base64::decode_vec(&joined).map_err(|_| Refusal::SealSpelling)?;
    if wrapped(&json) != body {
        return Err(Refusal::SealSpelling);
    }
    let core = file.get(..=at).ok_or(Refusal::SealSpelling)?;
    Ok(Parts { core, envelope: Envelope::decode(&json)? })
}

/// The page core with that envelope sealed to it.
///
/// # Errors
/// Never in practice.
pub fn join(core: &[u8], envelope: &Envelope) -> Result<Vec<u8>, Refusal> {
    let mut file = core.strip_suffix(b"\n").unwrap_or(core).to_vec();
    file.extend_from_slice(OPEN.as_bytes());
    file.extend_from_slice(wrapped(&envelope.encode()?).as_bytes());
    file.extend_from_slice(CLOSE.as_bytes());
    Ok(file)
}

/// The canonical evidence that stands in a page core.
///
/// # Errors
/// If there is not exactly one evidence block, spelt the one way it is written.
pub fn evidence(core: &[u8]) -> Result<Vec<u8>, Refusal> {
    let text = str::from_utf8(core).map_err(|_| Refusal::NotUtf8)?;
    let (_, after) = text.split_once(DATA_OPEN).ok_or(Refusal::EvidenceBlock)?;
    let (block, rest) = after.split_once(DATA_CLOSE).ok_or(Refusal::EvidenceBlock)?;
    if rest.contains(DATA_OPEN) {
        return Err(Refusal::EvidenceBlock);
    }
    unescape_from_page(block).map(String::into_bytes).ok_or(Refusal::EvidenceBlock)
}

fn wrapped(json: &[u8]) -> String {
    let base64 = Base64::encode_string(json);
    let mut out = String::with_capacity(base64.len() + base64.len() / WIDTH + 1);
    let mut rest = base64.as_str();
    while let Some((line, after)) = rest.split_at_checked(WIDTH).filter(|(_, after)| !after.is_empty()) {
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out + rest
}

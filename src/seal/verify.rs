//! Verification: in a fixed order, closed at the first step that fails.
//!
//! Signatures come before anything they cover is read, and the algorithm comes from the key the verifier
//! brought, never from the envelope. Only then is the statement read, the page and the evidence held
//! against its digests, and the page rendered again from the evidence and compared byte for byte. A good
//! signature therefore means: this key signed this evidence, and the page shows it. It does not mean that
//! the evidence is true, complete or new.

use super::key::PublicKey;
use super::page::{self, Parts};
use super::refusal::Refusal;
use super::statement::{ED25519, Statement};
use crate::report::evidence::Evidence;
use crate::report::html::{self, RENDERER};
use std::fmt;

/// A report that is genuine: signed by a key the verifier brought and unchanged since.
#[derive(Debug)]
pub struct Genuine {
    /// Keys whose signatures are good, as indices of the keys brought.
    pub by: Vec<usize>,
    /// Ids of keys that also signed, by the envelope's word; nobody checked these signatures.
    pub unknown: Vec<String>,
    /// The signed statement.
    pub statement: Statement,
    /// The signed evidence, unless this program cannot read its version.
    pub evidence: Option<Evidence>,
    /// What could not be checked again; genuine, but not fully so, if this is not empty.
    pub unchecked: Vec<&'static str>,
}

/// A report that is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub reason: Refusal,
    /// What probably happened to the file, where undoing it makes the signature good. Still refused.
    pub cause: Option<&'static str>,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

impl std::error::Error for Refused {}

/// Verifies a report against the keys the verifier brought.
///
/// # Errors
/// If the report is not genuine.
pub fn verify(file: &[u8], trusted: &[PublicKey]) -> Result<Genuine, Refused> {
    strictly(file, trusted).map_err(|reason| Refused { cause: cause(file, trusted), reason })
}

fn strictly(file: &[u8], trusted: &[PublicKey]) -> Result<Genuine, Refusal> {
    let signed = signed(file, trusted)?;
    rendered(signed)
}

struct Signed<'a> {
    core: &'a [u8],
    canonical: Vec<u8>,
    genuine: Genuine,
}

/// Everything up to the digests: cheap, and it decides whether the bytes are those that were signed.
fn signed<'a>(file: &'a [u8], trusted: &[PublicKey]) -> Result<Signed<'a>, Refusal> {
    let Parts { core, envelope } = page::split(file)?;
    let ids: Vec<String> = trusted.iter().map(PublicKey::id).collect();
    let pae = envelope.pae();
    let (mut by, mut unknown) = (Vec::new(), Vec::new());
    for signature in &envelope.signatures {
        let known = ids.iter().position(|id| *id == signature.key);
        match known.and_then(|at| Some((at, trusted.get(at)?))) {
            Some((at, key)) if key.verifies(&pae, &signature.bytes) => by.push(at),
            Some(_) => return Err(Refusal::Signature(signature.key.clone())),
            None => unknown.push(signature.key.clone()),
        }
    }
    if by.is_empty() {
        return Err(Refusal::Untrusted(unknown));
    }
    let statement = Statement::decode(&envelope.payload)?;
    if u64::try_from(core.len()) != Ok(statement.predicate.page_bytes) {
        return Err(Refusal::PageLength);
    }
    let algorithms = &statement.predicate.algorithms;
    if !algorithms.iter().any(|a| a == ED25519) || algorithms.len() > envelope.signatures.len() {
        return Err(Refusal::Stripped);
    }
    if !statement.covers_page(core) {
        return Err(Refusal::PageDigest);
    }
    let canonical = page::evidence(core)?;
    if !statement.covers_evidence(&canonical) {
        return Err(Refusal::EvidenceDigest);
    }
    let unchecked = if algorithms.iter().all(|a| a == ED25519) {
        Vec::new()
    } else {
        vec!["a signature by an algorithm that this version does not know"]
    };
    Ok(Signed { core, canonical, genuine: Genuine { by, unknown, statement, evidence: None, unchecked } })
}

/// The page against its evidence.
fn rendered(signed: Signed<'_>) -> Result<Genuine, Refusal> {
    let Signed { core, canonical, mut genuine } = signed;
    if genuine.statement.predicate.renderer != RENDERER {
        genuine.unchecked.push("that the page shows its evidence: another version rendered it");
        genuine.evidence = Evidence::read_canonical(&canonical).ok();
        return Ok(genuine);
    }
    let evidence = read(&canonical)?;
    if !genuine.statement.agrees(&evidence) {
        return Err(Refusal::StatementDisagrees);
    }
    if page_of(&evidence)? != core {
        return Err(Refusal::PageDiffers);
    }
    genuine.evidence = Some(evidence);
    Ok(genuine)
}

/// Evidence from its canonical bytes.
pub(super) fn read(canonical: &[u8]) -> Result<Evidence, Refusal> {
    Evidence::read_canonical(canonical).map_err(|_| Refusal::Evidence)
}

/// The page that evidence has in this version.
pub(super) fn page_of(evidence: &Evidence) -> Result<Vec<u8>, Refusal> {
    html::page(evidence).map_err(|e| Refusal::Render(e.to_string()))
}

/// What happened to the file on its way, if undoing it makes the signature good.
fn cause(file: &[u8], trusted: &[PublicKey]) -> Option<&'static str> {
    if u64::try_from(file.len()).unwrap_or(u64::MAX) > page::MOST_BYTES {
        return None;
    }
    let good = |bytes: &[u8]| signed(bytes, trusted).is_ok();
    let bom = file.strip_prefix(b"\xef\xbb\xbf");
    if bom.is_some_and(good) {
        return Some("a byte order mark was put in front, as some editors do");
    }
    let body = bom.unwrap_or(file);
    if memchr::memmem::find(body, b"\r\n").is_some() {
        let mut unix = Vec::with_capacity(body.len());
        let mut rest = body.iter().copied().peekable();
        while let Some(byte) = rest.next() {
            if byte != b'\r' || rest.peek() != Some(&b'\n') {
                unix.push(byte);
            }
        }
        if good(&unix) {
            return Some(
                "line ends were changed from LF to CRLF, as mail gateways, FTP in text mode and git autocrlf do",
            );
        }
    }
    let trimmed = body.trim_ascii_end();
    if trimmed.len() + 1 != body.len() && trimmed.ends_with(b"-->") {
        let ended = [trimmed, b"\n"].concat();
        if good(&ended) {
            return Some("white space at the end was added or removed, as some editors do");
        }
    }
    None
}

//! Signatures: what is signed, how it is embedded, and how it is verified.
//!
//! A sealed report is the page with a DSSE envelope behind it; the envelope holds an in-toto statement
//! about the page and the evidence in it. Only Ed25519 signs. Time stamps, the ledger, certificates and
//! revocation are not here: a verifier brings the keys it trusts and knows whether they still hold.

pub mod dsse;
pub mod key;
pub mod page;
pub mod partial;
pub mod refusal;
pub mod statement;
pub mod verify;

use dsse::{Envelope, Signature};
use key::SigningKey;
use page::Parts;
use refusal::Refusal;
use statement::Statement;

/// Signs a report: seals a page core, or adds a signature to a sealed one.
///
/// Nothing is signed that this program would not have written: the page must be what its evidence looks
/// like. A report that somebody else sealed is signed as it stands, after the same checks except those of
/// the signatures already there, which only somebody with the keys can check.
///
/// # Errors
/// If the file is not a report, or its page and evidence disagree.
pub fn sign(file: &[u8], key: &SigningKey) -> Result<Vec<u8>, Refusal> {
    let sealed = page::is_sealed(file);
    let (core, envelope) = if sealed {
        let Parts { core, envelope } = page::split(file)?;
        (core, Some(envelope))
    } else {
        (file, None)
    };
    let canonical = page::evidence(core)?;
    let evidence = verify::read(&canonical)?;
    if verify::page_of(&evidence)? != core {
        return Err(Refusal::PageDiffers);
    }
    let statement = Statement::about(core, &canonical, &evidence);
    let mut envelope = match envelope {
        Some(envelope) => {
            let theirs = Statement::decode(&envelope.payload)?;
            let same = theirs.predicate.page_bytes == statement.predicate.page_bytes
                && theirs.covers_page(core)
                && theirs.covers_evidence(&canonical)
                && theirs.agrees(&evidence);
            if !same {
                return Err(Refusal::StatementDisagrees);
            }
            envelope
        }
        None => Envelope { payload: statement.encode()?, signatures: Vec::new() },
    };
    seal(core, &mut envelope, key)
}

/// Adds a signature to an envelope and the envelope to a page core.
fn seal(core: &[u8], envelope: &mut Envelope, key: &SigningKey) -> Result<Vec<u8>, Refusal> {
    let bytes = key.sign(&envelope.pae()).map_err(|e| Refusal::Render(e.to_string()))?;
    envelope.add(Signature { key: key.public().id(), bytes });
    if envelope.signatures.len() > dsse::MOST_SIGNATURES {
        return Err(Refusal::SignatureCount);
    }
    page::join(core, envelope)
}

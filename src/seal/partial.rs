//! Signed partials: an envelope of one line over a statement about the body.
//!
//! The statement is in-toto v1 in canonical form, with one subject, the SHA-256 of the body: what
//! `head -n -1 FILE | sha256sum` prints. A partial is signed where its logs were read, by whoever runs the
//! sensor; it says nothing about a report. Like that of reports, the predicate type is a name under
//! `.invalid`, which nobody can own or look up. No time stands in it: a sensor's clock is not evidence.

use super::dsse::{Envelope, MOST_SIGNATURES, Signature};
use super::key::{PublicKey, SigningKey};
use super::refusal::Refusal;
use super::statement::ED25519;
use serde::{Deserialize, Serialize};

const TYPE: &str = "https://in-toto.io/Statement/v1";
/// What kind of predicate it is.
pub const PREDICATE_TYPE: &str = "https://domicile.invalid/attestation/partial/v1";
const SUBJECT: &str = "partial.jsonl";

#[derive(Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct Statement {
    #[serde(rename = "_type")]
    kind: String,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    subject: Vec<Subject>,
    predicate: Predicate,
}

#[derive(Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct Subject {
    name: String,
    digest: Digests,
}

#[derive(Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct Digests {
    sha256: String,
}

#[derive(Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct Predicate {
    algorithms: Vec<String>,
    bytes: u64,
}

/// What a body is called by: its SHA-256 in hex, and its length.
#[derive(Debug, Clone, Copy)]
pub struct Body<'b> {
    /// SHA-256, hex.
    pub sha256: &'b str,
    /// Length in bytes.
    pub bytes: u64,
}

impl Body<'_> {
    fn statement(&self) -> Statement {
        Statement {
            kind: TYPE.to_owned(),
            predicate_type: PREDICATE_TYPE.to_owned(),
            subject: vec![Subject {
                name: SUBJECT.to_owned(),
                digest: Digests { sha256: self.sha256.to_owned() },
            }],
            predicate: Predicate { algorithms: vec![ED25519.to_owned()], bytes: self.bytes },
        }
    }
}

/// The line that signs a body, without its end.
///
/// # Errors
/// If the cryptographic module refuses.
pub fn sign(body: Body<'_>, key: &SigningKey) -> Result<Vec<u8>, Refusal> {
    let payload = serde_json_canonicalizer::to_vec(&body.statement()).map_err(|_| Refusal::Statement)?;
    let mut envelope = Envelope { payload, signatures: Vec::new() };
    let bytes = key.sign(&envelope.pae()).map_err(|e| Refusal::Render(e.to_string()))?;
    envelope.add(Signature { key: key.public().id(), bytes });
    envelope.encode()
}

/// Who signed a body.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Signers {
    /// Ids of keys that were brought and whose signatures fit.
    pub trusted: Vec<String>,
    /// Ids of keys that it names and nobody brought: their signatures were not checked.
    pub unknown: Vec<String>,
}

/// Checks the line after a body. Which of its signatures count is for the caller to say.
///
/// # Errors
/// If it is spelt otherwise than such a line is, is about another body, or a signature by a key that was
/// brought does not fit.
pub fn verify(line: &[u8], body: Body<'_>, trusted: &[PublicKey]) -> Result<Signers, Refusal> {
    let envelope = Envelope::decode(line)?;
    if envelope.signatures.len() > MOST_SIGNATURES {
        return Err(Refusal::SignatureCount);
    }
    let statement: Statement =
        serde_json::from_slice(&envelope.payload).map_err(|_| Refusal::PartialStatement)?;
    if statement.predicate_type != PREDICATE_TYPE || statement.kind != TYPE {
        return Err(Refusal::PartialStatement);
    }
    // One body has one statement, in one spelling.
    let expected = serde_json_canonicalizer::to_vec(&body.statement()).map_err(|_| Refusal::Statement)?;
    if expected != envelope.payload {
        return Err(Refusal::PartialDigest);
    }
    let pae = envelope.pae();
    let mut signers = Signers::default();
    for signature in &envelope.signatures {
        match trusted.iter().find(|k| k.id() == signature.key) {
            None => signers.unknown.push(signature.key.clone()),
            Some(key) if key.verifies(&pae, &signature.bytes) => signers.trusted.push(signature.key.clone()),
            Some(_) => return Err(Refusal::Signature(signature.key.clone())),
        }
    }
    Ok(signers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_of_one_body_and_one_key() {
        let key = SigningKey::from_seed(&[7; 32]).unwrap();
        let other = SigningKey::from_seed(&[8; 32]).unwrap();
        let (sha256, wrong) = ("ab".repeat(32), "ac".repeat(32));
        let body = Body { sha256: &sha256, bytes: 99 };
        let line = sign(body, &key).unwrap();
        assert!(!line.contains(&b'\n'));
        let by = |keys: &[PublicKey]| verify(&line, body, keys).unwrap();
        assert_eq!(by(&[key.public()]).trusted, [key.public().id()]);
        assert_eq!(by(&[other.public()]).unknown, [key.public().id()]);
        assert_eq!(verify(&line, Body { sha256: &wrong, ..body }, &[]), Err(Refusal::PartialDigest));
        assert_eq!(verify(&line, Body { bytes: 98, ..body }, &[]), Err(Refusal::PartialDigest));
        for at in 0..line.len() {
            let mut changed = line.clone();
            changed[at] ^= 1;
            let seen = verify(&changed, body, &[key.public()]);
            assert!(seen.is_err() || seen.unwrap().trusted.is_empty(), "byte {at}");
        }
    }
}

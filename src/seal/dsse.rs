//! DSSE v1, the Dead Simple Signing Envelope: a payload, and signatures over its type and bytes.
//!
//! What is signed is the pre-authentication encoding ([`pae`]), not the JSON around it, so nothing has to
//! be put in canonical form to check a signature. The envelope itself is nevertheless written in one
//! spelling (RFC 8785) and read in that spelling only, so that no byte of a report can change unseen:
//! general DSSE readers accept URL-safe base64 and unknown members, this one refuses them.

use super::refusal::Refusal;
use base64ct::{Base64, Encoding};
use serde::{Deserialize, Serialize};

/// The type of every payload here.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
/// The most signatures in an envelope.
pub const MOST_SIGNATURES: usize = 16;

/// A payload with its signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The bytes that are signed, together with [`PAYLOAD_TYPE`].
    pub payload: Vec<u8>,
    /// Signatures, by key id; one for each key.
    pub signatures: Vec<Signature>,
}

/// A signature.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signature {
    /// Id of the key, 64 hex digits. It is not authenticated: it says which key to try, no more.
    pub key: String,
    /// The signature bytes.
    pub bytes: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wire {
    payload: String,
    payload_type: String,
    signatures: Vec<WireSignature>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireSignature {
    keyid: String,
    sig: String,
}

impl Envelope {
    /// The one JSON spelling.
    ///
    /// # Errors
    /// Never in practice.
    pub fn encode(&self) -> Result<Vec<u8>, Refusal> {
        let signatures = self
            .signatures
            .iter()
            .map(|s| WireSignature { keyid: s.key.clone(), sig: Base64::encode_string(&s.bytes) });
        let wire = Wire {
            payload: Base64::encode_string(&self.payload),
            payload_type: PAYLOAD_TYPE.to_owned(),
            signatures: signatures.collect(),
        };
        serde_json_canonicalizer::to_vec(&wire).map_err(|_| Refusal::Envelope)
    }

    /// Reads that spelling and no other.
    ///
    /// # Errors
    /// If it is not spelt so, has another payload type, or has no, too many or unordered signatures.
    pub fn decode(json: &[u8]) -> Result<Envelope, Refusal> {
        let wire: Wire = serde_json::from_slice(json).map_err(|_| Refusal::Envelope)?;
        if wire.payload_type != PAYLOAD_TYPE {
            return Err(Refusal::PayloadType);
        }
        if wire.signatures.is_empty() || wire.signatures.len() > MOST_SIGNATURES {
            return Err(Refusal::SignatureCount);
        }
        let bytes = |text: &str| Base64::decode_vec(text).map_err(|_| Refusal::Envelope);
        let mut envelope = Envelope { payload: bytes(&wire.payload)?, signatures: Vec::new() };
        for s in wire.signatures {
            let hex = s.keyid.len() == 64 && s.keyid.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
            if !hex {
                return Err(Refusal::Envelope);
            }
            envelope.signatures.push(Signature { bytes: bytes(&s.sig)?, key: s.keyid });
        }
        // Ascending and distinct: two signatures of one key are not two people.
        if !envelope.signatures.is_sorted_by(|a, b| a.key < b.key) {
            return Err(Refusal::SignatureOrder);
        }
        if envelope.encode()? == json { Ok(envelope) } else { Err(Refusal::Envelope) }
    }

    /// The bytes each signature is made over.
    #[must_use]
    pub fn pae(&self) -> Vec<u8> {
        pae(&self.payload)
    }

    /// Puts a signature in its place, instead of an earlier one of the same key.
    pub fn add(&mut self, signature: Signature) {
        self.signatures.retain(|s| s.key != signature.key);
        self.signatures.push(signature);
        self.signatures.sort();
    }
}

/// Pre-authentication encoding of a payload: `DSSEv1 28 application/vnd.in-toto+json LENGTH BYTES`.
#[must_use]
pub fn pae(payload: &[u8]) -> Vec<u8> {
    let mut out = format!("DSSEv1 {} {PAYLOAD_TYPE} {} ", PAYLOAD_TYPE.len(), payload.len()).into_bytes();
    out.extend_from_slice(payload);
    out
}

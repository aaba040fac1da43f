//! The signed statement: in-toto Statement v1, itself in canonical form (RFC 8785).
//!
//! It has two subjects, the page core and the canonical evidence, so that neither can be exchanged alone.
//! `pageBytes` says where the page ends, so that a verifier cuts there instead of searching. SHA-512 stands
//! beside SHA-256 because some suites (CNSA 2.0) do not list the latter. `algorithms` is signed: removing a
//! signature from the envelope shows. Members of the predicate that are not known are ignored, as in-toto
//! asks; the times and names in it are those of the evidence, so the same evidence gives the same bytes.
//!
//! The predicate type is a name, not an address: it stands under `.invalid`, a domain that nobody can ever
//! own (RFC 2606), because this project owns none and a verifier must not be tempted to look it up.

use super::refusal::Refusal;
use crate::model::text::hex;
use crate::report::evidence::Evidence;
use crate::report::html::RENDERER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256, Sha512};

const TYPE: &str = "https://in-toto.io/Statement/v1";
/// What kind of predicate it is.
pub const PREDICATE_TYPE: &str = "https://domicile.invalid/attestation/report/v1";
/// Name of the signature algorithm in `algorithms`.
pub const ED25519: &str = "ed25519";
const PAGE: &str = "report.html";
const EVIDENCE: &str = "evidence.json";

/// An in-toto statement about a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    #[serde(rename = "_type")]
    kind: String,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    subject: Vec<Subject>,
    /// What is said about the subjects.
    pub predicate: Predicate,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Subject {
    name: String,
    digest: Digests,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Digests {
    sha256: String,
    sha512: String,
}

impl Digests {
    fn of(bytes: &[u8]) -> Digests {
        Digests { sha256: hex(Sha256::digest(bytes)), sha512: hex(Sha512::digest(bytes)) }
    }
}

/// What the statement says about the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Predicate {
    /// Algorithms of the signatures that the first signer applied.
    pub algorithms: Vec<String>,
    /// When the audit was made, as its maker claims.
    pub created: String,
    /// The policy it was held against.
    pub policy: Policy,
    /// Length of the page core in bytes.
    pub page_bytes: u64,
    /// Name of the renderer that makes the page from the evidence.
    pub renderer: String,
    /// Program and version.
    pub tool: String,
    /// Conclusion of the audit.
    pub verdict: String,
}

/// The policy an audit was held against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Id.
    pub id: String,
    /// Version.
    pub version: String,
    /// SHA-256 of each of its files, base first.
    pub sha256: Vec<String>,
}

impl Statement {
    /// The statement about a page core and its evidence.
    #[must_use]
    pub fn about(core: &[u8], canonical: &[u8], evidence: &Evidence) -> Statement {
        let subject = |name: &str, bytes| Subject { name: name.to_owned(), digest: Digests::of(bytes) };
        Statement {
            kind: TYPE.to_owned(),
            predicate_type: PREDICATE_TYPE.to_owned(),
            subject: vec![subject(PAGE, core), subject(EVIDENCE, canonical)],
            predicate: Predicate {
                algorithms: vec![ED25519.to_owned()],
                created: evidence.created.to_string(),
                policy: Policy {
                    id: evidence.criteria.policy.clone(),
                    version: evidence.criteria.version.clone(),
                    sha256: evidence.criteria.layers.iter().map(|l| l.sha256.clone()).collect(),
                },
                page_bytes: u64::try_from(core.len()).unwrap_or(u64::MAX),
                renderer: RENDERER.to_owned(),
                tool: evidence.tool.clone(),
                verdict: verdict(evidence),
            },
        }
    }

    /// The payload: canonical bytes.
    ///
    /// # Errors
    /// Never in practice.
    pub fn encode(&self) -> Result<Vec<u8>, Refusal> {
        serde_json_canonicalizer::to_vec(self).map_err(|_| Refusal::Statement)
    }

    /// Reads a payload.
    ///
    /// # Errors
    /// If it is not such a statement or is not canonical.
    pub fn decode(payload: &[u8]) -> Result<Statement, Refusal> {
        let statement: Statement = serde_json::from_slice(payload).map_err(|_| Refusal::Statement)?;
        let value: serde_json::Value = serde_json::from_slice(payload).map_err(|_| Refusal::Statement)?;
        // Through the value, because members of the predicate that are not known must survive.
        let again = serde_json_canonicalizer::to_vec(&value).map_err(|_| Refusal::Statement)?;
        if again != payload {
            return Err(Refusal::Statement);
        }
        if statement.kind != TYPE || statement.predicate_type != PREDICATE_TYPE {
            return Err(Refusal::StatementType);
        }
        Ok(statement)
    }

    /// Whether the page core is the one it is about.
    #[must_use]
    pub fn covers_page(&self, core: &[u8]) -> bool {
        self.covers(0, PAGE, core)
    }

    /// Whether the canonical evidence is the one it is about.
    #[must_use]
    pub fn covers_evidence(&self, canonical: &[u8]) -> bool {
        self.subject.len() == 2 && self.covers(1, EVIDENCE, canonical)
    }

    fn covers(&self, index: usize, name: &str, bytes: &[u8]) -> bool {
        // The cheaper digest first; both have to be equal.
        self.subject.get(index).is_some_and(|s| {
            s.name == name && s.digest.sha256 == hex(Sha256::digest(bytes)) && s.digest == Digests::of(bytes)
        })
    }

    /// Whether it says of the evidence what the evidence says.
    #[must_use]
    pub fn agrees(&self, evidence: &Evidence) -> bool {
        let p = &self.predicate;
        p.created == evidence.created.to_string()
            && p.tool == evidence.tool
            && p.verdict == verdict(evidence)
            && p.policy.id == evidence.criteria.policy
            && p.policy.version == evidence.criteria.version
            && p.policy.sha256.iter().eq(evidence.criteria.layers.iter().map(|l| &l.sha256))
    }
}

fn verdict(evidence: &Evidence) -> String {
    evidence.conclusion.name().to_owned()
}

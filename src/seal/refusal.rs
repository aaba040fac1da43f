//! Why a report is refused.

use std::fmt;

/// Why a report is not accepted as genuine. No text of the report stands in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The file is larger than [`super::page::MOST_BYTES`].
    TooLarge,
    /// The file is not UTF-8.
    NotUtf8,
    /// There is no seal: the page was never signed, or the seal was removed.
    NoSeal,
    /// The file does not end with the closing line of the seal.
    Ending,
    /// There is more than one seal.
    SecondSeal,
    /// The seal is not spelt the one way it is written: line width, base64, line ends.
    SealSpelling,
    /// The envelope in the seal is not spelt the one way it is written.
    Envelope,
    /// The envelope holds another kind of payload.
    PayloadType,
    /// There is no signature, or more than [`super::dsse::MOST_SIGNATURES`].
    SignatureCount,
    /// Signatures are not in the order of their key ids, or one key signed twice.
    SignatureOrder,
    /// No signature is by a key the verifier brought; the ids of those that signed.
    Untrusted(Vec<String>),
    /// The signature of that key does not fit the signed bytes.
    Signature(String),
    /// The signed statement cannot be read or is not spelt canonically.
    Statement,
    /// The signed statement is of another type.
    StatementType,
    /// The signed statement is not about a partial, or not spelt canonically.
    PartialStatement,
    /// The partial is not the one that was signed.
    PartialDigest,
    /// A signature that the statement announces is missing.
    Stripped,
    /// The seal does not stand where the signed statement says the page ends.
    PageLength,
    /// The page is not the one that was signed.
    PageDigest,
    /// There is no evidence block, more than one, or it is not spelt the one way it is written.
    EvidenceBlock,
    /// The evidence is not the one that was signed.
    EvidenceDigest,
    /// The evidence cannot be read.
    Evidence,
    /// What the statement says of the evidence is not what the evidence says.
    StatementDisagrees,
    /// The page is not what its evidence looks like: it shows something else than was concluded.
    PageDiffers,
    /// The page could not be rendered again: an error of this program.
    Render(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fixed = match self {
            Refusal::TooLarge => "the file is larger than any report",
            Refusal::NotUtf8 => "the file is not UTF-8 text",
            Refusal::NoSeal => "the file has no seal: it was never signed, or the seal was removed",
            Refusal::Ending => "the file does not end with its seal: it was cut, or something was added",
            Refusal::SecondSeal => "the file has more than one seal",
            Refusal::SealSpelling => "the seal is not spelt as seals are written",
            Refusal::Envelope => "the envelope in the seal is not spelt as envelopes are written",
            Refusal::PayloadType => "the envelope holds another kind of payload",
            Refusal::SignatureCount => "the envelope has no signature or more than a report can have",
            Refusal::SignatureOrder => "signatures are out of order or one key signed twice",
            Refusal::Untrusted(keys) => {
                f.write_str("no signature is by a key that you trust; it names ")?;
                for (i, key) in keys.iter().enumerate() {
                    write!(f, "{}{key}", if i == 0 { "" } else { ", " })?;
                }
                return Ok(());
            }
            Refusal::Signature(key) => return write!(f, "the signature of key {key} is wrong"),
            Refusal::Statement => "the signed statement cannot be read",
            Refusal::StatementType => "the signed statement is not about a report of this kind",
            Refusal::PartialStatement => "the signed statement is not about a partial",
            Refusal::PartialDigest => "the partial is not the one that was signed",
            Refusal::Stripped => "a signature that the signed statement announces is missing",
            Refusal::PageLength => {
                "the seal does not stand where the signed statement says that the page ends"
            }
            Refusal::PageDigest => "the page is not the one that was signed",
            Refusal::EvidenceBlock => "the page does not hold exactly one evidence block as it is written",
            Refusal::EvidenceDigest => "the evidence is not the one that was signed",
            Refusal::Evidence => "the evidence cannot be read",
            Refusal::StatementDisagrees => "the signed statement contradicts the evidence",
            Refusal::PageDiffers => "the page does not show what its evidence says",
            Refusal::Render(why) => return f.write_str(why),
        };
        f.write_str(fixed)
    }
}

impl std::error::Error for Refusal {}

//! Signatures: what is signed, how it is embedded, and how it is verified.

pub mod key;

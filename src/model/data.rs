//! What may leave, and how sure we are that it did.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A kind of data that an operation or a flow carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum DataKind {
    /// Text that tells a model what to make.
    Prompt,
    /// Picture or video content, including latents that can be decoded to one.
    Image,
    /// A mask that accompanies an image.
    Mask,
    /// An embedding of a prompt or image.
    Embedding,
    /// Model weights or code, normally a download.
    Model,
    /// Usage data, error reports.
    Telemetry,
    /// Keys, tokens, passwords.
    Credential,
    /// Anything else, or whatever the user puts there.
    Other,
}

impl DataKind {
    /// Every kind, in the order in which they are printed.
    pub const ALL: [DataKind; 8] = [
        DataKind::Prompt,
        DataKind::Image,
        DataKind::Mask,
        DataKind::Embedding,
        DataKind::Model,
        DataKind::Telemetry,
        DataKind::Credential,
        DataKind::Other,
    ];

    /// The name used in files and output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            DataKind::Prompt => "prompt",
            DataKind::Image => "image",
            DataKind::Mask => "mask",
            DataKind::Embedding => "embedding",
            DataKind::Model => "model",
            DataKind::Telemetry => "telemetry",
            DataKind::Credential => "credential",
            DataKind::Other => "other",
        }
    }

    /// The kind of that name, if there is one.
    #[must_use]
    pub fn parse(name: &str) -> Option<DataKind> {
        DataKind::ALL.into_iter().find(|k| k.name() == name)
    }
}

/// A set of data kinds. Serialised as a list of names in [`DataKind::ALL`] order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct DataKinds(u8);

impl DataKinds {
    /// The empty set.
    pub const NONE: DataKinds = DataKinds(0);

    /// The set of these kinds.
    #[must_use]
    pub const fn of(kinds: &[DataKind]) -> DataKinds {
        let mut bits = 0;
        let mut rest = kinds;
        while let [first, tail @ ..] = rest {
            bits |= 1 << *first as u8;
            rest = tail;
        }
        DataKinds(bits)
    }

    /// One bit for each kind, in the order of [`DataKind::ALL`], least significant first.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// The set of those bits.
    #[must_use]
    pub const fn from_bits(bits: u8) -> DataKinds {
        DataKinds(bits)
    }

    /// Adds a kind.
    pub fn insert(&mut self, kind: DataKind) {
        self.0 |= 1 << kind as u8;
    }

    /// Whether the kind is in the set.
    #[must_use]
    pub fn contains(self, kind: DataKind) -> bool {
        self.0 & (1 << kind as u8) != 0
    }

    /// Whether the set is empty.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Both sets together.
    #[must_use]
    pub fn union(self, other: DataKinds) -> DataKinds {
        DataKinds(self.0 | other.0)
    }

    /// What both sets hold.
    #[must_use]
    pub fn intersection(self, other: DataKinds) -> DataKinds {
        DataKinds(self.0 & other.0)
    }

    /// The kinds, in printing order.
    pub fn iter(self) -> impl Iterator<Item = DataKind> {
        DataKind::ALL.into_iter().filter(move |k| self.contains(*k))
    }
}

impl FromIterator<DataKind> for DataKinds {
    fn from_iter<I: IntoIterator<Item = DataKind>>(kinds: I) -> Self {
        let mut set = DataKinds::NONE;
        kinds.into_iter().for_each(|k| set.insert(k));
        set
    }
}

impl fmt::Display for DataKinds {
    /// `prompt+image`, or `none`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("none");
        }
        for (i, kind) in self.iter().enumerate() {
            if i > 0 {
                f.write_str("+")?;
            }
            f.write_str(kind.name())?;
        }
        Ok(())
    }
}

impl fmt::Debug for DataKinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for DataKinds {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for DataKinds {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Ok(Vec::<DataKind>::deserialize(d)?.into_iter().collect())
    }
}

/// How sure a statement about data is. One scale everywhere; `Undetermined` is never local.
///
/// Ordered from least to most certain, so that `>=` reads as "at least as sure as".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// Nothing decides it.
    Undetermined,
    /// It may be so, and may as well not: a dual-use host seen by name only.
    Possible,
    /// It follows from what the destination is for.
    Implied,
    /// A file says so.
    Stated,
    /// The bytes were seen.
    Observed,
}

impl Certainty {
    /// The name used in files and output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Certainty::Undetermined => "undetermined",
            Certainty::Possible => "possible",
            Certainty::Implied => "implied",
            Certainty::Stated => "stated",
            Certainty::Observed => "observed",
        }
    }
}

/// Where something is, in relation to the declared local boundary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Locality {
    /// Inside the declared boundary, loopback or link-local.
    Local,
    /// Outside it.
    Remote,
    /// Nothing decides it; never treated as local.
    Undetermined,
}

impl Locality {
    /// The name used in files and output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Locality::Local => "local",
            Locality::Remote => "remote",
            Locality::Undetermined => "undetermined",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_prints_in_one_order_whatever_the_order_of_insertion() {
        let set: DataKinds = [DataKind::Image, DataKind::Prompt].into_iter().collect();
        assert_eq!(set.to_string(), "prompt+image");
        assert_eq!(DataKinds::NONE.to_string(), "none");
        assert_eq!(DataKinds::of(&[DataKind::Prompt, DataKind::Image]), set);
    }

    #[test]
    fn certainty_is_ordered_as_the_design_orders_it() {
        assert!(Certainty::Observed > Certainty::Stated);
        assert!(Certainty::Implied > Certainty::Possible);
        assert!(Certainty::Possible > Certainty::Undetermined);
    }
}

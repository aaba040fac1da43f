//! What a recorded body holds: content detectors, one file each.
//!
//! A detector looks at bytes the client sent and says which kinds of data they are. It keeps nothing:
//! what it saw never leaves this room, only the kind does.

use crate::model::{DataKinds, Payload};

/// A content detector.
pub trait Detector: Sync {
    /// Stable kebab-case id, equal to the file name.
    fn id(&self) -> &'static str;
    /// What it detects, in a line.
    fn about(&self) -> &'static str;
    /// The kinds of data the body holds, as far as this detector sees.
    fn detect(&self, body: Payload<'_>) -> DataKinds;
}

/// Every detector, by id.
pub static DETECTORS: &[&dyn Detector] = &[];

/// The kinds of data that any detector sees in a body.
#[must_use]
pub fn inspect(body: Payload<'_>) -> DataKinds {
    DETECTORS.iter().fold(DataKinds::NONE, |kinds, d| kinds.union(d.detect(body)))
}

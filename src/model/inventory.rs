//! What the declared side shows: operations found in workflows, scripts and manifests.

use super::data::{Certainty, DataKinds, Locality};
use super::flow::names;
use serde::Serialize;

names! {
    /// What a file says about its pipeline. The worst of its active operations decides.
    Verdict {
        /// Nothing leaves.
        Local = "local",
        /// Only weights or inputs are downloaded.
        FetchOnly = "fetch-only",
        /// A remote step is there and switched off.
        Inactive = "inactive",
        /// Data leaves.
        Remote = "remote",
        /// A dependency or credential is there, no call was seen.
        RemoteCapable = "remote-capable",
        /// It depends on something outside the file.
        Undetermined = "undetermined",
        /// The file says nothing about a pipeline.
        NoEvidence = "no-evidence",
    }
}

names! {
    /// Whether an operation runs as saved.
    State {
        /// It runs.
        Active = "active",
        /// It is muted, bypassed, commented out or never instantiated.
        Inactive = "inactive",
        /// It is switched on, but nothing that is executed needs it.
        NotReached = "not-reached",
    }
}

/// A file that was looked at.
#[derive(Debug, Clone, Serialize)]
pub struct FileInventory {
    /// Path relative to where it was found, with forward slashes.
    pub path: String,
    /// Id of the importer that read it, or `none`.
    pub kind: String,
    /// What it says.
    pub verdict: Verdict,
    /// What it does.
    pub operations: Vec<Operation>,
    /// What a reader should know: parts not understood, limits reached.
    pub notes: Vec<String>,
}

/// Something a pipeline does that concerns data leaving.
#[derive(Debug, Clone, Serialize)]
pub struct Operation {
    /// Identifies it in the file: a node id with its class, a key path.
    pub id: String,
    /// Where it stands.
    #[serde(rename = "where")]
    pub place: Where,
    /// Whether it runs as saved.
    pub state: State,
    /// What it sends. Empty with `fetch` true for a pure download.
    pub sends: DataKinds,
    /// Whether it downloads.
    pub fetch: bool,
    /// Service id it talks to, if known.
    pub service: Option<String>,
    /// Everyone the data passes, in order: service ids or host names.
    pub route: Vec<String>,
    /// Where that is.
    pub locality: Locality,
    /// How sure.
    pub certainty: Certainty,
    /// The fact that decides.
    pub because: String,
}

/// A place in a project's files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Where {
    /// Path relative to the project, forward slashes.
    pub file: String,
    /// Line, from 1.
    pub line: Option<u64>,
    /// Path of keys or node ids inside the file.
    pub inside: Option<String>,
}

impl FileInventory {
    /// The verdict that follows from operations: the worst of the active ones.
    #[must_use]
    pub fn judge(operations: &[Operation]) -> Verdict {
        let active = || operations.iter().filter(|o| o.state == State::Active);
        let sends = |o: &&Operation| !o.sends.is_empty();
        if active().filter(sends).any(|o| o.locality == Locality::Remote) {
            Verdict::Remote
        } else if active().filter(sends).any(|o| o.locality == Locality::Undetermined) {
            Verdict::Undetermined
        } else if active().any(|o| o.fetch && o.locality != Locality::Local) {
            Verdict::FetchOnly
        } else if operations.iter().any(|o| o.state != State::Active && o.locality != Locality::Local) {
            Verdict::Inactive
        } else {
            Verdict::Local
        }
    }
}

//! What the declared side shows: operations found in workflows, scripts and manifests.

use super::data::{Certainty, DataKind, DataKinds, Locality};
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

names! {
    /// What kind of thing an asset is.
    AssetKind {
        /// A dependency that is a client of a hosted service, or runs models here.
        Package = "package",
        /// A key or token for a hosted service; its name and whether it is filled in, never its value.
        Credential = "credential",
        /// A port or address that takes requests from other machines.
        Listener = "listener",
        /// Usage data that is sent unless somebody switches it off.
        Telemetry = "telemetry",
        /// Code that is fetched and run: `trust_remote_code`, custom pipelines.
        RemoteCode = "remote-code",
        /// A model: weights on disk or described in a bill of materials.
        Model = "model",
        /// Something that keeps data in: an offline switch, a network without a way out.
        Guard = "guard",
    }
}

names! {
    /// What the tree says about where a model file comes from.
    Provenance {
        /// Another file gives its SHA-256, and that is the one it has.
        Verified = "verified",
        /// Its own metadata or a file beside it names a source, a licence or a digest; the bytes were not compared.
        Declared = "declared",
        /// Another file gives a SHA-256 for it, and it has another.
        Contradicted = "contradicted",
        /// Nothing says where it comes from.
        Undeclared = "undeclared",
    }
}

/// What a file shows besides operations: things that are there, whether or not anything uses them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Asset {
    /// What it is.
    pub kind: AssetKind,
    /// Its name: a package, a variable, an address, a file.
    pub name: String,
    /// Where it stands.
    #[serde(rename = "where")]
    pub place: Where,
    /// Whether it is in effect: a commented, empty or placeholder value is not.
    pub state: State,
    /// Service it belongs to, if known.
    pub service: Option<String>,
    /// SHA-256 of a model file, lower-case hex, if it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The fact that decides.
    pub because: String,
}

/// A variable that a file gives a value, for other files of the tree. Never printed as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Name of the environment variable.
    pub name: String,
    /// Its value, trimmed; `None` if it holds a secret or comes from elsewhere.
    pub value: Option<String>,
    /// `Implied` for a file that programs read, `Possible` for an example of one.
    pub certainty: Certainty,
    /// Where it is set.
    pub place: Where,
}

/// A name by which programs of one deployment reach each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostName {
    /// The name, lower case: `api`, `api.media.svc.cluster.local`.
    pub name: String,
    /// The host outside that it stands for, if it does (a Kubernetes ExternalName).
    pub outside: Option<String>,
    /// Whether what answers there is a gateway, which passes prompts on as its own configuration says.
    pub gateway: bool,
    /// Where it is defined.
    pub place: Where,
}

/// Where an operation goes, as its file spells it. What is empty is not said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spelled {
    /// Environment variables that decide, the first that is set wins.
    pub variables: Vec<String>,
    /// A URL, host or `host:port`: written there, or the default of the variables.
    pub address: Option<String>,
    /// Service id that the program talks to if nothing else is said.
    pub vendor: Option<String>,
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
    /// What it holds besides.
    pub assets: Vec<Asset>,
    /// Variables it sets, for the rest of the tree.
    #[serde(skip)]
    pub settings: Vec<Setting>,
    /// Host names it defines, for the rest of the tree.
    #[serde(skip)]
    pub hosts: Vec<HostName>,
    /// What a reader should know: parts not understood, limits reached.
    pub notes: Vec<String>,
    /// Of a file that holds a model: what is said about where it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
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
    /// The place of that fact, if it is another than that of the operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Where>,
    /// Where it goes, as the file spells it: other files of the tree may decide it.
    #[serde(skip)]
    pub spelled: Option<Spelled>,
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
    /// An inventory with nothing in it yet: local until something says otherwise.
    #[must_use]
    pub fn new(path: &str, kind: &str) -> FileInventory {
        FileInventory {
            path: path.to_owned(),
            kind: kind.to_owned(),
            verdict: Verdict::Local,
            operations: Vec::new(),
            assets: Vec::new(),
            settings: Vec::new(),
            hosts: Vec::new(),
            notes: Vec::new(),
            provenance: None,
        }
    }

    /// The verdict that follows from operations and assets: the worst of the active ones. Usage data,
    /// credentials and weights are no content: they do not make a file remote.
    #[must_use]
    pub fn judge(operations: &[Operation], assets: &[Asset]) -> Verdict {
        let active = || operations.iter().filter(|o| o.state == State::Active);
        let sends = |o: &&Operation| !o.sends.intersection(CONTENT).is_empty();
        let capable = |a: &&Asset| {
            matches!(a.kind, AssetKind::Package | AssetKind::Credential)
                && a.service.is_some()
                && a.state == State::Active
        };
        if active().filter(sends).any(|o| o.locality == Locality::Remote) {
            Verdict::Remote
        } else if active().filter(sends).any(|o| o.locality == Locality::Undetermined) {
            Verdict::Undetermined
        } else if assets.iter().any(|a| capable(&a)) {
            Verdict::RemoteCapable
        } else if active().any(|o| o.fetch && o.locality != Locality::Local) {
            Verdict::FetchOnly
        } else if operations.iter().any(|o| o.state != State::Active && o.locality != Locality::Local) {
            Verdict::Inactive
        } else {
            Verdict::Local
        }
    }
}

/// What a person put in or gets out, as against what programs tell about themselves.
const CONTENT: DataKinds =
    DataKinds::of(&[DataKind::Prompt, DataKind::Image, DataKind::Mask, DataKind::Embedding, DataKind::Other]);

impl Where {
    /// A line of a file.
    #[must_use]
    pub fn line(file: &str, line: u64) -> Where {
        Where { file: file.to_owned(), line: Some(line), inside: None }
    }

    /// A line of a file, with the path of keys that leads there.
    #[must_use]
    pub fn key(file: &str, line: u64, inside: impl Into<String>) -> Where {
        Where { file: file.to_owned(), line: Some(line), inside: Some(inside.into()) }
    }
}

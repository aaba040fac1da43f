//! What importers of model files have in common: reading in ranges, and one model as an asset.

mod cursor;

pub(super) use cursor::Cursor;

use super::endpoint::{host_of, shown};
use super::{Context, File};
use crate::model::inventory::{Asset, AssetKind, FileInventory, Provenance, State, Verdict, Where};
use crate::model::net::Url;
use crate::services::artefacts::{About, Artefacts};
use std::collections::BTreeSet;

/// A SHA-256 in the form in which all of them are compared; `None` if it is none.
pub(super) fn sha256_of(text: &str) -> Option<String> {
    let hex = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    hex.then(|| text.to_ascii_lowercase())
}

/// What the metadata inside a model says of its origin. Values stay where they are: only a host and the
/// name of a licence are taken out of them.
#[derive(Debug, Default)]
pub(super) struct Metadata {
    source: Option<String>,
    license: Option<String>,
    training: bool,
    service: Option<String>,
}

impl Metadata {
    /// Takes one entry in.
    pub(super) fn entry(&mut self, key: &str, value: &str, context: &Context<'_>) {
        match Artefacts::shipped().about(key, value) {
            Some(About::Source) => {
                let host = Url::parse(value.trim()).and_then(|_| host_of(value));
                let service = |h: &str| {
                    let found = context.services.lookup(h, None, crate::model::Method::Read)?;
                    Some(found.service.id.clone())
                };
                self.service = self.service.take().or_else(|| host.as_deref().and_then(service));
                let fact = match host {
                    Some(host) => format!("`{}` names `{}`", shown(key), shown(&host)),
                    None => format!("`{}` names a source", shown(key)),
                };
                self.source.get_or_insert(fact);
            }
            Some(About::License) => {
                // An identifier is short and has no spaces; a text that is neither may hold anything.
                let identifier = value.len() <= 40 && !value.contains(char::is_whitespace);
                let fact = if identifier && Url::parse(value).is_none() {
                    format!("`{}` is `{}`", shown(key), shown(value))
                } else {
                    format!("`{}` names a licence", shown(key))
                };
                self.license.get_or_insert(fact);
            }
            Some(About::Training) => self.training = true,
            None => {}
        }
    }
}

/// One model file on its way.
pub(super) struct Model {
    /// What it is, after "it is ".
    pub(super) what: String,
    pub(super) metadata: Metadata,
    pub(super) notes: BTreeSet<String>,
    /// Assets besides the model itself.
    pub(super) others: Vec<Asset>,
    /// Whether something in it may do more than be a model, or could not be read.
    pub(super) open: bool,
}

impl Model {
    pub(super) fn new(what: impl Into<String>) -> Model {
        Model {
            what: what.into(),
            metadata: Metadata::default(),
            notes: BTreeSet::new(),
            others: Vec::new(),
            open: false,
        }
    }

    /// A part could not be read: the note says which.
    pub(super) fn incomplete(&mut self, note: impl Into<String>) {
        self.open = true;
        self.notes.insert(note.into());
    }

    /// Code that loading the file runs or needs.
    pub(super) fn code(&mut self, file: &File<'_>, name: &str, inside: &str, because: &str) {
        self.open = true;
        self.others.push(Asset {
            kind: AssetKind::RemoteCode,
            name: shown(name),
            place: Where { file: file.path.to_owned(), line: None, inside: Some(shown(inside)) },
            state: State::Active,
            service: None,
            sha256: None,
            because: because.to_owned(),
        });
    }

    pub(super) fn finish(mut self, file: &File<'_>, kind: &str) -> FileInventory {
        let mut because = format!("it is {}", self.what);
        let Metadata { source, license, training, service } = self.metadata;
        let declared = source.is_some() || license.is_some();
        for fact in [source, license].into_iter().flatten() {
            because.push_str(&format!("; in its metadata {fact}"));
        }
        if training {
            self.notes.insert(
                "its metadata tells how it was trained: captions or folder names, which may name people"
                    .to_owned(),
            );
        }
        let model = Asset {
            kind: AssetKind::Model,
            name: shown(file.name()),
            place: Where { file: file.path.to_owned(), line: None, inside: None },
            state: State::Active,
            service,
            sha256: None,
            because,
        };
        let mut assets = vec![model];
        assets.append(&mut self.others);
        FileInventory {
            verdict: if self.open { Verdict::Undetermined } else { Verdict::NoEvidence },
            assets,
            notes: self.notes.into_iter().collect(),
            provenance: Some(if declared { Provenance::Declared } else { Provenance::Undeclared }),
            ..FileInventory::new(file.path, kind)
        }
    }
}

//! The declared side: importers, one file each. Files in, operations out.
//!
//! To add an importer: one file with `pub(super) static IMPORTER: ...`, one word in [`shelf!`].

pub mod show;

use crate::model::data::Locality;
use crate::model::inventory::{FileInventory, Verdict};
use crate::services::Services;

/// A file of the tree that is looked at.
#[derive(Debug, Clone, Copy)]
pub struct File<'a> {
    /// Path relative to the tree, forward slashes.
    pub path: &'a str,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// What an importer may know besides the file.
pub struct Context<'a> {
    /// The services list.
    pub services: &'a Services,
    /// Where a host or address is, as the project declares it; without a project only loopback is local.
    pub locality: &'a dyn Fn(&str) -> Locality,
}

/// An importer.
pub trait Importer: Sync {
    /// Stable kebab-case id, equal to the file name.
    fn id(&self) -> &'static str;
    /// What it reads, in a line.
    fn about(&self) -> &'static str;
    /// How it recognises a file and what it understands. Markdown.
    fn doc(&self) -> &'static str;
    /// Reads the file if it is one of its own, by content; `None` if it is not.
    fn import(&self, file: File<'_>, context: &Context<'_>) -> Option<FileInventory>;
}

/// Declares the importers: modules, and the table that everything else is made from.
macro_rules! shelf {
    ($($module:ident),* $(,)?) => {
        $(mod $module;)*
        /// Every importer, by id.
        pub static IMPORTERS: &[&dyn Importer] = &[$(&$module::IMPORTER),*];
    };
}

shelf! { comfyui }

/// What a file says about its pipeline, by the first importer that recognises it; `None` if none does.
#[must_use]
pub fn import(file: File<'_>, context: &Context<'_>) -> Option<FileInventory> {
    IMPORTERS.iter().find_map(|importer| importer.import(file, context))
}

/// A file that was looked at and passed over, with the reason: fixed words, never file content.
#[must_use]
pub fn passed_over(path: &str, reason: &str) -> FileInventory {
    FileInventory {
        path: path.to_owned(),
        kind: "none".to_owned(),
        verdict: Verdict::NoEvidence,
        operations: Vec::new(),
        notes: vec![reason.to_owned()],
    }
}

/// Locality without a project: loopback is local, other addresses and names without a dot are nobody's
/// yet, everything else is outside.
#[must_use]
pub fn undeclared_locality(host: &str) -> Locality {
    use crate::model::net::{AddressKind, Host, address_kind};
    match Host::parse(host) {
        Some(Host::Address(address)) => match address_kind(address) {
            AddressKind::Loopback => Locality::Local,
            AddressKind::Public => Locality::Remote,
            _ => Locality::Undetermined,
        },
        Some(Host::Name(name)) if name == "localhost" || name.ends_with(".localhost") => Locality::Local,
        Some(Host::Name(name))
            if name.contains('.') && !name.ends_with(".internal") && !name.ends_with(".local") =>
        {
            Locality::Remote
        }
        _ => Locality::Undetermined,
    }
}

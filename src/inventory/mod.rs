//! The declared side: importers, one file each. Files in, operations out.
//!
//! To add an importer: one file with `pub(super) static IMPORTER: ...`, one word in the shelf.

use crate::model::data::Locality;
use crate::model::inventory::FileInventory;
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

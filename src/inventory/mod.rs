//! The declared side: importers, one file each. Files in, operations and assets out.
//!
//! An importer sees one file. What another file decides, such as the variable that holds an address, is
//! settled afterwards by [`reconcile`].
//!
//! To add an importer: one file with `pub(super) static IMPORTER: ...`, one word in [`shelf!`].

mod code;
pub mod document;
mod endpoint;
mod png;
mod reconcile;
pub mod show;

pub use reconcile::reconcile;

use crate::model::data::Locality;
use crate::model::inventory::{FileInventory, Verdict};
use crate::services::Services;
use document::{Node, Unreadable};
use std::cell::OnceCell;

/// A file of the tree that is looked at. Parsed at most once, however many importers ask.
#[derive(Debug)]
pub struct File<'a> {
    /// Path relative to the tree, forward slashes.
    pub path: &'a str,
    /// Its bytes.
    pub bytes: &'a [u8],
    json: OnceCell<Result<Node, Unreadable>>,
    yaml: OnceCell<(Vec<Node>, Option<Unreadable>)>,
    toml: OnceCell<Result<Node, Unreadable>>,
}

impl<'a> File<'a> {
    /// A file by its path relative to the tree and its bytes.
    #[must_use]
    pub fn new(path: &'a str, bytes: &'a [u8]) -> File<'a> {
        File { path, bytes, json: OnceCell::new(), yaml: OnceCell::new(), toml: OnceCell::new() }
    }

    /// The last part of the path.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.path.rsplit('/').next().unwrap_or(self.path)
    }

    /// The directory of the file, without a slash at its end; empty at the root of the tree.
    #[must_use]
    pub fn directory(&self) -> &'a str {
        self.path.rsplit_once('/').map_or("", |(directory, _)| directory)
    }

    /// Its text without a byte order mark; `None` if it is not UTF-8.
    #[must_use]
    pub fn text(&self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(self.bytes)).ok()
    }

    /// Whether its bytes hold a word. Cheap: to be asked before anything is parsed.
    #[must_use]
    pub fn holds(&self, word: &str) -> bool {
        memchr::memmem::find(self.bytes, word.as_bytes()).is_some()
    }

    /// Its tree, if it begins like a JSON object or list.
    #[must_use]
    pub fn json(&self) -> Option<&Result<Node, Unreadable>> {
        let text = self.text()?;
        text.trim_start().starts_with(['{', '[', '/']).then(|| self.json.get_or_init(|| document::json(text)))
    }

    /// Its documents, read as YAML, and what stopped the reading. JSON is YAML too, but not asked for here.
    #[must_use]
    pub fn yaml(&self) -> Option<&(Vec<Node>, Option<Unreadable>)> {
        let text = self.text()?;
        Some(self.yaml.get_or_init(|| document::yaml(text)))
    }

    /// Its tree, read as TOML.
    #[must_use]
    pub fn toml(&self) -> Option<&Result<Node, Unreadable>> {
        let text = self.text()?;
        Some(self.toml.get_or_init(|| document::toml(text)))
    }
}

/// What an importer may know besides the file.
pub struct Context<'a> {
    /// The services list.
    pub services: &'a Services,
    /// Where a host or address is, as the project declares it; without a project only loopback is local.
    pub locality: &'a (dyn Fn(&str) -> Locality + Sync),
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
    fn import(&self, file: &File<'_>, context: &Context<'_>) -> Option<FileInventory>;
}

/// Declares the importers: modules, and the table that everything else is made from.
macro_rules! shelf {
    ($($module:ident),* $(,)?) => {
        $(mod $module;)*
        /// Every importer, in the order in which they are asked.
        pub static IMPORTERS: &[&dyn Importer] = &[$(&$module::IMPORTER),*];
    };
}

shelf! { comfyui, python, javascript, notebook }

/// What a file says about its pipeline, by the first importer that recognises it; `None` if none does.
#[must_use]
pub fn import(file: &File<'_>, context: &Context<'_>) -> Option<FileInventory> {
    IMPORTERS.iter().find_map(|importer| importer.import(file, context))
}

/// A file that was looked at and passed over, with the reason: fixed words, never file content.
#[must_use]
pub fn passed_over(path: &str, reason: &str) -> FileInventory {
    FileInventory {
        verdict: Verdict::NoEvidence,
        notes: vec![reason.to_owned()],
        ..FileInventory::new(path, "none")
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

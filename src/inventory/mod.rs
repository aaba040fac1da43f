//! The declared side: importers, one file each. Files in, operations and assets out.
//!
//! An importer sees one file. What another file decides, such as the variable that holds an address, is
//! settled afterwards by [`reconcile`].
//!
//! To add an importer: one file with `pub(super) static IMPORTER: ...`, one word in [`shelf!`].

mod artefact;
mod code;
mod command;
pub mod document;
mod endpoint;
mod exif;
mod interpolate;
mod invocation;
mod manifest;
mod png;
mod provenance;
mod proxy;
mod purl;
mod reconcile;
mod reference;
mod settings;
pub mod show;
#[cfg(test)]
mod testing;
mod variables;

pub use provenance::trace;
pub use reconcile::reconcile;
pub use reference::reference;

use crate::bytes::ReadAt;
use crate::model::data::Locality;
use crate::model::inventory::{FileInventory, Verdict};
use crate::model::project::Role;
use crate::services::Services;
use document::{Node, Unreadable};
use std::cell::OnceCell;

/// A file of the tree that is looked at. Parsed at most once, however many importers ask.
pub struct File<'a> {
    /// Path relative to the tree, forward slashes.
    pub path: &'a str,
    /// Its bytes; of a file that is read in ranges only the first.
    pub bytes: &'a [u8],
    ranges: Option<&'a dyn ReadAt>,
    json: OnceCell<Result<Node, Unreadable>>,
    yaml: OnceCell<(Vec<Node>, Option<Unreadable>)>,
    toml: OnceCell<Result<Node, Unreadable>>,
}

impl<'a> File<'a> {
    /// A file by its path relative to the tree and its bytes.
    #[must_use]
    pub fn new(path: &'a str, bytes: &'a [u8]) -> File<'a> {
        File {
            path,
            bytes,
            ranges: None,
            json: OnceCell::new(),
            yaml: OnceCell::new(),
            toml: OnceCell::new(),
        }
    }

    /// A file of any size that may be a model artefact: its first bytes, and all of it in ranges.
    #[must_use]
    pub fn in_ranges(path: &'a str, head: &'a [u8], all: &'a dyn ReadAt) -> File<'a> {
        File { ranges: Some(all), ..File::new(path, head) }
    }

    /// All of it, at any offset.
    #[must_use]
    pub fn at(&self) -> &dyn ReadAt {
        self.ranges.unwrap_or(&self.bytes)
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
    /// The component that such files usually describe, with its role; `None` where they may be about any.
    fn component(&self) -> Option<(&'static str, Role)> {
        None
    }
    /// Whether a file that begins like this may be a model artefact of its kind. Such a file is read in
    /// ranges, however large it is, and its SHA-256 belongs to what is said about it.
    fn artefact(&self, _head: &[u8]) -> bool {
        false
    }
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

shelf! {
    comfyui, python, javascript, notebook, cyclonedx, spdx, sdnext, a1111, fooocus, invokeai,
    infotext, diffusers, comfyui_paths, comfyui_manager, launch_script, requirements, pyproject,
    python_lock, package_json, npm_lock, compose, kubernetes, helm, litellm, envoy, nginx_proxy,
    systemd, dockerfile, env_file, checksums, model_card, safetensors, gguf, pickle, onnx, mention,
}

/// What a file says about its pipeline, by the first importer that recognises it; `None` if none does.
#[must_use]
pub fn import(file: &File<'_>, context: &Context<'_>) -> Option<FileInventory> {
    // Of a file in ranges only the head is at hand: to anybody else it would look cut short.
    let asked = |i: &&&dyn Importer| file.ranges.is_none() || i.artefact(file.bytes);
    IMPORTERS.iter().filter(asked).find_map(|importer| importer.import(file, context))
}

/// Whether a file that begins like this may be a model artefact.
#[must_use]
pub fn may_be_artefact(head: &[u8]) -> bool {
    IMPORTERS.iter().any(|importer| importer.artefact(head))
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

//! Python: modules and scripts, parsed with the grammar of tree-sitter.
//!
//! Read: Python 3, and what of Python 2 the grammar knows. Not read: notebooks (an importer of their own),
//! modules that are built at run time.

pub(super) mod lower;

use super::code::parse::{Grammar, Source, parse, text};
use super::code::{LARGEST, inventory, too_large, worth_parsing};
use super::{Context, File, Importer};
use crate::model::inventory::FileInventory;
use crate::model::project::Role;
use crate::services::sdks::Language;

/// The grammar.
pub(super) static GRAMMAR: Grammar =
    Grammar { name: "python", language: || tree_sitter_python::LANGUAGE.into() };

pub(super) struct Python;

pub(super) static IMPORTER: Python = Python;

impl Importer for Python {
    fn id(&self) -> &'static str {
        "python"
    }

    fn about(&self) -> &'static str {
        "Python code: clients of hosted models, requests, downloads, shared pages"
    }

    fn doc(&self) -> &'static str {
        "Recognised by its ending (`.py`, `.pyw`) or its first line, and by content: it imports a package of \
         `policies/services/sdks.toml`, holds a word that tells (`trust_remote_code`, `share=True`), or names \
         a host of a generation service.\n\n\
         Addresses are followed through constants, `os.environ`, `argparse`, f-strings, attributes and \
         arguments of functions of the same file. What another file decides stays undetermined until the \
         tree is put together. An import without a call is capable, not sending. Comments, docstrings, \
         routes and what stands after `return` do not count.\n\n\
         Commands that `subprocess`, `os.system` and the like run are read as command lines. Not followed: \
         values of other modules, inheritance from them, `getattr`, `exec`."
    }

    fn component(&self) -> Option<(&'static str, Role)> {
        Some(("app", Role::Client))
    }

    fn import(&self, file: &File<'_>, context: &Context<'_>) -> Option<FileInventory> {
        let script = || {
            let first = file.bytes.split(|b| *b == b'\n').next().unwrap_or_default();
            !file.name().contains('.')
                && first.starts_with(b"#!")
                && memchr::memmem::find(first, b"python").is_some()
        };
        if !([".py", ".pyw"].iter().any(|end| file.name().ends_with(end)) || script()) {
            return None;
        }
        if !worth_parsing(file.bytes, Language::Python, context) {
            return None;
        }
        if file.bytes.len() > LARGEST {
            return Some(too_large(file, self.id()));
        }
        let (text, damaged) = text(file.bytes);
        let mut parsed = parse(&Source { text: &text, lines: None }, GRAMMAR, lower::lower);
        if damaged {
            parsed.partial = true;
            parsed.notes.push("not UTF-8: damaged characters were replaced".to_owned());
        }
        inventory(&parsed, Language::Python, file.path, self.id(), context)
    }
}

#[cfg(test)]
mod tests;

//! JavaScript and TypeScript, also in the script parts of Vue and Svelte components.
//!
//! Parsed with the TypeScript grammars of tree-sitter: the plain one for `.ts`, the one with JSX for all
//! others, which reads JavaScript too.

mod lower;

use super::code::parse::{Grammar, Source, parse, text};
use super::code::{LARGEST, inventory, too_large, worth_parsing};
use super::{Context, File, Importer};
use crate::model::inventory::FileInventory;
use crate::model::project::Role;
use crate::services::sdks::Language;

static TYPESCRIPT: Grammar =
    Grammar { name: "typescript", language: || tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into() };
static TSX: Grammar = Grammar { name: "tsx", language: || tree_sitter_typescript::LANGUAGE_TSX.into() };

/// Endings of code, and of components that hold code.
const PLAIN: [&str; 3] = [".ts", ".mts", ".cts"];
const JSX: [&str; 5] = [".js", ".jsx", ".mjs", ".cjs", ".tsx"];
const COMPONENTS: [&str; 2] = [".vue", ".svelte"];

pub(super) struct JavaScript;

pub(super) static IMPORTER: JavaScript = JavaScript;

impl Importer for JavaScript {
    fn id(&self) -> &'static str {
        "javascript"
    }

    fn about(&self) -> &'static str {
        "JavaScript and TypeScript code: clients of hosted models, requests"
    }

    fn doc(&self) -> &'static str {
        "Recognised by its ending (`.js`, `.ts` and their kin, script parts of `.vue` and `.svelte`) and by \
         content: it imports a package of `policies/services/sdks.toml`, calls `fetch` or opens a socket, or \
         names a host of a generation service.\n\n\
         Addresses are followed through constants, `process.env`, `??` and `||`, templates, attributes and \
         arguments of functions of the same file. Requests to a path without a host go to the own server and \
         are noted only.\n\n\
         Not followed: values of other modules, code made at run time."
    }

    fn component(&self) -> Option<(&'static str, Role)> {
        Some(("app", Role::Client))
    }

    fn import(&self, file: &File<'_>, context: &Context<'_>) -> Option<FileInventory> {
        let name = file.name();
        let ends = |list: &[&str]| list.iter().any(|end| name.ends_with(end));
        let grammar = if ends(&PLAIN) && !name.ends_with(".d.ts") {
            TYPESCRIPT
        } else if ends(&JSX) || ends(&COMPONENTS) {
            TSX
        } else {
            return None;
        };
        if !worth_parsing(file.bytes, Language::Javascript, context) {
            return None;
        }
        if file.bytes.len() > LARGEST {
            return Some(too_large(file, self.id()));
        }
        let (text, damaged) = text(file.bytes);
        let scripts = ends(&COMPONENTS).then(|| scripts(&text));
        let source = Source { text: scripts.as_deref().unwrap_or(&text), lines: None };
        let mut parsed = parse(&source, grammar, lower::lower);
        if damaged {
            parsed.partial = true;
            parsed.notes.push("not UTF-8: damaged characters were replaced".to_owned());
        }
        inventory(&parsed, Language::Javascript, file.path, self.id(), context)
    }
}

/// The script parts of a component, on the lines on which they stand.
fn scripts(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    let blank =
        |out: &mut String, text: &str| out.extend(text.bytes().filter(|b| *b == b'\n').map(char::from));
    while let Some(start) = rest.find("<script") {
        let Some(open) = rest.get(start..).and_then(|r| r.find('>')).map(|at| start + at + 1) else { break };
        let end = rest.get(open..).and_then(|r| r.find("</script>")).map_or(rest.len(), |at| open + at);
        blank(&mut out, rest.get(..open).unwrap_or_default());
        out.push_str(rest.get(open..end).unwrap_or_default());
        rest = rest.get(end..).unwrap_or_default();
        let skip = "</script>".len().min(rest.len());
        rest = rest.get(skip..).unwrap_or_default();
        // What comes after one script is another statement.
        out.push(';');
    }
    out
}

#[cfg(test)]
mod tests;

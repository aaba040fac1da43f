//! Environment files: `.env`, examples of them, and files of the same form for systemd and Docker.
//!
//! Format: lines `NAME=value` as dotenv libraries, Compose and systemd read them; there is no standard. Values may
//! be quoted and name other variables.

use super::variables::{Found, Given, Program, Set, Variable, no_siblings, not_utf8};
use super::{Context, File, Importer};
use crate::model::data::Certainty;
use crate::model::inventory::{FileInventory, State, Where};
use crate::services::environment::Environment;

pub(super) struct EnvFile;

pub(super) static IMPORTER: EnvFile = EnvFile;

/// Words in the name of a file that shows what to set, and sets nothing.
const EXAMPLE: [&str; 5] = ["example", "sample", "template", "dist", "default"];

impl Importer for EnvFile {
    fn id(&self) -> &'static str {
        "env-file"
    }

    fn about(&self) -> &'static str {
        "environment files (`.env` and examples of it): credentials, addresses and switches by name"
    }

    fn doc(&self) -> &'static str {
        "Recognised by content: every line is `NAME=value`, `export NAME=value` or a comment, most names are in \
         capitals, and there is no `#!`. A file of comments only counts if they hold assignments and its name says \
         `env`.\n\n\
         A filled credential of a hosted service makes the file `remote-capable`, unless the variable for the \
         address of that service sends it elsewhere; so do empty credentials of one or two services, because a \
         program that asks for them is their client. Empty credentials of more are a catalogue to choose from: \
         `undetermined`. Values are never kept, and a commented line sets nothing.\n\n\
         Addresses and switches count for the other files of the tree; those of an example are possible, no more."
    }

    fn import(&self, file: &File<'_>, context: &Context<'_>) -> Option<FileInventory> {
        if !file.holds("=") || file.bytes.starts_with(b"#!") {
            return None;
        }
        let name = file.name().to_lowercase();
        let named = name.starts_with(".env") || name.ends_with(".env");
        if let Some(unread) = not_utf8(file, self.id(), &["="]).filter(|_| named) {
            return Some(unread);
        }
        let text = file.text()?;
        let lines = read(text, name.contains("env"))?;
        let mut variables = Set::default();
        let mut commented = Set::default();
        for line in lines {
            let place = Where::line(file.path, line.number);
            let variable = match line.quote {
                Some('\'') => Variable::with(line.name, Given::Text(line.value.to_owned()), place),
                _ => Variable::read(line.name, line.value, place, &|name| variables.given(name)),
            };
            if line.commented {
                commented.put(variable);
            } else {
                variables.put(variable);
            }
        }
        let mut found = Found::new(file.path, context);
        let file_of =
            |state, variables| Program { name: "", state, runs: false, variables, siblings: &no_siblings };
        found.partial |= variables.full;
        found.program(&file_of(State::Active, variables.list()));
        // What is commented out sets nothing; it shows what the file is about.
        let environment = Environment::shipped();
        let mut commented = commented.list().to_vec();
        commented.retain(|v| environment.is_of_local_program(&v.name) || environment.is_secret(&v.name));
        found.program(&file_of(State::Inactive, &commented));
        let example = EXAMPLE.iter().any(|word| name.contains(word));
        found.export(variables.list(), if example { Certainty::Possible } else { Certainty::Implied });
        Some(found.finish(self.id()))
    }
}

struct Line<'t> {
    number: u64,
    name: &'t str,
    value: &'t str,
    quote: Option<char>,
    commented: bool,
}

/// The assignments of a file; `None` if it holds anything else.
fn read(text: &str, named: bool) -> Option<Vec<Line<'_>>> {
    let mut lines = Vec::new();
    let (mut set, mut capitals) = (0usize, 0usize);
    for (number, raw) in (1u64..).zip(text.lines()) {
        let raw = raw.trim();
        if raw.is_empty() {
            continue;
        }
        if let Some(comment) = raw.strip_prefix('#') {
            if let Some((name, value, quote)) = assignment(comment.trim_start_matches('#').trim(), true) {
                lines.push(Line { number, name, value, quote, commented: true });
            }
            continue;
        }
        let bare = raw.strip_prefix("export ").unwrap_or(raw).trim_start();
        let (name, value, quote) = assignment(bare, named)?;
        set += 1;
        capitals += usize::from(is_capital(name));
        lines.push(Line { number, name, value, quote, commented: false });
    }
    let commented = lines.iter().any(|l| l.commented && is_capital(l.name));
    let ours = if set == 0 { named && commented } else { capitals * 2 > set };
    ours.then_some(lines)
}

fn is_capital(name: &str) -> bool {
    name.bytes().any(|b| b.is_ascii_uppercase()) && !name.bytes().any(|b| b.is_ascii_lowercase())
}

/// `NAME=value`, also `NAME = value` if spaces are allowed: name, value without quotes and remarks, quote.
fn assignment(line: &str, spaced: bool) -> Option<(&str, &str, Option<char>)> {
    let (name, value) = line.split_once('=')?;
    let name = if spaced { name.trim_end() } else { name };
    let valid = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(valid) || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    // A comparison, or a pinned package.
    if value.starts_with('=') || (!spaced && value.starts_with(' ')) {
        return None;
    }
    let value = value.trim();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
    if let Some(quote) = quote {
        let inside = value.get(1..).unwrap_or_default();
        return Some((name, inside.split(quote).next().unwrap_or(inside), Some(quote)));
    }
    let end = value.find(" #").unwrap_or(value.len());
    let value = if value.starts_with('#') { "" } else { value.get(..end).unwrap_or(value).trim_end() };
    Some((name, value, None))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assets, operations, read as import};
    use super::*;

    #[test]
    fn names_values_quotes_and_remarks_are_read() {
        let text = "# c\nexport OPENAI_API_KEY='sk-proj-4fQ9' # mine\nBASE=https://api.openai.com\nOPENAI_BASE_URL=\"${BASE}/v1\"\n#FAL_KEY=abc\n";
        let inventory = import(&IMPORTER, ".env", text).unwrap();
        assert_eq!(assets(&inventory), ["OPENAI_API_KEY 2 openai", "[FAL_KEY 5 fal]"]);
        assert_eq!(operations(&inventory), ["[OPENAI_BASE_URL 4 prompt remote openai]"]);
        assert_eq!(inventory.verdict.name(), "remote-capable");
        assert_eq!(inventory.settings.len(), 3);
    }

    #[test]
    fn an_example_sets_what_is_only_possible() {
        let text = "OPENAI_BASE_URL=http://localhost:8080\n";
        let certainty = |name: &str| import(&IMPORTER, name, text).unwrap().settings[0].certainty;
        assert_eq!(certainty(".env"), Certainty::Implied);
        assert_eq!(certainty(".env.example"), Certainty::Possible);
    }

    #[test]
    fn scripts_and_other_files_are_none() {
        for text in ["#!/bin/sh\nA=1\n", "[x]\nA=1\n", "torch==2.0\n", "A=1\necho hi\n", "a=1\nb=2\n", "x\n"]
        {
            assert!(import(&IMPORTER, "f", text).is_none(), "{text}");
        }
        assert!(import(&IMPORTER, "notes.md", "# A=1\n").is_none());
        assert_eq!(import(&IMPORTER, "env.sample", "# INVOKEAI_PORT=1\n").unwrap().verdict.name(), "local");
        assert_eq!(
            import(&IMPORTER, "x.env", "FAL_KEY = abcdef123\n").unwrap().verdict.name(),
            "remote-capable"
        );
    }
}

//! Code, whatever its language: programs are lowered to one form, evaluated, and asked what they call.
//!
//! What would mislead: a client whose address is on the machine; an import that nothing uses; text in
//! comments and docstrings; routes that a server declares; a function handed over instead of called; an
//! address that another file decides. Nothing is run, and no value of the program is told: only names.

mod address;
mod assets;
mod carried;
mod commands;
mod destination;
mod elsewhere;
mod evaluate;
mod http;
mod operations;
pub(super) mod parse;
mod prefilter;
pub(super) mod program;
mod reader;
mod value;

pub(super) use prefilter::worth_parsing;

use super::endpoint::mentioned;
use super::{Context, File};
use crate::model::inventory::{FileInventory, Operation, Verdict, Where};
use crate::model::net::Url;
use crate::services::sdks::Language;
use evaluate::Evaluator;
use parse::Parsed;
use program::{Expr, Program};
use reader::Reader;

/// Largest file that is parsed, in bytes.
pub(super) const LARGEST: usize = 4 << 20;

/// A file of code too large to be read.
pub(super) fn too_large(file: &File<'_>, kind: &str) -> FileInventory {
    FileInventory {
        verdict: Verdict::Undetermined,
        notes: vec!["larger than 4 MiB: not read".to_owned()],
        ..FileInventory::new(file.path, kind)
    }
}

/// What a program does; `None` if it is nothing that concerns us.
pub(super) fn inventory(
    parsed: &Parsed,
    language: Language,
    path: &str,
    kind: &str,
    context: &Context<'_>,
) -> Option<FileInventory> {
    let program = &parsed.program;
    let evaluator = Evaluator::new(program, language);
    let mut reader = Reader::new(&evaluator, context, path);
    reader.calls();
    reader.openings();
    for (text, line) in &parsed.commands {
        reader.shell(text, *line);
    }
    let stray = stray(program, &reader, context);
    reader.operations.extend(stray);
    reader.finish_assets();
    let settings = reader.settings();
    if reader.operations.is_empty() && reader.assets.is_empty() && settings.is_empty() {
        return None;
    }
    let mut operations = reader.operations;
    operations.sort_by(|a, b| (a.place.line, &a.id, &a.because).cmp(&(b.place.line, &b.id, &b.because)));
    operations
        .dedup_by(|a, b| a.place == b.place && a.id == b.id && a.because == b.because && a.sends == b.sends);
    let mut notes = reader.notes;
    notes.extend(parsed.notes.iter().cloned());
    if let Some(line) = program.too_deep {
        notes.insert(format!("nested too deep to be read whole (line {line})"));
    }
    if evaluator.exhausted() {
        notes.insert("more to evaluate than is done for one file".to_owned());
    }
    let partial = parsed.partial || reader.partial || program.too_deep.is_some() || evaluator.exhausted();
    let mut verdict = FileInventory::judge(&operations, &reader.assets);
    if partial && verdict != Verdict::Remote {
        verdict = Verdict::Undetermined;
    } else if operations.is_empty() && reader.assets.is_empty() {
        // Variables that it sets say something to others, and nothing about itself.
        verdict = Verdict::NoEvidence;
    }
    Some(FileInventory {
        verdict,
        operations,
        assets: reader.assets,
        settings,
        notes: notes.into_iter().collect(),
        ..FileInventory::new(path, kind)
    })
}

/// Addresses of known services that stand in the code while no call was seen to use them.
fn stray(program: &Program, reader: &Reader<'_>, context: &Context<'_>) -> Vec<Operation> {
    let mut out: Vec<Operation> = Vec::new();
    for id in &program.addresses {
        let Expr::Text(text) = program.expr(*id) else { continue };
        let Some(url) = Url::parse(text).filter(|u| matches!(u.scheme, "http" | "https" | "ws" | "wss"))
        else {
            continue;
        };
        if text.contains(char::is_whitespace) {
            continue;
        }
        let place = Where::line(reader.path, program.line(*id));
        let stands = "in the code; no call was seen to use it";
        let Some(found) = mentioned(&url, place, stands, context) else { continue };
        let told = found.route.iter().chain(&found.service).any(|party| reader.hosts.contains(party));
        if !told && out.iter().all(|o| o.route != found.route) {
            out.push(found);
        }
    }
    out
}

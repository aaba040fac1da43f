//! Scripts that start things: `webui-user.sh` and `.bat`, and any shell or batch script with a command that
//! concerns data.
//!
//! What would mislead: the stock files are almost all comments; a batch file keeps its flags in `set` lines.

mod dialect;

use super::command;
use super::variables::{Found, Program, no_siblings};
use super::{Context, File, Importer};
use crate::model::inventory::{FileInventory, State, Verdict, Where};
use crate::services::programs::Programs;
use dialect::Dialect;

/// Largest script that is read, in bytes.
const LARGEST: usize = 1 << 20;

pub(super) struct LaunchScript;

pub(super) static IMPORTER: LaunchScript = LaunchScript;

impl Importer for LaunchScript {
    fn id(&self) -> &'static str {
        "launch-script"
    }

    fn about(&self) -> &'static str {
        "Shell and batch scripts that start image programs, open tunnels, copy or download"
    }

    fn doc(&self) -> &'static str {
        "Recognised by a variable that holds flags of an image program (`COMMANDLINE_ARGS`), or by a shebang \
         or batch commands (or the name of such a script, of a makefile, a `Procfile`, or a script for PowerShell or \
         fish) together with a program of `policies/services/programs.toml`.\n\n\
         Commands are read, not run: quotes, continuations, `sh -c`, variables of the same script and \
         documents are followed, and the variables that a script sets are judged as those of any program. A \
         setting in a comment is listed as switched off."
    }

    fn import(&self, file: &File<'_>, context: &Context<'_>) -> Option<FileInventory> {
        let head = file.bytes.get(..512).unwrap_or(file.bytes);
        // The name helps where the first line does not tell; what a script does decides.
        let named = Dialect::named(file.name());
        let first = head.starts_with(b"#!");
        let dialect = match named {
            _ if is_shell(head) => Some(Dialect::Shell),
            Some(named) if !first || !matches!(named, Dialect::Shell | Dialect::Fish) => Some(named),
            Some(Dialect::Fish) => named,
            _ => is_batch(file).then_some(Dialect::Batch),
        };
        let flags = Programs::shipped().program.iter().flat_map(|p| &p.variables).any(|v| assigns(file, v));
        (dialect.is_some() || flags).then_some(())?;
        let unread = |why: &str| {
            flags.then(|| FileInventory {
                verdict: Verdict::Undetermined,
                notes: vec![why.to_owned()],
                ..FileInventory::new(file.path, IMPORTER.id())
            })
        };
        if file.bytes.len() > LARGEST {
            return unread("not read: it is larger than 1 MiB");
        }
        let Some(text) = file.text() else { return unread("not read: it is not UTF-8") };
        let place = Where::line(file.path, 1);
        let parts = match dialect {
            Some(Dialect::Batch) => command::batch(text, &place, context),
            None | Some(Dialect::Shell) => command::shell(text, &place, context),
            Some(other) => command::shell(&other.as_shell(text), &place, context),
        };
        let mut found = Found::new(file.path, context);
        let runs =
            Program { name: "", state: State::Active, runs: true, variables: &[], siblings: &no_siblings };
        found.commands(parts, &runs);
        let says = found.relevant || !found.operations.is_empty() || !found.assets.is_empty();
        says.then(|| found.finish(self.id()))
    }
}

fn is_shell(head: &[u8]) -> bool {
    let first = head.split(|b| *b == b'\n').next().unwrap_or(head);
    let first = String::from_utf8_lossy(first);
    first.starts_with("#!")
        && Programs::shipped()
            .shell
            .iter()
            .filter(|s| !s.batch)
            .flat_map(|s| &s.names)
            .any(|name| first.split(['/', ' ', '\t', '\r']).any(|word| word == name))
}

/// Whether the first commands are those of a batch file.
fn is_batch(file: &File<'_>) -> bool {
    let text = String::from_utf8_lossy(file.bytes.get(..4096).unwrap_or(file.bytes));
    let begins = |row: &str| {
        let row = row.trim_start_matches(['@', ' ', '\t']).to_ascii_lowercase();
        ["echo off", "rem ", "rem\r", "set ", "setlocal", "call ", "::", "title ", "pushd ", "cd /d "]
            .iter()
            .any(|word| row.starts_with(word))
    };
    let sure = |row: &str| {
        let row = row.trim_start_matches(['@', ' ', '\t']).to_ascii_lowercase();
        row.starts_with("echo off")
            || row.starts_with("setlocal")
            || row.contains(".bat")
            || row.contains("%~dp0")
    };
    text.trim_start_matches('\u{feff}').lines().find(|l| !l.trim().is_empty()).is_some_and(begins)
        && text.lines().any(sure)
}

/// Whether a variable is given a value at the beginning of a line, commented out or not.
fn assigns(file: &File<'_>, variable: &str) -> bool {
    let needle = format!("{variable}=");
    let head = file.bytes.get(..LARGEST).unwrap_or(file.bytes);
    memchr::memmem::find_iter(head, needle.as_bytes()).take(16).any(|at| {
        let line =
            file.bytes.get(..at).unwrap_or_default().rsplit(|b| *b == b'\n').next().unwrap_or_default();
        let before = String::from_utf8_lossy(line).to_ascii_lowercase();
        let before = before.trim_start_matches(['#', ' ', '\t', '@', ':', '"']).trim_end_matches('"');
        let before = before.strip_prefix("rem ").unwrap_or(before);
        matches!(before.trim(), "export" | "set" | "setx" | "declare -x")
    })
}

#[cfg(test)]
mod tests;

//! Jupyter notebooks: the code cells of an `.ipynb` file, as one Python program.
//!
//! Lines are those of the notebook's own text. Lines for the shell (`!`, `%pip`) and cells for it (`%%bash`)
//! are read as command lines; what is for the notebook or another language is passed over.

use super::code::parse::{Source, parse};
use super::code::{inventory, worth_parsing};
use super::document::{Node, Value};
use super::python;
use super::{Context, File, Importer};
use crate::model::inventory::{FileInventory, Verdict};
use crate::model::project::Role;
use crate::services::sdks::Language;

pub(super) struct Notebook;

pub(super) static IMPORTER: Notebook = Notebook;

impl Importer for Notebook {
    fn id(&self) -> &'static str {
        "notebook"
    }

    fn about(&self) -> &'static str {
        "Jupyter notebooks with Python: what their code cells do"
    }

    fn doc(&self) -> &'static str {
        "Recognised by content: JSON with `nbformat` and `cells`. The code cells are read as one program, in \
         their order, as `python` reads a file; lines that begin with `!`, `%pip`, `%conda` and `%env`, and cells \
         that begin with `%%bash` or `%%sh`, as command lines. Not read: outputs, other lines that begin with \
         `%`, cells and notebooks in other languages."
    }

    fn component(&self) -> Option<(&'static str, Role)> {
        Some(("app", Role::Client))
    }

    fn import(&self, file: &File<'_>, context: &Context<'_>) -> Option<FileInventory> {
        if !file.holds("\"nbformat\"") || !file.holds("\"cells\"") {
            return None;
        }
        let shell = ["\"!", "\\n!", " !", "\"%", "\\n%"].iter().any(|mark| file.holds(mark));
        let worth = shell || worth_parsing(file.bytes, Language::Python, context);
        let tree = match file.json()? {
            Ok(tree) => tree,
            Err(why) if worth => {
                return Some(FileInventory {
                    verdict: Verdict::Undetermined,
                    notes: vec![why.note()],
                    ..FileInventory::new(file.path, self.id())
                });
            }
            Err(_) => return None,
        };
        tree.get("nbformat").filter(|_| worth)?;
        let language = ["language_info", "kernelspec"].iter().find_map(|key| {
            let about = tree.at(&["metadata", key])?;
            about.text_of("language").or_else(|| about.text_of("name"))
        });
        if language.is_some_and(|l| !l.to_lowercase().starts_with("python")) {
            return None;
        }
        let Cells { text, lines, commands } = code(tree.get("cells")?);
        let mut parsed =
            parse(&Source { text: &text, lines: Some(&lines) }, python::GRAMMAR, python::lower::lower);
        parsed.commands = commands;
        if tree.at(&["metadata", "colab"]).is_some() {
            parsed
                .notes
                .push("made for Google Colab: where it runs there, so does what it is given".to_owned());
        }
        inventory(&parsed, Language::Python, file.path, self.id(), context)
    }
}

/// What the cells hold.
#[derive(Default)]
struct Cells {
    /// Their code.
    text: String,
    /// For each line of the code the line of the file.
    lines: Vec<u64>,
    /// Lines for the shell.
    commands: Vec<(String, u64)>,
}

fn code(cells: &Node) -> Cells {
    let mut out = Cells::default();
    for cell in cells.items().iter().filter(|c| c.text_of("cell_type") == Some("code")) {
        let Some(source) = cell.get("source") else { continue };
        let parts: Vec<(&str, u64)> = match &source.value {
            Value::Text(whole) => whole.lines().map(|l| (l, source.line)).collect(),
            Value::List(parts) => parts
                .iter()
                .filter_map(|p| Some((p.text()?, p.line)))
                .flat_map(|(t, n)| t.lines().map(move |l| (l, n)))
                .collect(),
            _ => Vec::new(),
        };
        match parts.split_first() {
            Some(((first, line), rest)) if first.trim_start().starts_with("%%") && !runs_python(first) => {
                if first.split_whitespace().next().is_some_and(|word| SHELLS.contains(&word)) {
                    let script: Vec<&str> = rest.iter().map(|(text, _)| *text).collect();
                    let line = rest.first().map_or(*line, |(_, line)| *line);
                    out.commands.push((script.join("\n"), line));
                }
            }
            _ => out.cell(&parts),
        }
    }
    out
}

/// Whether the mark of a cell says how its Python is run.
fn runs_python(first: &str) -> bool {
    const MARKS: [&str; 7] =
        ["%%capture", "%%time", "%%timeit", "%%prun", "%%python", "%%python3", "%%memit"];
    first.split_whitespace().next().is_some_and(|word| MARKS.contains(&word))
}

/// Marks of a cell that is a script for the shell.
const SHELLS: [&str; 4] = ["%%bash", "%%sh", "%%shell", "%%script"];

impl Cells {
    fn cell(&mut self, parts: &[(&str, u64)]) {
        let mut parts = parts.iter();
        while let Some((line, number)) = parts.next() {
            let bare = line.trim_start();
            if !bare.starts_with(['!', '%']) {
                self.text.push_str(line);
                self.text.push('\n');
                self.lines.push(*number);
                continue;
            }
            let mut command = bare.to_owned();
            while command.ends_with('\\') {
                let Some((more, _)) = parts.next() else { break };
                command.push('\n');
                command.push_str(more);
            }
            self.commands.extend(for_shell(&command).map(|text| (text, *number)));
            // Indented, such a line may be all that a block has.
            let indent = line.get(..line.len() - bare.len()).unwrap_or_default();
            self.text.push_str(indent);
            self.text.push_str("pass\n");
            self.lines.push(*number);
        }
    }
}

/// What a line that begins with `!` or `%` asks of the shell.
fn for_shell(line: &str) -> Option<String> {
    if let Some(command) = line.strip_prefix('!') {
        return Some(spelled(command.trim_start_matches('!')));
    }
    let magic = line.strip_prefix('%')?;
    let (name, rest) = magic.split_once(char::is_whitespace)?;
    match name {
        "pip" | "conda" | "mamba" | "uv" => Some(spelled(magic)),
        "env" | "set_env" => Some(format!("export {}", rest.trim_start())),
        "sx" | "system" => Some(spelled(rest)),
        _ => None,
    }
}

/// `{name}` is a value of the program: a variable of a script says the same.
fn spelled(command: &str) -> String {
    let (mut out, mut rest) = (String::new(), command);
    while let Some((before, from)) = rest.split_once('{') {
        out.push_str(before);
        let name = from.split_once('}').map(|(name, _)| name).filter(|name| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.')
        });
        rest = match name.filter(|_| !before.ends_with('$')) {
            Some(name) => {
                out.push_str(&format!("'${{{name}}}'"));
                from.get(name.len() + 1..).unwrap_or_default()
            }
            None => {
                out.push('{');
                from
            }
        };
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests;

//! Jupyter notebooks: the code cells of an `.ipynb` file, as one Python program.
//!
//! Lines are those of the notebook's own text. Lines for the shell and for the notebook (`!`, `%`) are
//! passed over; a cell that is for another language (`%%bash`) is too.

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
         their order, as `python` reads a file. Not read: outputs, lines that begin with `!` or `%`, cells \
         and notebooks in other languages."
    }

    fn component(&self) -> Option<(&'static str, Role)> {
        Some(("app", Role::Client))
    }

    fn import(&self, file: &File<'_>, context: &Context<'_>) -> Option<FileInventory> {
        if !file.holds("\"nbformat\"") || !file.holds("\"cells\"") {
            return None;
        }
        let worth = worth_parsing(file.bytes, Language::Python, context);
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
        let (text, lines) = code(tree.get("cells")?);
        let mut parsed =
            parse(&Source { text: &text, lines: Some(&lines) }, python::GRAMMAR, python::lower::lower);
        if tree.at(&["metadata", "colab"]).is_some() {
            parsed
                .notes
                .push("made for Google Colab: where it runs there, so does what it is given".to_owned());
        }
        inventory(&parsed, Language::Python, file.path, self.id(), context)
    }
}

/// The code of the cells, and for each of its lines the line of the file.
fn code(cells: &Node) -> (String, Vec<u64>) {
    let mut text = String::new();
    let mut lines = Vec::new();
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
        let foreign = parts.first().is_some_and(|(line, _)| line.trim_start().starts_with("%%"));
        for (line, number) in parts.into_iter().filter(|_| !foreign) {
            // Indented, such a line may be all that a block has.
            let indent: String = line.chars().take_while(|c| c.is_whitespace()).collect();
            match line.trim_start().starts_with(['!', '%']) {
                true => {
                    text.push_str(&indent);
                    text.push_str("pass");
                }
                false => text.push_str(line),
            }
            text.push('\n');
            lines.push(number);
        }
    }
    (text, lines)
}

#[cfg(test)]
mod tests;

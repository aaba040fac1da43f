//! Jupyter notebooks: the code cells of an `.ipynb` file, as one Python program.
//!
//! Lines are those of the notebook's own text. Lines and cells for the shell (`!`, `%%bash`) are read as a
//! script is, `%env` as a setting; other lines for the notebook and cells in other languages are passed over.

use super::code::parse::{Source, parse};
use super::code::{inventory, worth_parsing};
use super::document::{Node, Value};
use super::python;
use super::{Context, File, Importer, command, launch_script};
use crate::model::inventory::{FileInventory, Verdict, Where};
use crate::services::programs::Programs;
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
         their order, as `python` reads a file; lines that begin with `!` and cells for a shell as \
         `launch-script` reads a script. `%env` sets a variable. Not read: outputs, other lines that begin \
         with `%`, cells and notebooks in other languages."
    }

    fn import(&self, file: &File<'_>, context: &Context<'_>) -> Option<FileInventory> {
        if !file.holds("\"nbformat\"") || !file.holds("\"cells\"") {
            return None;
        }
        let shell = ["\"!", "\\n!", "\"%%", "%env ", "%set_env "].iter().any(|mark| file.holds(mark));
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
        tree.get("nbformat").filter(|_| worth || shell)?;
        let language = ["language_info", "kernelspec"].iter().find_map(|key| {
            let about = tree.at(&["metadata", key])?;
            about.text_of("language").or_else(|| about.text_of("name"))
        });
        if language.is_some_and(|l| !l.to_lowercase().starts_with("python")) {
            return None;
        }
        let cells = Cells::of(tree.get("cells")?);
        let scripts = cells.scripts(file.path, context);
        let source = Source { text: &cells.python, lines: Some(&cells.lines) };
        let mut parsed = parse(&source, python::GRAMMAR, python::lower::lower);
        if tree.at(&["metadata", "colab"]).is_some() {
            parsed
                .notes
                .push("made for Google Colab: where it runs there, so does what it is given".to_owned());
        }
        let found = inventory(&parsed, Language::Python, file.path, self.id(), context);
        match (found, scripts) {
            (Some(found), Some(scripts)) => Some(joined(found, scripts)),
            (found, scripts) => found.or_else(|| {
                let kind = self.id().to_owned();
                Some(FileInventory { kind, ..scripts? })
            }),
        }
    }
}

/// What the code and the lines for the shell say, together.
fn joined(mut code: FileInventory, scripts: FileInventory) -> FileInventory {
    let partial = [code.verdict, scripts.verdict].contains(&Verdict::Undetermined);
    code.operations.extend(scripts.operations);
    code.operations.sort_by_key(|o| o.place.line);
    code.assets.extend(scripts.assets);
    code.assets.sort_by_key(|a| a.place.line);
    code.settings.extend(scripts.settings);
    code.notes.extend(scripts.notes);
    let judged = FileInventory::judge(&code.operations, &code.assets);
    code.verdict = if partial && judged != Verdict::Remote { Verdict::Undetermined } else { judged };
    code
}

/// First words of cells that say how Python is run.
const PYTHON_CELLS: [&str; 7] =
    ["%%capture", "%%time", "%%timeit", "%%prun", "%%python", "%%python3", "%%memit"];
/// First words of cells that are scripts.
const SHELL_CELLS: [&str; 5] = ["%%bash", "%%sh", "%%shell", "%%!", "%%sx"];

/// The code cells of a notebook.
#[derive(Default)]
struct Cells {
    /// What is Python, as one program.
    python: String,
    /// For each of its lines the line of the file.
    lines: Vec<u64>,
    /// Lines and cells for the shell, with the line of the file of each line.
    shell: Vec<Vec<(String, u64)>>,
}

impl Cells {
    fn of(cells: &Node) -> Cells {
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
            let magic = parts.first().map_or("", |(line, _)| line.trim()).split_whitespace().next();
            match magic.filter(|word| word.starts_with("%%")) {
                Some(word)
                    if SHELL_CELLS.contains(&word) || parts.first().is_some_and(|p| is_script(p.0)) =>
                {
                    let script = parts.iter().skip(1).map(|(line, number)| ((*line).to_owned(), *number));
                    out.shell.push(script.collect());
                }
                Some(word) if !PYTHON_CELLS.contains(&word) => {}
                _ => out.python(&parts),
            }
        }
        out
    }

    fn python(&mut self, parts: &[(&str, u64)]) {
        // Whether the line before goes on in this one.
        let mut goes_on = false;
        for (line, number) in parts {
            let bare = line.trim_start();
            let setting = ["%env ", "%set_env "].iter().find_map(|magic| bare.strip_prefix(magic));
            // Indented, such a line may be all that a block has.
            let indent: String = line.chars().take_while(|c| c.is_whitespace()).collect();
            let command = match (goes_on, bare.strip_prefix('!'), setting) {
                (true, ..) => {
                    if let Some(script) = self.shell.last_mut() {
                        script.push(((*line).to_owned(), *number));
                    }
                    true
                }
                (_, Some(command), _) => {
                    self.shell.push(vec![(command.trim_start_matches('!').to_owned(), *number)]);
                    true
                }
                (_, _, Some(setting)) => {
                    let setting = setting.trim().replacen([' ', '='], "=", 1);
                    self.shell.push(vec![(format!("export {setting}"), *number)]);
                    false
                }
                _ => false,
            };
            goes_on = command && line.ends_with('\\');
            match command || bare.starts_with(['!', '%']) {
                true => {
                    self.python.push_str(&indent);
                    self.python.push_str("pass");
                }
                false => self.python.push_str(line),
            }
            self.python.push('\n');
            self.lines.push(*number);
        }
    }

    /// What the lines for the shell do; `None` if that is nothing that concerns data.
    fn scripts(&self, path: &str, context: &Context<'_>) -> Option<FileInventory> {
        let mut all = command::Parts::default();
        for script in &self.shell {
            let text: Vec<&str> = script.iter().map(|(line, _)| line.as_str()).collect();
            let mut parts = command::shell(&text.join("\n"), &Where::line(path, 0), context);
            let line = |place: &mut Where| {
                let at = place.line.and_then(|line| script.get(usize::try_from(line).ok()?));
                place.line = at.or(script.last()).map(|(_, line)| *line);
            };
            parts.operations.iter_mut().for_each(|o| line(&mut o.place));
            parts.assets.iter_mut().for_each(|a| line(&mut a.place));
            parts.settings.iter_mut().for_each(|s| line(&mut s.place));
            all.operations.append(&mut parts.operations);
            all.assets.append(&mut parts.assets);
            all.settings.append(&mut parts.settings);
            all.notes.append(&mut parts.notes);
            all.partial |= parts.partial;
        }
        let found = launch_script::inventory(path, all, context);
        let says = !found.operations.is_empty() || !found.assets.is_empty() || !found.settings.is_empty();
        (says || found.verdict == Verdict::Undetermined).then_some(found)
    }
}

/// `%%script bash`.
fn is_script(line: &str) -> bool {
    let mut words = line.split_whitespace();
    words.next() == Some("%%script") && words.any(|w| Programs::shipped().shell(w).is_some_and(|s| !s.batch))
}

#[cfg(test)]
mod tests;

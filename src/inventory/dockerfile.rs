//! Dockerfiles: variables, programs that are started, downloads while the image is built.
//!
//! Format: Docker's Dockerfile reference (`syntax=docker/dockerfile:1`), here-documents included. The last stage
//! is what runs; earlier ones only build. A stage inherits the variables of the stage it begins from.

use super::interpolate::Given;
use super::invocation::{Invocation, started};
use super::variables::{Found, Program, Set, Variable, no_siblings, not_utf8};
use super::{Context, File, Importer};
use crate::model::data::Certainty;
use crate::model::inventory::{FileInventory, State, Where};
use std::collections::BTreeMap;

mod instructions;

use instructions::Instruction;

/// Most stages that are followed.
const MOST_STAGES: usize = 256;

pub(super) struct Dockerfile;

pub(super) static IMPORTER: Dockerfile = Dockerfile;

impl Importer for Dockerfile {
    fn id(&self) -> &'static str {
        "dockerfile"
    }

    fn about(&self) -> &'static str {
        "Dockerfiles: variables, what is started, what is downloaded while building"
    }

    fn doc(&self) -> &'static str {
        "Recognised by content: the first instruction is `FROM`, after `ARG` at most, and only instructions of a \
         Dockerfile follow.\n\n\
         `ENV` and `ARG` (its default) of the last stage and of the stages it begins from are judged together. An \
         address is not used by the file itself: a remote one, or a credential, makes it `remote-capable`. \
         `CMD` and `ENTRYPOINT` of the last stage are what starts. `RUN` runs while the image is built: what it \
         fetches or sends happens then, in every stage."
    }

    fn import(&self, file: &File<'_>, context: &Context<'_>) -> Option<FileInventory> {
        if !file.holds("FROM") && !file.holds("from ") {
            return None;
        }
        if let Some(unread) = not_utf8(file, self.id(), &["FROM ", "RUN "]) {
            return Some(unread);
        }
        // `from .a import b`, all that an `__init__.py` may hold, is no stage.
        let instructions = instructions::read(file.text()?)?;
        if !instructions.iter().filter(|i| i.name == "FROM").all(Instruction::is_stage) {
            return None;
        }
        let mut found = Found::new(file.path, context);
        let mut stages: Vec<Stage> = Vec::new();
        let mut global: BTreeMap<String, Given> = BTreeMap::new();
        for instruction in &instructions {
            let place = Where::key(file.path, instruction.line, instruction.name.clone());
            match (instruction.name.as_str(), stages.last_mut()) {
                ("FROM", _) => {
                    let stage = Stage::from(instruction, &stages, &global);
                    stages.push(stage);
                    if stages.len() > MOST_STAGES {
                        // The last is what runs; of many before it the first are forgotten.
                        stages.remove(0);
                        found.partial = true;
                    }
                }
                ("ARG", None) => {
                    for (name, value) in instruction.pairs() {
                        let set = Variable::read(&name, &value.unwrap_or_default(), place.clone(), &|_| None);
                        global.insert(name, set.given);
                    }
                }
                (_, None) => {}
                (name, Some(stage)) => stage.take(name, instruction, place, &global),
            }
        }
        let last = stages.pop()?;
        for stage in stages.iter().chain([&last]) {
            build(stage, &mut found);
        }
        found.image("", State::Active, &last.base, Where::key(file.path, last.line, "FROM"));
        let handed = Program {
            name: "",
            state: State::Active,
            runs: false,
            variables: last.variables.list(),
            siblings: &no_siblings,
        };
        found.program(&handed);
        found.partial |= last.variables.full;
        found.export(last.variables.list(), Certainty::Implied);
        let runs = Program { runs: true, variables: &[], ..handed };
        if let Some(parts) = started(last.entrypoint, last.command, context) {
            found.commands(parts, &runs);
        }
        Some(found.finish(self.id()))
    }
}

/// What `RUN` does while the image is built.
fn build(stage: &Stage, found: &mut Found<'_>) {
    let builds =
        Program { name: "", state: State::Active, runs: true, variables: &[], siblings: &no_siblings };
    for (line, place) in &stage.runs {
        let mut parts = line.read(place, found.context);
        // What a build step sets is gone when it ends, and nobody reaches a port of it.
        parts.settings.clear();
        parts.variables.clear();
        parts.assets.retain(|a| a.kind != crate::model::inventory::AssetKind::Listener);
        for operation in &mut parts.operations {
            operation.because = format!("{}, while the image is built", operation.because);
        }
        found.commands(parts, &builds);
    }
    for (address, place) in &stage.added {
        let what = "`ADD`: it downloads while the image is built";
        found.download("ADD", State::Active, place.clone(), address, what);
    }
}

#[derive(Default)]
struct Stage {
    name: String,
    base: String,
    line: u64,
    variables: Set,
    runs: Vec<(Invocation, Where)>,
    added: Vec<(String, Where)>,
    entrypoint: Option<(Invocation, Where)>,
    command: Option<(Invocation, Where)>,
}

impl Stage {
    /// `FROM [--platform=...] image [AS name]`.
    fn from(instruction: &Instruction, before: &[Stage], global: &BTreeMap<String, Given>) -> Stage {
        let mut words = instruction.text.split_whitespace().filter(|w| !w.starts_with("--"));
        let image = words.next().unwrap_or_default();
        let image = super::interpolate::given(image, &|name| global.get(name).cloned());
        let base = image.by_default().unwrap_or_default().to_owned();
        let name = words.nth(1).unwrap_or_default().to_lowercase();
        let line = instruction.line;
        match before.iter().rfind(|s| !s.name.is_empty() && s.name.eq_ignore_ascii_case(&base)) {
            Some(parent) => Stage {
                name,
                base: parent.base.clone(),
                line,
                variables: parent.variables.clone(),
                entrypoint: parent.entrypoint.clone(),
                command: parent.command.clone(),
                ..Stage::default()
            },
            None => Stage { name, base, line, ..Stage::default() },
        }
    }

    fn take(
        &mut self,
        name: &str,
        instruction: &Instruction,
        place: Where,
        global: &BTreeMap<String, Given>,
    ) {
        match name {
            "ENV" | "ARG" => {
                for (variable, value) in instruction.pairs() {
                    let place =
                        Where::key(&place.file, place.line.unwrap_or(1), format!("{name} {variable}"));
                    let known = |other: &str| self.variables.given(other);
                    let read = match value {
                        // An argument may be given when the image is built.
                        Some(value) if name == "ARG" => {
                            let default = Variable::read(&variable, &value, place.clone(), &known).given;
                            let default = default.by_default().map(str::to_owned);
                            let given =
                                Given::Open { variables: vec![variable.clone()], default, whole: true };
                            Variable::with(&variable, given, place)
                        }
                        Some(value) => Variable::read(&variable, &value, place, &known),
                        None => {
                            let given = global.get(&variable).cloned();
                            let default = given.as_ref().and_then(Given::by_default).map(str::to_owned);
                            let given =
                                Given::Open { variables: vec![variable.clone()], default, whole: true };
                            Variable::with(&variable, given, place)
                        }
                    };
                    self.variables.put(read);
                }
            }
            "RUN" => self.runs.push((instruction.command(), place)),
            "ENTRYPOINT" => {
                // A new entry point puts an inherited command aside.
                self.entrypoint = Some((instruction.command(), place));
                self.command = None;
            }
            "CMD" => self.command = Some((instruction.command(), place)),
            "ADD" => {
                let words = instruction.text.split_whitespace().filter(|w| w.contains("://"));
                self.added.extend(words.map(|w| (w.to_owned(), place.clone())));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assets, operations, read as import};
    use super::*;

    fn read(text: &str) -> FileInventory {
        import(&IMPORTER, "Dockerfile", text).unwrap()
    }

    #[test]
    fn an_argument_feeds_a_variable_and_both_forms_of_it_are_read() {
        let text = "FROM python:3\nARG URL=https://api.openai.com/v1\nENV OPENAI_BASE_URL=${URL} \\\n    FAL_KEY=\"\"\nENV HF_HUB_OFFLINE 1\n";
        let inventory = read(text);
        assert_eq!(operations(&inventory), ["[OPENAI_BASE_URL 3 prompt remote openai]"]);
        assert_eq!(assets(&inventory), ["[FAL_KEY 3 fal]", "HF_HUB_OFFLINE 5 huggingface-hub"]);
        assert_eq!(inventory.verdict.name(), "remote-capable");
    }

    #[test]
    fn the_last_stage_is_what_runs() {
        let text = "FROM a AS base\nENV OPENAI_BASE_URL=https://api.openai.com\nCMD [\"python\", \"launch.py\", \"--share\"]\nFROM scratch\nCOPY --from=base / /\nCMD [\"python\", \"main.py\"]\n";
        assert!(operations(&read(text)).is_empty());
        let inherits =
            text.replace("FROM scratch", "FROM base").replace("CMD [\"python\", \"main.py\"]\n", "");
        let inventory = read(&inherits);
        assert_eq!(inventory.verdict.name(), "remote");
        assert_eq!(operations(&inventory).len(), 2);
    }

    #[test]
    fn building_downloads() {
        let text = "FROM pytorch/pytorch:2\nRUN apt-get update && \\\n    # weights\n    wget -O /m.safetensors https://huggingface.co/a/b\nADD https://example.org/x.zip /x\nRUN <<EOF\ncurl -O https://example.org/y\nEOF\nCMD main.py --listen\n";
        let inventory = read(text);
        assert_eq!(inventory.verdict.name(), "fetch-only");
        let found = operations(&inventory);
        assert!(found.iter().any(|o| o.starts_with("wget") && o.ends_with("huggingface-hub")), "{found:?}");
        assert!(found.iter().any(|o| o.starts_with("curl")), "{found:?}");
        assert!(found.iter().any(|o| o.starts_with("ADD 5 fetch")), "{found:?}");
    }

    #[test]
    fn a_client_that_is_installed_makes_it_able() {
        assert_eq!(read("FROM x\nRUN pip install openai\n").verdict.name(), "remote-capable");
        assert_eq!(read("FROM x\nRUN echo hi\n").verdict.name(), "no-evidence");
    }

    #[test]
    fn other_texts_are_none() {
        for text in [
            "From: a\nTo: b\n",
            "from .a import b\n",
            "FROM\n",
            "SELECT 1\nFROM x\n",
            "FROM x\nhello world\n",
        ] {
            assert!(import(&IMPORTER, "Dockerfile", text).is_none(), "{text}");
        }
    }
}

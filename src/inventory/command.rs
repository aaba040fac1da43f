//! Command lines: what the programs that a script, an image or a unit starts do to data.
//!
//! What programs and flags mean is `policies/services/programs.toml`. Every way a command line is written
//! comes here: a script, a list of words, a variable that holds flags. Nothing is run.
//!
//! What would mislead: a program behind `sudo`, `sh -c` or `python -m`; flags that a variable of the same
//! script holds; a document (`<<EOF`) that only looks like commands; a listener on loopback.

mod args;
mod batch;
mod calls;
mod flags;
mod variables;
mod words;

pub(super) use flags::loopback;
pub(super) use words::Word;

use super::Context;
use super::endpoint::{operation, shown};
use super::variables::Variable;
use crate::model::data::{Certainty, DataKinds, Locality};
use crate::model::inventory::{Asset, AssetKind, Operation, Setting, Spelled, State, Where};
use crate::services::programs::{Program, Programs};
use args::{Args, base_name};
use std::collections::{BTreeMap, BTreeSet};
use variables::assignment;
use words::{Command, Script};

/// Deepest nesting of scripts in words: `sh -c "sh -c ..."`.
const DEEPEST: usize = 4;
/// Most words of one command.
const MOST_WORDS: usize = 4096;
/// Most words of all commands together, variables followed.
const MOST_WORDS_IN_ALL: usize = 500_000;
/// Most operations and assets that are listed.
const MOST_FACTS: usize = 2_000;

/// What command lines do.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) operations: Vec<Operation>,
    /// Listeners, guards, packages, remote code, telemetry that is switched on or off.
    pub(super) assets: Vec<Asset>,
    /// Variables that are given a value, for other files of the tree.
    pub(super) settings: Vec<Setting>,
    /// The same with what they hold, to be judged and forgotten.
    pub(super) variables: Vec<Variable>,
    /// Whether a program is started that may read them.
    pub(super) starts: bool,
    pub(super) notes: BTreeSet<String>,
    /// Ids of the programs with flags of their own that were recognised, those with a general file name
    /// left out.
    pub(super) programs: BTreeSet<String>,
    /// Whether a limit was reached.
    pub(super) partial: bool,
}

/// Reads a POSIX shell script or a line of one. Its first line stands at `place`. A line that begins with an
/// option is the rest of a command whose program is not known, as in [`words`].
pub(super) fn shell(text: &str, place: &Where, context: &Context<'_>) -> Parts {
    let bare = text.trim_start().starts_with('-');
    let mut reader = Reader { bare, ..Reader::new(place, context) };
    reader.script(words::shell(text), 0);
    reader.parts
}

/// Reads a batch file. Its first line stands at `place`.
pub(super) fn batch(text: &str, place: &Where, context: &Context<'_>) -> Parts {
    let mut reader = Reader::new(place, context);
    reader.script(batch::batch(text), 0);
    reader.parts
}

/// Reads one command that is already cut into words. If the first is an option, the program is not known
/// (an image's own entry point), and options mean what they mean to any image program.
pub(super) fn words<S: AsRef<str>>(words: &[S], place: &Where, context: &Context<'_>) -> Parts {
    let mut reader = Reader { bare: true, ..Reader::new(place, context) };
    let words = words.iter().take(MOST_WORDS).map(|w| Word { text: w.as_ref().to_owned(), line: 0 });
    reader.run(words.collect(), None, 0);
    reader.parts
}

/// Reads a variable that holds flags of a program, as `COMMANDLINE_ARGS` does; `None` if it does not.
pub(super) fn variable(name: &str, value: &str, place: &Where, context: &Context<'_>) -> Option<Parts> {
    Programs::shipped().by_variable(name)?;
    let mut reader = Reader::new(place, context);
    reader.flags_of_variable(name, value, 0);
    Some(reader.parts)
}

/// One text on its way.
struct Reader<'a> {
    place: &'a Where,
    context: &'a Context<'a>,
    programs: &'static Programs,
    variables: BTreeMap<String, Vec<String>>,
    parts: Parts,
    /// What is read is commented out.
    inactive: bool,
    /// A command may begin with an option.
    bare: bool,
    /// How many words may still be looked at.
    left: usize,
}

impl<'a> Reader<'a> {
    fn new(place: &'a Where, context: &'a Context<'a>) -> Reader<'a> {
        Reader {
            place,
            context,
            programs: Programs::shipped(),
            variables: BTreeMap::new(),
            parts: Parts::default(),
            inactive: false,
            bare: false,
            left: MOST_WORDS_IN_ALL,
        }
    }

    fn script(&mut self, script: Script, depth: usize) {
        self.parts.partial |= script.partial;
        for command in script.commands {
            let Command { words, input, comment } = command;
            if comment {
                self.comment(words);
            } else {
                self.run(words, input, depth);
            }
        }
    }

    /// A comment counts only if it is a setting that somebody switched off; prose is no command.
    fn comment(&mut self, words: Vec<Word>) {
        let Some(word) = words.into_iter().next() else { return };
        let bare = word
            .text
            .strip_prefix("export ")
            .or_else(|| word.text.strip_prefix("set "))
            .unwrap_or(&word.text);
        let Some((name, value)) = assignment(bare.trim_start()) else { return };
        if self.programs.by_variable(name).is_some() {
            self.inactive = true;
            self.flags_of_variable(name, value.trim_matches(['"', '\'']), word.line);
            self.inactive = false;
        }
    }

    fn run(&mut self, words: Vec<Word>, input: Option<Word>, depth: usize) {
        let mut words = self.assignments(words);
        if words.is_empty() {
            return;
        }
        words = self.expanded(words);
        if !self.affords(words.len()) {
            return;
        }
        let unwrapped = args::unwrapped(&words, self.programs);
        for given in &unwrapped.environment {
            self.assign(given);
        }
        for port in unwrapped.published {
            self.published(port);
        }
        let words = unwrapped.words;
        let Some(first) = words.first() else { return };
        let name = base_name(&first.text);
        if let Some(shell) = self.programs.shell(name) {
            self.nested(words, input, shell.batch, depth);
            return;
        }
        // In a script such a word is no command: a pattern of `case`, or the rest of something not understood.
        if first.text.starts_with('-') {
            if self.bare {
                self.anyones_flags(words);
            }
            return;
        }
        let Some(program) = self.programs.program(name) else { return };
        if !program.general && !program.flags.is_empty() {
            self.parts.programs.insert(program.id.clone());
        }
        self.parts.starts |= !program.flags.is_empty();
        let args = Args::of(words, program, self.programs);
        self.flags(program, &args);
        self.call(program, &args);
    }

    /// `sh -c "..."`, `cmd /c ...`, `sh script`, `sh <<EOF`.
    fn nested(&mut self, words: &[Word], input: Option<Word>, batch: bool, depth: usize) {
        if depth >= DEEPEST {
            self.parts.partial = true;
            return;
        }
        let after = words.get(1..).unwrap_or_default();
        let option = |w: &Word| match batch {
            true => w.text.eq_ignore_ascii_case("/c") || w.text.eq_ignore_ascii_case("/k"),
            false => w.text.starts_with('-') && !w.text.starts_with("--") && w.text.contains('c'),
        };
        let script = after.iter().position(option).and_then(|at| after.get(at + 1..));
        match (script, batch) {
            (Some(rest), true) => self.run(rest.to_vec(), None, depth + 1),
            (Some([script, ..]), false) => self.inner(script, depth + 1),
            _ => match (after.iter().position(|w| !w.text.starts_with('-')), input) {
                (Some(at), _) => self.run(after.get(at..).unwrap_or_default().to_vec(), None, depth + 1),
                (None, Some(input)) => self.inner(&input, depth + 1),
                (None, None) => {}
            },
        }
    }

    fn inner(&mut self, script: &Word, depth: usize) {
        let mut cut = words::shell(&script.text);
        for command in &mut cut.commands {
            for word in command.words.iter_mut().chain(&mut command.input) {
                word.line += script.line;
            }
        }
        self.script(cut, depth);
    }

    /// A port of a container, made reachable at this machine's addresses unless one is given.
    fn published(&mut self, port: &Word) {
        let address = port.text.rsplitn(3, ':').nth(2).unwrap_or("0.0.0.0");
        if port.text.contains(':') && !loopback(address) {
            let because = "a container's port is published".to_owned();
            self.asset(AssetKind::Listener, self.state(), port.line, address, None, because);
        }
    }

    fn flags_of_variable(&mut self, name: &str, value: &str, line: u64) {
        let Some(program) = self.programs.by_variable(name) else { return };
        self.parts.programs.insert(program.id.clone());
        self.parts.starts = true;
        let script = words::shell(value);
        let mut words = vec![Word { text: name.to_owned(), line }];
        words.extend(script.commands.into_iter().flat_map(|c| c.words).map(|w| Word { text: w.text, line }));
        let words = self.expanded(words);
        if !self.affords(words.len()) {
            return;
        }
        let args = Args::of(&words, program, self.programs);
        self.flags(program, &args);
    }

    /// Whether as much was found as is listed.
    fn is_full(&mut self) -> bool {
        let full = self.parts.operations.len() + self.parts.assets.len() >= MOST_FACTS;
        self.parts.partial |= full;
        full
    }

    /// Whether so many more words may still be looked at.
    fn affords(&mut self, words: usize) -> bool {
        let left = self.left.checked_sub(words);
        self.left = left.unwrap_or(0);
        self.parts.partial |= left.is_none();
        left.is_some()
    }

    fn at(&self, line: u64) -> Where {
        Where { line: self.place.line.map(|first| first + line), ..self.place.clone() }
    }

    fn state(&self) -> State {
        if self.inactive { State::Inactive } else { State::Active }
    }

    /// Adds what sends, or relays.
    fn sends(&mut self, line: u64, id: &str, sends: DataKinds, what: &str, to: Spelled, most: Certainty) {
        let mut operation = operation(self.at(line), id, sends, what, to, self.context);
        operation.certainty = operation.certainty.min(most);
        operation.state = self.state();
        // A flag in a variable is met where the variable is set and where it is used.
        let same =
            |o: &Operation| o.id == operation.id && o.state == operation.state && o.route == operation.route;
        let again = id.starts_with('-') && self.parts.operations.iter().any(same);
        if !again && !self.is_full() {
            self.parts.operations.push(operation);
        }
    }

    /// Adds what downloads. From nowhere in particular it comes from outside; from here it is no download.
    fn fetches(&mut self, line: u64, id: &str, what: &str, from: Spelled, most: Certainty) {
        let unsaid = from == Spelled::default();
        let mut operation = operation(self.at(line), id, DataKinds::NONE, what, from, self.context);
        if unsaid {
            operation.locality = Locality::Remote;
            operation.certainty = Certainty::Implied;
            operation.because = what.to_owned();
        }
        operation.fetch = true;
        operation.certainty = operation.certainty.min(most);
        operation.state = self.state();
        if operation.locality != Locality::Local && !self.is_full() {
            self.parts.operations.push(operation);
        }
    }

    fn asset(
        &mut self,
        kind: AssetKind,
        state: State,
        line: u64,
        name: &str,
        service: Option<&str>,
        because: String,
    ) {
        if self.is_full() {
            return;
        }
        self.parts.assets.push(Asset {
            kind,
            name: shown(name),
            place: self.at(line),
            state,
            service: service.map(str::to_owned),
            sha256: None,
            because,
        });
    }
}

/// How sure a flag or a command of a program can make anybody.
fn most(program: &Program) -> Certainty {
    if program.general { Certainty::Possible } else { Certainty::Stated }
}

#[cfg(test)]
mod tests;

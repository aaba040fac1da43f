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
mod words;

pub(super) use flags::loopback;
pub(super) use words::Word;

use super::Context;
use super::endpoint::{operation, shown};
use crate::model::data::{Certainty, DataKinds, Locality};
use crate::model::inventory::{Asset, AssetKind, Operation, Setting, Spelled, State, Where};
use crate::services::programs::{Program, Programs};
use args::{Args, base_name};
use std::collections::{BTreeMap, BTreeSet};
use words::{Command, Script};

/// Deepest nesting of scripts in words: `sh -c "sh -c ..."`.
const DEEPEST: usize = 4;
/// Longest value of a variable that is followed.
const LONGEST_VALUE: usize = 8 << 10;
/// Most values of one variable that are followed.
const MOST_VALUES: usize = 16;
/// Most words of one command.
const MOST_WORDS: usize = 4096;

/// What command lines do.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) operations: Vec<Operation>,
    /// Listeners, guards, packages, remote code, telemetry that is switched on or off.
    pub(super) assets: Vec<Asset>,
    /// Variables that are given a value.
    pub(super) settings: Vec<Setting>,
    pub(super) notes: BTreeSet<String>,
    /// Ids of the programs that were recognised, those with a general file name left out.
    pub(super) programs: BTreeSet<String>,
    /// Whether a limit was reached.
    pub(super) partial: bool,
}

/// Reads a POSIX shell script or a line of one. Its first line stands at `place`.
pub(super) fn shell(text: &str, place: &Where, context: &Context<'_>) -> Parts {
    let mut reader = Reader::new(place, context);
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
    let mut reader = Reader::new(place, context);
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
        let words = args::unwrapped(&words, self.programs);
        let Some(first) = words.first() else { return };
        let name = base_name(&first.text);
        if let Some(shell) = self.programs.shell(name) {
            self.nested(words, input, shell.batch, depth);
            return;
        }
        if first.text.starts_with('-') {
            self.anyones_flags(words);
            return;
        }
        let Some(program) = self.programs.program(name) else { return };
        if !program.general {
            self.parts.programs.insert(program.id.clone());
        }
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

    /// Takes `NAME=value` from the front, and all of `export`, `set` and their like.
    fn assignments(&mut self, words: Vec<Word>) -> Vec<Word> {
        const DECLARING: [&str; 7] = ["export", "set", "declare", "typeset", "local", "readonly", "setx"];
        let mut words: std::collections::VecDeque<Word> = words.into();
        while words
            .front()
            .is_some_and(|w| matches!(w.text.as_str(), "{" | "}" | "!" | "then" | "else" | "do"))
        {
            words.pop_front();
        }
        let declares =
            words.front().is_some_and(|w| DECLARING.iter().any(|d| w.text.eq_ignore_ascii_case(d)));
        if declares {
            words.pop_front();
            for word in words {
                self.assign(&word);
            }
            return Vec::new();
        }
        while words.front().is_some_and(|w| assignment(&w.text).is_some()) {
            if let Some(word) = words.pop_front() {
                self.assign(&word);
            }
        }
        words.into()
    }

    fn assign(&mut self, word: &Word) {
        let Some((name, value)) = assignment(&word.text) else { return };
        let (name, value) = (name.to_owned(), self.expand(value.trim()));
        let known = match self.programs.is_secret(&name) || self.programs.by_variable(&name).is_some() {
            // That nothing is filled in is no secret. Flags may hold tokens.
            true => self.programs.is_placeholder(&value).then(String::new),
            false => (!value.contains("${")).then(|| value.clone()),
        };
        self.parts.settings.push(Setting {
            name: name.clone(),
            value: known,
            certainty: Certainty::Implied,
            place: self.at(word.line),
        });
        if self.programs.by_variable(&name).is_some() {
            self.flags_of_variable(&name, &value, word.line);
        }
        let values = self.variables.entry(name).or_default();
        if value.len() <= LONGEST_VALUE && values.len() < MOST_VALUES {
            values.push(value);
        } else {
            self.parts.partial = true;
        }
    }

    /// A word that is one variable becomes the words of all its values, for branches set it differently.
    fn expanded(&mut self, words: Vec<Word>) -> Vec<Word> {
        let mut out: Vec<Word> = Vec::new();
        for word in words {
            let values = whole_variable(&word.text).and_then(|name| self.variables.get(name));
            let values = values.filter(|v| v.iter().any(|v| v.contains(' ') || v.starts_with('-')));
            match values {
                Some(values) => {
                    let split = values.iter().flat_map(|v| v.split_whitespace());
                    out.extend(split.map(|text| Word { text: text.to_owned(), line: word.line }));
                }
                None => out.push(Word { text: self.expand(&word.text), line: word.line }),
            }
            if out.len() > MOST_WORDS {
                self.parts.partial = true;
                out.truncate(MOST_WORDS);
                break;
            }
        }
        out
    }

    /// Variables replaced by what the script last set them to; others stay as they are.
    fn expand(&self, text: &str) -> String {
        let (mut out, mut rest) = (String::new(), text);
        while let Some((before, from)) = rest.split_once("${") {
            out.push_str(before);
            let Some((inner, after)) = from.split_once('}') else {
                out.push_str("${");
                rest = from;
                continue;
            };
            let name = inner.split_once(":-").map_or(inner, |(name, _)| name);
            match self.variables.get(name).and_then(|v| v.last()).filter(|v| !v.is_empty()) {
                Some(value) => out.push_str(value),
                None => out.push_str(&format!("${{{inner}}}")),
            }
            if out.len() > LONGEST_VALUE {
                return text.to_owned();
            }
            rest = after;
        }
        out.push_str(rest);
        out
    }

    fn flags_of_variable(&mut self, name: &str, value: &str, line: u64) {
        let Some(program) = self.programs.by_variable(name) else { return };
        self.parts.programs.insert(program.id.clone());
        let script = words::shell(value);
        let mut words = vec![Word { text: name.to_owned(), line }];
        words.extend(script.commands.into_iter().flat_map(|c| c.words).map(|w| Word { text: w.text, line }));
        let words = self.expanded(words);
        let args = Args::of(&words, program, self.programs);
        self.flags(program, &args);
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
        self.parts.operations.push(operation);
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
        if operation.locality != Locality::Local {
            self.parts.operations.push(operation);
        }
    }

    fn asset(&mut self, kind: AssetKind, line: u64, name: &str, service: Option<&str>, because: String) {
        self.parts.assets.push(Asset {
            kind,
            name: shown(name),
            place: self.at(line),
            state: self.state(),
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

/// `NAME=value`, `NAME+=value`.
fn assignment(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    let name = name.strip_suffix('+').unwrap_or(name);
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    (plain && !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit())).then_some((name, value))
}

/// The variable that a word consists of.
fn whole_variable(word: &str) -> Option<&str> {
    let inner = word.strip_prefix("${")?.strip_suffix('}')?;
    let name = inner.split_once(":-").map_or(inner, |(name, _)| name);
    (!name.is_empty() && !name.contains(['$', '{'])).then_some(name)
}

#[cfg(test)]
mod tests;

//! Command lines that a program runs: a text for the shell, or a list of words.
//!
//! What they mean is for the reader of command lines to say. A part that is decided elsewhere stays open in
//! its word, as a variable of a script does.

use super::program::{Argument, Expr, Id};
use super::reader::Reader;
use super::value::{Fallback, Open, Piece, Value};
use crate::inventory::command::{self, Parts};
use crate::inventory::variables::{Found, Given, Program, Variable, no_siblings};
use crate::model::inventory::{State, Where};
use crate::services::environment::{Effect, Environment};
use crate::services::sdks::Call;

/// Most words of a command that are put together.
const MOST_WORDS: usize = 256;

impl Reader<'_> {
    /// A call that runs a command.
    pub(super) fn command(&mut self, id: Id, call: &Call, arguments: &[Argument]) {
        let named = call.what.iter().find_map(|name| self.named(arguments, name));
        let Some(first) = named.or_else(|| self.at(arguments, call.what_at)) else { return };
        let place = self.place(id);
        let mut words = self.words(first);
        // `spawn("name", ["word"])`, `create_subprocess_exec("name", "word")`.
        let positional = arguments.iter().take_while(|a| a.name.is_none() && !a.spread);
        for more in positional.skip(call.what_at + 1) {
            words.extend(self.words(more.value));
        }
        let parts = match words.as_slice() {
            [] => return,
            [line] => command::shell(line, &place, self.context),
            words => command::words(words, &place, self.context),
        };
        self.commands(parts);
    }

    /// Lines for the shell that stand beside the code.
    pub(super) fn shell(&mut self, text: &str, line: u64) {
        let parts = command::shell(text, &Where::line(self.path, line), self.context);
        self.commands(parts);
    }

    /// Variables that the program sets for itself and that open a way out by doing so.
    pub(super) fn openings(&mut self) {
        let opens = |name: &String| {
            let switch = Environment::shipped().switch(name);
            switch.is_some_and(|s| matches!(s.effect, Effect::Relay | Effect::Trace))
        };
        let set = self.set.iter().filter(|(name, _)| opens(name));
        let variables: Vec<Variable> = set
            .flat_map(|(name, set)| set.iter().map(move |(value, line)| (name, value, line)))
            .filter_map(|(name, value, line)| {
                let given = Given::Text(value.clone()?);
                Some(Variable::with(name, given, Where::line(self.path, *line)))
            })
            .collect();
        self.commands(Parts { variables, starts: true, ..Parts::default() });
    }

    fn commands(&mut self, parts: Parts) {
        let mut found = Found::new(self.path, self.context);
        let runs =
            Program { name: "", state: State::Active, runs: true, variables: &[], siblings: &no_siblings };
        found.commands(parts, &runs);
        self.hosts.extend(found.operations.iter().flat_map(|o| o.route.iter().cloned()));
        self.operations.extend(found.operations);
        self.assets.extend(found.assets);
        self.notes.extend(found.notes);
        self.partial |= found.partial;
    }

    /// The words that an expression gives a command: those of a list, also of several put together.
    fn words(&self, id: Id) -> Vec<String> {
        let program = self.evaluator.program;
        if let Expr::Joined(pieces) = program.expr(id) {
            let is_list = |id: &Id| self.evaluator.values(*id).iter().any(|v| matches!(v, Value::List(_)));
            if pieces.iter().any(is_list) {
                let words = pieces.iter().take(MOST_WORDS).flat_map(|piece| self.words_of(*piece));
                return words.take(MOST_WORDS).collect();
            }
        }
        self.words_of(id)
    }

    fn words_of(&self, id: Id) -> Vec<String> {
        let mut out = Vec::new();
        for value in self.evaluator.values(id).iter() {
            match value {
                Value::List(list) => {
                    let Expr::List(items) = self.evaluator.program.expr(*list) else { continue };
                    let items = items.iter().take(MOST_WORDS);
                    let word = |id: &Id| {
                        self.evaluator.values(*id).first().and_then(word).unwrap_or_else(|| "${}".to_owned())
                    };
                    out.extend(items.map(word));
                }
                value => out.extend(word(value)),
            }
        }
        out.truncate(MOST_WORDS);
        out
    }
}

/// A value as a word: what is open in it as a variable of a script.
fn word(value: &Value) -> Option<String> {
    let open = |open: &Open| {
        let plain = |n: &&String| n.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let name = open.names.first().filter(plain).map_or("", String::as_str);
        match &open.default {
            Fallback::Text(text) if !name.is_empty() && !text.contains('}') => format!("${{{name}:-{text}}}"),
            _ => format!("${{{name}}}"),
        }
    };
    match value {
        Value::Text(text) => Some(
            text.0
                .iter()
                .map(|piece| match piece {
                    Piece::Known(text) => text.clone(),
                    Piece::Open(it) => open(it),
                })
                .collect(),
        ),
        Value::Open(it) => Some(open(it)),
        Value::Symbol(path) => Some(format!("${{{path}}}")),
        _ => None,
    }
}

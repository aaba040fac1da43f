//! Other programs that a program starts: `subprocess.run(["curl", ...])`, `execSync("cloudflared ...")`.

use super::program::{Call, Expr, Id};
use super::reader::Reader;
use super::value::{Fallback, Piece, Text, Value};
use crate::inventory::command::{self, Parts};

/// Stands for what a program puts into a command line.
const HOLE: &str = "_";
/// Most values of a command line that are read.
const MOST_LINES: usize = 4;

impl Reader<'_> {
    /// Reads the command line that a call starts.
    pub(super) fn starts(&mut self, id: Id, call: &Call) {
        let starts = &self.evaluator.sdks.words(self.evaluator.language).map(|w| w.starts.as_slice());
        let starts = starts.unwrap_or_default();
        let callees = self.evaluator.values(call.callee);
        let is = |value: &Value| match value {
            Value::Symbol(path) => {
                let path = path.strip_prefix("node:").unwrap_or(path);
                starts.iter().any(|s| s == path)
            }
            _ => false,
        };
        if starts.is_empty() || !callees.iter().any(is) {
            return;
        }
        let mut given = call.arguments.iter().filter(|a| a.name.is_none() && !a.spread).map(|a| a.value);
        let named = || self.named(&call.arguments, "args");
        let Some(first) = given.next().or_else(named) else { return };
        // `spawn("curl", ["-d", ...])`, `create_subprocess_exec("curl", "-d", ...)`.
        let more: Vec<String> = given.flat_map(|id| self.words_of(id)).collect();
        let place = self.place(id);
        let mut found: Vec<Parts> = Vec::new();
        for value in self.evaluator.values(first).iter().take(MOST_LINES) {
            match line(value) {
                Some(text) if more.is_empty() => found.push(command::shell(&text, &place, self.context)),
                Some(text) => {
                    let words: Vec<String> = std::iter::once(text).chain(more.iter().cloned()).collect();
                    found.push(command::words(&words, &place, self.context));
                }
                None => {
                    let words = self.words_of(first);
                    found.push(command::words(&words, &place, self.context));
                    break;
                }
            }
        }
        for parts in found {
            self.hosts.extend(parts.operations.iter().flat_map(|o| o.route.iter().cloned()));
            self.operations.extend(parts.operations);
            self.assets.extend(parts.assets);
        }
    }

    /// The words of a list, or one word; what is not known stands as a hole.
    fn words_of(&self, id: Id) -> Vec<String> {
        let values = self.evaluator.values(id);
        let list = values.iter().find_map(|v| match v {
            Value::List(list) => Some(*list),
            _ => None,
        });
        let Some(Expr::List(items)) = list.map(|list| self.evaluator.program.expr(list)) else {
            return values.first().and_then(line).into_iter().collect();
        };
        self.evaluator.tick(items.len());
        let word = |id: &Id| {
            let values = self.evaluator.values(*id);
            values.first().and_then(line).unwrap_or_else(|| HOLE.to_owned())
        };
        items.iter().take_while(|_| !self.evaluator.exhausted()).map(word).collect()
    }
}

/// A value as part of a command line.
fn line(value: &Value) -> Option<String> {
    let of = |text: &Text| {
        let piece = |piece: &Piece| match piece {
            Piece::Known(text) => text.clone(),
            Piece::Open(open) => match &open.default {
                Fallback::Text(text) => text.clone(),
                _ => HOLE.to_owned(),
            },
        };
        text.0.iter().map(piece).collect()
    };
    match value {
        Value::Text(text) => Some(of(text)),
        Value::Open(open) => Some(of(&Text::open(open.clone()))),
        _ => None,
    }
}

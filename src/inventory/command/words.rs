//! A script cut into commands and words: POSIX shells, and batch files.
//!
//! Variables stay in the words as `${NAME}` or `${NAME:-default}`, whatever the dialect wrote; the output
//! of a command is `${}`, and its commands are listed beside the others. Nothing is run, no file is opened.

/// Most commands of one script.
const MOST_COMMANDS: usize = 20_000;
/// Most documents that are given to the commands of one line.
const MOST_DOCUMENTS: usize = 64;
/// Deepest nesting of commands in words.
const DEEPEST: usize = 12;

/// A word and its line, from 0 at the start of the script.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::inventory) struct Word {
    pub(in crate::inventory) text: String,
    pub(in crate::inventory) line: u64,
}

/// A command, or a comment that may hold one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) words: Vec<Word>,
    /// The text of a document that it is given.
    pub(super) input: Option<Word>,
    pub(super) comment: bool,
}

/// A script, cut up.
#[derive(Debug, Default)]
pub(super) struct Script {
    pub(super) commands: Vec<Command>,
    /// Whether a limit was reached.
    pub(super) partial: bool,
}

/// Cuts a POSIX shell script.
pub(super) fn shell(text: &str) -> Script {
    let mut lexer = Lexer { rest: text, line: 0, out: Script::default(), heredocs: Vec::new() };
    while !lexer.rest.is_empty() && !lexer.out.partial {
        lexer.commands(0);
    }
    lexer.out
}

struct Lexer<'a> {
    rest: &'a str,
    line: u64,
    out: Script,
    /// Documents that begin at the next line: their end word, whether tabs are cut, their command.
    heredocs: Vec<(String, bool, Option<usize>)>,
}

/// A command on its way.
#[derive(Default)]
struct Open {
    command: Command,
    word: Option<Word>,
    /// The next word is the target of a redirection.
    target: bool,
    /// The next word ends a document; whether its tabs are cut.
    end_word: Option<bool>,
    /// Inside `NAME=( ... )`.
    array: bool,
}

impl Lexer<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.rest = self.rest.get(c.len_utf8()..).unwrap_or("");
        if c == '\n' {
            self.line += 1;
        }
        Some(c)
    }

    fn eat(&mut self, start: &str) -> bool {
        match self.rest.strip_prefix(start) {
            Some(rest) => {
                self.line += start.matches('\n').count() as u64;
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Commands until the end, or until the `)` that closes a nesting.
    fn commands(&mut self, depth: usize) {
        let mut open = Open::default();
        while let Some(c) = self.peek() {
            if self.out.partial {
                return;
            }
            let in_word = open.word.is_some();
            match c {
                '#' if !in_word => self.comment(),
                ' ' | '\t' | '\r' => {
                    self.next();
                    self.end_of_word(&mut open);
                }
                '\n' => {
                    self.next();
                    if open.array {
                        self.end_of_word(&mut open);
                        continue;
                    }
                    self.end_of_command(&mut open);
                    self.documents();
                }
                '(' if open.word.as_ref().is_some_and(|w| w.text.ends_with('=')) => {
                    self.next();
                    open.array = true;
                }
                ')' if open.array => {
                    self.next();
                    open.array = false;
                }
                ')' if depth > 0 => {
                    self.next();
                    self.end_of_command(&mut open);
                    return;
                }
                ';' | '(' | ')' | '|' => {
                    self.next();
                    self.end_of_command(&mut open);
                }
                '&' if self.rest.starts_with("&>") => {
                    self.next();
                    self.end_of_word(&mut open);
                }
                '&' => {
                    self.next();
                    self.end_of_command(&mut open);
                }
                '<' | '>' => self.redirection(&mut open, depth),
                _ => self.part(&mut open, depth),
            }
        }
        self.end_of_command(&mut open);
    }

    fn comment(&mut self) {
        let line = self.line;
        let end = self.rest.find('\n').unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        let text = text.trim_start_matches('#').trim().to_owned();
        self.push(Command { words: vec![Word { text, line }], input: None, comment: true });
    }

    fn redirection(&mut self, open: &mut Open, depth: usize) {
        // A number before it names a stream.
        if open.word.as_ref().is_some_and(|w| w.text.bytes().all(|b| b.is_ascii_digit())) {
            open.word = None;
        }
        self.end_of_word(open);
        if self.eat("<<<") {
            open.target = true;
        } else if self.eat("<<-") {
            open.end_word = Some(true);
        } else if self.eat("<<") {
            open.end_word = Some(false);
        } else if self.eat("<(") || self.eat(">(") {
            self.nested(depth);
            open.word = Some(Word { text: "${}".to_owned(), line: self.line });
        } else {
            self.next();
            while matches!(self.peek(), Some('>' | '&' | '|')) {
                self.next();
            }
            open.target = true;
        }
    }

    fn nested(&mut self, depth: usize) {
        if depth >= DEEPEST {
            self.out.partial = true;
        } else {
            self.commands(depth + 1);
        }
    }

    /// One part of a word: a quoted text, a variable, a character.
    fn part(&mut self, open: &mut Open, depth: usize) {
        let line = self.line;
        let mut text = std::mem::take(&mut open.word.get_or_insert(Word { text: String::new(), line }).text);
        match self.next() {
            Some('\'') => {
                while let Some(c) = self.next().filter(|c| *c != '\'') {
                    text.push(c);
                }
            }
            Some('"') => self.quoted(&mut text, depth),
            Some('\\') => match self.next() {
                Some('\n') | None => {}
                Some('\r') if self.peek() == Some('\n') => {
                    self.next();
                }
                Some(c) => text.push(c),
            },
            Some('$') => self.variable(&mut text, depth),
            Some('`') => self.backticks(&mut text, depth),
            Some(c) => text.push(c),
            None => {}
        }
        if let Some(word) = &mut open.word {
            word.text = text;
        }
        // A continuation alone begins no word.
        if open.word.as_ref().is_some_and(|w| w.text.is_empty()) && self.line > line {
            open.word = None;
        }
    }

    fn quoted(&mut self, text: &mut String, depth: usize) {
        while let Some(c) = self.next() {
            match c {
                '"' => return,
                '\\' => match self.next() {
                    Some('\n') | None => {}
                    Some(c @ ('"' | '\\' | '$' | '`')) => text.push(c),
                    Some(c) => text.extend(['\\', c]),
                },
                '$' => self.variable(text, depth),
                '`' => self.backticks(text, depth),
                c => text.push(c),
            }
        }
    }

    fn backticks(&mut self, text: &mut String, depth: usize) {
        let end = self.rest.find('`').unwrap_or(self.rest.len());
        let (inner, rest) = self.rest.split_at(end);
        let after = rest.strip_prefix('`').unwrap_or(rest);
        let line = self.line;
        self.rest = inner;
        self.nested(depth);
        self.rest = after;
        self.line = line + inner.matches('\n').count() as u64;
        text.push_str("${}");
    }

    /// What follows a `$`.
    fn variable(&mut self, text: &mut String, depth: usize) {
        if self.eat("((") {
            let end = self.rest.find("))").map_or(self.rest.len(), |at| at + 2);
            self.line += self.rest.get(..end).unwrap_or("").matches('\n').count() as u64;
            self.rest = self.rest.get(end..).unwrap_or("");
            text.push_str("${}");
        } else if self.eat("(") {
            self.nested(depth);
            text.push_str("${}");
        } else if self.eat("{") {
            self.braces(text);
        } else {
            let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let end = self.rest.find(|c| !word(c)).unwrap_or(self.rest.len());
            let end =
                if end > 0 { end } else { self.peek().filter(|c| "@*?#!$-".contains(*c)).map_or(0, |_| 1) };
            let (name, rest) = self.rest.split_at(end);
            self.rest = rest;
            match name {
                "" => text.push('$'),
                name => text.push_str(&format!("${{{name}}}")),
            }
        }
    }

    /// `${...}`: the name, and the default if it has a plain one.
    fn braces(&mut self, text: &mut String) {
        let (mut depth, mut inner) = (1, String::new());
        while let Some(c) = self.next() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
            inner.push(c);
        }
        text.push_str(&normal(&inner));
    }

    fn end_of_word(&mut self, open: &mut Open) {
        if open.array {
            if let Some(word) = &mut open.word {
                word.text.push(' ');
            }
            return;
        }
        let Some(word) = open.word.take() else { return };
        if let Some(tabs) = open.end_word.take() {
            self.heredocs.push((word.text, tabs, None));
            self.out.partial |= self.heredocs.len() > MOST_DOCUMENTS;
        } else if std::mem::take(&mut open.target) {
            // A file that is read or written: no word of the command.
        } else {
            open.command.words.push(word);
        }
    }

    fn end_of_command(&mut self, open: &mut Open) {
        open.array = false;
        self.end_of_word(open);
        let command = std::mem::take(&mut open.command);
        if !command.words.is_empty() {
            let at = self.out.commands.len();
            for (_, _, of) in self.heredocs.iter_mut().filter(|(_, _, of)| of.is_none()) {
                *of = Some(at);
            }
            self.push(command);
        }
    }

    fn push(&mut self, command: Command) {
        if self.out.commands.len() >= MOST_COMMANDS {
            self.out.partial = true;
        } else {
            self.out.commands.push(command);
        }
    }

    /// Documents that begin here are given to their commands, not read as commands.
    fn documents(&mut self) {
        for (end, tabs, of) in std::mem::take(&mut self.heredocs) {
            let line = self.line;
            let mut text = String::new();
            while !self.rest.is_empty() {
                let cut = self.rest.find('\n').map_or(self.rest.len(), |at| at + 1);
                let (row, rest) = self.rest.split_at(cut);
                self.rest = rest;
                self.line += 1;
                let bare = row.trim_end_matches(['\r', '\n']);
                if (if tabs { bare.trim_start_matches('\t') } else { bare }) == end {
                    break;
                }
                text.push_str(row);
            }
            if let Some(command) = of.and_then(|at| self.out.commands.get_mut(at)) {
                command.input = Some(Word { text, line });
            }
        }
    }
}

/// The inside of `${...}` in the one form that words keep.
fn normal(inner: &str) -> String {
    let end = inner.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(inner.len());
    let (name, rest) = inner.split_at(end);
    let rest = rest.split_once(']').filter(|_| rest.starts_with('[')).map_or(rest, |(_, after)| after);
    let default =
        rest.strip_prefix(":-").or_else(|| rest.strip_prefix(":=")).or_else(|| rest.strip_prefix(['-', '=']));
    match default.map(|d| d.trim_matches(['"', '\''])).filter(|d| !d.contains(['$', '`', '{', '}'])) {
        Some(default) if !name.is_empty() => format!("${{{name}:-{default}}}"),
        _ => format!("${{{name}}}"),
    }
}

#[cfg(test)]
mod tests;

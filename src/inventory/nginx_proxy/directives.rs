//! nginx's configuration as a tree of directives.

/// Deepest nesting of blocks.
const DEEPEST: usize = 32;

/// A directive: its name, its words, and what its block holds.
#[derive(Debug, Default)]
pub(super) struct Directive {
    pub(super) name: String,
    pub(super) words: Vec<String>,
    pub(super) line: u64,
    pub(super) block: Vec<Directive>,
}

/// The directives of a text, and whether it was read to its end with every block closed.
pub(super) fn read(text: &str) -> (Vec<Directive>, bool) {
    let mut open: Vec<Directive> = vec![Directive::default()];
    let mut current = Directive::default();
    let mut whole = true;
    let tokens = Tokens { rest: text, line: 1 };
    for (token, line) in tokens {
        match token {
            Token::Word(word) if current.name.is_empty() => {
                current.name = word;
                current.line = line;
            }
            Token::Word(word) => current.words.push(word),
            Token::End => put(&mut open, std::mem::take(&mut current)),
            Token::Open if open.len() > DEEPEST => {
                whole = false;
                break;
            }
            Token::Open => open.push(std::mem::take(&mut current)),
            Token::Close if open.len() == 1 => whole = false,
            Token::Close => {
                if let Some(closed) = open.pop() {
                    put(&mut open, closed);
                }
            }
        }
    }
    // What was cut short still says something.
    whole &= open.len() == 1 && current.name.is_empty();
    put(&mut open, current);
    while open.len() > 1 {
        if let Some(closed) = open.pop() {
            put(&mut open, closed);
        }
    }
    (open.pop().map(|root| root.block).unwrap_or_default(), whole)
}

fn put(open: &mut [Directive], directive: Directive) {
    if let Some(parent) = open.last_mut().filter(|_| !directive.name.is_empty()) {
        parent.block.push(directive);
    }
}

enum Token {
    Word(String),
    End,
    Open,
    Close,
}

struct Tokens<'t> {
    rest: &'t str,
    line: u64,
}

impl Tokens<'_> {
    fn skip(&mut self, bytes: usize) {
        let (passed, rest) = self.rest.split_at(bytes.min(self.rest.len()));
        self.line += memchr::memchr_iter(b'\n', passed.as_bytes()).count() as u64;
        self.rest = rest;
    }
}

impl Iterator for Tokens<'_> {
    type Item = (Token, u64);

    fn next(&mut self) -> Option<(Token, u64)> {
        loop {
            let blank = self.rest.len() - self.rest.trim_start().len();
            self.skip(blank);
            if !self.rest.starts_with('#') {
                break;
            }
            self.skip(self.rest.find('\n').unwrap_or(self.rest.len()));
        }
        let line = self.line;
        let first = self.rest.chars().next()?;
        let token = match first {
            ';' => Token::End,
            '{' => Token::Open,
            '}' => Token::Close,
            '"' | '\'' => {
                let inside = self.rest.get(1..).unwrap_or_default();
                let end = inside.find(first).unwrap_or(inside.len());
                let word = inside.get(..end).unwrap_or_default().to_owned();
                self.skip(end + 2);
                return Some((Token::Word(word), line));
            }
            _ => {
                let end = word_end(self.rest);
                let word = self.rest.get(..end).unwrap_or_default().to_owned();
                self.skip(end);
                return Some((Token::Word(word), line));
            }
        };
        self.skip(1);
        Some((token, line))
    }
}

/// Where a word ends; `${name}` belongs to it.
fn word_end(text: &str) -> usize {
    let mut braces = 0usize;
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        match c {
            '{' if before == '$' => braces += 1,
            '}' if braces > 0 => braces -= 1,
            c if c.is_whitespace() || matches!(c, ';' | '{' | '}') => return at,
            _ => {}
        }
        before = c;
    }
    text.len()
}

//! Batch files cut into commands and words, in the form that `words` gives shell scripts.

use super::words::{Command, Script, Word};

/// Most lines that are read.
const MOST_LINES: usize = 20_000;

/// Cuts a batch file.
pub(super) fn batch(text: &str) -> Script {
    let mut out = Script::default();
    let mut lines = text.lines().enumerate();
    while let Some((n, first)) = lines.next() {
        if n >= MOST_LINES {
            out.partial = true;
            return out;
        }
        let mut row = first.trim_end().to_owned();
        while row.ends_with('^') {
            row.pop();
            match lines.next() {
                Some((_, more)) => row.push_str(more.trim()),
                None => break,
            }
        }
        line(row.trim(), n as u64, &mut out);
    }
    out
}

fn line(row: &str, number: u64, out: &mut Script) {
    let row = row.trim_start_matches(['@', ' ', '\t']);
    let head = row.split_whitespace().next().unwrap_or("").to_ascii_lowercase();
    if head == "rem" || head.starts_with("::") {
        let text = row.strip_prefix("::").unwrap_or_else(|| row.get(3..).unwrap_or("")).trim().to_owned();
        out.commands.push(Command { words: vec![Word { text, line: number }], input: None, comment: true });
        return;
    }
    if head.starts_with(':') {
        return;
    }
    for part in parts(row) {
        let texts = command(&part);
        if !texts.is_empty() {
            let words = texts.into_iter().map(|text| Word { text, line: number }).collect();
            out.commands.push(Command { words, input: None, comment: false });
        }
    }
}

/// Cut at `&`, `|`, and parentheses that stand alone, outside quotes.
fn parts(row: &str) -> Vec<String> {
    let (mut out, mut part, mut quoted, mut open) = (Vec::new(), String::new(), false, 0_usize);
    let mut chars = row.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                quoted = !quoted;
                part.push(c);
            }
            '^' if !quoted => part.extend(chars.next()),
            '&' | '|' if !quoted => out.push(std::mem::take(&mut part)),
            '(' if !quoted && part.trim_end().len() < part.len().max(1) => {
                open += 1;
                out.push(std::mem::take(&mut part));
            }
            ')' if !quoted && open > 0 => {
                open -= 1;
                out.push(std::mem::take(&mut part));
            }
            c => part.push(c),
        }
    }
    out.push(part);
    out
}

/// The words of a command, conditions before it left out.
fn command(part: &str) -> Vec<String> {
    let mut rest = part.trim().trim_start_matches('@').trim_start();
    loop {
        if let Some(after) = keyword(rest, "if") {
            rest = condition(after);
        } else if let Some(after) = keyword(rest, "else").or_else(|| keyword(rest, "do")) {
            rest = after;
        } else {
            break;
        }
    }
    if let Some(after) = keyword(rest, "set") {
        // Everything up to the end of the line is the value; quotes may stand around the pair.
        let after = after.trim();
        let pair =
            after.strip_prefix('"').map_or(after, |inner| inner.rsplit_once('"').map_or(inner, |(p, _)| p));
        if pair.starts_with('/') || !pair.contains('=') {
            return Vec::new();
        }
        return vec!["set".to_owned(), variables(pair)];
    }
    let (mut out, mut word, mut any, mut quoted) = (Vec::new(), String::new(), false, false);
    for c in rest.chars() {
        match c {
            '"' => {
                quoted = !quoted;
                any = true;
            }
            c if c.is_whitespace() && !quoted => {
                if any {
                    out.push(variables(&std::mem::take(&mut word)));
                }
                any = false;
            }
            c => {
                word.push(c);
                any = true;
            }
        }
    }
    if any {
        out.push(variables(&word));
    }
    out
}

fn keyword<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (head, rest) = text.split_once(char::is_whitespace)?;
    head.eq_ignore_ascii_case(word).then(|| rest.trim_start())
}

/// What follows the condition of an `if`.
fn condition(mut rest: &str) -> &str {
    loop {
        let (word, after) = first_word(rest);
        match word.to_ascii_lowercase().as_str() {
            "/i" | "not" => rest = after,
            "defined" | "exist" | "errorlevel" => return first_word(after).1,
            word if word.contains("==") => return after,
            _ => return first_word(first_word(after).1).1,
        }
    }
}

fn first_word(text: &str) -> (&str, &str) {
    let mut quoted = false;
    let end = text.find(|c: char| {
        quoted ^= c == '"';
        c.is_whitespace() && !quoted
    });
    let (word, rest) = text.split_at(end.unwrap_or(text.len()));
    (word, rest.trim_start())
}

/// `%NAME%` and `!NAME!` as `${NAME}`.
fn variables(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(['%', '!']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let mark = if from.starts_with('%') { '%' } else { '!' };
        let inner = from.get(1..).unwrap_or("");
        let name = inner
            .find(mark)
            .and_then(|end| inner.get(..end))
            .filter(|n| !n.is_empty() && n.chars().all(|c| c.is_ascii_alphanumeric() || "_()".contains(c)));
        match name {
            Some(name) => {
                out.push_str(&format!("${{{name}}}"));
                rest = inner.get(name.len() + 1..).unwrap_or("");
            }
            None => {
                out.push(mark);
                rest = inner;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests;

//! A Dockerfile as instructions: continued lines, comments between them, here-documents.

use super::Invocation;

/// Instructions as the reference lists them.
const NAMES: [&str; 18] = [
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
];

/// An instruction, with what follows its name.
pub(super) struct Instruction {
    pub(super) name: String,
    pub(super) line: u64,
    pub(super) text: String,
}

/// Every instruction of a text; `None` if it is no Dockerfile.
pub(super) fn read(text: &str) -> Option<Vec<Instruction>> {
    let escape = if text.lines().next().is_some_and(|l| l.contains("escape=`")) { '`' } else { '\\' };
    let mut all: Vec<Instruction> = Vec::new();
    let mut lines = (1u64..).zip(text.lines());
    while let Some((line, first)) = lines.next() {
        let first = first.trim();
        if first.is_empty() || first.starts_with('#') {
            continue;
        }
        let (name, rest) = first.split_once(char::is_whitespace).unwrap_or((first, ""));
        let name = name.to_ascii_uppercase();
        if !NAMES.contains(&name.as_str()) {
            return None;
        }
        let started = all.iter().any(|i| i.name == "FROM");
        if !started && !matches!(name.as_str(), "FROM" | "ARG") || name == "FROM" && rest.trim().is_empty() {
            return None;
        }
        let mut body = rest.trim().to_owned();
        while body.ends_with(escape) {
            body.pop();
            let Some((_, next)) = lines.next() else { break };
            let next = next.trim();
            // Comments and empty lines inside a continued instruction are left out, and continue it; the
            // line break stays, so that lines are counted.
            body.push_str(if matches!(name.as_str(), "RUN" | "CMD" | "ENTRYPOINT") { "\\\n" } else { "\n" });
            if next.is_empty() || next.starts_with('#') {
                body.push(escape);
            } else {
                body.push_str(next);
            }
        }
        if let Some(end) = matches!(name.as_str(), "RUN" | "COPY").then(|| here_document(&body)).flatten() {
            for (_, next) in lines.by_ref() {
                if next.trim() == end {
                    break;
                }
                body.push('\n');
                body.push_str(next);
            }
        }
        all.push(Instruction { name, line, text: body });
    }
    all.iter().any(|i| i.name == "FROM").then_some(all)
}

/// The word that ends a here-document.
fn here_document(text: &str) -> Option<String> {
    let (_, after) = text.split_once("<<")?;
    let word = after.strip_prefix('-').unwrap_or(after);
    let word = word.split_whitespace().next()?.trim_matches(['"', '\'']);
    let plain = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    plain.then(|| word.to_owned())
}

impl Instruction {
    /// Whether it reads `[--platform=...] image [AS name]`.
    pub(super) fn is_stage(&self) -> bool {
        let mut words = self.text.split_whitespace().filter(|w| !w.starts_with("--"));
        words.next().is_some() && words.next().is_none_or(|word| word.eq_ignore_ascii_case("as"))
    }

    /// `NAME=value ...`, `NAME value`, or `NAME` alone.
    pub(super) fn pairs(&self) -> Vec<(String, Option<String>)> {
        let words = quoted_words(&self.text);
        let Some(first) = words.first() else { return Vec::new() };
        if self.name == "ENV" && !first.contains('=') {
            let text = self.text.trim();
            let (name, value) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
            return vec![(name.to_owned(), Some(value.trim().trim_matches('"').to_owned()))];
        }
        let pair = |word: &String| match word.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (word.clone(), None),
        };
        words.iter().map(pair).collect()
    }

    /// What it runs: a list in JSON, a here-document, or a line for the shell.
    pub(super) fn command(&self) -> Invocation {
        let mut text = self.text.as_str();
        while let Some(rest) = text.strip_prefix("--") {
            text = rest.split_once(char::is_whitespace).map_or("", |(_, rest)| rest).trim_start();
        }
        if text.starts_with('[')
            && let Ok(words) = serde_json::from_str::<Vec<String>>(&text.replace("\\\n", " "))
        {
            return Invocation::Words(words);
        }
        // `RUN <<EOF` runs what follows; `RUN python3 <<EOF` gives it to a program.
        let body = text.strip_prefix("<<").and_then(|rest| rest.split_once('\n'));
        Invocation::Line(body.map_or_else(|| text.to_owned(), |(_, body)| format!("\n{body}")))
    }
}

/// Words, with quotes taken off and escaped spaces kept.
fn quoted_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quote, mut any) = (String::new(), None, false);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            ('\\', None | Some('"')) => word.extend(chars.next()),
            ('"' | '\'', None) => (quote, any) = (Some(c), true),
            (c, Some(q)) if c == q => quote = None,
            (c, None) if c.is_whitespace() => {
                if any || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                    any = false;
                }
            }
            (c, _) => word.push(c),
        }
    }
    if any || !word.is_empty() {
        words.push(word);
    }
    words
}

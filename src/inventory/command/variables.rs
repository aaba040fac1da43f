//! Variables of a script: what they are set to, and words in which they stand.

use super::{MOST_WORDS, Reader, Word};
use crate::inventory::variables::Variable;
use crate::model::data::Certainty;
use crate::model::inventory::Setting;
use crate::services::environment::Environment;
use std::collections::VecDeque;

/// Longest value of a variable that is followed.
const LONGEST_VALUE: usize = 8 << 10;
/// Most values of one variable that are followed.
const MOST_VALUES: usize = 16;

impl Reader<'_> {
    /// Takes `NAME=value` from the front, and all of `export`, `set` and their like.
    pub(super) fn assignments(&mut self, words: Vec<Word>) -> Vec<Word> {
        const DECLARING: [&str; 7] = ["export", "set", "declare", "typeset", "local", "readonly", "setx"];
        let mut words: VecDeque<Word> = words.into();
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

    pub(super) fn assign(&mut self, word: &Word) {
        let Some((name, value)) = assignment(&word.text) else { return };
        let (name, value) = (name.to_owned(), self.expand(value.trim()));
        let environment = Environment::shipped();
        let flags = self.programs.by_variable(&name).is_some();
        let known = match environment.is_secret(&name) || flags {
            // That nothing is filled in is no secret. Flags may hold tokens.
            true => environment.is_placeholder(&name, &value).then(String::new),
            false => (!value.contains("${")).then(|| value.clone()),
        };
        if !flags {
            let variable = Variable::read(&name, &value, self.at(word.line), &|_| None);
            self.parts.variables.push(variable);
        }
        self.parts.settings.push(Setting {
            name: name.clone(),
            value: known,
            certainty: Certainty::Implied,
            place: self.at(word.line),
        });
        if flags {
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
    pub(super) fn expanded(&mut self, words: Vec<Word>) -> Vec<Word> {
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
}

/// `NAME=value`, `NAME+=value`.
pub(super) fn assignment(word: &str) -> Option<(&str, &str)> {
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

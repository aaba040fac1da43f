//! What a container or unit starts: an entry point and a command, each a list of words or a line.

use super::Context;
use super::command::{self, Parts};
use crate::model::inventory::Where;

/// A command as words, or as a line for a shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Invocation {
    Words(Vec<String>),
    Line(String),
}

impl Invocation {
    /// What it does.
    pub(super) fn read(&self, place: &Where, context: &Context<'_>) -> Parts {
        match self {
            Invocation::Words(words) => command::words(words, place, context),
            Invocation::Line(text) => command::shell(text, place, context),
        }
    }

    fn starts_with_option(&self) -> bool {
        match self {
            Invocation::Words(words) => words.first().is_some_and(|w| w.starts_with('-')),
            Invocation::Line(text) => text.trim_start().starts_with('-'),
        }
    }

    fn into_words(self) -> Vec<String> {
        match self {
            Invocation::Words(words) => words,
            Invocation::Line(text) => text.split_whitespace().map(str::to_owned).collect(),
        }
    }
}

/// What an entry point does that is given a command as its arguments.
pub(super) fn started(
    entry: Option<(Invocation, Where)>,
    command: Option<(Invocation, Where)>,
    context: &Context<'_>,
) -> Option<Parts> {
    match (entry, command) {
        (Some((entry, _)), Some((command, place))) => {
            let alone = command.starts_with_option().then(|| command.clone());
            let whole = match (entry, command) {
                (Invocation::Line(entry), Invocation::Line(command)) => {
                    Invocation::Line(format!("{entry} {command}"))
                }
                (entry, command) => {
                    let mut words = entry.into_words();
                    words.extend(command.into_words());
                    Invocation::Words(words)
                }
            };
            let parts = whole.read(&place, context);
            // An entry point that nobody knows hands its options to a program that somebody may.
            match alone {
                Some(alone) if parts.operations.is_empty() && parts.assets.is_empty() => {
                    Some(alone.read(&place, context))
                }
                _ => Some(parts),
            }
        }
        (Some((one, place)), None) | (None, Some((one, place))) => Some(one.read(&place, context)),
        (None, None) => None,
    }
}

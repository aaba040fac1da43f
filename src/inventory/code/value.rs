//! What an expression may be when the program runs.

use super::program::{Id, ScopeId};
use std::rc::Rc;

/// Longest text that is put together.
const LONGEST: usize = 4096;
/// Most pieces of a text.
const MOST_PIECES: usize = 32;

#[derive(Debug, Clone)]
pub(super) enum Value {
    /// Nothing is known of it.
    Unknown,
    /// `None`, `null`, `undefined`.
    Nothing,
    Bool(bool),
    Text(Text),
    /// A variable, an option, an argument that nobody in the file gives: what decides, and what it is
    /// without.
    Open(Open),
    /// Something of an imported package, by its dotted path.
    Symbol(String),
    /// Something of a client: the path below it is empty for the client itself.
    Object(Rc<Made>, String),
    Function(ScopeId),
    Class(ScopeId),
    /// An object of a class of the file.
    Instance(ScopeId),
    /// The expression that makes the map or list.
    Map(Id),
    List(Id),
}

/// A client and how it was made.
#[derive(Debug, Clone)]
pub(super) struct Made {
    /// Index of the package.
    pub(super) package: usize,
    /// Index of the client in it.
    pub(super) client: usize,
    /// The call that made it; none for the functions of a module.
    pub(super) by: Option<Id>,
    /// The session that made it.
    pub(super) session: Option<Rc<Made>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Open {
    /// What decides: names of variables, `--option`, `argument name`.
    pub(super) names: Vec<String>,
    pub(super) default: Fallback,
}

/// What something is if nothing decides it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fallback {
    /// It must be given.
    Required,
    /// Nothing.
    Nothing,
    Text(String),
    Bool(bool),
    /// Something that cannot be read.
    Unknown,
}

/// A text in pieces.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Text(pub(super) Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Known(String),
    Open(Open),
}

impl Text {
    pub(super) fn known(text: &str) -> Text {
        let end = text.char_indices().map(|(at, _)| at).find(|at| *at >= LONGEST).unwrap_or(text.len());
        Text(vec![Piece::Known(text.get(..end).unwrap_or_default().to_owned())])
    }

    pub(super) fn open(open: Open) -> Text {
        Text(vec![Piece::Open(open)])
    }

    /// The whole text, if all of it is known.
    pub(super) fn whole(&self) -> Option<String> {
        self.0
            .iter()
            .map(|piece| match piece {
                Piece::Known(text) => Some(text.as_str()),
                Piece::Open(_) => None,
            })
            .collect()
    }

    /// What is known of its beginning.
    pub(super) fn head(&self) -> &str {
        match self.0.first() {
            Some(Piece::Known(text)) => text,
            _ => "",
        }
    }

    /// Puts another text behind.
    pub(super) fn push(&mut self, other: &Text) {
        for piece in &other.0 {
            let room = self.0.len() < MOST_PIECES;
            match (self.0.last_mut(), piece) {
                (Some(Piece::Known(end)), Piece::Known(more)) if end.len() + more.len() <= LONGEST => {
                    end.push_str(more);
                }
                _ if room => self.0.push(piece.clone()),
                _ => {}
            }
        }
    }
}

impl Open {
    pub(super) fn unknown() -> Open {
        Open { names: Vec::new(), default: Fallback::Unknown }
    }
}

impl Value {
    /// As a piece of text.
    pub(super) fn to_text(&self) -> Text {
        match self {
            Value::Text(text) => text.clone(),
            Value::Open(open) => Text::open(open.clone()),
            Value::Bool(b) => Text::known(if *b { "true" } else { "false" }),
            _ => Text::open(Open::unknown()),
        }
    }

    /// As a fallback of something else.
    pub(super) fn to_fallback(&self) -> Fallback {
        match self {
            Value::Nothing => Fallback::Nothing,
            Value::Bool(b) => Fallback::Bool(*b),
            Value::Text(text) => text.whole().map_or(Fallback::Unknown, Fallback::Text),
            Value::Open(open) => open.default.clone(),
            _ => Fallback::Unknown,
        }
    }

    /// Whole and known text.
    pub(super) fn whole(&self) -> Option<String> {
        match self {
            Value::Text(text) => text.whole(),
            _ => None,
        }
    }
}

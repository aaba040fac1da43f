//! A problem with something a person wrote: what, where, why, and what to do.
//!
//! Style: lower case start, no full stop, user text in backticks, never a name of a Rust type; long
//! advice goes to `help`.

use std::ops::Range;
use std::sync::Arc;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Worth knowing; the run goes on.
    Warning,
    /// The input cannot be used.
    Error,
}

/// A named text that spans point into.
#[derive(Debug, PartialEq, Eq)]
pub struct SourceText {
    /// Its name in reports: a path relative to the project, or `policies/x.toml`. It does not depend on
    /// where the project lies or where the program was started.
    pub name: String,
    /// Its name in diagnostics: the path as given, which an editor can open.
    pub path: String,
    /// The whole text.
    pub text: String,
}

impl SourceText {
    /// A named text.
    #[must_use]
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<SourceText> {
        let name = name.into();
        SourceText::at(name.clone(), name, text)
    }

    /// A text whose path, as given, is not its name in reports.
    #[must_use]
    pub fn at(path: impl Into<String>, name: impl Into<String>, text: impl Into<String>) -> Arc<SourceText> {
        Arc::new(SourceText { name: name.into(), path: path.into(), text: text.into() })
    }

    /// Line and column (both from 1, columns in characters) of a byte offset.
    #[must_use]
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset).unwrap_or(&self.text);
        let line = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |i| i + 1);
        (line, before.get(start..).unwrap_or("").chars().count() + 1)
    }
}

/// A stretch of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The text.
    pub source: Arc<SourceText>,
    /// Byte range in it.
    pub span: Range<usize>,
}

impl Place {
    /// `path:line:column`.
    #[must_use]
    pub fn show(&self) -> String {
        let (line, column) = self.source.line_column(self.span.start);
        format!("{}:{line}:{column}", self.source.path)
    }
}

/// One problem.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// How bad it is.
    pub level: Level,
    /// Stable kebab-case code.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// Where, if it is somewhere; with a short label for the caret.
    pub at: Option<(Place, String)>,
    /// A second place that matters.
    pub related: Option<(Place, String)>,
    /// What to do.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error.
    #[must_use]
    pub fn error(code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic { level: Level::Error, code, message: message.into(), at: None, related: None, help: None }
    }

    /// A warning.
    #[must_use]
    pub fn warning(code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic { level: Level::Warning, ..Diagnostic::error(code, message) }
    }

    /// Points at a place.
    #[must_use]
    pub fn at(mut self, place: Place, label: impl Into<String>) -> Diagnostic {
        self.at = Some((place, label.into()));
        self
    }

    /// Points at a second place.
    #[must_use]
    pub fn related(mut self, place: Place, label: impl Into<String>) -> Diagnostic {
        self.related = Some((place, label.into()));
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }
}

/// All problems found, in the order found.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics {
    /// The problems.
    pub list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.list.push(diagnostic);
    }

    /// Whether any of them is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|d| d.level == Level::Error)
    }
}

/// The candidate closest to a misspelt word, if one is close enough to be meant.
#[must_use]
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|c| (strsim::jaro_winkler(word, c), c))
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, c)| c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters() {
        let source = SourceText::new("a.toml", "x = 1\nünder = 2\n");
        assert_eq!(source.line_column(0), (1, 1));
        assert_eq!(source.line_column(source.text.find('=').unwrap()), (1, 3));
        assert_eq!(source.line_column(source.text.rfind('2').unwrap()), (2, 9));
    }

    #[test]
    fn a_slip_of_the_finger_is_recognised() {
        assert_eq!(closest("networs", ["domains", "networks"]), Some("networks"));
        assert_eq!(closest("zzz", ["domains", "networks"]), None);
    }
}

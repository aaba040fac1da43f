//! Problems with what somebody wrote, as an excerpt with a caret.

use crate::model::diagnostic::{Diagnostic, Level, Place};
use crate::model::text::visible;
use crate::model::{Diagnostics, SourceText};
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level as Rank, Renderer, Snippet};
use std::sync::Arc;

/// All problems as text for a terminal, in the order found, each with its excerpt, caret and advice, and a
/// blank line after it. Nothing in it can move the cursor or hide itself.
#[must_use]
pub fn render(diagnostics: &Diagnostics, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() }.decor_style(DecorStyle::Ascii);
    diagnostics.list.iter().map(|d| one(d, &renderer) + "\n\n").collect()
}

fn one(diagnostic: &Diagnostic, renderer: &Renderer) -> String {
    let level = match diagnostic.level {
        Level::Error => Rank::ERROR,
        Level::Warning => Rank::WARNING,
    };
    let message = visible(&diagnostic.message);
    let title = level.primary_title(message.as_str()).id(diagnostic.code);
    let places: Vec<_> = diagnostic.at.iter().chain(&diagnostic.related).collect();
    let shown: Vec<Shown<'_>> = places.iter().map(|(place, label)| Shown::new(place, label)).collect();
    let help = diagnostic.help.as_deref().map(visible);
    let mut group = title.elements(shown.iter().enumerate().map(|(i, s)| {
        let kind = if i == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
        Snippet::source(s.text.as_str())
            .path(s.source.path.as_str())
            .line_start(s.line)
            .annotation(kind.span(s.span.clone()).label(s.label.as_str()))
    }));
    if let Some(help) = &help {
        group = group.element(Rank::HELP.message(help.as_str()));
    }
    renderer.render(&[group])
}

/// The line a place begins on, made visible, with the span moved to fit.
struct Shown<'a> {
    source: &'a Arc<SourceText>,
    line: usize,
    text: String,
    span: std::ops::Range<usize>,
    label: String,
}

impl<'a> Shown<'a> {
    fn new(place: &'a Place, label: &str) -> Shown<'a> {
        let text = &place.source.text;
        // A parser may point into the middle of a character, or to where nothing stands.
        let start = text.floor_char_boundary(place.span.start);
        let from = text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |i| i + 1);
        let line = text.get(from..).and_then(|rest| rest.lines().next()).unwrap_or("");
        let stop = from + line.len();
        let lead = visible(text.get(from..start.min(stop)).unwrap_or(""));
        let end = text.ceil_char_boundary(place.span.end.clamp(start, stop.max(start)));
        let marked = text.get(start..end).filter(|m| !m.is_empty());
        let next = || text.get(start..stop).and_then(|rest| rest.chars().next()).map(String::from);
        let marked = marked.map(str::to_owned).or_else(next).unwrap_or_default();
        let width = visible(&marked).len().max(1);
        Shown {
            source: &place.source,
            line: place.source.line_column(start).0,
            span: lead.len()..lead.len() + width,
            // A caret after the end of the line needs something to stand under.
            text: if visible(line).len() < lead.len() + width { visible(line) + " " } else { visible(line) },
            label: visible(label),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_shows_its_line_and_what_to_do() {
        let source = SourceText::new("domicile.toml", "[boundary]\nnetwors = []\n");
        let place = Place { source, span: 11..18 };
        let mut list = Diagnostics::default();
        list.push(
            Diagnostic::error("unknown-key", "[boundary] has no key `networs`")
                .at(place, "unknown key")
                .help("did you mean `networks`?"),
        );
        let expected = "\
error[unknown-key]: [boundary] has no key `networs`
 --> domicile.toml:2:1
  |
2 | networs = []\n  | ^^^^^^^ unknown key
  |
  = help: did you mean `networks`?
";
        assert_eq!(render(&list, false).trim_end(), expected.trim_end());
    }

    #[test]
    fn any_place_can_be_shown() {
        let source = SourceText::new("p.toml", "é = ü\r\n\u{202e}\u{1f980}\n\nend");
        let length = source.text.len();
        for start in 0..length + 2 {
            for end in start..length + 2 {
                let mut list = Diagnostics::default();
                let place = Place { source: Arc::clone(&source), span: start..end };
                list.push(Diagnostic::error("x", "bad").at(place, "here"));
                assert!(render(&list, false).contains("here"), "{start}..{end}");
            }
        }
    }

    #[test]
    fn hostile_text_cannot_reach_the_terminal() {
        let source = SourceText::new("p.toml", "a = \"\u{1b}[31m\"\nb = 1");
        let place = Place { source, span: 4..12 };
        let mut list = Diagnostics::default();
        list.push(Diagnostic::error("x", "bad \u{1b}[0m").at(place, "l\u{202e}"));
        let text = render(&list, false);
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
    }
}

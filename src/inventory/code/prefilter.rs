//! Which files are worth parsing: cheap, over bytes.
//!
//! A repository has tens of thousands of files of code, and a few of them matter. One passes if it imports
//! a package of the list, holds a word that tells, or names a host of a service.

use super::super::Context;
use crate::services::Services;
use crate::services::sdks::{Language, Sdks};
use aho_corasick::{AhoCorasick, MatchKind};
use std::sync::LazyLock;

/// Most addresses of one file that are looked up.
const MOST_ADDRESSES: usize = 4096;

/// How far back the beginning of a line is looked for.
const LONGEST_LINE: usize = 512;

/// Words of a language: first the names of packages, then those that tell by themselves.
struct Filter {
    words: Option<AhoCorasick>,
    packages: usize,
}

impl Filter {
    fn of(language: Language) -> Filter {
        let sdks = Sdks::shipped();
        let mut words: Vec<String> = sdks.roots(language).map(str::to_owned).collect();
        // `from a import b` reaches `a.b`.
        let halves = words.iter().filter_map(|w| w.rsplit_once('.'));
        let halves: Vec<String> = halves.map(|(of, name)| format!("{of} import {name}")).collect();
        words.extend(halves.into_iter().filter(|_| language == Language::Python));
        words.extend(of_services_list(language));
        let packages = words.len();
        words.extend(sdks.words(language).into_iter().flat_map(|w| w.telling.iter().cloned()));
        let words = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(words).ok();
        Filter { words, packages }
    }
}

/// Names under which code knows the packages of the services list.
fn of_services_list(language: Language) -> Vec<String> {
    let all = Services::embedded().map(Services::packages).unwrap_or_default();
    let mine = all
        .into_iter()
        .filter(|(ecosystem, _, service)| *ecosystem == language.ecosystem() && service.takes_content());
    mine.map(|(_, name, _)| match language {
        Language::Python => name.replace('-', "_"),
        Language::Javascript => name.to_owned(),
    })
    .collect()
}

static PYTHON: LazyLock<Filter> = LazyLock::new(|| Filter::of(Language::Python));
static JAVASCRIPT: LazyLock<Filter> = LazyLock::new(|| Filter::of(Language::Javascript));

/// Whether a file may hold anything of interest.
pub(in crate::inventory) fn worth_parsing(bytes: &[u8], language: Language, context: &Context<'_>) -> bool {
    let filter = match language {
        Language::Python => &*PYTHON,
        Language::Javascript => &*JAVASCRIPT,
    };
    // Without a filter everything is worth it.
    let Some(words) = &filter.words else { return true };
    let told = words.find_iter(bytes).any(|found| {
        found.pattern().as_usize() >= filter.packages
            || match language {
                Language::Python => is_imported(bytes, found.start(), found.end()),
                Language::Javascript => is_quoted(bytes, found.start(), found.end()),
            }
    });
    told || names_a_service(bytes, context)
}

/// Whether a word stands in a line that imports.
fn is_imported(bytes: &[u8], start: usize, end: usize) -> bool {
    if bytes.get(end).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_') {
        return false;
    }
    let before = bytes.get(start.saturating_sub(LONGEST_LINE)..start).unwrap_or_default();
    let line = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
    let before = before.get(line..).unwrap_or_default().trim_ascii_start();
    // In a notebook the line is in quotes.
    let before = before.strip_prefix(b"\"").unwrap_or(before).trim_ascii_start();
    before.starts_with(b"import ")
        || before.starts_with(b"from ")
        || memchr::memmem::find(before, b"import ").is_some()
}

/// Whether a word is a specifier, or begins one: `"openai"`, `'openai/uploads'`.
fn is_quoted(bytes: &[u8], start: usize, end: usize) -> bool {
    let quote = |b: Option<&u8>| matches!(b, Some(b'"' | b'\'' | b'`'));
    let before = start.checked_sub(1).and_then(|at| bytes.get(at));
    quote(before) && (quote(bytes.get(end)) || bytes.get(end) == Some(&b'/'))
}

fn names_a_service(bytes: &[u8], context: &Context<'_>) -> bool {
    memchr::memmem::find_iter(bytes, b"://").take(MOST_ADDRESSES).any(|at| {
        let rest = bytes.get(at + 3..).unwrap_or_default();
        let rest = rest.get(..rest.len().min(253)).unwrap_or_default();
        let end = rest
            .iter()
            .position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-')))
            .unwrap_or(rest.len());
        let Some(host) = rest.get(..end).and_then(|h| std::str::from_utf8(h).ok()) else { return false };
        host.contains('.')
            && context
                .services
                .lookup(&host.to_ascii_lowercase(), None, crate::model::Method::Write)
                .is_some_and(|m| m.service.generation)
    })
}

//! Finding files: patterns of a project file, and directories named on the command line.
//!
//! A symbolic link is never followed below the place where a pattern or a walk begins, so nothing
//! outside the tree is read. Order is that of names, on every machine.

use globset::{GlobBuilder, GlobMatcher};
use ignore::WalkBuilder;
use std::path::{Path, PathBuf};

/// A file that was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Found {
    /// Name relative to its root, forward slashes; never absolute.
    pub(crate) name: String,
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Why it is not to be read, if it is not.
    pub(crate) refused: Option<&'static str>,
}

/// A pattern, and the directory before its first wildcard.
struct Pattern {
    glob: GlobMatcher,
    start: String,
    absolute: bool,
}

impl Pattern {
    fn of(pattern: &str) -> Result<Pattern, String> {
        let glob = GlobBuilder::new(pattern)
            .literal_separator(true)
            .build()
            .map_err(|e| format!("`{pattern}` is not a file pattern: {}", e.kind()))?
            .compile_matcher();
        let wild = |part: &str| part.contains(['*', '?', '[', '{']);
        let fixed: Vec<&str> = pattern.split('/').take_while(|p| !wild(p)).collect();
        let all_fixed = fixed.len() == pattern.split('/').count();
        let fixed = if all_fixed { fixed.split_last().map_or(&[][..], |(_, rest)| rest) } else { &fixed[..] };
        Ok(Pattern { glob, start: fixed.join("/"), absolute: pattern.starts_with('/') })
    }
}

/// Whether the name that a pattern gave a file is one that it gives.
pub(crate) fn fits(pattern: &str) -> Result<impl Fn(&str) -> bool, String> {
    let Pattern { glob, start, absolute } = Pattern::of(pattern)?;
    Ok(
        move |name: &str| {
            if absolute { glob.is_match(format!("{start}/{name}")) } else { glob.is_match(name) }
        },
    )
}

/// Files a pattern names, relative to a directory. An absolute pattern has as its root the directory
/// before its first wildcard.
pub(crate) fn matching(directory: &Path, pattern: &str) -> Result<Vec<Found>, String> {
    let Pattern { glob, start, absolute } = Pattern::of(pattern)?;
    let root = if absolute { PathBuf::from(format!("{start}/")) } else { directory.join(&start) };
    if !root.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in plain_walk(&root) {
        let Ok(relative) = entry.0.strip_prefix(&root) else { continue };
        let relative = relative.to_string_lossy().replace('\\', "/");
        let whole =
            if start.is_empty() && !absolute { relative.clone() } else { format!("{start}/{relative}") };
        if glob.is_match(&whole) {
            let name = if absolute { relative } else { whole };
            found.push(Found { name, path: entry.0, refused: entry.1 });
        }
    }
    found.sort();
    Ok(found)
}

/// A pattern as it may be printed: without the directories before its first wildcard if absolute.
pub(crate) fn printable(pattern: &str) -> &str {
    if pattern.starts_with('/') { pattern.rsplit('/').next().unwrap_or(pattern) } else { pattern }
}

/// Every file below a path, or the path itself if it is a file. `ignored` leaves out what git ignores.
pub(crate) fn below(path: &Path, ignored: bool) -> Vec<Found> {
    let last = || path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    if path.is_file() {
        return vec![Found { name: last(), path: path.to_owned(), refused: None }];
    }
    let walk: Vec<_> = if ignored {
        let mut builder = WalkBuilder::new(path);
        builder.hidden(false).require_git(false).filter_entry(|e| e.file_name() != ".git");
        entries(builder)
    } else {
        plain_walk(path)
    };
    let mut found: Vec<Found> = walk
        .into_iter()
        .map(|(p, refused)| {
            let name = p.strip_prefix(path).unwrap_or(&p).to_string_lossy().replace('\\', "/");
            // A pipe or a device that was named itself.
            let name = if name.is_empty() { last() } else { name };
            Found { name, path: p, refused }
        })
        .collect();
    found.sort();
    found
}

fn plain_walk(root: &Path) -> Vec<(PathBuf, Option<&'static str>)> {
    let mut builder = WalkBuilder::new(root);
    builder.standard_filters(false);
    entries(builder)
}

fn entries(mut builder: WalkBuilder) -> Vec<(PathBuf, Option<&'static str>)> {
    builder
        .follow_links(false)
        .build()
        .filter_map(Result::ok)
        .filter_map(|e| {
            let kind = e.file_type()?;
            if kind.is_file() {
                Some((e.into_path(), None))
            } else if kind.is_symlink() {
                Some((e.into_path(), Some("it is a symbolic link, which is not followed")))
            } else if kind.is_dir() {
                None
            } else {
                Some((e.into_path(), Some("it is neither a file nor a directory")))
            }
        })
        .collect()
}

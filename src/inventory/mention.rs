//! Files that nobody else knows and that hold the address of a model interface: code in other languages,
//! configuration of programs that no importer reads, pages.
//!
//! Without it such a file would be passed over, and passing over looks like a clean bill. Who uses the
//! address, and for what, stays open.
//!
//! What would mislead: prose, licences and lock files, which hold addresses that nobody calls.

use super::endpoint::mentioned;
use super::{Context, File, Importer};
use crate::model::inventory::{FileInventory, Operation, Where};
use crate::model::net::Url;

/// Largest file that is looked through, in bytes.
const LARGEST: usize = 4 << 20;
/// Most addresses of one file that are looked up.
const MOST_ADDRESSES: usize = 4096;
/// Longest address that is looked up, in bytes.
const LONGEST: usize = 2048;
/// Most hosts of one file that are listed.
const MOST_HOSTS: usize = 64;

/// Endings of files that are read by people, made by package managers or as records, or pictures.
const PROSE: [&str; 25] = [
    "md", "mdx", "markdown", "rst", "txt", "adoc", "tex", "bib", "org", "po", "pot", "lock", "lockb", "csv",
    "tsv", "log", "svg", "css", "map", "patch", "diff", "ipynb", "har", "jsonl", "ndjson",
];
/// Names of such files, without an ending or with one that says nothing.
const PROSE_NAMES: [&str; 12] = [
    "license",
    "licence",
    "copying",
    "notice",
    "authors",
    "contributors",
    "changelog",
    "changes",
    "readme",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "pnpm-lock.yaml",
];
/// Endings of code that an importer of its own reads: what it passes over has no such address in use.
const READ: [&str; 12] = ["py", "pyi", "js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts", "vue", "svelte"];

pub(super) struct Mention;

pub(super) static IMPORTER: Mention = Mention;

impl Importer for Mention {
    fn id(&self) -> &'static str {
        "mention"
    }

    fn about(&self) -> &'static str {
        "Any other text that holds the address of a hosted model interface"
    }

    fn doc(&self) -> &'static str {
        "Asked last. Recognised by an `http`, `https`, `ws` or `wss` address of an interface that takes prompts or \
         images, by the services list. Each host is listed once, as possible: nobody here knows what the file \
         does with it, so the file is undetermined.\n\n\
         Passed over: prose (`.md`, `.rst`, `.txt`, ...), licences, changelogs and lock files; addresses that \
         only serve downloads or pages; anything that is not UTF-8."
    }

    fn import(&self, file: &File<'_>, context: &Context<'_>) -> Option<FileInventory> {
        if file.bytes.len() > LARGEST || !file.holds("://") || is_prose(file.name()) || is_ours(file) {
            return None;
        }
        let text = file.text()?;
        let operations = mentions(text, file.path, context);
        if operations.is_empty() {
            return None;
        }
        let verdict = FileInventory::judge(&operations, &[]);
        Some(FileInventory { verdict, operations, ..FileInventory::new(file.path, self.id()) })
    }
}

fn is_prose(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let (stem, ending) = name.rsplit_once('.').unwrap_or((&name, ""));
    PROSE.contains(&ending)
        || READ.contains(&ending)
        || PROSE_NAMES.contains(&name.as_str())
        || PROSE_NAMES.contains(&stem)
}

/// A declaration or a policy of this program, which names what it forbids.
fn is_ours(file: &File<'_>) -> bool {
    let rows = |word: &str| file.text().is_some_and(|t| t.lines().any(|l| l.trim() == word));
    file.name().ends_with(".toml")
        && (file.name() == "domicile.toml" || rows("[policy]") && (rows("[[rule]]") || rows("[parameters]")))
}

fn mentions(text: &str, path: &str, context: &Context<'_>) -> Vec<Operation> {
    let mut out: Vec<Operation> = Vec::new();
    let (mut line, mut counted) = (1u64, 0);
    for at in memchr::memmem::find_iter(text.as_bytes(), b"://").take(MOST_ADDRESSES) {
        let before = text.as_bytes().get(counted..at).unwrap_or_default();
        line += memchr::memchr_iter(b'\n', before).count() as u64;
        counted = at;
        let Some(url) = address(text, at) else { continue };
        let Some(url) = Url::parse(url) else { continue };
        let stands = "in the file; what uses it is not known";
        let Some(found) = mentioned(&url, Where::line(path, line), stands, context) else { continue };
        if out.iter().any(|o| o.route == found.route) {
            continue;
        }
        out.push(found);
        if out.len() >= MOST_HOSTS {
            break;
        }
    }
    out
}

/// The address around the `://` at an offset.
fn address(text: &str, at: usize) -> Option<&str> {
    let scheme = ["https", "http", "wss", "ws"].into_iter().find(|s| {
        text.get(..at).is_some_and(|before| {
            before.len() >= s.len()
                && before.as_bytes().get(at - s.len()..).is_some_and(|b| b.eq_ignore_ascii_case(s.as_bytes()))
        })
    })?;
    let rest = text.as_bytes().get(at + 3..)?;
    let rest = rest.get(..rest.len().min(LONGEST)).unwrap_or(rest);
    let ends = |b: &u8| !b.is_ascii_graphic() || br#""'`<>()[]{}|\^,;$"#.contains(b);
    let length = rest.iter().position(ends).unwrap_or(rest.len());
    text.get(at - scheme.len()..at + 3 + length)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{operations, read as import};
    use super::*;

    fn read(path: &str, text: &str) -> Vec<String> {
        import(&IMPORTER, path, text).map(|f| operations(&f)).unwrap_or_default()
    }

    #[test]
    fn an_address_in_a_file_that_nobody_knows_is_undetermined() {
        let text =
            "package main\nfunc main() { http.Post(\"https://api.openai.com/v1/images/generations\") }\n";
        let found = import(&IMPORTER, "main.go", text).unwrap();
        assert_eq!(found.verdict.name(), "undetermined");
        let sends = "address api.openai.com 2 prompt+image+mask undetermined api.openai.com";
        assert!(
            operations(&found).first().is_some_and(|o| sends.starts_with(&o[..25])),
            "{:?}",
            operations(&found)
        );
        assert_eq!(read("Caddyfile", ":80\nreverse_proxy https://api.stability.ai\n").len(), 1);
        assert_eq!(read("a.php", "curl_init('https://u:p@api.openai.com/v1?key=x')").len(), 1);
    }

    #[test]
    fn a_host_is_listed_once_and_nothing_of_the_address_but_its_host() {
        let text = "a: https://u:hunter2@api.openai.com/v1?key=hunter2\nb: https://api.openai.com/v1/x\n";
        let found = import(&IMPORTER, "settings.yml", text).unwrap();
        assert_eq!(found.operations.len(), 1);
        assert!(!format!("{found:?}").contains("hunter2"));
    }

    #[test]
    fn prose_locks_pages_and_the_machine_itself_are_passed_over() {
        let text = "see https://api.openai.com/v1/images/generations";
        for name in ["README.md", "docs/a.rst", "LICENSE", "CHANGELOG", "yarn.lock", "x/package-lock.json"] {
            assert!(read(name, text).is_empty(), "{name}");
        }
        let policy = "[policy]\nid = \"x\"\n[[rule]]\ncases = [\"https://api.openai.com/v1/images/edits\"]\n";
        assert!(read("policies/own.toml", policy).is_empty());
        for text in [
            "https://openai.com/policies",
            "http://127.0.0.1:8188/prompt",
            "https://example.org",
            "://",
            "é://",
        ] {
            assert!(read("a.toml", text).is_empty(), "{text}");
        }
    }
}

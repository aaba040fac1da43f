//! Lock files of Node: `package-lock.json`, `pnpm-lock.yaml`, `yarn.lock`.
//!
//! The latter two are read by lines, not as YAML: they are large, the names stand at known indentation, and
//! yarn's own format of version 1 is not YAML.

use super::document::Node;
use super::manifest::Packages;
use super::variables::not_utf8;
use super::{Context, File, Importer};
use crate::model::inventory::FileInventory;
use crate::services::Ecosystem;

pub(super) struct NpmLock;

pub(super) static IMPORTER: NpmLock = NpmLock;

impl Importer for NpmLock {
    fn id(&self) -> &'static str {
        "npm-lock"
    }

    fn about(&self) -> &'static str {
        "lock files of Node: npm, pnpm, yarn"
    }

    fn doc(&self) -> &'static str {
        "Recognised by content: JSON with `lockfileVersion` (npm), a first line `lockfileVersion:` (pnpm), the \
         comment `yarn lockfile` or a `__metadata:` block (yarn).\n\nEvery package counts, whoever asked for it. \
         Verdicts as for requirements files."
    }

    fn import(&self, file: &File<'_>, context: &Context<'_>) -> Option<FileInventory> {
        let head = file.bytes.get(..4096.min(file.bytes.len())).unwrap_or_default();
        let begins = |word: &str| memchr::memmem::find(head, word.as_bytes()).is_some();
        if let Some(unread) = not_utf8(file, self.id(), &["lockfileVersion"]) {
            return Some(unread);
        }
        let mut packages = Packages::new(file.path, Ecosystem::Npm, context);
        if begins("\"lockfileVersion\"") {
            match file.json()? {
                Ok(root) => npm(root, &mut packages),
                Err(problem) => packages.incomplete(problem.note()),
            }
        } else if begins("lockfileVersion:") {
            by_lines(file.text()?, pnpm_name, &mut packages);
        } else if begins("# yarn lockfile v") || begins("__metadata:") {
            by_lines(file.text()?, yarn_name, &mut packages);
        } else {
            return None;
        }
        Some(packages.finish(self.id()))
    }
}

fn npm(root: &Node, packages: &mut Packages<'_>) {
    for (key, _) in root.get("packages").into_iter().flat_map(Node::entries) {
        if let Some((_, name)) = key.text.rsplit_once("node_modules/") {
            packages.add(name, key.line, Some("packages".to_owned()), "locked");
        }
    }
    for (key, _) in root.get("dependencies").into_iter().flat_map(Node::entries) {
        packages.add(&key.text, key.line, Some("dependencies".to_owned()), "locked");
    }
}

fn by_lines(text: &str, name: fn(&str) -> Option<&str>, packages: &mut Packages<'_>) {
    for (number, line) in (1u64..).zip(text.lines()) {
        if let Some(name) = name(line) {
            packages.add(name, number, None, "locked");
        }
    }
}

/// `  '@scope/name@1.2.3(peer)':`, `  /name@1.2.3:`, `  /name/1.2.3:`.
fn pnpm_name(line: &str) -> Option<&str> {
    let key = line.strip_prefix("  ")?.trim_end().strip_suffix(':')?;
    let key = key.trim_matches(['\'', '"']);
    if key.starts_with(' ') {
        return None;
    }
    let key = key.strip_prefix('/').unwrap_or(key);
    let version = |c: char| c.is_ascii_digit();
    // The version follows an `@`, in older files a slash.
    let at = key
        .match_indices(['@', '/'])
        .find(|(at, _)| *at > 0 && key.get(at + 1..).is_some_and(|rest| rest.starts_with(version)));
    at.and_then(|(at, _)| key.get(..at))
}

/// `"@scope/name@^1", name@^2:`, `"name@npm:^1":`.
fn yarn_name(line: &str) -> Option<&str> {
    if line.starts_with([' ', '#']) || !line.trim_end().ends_with(':') {
        return None;
    }
    let first = line.trim_start_matches('"');
    let at = first.get(1..)?.find('@')? + 1;
    first.get(..at)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assets, read as import};
    use super::*;

    #[test]
    fn npm_locks_of_every_version_are_read() {
        let v3 = "{\"lockfileVersion\": 3, \"packages\": {\n\"\": {},\n\"node_modules/openai\": {},\n\"node_modules/a/node_modules/@fal-ai/client\": {}}}";
        assert_eq!(
            assets(&import(&IMPORTER, "package-lock.json", v3).unwrap()),
            ["openai 3 openai", "@fal-ai/client 4 fal"]
        );
        let v1 = "{\"lockfileVersion\": 1, \"dependencies\": {\"replicate\": {}}}";
        assert_eq!(assets(&import(&IMPORTER, "x.json", v1).unwrap()), ["replicate 1 replicate"]);
        let cut = import(&IMPORTER, "package-lock.json", "{\"lockfileVersion\": 3, \"packages\": {").unwrap();
        assert_eq!(cut.verdict.name(), "undetermined");
    }

    #[test]
    fn names_are_found_in_pnpm_and_yarn_locks() {
        for (line, name) in [
            ("  openai@4.1.0(zod@3.2.0):", Some("openai")),
            ("  '@fal-ai/client@1.2.0':", Some("@fal-ai/client")),
            ("  /replicate/0.18.0:", Some("replicate")),
            ("  /@google/genai@1.0.0:", Some("@google/genai")),
            ("      openai:", None),
            ("packages:", None),
        ] {
            assert_eq!(pnpm_name(line), name, "{line}");
        }
        for (line, name) in [
            ("openai@^4.0.0, openai@^4.1.0:", Some("openai")),
            ("\"@fal-ai/client@^1.0.0\":", Some("@fal-ai/client")),
            ("\"replicate@npm:^1\":", Some("replicate")),
            ("  version \"1\"", None),
            ("__metadata:", None),
        ] {
            assert_eq!(yarn_name(line), name, "{line}");
        }
        let yarn = "# yarn lockfile v1\n\n\nopenai@^4:\n  version \"4\"\n";
        assert_eq!(assets(&import(&IMPORTER, "yarn.lock", yarn).unwrap()), ["openai 4 openai"]);
    }
}

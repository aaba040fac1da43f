//! `package.json`: dependencies of a Node project, and the scripts that it is started with.
//!
//! Format: npm's documentation of `package.json`.

use super::command;
use super::document::Node;
use super::endpoint::shown;
use super::manifest::Packages;
use super::variables::{Found, Program, no_siblings, not_utf8};
use super::{Context, File, Importer};
use crate::model::inventory::{FileInventory, State, Verdict, Where};
use crate::services::Ecosystem;

pub(super) struct PackageJson;

pub(super) static IMPORTER: PackageJson = PackageJson;

/// Keys that hold dependencies, and what they are.
const KEYS: [(&str, &str); 4] = [
    ("dependencies", "a dependency"),
    ("optionalDependencies", "an optional dependency"),
    ("peerDependencies", "a dependency that the user brings"),
    ("devDependencies", "a development dependency, which runs when the program is built or tested"),
];

/// Scripts that npm runs without being asked for them, when it installs, and those that start the program.
const BY_ITSELF: [&str; 7] =
    ["preinstall", "install", "postinstall", "prepare", "prestart", "start", "poststart"];

impl Importer for PackageJson {
    fn id(&self) -> &'static str {
        "package-json"
    }

    fn about(&self) -> &'static str {
        "`package.json`: dependencies and scripts of a Node project"
    }

    fn doc(&self) -> &'static str {
        "Recognised by content: a JSON object with one of `dependencies`, `devDependencies`, `peerDependencies`, \
         `optionalDependencies` and with `name`, `version`, `private`, `scripts` or `main`.\n\n\
         `scripts` are read as command lines: `start` and what npm runs when it installs are active, others are \
         not reached until somebody asks for them. A file of scripts alone is taken if they concern data. \
         Development dependencies count: they run on the machines of those who build. Verdicts as for \
         requirements files: that no client is listed does not prove that nothing is sent."
    }

    fn import(&self, file: &File<'_>, context: &Context<'_>) -> Option<FileInventory> {
        if !(file.holds("ependencies\"") || file.holds("\"scripts\"")) || file.holds("\"lockfileVersion\"") {
            return None;
        }
        if let Some(unread) = not_utf8(file, self.id(), &["\"dependencies\"", "\"name\""]) {
            return Some(unread);
        }
        let mut packages = Packages::new(file.path, Ecosystem::Npm, context);
        let root = match file.json()? {
            Ok(root) => root,
            Err(problem) => {
                if file.name() != "package.json" {
                    return None;
                }
                packages.incomplete(problem.note());
                return Some(packages.finish(self.id()));
            }
        };
        let has = |key: &str| root.get(key).is_some();
        let known = KEYS.iter().any(|(key, _)| root.get(key).is_some_and(Node::is_map));
        let scripts = scripts(root, file.path, context);
        if !(known || scripts.is_some())
            || !["name", "version", "private", "scripts", "main"].into_iter().any(has)
        {
            return None;
        }
        for (key, how) in KEYS {
            for (name, _) in root.get(key).into_iter().flat_map(Node::entries) {
                packages.add(&name.text, name.line, Some(key.to_owned()), how);
            }
        }
        let manifest = packages.finish(self.id());
        Some(match scripts {
            Some(found) => beside(found, manifest),
            None => manifest,
        })
    }
}

/// What the scripts do, if it is anything that concerns data.
fn scripts<'a>(root: &Node, path: &'a str, context: &'a Context<'a>) -> Option<Found<'a>> {
    let mut found = Found::new(path, context);
    for (name, script) in root.get("scripts").map(Node::entries).unwrap_or_default() {
        let Some(text) = script.text() else { continue };
        let place = Where::key(path, script.line, format!("scripts.{}", shown(&name.text)));
        let mut parts = command::shell(text, &place, context);
        // What a script sets counts for what it starts.
        parts.settings.clear();
        // Others wait until somebody asks for them by name.
        let runs = BY_ITSELF.contains(&name.text.as_str());
        let program =
            Program { name: "", state: State::Active, runs, variables: &[], siblings: &no_siblings };
        found.commands(parts, &program);
    }
    (found.relevant || !found.operations.is_empty()).then_some(found)
}

/// Both together: a script says more than a dependency that it may use.
fn beside(mut found: Found<'_>, manifest: FileInventory) -> FileInventory {
    found.capable |= manifest.verdict == Verdict::RemoteCapable;
    found.relevant |= manifest.verdict == Verdict::Local;
    found.notes.extend(manifest.notes);
    for asset in manifest.assets {
        found.asset(asset);
    }
    found.finish(IMPORTER.id())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assets, read as import};
    use super::*;

    #[test]
    fn development_dependencies_count_and_say_so() {
        let text = "{\"name\": \"x\", \"dependencies\": {\"react\": \"1\"},\n\"devDependencies\": {\n\"openai\": \"4\"}}";
        let inventory = import(&IMPORTER, "package.json", text).unwrap();
        assert_eq!(assets(&inventory), ["openai 3 openai"]);
        assert!(inventory.assets[0].because.contains("development"));
        assert_eq!(inventory.verdict.name(), "remote-capable");
    }

    #[test]
    fn scripts_are_command_lines() {
        let text = "{\"name\": \"x\", \"dependencies\": {\"openai\": \"4\"},\n\"scripts\": {\"dev\": \"next dev\",\n\"share\": \"GRADIO_SHARE=1 cloudflared tunnel --url http://localhost:7860\"}}";
        let inventory = import(&IMPORTER, "package.json", text).unwrap();
        assert_eq!(inventory.verdict.name(), "remote-capable");
        assert_eq!(assets(&inventory), ["openai 1 openai"]);
        let tunnel = inventory.operations.iter().find(|o| o.id.starts_with("cloudflared")).unwrap();
        assert_eq!((tunnel.place.line, tunnel.place.inside.as_deref()), (Some(3), Some("scripts.share")));
        let alone = text.replace("\"dependencies\": {\"openai\": \"4\"},", "");
        assert_eq!(import(&IMPORTER, "package.json", &alone).unwrap().verdict.name(), "remote-capable");
        let start = alone.replace("share", "start");
        assert_eq!(import(&IMPORTER, "package.json", &start).unwrap().verdict.name(), "remote");
        let dull = "{\"name\": \"x\", \"scripts\": {\"dev\": \"next dev\"}}";
        assert!(import(&IMPORTER, "package.json", dull).is_none());
    }

    #[test]
    fn a_manifest_without_clients_says_nothing() {
        let text = "{\"private\": true, \"dependencies\": {\"next\": \"13\"}}";
        assert_eq!(import(&IMPORTER, "package.json", text).unwrap().verdict.name(), "no-evidence");
        assert!(import(&IMPORTER, "x.json", "{\"dependencies\": [\"openai\"], \"name\": 1}").is_none());
    }
}

//! `package.json`: dependencies of a Node project.
//!
//! Format: npm's documentation of `package.json`.

use super::document::Node;
use super::manifest::Packages;
use super::variables::not_utf8;
use super::{Context, File, Importer};
use crate::model::inventory::FileInventory;
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

impl Importer for PackageJson {
    fn id(&self) -> &'static str {
        "package-json"
    }

    fn about(&self) -> &'static str {
        "`package.json`: dependencies of a Node project"
    }

    fn doc(&self) -> &'static str {
        "Recognised by content: a JSON object with one of `dependencies`, `devDependencies`, `peerDependencies`, \
         `optionalDependencies` and with `name`, `version`, `private`, `scripts` or `main`.\n\n\
         Development dependencies count: they run on the machines of those who build. Verdicts as for \
         requirements files: that no client is listed does not prove that nothing is sent."
    }

    fn import(&self, file: &File<'_>, context: &Context<'_>) -> Option<FileInventory> {
        if !file.holds("ependencies\"") || file.holds("\"lockfileVersion\"") {
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
        if !known || !["name", "version", "private", "scripts", "main"].into_iter().any(has) {
            return None;
        }
        for (key, how) in KEYS {
            for (name, _) in root.get(key).into_iter().flat_map(Node::entries) {
                packages.add(&name.text, name.line, Some(key.to_owned()), how);
            }
        }
        Some(packages.finish(self.id()))
    }
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
    fn a_manifest_without_clients_says_nothing() {
        let text = "{\"private\": true, \"dependencies\": {\"next\": \"13\"}}";
        assert_eq!(import(&IMPORTER, "package.json", text).unwrap().verdict.name(), "no-evidence");
        assert!(import(&IMPORTER, "x.json", "{\"dependencies\": [\"openai\"], \"name\": 1}").is_none());
    }
}

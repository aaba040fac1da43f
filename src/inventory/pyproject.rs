//! `pyproject.toml` and `Pipfile`: dependencies of a Python project.
//!
//! Formats: PEP 621, PEP 735 (dependency groups), Poetry's and uv's own tables, Pipenv's `Pipfile`.

use super::document::Node;
use super::manifest::Packages;
use super::requirements::name_of;
use super::variables::not_utf8;
use super::{Context, File, Importer};
use crate::model::inventory::FileInventory;
use crate::services::Ecosystem;

/// Keys of `project` that are of PEP 621 alone: other programs have a table of that name too.
const KEYS: [&str; 9] = [
    "version",
    "dynamic",
    "requires-python",
    "dependencies",
    "optional-dependencies",
    "readme",
    "license",
    "description",
    "authors",
];

pub(super) struct PyProject;

pub(super) static IMPORTER: PyProject = PyProject;

impl Importer for PyProject {
    fn id(&self) -> &'static str {
        "pyproject"
    }

    fn about(&self) -> &'static str {
        "`pyproject.toml` and `Pipfile`: dependencies of a Python project"
    }

    fn doc(&self) -> &'static str {
        "Recognised by content: TOML with a table `project` that has keys of PEP 621, `build-system`, `dependency-groups` or `tool.poetry`, \
         or with `packages` and `source` (Pipfile).\n\n\
         Read: `project.dependencies`, `project.optional-dependencies`, `dependency-groups`, dependencies and \
         groups of Poetry, `tool.uv.dev-dependencies`, `build-system.requires`. Optional and development \
         dependencies count: whoever builds or tests runs them. Verdicts as for requirements files."
    }

    fn import(&self, file: &File<'_>, context: &Context<'_>) -> Option<FileInventory> {
        const MARKS: [&str; 5] =
            ["[project", "[build-system]", "[dependency-groups]", "[tool.poetry", "[packages]"];
        if !MARKS.iter().any(|mark| file.holds(mark)) {
            return None;
        }
        if let Some(unread) = not_utf8(file, self.id(), &["[project]"]) {
            return Some(unread);
        }
        let mut packages = Packages::new(file.path, Ecosystem::Python, context);
        let root = match file.toml()? {
            Ok(root) => root,
            Err(_) if !matches!(file.name().rsplit('.').next(), Some("toml") | Some("Pipfile")) => {
                return None;
            }
            Err(problem) => {
                packages.incomplete(problem.note());
                return Some(packages.finish(self.id()));
            }
        };
        let project = root.get("project").is_some_and(|p| KEYS.iter().any(|key| p.get(key).is_some()));
        let ours = project || ["build-system", "dependency-groups"].iter().any(|key| root.get(key).is_some());
        let poetry = root.at(&["tool", "poetry"]);
        let pipfile = root.get("packages").is_some_and(Node::is_map) && root.get("source").is_some();
        if !ours && poetry.is_none() && !pipfile {
            return None;
        }
        list(root.at(&["project", "dependencies"]), "project.dependencies", "a dependency", &mut packages);
        for (extra, items) in entries(root.at(&["project", "optional-dependencies"])) {
            let key = format!("project.optional-dependencies.{extra}");
            list(Some(items), &key, "an optional dependency", &mut packages);
        }
        for (group, items) in entries(root.get("dependency-groups")) {
            list(
                Some(items),
                &format!("dependency-groups.{group}"),
                "a dependency of a group",
                &mut packages,
            );
        }
        let uv = root.at(&["tool", "uv", "dev-dependencies"]);
        list(uv, "tool.uv.dev-dependencies", "a development dependency", &mut packages);
        list(
            root.at(&["build-system", "requires"]),
            "build-system.requires",
            "needed to build",
            &mut packages,
        );
        if let Some(poetry) = poetry {
            table(poetry.get("dependencies"), "tool.poetry.dependencies", "a dependency", &mut packages);
            let dev = "tool.poetry.dev-dependencies";
            table(poetry.get("dev-dependencies"), dev, "a development dependency", &mut packages);
            for (group, node) in entries(poetry.get("group")) {
                let key = format!("tool.poetry.group.{group}.dependencies");
                table(node.get("dependencies"), &key, "a dependency of a group", &mut packages);
            }
        }
        if pipfile {
            table(root.get("packages"), "packages", "a dependency", &mut packages);
            table(root.get("dev-packages"), "dev-packages", "a development dependency", &mut packages);
        }
        Some(packages.finish(self.id()))
    }
}

fn entries(node: Option<&Node>) -> impl Iterator<Item = (&str, &Node)> {
    node.into_iter().flat_map(Node::entries).map(|(key, node)| (key.text.as_str(), node))
}

/// A list of requirements.
fn list(node: Option<&Node>, key: &str, how: &str, packages: &mut Packages<'_>) {
    for item in node.into_iter().flat_map(Node::items) {
        if let Some(name) = item.text().and_then(name_of) {
            packages.add(name, item.line, Some(key.to_owned()), how);
        }
    }
}

/// A table of names and versions.
fn table(node: Option<&Node>, key: &str, how: &str, packages: &mut Packages<'_>) {
    for (name, node) in node.into_iter().flat_map(Node::entries) {
        let _ = node;
        packages.add(&name.text, name.line, Some(key.to_owned()), how);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assets, read as import};
    use super::*;

    #[test]
    fn every_place_of_a_dependency_is_read() {
        let text = "[project]\nname = \"x\"\ndependencies = [\"openai>=1\"]\n[project.optional-dependencies]\ncloud = [\n  \"replicate\",\n]\n\
                    [dependency-groups]\ndev = [\"fal-client\", {include-group = \"x\"}]\n[tool.poetry.dependencies]\npython = \"^3\"\ndiffusers = \"*\"\n\
                    [tool.poetry.group.gpu.dependencies]\nanthropic = {version = \"1\"}\n";
        let inventory = import(&IMPORTER, "pyproject.toml", text).unwrap();
        assert_eq!(
            assets(&inventory),
            [
                "openai 3 openai",
                "replicate 6 replicate",
                "fal-client 9 fal",
                "diffusers 12",
                "anthropic 14 anthropic"
            ]
        );
    }

    #[test]
    fn a_pipfile_is_one_and_other_toml_is_not() {
        let pipfile = "[[source]]\nurl = \"https://packages.example/simple\"\n[packages]\nopenai = \"*\"\n";
        assert_eq!(import(&IMPORTER, "Pipfile", pipfile).unwrap().verdict.name(), "remote-capable");
        assert!(import(&IMPORTER, "x.toml", "[packages]\nopenai = 1\n").is_none());
        let cut = import(&IMPORTER, "pyproject.toml", "[project]\ndependencies = [\"openai\"").unwrap();
        assert_eq!(cut.verdict.name(), "undetermined");
        let none = import(&IMPORTER, "pyproject.toml", "[project]\nname = \"x\"\nversion = \"1\"\n").unwrap();
        assert_eq!(none.verdict.name(), "no-evidence");
        assert!(import(&IMPORTER, "domicile.toml", "[project]\nname = \"x\"\nowner = \"y\"\n").is_none());
    }
}

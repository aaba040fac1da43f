//! What the documents say, held against the program.

use domicile::check::CHECKS;
use domicile::policy;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

#[test]
fn the_readme_names_what_is_there() {
    let readme = read("README.md");
    for command in ["examples/run", "tests/run"] {
        assert!(readme.contains(command) && root().join(command).is_file(), "{command}");
    }
    for (id, _) in policy::embedded() {
        assert!(readme.contains(&format!("`{id}`")), "README does not name the policy `{id}`");
    }
    for link in readme.split("](").skip(1).filter_map(|l| l.split(')').next()) {
        assert!(link.starts_with("http") || root().join(link).exists(), "README links to `{link}`");
    }
    for code in 0..=6 {
        assert!(readme.contains(&format!("\n| {code} | ")), "README does not explain exit code {code}");
    }
}

#[test]
fn the_architecture_names_every_room() {
    let page = read("docs/architecture.md");
    for entry in fs::read_dir(root().join("src")).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            let room = entry.file_name().into_string().unwrap();
            assert!(page.contains(&format!("`{room}`")), "architecture.md does not name `{room}`");
        }
    }
}

/// A transcript of the README is what the program prints.
#[test]
fn the_inventory_of_the_readme_is_what_the_program_says() {
    let readme = read("README.md");
    let (_, after) = readme.split_once("the first lines):\n\n```text\n").unwrap();
    let (shown, _) = after.split_once("```").unwrap();
    let run = crate::program::domicile(&root(), &["inventory", "examples/shipyard"]);
    assert!(run.stdout.starts_with(shown), "the program prints\n{}", run.stdout);
}

/// `DOMICILE_UPDATE_EXPECTED=1` writes the page anew.
#[test]
fn the_reference_page_is_what_the_tables_say() {
    let page = root().join("docs/reference.md");
    let made = domicile::inventory::reference(domicile::services::Services::embedded().unwrap());
    if std::env::var_os("DOMICILE_UPDATE_EXPECTED").is_some() {
        fs::write(&page, &made).unwrap();
    }
    assert!(
        read("docs/reference.md") == made,
        "docs/reference.md is not what `domicile list reference` prints"
    );
    for importer in domicile::inventory::IMPORTERS {
        assert!(made.contains(&format!("| `{}` |", importer.id())), "{}", importer.id());
    }
}

#[test]
fn every_check_is_used_by_a_policy() {
    let policies: String = policy::embedded().iter().map(|(_, text)| *text).collect();
    for check in CHECKS {
        assert!(policies.contains(&format!("check = \"{}\"", check.id())), "no policy uses `{}`", check.id());
    }
}

#[test]
fn nothing_committed_names_this_machine() {
    let mut files = vec![root().join("README.md")];
    files.extend(["docs", "examples", "policies", "src"].map(|d| root().join(d)));
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(fs::read_dir(path).unwrap().map(|e| e.unwrap().path()));
        } else if let Ok(text) = fs::read_to_string(&path) {
            assert!(!text.contains(&root().display().to_string()), "{} names this checkout", path.display());
        }
    }
}

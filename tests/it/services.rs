//! The services list against the research notes that it was made from.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "reads notes that may lie beside the checkout, fails on the spot and says what it skipped"
)]

use domicile::services::Services;
use sha2::{Digest, Sha256};

/// The research notes the list was made from are not part of the repository; where they lie beside it,
/// every row of theirs is here, with a service of its grade.
#[test]
fn the_rows_are_those_of_the_notes() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/facts/services.md");
    let Ok(text) = std::fs::read_to_string(path) else {
        eprintln!("skipped: no notes beside the checkout");
        return;
    };
    let list = Services::embedded().unwrap();
    let mut section = "";
    let mut seen = 0;
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("### ") {
            section = title.get(..2).unwrap_or("");
        } else if line.starts_with("## ") {
            section = "";
        }
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let (row, last) = (cells[0], cells[cells.len() - 1]);
        let is_row = line.starts_with("| ") && section.starts_with('1') && !matches!(row, "id" | "provider");
        if !is_row {
            continue;
        }
        let grades: Vec<char> =
            list.services().filter(|s| s.section == section && s.row == row).map(|s| s.grade).collect();
        assert!(!grades.is_empty(), "{section} {row}");
        // Part 1K grades its rows in a sentence; "paths S, host K" is K, since the grade is about hosts.
        let grade =
            last.trim_start_matches("paths S, ").trim_start_matches("hosts ").trim_start_matches("host ");
        if let Some(grade) = grade.chars().next().filter(|_| section != "1K") {
            assert!(grades.contains(&grade), "{section} {row}: {last}, {grades:?}");
        }
        seen += 1;
    }
    assert_eq!(seen, 172);
}

/// What a report records as the services list is every table that decided something, not a part of them.
#[test]
fn the_digest_covers_every_table_of_the_folder() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/policies/services");
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            (format!("policies/services/{name}"), std::fs::read(&path).unwrap())
        })
        .collect();
    files.sort();
    let mut hash = Sha256::new();
    for part in files.iter().flat_map(|(name, text)| [name.as_bytes(), text]) {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let digest: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(Services::embedded().unwrap().sha256, digest);
}

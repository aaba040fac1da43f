//! Project files and policies that are wrong: what people read about each, word for word.
//!
//! `tests/fixtures/policy/invalid/NAME.toml` is a project file, `NAME.expected` what the program prints.
//! `DOMICILE_UPDATE_EXPECTED=1` writes the expected files anew; read the difference before committing it.

use std::path::{Path, PathBuf};
use std::process::Command;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/policy/invalid")
}

/// Exit code and what was printed about the file.
fn complaint(file: &str) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_domicile"))
        .args(["check", file, "--color", "never", "--now", "2026-11-23T12:00:00Z"])
        .current_dir(folder())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{file} prints a result");
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn every_wrong_file_is_explained_word_for_word() {
    let mut files: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".toml") && !name.ends_with(".policy.toml"))
        .collect();
    files.sort();
    assert!(files.len() >= 15, "{files:?}");
    let mut wrong = Vec::new();
    for file in files {
        let (code, text) = complaint(&file);
        assert_eq!(code, 2, "{file}: {text}");
        let expected = folder().join(file.replace(".toml", ".expected"));
        if std::env::var_os("DOMICILE_UPDATE_EXPECTED").is_some() {
            std::fs::write(&expected, &text).unwrap();
        }
        if std::fs::read_to_string(&expected).unwrap_or_default() != text {
            wrong.push(format!("{file} prints\n{text}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

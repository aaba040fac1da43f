//! What people see when something is wrong: `tests/cli/*.toml`, each run in a copy of `tests/fixtures/cli`.
//!
//! A case has `args`, `code`, texts that `stdout` and `stderr` must hold, whole outputs where one is given
//! (`exact_stderr`), and the changes to make first: `write` (text), `bytes`, `append`, `replace`, `remove`; then
//! `before` (commands), and what happens to their outcome: `alter`, `cut`.

use crate::program::{Folder, domicile};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    args: Vec<String>,
    code: i32,
    #[serde(default)]
    stdout: Vec<String>,
    #[serde(default)]
    stderr: Vec<String>,
    /// What neither output may hold.
    #[serde(default)]
    never: Vec<String>,
    exact_stderr: Option<String>,
    #[serde(default)]
    write: BTreeMap<String, String>,
    #[serde(default)]
    bytes: BTreeMap<String, Vec<u8>>,
    #[serde(default)]
    append: BTreeMap<String, String>,
    /// File to pairs of what to find and what to put there.
    #[serde(default)]
    replace: BTreeMap<String, Vec<[String; 2]>>,
    #[serde(default)]
    remove: Vec<String>,
    /// Commands to run before, which must succeed.
    #[serde(default)]
    before: Vec<Vec<String>>,
    /// Like `replace`, after those commands.
    #[serde(default)]
    alter: BTreeMap<String, Vec<[String; 2]>>,
    /// File to how many bytes are cut off its end, after those commands.
    #[serde(default)]
    cut: BTreeMap<String, usize>,
}

impl Case {
    fn prepare(&self, folder: &Folder) {
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cli");
        for name in ["domicile.toml", "logs/access.log"] {
            folder.write(name, &std::fs::read(fixture.join(name)).unwrap());
        }
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        for name in &self.remove {
            std::fs::remove_file(folder.path().join(name)).unwrap();
        }
        for (name, text) in &self.write {
            folder.write(name, text.as_bytes());
        }
        for (name, bytes) in &self.bytes {
            folder.write(name, bytes);
        }
        for (name, text) in &self.append {
            folder.write(name, (read(name) + text).as_bytes());
        }
        let replace = |changes: &BTreeMap<String, Vec<[String; 2]>>| {
            for (name, pairs) in changes {
                for [from, to] in pairs {
                    let text = read(name);
                    assert!(text.contains(from), "{}: `{from}` is not in {name}", self.name);
                    folder.write(name, text.replace(from, to).as_bytes());
                }
            }
        };
        replace(&self.replace);
        for command in &self.before {
            let args: Vec<_> = command.iter().map(String::as_str).collect();
            let run = domicile(folder.path(), &args);
            assert_eq!(run.code, 0, "{}: {args:?}: {}", self.name, run.stderr);
        }
        replace(&self.alter);
        for (name, bytes) in &self.cut {
            let text = read(name);
            folder.write(name, &text.as_bytes()[..text.len() - bytes]);
        }
    }

    fn run(&self) {
        let folder = Folder::new();
        self.prepare(&folder);
        let args: Vec<_> = self.args.iter().map(String::as_str).collect();
        let run = domicile(folder.path(), &args);
        let told = || {
            format!("{}: {args:?}\ncode {}\n{}\n--- stderr\n{}", self.name, run.code, run.stdout, run.stderr)
        };
        assert_eq!(run.code, self.code, "{}", told());
        for text in &self.stdout {
            assert!(run.stdout.contains(text), "no `{text}` on standard output: {}", told());
        }
        for text in &self.stderr {
            assert!(run.stderr.contains(text), "no `{text}` on standard error: {}", told());
        }
        for text in &self.never {
            assert!(!run.stdout.contains(text) && !run.stderr.contains(text), "`{text}`: {}", told());
        }
        if let Some(exact) = &self.exact_stderr {
            assert_eq!(&run.stderr, exact, "{}", told());
        }
        let says = !(self.stdout.is_empty() && self.stderr.is_empty() && self.exact_stderr.is_none());
        assert!(says, "{}: a case that asserts nothing but a code", self.name);
    }
}

#[test]
fn transcripts() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    let mut ran = 0;
    for path in files {
        let file: File = toml::from_str(&std::fs::read_to_string(&path).unwrap())
            .unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        for case in &file.case {
            case.run();
            ran += 1;
        }
    }
    assert!(ran >= 15, "{ran} cases");
}

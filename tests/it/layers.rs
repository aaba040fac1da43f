//! The house: a room names only rooms below it and its own children.

use std::fs;
use std::path::{Path, PathBuf};

/// Rooms with their layer. Rooms of one layer may not name each other.
const ROOMS: &[(&str, u8)] = &[
    ("model", 0),
    ("bytes", 1),
    ("services", 2),
    ("policy", 3),
    ("inventory", 3),
    ("traffic", 3),
    ("inspect", 3),
    ("place", 3),
    ("evidence", 4),
    ("check", 5),
    ("report", 6),
    ("seal", 7),
    ("cli", 8),
];

/// Rooms that may not be named although they lie below: the same evidence is judged under any policy.
const FORBIDDEN: &[(&str, &str)] =
    &[("evidence", "policy"), ("evidence", "place"), ("evidence", "inventory")];

fn sources(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

fn layer(room: &str) -> Option<u8> {
    ROOMS.iter().find(|(r, _)| *r == room).map(|(_, l)| *l)
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

#[test]
fn rooms_name_only_lower_rooms() {
    let mut files = Vec::new();
    sources(&src(), &mut files);
    assert!(files.len() > 50, "only {} files found", files.len());
    let mut wrong = Vec::new();
    for file in files {
        let relative = file.strip_prefix(src()).unwrap().to_owned();
        let room = relative.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
        let Some(own) = layer(&room) else {
            assert!(["lib", "main"].contains(&room.as_str()), "{} is in no known room", relative.display());
            continue;
        };
        let text = fs::read_to_string(&file).unwrap();
        for (n, line) in text.lines().enumerate() {
            for named in line.split("crate::").skip(1) {
                let named: String = named.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let Some(other) = layer(&named) else { continue };
                let forbidden = FORBIDDEN.contains(&(room.as_str(), named.as_str()));
                if named != room && (other >= own || forbidden) {
                    wrong.push(format!("src/{}:{}: `{room}` names `{named}`", relative.display(), n + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_cli_touches_the_world() {
    let mut files = Vec::new();
    sources(&src(), &mut files);
    let mut wrong = Vec::new();
    for file in files.iter().filter(|f| !f.starts_with(src().join("cli"))) {
        let text = fs::read_to_string(file).unwrap();
        let body = text.split("#[cfg(test)]").next().unwrap_or("");
        for (n, line) in body.lines().enumerate().filter(|(_, l)| !l.trim_start().starts_with("//")) {
            for word in [
                "std::fs",
                "std::env",
                "SystemTime::now",
                "Instant::now",
                "println!",
                "eprintln!",
                "std::process::exit",
            ] {
                if line.contains(word) {
                    wrong.push(format!("{}:{}: {word}", file.display(), n + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

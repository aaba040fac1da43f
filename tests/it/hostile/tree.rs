//! A repository that wants to hurt whoever takes its inventory: every file is listed with what became of
//! it, the harmless ones are read all the same, and nothing outside the tree is.

use crate::program::{Folder, domicile};
use serde_json::Value;

/// A workflow with a partner node.
const REMOTE: &str = r#"{"1": {"class_type": "FluxProUltraImageNode", "inputs": {"prompt": "x"}},
 "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0]}}}"#;

fn bomb() -> String {
    let mut text =
        String::from("services:\n  web:\n    image: comfyui\nx-0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9]\n");
    for level in 1..12 {
        let alias = format!("*a{}", level - 1);
        text.push_str(&format!("x-{level}: &a{level} [{}]\n", vec![alias; 9].join(", ")));
    }
    text
}

/// What the inventory says of a file: its kind, verdict, and notes.
fn said<'r>(report: &'r Value, path: &str) -> (&'r str, &'r str, String) {
    let files = report["files"].as_array().unwrap();
    let file = files.iter().find(|f| f["path"] == path).unwrap_or_else(|| panic!("`{path}` is not listed"));
    (file["kind"].as_str().unwrap(), file["verdict"].as_str().unwrap(), file["notes"].to_string())
}

#[test]
fn every_file_of_a_hostile_tree_is_listed_and_the_rest_is_read() {
    let folder = Folder::new();
    folder.write("good.json", REMOTE.as_bytes());
    folder.write("cut.json", REMOTE.get(..REMOTE.len() - 20).unwrap().as_bytes());
    folder.write("deep.json", format!("{}1{}", "[".repeat(200_000), "]".repeat(200_000)).as_bytes());
    folder.write("compose.yaml", bomb().as_bytes());
    folder.write(
        "deep.yaml",
        format!("services:\n  web:\n    image: x\n    command:\n      {}x\n", "- ".repeat(2000)).as_bytes(),
    );
    folder.write("latin.py", b"import openai\n# caf\xE9\nopenai.OpenAI().images.generate(prompt='x')\n");
    folder.write("empty.json", b"");
    folder.write("zeros.bin", &[0; 4096]);
    let lying = [b"\x89PNG\r\n\x1a\n".as_slice(), &[0xFF; 4], b"tEXtprompt\0{}"].concat();
    folder.write("lying.png", &lying);
    // 50 MB of nodes: bounded, and said.
    let node = r#"{"class_type": "KSampler", "inputs": {"seed": 1}}"#;
    let mut huge = String::from("{");
    for i in 0..1_000_000 {
        huge.push_str(&format!("\"{i}\": {node},"));
    }
    huge.push_str(&format!("\"x\": {node}}}"));
    assert!(huge.len() > 50 << 20);
    folder.write("huge.json", huge.as_bytes());
    let outside = Folder::new();
    outside.write("secret.json", REMOTE.as_bytes());
    std::os::unix::fs::symlink(outside.path().join("secret.json"), folder.path().join("link.json")).unwrap();
    std::os::unix::fs::symlink(outside.path(), folder.path().join("linked")).unwrap();
    std::os::unix::fs::symlink(folder.path(), folder.path().join("cycle")).unwrap();

    let run = domicile(folder.path(), &["inventory", ".", "--all", "--output", "json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let report = run.json();
    assert_eq!(said(&report, "good.json").1, "remote");
    for (path, kind, verdict, note) in [
        ("cut.json", "comfyui", "undetermined", "cut short"),
        ("huge.json", "comfyui", "undetermined", "larger than 50 MiB"),
        ("lying.png", "comfyui", "undetermined", "claims more bytes"),
        ("deep.json", "none", "no-evidence", "no importer"),
        ("empty.json", "none", "no-evidence", "no importer"),
        ("zeros.bin", "none", "no-evidence", "no importer"),
        ("compose.yaml", "compose", "undetermined", "too many values (line"),
        ("deep.yaml", "compose", "undetermined", "nested too deeply"),
        ("link.json", "none", "no-evidence", "symbolic link"),
        ("linked", "none", "no-evidence", "symbolic link"),
        ("cycle", "none", "no-evidence", "symbolic link"),
    ] {
        let (got_kind, got, notes) = said(&report, path);
        assert_eq!((got_kind, got), (kind, verdict), "{path}: {notes}");
        assert!(notes.contains(note), "{path}: {notes}");
    }
    // Not UTF-8 in a comment hides no call.
    assert_ne!(said(&report, "latin.py").1, "no-evidence");
    assert!(!run.stdout.contains("secret.json"), "a link out of the tree was followed");
}

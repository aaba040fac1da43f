//! Reports of the examples: the same whoever makes them, and checked with what a page itself says to type.

use crate::program::{Folder, domicile, examples};
use std::process::Command;

const NOW: &str = "2026-11-23T00:00:00Z";

/// The text of an element of the page with that id, with the entities of HTML undone.
fn element(page: &str, id: &str) -> String {
    let (_, rest) = page.split_once(&format!("id=\"{id}\">")).unwrap();
    let (text, _) = rest.split_once("</").unwrap();
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
        .iter()
        .fold(text.to_owned(), |text, (entity, plain)| text.replace(entity, plain))
}

/// Types what the page says into a shell, in a folder with `report.html` and `pub.pem`.
fn typed(folder: &Folder, commands: &str) -> String {
    let run = Command::new("sh").arg("-c").arg(commands).current_dir(folder.path()).output().unwrap();
    String::from_utf8(run.stdout).unwrap() + &String::from_utf8(run.stderr).unwrap()
}

#[test]
fn the_commands_that_a_page_prints_check_it() {
    let folder = Folder::new();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    assert_eq!(domicile(folder.path(), &["keys", "new", "--out", ".", "--plaintext"]).code, 0);
    let html = format!("html={}", at("report.html"));
    let key = at("report.key.pem");
    let args = ["check", "clinic", "--now", NOW, "--output", &html, "--sign", &key, "--allow-plaintext-key"];
    assert_eq!(domicile(&examples(), &args).code, 0);
    std::fs::rename(at("report.pub.pem"), at("pub.pem")).unwrap();

    let page = std::fs::read_to_string(at("report.html")).unwrap();
    let commands = element(&page, "verify-openssl");
    assert!(commands.contains("openssl pkeyutl -verify"), "{commands}");
    let said = typed(&folder, &commands);
    assert!(said.contains("Signature Verified Successfully"), "{said}");
    // The last two lines are digests: of the statement, then of the page.
    let digests: Vec<&str> = said
        .split_whitespace()
        .filter(|word| word.len() == 64 && word.bytes().all(|b| b.is_ascii_hexdigit()))
        .collect();
    assert_eq!(digests.len(), 2, "{said}");
    assert_eq!(digests[0], digests[1]);

    // A changed page no longer has the digest, a changed statement no longer the signature.
    std::fs::write(at("report.html"), page.replacen("clinic-illustrations", "clinic-1llustrations", 1))
        .unwrap();
    let said = typed(&folder, &commands);
    let digests: Vec<&str> = said.split_whitespace().filter(|word| word.len() == 64).collect();
    assert!(digests.len() == 2 && digests[0] != digests[1], "{said}");
    let other = Folder::new();
    assert_eq!(domicile(other.path(), &["keys", "new", "--out", ".", "--plaintext"]).code, 0);
    std::fs::rename(other.path().join("report.pub.pem"), at("pub.pem")).unwrap();
    let said = typed(&folder, &commands);
    assert!(!said.contains("Signature Verified Successfully"), "{said}");
}

#[test]
fn json_is_the_evidence_that_the_page_embeds() {
    for project in ["clinic", "bank", "shipyard", "blind"] {
        let json = domicile(&examples(), &["check", project, "--now", NOW, "--output", "json"]);
        let page = domicile(&examples(), &["check", project, "--now", NOW, "--output", "html"]);
        assert_eq!(json.code, page.code);
        let (_, rest) =
            page.stdout.split_once("<script type=\"application/json\" id=\"domicile-evidence\">").unwrap();
        let (block, _) = rest.split_once("</script>").unwrap();
        let embedded: serde_json::Value = serde_json::from_str(block).unwrap();
        assert_eq!(embedded, json.json(), "{project}");
        assert_eq!(embedded["format"], "domicile-evidence/1");
        // Counts on page one add up.
        let outcomes = embedded["outcomes"].as_object().unwrap();
        let rules: u64 = outcomes.values().map(|n| n.as_u64().unwrap()).sum();
        assert_eq!(rules, embedded["rules"].as_array().unwrap().len() as u64);
    }
}

#[test]
fn a_report_depends_on_nothing_but_its_inputs() {
    let args = ["check", ".", "--now", NOW, "--output", "html"];
    let once = domicile(&examples().join("shipyard"), &args).stdout;
    // From another folder, under another path, with another environment.
    let folder = Folder::new();
    let copy = Command::new("cp")
        .args(["-r", examples().join("shipyard").to_str().unwrap()])
        .arg(folder.path().join("elsewhere"))
        .status()
        .unwrap();
    assert!(copy.success());
    let again = Command::new(env!("CARGO_BIN_EXE_domicile"))
        .args(["check", folder.path().join("elsewhere").to_str().unwrap()])
        .args(&args[2..])
        .current_dir("/")
        .envs([("LC_ALL", "tr_TR.UTF-8"), ("TZ", "Asia/Kathmandu"), ("HOME", "/nowhere")])
        .output()
        .unwrap();
    assert!(once == String::from_utf8(again.stdout).unwrap(), "the reports differ");
    assert!(!once.contains(env!("CARGO_MANIFEST_DIR")));
}

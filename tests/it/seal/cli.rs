//! `keys`, `sign`, `verify` and `extract` as a user runs them, and OpenSSL on what they write.

use super::{CORE, key};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn directory(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("seal").join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn domicile(at: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_domicile"));
    let out =
        command.args(arguments).current_dir(at).env("DOMICILE_TEST_PASSPHRASE", "correct horse").output();
    let Output { status, stdout, stderr } = out.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

const ENV: [&str; 2] = ["--passphrase-env", "DOMICILE_TEST_PASSPHRASE"];

#[test]
#[expect(clippy::print_stderr, reason = "a part that did not run must say so")]
fn from_a_new_key_to_a_verified_report() {
    let at = directory("round");
    fs::write(at.join("report.html"), &*CORE).unwrap();
    let run = |arguments: &[&str]| domicile(&at, arguments);
    let (code, made, _) = run(&[&["keys", "new", "--out", "k"][..], &ENV].concat());
    assert_eq!(code, 0);
    let id = made.lines().next().unwrap().split_whitespace().last().unwrap().to_owned();
    assert_eq!(id.len(), 64);
    assert_eq!(run(&[&["keys", "new", "--out", "k"][..], &ENV].concat()).0, 2, "never overwrites");
    assert_eq!(run(&["keys", "show", "k/report.pub.pem"]).1, made);

    let sign = ["sign", "report.html", "--key", "k/report.key.pem", "-o", "signed.html"];
    let (code, _, told) = run(&sign);
    assert!(code == 2 && told.contains("no terminal"), "{told}");
    assert_eq!(run(&[&sign[..], &ENV].concat()).0, 0);
    let verify = ["verify", "signed.html", "--trust", "k/report.pub.pem"];
    let (code, text, _) = run(&verify);
    assert_eq!(code, 0);
    for part in
        ["GENUINE", &id, "your file k/report.pub.pem", "a claim", "unable to conclude", "does not prove"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(run(&[&verify[..], &["--require-conformity"]].concat()).0, 4, "unable to conclude");
    assert_eq!(run(&["verify", "signed.html"]).0, 2, "a key must be brought");
    assert_eq!(run(&["verify", "report.html", "--trust", "k/report.pub.pem"]).0, 5);

    fs::write(at.join("other.pem"), key(3).public().to_pem().unwrap()).unwrap();
    let (code, json, _) = run(&["verify", "signed.html", "--trust", "other.pem", "--output", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, json["result"].as_str()), (5, Some("refused")));
    assert!(json["reason"].as_str().unwrap().contains(&id));

    assert_eq!(run(&["extract", "signed.html", "--out", "x"]).0, 0);
    assert_eq!(run(&["extract", "signed.html", "--out", "x"]).0, 2, "not into a directory in use");
    assert_eq!(fs::read(at.join("x/page.html")).unwrap(), *CORE);
    let sig = format!("x/{id}.sig");
    let check = |pae: &str| {
        let arguments =
            ["-verify", "-pubin", "-inkey", "k/report.pub.pem", "-rawin", "-in", pae, "-sigfile", &sig];
        Command::new("openssl").arg("pkeyutl").args(arguments).current_dir(&at).output()
    };
    match check("x/report.pae") {
        Ok(out) => {
            assert!(out.status.success(), "{out:?}");
            assert!(!check("x/report.payload").unwrap().status.success(), "other bytes");
            let open = ["pkey", "-in", "k/report.key.pem", "-passin", "pass:correct horse", "-pubout"];
            let out = Command::new("openssl").args(open).current_dir(&at).output().unwrap();
            assert_eq!(out.stdout, fs::read(at.join("k/report.pub.pem")).unwrap());
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => eprintln!("openssl is not here: not run"),
        Err(e) => panic!("{e}"),
    }
}

#[test]
fn hostile_and_foreign_key_files_are_refused() {
    let at = directory("keys");
    fs::write(at.join("report.html"), &*CORE).unwrap();
    let run = |file: &str| {
        let arguments = [&["sign", "report.html", "--key", file, "-o", "out.html"][..], &ENV].concat();
        let (code, _, told) = domicile(&at, &arguments);
        assert_eq!(code, 2, "{told}");
        told
    };
    // The rounds in a real file, 600,000 (02 03 09 27 c0), raised: below the limit, then to 10^9.
    let pem = key(4).to_encrypted_pem(b"correct horse").unwrap();
    let (_, der) = pkcs8::der::pem::decode_vec(pem.as_bytes()).unwrap();
    let place = der.windows(5).position(|w| w == [2, 3, 0x09, 0x27, 0xc0]).unwrap();
    let mut dear = der.clone();
    dear[place..place + 5].copy_from_slice(&[2, 3, 0x7f, 0xff, 0xff]);
    assert!(
        run_with(&at, "odd.pem", &dear, run).contains("wrong or the key file is damaged"),
        "8,388,607 rounds"
    );
    // One more byte for the number: every length around it grows by one.
    let mut costly = der.clone();
    costly.splice(place..place + 5, [2, 4, 0x3b, 0x9a, 0xca, 0x00]);
    let mut grown = 0;
    for at in 0..place {
        let length = usize::from(costly[at + 1]);
        let end = at + 2 + length;
        if costly[at] == 0x30 && length < 0x80 && end > place && end < costly.len() {
            costly[at + 1] += 1;
            grown += 1;
        } else if costly[at] == 0x30 && costly[at + 1] == 0x81 {
            costly[at + 2] += 1;
            grown += 1;
        }
    }
    assert!(grown >= 3, "{grown}");
    assert!(run_with(&at, "costly.pem", &costly, run).contains("more work"));

    fs::write(at.join("public.pem"), key(4).public().to_pem().unwrap()).unwrap();
    assert!(run("public.pem").contains("not a PEM file with one private key"));
    fs::write(at.join("plain.pem"), key(4).to_plain_pem().unwrap()).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |m| fs::set_permissions(at.join("plain.pem"), fs::Permissions::from_mode(m)).unwrap();
        mode(0o644);
        assert!(run("plain.pem").contains("others than its owner"));
        mode(0o600);
        assert!(run("plain.pem").contains("not encrypted"));
        let made = domicile(&at, &[&["keys", "new", "--out", "."][..], &ENV].concat());
        assert_eq!(made.0, 0);
        let private = fs::metadata(at.join("report.key.pem")).unwrap();
        assert_eq!(private.permissions().mode() & 0o777, 0o600);
        fs::write(at.join("open.txt"), "correct horse\n").unwrap();
        fs::set_permissions(at.join("open.txt"), fs::Permissions::from_mode(0o644)).unwrap();
        let show = ["keys", "show", "report.key.pem", "--passphrase-file", "open.txt"];
        assert_eq!(domicile(&at, &show).0, 2);
        fs::set_permissions(at.join("open.txt"), fs::Permissions::from_mode(0o400)).unwrap();
        assert_eq!(domicile(&at, &show).1, made.1);
    }
    assert!(!at.join("out.html").exists());
}

/// Writes a private key file of those bytes and tries to sign with it.
fn run_with(at: &Path, name: &str, der: &[u8], run: impl Fn(&str) -> String) -> String {
    let end = pkcs8::der::pem::LineEnding::LF;
    let pem = pkcs8::der::pem::encode_string("ENCRYPTED PRIVATE KEY", end, der).unwrap();
    fs::write(at.join(name), pem).unwrap();
    run(name)
}

//! Where results are written to: what is there already is not harmed.

use super::seeds::produced;
use crate::program::{Folder, domicile};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};

fn prepare() -> (Folder, Vec<u8>) {
    let folder = Folder::new();
    let log = produced().into_iter().find(|(id, ..)| *id == "squid").unwrap().2;
    folder.write("access.log", &log);
    assert_eq!(domicile(folder.path(), &["scan", "access.log", "--partial", "expected"]).code, 0);
    let expected = std::fs::read(folder.path().join("expected")).unwrap();
    (folder, expected)
}

/// Scans into a file of that name.
fn scan(folder: &Folder, name: &str) -> crate::program::Run {
    domicile(folder.path(), &["scan", "access.log", "--partial", name])
}

#[test]
fn a_pipe_is_written_to_and_stays_one() {
    let (folder, expected) = prepare();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::read(pipe).unwrap()
    });
    let run = scan(&folder, "pipe");
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(reader.join().unwrap() == expected);
    assert!(std::fs::metadata(&pipe).unwrap().file_type().is_fifo());
}

#[test]
fn a_link_stays_one_and_what_it_leads_to_is_written() {
    let (folder, expected) = prepare();
    folder.write("other/target", b"before");
    std::os::unix::fs::symlink("other/target", folder.path().join("link")).unwrap();
    std::os::unix::fs::symlink("nowhere", folder.path().join("lost")).unwrap();
    assert_eq!(scan(&folder, "link").code, 0);
    assert!(folder.path().join("link").is_symlink());
    assert!(std::fs::read(folder.path().join("other/target")).unwrap() == expected);
    assert_eq!(std::fs::read_dir(folder.path().join("other")).unwrap().count(), 1);
    let run = scan(&folder, "lost");
    assert!(run.code == 2 && run.stderr.contains("`lost` cannot be written"), "{} {}", run.code, run.stderr);
    assert!(folder.path().join("lost").is_symlink());
}

#[test]
fn a_private_file_stays_private() {
    let (folder, expected) = prepare();
    let path = folder.path().join("secret");
    std::fs::write(&path, b"before").unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    assert_eq!(scan(&folder, "secret").code, 0);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(std::fs::read(&path).unwrap() == expected);
}

#[test]
fn a_directory_and_a_full_device_are_told() {
    let (folder, _) = prepare();
    std::fs::create_dir(folder.path().join("directory")).unwrap();
    // Reached by a link, so that the device is safe even from a program that puts a file in the place of what it is given.
    std::os::unix::fs::symlink("/dev/full", folder.path().join("full")).unwrap();
    for name in ["directory", "full", "access.log/under"] {
        let run = scan(&folder, name);
        let told = format!("`{name}` cannot be written");
        assert!(run.code == 2 && run.stderr.contains(&told), "{name}: {} {}", run.code, run.stderr);
    }
    assert!(std::fs::metadata("/dev/full").unwrap().file_type().is_char_device());
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|f| f.unwrap().file_name()).collect();
    assert!(!left.iter().any(|n| n.to_string_lossy().ends_with(".part")), "{left:?}");
}

#[test]
fn a_pipe_has_no_ranges() {
    let (folder, _) = prepare();
    let run = domicile(folder.path(), &["scan", "-", "--range", "0..1M", "--partial", "part"]);
    let told = "a pipe is read from its start to its end: it has no ranges";
    assert!(run.code == 2 && run.stderr.contains(told), "{} {}", run.code, run.stderr);
}

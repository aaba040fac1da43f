//! The program under watch: what it is fed through a pipe as it goes, and the most memory it held.

use crate::program::Run;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

/// The program, and whether it is the one people run. `tests/run` names that one in `DOMICILE_RELEASE`, and the
/// largest inputs are for it alone: the one built for tests is too slow for them.
pub(super) fn program() -> (PathBuf, bool) {
    match std::env::var_os("DOMICILE_RELEASE") {
        Some(path) => (PathBuf::from(path), true),
        None => (PathBuf::from(env!("CARGO_BIN_EXE_domicile")), false),
    }
}

/// Starts the program in a folder, with its outputs in pipes.
pub(super) fn start(directory: &Path, args: &[&str]) -> Child {
    Command::new(program().0)
        .args(args)
        .current_dir(directory)
        .env_remove("SOURCE_DATE_EPOCH")
        .env_remove("NO_COLOR")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Runs the program, fed by `feed`, and tells the most memory it held, in MiB.
pub(super) fn watched(
    directory: &Path,
    args: &[&str],
    feed: impl FnOnce(&mut ChildStdin) + Send,
) -> (Run, u64) {
    let mut child = start(directory, args);
    let (mut stdin, id) = (child.stdin.take().unwrap(), child.id());
    let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    std::thread::scope(|scope| {
        let fed = scope.spawn(move || feed(&mut stdin));
        let text = |mut pipe: Box<dyn Read + Send>| {
            scope.spawn(move || {
                let mut text = String::new();
                pipe.read_to_string(&mut text).unwrap();
                text
            })
        };
        let (stdout, stderr) = (text(Box::new(out)), text(Box::new(err)));
        let mut peak = 0;
        let code = loop {
            peak = peak_of(id).unwrap_or(peak);
            if let Some(status) = child.try_wait().unwrap() {
                break status.code().unwrap();
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        fed.join().unwrap();
        assert!(peak > 0, "the memory of a process is not told here: this test needs Linux's /proc");
        let (stdout, stderr) = (stdout.join().unwrap(), stderr.join().unwrap());
        (Run { code, stdout, stderr }, peak / 1024)
    })
}

/// Most memory a running process held so far, in KiB.
fn peak_of(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?.trim().trim_end_matches(" kB").parse().ok()
}

/// Writes to the program; one that has stopped reading says why itself.
pub(super) fn write(stdin: &mut ChildStdin, bytes: &[u8]) -> bool {
    stdin.write_all(bytes).is_ok()
}

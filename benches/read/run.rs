//! Running a program and measuring it as a whole process.

use crate::Outcome;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const GNU_TIME: &str = "/usr/bin/time";

/// What a run cost.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cost {
    /// User and system time of every process of it.
    pub(crate) cpu: Duration,
    /// From start to exit.
    pub(crate) wall: Duration,
    /// Largest resident memory of the program behind `$T` in KiB, where GNU time is there to tell.
    pub(crate) peak: Option<u64>,
}

/// Where programs are looked for and what they may write.
pub(crate) struct Shell {
    /// The program that is measured.
    domicile: PathBuf,
    /// Where peaks are left.
    peak: PathBuf,
    /// Whether GNU time is there.
    gnu: bool,
    /// Python with DuckDB, if there is one.
    pub(crate) python: Option<String>,
}

impl Shell {
    pub(crate) fn new(folder: &Path) -> Shell {
        // Another build may be measured with the same inputs.
        let domicile =
            std::env::var_os("DOMICILE_BENCH_BIN").unwrap_or(env!("CARGO_BIN_EXE_domicile").into());
        let peak = folder.join(format!("peak-{}", std::process::id()));
        Shell { domicile: domicile.into(), peak, gnu: Path::new(GNU_TIME).exists(), python: None }
    }

    /// Whether a program is installed.
    pub(crate) fn has(&self, program: &str) -> bool {
        let found = Command::new("bash").args(["-c", "command -v \"$1\"", "bash", program]).output();
        found.is_ok_and(|out| out.status.success())
    }

    /// Whether that Python can import DuckDB.
    pub(crate) fn can_duck(&self, python: &str) -> bool {
        let tried = Command::new(python).args(["-c", "import duckdb"]).output();
        tried.is_ok_and(|out| out.status.success())
    }

    /// Runs a line of bash to success: `$D` is Domicile, `$P` Python, `$T` stands before the program whose
    /// memory counts. What it printed, and what it cost.
    pub(crate) fn measure(&self, script: &str, args: &[&OsStr]) -> Outcome<(String, Cost)> {
        let timed = format!("set -o pipefail; TIMEFORMAT='%3R %3U %3S'; time {{ {script}; }}");
        let mut command = Command::new("bash");
        command.args(["-c", &timed, "bash"]).args(args).env("LC_ALL", "C").env("D", &self.domicile);
        command.env("P", self.python.as_deref().unwrap_or("python3"));
        if self.gnu {
            command.env("T", format!("{GNU_TIME} -f %M -o {}", self.peak.display()));
        }
        let done = command.output().map_err(|e| format!("`bash` did not start: {e}"))?;
        let told = String::from_utf8_lossy(&done.stderr);
        if !done.status.success() {
            return Err(format!("`{script}` failed: {}\n{told}", done.status).into());
        }
        let figures = told.lines().last().unwrap_or_default().split(' ').map(|seconds| {
            Ok(Duration::try_from_secs_f64(seconds.parse().map_err(|e| format!("`{seconds}`: {e}"))?)?)
        });
        let figures = figures.collect::<Outcome<Vec<_>>>()?;
        let [wall, user, system] = figures[..] else { return Err(format!("no times in `{told}`").into()) };
        let peak = if self.gnu && script.contains("$T") {
            let text = std::fs::read_to_string(&self.peak)?;
            std::fs::remove_file(&self.peak)?;
            text.lines().last().and_then(|l| l.trim().parse().ok())
        } else {
            None
        };
        Ok((String::from_utf8_lossy(&done.stdout).into_owned(), Cost { cpu: user + system, wall, peak }))
    }
}

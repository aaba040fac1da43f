#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::exit,
    reason = "a benchmark reads the clock and the disk, starts programs and prints"
)]

//! What reading a log costs: CPU of `domicile scan FILE --output json` beside that of `wc -l FILE`, and the
//! time of a whole `check` of `examples/clinic`.
//!
//! `cargo bench --bench read` generates a log of every kind, 200 MB each or `DOMICILE_BENCH_MB`, and reads
//! them in interleaved rounds; no figure counts unless the scan's totals are the generator's, in every
//! round. Without `--bench`, as `cargo test --all-targets` runs it, the same is done once with 1 MB: those
//! figures say nothing, the checks do. CPU is user and system time of the child as bash's `time` gives it
//! (milliseconds); peak memory is GNU time's, `-` where `/usr/bin/time` is missing. See docs/benchmarks.md.

#[allow(
    dead_code,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "shared with the tests; the benchmark needs the writer of big logs alone"
)]
#[path = "../tests/it/producers/mod.rs"]
mod producers;

use producers::big::{self, Kind, Totals};
use serde::Deserialize;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

/// Any failure, told to whoever runs the benchmark.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const DOMICILE: &str = env!("CARGO_BIN_EXE_domicile");
const GNU_TIME: &str = "/usr/bin/time";
/// Seed of the generated logs.
const SEED: u64 = 20_261_122;
/// `wc -l` of a log is so quick that one run is near the resolution of its measure.
const WC_RUNS: u32 = 5;
/// Spread of `wc -l` between rounds, above which the machine was too busy to measure anything.
const SPREAD: f64 = 0.25;

/// How much is run. One round gives no figures.
struct Extent {
    /// Bytes of a log.
    size: u64,
    rounds: usize,
    checks: usize,
}

impl Extent {
    fn chosen() -> Outcome<Extent> {
        let args: Vec<String> = std::env::args().skip(1).collect();
        let has = |wanted: &str| args.iter().any(|a| a == wanted);
        if !has("--bench") || has("--test") {
            return Ok(Extent { size: 1_000_000, rounds: 1, checks: 1 });
        }
        let megabytes = match std::env::var("DOMICILE_BENCH_MB") {
            Ok(text) => text.parse::<u64>().ok().filter(|n| (1..=100_000).contains(n)),
            Err(_) => Some(200),
        };
        let size = megabytes.ok_or("`DOMICILE_BENCH_MB` is no whole number from 1 to 100000")? * 1_000_000;
        Ok(Extent { size, rounds: 3, checks: 10 })
    }
}

fn main() -> ExitCode {
    match Extent::chosen().and_then(|extent| run(&extent)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(extent: &Extent) -> Outcome<()> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("bench-inputs");
    fs::create_dir_all(&folder)?;
    let mut logs = Kind::ALL
        .map(|kind| Log::write(&folder, kind, extent.size))
        .into_iter()
        .collect::<Outcome<Vec<_>>>()?;
    for _ in 0..extent.rounds {
        for log in &mut logs {
            log.round()?;
        }
    }
    if extent.rounds > 1 {
        table(&logs);
    } else {
        println!("totals of {} logs agree; run `cargo bench --bench read` for figures", logs.len());
    }
    for log in &logs {
        fs::remove_file(&log.path)?;
    }
    clinic(&folder, extent.checks)
}

/// A generated log, what it holds and what reading it cost in each round.
struct Log {
    kind: Kind,
    path: PathBuf,
    truth: Totals,
    scans: Vec<Cost>,
    counts: Vec<Cost>,
    aggregates: usize,
}

impl Log {
    fn write(folder: &Path, kind: Kind, size: u64) -> Outcome<Log> {
        // A run of the tests and one of the benchmark may share the folder.
        let path = folder.join(format!("{kind:?}-{size}-{}.log", std::process::id()));
        let mut out = BufWriter::with_capacity(1 << 20, File::create(&path)?);
        let truth = big::write(kind, size, SEED, &mut out)?;
        // On the disk before anything is measured, so that no write-back runs beside it.
        out.into_inner()?.sync_all()?;
        Ok(Log { kind, path, truth, scans: Vec::new(), counts: Vec::new(), aggregates: 0 })
    }

    /// Counts the lines, then scans and holds what the scan says against the truth.
    fn round(&mut self) -> Outcome<()> {
        let mut lines = Cost::default();
        for _ in 0..WC_RUNS {
            let (_, cost) = measured("wc", &["-l".as_ref(), self.path.as_os_str()])?;
            lines.cpu += cost.cpu / WC_RUNS;
            lines.peak = lines.peak.max(cost.peak);
        }
        self.counts.push(lines);
        let args = ["scan".as_ref(), self.path.as_os_str(), "--output".as_ref(), "json".as_ref()];
        let (out, cost) = measured(DOMICILE, &args)?;
        self.scans.push(cost);
        let scan: Scan = serde_json::from_slice(&out)?;
        let said = scan.totals();
        if said != self.truth {
            return Err(format!("{:?}: written {:?}, but scanned {said:?}", self.kind, self.truth).into());
        }
        self.aggregates = scan.aggregates.len();
        Ok(())
    }
}

/// What is compared of `scan --output json`.
#[derive(Deserialize)]
struct Scan {
    files: Vec<Read>,
    aggregates: Vec<Aggregate>,
}

#[derive(Deserialize)]
struct Read {
    read: u64,
    bytes: u64,
}

#[derive(Deserialize)]
struct Aggregate {
    bytes_out: Sum,
    bytes_in: Sum,
}

#[derive(Deserialize)]
struct Sum {
    sum: u64,
}

impl Scan {
    fn totals(&self) -> Totals {
        Totals {
            size: self.files.iter().map(|f| f.bytes).sum(),
            records: self.files.iter().map(|f| f.read).sum(),
            sent: self.aggregates.iter().map(|a| a.bytes_out.sum).sum(),
            back: self.aggregates.iter().map(|a| a.bytes_in.sum).sum(),
        }
    }
}

/// What a run of a program cost.
#[derive(Clone, Copy, Default)]
struct Cost {
    /// User and system time.
    cpu: Duration,
    /// Largest resident memory in KiB, where GNU time can tell it.
    peak: Option<u64>,
}

/// Runs a program to success: what it printed and what it cost.
fn measured(program: &str, args: &[&OsStr]) -> Outcome<(Vec<u8>, Cost)> {
    let gnu = Path::new(GNU_TIME).exists();
    let mut command = Command::new("bash");
    // The keyword's report is the last line of the standard error, GNU time's the one before it.
    command.env("LC_ALL", "C").args(["-c", "TIMEFORMAT='%3U %3S'; time \"$@\"", "bash"]);
    if gnu {
        command.args([GNU_TIME, "-f", "%M"]);
    }
    let done = command.arg(program).args(args).output().map_err(|e| format!("`bash` did not start: {e}"))?;
    let told = String::from_utf8_lossy(&done.stderr);
    if !done.status.success() {
        return Err(format!("`{program}` failed: {}\n{told}", done.status).into());
    }
    let mut lines = told.lines().rev();
    let mut cpu = Duration::ZERO;
    for seconds in lines.next().unwrap_or_default().split(' ') {
        cpu += Duration::try_from_secs_f64(seconds.parse()?)?;
    }
    let peak = if gnu { Some(lines.next().unwrap_or_default().parse()?) } else { None };
    Ok((done.stdout, Cost { cpu, peak }))
}

fn table(logs: &[Log]) {
    println!("| log | MB | records | aggregates | MB/s of CPU | times `wc -l` | peak MiB | |");
    println!("|---|--:|--:|--:|--:|--:|--:|---|");
    for log in logs {
        let (scan, lines) = (median(cpu(&log.scans)), median(cpu(&log.counts)));
        let peak = log.scans.iter().filter_map(|c| c.peak).max();
        println!(
            "| {:?} | {} | {} | {} | {:.0} | {:.1} | {} | {} |",
            log.kind,
            log.truth.size / 1_000_000,
            log.truth.records,
            log.aggregates,
            log.truth.size as f64 / 1e6 / scan.as_secs_f64(),
            scan.as_secs_f64() / lines.as_secs_f64(),
            peak.map_or_else(|| "-".to_owned(), |kib| (kib / 1024).to_string()),
            if steady(&cpu(&log.counts)) { "" } else { "unstable" },
        );
    }
}

fn cpu(costs: &[Cost]) -> Vec<Duration> {
    costs.iter().map(|c| c.cpu).collect()
}

/// The middle one; of an even number the upper of the two.
fn median(mut of: Vec<Duration>) -> Duration {
    of.sort();
    of.get(of.len() / 2).copied().unwrap_or_default()
}

/// Whether the slowest is within [`SPREAD`] of the quickest.
fn steady(of: &[Duration]) -> bool {
    match (of.iter().min(), of.iter().max()) {
        (Some(least), Some(most)) => most.as_secs_f64() <= least.as_secs_f64() * (1.0 + SPREAD),
        _ => false,
    }
}

/// Times `check` of the clinic, from start to exit, with a page as its report. It conforms: any other exit
/// code ends the benchmark.
fn clinic(folder: &Path, runs: usize) -> Outcome<()> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/clinic");
    let page = folder.join(format!("clinic-{}.html", std::process::id()));
    let mut times = Vec::new();
    for _ in 0..runs {
        let mut command = Command::new(DOMICILE);
        command.arg("check").arg(&project).arg("--output").arg(format!("html={}", page.display()));
        let start = Instant::now();
        let done = command.output()?;
        times.push(start.elapsed());
        if !done.status.success() || fs::metadata(&page)?.len() == 0 {
            return Err(format!("check of the clinic: {}", done.status).into());
        }
        fs::remove_file(&page)?;
    }
    let (least, most) = (times.iter().min().copied(), times.iter().max().copied());
    println!(
        "\ncheck of examples/clinic with an HTML report: median {:.0?} of {runs}, {:.0?} to {:.0?}",
        median(times),
        least.unwrap_or_default(),
        most.unwrap_or_default(),
    );
    Ok(())
}

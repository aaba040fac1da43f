#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::exit,
    reason = "a benchmark reads the clock and the disk, starts programs and prints"
)]

//! What an inventory of a large repository costs, beside `rg` for one literal over the same tree.
//!
//! `cargo bench --bench tree` generates a repository of 20,000 files or `DOMICILE_BENCH_FILES` from a seed and
//! reads it in interleaved rounds; no figure counts unless the verdicts are the generator's, in every run.
//! Without `--bench`, as `cargo test --all-targets` runs it, that is done once with 400 files and no figures.

mod files;
#[allow(dead_code, reason = "shared with the other benchmark; this one needs a part of it")]
#[path = "../read/run.rs"]
mod run;

use files::Counts;
use run::{Cost, Shell};
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

/// Any failure, told to whoever runs the benchmark.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Seed of everything generated.
const SEED: u64 = 20_261_125;
/// The literal that the peer looks for.
const LITERAL: &str = "api.openai.com";

fn main() -> ExitCode {
    match bench() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("tree: {why}");
            ExitCode::FAILURE
        }
    }
}

fn bench() -> Outcome<()> {
    let figures = std::env::args().any(|a| a == "--bench");
    let asked = std::env::var("DOMICILE_BENCH_FILES").ok();
    let files: usize = match (asked, figures) {
        (Some(n), _) => n.parse().map_err(|e| format!("DOMICILE_BENCH_FILES={n}: {e}"))?,
        (None, true) => 20_000,
        (None, false) => 400,
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("tree-{}", std::process::id()));
    let done = rounds(&folder, files, figures);
    let removed = fs::remove_dir_all(&folder);
    done?;
    Ok(removed?)
}

fn rounds(folder: &Path, files: usize, figures: bool) -> Outcome<()> {
    let tree = folder.join("tree");
    let truth = files::write(&tree, files, SEED)?;
    let shell = Shell::new(folder);
    let rival = figures && shell.has("rg");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..if figures { 5 } else { 1 } {
        let (said, cost) = shell.measure("$T \"$D\" inventory \"$1\"", &[tree.as_os_str()])?;
        agree(&said, &truth)?;
        ours.push(cost);
        if rival {
            // It finds nothing in some trees, which it tells by its exit code.
            let script = format!("$T rg -c -F --hidden --no-require-git {LITERAL} \"$1\" || [ $? = 1 ]");
            theirs.push(shell.measure(&script, &[tree.as_os_str()])?.1);
        }
    }
    if figures {
        print(&truth, &mut ours, rival.then_some(&mut theirs), &tree)?;
    }
    Ok(())
}

/// The last line of the inventory tells how many files had which verdict.
fn agree(said: &str, truth: &Counts) -> Outcome<()> {
    let last = said.lines().last().unwrap_or_default();
    if last == truth.line() {
        return Ok(());
    }
    Err(format!("the inventory says\n{last}\nthe generator says\n{}", truth.line()).into())
}

fn median(costs: &mut [Cost], of: impl Fn(&Cost) -> Duration) -> f64 {
    let mut all: Vec<Duration> = costs.iter().map(of).collect();
    all.sort();
    all.get(all.len() / 2).map_or(0.0, Duration::as_secs_f64)
}

fn print(truth: &Counts, ours: &mut [Cost], theirs: Option<&mut Vec<Cost>>, tree: &Path) -> Outcome<()> {
    let bytes: u64 = sizes(tree)?;
    println!("{} files, {} MB\n", truth.files(), bytes / 1_000_000);
    println!("| | wall s | CPU s | peak MiB |\n|---|--:|--:|--:|");
    let row = |name: &str, costs: &mut [Cost]| {
        let peak =
            costs.iter().filter_map(|c| c.peak).max().map_or("-".to_owned(), |k| (k / 1024).to_string());
        let (wall, cpu) = (median(costs, |c| c.wall), median(costs, |c| c.cpu));
        println!("| {name} | {wall:.2} | {cpu:.2} | {peak} |");
        wall
    };
    let wall = row("`domicile inventory`", ours);
    if let Some(theirs) = theirs {
        let peer = row(&format!("`rg -c -F --hidden --no-require-git {LITERAL}`"), theirs);
        println!("\n{:.1} times the wall of `rg`", wall / peer);
    } else {
        println!("\n`rg` is not installed: apt install ripgrep");
    }
    Ok(())
}

fn sizes(folder: &Path) -> Outcome<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        sum += if meta.is_dir() { sizes(&entry.path())? } else { meta.len() };
    }
    Ok(sum)
}

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::exit,
    clippy::indexing_slicing,
    reason = "a benchmark reads the clock and the disk, starts programs and prints"
)]

//! What reading a log costs, beside `wc -l`, `rg`, `jq` and DuckDB on the same file in the same run.
//!
//! `cargo bench --bench read` generates a log of every kind, 500 MB each or `DOMICILE_BENCH_MB`, and reads it
//! in interleaved rounds; no figure counts unless the totals of the scan are the generator's, in every run. Without
//! `--bench`, as `cargo test --all-targets` runs it, that is done once with 1 MB and no figures. See
//! docs/benchmarks.md.

mod duck;
mod eve;
mod har;
mod kinds;
mod lines;
#[allow(
    dead_code,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "shared with the tests; the benchmark needs a part of them"
)]
#[path = "../../tests/it/producers/mod.rs"]
mod producers;
mod run;
mod split;
mod stages;
mod table;
mod tools;
mod world;
mod zeek;

use kinds::Kind;
use run::{Cost, Shell};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tools::{Said, Tool};
use world::{Totals, World};

/// Any failure, told to whoever runs the benchmark.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Seed of everything generated.
const SEED: u64 = 20_261_123;
/// `wc -l` of a log is so quick that one run is near the resolution of its measure.
const WC_RUNS: u32 = 5;
/// Bytes of a log of which only the totals are checked.
const SMALL: u64 = 1_000_000;

/// What became of a generated record, by the words of the generator.
enum Fate {
    /// A flow, with the bytes sent and received that the record tells.
    Flow(u64, u64),
    /// A record of something else.
    Ignored,
    /// The sensor about itself: ignored, and without the parts that others have.
    Stats,
    /// One that cannot be understood.
    Rejected,
}

/// How much is run.
struct Extent {
    size: u64,
    rounds: usize,
    /// Whether there are figures; otherwise only Domicile is run, and its totals checked.
    figures: bool,
    /// Whether the logs are only written, for whoever wants to profile.
    only_write: bool,
    kinds: Vec<Kind>,
}

impl Extent {
    fn chosen() -> Outcome<Extent> {
        let args: Vec<String> = std::env::args().skip(1).collect();
        let has = |wanted: &str| args.iter().any(|a| a == wanted);
        let wanted: Vec<_> = args.iter().filter(|a| !a.starts_with('-')).map(|a| a.to_lowercase()).collect();
        let chosen = |k: &Kind| {
            wanted.is_empty() || wanted.iter().any(|w| format!("{k:?}").to_lowercase().contains(w))
        };
        let kinds: Vec<_> = Kind::ALL.into_iter().filter(chosen).collect();
        if !has("--bench") || has("--test") {
            return Ok(Extent { size: SMALL, rounds: 1, figures: false, only_write: false, kinds });
        }
        let megabytes = match std::env::var("DOMICILE_BENCH_MB") {
            Ok(text) => text.parse::<u64>().ok().filter(|n| (1..=100_000).contains(n)),
            Err(_) => Some(500),
        };
        let size = megabytes.ok_or("`DOMICILE_BENCH_MB` is no whole number from 1 to 100000")? * 1_000_000;
        Ok(Extent { size, rounds: 3, figures: true, only_write: has("--write"), kinds })
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
    // A run of the tests and one of the benchmark may stand side by side.
    let name = format!("bench-inputs/{}", std::process::id());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name(name);
    fs::create_dir_all(&folder)?;
    if extent.only_write {
        return only_write(&folder, extent);
    }
    let outcome = within(&folder, extent);
    fs::remove_dir_all(&folder)?;
    outcome
}

/// The root of the project.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn world() -> Outcome<World> {
    World::new(&root().join("policies/services"), SEED)
}

fn only_write(folder: &Path, extent: &Extent) -> Outcome<()> {
    let world = world()?;
    for kind in &extent.kinds {
        println!("{}", Input::write(folder, &world, *kind, extent.size)?.path.display());
    }
    Ok(())
}

fn within(folder: &Path, extent: &Extent) -> Outcome<()> {
    let root = root();
    let mut shell = Shell::new(folder);
    let world = world()?;
    let names = folder.join("names.txt");
    fs::write(&names, world.listed.join("\n") + "\n")?;
    let mut tools: Vec<Tool> =
        Tool::ALL.into_iter().filter(|t| t.is_ours() && t.needs(&shell).is_ok()).collect();
    let mut missing = Vec::new();
    if extent.figures {
        let venv = root.join("target/bench-tools/duckdb/bin/python").to_string_lossy().into_owned();
        shell.python = [venv, "python3".to_owned()].into_iter().find(|p| shell.can_duck(p));
        let there = |tool: &Tool| tool.needs(&shell).map_err(|(_, how)| missing.push(how)).is_ok();
        tools = Tool::ALL.into_iter().filter(there).collect();
        missing.dedup();
    }
    let mut inputs = Vec::new();
    for kind in extent.kinds.iter().copied() {
        inputs.push(measure(folder, &shell, &world, (kind, &names), &tools, extent)?);
    }
    let unread: Vec<_> = inputs.iter().filter(|i| !i.read).map(|i| i.kind.title()).collect();
    if !unread.is_empty() {
        println!("no reader for: {}", unread.join(", "));
    }
    split::check(folder, &shell, &world, extent.size)?;
    if !extent.figures {
        println!("totals agree; run `cargo bench --bench read` for figures");
        return Ok(());
    }
    table::print(&inputs);
    for how in missing {
        println!("\nnot installed, hence `-`: {how}");
    }
    if std::env::var("DOMICILE_BENCH_LARGE").is_ok_and(|v| v == "1") {
        large(folder, &shell, &world, extent.size * 10)?;
    }
    Ok(())
}

/// A generated log, what it holds and what reading it cost.
struct Input {
    kind: Kind,
    path: PathBuf,
    truth: Totals,
    /// Whether Domicile knows the format.
    read: bool,
    aggregates: Option<u64>,
    costs: Vec<(Tool, Vec<Cost>)>,
    /// Where the time goes, if there are figures.
    stages: Option<stages::Stages>,
    /// Programs whose totals are off.
    wrong: Vec<Tool>,
}

/// Writes an input, runs every tool on it once in each round, and removes it.
fn measure(
    folder: &Path,
    shell: &Shell,
    world: &World,
    (kind, names): (Kind, &Path),
    tools: &[Tool],
    extent: &Extent,
) -> Outcome<Input> {
    let mut input = Input::write(folder, world, kind, SMALL)?;
    input.read = input.is_read(shell)?;
    if extent.size != SMALL {
        eprintln!("{}: writing", kind.title());
        input = Input { read: input.read, ..Input::write(folder, world, kind, extent.size)? };
    }
    let fits = |t: &Tool| t.fits(kind) && (input.read || !t.is_ours());
    let tools: Vec<_> = tools.iter().copied().filter(fits).collect();
    input.compress(shell, &tools)?;
    // Into the page cache.
    shell.measure("cat \"$1\" > /dev/null", &[input.path.as_os_str()])?;
    for round in 1..=extent.rounds {
        if extent.figures {
            eprintln!("{}: round {round} of {}", kind.title(), extent.rounds);
        }
        for tool in &tools {
            input.take(shell, *tool, names)?;
        }
    }
    if extent.figures && input.read {
        input.stages = Some(stages::of(&input.path)?);
    }
    for ending in ["", ".gz", ".zst"] {
        let path = PathBuf::from(format!("{}{ending}", input.path.display()));
        if path.exists() {
            fs::remove_file(path)?;
        }
    }
    Ok(input)
}

impl Input {
    fn write(folder: &Path, world: &World, kind: Kind, size: u64) -> Outcome<Input> {
        let path = folder.join(format!("{kind:?}.log"));
        let truth = kind.write(world, size, SEED, &path)?;
        Ok(Input {
            kind,
            path,
            truth,
            read: true,
            aggregates: None,
            costs: Vec::new(),
            stages: None,
            wrong: Vec::new(),
        })
    }

    /// Whether Domicile has a reader for it. Any other failure to read is one.
    fn is_read(&self, shell: &Shell) -> Outcome<bool> {
        let script = "\"$D\" scan \"$1\" || [ $? -eq 3 ]";
        let (printed, _) = shell.measure(script, &[self.path.as_os_str()])?;
        Ok(!printed.contains("it is of no known format"))
    }

    fn compress(&self, shell: &Shell, tools: &[Tool]) -> Outcome<()> {
        for (tool, script) in [(Tool::Gz, "gzip -k -f \"$1\""), (Tool::Zst, "zstd -q -k -f \"$1\"")] {
            if tools.contains(&tool) {
                shell.measure(script, &[self.path.as_os_str()])?;
            }
        }
        Ok(())
    }

    /// Runs a tool once and checks what it says.
    fn take(&mut self, shell: &Shell, tool: Tool, names: &Path) -> Outcome<()> {
        let args: [&OsStr; 2] = [self.path.as_os_str(), names.as_os_str()];
        let script = tool.script(self.kind);
        let (printed, mut cost) = shell.measure(&script, &args)?;
        if tool == Tool::Wc {
            for _ in 1..WC_RUNS {
                cost.cpu += shell.measure(&script, &args)?.1.cpu;
            }
            cost.cpu /= WC_RUNS;
        }
        let right = tool.check(&printed, &self.truth).map_err(|e| format!("{}: {e}", self.kind.title()))?;
        if !right && !self.wrong.contains(&tool) {
            self.wrong.push(tool);
        }
        if tool.is_ours() {
            let aggregates = Said::of(&printed)?.aggregates;
            if self.aggregates.is_some_and(|known| known != aggregates) {
                return Err(format!("{}: {tool:?} has {aggregates} aggregates", self.kind.title()).into());
            }
            self.aggregates = Some(aggregates);
        }
        match self.costs.iter_mut().find(|(t, _)| *t == tool) {
            Some((_, costs)) => costs.push(cost),
            None => self.costs.push((tool, vec![cost])),
        }
        Ok(())
    }

    /// What a tool cost in each round; nothing if it was not run.
    fn of(&self, tool: Tool) -> &[Cost] {
        self.costs.iter().find(|(t, _)| *t == tool).map_or(&[], |(_, costs)| costs)
    }
}

/// The memory that a log of ten times the size takes.
fn large(folder: &Path, shell: &Shell, world: &World, size: u64) -> Outcome<()> {
    let mut input = Input::write(folder, world, Kind::Eve, size)?;
    for tool in [Tool::One, Tool::Two] {
        input.take(shell, tool, Path::new(""))?;
    }
    let (one, two) = (table::peak(input.of(Tool::One)), table::peak(input.of(Tool::Two)));
    println!("\n{} of {size} bytes: peak {one} MiB with one thread, {two} MiB with two", input.kind.title());
    fs::remove_file(&input.path)?;
    Ok(())
}

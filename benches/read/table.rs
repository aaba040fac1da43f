//! The table.

use crate::Input;
use crate::run::Cost;
use crate::tools::Tool;
use std::time::Duration;

/// Spread of `wc -l` between rounds, above which the machine was too busy to measure anything.
const SPREAD: f64 = 0.25;

/// The middle one; of an even number the upper of the two.
fn median(mut of: Vec<Duration>) -> Option<f64> {
    of.sort();
    of.get(of.len() / 2).map(Duration::as_secs_f64)
}

fn cpu(costs: &[Cost]) -> Option<f64> {
    median(costs.iter().map(|c| c.cpu).collect())
}

fn wall(costs: &[Cost]) -> Option<f64> {
    median(costs.iter().map(|c| c.wall).collect())
}

/// A figure, `-` where there is none.
fn show(figure: Option<f64>, decimals: usize) -> String {
    figure.filter(|f| f.is_finite()).map_or_else(|| "-".to_owned(), |f| format!("{f:.decimals$}"))
}

fn ratio(of: Option<f64>, to: Option<f64>) -> Option<f64> {
    Some(of? / to?)
}

/// Whether the slowest is within [`SPREAD`] of the quickest.
fn steady(of: &[Cost]) -> bool {
    let of: Vec<_> = of.iter().map(|c| c.cpu.as_secs_f64()).collect();
    let (least, most) =
        (of.iter().copied().fold(f64::INFINITY, f64::min), of.iter().copied().fold(0.0, f64::max));
    most <= least * (1.0 + SPREAD)
}

/// Whether one thread had a processor for itself: otherwise walls tell of the neighbours.
fn undisturbed(of: &[Cost]) -> bool {
    match (wall(of), cpu(of)) {
        (Some(wall), Some(cpu)) => wall <= cpu * (1.0 + SPREAD) + 0.05,
        _ => true,
    }
}

/// Columns: what they are called, and their figure.
type Column = (&'static str, fn(&Input) -> String);

const COLUMNS: &[Column] = &[
    ("input", |i| i.kind.title().to_owned()),
    ("MB", |i| (i.truth.size / 1_000_000).to_string()),
    ("records", |i| i.truth.records().to_string()),
    ("aggregates", |i| i.aggregates.map_or_else(|| "-".to_owned(), |n| n.to_string())),
    ("CPU s", |i| show(cpu(i.of(Tool::One)), 2)),
    ("MB/s", |i| show(cpu(i.of(Tool::One)).map(|s| i.truth.size as f64 / 1e6 / s), 0)),
    ("x `wc -l`", |i| show(ratio(cpu(i.of(Tool::One)), cpu(i.of(Tool::Wc))), 1)),
    ("of that reading + digest + decoding + folding", stages),
    ("x `rg`", |i| show(ratio(cpu(i.of(Tool::One)), cpu(i.of(Tool::Rg))), 2)),
    ("CPU s with SHA-256", |i| show(cpu(i.of(Tool::Sha)), 2)),
    ("`openssl` CPU s", |i| show(cpu(i.of(Tool::OpenSsl)), 2)),
    ("2 threads: wall x", |i| show(ratio(wall(i.of(Tool::Two)), wall(i.of(Tool::One))), 2)),
    ("2 threads: CPU x", |i| show(ratio(cpu(i.of(Tool::Two)), cpu(i.of(Tool::One))), 2)),
    ("stdin: CPU x", |i| show(ratio(cpu(i.of(Tool::Stdin)), cpu(i.of(Tool::One))), 2)),
    ("`.gz`: wall x `gzip -dc`", |i| show(ratio(wall(i.of(Tool::Gz)), wall(i.of(Tool::Gunzip))), 2)),
    ("`.zst`: wall x `zstd -dc`", |i| show(ratio(wall(i.of(Tool::Zst)), wall(i.of(Tool::Unzstd))), 2)),
    ("`jq` CPU x ours", |i| show(ratio(cpu(i.of(Tool::Jq)), cpu(i.of(Tool::One))), 0)),
    ("DuckDB CPU x ours", |i| show(ratio(cpu(i.of(Tool::Duck)), cpu(i.of(Tool::One))), 1)),
    ("DuckDB wall x ours, 1 thread", |i| show(ratio(wall(i.of(Tool::Duck)), wall(i.of(Tool::One))), 1)),
    ("DuckDB wall x ours, 2 threads", |i| show(ratio(wall(i.of(Tool::DuckTwo)), wall(i.of(Tool::Two))), 1)),
    ("peak MiB, 1 and 2 threads", |i| format!("{}, {}", peak(i.of(Tool::One)), peak(i.of(Tool::Two)))),
    ("", remarks),
];

/// The stages by the clock, each as a multiple of `wc -l`.
fn stages(input: &Input) -> String {
    let wc = cpu(input.of(Tool::Wc));
    let stage = |d: &Duration| show(ratio(Some(d.as_secs_f64()), wc), 1);
    input.stages.map_or_else(|| "-".to_owned(), |s| s.iter().map(stage).collect::<Vec<_>>().join(" + "))
}

pub(crate) fn peak(costs: &[Cost]) -> String {
    let peak = costs.iter().filter_map(|c| c.peak).max();
    peak.map_or_else(|| "-".to_owned(), |kib| kib.div_ceil(1024).to_string())
}

fn remarks(input: &Input) -> String {
    let mut said = Vec::new();
    if !input.read {
        said.push("no reader".to_owned());
    }
    if !steady(input.of(Tool::Wc)) {
        said.push("unstable".to_owned());
    }
    if !undisturbed(input.of(Tool::One)) {
        said.push("busy".to_owned());
    }
    said.extend(input.wrong.iter().map(|tool| format!("totals of {tool:?} are off by more than 1 %")));
    said.join("; ")
}

/// Prints the table in Markdown.
pub(crate) fn print(inputs: &[Input]) {
    let row = |cells: Vec<String>| println!("| {} |", cells.join(" | "));
    row(COLUMNS.iter().map(|(title, _)| (*title).to_owned()).collect());
    row(COLUMNS
        .iter()
        .enumerate()
        .map(|(i, (title, _))| if i == 0 || title.is_empty() { "---" } else { "--:" }.to_owned())
        .collect());
    for input in inputs {
        row(COLUMNS.iter().map(|(_, figure)| figure(input)).collect());
    }
}

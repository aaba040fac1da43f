//! The command line: the only room with disk, clock, environment, terminal and threads.
//!
//! One file for each subcommand, each with its arguments, its table of exit codes and `run`.

#![expect(clippy::disallowed_methods, reason = "this room is where disk, clock and environment live")]

mod artefacts;
mod check;
mod checksums;
mod evidence;
mod extract;
mod gather;
mod init;
mod inventory;
mod job;
mod keys;
mod list;
mod logs;
mod merge;
mod outcome;
mod partials;
mod progress;
mod scan;
mod shares;
mod shell;
mod show;
mod sign;
mod tree;
mod verify;

use clap::{Parser, Subcommand};
use shell::Shell;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;

pub use show::render;

/// Exit codes, frozen. Where several apply: 6 > 2 > 5 > 3 > 1 > 4 > 0.
pub(crate) mod exit {
    /// Conforms, conforms except as waived, or declaration examined without a finding.
    pub(crate) const OK: u8 = 0;
    /// Findings.
    pub(crate) const FINDINGS: u8 = 1;
    /// Usage, configuration or policy invalid.
    pub(crate) const INVALID: u8 = 2;
    /// Nothing to check.
    pub(crate) const NOTHING: u8 = 3;
    /// Unable to conclude.
    pub(crate) const OPEN: u8 = 4;
    /// Signature or integrity failure.
    pub(crate) const INTEGRITY: u8 = 5;
    /// Internal error.
    pub(crate) const INTERNAL: u8 = 6;
}

/// The program.
#[derive(Parser)]
#[command(name = "domicile", version, about, long_about = LONG, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// When to use colours; NO_COLOR switches them off too
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", value_parser = ["auto", "always", "never"])]
    color: String,
}

const LONG: &str = "Did any prompt or image leave the infrastructure that was declared local?\n\n\
Domicile reads a sector policy, a project's declared image-generation pipeline and the network traffic \
logged while it ran, judges each rule, and writes a signed report that can be verified without trusting \
whoever sends it. It opens no socket and sends nothing anywhere.";

#[derive(Subcommand)]
enum Command {
    Init(init::Args),
    Check(check::Args),
    Scan(scan::Args),
    Merge(merge::Args),
    Inventory(inventory::Args),
    Keys(keys::Args),
    Sign(sign::Args),
    Verify(verify::Args),
    Extract(extract::Args),
    List(list::ListArgs),
    Explain(list::ExplainArgs),
}

/// Runs the program with the arguments of the process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are successes; a closed pipe is nobody's fault.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { exit::INVALID } else { exit::OK });
        }
    };
    // A fault of the program has told itself already. It must not look like an outcome to whoever reads the exit code.
    let code = std::panic::catch_unwind(AssertUnwindSafe(|| run(cli))).unwrap_or(exit::INTERNAL);
    ExitCode::from(code)
}

fn run(cli: Cli) -> u8 {
    let shell = Shell::new(&cli.color);
    match cli.command {
        Command::Init(args) => init::run(&args, &shell),
        Command::Check(args) => check::run(&args, &shell),
        Command::Scan(args) => scan::run(&args, &shell),
        Command::Merge(args) => merge::run(&args, &shell),
        Command::Inventory(args) => inventory::run(&args, &shell),
        Command::Keys(args) => keys::run(&args, &shell),
        Command::Sign(args) => sign::run(&args, &shell),
        Command::Verify(args) => verify::run(&args, &shell),
        Command::Extract(args) => extract::run(&args, &shell),
        Command::List(args) => list::list(&args, &shell),
        Command::Explain(args) => list::explain(&args, &shell),
    }
}

//! `domicile scan`: what logs say, judged by nobody.

use super::gather::Tasks;
use super::keys::PrivateKey;
use super::logs::{Reading, STDIN, Task, read_all, read_range, threads};
use super::partials;
use super::progress::Progress;
use super::shell::Shell;
use super::{exit, tree};
use crate::evidence::Summary;
use crate::report::scan;
use crate::services::Services;
use crate::traffic::{FORMATS, ReadOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Show what traffic logs say
///
/// Reads every file below the paths, recognised by content, plain, gzip or zstd, and prints record counts and
/// aggregates. Every record is counted: read = flows + ignored + rejected.
///
/// With --partial it writes what it found as a file instead, so that `domicile merge` and `domicile check
/// --evidence` can go on elsewhere. With --project it reads the logs that a project declares, under the names,
/// sources and options that the project gives them; PATHS are then names of logs.
///
/// Exit codes: 0 every file was read, 2 usage, a missing path, or more in the logs than is kept apart, 3 no log was
/// read, 4 some file was not read, 6 internal error.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Log files or directories; `-` is the standard input
    #[arg(required_unless_present = "project")]
    paths: Vec<PathBuf>,
    /// How to print
    #[arg(long, short, value_name = "FORMAT", default_value = "text", value_parser = ["text", "json"])]
    output: String,
    /// Read every file as this format, whatever its content
    #[arg(long, value_name = "ID")]
    format: Option<String>,
    /// How lines are laid out: `log_format` of nginx, `LogFormat` of Apache (format web-access) or `logformat` of
    /// Squid (format squid), the text between the quotes
    #[arg(long, value_name = "LAYOUT", requires = "format")]
    log_format: Option<String>,
    /// Year of time stamps that have none
    #[arg(long, value_name = "YEAR")]
    year: Option<i32>,
    /// Read the logs that a project declares: its file, or the directory of its `domicile.toml`
    #[arg(long, value_name = "DIR", conflicts_with_all = ["format", "log_format", "year"])]
    project: Option<PathBuf>,
    /// Source that the logs belong to, `scan` if not given; with --project, the only one to read
    #[arg(long, value_name = "ID", value_parser = source_id)]
    source: Option<String>,
    /// Write a partial to this file instead of printing
    #[arg(long, value_name = "FILE", conflicts_with = "output")]
    partial: Option<PathBuf>,
    /// Read only the records that begin in these bytes of the one log, START..END or START..; multiples of 1M,
    /// as 0..512M or 3G..
    #[arg(long, value_name = "RANGE", value_parser = range)]
    range: Option<(u64, u64)>,
    /// Sign the partial with this private key
    #[arg(long, value_name = "KEY", requires = "partial")]
    sign: Option<PathBuf>,
    #[command(flatten)]
    private: PrivateKey,
    /// How many threads read; as many as there are processors, at most 8
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
    /// Leave out the SHA-256 of logs; the content digest is always computed
    #[arg(long)]
    no_sha256: bool,
}

pub(crate) fn run(args: &Args, shell: &Shell) -> u8 {
    match scan(args, shell) {
        Ok(code) | Err(code) => code,
    }
}

fn scan(args: &Args, shell: &Shell) -> Result<u8, u8> {
    let fail = |code: u8| {
        move |why: String| {
            shell.error(&why, None);
            code
        }
    };
    // The key is opened first: nobody should wait for a scan to learn that it cannot be signed.
    let key = args.sign.as_ref().map(|path| args.private.open(path, shell)).transpose()?;
    let services = Services::embedded().map_err(fail(exit::INTERNAL))?;
    let (tasks, missing) = match &args.project {
        Some(project) => declared(args, project, shell)?,
        None => (named(args).map_err(fail(exit::INVALID))?, false),
    };
    let progress = Progress::new();
    let reading = Reading {
        threads: args.threads.map_or_else(threads, usize::from),
        sha256: !args.no_sha256,
        ..Reading::usual(services, &progress)
    };
    let summary = match (args.range, tasks.as_slice()) {
        (None, tasks) => read_all(tasks, &reading).map_err(|why| fail(why.code())(why.to_string()))?,
        (Some(range), [task]) => read_range(task, range, &reading)
            .map_err(|why| fail(why.code())(format!("`{}`: {why}", task.found.name)))?,
        (Some(_), tasks) => {
            return Err(fail(exit::INVALID)(format!("--range is of one log, and there are {}", tasks.len())));
        }
    };
    if let Some(path) = &args.partial {
        partials::write(shell, path, &summary, key.as_ref()).map_err(fail(exit::INVALID))?;
        super::gather::warn(shell, &summary);
        return Ok(code(&summary, missing));
    }
    let text =
        if args.output == "json" { scan::json(&summary, services) } else { scan::text(&summary, services) };
    shell.out(text.as_bytes()).map_err(fail(exit::INTERNAL))?;
    let code = code(&summary, missing);
    // The program ends here: taking apart some hundred thousand small lists first would only take time.
    std::mem::forget(summary);
    Ok(code)
}

fn code(summary: &Summary, missing: bool) -> u8 {
    let unread = summary.logs.values().filter(|l| l.facts.skipped.is_some()).count();
    if unread == summary.logs.len() {
        exit::NOTHING
    } else if unread > 0 || missing {
        exit::OPEN
    } else {
        exit::OK
    }
}

/// The logs below the paths.
fn named(args: &Args) -> Result<Vec<Task>, String> {
    let source: Arc<str> = args.source.as_deref().unwrap_or("scan").into();
    if let (Some(layout), Some(id)) = (&args.log_format, &args.format)
        && let Some(format) = FORMATS.iter().find(|f| f.id() == id)
    {
        format.layout(layout).map_err(|problem| format!("--log-format: {problem}"))?;
    }
    let options = Arc::new(ReadOptions { year: args.year, log_format: args.log_format.clone() });
    let mut tasks = Vec::new();
    for path in &args.paths {
        let found = if path.as_os_str() == STDIN.0 {
            vec![tree::Found { name: STDIN.1.to_owned(), path: path.clone(), refused: None }]
        } else if path.exists() {
            tree::below(path, false)
        } else {
            return Err(format!("`{}` does not exist", path.display()));
        };
        tasks.extend(found.into_iter().map(|found| Task {
            source: Arc::clone(&source),
            found,
            format: args.format.clone(),
            options: Arc::clone(&options),
        }));
    }
    distinct_names(&mut tasks);
    Ok(tasks)
}

/// The logs that a project declares, and whether a pattern of it matches none.
fn declared(args: &Args, project: &Path, shell: &Shell) -> Result<(Vec<Task>, bool), u8> {
    let fail = |why: String, help| {
        shell.error(&why, Some(help));
        exit::INVALID
    };
    let loaded = super::gather::load(shell, project, &[])?;
    let Tasks { mut tasks, missing } = super::gather::tasks(shell, &loaded, true)?;
    if let Some(id) = &args.source {
        if !loaded.project.sources.iter().any(|s| s.id == *id) {
            return Err(fail(
                format!("the project declares no source `{id}`"),
                "see its `[[source]]` tables",
            ));
        }
        tasks.retain(|t| *t.source == **id);
    }
    for path in &args.paths {
        if !tasks.iter().any(|t| path.as_os_str() == t.found.name.as_str()) {
            let why = format!("the project declares no log `{}`", path.display());
            return Err(fail(why, "with --project, name a log as `files` of a `[[source]]` does"));
        }
    }
    if !args.paths.is_empty() {
        tasks.retain(|t| args.paths.iter().any(|p| p.as_os_str() == t.found.name.as_str()));
    }
    let missing = missing.iter().any(|(source, _)| args.source.as_ref().is_none_or(|id| **source == **id));
    Ok((tasks, missing && args.paths.is_empty()))
}

/// An id as project files have it.
fn source_id(text: &str) -> Result<String, String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    if !text.is_empty() && text.len() <= 64 && text.bytes().all(plain) {
        Ok(text.to_owned())
    } else {
        Err("an id has letters, digits, `-`, `_` and `.`, at most 64".to_owned())
    }
}

/// `0..512M`, `3G..`.
fn range(text: &str) -> Result<(u64, u64), String> {
    let offset = |text: &str, absent: u64| {
        if text.is_empty() {
            return Some(absent);
        }
        let units = [("K", 10), ("M", 20), ("G", 30)];
        let unit = units.iter().find_map(|(unit, bits)| Some((text.strip_suffix(unit)?, *bits)));
        let (digits, bits) = unit.unwrap_or((text, 0));
        digits.parse::<u64>().ok()?.checked_mul(1 << bits)
    };
    let ends = text.split_once("..").and_then(|(a, b)| Some((offset(a, 0)?, offset(b, u64::MAX)?)));
    ends.filter(|(a, b)| a < b)
        .ok_or_else(|| "write it as 0..512M or 3G.., with the end after the start".to_owned())
}

/// Files of the same name from different places keep apart by a number.
fn distinct_names(tasks: &mut [Task]) {
    let mut met = std::collections::BTreeMap::<String, u32>::new();
    for task in tasks {
        let n = met.entry(task.found.name.clone()).or_default();
        *n += 1;
        if *n > 1 {
            task.found.name = format!("{} ({n})", task.found.name);
        }
    }
}

//! `domicile scan`: what logs say, judged by nobody.

use super::logs::{Reading, STDIN, Task, read_all, threads};
use super::progress::Progress;
use super::shell::Shell;
use super::{exit, tree};
use crate::report::scan;
use crate::services::Services;
use crate::traffic::{FORMATS, ReadOptions};
use std::path::PathBuf;
use std::sync::Arc;

/// Show what traffic logs say
///
/// Reads every file below the paths, recognised by content, plain or gzip, and prints record counts and
/// aggregates. Every record is counted: read = flows + ignored + rejected.
///
/// Exit codes: 0 every file was read, 2 usage or a missing path, 3 no log was read, 4 some file was not
/// read, 6 internal error.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Log files or directories; `-` is the standard input
    #[arg(required = true)]
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
    let services = Services::embedded().map_err(fail(exit::INTERNAL))?;
    let source: Arc<str> = "scan".into();
    if let (Some(layout), Some(id)) = (&args.log_format, &args.format)
        && let Some(format) = FORMATS.iter().find(|f| f.id() == id)
    {
        let wrong = |problem| format!("--log-format: {problem}");
        format.layout(layout).map_err(wrong).map_err(fail(exit::INVALID))?;
    }
    let options = Arc::new(ReadOptions { year: args.year, log_format: args.log_format.clone() });
    let mut tasks = Vec::new();
    for path in &args.paths {
        if path.as_os_str() == STDIN.0 {
            let found = tree::Found { name: STDIN.1.to_owned(), path: path.clone(), refused: None };
            let (source, options) = (Arc::clone(&source), Arc::clone(&options));
            tasks.push(Task { source, found, format: args.format.clone(), options });
            continue;
        }
        if !path.exists() {
            return Err(fail(exit::INVALID)(format!("`{}` does not exist", path.display())));
        }
        let found = tree::below(path, false);
        tasks.extend(found.into_iter().map(|found| Task {
            source: Arc::clone(&source),
            found,
            format: args.format.clone(),
            options: Arc::clone(&options),
        }));
    }
    distinct_names(&mut tasks);
    let progress = Progress::new();
    let reading = Reading {
        threads: args.threads.map_or_else(threads, usize::from),
        sha256: !args.no_sha256,
        ..Reading::usual(services, &progress)
    };
    let summary = read_all(&tasks, &reading).map_err(fail(exit::INTERNAL))?;
    let text =
        if args.output == "json" { scan::json(&summary, services) } else { scan::text(&summary, services) };
    shell.out(text.as_bytes()).map_err(fail(exit::INTERNAL))?;
    let unread = summary.logs.values().filter(|l| l.facts.skipped.is_some()).count();
    Ok(if unread == summary.logs.len() {
        exit::NOTHING
    } else if unread > 0 {
        exit::OPEN
    } else {
        exit::OK
    })
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

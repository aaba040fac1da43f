//! `domicile init`: a project file to start from, with what was found and the blanks to fill in.

mod components;

use super::gather::import_all;
use super::job::Failed;
use super::logs::{Reading, Task, read_all};
use super::progress::Progress;
use super::shell::Shell;
use super::{exit, tree};
use crate::evidence::{Server, Summary};
use crate::inventory::{Context, undeclared_locality};
use crate::model::project::PointKind;
use crate::model::text::plural;
use crate::policy::{InitFacts, InitLog, draft};
use crate::services::Services;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Clients listed above a source.
const CLIENTS: usize = 8;

/// Write a project file to start from
///
/// Looks at a directory for what its workflows, code, manifests and deployment files do, and at a directory
/// of logs for their formats, their clients, and rotations that are missing; writes a commented
/// `domicile.toml` with components, the file and line each fact came from, and blanks marked REQUIRED,
/// which do not load until somebody fills them in.
///
/// Exit codes: 0 written, 2 usage, or a project file that is there already, 6 internal error.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The project's directory
    #[arg(default_value = ".")]
    directory: PathBuf,
    /// Directory with traffic logs
    #[arg(long, value_name = "DIR")]
    logs: Option<PathBuf>,
    /// Policy to hold the project to; may be repeated
    #[arg(long, value_name = "ID", default_value = "baseline")]
    policy: Vec<String>,
}

pub(crate) fn run(args: &Args, shell: &Shell) -> u8 {
    match init(args, shell) {
        Ok(()) => exit::OK,
        Err((code, why)) => {
            shell.error(&why, None);
            code
        }
    }
}

fn init(args: &Args, shell: &Shell) -> Result<(), (u8, String)> {
    let invalid = |why: String| (exit::INVALID, why);
    if !args.directory.is_dir() {
        return Err(invalid(format!("`{}` is no directory", args.directory.display())));
    }
    let file = args.directory.join("domicile.toml");
    if file.exists() {
        return Err(invalid(format!("`{}` is there already and is not overwritten", file.display())));
    }
    let services = Services::embedded().map_err(|why| (exit::INTERNAL, why))?;
    let context = Context { services, locality: &undeclared_locality };
    let files = import_all(&tree::below(&args.directory, true), &context);
    let logs = match &args.logs {
        Some(dir) if !dir.is_dir() => return Err(invalid(format!("`{}` is no directory", dir.display()))),
        Some(dir) => logs(dir, &args.directory, services).map_err(|why| (why.code(), why.to_string()))?,
        None => Vec::new(),
    };
    let name =
        args.directory.canonicalize().ok().and_then(|d| Some(d.file_name()?.to_string_lossy().into_owned()));
    let facts = InitFacts {
        name: name.unwrap_or_default(),
        policies: args.policy.clone(),
        components: components::components(&files),
        downloads: components::downloads(&files),
        logs,
    };
    shell.write(&file, draft(&facts).as_bytes()).map_err(invalid)?;
    shell
        .out(
            format!("wrote {}; fill in what is marked REQUIRED, then run `domicile check`\n", file.display())
                .as_bytes(),
        )
        .map_err(invalid)
}

/// One source for each log with its rotations.
fn logs(dir: &Path, project: &Path, services: &Services) -> Result<Vec<InitLog>, Failed> {
    let mut groups: BTreeMap<String, Vec<tree::Found>> = BTreeMap::new();
    for found in tree::below(dir, false) {
        groups.entry(stem(&found.name).to_owned()).or_default().push(found);
    }
    let mut sources = Vec::new();
    for (stem, files) in groups {
        let names: Vec<String> = files.iter().map(|f| f.name.clone()).collect();
        let source: Arc<str> = "init".into();
        let tasks: Vec<_> = files
            .into_iter()
            .map(|found| Task { source: Arc::clone(&source), found, format: None, options: Arc::default() })
            .collect();
        let progress = Progress::new();
        let summary = read_all(&tasks, &Reading::usual(services, &progress))?;
        let formats: BTreeSet<&str> =
            summary.logs.values().filter_map(|l| l.facts.format.as_deref()).collect();
        if formats.is_empty() {
            continue;
        }
        let mut seen = vec![format!("format {}", formats.iter().copied().collect::<Vec<_>>().join(", "))];
        seen.extend(described(&summary));
        seen.extend(gaps(&stem, &names));
        let pattern = if names.len() > 1 { format!("{stem}*") } else { stem };
        sources.push(InitLog { files: relative(dir, project, &pattern), kind: kind(&formats), seen });
    }
    Ok(sources)
}

/// The name without a rotation's number and compression: `access.log.2.gz` is `access.log`.
fn stem(name: &str) -> &str {
    let plain = name.strip_suffix(".gz").unwrap_or(name);
    match plain.rsplit_once('.') {
        Some((before, number)) if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) => before,
        _ => plain,
    }
}

/// Records, span and clients.
fn described(summary: &Summary) -> Vec<String> {
    let mut lines = Vec::new();
    let records: u64 = summary.logs.values().map(|l| l.facts.counts.read).sum();
    let rejected: u64 = summary.logs.values().map(|l| l.facts.counts.rejected_total()).sum();
    let first = summary.logs.values().filter_map(|l| Some(l.seen?.0)).min();
    let last = summary.logs.values().filter_map(|l| Some(l.seen?.1)).max();
    if let (Some(first), Some(last)) = (first, last) {
        lines.push(format!(
            "{} from {first} to {last}, {rejected} not understood",
            plural(records, "record", "records")
        ));
    }
    let mut clients: BTreeMap<&str, BTreeSet<&Server>> = BTreeMap::new();
    for key in summary.aggregates.keys() {
        clients.entry(&key.client).or_default().insert(&key.server);
    }
    let mut clients: Vec<_> = clients.into_iter().map(|(c, d)| (d.len() as u64, c)).collect();
    clients.sort_by_key(|(n, c)| (std::cmp::Reverse(*n), *c));
    for (n, client) in clients.iter().take(CLIENTS) {
        lines.push(format!("client {client}: {}", plural(*n, "destination", "destinations")));
    }
    if clients.len() > CLIENTS {
        lines.push(format!("and {} more clients", clients.len() - CLIENTS));
    }
    lines
}

/// Numbers missing between the rotations that are there.
fn gaps(stem: &str, names: &[String]) -> Option<String> {
    let number = |name: &String| {
        let plain = name.strip_suffix(".gz").unwrap_or(name);
        plain.strip_prefix(stem)?.strip_prefix('.')?.parse::<u32>().ok()
    };
    let there: BTreeSet<u32> = names.iter().filter_map(number).collect();
    let (first, last) = (*there.first()?, *there.last()?);
    // A number far away is a date, not a rotation.
    let missing: Vec<String> = (first.min(1)..last)
        .take(1000)
        .filter(|n| *n > 0 && !there.contains(n))
        .take(5)
        .map(|n| format!("{stem}.{n}"))
        .collect();
    (last <= 1000 && !missing.is_empty()).then(|| format!("MISSING rotations: {}", missing.join(", ")))
}

fn kind(formats: &BTreeSet<&str>) -> Option<PointKind> {
    let of = |format: &&str| match *format {
        "squid" | "squid-combined" => Some(PointKind::ExplicitProxy),
        "har" => Some(PointKind::Client),
        "suricata-eve" | "vpc-flow" | "zeek-json" | "zeek-tsv" => Some(PointKind::Gateway),
        _ => None,
    };
    let kinds: BTreeSet<_> = formats.iter().map(of).collect();
    if kinds.len() == 1 { kinds.into_iter().next().flatten() } else { None }
}

/// A pattern relative to the project if the logs lie below it, else as given.
fn relative(dir: &Path, project: &Path, pattern: &str) -> String {
    let below = dir.canonicalize().ok().zip(project.canonicalize().ok());
    let inside = below.and_then(|(d, p)| d.strip_prefix(p).ok().map(Path::to_owned));
    inside.unwrap_or_else(|| dir.to_owned()).join(pattern).to_string_lossy().replace('\\', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotations_are_one_log_and_missing_ones_are_named() {
        assert_eq!(stem("access.log.2.gz"), "access.log");
        assert_eq!(stem("eve.json"), "eve.json");
        let names = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        let found = gaps("access.log", &names(&["access.log", "access.log.1", "access.log.3.gz"]));
        assert_eq!(found.as_deref(), Some("MISSING rotations: access.log.2"));
        assert_eq!(gaps("access.log", &names(&["access.log", "access.log.1", "access.log.2.gz"])), None);
    }
}

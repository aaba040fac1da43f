//! From a project's directory to everything judging needs.

use super::artefacts;
use super::logs::{Reading, Task, read_all};
use super::progress::Progress;
use super::shell::{self, Disk, Shell};
use super::{exit, tree};
use crate::check::{Bindings, CHECKS, bind, locate, validate_waivers};
use crate::evidence::{Log, LogFacts, Summary};
use crate::inventory::{self, Context, File};
use crate::model::diagnostic::{Diagnostic, Place};
use crate::model::inventory::FileInventory;
use crate::model::policy::Policy;
use crate::model::project::{PeriodSpec, Project};
use crate::model::text::hex;
use crate::model::{Diagnostics, Period, SourceText, Time};
use crate::policy;
use crate::services::Services;
use crate::traffic::{FORMATS, ReadOptions};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::Builder;

/// The largest file of a project that is looked at.
const MOST_FILE: u64 = 64 << 20;
/// Most threads that look at files.
const MOST_THREADS: usize = 16;
/// The name of a project file.
const PROJECT: &str = "domicile.toml";

/// A project with its criteria, bound.
pub(crate) struct Loaded {
    pub(crate) project: Project,
    pub(crate) policy: Policy,
    pub(crate) bindings: Bindings,
    pub(crate) directory: PathBuf,
    /// Name of the project file and its SHA-256.
    pub(crate) file: (String, String),
}

/// Loads a project file, or the one in a directory, with its policies.
pub(crate) fn load(shell: &Shell, path: &Path, policies: &[String]) -> Result<Loaded, u8> {
    let file = if path.is_dir() { path.join(PROJECT) } else { path.to_owned() };
    let name = file.file_name().map_or_else(|| PROJECT.to_owned(), |n| n.to_string_lossy().into_owned());
    let source = shell::read_text(&file, &name).map_err(|why| {
        shell.error(
            &why,
            Some("name a project file or a directory that holds `domicile.toml`; `domicile init` writes one"),
        );
        exit::INVALID
    })?;
    let directory = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned();
    let mut out = Diagnostics::default();
    let project = policy::load_project(&source, &mut out);
    let mut loaded = None;
    if let Some(project) = project {
        let asked = if policies.is_empty() {
            project.policies.clone()
        } else {
            policies.iter().map(|p| (p.clone(), project.at.clone())).collect()
        };
        check_layouts(&project, &mut out);
        let ids: Vec<_> = asked.into_iter().map(|(id, at)| (id, Some(at))).collect();
        let find = |id: &str| find_policy(&directory, id);
        let checks: Vec<_> = CHECKS.iter().map(|c| c.id()).collect();
        let policy = policy::load(&ids, &find, &project.parameters, &checks, &mut out);
        if let Some(policy) = &policy {
            policy::agree(&project, policy, &mut out);
        }
        let bound = policy.as_ref().and_then(|p| bind(p, &mut out));
        if let Some(policy) = &policy {
            validate_waivers(&project, policy, &mut out);
        }
        if let (Some(policy), Some(bindings)) = (policy, bound) {
            loaded = Some((project, policy, bindings));
        }
    }
    shell.diagnose(&out);
    match loaded {
        Some((project, policy, bindings)) if !out.has_errors() => {
            let digest = hex(Sha256::digest(source.text.as_bytes()));
            Ok(Loaded { project, policy, bindings, directory, file: (name, digest) })
        }
        _ => Err(exit::INVALID),
    }
}

/// Reports every `log_format` that its format cannot use, at the place in it that is wrong.
fn check_layouts(project: &Project, out: &mut Diagnostics) {
    for source in &project.sources {
        let (Some(format), Some((layout, at))) = (&source.format, &source.log_format) else { continue };
        let Some(format) = FORMATS.iter().find(|f| f.id() == format) else {
            out.push(
                Diagnostic::error("unknown-format", format!("there is no format `{format}`"))
                    .at(at.clone(), "so nobody can read this")
                    .help("`web-access` is that of nginx and Apache, `squid` that of Squid"),
            );
            continue;
        };
        let Err(problem) = format.layout(layout) else { continue };
        let written = at.source.text.get(at.span.clone()).unwrap_or_default();
        // Only a literal string is as long in the file as it is in memory.
        let opening = if written.starts_with("'''") { 3 } else { 1 };
        let exact =
            written.get(opening..).filter(|w| written.starts_with('\'') && w.starts_with(layout.as_str()));
        let here = exact.map_or(at.clone(), |_| {
            let start = at.span.start + opening + problem.at;
            Place { source: Arc::clone(&at.source), span: start..(start + 1).min(at.span.end) }
        });
        out.push(
            Diagnostic::error("wrong-log-format", format!("`log_format` of `{}`: {problem}", source.id))
                .at(here, "here")
                .help(format!("`domicile explain {}` says what it may hold", format.id())),
        );
    }
}

/// A policy that is not compiled in: a path, or an id with a file of that name beside the project.
fn find_policy(directory: &Path, id: &str) -> Option<Arc<SourceText>> {
    // A path that is absolute or leads out of the project says where things lie: reports have its last part.
    let path = Path::new(id);
    let inside = path.components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
    let last = || path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let name = if inside { id.strip_prefix("./").unwrap_or(id).replace('\\', "/") } else { last() };
    let below = format!("policies/{id}.toml");
    [(directory.join(id), name), (directory.join(&below), below)]
        .iter()
        .find(|(path, _)| path.is_file())
        .and_then(|(path, name)| shell::read_text(path, name).ok())
}

/// What the project's files show.
pub(crate) fn inventory(
    shell: &Shell,
    loaded: &Loaded,
    services: &Services,
) -> Result<Vec<FileInventory>, u8> {
    let mut found = Vec::new();
    for component in &loaded.project.components {
        for (pattern, at) in &component.files {
            let files = tree::matching(&loaded.directory, pattern).map_err(|why| invalid(shell, &why))?;
            if files.is_empty() {
                shell.say(&format!("warning: {}: no file matches `{pattern}`", at.show()));
            }
            found.extend(files);
        }
    }
    found.sort();
    found.dedup();
    let locality = |host: &str| locate(&loaded.project, host);
    Ok(import_hashed(&found, &Context { services, locality: &locality }, &Progress::new()))
}

/// Files, each imported or passed over with the reason, and what they settle about each other.
pub(crate) fn import_all(found: &[tree::Found], context: &Context<'_>) -> Vec<FileInventory> {
    settle(import_each(found, context), context)
}

/// The same, with the SHA-256 of every model file.
pub(crate) fn import_hashed(
    found: &[tree::Found],
    context: &Context<'_>,
    progress: &Progress,
) -> Vec<FileInventory> {
    let mut files = import_each(found, context);
    artefacts::hash(found, &mut files, progress);
    settle(files, context)
}

fn settle(files: Vec<(usize, FileInventory)>, context: &Context<'_>) -> Vec<FileInventory> {
    let mut files: Vec<FileInventory> = files.into_iter().map(|(_, file)| file).collect();
    inventory::reconcile(&mut files, context);
    inventory::trace(&mut files);
    files
}

/// Every file by itself, with its place in the list, in the order of paths.
fn import_each(found: &[tree::Found], context: &Context<'_>) -> Vec<(usize, FileInventory)> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut mine = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(file) = found.get(at) else { break mine };
            mine.push((at, import(file, context)));
        }
    };
    let mut files: Vec<(usize, FileInventory)> = std::thread::scope(|scope| {
        // The system may refuse some: then fewer do the same work.
        let others: Vec<_> =
            (1..threads).map_while(|_| Builder::new().spawn_scoped(scope, work).ok()).collect();
        let mut all = work();
        all.extend(others.into_iter().flat_map(|t| t.join().unwrap_or_else(|panic| resume_unwind(panic))));
        all
    });
    files.sort_by(|(_, a), (_, b)| a.path.cmp(&b.path));
    files
}

fn import(found: &tree::Found, context: &Context<'_>) -> FileInventory {
    if let Some(why) = found.refused {
        return inventory::passed_over(&found.name, why);
    }
    let name = &found.name;
    let unreadable = || inventory::passed_over(name, "it cannot be read, or is larger than 64 MiB");
    let Ok(disk) = Disk::open(&found.path, u64::MAX) else { return unreadable() };
    if let Some(artefact) = artefacts::import(name, &disk, context) {
        return artefact;
    }
    match disk.whole(MOST_FILE) {
        Ok(bytes) => inventory::import(&File::new(name, &bytes), context).unwrap_or_else(|| {
            inventory::passed_over(name, "no importer found anything about a pipeline in it")
        }),
        Err(_) => unreadable(),
    }
}

/// The logs a project declares.
pub(crate) struct Tasks {
    pub(crate) tasks: Vec<Task>,
    /// Source and pattern, where no file matches.
    pub(crate) missing: Vec<(Arc<str>, Arc<str>)>,
}

/// Finds the logs of a project's sources. `tell` says so where a pattern matches nothing.
pub(crate) fn tasks(shell: &Shell, loaded: &Loaded, tell: bool) -> Result<Tasks, u8> {
    let mut tasks = Vec::new();
    let mut missing = Vec::new();
    for source in &loaded.project.sources {
        let id: Arc<str> = source.id.as_str().into();
        let mut files = Vec::new();
        for (pattern, at) in &source.files {
            let matched = tree::matching(&loaded.directory, pattern).map_err(|why| invalid(shell, &why))?;
            if matched.is_empty() {
                if tell {
                    shell.say(&format!("warning: {}: no log matches `{pattern}`", at.show()));
                }
                missing.push((Arc::clone(&id), Arc::<str>::from(tree::printable(pattern))));
            }
            files.extend(matched);
        }
        files.sort();
        files.dedup_by(|a, b| a.path == b.path);
        let log_format = source.log_format.as_ref().map(|(layout, _)| layout.clone());
        let options = Arc::new(ReadOptions { log_format, ..ReadOptions::default() });
        tasks.extend(files.into_iter().map(|found| Task {
            source: Arc::clone(&id),
            found,
            format: source.format.clone(),
            options: Arc::clone(&options),
        }));
    }
    Ok(Tasks { tasks, missing })
}

/// What the project's logs show.
pub(crate) fn traffic(shell: &Shell, loaded: &Loaded, services: &Services) -> Result<Summary, u8> {
    let Tasks { tasks, missing } = tasks(shell, loaded, true)?;
    let progress = Progress::new();
    let mut summary = read_all(&tasks, &Reading::usual(services, &progress)).map_err(|why| {
        shell.error(&why.to_string(), None);
        why.code()
    })?;
    for key in missing {
        let facts =
            LogFacts { skipped: Some("no file matches this pattern".to_owned()), ..LogFacts::default() };
        summary.logs.entry(key).or_insert(Log { facts, ..Log::default() });
    }
    Ok(summary)
}

/// Says which logs were not read, or hold nothing where none holds anything.
pub(crate) fn warn(shell: &Shell, summary: &Summary) {
    // A rotation leaves an empty log behind; it is worth a word only where no log holds anything.
    let nothing = summary.logs.values().all(|l| l.facts.counts.read == 0);
    for ((source, name), log) in &summary.logs {
        if nothing && log.facts.skipped.is_none() {
            shell.say(&format!("warning: log `{name}` of source `{source}` holds no record"));
        }
        if let (Some(why), true) = (&log.facts.skipped, log.facts.copy_of.is_none()) {
            shell.say(&format!("warning: log `{name}` of source `{source}` was not read: {why}"));
        }
    }
}

pub(crate) fn invalid(shell: &Shell, why: &str) -> u8 {
    shell.error(why, None);
    exit::INVALID
}

/// The period of the audit: as declared, or the span of the logs.
pub(crate) fn period(project: &Project, summary: &Summary, now: Time) -> (Period, bool) {
    match project.period {
        Some(PeriodSpec::Fixed(period)) => (period, true),
        Some(PeriodSpec::Last(length)) => (Period { start: now.plus(-length), end: now }, true),
        None => {
            let seen: Vec<_> = summary.logs.values().filter_map(|l| l.seen).collect();
            let start = seen.iter().map(|s| s.0).min().unwrap_or(now);
            let end = seen.iter().map(|s| s.1.plus(1)).max().unwrap_or(now);
            (Period { start, end }, false)
        }
    }
}

/// SHA-256 of the files a project names as evidence, by path as written.
pub(crate) fn evidence_files(shell: &Shell, loaded: &Loaded) -> BTreeMap<String, String> {
    let mut digests = BTreeMap::new();
    for (path, at) in loaded.project.sources.iter().filter_map(|s| s.bypass_evidence.as_ref()) {
        match shell::read(&loaded.directory.join(path), MOST_FILE) {
            Ok(bytes) => {
                digests.insert(path.clone(), hex(Sha256::digest(&bytes)));
            }
            Err(why) => {
                shell.say(&format!("warning: {}: {why}; the bypass counts as not controlled", at.show()))
            }
        }
    }
    digests
}

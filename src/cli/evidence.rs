//! Partials as the evidence of a project: held against the sources it declares, with what is missing.

use super::gather::{self, Loaded, Tasks};
use super::partials::{self, Demands, Origin};
use super::shell::Shell;
use super::{exit, outcome, tree};
use crate::evidence::{Caps, Log, LogFacts, Summary};
use crate::services::Services;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

/// What partials show of a project's traffic, and what page one must say about them. A source of which
/// everything was signed by trusted keys is signed at source.
pub(crate) fn summary(
    shell: &Shell,
    loaded: &mut Loaded,
    services: &Services,
    paths: &[PathBuf],
    demands: &Demands,
) -> Result<(Summary, Vec<String>), u8> {
    let basis = outcome::basis(services, Caps::default());
    let (mut summary, origins) = partials::load(shell, paths, demands, Some(&basis))?;
    if summary.caps != Caps::default() && !summary.logs.is_empty() {
        shell.error("the partials were not folded as they say", Some("scan again"));
        return Err(exit::INTEGRITY);
    }
    let declared: BTreeSet<&str> = loaded.project.sources.iter().map(|s| s.id.as_str()).collect();
    for origin in &origins {
        if let Some(unknown) = origin.sources.iter().find(|s| !declared.contains(&***s)) {
            let why =
                format!("`{}` holds source `{unknown}`, which the project does not declare", origin.name);
            let help = "scan with `--project DIR`, or with `--source ID` and the id of a declared source";
            shell.error(&why, Some(help));
            return Err(exit::INVALID);
        }
    }
    let mut disclosures = disclosures(&origins);
    let Tasks { tasks, missing } = gather::tasks(shell, loaded, false)?;
    for task in &tasks {
        let key = (Arc::clone(&task.source), Arc::from(task.found.name.as_str()));
        let absent = || passed_over("no partial holds this log");
        let log = summary.logs.entry(key).or_insert_with(absent);
        let told = outcome::told(task);
        if !log.ranges.is_empty() && log.facts.options != told {
            let (source, name) = (&task.source, &task.found.name);
            disclosures.push(format!(
                "log {name} of source {source} was scanned with other reading options than the project declares"
            ));
        }
    }
    let mut matched = BTreeSet::new();
    for source in &loaded.project.sources {
        for (pattern, at) in &source.files {
            let fits = tree::fits(pattern).map_err(|why| gather::invalid(shell, &why))?;
            let of_source = summary.logs.keys().filter(|(id, name)| **id == *source.id && fits(name));
            let before = matched.len();
            matched.extend(of_source.cloned());
            let printed: Arc<str> = tree::printable(pattern).into();
            let key = (Arc::from(source.id.as_str()), printed);
            if matched.len() == before && missing.contains(&key) {
                shell
                    .say(&format!("warning: {}: no partial holds a log that matches `{pattern}`", at.show()));
                summary.logs.insert(key, passed_over("no partial holds a log that matches this pattern"));
            }
        }
    }
    for (source, name) in summary.logs.keys().filter(|key| !matched.contains(key)) {
        if summary.logs.get(&(Arc::clone(source), Arc::clone(name))).is_some_and(|l| !l.ranges.is_empty()) {
            disclosures.push(format!("log {name} of source {source} matches no pattern of the project"));
        }
    }
    for log in summary.logs.values_mut() {
        if let Some(unread) = log.unread() {
            let before = log.facts.skipped.take().map_or_else(String::new, |why| format!("{why}; "));
            log.facts.skipped = Some(before + &unread);
        }
    }
    raise_custody(loaded, &origins);
    Ok((summary, disclosures))
}

fn passed_over(why: &str) -> Log {
    let facts = LogFacts { skipped: Some(why.to_owned()), ..LogFacts::default() };
    Log { facts, ..Log::default() }
}

/// What is said of who vouches, one sentence for all partials of which the same is to be said.
fn disclosures(origins: &[Origin]) -> Vec<String> {
    let mut said: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for Origin { name, signers, .. } in origins {
        let what = match (signers.trusted.as_slice(), signers.unknown.as_slice()) {
            ([], []) => "not signed by anybody".to_owned(),
            ([], keys) => format!("signed by key {}, for which nobody vouched", keys.join(", ")),
            (keys, _) => format!("signed by key {}, which was named as trusted", keys.join(", ")),
        };
        said.entry(what).or_default().push(name);
    }
    let sentence = |(what, names): (String, Vec<&str>)| {
        let shown = names.iter().take(3).map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
        let more = if names.len() > 3 { format!(" and {} more", names.len() - 3) } else { String::new() };
        match names.len() {
            1 => format!("no log was read: the evidence is partial {shown}, {what}"),
            _ => format!("no log was read: the evidence is partials {shown}{more}, each {what}"),
        }
    };
    said.into_iter().map(sentence).collect()
}

/// What a trusted key signed where it was read is signed at source, whatever the project says of itself.
fn raise_custody(loaded: &mut Loaded, origins: &[Origin]) {
    for source in &mut loaded.project.sources {
        let of = || origins.iter().filter(|o| o.sources.contains(source.id.as_str()));
        let keys: BTreeSet<&String> = of().flat_map(|o| &o.signers.trusted).collect();
        if !keys.is_empty() && of().all(|o| !o.signers.trusted.is_empty()) {
            let keys: Vec<&str> = keys.into_iter().map(String::as_str).collect();
            source.custody = Some(format!("signed at source by key {}", keys.join(", ")));
        }
    }
}

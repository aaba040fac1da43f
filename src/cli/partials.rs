//! Partials from disk to one summary: read, held against their signatures, doubles left out, merged.

use super::shell::{self, Shell};
use super::{checksums, exit, keys};
use crate::evidence::partial::{self, Body, Partial};
use crate::evidence::{Basis, MergeRefusal, Summary};
use crate::seal::key::{PublicKey, SigningKey};
use crate::seal::partial::{self as signed, Signers};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is demanded of partials, and what is known of their logs besides.
#[derive(clap::Args)]
pub(crate) struct Demands {
    /// Public key file that every partial must be signed with; repeat it for several, of which one is enough
    #[arg(long, value_name = "PUBKEY")]
    trust: Vec<PathBuf>,
    /// SHA-256 of the logs, as `sha256sum` writes them, for logs that were scanned in ranges
    #[arg(long, value_name = "FILE")]
    checksums: Option<PathBuf>,
}

impl Demands {
    /// Whether anything is demanded.
    pub(crate) fn is_empty(&self) -> bool {
        self.trust.is_empty() && self.checksums.is_none()
    }
}

/// A partial that went into a summary.
pub(crate) struct Origin {
    /// Name of its file, without directories.
    pub(crate) name: String,
    pub(crate) signers: Signers,
    /// Sources of which it holds records.
    pub(crate) sources: BTreeSet<Arc<str>>,
}

/// Writes a partial, signed if there is a key: whole or not at all.
pub(crate) fn write(
    shell: &Shell,
    path: &Path,
    summary: &Summary,
    key: Option<&SigningKey>,
) -> Result<Body, String> {
    shell.write_with(path, |out| {
        let body = partial::write(summary, out)?;
        if let Some(key) = key {
            let mut line = signed::sign(about(&body), key).map_err(io::Error::other)?;
            line.push(b'\n');
            out.write_all(&line)?;
        }
        Ok(body)
    })
}

fn about(body: &Body) -> signed::Body<'_> {
    signed::Body { sha256: &body.sha256, bytes: body.bytes }
}

/// One or more partials of the same logs.
struct Held {
    path: PathBuf,
    summary: Summary,
    sha256: String,
}

/// What a summary covers: logs with the ends of their stretches.
type Coverage = Vec<(Arc<str>, Arc<str>, Vec<(u64, u64)>)>;

/// Reads partials and makes them one summary. `basis` is what they must rest on, if that is given.
pub(crate) fn load(
    shell: &Shell,
    paths: &[PathBuf],
    demands: &Demands,
    basis: Option<&Basis>,
) -> Result<(Summary, Vec<Origin>), u8> {
    let fail = |code: u8, why: &str, help: Option<&str>| {
        shell.error(why, help);
        code
    };
    let trusted: Result<Vec<_>, _> = demands.trust.iter().map(|path| keys::public(path)).collect();
    let trusted = trusted.map_err(|why| fail(exit::INVALID, &why, None))?;
    let mut held: Vec<Held> = Vec::new();
    let mut origins: Vec<Origin> = Vec::new();
    let mut covered: BTreeMap<Coverage, usize> = BTreeMap::new();
    for path in paths {
        let Partial { summary, body, signature } = read(shell, path)?;
        let signers = vouched(shell, path, &body, signature.as_deref(), &trusted)?;
        if let Some(at) = held.iter().position(|h| h.sha256 == body.sha256) {
            shell.say(&format!("note: `{}` holds the same as an earlier one", path.display()));
            if let Some(origin) = origins.get_mut(at) {
                join(&mut origin.signers, signers);
            }
            continue;
        }
        let first = held.iter().find_map(|h| Some((Some(&h.path), h.summary.basis.as_deref()?)));
        let expected = basis.map(|b| (None, b)).or(first);
        if let (Some((other, expected)), Some(mine)) = (expected, summary.basis.as_deref()) {
            let other = other.map_or("this program".to_owned(), |p| format!("`{}`", p.display()));
            if let Some(what) = expected.differs(mine) {
                let why = format!("`{}` and {other} differ in {what}", path.display());
                return Err(fail(exit::INVALID, &why, Some("scan again with one version of the program")));
            }
        }
        // No scan leaves it out, and without it nothing says how the logs were read.
        if summary.basis.is_none() && !summary.logs.is_empty() {
            let why = format!("`{}` does not say what made it", path.display());
            return Err(fail(exit::INTEGRITY, &why, None));
        }
        let sources = (summary.logs.iter())
            .filter(|(_, log)| !log.ranges.is_empty())
            .map(|((source, _), _)| Arc::clone(source))
            .collect();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (next, coverage) = (held.len(), coverage(&summary));
        if let Some(earlier) = covered.get(&coverage).and_then(|at| held.get_mut(*at)) {
            let mine = std::mem::take(&mut earlier.summary);
            earlier.summary = mine.merge(summary).map_err(|refusal| {
                let files = format!("`{}`, `{}`", earlier.path.display(), path.display());
                fail(exit::INVALID, &format!("{files}: {refusal}"), help(&refusal))
            })?;
            continue;
        }
        covered.insert(coverage, next);
        origins.push(Origin { name, signers, sources });
        held.push(Held { path: path.clone(), summary, sha256: body.sha256 });
    }
    let mut holders: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for Held { path, summary, .. } in &held {
        for (source, log) in summary.logs.keys() {
            holders.entry(format!("{source}: {log}")).or_default().push(format!("`{}`", path.display()));
        }
    }
    let merged = super::logs::merge_all(held.into_iter().map(|h| h.summary).collect());
    let mut summary = merged.map_err(|refusal| {
        let files = refusal.log().and_then(|log| holders.get(log)).map_or(&[][..], Vec::as_slice);
        let named = files.iter().take(4).cloned().collect::<Vec<_>>().join(", ");
        let more = if files.len() > 4 { format!(" and {} more", files.len() - 4) } else { String::new() };
        let at = if named.is_empty() { String::new() } else { format!("{named}{more}: ") };
        fail(exit::INVALID, &format!("{at}{refusal}"), help(&refusal))
    })?;
    if let Some(list) = &demands.checksums {
        checksums::supply(shell, list, &mut summary)?;
    }
    Ok((summary, origins))
}

/// What to do about a refusal.
fn help(refusal: &MergeRefusal) -> Option<&'static str> {
    match refusal {
        MergeRefusal::Overlaps { .. } => Some("leave one of them out, or scan ranges that do not overlap"),
        MergeRefusal::State { .. } => Some("`domicile scan --range 0..END` reads it under its own header"),
        MergeRefusal::Differs { .. } => Some("the log changed between two scans: scan it again, once"),
        MergeRefusal::Options { .. } => Some("scan every range with the same options, as `--project` does"),
        MergeRefusal::Copies { .. } => Some("scan both at once, and the copy is listed and not counted"),
        MergeRefusal::Basis { .. } | MergeRefusal::TooMany { .. } => None,
    }
}

fn coverage(summary: &Summary) -> Coverage {
    let ends = |log: &crate::evidence::Log| log.ranges.iter().map(|r| (r.start, r.end)).collect();
    summary.logs.iter().map(|((s, n), log)| (Arc::clone(s), Arc::clone(n), ends(log))).collect()
}

fn read(shell: &Shell, path: &Path) -> Result<Partial, u8> {
    if path.as_os_str() == "-" {
        shell.error("a partial is read from a file, not from the standard input", None);
        return Err(exit::INVALID);
    }
    let mut file = shell::open(path).map_err(|why| {
        shell.error(&why, None);
        exit::INVALID
    })?;
    partial::read(&mut file).map_err(|error| {
        let help = match error.fault {
            partial::Fault::NotAPartial => Some("`domicile scan --partial FILE` writes one"),
            _ if error.is_integrity() => Some("fetch it again from where it was written, or scan again"),
            _ => None,
        };
        shell.error(&format!("`{}`: {error}", path.display()), help);
        if error.is_integrity() { exit::INTEGRITY } else { exit::INVALID }
    })
}

/// Who signed a partial, which must be somebody trusted if anybody is.
fn vouched(
    shell: &Shell,
    path: &Path,
    body: &Body,
    line: Option<&[u8]>,
    trusted: &[PublicKey],
) -> Result<Signers, u8> {
    let fail = |why: &str| {
        shell.error(&format!("`{}`: {why}", path.display()), None);
        exit::INTEGRITY
    };
    let Some(line) = line else {
        return if trusted.is_empty() { Ok(Signers::default()) } else { Err(fail("it is not signed")) };
    };
    let signers = signed::verify(line, about(body), trusted).map_err(|why| fail(&why.to_string()))?;
    if !trusted.is_empty() && signers.trusted.is_empty() {
        return Err(fail(&format!(
            "no signature is by a key that you trust; it names {}",
            signers.unknown.join(", ")
        )));
    }
    Ok(signers)
}

fn join(mine: &mut Signers, other: Signers) {
    mine.trusted.extend(other.trusted);
    mine.unknown.extend(other.unknown);
    for list in [&mut mine.trusted, &mut mine.unknown] {
        list.sort();
        list.dedup();
    }
}

//! Model files: read in ranges however large they are, and hashed side by side.

use super::progress::Progress;
use super::shell::Disk;
use super::tree::Found;
use crate::bytes::ReadAt;
use crate::inventory::{self, Context, File};
use crate::model::inventory::{AssetKind, FileInventory};
use crate::model::text::hex;
use sha2::{Digest, Sha256};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::Builder;

/// Bytes that are looked at to tell whether a file may be a model.
const HEAD: usize = 512;
/// Bytes hashed at once.
const PIECE: usize = 1 << 20;

/// What a file says if it is a model; `None` if it is none.
pub(super) fn import(name: &str, disk: &Disk, context: &Context<'_>) -> Option<FileInventory> {
    let mut head = [0; HEAD];
    let got = disk.read_at(&mut head, 0).ok()?;
    let head = head.get(..got)?;
    if !inventory::may_be_artefact(head) {
        return None;
    }
    inventory::import(&File::in_ranges(name, head, disk), context)
}

/// A model file to be hashed.
struct Job<'j> {
    path: &'j Path,
    length: u64,
    file: Mutex<&'j mut FileInventory>,
}

/// Gives every model file among these its SHA-256. Each comes with its place in the list of what was found.
pub(super) fn hash(found: &[Found], files: &mut [(usize, FileInventory)], progress: &Progress) {
    let models = files.iter_mut().filter(|(_, file)| file.provenance.is_some());
    let mut jobs: Vec<Job<'_>> = models
        .filter_map(|(at, file)| {
            let path = &found.get(*at)?.path;
            let length = std::fs::metadata(path).map_or(0, |m| m.len());
            Some(Job { path, length, file: Mutex::new(file) })
        })
        .collect();
    progress.start(jobs.iter().map(|job| job.length).sum());
    // The largest first, so that no thread is left alone with it at the end.
    jobs.sort_by_key(|job| std::cmp::Reverse(job.length));
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let digest = sha256(job.path, progress);
            let Ok(mut file) = job.file.lock() else { continue };
            if digest.is_none() {
                file.notes.push("it could not be read to its end, and has no SHA-256".to_owned());
            }
            if let Some(model) = file.assets.iter_mut().find(|a| a.kind == AssetKind::Model) {
                model.sha256 = digest;
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(jobs.len());
    std::thread::scope(|scope| {
        for _ in 1..threads {
            // The system may refuse it: then fewer do the same work.
            let _ = Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    progress.end();
}

/// The SHA-256 of a file, if it can be read as long as it was when it was opened.
fn sha256(path: &Path, progress: &Progress) -> Option<String> {
    let disk = Disk::open(path, u64::MAX).ok()?;
    let mut sha256 = Sha256::new();
    let mut piece = vec![0; PIECE];
    let (mut at, mut told) = (0, 0);
    while at < disk.len() {
        match disk.read_at(&mut piece, at) {
            Ok(0) => return None,
            Ok(got) => {
                sha256.update(piece.get(..got)?);
                at += u64::try_from(got).ok()?;
                progress.add(&mut told, at);
            }
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
    Some(hex(sha256.finalize()))
}

//! Pickles, alone or in the zip archives of PyTorch, read without being loaded.
//!
//! Loading a pickle imports whatever it names and calls it. Here its operations are only stepped through, to
//! see which names those are. What would mislead: a name may be put together on the stack, fetched from the
//! memo, or stand in the second of several pickles in one file; damage behind the first call does not undo
//! that call. What cannot be followed is never taken to be harmless.

mod archive;
mod steps;

use super::artefact::{Cursor, Model};
use super::{Context, File, Importer};
use crate::bytes::ReadAt;
use crate::model::inventory::FileInventory;
use crate::services::artefacts::Artefacts;
use archive::Archive;
use steps::{End, Steps};

/// Most names that become assets of their own.
const MOST_NAMED: usize = 50;
/// Operations after which a stream that breaks off was a pickle.
const ENOUGH: u64 = 16;
/// Most pickles of one file, one behind the other.
const MOST_PICKLES: usize = 64;

pub(super) struct Pickle;

pub(super) static IMPORTER: Pickle = Pickle;

impl Importer for Pickle {
    fn id(&self) -> &'static str {
        "pickle"
    }

    fn about(&self) -> &'static str {
        "pickled models (.pt, .ckpt, .bin): which code loading them would run, without loading them"
    }

    fn doc(&self) -> &'static str {
        "Recognised by content: a zip archive that holds `data.pkl` (PyTorch since 1.6), or a stream of pickle \
         operations (protocols 2 to 5; 0 and 1, which begin with nothing of their own, only under the name of a model \
         and only if the whole is one).\n\n\
         Nothing is loaded. Every import that loading would make is listed; names outside the table of usual ones \
         (`policies/services/artefacts.toml`) are code that comes with the file, one asset each, and the file is \
         undetermined: nobody knows what they do. So is a pickle that breaks off, is damaged, or computes a name.\n\n\
         Not read: tar archives of early PyTorch, compressed joblib files, arrays of objects in .npy and .npz."
    }

    fn artefact(&self, head: &[u8]) -> bool {
        archive::begins(head) || steps::begins(head)
    }

    fn import(&self, file: &File<'_>, _context: &Context<'_>) -> Option<FileInventory> {
        let named = Artefacts::shipped().names_a_model(file.name());
        let model = if archive::begins(file.bytes) {
            in_archive(file, named)?
        } else if steps::begins(file.bytes) || (named && steps::may_begin(file.bytes)) {
            alone(file, named)?
        } else {
            return None;
        };
        Some(model.finish(file, self.id()))
    }
}

fn in_archive(file: &File<'_>, named: bool) -> Option<Model> {
    let mut model = Model::new("a PyTorch archive with a pickle in it");
    let Some(archive) = Archive::read(file.at()) else {
        model.incomplete("it begins like a zip archive, and its directory is missing or damaged");
        return named.then_some(model);
    };
    let whole = archive.pickles.iter().any(|p| p.name == "data.pkl" || p.name.ends_with("/data.pkl"));
    let own = whole || (named && !archive.pickles.is_empty());
    if !own {
        return None;
    }
    if archive.scripts {
        model
            .notes
            .insert("it holds TorchScript, which PyTorch interprets when the model is loaded".to_owned());
    }
    if archive.more {
        model.incomplete("it holds more pickles than were read");
    }
    let mut seen = Steps::default();
    for pickle in &archive.pickles {
        match pickle.bytes(file.at()) {
            Some(archive::Bytes::Stored(start, end)) => {
                stream(&mut Cursor::new(file.at(), start, end), &mut seen, &mut model);
            }
            Some(archive::Bytes::Unpacked(bytes)) => {
                stream(&mut Cursor::new(&bytes, 0, ReadAt::len(&bytes)), &mut seen, &mut model);
            }
            None => model.incomplete("a pickle in it cannot be unpacked, or is too large"),
        }
    }
    imports(&seen, file, &mut model);
    Some(model)
}

fn alone(file: &File<'_>, named: bool) -> Option<Model> {
    let mut model = Model::new("a pickle");
    let mut seen = Steps::default();
    let mut cursor = Cursor::new(file.at(), 0, u64::MAX);
    let stopped = stream(&mut cursor, &mut seen, &mut model);
    let framed = steps::begins(file.bytes);
    let own = match (framed, stopped) {
        // Text may begin with the letter of an operation; a call that was made before it broke off counts.
        (false, true) => seen.count > 1,
        (false, false) => seen.calls > 0,
        (true, true) => true,
        (true, false) => named || seen.count >= ENOUGH || seen.calls > 0,
    };
    if !own {
        return None;
    }
    imports(&seen, file, &mut model);
    Some(model)
}

/// Steps through the pickles that stand one behind the other; whether the first was whole.
fn stream(cursor: &mut Cursor<'_>, seen: &mut Steps, model: &mut Model) -> bool {
    for n in 0..MOST_PICKLES {
        let before = cursor.position();
        match seen.pickle(cursor) {
            End::Stop => {}
            // Behind the last pickle stand numbers, which may begin like one.
            End::Broken(_) if n > 0 && !seen.called_since(before) => return true,
            End::Broken(why) => {
                model.incomplete(format!("the pickle could not be followed to its end: {why}"));
                return n > 0;
            }
        }
        if !seen.another(cursor) {
            return true;
        }
    }
    model.incomplete("it holds more pickles than were read");
    true
}

fn imports(seen: &Steps, file: &File<'_>, model: &mut Model) {
    let known = Artefacts::shipped();
    let foreign: Vec<&String> =
        seen.imports.iter().filter(|name| !known.is_usual(name) && !known.is_script(name)).collect();
    for name in foreign.iter().take(MOST_NAMED) {
        let because = "loading the file imports it, and it is none of the names that models usually need";
        model.code(file, name, "pickle", because);
    }
    if foreign.len() > MOST_NAMED {
        model.notes.insert(format!("it imports {} more such names", foreign.len() - MOST_NAMED));
    }
    if seen.computed > 0 {
        let because = "loading the file imports something whose name cannot be read off it";
        model.code(file, "a computed name", "pickle", because);
    }
    if seen.extensions > 0 {
        let because = "loading the file imports what the loading program registered under a number";
        model.code(file, "an extension code", "pickle", because);
    }
    if seen.too_many {
        model.incomplete("it imports more names than were kept");
    }
}

#[cfg(test)]
mod tests;

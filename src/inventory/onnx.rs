//! ONNX models: operator sets from elsewhere, tensors in other files, metadata.
//!
//! What would mislead: the SHA-256 of the file says nothing of tensors that lie in files beside it, and an
//! operator set that the runtime does not know is run by a library that the file only names.

mod walk;

use super::artefact::{Cursor, Model};
use super::endpoint::shown;
use super::{Context, File, Importer};
use crate::model::inventory::FileInventory;
use crate::model::text::plural;
use crate::services::artefacts::Artefacts;
use walk::Walk;

/// Most names that are listed.
const MOST_NAMED: usize = 8;

pub(super) struct Onnx;

pub(super) static IMPORTER: Onnx = Onnx;

impl Importer for Onnx {
    fn id(&self) -> &'static str {
        "onnx"
    }

    fn about(&self) -> &'static str {
        "ONNX model files: operator sets from elsewhere, tensors in other files"
    }

    fn doc(&self) -> &'static str {
        "Recognised by content: a protobuf message with the fields of an ONNX model, among them a version, a graph \
         and operator sets. Under the name `.onnx` one that breaks off is recognised too. Tensors are passed over.\n\n\
         An operator set that runtimes do not bring with them (`policies/services/artefacts.toml`) and that the file \
         does not define needs a library from elsewhere: code that comes from somebody else. Tensors in other files \
         are named; their bytes are not covered by the SHA-256 of the file."
    }

    fn artefact(&self, head: &[u8]) -> bool {
        walk::begins(head)
    }

    fn import(&self, file: &File<'_>, context: &Context<'_>) -> Option<FileInventory> {
        if !walk::begins(file.bytes) {
            return None;
        }
        let mut model = Model::new("an ONNX model");
        let mut walk = Walk::new(Cursor::new(file.at(), 0, u64::MAX));
        match walk.model(&mut |key, value| model.metadata.entry(key, value, context)) {
            Some(()) if walk.graph && walk.operators => {}
            _ if file.name().to_ascii_lowercase().ends_with(".onnx") => {
                model.incomplete("it breaks off, or is not what the format says");
            }
            _ => return None,
        }
        let known = Artefacts::shipped();
        for domain in walk.domains.iter().filter(|d| !known.knows_domain(d) && !walk.defined.contains(*d)) {
            let because =
                "runtimes do not bring this operator set with them; a library from elsewhere runs it";
            model.code(file, domain, "opset_import", because);
        }
        if walk.external > 0 {
            let names: Vec<String> =
                walk.files.iter().take(MOST_NAMED).map(|f| format!("`{}`", shown(f))).collect();
            model.notes.insert(format!(
                "{} in other files, which its SHA-256 does not cover: {}",
                plural(walk.external, "tensor lies", "tensors lie"),
                names.join(", ")
            ));
        }
        if walk.files.iter().any(|f| leads_out(f)) {
            model.incomplete("a tensor is said to lie outside the folder of the model");
        }
        Some(model.finish(file, self.id()))
    }
}

/// Whether a path leaves the folder that it starts from.
fn leads_out(path: &str) -> bool {
    let path = path.replace('\\', "/");
    path.starts_with('/') || path.contains(':') || path.split('/').any(|part| part == "..")
}

#[cfg(test)]
mod tests;

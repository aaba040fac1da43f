//! GGUF: quantised models with typed metadata, no code.
//!
//! Versions 2 and 3 as published (version 1 had shorter counts and is not read). What would mislead:
//! `general.source.url` and its kind are claims of whoever wrote the file.

use super::artefact::{Cursor, Model};
use super::{Context, File, Importer};
use crate::model::inventory::FileInventory;
use crate::model::text::plural;

const MAGIC: &[u8] = b"GGUF";
/// Most entries of metadata that are read.
const MOST_ENTRIES: u64 = 1 << 16;
/// Most elements of nested arrays that are passed over one by one.
const MOST_ELEMENTS: u64 = 1 << 24;
/// Deepest nesting of arrays.
const DEEPEST: usize = 4;
/// Longest key or text that is looked at.
const LONGEST: u64 = 4096;
/// Type of a text and of an array.
const TEXT: u32 = 8;
const ARRAY: u32 = 9;

pub(super) struct Gguf;

pub(super) static IMPORTER: Gguf = Gguf;

impl Importer for Gguf {
    fn id(&self) -> &'static str {
        "gguf"
    }

    fn about(&self) -> &'static str {
        "GGUF model files: metadata that names source and licence"
    }

    fn doc(&self) -> &'static str {
        "Recognised by the word `GGUF` at its start and a version of 2 or 3. The metadata is read, the tensors are \
         not.\n\n\
         The format holds no code. From the metadata come the host of a source and the name of a licence \
         (`policies/services/artefacts.toml` lists the keys)."
    }

    fn artefact(&self, head: &[u8]) -> bool {
        head.starts_with(MAGIC)
    }

    fn import(&self, file: &File<'_>, context: &Context<'_>) -> Option<FileInventory> {
        if !file.bytes.starts_with(MAGIC) {
            return None;
        }
        let mut cursor = Cursor::new(file.at(), 4, u64::MAX);
        let version = cursor.u32();
        let mut model = Model::new("a GGUF file");
        match version {
            Some(2 | 3) => {
                if read(&mut cursor, context, &mut model).is_none() {
                    model.incomplete("its metadata is cut short, or not what the format says");
                }
            }
            _ => model.incomplete("its version is not 2 or 3, and was not read"),
        }
        Some(model.finish(file, self.id()))
    }
}

fn read(cursor: &mut Cursor<'_>, context: &Context<'_>, model: &mut Model) -> Option<()> {
    let tensors = cursor.u64()?;
    let entries = cursor.u64()?;
    model.what = format!("a GGUF file of {}", plural(tensors, "tensor", "tensors"));
    if entries > MOST_ENTRIES {
        return None;
    }
    let mut elements = MOST_ELEMENTS;
    for _ in 0..entries {
        let length = cursor.u64()?;
        let key = cursor.text(length, LONGEST)?;
        let kind = cursor.u32()?;
        if kind == TEXT {
            let length = cursor.u64()?;
            let value = cursor.text(length, LONGEST)?;
            // A text that is too long to be an address or a name is still something at that key.
            let value = value.as_deref().unwrap_or("a long text");
            model.metadata.entry(key.as_deref().unwrap_or_default(), value, context);
        } else {
            pass(cursor, kind, 0, &mut elements)?;
        }
    }
    Some(())
}

/// Passes over a value.
fn pass(cursor: &mut Cursor<'_>, kind: u32, depth: usize, elements: &mut u64) -> Option<()> {
    match kind {
        TEXT => {
            let length = cursor.u64()?;
            cursor.skip(length)
        }
        ARRAY if depth < DEEPEST => {
            let kind = cursor.u32()?;
            let count = cursor.u64()?;
            if let Some(size) = size(kind) {
                return cursor.skip(count.checked_mul(size)?);
            }
            *elements = elements.checked_sub(count)?;
            (0..count).try_for_each(|_| pass(cursor, kind, depth + 1, elements))
        }
        kind => cursor.skip(size(kind)?),
    }
}

/// Bytes of a value of fixed size.
fn size(kind: u32) -> Option<u64> {
    match kind {
        0 | 1 | 7 => Some(1),
        2 | 3 => Some(2),
        4..=6 => Some(4),
        10..=12 => Some(8),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::undeclared_locality;
    use crate::model::inventory::{Provenance, Verdict};
    use crate::services::Services;

    fn text(out: &mut Vec<u8>, text: &str) {
        out.extend_from_slice(&u64::try_from(text.len()).unwrap().to_le_bytes());
        out.extend_from_slice(text.as_bytes());
    }

    fn file(entries: &[(&str, &str)]) -> Vec<u8> {
        let mut out = b"GGUF\x03\0\0\0".to_vec();
        out.extend_from_slice(&2_u64.to_le_bytes());
        out.extend_from_slice(&u64::try_from(entries.len() + 1).unwrap().to_le_bytes());
        text(&mut out, "tokenizer.ggml.tokens");
        out.extend_from_slice(&[9, 0, 0, 0, 8, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]);
        text(&mut out, "CANARY");
        text(&mut out, "b");
        for (key, value) in entries {
            text(&mut out, key);
            out.extend_from_slice(&8_u32.to_le_bytes());
            text(&mut out, value);
        }
        out
    }

    fn read(bytes: &[u8]) -> Option<FileInventory> {
        let context = Context { services: Services::embedded().unwrap(), locality: &undeclared_locality };
        IMPORTER.import(&File::new("a.gguf", bytes), &context)
    }

    #[test]
    fn a_source_is_told_by_its_host_only() {
        let bytes =
            file(&[("general.name", "CANARY"), ("general.source.url", "https://huggingface.co/CANARY/x")]);
        let found = read(&bytes).unwrap();
        assert_eq!(found.provenance, Some(Provenance::Declared));
        assert_eq!(found.assets[0].service.as_deref(), Some("huggingface-hub"));
        assert_eq!(
            found.assets[0].because,
            "it is a GGUF file of 2 tensors; in its metadata `general.source.url` names `huggingface.co`"
        );
        assert!(!format!("{found:?}").contains("CANARY"));
    }

    #[test]
    fn what_is_cut_damaged_or_huge_is_undetermined() {
        let whole = file(&[("general.license", "apache-2.0")]);
        assert_eq!(read(&whole).unwrap().verdict, Verdict::NoEvidence);
        for cut in 4..whole.len() {
            assert_eq!(read(&whole[..cut]).unwrap().verdict, Verdict::Undetermined, "{cut}");
        }
        for at in [16, 24] {
            let mut damaged = whole.clone();
            damaged[at + 7] = 0xFF;
            assert_eq!(read(&damaged).unwrap().verdict, Verdict::Undetermined, "{at}");
        }
        assert!(read(b"GGU").is_none());
    }
}

//! Safetensors: tensors with a JSON header, no code.
//!
//! The published format: eight bytes with the length of the header, at most 100 MB; the header; the tensors.
//! What would mislead: metadata is written by whoever made the file; a source that it names is a claim.

use super::artefact::{Cursor, Metadata, Model};
use super::{Context, File, Importer};
use crate::model::inventory::FileInventory;
use crate::model::text::plural;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeSet;
use std::fmt;

/// The longest header that the format allows.
const LONGEST_HEADER: u64 = 100_000_000;
/// Most types of numbers that are named.
const MOST_TYPES: usize = 8;

pub(super) struct Safetensors;

pub(super) static IMPORTER: Safetensors = Safetensors;

impl Importer for Safetensors {
    fn id(&self) -> &'static str {
        "safetensors"
    }

    fn about(&self) -> &'static str {
        "safetensors model files: header, metadata, whether all tensors are there"
    }

    fn doc(&self) -> &'static str {
        "Recognised by its first bytes: the length of a header of at most 100 MB, and a JSON object that holds \
         `dtype` or `__metadata__`. The header is read, the tensors are not.\n\n\
         The format holds no code. From the metadata come the host of a source and the name of a licence \
         (`policies/services/artefacts.toml` lists the keys); captions and folder names of training images are \
         noted and not shown."
    }

    fn artefact(&self, head: &[u8]) -> bool {
        let Some((length, rest)) = head.split_first_chunk::<8>() else { return false };
        (2..=LONGEST_HEADER).contains(&u64::from_le_bytes(*length)) && rest.first() == Some(&b'{')
    }

    fn import(&self, file: &File<'_>, context: &Context<'_>) -> Option<FileInventory> {
        let holds = |word: &str| memchr::memmem::find(file.bytes, word.as_bytes()).is_some();
        if !self.artefact(file.bytes) || !(holds("\"dtype\"") || holds("\"__metadata__\"")) {
            return None;
        }
        let mut cursor = Cursor::new(file.at(), 0, u64::MAX);
        let length = cursor.u64()?;
        let Some(header) = cursor.take(length) else {
            let mut model = Model::new("a safetensors file");
            model.incomplete("its header is cut short");
            return Some(model.finish(file, self.id()));
        };
        let mut found =
            Header { context, metadata: Metadata::default(), tensors: 0, types: BTreeSet::new(), end: 0 };
        let mut reader = serde_json::Deserializer::from_slice(&header);
        let read = found.read(&mut reader).and_then(|()| reader.end());
        let types: Vec<&str> = found.types.iter().map(String::as_str).collect();
        let mut model = Model::new(format!(
            "a safetensors file of {} ({})",
            plural(found.tensors, "tensor", "tensors"),
            types.join(", ")
        ));
        model.metadata = found.metadata;
        match read {
            Err(_) => model.incomplete("its header is not what the format says"),
            Ok(()) if found.end > cursor.left() => {
                model.incomplete("it is cut short: tensors are missing at its end")
            }
            Ok(()) if found.end < cursor.left() => {
                let more = plural(cursor.left() - found.end, "byte", "bytes");
                model.notes.insert(format!("{more} at its end belong to no tensor"));
            }
            Ok(()) => {}
        }
        Some(model.finish(file, self.id()))
    }
}

/// What is wanted of a header, gathered as it is read: a header may be long, what is kept is not.
struct Header<'a> {
    context: &'a Context<'a>,
    metadata: Metadata,
    tensors: u64,
    types: BTreeSet<String>,
    /// Where the last tensor ends, from the end of the header.
    end: u64,
}

impl Header<'_> {
    fn read<'de, R: serde_json::de::Read<'de>>(
        &mut self,
        reader: &mut serde_json::Deserializer<R>,
    ) -> serde_json::Result<()> {
        reader.deserialize_map(Whole(self))
    }
}

#[derive(Deserialize)]
struct Tensor {
    dtype: String,
    data_offsets: (u64, u64),
    #[serde(rename = "shape")]
    _shape: IgnoredAny,
}

struct Whole<'h, 'a>(&'h mut Header<'a>);

impl<'de> Visitor<'de> for Whole<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tensors by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let header = self.0;
        while let Some(key) = map.next_key::<String>()? {
            if key == "__metadata__" {
                map.next_value_seed(Entries(header))?;
                continue;
            }
            let tensor: Tensor = map.next_value()?;
            let (from, to) = tensor.data_offsets;
            if from > to {
                return Err(A::Error::custom("a tensor that ends before it begins"));
            }
            header.tensors += 1;
            header.end = header.end.max(to);
            let named = tensor.dtype.len() <= 12
                && tensor.dtype.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            if named && header.types.len() < MOST_TYPES {
                header.types.insert(tensor.dtype);
            }
        }
        Ok(())
    }
}

struct Entries<'h, 'a>(&'h mut Header<'a>);

impl<'de> DeserializeSeed<'de> for Entries<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text by key")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Header { metadata, context, .. } = self.0;
        while let Some((key, value)) = map.next_entry::<String, String>()? {
            metadata.entry(&key, &value, context);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::undeclared_locality;
    use crate::model::inventory::{Provenance, Verdict};
    use crate::services::Services;

    fn file(header: &str, tensors: usize) -> Vec<u8> {
        let mut bytes = u64::try_from(header.len()).unwrap().to_le_bytes().to_vec();
        bytes.extend_from_slice(header.as_bytes());
        bytes.resize(bytes.len() + tensors, 7);
        bytes
    }

    fn read(bytes: &[u8]) -> Option<FileInventory> {
        let context = Context { services: Services::embedded().unwrap(), locality: &undeclared_locality };
        IMPORTER.import(&File::new("models/a.safetensors", bytes), &context)
    }

    const HEADER: &str = r#"{"__metadata__":{"modelspec.license":"OpenRAIL++","modelspec.author":"CANARY","ss_tag_frequency":"CANARY"},"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}"#;

    #[test]
    fn metadata_declares_and_leaks_nothing() {
        let found = read(&file(HEADER, 4)).unwrap();
        assert_eq!((found.verdict, found.provenance), (Verdict::NoEvidence, Some(Provenance::Declared)));
        assert_eq!(
            found.assets[0].because,
            "it is a safetensors file of 1 tensor (F16); in its metadata `modelspec.license` is `OpenRAIL++`"
        );
        assert_eq!(found.notes.len(), 1);
        assert!(!format!("{found:?}").contains("CANARY"));
    }

    #[test]
    fn without_metadata_nothing_is_declared() {
        let bytes = file(r#"{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}"#, 4);
        assert_eq!(read(&bytes).unwrap().provenance, Some(Provenance::Undeclared));
    }

    #[test]
    fn what_is_cut_or_damaged_is_undetermined() {
        let whole = file(HEADER, 4);
        for cut in [60, whole.len() - 5, whole.len() - 1] {
            let found = read(&whole[..cut]).unwrap();
            assert_eq!(found.verdict, Verdict::Undetermined, "{cut}");
            assert!(found.notes.iter().any(|n| n.contains("cut short")), "{:?}", found.notes);
        }
        let damaged = file(&HEADER.replace("[0,4]", "[4,0]"), 4);
        assert_eq!(read(&damaged).unwrap().verdict, Verdict::Undetermined);
        let deep = file(&format!("{{\"a\":{{\"dtype\":{}", "[".repeat(100_000)), 0);
        assert_eq!(read(&deep).unwrap().verdict, Verdict::Undetermined);
        let long = file(HEADER, 9);
        assert_eq!(read(&long).unwrap().notes.len(), 2);
    }

    #[test]
    fn other_files_are_passed_by() {
        assert!(read(b"").is_none());
        assert!(read(b"{\"dtype\":1}").is_none());
        assert!(read(&file("{\"a\":1}", 3)).is_none());
        let mut huge = file(HEADER, 4);
        huge[..8].copy_from_slice(&100_000_001_u64.to_le_bytes());
        assert!(read(&huge).is_none());
    }
}

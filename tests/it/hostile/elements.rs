//! What holds of any document whatever that is cut into the elements of an array: it is the same for every block
//! size, and where a JSON parser takes the document, it finds the same elements.
//!
//! The fuzz target includes this file, so it knows nothing of its neighbours.

use domicile::bytes::{Container, Decoded, Halt, Input, Intake, JsonValues, Piece, Window};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// Longest element that is kept, so that longer ones are met too.
const MAX: usize = 2_000;

/// An element, or the length of one that is too long, with its offset and line.
type Element = (u64, u64, Result<Vec<u8>, u64>);

/// The elements of `log.entries`, and why there are no more.
fn cut(bytes: &[u8], block: usize) -> (Vec<Element>, Option<Halt>) {
    let (decoded, _) = Decoded::open(Input::At(&bytes), Intake::default()).expect("plain bytes open");
    let mut window = Window::new(decoded, block);
    let mut values = JsonValues::new(&["log", "entries"], MAX);
    let mut out = Vec::new();
    loop {
        match values.next(&mut window) {
            Ok(Some(Piece::Records { bytes, offset, line, .. })) => {
                out.push((offset, line, Ok(bytes.to_vec())))
            }
            Ok(Some(Piece::TooLong { offset, length, line })) => out.push((offset, line, Err(length))),
            Ok(None) => return (out, None),
            Err(halt) => return (out, Some(halt)),
        }
    }
}

/// The elements that are no longer than is kept.
pub(crate) fn of(bytes: &[u8]) -> Vec<Vec<u8>> {
    if Container::of(bytes) != Container::Plain {
        return Vec::new();
    }
    cut(bytes, 1 << 16).0.into_iter().filter_map(|(_, _, element)| element.ok()).collect()
}

/// A document as a parser finds it: the elements of each array `log.entries`, if there is one.
struct Document<'a>(Option<Vec<&'a RawValue>>);

/// What `log` is: an object with arrays `entries`, or something else.
struct Log<'a>(Option<Vec<&'a RawValue>>);

/// The members of an object: those of one name are looked into, others passed over.
struct Members<F>(F);

impl<'de, F: FnMut(&'de RawValue)> Visitor<'de> for Members<(&'static str, F)> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }
    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        while let Some(key) = members.next_key::<String>()? {
            if key == self.0.0 {
                self.0.1(members.next_value()?);
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Log<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut found = None;
        from.deserialize_map(Members(("entries", |value: &'de RawValue| {
            if let Ok(elements) = serde_json::from_str::<Vec<&'de RawValue>>(value.get()) {
                found.get_or_insert_with(Vec::new).extend(elements);
            }
        })))?;
        Ok(Log(found))
    }
}

impl<'de> Deserialize<'de> for Document<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut found = None;
        from.deserialize_map(Members(("log", |value: &'de RawValue| {
            if let Ok(Log(Some(elements))) = serde_json::from_str(value.get()) {
                found.get_or_insert_with(Vec::new).extend(elements);
            }
        })))?;
        Ok(Document(found))
    }
}

/// Panics unless everything holds of these bytes. Whether a parser takes them and finds an array.
pub(crate) fn hold(bytes: &[u8]) -> bool {
    if Container::of(bytes) != Container::Plain {
        return false;
    }
    let (elements, halt) = cut(bytes, 1 << 16);
    for block in [1, 7, 64, 300] {
        assert_eq!(cut(bytes, block), (elements.clone(), halt.clone()), "block {block}");
    }
    for (offset, _, element) in &elements {
        let there = bytes.get(*offset as usize..).unwrap_or_default();
        assert!(element.as_ref().map_or_else(|n| *n as usize <= there.len(), |e| there.starts_with(e)));
    }
    let Ok(Document(parsed)) = serde_json::from_slice(bytes) else { return false };
    let Some(parsed) = parsed else {
        assert!(elements.is_empty() && halt.is_some(), "there is no array: {elements:?} {halt:?}");
        return false;
    };
    assert_eq!(halt, None, "a parser goes on");
    let found: Vec<_> = elements.into_iter().map(|(offset, _, element)| (offset, element)).collect();
    let base = bytes.as_ptr() as usize;
    let parsed = parsed.into_iter().map(|raw| {
        let text = raw.get().as_bytes();
        let kept = if text.len() > MAX { Err(text.len() as u64) } else { Ok(text.to_vec()) };
        ((text.as_ptr() as usize - base) as u64, kept)
    });
    assert_eq!(found, parsed.collect::<Vec<_>>());
    true
}

//! A walk over the protobuf message of an ONNX model, by the field numbers of its published schema.

use crate::inventory::artefact::Cursor;
use std::collections::BTreeSet;

/// Most fields that are looked at.
const MOST_FIELDS: u64 = 1 << 24;
/// Deepest nesting of graphs.
const DEEPEST: usize = 32;
/// Longest text that is kept.
const LONGEST: u64 = 4096;
/// Most operator sets and file names that are kept.
const MOST_NAMES: usize = 256;
/// Largest version of the format that is taken for one.
const NEWEST: u8 = 64;

/// Whether bytes begin with the version of an ONNX model and a field that may follow it.
pub(super) fn begins(head: &[u8]) -> bool {
    // The tags of producer, producer version, domain, model version, description, graph, operator sets, metadata.
    let follows = |tag: &u8| [0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42, 0x72].contains(tag);
    matches!(head, [0x08, version, tag, ..] if (1..=NEWEST).contains(version) && follows(tag))
}

enum Field {
    Number,
    /// Bytes up to an offset: a message, a text, a tensor.
    Bytes(u64),
    Fixed,
}

/// What a walk has found.
pub(super) struct Walk<'a> {
    cursor: Cursor<'a>,
    left: u64,
    /// Whether there is a graph, and whether operator sets are named.
    pub(super) graph: bool,
    pub(super) operators: bool,
    /// Operator sets that are named or used, and those that the file defines.
    pub(super) domains: BTreeSet<String>,
    pub(super) defined: BTreeSet<String>,
    /// Tensors in other files, and which files.
    pub(super) external: u64,
    pub(super) files: BTreeSet<String>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(cursor: Cursor<'a>) -> Walk<'a> {
        Walk {
            cursor,
            left: MOST_FIELDS,
            graph: false,
            operators: false,
            domains: BTreeSet::new(),
            defined: BTreeSet::new(),
            external: 0,
            files: BTreeSet::new(),
        }
    }

    /// The whole file; `None` if it is not what the schema says, or has too many fields.
    pub(super) fn model(&mut self, metadata: &mut dyn FnMut(&str, &str)) -> Option<()> {
        let end = self.cursor.position() + self.cursor.left();
        while let Some((number, field)) = self.field(end)? {
            match (number, field) {
                (1 | 5, Field::Number) => {}
                (2 | 3 | 4 | 6 | 26, Field::Bytes(end)) => self.pass(end)?,
                (7, Field::Bytes(end)) => {
                    self.graph = true;
                    self.graph(end, 0)?;
                }
                (8, Field::Bytes(end)) => {
                    self.operators = true;
                    let [domain] = self.texts(end, [1])?;
                    keep(&mut self.domains, domain.unwrap_or_default());
                }
                (14, Field::Bytes(end)) => {
                    let [key, value] = self.texts(end, [1, 2])?;
                    metadata(key.as_deref().unwrap_or_default(), value.as_deref().unwrap_or_default());
                }
                (20, Field::Bytes(end)) => self.graphs(end, &[1, 2], 0)?,
                (25, Field::Bytes(end)) => self.function(end)?,
                _ => return None,
            }
        }
        Some(())
    }

    /// The next field before an end: inside `None` at that end.
    fn field(&mut self, end: u64) -> Option<Option<(u64, Field)>> {
        if self.cursor.position() == end {
            return Some(None);
        }
        self.left = self.left.checked_sub(1)?;
        let tag = self.varint()?;
        let field = match tag & 7 {
            0 => self.varint().map(|_| Field::Number)?,
            1 => self.cursor.skip(8).map(|()| Field::Fixed)?,
            5 => self.cursor.skip(4).map(|()| Field::Fixed)?,
            2 => {
                let length = self.varint()?;
                let to = self.cursor.position().checked_add(length)?;
                (to <= end).then_some(Field::Bytes(to))?
            }
            _ => return None,
        };
        (self.cursor.position() <= end).then_some(Some((tag >> 3, field)))
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.cursor.byte()?;
            value |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn pass(&mut self, end: u64) -> Option<()> {
        self.cursor.skip(end.checked_sub(self.cursor.position())?)
    }

    fn text(&mut self, end: u64) -> Option<Option<String>> {
        self.cursor.text(end.checked_sub(self.cursor.position())?, LONGEST)
    }

    /// The texts of some fields of a message; of one that is met twice the last.
    fn texts<const N: usize>(&mut self, end: u64, numbers: [u64; N]) -> Option<[Option<String>; N]> {
        let mut texts = [const { None }; N];
        while let Some((number, field)) = self.field(end)? {
            let Field::Bytes(to) = field else { continue };
            let slot = numbers.iter().position(|n| *n == number).and_then(|i| texts.get_mut(i));
            match slot {
                Some(slot) => *slot = self.text(to)?,
                None => self.pass(to)?,
            }
        }
        Some(texts)
    }

    fn graph(&mut self, end: u64, depth: usize) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        while let Some((number, field)) = self.field(end)? {
            match (number, field) {
                (1, Field::Bytes(to)) => self.node(to, depth)?,
                (5, Field::Bytes(to)) => self.tensor(to)?,
                (15, Field::Bytes(to)) => self.sparse(to)?,
                (_, Field::Bytes(to)) => self.pass(to)?,
                _ => {}
            }
        }
        Some(())
    }

    fn node(&mut self, end: u64, depth: usize) -> Option<()> {
        while let Some((number, field)) = self.field(end)? {
            match (number, field) {
                (5, Field::Bytes(to)) => self.attribute(to, depth)?,
                (7, Field::Bytes(to)) => {
                    let domain = self.text(to)?;
                    keep(&mut self.domains, domain.unwrap_or_default());
                }
                (_, Field::Bytes(to)) => self.pass(to)?,
                _ => {}
            }
        }
        Some(())
    }

    fn attribute(&mut self, end: u64, depth: usize) -> Option<()> {
        while let Some((number, field)) = self.field(end)? {
            match (number, field) {
                (5 | 10, Field::Bytes(to)) => self.tensor(to)?,
                (6 | 11, Field::Bytes(to)) => self.graph(to, depth + 1)?,
                (22 | 23, Field::Bytes(to)) => self.sparse(to)?,
                (_, Field::Bytes(to)) => self.pass(to)?,
                _ => {}
            }
        }
        Some(())
    }

    fn sparse(&mut self, end: u64) -> Option<()> {
        while let Some((number, field)) = self.field(end)? {
            match (number, field) {
                (1 | 2, Field::Bytes(to)) => self.tensor(to)?,
                (_, Field::Bytes(to)) => self.pass(to)?,
                _ => {}
            }
        }
        Some(())
    }

    fn tensor(&mut self, end: u64) -> Option<()> {
        let mut external = false;
        while let Some((number, field)) = self.field(end)? {
            match (number, field) {
                (13, Field::Bytes(to)) => {
                    let [key, value] = self.texts(to, [1, 2])?;
                    if key.as_deref() == Some("location") {
                        external = true;
                        keep(&mut self.files, value.unwrap_or_default());
                    }
                }
                (_, Field::Bytes(to)) => self.pass(to)?,
                _ => {}
            }
        }
        self.external += u64::from(external);
        Some(())
    }

    fn graphs(&mut self, end: u64, numbers: &[u64], depth: usize) -> Option<()> {
        while let Some((number, field)) = self.field(end)? {
            match field {
                Field::Bytes(to) if numbers.contains(&number) => self.graph(to, depth + 1)?,
                Field::Bytes(to) => self.pass(to)?,
                _ => {}
            }
        }
        Some(())
    }

    fn function(&mut self, end: u64) -> Option<()> {
        while let Some((number, field)) = self.field(end)? {
            match (number, field) {
                (7, Field::Bytes(to)) => self.node(to, 0)?,
                (10, Field::Bytes(to)) => {
                    let domain = self.text(to)?;
                    keep(&mut self.defined, domain.unwrap_or_default());
                }
                (_, Field::Bytes(to)) => self.pass(to)?,
                _ => {}
            }
        }
        Some(())
    }
}

fn keep(names: &mut BTreeSet<String>, name: String) {
    if names.len() < MOST_NAMES {
        names.insert(name);
    }
}

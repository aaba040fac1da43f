//! YAML 1.2: documents of a stream, anchors and merge keys followed.
//!
//! An alias stands for a copy of what it names; each copy counts against the bound of the whole, before
//! it is made, so that nine lines cannot become a billion nodes. Merge keys (`<<`) are of YAML 1.1 and
//! what Compose files use: keys of the map itself win over merged ones.

use super::{DEEPEST, Key, LARGEST, MOST_NODES, Node, Unreadable, Value};
use saphyr_parser::{Event, Parser, ScalarStyle, Span};
use std::collections::HashMap;

/// The trees of a YAML text, one a document. What precedes an error is returned with it.
pub(in super::super) fn yaml(text: &str) -> (Vec<Node>, Option<Unreadable>) {
    if text.len() > LARGEST {
        return (Vec::new(), Some(Unreadable { line: None, why: "it is larger than 16 MiB" }));
    }
    let mut builder = Builder { left: MOST_NODES, ..Builder::default() };
    for event in Parser::new_from_str(text) {
        let step = match event {
            Ok((event, span)) => builder.event(event, span),
            Err(e) => {
                let line = Some(e.marker().line() as u64);
                Err(Unreadable { line, why: "it is not YAML, or a template that was not filled in" })
            }
        };
        if let Err(problem) = step {
            return (builder.documents, Some(problem));
        }
    }
    (builder.documents, None)
}

/// A list or map that is not closed yet.
struct Open {
    line: u64,
    anchor: usize,
    size: usize,
    part: Part,
}

enum Part {
    List(Vec<Node>),
    /// Entries, keys to merge, and the key that waits for its value.
    Map(Vec<(Key, Node)>, Vec<Node>, Option<Key>),
}

#[derive(Default)]
struct Builder {
    documents: Vec<Node>,
    open: Vec<Open>,
    /// What an anchor names, with its number of nodes.
    anchors: HashMap<usize, (Node, usize)>,
    left: usize,
}

impl Builder {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Unreadable> {
        let line = span.start.line() as u64;
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let value = if style == ScalarStyle::Plain { plain(&text) } else { Value::Text(text.into()) };
                self.put(Node { line, value }, 1, anchor)
            }
            Event::SequenceStart(anchor, _) => self.begin(line, anchor, Part::List(Vec::new())),
            Event::MappingStart(anchor, _) => {
                self.begin(line, anchor, Part::Map(Vec::new(), Vec::new(), None))
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(Open { line, anchor, size, part }) = self.open.pop() else { return Ok(()) };
                let value = match part {
                    Part::List(items) => Value::List(items),
                    Part::Map(entries, merged, _) => Value::Map(merge(entries, merged)),
                };
                // Its parts were counted when they came.
                self.left += size;
                self.put(Node { line, value }, size + 1, anchor)
            }
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some((_, size)) if *size > self.left => {
                    Err(Unreadable { line: Some(line), why: "its aliases stand for too many values" })
                }
                Some((node, size)) => {
                    let (node, size) = (node.clone(), *size);
                    self.put(node, size, 0)
                }
                None => Err(Unreadable { line: Some(line), why: "an alias names what contains it" }),
            },
            Event::DocumentStart(_) => {
                self.anchors.clear();
                Ok(())
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
        }
    }

    fn begin(&mut self, line: u64, anchor: usize, part: Part) -> Result<(), Unreadable> {
        if self.open.len() >= DEEPEST {
            return Err(Unreadable { line: Some(line), why: "it is nested too deeply" });
        }
        self.open.push(Open { line, anchor, size: 0, part });
        Ok(())
    }

    /// Puts a whole node where it belongs.
    fn put(&mut self, node: Node, size: usize, anchor: usize) -> Result<(), Unreadable> {
        let too_many = Unreadable { line: Some(node.line), why: "it has too many values" };
        self.left = self.left.checked_sub(size).ok_or(too_many)?;
        if anchor != 0 {
            self.left = self
                .left
                .checked_sub(size)
                .ok_or(Unreadable { line: Some(node.line), why: "it has too many values" })?;
            self.anchors.insert(anchor, (node.clone(), size));
        }
        let Some(open) = self.open.last_mut() else {
            self.documents.push(node);
            return Ok(());
        };
        open.size += size;
        match &mut open.part {
            Part::List(items) => items.push(node),
            Part::Map(entries, merged, waiting) => match waiting.take() {
                None => *waiting = Some(Key { text: node.word().unwrap_or_default(), line: node.line }),
                Some(key) if key.text == "<<" => match node.value {
                    Value::List(items) => merged.extend(items),
                    _ => merged.push(node),
                },
                Some(key) => entries.push((key, node)),
            },
        }
        Ok(())
    }
}

/// Own keys first; of merged maps the first that has a key wins.
fn merge(mut entries: Vec<(Key, Node)>, merged: Vec<Node>) -> Vec<(Key, Node)> {
    for map in merged {
        if let Value::Map(more) = map.value {
            for (key, node) in more {
                if !entries.iter().any(|(k, _)| k.text == key.text) {
                    entries.push((key, node));
                }
            }
        }
    }
    entries
}

/// What a scalar without quotes means in the core schema (YAML 1.2.2, 10.3.2).
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ if text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'))
            && text.parse::<f64>().is_ok() =>
        {
            Value::Number(text.to_owned())
        }
        _ => Value::Text(text.to_owned()),
    }
}

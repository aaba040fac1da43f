//! The operations of a pickle (Python's `pickletools` documents them), stepped through on a stack that keeps
//! nothing but words that could be names.

use crate::inventory::artefact::Cursor;
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;
use std::rc::Rc;

/// Most values on the stack, and in the memo.
const MOST_VALUES: usize = 1 << 20;
/// Most operations of one file.
const MOST_STEPS: u64 = 1 << 24;
/// Most names of imports that are kept.
const MOST_IMPORTS: usize = 4096;
/// Longest word that can be a name.
const LONGEST_NAME: u64 = 255;
/// Longest argument that ends with its line.
const LONGEST_LINE: u64 = 1 << 20;

/// Whether bytes begin with the mark of protocols 2 to 5.
pub(super) fn begins(head: &[u8]) -> bool {
    matches!(head, [0x80, 2..=5, ..])
}

/// Whether the first byte is an operation with which a pickle of protocol 0 or 1 begins.
pub(super) fn may_begin(head: &[u8]) -> bool {
    head.first().is_some_and(|b| b"(cilSUVXIFKJM]})NLGP\x80".contains(b))
}

/// How a pickle ended.
pub(super) enum End {
    /// As it should.
    Stop,
    /// It cannot be followed further.
    Broken(&'static str),
}

#[derive(Clone)]
enum Item {
    Mark,
    Name(Rc<str>),
    Other,
}

/// What was seen of one or more pickles.
#[derive(Default)]
pub(super) struct Steps {
    /// `module.name` of every import.
    pub(super) imports: BTreeSet<String>,
    /// Imports whose name is not a word in the file.
    pub(super) computed: u64,
    /// Imports by number.
    pub(super) extensions: u64,
    /// Operations.
    pub(super) count: u64,
    /// Calls of something imported.
    pub(super) calls: u64,
    pub(super) too_many: bool,
    /// Where the last call or import stood.
    last: u64,
    stack: Vec<Item>,
    memo: FxHashMap<u64, Item>,
}

/// A step that cannot be made.
type Step = Result<(), &'static str>;

const SHORT: &str = "it breaks off";
const EMPTY: &str = "an operation finds nothing on the stack";
const MANY: &str = "it has too many values";

impl Steps {
    /// Whether something was imported or called at or behind an offset.
    pub(super) fn called_since(&self, offset: u64) -> bool {
        self.last > offset
    }

    /// Whether another pickle follows.
    pub(super) fn another(&self, cursor: &mut Cursor<'_>) -> bool {
        cursor.peek().is_some_and(|head| begins(&head))
    }

    /// Steps through one pickle.
    pub(super) fn pickle(&mut self, cursor: &mut Cursor<'_>) -> End {
        self.stack.clear();
        self.memo.clear();
        loop {
            let Some(operation) = cursor.byte() else { return End::Broken(SHORT) };
            if operation == b'.' {
                self.count += 1;
                return End::Stop;
            }
            if let Err(why) = self.step(operation, cursor) {
                return End::Broken(why);
            }
            self.count += 1;
            if self.stack.len() > MOST_VALUES || self.memo.len() > MOST_VALUES {
                return End::Broken(MANY);
            }
            if self.count > MOST_STEPS {
                return End::Broken("it has too many operations");
            }
        }
    }

    fn step(&mut self, operation: u8, cursor: &mut Cursor<'_>) -> Step {
        match operation {
            // Marks and single values.
            b'(' => self.stack.push(Item::Mark),
            b'N' | b'}' | b']' | b')' | 0x88 | 0x89 | 0x8F | 0x97 => self.stack.push(Item::Other),
            b'K' => self.value(cursor.skip(1))?,
            b'M' => self.value(cursor.skip(2))?,
            b'J' => self.value(cursor.skip(4))?,
            b'G' => self.value(cursor.skip(8))?,
            b'I' | b'F' | b'L' | b'P' => self.value(line(cursor).map(drop))?,
            0x8A => self.sized(cursor.byte().map(u64::from), cursor)?,
            0x8B | b'B' => self.sized(cursor.u32().map(u64::from), cursor)?,
            b'C' => self.sized(cursor.byte().map(u64::from), cursor)?,
            0x8E | 0x96 => self.sized(cursor.u64(), cursor)?,
            // Texts, which may be names.
            b'S' => {
                let text = line(cursor).ok_or(SHORT)?;
                let bare = text.trim_matches(|c| c == '\'' || c == '"');
                self.stack.push(name(bare));
            }
            b'V' => {
                let text = line(cursor).ok_or(SHORT)?;
                self.stack.push(name(&text));
            }
            b'U' | 0x8C => self.text(cursor.byte().map(u64::from), cursor)?,
            b'T' | b'X' => self.text(cursor.u32().map(u64::from), cursor)?,
            0x8D => self.text(cursor.u64(), cursor)?,
            // Taken off the stack.
            b'0' => self.pop(1)?,
            b'1' => self.pop_mark()?,
            b'2' => {
                let top = self.stack.last().cloned().ok_or(EMPTY)?;
                self.stack.push(top);
            }
            b'a' => self.pop(1)?,
            b's' => self.pop(2)?,
            b'e' | b'u' | 0x90 => self.pop_mark()?,
            b't' | b'l' | b'd' | 0x91 => {
                self.pop_mark()?;
                self.stack.push(Item::Other);
            }
            0x85 | b'Q' => self.replace(1)?,
            0x86 => self.replace(2)?,
            0x87 => self.replace(3)?,
            0x98 => self.replace(1)?,
            // Imports and calls.
            b'c' | b'i' => {
                let module = line(cursor).ok_or(SHORT)?;
                let name = line(cursor).ok_or(SHORT)?;
                if operation == b'i' {
                    self.pop_mark()?;
                    self.call(cursor);
                }
                self.import(&name_of(&module), &name_of(&name), cursor);
                self.stack.push(Item::Other);
            }
            0x93 => {
                let name = self.stack.pop().ok_or(EMPTY)?;
                let module = self.stack.pop().ok_or(EMPTY)?;
                self.import(&module, &name, cursor);
                self.stack.push(Item::Other);
            }
            0x82 => self.extension(cursor.skip(1), cursor)?,
            0x83 => self.extension(cursor.skip(2), cursor)?,
            0x84 => self.extension(cursor.skip(4), cursor)?,
            b'R' | 0x81 => {
                self.call(cursor);
                self.replace(2)?;
            }
            0x92 => {
                self.call(cursor);
                self.replace(3)?;
            }
            b'o' => {
                self.call(cursor);
                self.pop_mark()?;
                self.stack.push(Item::Other);
            }
            b'b' => {
                self.call(cursor);
                self.pop(1)?;
            }
            // The memo.
            b'p' => {
                let at = number(cursor)?;
                self.remember(at)?;
            }
            b'q' => self.remember(cursor.byte().map(u64::from).ok_or(SHORT)?)?,
            b'r' => self.remember(cursor.u32().map(u64::from).ok_or(SHORT)?)?,
            0x94 => self.remember(u64::try_from(self.memo.len()).unwrap_or(u64::MAX))?,
            b'g' => {
                let at = number(cursor)?;
                self.recall(at)?;
            }
            b'h' => self.recall(cursor.byte().map(u64::from).ok_or(SHORT)?)?,
            b'j' => self.recall(cursor.u32().map(u64::from).ok_or(SHORT)?)?,
            // Framing.
            0x80 => cursor.skip(1).ok_or(SHORT)?,
            0x95 => cursor.skip(8).ok_or(SHORT)?,
            _ => return Err("it holds something that is no operation"),
        }
        Ok(())
    }

    fn value(&mut self, taken: Option<()>) -> Step {
        taken.ok_or(SHORT)?;
        self.stack.push(Item::Other);
        Ok(())
    }

    fn sized(&mut self, length: Option<u64>, cursor: &mut Cursor<'_>) -> Step {
        let taken = length.and_then(|n| cursor.skip(n));
        self.value(taken)
    }

    fn text(&mut self, length: Option<u64>, cursor: &mut Cursor<'_>) -> Step {
        let text = length.and_then(|n| cursor.text(n, LONGEST_NAME)).ok_or(SHORT)?;
        self.stack.push(text.map_or(Item::Other, |t| name(&t)));
        Ok(())
    }

    fn pop(&mut self, n: usize) -> Step {
        let left = self.stack.len().checked_sub(n).ok_or(EMPTY)?;
        self.stack.truncate(left);
        Ok(())
    }

    fn replace(&mut self, n: usize) -> Step {
        self.pop(n)?;
        self.stack.push(Item::Other);
        Ok(())
    }

    fn pop_mark(&mut self) -> Step {
        let mark = self.stack.iter().rposition(|i| matches!(i, Item::Mark)).ok_or("a mark is missing")?;
        self.stack.truncate(mark);
        Ok(())
    }

    fn remember(&mut self, at: u64) -> Step {
        let top = self.stack.last().cloned().ok_or(EMPTY)?;
        self.memo.insert(at, top);
        Ok(())
    }

    fn recall(&mut self, at: u64) -> Step {
        let item = self.memo.get(&at).cloned().ok_or("it recalls what it did not store")?;
        self.stack.push(item);
        Ok(())
    }

    fn call(&mut self, cursor: &Cursor<'_>) {
        self.calls += 1;
        self.last = cursor.position();
    }

    fn import(&mut self, module: &Item, name: &Item, cursor: &Cursor<'_>) {
        self.last = cursor.position();
        match (module, name) {
            (Item::Name(module), Item::Name(name)) if self.imports.len() < MOST_IMPORTS => {
                self.imports.insert(format!("{module}.{name}"));
            }
            (Item::Name(_), Item::Name(_)) => self.too_many = true,
            _ => self.computed += 1,
        }
    }

    fn extension(&mut self, taken: Option<()>, cursor: &Cursor<'_>) -> Step {
        self.extensions += 1;
        self.last = cursor.position();
        self.value(taken)
    }
}

/// A word that could be the name of a module or of something in one.
fn name(text: &str) -> Item {
    let part = |p: &str| p.chars().all(|c| c.is_alphanumeric() || c == '_') && !p.is_empty();
    let short = u64::try_from(text.len()).is_ok_and(|n| n <= LONGEST_NAME);
    if short && text.split('.').all(part) { Item::Name(text.into()) } else { Item::Other }
}

fn name_of(line: &str) -> Item {
    name(line.trim_end_matches('\r'))
}

/// An argument that ends with its line.
fn line(cursor: &mut Cursor<'_>) -> Option<String> {
    let mut bytes = Vec::new();
    for _ in 0..LONGEST_LINE {
        match cursor.byte()? {
            b'\n' => return Some(String::from_utf8_lossy(&bytes).into_owned()),
            // No name is as long; the rest only has to be passed over.
            byte if bytes.len() < 512 => bytes.push(byte),
            _ => {}
        }
    }
    None
}

fn number(cursor: &mut Cursor<'_>) -> Result<u64, &'static str> {
    let text = line(cursor).ok_or(SHORT)?;
    text.trim().parse().map_err(|_| "a number is none")
}

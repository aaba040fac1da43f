//! One pass over a line of JSON (RFC 8259) that finds the members somebody wants, at their depth.
//!
//! A general parser reads every value; here bitmaps say where tokens begin, and only wanted values are
//! looked at ([`Cursor`]). The pass is strict: it goes through only where a parser would, and calls
//! anything out of the ordinary [`Unsure`], upon which its caller asks `serde_json`. Unsure are bytes that are
//! not UTF-8, escapes in keys that matter, white space before a colon, deep nesting, and of course whatever
//! is wrong. A line of a shape that was met before is compared with it instead ([`shapes`]). Tests hold these
//! ways against each other on valid, mutated and made-up lines, and fuzz targets on whatever they come upon.

mod cursor;
#[cfg(test)]
pub(super) mod made_up;
mod schema;
mod shapes;
#[cfg(any(test, fuzzing))]
pub(super) mod twins;
mod value;

pub(super) use cursor::{Cursor, Scratch};
pub(super) use schema::{Context, IGNORED, Member, Schema, TOP, set};
pub(super) use value::Value;

use super::Block;
use super::lines::{Line, Lines};
use crate::bytes::simd::{Class, Classes, bitmaps};
use shapes::Shapes;

/// Reads lines. Keeps what it learns of their shapes, and room that is used again for every line.
pub(super) struct Reader<S: Schema> {
    shapes: Shapes<S>,
    scratch: Scratch,
}

/// The line is not one that the pass is sure of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unsure;

/// What is told apart where lines have a shape that was met before.
pub(super) struct Shaped;

impl Classes<3> for Shaped {
    const LIST: [Class; 3] = [Class::Is(b'\n'), Class::Break, Class::Digit];
}

/// Makes bitmaps of some bytes.
type Look = fn(&[u8], &mut Vec<[u64; 3]>);

/// The lines of a block, for a [`Reader`].
pub(super) fn lines(block: Block<'_>) -> Lines<'_, 3, Look> {
    Lines::with(block, bitmaps::<Shaped, 3>)
}

impl<S: Schema> Default for Reader<S> {
    fn default() -> Self {
        Reader { shapes: Shapes::default(), scratch: Scratch::default() }
    }
}

impl<S: Schema> Reader<S> {
    /// Takes what a line says, if nothing about it is out of the ordinary. `record` is as good as new before.
    #[inline]
    pub(super) fn read<'a>(
        &mut self,
        line: &Line<'a, '_, 3>,
        record: &mut S::Record<'a>,
    ) -> Result<(), Unsure> {
        if self.shapes.read(line, record).is_ok() {
            return Ok(());
        }
        *record = S::Record::default();
        if line.bytes.first() != Some(&b'{') {
            return Err(Unsure);
        }
        let mut cursor = self.scratch.cursor(line.bytes, line.ahead, S::DECIMALS)?;
        object::<S>(&mut cursor, record, TOP)?;
        if cursor.finish()? {
            self.shapes.learn(line.bytes);
        }
        Ok(())
    }
}

/// Goes through an object in which something is wanted.
fn object<'a, S: Schema>(
    cursor: &mut Cursor<'a, '_>,
    record: &mut S::Record<'a>,
    context: Context,
) -> Result<(), Unsure> {
    cursor.object(|cursor, key| {
        let Some(Member { take, inside }) = S::member(context, key) else { return cursor.skip() };
        take(record, cursor.value())?;
        any::<S>(cursor, record, inside)
    })
}

/// Goes through a value that was looked at as a whole already.
fn any<'a, S: Schema>(
    cursor: &mut Cursor<'a, '_>,
    record: &mut S::Record<'a>,
    context: Context,
) -> Result<(), Unsure> {
    match (context, cursor.peek()) {
        (1.., b'{') => object::<S>(cursor, record, context),
        (1.., b'[') => array::<S>(cursor, record, context),
        _ => cursor.skip(),
    }
}

fn array<'a, S: Schema>(
    cursor: &mut Cursor<'a, '_>,
    record: &mut S::Record<'a>,
    context: Context,
) -> Result<(), Unsure> {
    let (all, within) = (cursor.value(), S::within(context));
    cursor.array(|cursor| {
        match cursor.peek() {
            b'{' => S::element(record, context),
            // Where objects are wanted, a parser would refuse anything else, but for some arrays.
            _ if within != IGNORED => return Err(Unsure),
            _ => {}
        }
        any::<S>(cursor, record, within)
    })?;
    S::array(record, context, cursor.since(all))
}

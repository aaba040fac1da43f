//! What somebody wants of lines of JSON.

use super::{Unsure, Value};

/// Where a value stands in objects and arrays that matter; each reader numbers its own.
pub(in crate::traffic) type Context = u8;

/// Nothing inside matters.
pub(in crate::traffic) const IGNORED: Context = 0;
/// The object that the line is.
pub(in crate::traffic) const TOP: Context = 1;

/// What is wanted of lines.
pub(in crate::traffic) trait Schema: Sized {
    /// What they say.
    type Record<'a>: Default;
    /// Whether numbers with decimals are usual in such lines; elsewhere the pass is unsure of them.
    const DECIMALS: bool = false;
    /// What becomes of a member of an object in a context other than [`IGNORED`], if it is wanted.
    fn member(inside: Context, key: &[u8]) -> Option<Member<Self>>;
    /// The context inside the objects and arrays that are elements of an array.
    fn within(array: Context) -> Context;
    /// An object or array begins that is an element of an array.
    fn element(record: &mut Self::Record<'_>, array: Context);
    /// An array has ended; its text, brackets and all.
    fn array<'a>(record: &mut Self::Record<'a>, array: Context, text: &'a [u8]) -> Result<(), Unsure>;
}

/// Takes the value of a member.
pub(in crate::traffic) type Take<S> =
    for<'a> fn(&mut <S as Schema>::Record<'a>, Value<'a>) -> Result<(), Unsure>;

/// A member that is wanted.
pub(in crate::traffic) struct Member<S: Schema> {
    pub(in crate::traffic) take: Take<S>,
    /// The context inside its value, if that is an object or an array.
    pub(in crate::traffic) inside: Context,
}

impl<S: Schema> Member<S> {
    /// A member whose value is looked at as a whole.
    pub(in crate::traffic) fn plain(take: Take<S>) -> Option<Member<S>> {
        Some(Member { take, inside: IGNORED })
    }

    /// A member in whose value something is wanted.
    pub(in crate::traffic) fn with(inside: Context, take: Take<S>) -> Option<Member<S>> {
        Some(Member { take, inside })
    }
}

/// Sets a member that was not set before: twice is for the parser to refuse.
pub(in crate::traffic) fn set<T>(slot: &mut Option<T>, value: Result<T, Unsure>) -> Result<(), Unsure> {
    match slot.replace(value?) {
        None => Ok(()),
        Some(_) => Err(Unsure),
    }
}

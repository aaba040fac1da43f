//! Criteria and project files: TOML in, typed and validated nouns out, every problem at once.
//!
//! Two kinds of file, both written by people: the project file (`domicile.toml`, [`load_project`]) and
//! sector policies ([`load`]). Every problem of a file is reported in one run, with its place; an
//! unknown key is an error. What a file says is never repaired by guessing: a value that cannot be
//! used makes the file unusable.
//!
//! Not here: whether a check understands its `with` table (the check binds it), and whether a waiver
//! has expired (judging has a clock reading, this room has none).

mod agree;
mod boundary;
mod draft;
mod project;
mod quantity;
mod sector;

pub use agree::agree;
pub use draft::{InitComponent, InitFacts, InitLog, draft};
pub use project::load_project;
pub use sector::{embedded, load};

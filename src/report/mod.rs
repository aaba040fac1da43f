//! Renderers: evidence in, bytes out. Pure: no clock, no locale, no host name, no absolute path.
//!
//! To add an output: one file with a [`Reporter`], one word in [`REPORTERS`].

pub mod evidence;
pub mod html;
mod json;
pub mod scan;
mod text;
mod wanted;

pub use wanted::Wanted;

#[cfg(test)]
pub(crate) mod samples;

use evidence::Evidence;
use std::fmt;

/// What a terminal can do; files ignore it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Whether ANSI colours may be used.
    pub color: bool,
}

/// An output could not be made. This is an error of the program, not of its input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderError(pub String);

impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "report cannot be rendered: {}", self.0)
    }
}

impl std::error::Error for RenderError {}

impl From<evidence::EvidenceError> for RenderError {
    fn from(e: evidence::EvidenceError) -> RenderError {
        RenderError(e.to_string())
    }
}

/// An output format.
pub trait Reporter: Sync {
    /// Stable kebab-case id, equal to the file name and to the word after `--output`.
    fn id(&self) -> &'static str;
    /// What it is for, in a line.
    fn about(&self) -> &'static str;
    /// The bytes of the output.
    ///
    /// # Errors
    /// If evidence is beyond its limits or the program's own template is broken.
    fn render(&self, evidence: &Evidence, options: Options) -> Result<Vec<u8>, RenderError>;
}

/// Every output format, in the order in which it is listed.
pub static REPORTERS: &[&dyn Reporter] = &[&text::Text, &json::Json, &html::Html];

/// The output format of that id.
#[must_use]
pub fn reporter(id: &str) -> Option<&'static dyn Reporter> {
    REPORTERS.iter().copied().find(|r| r.id() == id)
}

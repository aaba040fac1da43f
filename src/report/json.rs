//! JSON: evidence v1, indented by two spaces, with a final newline.
//!
//! It is the same value that a report embeds; its canonical form (RFC 8785) has the same digest. Characters that
//! do not show themselves are escaped: people look at it too.

use super::{Options, RenderError, Reporter};
use crate::model::text::escaped;
use crate::report::evidence::Evidence;

pub(super) struct Json;

impl Reporter for Json {
    fn id(&self) -> &'static str {
        "json"
    }

    fn about(&self) -> &'static str {
        "evidence v1, frozen: the value that the HTML report embeds and the signature covers"
    }

    fn render(&self, evidence: &Evidence, _: Options) -> Result<Vec<u8>, RenderError> {
        let text = serde_json::to_string_pretty(evidence).map_err(|e| RenderError(e.to_string()))?;
        Ok((escaped(&text) + "\n").into_bytes())
    }
}

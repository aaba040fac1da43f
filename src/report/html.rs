//! The audit report as one HTML file: a pure function of evidence v1.
//!
//! No script but the data block that holds the canonical evidence, a content security policy that allows
//! nothing but the style sheet of this file by its hash, no link that loads, no font, no image. The
//! templates are those of `reports/html/v1/`; a released folder is never edited, because
//! [`page`] must give the same bytes for ever: verification renders again and compares.
//!
//! Every value reaches the templates as a [`Shown`], which has no other constructor than the one that
//! makes hidden characters visible; the templates then escape it.

mod coverage;
mod crosswalk;
mod filters;
mod shown;

use super::evidence::{Evidence, escape_for_page};
use super::{Options, RenderError, Reporter};
use crate::model::text::hex;
use base64ct::{Base64, Encoding};
use serde::Serialize;
use sha2::{Digest, Sha256};
use shown::Shown;
use std::sync::LazyLock;
use tera::{Context, Tera};

/// Name of this renderer in signatures: changes whenever a byte of its output would.
pub const RENDERER: &str = "domicile-html/1";

/// What opens the data block.
pub const DATA_OPEN: &str = "<script type=\"application/json\" id=\"domicile-evidence\">";
/// What closes it.
pub const DATA_CLOSE: &str = "</script>";

const STYLE: &str = include_str!("../../reports/html/v1/style.css");

/// Templates of version 1. Tera escapes by the suffix `.html` of these names.
const TEMPLATES: [(&str, &str); 9] = [
    ("page.html", include_str!("../../reports/html/v1/page.html")),
    ("cover.html", include_str!("../../reports/html/v1/cover.html")),
    ("declaration.html", include_str!("../../reports/html/v1/declaration.html")),
    ("method.html", include_str!("../../reports/html/v1/method.html")),
    ("coverage.html", include_str!("../../reports/html/v1/coverage.html")),
    ("findings.html", include_str!("../../reports/html/v1/findings.html")),
    ("exceptions.html", include_str!("../../reports/html/v1/exceptions.html")),
    ("controls.html", include_str!("../../reports/html/v1/controls.html")),
    ("register.html", include_str!("../../reports/html/v1/register.html")),
];

pub(super) struct Html;

impl Reporter for Html {
    fn id(&self) -> &'static str {
        "html"
    }

    fn about(&self) -> &'static str {
        "the audit report: one self-contained page that can be signed"
    }

    fn render(&self, evidence: &Evidence, _: Options) -> Result<Vec<u8>, RenderError> {
        page(evidence)
    }
}

/// What the page shows besides the evidence itself, all of it worked out from the evidence.
#[derive(Serialize)]
struct Derived {
    evidence_sha256: String,
    coverage: Option<coverage::Chart>,
    controls: Vec<crosswalk::Row>,
    unobserved: Vec<String>,
    ignored: u64,
    rejected: u64,
    unread: Vec<usize>,
}

impl Derived {
    fn of(e: &Evidence, canonical: &[u8]) -> Derived {
        let total = |reasons: &[super::evidence::Reason]| {
            reasons.iter().fold(0u64, |sum, r| sum.saturating_add(r.records.0))
        };
        let observed = |id: &str| e.sources.iter().any(|s| s.observes.iter().any(|o| o == id));
        Derived {
            evidence_sha256: hex(Sha256::digest(canonical)),
            coverage: coverage::chart(e),
            controls: crosswalk::rows(e),
            unobserved: e
                .subject
                .components
                .iter()
                .filter(|c| !observed(&c.id))
                .map(|c| c.id.clone())
                .collect(),
            ignored: total(&e.records.ignored),
            rejected: total(&e.records.rejected),
            unread: (0..e.logs.len())
                .filter(|i| e.logs.get(*i).is_some_and(|l| l.skipped.is_some()))
                .collect(),
        }
    }
}

static ENGINE: LazyLock<Result<Tera, String>> = LazyLock::new(|| {
    let mut tera = Tera::default();
    filters::register(&mut tera);
    tera.add_raw_templates(TEMPLATES).map_err(|e| e.to_string())?;
    Ok(tera)
});

/// The page core: the whole file from `<!DOCTYPE html>` to `</html>` and one line feed, unsigned.
///
/// # Errors
/// If evidence is beyond its limits; any other error is one of the program.
pub fn page(evidence: &Evidence) -> Result<Vec<u8>, RenderError> {
    let canonical = evidence.canonical()?;
    let engine = ENGINE.as_ref().map_err(|e| RenderError(e.clone()))?;
    let mut context = Context::new();
    context.insert_value("e", Shown::of(evidence)?.into_value());
    context.insert_value("d", Shown::of(&Derived::of(evidence, &canonical))?.into_value());
    let canonical = String::from_utf8(canonical).map_err(|e| RenderError(e.to_string()))?;
    context.insert("style", STYLE);
    context.insert("style_hash", &format!("sha256-{}", Base64::encode_string(&Sha256::digest(STYLE))));
    context.insert("data_block", &escape_for_page(&canonical));
    let mut page = engine.render("page.html", &context).map_err(|e| RenderError(chain(&e)))?;
    page.truncate(page.trim_end().len());
    page.push('\n');
    Ok(page.into_bytes())
}

/// The error with its causes: Tera names the template in the outer one and the reason in the inner.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests;

//! Finding workflows in a JSON text, with the place of every node.
//!
//! Read with raw values, so that a node's line is known and depth costs no stack. Python writes `NaN` and
//! `Infinity` into saved prompts; they are blanked out before reading, byte for byte, so lines stay true.

use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// How many wrappers a request body may have around its workflow.
const WRAPPERS: usize = 4;
/// Keys under which tools wrap a workflow.
const WRAPPING: [&str; 8] =
    ["prompt", "workflow", "input", "output", "extra_data", "extra_pnginfo", "workflow_api", "workflow_json"];
/// Keys of `extra_data` that hold credentials of the partner proxy.
const CREDENTIALS: [&str; 2] = ["api_key_comfy_org", "auth_token_comfy_org"];

/// An object as written, by key.
pub(super) type Fields<'a> = BTreeMap<String, &'a RawValue>;

/// The form a workflow was saved in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Ui,
    Api,
}

/// What a text holds.
#[derive(Debug, Default)]
pub(super) struct Found<'a> {
    pub(super) workflows: Vec<(Form, Fields<'a>)>,
    /// Names of credential fields that are not empty; never their values.
    pub(super) credentials: Vec<&'static str>,
}

/// The text with what JSON does not know blanked out, if it holds any.
pub(super) fn without_nan(text: &str) -> Option<String> {
    const WORDS: [(&str, &str); 3] = [("NaN", "0  "), ("-Infinity", "-0       "), ("Infinity", "0       ")];
    if !text.contains("NaN") && !text.contains("Infinity") {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let (mut quoted, mut escaped, mut rest) = (false, false, text);
    while let Some(c) = rest.chars().next() {
        let word = if quoted { None } else { WORDS.iter().find(|(w, _)| rest.starts_with(w)) };
        if let Some((word, blank)) = word {
            out.push_str(blank);
            rest = rest.get(word.len()..).unwrap_or("");
            continue;
        }
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        out.push(c);
        rest = rest.get(c.len_utf8()..).unwrap_or("");
    }
    Some(out)
}

/// The workflows in a JSON text; `Err` if it is not JSON.
pub(super) fn find(text: &str) -> Result<Found<'_>, serde_json::Error> {
    let mut found = Found::default();
    let root: &RawValue = serde_json::from_str(text)?;
    look(root.get(), 0, &mut found);
    Ok(found)
}

fn look<'a>(text: &'a str, depth: usize, found: &mut Found<'a>) {
    if depth > WRAPPERS || !text.starts_with('{') {
        return;
    }
    let Ok(fields) = serde_json::from_str::<Fields<'a>>(text) else { return };
    if is_ui(&fields) {
        found.workflows.push((Form::Ui, fields));
        return;
    }
    if is_api(&fields) {
        found.workflows.push((Form::Api, fields));
        return;
    }
    for name in CREDENTIALS {
        let filled = fields.get(name).is_some_and(|v| !matches!(v.get(), "null" | "\"\""));
        if filled && !found.credentials.contains(&name) {
            found.credentials.push(name);
        }
    }
    for key in WRAPPING {
        if let Some(inner) = fields.get(key) {
            look(inner.get(), depth + 1, found);
        }
    }
}

fn is_ui(fields: &Fields<'_>) -> bool {
    let array = |key: &str| fields.get(key).is_some_and(|v| v.get().starts_with('['));
    array("nodes") && array("links")
}

fn is_api(fields: &Fields<'_>) -> bool {
    fields.values().any(|value| {
        if !value.get().starts_with('{') || !value.get().contains("\"class_type\"") {
            return false;
        }
        serde_json::from_str::<Fields<'_>>(value.get()).is_ok_and(|node| {
            node.get("class_type").is_some_and(|v| v.get().starts_with('"'))
                && node.get("inputs").is_some_and(|v| v.get().starts_with('{'))
        })
    })
}

/// Whether a text that is not whole JSON was going to be a workflow.
pub(super) fn resembles(bytes: &[u8]) -> bool {
    let has = |word: &[u8]| memchr::memmem::find(bytes, word).is_some();
    let start = bytes.iter().find(|b| !b.is_ascii_whitespace() && !matches!(b, 0xEF | 0xBB | 0xBF));
    start == Some(&b'{')
        && (has(b"\"class_type\"")
            || has(b"\"last_node_id\"")
            || (has(b"\"nodes\"") && has(b"\"widgets_values\"")))
}

/// Lines of a text by the place of its slices.
pub(super) struct Lines<'a> {
    text: &'a str,
    breaks: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Lines<'a> {
        Lines { text, breaks: memchr::memchr_iter(b'\n', text.as_bytes()).collect() }
    }

    /// The line, from 1, at which a slice of the text begins.
    pub(super) fn of(&self, part: &RawValue) -> Option<u64> {
        let offset = (part.get().as_ptr() as usize).checked_sub(self.text.as_ptr() as usize)?;
        (offset <= self.text.len()).then(|| self.breaks.partition_point(|b| *b < offset) as u64 + 1)
    }
}

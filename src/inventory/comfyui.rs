//! ComfyUI workflows: editor format, API format (also inside request bodies), and pictures with either embedded.
//!
//! Formats as the programs write them (no published standard): editor format 0.4 and schema 1, API format
//! as POST `/prompt` takes it. Not read: video and audio containers.
//!
//! What would mislead: a vendor's word in a class name; a muted or bypassed remote node; a remote node that
//! no output needs; an image input whose source is bypassed. All four are told apart here.

mod api;
mod endpoint;
mod graph;
mod json;
mod operations;
mod reach;
mod ui;

use super::{Context, File, Importer, exif, png};
use crate::model::DataKinds;
use crate::model::data::{Certainty, Locality};
use crate::model::inventory::{FileInventory, Operation, State, Verdict, Where};
use crate::model::project::Role;
use crate::services::nodes::NodeClasses;
use graph::Graph;
use json::{Form, Lines};
use std::collections::BTreeSet;

/// Largest workflow that is read, in bytes; a PNG may be larger than its text.
const LARGEST: usize = 50 * 1024 * 1024;
/// Most nodes of one workflow, subgraphs expanded.
const MOST_NODES: usize = 50_000;
/// Deepest nesting of subgraphs.
const DEEPEST_SUBGRAPH: usize = 32;

pub(super) struct ComfyUi;

pub(super) static IMPORTER: ComfyUi = ComfyUi;

impl Importer for ComfyUi {
    fn id(&self) -> &'static str {
        "comfyui"
    }

    fn about(&self) -> &'static str {
        "ComfyUI workflows: editor format, API format, pictures with either embedded"
    }

    fn doc(&self) -> &'static str {
        "Recognised by content: an object with `nodes` and `links` (editor format), an object whose values have \
         `class_type` and `inputs` (API format, also wrapped in a request body), a PNG with a text chunk \
         `prompt` or `workflow`, a WebP or JPEG with either in its EXIF data.\n\n\
         A node is remote by its class name (`policies/services/comfyui.toml`), or by the address in its \
         widgets. It counts as active if its mode is not 2 or 4, nothing around it is switched off, and an \
         output node needs it. An image counts as sent only if one really arrives, through bypassed nodes, \
         reroutes and subgraph boundaries.\n\n\
         Not read: workflows in video and audio files."
    }

    fn component(&self) -> Option<(&'static str, Role)> {
        Some(("comfyui", Role::Generator))
    }

    fn import(&self, file: &File<'_>, context: &Context<'_>) -> Option<FileInventory> {
        let mut result = Import {
            path: file.path,
            context,
            operations: Vec::new(),
            seen: BTreeSet::new(),
            notes: BTreeSet::new(),
            partial: false,
        };
        let png = file.bytes.starts_with(png::SIGNATURE);
        if png || exif::is_picture(file.bytes) {
            let texts = if png { png::texts } else { exif::texts };
            let chunks = texts(file.bytes, &["prompt", "workflow"], LARGEST);
            if chunks.texts.is_empty() && chunks.problem.is_none() {
                return None;
            }
            let mut any = false;
            for text in &chunks.texts {
                any |= result.text(&text.text, &format!("{}/", text.keyword), false);
            }
            if let Some(problem) = chunks.problem {
                result.incomplete(problem);
            } else if !any {
                return None;
            }
            return Some(result.finish());
        }
        if file.bytes.len() > LARGEST {
            let start = file.bytes.get(..64 * 1024).unwrap_or_default();
            json::resembles(start)
                .then(|| result.incomplete("the workflow is larger than 50 MiB and was not read"))?;
            return Some(result.finish());
        }
        let bytes = file.bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(file.bytes);
        match std::str::from_utf8(bytes) {
            Ok(text) => result.text(text, "", true).then(|| result.finish()),
            Err(_) if json::resembles(bytes) => {
                result.incomplete("the workflow is not UTF-8 and was not read");
                Some(result.finish())
            }
            Err(_) => None,
        }
    }
}

/// One file on its way.
struct Import<'a> {
    path: &'a str,
    context: &'a Context<'a>,
    operations: Vec<Operation>,
    seen: BTreeSet<(String, State, DataKinds)>,
    notes: BTreeSet<String>,
    partial: bool,
}

impl Import<'_> {
    fn incomplete(&mut self, note: &str) {
        self.partial = true;
        self.notes.insert(note.to_owned());
    }

    /// Reads a JSON text; whether it held a workflow, whole or not.
    fn text(&mut self, text: &str, part: &str, own_lines: bool) -> bool {
        if !text.trim_start().starts_with('{') {
            return false;
        }
        let blanked = json::without_nan(text);
        let text = blanked.as_deref().unwrap_or(text);
        let found = match json::find(text) {
            Ok(found) => found,
            Err(_) => {
                let resembles = json::resembles(text.as_bytes());
                if resembles {
                    self.incomplete("the workflow is not whole JSON: cut short, or damaged");
                }
                return resembles;
            }
        };
        if found.workflows.is_empty() {
            return false;
        }
        let lines = own_lines.then(|| Lines::new(text));
        for (form, fields) in &found.workflows {
            let graph = match form {
                Form::Ui => ui::read(fields, lines.as_ref()),
                Form::Api => api::read(fields, lines.as_ref()),
            };
            self.graph(graph, part);
        }
        for name in found.credentials {
            self.operations.push(credential(self.path, name));
        }
        true
    }

    fn graph(&mut self, mut graph: Graph, part: &str) {
        let classes = NodeClasses::shipped();
        for operation in operations::operations(&mut graph, self.path, part, classes, self.context) {
            // A PNG and a request body hold the same graph in both formats: each node once.
            if self.seen.insert((operation.id.clone(), operation.state, operation.sends)) {
                self.operations.push(operation);
            }
        }
        self.partial |= graph.partial;
        self.notes.extend(graph.notes);
    }

    fn finish(self) -> FileInventory {
        let mut verdict = FileInventory::judge(&self.operations, &[]);
        // A download that is switched on and needed by nothing is one link away from running, and all that
        // the file could do is download: "fetch-only" says the more, and stays true.
        let outside = || self.operations.iter().filter(|o| o.locality != Locality::Local);
        if verdict == Verdict::Inactive
            && outside().all(|o| o.fetch && o.sends.is_empty())
            && outside().any(|o| o.state == State::NotReached)
        {
            verdict = Verdict::FetchOnly;
        }
        let credentials = self.operations.iter().any(|o| o.id.starts_with("extra_data"));
        if credentials && matches!(verdict, Verdict::Local | Verdict::FetchOnly | Verdict::Inactive) {
            verdict = Verdict::RemoteCapable;
        }
        if self.partial && verdict != Verdict::Remote {
            verdict = Verdict::Undetermined;
        }
        FileInventory {
            verdict,
            operations: self.operations,
            notes: self.notes.into_iter().collect(),
            ..FileInventory::new(self.path, IMPORTER.id())
        }
    }
}

/// Credentials for the partner proxy in a request body: evidence that partner nodes are in use.
fn credential(path: &str, name: &'static str) -> Operation {
    Operation {
        id: format!("extra_data {name}"),
        place: Where { file: path.to_owned(), line: None, inside: Some(format!("extra_data.{name}")) },
        state: State::Active,
        sends: DataKinds::NONE,
        fetch: false,
        service: Some(endpoint::PARTNER_PROXY.to_owned()),
        route: vec![endpoint::PARTNER_PROXY.to_owned()],
        locality: Locality::Remote,
        certainty: Certainty::Implied,
        because: format!("the request carries `{name}`, a credential for partner nodes"),
        decided_at: None,
        spelled: None,
    }
}

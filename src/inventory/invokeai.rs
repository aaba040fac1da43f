//! InvokeAI: `invokeai.yaml`, `api_keys.yaml`, workflows, graphs of the queue, and PNG with either inside.
//!
//! What would mislead: a provider that is set up is not used until a graph asks for it; and a provider at
//! loopback is a gateway that may pass everything on.

mod graph;

use super::document::{self, Node, Unreadable};
use super::endpoint::host_of;
use super::{Context, File, Importer, png, settings};
use crate::model::data::{Certainty, Locality};
use crate::model::inventory::{FileInventory, Setting, Verdict, Where};
use crate::services::settings::{KeyRole, Settings};

/// Chunks of a PNG that hold a graph.
const CHUNKS: [&str; 3] = ["invokeai_graph", "invokeai_workflow", "invokeai_metadata"];

/// Largest settings file that is read, in bytes.
const LARGEST_SETTINGS: usize = 1 << 20;

pub(super) struct InvokeAi;

pub(super) static IMPORTER: InvokeAi = InvokeAi;

impl Importer for InvokeAi {
    fn id(&self) -> &'static str {
        "invokeai"
    }

    fn about(&self) -> &'static str {
        "InvokeAI: invokeai.yaml, api_keys.yaml, workflows, graphs, PNG with either inside"
    }

    fn doc(&self) -> &'static str {
        "Recognised by `schema_version` with another of its keys or by a provider's key (YAML), by `nodes` \
         of type `invocation` with `edges` (workflow), by `nodes` with `is_intermediate` or `use_cache` and \
         `edges` (graph, also inside a queue request), or by a PNG chunk `invokeai_*`.\n\n\
         Generation is local unless a node calls a provider; it sends its prompt, and an image or mask if a \
         field holds one or an edge brings one. A provider that is only set up makes a file able to send; one \
         at loopback leaves it undetermined."
    }

    fn import(&self, file: &File<'_>, context: &Context<'_>) -> Option<FileInventory> {
        if file.bytes.starts_with(png::SIGNATURE) {
            return picture(file, context);
        }
        self.graph(file, context).or_else(|| self.settings(file, context))
    }
}

impl InvokeAi {
    fn graph(&self, file: &File<'_>, context: &Context<'_>) -> Option<FileInventory> {
        let graph = file.holds("\"is_intermediate\"") || file.holds("\"use_cache\"");
        let workflow = file.holds("\"invocation\"") || file.holds("\"exposedFields\"");
        let cheap = settings::is_object(file)
            && file.holds("\"edges\"")
            && file.holds("\"nodes\"")
            && (graph || workflow);
        cheap.then_some(())?;
        match file.json() {
            Some(Ok(root)) => {
                let mut inventory = FileInventory::new(file.path, self.id());
                graph::read(root, "", &mut inventory, context).then(|| FileInventory {
                    verdict: FileInventory::judge(&inventory.operations, &[]),
                    ..inventory
                })
            }
            Some(Err(why)) => Some(settings::unreadable(file.path, self.id(), why)),
            None => file.text().is_none().then(|| {
                settings::unreadable(file.path, self.id(), &Unreadable { line: None, why: "it is not UTF-8" })
            }),
        }
    }

    fn settings(&self, file: &File<'_>, context: &Context<'_>) -> Option<FileInventory> {
        // Its files are flat YAML: a key at the beginning of a line, no list at the top.
        (!settings::is_object(file) && file.bytes.len() <= LARGEST_SETTINGS).then_some(())?;
        let begins = |key: &str| file.bytes.starts_with(key.as_bytes()) || file.holds(&format!("\n{key}"));
        (begins("schema_version:") || begins("external_")).then_some(())?;
        let settings = Settings::of(self.id())?;
        let (documents, problem) = file.yaml()?;
        let root = documents.iter().find(|root| settings::recognised(settings, root.entries()));
        let Some(root) = root else {
            let own = problem.is_some() && settings::resembles(settings, file) && begins("schema_version:");
            return problem
                .as_ref()
                .filter(|_| own)
                .map(|why| settings::unreadable(file.path, self.id(), why));
        };
        let inventory = FileInventory::new(file.path, self.id());
        let mut inventory = settings::judge(settings, root.entries(), inventory, context);
        export(settings, root, &mut inventory, context);
        if let Some(why) = problem {
            inventory.notes.push(why.note());
            if inventory.verdict != Verdict::Remote {
                inventory.verdict = Verdict::Undetermined;
            }
        }
        Some(inventory)
    }
}

/// Every key is also the environment variable of that name: for graphs, addresses of providers matter.
/// One that is local is not passed on: what stands there may be a gateway.
fn export(settings: &Settings, root: &Node, inventory: &mut FileInventory, context: &Context<'_>) {
    for (key, value) in root.entries() {
        let endpoint = settings.keys.iter().any(|e| e.does == KeyRole::Endpoint && e.names(&key.text));
        let Some(address) = value.text().filter(|_| endpoint) else { continue };
        if host_of(address).is_some_and(|host| (context.locality)(&host) != Locality::Local) {
            inventory.settings.push(Setting {
                name: format!("INVOKEAI_{}", key.text.to_ascii_uppercase()),
                value: Some(address.to_owned()),
                certainty: Certainty::Implied,
                place: Where::line(&inventory.path, key.line),
            });
        }
    }
}

fn picture(file: &File<'_>, context: &Context<'_>) -> Option<FileInventory> {
    file.holds("invokeai_").then_some(())?;
    let chunks = png::texts(file.bytes, &CHUNKS, document::LARGEST);
    if chunks.texts.is_empty() {
        return None;
    }
    let mut inventory = FileInventory::new(file.path, IMPORTER.id());
    let mut partial = chunks.problem.map(str::to_owned);
    for chunk in chunks.texts {
        match document::json(&chunk.text) {
            Ok(root) => {
                graph::read(&root, &format!("{}/", chunk.keyword), &mut inventory, context);
            }
            Err(why) => partial = Some(why.note()),
        }
    }
    // The graph and the workflow of a picture are the same nodes twice.
    let mut seen = std::collections::BTreeSet::new();
    inventory.operations.retain(|o| seen.insert((o.id.clone(), o.sends)));
    inventory.verdict = FileInventory::judge(&inventory.operations, &[]);
    if let Some(why) = partial {
        inventory.notes.push(why);
        if inventory.verdict != Verdict::Remote {
            inventory.verdict = Verdict::Undetermined;
        }
    }
    Some(inventory)
}

#[cfg(test)]
mod tests;

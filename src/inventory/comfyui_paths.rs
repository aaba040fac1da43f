//! ComfyUI's `extra_model_paths.yaml`: where else it looks for weights and custom nodes.

use super::document::Node;
use super::endpoint::shown;
use super::{Context, File, Importer, settings};
use crate::model::data::{Certainty, DataKinds, Locality};
use crate::model::inventory::{Asset, AssetKind, FileInventory, Operation, State, Where};
use crate::services::settings::AllSettings;

/// Largest file that is read, in bytes.
const LARGEST: usize = 256 << 10;

pub(super) struct ComfyUiPaths;

pub(super) static IMPORTER: ComfyUiPaths = ComfyUiPaths;

impl Importer for ComfyUiPaths {
    fn id(&self) -> &'static str {
        "comfyui-paths"
    }

    fn about(&self) -> &'static str {
        "ComfyUI: extra_model_paths.yaml, where weights and custom nodes are looked for"
    }

    fn doc(&self) -> &'static str {
        "Recognised by a section with `base_path` and a folder kind, or with three folder kinds, whose values \
         are paths.\n\n\
         A path on another machine (a network share, a cloud drive) is a download; custom nodes from there \
         are code from elsewhere."
    }

    fn import(&self, file: &File<'_>, _: &Context<'_>) -> Option<FileInventory> {
        let cheap = file.bytes.len() <= LARGEST
            && (file.holds("checkpoints:")
                || file.holds("loras:")
                || file.holds("custom_nodes:")
                || file.holds("diffusion_models:"));
        cheap.then_some(())?;
        let (documents, problem) = file.yaml()?;
        let sections =
            || documents.iter().flat_map(|d| d.entries()).filter(|(_, section)| is_section(section));
        if sections().next().is_none() {
            let named = problem.is_some() && file.name().starts_with("extra_model_paths");
            return problem
                .as_ref()
                .filter(|_| named)
                .map(|why| settings::unreadable(file.path, self.id(), why));
        }
        let mut inventory = FileInventory::new(file.path, self.id());
        for (name, section) in sections() {
            section_of(&name.text, section, &mut inventory);
        }
        inventory.verdict = FileInventory::judge(&inventory.operations, &inventory.assets);
        Some(inventory)
    }
}

fn is_section(section: &Node) -> bool {
    let kinds = section
        .entries()
        .iter()
        .filter(|(k, v)| AllSettings::lists("model_folders", &k.text) && v.text().is_some())
        .count();
    kinds >= 3 || (kinds >= 1 && section.text_of("base_path").is_some())
}

fn section_of(name: &str, section: &Node, inventory: &mut FileInventory) {
    let base = section.text_of("base_path").unwrap_or("");
    let elsewhere = |path: &str| AllSettings::lists("network_paths", path.trim());
    for (key, value) in section.entries() {
        let Some(text) = value.text() else { continue };
        let folder = AllSettings::lists("model_folders", &key.text);
        let own = text.lines().any(elsewhere);
        let inherited = folder && elsewhere(base) && text.lines().any(|path| !path.trim().starts_with('/'));
        if key.text == "base_path" || !folder || !(own || inherited) {
            continue;
        }
        let place = Where::key(&inventory.path, key.line, shown(&format!("{name}.{}", key.text)));
        if key.text == "custom_nodes" {
            inventory.assets.push(Asset {
                kind: AssetKind::RemoteCode,
                name: "custom_nodes".to_owned(),
                place: place.clone(),
                state: State::Active,
                service: None,
                sha256: None,
                because: "custom nodes are loaded from a path on another machine".to_owned(),
            });
        }
        inventory.operations.push(Operation {
            id: shown(&format!("{name}.{}", key.text)),
            place,
            state: State::Active,
            sends: DataKinds::NONE,
            fetch: true,
            service: None,
            route: Vec::new(),
            locality: Locality::Undetermined,
            certainty: Certainty::Implied,
            because: "the path is on another machine: a network share or a cloud drive".to_owned(),
            decided_at: None,
            spelled: None,
        });
    }
}

#[cfg(test)]
mod tests;

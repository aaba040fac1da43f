//! ComfyUI-Manager: `config.ini`, which says whether it may ask the network, and who may install code.

use super::document::{Key, Node, Value};
use super::{Context, File, Importer, settings};
use crate::model::inventory::FileInventory;
use crate::services::settings::Settings;

/// Largest file that is read, in bytes.
const LARGEST: usize = 256 << 10;

pub(super) struct ComfyUiManager;

pub(super) static IMPORTER: ComfyUiManager = ComfyUiManager;

impl Importer for ComfyUiManager {
    fn id(&self) -> &'static str {
        "comfyui-manager"
    }

    fn about(&self) -> &'static str {
        "ComfyUI-Manager: config.ini with its network mode and security level"
    }

    fn doc(&self) -> &'static str {
        "Recognised by a section `[default]` with `security_level` and two more of its keys.\n\n\
         `network_mode` offline and `security_level` strong are guards; a weak level lets whoever reaches \
         the page install code."
    }

    fn import(&self, file: &File<'_>, context: &Context<'_>) -> Option<FileInventory> {
        (file.bytes.len() <= LARGEST && file.holds("security_level") && file.holds("[default]"))
            .then_some(())?;
        let settings = Settings::of(self.id())?;
        let entries = ini(file.text()?);
        settings::recognised(settings, &entries)
            .then(|| settings::judge(settings, &entries, FileInventory::new(file.path, self.id()), context))
    }
}

/// `name = value` lines, whatever section they are in.
fn ini(text: &str) -> Vec<(Key, Node)> {
    let pair = |(n, row): (usize, &str)| {
        let row = row.trim();
        if row.starts_with(['#', ';', '[']) {
            return None;
        }
        let (name, value) = row.split_once('=')?;
        let line = n as u64 + 1;
        let node = Node { line, value: Value::Text(value.trim().to_owned()) };
        Some((Key { text: name.trim().to_lowercase(), line }, node))
    };
    text.lines().enumerate().filter_map(pair).collect()
}

#[cfg(test)]
mod tests;

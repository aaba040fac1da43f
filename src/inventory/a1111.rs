//! Automatic1111 and Forge: `config.json` and `ui-config.json`.
//!
//! Both generate on the machine. What can leave does so through extensions, whose keys stand among the
//! others, or by launch flags, which `launch-script` reads.

use super::{Context, File, Importer, settings};
use crate::model::inventory::FileInventory;

pub(super) struct A1111;

pub(super) static IMPORTER: A1111 = A1111;

impl Importer for A1111 {
    fn id(&self) -> &'static str {
        "a1111"
    }

    fn about(&self) -> &'static str {
        "Automatic1111 and Forge: config.json, ui-config.json"
    }

    fn doc(&self) -> &'static str {
        "Recognised by `sd_model_checkpoint` with two more of the keys these programs write, or by keys with \
         slashes (`txt2img/Prompt/value`).\n\n\
         Generation is local. Keys of extensions that hold a credential or an address are reported; whether \
         an extension is switched on the file does not always say."
    }

    fn import(&self, file: &File<'_>, context: &Context<'_>) -> Option<FileInventory> {
        settings::json(file, self.id(), context)
    }
}

#[cfg(test)]
mod tests;

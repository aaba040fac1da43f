//! Fooocus: presets, and `config.txt`, which is JSON despite its name.

use super::{Context, File, Importer, settings};
use crate::model::inventory::FileInventory;

pub(super) struct Fooocus;

pub(super) static IMPORTER: Fooocus = Fooocus;

impl Importer for Fooocus {
    fn id(&self) -> &'static str {
        "fooocus"
    }

    fn about(&self) -> &'static str {
        "Fooocus: presets and config.txt"
    }

    fn doc(&self) -> &'static str {
        "Recognised by four of the keys of a preset (`default_model`, `checkpoint_downloads`, ...), or by \
         `path_fooocus_expansion` among other paths.\n\n\
         Generation is local; presets name weights that are downloaded when they are missing."
    }

    fn import(&self, file: &File<'_>, context: &Context<'_>) -> Option<FileInventory> {
        settings::json(file, self.id(), context)
    }
}

#[cfg(test)]
mod tests;

//! What the tests of importers share.

use super::{Context, File, Importer, undeclared_locality};
use crate::model::inventory::{FileInventory, State};
use crate::services::Services;

/// What an importer makes of a text.
pub(super) fn import(importer: &dyn Importer, path: &str, text: &str) -> Option<FileInventory> {
    let services = Services::embedded().unwrap();
    let context = Context { services, locality: &undeclared_locality };
    importer.import(&File::new(path, text.as_bytes()), &context)
}

/// Each asset in a line: name, line, service; in brackets if it is not in effect.
pub(super) fn assets(inventory: &FileInventory) -> Vec<String> {
    let shown = |a: &crate::model::inventory::Asset| {
        let mut text = format!("{} {}", a.name, a.place.line.unwrap_or_default());
        if let Some(service) = &a.service {
            text.push_str(&format!(" {service}"));
        }
        if a.state == State::Active { text } else { format!("[{text}]") }
    };
    inventory.assets.iter().map(shown).collect()
}

/// Each operation in a line: id, line, what is sent, where; in brackets if it does not run.
pub(super) fn operations(inventory: &FileInventory) -> Vec<String> {
    let shown = |o: &crate::model::inventory::Operation| {
        let what = if o.fetch { "fetch".to_owned() } else { o.sends.to_string() };
        let line = o.place.line.unwrap_or_default();
        let to = o.route.join(" > ");
        let text = format!("{} {line} {what} {} {to}", o.id, o.locality.name());
        let text = text.trim_end().to_owned();
        if o.state == State::Active { text } else { format!("[{text}]") }
    };
    inventory.operations.iter().map(shown).collect()
}

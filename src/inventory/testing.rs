//! What tests of importers share: a file read by one importer, or by the shelf, and shown in short.

use super::{Context, File, Importer, undeclared_locality};
use crate::model::inventory::{Asset, FileInventory, Operation, State};
use crate::services::Services;

/// What an importer makes of a file.
pub(super) fn read(importer: &dyn Importer, path: &str, bytes: impl AsRef<[u8]>) -> Option<FileInventory> {
    let services = Services::embedded().unwrap();
    let context = Context { services, locality: &undeclared_locality };
    importer.import(&File::new(path, bytes.as_ref()), &context)
}

/// Verdict, then operations and assets: `line name what`.
pub(super) fn shown(importer: &dyn Importer, path: &str, bytes: impl AsRef<[u8]>) -> Vec<String> {
    let Some(file) = read(importer, path, bytes) else { return vec!["none".to_owned()] };
    let state = |s: State| if s == State::Active { String::new() } else { format!(" {}", s.name()) };
    let mut out = vec![file.verdict.name().to_owned()];
    for o in &file.operations {
        let what = if o.fetch { "fetch".to_owned() } else { o.sends.to_string() };
        let line = o.place.line.map_or("-".to_owned(), |l| l.to_string());
        let to = if o.route.is_empty() { o.locality.name().to_owned() } else { o.route.join(">") };
        out.push(format!("{line} {} {what} {to}{}", o.id, state(o.state)));
    }
    for a in &file.assets {
        let line = a.place.line.map_or("-".to_owned(), |l| l.to_string());
        let service = a.service.as_deref().map(|s| format!(" {s}")).unwrap_or_default();
        out.push(format!("{line} {} {}{service}{}", a.kind.name(), a.name, state(a.state)));
    }
    out
}

/// A PNG of these text chunks and no picture.
pub(super) fn png(chunks: &[(&str, &str)]) -> Vec<u8> {
    let mut out = super::png::SIGNATURE.to_vec();
    let texts = chunks.iter().map(|(keyword, text)| (b"tEXt", format!("{keyword}\0{text}").into_bytes()));
    for (kind, data) in texts.chain([(b"IEND", Vec::new())]) {
        out.extend((data.len() as u32).to_be_bytes());
        out.extend(kind);
        out.extend(data);
        out.extend([0; 4]);
    }
    out
}

/// Each asset in a line: name, line, service; in brackets if it is not in effect.
pub(super) fn assets(inventory: &FileInventory) -> Vec<String> {
    let shown = |a: &Asset| {
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
    let shown = |o: &Operation| {
        let what = if o.fetch { "fetch".to_owned() } else { o.sends.to_string() };
        let line = o.place.line.unwrap_or_default();
        let to = o.route.join(" > ");
        let text = format!("{} {line} {what} {} {to}", o.id, o.locality.name());
        let text = text.trim_end().to_owned();
        if o.state == State::Active { text } else { format!("[{text}]") }
    };
    inventory.operations.iter().map(shown).collect()
}

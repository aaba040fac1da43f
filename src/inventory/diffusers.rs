//! Model folders as diffusers and transformers write them: `model_index.json`, and a `config.json` that
//! brings code.
//!
//! Loading a pipeline sends nothing. Two things concern a reader: code that comes with the weights, and
//! where the weights came from.

use super::document::{Node, Unreadable};
use super::endpoint::shown;
use super::{Context, File, Importer, settings};
use crate::model::inventory::{Asset, AssetKind, FileInventory, State, Where};
use crate::services::settings::AllSettings;

pub(super) struct Diffusers;

pub(super) static IMPORTER: Diffusers = Diffusers;

impl Importer for Diffusers {
    fn id(&self) -> &'static str {
        "diffusers"
    }

    fn about(&self) -> &'static str {
        "Model folders: model_index.json, and config.json that brings code"
    }

    fn doc(&self) -> &'static str {
        "Recognised by `_class_name` and `_diffusers_version` with components as pairs of library and class, \
         or by `auto_map` in the configuration of a model.\n\n\
         Always local. A component of a library that is neither diffusers nor transformers, a pipeline class \
         in a file of its own, and `auto_map` mean code that comes with the weights and is run if it is \
         trusted."
    }

    fn import(&self, file: &File<'_>, _: &Context<'_>) -> Option<FileInventory> {
        settings::is_object(file).then_some(())?;
        let index = file.holds("\"_diffusers_version\"") && file.holds("\"_class_name\"");
        let mapped = file.holds("\"auto_map\"");
        (index || mapped).then_some(())?;
        let root = match file.json() {
            Some(Ok(root)) => root,
            Some(Err(why)) => return Some(settings::unreadable(file.path, self.id(), why)),
            None if file.text().is_none() => {
                let why = Unreadable { line: None, why: "it is not UTF-8" };
                return Some(settings::unreadable(file.path, self.id(), &why));
            }
            None => return None,
        };
        let mut inventory = FileInventory::new(file.path, self.id());
        let whole = index && pipeline(root, &mut inventory);
        let code = mapped && auto_map(root, &mut inventory);
        (whole || code).then_some(inventory)
    }
}

fn asset(kind: AssetKind, name: &str, line: u64, because: String, inventory: &mut FileInventory) {
    inventory.assets.push(Asset {
        kind,
        name: shown(name),
        place: Where::line(&inventory.path, line),
        state: State::Active,
        service: None,
        sha256: None,
        because,
    });
}

/// A pipeline and its components; whether it is one.
fn pipeline(root: &Node, inventory: &mut FileInventory) -> bool {
    let Some(class) = root.get("_class_name") else { return false };
    let components: Vec<_> =
        root.entries().iter().filter(|(k, v)| !k.text.starts_with('_') && v.items().len() == 2).collect();
    if components.is_empty() {
        return false;
    }
    let name = class.text().or_else(|| class.items().get(1)?.text()).unwrap_or("a pipeline");
    let origin = root.text_of("_name_or_path").filter(|o| !o.is_empty() && !o.starts_with(['/', '.', '~']));
    let because = origin
        .map_or("a pipeline of components; where it came from is not said".to_owned(), |origin| {
            format!("a pipeline of components; it says it came from `{}`", shown(origin))
        });
    asset(AssetKind::Model, name, class.line, because, inventory);
    if let Some(module) = class.items().first().and_then(Node::text) {
        let because = format!("the pipeline's class is code of its own, in `{}`", shown(module));
        asset(AssetKind::RemoteCode, module, class.line, because, inventory);
    }
    for (key, pair) in components {
        match pair.items().first().and_then(Node::text) {
            Some(library) if !AllSettings::lists("diffusers_libraries", library) => {
                let because = format!(
                    "the component `{}` is code of its own, in `{}`",
                    shown(&key.text),
                    shown(library)
                );
                asset(AssetKind::RemoteCode, library, pair.line, because, inventory);
            }
            None if key.text == "safety_checker" => {
                inventory.notes.push("its safety checker is left out".to_owned());
            }
            _ => {}
        }
    }
    true
}

/// Classes of a model that come as code; whether there are any.
fn auto_map(root: &Node, inventory: &mut FileInventory) -> bool {
    let Some(map) = root.get("auto_map").filter(|m| m.is_map()) else { return false };
    let mut any = false;
    for (key, value) in map.entries() {
        let classes = value.text().into_iter().chain(value.items().iter().filter_map(Node::text));
        for class in classes {
            let from = match class.split_once("--") {
                Some((repository, _)) => format!("comes from the repository `{}`", shown(repository)),
                None => "comes with the weights".to_owned(),
            };
            let because = format!("`{}` {from} as code, run if it is trusted", shown(&key.text));
            asset(AssetKind::RemoteCode, class, value.line, because, inventory);
            any = true;
        }
    }
    any
}

#[cfg(test)]
mod tests;

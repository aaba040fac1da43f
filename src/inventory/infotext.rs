//! Pictures with the parameters of their making: Automatic1111, Forge, SD.Next, Fooocus.
//!
//! The text holds the prompt, which is not shown. No address stands in it; only the name of a cloud model
//! says that somebody else made the picture.

use super::endpoint::{operation, shown};
use super::{Context, File, Importer, exif, png};
use crate::model::data::{Certainty, DataKind, DataKinds};
use crate::model::inventory::{FileInventory, Spelled, Verdict, Where};
use crate::model::project::Role;
use crate::services::settings::Settings;

/// Largest text that is read, in bytes.
const LARGEST: usize = 4 << 20;

pub(super) struct Infotext;

pub(super) static IMPORTER: Infotext = Infotext;

impl Importer for Infotext {
    fn id(&self) -> &'static str {
        "infotext"
    }

    fn about(&self) -> &'static str {
        "Pictures with generation parameters: Automatic1111, Forge, SD.Next, Fooocus"
    }

    fn doc(&self) -> &'static str {
        "Recognised by a PNG text chunk `parameters` that ends in pairs such as `Steps: 20, Sampler: ...`, or \
         that stands beside `fooocus_scheme`.\n\n\
         Local, unless the model is one that SD.Next's cloud models list names. The prompt in it is not \
         shown; but whoever gets the file gets the prompt."
    }

    fn component(&self) -> Option<(&'static str, Role)> {
        Some(("webui", Role::Generator))
    }

    fn import(&self, file: &File<'_>, context: &Context<'_>) -> Option<FileInventory> {
        let png = file.bytes.starts_with(png::SIGNATURE);
        (png && file.holds("parameters") || exif::is_picture(file.bytes)).then_some(())?;
        let texts = if png { png::texts } else { exif::texts };
        let chunks = texts(file.bytes, &["parameters", "fooocus_scheme"], LARGEST);
        let fooocus = chunks.texts.iter().any(|c| c.keyword == "fooocus_scheme");
        let text = &chunks.texts.iter().find(|c| c.keyword == "parameters")?.text;
        let pairs = text.lines().rev().find_map(pairs).unwrap_or_default();
        (fooocus || pairs.len() >= 3).then_some(())?;
        let mut inventory = FileInventory::new(file.path, self.id());
        let value = |name: &str| pairs.iter().find(|(k, _)| k.eq_ignore_ascii_case(name)).map(|(_, v)| *v);
        let program = match (fooocus, value("App"), value("Version")) {
            (true, ..) => "Fooocus",
            (_, Some(app), _) if app.to_lowercase().contains("sd.next") => "SD.Next",
            (_, _, Some(version)) if version.starts_with('f') => "Forge",
            (_, _, Some(version)) if version.to_lowercase().contains("fooocus") => "Fooocus",
            _ => "Automatic1111 or a program of its family",
        };
        inventory.notes.push(format!("the parameters of {program} are in it, the prompt among them"));
        if let Some(problem) = chunks.problem {
            inventory.notes.push(problem.to_owned());
            inventory.verdict = Verdict::Undetermined;
        }
        let cloud = Settings::of("sdnext").and_then(|s| {
            s.keys.iter().rev().find(|k| k.names("sd_model_checkpoint") && k.service.is_some())
        });
        let model = value("Model").map(|m| m.trim_matches('"'));
        if let Some((entry, model)) = cloud.zip(model).filter(|(entry, model)| entry.speaks_of(model)) {
            let place =
                Where { file: file.path.to_owned(), line: None, inside: Some("parameters".to_owned()) };
            let what = format!("the picture was made by `{}`: {}", shown(model), entry.because);
            let to = Spelled { vendor: entry.service.clone(), ..Spelled::default() };
            let sends = DataKinds::of(&[DataKind::Prompt]);
            let mut operation = operation(place, "parameters", sends, &what, to, context);
            operation.certainty = Certainty::Implied;
            inventory.operations.push(operation);
            inventory.verdict = FileInventory::judge(&inventory.operations, &[]);
        }
        Some(inventory)
    }
}

/// The pairs of a settings line, if it is one: commas inside quotes are no ends.
fn pairs(line: &str) -> Option<Vec<(&str, &str)>> {
    let mut quoted = false;
    let parts = line.split(|c: char| {
        quoted ^= c == '"';
        c == ',' && !quoted
    });
    let pairs: Vec<_> =
        parts.take(1000).filter_map(|p| p.split_once(':')).map(|(k, v)| (k.trim(), v.trim())).collect();
    (pairs.iter().any(|(k, _)| *k == "Steps") && pairs.len() >= 3).then_some(pairs)
}

#[cfg(test)]
mod tests;

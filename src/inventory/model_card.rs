//! Model cards: a README with the front matter of model hubs, which says under which licence a model is and
//! what it was made from.

use super::document::{self, Node};
use super::endpoint::shown;
use super::{Context, File, Importer};
use crate::model::inventory::{Asset, AssetKind, FileInventory, State, Verdict, Where};

/// Longest front matter that is read.
const LONGEST: usize = 64 << 10;
/// Keys of which one makes it the front matter of a model, not of a page.
const OF_A_MODEL: [&str; 5] = ["pipeline_tag", "base_model", "library_name", "model-index", "license_name"];

pub(super) struct ModelCard;

pub(super) static IMPORTER: ModelCard = ModelCard;

impl Importer for ModelCard {
    fn id(&self) -> &'static str {
        "model-card"
    }

    fn about(&self) -> &'static str {
        "model cards: the front matter of a README with licence and origin of a model"
    }

    fn doc(&self) -> &'static str {
        "Recognised by content: Markdown that begins with YAML front matter with one of `pipeline_tag`, `base_model`, \
         `library_name`, `model-index`, `license_name`.\n\n\
         A card declares the provenance of the model files beside it, if it names a licence or a base model. Its text \
         is not read."
    }

    fn import(&self, file: &File<'_>, _context: &Context<'_>) -> Option<FileInventory> {
        if !file.bytes.starts_with(b"---") {
            return None;
        }
        let head = file.bytes.get(..LONGEST).unwrap_or(file.bytes);
        let end = memchr::memmem::find(head, b"\n---")?;
        let front = std::str::from_utf8(head.get(..end)?).ok()?;
        if !OF_A_MODEL.iter().any(|key| front.contains(key)) {
            return None;
        }
        let (documents, problem) = document::yaml(front);
        let mut result = FileInventory::new(file.path, self.id());
        result.verdict = Verdict::NoEvidence;
        let Some(card) = documents.first().filter(|d| OF_A_MODEL.iter().any(|key| d.get(key).is_some()))
        else {
            result.notes.push(problem?.note());
            return Some(result);
        };
        let license = card.text_of("license");
        let mut facts = Vec::new();
        if let Some(license) = license {
            facts.push(format!("the licence `{}`", shown(license)));
        }
        if card.get("base_model").is_some_and(|base| !base.is_null()) {
            facts.push("a base model".to_owned());
        }
        let because = if facts.is_empty() {
            "the card names neither licence nor base model".to_owned()
        } else {
            format!("the card names {}", facts.join(" and "))
        };
        result.assets.push(Asset {
            kind: AssetKind::Model,
            name: "the model of this card".to_owned(),
            place: Where::line(file.path, line(card)),
            state: if facts.is_empty() { State::Inactive } else { State::Active },
            service: None,
            sha256: None,
            because,
        });
        Some(result)
    }
}

/// The line of the key that decides.
fn line(card: &Node) -> u64 {
    let decides = |key: &str| matches!(key, "license" | "base_model");
    card.entries().iter().find(|(key, _)| decides(&key.text)).map_or(card.line, |(key, _)| key.line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::undeclared_locality;
    use crate::services::Services;

    fn read(text: &str) -> Option<FileInventory> {
        let context = Context { services: Services::embedded().unwrap(), locality: &undeclared_locality };
        IMPORTER.import(&File::new("README.md", text.as_bytes()), &context)
    }

    #[test]
    fn a_card_is_told_from_a_page() {
        let card = read("---\npipeline_tag: text-to-image\nlicense: mit\n---\n# CANARY\n").unwrap();
        assert_eq!(card.assets[0].because, "the card names the licence `mit`");
        assert_eq!(card.assets[0].place.line, Some(3));
        assert!(!format!("{card:?}").contains("CANARY"));
        assert!(read("---\ntitle: a page\nlicense: mit\n---\n").is_none());
        assert!(read("---\npipeline_tag: text-to-image\n").is_none());
        assert!(read("# a page\npipeline_tag: x").is_none());
    }

    #[test]
    fn a_card_that_says_nothing_declares_nothing() {
        let card = read("---\nlibrary_name: diffusers\n---\n").unwrap();
        assert_eq!(card.assets[0].state, State::Inactive);
    }
}

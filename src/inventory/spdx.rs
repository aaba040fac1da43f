//! SPDX documents in JSON: version 3 (JSON-LD) with its AI and dataset profiles, version 2.
//!
//! What would mislead: a document that lists a model says nothing of what is sent to it. Neither version
//! has an element for services or data flows, so nothing here is ever local or remote.

mod three;
mod two;

use super::document::Node;
use super::{Context, File, Importer};
use crate::model::inventory::{FileInventory, Verdict};

pub(super) struct Spdx;

pub(super) static IMPORTER: Spdx = Spdx;

impl Importer for Spdx {
    fn id(&self) -> &'static str {
        "spdx"
    }

    fn about(&self) -> &'static str {
        "SPDX documents (JSON): models, data sets, packages"
    }

    fn doc(&self) -> &'static str {
        "Recognised by an `@context` of SPDX beside `@graph` (version 3), or by `spdxVersion` (version 2).\n\n\
         AI packages and files whose purpose is `model` are models, with the host they are downloaded from, the \
         organisation that supplies them and their SHA-256, as far as given. Data sets are told in notes where they \
         have a level of confidentiality or hold sensitive personal information. Packages that are clients of a \
         hosted service are listed. In version 2 only package URLs and file names say what is a model.\n\n\
         SPDX has no element for services or data flows: a document never says that anything stays or leaves.\n\n\
         Not read: the tag-value, RDF and spreadsheet forms."
    }

    fn import(&self, file: &File<'_>, context: &Context<'_>) -> Option<FileInventory> {
        let mut result = FileInventory::new(file.path, self.id());
        if file.bytes.starts_with(b"SPDXVersion:") {
            result.verdict = Verdict::NoEvidence;
            result.notes.push("SPDX in tag-value form is not read; convert it to JSON".to_owned());
            return Some(result);
        }
        let three = file.holds("\"@context\"") && file.holds("spdx.org/rdf/3");
        if !three && !file.holds("\"spdxVersion\"") {
            return None;
        }
        match file.json()? {
            Ok(root) if is_three(root) => three::read(root, context, &mut result),
            Ok(root) if root.text_of("spdxVersion").is_some_and(|v| v.starts_with("SPDX-")) => {
                two::read(root, context, &mut result);
            }
            Ok(_) => return None,
            Err(why) => {
                result.verdict = Verdict::Undetermined;
                result.notes.push(why.note());
                return Some(result);
            }
        }
        result.verdict = match FileInventory::judge(&[], &result.assets) {
            Verdict::Local => Verdict::NoEvidence,
            other => other,
        };
        result.notes.push("SPDX has no element for services: it says nothing of where data goes".to_owned());
        Some(result)
    }
}

fn is_three(root: &Node) -> bool {
    let Some(context) = root.get("@context") else { return false };
    let named = |node: &Node| node.text().is_some_and(|t| t.contains("spdx.org/rdf/3"));
    named(context) || context.items().iter().any(named)
}

#[cfg(test)]
mod tests;

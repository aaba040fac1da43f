//! Version 3: flat elements, linked by `spdxId`.

use crate::inventory::Context;
use crate::inventory::artefact::sha256_of;
use crate::inventory::document::Node;
use crate::inventory::endpoint::{host_of, shown};
use crate::inventory::purl::Purl;
use crate::model::Method;
use crate::model::inventory::{Asset, AssetKind, FileInventory, State, Where};
use std::collections::BTreeMap;

pub(super) fn read(root: &Node, context: &Context<'_>, result: &mut FileInventory) {
    let single = std::slice::from_ref(root);
    let elements = root.get("@graph").map_or(single, Node::items);
    let graph = Graph {
        path: result.path.clone(),
        context,
        by_id: elements.iter().filter_map(|e| Some((e.text_of("spdxId")?, e))).collect(),
    };
    let nested = root.get("@graph").is_some();
    for (i, element) in elements.iter().enumerate() {
        let inside = if nested { format!("@graph[{i}]") } else { String::new() };
        let place = Where::key(&result.path, element.line, inside);
        match kind(element) {
            "AIPackage" => result.assets.push(graph.ai_package(element, place)),
            "File" if element.text_of("software_primaryPurpose") == Some("model") => {
                result.assets.push(graph.model(element, place, "a file whose purpose is `model`"));
            }
            "DatasetPackage" => result.notes.extend(dataset(element)),
            _ => result.assets.extend(graph.package(element, place)),
        }
    }
    result.notes.sort();
    result.notes.dedup();
}

/// The type of an element, without its profile.
fn kind(element: &Node) -> &str {
    let kind = element.text_of("type").or_else(|| element.text_of("@type")).unwrap_or_default();
    kind.rsplit(['_', '/']).next().unwrap_or(kind)
}

struct Graph<'g> {
    path: String,
    context: &'g Context<'g>,
    by_id: BTreeMap<&'g str, &'g Node>,
}

impl Graph<'_> {
    fn ai_package(&self, element: &Node, place: Where) -> Asset {
        let mut asset = self.model(element, place, "an AI package");
        if let Some(yes) = element.text_of("ai_useSensitivePersonalInformation") {
            let said = match yes {
                "yes" => "it uses sensitive personal information",
                "no" => "it uses no sensitive personal information",
                _ => "whether it uses sensitive personal information is not said",
            };
            asset.because.push_str(&format!("; {said}"));
        }
        if let Some(risk) = element.text_of("ai_safetyRiskAssessment") {
            asset.because.push_str(&format!("; its safety risk is assessed as `{}`", shown(risk)));
        }
        asset
    }

    fn model(&self, element: &Node, place: Where, what: &str) -> Asset {
        let purl = element.text_of("software_packageUrl").and_then(Purl::parse);
        let sha256 = hashes(element);
        let address = element.text_of("software_downloadLocation").filter(|a| a.contains("://"));
        let host = address.and_then(host_of);
        let mut because = format!("the document lists it as {what}");
        match &host {
            Some(host) => because.push_str(&format!("; it is downloaded from `{}`", shown(host))),
            None => because.push_str("; it does not say where it is downloaded from"),
        }
        because.push_str(&self.supplier(element));
        because.push_str(if sha256.is_some() { "; its SHA-256 is given" } else { "; no SHA-256 is given" });
        let service = host.and_then(|host| {
            Some(self.context.services.lookup(&host, None, Method::Read)?.service.id.clone())
        });
        let name = purl.filter(Purl::is_model).map(|p| p.name);
        let name = name.or_else(|| element.text_of("name").map(str::to_owned));
        Asset {
            kind: AssetKind::Model,
            name: shown(name.as_deref().unwrap_or("a model without a name")),
            place: Where { file: self.path.clone(), ..place },
            state: State::Active,
            service,
            sha256,
            because,
        }
    }

    /// Who supplies it. Organisations are named, people are not.
    fn supplier(&self, element: &Node) -> String {
        let Some(id) = element.text_of("suppliedBy") else { return String::new() };
        let agent = self.by_id.get(id);
        match agent.map(|a| (kind(a), a.text_of("name"))) {
            Some(("Organization", Some(name))) => format!("; `{}` supplies it", shown(name)),
            Some(("Person", _)) => "; a person supplies it".to_owned(),
            _ => "; its supplier is not described here".to_owned(),
        }
    }

    fn package(&self, element: &Node, place: Where) -> Option<Asset> {
        let purl = Purl::parse(element.text_of("software_packageUrl")?)?;
        if purl.is_model() {
            return Some(self.model(element, place, "a package of a model hub"));
        }
        purl.client(place, self.context.services)
    }
}

/// The SHA-256 that an element gives, if it has the form of one.
fn hashes(element: &Node) -> Option<String> {
    let given = element.get("verifiedUsing").map(Node::items).unwrap_or_default();
    let sha256 = given.iter().filter(|h| h.text_of("algorithm") == Some("sha256"));
    sha256.filter_map(|h| h.text_of("hashValue")).find_map(sha256_of)
}

/// What a data set says of how sensitive it is, if it says anything.
fn dataset(element: &Node) -> Option<String> {
    let level = element.text_of("dataset_confidentialityLevel");
    let personal = element.text_of("dataset_hasSensitivePersonalInformation") == Some("yes");
    if level.is_none() && !personal {
        return None;
    }
    let mut note = format!("data set `{}`", shown(element.text_of("name").unwrap_or_default()));
    if let Some(level) = level {
        note.push_str(&format!(" has confidentiality level `{}`", shown(level)));
    }
    if personal {
        note.push_str(if level.is_some() { " and holds" } else { " holds" });
        note.push_str(" sensitive personal information");
    }
    Some(note)
}

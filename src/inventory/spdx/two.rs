//! Version 2: packages and files. Nothing there is called a model; package URLs and file names say so.

use crate::inventory::Context;
use crate::inventory::artefact::sha256_of;
use crate::inventory::document::Node;
use crate::inventory::endpoint::{host_of, shown};
use crate::inventory::purl::Purl;
use crate::model::Method;
use crate::model::inventory::{Asset, AssetKind, FileInventory, State, Where};
use crate::services::artefacts::Artefacts;

pub(super) fn read(root: &Node, context: &Context<'_>, result: &mut FileInventory) {
    for (i, package) in root.get("packages").map(Node::items).unwrap_or_default().iter().enumerate() {
        let place = Where::key(&result.path, package.line, format!("packages[{i}]"));
        let Some(purl) = purl(package) else { continue };
        if purl.is_model() {
            result.assets.push(model(package, &purl.name, "a package of a model hub", place, context));
        } else {
            result.assets.extend(purl.client(place, context.services));
        }
    }
    for (i, file) in root.get("files").map(Node::items).unwrap_or_default().iter().enumerate() {
        let name = file.text_of("fileName").unwrap_or_default();
        if Artefacts::shipped().names_a_model(name) {
            let place = Where::key(&result.path, file.line, format!("files[{i}]"));
            let name = name.trim_start_matches("./");
            result.assets.push(model(file, name, "a file with the name of a model", place, context));
        }
    }
    if result.assets.iter().all(|a| a.kind != AssetKind::Model) {
        result.notes.push(
            "SPDX 2 has no purpose `model`; no package URL and no file name is one of a model".to_owned(),
        );
    }
}

fn purl(package: &Node) -> Option<Purl> {
    let references = package.get("externalRefs").map(Node::items).unwrap_or_default();
    let purls = references.iter().filter(|r| r.text_of("referenceType") == Some("purl"));
    purls.filter_map(|r| r.text_of("referenceLocator")).find_map(Purl::parse)
}

fn model(node: &Node, name: &str, what: &str, place: Where, context: &Context<'_>) -> Asset {
    let sums = node.get("checksums").map(Node::items).unwrap_or_default();
    let sha256 = sums.iter().filter(|c| c.text_of("algorithm") == Some("SHA256"));
    let sha256 = sha256.filter_map(|c| c.text_of("checksumValue")).find_map(sha256_of);
    let address = node.text_of("downloadLocation").filter(|a| a.contains("://"));
    let host = address.map(|a| a.trim_start_matches("git+")).and_then(host_of);
    let mut because = format!("the document lists it as {what}");
    if let Some(host) = &host {
        because.push_str(&format!("; it is downloaded from `{}`", shown(host)));
    }
    because.push_str(if sha256.is_some() { "; its SHA-256 is given" } else { "; no SHA-256 is given" });
    let service =
        host.and_then(|h| Some(context.services.lookup(&h, None, Method::Read)?.service.id.clone()));
    Asset { kind: AssetKind::Model, name: shown(name), place, state: State::Active, service, sha256, because }
}

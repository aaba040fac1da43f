//! CycloneDX bills of materials in JSON, 1.2 to 1.7: services with data flows, models, packages.
//!
//! What would mislead: a flow is named from the side of the service. `inbound` at a service outside is data
//! that leaves. A trust boundary that is not mentioned is unknown, and one that is said not to be crossed
//! moves no public endpoint inside. Names of trust zones are free text and decide nothing.

mod component;
mod flow;
mod service;

use super::document::Node;
use super::{Context, File, Importer};
use crate::model::inventory::{FileInventory, Verdict};
use std::collections::BTreeSet;

/// Versions whose published form was read.
const VERSIONS: [&str; 6] = ["1.2", "1.3", "1.4", "1.5", "1.6", "1.7"];
/// What every XML document of the format holds near its start.
const XML: &str = "cyclonedx.org/schema/bom";
/// As far as that is looked for.
const XML_HEAD: usize = 4096;

pub(super) struct CycloneDx;

pub(super) static IMPORTER: CycloneDx = CycloneDx;

impl Importer for CycloneDx {
    fn id(&self) -> &'static str {
        "cyclonedx"
    }

    fn about(&self) -> &'static str {
        "CycloneDX bills of materials (JSON): services with data flows, models, packages"
    }

    fn doc(&self) -> &'static str {
        "Recognised by `bomFormat: CycloneDX` at the root of a JSON object.\n\n\
         A service stands where its endpoints are; without any, where `x-trust-boundary` or the address of its \
         provider puts it. Data that is `inbound` or `bi-directional` at a service goes to it; `outbound` data goes \
         to what `destination` names; `unknown` is undetermined. What is sent is told by whole words of name, \
         description and classification (`policies/services/bom.toml`). Where two services describe the same flow \
         differently, the stricter classification counts and both are named.\n\n\
         Components of type `machine-learning-model` are models, with their SHA-256 if one is given; packages that \
         are clients of a hosted service are listed. A bill of materials without services says nothing of where data \
         goes.\n\n\
         Not read: the XML and protobuf forms, formulation, vulnerabilities, signatures."
    }

    fn import(&self, file: &File<'_>, context: &Context<'_>) -> Option<FileInventory> {
        let mut result = FileInventory::new(file.path, self.id());
        if is_xml(file) {
            result.verdict = Verdict::Undetermined;
            result.notes.push("CycloneDX in XML is not read; convert it to JSON".to_owned());
            return Some(result);
        }
        if !file.holds("\"bomFormat\"") || !file.holds("CycloneDX") {
            return None;
        }
        match file.json()? {
            Ok(root) if root.text_of("bomFormat") == Some("CycloneDX") => {
                read(root, context, &mut result);
            }
            Ok(_) => return None,
            Err(why) => {
                result.verdict = Verdict::Undetermined;
                result.notes.push(why.note());
            }
        }
        Some(result)
    }
}

fn is_xml(file: &File<'_>) -> bool {
    let head = file.bytes.get(..XML_HEAD).unwrap_or(file.bytes).trim_ascii_start();
    let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    head.starts_with(b"<") && memchr::memmem::find(head, XML.as_bytes()).is_some()
}

fn read(root: &Node, context: &Context<'_>, result: &mut FileInventory) {
    let mut notes = BTreeSet::new();
    let version = root.text_of("specVersion").unwrap_or_default();
    if !VERSIONS.contains(&version) {
        notes.insert(format!("version `{}` is not known; read as 1.7", super::endpoint::shown(version)));
    }
    let services = service::all(root, context, &mut notes);
    result.operations = flow::operations(root, &services, &result.path, context, &mut notes);
    result.assets = component::assets(root, &result.path, context, &mut notes);
    result.verdict = FileInventory::judge(&result.operations, &result.assets);
    if services.is_empty() {
        notes.insert("it lists no services: it says nothing of where data goes".to_owned());
        if result.verdict == Verdict::Local {
            result.verdict = Verdict::NoEvidence;
        }
    }
    result.notes.extend(notes);
}

#[cfg(test)]
mod tests;

//! The parts of a CycloneDX 1.6 document that are written.

use crate::model::data::DataKind;
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Bom {
    #[serde(rename = "$schema")]
    schema: &'static str,
    bom_format: &'static str,
    spec_version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) serial_number: Option<String>,
    version: u32,
    metadata: Metadata,
    pub(super) components: Vec<Component>,
    pub(super) services: Vec<Service>,
}

#[derive(Serialize)]
pub(super) struct Metadata {
    tools: Tools,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    properties: Vec<Property>,
}

#[derive(Serialize)]
struct Tools {
    components: [Tool; 1],
}

#[derive(Serialize)]
struct Tool {
    #[serde(rename = "type")]
    kind: &'static str,
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
pub(super) struct Component {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    #[serde(rename = "bom-ref")]
    pub(super) bom_ref: String,
    pub(super) name: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) hashes: Vec<Hash>,
    pub(super) properties: Vec<Property>,
}

#[derive(Serialize)]
pub(super) struct Hash {
    alg: &'static str,
    content: String,
}

#[derive(Serialize)]
pub(super) struct Service {
    #[serde(rename = "bom-ref")]
    pub(super) bom_ref: String,
    pub(super) name: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) endpoints: Vec<String>,
    #[serde(rename = "x-trust-boundary", skip_serializing_if = "Option::is_none")]
    pub(super) x_trust_boundary: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) data: Vec<Data>,
    pub(super) properties: Vec<Property>,
}

#[derive(Serialize)]
pub(super) struct Data {
    flow: &'static str,
    classification: &'static str,
    name: &'static str,
}

#[derive(Serialize, PartialEq, Eq)]
pub(super) struct Property {
    name: String,
    value: String,
}

impl Bom {
    pub(super) fn new(metadata: Metadata) -> Bom {
        Bom {
            schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
            bom_format: "CycloneDX",
            spec_version: "1.6",
            serial_number: None,
            version: 1,
            metadata,
            components: Vec::new(),
            services: Vec::new(),
        }
    }
}

impl Metadata {
    /// Of a services list that holds up to a date.
    pub(super) fn new(as_of: &str, others: Vec<Property>) -> Metadata {
        let mut properties = vec![Property::of("services-as-of", as_of)];
        properties.extend(others);
        let tool = Tool { kind: "application", name: "domicile", version: env!("CARGO_PKG_VERSION") };
        Metadata { tools: Tools { components: [tool] }, properties }
    }
}

impl Hash {
    pub(super) fn sha256(digest: &str) -> Hash {
        Hash { alg: "SHA-256", content: digest.to_owned() }
    }
}

impl Data {
    /// What kind of data it is; how sensitive that is only its owner could say.
    pub(super) fn of(flow: &'static str, kind: DataKind) -> Data {
        Data { flow, classification: kind.name(), name: kind.name() }
    }
}

impl Property {
    /// In our own namespace.
    pub(super) fn of(name: &str, value: &str) -> Property {
        Property { name: format!("domicile:{name}"), value: value.to_owned() }
    }
}

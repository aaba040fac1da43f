use super::*;
use crate::inventory::undeclared_locality;
use crate::model::data::Locality;
use crate::model::inventory::{AssetKind, Operation, State};
use crate::services::Services;

fn import(text: &str) -> Option<FileInventory> {
    let context = Context { services: Services::embedded().unwrap(), locality: &undeclared_locality };
    IMPORTER.import(&File::new("bom.json", text.as_bytes()), &context)
}

fn bom(rest: &str) -> FileInventory {
    import(&format!(
        r#"{{"bomFormat":"CycloneDX","specVersion":"1.6","serialNumber":"urn:uuid:1-2",{rest}}}"#
    ))
    .unwrap()
}

fn services(list: &str) -> FileInventory {
    bom(&format!(r#""services":[{list}]"#))
}

/// Id, what it sends, locality.
fn told(operation: &Operation) -> String {
    format!("{}: {} {}", operation.id, operation.sends, operation.locality.name())
}

fn all(file: &FileInventory) -> Vec<String> {
    file.operations.iter().map(told).collect()
}

#[test]
fn a_flow_is_named_from_the_side_of_the_service() {
    let found = services(
        r#"{"name":"far","endpoints":["https://api.stability.ai/v2beta"],"data":[
            {"flow":"inbound","classification":"x","name":"user prompt"},
            {"flow":"outbound","classification":"x","name":"image"},
            {"flow":"bi-directional","classification":"image"},
            {"flow":"unknown","classification":"mask"}]}"#,
    );
    assert_eq!(
        all(&found),
        ["far / user prompt: prompt remote", "far / image: image remote", "far / mask: mask undetermined"]
    );
    assert_eq!(found.verdict, Verdict::Remote);
    assert_eq!(found.operations[0].service.as_deref(), Some("stability"));
    assert_eq!(found.operations[0].place.inside.as_deref(), Some("services[0].data[0]"));
    assert_eq!(found.operations[0].place.line, Some(2));
}

#[test]
fn a_direction_that_is_not_said_is_not_local() {
    let found = services(
        r#"{"name":"near","endpoints":["http://127.0.0.1:1"],"data":[{"flow":"unknown","classification":"image"}]}"#,
    );
    assert_eq!(found.verdict, Verdict::Undetermined);
}

#[test]
fn a_boundary_moves_no_public_endpoint_inside() {
    let of = |endpoint: &str, boundary: &str| {
        let found = services(&format!(
            r#"{{"name":"s","endpoints":["{endpoint}"],{boundary}"data":[{{"flow":"inbound","classification":"image"}}]}}"#
        ));
        let contradicted = found.notes.iter().any(|n| n.starts_with("contradiction: `s`"));
        (found.operations[0].locality, contradicted)
    };
    let (yes, no) = (r#""x-trust-boundary":true,"#, r#""x-trust-boundary":false,"#);
    assert_eq!(of("https://example.com", no), (Locality::Remote, true));
    assert_eq!(of("https://example.com", yes), (Locality::Remote, false));
    assert_eq!(of("http://127.0.0.1:8188", no), (Locality::Local, false));
    assert_eq!(of("http://127.0.0.1:8188", yes), (Locality::Undetermined, true));
    assert_eq!(of("http://sampler:8188", ""), (Locality::Undetermined, false));
    assert_eq!(of("http://sampler:8188", no), (Locality::Undetermined, false));
    assert_eq!(of("http://sampler:8188", yes), (Locality::Remote, false));
}

#[test]
fn without_an_endpoint_the_boundary_or_the_provider_decides() {
    let of = |rest: &str| {
        let found = services(&format!(
            r#"{{"name":"s"{rest},"data":[{{"flow":"inbound","classification":"image"}}]}}"#
        ));
        (found.operations[0].locality, found.operations[0].service.clone())
    };
    assert_eq!(of(""), (Locality::Undetermined, None));
    assert_eq!(of(r#","x-trust-boundary":false"#), (Locality::Undetermined, None));
    assert_eq!(of(r#","x-trust-boundary":true"#), (Locality::Remote, None));
    let (locality, service) = of(r#","provider":{"name":"p","url":["https://api.openai.com"]}"#);
    assert_eq!((locality, service.as_deref()), (Locality::Remote, Some("openai")));
}

#[test]
fn the_worst_of_several_endpoints_counts() {
    let found = services(
        r#"{"name":"s","endpoints":["http://127.0.0.1","https://example.com"],"data":[{"flow":"inbound","classification":"image"}]}"#,
    );
    assert_eq!(found.verdict, Verdict::Remote);
}

#[test]
fn a_flow_declared_at_both_ends_is_counted_once_by_its_stricter_classification() {
    let found = services(
        r#"{"bom-ref":"a","name":"A","endpoints":["http://127.0.0.1"],"data":[
             {"flow":"outbound","name":"push","classification":"Public","destination":["urn:cdx:1-2/1#b"]}],
           "services":[{"bom-ref":"b","name":"B","endpoints":["https://example.com"],"data":[
             {"flow":"inbound","name":"Push","classification":"PII","source":["a"]}]}]}"#,
    );
    assert_eq!(all(&found), ["B / Push: other remote"]);
    assert!(found.operations[0].because.contains("classified `PII`"), "{}", found.operations[0].because);
    assert_eq!(found.operations[0].place.inside.as_deref(), Some("services[0].services[0].data[0]"));
    assert_eq!(
        found.notes,
        [
            "contradiction: the flow `push` is classified `Public` at `A` and `PII` at `B`; the stricter counts"
        ]
    );
}

#[test]
fn what_is_passed_on_to_somebody_who_does_not_say_so_is_seen_at_the_sender() {
    let found = services(
        r#"{"bom-ref":"a","name":"A","endpoints":["http://127.0.0.1"],"data":[
             {"flow":"outbound","name":"image","classification":"x","destination":["b","https://hooks.example.org","urn:cdx:9/1#z","app"]}]},
           {"bom-ref":"b","name":"B","endpoints":["https://example.com"],"data":[
             {"flow":"outbound","name":"result","classification":"x"}]}"#,
    );
    assert_eq!(
        all(&found),
        ["A / image: image remote", "A / image: image remote", "A / image: image undetermined"]
    );
}

#[test]
fn a_service_without_data_is_still_used() {
    let found = services(r#"{"name":"far","endpoints":["https://api.openai.com/v1"]}"#);
    assert_eq!(found.verdict, Verdict::Remote);
    assert!(found.operations[0].because.starts_with("it does not declare"));
}

#[test]
fn a_list_of_models_says_nothing_of_flows() {
    let digest = "9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08";
    let found = bom(&format!(
        r#""components":[{{"type":"machine-learning-model","name":"m","group":"g","hashes":[{{"alg":"SHA-256","content":"{digest}"}}],
            "modelCard":{{"modelParameters":{{"task":"text-to-image","datasets":[{{"classification":"private"}}]}}}},
            "components":[{{"type":"data","name":"w.safetensors","data":[{{"type":"other","classification":"PHI"}}]}}]}}]"#
    ));
    assert_eq!(found.verdict, Verdict::NoEvidence);
    let models: Vec<_> = found.assets.iter().map(|a| (a.kind, a.name.as_str(), a.sha256.is_some())).collect();
    assert_eq!(models, [(AssetKind::Model, "g/m", true), (AssetKind::Model, "w.safetensors", false)]);
    assert_eq!(
        found.notes,
        [
            "data component `w.safetensors` is classified `PHI`",
            "it lists no services: it says nothing of where data goes",
            "training data of `m` is classified `private`",
        ]
    );
}

#[test]
fn a_client_of_a_hosted_service_makes_it_capable() {
    let found = bom(
        r#""components":[{"type":"library","name":"openai","purl":"pkg:pypi/openai@1.0"},{"type":"library","name":"torch","purl":"pkg:pypi/torch@2"}]"#,
    );
    assert_eq!(found.verdict, Verdict::RemoteCapable);
    assert_eq!(found.assets.len(), 1);
}

#[test]
fn what_is_said_to_be_idle_is_inactive() {
    let found = services(
        r#"{"name":"far","endpoints":["https://api.openai.com"],"properties":[{"name":"domicile:state","value":"inactive"}]}"#,
    );
    assert_eq!((found.verdict, found.operations[0].state), (Verdict::Inactive, State::Inactive));
}

#[test]
fn other_forms_are_recognised_and_said_not_to_be_read() {
    let xml = r#"<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/1.6"/>"#;
    assert_eq!(import(xml).unwrap().verdict, Verdict::Undetermined);
    let newer = import(r#"{"bomFormat":"CycloneDX","specVersion":"2.0"}"#).unwrap();
    assert!(newer.notes.iter().any(|n| n.contains("`2.0`")));
    assert!(import(r#"{"wrapped":{"bomFormat":"CycloneDX"}}"#).is_none());
    assert!(import(r#"{"bomFormat":"SPDX","x":"CycloneDX"}"#).is_none());
}

#[test]
fn what_is_cut_short_or_too_deep_is_undetermined() {
    let whole = r#"{"bomFormat":"CycloneDX","specVersion":"1.6","services":[{"name":"a","endpoints":["http://127.0.0.1"]}]}"#;
    for cut in 24..whole.len() - 1 {
        assert_eq!(import(&whole[..cut]).unwrap().verdict, Verdict::Undetermined, "{cut}");
    }
    let deep =
        format!(r#"{{"bomFormat":"CycloneDX","services":{}1{}}}"#, "[".repeat(50_000), "]".repeat(50_000));
    assert_eq!(import(&deep).unwrap().verdict, Verdict::Undetermined);
}

#[test]
fn thousands_of_ends_cost_no_more_than_their_number() {
    let entry = r#"{"flow":"outbound","name":"n","classification":"PII","destination":["a","b"]}"#;
    let service = |reference: &str, class: &str| {
        let data = vec![entry.replace("PII", class); 5000].join(",");
        format!(r#"{{"bom-ref":"{reference}","name":"{reference}","data":[{data}]}}"#)
    };
    let found = services(&format!("{},{}", service("a", "Public"), service("b", "PII")));
    assert_eq!(found.notes.len(), 1);
}

#[test]
fn nobodys_name_and_no_free_text_is_shown() {
    let found = bom(
        r#""metadata":{"authors":[{"name":"CANARY"}],"component":{"type":"application","name":"app","description":"CANARY"}},
        "services":[{"name":"s","description":"CANARY","endpoints":["https://CANARY:CANARY@example.com/CANARY?CANARY"],
          "provider":{"name":"p","contact":[{"name":"CANARY","email":"CANARY"}]},
          "properties":[{"name":"key","value":"CANARY"}],
          "data":[{"flow":"inbound","classification":"x","description":"CANARY",
            "governance":{"owners":[{"contact":{"name":"CANARY"}}]}}]}],
        "components":[{"type":"machine-learning-model","name":"m","author":"CANARY","description":"CANARY",
          "externalReferences":[{"type":"distribution","url":"https://huggingface.co/CANARY"}],
          "modelCard":{"considerations":{"users":["CANARY"]}}}]"#,
    );
    let files = std::slice::from_ref(&found);
    let services = Services::embedded().unwrap();
    let texts = [
        crate::inventory::show::text(files, true),
        crate::inventory::show::json(files),
        crate::inventory::show::cyclonedx(files, services),
    ];
    for text in texts {
        assert!(!text.contains("CANARY"), "{text}");
        assert!(text.contains("example.com"), "{text}");
    }
}

use super::*;
use crate::inventory::undeclared_locality;
use crate::model::inventory::AssetKind;
use crate::services::Services;

fn import(text: &str) -> Option<FileInventory> {
    let context = Context { services: Services::embedded().unwrap(), locality: &undeclared_locality };
    IMPORTER.import(&File::new("sbom.json", text.as_bytes()), &context)
}

const DIGEST: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

fn three(elements: &str) -> FileInventory {
    import(&format!(
        r#"{{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[{elements}]}}"#
    ))
    .unwrap()
}

#[test]
fn a_model_is_told_with_supplier_digest_and_sensitivity_and_no_person() {
    let found = three(&format!(
        r#"{{"type":"Person","spdxId":"p","name":"CANARY"}},{{"type":"Organization","spdxId":"o","name":"Acme"}},
           {{"type":"ai_AIPackage","name":"m","suppliedBy":"o","software_downloadLocation":"https://huggingface.co/a/b",
             "ai_useSensitivePersonalInformation":"yes","ai_safetyRiskAssessment":"high",
             "verifiedUsing":[{{"type":"Hash","algorithm":"sha256","hashValue":"{DIGEST}"}}]}},
           {{"type":"software_File","software_primaryPurpose":"model","name":"m.bin","suppliedBy":"p"}},
           {{"type":"dataset_DatasetPackage","name":"d","dataset_confidentialityLevel":"red","dataset_hasSensitivePersonalInformation":"yes"}}"#
    ));
    assert_eq!(found.verdict, Verdict::NoEvidence);
    assert!(found.operations.is_empty());
    let [package, file] = &found.assets[..] else { panic!("{:?}", found.assets) };
    assert_eq!(package.sha256.as_deref(), Some(DIGEST));
    assert_eq!(package.service.as_deref(), Some("huggingface-hub"));
    for fact in ["`huggingface.co`", "`Acme` supplies it", "uses sensitive personal information", "`high`"] {
        assert!(package.because.contains(fact), "{fact}: {}", package.because);
    }
    assert!(file.because.contains("a person supplies it"));
    assert!(found.notes[0].contains("`red` and holds sensitive"), "{:?}", found.notes);
    assert!(!format!("{found:?}").contains("CANARY"));
}

#[test]
fn version_two_knows_models_by_package_url_and_file_name_only() {
    let text = format!(
        r#"{{"spdxVersion":"SPDX-2.3","packages":[
            {{"name":"x","downloadLocation":"https://huggingface.co/a/b","externalRefs":[{{"referenceType":"purl","referenceLocator":"pkg:huggingface/a/b@1"}}]}},
            {{"name":"openai","externalRefs":[{{"referenceType":"purl","referenceLocator":"pkg:pypi/openai@1"}}]}}],
          "files":[{{"fileName":"./w.safetensors","checksums":[{{"algorithm":"SHA256","checksumValue":"{DIGEST}"}}]}},{{"fileName":"./a.py"}}]}}"#
    );
    let found = import(&text).unwrap();
    let told: Vec<_> = found.assets.iter().map(|a| (a.kind, a.name.as_str(), a.sha256.is_some())).collect();
    assert_eq!(
        told,
        [
            (AssetKind::Model, "a/b", false),
            (AssetKind::Package, "openai", false),
            (AssetKind::Model, "w.safetensors", true)
        ]
    );
    assert_eq!(found.verdict, Verdict::RemoteCapable);
    let none = import(r#"{"spdxVersion":"SPDX-2.2","packages":[{"name":"a"}]}"#).unwrap();
    assert_eq!((none.verdict, none.notes.len()), (Verdict::NoEvidence, 2));
}

#[test]
fn other_files_and_damaged_ones() {
    assert!(import(r#"{"@context":"https://schema.org","x":"spdx.org/rdf/3"}"#).is_none());
    assert!(import(r#"{"x":{"spdxVersion":"SPDX-2.3"}}"#).is_none());
    assert_eq!(import("SPDXVersion: SPDX-2.3\n").unwrap().verdict, Verdict::NoEvidence);
    assert_eq!(import(r#"{"spdxVersion":"SPDX-2.3","packages":["#).unwrap().verdict, Verdict::Undetermined);
}

use super::*;
use crate::inventory::{Context, File, import, undeclared_locality};
use crate::model::inventory::Asset;
use crate::model::inventory::{Provenance, Spelled};

fn services() -> &'static Services {
    Services::embedded().unwrap()
}

fn operation(route: &[&str], locality: Locality, state: State, sends: &[DataKind]) -> Operation {
    Operation {
        id: "a".to_owned(),
        place: Where::line("w.json", 3),
        state,
        sends: DataKinds::of(sends),
        fetch: false,
        service: None,
        route: route.iter().map(|r| (*r).to_owned()).collect(),
        locality,
        certainty: Certainty::Stated,
        because: "x".to_owned(),
        decided_at: None,
        spelled: None,
    }
}

fn inventory() -> Vec<FileInventory> {
    use DataKind::{Image, Mask, Prompt};
    let mut file = FileInventory::new("w.json", "comfyui");
    let fetch =
        Operation { fetch: true, ..operation(&["huggingface-hub"], Locality::Remote, State::Active, &[]) };
    let spelled =
        Some(Spelled { address: Some("https://api.openai.com/v1".to_owned()), ..Spelled::default() });
    file.operations = vec![
        operation(&["comfy-partner", "bfl"], Locality::Remote, State::Active, &[Prompt, Image]),
        Operation { spelled, ..operation(&["openai"], Locality::Remote, State::Active, &[Prompt]) },
        operation(&["fal"], Locality::Remote, State::Inactive, &[Image]),
        operation(&["127.0.0.1"], Locality::Local, State::Active, &[Prompt]),
        operation(&["::1"], Locality::Local, State::Active, &[Mask]),
        operation(&["sampler"], Locality::Undetermined, State::Active, &[Image]),
        operation(&["images.example.org"], Locality::Remote, State::Active, &[Image]),
        operation(&[], Locality::Undetermined, State::Active, &[Prompt]),
        operation(&[], Locality::Local, State::Active, &[Prompt]),
        fetch,
    ];
    let asset = |kind, name: &str, service: Option<&str>, sha256: Option<String>| Asset {
        kind,
        name: name.to_owned(),
        place: Where::line("w.json", 9),
        state: State::Active,
        service: service.map(str::to_owned),
        sha256,
        because: "x".to_owned(),
    };
    file.assets = vec![
        asset(AssetKind::Package, "openai", Some("openai"), None),
        asset(AssetKind::Model, "m.safetensors", None, Some("ab".repeat(32))),
        asset(AssetKind::Credential, "OPENAI_API_KEY", Some("openai"), None),
    ];
    file.provenance = Some(Provenance::Verified);
    vec![file]
}

/// Every party with what active operations send to it, downloads and where it is.
fn told(files: &[FileInventory]) -> BTreeMap<Key, (DataKinds, bool)> {
    let mut all: BTreeMap<Key, (DataKinds, bool)> = BTreeMap::new();
    let active = files.iter().flat_map(|f| &f.operations).filter(|o| o.state == State::Active);
    for operation in active {
        let names = if operation.route.is_empty() { vec![String::new()] } else { operation.route.clone() };
        if operation.route.is_empty() && operation.locality == Locality::Local {
            continue;
        }
        for name in names {
            let entry = all.entry((name, operation.locality)).or_default();
            entry.0 = entry.0.union(operation.sends);
            entry.1 |= operation.fetch;
        }
    }
    all
}

#[test]
fn what_is_written_is_read_back_as_the_same_services() {
    let files = inventory();
    let text = cyclonedx(&files, services());
    let context = Context { services: services(), locality: &undeclared_locality };
    let back = import(&File::new("bom.json", text.as_bytes()), &context).unwrap();
    assert_eq!(back.kind, "cyclonedx");
    assert_eq!(told(std::slice::from_ref(&back)), told(&files));
    assert!(told(&files).len() >= 8);
    assert!(back.notes.is_empty(), "{:?}", back.notes);
    let idle: Vec<&str> =
        back.operations.iter().filter(|o| o.state != State::Active).map(|o| o.route[0].as_str()).collect();
    assert_eq!(idle, ["fal"]);
    let assets: Vec<_> = back.assets.iter().map(|a| (a.kind, a.name.as_str(), a.sha256.is_some())).collect();
    assert_eq!(assets, [(AssetKind::Model, "m.safetensors", true), (AssetKind::Package, "openai", false)]);
}

#[test]
fn the_same_inventory_gives_the_same_bytes_and_another_gives_another_number() {
    let mut files = inventory();
    let number = |text: &str| text.lines().find(|l| l.contains("serialNumber")).unwrap().to_owned();
    let text = cyclonedx(&files, services());
    let mut more = files.clone();
    more.insert(0, FileInventory::new("z.json", "comfyui"));
    assert_eq!(cyclonedx(&more, services()), text, "a file that says nothing, in another order");
    files[0].operations.pop();
    assert_ne!(number(&cyclonedx(&files, services())), number(&text));
    let uuid = number(&text);
    let uuid = uuid.split("urn:uuid:").nth(1).unwrap();
    assert_eq!((&uuid[14..15], uuid[19..20].contains(['8', '9', 'a', 'b'])), ("8", true));
}

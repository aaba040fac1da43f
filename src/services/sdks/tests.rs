use super::*;
use crate::services::Services;
use std::collections::BTreeSet;

fn list() -> Sdks {
    Sdks::parse(SHIPPED).unwrap()
}

#[test]
fn the_shipped_list_loads_and_is_dated() {
    let list = list();
    assert!(list.packages.len() > 60, "{}", list.packages.len());
    assert_eq!(list.as_of, "2026-11-25");
    assert!(list.packages.iter().all(|p| "SCK".contains(p.grade)));
}

#[test]
fn every_service_that_is_named_is_in_the_services_list() {
    let list = list();
    let services = Services::embedded().unwrap();
    let of_clients = list.packages.iter().flat_map(|p| &p.client);
    let clients = of_clients.flat_map(|c| c.service.iter().chain(c.switch.values()));
    let shares = list.calls.values().flatten().flat_map(|c| c.share.values());
    let named: BTreeSet<&str> = (list.packages.iter().filter_map(|p| p.service.as_ref()))
        .chain(clients)
        .chain(shares)
        .chain(list.telemetry.iter().map(|t| &t.service))
        .map(String::as_str)
        .chain(list.providers())
        .collect();
    let missing: Vec<_> = named.into_iter().filter(|id| services.service(id).is_none()).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_list_of_calls_is_used() {
    let list = list();
    let used: BTreeSet<&str> =
        list.packages.iter().flat_map(|p| &p.client).map(|c| c.calls.as_str()).collect();
    let used: BTreeSet<&str> = used.into_iter().chain(list.unresolved.iter().map(String::as_str)).collect();
    let unused: Vec<_> = list.calls.keys().filter(|k| !used.contains(k.as_str())).collect();
    assert!(unused.is_empty(), "{unused:?}");
}

#[test]
fn a_package_that_the_services_list_knows_has_the_same_service_here() {
    let list = list();
    let services = Services::embedded().unwrap();
    for package in &list.packages {
        let ecosystem = match package.language {
            Language::Python => crate::services::Ecosystem::Python,
            Language::Javascript => crate::services::Ecosystem::Npm,
        };
        let (Some(known), Some(here)) = (services.package(ecosystem, &package.name), &package.service) else {
            continue;
        };
        assert_eq!(&known.id, here, "{}", package.name);
    }
}

#[test]
fn the_longest_import_wins_and_ends_at_a_boundary() {
    let list = list();
    let of = |language, name| list.resolve(language, name).map(|(p, rest)| (p.name.as_str(), rest));
    assert_eq!(of(Language::Python, "google.genai.Client"), Some(("google-genai", "Client")));
    assert_eq!(of(Language::Python, "openai.images.generate"), Some(("openai", "images.generate")));
    assert_eq!(of(Language::Python, "openaix.images"), None);
    assert_eq!(of(Language::Javascript, "@fal-ai/client.fal.run"), Some(("@fal-ai/client", "fal.run")));
}

#[test]
fn names_of_arguments_mean_what_they_usually_do() {
    let list = list();
    assert_eq!(list.kind("imageUrl"), Some(DataKind::Image));
    assert_eq!(list.kind("image_url2"), Some(DataKind::Image));
    assert_eq!(list.kind("mask_image"), Some(DataKind::Mask));
    assert_eq!(list.kind("negative_prompt"), Some(DataKind::Prompt));
    assert_eq!(list.kind("num_images"), None);
    assert_eq!(list.kind("image_size"), None);
    assert_eq!(list.kind("none"), None);
}

#[test]
fn an_unknown_key_is_refused() {
    let wrong = SHIPPED.replacen("plain = true", "plane = true", 1);
    assert!(Sdks::parse(&wrong).unwrap_err().contains("plane"));
}

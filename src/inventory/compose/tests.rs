use super::super::testing::{assets, operations, read as import};
use super::*;

fn read(text: &str) -> FileInventory {
    import(&IMPORTER, "compose.yml", text).unwrap()
}

#[test]
fn a_sibling_is_local_and_an_extra_host_is_what_it_stands_for() {
    let text = "services:\n  api:\n    image: x\n  web:\n    image: y\n    environment:\n      - OPENAI_BASE_URL=http://api:8080/v1\n      - COMFYUI_BASE_URL=http://box:8188\n    extra_hosts: [\"box:203.0.113.9\"]\n";
    let inventory = read(text);
    assert_eq!(
        operations(&inventory),
        ["web OPENAI_BASE_URL 7 prompt local api", "web COMFYUI_BASE_URL 8 prompt remote 203.0.113.9"]
    );
    let hosts: Vec<_> = inventory.hosts.iter().map(|h| (h.name.as_str(), h.outside.as_deref())).collect();
    assert_eq!(hosts, [("api", None), ("web", None), ("box", Some("203.0.113.9"))]);
}

#[test]
fn defaults_profiles_and_replicas_count() {
    let service = |more: &str, value: &str| {
        let text = format!(
            "services:\n  web:\n    image: y\n{more}    environment:\n      OPENAI_BASE_URL: \"{value}\"\n"
        );
        read(&text).verdict.name()
    };
    assert_eq!(service("", "${URL:-https://api.openai.com/v1}"), "remote");
    assert_eq!(service("", "${URL:-http://localhost:1/v1}"), "undetermined");
    assert_eq!(service("", "http://10.0.0.1:${PORT}"), "undetermined");
    assert_eq!(service("    profiles: [cloud]\n", "https://api.openai.com/v1"), "inactive");
    assert_eq!(service("    deploy: {replicas: 0}\n", "https://api.openai.com/v1"), "inactive");
    assert_eq!(service("    deploy: {replicas: 1}\n", "https://api.openai.com/v1"), "remote");
}

#[test]
fn anchors_and_merges_carry_variables() {
    let text = "x-env: &env\n  OPENAI_BASE_URL: https://api.openai.com/v1\nservices:\n  web:\n    image: y\n    environment:\n      <<: *env\n      A: 1\n";
    assert_eq!(operations(&read(text)), ["web OPENAI_BASE_URL 2 prompt remote openai"]);
}

#[test]
fn commands_tunnels_ports_and_networks() {
    let text = "services:\n  ui:\n    image: sd-webui\n    command: python launch.py --share\n    ports:\n      - \"127.0.0.1:7860:7860\"\n      - \"${P:-8188}:8188\"\n      - {target: 80, published: 80}\n    networks: [inside]\n  tunnel:\n    image: cloudflare/cloudflared:latest\n    command: tunnel run\n  sync:\n    image: amazon/aws-cli\n    entrypoint: [\"/bin/sh\", \"-c\"]\n    command: [\"aws s3 sync /outputs s3://b\"]\nnetworks:\n  inside:\n    internal: true\n";
    let inventory = read(text);
    let found = operations(&inventory);
    assert!(found.contains(&"ui --share 4 prompt+image remote gradio-share".to_owned()), "{found:?}");
    assert!(found.contains(&"tunnel image 11 prompt+image remote cloudflared".to_owned()), "{found:?}");
    assert!(found.iter().any(|o| o.starts_with("sync aws s3 sync")), "{found:?}");
    let found = assets(&inventory);
    assert!(found.contains(&"ui 8188:8188 7".to_owned()), "{found:?}");
    assert!(found.contains(&"ui 80 8".to_owned()), "{found:?}");
    assert!(found.contains(&"ui inside 2".to_owned()), "{found:?}");
    assert!(!found.iter().any(|a| a.contains("7860")), "{found:?}");
}

#[test]
fn a_key_that_is_handed_in_counts_and_a_download_token_does_not() {
    let with = |name: &str| {
        read(&format!("services:\n  c:\n    image: comfyui\n    environment:\n      - {name}\n"))
            .verdict
            .name()
    };
    assert_eq!(with("FAL_KEY"), "remote-capable");
    assert_eq!(with("FAL_KEY=${FAL_KEY}"), "remote-capable");
    assert_eq!(with("HF_TOKEN=${HF_TOKEN}"), "local");
}

#[test]
fn what_is_none_and_what_is_broken() {
    assert!(import(&IMPORTER, "x.yml", "services:\n  - a\n").is_none());
    assert!(import(&IMPORTER, "x.yml", "services: {a: {port: 1}}\n").is_none());
    assert_eq!(read("services:\n  db:\n    image: postgres:16\n").verdict.name(), "no-evidence");
    let cut = import(&IMPORTER, "c.yml", "services:\n  a:\n    image: \"x\n").unwrap();
    assert_eq!(cut.verdict.name(), "undetermined");
}

#[test]
fn a_gateway_among_the_services_is_not_where_it_ends() {
    let text = "services:\n  llm:\n    image: ghcr.io/berriai/litellm:main\n  web:\n    image: y\n    environment:\n      - OPENAI_BASE_URL=http://llm:4000/v1\n";
    let inventory = read(text);
    assert_eq!(operations(&inventory), ["web OPENAI_BASE_URL 7 prompt undetermined llm"]);
    assert_eq!(inventory.verdict.name(), "undetermined");
    assert!(inventory.hosts.iter().any(|h| h.name == "llm" && h.gateway));
    assert_eq!(read(&text.replace("berriai/litellm", "own/sd")).verdict.name(), "local");
}

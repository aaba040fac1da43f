use super::IMPORTER;
use crate::inventory::testing::{png, read, shown};

fn graph(fields: &str, edges: &str) -> String {
    format!(
        r#"{{"id":"g","nodes":{{"n":{{"id":"n","type":"openai_image_generation","use_cache":true,"prompt":"CANARY"{fields}}}}},"edges":[{edges}]}}"#
    )
}

#[test]
fn an_image_is_sent_if_a_field_holds_one_or_an_edge_brings_one() {
    let one = |fields: &str, edges: &str| shown(&IMPORTER, "g.json", graph(fields, edges))[1].clone();
    assert_eq!(one("", ""), "1 n openai_image_generation prompt openai");
    assert_eq!(
        one(r#","init_image":null,"reference_images":[]"#, ""),
        "1 n openai_image_generation prompt openai"
    );
    assert_eq!(
        one(r#","init_image":{"image_name":"CANARY"}"#, ""),
        "1 n openai_image_generation prompt+image openai"
    );
    let edge =
        r#"{"source":{"node_id":"m","field":"image"},"destination":{"node_id":"n","field":"mask_image"}}"#;
    assert_eq!(one("", edge), "1 n openai_image_generation prompt+mask openai");
    let file = read(&IMPORTER, "g.json", graph("", "")).unwrap();
    assert!(!format!("{file:?}").contains("CANARY"));
}

#[test]
fn a_workflow_and_a_queue_request_are_graphs() {
    let node = |kind: &str| {
        format!(
            r#"{{"id":"n","type":"invocation","data":{{"type":"{kind}","nodePack":"invokeai","inputs":{{"prompt":{{"value":"x"}},"init_image":{{"value":null}}}}}}}}"#
        )
    };
    let flow = |kind: &str, edges: &str| {
        format!("{{\"nodes\":[\n{}],\"edges\":[{edges}],\"meta\":{{}}}}", node(kind))
    };
    assert_eq!(shown(&IMPORTER, "w.json", flow("llava_onevision_vllm", "")), ["local"]);
    assert_eq!(
        shown(&IMPORTER, "w.json", flow("gemini_image_generation", "")),
        ["remote", "2 n gemini_image_generation prompt google-gemini"]
    );
    let edge =
        r#"{"source":"m","sourceHandle":"image","target":"n","targetHandle":"init_image","type":"default"}"#;
    assert_eq!(
        shown(&IMPORTER, "w.json", flow("gemini_image_generation", edge))[1],
        "2 n gemini_image_generation prompt+image google-gemini"
    );
    let queue = format!(r#"{{"batch":{{"graph":{}}}}}"#, graph("", ""));
    assert_eq!(shown(&IMPORTER, "q.json", queue)[0], "remote");
    let picture = png(&[("invokeai_metadata", "{}"), ("invokeai_graph", &graph("", ""))]);
    assert_eq!(shown(&IMPORTER, "p.png", picture), ["remote", "- n openai_image_generation prompt openai"]);
    assert_eq!(shown(&IMPORTER, "p.png", png(&[("invokeai_metadata", "{}")])), ["local"]);
    assert_eq!(shown(&IMPORTER, "p.png", png(&[("invokeai_graph", "{\"nodes\"")])), ["undetermined"]);
}

#[test]
fn providers_that_are_set_up_are_able_not_used() {
    assert_eq!(
        shown(&IMPORTER, "invokeai.yaml", "schema_version: 4.0.2\nhost: 127.0.0.1\nport: 9090\n"),
        ["local"]
    );
    let text = "schema_version: 4.0.2\nexternal_gemini_base_url: https://proxy.example\nhost: 0.0.0.0\n";
    assert_eq!(
        shown(&IMPORTER, "invokeai.yaml", text),
        [
            "remote-capable",
            "2 external_gemini_base_url prompt+image proxy.example not-reached",
            "3 listener 0.0.0.0"
        ]
    );
    let settings = read(&IMPORTER, "invokeai.yaml", text).unwrap().settings;
    assert_eq!(settings[0].name, "INVOKEAI_EXTERNAL_GEMINI_BASE_URL");
    assert_eq!(shown(&IMPORTER, "api_keys.yaml", "external_openai_api_key: \"\"\n"), ["local"]);
    let text = "schema_version: 4\nexternal_openai_base_url: http://localhost:1\n";
    assert_eq!(shown(&IMPORTER, "invokeai.yaml", text)[0], "undetermined");
    assert!(read(&IMPORTER, "invokeai.yaml", text).unwrap().settings.is_empty());
}

#[test]
fn logs_that_are_shipped_with_prompts_carry_prompts() {
    let text = |more: &str| {
        format!(
            "schema_version: 4\nhost: 127.0.0.1\nlog_handlers:\n  - console\n  - http=https://l.example/x\n{more}"
        )
    };
    assert_eq!(shown(&IMPORTER, "i.yaml", text("")), ["local", "5 log_handlers telemetry l.example"]);
    assert_eq!(
        shown(&IMPORTER, "i.yaml", text("log_tokenization: true\n")),
        ["remote", "5 log_handlers prompt+telemetry l.example"]
    );
}

#[test]
fn damage_is_undetermined_and_other_files_are_not_claimed() {
    let whole = graph("", "");
    assert_eq!(shown(&IMPORTER, "g.json", &whole[..whole.len() - 1]), ["undetermined"]);
    assert_eq!(shown(&IMPORTER, "i.yaml", "schema_version: 4\nhost: [\n"), ["undetermined"]);
    assert_eq!(shown(&IMPORTER, "x.yaml", "schema_version: 1\nname: x\n"), ["none"]);
    assert_eq!(shown(&IMPORTER, "x.json", r#"{"nodes": [], "edges": []}"#), ["none"]);
}

//! Workflows with a canary in every prompt, file name, key, title and note.

use crate::program::Folder;
use serde_json::{Value, json};

/// Writes every workflow.
pub(super) fn plant(folder: &Folder) {
    for (name, workflow) in
        [("editor.json", editor()), ("request.json", request()), ("endpoint.json", endpoint())]
    {
        folder.write(&format!("workflows/{name}"), workflow.to_string().as_bytes());
    }
    // Cut within a prompt: what is said about it must not quote it.
    folder.write(
        "workflows/cut.json",
        br#"{"3":{"class_type":"CLIPTextEncode","inputs":{"text":"KanarieVogel-cut"#,
    );
}

fn node(id: u32, kind: &str, inputs: &Value, outputs: &Value, widgets: &Value) -> Value {
    json!({"id": id, "type": kind, "title": format!("KanarieVogel-title-{id}"), "mode": 0, "inputs": inputs,
        "outputs": outputs, "widgets_values": widgets,
        "properties": {"cnr_id": "comfy-core", "KanarieVogel-property": "KanarieVogel-value"}})
}

/// As the editor saves it: an image from disk goes to a partner's service.
fn editor() -> Value {
    let link = |name: &str, kind: &str, link: u32| json!([{"name": name, "type": kind, "link": link}]);
    let out = |links: &[u32]| json!([{"name": "IMAGE", "type": "IMAGE", "links": links}]);
    json!({
        "id": "KanarieVogel-id", "last_node_id": 9, "last_link_id": 9,
        "nodes": [
            node(1, "LoadImage", &json!([]), &out(&[1]), &json!(["KanarieVogel-patient.png", "image"])),
            node(2, "FluxProUltraImageNode", &link("image_prompt", "IMAGE", 1), &out(&[2]),
                &json!(["KanarieVogel-prompt", false, 1, "fixed", "16:9", false, 0.1])),
            node(3, "SaveImage", &link("images", "IMAGE", 2), &json!([]), &json!(["KanarieVogel-prefix"])),
            node(4, "Note", &json!([]), &json!([]), &json!(["KanarieVogel-note"])),
            node(5, "LoadImage", &json!([]), &out(&[]), &json!(["KanarieVogel-unused.png", "image"])),
        ],
        "links": [[1, 1, 0, 2, 0, "IMAGE"], [2, 2, 0, 3, 0, "IMAGE"]],
        "groups": [{"title": "KanarieVogel-group", "bounding": [0, 0, 1, 1]}],
        "config": {}, "extra": {"KanarieVogel-extra": "KanarieVogel-value", "info": {"author": "KanarieVogel-author"}},
        "version": 0.4,
    })
}

/// As a client posts it, with credentials beside the graph.
fn request() -> Value {
    json!({
        "client_id": "KanarieVogel-client",
        "extra_data": {"api_key_comfy_org": "KanarieVogel-key", "auth_token_comfy_org": "KanarieVogel-token"},
        "prompt": {
            "1": {"class_type": "LoadImage", "inputs": {"image": "KanarieVogel-scan.png"},
                "_meta": {"title": "KanarieVogel-title"}},
            "2": {"class_type": "FluxProUltraImageNode",
                "inputs": {"prompt": "KanarieVogel-prompt", "image_prompt": ["1", 0], "seed": 1},
                "_meta": {"title": "KanarieVogel-title"}},
            "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "KanarieVogel-prefix"}},
        },
    })
}

/// An address with a user, a password, a path and a query, and a key beside it.
fn endpoint() -> Value {
    json!({
        "last_node_id": 9, "last_link_id": 9,
        "nodes": [
            node(2, "LLM_api_loader", &json!([]), &json!([{"name": "CUSTOM", "type": "CUSTOM", "links": [6]}]),
                &json!(["gpt-4o", "https://KanarieVogel-user:KanarieVogel-pw@api.vendor.example/v1/KanarieVogel-path?key=KanarieVogel-query",
                    "KanarieVogel-key", false])),
            node(3, "LLM", &json!([{"name": "model", "type": "CUSTOM", "link": 6}]),
                &json!([{"name": "STRING", "type": "STRING", "links": [7]}]),
                &json!(["KanarieVogel-system", "KanarieVogel-prompt"])),
            node(4, "show_text_party", &json!([{"name": "text", "type": "STRING", "link": 7}]),
                &json!([{"name": "STRING", "type": "STRING", "links": []}]), &json!([["KanarieVogel-shown"]])),
        ],
        "links": [[6, 2, 0, 3, 0, "CUSTOM"], [7, 3, 0, 4, 0, "STRING"]],
        "groups": [], "config": {}, "extra": {}, "version": 0.4,
    })
}

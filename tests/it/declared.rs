//! What a project's own files say, judged: each check of the declared side on files that break it, and on
//! files that do not.

use crate::program::{Folder, domicile};
use serde_json::Value;

const PROJECT: &str = r#"
[project]
name = "case"
owner = "platform@site.example"
policies = ["POLICY"]
assessment = "self"

[boundary]
networks = [{ cidr = "10.99.0.0/24", site = "dc1", use = "test" }]
sites = [{ id = "dc1", jurisdiction = "US", basis = "owned" }]

[[component]]
id = "comfyui"
role = "generator"
hosts = ["10.99.0.5"]
files = ["src/**"]
"#;

/// The findings about files, under a policy: rule, kind, and where.
fn findings(policy: &str, files: &[(&str, &str)]) -> Vec<(String, String, String)> {
    let folder = Folder::new();
    folder.write("domicile.toml", PROJECT.replace("POLICY", policy).as_bytes());
    for (name, text) in files {
        folder.write(&format!("src/{name}"), text.as_bytes());
    }
    let run =
        domicile(folder.path(), &["check", "--examine", "--output", "json", "--now", "2026-11-25T00:00:00Z"]);
    assert!([0, 1, 4].contains(&run.code), "{}", run.stderr);
    let report = run.json();
    let text = |f: &Value, key: &str| f[key].as_str().unwrap_or_default().to_owned();
    let list = report["findings"].as_array().unwrap().iter();
    list.map(|f| {
        let place = &f["declared"][0];
        (
            text(f, "rule"),
            text(f, "kind"),
            format!("{}:{}", place["file"].as_str().unwrap_or("-"), place["line"]),
        )
    })
    .collect()
}

fn has(found: &[(String, String, String)], rule: &str, kind: &str, place: &str) -> bool {
    found.iter().any(|(r, k, p)| r == rule && k == kind && p == place)
}

#[test]
fn a_filled_in_key_is_found_and_a_placeholder_is_not() {
    let key = "FAL_KEY=0b5c2f1e-7d31-4bbb-8ccc-93ac27f0e1d4:5be1f07ad2c94c0f8a6b\n";
    let found = findings("baseline", &[(".env", key)]);
    assert!(has(&found, "no-remote-credentials", "credential-present", "src/.env:1"), "{found:?}");
    assert!(!format!("{found:?}").contains("0b5c2f1e"));
    for harmless in [
        "FAL_KEY=\n",
        "FAL_KEY=changeme\n",
        "# FAL_KEY=0b5c2f1e-aaaa-4bbb\n",
        "HF_TOKEN=hf_abcdefghijklmnopqrst\n",
    ] {
        let found = findings("baseline", &[(".env", harmless)]);
        assert!(found.iter().all(|(rule, ..)| rule != "no-remote-credentials"), "{harmless}: {found:?}");
    }
}

#[test]
fn a_share_link_is_a_tunnel_and_a_listener_is_one_only_outside() {
    let share = "#!/bin/bash\nexport COMMANDLINE_ARGS=\"--share --api\"\n";
    let found = findings("baseline", &[("webui-user.sh", share)]);
    assert!(has(&found, "no-tunnels", "tunnel", "src/webui-user.sh:2"), "{found:?}");
    let everywhere = "services:\n  comfyui:\n    image: local/comfyui\n    ports:\n      - \"8188:8188\"\n";
    assert!(findings("baseline", &[("compose.yaml", everywhere)]).is_empty());
    let found = findings("defense", &[("compose.yaml", everywhere)]);
    assert!(found.iter().any(|(r, k, _)| r == "no-tunnels" && k == "open-listener"), "{found:?}");
    for inside in ["127.0.0.1:8188:8188", "10.99.0.5:8188:8188"] {
        let found = findings("defense", &[("compose.yaml", &everywhere.replace("8188:8188", inside))]);
        assert!(found.iter().all(|(_, k, _)| k != "open-listener"), "{inside}: {found:?}");
    }
}

#[test]
fn code_from_a_hub_is_found() {
    let script = "from transformers import AutoModel\n\nm = AutoModel.from_pretrained('org/x', trust_remote_code=True)\n";
    let found = findings("baseline", &[("run.py", script)]);
    assert!(has(&found, "no-remote-code", "remote-code", "src/run.py:3"), "{found:?}");
    let found = findings("baseline", &[("run.py", &script.replace("True", "False"))]);
    assert!(found.iter().all(|(r, ..)| r != "no-remote-code"), "{found:?}");
}

#[test]
fn a_host_inside_that_is_no_component_is_told() {
    let script = |host: &str| {
        format!(
            "import requests\n\nrequests.post('http://{host}:7860/sdapi/v1/txt2img', json={{'prompt': 'x'}})\n"
        )
    };
    let found = findings("baseline", &[("run.py", &script("10.99.0.9"))]);
    assert!(has(&found, "declaration-agrees", "undeclared-component", "src/run.py:3"), "{found:?}");
    for fine in ["10.99.0.5", "127.0.0.1", "localhost"] {
        assert!(findings("baseline", &[("run.py", &script(fine))]).is_empty(), "{fine}");
    }
}

#[test]
fn a_service_that_no_bill_names_is_told_only_where_a_bill_lists_services() {
    let script = "import replicate\n\nreplicate.run('a/b', input={'prompt': 'x'})\n";
    let bill = |services: &str| {
        format!(r#"{{"bomFormat": "CycloneDX", "specVersion": "1.6", "services": [{services}]}}"#)
    };
    let openai = r#"{"name": "OpenAI", "endpoints": ["https://api.openai.com/v1"], "x-trust-boundary": true,
        "data": [{"flow": "inbound", "classification": "prompt"}]}"#;
    let kinds = |files: &[(&str, &str)]| -> Vec<String> {
        findings("baseline", files).into_iter().map(|(_, kind, _)| kind).collect()
    };
    let found = kinds(&[("run.py", script), ("bom.json", &bill(openai))]);
    assert!(found.contains(&"service-not-in-bill".to_owned()), "{found:?}");
    assert!(!kinds(&[("run.py", script)]).contains(&"service-not-in-bill".to_owned()));
    let both = bill(&format!(
        "{openai}, {}",
        openai.replace("OpenAI", "Replicate").replace("api.openai.com/v1", "api.replicate.com")
    ));
    assert!(!kinds(&[("run.py", script), ("bom.json", &both)]).contains(&"service-not-in-bill".to_owned()));
}

#[test]
fn usage_data_fails_only_where_the_policy_says_so() {
    let script = "import gradio as gr\n\ngr.Interface(lambda x: x, 'text', 'image').launch()\n";
    assert!(findings("baseline", &[("app.py", script)]).is_empty());
    let found = findings("healthcare", &[("app.py", script)]);
    assert!(found.iter().any(|(r, ..)| r == "telemetry-off"), "{found:?}");
    let off = format!("import os\nos.environ['GRADIO_ANALYTICS_ENABLED'] = 'False'\n{script}");
    let found = findings("healthcare", &[("app.py", &off)]);
    assert!(found.iter().all(|(r, ..)| r != "telemetry-off"), "{found:?}");
}

#[test]
fn a_draft_is_filled_in_with_what_the_files_say_and_where() {
    let folder = Folder::new();
    folder.write(
        "compose.yaml",
        b"services:\n  comfyui:\n    image: local/comfyui\n    command: python main.py --listen 10.99.0.5\n",
    );
    folder.write(
        "workflows/w.json",
        br#"{"1": {"class_type": "FluxProUltraImageNode", "inputs": {"prompt": "x"}},
        "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0]}}}"#,
    );
    folder.write("app/run.py", b"from openai import OpenAI\n\nc = OpenAI()\nc.images.generate(prompt='x')\n");
    folder
        .write("app/get.py", b"from diffusers import FluxPipeline\n\nFluxPipeline.from_pretrained('a/b')\n");
    let run = domicile(folder.path(), &["init", "."]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let text = std::fs::read_to_string(folder.path().join("domicile.toml")).unwrap();
    for line in [
        "#   workflows/w.json:1 sends prompt to comfy-partner, then bfl (remote, stated)",
        "# compose.yaml:2 calls it `comfyui`",
        "# compose.yaml:4 calls it `10.99.0.5`",
        "files = [\"compose.yaml\", \"workflows/w.json\"]",
        "#   app/run.py:4 sends prompt to openai (remote, implied)",
        "files = [\"app/get.py\", \"app/run.py\"]",
        "# huggingface-hub: app/get.py:3",
    ] {
        assert!(text.lines().any(|l| l.trim_end() == line), "no `{line}` in\n{text}");
    }
}

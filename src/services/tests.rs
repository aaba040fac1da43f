//! What the list says of real hosts and paths, and that the data is whole.

use super::*;
use std::collections::BTreeSet;

fn list() -> &'static Services {
    Services::embedded().expect("the embedded list reads without a problem")
}

/// `METHOD https://host/path`, or a bare host for what a tunnel shows: endpoint, kinds, certainty, place.
fn says(what: &str) -> String {
    let (method, host, path) = match what.split_once(' ') {
        Some((method, url)) => {
            let at = url.find('/').unwrap_or(url.len());
            (Method::of_http(method), &url[..at], Some(&url[at..]))
        }
        None => (Method::Connect, what, None),
    };
    match list().lookup(host, path, method) {
        None => "nothing".to_owned(),
        Some(m) => {
            let fetch = if m.fetch { " fetch" } else { "" };
            let place = m.place.map(|p| format!(" {p}")).unwrap_or_default();
            format!("{} {} {}{fetch}{place}", m.endpoint, m.sends, m.certainty.name())
        }
    }
}

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    for (what, expected) in cases {
        assert_eq!(says(what), *expected, "{what}");
    }
}

#[test]
fn the_named_services_are_recognised() {
    check(&[
        ("POST api.bfl.ai/v1/flux-2-pro", "bfl/generate prompt+image+mask implied"),
        ("api.bfl.ai", "bfl/host prompt+image+mask implied"),
        (
            "POST api.stability.ai/v2beta/stable-image/generate/core",
            "stability/generate prompt+image+mask implied",
        ),
        (
            "POST api-key.fusionbrain.ai/key/api/v1/text2image/run",
            "kandinsky-fusionbrain/generate prompt+image implied",
        ),
        ("www.midjourney.com", "midjourney/host prompt+image implied"),
        ("POST discord.com/api/v9/interactions", "midjourney-discord/interactions prompt+image implied"),
        ("POST api.openai.com/v1/images/generations", "openai/images-generations prompt implied"),
        ("POST api.openai.com/v1/images/edits", "openai/images-edits prompt+image+mask implied"),
        (
            "POST r1.openai.azure.com/openai/deployments/d/images/generations",
            "azure-openai/images prompt implied",
        ),
        ("POST firefly-api.adobe.io/v3/images/generate", "adobe-firefly/generate prompt+image+mask implied"),
        ("POST api.runpod.ai/v2/abc/runsync", "runpod/serverless prompt+image+mask implied"),
        ("abc123-8188.proxy.runpod.net", "runpod/host prompt+image+mask+other implied"),
        ("run.vast.ai", "vast/host prompt+image+mask+other implied"),
        (
            "POST api.replicate.com/v1/models/a/b/predictions",
            "replicate/predictions prompt+image+mask implied",
        ),
        ("POST queue.fal.run/fal-ai/flux/dev", "fal/run prompt+image+mask implied"),
        ("POST www.reddit.com/api/submit", "reddit/submit prompt+image implied"),
        ("POST api.comfy.org/proxy/bfl/flux-2-pro/generate", "comfy-partner/proxy prompt+image+mask implied"),
        ("GET api.comfy.org/nodes/comfyui-x", "comfy-registry/nodes model implied fetch"),
        ("abcdef.gradio.live", "gradio-share/host prompt+image implied"),
        ("GET api.gradio.app/v3/tunnel-request", "gradio-share/request prompt+image implied"),
        ("x.ngrok-free.app", "ngrok/host prompt+image implied"),
        ("region1.v2.argotunnel.com", "cloudflared/host prompt+image implied"),
    ]);
}

#[test]
fn a_host_that_serves_both_is_possible_by_name_and_decided_by_path() {
    let hub = "huggingface-hub";
    check(&[
        ("huggingface.co", &format!("{hub}/host prompt+image+model+telemetry+other possible")),
        (
            "GET huggingface.co/org/model/resolve/main/x.safetensors",
            &format!("{hub}/fetch model implied fetch"),
        ),
        (
            "POST huggingface.co/api/models/a/b/commit/main",
            &format!("{hub}/upload prompt+image+model+other possible"),
        ),
        ("HEAD huggingface.co/api/telemetry/diffusers", "hf-telemetry/topic telemetry implied"),
        ("cdn-lfs.hf.co", &format!("{hub}/host model implied fetch")),
        ("router.huggingface.co", "huggingface-inference/host prompt+image implied"),
        ("POST api-inference.huggingface.co/models/a/b", "huggingface-inference/models prompt+image implied"),
        (
            "x.us-east-1.aws.endpoints.huggingface.cloud",
            "huggingface-endpoints/host prompt+image+embedding implied US",
        ),
        ("civitai.com", "civitai-hub/host prompt+image+model possible"),
        ("GET civitai.com/api/download/models/1", "civitai-hub/fetch model implied fetch"),
        ("orchestration.civitai.com", "civitai-generation/host prompt+image implied"),
        ("discord.com", "discord/host prompt+image possible"),
        ("POST discord.com/api/webhooks/1/x", "discord/webhook prompt+image implied"),
        ("b.s3.eu-central-1.amazonaws.com", "aws-s3/host prompt+image+model+other possible DE"),
        ("GET b.s3.amazonaws.com/x", "aws-s3/fetch model implied fetch"),
        ("PUT b.s3.amazonaws.com/x", "aws-s3/upload prompt+image+other possible"),
        ("github.com", "github-assets/host image+model+other possible"),
    ]);
}

#[test]
fn reading_a_result_sends_nothing_and_an_unlisted_write_may_send_everything() {
    check(&[
        ("GET api.bfl.ai/v1/get_result", "bfl/other none implied"),
        ("GET api.openai.com/v1/images/generations", "openai/other none implied"),
        ("POST api.openai.com/v1/something-new", "openai/other prompt+image+mask implied"),
        ("GET replicate.delivery/x/out.png", "replicate/results none implied"),
        ("GET image.pollinations.ai/prompt/a%20cat", "pollinations/prompt prompt implied"),
        ("GET image.pollinations.ai/models", "pollinations/other none implied"),
        ("POST reddit.com/api/comment", "reddit/other prompt+image possible"),
        // Without a method it is not known which of several things was asked for.
        ("- api.openai.com/v1/images/edits", "openai/images-edits prompt+image+mask possible"),
        ("- api.openai.com/v1/models", "openai/other prompt+image+mask possible"),
    ]);
}

#[test]
fn a_place_is_what_the_host_says_and_nothing_else() {
    let place = |host: &str| list().lookup(host, None, Method::Connect).and_then(|m| m.place);
    for (host, expected) in [
        ("api.bfl.ai", None),
        ("api.eu.bfl.ai", Some("EU")),
        ("api.eu2.bfl.ai", Some("EU")),
        ("api.us1.bfl.ml", Some("US")),
        ("api.openai.com", None),
        ("eu.api.openai.com", Some("EU")),
        // Storage there, processing not: the vendor says so.
        ("jp.api.openai.com", None),
        ("bedrock-runtime.eu-central-1.amazonaws.com", Some("DE")),
        ("bedrock-runtime.xx-nowhere-9.amazonaws.com", None),
        ("europe-west4-aiplatform.googleapis.com", Some("NL")),
        ("aiplatform.eu.rep.googleapis.com", Some("EU")),
        ("aiplatform.googleapis.com", None),
        ("northeurope.api.cognitive.microsoft.com", Some("IE")),
        ("r1.openai.azure.com", None),
        ("s3api-us-de-1.runpod.io", Some("US")),
        ("api-singapore.klingai.com", Some("SG")),
        ("o1.ingest.de.sentry.io", Some("DE")),
        ("api.x.ai", None),
    ] {
        assert_eq!(place(host), expected, "{host}");
    }
}

#[test]
fn names_that_only_look_alike_are_nobodys() {
    for host in [
        "notopenai.com",
        "openai.com.example",
        "api.openai.com.other.example",
        "xapi.openai.com.",
        "evil-fal.run",
        "xhuggingface.co",
        "10.0.0.1",
        "localhost",
        "",
    ] {
        assert_eq!(says(host), "nothing", "{host}");
    }
}

#[test]
fn targets_name_groups_and_services() {
    let l = list();
    assert!(l.matches_target("@time", "2.pool.ntp.org", None));
    assert!(l.matches_target("@pki", "r11.o.lencr.org", None));
    assert!(l.matches_target("huggingface-hub", "cdn-lfs.hf.co", None));
    assert!(!l.matches_target("huggingface-hub", "router.huggingface.co", None));
    assert!(!l.matches_target("huggingface-hub", "huggingface.co", Some("/api/telemetry/x")));
    assert!(
        l.knows_target("@update") && !l.knows_target("@nothing") && !l.knows_target("mirror.clinic.example")
    );
    assert_eq!(l.closest_target("hugingface-hub").as_deref(), Some("huggingface-hub"));
    assert!(l.targets().all(|t| l.knows_target(&t)));
}

#[test]
fn variables_and_packages_lead_to_their_service() {
    let l = list();
    let env = |name: &str| l.env_var(name).map(|s| s.id.as_str());
    assert_eq!(env("BFL_API_KEY"), Some("bfl"));
    assert_eq!(env("WANDB_MODE"), Some("wandb"));
    assert_eq!(env("HF_TOKEN"), Some("huggingface-hub"));
    assert_eq!(env("PATH"), None);
    let package = |e, name: &str| l.package(e, name).map(|s| s.id.as_str());
    assert_eq!(package(Ecosystem::Python, "Fal_Client"), Some("fal"));
    assert_eq!(package(Ecosystem::Npm, "@gradio/client"), Some("huggingface-spaces"));
    assert_eq!(package(Ecosystem::Rust, "async-openai"), Some("openai"));
    // Local in spite of their names.
    assert_eq!(package(Ecosystem::Python, "rembg"), None);
    assert_eq!(package(Ecosystem::Npm, "Fal_Client"), None);
}

#[test]
fn problems_of_a_list_are_all_reported() {
    let text = r#"
as_of = 2026-11-23
section = "x"
[[service]]
id = "a"
name = "A"
kind = "imag"
[[service]]
id = "b"
name = "B"
kind = "image"
grade = "S"
operator = "Germany"
hosts = ["*.com"]
sends = ["promt"]
forwards_to = ["nobody"]
colour = "red"
[[service.endpoint]]
id = "host"
paths = ["v1"]
"#;
    let mut out = Diagnostics::default();
    let _ = Services::parse(&[SourceText::new("t.toml", text)], &mut out);
    let all: Vec<&str> = out.list.iter().map(|d| d.message.as_str()).collect();
    for part in ["imag", "Germany", "*.com", "promt", "nobody", "colour", "`host` cannot be", "`v1`"] {
        assert!(all.iter().any(|m| m.contains(part)), "{part}: {all:#?}");
    }
}

/// Rows and services of each part, and services by grade.
#[test]
fn every_row_is_there() {
    let mut found: BTreeMap<&str, (BTreeSet<&str>, [usize; 3])> = BTreeMap::new();
    for service in list().services() {
        let (rows, grades) = found.entry(&service.section).or_default();
        rows.insert(&service.row);
        grades["SCK".find(service.grade).unwrap()] += 1;
    }
    let counts: Vec<_> =
        found.iter().map(|(section, (rows, grades))| (*section, rows.len(), *grades)).collect();
    assert_eq!(
        counts,
        [
            ("1A", 46, [22, 8, 30]),
            ("1B", 28, [21, 2, 28]),
            ("1C", 16, [5, 2, 17]),
            ("1D", 11, [18, 0, 10]),
            ("1E", 12, [8, 0, 7]),
            ("1G", 16, [1, 6, 18]),
            ("1H", 6, [2, 0, 15]),
            ("1I", 16, [7, 1, 19]),
            ("1J", 32, [2, 0, 30]),
            ("1K", 21, [2, 0, 22]),
            ("groups", 7, [0, 0, 7]),
        ]
    );
}

use super::IMPORTER;
use crate::inventory::testing::shown;

fn config(more: &str) -> Vec<String> {
    shown(
        &IMPORTER,
        "config.json",
        format!("{{\"sd_model_checkpoint\": \"x\", \"sd_backend\": \"diffusers\"{more}}}"),
    )
}

#[test]
fn a_cloud_model_stands_where_weights_stand() {
    let file = "{\n\"diffusers_x\": 1,\n\"sd_model_checkpoint\": \"gemini-3-pro-image\",\n\"google_api_key\": \"CANARY\"}";
    assert_eq!(
        shown(&IMPORTER, "config.json", file),
        [
            "remote",
            "3 sd_model_checkpoint prompt+image google-gemini",
            "4 credential google_api_key google-gemini"
        ]
    );
    let vertex = r#"{"sd_model_checkpoint": "veo-3.0", "google_use_vertexai": true, "google_location_id": "europe-west4"}"#;
    let read = crate::inventory::testing::read(&IMPORTER, "c.json", vertex).unwrap();
    assert_eq!(read.operations[0].service.as_deref(), Some("google-vertex"));
    assert!(read.operations[0].because.contains("in `europe-west4`"));
}

#[test]
fn what_is_switched_off_is_nothing() {
    let off = r#", "remote_vae_encode": false, "remote_vae_type": "raw", "huggingface_mirror": "", "google_api_key": """#;
    assert_eq!(config(off), ["local"]);
    assert_eq!(
        config(r#", "remote_vae_encode": true"#),
        ["remote", "1 remote_vae_encode image huggingface-endpoints"]
    );
    assert_eq!(config(r#", "offline_mode": true"#), ["local", "1 guard offline_mode"]);
    assert_eq!(
        config(r#", "huggingface_mirror": "https://m.example""#),
        ["fetch-only", "1 huggingface_mirror fetch m.example"]
    );
}

#[test]
fn tokens_for_downloads_make_nothing_remote() {
    assert_eq!(config(r#", "huggingface_token": "CANARY""#), ["local", "1 credential huggingface_token"]);
    assert_eq!(
        config(r#", "stability_api_key": "CANARY""#),
        ["remote-capable", "1 credential stability_api_key stability"]
    );
}

#[test]
fn a_job_decides_for_itself() {
    assert_eq!(
        shown(&IMPORTER, "j.json", r#"{"prompt": "CANARY", "vae_type": "Remote"}"#),
        ["remote", "1 vae_type image huggingface-endpoints"]
    );
    assert_eq!(shown(&IMPORTER, "j.json", r#"{"prompt": "x", "vae_type": "Full"}"#), ["local"]);
    assert_eq!(shown(&IMPORTER, "j.json", r#"{"prompt": "x"}"#), ["none"]);
}

#[test]
fn a_file_cut_short_is_undetermined_and_a_foreign_one_is_nobodys() {
    let whole = r#"{"sd_model_checkpoint": "x", "sd_backend": "diffusers", "remote_vae_encode": true}"#;
    assert_eq!(shown(&IMPORTER, "c.json", &whole[..70]), ["undetermined"]);
    let mut latin = whole.as_bytes().to_vec();
    latin[26] = 0xFF;
    assert_eq!(shown(&IMPORTER, "c.json", latin), ["undetermined"]);
    assert_eq!(
        shown(
            &IMPORTER,
            "c.json",
            format!("{{\"sd_model_checkpoint\":1,\"sd_backend\":{}", "[".repeat(100_000))
        ),
        ["undetermined"]
    );
    assert_eq!(shown(&IMPORTER, "c.json", r#"{"name": "x"}"#), ["none"]);
    assert_eq!(shown(&IMPORTER, "c.py", "sd_model_checkpoint = 1; sd_backend = 2"), ["none"]);
}

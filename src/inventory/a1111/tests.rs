use super::IMPORTER;
use crate::inventory::testing::{read, shown};

fn config(more: &str) -> Vec<String> {
    let own = r#""sd_model_checkpoint": "x", "samples_save": true, "sd_checkpoint_hash": "y""#;
    shown(&IMPORTER, "config.json", format!("{{{own}{more}}}"))
}

#[test]
fn generation_is_local() {
    assert_eq!(config(""), ["local"]);
    assert_eq!(config(r#", "civitai_api_key": "", "custom_api_key": """#), ["local"]);
    assert_eq!(config(r#", "civitai_api_key": "CANARY""#), ["local", "1 credential civitai_api_key"]);
    assert_eq!(shown(&IMPORTER, "c.json", r#"{"sd_model_checkpoint": "x", "samples_save": true}"#), ["none"]);
}

#[test]
fn an_extension_may_talk_to_somebody() {
    assert_eq!(
        config(r#", "tagger_openai_base_url": "https://api.openai.com/v1""#),
        ["remote", "1 tagger_openai_base_url prompt+image openai"]
    );
    assert_eq!(
        config(r#", "tagger_api_url": "http://127.0.0.1:9000""#),
        ["local", "1 tagger_api_url prompt+image 127.0.0.1"]
    );
    assert_eq!(
        config(r#", "openai_api_key": "CANARY""#),
        ["remote-capable", "1 credential openai_api_key openai"]
    );
}

#[test]
fn the_page_settings_are_recognised_and_their_prompt_is_not_shown() {
    let text =
        r#"{"txt2img/Prompt/value": "CANARY", "txt2img/Prompt/visible": true, "img2img/Steps/value": 20}"#;
    let file = read(&IMPORTER, "ui-config.json", text).unwrap();
    assert_eq!(file.verdict.name(), "local");
    assert!(!format!("{file:?}").contains("CANARY"));
}

use super::IMPORTER;
use crate::inventory::testing::shown;

#[test]
fn a_preset_names_downloads() {
    let text = "{\n\"default_model\": \"a\",\n\"default_refiner\": \"None\",\n\"lora_downloads\": {},\n\
                \"checkpoint_downloads\": {\n\"a\": \"https://huggingface.co/a\",\n\"b\": \"https://m.example/b\"}}";
    assert_eq!(
        shown(&IMPORTER, "p.json", text),
        [
            "fetch-only",
            "6 checkpoint_downloads fetch huggingface-hub",
            "7 checkpoint_downloads fetch m.example"
        ]
    );
    let none =
        r#"{"default_model": "a", "default_loras": [], "default_styles": [], "checkpoint_downloads": {}}"#;
    assert_eq!(shown(&IMPORTER, "p.json", none), ["local"]);
}

#[test]
fn config_txt_is_json() {
    let text = r#"{"path_checkpoints": "a", "path_loras": "b", "path_fooocus_expansion": "c"}"#;
    assert_eq!(shown(&IMPORTER, "config.txt", text), ["local"]);
    assert_eq!(shown(&IMPORTER, "config.txt", r#"{"path_checkpoints": "a", "path_loras": "b"}"#), ["none"]);
}

#[test]
fn a_huge_preset_is_bounded() {
    let many: Vec<String> = (0..20_000).map(|n| format!("\"{n}\": \"https://m.example/{n}\"")).collect();
    let text = format!(
        "{{\"default_model\":1,\"default_loras\":1,\"default_styles\":1,\"checkpoint_downloads\":{{{}}}}}",
        many.join(",")
    );
    let shown = shown(&IMPORTER, "p.json", text);
    assert_eq!(shown[0], "undetermined");
    assert!(shown.len() < 2_100, "{}", shown.len());
}

use super::super::testing::{assets, operations};
use super::super::undeclared_locality;
use super::*;
use crate::services::Services;

fn judge(runs: bool, pairs: &[(&str, &str)]) -> FileInventory {
    let services = Services::embedded().unwrap();
    let context = Context { services, locality: &undeclared_locality };
    let mut found = Found::new("f", &context);
    let variables: Vec<Variable> = (1u64..)
        .zip(pairs)
        .map(|(line, (name, value))| Variable::read(name, value, Where::line("f", line), &|_| None))
        .collect();
    let siblings = |host: &str| (host == "api").then(|| Sibling::Here("a sibling".to_owned()));
    found.program(&Program {
        name: "",
        state: State::Active,
        runs,
        variables: &variables,
        siblings: &siblings,
    });
    found.export(&variables, Certainty::Implied);
    found.finish("k")
}

fn verdict(runs: bool, pairs: &[(&str, &str)]) -> &'static str {
    judge(runs, pairs).verdict.name()
}

#[test]
fn an_address_is_used_by_a_program_that_runs_and_waits_in_a_file_of_settings() {
    let pairs = [("OPENAI_BASE_URL", "https://api.openai.com/v1")];
    assert_eq!(operations(&judge(true, &pairs)), ["OPENAI_BASE_URL 1 prompt remote openai"]);
    assert_eq!(operations(&judge(false, &pairs)), ["[OPENAI_BASE_URL 1 prompt remote openai]"]);
    assert_eq!((verdict(true, &pairs), verdict(false, &pairs)), ("remote", "remote-capable"));
}

#[test]
fn a_key_goes_where_the_address_of_its_vendor_says() {
    let local = [("OPENAI_API_KEY", "sk-proj-4fQ9aZ7"), ("OPENAI_BASE_URL", "http://127.0.0.1:8080/v1")];
    assert_eq!(assets(&judge(true, &local)), ["[OPENAI_API_KEY 1 openai]"]);
    assert_eq!(verdict(true, &local), "local");
    assert_eq!(verdict(true, &local[..1]), "remote-capable");
    let lan = [local[0], ("OPENAI_BASE_URL", "http://10.0.0.5/v1")];
    assert_eq!((verdict(true, &lan), verdict(false, &lan)), ("undetermined", "undetermined"));
    let sibling = [local[0], ("OPENAI_BASE_URL", "http://api:8080/v1")];
    assert_eq!((verdict(true, &sibling), verdict(false, &sibling)), ("local", "local"));
}

#[test]
fn an_empty_address_is_the_vendors_and_used_if_there_is_a_key() {
    let with = [("OPENAI_BASE_URL", ""), ("OPENAI_API_KEY", "$KEY")];
    assert_eq!(verdict(true, &with), "remote");
    assert_eq!(verdict(true, &with[..1]), "remote-capable");
    assert_eq!(verdict(true, &[("OPENAI_BASE_URL", "$URL")]), "remote-capable");
    assert_eq!(verdict(false, &with[..1]), "no-evidence");
    let open = [("OPENAI_BASE_URL", "${URL:-http://localhost:1}")];
    assert_eq!(verdict(true, &open), "undetermined");
}

#[test]
fn empty_credentials_of_few_services_say_whose_client_it_is_and_of_many_nothing() {
    let few = [("REPLICATE_API_TOKEN", ""), ("DATABASE_URL", "")];
    assert_eq!(verdict(false, &few), "remote-capable");
    let many = [("REPLICATE_API_TOKEN", ""), ("FAL_KEY", ""), ("XAI_API_KEY", "")];
    assert_eq!(verdict(false, &many), "undetermined");
    assert_eq!(verdict(false, &[("HF_TOKEN", "hf_abcdef")]), "local");
    assert_eq!(verdict(false, &[("PORT", "3000")]), "no-evidence");
}

#[test]
fn the_engine_selected_decides_and_the_other_addresses_are_idle() {
    let pairs = [
        ("ENABLE_IMAGE_GENERATION", "true"),
        ("IMAGE_GENERATION_ENGINE", "comfyui"),
        ("COMFYUI_BASE_URL", "http://api:8188"),
        ("IMAGES_OPENAI_API_BASE_URL", "https://api.openai.com/v1"),
    ];
    assert_eq!(
        operations(&judge(true, &pairs)),
        ["[IMAGES_OPENAI_API_BASE_URL 4 prompt remote openai]", "COMFYUI_BASE_URL 3 prompt local api"]
    );
    assert_eq!(verdict(true, &pairs), "inactive");
    assert_eq!(verdict(true, &pairs[..1]), "remote");
    let off = [("ENABLE_IMAGE_GENERATION", "false"), ("IMAGE_GENERATION_ENGINE", "openai")];
    assert_eq!(verdict(true, &off), "inactive");
    assert_eq!(verdict(true, &[("IMAGE_GENERATION_ENGINE", "$ENGINE")]), "undetermined");
}

#[test]
fn switches_guard_or_open() {
    let quiet =
        judge(true, &[("HF_HUB_OFFLINE", "1"), ("GRADIO_ANALYTICS_ENABLED", "True"), ("DO_NOT_TRACK", "1")]);
    let kinds: Vec<_> = quiet.assets.iter().map(|a| a.kind.name()).collect();
    assert_eq!(kinds, ["guard", "telemetry", "guard"]);
    assert_eq!(quiet.verdict.name(), "local");
    assert_eq!(verdict(true, &[("GRADIO_SHARE", "True")]), "remote");
    assert_eq!(verdict(false, &[("GRADIO_SHARE", "True")]), "remote-capable");
    assert_eq!(verdict(true, &[("GRADIO_SHARE", "0")]), "local");
    assert_eq!(verdict(true, &[("LANGCHAIN_TRACING_V2", "true")]), "remote");
}

#[test]
fn no_value_of_a_secret_is_kept() {
    let inventory = judge(false, &[("OPENAI_API_KEY", "CANARY-4fQ9"), ("X_URL", "http://x"), ("Y", "$Z")]);
    assert!(!format!("{inventory:?}").contains("CANARY"));
    let values: Vec<_> = inventory.settings.iter().map(|s| s.value.as_deref()).collect();
    assert_eq!(values, [None, Some("http://x"), None]);
}

#[test]
fn flags_in_variables_count_and_parts_that_are_open_do_not_hide_them() {
    let shares = [("CLI_ARGS", "--share --port ${PORT}")];
    assert_eq!((verdict(true, &shares), verdict(false, &shares)), ("remote", "remote-capable"));
    assert_eq!(verdict(true, &[("CLI_ARGS", "--port ${PORT} ${MORE}")]), "local");
}

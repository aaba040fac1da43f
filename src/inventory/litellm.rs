//! LiteLLM's configuration: which vendor each model of the gateway is passed on to.
//!
//! Format: LiteLLM's documentation of the proxy's `config.yaml`. A local address in front of a gateway says nothing
//! about where prompts end; this file does.

use super::document::Node;
use super::endpoint::{operation, shown};
use super::variables::{Found, Given, Program, Variable, no_siblings, not_utf8};
use super::{Context, File, Importer};
use crate::model::data::{Certainty, DataKind, DataKinds, Locality};
use crate::model::inventory::{FileInventory, Spelled, State, Where};
use crate::model::project::Role;
use crate::services::gateways::{Gateways, Provider};

pub(super) struct LiteLlm;

pub(super) static IMPORTER: LiteLlm = LiteLlm;

/// Tag by which Ollama's own cloud runs a model.
const CLOUD_TAGS: [&str; 2] = ["-cloud", ":cloud"];

impl Importer for LiteLlm {
    fn id(&self) -> &'static str {
        "litellm"
    }

    fn about(&self) -> &'static str {
        "LiteLLM's configuration: models, the vendors behind them, callbacks"
    }

    fn doc(&self) -> &'static str {
        "Recognised by content: YAML with a list `model_list` whose items have `litellm_params`.\n\n\
         A model goes to its `api_base`, also one that `os.environ/NAME` holds, else to the provider before the slash \
         of its name. A provider that no list knows leaves it undetermined. Callbacks that trace requests are sent \
         every prompt. Keys are credentials by name, never by value."
    }

    fn component(&self) -> Option<(&'static str, Role)> {
        Some(("gateway", Role::Forwarder))
    }

    fn import(&self, file: &File<'_>, context: &Context<'_>) -> Option<FileInventory> {
        if !file.holds("model_list") || !file.holds("litellm_params") {
            return None;
        }
        if let Some(unread) = not_utf8(file, self.id(), &["model_list:", "litellm_params:"]) {
            return Some(unread);
        }
        let (documents, problem) = file.yaml()?;
        let mut found = Found::new(file.path, context);
        found.relevant = true;
        if let Some(problem) = problem {
            found.partial = true;
            found.notes.push(problem.note());
        }
        let is_model = |node: &&Node| node.get("litellm_params").is_some();
        let mut any = false;
        for root in documents {
            let list = root.get("model_list").map(Node::items).unwrap_or_default();
            for (index, item) in list.iter().filter(is_model).enumerate() {
                any = true;
                model(item, index, &mut found);
            }
            settings(root, &mut found);
        }
        (any || found.partial).then(|| found.finish(self.id()))
    }
}

fn model(item: &Node, index: usize, found: &mut Found<'_>) {
    let Some(params) = item.get("litellm_params") else { return };
    let path = found.path;
    let name = item.get("model_name").and_then(Node::word).unwrap_or_else(|| index.to_string());
    let model = params.get("model").and_then(Node::word).unwrap_or_default();
    let line = params.get("model").unwrap_or(item).line;
    let place = Where::key(path, line, format!("model_list[{index}]"));
    let provider = Gateways::shipped().provider(&model);
    let base = params.get("api_base").or_else(|| params.get("base_url"));
    let mut spelled = base.and_then(Node::word).map(|text| address(&text)).unwrap_or_default();
    let mut what = "models of that name are passed on".to_owned();
    match provider {
        Some(Provider::Service(id)) => spelled.vendor = Some(id.to_owned()),
        Some(Provider::Own(Some(default))) if spelled == Spelled::default() => {
            spelled.address = Some(default.to_owned());
        }
        Some(Provider::Unlisted) if spelled == Spelled::default() => {
            what.push_str(" to a hosted service that the list does not have");
        }
        _ => {}
    }
    let sends = match item.at(&["model_info", "mode"]).and_then(Node::text) {
        Some("image_edit") => DataKinds::of(&[DataKind::Prompt, DataKind::Image, DataKind::Mask]),
        _ => DataKinds::of(&[DataKind::Prompt]),
    };
    let unlisted = provider == Some(Provider::Unlisted) && spelled == Spelled::default();
    let mut made = operation(place, &format!("model {name}"), sends, &what, spelled, found.context);
    if unlisted {
        made.locality = Locality::Remote;
        made.certainty = Certainty::Implied;
        made.because = what;
    }
    if made.locality != Locality::Remote && CLOUD_TAGS.iter().any(|tag| model.ends_with(tag)) {
        made.locality = Locality::Remote;
        made.certainty = Certainty::Stated;
        made.service = Some("ollama-cloud".to_owned());
        made.route.push("ollama-cloud".to_owned());
        made.because.push_str(", but the model's tag ends in `cloud`: the maker of the program runs it");
        made.spelled = None;
    }
    found.add(made);
    if let Some(key) = params.get("api_key") {
        credential(key, &format!("model {name}"), provider, found);
    }
}

/// A key is the vendor's whose variable it is; one written into the file has no name but its own.
fn credential(key: &Node, model: &str, provider: Option<Provider<'_>>, found: &mut Found<'_>) {
    let Some(text) = key.word() else { return };
    let place = Where::key(found.path, key.line, "api_key");
    if let Some(name) = text.strip_prefix("os.environ/") {
        let given = Given::Open { variables: vec![name.to_owned()], default: None, whole: true };
        let variables = [Variable::with(name, given, place)];
        let (state, runs, siblings) = (State::Active, true, &no_siblings);
        found.program(&Program { name: model, state, runs, variables: &variables, siblings });
        return;
    }
    let environment = crate::services::environment::Environment::shipped();
    let filled = !environment.is_placeholder("api_key", &text);
    let service = match provider {
        Some(Provider::Service(id)) => Some(id.to_owned()),
        _ => None,
    };
    found.asset(crate::model::inventory::Asset {
        kind: crate::model::inventory::AssetKind::Credential,
        name: format!("{} api_key", shown(model)),
        place,
        state: if filled { State::Active } else { State::Inactive },
        service,
        sha256: None,
        because: if filled { "a key is written into the file" } else { "it is empty or a placeholder" }
            .to_owned(),
    });
}

/// `os.environ/NAME`, or an address.
fn address(text: &str) -> Spelled {
    match text.trim().strip_prefix("os.environ/") {
        Some(name) => Spelled { variables: vec![name.to_owned()], ..Spelled::default() },
        None if text.trim().is_empty() => Spelled::default(),
        None => Spelled { address: Some(text.trim().to_owned()), ..Spelled::default() },
    }
}

/// Callbacks, and the gateway's own switches.
fn settings(root: &Node, found: &mut Found<'_>) {
    let Some(settings) = root.get("litellm_settings") else { return };
    for key in ["success_callback", "failure_callback", "callbacks"] {
        let Some(node) = settings.get(key) else { continue };
        for callback in node.items().iter().chain(node.text().map(|_| node)) {
            let Some(name) = callback.text() else { continue };
            let Some(provider) = Gateways::shipped().callback(name) else { continue };
            let place = Where::key(found.path, callback.line, format!("litellm_settings.{key}"));
            let vendor = match provider {
                Provider::Service(id) => Some(id.to_owned()),
                _ => None,
            };
            let sends = DataKinds::of(&[DataKind::Prompt]);
            let spelled = Spelled { vendor, ..Spelled::default() };
            let what = "it is told of every request, with the prompt";
            let id = format!("callback {name}");
            let mut made = operation(place, &id, sends, what, spelled, found.context);
            if provider == Provider::Unlisted {
                made.locality = Locality::Remote;
                made.certainty = Certainty::Implied;
                made.because = format!("{what}; it is a hosted service that the list does not have");
            }
            found.add(made);
        }
    }
    if settings.get("turn_off_message_logging").and_then(Node::bool) == Some(true) {
        let place = Where::key(found.path, settings.line, "litellm_settings");
        let because = "callbacks are not given the prompts".to_owned();
        found.guard("turn_off_message_logging", State::Active, place, because);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assets, operations, read as import};
    use super::*;

    fn read(params: &str) -> FileInventory {
        let text = format!("model_list:\n- model_name: m\n  litellm_params: {{{params}}}\n");
        import(&IMPORTER, "config.yaml", &text).unwrap()
    }

    #[test]
    fn a_model_goes_to_its_address_or_its_provider() {
        for (params, expected) in [
            ("model: azure/x", "model m 3 prompt remote azure-openai"),
            ("model: gpt-4o", "model m 3 prompt remote openai"),
            ("model: openai/x, api_base: \"http://127.0.0.1:8000\"", "model m 3 prompt local 127.0.0.1"),
            ("model: ollama/x", "model m 3 prompt local localhost"),
            ("model: ollama/x-cloud", "model m 3 prompt remote localhost > ollama-cloud"),
            ("model: openai/x, api_base: \"http://vllm:8000\"", "model m 3 prompt undetermined vllm"),
            ("model: hosted_vllm/x, api_base: os.environ/BASE", "model m 3 prompt undetermined"),
            ("model: watsonx/x", "model m 3 prompt remote"),
            ("model: nobody/x", "model m 3 prompt undetermined"),
        ] {
            assert_eq!(operations(&read(params)), [expected], "{params}");
        }
    }

    #[test]
    fn keys_are_names_and_callbacks_are_told() {
        let inventory = read("model: fal_ai/x, api_key: os.environ/FAL_KEY");
        assert_eq!(assets(&inventory), ["model m FAL_KEY 3 fal"]);
        let inventory = read("model: fal_ai/x, api_key: CANARY-abc");
        assert_eq!(assets(&inventory), ["model m api_key 3 fal"]);
        assert!(!format!("{inventory:?}").contains("CANARY"));
        let text = "model_list:\n- litellm_params: {model: ollama/x}\nlitellm_settings:\n  success_callback: [langfuse]\n";
        let inventory = import(&IMPORTER, "c.yaml", text).unwrap();
        assert_eq!(operations(&inventory)[1], "callback langfuse 4 prompt remote langfuse");
    }

    #[test]
    fn other_yaml_is_none_and_a_cut_one_undetermined() {
        assert!(import(&IMPORTER, "c.yaml", "model_list: [a]\nlitellm_params: 1\n").is_none());
        let cut = import(&IMPORTER, "c.yaml", "model_list:\n- litellm_params: {model: \"x\n").unwrap();
        assert_eq!(cut.verdict.name(), "undetermined");
    }
}

//! Gateways: how the configuration of a program that passes prompts on names vendors.
//!
//! The data is `policies/services/gateways.toml`.

use super::nodes::matches;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The data as shipped.
pub(super) static SHIPPED: &str = include_str!("../../policies/services/gateways.toml");

/// What a name of a provider stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider<'g> {
    /// A hosted service of the list.
    Service(&'g str),
    /// A hosted service that the list does not have.
    Unlisted,
    /// A program of one's own, with the address at which it is looked for.
    Own(Option<&'g str>),
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct LiteLlm {
    providers: BTreeMap<String, String>,
    own: BTreeMap<String, String>,
    models: BTreeMap<String, String>,
    callbacks: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Proxy {
    paths: Vec<String>,
    ports: Vec<u16>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    as_of: toml::value::Datetime,
    #[serde(rename = "grade")]
    _grade: String,
    litellm: LiteLlm,
    proxy: Proxy,
}

/// Every name that is known.
#[derive(Debug, Default)]
pub struct Gateways {
    /// Date up to which the list holds, ISO.
    pub as_of: String,
    litellm: LiteLlm,
    proxy: Proxy,
}

impl Gateways {
    /// The list that ships with the program.
    #[must_use]
    pub fn shipped() -> &'static Gateways {
        // A test reads the shipped text; an empty list is never reached in a released binary.
        static LIST: LazyLock<Gateways> = LazyLock::new(|| Gateways::parse(SHIPPED).unwrap_or_default());
        &LIST
    }

    /// Reads a list.
    ///
    /// # Errors
    /// What the TOML reader says.
    pub fn parse(text: &str) -> Result<Gateways, String> {
        let document: Document = toml::from_str(text).map_err(|e| e.to_string())?;
        Ok(Gateways { as_of: document.as_of.to_string(), litellm: document.litellm, proxy: document.proxy })
    }

    /// Who runs a model of a LiteLLM configuration: by the provider before the slash, else by its name.
    #[must_use]
    pub fn provider(&self, model: &str) -> Option<Provider<'_>> {
        if let Some((provider, _)) = model.split_once('/') {
            if let Some(address) = self.litellm.own.get(provider) {
                return Some(Provider::Own(Some(address.as_str()).filter(|a| !a.is_empty())));
            }
            return self.litellm.providers.get(provider).map(|id| named(id));
        }
        self.litellm.models.iter().find(|(pattern, _)| matches(pattern, model)).map(|(_, id)| named(id))
    }

    /// The service that a callback hands prompts to.
    #[must_use]
    pub fn callback(&self, name: &str) -> Option<Provider<'_>> {
        self.litellm.callbacks.get(name).map(|id| named(id))
    }

    /// Whether a path is one of a model interface.
    #[must_use]
    pub fn is_model_path(&self, path: &str) -> bool {
        let path = path.to_lowercase();
        self.proxy.paths.iter().any(|known| path.starts_with(known.as_str()))
    }

    /// Whether a program that makes images or text usually listens at a port.
    #[must_use]
    pub fn is_model_port(&self, port: u16) -> bool {
        self.proxy.ports.contains(&port)
    }

    /// Every service id that the list names, for whoever checks it.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        let LiteLlm { providers, models, callbacks, .. } = &self.litellm;
        let all = providers.values().chain(models.values()).chain(callbacks.values());
        all.map(String::as_str).filter(|id| !id.is_empty())
    }
}

fn named(id: &str) -> Provider<'_> {
    if id.is_empty() { Provider::Unlisted } else { Provider::Service(id) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::Services;

    #[test]
    fn the_shipped_list_is_read_and_names_services_that_exist() {
        let list = Gateways::parse(SHIPPED).unwrap();
        assert_eq!(list.as_of, "2026-11-25");
        let services = Services::embedded().unwrap();
        let unknown: Vec<_> = list.services().filter(|id| services.service(id).is_none()).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
        assert!(Gateways::parse("as_of = 2026-11-25\nmisspelt = 1\n").is_err());
    }

    #[test]
    fn a_provider_is_told_by_what_stands_before_the_slash() {
        let list = Gateways::shipped();
        assert_eq!(list.provider("azure/gpt-4o"), Some(Provider::Service("azure-openai")));
        assert_eq!(list.provider("gpt-4o"), Some(Provider::Service("openai")));
        assert_eq!(list.provider("ollama/llama3"), Some(Provider::Own(Some("http://localhost:11434"))));
        assert_eq!(list.provider("hosted_vllm/x"), Some(Provider::Own(None)));
        assert_eq!(list.provider("watsonx/x"), Some(Provider::Unlisted));
        assert_eq!(list.provider("nobody/x"), None);
    }
}

//! Environment variables, container images and packages that decide where prompts and images go.
//!
//! The data is `policies/services/environment.toml`; its head explains every key. Which variables hold a
//! credential of a service is said by the services list; what is here tells secrets from other variables,
//! and addresses, switches and engine selectors by their names.
//!
//! What would mislead: a placeholder looks like a key, an example lists every vendor, and a general name
//! such as `API_URL` is used for much that has nothing to do with images.

use super::nodes::matches;
use crate::model::{DataKind, DataKinds};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// The data as shipped.
pub(super) static SHIPPED: &str = include_str!("../../policies/services/environment.toml");

/// Variables that hold an address.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// Names of the variables.
    pub variables: Vec<String>,
    /// Service that is talked to if none of them is set.
    pub vendor: Option<String>,
    /// What is sent there.
    #[serde(default = "prompt")]
    pub sends: DataKinds,
    /// Whether it is only downloaded from.
    #[serde(default)]
    pub fetch: bool,
    /// Whether the names are used for much else.
    #[serde(default)]
    pub general: bool,
}

fn prompt() -> DataKinds {
    DataKinds::of(&[DataKind::Prompt])
}

/// A variable that selects among engines.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Engine {
    /// The variable.
    pub selector: String,
    /// A variable without which nothing is selected.
    pub switch: String,
    /// The engine if the variable is not set.
    pub default: String,
    /// What the engine is sent.
    pub sends: DataKinds,
    /// The engines.
    pub choices: Vec<Choice>,
}

/// An engine.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// Value of the selector.
    pub value: String,
    /// Variables that hold its address, the first that is set wins. The first is used for nothing else.
    pub variables: Vec<String>,
    /// Service that is talked to if none of them is set.
    pub vendor: Option<String>,
}

/// What a switch does when it is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// It stops downloads.
    Offline,
    /// It stops usage data.
    Quiet,
    /// It opens a way for others through a third party.
    Relay,
    /// It hands prompts to a service.
    Trace,
    /// It refuses code that comes with a model.
    NoRemoteCode,
}

/// A variable that switches something.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Switch {
    /// Names of the variable.
    pub variables: Vec<String>,
    /// Values that set it, lower case.
    pub values: Vec<String>,
    /// What it does then.
    pub effect: Effect,
    /// Service that it concerns.
    pub service: Option<String>,
}

impl Switch {
    /// Whether a value sets it.
    #[must_use]
    pub fn set_by(&self, value: &str) -> bool {
        self.values.iter().any(|v| v.eq_ignore_ascii_case(value.trim()))
    }
}

/// What a container image does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImageRole {
    /// It works where it runs.
    Local,
    /// Whatever it serves passes through a service.
    Tunnel,
    /// It passes prompts on, as its own configuration says.
    Gateway,
    /// It fetches newer images by itself.
    Update,
}

/// A container image.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// Its names, without registry and tag.
    pub names: Vec<String>,
    /// What it does.
    pub role: ImageRole,
    /// Service that it is a client of.
    pub service: Option<String>,
}

/// What a package is, if it is no client of one hosted service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PackageRole<'e> {
    /// It runs models where it is installed.
    Local,
    /// It downloads as well as sends.
    BothWays,
    /// It is a client of more than one vendor: why.
    Remote(&'e str),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RemotePackages {
    names: BTreeSet<String>,
    why: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct TelemetryPackages {
    names: BTreeSet<String>,
    service: String,
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Packages {
    local: BTreeSet<String>,
    both_ways: BTreeSet<String>,
    remote: Vec<RemotePackages>,
    telemetry: Vec<TelemetryPackages>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    as_of: toml::value::Datetime,
    #[serde(rename = "grade")]
    _grade: String,
    secret_words: BTreeSet<String>,
    download_only: BTreeSet<String>,
    placeholder_values: BTreeSet<String>,
    placeholder_parts: Vec<String>,
    listen: BTreeSet<String>,
    local_programs: Vec<String>,
    endpoint: Vec<Endpoint>,
    engine: Vec<Engine>,
    switch: Vec<Switch>,
    image: Vec<Image>,
    packages: Packages,
}

/// Every variable, image and package that is known.
#[derive(Debug, Default)]
pub struct Environment {
    /// Date up to which the list holds, ISO.
    pub as_of: String,
    secret_words: BTreeSet<String>,
    download_only: BTreeSet<String>,
    placeholder_values: BTreeSet<String>,
    placeholder_parts: Vec<String>,
    listen: BTreeSet<String>,
    local_programs: Vec<String>,
    endpoints: Vec<Endpoint>,
    exact: BTreeMap<String, usize>,
    engines: Vec<Engine>,
    switches: Vec<Switch>,
    images: Vec<Image>,
    packages: Packages,
}

impl Environment {
    /// The list that ships with the program.
    #[must_use]
    pub fn shipped() -> &'static Environment {
        // A test reads the shipped text; an empty list is never reached in a released binary.
        static LIST: LazyLock<Environment> =
            LazyLock::new(|| Environment::parse(SHIPPED).unwrap_or_default());
        &LIST
    }

    /// Reads a list.
    ///
    /// # Errors
    /// What the TOML reader says.
    pub fn parse(text: &str) -> Result<Environment, String> {
        let document: Document = toml::from_str(text).map_err(|e| e.to_string())?;
        let named = |(at, endpoint): (usize, &Endpoint)| {
            let exact = endpoint.variables.iter().filter(|v| !v.contains(['*', '?']));
            exact.map(|v| (v.clone(), at)).collect::<Vec<_>>()
        };
        Ok(Environment {
            as_of: document.as_of.to_string(),
            exact: document.endpoint.iter().enumerate().flat_map(named).collect(),
            secret_words: document.secret_words,
            download_only: document.download_only,
            placeholder_values: document.placeholder_values,
            placeholder_parts: document.placeholder_parts,
            listen: document.listen,
            local_programs: document.local_programs,
            endpoints: document.endpoint,
            engines: document.engine,
            switches: document.switch,
            images: document.image,
            packages: document.packages,
        })
    }

    /// Every package that is no client of one hosted service, by name, with what it is.
    pub fn packages(&self) -> impl Iterator<Item = (&str, String)> {
        let packages = &self.packages;
        let local = packages.local.iter().map(|n| (n.as_str(), "runs models here".to_owned()));
        let both = packages.both_ways.iter().map(|n| (n.as_str(), "goes both ways".to_owned()));
        let remote = packages.remote.iter().flat_map(|r| r.names.iter().map(|n| (n.as_str(), r.why.clone())));
        let telling = packages
            .telemetry
            .iter()
            .flat_map(|t| t.names.iter().map(|n| (n.as_str(), format!("sends usage data to {}", t.service))));
        local.chain(both).chain(remote).chain(telling)
    }

    /// Every group of variables that hold an address.
    #[must_use]
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// Every engine selector.
    #[must_use]
    pub fn engines(&self) -> &[Engine] {
        &self.engines
    }

    /// Every switch.
    #[must_use]
    pub fn switches(&self) -> &[Switch] {
        &self.switches
    }

    /// Every group of container images.
    #[must_use]
    pub fn images(&self) -> &[Image] {
        &self.images
    }

    /// What is known of a variable that may hold an address.
    #[must_use]
    pub fn endpoint(&self, variable: &str) -> Option<&Endpoint> {
        let known = self.exact.get(variable).and_then(|at| self.endpoints.get(*at));
        known.or_else(|| {
            self.endpoints.iter().find(|e| e.variables.iter().any(|pattern| matches(pattern, variable)))
        })
    }

    /// The switch of that name.
    #[must_use]
    pub fn switch(&self, variable: &str) -> Option<&Switch> {
        self.switches.iter().find(|s| s.variables.iter().any(|v| v == variable))
    }

    /// Whether a variable of that name holds a secret.
    #[must_use]
    pub fn is_secret(&self, variable: &str) -> bool {
        variable.split('_').any(|word| self.secret_words.contains(word.to_ascii_uppercase().as_str()))
    }

    /// Whether the secret of that name is for downloads.
    #[must_use]
    pub fn only_downloads(&self, variable: &str) -> bool {
        self.download_only.contains(variable)
    }

    /// Whether a value stands where a secret will be put. A value made of the name of its variable does
    /// (`FAL_KEY_ID:FAL_KEY_SECRET`).
    #[must_use]
    pub fn is_placeholder(&self, variable: &str, value: &str) -> bool {
        let value = value.trim().to_lowercase();
        let dull = |text: &str| text.chars().all(|c| matches!(c, 'x' | '*' | '.' | '-' | '_' | '0'));
        value.is_empty()
            || self.placeholder_values.contains(&value)
            || self.placeholder_parts.iter().any(|part| value.contains(part.as_str()))
            || dull(value.strip_prefix("sk-").unwrap_or(&value))
            || value.contains(&variable.to_lowercase())
    }

    /// Whether it holds the address at which a program listens.
    #[must_use]
    pub fn is_listen(&self, variable: &str) -> bool {
        self.listen.contains(variable)
    }

    /// Whether it is a variable of a program that makes images where it runs.
    #[must_use]
    pub fn is_of_local_program(&self, variable: &str) -> bool {
        self.local_programs.iter().any(|pattern| matches(pattern, variable))
    }

    /// What is known of a container image: `registry/name:tag@digest`, in whatever parts it has.
    #[must_use]
    pub fn image(&self, reference: &str) -> Option<&Image> {
        let name = image_name(reference).to_lowercase();
        // A tunnel and the like are said by particular names, programs that run here by general ones.
        let known = |role: fn(ImageRole) -> bool| {
            let mut of_role = self.images.iter().filter(move |i| role(i.role));
            of_role.find(|i| i.names.iter().any(|pattern| matches(pattern, &name)))
        };
        known(|r| r != ImageRole::Local).or_else(|| known(|r| r == ImageRole::Local))
    }

    /// What is known of a package that the services list does not have, or says too much of. Names of
    /// Python packages in their normal form.
    #[must_use]
    pub fn package(&self, name: &str) -> Option<PackageRole<'_>> {
        if self.packages.both_ways.contains(name) {
            return Some(PackageRole::BothWays);
        }
        if self.packages.local.contains(name) {
            return Some(PackageRole::Local);
        }
        let remote = self.packages.remote.iter().find(|r| r.names.contains(name))?;
        Some(PackageRole::Remote(&remote.why))
    }

    /// The service that a package sends usage data to.
    #[must_use]
    pub fn package_telemetry(&self, name: &str) -> Option<&str> {
        let known = self.packages.telemetry.iter().find(|t| t.names.contains(name))?;
        Some(&known.service)
    }

    /// Every service id that the list names, for whoever checks it.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        let endpoints = self.endpoints.iter().filter_map(|e| e.vendor.as_deref());
        let choices = self.engines.iter().flat_map(|e| &e.choices).filter_map(|c| c.vendor.as_deref());
        let switches = self.switches.iter().filter_map(|s| s.service.as_deref());
        let images = self.images.iter().filter_map(|i| i.service.as_deref());
        let packages = self.packages.telemetry.iter().map(|t| t.service.as_str());
        endpoints.chain(choices).chain(switches).chain(images).chain(packages)
    }
}

/// The name of an image without registry, tag and digest.
#[must_use]
pub fn image_name(reference: &str) -> &str {
    let name = reference.split('@').next().unwrap_or(reference);
    let last = name.rfind('/').map_or(0, |at| at + 1);
    let tag = name.get(last..).and_then(|rest| rest.find(':')).map_or(name.len(), |at| last + at);
    let name = name.get(..tag).unwrap_or(name);
    match name.split_once('/') {
        Some((registry, rest)) if registry.contains(['.', ':']) || registry == "localhost" => rest,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::Services;

    fn list() -> Environment {
        Environment::parse(SHIPPED).unwrap()
    }

    #[test]
    fn the_shipped_list_is_read_and_names_services_that_exist() {
        let list = list();
        assert_eq!(list.as_of, "2026-11-25");
        assert!(list.endpoints().len() > 15 && list.switches().len() > 10);
        let services = Services::embedded().unwrap();
        let unknown: Vec<_> = list.services().filter(|id| services.service(id).is_none()).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
        assert!(Environment::parse("as_of = 2026-11-25\nmisspelt = 1\n").is_err());
    }

    #[test]
    fn a_secret_is_told_by_a_word_of_its_name_and_a_placeholder_by_its_looks() {
        let list = list();
        for name in ["FAL_KEY", "NGROK_AUTHTOKEN", "SENTRY_DSN", "VOLC_SECRETKEY", "SUNO_COOKIE"] {
            assert!(list.is_secret(name), "{name}");
        }
        for name in ["OPENAI_BASE_URL", "HF_HOME", "TOKENIZERS_PARALLELISM", "MONKEY"] {
            assert!(!list.is_secret(name), "{name}");
        }
        for value in
            ["", "x", "sk-XXXX", "sk-no-key-required", "changeme", "<your key>", "sk---anystringhere"]
        {
            assert!(list.is_placeholder("OPENAI_API_KEY", value), "{value}");
        }
        assert!(list.is_placeholder("FAL_KEY", "FAL_KEY_ID:FAL_KEY_SECRET"));
        assert!(!list.is_placeholder("OPENAI_API_KEY", "sk-proj-4fQ9aZ7"));
    }

    #[test]
    fn an_exact_name_beats_a_pattern_and_a_tunnel_beats_a_general_name() {
        let list = list();
        assert_eq!(list.endpoint("OPENAI_API_BASE").unwrap().vendor.as_deref(), Some("openai"));
        assert!(list.endpoint("MY_API_BASE").unwrap().general);
        assert!(list.endpoint("PATH").is_none());
        assert_eq!(image_name("ghcr.io/a/b:v1@sha256:00"), "a/b");
        assert_eq!(image_name("localhost:5000/x"), "x");
        assert_eq!(list.image("docker.io/cloudflare/cloudflared:latest").unwrap().role, ImageRole::Tunnel);
        assert_eq!(list.image("ghcr.io/open-webui/open-webui:main").unwrap().role, ImageRole::Local);
        assert!(list.image("postgres:16").is_none());
    }
}

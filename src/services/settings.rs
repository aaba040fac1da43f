//! Configuration files of image programs: which keys make a file one of theirs, and what keys do to data.
//!
//! The data is `policies/services/settings.toml`; its head explains every key.

use super::nodes::matches;
use crate::model::DataKinds;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The data as shipped.
pub(super) static SHIPPED: &str = include_str!("../../policies/services/settings.toml");

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyRole {
    /// Something is sent.
    Send,
    /// Its value is an address to which something is sent.
    Endpoint,
    /// It holds a key of a service.
    Credential,
    /// It holds a key with which weights are downloaded.
    DownloadKey,
    /// Its value is the address at which requests are taken.
    Listen,
    /// It keeps data in.
    Guard,
    /// Usage data is switched off.
    Quiet,
    /// Code from elsewhere is run.
    RemoteCode,
    /// Something is downloaded.
    Fetch,
    /// Its value says where logs go.
    Logs,
    /// A reader should know it.
    Note,
}

/// What a key means.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyEntry {
    /// Keys; `*` matches anything.
    pub names: Vec<String>,
    /// The values it speaks of; none at all means every value that is filled in.
    #[serde(default)]
    pub values: Vec<String>,
    /// Other keys and the values they must have.
    #[serde(default)]
    pub with: BTreeMap<String, String>,
    /// What it does.
    pub does: KeyRole,
    /// Whether an address outside is used only by what asks for it.
    #[serde(default)]
    pub idle: bool,
    /// The key that holds a place.
    pub region: Option<String>,
    /// Service it concerns.
    pub service: Option<String>,
    /// What is sent.
    #[serde(default)]
    pub sends: DataKinds,
    /// The fact, in words that follow the key.
    pub because: String,
}

/// A set of keys by which a file is recognised.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recognise {
    /// Keys that must be there.
    pub all: Vec<String>,
    /// Keys of which some must be there.
    pub any: Vec<String>,
    /// How many.
    pub at_least: usize,
}

/// A kind of graph node that calls a provider.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invocation {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Service it calls.
    pub service: String,
    /// Environment variable that holds another address.
    pub variable: String,
}

/// The settings of a program.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Id of its importer.
    pub id: String,
    /// How a file of it is recognised.
    pub recognise: Vec<Recognise>,
    /// What its keys mean.
    pub keys: Vec<KeyEntry>,
    /// Graph nodes that call a provider.
    #[serde(default)]
    pub invocations: Vec<Invocation>,
    /// Fields of such nodes that carry a prompt.
    #[serde(default)]
    pub prompt_fields: Vec<String>,
    /// Fields of such nodes that carry images.
    #[serde(default)]
    pub image_fields: Vec<String>,
    /// Fields of such nodes that carry a mask.
    #[serde(default)]
    pub mask_fields: Vec<String>,
}

/// Every program whose settings are known.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllSettings {
    /// Date up to which it holds.
    pub as_of: toml::value::Datetime,
    /// Grade of the weakest part.
    pub grade: String,
    /// Programs.
    pub program: Vec<Settings>,
    /// Lists of words that importers ask for by name.
    pub lists: BTreeMap<String, Vec<String>>,
}

impl AllSettings {
    /// The data that is compiled in; nothing if it cannot be read, which a test shows it can.
    #[must_use]
    pub fn shipped() -> Option<&'static AllSettings> {
        static ALL: LazyLock<Option<AllSettings>> = LazyLock::new(|| AllSettings::parse(SHIPPED).ok());
        ALL.as_ref()
    }

    /// Whether a word is in a list.
    #[must_use]
    pub fn lists(list: &str, word: &str) -> bool {
        let Some(all) = AllSettings::shipped() else { return false };
        all.lists.get(list).is_some_and(|list| list.iter().any(|pattern| matches(pattern, word)))
    }

    fn parse(text: &str) -> Result<AllSettings, toml::de::Error> {
        toml::from_str(text)
    }
}

impl Settings {
    /// The settings of a program by the id of its importer.
    #[must_use]
    pub fn of(id: &str) -> Option<&'static Settings> {
        AllSettings::shipped()?.program.iter().find(|p| p.id == id)
    }

    /// Whether a file with these keys is one of the program's.
    #[must_use]
    pub fn recognises(&self, keys: &[&str]) -> bool {
        let there = |pattern: &String| keys.iter().any(|k| matches(pattern, k));
        self.recognise.iter().any(|set| {
            let found = keys.iter().filter(|k| set.any.iter().any(|pattern| matches(pattern, k))).count();
            set.all.iter().all(there) && found >= set.at_least
        })
    }

    /// Words of which a file of the program must hold one: asked before anything is parsed.
    pub fn telling(&self) -> impl Iterator<Item = &str> {
        self.recognise
            .iter()
            .flat_map(|set| match set.all.first() {
                Some(first) => std::slice::from_ref(first),
                None => set.any.as_slice(),
            })
            .map(|pattern| pattern.split('*').max_by_key(|part| part.len()).unwrap_or(pattern))
    }
}

impl KeyEntry {
    /// Whether it speaks of a key.
    #[must_use]
    pub fn names(&self, key: &str) -> bool {
        self.names.iter().any(|n| matches(n, key))
    }

    /// Whether it speaks of a value.
    #[must_use]
    pub fn speaks_of(&self, value: &str) -> bool {
        let value = value.trim().to_lowercase();
        match self.values.is_empty() {
            true => !matches!(value.as_str(), "" | "false" | "none" | "null" | "[]" | "{}"),
            false => self.values.iter().any(|v| matches(&v.to_lowercase(), &value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::Services;
    use std::collections::BTreeSet;

    #[test]
    fn the_shipped_data_is_read_and_names_only_services_of_the_list() {
        let all = AllSettings::parse(SHIPPED).unwrap();
        assert_eq!(all.as_of.to_string(), "2026-11-25");
        let services = Services::embedded().unwrap();
        let ids: BTreeSet<_> = all.program.iter().map(|p| &p.id).collect();
        assert_eq!(ids.len(), all.program.len());
        let mut met = 0;
        for program in &all.program {
            let own = program.keys.iter().filter_map(|k| k.service.as_deref());
            for id in own.chain(program.invocations.iter().map(|i| i.service.as_str())) {
                assert!(services.service(id).is_some(), "{}: no service {id}", program.id);
                met += 1;
            }
            for key in &program.keys {
                let content = matches!(key.does, KeyRole::Send | KeyRole::Endpoint | KeyRole::Logs);
                assert_eq!(content, !key.sends.is_empty(), "{}: {:?}", program.id, key.names);
            }
        }
        assert!(met > 15, "{met}");
    }

    #[test]
    fn a_value_that_is_not_filled_in_is_none() {
        let all = AllSettings::parse(SHIPPED).unwrap();
        let sdnext = all.program.iter().find(|p| p.id == "sdnext").unwrap();
        let entry = |key: &str| sdnext.keys.iter().find(|e| e.names(key)).unwrap();
        for empty in ["", " ", "false", "None", "null"] {
            assert!(!entry("huggingface_mirror").speaks_of(empty));
        }
        assert!(entry("huggingface_mirror").speaks_of("https://mirror.example"));
        assert!(entry("sd_model_checkpoint").speaks_of("Gemini-2.5-flash-image"));
        assert!(!entry("sd_model_checkpoint").speaks_of("flux1-dev"));
    }
}

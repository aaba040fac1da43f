//! Client libraries in code: what their constructors, functions and arguments mean.
//!
//! The data is `policies/services/sdks.toml`; its head explains every key. An importer of a programming
//! language asks here what a name means; which names there are is not known to it.

mod entry;

pub use entry::{Call, Client, Package, RemoteCode, Role, Switch, Telemetry, Words};

use super::Ecosystem;
use crate::model::DataKind;
use entry::{Document, LanguageBlock};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The data as shipped.
pub(super) static SHIPPED: &str = include_str!("../../policies/services/sdks.toml");

/// A programming language that importers read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Python.
    Python,
    /// JavaScript and TypeScript.
    Javascript,
}

impl Language {
    /// Where its packages come from.
    #[must_use]
    pub fn ecosystem(self) -> Ecosystem {
        match self {
            Language::Python => Ecosystem::Python,
            Language::Javascript => Ecosystem::Npm,
        }
    }
}

/// Every client library that is known.
#[derive(Debug, Default)]
pub struct Sdks {
    /// Date up to which the list holds, ISO.
    pub as_of: String,
    packages: Vec<Package>,
    roots: FxHashMap<(Language, String), usize>,
    words: BTreeMap<Language, Words>,
    calls: BTreeMap<String, Vec<Call>>,
    providers: BTreeMap<String, String>,
    models: BTreeMap<String, String>,
    local_providers: BTreeMap<String, String>,
    passed_on: BTreeMap<String, String>,
    telemetry: Vec<Telemetry>,
    remote_code: Vec<RemoteCode>,
    offline: Vec<Switch>,
    guards: Vec<Switch>,
    kinds: Vec<(DataKind, Vec<String>)>,
    no_kind: Vec<String>,
    unresolved: Vec<String>,
    nothing: Vec<Call>,
}

impl Sdks {
    /// The list that ships with the program.
    #[must_use]
    pub fn shipped() -> &'static Sdks {
        // A test reads the shipped text; an empty list is never reached in a released binary.
        static LIST: LazyLock<Sdks> = LazyLock::new(|| Sdks::parse(SHIPPED).unwrap_or_default());
        &LIST
    }

    /// Reads a list.
    ///
    /// # Errors
    /// What the TOML reader says, or the first name that a client or package uses twice or in vain.
    pub fn parse(text: &str) -> Result<Sdks, String> {
        let document: Document = toml::from_str(text).map_err(|e| e.to_string())?;
        let mut list = Sdks {
            as_of: document.as_of.to_string(),
            calls: document.calls,
            providers: document.providers,
            models: document.models,
            local_providers: document.local_providers,
            passed_on: document.passed_on,
            telemetry: document.telemetry,
            remote_code: document.remote_code,
            offline: document.offline,
            guards: document.guard,
            // A mask is an image too, and an image may be called a prompt: the narrower word is asked first.
            kinds: document.kinds.into_iter().rev().map(|(kind, words)| (kind, folded(&words))).collect(),
            no_kind: folded(&document.no_kind),
            unresolved: document.unresolved,
            ..Sdks::default()
        };
        let LanguageBlock { python, javascript } = document.language;
        list.words = BTreeMap::from([(Language::Python, python), (Language::Javascript, javascript)]);
        for package in document.package {
            for client in &package.client {
                let calls = list.unresolved.iter().chain([&client.calls]).filter(|c| !c.is_empty());
                if let Some(missing) = calls.into_iter().find(|c| !list.calls.contains_key(*c)) {
                    return Err(format!("`{}` names calls `{missing}`, which are not there", package.name));
                }
            }
            for root in &package.imports {
                if list.roots.insert((package.language, root.clone()), list.packages.len()).is_some() {
                    return Err(format!("`{root}` belongs to two packages"));
                }
            }
            list.packages.push(package);
        }
        Ok(list)
    }

    /// Every package, in the order of the data.
    #[must_use]
    pub fn packages(&self) -> &[Package] {
        &self.packages
    }

    /// Every list of calls, by name.
    pub fn lists(&self) -> impl Iterator<Item = (&str, &[Call])> {
        self.calls.iter().map(|(name, calls)| (name.as_str(), calls.as_slice()))
    }

    /// The words that a language itself gives a meaning.
    #[must_use]
    pub fn words(&self, language: Language) -> Option<&Words> {
        self.words.get(&language)
    }

    /// Names under which packages of a language are imported.
    pub fn roots(&self, language: Language) -> impl Iterator<Item = &str> {
        let of = self.packages.iter().filter(move |p| p.language == language);
        of.flat_map(|p| p.imports.iter().map(String::as_str))
    }

    /// The index of a package in [`Sdks::packages`].
    #[must_use]
    pub fn index_of(&self, package: &Package) -> Option<usize> {
        self.roots.get(&(package.language, package.imports.first()?.clone())).copied()
    }

    /// The package that a dotted name leads into, and the rest of the name.
    #[must_use]
    pub fn resolve<'n>(&self, language: Language, name: &'n str) -> Option<(&Package, &'n str)> {
        let ends = name.bytes().enumerate().filter(|(_, b)| matches!(b, b'.' | b'/')).map(|(at, _)| at);
        let mut ends: Vec<usize> = ends.chain([name.len()]).collect();
        ends.reverse();
        ends.into_iter().find_map(|end| {
            let (root, rest) = name.split_at_checked(end)?;
            let at = self.roots.get(&(language, root.to_owned()))?;
            Some((self.packages.get(*at)?, rest.trim_start_matches(['.', '/'])))
        })
    }

    /// The clients that a path below a package constructs, by their index. The default export has no path.
    pub fn constructs<'a>(
        &self,
        package: &'a Package,
        path: &'a str,
    ) -> impl Iterator<Item = (usize, &'a Client)> {
        let path = if path.is_empty() { "default" } else { path };
        let all = package.client.iter().enumerate();
        all.filter(move |(_, client)| client.constructors.iter().any(|c| fits(c, path)))
    }

    /// What a method, with or without the segments before it, may be of an object that nothing is known about.
    #[must_use]
    pub fn unresolved(&self, method: &str) -> Option<&Call> {
        let lists = self.unresolved.iter().filter_map(|name| self.calls.get(name));
        lists.flatten().find(|c| c.paths.iter().any(|p| p == method))
    }

    /// The calls of a client.
    #[must_use]
    pub fn calls(&self, client: &Client) -> &[Call] {
        self.calls.get(&client.calls).unwrap_or(&self.nothing)
    }

    /// The calls of a client that a dotted path may mean; the first argument decides between several.
    pub fn calls_at<'a>(&'a self, client: &'a Client, path: &str) -> impl Iterator<Item = &'a Call> {
        let plain = bare(path, &client.transparent);
        self.calls(client).iter().filter(move |c| c.paths.iter().any(|p| fits(p, &plain)))
    }

    /// The first of them.
    #[must_use]
    pub fn call<'a>(&'a self, client: &'a Client, path: &str) -> Option<&'a Call> {
        self.calls_at(client, path).next()
    }

    /// The service that a provider's name means: `fal-ai` of an inference router, `openai` of a model id.
    #[must_use]
    pub fn provider(&self, name: &str) -> Option<&str> {
        self.providers.get(name).map(String::as_str)
    }

    /// The service that runs a model whose id has no provider in it.
    #[must_use]
    pub fn model(&self, name: &str) -> Option<&str> {
        self.models.iter().find(|(start, _)| name.starts_with(start.as_str())).map(|(_, id)| id.as_str())
    }

    /// The address of a provider that is a program on the machine.
    #[must_use]
    pub fn local_provider(&self, name: &str) -> Option<&str> {
        self.local_providers.get(name).map(String::as_str)
    }

    /// The service to which a local program passes on what a model of this name is asked.
    #[must_use]
    pub fn passed_on(&self, model: &str) -> Option<&str> {
        self.passed_on.iter().find(|(end, _)| model.ends_with(end.as_str())).map(|(_, id)| id.as_str())
    }

    /// Service ids that names of providers and models mean.
    pub fn providers(&self) -> impl Iterator<Item = &str> {
        self.providers.values().chain(self.models.values()).chain(self.passed_on.values()).map(String::as_str)
    }

    /// Usage data that packages send by themselves.
    #[must_use]
    pub fn telemetry(&self) -> &[Telemetry] {
        &self.telemetry
    }

    /// Arguments that let fetched code run.
    #[must_use]
    pub fn remote_code(&self) -> &[RemoteCode] {
        &self.remote_code
    }

    /// Variables that keep downloads from happening.
    #[must_use]
    pub fn offline(&self) -> &[Switch] {
        &self.offline
    }

    /// Variables that keep something else in.
    #[must_use]
    pub fn guards(&self) -> &[Switch] {
        &self.guards
    }

    /// The kind of data that an argument or key of this name usually carries.
    #[must_use]
    pub fn kind(&self, name: &str) -> Option<DataKind> {
        let name = fold(name);
        if self.no_kind.iter().any(|n| fits(n, &name)) {
            return None;
        }
        self.kinds.iter().find(|(_, names)| names.iter().any(|n| fits(n, &name))).map(|(kind, _)| *kind)
    }
}

/// A path without the segments that only say how an answer is wanted.
fn bare(path: &str, transparent: &[String]) -> String {
    if transparent.is_empty() {
        return path.to_owned();
    }
    let kept: Vec<&str> = path.split('.').filter(|part| !transparent.iter().any(|t| t == part)).collect();
    kept.join(".")
}

/// Whether a name is meant by a pattern with at most one `*` at either end.
fn fits(pattern: &str, name: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(end), None) => name.ends_with(end),
        (None, Some(start)) => name.starts_with(start),
        (Some(_), Some(start)) => name.contains(start.trim_start_matches('*')),
        (None, None) => name == pattern,
    }
}

/// `imageUrl`, `image_url` and `image-url2` are one word.
fn fold(name: &str) -> String {
    let name = name.trim_end_matches(|c: char| c.is_ascii_digit());
    name.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).flat_map(char::to_lowercase).collect()
}

fn folded(names: &[String]) -> Vec<String> {
    names.iter().map(|n| fold(n)).collect()
}

#[cfg(test)]
mod tests;

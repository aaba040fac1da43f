//! Programs that are started by a command line: what they and their flags do to data.
//!
//! The data is `policies/services/programs.toml`; its head explains every key.
//!
//! What would mislead: a flag means something only to its program, so `--share` counts where the program is
//! known or is a Python program at least; and a program's name hides behind wrappers (`sudo`, `python -m`,
//! `docker run`), which the data lists as well.

use super::Ecosystem;
use super::nodes::matches;
use crate::model::{DataKind, DataKinds};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The data as shipped.
pub(super) static SHIPPED: &str = include_str!("../../policies/services/programs.toml");

/// What an option means by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FlagRole {
    /// A third party stands between the program and whoever uses it.
    Relay,
    /// It takes requests from other machines.
    Listen,
    /// It adds an interface for whoever can reach the program.
    Serve,
    /// It keeps data in.
    Guard,
    /// Usage data is switched off.
    Quiet,
    /// Code from elsewhere is run.
    RemoteCode,
    /// It sends.
    Send,
    /// It downloads.
    Fetch,
    /// It says where remote steps go.
    Endpoint,
    /// A reader should know it.
    Note,
}

/// Whether an option takes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Takes {
    /// No.
    #[default]
    None,
    /// If the next word is no option.
    Optional,
    /// Always.
    Required,
}

/// An option.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flag {
    /// Spellings.
    pub names: Vec<String>,
    /// What it means.
    pub does: FlagRole,
    /// Whether it takes a value.
    #[serde(default)]
    pub value: Takes,
    /// Values with which it means that; none at all means every value.
    #[serde(default)]
    pub when: Vec<String>,
    /// What listening without a value means.
    pub address: Option<String>,
    /// Service that it brings in.
    pub service: Option<String>,
    /// What it sends.
    #[serde(default)]
    pub sends: DataKinds,
    /// The fact, in words that follow the option.
    pub because: String,
}

/// What a command of a program does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallRole {
    /// It copies files from the first names to the last.
    Copy,
    /// It sends a request.
    Http,
    /// A third party stands between a local port and whoever uses it.
    Relay,
    /// It sends.
    Send,
    /// It downloads.
    Fetch,
    /// It installs packages.
    Packages,
    /// It switches usage data on.
    Telemetry,
    /// It switches usage data off.
    Quiet,
}

/// A command of a program.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Words after the program, options left out; `a|b` is a choice.
    pub words: Vec<String>,
    /// Words that may not follow.
    #[serde(default)]
    pub unless: Vec<String>,
    /// Options of which one must be there.
    #[serde(default)]
    pub needs: Vec<String>,
    /// What it does.
    pub does: CallRole,
    /// Ecosystem of the packages it installs.
    pub ecosystem: Option<Ecosystem>,
    /// Prefixes of places elsewhere, each with its service; empty for a host in the address.
    #[serde(default)]
    pub places: BTreeMap<String, String>,
    /// Whether `host:path` is elsewhere.
    #[serde(default)]
    pub host_path: bool,
    /// Whether `name:path` is a place that a configuration defines.
    #[serde(default)]
    pub named: bool,
    /// Whether the first name is a host or an address.
    #[serde(default)]
    pub host: bool,
    /// Options whose value is the address it goes to.
    #[serde(default)]
    pub endpoint: Vec<String>,
    /// Variables whose value is the address it goes to.
    #[serde(default)]
    pub endpoint_env: Vec<String>,
    /// Options whose value is a region.
    #[serde(default)]
    pub region: Vec<String>,
    /// The host of a region, with `{region}` in it.
    pub region_host: Option<String>,
    /// Options that carry a body.
    #[serde(default)]
    pub data: Vec<String>,
    /// Options that name the method.
    #[serde(default)]
    pub method: Vec<String>,
    /// Service that it talks to.
    pub service: Option<String>,
    /// What it sends if its words say no better.
    #[serde(default)]
    pub sends: DataKinds,
    /// The fact, in words that follow the command.
    #[serde(default)]
    pub because: String,
}

/// A program.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Its id.
    pub id: String,
    /// What to call it.
    pub name: String,
    /// Grade of the source, if it is better than that of the file.
    pub grade: Option<String>,
    /// File names by which it is started; `*` matches anything.
    pub commands: Vec<String>,
    /// Whether the file name says little.
    #[serde(default)]
    pub general: bool,
    /// Environment variables that hold flags of it.
    #[serde(default)]
    pub variables: Vec<String>,
    /// Id of another program whose flags it takes as well.
    pub flags_of: Option<String>,
    /// Further options that take a value.
    #[serde(default)]
    pub values: Vec<String>,
    /// One-letter options that take a value.
    #[serde(default)]
    pub short: String,
    /// What options mean.
    #[serde(default)]
    pub flags: Vec<Flag>,
    /// What commands mean.
    #[serde(default)]
    pub calls: Vec<Call>,
}

/// Words before the program that counts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wrapper {
    /// How it is called.
    pub names: Vec<String>,
    /// Words that make it a wrapper.
    #[serde(default)]
    pub words: Vec<String>,
    /// Options that take a value.
    #[serde(default)]
    pub values: Vec<String>,
    /// How many words of its own follow.
    #[serde(default)]
    pub positional: usize,
    /// The option after which the program is a module.
    pub module: Option<String>,
    /// Options whose value is a variable for what is started.
    #[serde(default)]
    pub environment: Vec<String>,
    /// Options whose value is a port that others can reach.
    #[serde(default)]
    pub publish: Vec<String>,
    /// Whether the first word of its own is the image of a container.
    #[serde(default)]
    pub image: bool,
}

/// A shell.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shell {
    /// How it is called.
    pub names: Vec<String>,
    /// Whether it reads batch files.
    #[serde(default)]
    pub batch: bool,
}

/// Everything that is known of command lines.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Programs {
    /// Date up to which it holds.
    pub as_of: toml::value::Datetime,
    /// Grade of the weakest part.
    pub grade: String,
    /// Words of a path by what such a file probably is.
    pub path_words: BTreeMap<DataKind, Vec<String>>,
    /// Shells.
    pub shell: Vec<Shell>,
    /// Wrappers.
    pub wrapper: Vec<Wrapper>,
    /// Programs.
    pub program: Vec<Program>,
}

impl Programs {
    /// The data that is compiled in. A test shows that it can be read.
    #[must_use]
    pub fn shipped() -> &'static Programs {
        static LIST: LazyLock<Programs> = LazyLock::new(|| Programs::parse(SHIPPED).unwrap_or_default());
        &LIST
    }

    fn parse(text: &str) -> Result<Programs, toml::de::Error> {
        toml::from_str(text)
    }

    /// The program that a file name starts; an exact name beats a pattern.
    #[must_use]
    pub fn program(&self, file: &str) -> Option<&Program> {
        let exact = self.program.iter().find(|p| p.commands.iter().any(|c| c == file));
        exact.or_else(|| self.program.iter().find(|p| p.commands.iter().any(|c| matches(c, file))))
    }

    /// The program of which a variable holds flags.
    #[must_use]
    pub fn by_variable(&self, name: &str) -> Option<&Program> {
        self.program.iter().find(|p| p.variables.iter().any(|v| v == name))
    }

    /// What an option means to a program.
    #[must_use]
    pub fn flag<'p>(&'p self, program: &'p Program, name: &str) -> Option<&'p Flag> {
        let named = |p: &'p Program| p.flags.iter().find(|f| f.names.iter().any(|n| n == name));
        named(program).or_else(|| {
            let other = program.flags_of.as_deref()?;
            named(self.program.iter().find(|p| p.id == other)?)
        })
    }

    /// What an option means to the first image program that knows it.
    #[must_use]
    pub fn anyones_flag(&self, name: &str) -> Option<(&Program, &Flag)> {
        self.program
            .iter()
            .find_map(|p| Some((p, p.flags.iter().find(|f| f.names.iter().any(|n| n == name))?)))
    }

    /// The shell of that name.
    #[must_use]
    pub fn shell(&self, file: &str) -> Option<&Shell> {
        self.shell.iter().find(|s| s.names.iter().any(|n| n == file))
    }

    /// The wrappers of that name.
    pub fn wrappers<'p>(&'p self, file: &str) -> impl Iterator<Item = &'p Wrapper> {
        self.wrapper.iter().filter(move |w| w.names.iter().any(|n| matches(n, file)))
    }

    /// What the file at a path probably is; nothing if its words do not say.
    #[must_use]
    pub fn kinds(&self, path: &str) -> DataKinds {
        words(path)
            .filter_map(|word| {
                self.path_words.iter().find(|(_, known)| known.contains(&word)).map(|(k, _)| *k)
            })
            .collect()
    }
}

impl Default for Programs {
    fn default() -> Programs {
        Programs {
            as_of: toml::value::Datetime { date: None, time: None, offset: None },
            grade: String::new(),
            path_words: BTreeMap::new(),
            shell: Vec::new(),
            wrapper: Vec::new(),
            program: Vec::new(),
        }
    }
}

/// The words of a name or path, lower case.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_lowercase)
}

/// Whether a word is one of `a|b|c*`.
#[must_use]
pub fn is_choice(choice: &str, word: &str) -> bool {
    choice.split('|').any(|c| matches(c, word))
}

#[cfg(test)]
mod tests;

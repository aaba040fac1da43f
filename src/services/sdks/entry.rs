//! The entries of `policies/services/sdks.toml`, as strictly as they are written.

use super::Language;
use crate::model::{DataKind, DataKinds};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A package of a registry, by the names under which code imports it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// Its language.
    pub language: Language,
    /// Its name in the registry.
    pub name: String,
    /// Names under which it is imported.
    pub imports: Vec<String>,
    /// Service that it is a client of; none if it runs here or talks to any host.
    pub service: Option<String>,
    /// Grade of the source.
    pub grade: char,
    /// Whether the import alone says nothing: clients of any host.
    #[serde(default)]
    pub plain: bool,
    /// What can be made of it.
    #[serde(default)]
    pub client: Vec<Client>,
}

/// Something that sends: an object that is constructed, or the functions of the module itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// What constructs it, below the import; `default` is the default export.
    #[serde(default)]
    pub constructors: Vec<String>,
    /// Whether the module's own functions are its calls.
    #[serde(default)]
    pub module: bool,
    /// An argument that must have a value for this entry to apply: `client("s3")`.
    pub select: Option<Select>,
    /// Whether its methods construct clients of the same package, with its region.
    #[serde(default)]
    pub session: bool,
    /// Service, if another than the package's.
    pub service: Option<String>,
    /// Arguments, or attributes of the module, that hold an address.
    #[serde(default)]
    pub address: Vec<String>,
    /// Position of that argument, where it has one.
    pub address_at: Option<usize>,
    /// Whether such an argument counts only if it is a URL; else it names a model or a page.
    #[serde(default)]
    pub address_if_url: bool,
    /// The address without any, if it is not the service's.
    pub default: Option<String>,
    /// Variables that hold an address.
    #[serde(default)]
    pub variables: Vec<String>,
    /// Arguments that name a region.
    #[serde(default)]
    pub region: Vec<String>,
    /// A host with `{region}`, to look up where that is.
    pub region_host: Option<String>,
    /// Arguments that, if true, choose another service.
    #[serde(default)]
    pub switch: BTreeMap<String, String>,
    /// Argument that names the vendor behind a router.
    pub provider: Option<String>,
    /// Functions of the module whose arguments count for its clients.
    #[serde(default)]
    pub setup: Vec<String>,
    /// Methods that give the client again.
    #[serde(default)]
    pub again: Vec<String>,
    /// Segments of a path that only say how an answer is wanted.
    #[serde(default)]
    pub transparent: Vec<String>,
    /// Arguments that hold a key.
    #[serde(default)]
    pub keys: Vec<String>,
    /// What it sends once it is handed on: for clients that others call.
    #[serde(default)]
    pub handed_on: DataKinds,
    /// Name of its list of calls.
    #[serde(default)]
    pub calls: String,
}

/// An argument that must have a value.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Select {
    /// Its name; its position is the first.
    pub argument: String,
    /// The value.
    pub is: String,
}

/// What a call does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// It sends to the service of its client.
    #[default]
    Send,
    /// It sends to the address in an argument.
    Http,
    /// It downloads.
    Fetch,
    /// It waits for requests.
    Serve,
}

/// A function or method.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Dotted paths below the client; `*` at one end matches anything.
    pub paths: Vec<String>,
    /// What it does.
    #[serde(default)]
    pub role: Role,
    /// Kinds it always sends.
    #[serde(default)]
    pub sends: DataKinds,
    /// Kinds it sends if an argument of a usual name is there.
    #[serde(default)]
    pub may: DataKinds,
    /// Arguments that hold what is sent as keys and values.
    #[serde(default)]
    pub body: Vec<String>,
    /// Position of such an argument.
    pub body_at: Option<usize>,
    /// Constructors one of which the first argument must come from.
    #[serde(default)]
    pub with: Vec<String>,
    /// Argument that names the model, with its vendor before a slash, or is a model of another package.
    pub model: Option<String>,
    /// `http`: `read` or `write`; else the argument `method` says so.
    pub method: Option<String>,
    /// `http`: position of the method.
    pub method_at: Option<usize>,
    /// `http`: position of the address.
    #[serde(default)]
    pub url_at: usize,
    /// `http`: names of the address.
    #[serde(default)]
    pub url: Vec<String>,
    /// `fetch`: names of what is fetched.
    #[serde(default)]
    pub what: Vec<String>,
    /// `fetch`: its position.
    #[serde(default)]
    pub what_at: usize,
    /// `fetch`: arguments that, if true, keep it from happening.
    #[serde(default)]
    pub offline: Vec<String>,
    /// `fetch`: whether what is fetched is code that runs.
    #[serde(default)]
    pub code: bool,
    /// `serve`: arguments that hold the listening address.
    #[serde(default)]
    pub listen: Vec<String>,
    /// `serve`: arguments that, if true, open a relay, with the service that it is.
    #[serde(default)]
    pub share: BTreeMap<String, String>,
    /// Whether what it gives has methods that are calls of the same list.
    #[serde(default)]
    pub result: bool,
}

/// Usage data that a package sends by itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telemetry {
    /// Package, by its name in the registry.
    pub package: String,
    /// Service that gets it.
    pub service: String,
    /// Variables that switch it off.
    pub off: Vec<Switch>,
    /// Argument that, if false, switches it off.
    pub argument: Option<String>,
}

/// A variable with the values that switch something.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Switch {
    /// The variable.
    pub variable: String,
    /// The values, lower case.
    pub values: Vec<String>,
}

impl Switch {
    /// Whether a value switches.
    #[must_use]
    pub fn by(&self, value: &str) -> bool {
        self.values.iter().any(|v| v.eq_ignore_ascii_case(value.trim()))
    }
}

/// An argument of any call that lets fetched code run.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoteCode {
    /// The argument.
    pub argument: String,
    /// `true` or `false`: the value that does; `text`: any text.
    pub is: String,
    /// Why it matters.
    pub because: String,
}

/// Words that a language itself gives a meaning.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// Names that need no import.
    pub globals: Vec<String>,
    /// Objects whose members are the environment.
    pub environment: Vec<String>,
    /// Functions that read a variable: name, then default.
    pub variable: Vec<String>,
    /// Functions that set a variable.
    pub set_variable: Vec<String>,
    /// Functions that start another program: a command line, a list of words, or both.
    pub starts: Vec<String>,
    /// Functions that join addresses.
    pub join: Vec<String>,
    /// Functions that give back what they are given, for our purposes.
    pub through: Vec<String>,
    /// Functions that give a path of the machine.
    pub paths: Vec<String>,
    /// Methods that give back what they are methods of.
    pub through_methods: Vec<String>,
    /// Methods that add a key and a value.
    pub add_methods: Vec<String>,
    /// Functions that open a file or make one of data.
    pub files: Vec<String>,
    /// Methods that declare a command-line option.
    pub option_methods: Vec<String>,
    /// Base classes whose attributes are variables of the environment.
    pub settings: Vec<String>,
    /// Words that make a file worth parsing whatever it imports.
    pub telling: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LanguageBlock {
    pub(super) python: Words,
    pub(super) javascript: Words,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    pub(super) as_of: toml::value::Datetime,
    pub(super) unresolved: Vec<String>,
    pub(super) language: LanguageBlock,
    pub(super) kinds: BTreeMap<DataKind, Vec<String>>,
    pub(super) no_kind: Vec<String>,
    pub(super) providers: BTreeMap<String, String>,
    pub(super) models: BTreeMap<String, String>,
    pub(super) local_providers: BTreeMap<String, String>,
    pub(super) passed_on: BTreeMap<String, String>,
    pub(super) calls: BTreeMap<String, Vec<Call>>,
    pub(super) package: Vec<Package>,
    pub(super) telemetry: Vec<Telemetry>,
    pub(super) remote_code: Vec<RemoteCode>,
    pub(super) offline: Vec<Switch>,
    pub(super) guard: Vec<Switch>,
}

//! The services list: which hosted system a host and a path belong to, who runs it, what it is sent.
//!
//! The data is `policies/services/*.toml`, dated; every service, and every host that differs from its
//! service, carries the grade of its source: `S` seen in vendor source, an SDK or vendor documentation,
//! `C` seen in third-party code only, `K` general knowledge that was not checked again.
//!
//! What would mislead if forgotten:
//! - A place is stated only where the host name carries a region token of a known provider. A host
//!   without one is `None`: global or unknown. A country of processing is never inferred from where a
//!   vendor sits.
//! - A host that serves both downloads and inference is *dual use*: seen by name only, it is
//!   [`Certainty::Possible`], never dropped.
//! - The path and the method decide only if they were seen. In a tunnel only the name is known.
//! - Not covered: routing to other regions that a model id or deployment type chooses (Bedrock
//!   profiles, Azure Global deployments), and vendors behind a private relay.

pub mod artefacts;
pub mod bom;
pub mod environment;
pub mod gateways;
mod hosts;
mod load;
pub mod nodes;
mod paths;
pub mod programs;
mod regions;
pub mod sdks;
pub mod settings;
mod shapes;

pub use shapes::{Shape, shape};

use crate::model::diagnostic::closest;
use crate::model::{Certainty, DataKind, DataKinds, Diagnostics, Method, SourceText};
use hosts::HostTable;
use paths::PathPattern;
use regions::Regions;
use rustc_hash::FxHashMap;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// The services list, ready for look-ups.
#[derive(Debug, Clone, Default)]
pub struct Services {
    /// Date up to which it holds, ISO: the earliest of its files.
    pub as_of: String,
    /// SHA-256 over its files, hex: names and texts, sorted by name, each preceded by its length as
    /// eight bytes, least significant first. That of the compiled-in list covers every table of the folder:
    /// what programs, packages, variables and nodes mean decides as much as who owns a host.
    pub sha256: String,
    /// By id.
    services: Vec<Service>,
    hosts: HostTable<Known>,
    regions: BTreeMap<String, Regions>,
    env: FxHashMap<String, usize>,
    packages: FxHashMap<(Ecosystem, String), usize>,
}

/// A service.
#[derive(Debug, Clone)]
pub struct Service {
    /// Its id.
    pub id: String,
    /// Name of vendor and product.
    pub name: String,
    /// Kind, one of [`KINDS`].
    pub kind: String,
    /// Jurisdiction of its operator, ISO 3166-1 alpha-2, if known.
    pub operator_jurisdiction: Option<String>,
    /// Grade of the source: `S`, `C` or `K`.
    pub grade: char,
    /// Whether it makes or changes images, or passes prompts and images on: what promise 3 calls a generation service.
    pub generation: bool,
    /// What it takes, over all its endpoints: what an unlisted write to it is taken to carry.
    pub sends: DataKinds,
    /// Whether its hosts serve much else, so that a name alone proves nothing.
    pub dual_use: bool,
    /// Ids of the services that it is documented to pass prompts on to.
    pub forwards_to: Vec<String>,
    /// Something a reader should know, if anything.
    pub note: Option<String>,
    /// Part of the list it is in, such as `1A`.
    pub section: String,
    /// Row of that part. Vendors that share a row have a service each.
    pub row: String,
    /// `id/host`: the server was recognised, its path not seen.
    host_id: String,
    /// `id/other`: the path was seen and is none of those listed.
    other_id: String,
    endpoints: Vec<Endpoint>,
}

/// What a person put in or gets out, for a client of a service to matter.
const CONTENT: DataKinds = DataKinds::of(&[DataKind::Prompt, DataKind::Image]);

impl Service {
    /// Whether prompts or images may go there: it takes them, or generates from them.
    #[must_use]
    pub fn takes_content(&self) -> bool {
        self.generation || !self.sends.intersection(CONTENT).is_empty()
    }
}

/// A rule about some paths of some hosts.
#[derive(Debug, Clone)]
struct Endpoint {
    /// `service/endpoint`.
    id: String,
    /// Any of these; none at all means every path.
    paths: Vec<PathPattern>,
    /// Whether it is used by methods that read.
    reads: bool,
    /// Whether it is used by methods that write.
    writes: bool,
    sends: DataKinds,
    fetch: bool,
    certainty: Certainty,
}

/// What is known of a host pattern.
#[derive(Debug, Clone, Default)]
struct Known {
    /// The service that speaks for the host when the path decides nothing.
    owner: usize,
    /// Whether the owner claimed the host as a whole, not for some paths only.
    whole: bool,
    /// Service and endpoint of every rule for this host.
    rules: Vec<(usize, usize)>,
    /// What may go there at all.
    sends: DataKinds,
    /// Whether it serves downloads as well as something that is sent.
    dual: bool,
    grade: Option<char>,
    place: Option<String>,
    /// Provider whose region tokens the host carries.
    region: Option<String>,
}

/// What the list says of an exchange.
#[derive(Debug, Clone)]
pub struct Match<'s> {
    /// The service.
    pub service: &'s Service,
    /// Id of the endpoint rule that matched, `service/endpoint`; stable, stored in aggregates.
    /// `service/host` if only the name was seen, `service/other` if the path is none of those listed.
    pub endpoint: &'s str,
    /// What an exchange of that method there carries towards the service.
    pub sends: DataKinds,
    /// How sure that is at this visibility: `Implied`, or `Possible` (dual use, arbitrary content).
    pub certainty: Certainty,
    /// Whether it is a download only.
    pub fetch: bool,
    /// Where it is processed, as the host name shows: country, `EU`, or `None` for global or unknown.
    pub place: Option<&'s str>,
    /// Grade of the claim that this host belongs to this service: `S`, `C` or `K`.
    pub grade: char,
}

/// A package ecosystem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ecosystem {
    /// Python distributions.
    Python,
    /// Node packages.
    Npm,
    /// Rust crates.
    Rust,
}

/// Kinds of service, each with whether such a service generates or passes on (see
/// [`Service::generation`]) unless its entry says otherwise, and what it is.
pub const KINDS: [(&str, bool, &str); 18] = [
    ("image", true, "makes images or video from prompts"),
    ("edit", true, "changes images: upscaling, background removal, retouching"),
    ("aggregator", true, "stands before other vendors or runs workflows for hire"),
    ("llm", true, "text model that receives prompts, or translates them"),
    ("cloud", true, "model service of a general cloud"),
    ("app", true, "consumer application without a confirmed public interface"),
    ("gpu", true, "rented compute that runs the user's own code"),
    ("tunnel", true, "makes a local page reachable through a third party"),
    ("hub", false, "weights, code and models to download"),
    ("chat", false, "chat and social platforms"),
    ("telemetry", false, "usage data, error reports, experiment tracking"),
    ("storage", false, "object storage and content delivery"),
    ("paste", false, "file drops, paste pages, image hosts, cloud drives"),
    ("general", false, "a general platform of which the list names the model services apart"),
    ("probe", false, "connectivity probes"),
    ("time", false, "clock"),
    ("pki", false, "certificates: issuance, revocation"),
    ("update", false, "operating system and firmware update services"),
];

static EMBEDDED: &[(&str, &str)] = &[
    ("aggregators.toml", include_str!("../../policies/services/aggregators.toml")),
    ("editing-apps.toml", include_str!("../../policies/services/editing-apps.toml")),
    ("gpu.toml", include_str!("../../policies/services/gpu.toml")),
    ("hubs-chat.toml", include_str!("../../policies/services/hubs-chat.toml")),
    ("image.toml", include_str!("../../policies/services/image.toml")),
    ("infrastructure.toml", include_str!("../../policies/services/infrastructure.toml")),
    ("llm.toml", include_str!("../../policies/services/llm.toml")),
    ("paste.toml", include_str!("../../policies/services/paste.toml")),
    ("regions.toml", include_str!("../../policies/services/regions.toml")),
    ("storage.toml", include_str!("../../policies/services/storage.toml")),
    ("telemetry.toml", include_str!("../../policies/services/telemetry.toml")),
    ("tunnels.toml", include_str!("../../policies/services/tunnels.toml")),
];

/// The other tables of the folder, each read by a module of its own.
static TABLES: [(&str, &str); 9] = [
    ("artefacts.toml", artefacts::SHIPPED),
    ("bom.toml", bom::SHIPPED),
    ("comfyui.toml", nodes::SHIPPED),
    ("environment.toml", environment::SHIPPED),
    ("gateways.toml", gateways::SHIPPED),
    ("programs.toml", programs::SHIPPED),
    ("sdks.toml", sdks::SHIPPED),
    ("settings.toml", settings::SHIPPED),
    ("shapes.toml", shapes::FILE),
];

impl Services {
    /// The list that is compiled in, read once.
    ///
    /// # Errors
    /// The first problem of the data, with its place. A test shows that there is none; the caller
    /// reports it as an internal error.
    pub fn embedded() -> Result<&'static Services, String> {
        static LIST: OnceLock<Result<Services, String>> = OnceLock::new();
        let list = LIST.get_or_init(|| {
            let mut out = Diagnostics::default();
            let source =
                |(name, text): &(&str, &str)| SourceText::new(format!("policies/services/{name}"), *text);
            let mut files: Vec<Arc<SourceText>> = EMBEDDED.iter().map(source).collect();
            let mut services = Services::parse(&files, &mut out);
            files.extend(TABLES.iter().map(source));
            services.sha256 = load::digest(&files);
            match out.list.first() {
                None => Ok(services),
                Some(d) => {
                    let at = d.at.as_ref().map(|(place, _)| place.show()).unwrap_or_default();
                    Err(format!("{at}: {}", d.message))
                }
            }
        });
        list.as_ref().map_err(Clone::clone)
    }

    /// Reads a list from its files. Every problem is reported; what could be read is returned.
    #[must_use]
    pub fn parse(files: &[Arc<SourceText>], out: &mut Diagnostics) -> Services {
        load::load(files, out)
    }

    /// What is known of a host, with path and method if they were seen. Longest host suffix on label
    /// boundaries first, then path. The host is lower case without a trailing dot.
    #[must_use]
    pub fn lookup(&self, host: &str, path: Option<&str>, method: Method) -> Option<Match<'_>> {
        self.host(host)?.at(path, method)
    }

    /// What is known of a host, to be asked about many exchanges with it.
    #[must_use]
    pub fn host(&self, host: &str) -> Option<HostHit<'_>> {
        let (known, region) = self.hosts.find(host)?;
        Some(HostHit { services: self, known, place: self.place(known, region) })
    }

    fn rule(&self, (service, endpoint): (usize, usize)) -> Option<(&Service, &Endpoint)> {
        let service = self.services.get(service)?;
        Some((service, service.endpoints.get(endpoint)?))
    }

    fn place<'s>(&'s self, known: &'s Known, region: Option<&str>) -> Option<&'s str> {
        known.place.as_deref().or_else(|| self.regions.get(known.region.as_deref()?)?.place(region?))
    }

    /// A service by id.
    #[must_use]
    pub fn service(&self, id: &str) -> Option<&Service> {
        let at = self.services.binary_search_by(|s| s.id.as_str().cmp(id)).ok()?;
        self.services.get(at)
    }

    /// Every service, by id.
    pub fn services(&self) -> impl ExactSizeIterator<Item = &Service> {
        self.services.iter()
    }

    /// Every place that a region token can mean, sorted, each once.
    #[must_use]
    pub fn places(&self) -> Vec<&str> {
        let mut list: Vec<&str> = self.regions.values().flat_map(Regions::places).collect();
        list.extend(self.hosts.all().filter_map(|(_, known)| known.place.as_deref()));
        list.sort_unstable();
        list.dedup();
        list
    }

    /// Whether an exchange with a host belongs to a target: `@kind`, or the id of a service. With a
    /// path, that path decides between services that share the host.
    #[must_use]
    pub fn matches_target(&self, target: &str, host: &str, path: Option<&str>) -> bool {
        let Some(found) = self.lookup(host, path, Method::Other) else { return false };
        match target.strip_prefix('@') {
            Some(kind) => found.service.kind == kind,
            None => found.service.id == target,
        }
    }

    /// Whether `@kind` or an id names something of this list.
    #[must_use]
    pub fn knows_target(&self, target: &str) -> bool {
        match target.strip_prefix('@') {
            Some(kind) => self.services.iter().any(|s| s.kind == kind),
            None => self.service(target).is_some(),
        }
    }

    /// Every target: `@kind` in the order of [`KINDS`], then ids.
    pub fn targets(&self) -> impl Iterator<Item = String> {
        let kinds = KINDS.iter().map(|(kind, ..)| format!("@{kind}")).filter(|t| self.knows_target(t));
        kinds.chain(self.services.iter().map(|s| s.id.clone()))
    }

    /// The target that was probably meant by a misspelt one.
    #[must_use]
    pub fn closest_target(&self, target: &str) -> Option<String> {
        let all: Vec<String> = self.targets().collect();
        closest(target, all.iter().map(String::as_str)).map(str::to_owned)
    }

    /// The service that an environment variable configures or holds a key of.
    #[must_use]
    pub fn env_var(&self, name: &str) -> Option<&Service> {
        let at = self.env.get(name).or_else(|| self.env.get(&stem(name, '_')?));
        self.services.get(*at?)
    }

    /// Every package with its service, by ecosystem and name.
    #[must_use]
    pub fn packages(&self) -> Vec<(Ecosystem, &str, &Service)> {
        let all = self.packages.iter();
        let mut all: Vec<_> = all
            .filter_map(|((ecosystem, name), at)| Some((*ecosystem, name.as_str(), self.services.get(*at)?)))
            .collect();
        all.sort_by_key(|(ecosystem, name, _)| (*ecosystem, *name));
        all
    }

    /// Every variable with its service, by name.
    #[must_use]
    pub fn variables(&self) -> Vec<(&str, &Service)> {
        let all = self.env.iter();
        let mut all: Vec<_> =
            all.filter_map(|(name, at)| Some((name.as_str(), self.services.get(*at)?))).collect();
        all.sort_by_key(|(name, _)| *name);
        all
    }

    /// The service that a package is a client of. Python names may be spelt in any of the usual ways.
    #[must_use]
    pub fn package(&self, ecosystem: Ecosystem, name: &str) -> Option<&Service> {
        let name = package_name(ecosystem, name);
        self.services.get(*self.packages.get(&(ecosystem, name))?)
    }
}

/// `WANDB_*` for `WANDB_API_KEY`.
fn stem(name: &str, separator: char) -> Option<String> {
    name.split_once(separator).map(|(head, _)| format!("{head}{separator}*"))
}

/// A package name in the form in which names are compared: for Python lower case, with `-` for `_` and
/// `.`, as PEP 503 says.
fn package_name(ecosystem: Ecosystem, name: &str) -> String {
    match ecosystem {
        Ecosystem::Python => name.to_ascii_lowercase().replace(['_', '.'], "-"),
        Ecosystem::Npm => name.to_owned(),
        Ecosystem::Rust => name.replace('_', "-"),
    }
}

impl Endpoint {
    /// How particularly the endpoint speaks about a path; `None` if it does not.
    fn weight(&self, path: &str) -> Option<usize> {
        if self.paths.is_empty() {
            return Some(0);
        }
        self.paths.iter().filter(|p| p.fits(path)).map(PathPattern::weight).max()
    }
}

/// A host that the list knows.
#[derive(Debug, Clone, Copy)]
pub struct HostHit<'s> {
    services: &'s Services,
    known: &'s Known,
    place: Option<&'s str>,
}

impl<'s> HostHit<'s> {
    /// What an exchange with the host is, with path and method if they were seen.
    #[must_use]
    pub fn at(&self, path: Option<&str>, method: Method) -> Option<Match<'s>> {
        let HostHit { services, known, place } = *self;
        let Some(path) = path.filter(|_| method != Method::Connect) else {
            return Some(by_name(services.services.get(known.owner)?, known, place));
        };
        let any =
            known.rules.iter().filter_map(|rule| services.rule(*rule)).filter_map(|(service, endpoint)| {
                let weight = endpoint.weight(path)?;
                let used = match method {
                    Method::Read => endpoint.reads,
                    Method::Write => endpoint.writes,
                    Method::Connect | Method::Other => true,
                };
                Some((used, weight, !endpoint.fetch, service, endpoint))
            });
        // `max_by_key` takes the last of equals; rules are kept in reverse so that the first listed wins.
        let best = any.max_by_key(|(used, weight, sends, ..)| (*used, *weight, *sends));
        match best {
            Some((true, _, _, service, endpoint)) => {
                Some(at_endpoint(service, endpoint, known, place, method))
            }
            Some((false, weight, _, service, _)) if weight > 0 => {
                Some(elsewhere(service, known, place, method))
            }
            _ => Some(elsewhere(services.services.get(known.owner)?, known, place, method)),
        }
    }
}

/// Only the name of the server was seen.
fn by_name<'s>(service: &'s Service, known: &Known, place: Option<&'s str>) -> Match<'s> {
    let fetch = known.sends == DataKinds::of(&[DataKind::Model]);
    let unsure = !fetch && (service.dual_use || known.dual || known.sends.is_empty());
    Match {
        service,
        endpoint: &service.host_id,
        sends: known.sends,
        certainty: if unsure { Certainty::Possible } else { Certainty::Implied },
        fetch,
        place,
        grade: known.grade.unwrap_or(service.grade),
    }
}

fn at_endpoint<'s>(
    service: &'s Service,
    endpoint: &'s Endpoint,
    known: &Known,
    place: Option<&'s str>,
    method: Method,
) -> Match<'s> {
    // Without a method it is not known which of several things was asked for.
    let most =
        if method == Method::Other && !endpoint.fetch { Certainty::Possible } else { Certainty::Implied };
    Match {
        service,
        endpoint: &endpoint.id,
        sends: endpoint.sends,
        certainty: endpoint.certainty.min(most),
        fetch: endpoint.fetch,
        place,
        grade: known.grade.unwrap_or(service.grade),
    }
}

/// A path that no endpoint of that method lists: reading is taken to be a status or a result, writing
/// may carry whatever the service takes.
fn elsewhere<'s>(service: &'s Service, known: &Known, place: Option<&'s str>, method: Method) -> Match<'s> {
    let dual = service.dual_use || known.dual || method == Method::Other;
    let reading = method == Method::Read;
    Match {
        service,
        endpoint: &service.other_id,
        sends: if reading { DataKinds::NONE } else { service.sends },
        certainty: if dual && !reading { Certainty::Possible } else { Certainty::Implied },
        fetch: false,
        place,
        grade: known.grade.unwrap_or(service.grade),
    }
}

#[cfg(test)]
mod tests;

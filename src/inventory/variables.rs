//! The variables that a program is started with, judged together.
//!
//! A credential means something else beside an address than alone: a key for a vendor goes to whoever the
//! vendor's address variable names. And an address is used or idle by what an engine selector says. So the
//! variables of one program are looked at as a whole.

mod credentials;
mod endpoints;
mod set;
mod switches;

use super::Context;
use super::command::{self, Parts};
use super::endpoint::{by_host, host_of, shown};
pub(super) use super::interpolate::Given;
use super::interpolate::given;
use crate::model::data::{Certainty, DataKind, DataKinds, Locality};
use crate::model::inventory::{
    Asset, AssetKind, FileInventory, HostName, Operation, Setting, Spelled, State, Verdict, Where,
};
use crate::services::environment::{Environment, ImageRole};
pub(super) use set::Set;
use std::collections::BTreeSet;

/// Services whose empty credentials still say that the program is their client. A file that leaves room for
/// more is a catalogue to choose from.
const FEW: usize = 2;
/// Most operations, and most assets, of one file.
const MOST: usize = 10_000;
/// Most settings of one file.
const MOST_SETTINGS: usize = 50_000;

/// A variable of a program.
#[derive(Debug, Clone)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) given: Given,
    pub(super) place: Where,
    /// Its value as written, for those that hold flags.
    raw: String,
}

impl Variable {
    /// A variable whose value is written; `known` holds what the same file sets.
    pub(super) fn read(
        name: &str,
        value: &str,
        place: Where,
        known: &dyn Fn(&str) -> Option<Given>,
    ) -> Variable {
        Variable { name: name.to_owned(), given: given(value, known), place, raw: value.to_owned() }
    }

    /// A variable whose value is not for reading.
    pub(super) fn with(name: &str, given: Given, place: Where) -> Variable {
        let raw = given.by_default().unwrap_or_default().to_owned();
        Variable { name: name.to_owned(), given, place, raw }
    }
}

/// What a name stands for inside a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sibling {
    /// A part of the deployment that the file describes; why.
    Here(String),
    /// Something inside by the form of its name; another file may say what. Why.
    Inside(String),
    /// A part of the deployment that passes prompts on, as its own configuration says; why.
    Gateway(String),
    /// A host outside.
    Outside(String),
}

/// A program as its file describes it.
pub(super) struct Program<'p> {
    /// Its name, for ids; empty if the file is about one program only.
    pub(super) name: &'p str,
    /// Whether it is started as saved.
    pub(super) state: State,
    /// Whether the file starts it, so that an address is used, or only hands values on.
    pub(super) runs: bool,
    /// Its variables.
    pub(super) variables: &'p [Variable],
    /// What a host name stands for.
    pub(super) siblings: &'p dyn Fn(&str) -> Option<Sibling>,
}

/// What the programs of a file show, on its way to an inventory.
pub(super) struct Found<'a> {
    pub(super) path: &'a str,
    pub(super) context: &'a Context<'a>,
    pub(super) operations: Vec<Operation>,
    pub(super) assets: Vec<Asset>,
    pub(super) settings: Vec<Setting>,
    pub(super) hosts: Vec<HostName>,
    pub(super) notes: Vec<String>,
    /// Whether anything in the file has to do with making images.
    pub(super) relevant: bool,
    /// Whether a hosted service is within reach although nothing in the file calls it.
    pub(super) capable: bool,
    /// Whether an address that nothing in the file calls is nobody's yet.
    pub(super) open: bool,
    /// Whether the file was not read whole, or could not be.
    pub(super) partial: bool,
    /// Services whose credentials have a name and no value.
    asked: BTreeSet<String>,
}

impl<'a> Found<'a> {
    pub(super) fn new(path: &'a str, context: &'a Context<'a>) -> Found<'a> {
        Found {
            path,
            context,
            operations: Vec::new(),
            assets: Vec::new(),
            settings: Vec::new(),
            hosts: Vec::new(),
            notes: Vec::new(),
            relevant: false,
            capable: false,
            open: false,
            partial: false,
            asked: BTreeSet::new(),
        }
    }

    /// Takes in what a program's variables say.
    pub(super) fn program(&mut self, program: &Program<'_>) {
        self.judge(program);
        for variable in program.variables {
            if let Some(parts) =
                command::variable(&variable.name, &variable.raw, &variable.place, self.context)
            {
                self.commands(parts, program);
            }
        }
    }

    /// What variables say without the flags that some hold.
    fn judge(&mut self, program: &Program<'_>) {
        let environment = Environment::shipped();
        let idle = self.engines(program, environment);
        let served = self.endpoints(program, environment, &idle);
        self.credentials(program, environment, &served);
        self.switches(program, environment);
        if program.variables.iter().any(|v| environment.is_of_local_program(&v.name)) {
            self.relevant = true;
        }
    }

    /// Takes in what the command lines of a program do.
    pub(super) fn commands(&mut self, parts: Parts, program: &Program<'_>) {
        self.relevant |= !parts.programs.is_empty() || !parts.assets.is_empty();
        for mut operation in parts.operations {
            operation.id = id(program.name, &operation.id);
            self.settle(&mut operation, program.siblings);
            self.push(operation, program);
        }
        for mut asset in parts.assets {
            if program.state != State::Active {
                asset.state = program.state;
            }
            asset.name = id(program.name, &asset.name);
            self.asset(asset);
        }
        // What the lines set themselves, for whatever they start.
        let runs = program.runs && parts.starts;
        self.judge(&Program { runs, variables: &parts.variables, ..*program });
        self.settings.extend(parts.settings);
        self.notes.extend(parts.notes);
        if parts.partial {
            self.partial = true;
            self.notes.push("a command line in it is too long to be read whole".to_owned());
        }
    }

    /// Hands the variables of a program on to the rest of the tree.
    pub(super) fn export(&mut self, variables: &[Variable], certainty: Certainty) {
        let environment = Environment::shipped();
        for variable in variables {
            if self.settings.len() >= MOST_SETTINGS {
                self.limit();
                return;
            }
            let value = match &variable.given {
                Given::Text(text) if !environment.is_secret(&variable.name) => Some(text.trim().to_owned()),
                _ => None,
            };
            self.settings.push(Setting {
                name: variable.name.clone(),
                value,
                certainty,
                place: variable.place.clone(),
            });
        }
    }

    /// Takes in what is known of a container image.
    pub(super) fn image(&mut self, program: &str, state: State, reference: &str, place: Where) {
        let Some(image) = Environment::shipped().image(reference) else { return };
        let id = id(program, "image");
        match image.role {
            ImageRole::Local | ImageRole::Gateway => self.relevant |= state == State::Active,
            ImageRole::Tunnel => {
                let spelled = Spelled { vendor: image.service.clone(), ..Spelled::default() };
                let what = "the image opens a tunnel: whatever it serves passes through a third party";
                let kinds = DataKinds::of(&[DataKind::Prompt, DataKind::Image]);
                let mut operation =
                    super::endpoint::operation(place, &id, kinds, what, spelled, self.context);
                operation.state = state;
                self.add(operation);
            }
            ImageRole::Update => self.add(Operation {
                id,
                place,
                state,
                sends: DataKinds::NONE,
                fetch: true,
                service: None,
                route: Vec::new(),
                locality: Locality::Remote,
                certainty: Certainty::Implied,
                because: "the image replaces others by newer ones from their registries, without being asked"
                    .to_owned(),
                decided_at: None,
                spelled: None,
            }),
        }
    }

    /// A port or address that takes requests from other machines.
    pub(super) fn listener(&mut self, name: &str, state: State, place: Where, because: &str) {
        self.asset(Asset {
            kind: AssetKind::Listener,
            name: shown(name),
            place,
            state,
            service: None,
            sha256: None,
            because: because.to_owned(),
        });
    }

    /// Something that keeps data in.
    pub(super) fn guard(&mut self, name: &str, state: State, place: Where, because: String) {
        self.asset(Asset {
            kind: AssetKind::Guard,
            name: shown(name),
            place,
            state,
            service: None,
            sha256: None,
            because,
        });
    }

    /// A download from where an address says; one that names no host is none.
    pub(super) fn download(&mut self, name: &str, state: State, place: Where, address: &str, what: &str) {
        let Some(host) = host_of(address) else { return };
        let target = by_host(&host, format!("it names `{}`", shown(&host)), self.context);
        self.add(Operation {
            id: shown(name),
            place,
            state,
            sends: DataKinds::NONE,
            fetch: true,
            service: target.service,
            route: target.route,
            locality: target.locality,
            certainty: target.certainty,
            because: format!("{what}; {}", target.because),
            decided_at: None,
            spelled: None,
        });
    }

    /// Puts an operation at a name of the deployment where the name stands for something.
    pub(super) fn settle(&self, operation: &mut Operation, siblings: &dyn Fn(&str) -> Option<Sibling>) {
        let Some(spelled) = &operation.spelled else { return };
        if operation.locality == Locality::Local || !spelled.variables.is_empty() {
            return;
        }
        let Some(host) = spelled.address.as_deref().and_then(host_of) else { return };
        let sibling = siblings(&host);
        let described = matches!(sibling, Some(Sibling::Here(_)));
        match sibling {
            Some(Sibling::Here(why) | Sibling::Inside(why)) => {
                operation.locality = Locality::Local;
                operation.certainty = Certainty::Implied;
                operation.service = None;
                operation.route = vec![host];
                operation.because = format!("{}; {why}", operation.because);
                if described {
                    operation.spelled = None;
                }
            }
            Some(Sibling::Gateway(why)) => {
                operation.locality = Locality::Undetermined;
                operation.certainty = Certainty::Undetermined;
                operation.service = None;
                operation.route = vec![host];
                operation.because = format!("{}; {why}, {PASSES_ON}", operation.because);
                operation.spelled = None;
            }
            Some(Sibling::Outside(outside)) => {
                let why = format!("{}; which stands for `{}`", operation.because, shown(&outside));
                let target = by_host(&outside, why, self.context);
                operation.locality = target.locality;
                operation.certainty = target.certainty;
                operation.service = target.service;
                operation.route = target.route;
                operation.because = target.because;
                operation.spelled = None;
            }
            None => {}
        }
    }

    /// Says, once, that there is more than is looked at.
    fn limit(&mut self) {
        const NOTE: &str = "it holds more than is looked at: only the first part of it was judged";
        self.partial = true;
        if self.notes.iter().all(|note| note != NOTE) {
            self.notes.push(NOTE.to_owned());
        }
    }

    /// Adds an asset.
    pub(super) fn asset(&mut self, asset: Asset) {
        if self.assets.len() < MOST { self.assets.push(asset) } else { self.limit() }
    }

    /// Adds an operation.
    pub(super) fn add(&mut self, operation: Operation) {
        if self.operations.len() < MOST { self.operations.push(operation) } else { self.limit() }
    }

    /// What the file says.
    pub(super) fn finish(mut self, kind: &str) -> FileInventory {
        let judged = FileInventory::judge(&self.operations, &self.assets);
        let waits = |fetch: bool| {
            let outside = self.operations.iter().filter(|o| o.locality != Locality::Local);
            outside.filter(|o| o.state == State::NotReached && o.fetch == fetch).count() > 0
        };
        let verdict = match judged {
            Verdict::Remote => judged,
            _ if self.partial => Verdict::Undetermined,
            Verdict::Undetermined | Verdict::RemoteCapable => judged,
            _ if self.capable || (1..=FEW).contains(&self.asked.len()) => Verdict::RemoteCapable,
            _ if self.open || self.asked.len() > FEW => Verdict::Undetermined,
            // Addresses that wait for somebody to use them were weighed above; a download among them counts.
            Verdict::Inactive if waits(true) => Verdict::FetchOnly,
            Verdict::Inactive if waits(false) => Verdict::Local,
            Verdict::Local if !self.relevant && self.operations.is_empty() => Verdict::NoEvidence,
            judged => judged,
        };
        if verdict == Verdict::Undetermined && self.asked.len() > FEW {
            self.notes
                .push("it has room for credentials of many services and fills none of them in".to_owned());
        }
        FileInventory {
            verdict,
            operations: self.operations,
            assets: self.assets,
            settings: self.settings,
            hosts: self.hosts,
            notes: self.notes,
            ..FileInventory::new(self.path, kind)
        }
    }
}

/// The id of something that belongs to a program.
pub(super) fn id(program: &str, what: &str) -> String {
    if program.is_empty() { shown(what) } else { format!("{} {}", shown(program), shown(what)) }
}

/// A file that holds the words of a kind and is not UTF-8.
pub(super) fn not_utf8(file: &super::File<'_>, kind: &str, words: &[&str]) -> Option<FileInventory> {
    let ours = file.text().is_none() && words.iter().all(|word| file.holds(word));
    ours.then(|| FileInventory {
        verdict: Verdict::Undetermined,
        notes: vec!["not read whole: it is not UTF-8".to_owned()],
        ..FileInventory::new(file.path, kind)
    })
}

/// What is said of a gateway.
pub(super) const PASSES_ON: &str = "a gateway: its configuration decides who gets what it is sent";

/// Whether an image, or a name given like one, is of a gateway.
pub(super) fn is_gateway(image: &str) -> bool {
    Environment::shipped().image(image).is_some_and(|image| image.role == ImageRole::Gateway)
}

/// A deployment without names of its own.
pub(super) fn no_siblings(_: &str) -> Option<Sibling> {
    None
}

#[cfg(test)]
mod tests;

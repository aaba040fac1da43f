//! Variables that hold an address, and those that select among engines.

use super::{Found, Given, Program, Variable, id};
use crate::inventory::endpoint::{host_of, operation};
use crate::model::Method;
use crate::model::data::{DataKind, DataKinds, Locality};
use crate::model::inventory::{Operation, Spelled, State};
use crate::services::environment::{Choice, Endpoint, Engine, Environment};
use std::collections::{BTreeMap, BTreeSet};

/// What a client must be able to take for an address of general name to count.
const CONTENT: DataKinds =
    DataKinds::of(&[DataKind::Prompt, DataKind::Image, DataKind::Mask, DataKind::Embedding]);

/// By vendor: whether requests that its client makes leave, and where the file says so.
pub(super) type Served = BTreeMap<String, (Locality, String)>;

impl Found<'_> {
    /// Takes in the engines that are selected; the variables whose addresses were weighed.
    pub(super) fn engines(&mut self, program: &Program<'_>, environment: &Environment) -> BTreeSet<String> {
        let mut weighed = BTreeSet::new();
        for engine in environment.engines() {
            let find = |name: &str| program.variables.iter().find(|v| v.name == name);
            let (selector, switch) = (find(&engine.selector), find(&engine.switch));
            let Some(decides) = selector.or(switch) else { continue };
            self.relevant = true;
            let off = |v: &Variable| v.given.by_default().is_some_and(|t| t.eq_ignore_ascii_case("false"));
            let on = !switch.is_some_and(off);
            let selected = match selector.map(|v| &v.given) {
                None => Some(engine.default.as_str()),
                Some(given) => given.by_default().map(|v| if v.is_empty() { &engine.default } else { v }),
            };
            let known = engine.choices.iter().any(|c| Some(c.value.as_str()) == selected);
            for choice in &engine.choices {
                weighed.extend(choice.variables.first().cloned());
                let chosen = Some(choice.value.as_str()) == selected;
                let set = choice.variables.iter().find_map(|name| find(name));
                if !chosen && choice.variables.first().and_then(|name| find(name)).is_none() {
                    continue;
                }
                let at = set.unwrap_or(decides);
                let mut operation = self.engine(program, engine, choice, set, at);
                if !(on && chosen) {
                    operation.state = State::Inactive;
                    let why = if on { "another engine is selected" } else { "it is switched off" };
                    operation.because = format!("{}; {why}", operation.because);
                }
                self.push(operation, program);
            }
            if on && !known {
                let what = format!("`{}` selects an engine", engine.selector);
                let variables = match selector.map(|v| &v.given) {
                    Some(Given::Open { variables, .. }) => variables.clone(),
                    _ => Vec::new(),
                };
                let spelled = Spelled { variables, ..Spelled::default() };
                let name = id(program.name, &engine.selector);
                let mut operation =
                    operation(decides.place.clone(), &name, engine.sends, &what, spelled, self.context);
                operation.spelled = None;
                self.push(operation, program);
            }
        }
        weighed
    }

    fn engine(
        &self,
        program: &Program<'_>,
        engine: &Engine,
        choice: &Choice,
        set: Option<&Variable>,
        at: &Variable,
    ) -> Operation {
        let name = choice.variables.first().unwrap_or(&choice.value);
        let what = format!("engine `{}` of `{}`", choice.value, engine.selector);
        let (mut spelled, whole) = match set {
            Some(variable) => spelled(&variable.given, choice.vendor.as_deref()),
            None => (Spelled { vendor: choice.vendor.clone(), ..Spelled::default() }, true),
        };
        if set.is_none() {
            spelled.variables.extend(choice.variables.iter().cloned());
        }
        let id = id(program.name, name);
        let mut made = operation(at.place.clone(), &id, engine.sends, &what, spelled, self.context);
        self.settle(&mut made, program.siblings);
        if !whole {
            made.spelled = None;
        }
        made
    }

    /// Takes in every other variable that holds an address; where each vendor's client was sent.
    pub(super) fn endpoints(
        &mut self,
        program: &Program<'_>,
        environment: &Environment,
        weighed: &BTreeSet<String>,
    ) -> Served {
        let mut served = Served::new();
        let keys = self.keys(program, environment);
        for variable in program.variables {
            let Some(endpoint) = environment.endpoint(&variable.name) else { continue };
            if environment.is_listen(&variable.name) && self.listens(program, variable) {
                continue;
            }
            for (given, several) in each(&variable.given) {
                let Some(operation) = self.endpoint(program, variable, endpoint, &given, &keys) else {
                    continue;
                };
                if let Some(vendor) = &endpoint.vendor {
                    let named = given.by_default().is_some_and(|text| !text.is_empty());
                    if named && !several {
                        let place = operation.route.first().cloned().unwrap_or_default();
                        served.insert(vendor.clone(), (operation.locality, place));
                    }
                }
                if !weighed.contains(&variable.name) {
                    self.push(operation, program);
                }
            }
        }
        served
    }

    fn endpoint(
        &self,
        program: &Program<'_>,
        variable: &Variable,
        endpoint: &Endpoint,
        given: &Given,
        keys: &BTreeSet<String>,
    ) -> Option<Operation> {
        let default = given.by_default().map(str::trim);
        let empty = default.is_none_or(str::is_empty);
        if endpoint.general && (empty || !self.is_of_model(default?)) {
            return None;
        }
        let vendor = endpoint.vendor.as_deref();
        // Nothing is set, and nobody would be talked to for want of it.
        if default == Some("") && (vendor.is_none() || endpoint.fetch || !program.runs) {
            return None;
        }
        if *given == Given::Secret && vendor.is_none() {
            return None;
        }
        let (spelled, whole) = spelled(given, vendor);
        let sends = if endpoint.fetch { DataKinds::NONE } else { endpoint.sends };
        let what =
            if program.runs { "an address that the program is given" } else { "an address for programs" };
        let id = id(program.name, &variable.name);
        let mut made = operation(variable.place.clone(), &id, sends, what, spelled, self.context);
        made.fetch = endpoint.fetch;
        self.settle(&mut made, program.siblings);
        if !whole {
            made.spelled = None;
        }
        // The vendor's default alone shows nothing: most programs have room for an address they do not need.
        if !program.runs || (empty && vendor.is_some_and(|vendor| !keys.contains(vendor))) {
            made.state = State::NotReached;
        }
        Some(made)
    }

    /// Whether an address under a general name is that of a model: a service that takes content, or a host
    /// that has no place yet.
    fn is_of_model(&self, address: &str) -> bool {
        let Some(host) = host_of(address) else { return false };
        match self.context.services.lookup(&host, None, Method::Write) {
            Some(found) => found.service.generation && !found.service.sends.intersection(CONTENT).is_empty(),
            None => (self.context.locality)(&host) != Locality::Remote && address.contains("://"),
        }
    }

    /// Vendors whose key the program is given.
    fn keys(&self, program: &Program<'_>, environment: &Environment) -> BTreeSet<String> {
        let filled = |v: &&Variable| match &v.given {
            Given::Text(text) => !environment.is_placeholder(&v.name, text),
            Given::Open { default, .. } => default.as_deref() != Some(""),
            Given::Secret => true,
        };
        let secrets = program.variables.iter().filter(|v| environment.is_secret(&v.name));
        let services = secrets.filter(filled).filter_map(|v| self.context.services.env_var(&v.name));
        services.map(|s| s.id.clone()).collect()
    }

    /// Whether an address is where the program listens; noted if others can reach it.
    fn listens(&mut self, program: &Program<'_>, variable: &Variable) -> bool {
        let Given::Text(text) = &variable.given else { return false };
        let everywhere = host_of(text).is_some_and(|h| h == "0.0.0.0" || h == "::");
        if everywhere {
            self.relevant = true;
            let name = id(program.name, &variable.name);
            let because = "it is told to take requests at every address of the machine";
            self.listener(&name, program.state, variable.place.clone(), because);
        }
        everywhere
    }

    /// Adds an operation of a program, and what follows from it for the file.
    pub(in crate::inventory) fn push(&mut self, mut operation: Operation, program: &Program<'_>) {
        if program.state != State::Active {
            operation.state = program.state;
        }
        if !program.runs && operation.state == State::Active {
            operation.state = State::NotReached;
        }
        self.relevant = true;
        if operation.state == State::NotReached && !operation.fetch {
            self.capable |= operation.locality == Locality::Remote;
            self.open |= operation.locality == Locality::Undetermined && !is_sibling_name(&operation);
        }
        self.add(operation);
    }
}

/// Whether the address is a name without a dot: one that only the programs of a deployment give each other.
fn is_sibling_name(operation: &Operation) -> bool {
    let address = operation.spelled.as_ref().and_then(|s| s.address.as_deref());
    address.and_then(host_of).is_some_and(|host| !host.contains(['.', ':']))
}

/// Where a value leads, and whether whoever sets its variables decides the whole of it.
fn spelled(given: &Given, vendor: Option<&str>) -> (Spelled, bool) {
    let vendor = vendor.map(str::to_owned);
    let filled = |text: &str| Some(text.trim().to_owned()).filter(|t| !t.is_empty());
    match given {
        Given::Text(text) => (Spelled { variables: Vec::new(), address: filled(text), vendor }, true),
        Given::Open { variables, default, whole } => {
            let address = default.as_deref().and_then(filled);
            // A part that is open makes the host unknown, not the vendor's.
            let vendor = vendor.filter(|_| *whole);
            (Spelled { variables: variables.clone(), address, vendor }, *whole)
        }
        Given::Secret => {
            let variables = vec!["a secret".to_owned()];
            (Spelled { variables, address: None, vendor: None }, false)
        }
    }
}

/// The addresses of a list `a;b`; whether there are more than one.
fn each(given: &Given) -> Vec<(Given, bool)> {
    match given {
        Given::Text(text) if text.contains([';', ',']) => {
            let parts = text.split([';', ',']).map(str::trim).filter(|p| !p.is_empty());
            parts.map(|p| (Given::Text(p.to_owned()), true)).collect()
        }
        given => vec![(given.clone(), false)],
    }
}

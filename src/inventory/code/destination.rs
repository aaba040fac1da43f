//! Where a client's calls go: its arguments, what sets up its package, variables, its service.

use super::address::{Address, Said, address};
use super::evaluate::Known;
use super::program::{Argument, Id};
use super::reader::Reader;
use super::value::{Made, Value};
use crate::inventory::endpoint::{self, Target, by_host, shown, unknown, vendor};
use crate::model::Method;
use crate::model::data::{Certainty, Locality};
use crate::model::inventory::Spelled;
use crate::services::sdks::{Client, Package};

/// Models of models that are followed.
const DEEPEST: usize = 4;

impl<'a> Reader<'a> {
    /// Where a known call goes: the worst of what is possible.
    pub(super) fn destination(&self, known: &Known, arguments: &[Argument]) -> Target {
        self.destination_of(&known.made, arguments, known.call.model.as_deref(), 0)
    }

    /// Where what is made goes, called with these arguments.
    pub(super) fn destination_of(
        &self,
        made: &Made,
        arguments: &[Argument],
        model: Option<&str>,
        depth: usize,
    ) -> Target {
        let Some((package, client)) = self.evaluator.client(made) else {
            return unknown("the client is not known");
        };
        let own = made.by.and_then(|id| self.evaluator.program.call(id));
        let own = own.map_or(arguments, |call| call.arguments.as_slice());
        let service = self.service(package, client, own, made);
        let said = self.addresses(package, client, own, made);
        let mut targets: Vec<Target> = said.iter().map(|said| self.target(said, service)).collect();
        if targets.is_empty()
            && let Some(model) =
                model.and_then(|name| self.named(arguments, name).or_else(|| self.at(arguments, 0)))
            && depth < DEEPEST
        {
            targets = self.by_model(model, client, arguments, depth);
        }
        if targets.is_empty() {
            targets.push(self.by_default(client, service));
        }
        let mut target = targets
            .into_iter()
            .max_by_key(|t| severity(t.locality))
            .unwrap_or_else(|| unknown("nothing says where"));
        self.passed_on(&mut target, client, arguments, model);
        self.provider(&mut target, client, own);
        if let Some(fact) = self.region(client, own, made).filter(|_| target.locality != Locality::Local) {
            target.because = format!("{}; {fact}", target.because);
        }
        target
    }

    fn service(
        &self,
        package: &'static Package,
        client: &'static Client,
        own: &[Argument],
        made: &Made,
    ) -> Option<&'static str> {
        let switched = client.switch.iter().find(|(argument, _)| {
            self.arguments_of(own, made)
                .iter()
                .any(|a| self.named(a, argument).is_some_and(|id| self.is_true(id)))
        });
        let service =
            switched.map(|(_, service)| service).or(client.service.as_ref()).or(package.service.as_ref());
        service.map(String::as_str)
    }

    /// The arguments that count for a client: its own, its session's, those of what sets up its package.
    fn arguments_of<'b>(&'b self, own: &'b [Argument], made: &'b Made) -> Vec<&'b [Argument]> {
        let mut all = vec![own];
        let session = made.session.as_ref().and_then(|s| self.evaluator.program.call(s.by?));
        all.extend(session.map(|call| call.arguments.as_slice()));
        all.extend(self.setups.get(&made.package).into_iter().flatten().copied());
        all
    }

    /// Every address that the file gives a client.
    pub(super) fn addresses(
        &self,
        package: &Package,
        client: &Client,
        own: &[Argument],
        made: &Made,
    ) -> Vec<Said> {
        let mut ids: Vec<Id> = Vec::new();
        for arguments in self.arguments_of(own, made) {
            ids.extend(client.address.iter().filter_map(|name| self.named(arguments, name)));
        }
        if made.by.is_some() {
            ids.extend(client.address_at.and_then(|at| self.at(own, at)));
        }
        if client.module && made.by.is_none() {
            let roots = package
                .imports
                .iter()
                .flat_map(|root| client.address.iter().map(move |a| format!("{root}.{a}")));
            ids.extend(roots.filter_map(|path| self.evaluator.set_at(&path)));
        }
        let mut said = Vec::new();
        for id in ids {
            for value in self.evaluator.values(id).iter() {
                if client.address_if_url
                    && !value.to_text().head().contains("://")
                    && !is_url_by_default(value)
                {
                    continue;
                }
                match address(value) {
                    Address::Said(it) => said.push(it),
                    // A path below the own server: a proxy of the same program, which goes to the service.
                    Address::Relative(_) | Address::Absent => {}
                }
            }
        }
        said
    }

    fn target(&self, said: &Said, service: Option<&str>) -> Target {
        if let Some(host) = said.wild() {
            let because = format!("it names a host like `{}`", shown(&host));
            return by_host(&host, because, self.context);
        }
        let mut spelled = said.spelled(service);
        // What the file sets itself needs no other file.
        if let Some(value) = spelled.variables.iter().find_map(|v| self.set_to(v)) {
            spelled = Spelled { address: Some(value.to_owned()), ..Spelled::default() };
        }
        endpoint::target(spelled, self.context)
    }

    fn by_default(&self, client: &Client, service: Option<&str>) -> Target {
        if let Some((name, value)) = client.variables.iter().find_map(|v| Some((v, self.set_to(v)?))) {
            let spelled = Spelled { address: Some(value.to_owned()), ..Spelled::default() };
            let mut target = endpoint::target(spelled, self.context);
            target.because = format!("`{name}` is set in the file: {}", target.because);
            return target;
        }
        let spelled = Spelled {
            variables: client.variables.clone(),
            address: client.default.clone(),
            vendor: service.filter(|_| client.default.is_none()).map(str::to_owned),
        };
        endpoint::target(spelled, self.context)
    }

    /// A model decides: of another package, or by the provider in its name.
    fn by_model(&self, model: Id, client: &Client, arguments: &[Argument], depth: usize) -> Vec<Target> {
        let of_value = |value: &Value| match value {
            Value::Object(made, _) => Some(self.destination_of(made, arguments, None, depth + 1)),
            Value::Symbol(path) => {
                let (package, _) = self.evaluator.sdks.resolve(self.evaluator.language, path)?;
                let service = package.service.as_deref()?;
                Some(vendor(service, Certainty::Stated, format!("a model of `{}`", package.name)))
            }
            Value::Text(text) if client.default.is_none() => Some(self.by_model_name(text.head())),
            Value::Open(open) if client.default.is_none() => match &open.default {
                super::value::Fallback::Text(text) => {
                    let mut target = self.by_model_name(text);
                    target.certainty = target.certainty.min(Certainty::Implied);
                    Some(target)
                }
                _ => Some(unknown("the model decides, and is chosen elsewhere")),
            },
            Value::Unknown if client.default.is_none() => {
                Some(unknown("the model decides, and is chosen elsewhere"))
            }
            _ => None,
        };
        self.evaluator.values(model).iter().filter_map(of_value).collect()
    }

    fn by_model_name(&self, model: &str) -> Target {
        let sdks = self.evaluator.sdks;
        let provider = model.split_once('/').map(|(provider, _)| provider);
        if let Some(address) = provider.and_then(|p| sdks.local_provider(p)) {
            return endpoint::target(
                Spelled { address: Some(address.to_owned()), ..Spelled::default() },
                self.context,
            );
        }
        let service = provider.and_then(|p| sdks.provider(p)).or_else(|| sdks.model(model));
        match service {
            Some(service) => {
                vendor(service, Certainty::Stated, format!("the model's name leads to {service}"))
            }
            None => unknown("the model decides, and no list knows its provider"),
        }
    }

    /// A local program may pass on what a model is asked.
    fn passed_on(&self, target: &mut Target, client: &Client, arguments: &[Argument], model: Option<&str>) {
        let Some(model) =
            model.filter(|_| client.default.is_some()).and_then(|name| self.named(arguments, name))
        else {
            return;
        };
        let Some(service) = self.evaluator.text(model).and_then(|m| self.evaluator.sdks.passed_on(&m)) else {
            return;
        };
        *target = vendor(
            service,
            Certainty::Stated,
            format!("the model runs at {service}, through the local program"),
        );
    }

    /// The vendor behind a router.
    fn provider(&self, target: &mut Target, client: &Client, own: &[Argument]) {
        let Some(id) = client.provider.as_ref().and_then(|name| self.named(own, name)) else { return };
        if target.locality != Locality::Remote {
            return;
        }
        match self.evaluator.text(id).and_then(|name| self.evaluator.sdks.provider(&name)) {
            Some(service) if !target.route.iter().any(|r| r == service) => {
                target.route.push(service.to_owned());
                target.because = format!("{}, then to {service}", target.because);
            }
            Some(_) => {}
            None => target.because = format!("{}, then to a provider that no list knows", target.because),
        }
    }

    /// The place of processing, as the file states it.
    fn region(&self, client: &Client, own: &[Argument], made: &Made) -> Option<String> {
        let of = |arguments: &&[Argument]| client.region.iter().find_map(|name| self.named(arguments, name));
        let id = self.arguments_of(own, made).iter().find_map(of)?;
        let values = self.evaluator.values(id);
        match values.first()? {
            Value::Open(open) => {
                let name = open.names.first().map(|n| shown(n)).unwrap_or_default();
                Some(match &open.default {
                    super::value::Fallback::Text(region) => {
                        format!("`{name}` decides the region; without it, {}", self.place_of(client, region))
                    }
                    _ => format!("`{name}` decides the region"),
                })
            }
            value => Some(format!("region stated: {}", self.place_of(client, &value.whole()?))),
        }
    }

    fn place_of(&self, client: &Client, region: &str) -> String {
        let host = client.region_host.as_ref().map(|host| host.replace("{region}", region));
        let place =
            host.as_ref().and_then(|host| self.context.services.lookup(host, None, Method::Write)?.place);
        match place {
            Some(place) => format!("`{}` ({place})", shown(region)),
            None => format!("`{}`", shown(region)),
        }
    }
}

fn is_url_by_default(value: &Value) -> bool {
    match value {
        Value::Open(open) => {
            matches!(&open.default, super::value::Fallback::Text(text) if text.contains("://"))
        }
        _ => false,
    }
}

pub(super) fn severity(locality: Locality) -> u8 {
    match locality {
        Locality::Local => 0,
        Locality::Undetermined => 1,
        Locality::Remote => 2,
    }
}

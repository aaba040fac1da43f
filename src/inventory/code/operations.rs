//! From calls to operations.

use super::destination::severity;
use super::evaluate::Known;
use super::program::{Argument, Call, Expr, Id};
use super::reader::Reader;
use super::value::{Fallback, Open, Value};
use crate::inventory::command::loopback;
use crate::inventory::endpoint::{Target, by_host, host_of, shown, unknown, vendor};
use crate::model::DataKind;
use crate::model::data::{Certainty, DataKinds, Locality};
use crate::model::inventory::{Asset, AssetKind, Operation, State};
use crate::services::sdks::{self, Role};
use std::collections::BTreeSet;

/// What passes through a page that a relay makes reachable.
const PAGE: DataKinds = DataKinds::of(&[DataKind::Prompt, DataKind::Image]);

impl Reader<'_> {
    /// Every call of the program.
    pub(super) fn calls(&mut self) {
        let program = self.evaluator.program;
        let mut called = BTreeSet::new();
        let mut made = Vec::new();
        for id in &program.calls {
            let Some(call) = program.call(*id) else { continue };
            let mut known: Vec<Known> = Vec::new();
            for value in self.evaluator.values(call.callee).iter() {
                let Some(found) = self.evaluator.known(value) else { continue };
                if !known.iter().any(|k| std::ptr::eq(k.call, found.call) && k.made.by == found.made.by) {
                    known.push(found);
                }
            }
            for known in &known {
                called.extend(known.made.by);
                self.used.insert(known.made.package);
                self.known_call(*id, known, &call.arguments);
            }
            for value in self.evaluator.values(*id).iter() {
                if let Value::Object(it, path) = value
                    && path.is_empty()
                    && it.by == Some(*id)
                {
                    made.push((*id, it.clone()));
                }
            }
            if known.is_empty() {
                self.by_reference(*id, call, &mut called);
                self.unresolved(*id, call);
            }
            self.remote_code(*id, &call.arguments);
            self.keys(*id, call);
        }
        for (id, made) in made {
            if called.contains(&id) {
                continue;
            }
            let Some((package, client)) = self.evaluator.client(&made) else { continue };
            let target = self.destination_of(&made, &[], None, 0);
            if package.plain && !client.handed_on.is_empty() {
                self.handed_on_anywhere(id, package, client, target);
            } else if !client.handed_on.is_empty() {
                self.used.insert(made.package);
                let what = format!("a client of `{}` is made and handed on", package.name);
                let label = format!("{} client", package.name);
                self.push(id, &label, client.handed_on, &what, target);
            } else if target.locality == Locality::Local {
                // What talks to the machine itself makes nothing capable of more.
                self.used.insert(made.package);
                self.asset(
                    id,
                    AssetKind::Package,
                    &package.name,
                    None,
                    State::Active,
                    &format!("its client is made here; {}", target.because),
                );
            }
        }
    }

    fn known_call(&mut self, id: Id, known: &Known, arguments: &[Argument]) {
        match known.call.role {
            Role::Send => self.send(id, known, arguments),
            Role::Http => self.http(id, known.call, Some(known), arguments, &known.path),
            Role::Fetch => self.fetch(id, known, arguments),
            Role::Serve => self.serve(id, known.call, arguments),
            Role::Command => self.command(id, known.call, arguments),
        }
    }

    fn label(&self, known: &Known) -> String {
        let package = self.package(known.made.package).map_or("", |p| p.name.as_str());
        format!("{package} {}", known.path).trim_end().to_owned()
    }

    fn send(&mut self, id: Id, known: &Known, arguments: &[Argument]) {
        let Some((package, client)) = self.evaluator.client(&known.made) else { return };
        // The command that is sent decides, where several are sent by one method.
        let first = arguments.first().map(|a| self.evaluator.values(a.value));
        let fits = |call: &&sdks::Call| {
            call.with.is_empty()
                || first.iter().flat_map(|values| values.iter()).any(|v| match v {
                    Value::Symbol(path) => call.with.iter().any(|w| path.rsplit('.').next() == Some(w)),
                    Value::Unknown => call.role == Role::Send,
                    _ => false,
                })
        };
        let Some(call) = self.evaluator.sdks.calls_at(client, &known.path).find(fits) else { return };
        if call.role == Role::Fetch {
            let known = Known { call, ..known.clone() };
            return self.fetch(id, &known, arguments);
        }
        let carried = self.evaluator.carried(arguments, &call.body, call.body_at);
        let mut sends = call.sends.union(carried.kinds.intersection(call.may));
        let mut what = format!("`{}` of `{}` is called", shown(&known.path), package.name);
        let hidden = carried.hidden && !sends.union(call.may).eq(&sends);
        if hidden && !(call.body.is_empty() && call.body_at.is_none()) {
            sends = sends.union(call.may);
            what.push_str(" with arguments made elsewhere, which may hold whatever it takes");
        }
        let target = self.destination(known, arguments);
        self.push(id, &self.label(known), sends, &what, target);
    }

    /// `executor.submit(client.images.generate, prompt="...")`: what is handed over is called.
    fn by_reference(&mut self, id: Id, call: &Call, called: &mut BTreeSet<Id>) {
        for (at, argument) in call.arguments.iter().enumerate() {
            if !matches!(self.evaluator.program.expr(argument.value), Expr::Name(..) | Expr::Member(..)) {
                continue;
            }
            let values = self.evaluator.values(argument.value);
            let Some(known) = values.iter().find_map(|v| self.evaluator.known(v)) else { continue };
            if known.call.role == Role::Serve {
                continue;
            }
            called.extend(known.made.by);
            self.used.insert(known.made.package);
            let rest: Vec<Argument> = call
                .arguments
                .iter()
                .enumerate()
                .filter(|(i, a)| *i > at || (a.name.is_some() && *i != at))
                .map(|(_, a)| a.clone())
                .collect();
            self.known_call(id, &known, &rest);
        }
    }

    fn fetch(&mut self, id: Id, known: &Known, arguments: &[Argument]) {
        let call = known.call;
        let label = self.label(known);
        let offline =
            call.offline.iter().find(|name| self.named(arguments, name).is_some_and(|id| self.is_true(id)));
        let what = format!("`{}` loads", shown(&known.path));
        let local = |because: String| Target {
            locality: Locality::Local,
            certainty: Certainty::Stated,
            service: None,
            route: Vec::new(),
            because,
            spelled: None,
        };
        if let Some(name) = offline {
            return self.push_fetch(
                id,
                &label,
                &what,
                local(format!("`{name}` keeps it from downloading")),
                false,
            );
        }
        if let Some(guard) = self.offline_guard() {
            return self.push_fetch(
                id,
                &label,
                &what,
                local(format!("`{guard}` keeps it from downloading")),
                false,
            );
        }
        let source = call.what.iter().find_map(|name| self.named(arguments, name));
        let source = source.or_else(|| self.at(arguments, call.what_at).filter(|_| !call.what.is_empty()));
        let mut targets = Vec::new();
        for value in source.map(|id| self.evaluator.values(id)).iter().flat_map(|v| v.iter()) {
            let (text, implied) = match value {
                Value::Text(text) => (Some(text.head().to_owned()), false),
                Value::Open(Open { default: Fallback::Text(text), .. }) => (Some(text.clone()), true),
                _ => (None, true),
            };
            let mut target = match text {
                Some(text) if is_path(&text) => local("from a path".to_owned()),
                Some(text) if text.contains("://") => match host_of(&text) {
                    Some(host) => by_host(&host, format!("from `{}`", shown(&host)), self.context),
                    None => unknown("from an address that cannot be read"),
                },
                Some(_) => self.destination(known, arguments),
                None => unknown("what is loaded is chosen elsewhere; unless it is a path, it is downloaded"),
            };
            if implied && target.locality == Locality::Local {
                target.locality = Locality::Undetermined;
                target.certainty = Certainty::Undetermined;
                target.because.push_str(", unless another is chosen");
            }
            targets.push(target);
        }
        if source.is_none() {
            targets.push(self.destination(known, arguments));
        }
        let Some(target) = targets.into_iter().max_by_key(|t| severity(t.locality)) else { return };
        if call.code && target.locality != Locality::Local {
            self.asset(
                id,
                AssetKind::RemoteCode,
                &label,
                None,
                State::Active,
                "code of a repository is fetched and run",
            );
        }
        let fetches = target.locality != Locality::Local;
        self.push_fetch(id, &label, &what, target, fetches);
    }

    /// A page or server: where it listens, and whether a relay makes it reachable.
    pub(super) fn serve(&mut self, id: Id, call: &sdks::Call, arguments: &[Argument]) {
        if let Some(host) = call.listen.iter().find_map(|name| self.named(arguments, name)) {
            for value in self.evaluator.values(host).iter() {
                let (text, by) = match value {
                    Value::Text(text) => (text.whole(), None),
                    Value::Open(open) => match &open.default {
                        Fallback::Text(text) => (Some(text.clone()), open.names.first()),
                        Fallback::Nothing => continue,
                        _ => (None, open.names.first()),
                    },
                    _ => (None, None),
                };
                let because = match (&text, by) {
                    (Some(address), _) if loopback(address) => continue,
                    (Some(address), None) => format!("it listens on `{}`", shown(address)),
                    (Some(address), Some(by)) => {
                        format!("it listens on `{}` unless `{}` says otherwise", shown(address), shown(by))
                    }
                    (None, Some(by)) => format!("`{}` decides where it listens", shown(by)),
                    (None, None) => "where it listens is decided elsewhere".to_owned(),
                };
                let name = text.unwrap_or_else(|| "listening address".to_owned());
                self.asset(id, AssetKind::Listener, &shown(&name), None, State::Active, &because);
                break;
            }
        }
        for (argument, service) in &call.share {
            let Some(given) = self.named(arguments, argument) else { continue };
            let values = self.evaluator.values(given);
            let relay = |certainty, because: String| vendor(service, certainty, because);
            for value in values.iter() {
                let (target, state) = match value {
                    Value::Bool(true) => (
                        relay(
                            Certainty::Stated,
                            format!("`{argument}` is true: the page is reachable through {service}"),
                        ),
                        State::Active,
                    ),
                    Value::Open(Open { names, default }) => {
                        let by = names.first().map(|n| shown(n)).unwrap_or_default();
                        match default {
                            Fallback::Bool(true) => (
                                relay(
                                    Certainty::Implied,
                                    format!(
                                        "the page is reachable through {service} unless `{by}` says otherwise"
                                    ),
                                ),
                                State::Active,
                            ),
                            Fallback::Bool(false) | Fallback::Nothing => (
                                relay(Certainty::Stated, format!("off unless `{by}` is given")),
                                State::Inactive,
                            ),
                            _ => (
                                unknown(format!(
                                    "`{by}` decides whether the page is reachable through {service}"
                                )),
                                State::Active,
                            ),
                        }
                    }
                    Value::Bool(false) | Value::Nothing => continue,
                    _ => (
                        unknown(format!(
                            "whether the page is reachable through {service} is decided elsewhere"
                        )),
                        State::Active,
                    ),
                };
                self.push(id, &format!("{argument}=True"), PAGE, "a page is served", target);
                if let Some(last) = self.operations.last_mut() {
                    last.state = state;
                }
                break;
            }
        }
    }

    pub(super) fn push(&mut self, id: Id, label: &str, sends: DataKinds, what: &str, target: Target) {
        self.hosts.extend(target.spelled.as_ref().and_then(|s| host_of(s.address.as_deref()?)));
        self.hosts.extend(target.service.clone());
        self.operations.push(Operation {
            id: shown(label),
            place: self.place(id),
            state: State::Active,
            sends,
            fetch: false,
            service: target.service,
            route: target.route,
            locality: target.locality,
            certainty: target.certainty,
            because: format!("{what}; {}", target.because),
            decided_at: None,
            spelled: target.spelled,
        });
    }

    pub(super) fn push_fetch(&mut self, id: Id, label: &str, what: &str, target: Target, fetch: bool) {
        self.push(id, label, DataKinds::NONE, what, target);
        if let Some(last) = self.operations.last_mut() {
            last.fetch = fetch;
        }
    }

    pub(super) fn asset(
        &mut self,
        id: Id,
        kind: AssetKind,
        name: &str,
        service: Option<&str>,
        state: State,
        because: &str,
    ) {
        self.assets.push(Asset {
            kind,
            name: name.to_owned(),
            place: self.place(id),
            state,
            service: service.map(str::to_owned),
            sha256: None,
            because: because.to_owned(),
        });
    }
}

/// Whether what is loaded is a path of the machine rather than the name of a repository.
fn is_path(text: &str) -> bool {
    let drive = text.as_bytes().get(1) == Some(&b':');
    let weights =
        [".safetensors", ".ckpt", ".pt", ".pth", ".bin", ".gguf", ".onnx", ".json", ".csv", ".parquet"];
    let starts = ["./", "../", "/", "~", "\\", ".\\"].iter().any(|s| text.starts_with(s));
    !text.contains("://") && (starts || drive || text == "." || weights.iter().any(|w| text.ends_with(w)))
}

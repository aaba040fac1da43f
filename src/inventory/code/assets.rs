//! What a program holds besides operations: packages, keys, remote code, offline switches, usage data.

use super::program::{Argument, Call, Id};
use super::reader::Reader;
use super::value::{Fallback, Open, Value};
use crate::inventory::endpoint::shown;
use crate::model::data::Certainty;
use crate::model::inventory::{Asset, AssetKind, Setting, State, Where};
use crate::services::Service;
use crate::services::environment::Environment;
use crate::services::sdks::Switch;
use std::collections::BTreeSet;

/// Parts of the names of variables that hold secrets.
const SECRET: [&str; 6] = ["KEY", "TOKEN", "SECRET", "PASSWORD", "CREDENTIAL", "AUTH"];

impl<'a> Reader<'a> {
    /// Arguments that let fetched code run.
    pub(super) fn remote_code(&mut self, id: Id, arguments: &[Argument]) {
        for risk in self.evaluator.sdks.remote_code() {
            let Some(argument) = arguments.iter().find(|a| a.name.as_deref() == Some(risk.argument.as_str()))
            else {
                continue;
            };
            for value in self.evaluator.values(argument.value).iter() {
                let is = |b: bool| risk.is == if b { "true" } else { "false" };
                let (state, because) = match value {
                    Value::Bool(b) if is(*b) => (State::Active, risk.because.clone()),
                    Value::Text(_) if risk.is == "text" => (State::Active, risk.because.clone()),
                    Value::Open(Open { names, default }) => {
                        let by = names.first().map(|n| shown(n)).unwrap_or_default();
                        match default {
                            Fallback::Bool(b) if is(*b) => {
                                (State::Active, format!("{}, unless `{by}` says otherwise", risk.because))
                            }
                            Fallback::Bool(_) | Fallback::Nothing => {
                                (State::Inactive, format!("off unless `{by}` says otherwise"))
                            }
                            _ => (State::Active, format!("`{by}` decides: {}", risk.because)),
                        }
                    }
                    Value::Unknown => (State::Active, format!("decided elsewhere: {}", risk.because)),
                    _ => continue,
                };
                self.asset(id, AssetKind::RemoteCode, &risk.argument, None, state, &because);
                break;
            }
        }
    }

    /// Keys that stand in the code. Their value is looked at and never kept.
    pub(super) fn keys(&mut self, id: Id, call: &Call) {
        let values = self.evaluator.values(id);
        let Some(made) = values.iter().find_map(|v| match v {
            Value::Object(made, path) if path.is_empty() && made.by == Some(id) => Some(made),
            _ => None,
        }) else {
            return;
        };
        let Some((package, client)) = self.evaluator.client(made) else { return };
        for name in &client.keys {
            let Some(text) = self.named(&call.arguments, name).and_then(|id| self.evaluator.text(id)) else {
                continue;
            };
            if text.is_empty() {
                continue;
            }
            let real = looks_like_a_key(name, &text);
            let service = client.service.as_deref().or(package.service.as_deref());
            let (state, because) = match real {
                true => (State::Active, "a key stands in the code"),
                false => (State::Inactive, "a placeholder stands in the code"),
            };
            self.asset(
                id,
                AssetKind::Credential,
                &format!("{} {name}", package.name),
                service,
                state,
                because,
            );
        }
    }

    /// The variable that keeps downloads from happening, if it is set before what reads it is imported.
    pub(super) fn offline_guard(&self) -> Option<&'static str> {
        self.evaluator
            .sdks
            .offline()
            .iter()
            .find(|s| self.switched(s) == Some(true))
            .map(|s| s.variable.as_str())
    }

    /// Whether the file switches something by a variable: not at all, or too late, or in time.
    fn switched(&self, switch: &Switch) -> Option<bool> {
        let set = self.set.get(&switch.variable)?;
        let (_, line) = set.iter().find(|(value, _)| value.as_deref().is_some_and(|v| switch.by(v)))?;
        let reads = |name: &str| {
            let package = self.evaluator.sdks.resolve(self.evaluator.language, name);
            package.is_some_and(|(p, _)| {
                !p.plain && p.client.iter().any(|c| c.service.as_deref() == Some("huggingface-hub"))
            })
        };
        let imported = self
            .evaluator
            .program
            .imports
            .iter()
            .filter(|(name, _)| reads(name))
            .map(|(_, line)| *line)
            .min();
        Some(imported.is_none_or(|import| *line <= import))
    }

    /// Everything that follows from imports and variables.
    pub(super) fn finish_assets(&mut self) {
        self.packages();
        self.guards();
        self.usage_data();
        let named: BTreeSet<(AssetKindKey, String, u64)> = BTreeSet::new();
        let mut seen = named;
        self.assets.retain(|a| seen.insert((a.kind.name(), a.name.clone(), a.place.line.unwrap_or(0))));
        self.assets.sort_by(|a, b| {
            (a.place.line, a.kind.name(), &a.name).cmp(&(b.place.line, b.kind.name(), &b.name))
        });
    }

    /// An import without a call is capable; with one, its operations say more.
    fn packages(&mut self) {
        let evaluator = self.evaluator;
        let (mut listed, mut manifest) = (BTreeSet::new(), BTreeSet::new());
        for (name, line) in &evaluator.program.imports {
            let Some((package, rest)) = evaluator.sdks.resolve(evaluator.language, name) else {
                let listed = self.of_services_list(name).filter(|(root, _)| manifest.insert(*root));
                if let Some((root, service)) = listed {
                    self.assets.push(Asset {
                        kind: AssetKind::Package,
                        name: root.to_owned(),
                        place: Where::line(self.path, *line),
                        state: State::Active,
                        service: Some(service.id.clone()),
                        sha256: None,
                        because: format!("a client of {} is imported; its calls are not known", service.id),
                    });
                }
                continue;
            };
            let Some(index) = evaluator.sdks.index_of(package) else { continue };
            if package.plain || self.used.contains(&index) && package.service.is_some() {
                continue;
            }
            let by_client = evaluator
                .sdks
                .constructs(package, rest)
                .find_map(|(_, c)| c.service.as_deref())
                .filter(|_| !rest.is_empty());
            let service = by_client.or(package.service.as_deref()).filter(|_| !self.used.contains(&index));
            if !listed.insert((index, service)) {
                continue;
            }
            let because = match service {
                Some(service) => format!("a client of {service} is imported, no call was seen"),
                None => "imported".to_owned(),
            };
            self.assets.push(Asset {
                kind: AssetKind::Package,
                name: package.name.clone(),
                place: Where::line(self.path, *line),
                state: State::Active,
                service: service.map(str::to_owned),
                sha256: None,
                because,
            });
        }
    }

    /// The package of the services list that an import leads into, if it is a client that content is sent
    /// with: what a manifest says of its name, by the name under which code knows it.
    fn of_services_list<'n>(&self, import: &'n str) -> Option<(&'n str, &'a Service)> {
        let services = self.context.services;
        let ends = import.bytes().enumerate().filter(|(_, b)| matches!(b, b'.' | b'/')).map(|(at, _)| at);
        let mut ends: Vec<usize> = ends.chain([import.len()]).collect();
        ends.reverse();
        ends.into_iter().find_map(|end| {
            let root = import.get(..end)?;
            let service = services.package(self.evaluator.language.ecosystem(), root)?;
            let role = Environment::shipped().package(&root.to_ascii_lowercase().replace(['_', '.'], "-"));
            (service.takes_content() && role.is_none()).then_some((root, service))
        })
    }

    fn guards(&mut self) {
        let sdks = self.evaluator.sdks;
        for (switch, at_import) in
            sdks.offline().iter().map(|s| (s, true)).chain(sdks.guards().iter().map(|s| (s, false)))
        {
            let Some(in_time) = self.switched(switch) else { continue };
            let Some((_, line)) = self.set.get(&switch.variable).and_then(|set| set.last()) else { continue };
            let late = at_import && !in_time;
            self.assets.push(Asset {
                kind: AssetKind::Guard,
                name: switch.variable.clone(),
                place: Where::line(self.path, *line),
                state: if late { State::Inactive } else { State::Active },
                service: None,
                sha256: None,
                because: if late {
                    "set after the import that reads it: it does nothing".to_owned()
                } else {
                    "set before it is read".to_owned()
                },
            });
        }
    }

    /// Usage data of packages of which something is called.
    fn usage_data(&mut self) {
        let evaluator = self.evaluator;
        for telemetry in evaluator.sdks.telemetry() {
            let used =
                self.used.iter().any(|i| self.package(*i).is_some_and(|p| p.name == telemetry.package));
            let import = evaluator.program.imports.iter().find(|(name, _)| {
                evaluator
                    .sdks
                    .resolve(evaluator.language, name)
                    .is_some_and(|(p, _)| p.name == telemetry.package)
            });
            let Some((_, line)) = import.filter(|_| used) else { continue };
            let variable = telemetry.off.iter().find(|s| self.set_to(&s.variable).is_some_and(|v| s.by(v)));
            let argument = telemetry.argument.as_deref().filter(|name| {
                evaluator.program.calls.iter().filter_map(|id| evaluator.program.call(*id)).any(|call| {
                    let given = call.arguments.iter().find(|a| a.name.as_deref() == Some(*name));
                    given.is_some_and(|a| {
                        evaluator.values(a.value).iter().any(|v| matches!(v, Value::Bool(false)))
                    })
                })
            });
            let off = variable.map(|s| s.variable.as_str()).or(argument);
            let variables: Vec<String> = telemetry.off.iter().map(|s| format!("`{}`", s.variable)).collect();
            self.assets.push(Asset {
                kind: AssetKind::Telemetry,
                name: telemetry.package.clone(),
                place: Where::line(self.path, *line),
                state: if off.is_some() { State::Inactive } else { State::Active },
                service: Some(telemetry.service.clone()),
                sha256: None,
                because: match off {
                    Some(off) => format!("switched off by `{off}`"),
                    None => format!("on unless switched off by {}", variables.join(" or ")),
                },
            });
        }
    }

    /// Variables that the program gives itself. They count for it alone: possible for others, no more.
    pub(super) fn settings(&self) -> Vec<Setting> {
        let mut out = Vec::new();
        for (name, set) in &self.set {
            for (value, line) in set {
                let secret = SECRET.iter().any(|word| name.to_uppercase().contains(word));
                out.push(Setting {
                    name: name.clone(),
                    value: value.clone().filter(|_| !secret),
                    certainty: Certainty::Possible,
                    place: Where::line(self.path, *line),
                });
            }
        }
        out
    }
}

type AssetKindKey = &'static str;

/// Whether a text is more likely a key than something to be replaced by one.
fn looks_like_a_key(name: &str, text: &str) -> bool {
    let plain = text.bytes().all(|b| b.is_ascii_graphic());
    plain
        && text.len() >= 16
        && text.bytes().any(|b| b.is_ascii_digit())
        && !Environment::shipped().is_placeholder(name, text)
}

//! Requests to any host: by address, path and method, and by what is in them.

use super::address::{Address, Said, address, below};
use super::carried::Carried;
use super::evaluate::Known;
use super::program::{Argument, Expr, Id};
use super::reader::Reader;
use super::value::Value;
use crate::inventory::endpoint::{self, Target, by_host, shown, unknown};
use crate::model::data::Locality;
use crate::model::{DataKind, DataKinds, Method};
use crate::services::sdks::{Call, Role};
use crate::services::{Match, shape};

impl Reader<'_> {
    /// Whether the address of a request says enough to know one by it.
    pub(super) fn telling_address(&self, call: &Call, arguments: &[Argument]) -> bool {
        let Some(id) = self.url(call, arguments) else { return false };
        self.evaluator.values(id).iter().any(|value| match address(value) {
            Address::Said(said) => {
                let scheme = said.authority.as_deref().is_some_and(|a| a.contains("://"));
                scheme || said.path.as_deref().is_some_and(|p| shape(p, Method::Write).is_some())
            }
            Address::Relative(_) | Address::Absent => false,
        })
    }

    /// Whether what stands for an address is a request that was made before: it counts where it is made.
    fn is_request(&self, id: Id) -> bool {
        let program = self.evaluator.program;
        let made = |id: &Id| {
            let call = program.call(*id)?;
            let is = |value: &Value| match value {
                Value::Symbol(path) => {
                    path.ends_with("Request")
                        && self.evaluator.known(value).is_some_and(|k| k.call.role == Role::Http)
                }
                _ => false,
            };
            Some(self.evaluator.values(call.callee).iter().any(is))
        };
        match program.expr(id) {
            Expr::Name(name, scope) => program
                .look_up(*scope, name)
                .is_some_and(|(_, ids)| ids.iter().any(|id| made(id) == Some(true))),
            _ => made(&id) == Some(true),
        }
    }

    fn url(&self, call: &Call, arguments: &[Argument]) -> Option<Id> {
        call.url
            .iter()
            .find_map(|name| self.named(arguments, name))
            .or_else(|| self.at(arguments, call.url_at))
    }

    pub(super) fn http(
        &mut self,
        id: Id,
        call: &Call,
        known: Option<&Known>,
        arguments: &[Argument],
        path: &str,
    ) {
        let Some(url) = self.url(call, arguments).filter(|id| !self.is_request(*id)) else { return };
        let package = known.and_then(|k| self.package(k.made.package)).map_or("", |p| p.name.as_str());
        let label = format!("{package} {path}").trim().to_owned();
        let carried = self.evaluator.carried(arguments, &call.body, call.body_at);
        let method = self.method(call, arguments);
        let bases: Vec<Said> = known.map(|k| self.bases(k)).unwrap_or_default();
        let mut worst: Option<(Target, DataKinds, bool, String)> = None;
        for value in self.evaluator.values(url).iter() {
            // A request that was made before, or options: not an address.
            if matches!(value, Value::Object(..) | Value::Map(_) | Value::Function(_) | Value::Instance(_)) {
                continue;
            }
            let said = match address(value) {
                Address::Said(said) => vec![said],
                Address::Relative(path) if !bases.is_empty() => {
                    bases.iter().map(|b| below(b, &path)).collect()
                }
                Address::Relative(_) => {
                    self.notes.insert(
                        "requests to the own server (a path without a host) are not followed".to_owned(),
                    );
                    continue;
                }
                Address::Absent => continue,
            };
            for said in said {
                let (target, sends, fetch, what) = self.request(&said, method, carried);
                let weight =
                    |t: &Target, s: &DataKinds| (super::destination::severity(t.locality), !s.is_empty());
                if worst.as_ref().is_none_or(|(t, s, ..)| weight(t, s) < weight(&target, &sends)) {
                    worst = Some((target, sends, fetch, what));
                }
            }
        }
        let Some((target, sends, fetch, what)) = worst else { return };
        self.push(id, &label, sends, &what, target);
        if let Some(last) = self.operations.last_mut() {
            last.fetch = fetch;
        }
    }

    /// The addresses that a client of any host was made with.
    fn bases(&self, known: &Known) -> Vec<Said> {
        let Some((package, client)) = self.evaluator.client(&known.made) else { return Vec::new() };
        let own = known.made.by.and_then(|id| self.evaluator.program.call(id));
        let own = own.map_or(&[][..], |call| call.arguments.as_slice());
        self.addresses(package, client, own, &known.made)
    }

    fn method(&self, call: &Call, arguments: &[Argument]) -> Method {
        match call.method.as_deref() {
            Some("read") => return Method::Read,
            Some(_) => return Method::Write,
            None => {}
        }
        let given = self.named(arguments, "method").or_else(|| self.at(arguments, call.method_at?));
        if let Some(id) = given {
            let text = self.evaluator.text(id).unwrap_or_default().to_ascii_uppercase();
            return match text.as_str() {
                "GET" | "HEAD" | "OPTIONS" | "DELETE" => Method::Read,
                _ => Method::Write,
            };
        }
        let has_body = call.body.iter().any(|name| {
            self.named(arguments, name)
                .is_some_and(|id| !self.evaluator.values(id).iter().all(|v| matches!(v, Value::Nothing)))
        });
        // `urlopen(url, data)`, `fetch(url, options)`: what is given second may be a body.
        let second = self.at(arguments, call.url_at + 1).is_some_and(|id| {
            self.evaluator.values(id).iter().any(|v| !matches!(v, Value::Map(_) | Value::Nothing))
        });
        if has_body || second { Method::Write } else { Method::Read }
    }

    /// Where a request goes, what it sends, whether it downloads, and the fact.
    fn request(&self, said: &Said, method: Method, carried: Carried) -> (Target, DataKinds, bool, String) {
        let host = said.host();
        let target = match (&host, said.wild()) {
            (Some(_), Some(wild)) => {
                let because = format!("it names a host like `{}`", shown(&wild));
                by_host(&wild, because, self.context)
            }
            _ if said.authority.is_none() && said.names.is_empty() => {
                unknown("the address is made elsewhere")
            }
            _ => {
                let mut spelled = said.spelled(None);
                if spelled.address.is_none()
                    && let Some(value) = spelled.variables.iter().find_map(|v| self.set_to(v))
                {
                    spelled.address = Some(value.to_owned());
                    spelled.variables.clear();
                }
                endpoint::target(spelled, self.context)
            }
        };
        let path = said.path.as_deref().unwrap_or("/");
        let listed = host.as_deref().filter(|_| target.locality != Locality::Local);
        let listed = listed.and_then(|host| self.context.services.lookup(host, Some(path), method));
        let seen = carried.kinds;
        if method == Method::Read {
            let sends = listed.filter(|m| !m.fetch).map(|m| m.sends).unwrap_or_default();
            let fetch = target.locality != Locality::Local && sends.is_empty();
            return (target, sends, fetch, "it asks for something".to_owned());
        }
        let (most, fetch, name) = match &listed {
            Some(Match { fetch: true, .. }) => (DataKinds::NONE, true, None),
            Some(found) => (found.sends, false, Some(found.service.id.clone())),
            None => match shape(path, method) {
                Some(shape) => (shape.sends, false, Some(shape.id.clone())),
                None => (DataKinds::NONE, false, None),
            },
        };
        if fetch {
            return (target, DataKinds::NONE, true, "it asks for something".to_owned());
        }
        let narrowed = seen.intersection(most);
        let sends = if most.is_empty() && name.is_none() {
            // Nobody knows the host: what is seen, and something in any case.
            if seen.is_empty() || carried.hidden { seen.union(OTHER) } else { seen }
        } else if !narrowed.is_empty() && !carried.hidden {
            narrowed
        } else if most.is_empty() {
            OTHER
        } else {
            most
        };
        let what = match name {
            Some(name) => format!("it sends to an interface of `{}`", shown(&name)),
            None => "it sends to an address".to_owned(),
        };
        (target, sends, false, what)
    }
}

const OTHER: DataKinds = DataKinds::of(&[DataKind::Other]);

//! Commands of programs: copies, requests, tunnels, downloads.

use super::args::Args;
use super::{Reader, Word, most};
use crate::inventory::endpoint::{host_of, shown};
use crate::model::Method;
use crate::model::data::{Certainty, DataKind, DataKinds};
use crate::model::inventory::{AssetKind, Spelled, State};
use crate::model::net::Url;
use crate::services::programs::{Call, CallRole, Program, is_choice};
use crate::services::{Ecosystem, shape};

/// Most addresses and packages of one command that are looked at.
const MOST: usize = 256;

impl Reader<'_> {
    /// What the command of a program does; the first entry that fits.
    pub(super) fn call(&mut self, program: &Program, args: &Args<'_>) {
        let Some((call, rest)) = program.calls.iter().find_map(|call| Some((call, fits(call, args)?))) else {
            return;
        };
        let done = args.names.iter().take(call.words.len()).map(|w| w.text.as_str());
        let id = std::iter::once(args.program).chain(done).collect::<Vec<_>>().join(" ");
        let what = format!("`{}`: {}", shown(&id), call.because);
        let line = args.line;
        match call.does {
            CallRole::Copy => self.copy(program, call, args, rest, &id),
            CallRole::Http => self.http(program, call, args, rest),
            CallRole::Relay => {
                let to = if call.host { self.first_host(rest) } else { self.place(call, args) };
                self.sends(line, &id, call.sends, &what, to, most(program));
            }
            CallRole::Send => {
                let to = if call.host { self.first_host(rest) } else { self.place(call, args) };
                let sends = self.kinds(call, rest);
                self.sends(line, &id, sends, &what, to, most(program));
            }
            CallRole::Fetch => {
                let from = if call.host { self.first_host(rest) } else { self.place(call, args) };
                self.fetches(line, &id, &what, from, most(program));
            }
            CallRole::Packages => self.packages(call, args, rest, &id, &what),
            CallRole::Telemetry | CallRole::Quiet => {
                let state = if call.does == CallRole::Quiet { State::Inactive } else { self.state() };
                self.asset(AssetKind::Telemetry, state, line, &id, call.service.as_deref(), what);
            }
        }
    }

    /// Where a call goes: an option, a variable, a region, the service's own place.
    fn place(&self, call: &Call, args: &Args<'_>) -> Spelled {
        let mut to = args.value(&call.endpoint).map(spelled).unwrap_or_default();
        if to == Spelled::default() {
            to.variables.clone_from(&call.endpoint_env);
            let plain = |r: &&str| {
                !r.is_empty() && r.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            };
            let region = args.value(&call.region).filter(plain);
            to.address = region.zip(call.region_host.as_ref()).map(|(r, host)| host.replace("{region}", r));
        }
        to.vendor.clone_from(&call.service);
        to
    }

    fn first_host(&self, names: &[&Word]) -> Spelled {
        names
            .first()
            .map(|w| host_path(&w.text).map_or_else(|| spelled(&w.text), spelled))
            .unwrap_or_default()
    }

    /// What is sent, by the words of its path.
    fn kinds(&self, call: &Call, names: &[&Word]) -> DataKinds {
        if call.sends != DataKinds::of(&[DataKind::Other]) {
            return call.sends;
        }
        let found = names.iter().fold(DataKinds::NONE, |all, w| all.union(self.programs.kinds(&w.text)));
        if found.is_empty() { call.sends } else { found }
    }

    fn copy(&mut self, program: &Program, call: &Call, args: &Args<'_>, names: &[&Word], id: &str) {
        let Some((last, sources)) = names.split_last().filter(|(_, sources)| !sources.is_empty()) else {
            return;
        };
        let mut most = most(program);
        let mut to = self.elsewhere(call, args, &last.text);
        let from = sources.iter().find_map(|w| self.elsewhere(call, args, &w.text));
        if to.is_none() && from.is_none() && last.text.starts_with("${") {
            // A place that is not spelt: such a command has one end elsewhere.
            let vendor = call.places.values().next().filter(|v| !v.is_empty()).cloned();
            to = Some(Spelled { vendor, ..spelled(&last.text) });
        }
        match (to, from) {
            (Some(to), from) => {
                if from.is_some() {
                    most = Certainty::Possible;
                }
                let sends = self.kinds(call, sources);
                let what = format!("`{}`: it copies files to a place outside this machine", shown(id));
                self.sends(args.line, id, sends, &what, to, most);
            }
            (None, Some(from)) => {
                self.fetches(args.line, id, &format!("`{}`: it copies files here", shown(id)), from, most);
            }
            (None, None) => {}
        }
    }

    /// Where a path of a copy is, if it is not on this machine.
    fn elsewhere(&self, call: &Call, args: &Args<'_>, path: &str) -> Option<Spelled> {
        let lower = path.to_ascii_lowercase();
        if let Some((_, service)) = call.places.iter().find(|(prefix, _)| lower.starts_with(prefix.as_str()))
        {
            if service.is_empty() {
                return Some(spelled(path));
            }
            let mut to = self.place(call, args);
            to.vendor = Some(service.clone());
            return Some(to);
        }
        if call.host_path
            && let Some(host) = host_path(path)
        {
            return Some(spelled(host));
        }
        let named = call.named
            && path.split_once(':').is_some_and(|(name, _)| name.len() > 1 && !name.contains(['/', '.']));
        named.then(Spelled::default)
    }

    fn http(&mut self, program: &Program, call: &Call, args: &Args<'_>, names: &[&Word]) {
        let method = args.value(&call.method).map(str::to_ascii_uppercase);
        let body: Vec<&str> = args
            .options
            .iter()
            .filter(|o| call.data.iter().any(|d| d == o.name))
            .filter_map(|o| o.value)
            .take(MOST)
            .collect();
        let by_words = body.iter().fold(DataKinds::NONE, |all, text| all.union(self.programs.kinds(text)));
        let writes = match method.as_deref() {
            Some("POST" | "PUT" | "PATCH") => true,
            Some("GET" | "HEAD" | "DELETE" | "OPTIONS") => false,
            _ => !body.is_empty(),
        };
        let given = args.value(&call.endpoint);
        let addresses = names.iter().map(|w| w.text.as_str()).chain(given).take(MOST);
        for address in addresses {
            let to = spelled(address);
            if writes {
                let sends = self.body(call, to.address.as_deref().unwrap_or(address), by_words);
                let what = format!("`{}`: it sends a request with a body", args.program);
                self.sends(args.line, args.program, sends, &what, to, most(program));
            } else {
                let what = format!("`{}`: it downloads", args.program);
                self.fetches(args.line, args.program, &what, to, most(program));
            }
        }
    }

    /// What a request carries: by what is known of its address, else by the words of its body.
    fn body(&self, call: &Call, address: &str, by_words: DataKinds) -> DataKinds {
        let path = Url::parse(address).map(|u| u.path.to_owned());
        let path = path.or_else(|| Some(format!("/{}", address.split_once('/')?.1)));
        let path = path.as_deref().map(|p| p.split(['?', '#']).next().unwrap_or(p));
        let known = host_of(address)
            .and_then(|host| self.context.services.lookup(&host, path, Method::Write))
            .map(|m| m.sends)
            .filter(|s| !s.is_empty());
        let known = known.or_else(|| shape(path?, Method::Write).map(|s| s.sends));
        known.or(Some(by_words).filter(|k| !k.is_empty())).unwrap_or(call.sends)
    }

    fn packages(&mut self, call: &Call, args: &Args<'_>, names: &[&Word], id: &str, what: &str) {
        let from = args.value(&call.endpoint).map(spelled).unwrap_or_default();
        self.fetches(args.line, id, what, from, Certainty::Stated);
        let Some(ecosystem) = call.ecosystem else { return };
        for word in names.iter().take(MOST) {
            let name = bare_package(ecosystem, &word.text);
            if let Some(service) = self.context.services.package(ecosystem, name) {
                let because = format!("`{}` installs a client of {}", shown(id), service.id);
                self.asset(AssetKind::Package, self.state(), word.line, name, Some(&service.id), because);
            }
        }
    }
}

/// The words that follow a call's own, if the command is that call.
fn fits<'a, 'w>(call: &Call, args: &'a Args<'w>) -> Option<&'a [&'w Word]> {
    let (own, rest) = args.names.split_at_checked(call.words.len())?;
    let named = call.words.iter().zip(own).all(|(choice, word)| is_choice(choice, &word.text));
    let refused = rest.first().is_some_and(|w| call.unless.contains(&w.text));
    (named && !refused && (call.needs.is_empty() || args.has(&call.needs))).then_some(rest)
}

/// An address as a script spells it: the variable at its head, its default, or the words themselves.
fn spelled(word: &str) -> Spelled {
    let Some((inner, rest)) = word.strip_prefix("${").and_then(|w| w.split_once('}')) else {
        return Spelled { address: Some(word.to_owned()), ..Spelled::default() };
    };
    let (name, default) =
        inner.split_once(":-").map_or((inner, None), |(n, d)| (n, Some(d).filter(|d| !d.is_empty())));
    let variables = if name.is_empty() { Vec::new() } else { vec![name.to_owned()] };
    Spelled { variables, address: default.map(|d| format!("{d}{rest}")), vendor: None }
}

/// The host of `user@host:path` or `host:path`; drive letters and URLs are none.
fn host_path(path: &str) -> Option<&str> {
    if path.contains("://") {
        return None;
    }
    let (_, host) = path.split_once('@').unwrap_or(("", path));
    let (host, rest) = match host.split_once(':') {
        Some((host, rest)) => (host, Some(rest)),
        None => (host, None),
    };
    let said = rest.is_some() || path.contains('@');
    (said
        && host.len() > 1
        && !host.contains('/')
        && !rest.is_some_and(|r| r.bytes().all(|b| b.is_ascii_digit()) && !r.is_empty()))
    .then_some(host)
}

/// `name[extra]>=1`, `@scope/name@1` without extras and versions.
fn bare_package(ecosystem: Ecosystem, word: &str) -> &str {
    match ecosystem {
        Ecosystem::Npm => {
            word.get(1..).and_then(|w| w.find('@')).map_or(word, |at| word.get(..=at).unwrap_or(word))
        }
        _ => word.split(['[', '=', '<', '>', '~', '!', ';', ' ', '@']).next().unwrap_or(word),
    }
}

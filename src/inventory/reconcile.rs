//! What one file leaves open and another decides: variables that hold an address, names of siblings.
//!
//! A setting counts for files in its own directory and below; the nearest wins, an example file only where
//! nothing else is as near, and among equals the worst. Where no directory above sets a variable, what any
//! other file of the tree sets is possible and no more. What is only possible may warn and never reassures.
//! A name counts in the whole tree: one without a place of its own leads nowhere outside a deployment.

use super::Context;
use super::endpoint::{Target, by_host, host_of, shown, unknown, vendor};
use super::variables::PASSES_ON;
use crate::model::data::{Certainty, Locality};
use crate::model::inventory::{
    AssetKind, FileInventory, HostName, Operation, Setting, Spelled, State, Verdict, Where,
};
use std::collections::{BTreeMap, BTreeSet};

/// Settings of one variable that are looked at where none is near.
const ANYWHERE: usize = 64;

/// Settles across files what can be settled, and judges the files again where that changed anything.
pub fn reconcile(files: &mut [FileInventory], context: &Context<'_>) {
    let mut tree = Tree::default();
    for file in &*files {
        for setting in &file.settings {
            tree.settings.entry(setting.name.clone()).or_default().add(setting);
        }
        for host in &file.hosts {
            let known = tree.hosts.entry(host.name.clone()).or_insert_with(|| host.clone());
            known.gateway |= host.gateway;
            // Of two deployments with a service of that name, the one that leads outside counts.
            if known.outside.is_none() && host.outside.is_some() {
                known.clone_from(host);
            }
        }
    }
    for file in files.iter_mut() {
        let before = FileInventory::judge(&file.operations, &file.assets);
        let mut changed = false;
        for operation in &mut file.operations {
            changed |= tree.settle(operation, context);
        }
        if changed {
            disarm(file);
            rejudge(file, before);
        }
    }
}

/// A key of a service does nothing where the address beside it was settled to lead elsewhere.
fn disarm(file: &mut FileInventory) {
    let (mut settled, mut open) = (BTreeMap::new(), BTreeSet::new());
    for operation in &file.operations {
        let vendor = operation.spelled.as_ref().and_then(|s| s.vendor.as_deref());
        match (vendor, &operation.decided_at) {
            (Some(vendor), Some(at)) if operation.locality == Locality::Local => {
                settled.insert(vendor.to_owned(), at.clone());
            }
            _ => open.extend(operation.service.clone()),
        }
    }
    settled.retain(|vendor, _| !open.contains(vendor));
    for asset in file.assets.iter_mut().filter(|a| a.kind == AssetKind::Credential) {
        if let Some(at) = asset.service.as_ref().and_then(|service| settled.get(service)) {
            asset.state = State::Inactive;
            asset.because = format!(
                "{}; the address it is used with leads elsewhere, by {}",
                asset.because,
                shown_place(at)
            );
        }
    }
}

/// A verdict that an importer gave for reasons of its own, and not by judging its operations, stays unless
/// they outweigh it.
fn rejudge(file: &mut FileInventory, before: Verdict) {
    let judged = FileInventory::judge(&file.operations, &file.assets);
    if file.verdict == before || judged == Verdict::Remote {
        file.verdict = judged;
    }
}

/// Settings of one variable, by directory.
#[derive(Default)]
struct Scopes(BTreeMap<String, Vec<Setting>>);

impl Scopes {
    fn add(&mut self, setting: &Setting) {
        self.0.entry(directory(&setting.place.file).to_owned()).or_default().push(setting.clone());
    }

    /// Those that count for a file, and how sure that is.
    fn near(&self, file: &str) -> (Vec<&Setting>, Certainty) {
        let mut at = directory(file);
        loop {
            if let Some(near) = self.0.get(at) {
                let surest = near.iter().map(|s| s.certainty).max();
                return (near.iter().filter(|s| Some(s.certainty) == surest).collect(), Certainty::Implied);
            }
            if at.is_empty() {
                return (self.0.values().flatten().take(ANYWHERE).collect(), Certainty::Possible);
            }
            at = directory(at);
        }
    }
}

/// The directory of a file, without a slash at its end.
fn directory(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

#[derive(Default)]
struct Tree {
    settings: BTreeMap<String, Scopes>,
    hosts: BTreeMap<String, HostName>,
}

impl Tree {
    /// Whether another file had something to say.
    fn settle(&self, operation: &mut Operation, context: &Context<'_>) -> bool {
        let Some(spelled) = operation.spelled.clone() else { return false };
        let found = spelled.variables.iter().find_map(|v| self.by_setting(v, &spelled, operation, context));
        let found = found.or_else(|| self.by_name(spelled.address.as_deref()?, operation, context));
        let Some((target, at)) = found else { return false };
        operation.because = format!("{}; {}", operation.because, target.because);
        operation.service = target.service;
        operation.route = target.route;
        operation.locality = target.locality;
        operation.certainty = target.certainty;
        operation.decided_at = Some(at);
        true
    }

    /// What a variable is set to.
    fn by_setting(
        &self,
        variable: &str,
        spelled: &Spelled,
        operation: &Operation,
        context: &Context<'_>,
    ) -> Option<(Target, Where)> {
        let (near, certainty) = self.settings.get(variable)?.near(&operation.place.file);
        let targets = near.into_iter().filter_map(|setting| {
            let mut target = self.set_to(setting, spelled, context)?;
            target.certainty = target.certainty.min(setting.certainty).min(certainty);
            // What is only possible may warn, not reassure.
            let reassures = target.locality == Locality::Local && target.certainty < Certainty::Implied;
            (!reassures).then(|| (target, setting.place.clone()))
        });
        targets.max_by_key(|(target, _)| severity(target.locality))
    }

    fn set_to(&self, setting: &Setting, spelled: &Spelled, context: &Context<'_>) -> Option<Target> {
        let value = setting.value.as_deref()?;
        let name = shown(&setting.name);
        let at = shown_place(&setting.place);
        if value.is_empty() {
            // An empty address is the vendor's default, not none.
            let service = spelled.vendor.as_deref()?;
            let because = format!("`{name}` is empty in {at}, so {service} applies");
            return Some(vendor(service, Certainty::Implied, because));
        }
        let host = host_of(value)?;
        let because = format!("`{name}` is `{}` in {at}", shown(&host));
        Some(self.sibling(&host).map_or_else(
            || by_host(&host, because.clone(), context),
            |sibling| self.at_sibling(sibling, Some(&because), context),
        ))
    }

    /// A name without a place that another file defines, or one thought to be inside that stands for a
    /// host outside.
    fn by_name(
        &self,
        address: &str,
        operation: &Operation,
        context: &Context<'_>,
    ) -> Option<(Target, Where)> {
        if operation.locality == Locality::Remote || !operation.spelled.as_ref()?.variables.is_empty() {
            return None;
        }
        let sibling = self.sibling(&host_of(address)?)?;
        if operation.locality == Locality::Local && sibling.outside.is_none() && !sibling.gateway {
            return None;
        }
        Some((self.at_sibling(sibling, None, context), sibling.place.clone()))
    }

    fn sibling(&self, host: &str) -> Option<&HostName> {
        self.hosts.get(host)
    }

    fn at_sibling(&self, sibling: &HostName, because: Option<&str>, context: &Context<'_>) -> Target {
        let at = shown_place(&sibling.place);
        let name = shown(&sibling.name);
        let fact = match &sibling.outside {
            Some(outside) => format!("`{name}` stands for `{}` in {at}", shown(outside)),
            None if sibling.gateway => {
                format!("`{name}` is a service of the same deployment, in {at}, {PASSES_ON}")
            }
            None => format!("`{name}` is a service of the same deployment, in {at}"),
        };
        let because = because.map_or(fact.clone(), |b| format!("{b}; {fact}"));
        match &sibling.outside {
            Some(outside) => by_host(outside, because, context),
            None if sibling.gateway => Target { route: vec![sibling.name.clone()], ..unknown(because) },
            None => Target {
                service: None,
                route: vec![sibling.name.clone()],
                locality: Locality::Local,
                certainty: Certainty::Implied,
                because,
                spelled: None,
            },
        }
    }
}

fn severity(locality: Locality) -> u8 {
    match locality {
        Locality::Local => 0,
        Locality::Undetermined => 1,
        Locality::Remote => 2,
    }
}

fn shown_place(place: &Where) -> String {
    match place.line {
        Some(line) => format!("{}:{line}", shown(&place.file)),
        None => shown(&place.file),
    }
}

#[cfg(test)]
mod tests;

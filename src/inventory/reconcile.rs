//! What one file leaves open and another decides: variables that hold an address, names of siblings.
//!
//! A setting counts for files in its own directory and below; the nearest wins, and among equals the
//! worst. Where no directory above sets a variable, what any other file of the tree sets is possible and
//! no more. An example file never makes anything local.

use super::Context;
use super::endpoint::{Target, by_host, host_of, shown, vendor};
use crate::model::data::{Certainty, Locality};
use crate::model::inventory::{FileInventory, HostName, Operation, Setting, Spelled, Verdict, Where};
use std::collections::BTreeMap;

/// Settles across files what can be settled, and judges the files again where that changed anything.
pub fn reconcile(files: &mut [FileInventory], context: &Context<'_>) {
    let mut settings: BTreeMap<String, Vec<Setting>> = BTreeMap::new();
    let mut hosts: BTreeMap<String, HostName> = BTreeMap::new();
    for file in &*files {
        for setting in &file.settings {
            settings.entry(setting.name.clone()).or_default().push(setting.clone());
        }
        for host in &file.hosts {
            hosts.entry(host.name.clone()).or_insert_with(|| host.clone());
        }
    }
    let tree = Tree { settings, hosts };
    for file in files.iter_mut() {
        let mut changed = false;
        for operation in &mut file.operations {
            changed |= tree.settle(operation, context);
        }
        if changed {
            rejudge(file);
        }
    }
}

/// A verdict that an importer gave for reasons of its own stays unless the operations outweigh it.
fn rejudge(file: &mut FileInventory) {
    let judged = FileInventory::judge(&file.operations, &file.assets);
    let own = file.verdict;
    file.verdict = match (own, judged) {
        (_, Verdict::Remote) => Verdict::Remote,
        (Verdict::Remote | Verdict::Undetermined | Verdict::Local | Verdict::FetchOnly, judged) => judged,
        (own, _) => own,
    };
}

struct Tree {
    settings: BTreeMap<String, Vec<Setting>>,
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
        let all = self.settings.get(variable)?;
        let near = nearest(all, &operation.place.file);
        let targets = near.settings.iter().filter_map(|setting| {
            let mut target = self.set_to(setting, spelled, context)?;
            target.certainty = target.certainty.min(setting.certainty).min(near.certainty);
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
        if operation.locality == Locality::Local && sibling.outside.is_none() {
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
            None => format!("`{name}` is a service of the same deployment, in {at}"),
        };
        let because = because.map_or(fact.clone(), |b| format!("{b}; {fact}"));
        match &sibling.outside {
            Some(outside) => by_host(outside, because, context),
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

/// Settings that count for a file, and how much.
struct Near<'s> {
    settings: Vec<&'s Setting>,
    certainty: Certainty,
}

fn nearest<'s>(all: &'s [Setting], file: &str) -> Near<'s> {
    let directory = |path: &str| path.rsplit_once('/').map_or(String::new(), |(d, _)| d.to_owned());
    let own = directory(file);
    let depth = |setting: &Setting| {
        let of = directory(&setting.place.file);
        let above = of.is_empty() || own == of || own.starts_with(&format!("{of}/"));
        above.then_some(of.len())
    };
    match all.iter().filter_map(depth).max() {
        Some(deepest) => Near {
            settings: all.iter().filter(|s| depth(s) == Some(deepest)).collect(),
            certainty: Certainty::Implied,
        },
        None => Near { settings: all.iter().collect(), certainty: Certainty::Possible },
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

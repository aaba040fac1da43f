//! From an inventory to the components of a draft: which files belong together, what they do, and
//! where each fact stands.

use crate::inventory::IMPORTERS;
use crate::model::data::Locality;
use crate::model::inventory::{AssetKind, FileInventory, HostName, Operation, State, Where};
use crate::model::project::Role;
use crate::policy::InitComponent;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Component of files that belong to no program in particular.
const COMMON: &str = "generator";
/// Files of a component that are listed by name; of more, each directory becomes a pattern.
const LISTED: usize = 20;
/// Steps listed above a component.
const STEPS: usize = 40;

/// Components that the files suggest.
pub(super) fn components(files: &[FileInventory]) -> Vec<InitComponent> {
    let mut groups: BTreeMap<String, (Role, Vec<&FileInventory>)> = BTreeMap::new();
    let mut common = Vec::new();
    for file in files.iter().filter(|f| f.kind != "none") {
        match IMPORTERS.iter().find(|i| i.id() == file.kind).and_then(|i| i.component()) {
            Some((id, role)) => groups.entry(id.to_owned()).or_insert((role, Vec::new())).1.push(file),
            None => common.push(file),
        }
    }
    if !common.is_empty() {
        // Deployment and manifests are about all of them; the first generator takes them in.
        let first = groups.iter().find(|(_, (role, _))| *role == Role::Generator).map(|(id, _)| id.clone());
        let home = groups.entry(first.unwrap_or_else(|| COMMON.to_owned()));
        home.or_insert((Role::Generator, Vec::new())).1.extend(common);
    }
    let hosts: Vec<&HostName> = files.iter().flat_map(|f| &f.hosts).filter(|h| h.outside.is_none()).collect();
    let mut components: Vec<InitComponent> =
        groups.into_iter().map(|(id, (role, files))| component(id, role, &files, &hosts)).collect();
    // Names that fit none by their spelling belong to somebody all the same: the reader decides whose.
    if let Some(first) = components.iter().position(|c| c.role == Role::Generator) {
        let taken: BTreeSet<String> =
            components.iter().flat_map(|c| c.names.iter().map(|(n, _)| n.clone())).collect();
        let rest =
            hosts.iter().filter(|h| !taken.contains(&h.name)).map(|h| (h.name.clone(), shown(&h.place)));
        let rest: Vec<_> = rest.collect();
        if let Some(component) = components.get_mut(first) {
            component.names.extend(rest);
        }
    }
    components
}

fn component(id: String, role: Role, files: &[&FileInventory], hosts: &[&HostName]) -> InitComponent {
    let same = |name: &str| {
        let plain = |text: &str| text.to_lowercase().replace(['-', '_', '.'], "");
        plain(name).contains(&plain(&id)) || plain(&id).contains(&plain(name))
    };
    let named = hosts.iter().filter(|h| same(&h.name)).map(|h| (h.name.clone(), shown(&h.place)));
    let listening = files.iter().flat_map(|f| &f.assets).filter(|a| a.kind == AssetKind::Listener);
    let names = named.chain(listening.filter_map(|a| Some((address(&a.name)?, shown(&a.place)))));
    let mut steps: Vec<String> = files
        .iter()
        .flat_map(|f| &f.operations)
        .filter(|o| o.state == State::Active)
        .filter_map(step)
        .collect();
    let more = steps.len().saturating_sub(STEPS);
    steps.truncate(STEPS);
    if more > 0 {
        steps.push(format!("and {more} more: `domicile inventory .` lists them"));
    }
    InitComponent { names: names.collect(), files: patterns(files), steps, id, role }
}

/// The address in the name of a listener, if it is one that others can use.
fn address(name: &str) -> Option<String> {
    let word = name.rsplit(' ').next()?;
    let address: IpAddr = word.parse().ok().or_else(|| word.split(':').next()?.parse().ok())?;
    (!address.is_unspecified() && !address.is_loopback()).then(|| address.to_string())
}

/// What an active step sends, and the place that says so.
fn step(operation: &Operation) -> Option<String> {
    if operation.sends.is_empty() || operation.locality == Locality::Local {
        return None;
    }
    let to = if operation.route.is_empty() {
        "nobody knows where".to_owned()
    } else {
        operation.route.join(", then ")
    };
    Some(format!(
        "{} sends {} to {to} ({}, {})",
        shown(&operation.place),
        operation.sends,
        operation.locality.name(),
        operation.certainty.name()
    ))
}

/// Downloads by service or host, with the places that ask for them.
pub(super) fn downloads(files: &[FileInventory]) -> Vec<(String, Vec<String>)> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for operation in files.iter().flat_map(|f| &f.operations) {
        let fetches = operation.fetch && operation.sends.is_empty() && operation.state == State::Active;
        if let (true, Some(to)) = (fetches && operation.locality != Locality::Local, operation.route.last()) {
            all.entry(to.clone()).or_default().insert(shown(&operation.place));
        }
    }
    all.into_iter().map(|(to, places)| (to, places.into_iter().take(3).collect())).collect()
}

/// The files by name, or each directory with the endings it holds where there are many.
fn patterns(files: &[&FileInventory]) -> Vec<String> {
    let names: BTreeSet<&str> = files.iter().map(|f| f.path.as_str()).collect();
    if names.len() <= LISTED {
        return names.into_iter().map(str::to_owned).collect();
    }
    let pattern = |path: &str| {
        let (directory, name) = path.rsplit_once('/').map_or(("", path), |(d, n)| (d, n));
        let ending = name.rsplit_once('.').map_or(name, |(_, e)| e);
        let star = if ending == name { name.to_owned() } else { format!("*.{ending}") };
        if directory.is_empty() { star } else { format!("{directory}/{star}") }
    };
    names.into_iter().map(pattern).collect::<BTreeSet<_>>().into_iter().collect()
}

fn shown(place: &Where) -> String {
    place.line.map_or_else(|| place.file.clone(), |line| format!("{}:{line}", place.file))
}

//! `policies/services/*.toml` to a list: strict, with every problem at its place.
//!
//! A file has `as_of`, `section` and `[[service]]` tables; `regions.toml` has `as_of` and one table per
//! provider, `COUNTRY = [tokens]`.

use super::hosts::HostPattern;
use super::paths::PathPattern;
use super::{Ecosystem, Endpoint, KINDS, Known, Service, Services, package_name};
use crate::model::table::{Node, Reader, Table, Value};
use crate::model::text::hex;
use crate::model::{
    Certainty, DataKind, DataKinds, Diagnostic, Diagnostics, Method, SourcePlace, SourceText,
};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// A host as a file claims it.
struct Claim {
    pattern: HostPattern,
    grade: Option<char>,
    place: Option<String>,
    region: Option<String>,
    at: SourcePlace,
    /// Endpoint it is claimed for; `None` for the service as a whole.
    endpoint: Option<usize>,
}

/// A service with what the other tables need of it.
struct Entry {
    service: Service,
    claims: Vec<Claim>,
    env: Vec<String>,
    packages: Vec<(Ecosystem, String)>,
    at: SourcePlace,
}

pub(super) fn load(files: &[Arc<SourceText>], out: &mut Diagnostics) -> Services {
    let mut list = Services { sha256: digest(files), ..Services::default() };
    let mut entries: Vec<Entry> = Vec::new();
    for file in files {
        let table = Table::parse(file, out);
        let reader = Reader::new(&table, "the file", out);
        let as_of = reader.date("as_of").map(|date| date.value.to_string());
        match &as_of {
            None => reader.missing("as_of", "the date up to which the file was checked"),
            Some(date) if list.as_of.is_empty() || *date < list.as_of => list.as_of.clone_from(date),
            Some(_) => {}
        }
        if let Some(regions) = reader.nested_table("regions") {
            reader.nested(|out| read_regions(regions, &mut list, out));
        } else if let Some(section) = reader.required("section", "the part of the list that the file holds") {
            for table in reader.tables("service") {
                entries.extend(reader.nested(|out| read_service(table, &section.value, out)));
            }
        }
        reader.finish();
    }
    entries.sort_by(|a, b| a.service.id.cmp(&b.service.id));
    assemble(entries, &mut list, out);
    list
}

pub(super) fn digest(files: &[Arc<SourceText>]) -> String {
    let mut sorted: Vec<_> = files.iter().map(|f| (f.name.as_bytes(), f.text.as_bytes())).collect();
    sorted.sort_unstable();
    let mut hash = Sha256::new();
    for part in sorted.into_iter().flat_map(|(name, text)| [name, text]) {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hex(hash.finalize())
}

fn problem(at: &SourcePlace, message: String) -> Diagnostic {
    Diagnostic::error("wrong-value", message).at(at.clone(), "here")
}

fn read_regions(table: &Table, list: &mut Services, out: &mut Diagnostics) {
    for (provider, at, node) in &table.entries {
        let Value::Table(places) = &node.value else {
            out.push(problem(at, format!("`{provider}` must be a table of places")));
            continue;
        };
        let regions = list.regions.entry(provider.clone()).or_default();
        for (place, at, tokens) in &places.entries {
            let Value::Array(tokens) = &tokens.value else {
                out.push(problem(at, format!("`{place}` must be a list of region tokens")));
                continue;
            };
            for token in tokens {
                match &token.value {
                    Value::String(text) if regions.add(text, place) => {}
                    Value::String(text) => out.push(problem(&token.at, format!("`{text}` is listed twice"))),
                    _ => out.push(problem(&token.at, "a region token must be a string".to_owned())),
                }
            }
        }
    }
}

/// A code for a place: a country, or `EU`.
fn place_code(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase())
}

fn read_service(table: &Table, section: &str, out: &mut Diagnostics) -> Option<Entry> {
    let reader = Reader::new(table, "[[service]]", out);
    let id = reader.required("id", "a short name, lower case with hyphens")?.value;
    let name = reader.required("name", "vendor and product")?.value;
    let kinds: Vec<&'static str> = KINDS.iter().map(|(kind, ..)| *kind).collect();
    let kind = reader.word("kind", &kinds, |word| KINDS.iter().find(|(k, ..)| *k == word).copied());
    let Some(kind) = kind else {
        if reader.table().get("kind").is_none() {
            reader.missing("kind", &kinds.join(", "));
        }
        return None;
    };
    let (kind, generates, _) = kind.value;
    let grade = grade(&reader);
    if grade.is_none() {
        reader.missing("grade", "S, C or K");
    }
    let operator = reader.string("operator");
    if let Some(code) = operator.as_ref().filter(|code| !place_code(&code.value)) {
        reader.report(problem(&code.at, format!("`{}` is not a country code", code.value)));
    }
    let (place, region) = where_it_is(&reader);
    let sends = kinds_of(&reader).unwrap_or(DataKinds::NONE);
    let mut claims = claims(&reader, None, &place, &region);
    let mut endpoints = Vec::new();
    for table in reader.tables("endpoint") {
        let read = reader.nested(|out| {
            let defaults = Defaults { service: &id, sends, place: &place, region: &region };
            read_endpoint(table, &defaults, endpoints.len(), out)
        });
        if let Some((endpoint, own)) = read {
            // An endpoint without hosts of its own is about the hosts of the service.
            if own.is_empty() {
                let shared: Vec<_> = claims.iter().filter(|c| c.endpoint.is_none()).map(copy).collect();
                claims.extend(shared.into_iter().map(|c| Claim { endpoint: Some(endpoints.len()), ..c }));
            } else {
                claims.extend(own);
            }
            endpoints.push(endpoint);
        }
    }
    let named = |key, ecosystem| {
        let list = reader.strings(key).into_iter();
        list.map(move |name| (ecosystem, package_name(ecosystem, &name.value))).collect::<Vec<_>>()
    };
    let mut packages = named("python", Ecosystem::Python);
    packages.extend(named("npm", Ecosystem::Npm));
    packages.extend(named("rust", Ecosystem::Rust));
    let entry = Entry {
        service: Service {
            name,
            kind: kind.to_owned(),
            operator_jurisdiction: operator.map(|code| code.value),
            grade: grade.unwrap_or('K'),
            generation: reader.boolean("generation").unwrap_or(generates),
            sends,
            dual_use: reader.boolean("dual_use").unwrap_or(false),
            forwards_to: reader.strings("forwards_to").into_iter().map(|s| s.value).collect(),
            note: reader.string("note").map(|s| s.value),
            section: section.to_owned(),
            row: reader.string("row").map_or_else(|| id.clone(), |s| s.value),
            host_id: format!("{id}/host"),
            other_id: format!("{id}/other"),
            endpoints,
            id,
        },
        claims,
        env: reader.strings("env").into_iter().map(|s| s.value).collect(),
        packages,
        at: table.at.clone(),
    };
    reader.finish();
    Some(entry)
}

fn copy(claim: &Claim) -> Claim {
    Claim {
        pattern: claim.pattern.clone(),
        grade: claim.grade,
        place: claim.place.clone(),
        region: claim.region.clone(),
        at: claim.at.clone(),
        endpoint: claim.endpoint,
    }
}

/// What an endpoint takes over from its service.
struct Defaults<'a> {
    service: &'a str,
    sends: DataKinds,
    place: &'a Option<String>,
    region: &'a Option<String>,
}

fn read_endpoint(
    table: &Table,
    defaults: &Defaults<'_>,
    index: usize,
    out: &mut Diagnostics,
) -> Option<(Endpoint, Vec<Claim>)> {
    let reader = Reader::new(table, "[[service.endpoint]]", out);
    let id = reader.required("id", "a short name, unique in the service")?;
    if matches!(id.value.as_str(), "host" | "other") || id.value.contains('/') {
        reader.report(problem(&id.at, format!("`{}` cannot be the id of an endpoint", id.value)));
    }
    let mut paths = Vec::new();
    for path in reader.strings("paths") {
        match PathPattern::parse(&path.value) {
            Some(pattern) => paths.push(pattern),
            None => reader.report(problem(&path.at, format!("`{}` is not a path pattern", path.value))),
        }
    }
    let fetch = reader.boolean("fetch").unwrap_or(false);
    let (mut reads, mut writes) = (false, false);
    for method in reader.strings("methods") {
        match Method::of_http(&method.value) {
            Method::Read => reads = true,
            Method::Write if method.value.bytes().all(|b| b.is_ascii_uppercase()) => writes = true,
            _ => reader.report(problem(&method.at, format!("`{}` is not a method", method.value))),
        }
    }
    if !reads && !writes {
        (reads, writes) = (fetch, !fetch);
    }
    let model = DataKinds::of(&[DataKind::Model]);
    let sends = kinds_of(&reader).unwrap_or(if fetch { model } else { defaults.sends });
    let words = ["implied", "possible"];
    let certainty = reader.word("certainty", &words, |word| match word {
        "implied" => Some(Certainty::Implied),
        "possible" => Some(Certainty::Possible),
        _ => None,
    });
    let (place, region) = where_it_is(&reader);
    let place = place.or_else(|| defaults.place.clone());
    let region = region.or_else(|| defaults.region.clone());
    let claims = claims(&reader, Some(index), &place, &region);
    reader.finish();
    let endpoint = Endpoint {
        id: format!("{}/{}", defaults.service, id.value),
        paths,
        reads,
        writes,
        sends,
        fetch,
        certainty: certainty.map_or(Certainty::Implied, |c| c.value),
    };
    Some((endpoint, claims))
}

fn grade(reader: &Reader<'_, '_>) -> Option<char> {
    let word = reader.word("grade", &["S", "C", "K"], |word| match word {
        "S" => Some('S'),
        "C" => Some('C'),
        "K" => Some('K'),
        _ => None,
    });
    word.map(|w| w.value)
}

fn where_it_is(reader: &Reader<'_, '_>) -> (Option<String>, Option<String>) {
    let place = reader.string("place");
    if let Some(code) = place.as_ref().filter(|code| !place_code(&code.value)) {
        reader.report(problem(&code.at, format!("`{}` is not the code of a place", code.value)));
    }
    (place.map(|p| p.value), reader.string("region").map(|r| r.value))
}

fn kinds_of(reader: &Reader<'_, '_>) -> Option<DataKinds> {
    reader.table().get("sends").or_else(|| {
        // Asked for, so that the reader knows the key.
        let _ = reader.node("sends");
        None
    })?;
    let mut kinds = DataKinds::NONE;
    for word in reader.strings("sends") {
        match DataKind::parse(&word.value) {
            Some(kind) => kinds.insert(kind),
            None => reader.report(problem(&word.at, format!("`{}` is not a kind of data", word.value))),
        }
    }
    Some(kinds)
}

/// The `hosts` of a service or endpoint: patterns, or tables with a pattern and what differs for it.
fn claims(
    reader: &Reader<'_, '_>,
    endpoint: Option<usize>,
    place: &Option<String>,
    region: &Option<String>,
) -> Vec<Claim> {
    let mut list = Vec::new();
    for node in reader.array("hosts") {
        let claim = match &node.value {
            Value::String(text) => Some((text.clone(), None, None, None)),
            Value::Table(table) => reader.nested(|out| read_host(table, out)),
            _ => {
                reader.report(problem(&node.at, "a host must be a string or a table".to_owned()));
                None
            }
        };
        let Some((text, grade, own_place, own_region)) = claim else { continue };
        list.extend(claim_of(reader, node, &text).map(|pattern| {
            let region = own_region.or_else(|| region.clone()).filter(|_| pattern.has_region());
            let place = own_place.or_else(|| place.clone());
            Claim { pattern, grade, place, region, at: node.at.clone(), endpoint }
        }));
    }
    list
}

type HostTableRow = (String, Option<char>, Option<String>, Option<String>);

fn read_host(table: &Table, out: &mut Diagnostics) -> Option<HostTableRow> {
    let reader = Reader::new(table, "the host", out);
    let host = reader.required("host", "a host pattern")?.value;
    let grade = grade(&reader);
    let (place, region) = where_it_is(&reader);
    reader.finish();
    Some((host, grade, place, region))
}

fn claim_of(reader: &Reader<'_, '_>, node: &Node, text: &str) -> Option<HostPattern> {
    match HostPattern::parse(text) {
        Ok(pattern) => Some(pattern),
        Err(why) => {
            reader.report(problem(&node.at, format!("`{text}` {why}")));
            None
        }
    }
}

/// Builds the tables over all services, and checks what only all of them together can show.
fn assemble(entries: Vec<Entry>, list: &mut Services, out: &mut Diagnostics) {
    let ids: Vec<String> = entries.iter().map(|e| e.service.id.clone()).collect();
    let mut unowned = Vec::new();
    for (index, entry) in entries.into_iter().enumerate() {
        let service = entry.service;
        if index > 0 && ids.get(index - 1) == Some(&service.id) {
            out.push(problem(&entry.at, format!("there are two services `{}`", service.id)));
        }
        for id in service.forwards_to.iter().filter(|id| ids.binary_search(id).is_err()) {
            out.push(problem(&entry.at, format!("`forwards_to` names `{id}`, which is no service")));
        }
        for claim in entry.claims {
            claim_host(index, &service, claim, list, out);
        }
        for name in entry.env {
            if list.env.insert(name.clone(), index).is_some() {
                out.push(problem(&entry.at, format!("variable `{name}` belongs to two services")));
            }
        }
        for package in entry.packages {
            if list.packages.insert(package.clone(), index).is_some() {
                out.push(problem(&entry.at, format!("package `{}` belongs to two services", package.1)));
            }
        }
        list.services.push(service);
    }
    let services = &list.services;
    for (pattern, known) in list.hosts.all() {
        let shared = known.rules.iter().any(|(service, _)| *service != known.owner);
        if let Some(at) = list.services.get(known.owner).map(|s| &s.id).filter(|_| shared && !known.whole) {
            let why =
                format!("`{pattern}` is shared by `{at}` and others; one must list it in its own `hosts`");
            unowned.push(why);
        }
    }
    unowned.sort();
    for why in unowned {
        out.push(Diagnostic::error("wrong-value", why));
    }
    for known in list.hosts.values_mut() {
        let rules = known.rules.iter().filter_map(|(s, e)| services.get(*s)?.endpoints.get(*e));
        let (mut fetches, mut sends) = (false, false);
        for rule in rules {
            fetches |= rule.fetch;
            sends |= !rule.fetch && !rule.sends.is_empty();
        }
        known.dual |= fetches && sends;
        // Of two rules that say equally much of a path, the first that was listed wins.
        known.rules.reverse();
    }
}

fn claim_host(index: usize, service: &Service, claim: Claim, list: &mut Services, out: &mut Diagnostics) {
    if let Some(region) = claim.region.as_ref().filter(|r| !list.regions.contains_key(*r)) {
        out.push(problem(&claim.at, format!("there are no regions `{region}`")));
    }
    let new = || Known { owner: index, ..Known::default() };
    let Some(known) = list.hosts.entry(&claim.pattern, new) else { return };
    let text = &claim.pattern.text;
    let rule = claim.endpoint.and_then(|e| service.endpoints.get(e).map(|endpoint| (e, endpoint)));
    // Who speaks for a host: the service that lists it as its own, or has a rule there for every path.
    if rule.is_none_or(|(_, endpoint)| endpoint.paths.is_empty()) {
        if known.whole && known.owner != index {
            out.push(problem(&claim.at, format!("`{text}` is claimed as a whole by two services")));
        }
        known.owner = index;
        known.whole = true;
    }
    match rule {
        None => known.sends = known.sends.union(service.sends),
        Some((e, endpoint)) => {
            known.rules.push((index, e));
            known.sends = known.sends.union(endpoint.sends);
            known.dual |= endpoint.certainty == Certainty::Possible && endpoint.paths.is_empty();
        }
    }
    known.grade = known.grade.or(claim.grade);
    known.place = known.place.take().or(claim.place);
    known.region = known.region.take().or(claim.region);
}

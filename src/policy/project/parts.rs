//! `[[component]]` and `[[source]]`: what there is, and where its traffic is logged.

use super::super::boundary;
use super::{duplicates, identifier, not_blank, positive_duration, refer};
use crate::model::diagnostic::{Diagnostic, Diagnostics, Place};
use crate::model::net::{AddressKind, Host, Url, address_kind};
use crate::model::project::{Boundary, Bypass, Component, Heartbeat, PointKind, Role, Source};
use crate::model::table::{Reader, Table};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// How logs came to be where they are read, strongest first.
const CUSTODY: [&str; 4] = [
    "signed at source",
    "hashed at collection by another party",
    "read in place",
    "supplied by the audited team",
];

pub(super) fn components(tables: &[&Table], local: &Boundary, out: &mut Diagnostics) -> Vec<Component> {
    // A network that could not be read would make every host look like one outside.
    let known = !out.has_errors();
    let mut list: Vec<Component> = Vec::new();
    let mut hosts: BTreeMap<String, (String, Place)> = BTreeMap::new();
    for table in tables {
        let Some((component, places)) = component(table, out) else { continue };
        for (host, place) in component.hosts.iter().zip(places) {
            if known {
                outside(host, &place, local, out);
            }
            if let Some((other, first)) = hosts.get(host) {
                out.push(
                    Diagnostic::warning("shared-host", format!("`{host}` is a host of `{other}` too"))
                        .at(place, "traffic from here cannot be told apart")
                        .related(first.clone(), "also here")
                        .help("its traffic counts for the component that is declared first"),
                );
            } else {
                hosts.insert(host.clone(), (component.id.clone(), place));
            }
        }
        list.push(component);
    }
    duplicates(list.iter().map(|c| (c.id.as_str(), &c.at)), "component", out);
    list
}

/// Warns about a component whose address the boundary does not hold.
fn outside(host: &str, place: &Place, local: &Boundary, out: &mut Diagnostics) {
    let Ok(address) = host.parse::<IpAddr>() else { return };
    let kind = address_kind(address);
    if matches!(kind, AddressKind::Loopback | AddressKind::Link)
        || local.networks.iter().any(|n| n.network.contains(address))
    {
        return;
    }
    out.push(
        Diagnostic::warning("host-outside-boundary", format!("`{host}` is in no declared network"))
            .at(place.clone(), "traffic to it counts as leaving")
            .help("declare its network in `[boundary]` if it is local"),
    );
}

fn component(table: &Table, out: &mut Diagnostics) -> Option<(Component, Vec<Place>)> {
    let reader = Reader::new(table, "[[component]]", out);
    let id = reader.required("id", "a short name that sources and waivers refer to");
    let words: Vec<&'static str> = Role::ALL.iter().map(|r| r.name()).collect();
    let role = reader.word("role", &words, Role::parse);
    if table.get("role").is_none() {
        reader.missing("role", "one of `generator`, `forwarder`, `client`, `support`");
    }
    let hosts = reader.strings("hosts");
    let files = reader.strings("files");
    reader.finish();
    let mut places = Vec::new();
    let mut names = Vec::new();
    for text in not_blank(hosts, "hosts", out) {
        match boundary::host(&text) {
            Ok(name) => {
                names.push(name);
                places.push(text.at);
            }
            Err(problem) => out.push(*problem),
        }
    }
    let files = not_blank(files, "files", out).into_iter().map(|t| (t.value, t.at)).collect();
    let id = identifier(id?, out)?;
    Some((Component { id: id.value, role: role?.value, hosts: names, files, at: id.at }, places))
}

pub(super) fn sources(tables: &[&Table], components: &[&str], out: &mut Diagnostics) -> Vec<Source> {
    let list: Vec<Source> = tables.iter().filter_map(|t| source(t, components, out)).collect();
    duplicates(list.iter().map(|s| (s.id.as_str(), &s.at)), "source", out);
    list
}

fn source(table: &Table, components: &[&str], out: &mut Diagnostics) -> Option<Source> {
    let reader = Reader::new(table, "[[source]]", out);
    let id = reader.required("id", "a short name for the report");
    let files = reader.strings("files");
    let format = reader.string("format");
    let log_format = reader.string("log_format");
    let point = reader.nested_table("point");
    let bypass = reader.nested_table("bypass");
    let heartbeat = reader.nested_table("heartbeat");
    let custody = reader.nested_table("custody");
    if table.get("files").is_none() {
        reader.missing("files", "patterns of the log files, for example `files = [\"logs/access.log*\"]`");
    } else if files.is_empty() {
        reader.report(
            Diagnostic::error("blank-value", "`files` of [[source]] is empty")
                .at(table.key_place("files"), "no log would be read"),
        );
    }
    if table.get("point").is_none() {
        reader.missing(
            "point",
            "where it looks from: `point = { at = \"squid\", kind = \"explicit-proxy\", observes = [\"comfyui\"] }`",
        );
    }
    if let (Some(layout), None) = (&log_format, &format) {
        reader.report(
            Diagnostic::error("log-format-alone", "`log_format` of [[source]] needs `format`")
                .at(layout.at.clone(), "in the words of which server?")
                .help("`format = 'web-access'` for nginx and Apache, `format = 'squid'` for Squid"),
        );
    }
    reader.finish();

    let files: Vec<_> = not_blank(files, "files", out).into_iter().map(|t| (t.value, t.at)).collect();
    let point = point.and_then(|t| read_point(t, components, out));
    let (bypass, bypass_evidence) = bypass.map_or((Bypass::NotControlled, None), |t| read_bypass(t, out));
    let heartbeat = heartbeat.and_then(|t| read_heartbeat(t, out));
    let (collector, custody) = custody.map_or((None, None), |t| read_custody(t, out));
    let id = identifier(id?, out)?;
    let (at, kind, observes) = point?;
    Some(Source {
        point: at.unwrap_or_else(|| id.value.clone()),
        id: id.value,
        files,
        format: format.map(|t| t.value),
        log_format: log_format.map(|t| (t.value, t.at)),
        kind,
        observes,
        bypass,
        bypass_evidence,
        heartbeat,
        collector,
        custody,
        at: id.at,
    })
}

fn read_point(
    table: &Table,
    components: &[&str],
    out: &mut Diagnostics,
) -> Option<(Option<String>, PointKind, Vec<String>)> {
    let reader = Reader::new(table, "`point`", out);
    let at = reader.string("at").filter(|t| !t.value.trim().is_empty());
    let words: Vec<&'static str> = PointKind::ALL.iter().map(|k| k.name()).collect();
    let kind = reader.word("kind", &words, PointKind::parse);
    if table.get("kind").is_none() {
        reader.missing("kind", &format!("one of {}", words.join(", ")));
    }
    let observes = reader.strings("observes");
    if table.get("observes").is_none() {
        reader.missing("observes", "ids of the components whose traffic it sees");
    } else if observes.is_empty() {
        reader.report(
            Diagnostic::error("blank-value", "`observes` of `point` is empty")
                .at(table.key_place("observes"), "a source that observes nobody proves nothing"),
        );
    }
    reader.finish();
    let observes = observes
        .into_iter()
        .filter(|text| refer(text, "component", components, out))
        .map(|text| text.value)
        .collect();
    Some((at.map(|t| t.value), kind?.value, observes))
}

fn read_bypass(table: &Table, out: &mut Diagnostics) -> (Bypass, Option<(String, Place)>) {
    let reader = Reader::new(table, "`bypass`", out);
    let words: Vec<&'static str> = Bypass::ALL.iter().map(|b| b.name()).collect();
    let direct = reader.word("direct_egress", &words, Bypass::parse);
    if table.get("direct_egress").is_none() {
        reader.missing("direct_egress", "`denied` or `not controlled`");
    }
    let evidence = reader.string("evidence").filter(|t| !t.value.trim().is_empty());
    if direct.as_ref().is_some_and(|d| d.value == Bypass::Denied) && evidence.is_none() {
        reader.missing(
            "evidence",
            "`denied` is a claim: name the file that shows it, such as the firewall's rules",
        );
    }
    reader.finish();
    (direct.map_or(Bypass::NotControlled, |d| d.value), evidence.map(|t| (t.value, t.at)))
}

fn read_heartbeat(table: &Table, out: &mut Diagnostics) -> Option<Heartbeat> {
    let reader = Reader::new(table, "`heartbeat`", out);
    let url = reader.required("url", "the URL that is asked for on a schedule");
    let every = positive_duration(&reader, "every");
    if table.get("every").is_none() {
        reader.missing("every", "how often, for example \"10m\"");
    }
    reader.finish();
    let url = url?;
    let parsed = Url::parse(&url.value)
        .filter(|u| ["http", "https"].iter().any(|s| u.scheme.eq_ignore_ascii_case(s)))
        .and_then(|u| Some((Host::parse(u.host)?.to_string(), u.path.to_owned())));
    let Some((host, path)) = parsed else {
        out.push(
            Diagnostic::error("wrong-url", "the heartbeat's `url` is not an http or https URL")
                .at(url.at, "expected a URL")
                .help("for example \"http://hb.domicile.invalid/comfyui\": an `.invalid` name never leaves"),
        );
        return None;
    };
    Some(Heartbeat { host, path, every: every? })
}

fn read_custody(table: &Table, out: &mut Diagnostics) -> (Option<String>, Option<String>) {
    let reader = Reader::new(table, "`custody`", out);
    let collector = reader.required("collector", "who collected the logs");
    let method = reader.word("method", &CUSTODY, |w| CUSTODY.into_iter().find(|c| *c == w));
    if table.get("method").is_none() {
        reader.missing("method", &format!("one of: {}", CUSTODY.join("; ")));
    }
    reader.finish();
    (collector.map(|t| t.value), method.map(|m| m.value.to_owned()))
}

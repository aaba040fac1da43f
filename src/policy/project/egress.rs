//! `[[expected]]` and `[[waiver]]`: what may leave, and what is accepted for a time.

use super::super::{boundary, quantity};
use super::{duplicates, identifier, not_blank, refer};
use crate::model::data::{DataKind, DataKinds};
use crate::model::diagnostic::{Diagnostic, Diagnostics, Place, closest};
use crate::model::project::{Carries, Expected, Waiver};
use crate::model::table::{At, Node, Reader, Table, Value};
use crate::services::Services;

pub(super) fn expected(tables: &[&Table], components: &[&str], out: &mut Diagnostics) -> Vec<Expected> {
    let list: Vec<Expected> = tables.iter().filter_map(|t| one_expected(t, components, out)).collect();
    duplicates(list.iter().map(|e| (e.id.as_str(), &e.at)), "expected entry", out);
    list
}

fn one_expected(table: &Table, components: &[&str], out: &mut Diagnostics) -> Option<Expected> {
    let reader = Reader::new(table, "[[expected]]", out);
    let id = reader.required("id", "a short name for the report");
    let from = reader.strings("from");
    let to = reader.strings("to");
    for (key, list, help) in [
        ("from", &from, "ids of the components it is for"),
        ("to", &to, "groups (`@time`), services, domains or networks"),
    ] {
        if table.get(key).is_none() {
            reader.missing(key, help);
        } else if list.is_empty() {
            reader.report(
                Diagnostic::error("blank-value", format!("`{key}` of [[expected]] is empty"))
                    .at(table.key_place(key), "nothing is named here")
                    .help(help),
            );
        }
    }
    let carries = reader.node("carries").map(|node| reader.nested(|out| read_carries(node, out)));
    if carries.is_none() {
        reader.missing("carries", "`\"fetch-only\"`, or a list of data kinds such as `[\"telemetry\"]`");
    }
    let limit = reader.nested_table("limit");
    let need = reader.required("need", "what it is needed for, in words a reviewer understands");
    let approval = reader.nested_table("approval");
    if table.get("approval").is_none() {
        reader.missing("approval", "`approval = { owner = \"...\", by = \"...\", review_by = 2027-02-28 }`");
    }
    reader.finish();

    let from: Vec<String> = not_blank(from, "from", out)
        .into_iter()
        .filter(|text| refer(text, "component", components, out))
        .map(|text| text.value)
        .collect();
    let to: Vec<(String, Place)> =
        not_blank(to, "to", out).into_iter().filter_map(|text| destination(text, out)).collect();
    let limit = limit.and_then(|t| {
        let reader = Reader::new(t, "`limit`", out);
        let node = reader.node("bytes_out_per_day");
        if node.is_none() {
            reader.missing("bytes_out_per_day", "most bytes out in a UTC day, for example \"20MB\"");
        }
        let bytes = node.and_then(|node| reader.nested(|out| size(node, "bytes_out_per_day", out)));
        reader.finish();
        bytes
    });
    let approval = approval.and_then(|t| {
        let reader = Reader::new(t, "`approval`", out);
        let owner = reader.required("owner", "who answers for it: without an owner it is not approved");
        let by = reader.required("by", "who approved it: without an approver it is not approved");
        let review = reader.date("review_by");
        if t.get("review_by").is_none() {
            reader.missing("review_by", "the day on which the approval is looked at again, as 2027-02-28");
        }
        reader.finish();
        Some((owner?.value, by?.value, review?.value))
    });
    let id = identifier(id?, out)?;
    let (owner, approved_by, review_by) = approval?;
    Some(Expected {
        id: id.value,
        from,
        to,
        carries: carries??,
        limit_out_per_day: limit,
        need: need?.value,
        owner,
        approved_by,
        review_by,
        at: id.at,
    })
}

fn read_carries(node: &Node, out: &mut Diagnostics) -> Option<Carries> {
    let words: Vec<&'static str> = DataKind::ALL.iter().map(|k| k.name()).collect();
    let wrong = |place: &Place, what: &str| {
        let problem = Diagnostic::error("unknown-value", format!("{what} is not something it can carry"))
            .at(place.clone(), "`fetch-only`, or a list of data kinds");
        match closest(what.trim_matches('`'), words.iter().copied().chain(["fetch-only"])) {
            Some(meant) => problem.help(format!("did you mean `{meant}`?")),
            None => problem.help(format!("data kinds: {}", words.join(", "))),
        }
    };
    match &node.value {
        Value::String(text) if text == "fetch-only" => Some(Carries::FetchOnly),
        Value::Array(items) if !items.is_empty() => {
            let mut kinds = DataKinds::NONE;
            let mut good = true;
            for item in items {
                match &item.value {
                    Value::String(text) => match DataKind::parse(text) {
                        Some(kind) => kinds.insert(kind),
                        None => {
                            out.push(wrong(&item.at, &format!("`{text}`")));
                            good = false;
                        }
                    },
                    other => {
                        out.push(wrong(&item.at, other.kind()));
                        good = false;
                    }
                }
            }
            good.then_some(Carries::Data(kinds))
        }
        Value::String(text) => {
            out.push(wrong(&node.at, &format!("`{text}`")));
            None
        }
        Value::Array(_) => {
            out.push(wrong(&node.at, "an empty list"));
            None
        }
        other => {
            out.push(wrong(&node.at, other.kind()));
            None
        }
    }
}

/// `@group`, a service of the list, a domain or a network; never one that holds everything.
fn destination(text: At<String>, out: &mut Diagnostics) -> Option<(String, Place)> {
    let services = Services::embedded().ok();
    if services.is_some_and(|s| s.knows_target(&text.value)) {
        return Some((text.value, text.at));
    }
    if text.value.starts_with('@') || !text.value.contains(['.', ':', '/']) {
        let problem = Diagnostic::error(
            "unknown-destination",
            format!("there is no group or service `{}`", text.value),
        )
        .at(text.at, "`@group`, a service id, a domain or a network");
        out.push(match services.and_then(|s| s.closest_target(&text.value)) {
            Some(meant) => problem.help(format!("did you mean `{meant}`?")),
            None => problem.help("`domicile list services` names them"),
        });
        return None;
    }
    let is_network = text.value.contains('/') && !text.value.contains("://");
    let checked = if is_network || text.value.parse::<std::net::IpAddr>().is_ok() {
        boundary::network(&text).map(|network| network.to_string())
    } else {
        boundary::reachable(&text)
    };
    match checked {
        Ok(name) => Some((name, text.at)),
        Err(problem) => {
            out.push(*problem);
            None
        }
    }
}

/// A size as `"20MB"`, or a number of bytes.
fn size(node: &Node, key: &str, out: &mut Diagnostics) -> Option<u64> {
    let parsed = match &node.value {
        Value::String(text) => quantity::parse_size(text),
        Value::Integer(bytes) => u64::try_from(*bytes).ok(),
        _ => None,
    };
    if parsed.is_none() {
        out.push(
            Diagnostic::error("wrong-value", format!("`{key}` is not a size"))
                .at(node.at.clone(), "a number and a unit")
                .help("write for example \"512kB\", \"20MB\" or \"1GiB\""),
        );
    }
    parsed
}

pub(super) fn waivers(tables: &[&Table], components: &[&str], out: &mut Diagnostics) -> Vec<Waiver> {
    tables.iter().filter_map(|t| waiver(t, components, out)).collect()
}

fn waiver(table: &Table, components: &[&str], out: &mut Diagnostics) -> Option<Waiver> {
    let reader = Reader::new(table, "[[waiver]]", out);
    let rule = reader.required("rule", "id of the rule it is for");
    let scope = reader.nested_table("match");
    let reason = reader.required("reason", "why the exception is accepted");
    let owner = reader.required("owner", "who carries the risk: a waiver is a debt with a name on it");
    let approver = reader.required("approver", "who accepted it: a waiver is a debt with a name on it");
    let ticket = reader.string("ticket");
    let start = reader.date("start");
    let end = reader.date("end");
    for key in ["start", "end"] {
        if table.get(key).is_none() {
            reader.missing(key, "a waiver has a first and a last day, as 2026-12-31");
        }
    }
    reader.finish();

    let (mut host, mut service, mut component) = (None, None, None);
    if let Some(scope) = scope {
        let reader = Reader::new(scope, "`match`", out);
        host = reader.string("host");
        service = reader.string("service");
        component = reader.string("component");
        reader.finish();
        for text in [&host, &service, &component].into_iter().flatten() {
            if text.value.trim().is_empty() || text.value.trim() == "REQUIRED" {
                out.push(
                    Diagnostic::error("blank-value", "a blank `match` would match everything")
                        .at(text.at.clone(), "fill this in"),
                );
            }
        }
        let checked = |text: At<String>, out: &mut Diagnostics| match boundary::reachable(&text) {
            Ok(name) => Some(At { value: name, at: text.at }),
            Err(problem) => {
                out.push(*problem);
                None
            }
        };
        host = host.filter(|t| !t.value.trim().is_empty()).and_then(|t| checked(t, out));
        component = component
            .filter(|t| !t.value.trim().is_empty())
            .filter(|text| refer(text, "component", components, out));
    }
    if let (Some(start), Some(end)) = (&start, &end)
        && end.value < start.value
    {
        out.push(
            Diagnostic::error("end-before-start", "the waiver ends before it starts")
                .at(end.at.clone(), "last day")
                .related(start.at.clone(), "first day"),
        );
    }
    let rule = rule?;
    Some(Waiver {
        host: host.map(|t| t.value),
        service: service.map(|t| t.value),
        component: component.map(|t| t.value),
        reason: reason?.value,
        owner: owner?.value,
        approver: approver?.value,
        ticket: ticket.map(|t| t.value),
        start: start?.value,
        end: end?.value,
        at: rule.at.clone(),
        rule: (rule.value, rule.at),
    })
}

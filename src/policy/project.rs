//! The project file, `domicile.toml`: the declared side, validated.
//!
//! Every problem is reported in one pass; a project comes back only if there was none worse than a
//! warning. Cross references (sites, components) are checked here, references into policies and
//! services where those are known.

mod egress;
mod parts;
mod place;

use crate::model::diagnostic::{Diagnostic, Diagnostics, Place, SourceText, closest};
use crate::model::project::{Assessment, PeriodSpec, Project};
use crate::model::table::{At, Node, Reader, Table, Value};
use crate::model::time::Period;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Reads a project file. `None` if it has an error; problems are added to `out` in the order of the file.
#[must_use]
pub fn load_project(source: &Arc<SourceText>, out: &mut Diagnostics) -> Option<Project> {
    let mut found = Diagnostics::default();
    let root = Table::parse(source, &mut found);
    let project = if found.has_errors() { None } else { read(&root, source, &mut found) };
    let failed = found.has_errors();
    found.list.sort_by_key(|d| d.at.as_ref().map_or(0, |(place, _)| place.span.start));
    out.list.append(&mut found.list);
    if failed { None } else { project }
}

fn read(root: &Table, source: &Arc<SourceText>, out: &mut Diagnostics) -> Option<Project> {
    let reader = Reader::new(root, "the project file", out);
    let head = reader.nested_table("project");
    let boundary = reader.nested_table("boundary");
    let components = reader.tables("component");
    let sources = reader.tables("source");
    let expected = reader.tables("expected");
    let waivers = reader.tables("waiver");
    let parameters = reader.nested_table("parameters");
    if head.is_none() && root.get("project").is_none() {
        reader.report(
            Diagnostic::error("missing-key", "the project file needs a `[project]` table")
                .at(Place { source: Arc::clone(source), span: 0..0 }, "`[project]` is missing")
                .help("`domicile init` writes a file to start from"),
        );
    }
    if boundary.is_none() && root.get("boundary").is_none() {
        reader.report(
            Diagnostic::error("missing-key", "the project file needs a `[boundary]` table")
                .at(Place { source: Arc::clone(source), span: 0..0 }, "`[boundary]` is missing")
                .help("what is not declared local is remote: say which networks or domains are inside"),
        );
    }
    reader.finish();

    let head = head.and_then(|table| read_head(table, out));
    let boundary = boundary.map(|table| place::boundary(table, out)).unwrap_or_default();
    let ids = ids(&components);
    let components = parts::components(&components, &boundary, out);
    let sources = parts::sources(&sources, &ids, out);
    let expected = egress::expected(&expected, &ids, out);
    let waivers = egress::waivers(&waivers, &ids, out);
    let head = head?;
    Some(Project {
        name: head.name,
        owner: head.owner,
        policies: head.policies,
        assessment: head.assessment,
        handling: head.handling,
        period: head.period,
        boundary,
        components,
        sources,
        expected,
        waivers,
        parameters: parameters
            .map(|table| table.entries.iter().map(|(key, _, node)| (key.clone(), node.clone())).collect())
            .unwrap_or_default(),
        at: head.at,
    })
}

struct Head {
    name: String,
    owner: String,
    policies: Vec<(String, Place)>,
    assessment: Assessment,
    handling: Option<String>,
    period: Option<PeriodSpec>,
    at: Place,
}

fn read_head(table: &Table, out: &mut Diagnostics) -> Option<Head> {
    let reader = Reader::new(table, "[project]", out);
    let name = reader.required("name", "a short name for the report's cover");
    let owner = reader.required("owner", "who answers for the project: a person or a mailbox");
    let policies = reader.strings("policies");
    if policies.is_empty() {
        if table.get("policies").is_none() {
            reader.missing("policies", "name at least one, for example `policies = [\"baseline\"]`");
        } else if matches!(table.get("policies").map(|n| &n.value), Some(Value::Array(a)) if a.is_empty()) {
            reader.report(
                Diagnostic::error("blank-value", "`policies` of [project] is empty")
                    .at(table.key_place("policies"), "nothing would be checked")
                    .help("name at least one, for example `policies = [\"baseline\"]`"),
            );
        }
    }
    let words: Vec<&'static str> = Assessment::ALL.iter().map(|a| a.name()).collect();
    let assessment = reader.word("assessment", &words, Assessment::parse);
    if table.get("assessment").is_none() {
        reader
            .missing("assessment", "who assesses: `self`, `internal` or `third-party`; printed on page one");
    }
    let handling = if table.get("handling").is_some() {
        reader.required("handling", "a marking for every page, or leave the key out").map(|t| t.value)
    } else {
        let _ = reader.node("handling");
        None
    };
    let period = reader.node("period").and_then(|node| reader.nested(|out| read_period(node, out)));
    reader.finish();
    let policies = not_blank(policies, "policies", out);
    duplicates(policies.iter().map(|p| (p.value.as_str(), &p.at)), "policy", out);
    Some(Head {
        name: name?.value,
        owner: owner?.value,
        policies: policies.into_iter().map(|p| (p.value, p.at)).collect(),
        assessment: assessment?.value,
        handling,
        period,
        at: table.at.clone(),
    })
}

fn read_period(node: &Node, out: &mut Diagnostics) -> Option<PeriodSpec> {
    let Value::Table(table) = &node.value else {
        out.push(
            Diagnostic::error("wrong-type", format!("`period` must be a table, not {}", node.value.kind()))
                .at(node.at.clone(), "expected a table")
                .help("write `{ last = \"24h\" }` or `{ start = 2026-11-01, end = 2026-12-01 }`"),
        );
        return None;
    };
    let reader = Reader::new(table, "`period`", out);
    let last = positive_duration(&reader, "last");
    let start = reader.instant("start");
    let end = reader.instant("end");
    let has = |key: &str| table.get(key).is_some();
    let problem = if has("last") && (has("start") || has("end")) {
        Some("`period` has both `last` and fixed ends")
    } else if !(has("last") || has("start") && has("end")) {
        Some("`period` needs `last`, or `start` and `end`")
    } else {
        None
    };
    if let Some(problem) = problem {
        reader.report(
            Diagnostic::error("wrong-period", problem)
                .at(table.at.clone(), "this period")
                .help("write `{ last = \"24h\" }` or `{ start = 2026-11-01, end = 2026-12-01 }`"),
        );
        reader.finish();
        return None;
    }
    if let (Some(start), Some(end)) = (&start, &end)
        && end.value <= start.value
    {
        reader.report(
            Diagnostic::error("end-before-start", "the period ends before it starts")
                .at(end.at.clone(), "ends here, which is not part of the period")
                .related(start.at.clone(), "starts here")
                .help("`end` is the first instant after the period"),
        );
    }
    reader.finish();
    match (last, start, end) {
        (Some(last), ..) => Some(PeriodSpec::Last(last)),
        (None, Some(start), Some(end)) => {
            Some(PeriodSpec::Fixed(Period { start: start.value, end: end.value }))
        }
        _ => None,
    }
}

/// A duration that is longer than nothing.
fn positive_duration(reader: &Reader<'_, '_>, key: &'static str) -> Option<i64> {
    let found = reader.duration(key)?;
    if found.value > 0 {
        return Some(found.value);
    }
    reader.report(
        Diagnostic::error("wrong-value", format!("`{key}` must be longer than nothing"))
            .at(found.at, "no time at all"),
    );
    None
}

/// Drops blank strings from a list, with an error for each.
fn not_blank(list: Vec<At<String>>, key: &str, out: &mut Diagnostics) -> Vec<At<String>> {
    let (kept, blank): (Vec<_>, Vec<_>) =
        list.into_iter().partition(|t| !t.value.trim().is_empty() && t.value.trim() != "REQUIRED");
    for text in blank {
        out.push(
            Diagnostic::error("blank-value", format!("an entry of `{key}` is blank"))
                .at(text.at, "fill this in"),
        );
    }
    kept
}

/// Reports every second use of an id.
fn duplicates<'a>(items: impl Iterator<Item = (&'a str, &'a Place)>, what: &str, out: &mut Diagnostics) {
    let mut seen: BTreeMap<&str, &Place> = BTreeMap::new();
    for (id, place) in items {
        if let Some(first) = seen.get(id) {
            out.push(
                Diagnostic::error("duplicate", format!("{what} `{id}` is there twice"))
                    .at(place.clone(), "again here")
                    .related((*first).clone(), "first here"),
            );
        } else {
            seen.insert(id, place);
        }
    }
}

/// The ids that tables declare, also of those with a mistake elsewhere: one mistake is told once.
fn ids<'t>(tables: &[&'t Table]) -> Vec<&'t str> {
    let id = |t: &&'t Table| match t.get("id").map(|node| &node.value) {
        Some(Value::String(id)) => Some(id.as_str()),
        _ => None,
    };
    tables.iter().filter_map(id).collect()
}

/// Checks that a word is one of the ids declared elsewhere in the file.
fn refer(text: &At<String>, what: &str, ids: &[&str], out: &mut Diagnostics) -> bool {
    if ids.contains(&text.value.as_str()) {
        return true;
    }
    let problem = Diagnostic::error("unknown-reference", format!("there is no {what} `{}`", text.value))
        .at(text.at.clone(), format!("not a {what} of this file"));
    out.push(match closest(&text.value, ids.iter().copied()) {
        Some(meant) => problem.help(format!("did you mean `{meant}`?")),
        None if ids.is_empty() => problem.help(format!("the file declares no {what} that can be used")),
        None => problem.help(format!("declared: {}", ids.join(", "))),
    });
    false
}

/// An id: short, and of characters that need no quoting anywhere.
pub(super) fn identifier(text: At<String>, out: &mut Diagnostics) -> Option<At<String>> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if text.value.len() <= 64 && text.value.chars().all(plain) {
        return Some(text);
    }
    out.push(
        Diagnostic::error("wrong-id", format!("`{}` cannot be an id", text.value))
            .at(text.at, "letters, digits, `-`, `_` and `.`, at most 64"),
    );
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "[project]\nname = \"a\"\nowner = \"o\"\npolicies = [\"baseline\"]\n\
                         assessment = \"self\"\n[boundary]\nnetworks = [{ cidr = \"10.0.0.0/24\" }]\n";

    fn load(text: &str) -> (Option<Project>, Vec<&'static str>) {
        let mut out = Diagnostics::default();
        let project = load_project(&SourceText::new("domicile.toml", text), &mut out);
        (project, out.list.iter().map(|d| d.code).collect())
    }

    #[test]
    fn the_smallest_project_loads() {
        let (project, problems) = load(SMALL);
        assert_eq!(problems, Vec::<&str>::new());
        assert_eq!(project.unwrap().boundary.networks.len(), 1);
    }

    #[test]
    fn an_empty_file_says_what_is_missing() {
        let (project, problems) = load("");
        assert!(project.is_none());
        assert_eq!(problems, ["missing-key", "missing-key"]);
    }

    #[test]
    fn every_problem_is_reported_in_the_order_of_the_file() {
        let text =
            SMALL.replace("\"o\"", "\"\"").replace("10.0.0.0/24", "0.0.0.0/0") + "[[componnt]]\nid = 1\n";
        let (project, problems) = load(&text);
        assert!(project.is_none());
        assert_eq!(problems, ["blank-value", "default-route", "unknown-key"]);
    }

    #[test]
    fn any_text_is_an_answer_and_not_a_panic() {
        for cut in 0..SMALL.len() {
            let _ = load(&SMALL[..cut]);
        }
    }
}

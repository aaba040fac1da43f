//! Loading policies: what is shipped, what people get wrong, and how files combine.

use super::*;
use crate::model::policy::{Severity, Stance};

const CHECKS: [&str; 16] = [
    "declared-egress",
    "observed-egress",
    "undeclared-destination",
    "undeclared-source",
    "declared-not-seen",
    "jurisdiction",
    "transport",
    "source-coverage",
    "rejected-records",
    "expected-egress",
    "remote-credentials",
    "exposure",
    "telemetry",
    "remote-code",
    "model-provenance",
    "declaration-agrees",
];

const HEAD: &str = "version = \"1\"\nas_of = 2026-11-23\n";

/// A policy file of that id; `rest` begins with further keys of `[policy]`.
fn file(id: &str, rest: &str) -> String {
    format!("[policy]\nid = \"{id}\"\n{HEAD}{rest}")
}

fn load_with(files: &[(&str, String)], ids: &[&str], project: &str) -> Result<Policy, Vec<String>> {
    let find = |id: &str| {
        let own = files.iter().find(|(name, _)| *name == id).map(|(_, text)| text.clone());
        let text = own.or_else(|| Some(embedded().iter().find(|(name, _)| *name == id)?.1.to_owned()))?;
        Some(SourceText::new(format!("policies/{id}.toml"), text))
    };
    let mut out = Diagnostics::default();
    let values = Table::parse(&SourceText::new("domicile.toml", project), &mut out);
    let values: Vec<_> = values.entries.into_iter().map(|(key, _, node)| (key, node)).collect();
    let ids: Vec<_> = ids.iter().map(|id| ((*id).to_owned(), None)).collect();
    let policy = load(&ids, &find, &values, &CHECKS, &mut out);
    let problems: Vec<String> = out
        .list
        .iter()
        .map(|d| {
            let at = d.at.as_ref().map(|(place, _)| place.show()).unwrap_or_default();
            format!("{at} {}: {}; {}", d.code, d.message, d.help.clone().unwrap_or_default())
        })
        .collect();
    policy.ok_or(problems)
}

const RULE: &str = "[[rule]]\nid = \"r\"\ntitle = \"t\"\nseverity = \"medium\"\ncheck = \"source-coverage\"\n\
                    with = { roles = [\"generator\"], max_silence = { parameter = \"quiet\" } }\n\
                    evidence = { max_silence = { parameter = \"quiet\" } }\nwhy = \"w\"\nfix = \"f\"\n";
const QUIET: &str = "[parameters]\nquiet = { type = \"duration\", default = \"2h\", at_most = \"4h\", stricter = \"lower\" }\n";

fn base() -> (&'static str, String) {
    ("base", file("base", &format!("{QUIET}{RULE}")))
}

#[test]
fn every_shipped_policy_loads_and_cites_known_controls() {
    for (id, _) in embedded() {
        let policy = load_with(&[], &[id], "").unwrap_or_else(|problems| panic!("{id}: {problems:#?}"));
        assert!(policy.rules.len() >= 9 && policy.layers.iter().all(|layer| layer.embedded));
        for control in policy.rules.iter().flat_map(|rule| &rule.controls) {
            assert_ne!(control.grade, "unverified", "{id}: {}", control.id);
            assert!(!control.title.is_empty(), "{id}: {}", control.id);
        }
    }
}

#[test]
fn parameters_are_filled_in_and_compared_with_their_default() {
    for (value, stance, micros) in
        [("1h", Stance::Stricter, 3_600_000_000), ("3h", Stance::Looser, 10_800_000_000)]
    {
        let policy = load_with(&[base()], &["base"], &format!("quiet = \"{value}\"")).unwrap();
        assert_eq!(policy.parameters[0].stance, stance);
        assert_eq!(policy.parameters[0].bounds.as_deref(), Some("at most 4h"));
        assert_eq!(policy.rules[0].needs.max_silence, Some(micros));
        let filled = policy.rules[0].with.get("max_silence").unwrap();
        assert!(matches!(&filled.value, crate::model::table::Value::String(s) if s == value));
    }
}

#[test]
fn values_out_of_bounds_and_unknown_names_are_errors_with_places() {
    let problems = load_with(&[base()], &["base"], "quiet = \"5h\"\nquite = \"1h\"").unwrap_err();
    assert!(problems[0].starts_with("domicile.toml:1:9 out-of-bounds"), "{problems:#?}");
    assert!(problems[1].starts_with("domicile.toml:2:9 unknown-parameter"), "{problems:#?}");
    assert!(problems[1].contains("did you mean `quiet`?"), "{problems:#?}");
}

#[test]
fn a_cycle_is_an_error_that_names_the_way_round() {
    let files = [("a", file("a", "extends = [\"b\"]\n")), ("b", file("b", "extends = [\"a\"]\n"))];
    let problems = load_with(&files, &["a"], "").unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:#?}");
    assert!(problems[0].starts_with("policies/b.toml:5:12 policy-cycle"), "{problems:#?}");
    assert!(problems[0].contains("a -> b -> a"), "{problems:#?}");
}

#[test]
fn a_common_ancestor_is_loaded_once_and_the_stricter_side_holds() {
    let left =
        "extends = [\"base\"]\n[parameters]\nquiet = \"30m\"\n[[rule]]\nid = \"r\"\nseverity = \"high\"\n";
    let right = "extends = [\"base\"]\n[parameters]\nquiet = \"1h\"\n[[rule]]\nid = \"r\"\nwhy = \"more\"\n\
                 evidence = { max_silence = \"10m\" }\n";
    let files = [base(), ("left", file("left", left)), ("right", file("right", right))];
    for ids in [["left", "right"], ["right", "left"]] {
        let policy = load_with(&files, &ids, "").unwrap();
        assert_eq!(policy.id, ids.join("+"));
        assert_eq!(policy.layers.len(), 3);
        assert_eq!(policy.parameters[0].value, "30m");
        let [rule] = policy.rules.as_slice() else { panic!("{:?}", policy.rules) };
        assert_eq!((rule.severity, rule.why.as_str()), (Severity::High, "w more"));
        assert_eq!(rule.needs.max_silence, Some(600_000_000));
    }
}

#[test]
fn an_inherited_rule_cannot_be_loosened_or_changed() {
    for (change, code) in [
        ("severity = \"low\"\n", "loosened"),
        ("evidence = { max_silence = \"3h\" }\n", "loosened"),
        ("check = \"transport\"\n", "inherited-rule"),
        ("with = { roles = [] }\n", "loosened"),
        ("with = { more = 1 }\n", "loosened"),
        ("active = false\n", "loosened"),
        ("sevrity = \"high\"\n", "unknown-key"),
    ] {
        let child = format!("extends = [\"base\"]\n[[rule]]\nid = \"r\"\n{change}");
        let problems = load_with(&[base(), ("child", file("child", &child))], &["child"], "").unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:#?}");
        assert!(problems[0].contains("policies/child.toml:8:"), "{problems:#?}");
        assert!(problems[0].contains(code), "{problems:#?}");
    }
}

#[test]
fn unrelated_policies_cannot_share_a_rule_id() {
    let other = file("other", &RULE.replace("{ parameter = \"quiet\" }", "\"1h\""));
    let problems = load_with(&[base(), ("other", other)], &["base", "other"], "").unwrap_err();
    assert!(problems[0].contains("duplicate: rule `r` is there twice"), "{problems:#?}");
}

#[test]
fn every_problem_of_a_policy_is_reported_at_once() {
    let text =
        RULE.replace("source-coverage", "source-coverag").replace("medium", "hgh").replace("quiet", "quite")
            + "frobnicate = 1\ncases = [{ expect = \"passs\" }]\n";
    let problems = load_with(&[("a", file("a", &format!("{QUIET}{text}")))], &["a"], "").unwrap_err();
    let codes: Vec<&str> = ["unknown-value", "unknown-parameter", "unknown-key", "unknown-check"].into();
    for code in codes {
        assert!(problems.iter().any(|p| p.contains(code)), "{code}: {problems:#?}");
    }
    assert!(problems.iter().any(|p| p.contains("did you mean `source-coverage`?")), "{problems:#?}");
    assert!(problems.iter().any(|p| p.contains("did you mean `pass`?")), "{problems:#?}");
}

#[test]
fn a_policy_without_rules_loads_and_an_unknown_one_is_named() {
    let policy = load_with(&[("empty", file("empty", ""))], &["empty"], "").unwrap();
    assert!(policy.rules.is_empty() && !policy.blanket_waivers);
    assert_eq!(policy.layers[0].sha256.len(), 64);
    let problems = load_with(&[], &["baselin"], "").unwrap_err();
    assert!(problems[0].contains("did you mean `baseline`?"), "{problems:#?}");
}

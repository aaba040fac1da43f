//! What people write in TOML: the shipped policies load clean, the examples of the documentation load
//! clean, and every mistake in `tests/fixtures/policy/mistakes` is told as the file beside it says.
//!
//! `DOMICILE_UPDATE_EXPECTED=1` writes the expected texts anew; look at the difference before you commit it.

use domicile::check::CHECKS;
use domicile::model::policy::{Policy, Stance};
use domicile::model::project::Project;
use domicile::model::{Diagnostics, SourceText};
use domicile::policy;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/policy")
}

fn checks() -> Vec<&'static str> {
    CHECKS.iter().map(|c| c.id()).collect()
}

/// Loads policies by id; `files` are those that are not compiled in.
fn load(ids: &[&str], files: &[(&str, &str)], out: &mut Diagnostics) -> Option<Policy> {
    let ids: Vec<_> = ids.iter().map(|id| ((*id).to_owned(), None)).collect();
    let find = |id: &str| {
        files.iter().find(|(name, _)| *name == id).map(|(name, text)| SourceText::new(*name, *text))
    };
    policy::load(&ids, &find, &[], &checks(), out)
}

fn told(out: &Diagnostics) -> Vec<String> {
    out.list
        .iter()
        .map(|d| {
            let at = d.at.as_ref().map(|(place, _)| place.show()).unwrap_or_default();
            format!("{at} {}: {}", d.code, d.message)
        })
        .collect()
}

#[test]
fn every_shipped_policy_loads_and_binds_without_a_word() {
    for (id, _) in policy::embedded() {
        let mut out = Diagnostics::default();
        let policy = load(&[id], &[], &mut out);
        assert_eq!(told(&out), Vec::<String>::new(), "{id}");
        let policy = policy.unwrap();
        assert!(policy.rules.len() >= 9, "{id}");
        assert!(domicile::check::bind(&policy, &mut out).is_some(), "{id}: {:?}", told(&out));
        assert!(!policy.blanket_waivers && policy.max_waiver_days.is_some(), "{id}");
        for rule in &policy.rules {
            assert!(rule.why.len() > 60 && rule.fix.len() > 40, "{id} {}: say more", rule.id);
            for control in &rule.controls {
                assert!(["confirmed", "secondary"].contains(&control.grade.as_str()), "{id} {}", control.id);
                assert!(!control.title.is_empty() && !control.not_shown.is_empty(), "{id} {}", control.id);
            }
        }
    }
}

/// HIPAA, PCI DSS, the Safeguards Rule and 23 NYCRR 500 contain no rule on where data is stored.
#[test]
fn no_residency_rule_rests_on_a_regulation_without_one() {
    for (id, _) in policy::embedded() {
        let policy = load(&[id], &[], &mut Diagnostics::default()).unwrap();
        for rule in policy.rules.iter().filter(|r| r.check.0 == "jurisdiction") {
            for control in &rule.controls {
                for without in ["45 CFR 164", "PCI DSS", "16 CFR 314", "23 NYCRR 500"] {
                    assert!(!control.id.starts_with(without), "{id} {}: {}", rule.id, control.id);
                }
            }
        }
    }
}

#[test]
fn no_text_of_a_policy_claims_compliance() {
    for (id, text) in policy::embedded() {
        for word in ["compliant", "certified", "guarantee"] {
            assert!(!text.to_lowercase().contains(word), "{id}: `{word}`");
        }
    }
}

#[test]
fn the_written_examples_load_clean() {
    let project = std::fs::read_to_string(fixtures().join("shapes-project.toml")).unwrap();
    let mut out = Diagnostics::default();
    let loaded = policy::load_project(&SourceText::new("domicile.toml", project), &mut out);
    assert_eq!(told(&out), Vec::<String>::new());
    let project: Project = loaded.unwrap();
    assert_eq!((project.components.len(), project.waivers.len()), (2, 1));
    assert_eq!(project.expected[0].limit_out_per_day, Some(20_000_000));

    let text = std::fs::read_to_string(fixtures().join("shapes-policy.toml")).unwrap();
    let loaded = load(&["acme-healthcare"], &[("acme-healthcare", &text)], &mut out);
    assert_eq!(told(&out), Vec::<String>::new());
    let policy = loaded.unwrap();
    assert_eq!(
        policy.layers.iter().map(|l| l.id.as_str()).collect::<Vec<_>>(),
        ["baseline", "healthcare", "acme-healthcare"]
    );
    assert!(policy::agree(&project, &policy, &mut out));
    assert_eq!(told(&out), Vec::<String>::new());
}

/// Two sectors together: the stricter of both, whichever is named first.
#[test]
fn sectors_combine_to_the_stricter_in_any_order() {
    let mut out = Diagnostics::default();
    let both = |ids: &[&str], out: &mut Diagnostics| {
        let p = load(ids, &[], out).unwrap();
        let silence = p.parameters.iter().find(|x| x.name == "max_silence").unwrap().clone();
        let mut rules: Vec<_> =
            p.rules.iter().map(|r| (r.id.clone(), r.severity, r.controls.len())).collect();
        rules.sort();
        (silence.value, silence.stance, p.max_waiver_days, rules)
    };
    let one = both(&["healthcare", "defense"], &mut out);
    let other = both(&["defense", "healthcare"], &mut out);
    assert_eq!(told(&out), Vec::<String>::new());
    assert_eq!(one, other);
    assert_eq!((one.0.as_str(), one.1, one.2), ("30m", Stance::Stricter, Some(90)));
}

/// A policy may let those above it turn a rule off; that they did is written down.
#[test]
fn what_a_policy_lets_others_turn_off_is_disclosed() {
    let base = "[policy]\nid = 'base'\nversion = '1'\nas_of = 2026-11-23\n[[rule]]\nid = 'r'\ntitle = 'a rule'\n\
                severity = 'high'\ncheck = 'rejected-records'\nwith = { max = '1%' }\nwhy = 'w'\nfix = 'f'\n\
                may = ['disable']\n";
    let top = "[policy]\nid = 'top'\nversion = '1'\nas_of = 2026-11-23\nextends = ['base']\n[[rule]]\nid = 'r'\n\
               active = false\n";
    let mut out = Diagnostics::default();
    let policy = load(&["top"], &[("base", base), ("top", top)], &mut out).unwrap();
    assert_eq!(told(&out), Vec::<String>::new());
    assert_eq!(policy.altered, ["policy top turns rule r off"]);
    assert!(policy.rules.is_empty());
}

/// A fixed value beside a parameter: the stricter of both holds, whatever the project sets.
#[test]
fn a_fixed_value_holds_against_a_looser_parameter() {
    let top = "[policy]\nid = 'top'\nversion = '1'\nas_of = 2026-11-23\nextends = ['baseline']\n[[rule]]\n\
               id = 'generators-observed'\nwith = { roles = ['generator', 'client'], max_silence = '45m' }\n";
    for (set, expected) in [("4h", "45m"), ("30m", "30m")] {
        let project = format!("max_silence = '{set}'\n");
        let mut out = Diagnostics::default();
        let table = domicile::model::table::Table::parse(&SourceText::new("p", project), &mut out);
        let values: Vec<_> = table.entries.into_iter().map(|(key, _, node)| (key, node)).collect();
        let find = |_: &str| Some(SourceText::new("top", top));
        let policy = policy::load(&[("top".to_owned(), None)], &find, &values, &checks(), &mut out).unwrap();
        let rule = policy.rules.iter().find(|r| r.id == "generators-observed").unwrap();
        let value = &rule.with.get("max_silence").unwrap().value;
        assert!(
            matches!(value, domicile::model::table::Value::String(s) if s == expected),
            "{set}: {value:?}"
        );
    }
}

#[test]
fn a_policy_without_an_active_rule_loads_and_has_none() {
    let text = "[policy]\nid = 'none'\nversion = '1'\nas_of = 2026-11-23\n";
    let mut out = Diagnostics::default();
    assert!(load(&["none"], &[("none", text)], &mut out).unwrap().rules.is_empty());
    assert_eq!(told(&out), Vec::<String>::new());
}

/// Each mistake is one file: a project, a policy (it has `[policy]`), or both with their names before
/// them in a line `#: name`.
#[test]
fn every_mistake_is_told_where_it_is() {
    let mut files: Vec<PathBuf> = std::fs::read_dir(fixtures().join("mistakes"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    files.sort();
    assert!(files.len() >= 60, "only {} mistakes", files.len());
    let mut wrong = Vec::new();
    for path in &files {
        let found = judge(&std::fs::read_to_string(path).unwrap());
        let beside = path.with_extension("expected");
        if std::env::var_os("DOMICILE_UPDATE_EXPECTED").is_some() {
            std::fs::write(&beside, &found).unwrap();
        } else if std::fs::read_to_string(&beside).unwrap_or_default() != found {
            wrong.push(format!("{}\n{found}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is said of a fixture.
fn judge(text: &str) -> String {
    let mut parts: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        match line.strip_prefix("#: ") {
            Some(name) => parts.push((name.to_owned(), String::new())),
            None => {
                if parts.is_empty() {
                    let policy = !text.contains("[project]")
                        && (text.contains("[policy]") || text.contains("[[rule]]"));
                    parts.push((
                        if policy { "policy.toml" } else { "domicile.toml" }.to_owned(),
                        String::new(),
                    ));
                }
                let body = &mut parts.last_mut().unwrap().1;
                body.push_str(line);
                body.push('\n');
            }
        }
    }
    let mut out = Diagnostics::default();
    let source = |name: &str| -> Option<Arc<SourceText>> {
        parts.iter().find(|(n, _)| n == name).map(|(n, t)| SourceText::new(n.as_str(), t.as_str()))
    };
    let mut refused = false;
    match source("domicile.toml") {
        None => {
            let ids = [("policy.toml".to_owned(), None)];
            refused |= policy::load(&ids, &source, &[], &checks(), &mut out).is_none();
        }
        Some(file) => match policy::load_project(&file, &mut out) {
            None => refused = true,
            Some(project) => {
                let ids: Vec<_> =
                    project.policies.iter().map(|(id, at)| (id.clone(), Some(at.clone()))).collect();
                let policy = policy::load(&ids, &source, &project.parameters, &checks(), &mut out);
                refused |= policy.is_none_or(|p| !policy::agree(&project, &p, &mut out));
            }
        },
    }
    assert_eq!(refused, out.has_errors(), "{:?}", told(&out));
    assert!(!out.list.is_empty(), "nothing is wrong with:\n{text}");
    domicile::cli::render(&out, false)
}

//! The readers find in the examples what the generator put there: two programs that share no code.

use super::{folder, stored};
use domicile::bytes::Input;
use domicile::inventory::{Context, File, import, undeclared_locality};
use domicile::model::inventory::Verdict;
use domicile::model::{At, Diagnostics, Flow, SourceText};
use domicile::policy::load_project;
use domicile::services::Services;
use domicile::traffic::{Choice, Health, NameFact, ReadOptions, Settled, Sink, read};
use std::collections::BTreeMap;

/// Counts flows by client, server and disposition.
#[derive(Default)]
struct Pairs(BTreeMap<(String, String, &'static str), u64>);

impl Sink for Pairs {
    fn record(&mut self, _: At, _: &[u8], what: Settled<'_, '_>) {
        if let Settled::Flow(flow) = what {
            *self.0.entry((flow.client.to_owned(), server(flow), flow.disposition.name())).or_default() += 1;
        }
    }
    fn name(&mut self, _: &NameFact<'_>) {}
    fn health(&mut self, _: Health) {}
}

fn server(flow: &Flow<'_>) -> String {
    let address = flow.server_address.map(|a| a.to_string());
    flow.server_name.map(str::to_owned).or(address).unwrap_or_default()
}

fn truth() -> Vec<[String; 6]> {
    let table = std::fs::read_to_string(folder().join("truth.tsv")).unwrap();
    let rows = table.lines().skip(1).map(|l| l.split('\t').map(str::to_owned).collect::<Vec<_>>());
    rows.map(|cells| cells.try_into().unwrap()).collect()
}

#[test]
fn every_log_has_the_records_of_the_truth() {
    for [project, what, log, _, _, records] in truth() {
        if what != "records" {
            continue;
        }
        let bytes = std::fs::read(folder().join(&project).join(&log)).unwrap();
        let mut pairs = Pairs::default();
        let outcome =
            read(Input::At(&&bytes[..]), Choice::Auto, &ReadOptions::default(), &mut pairs, &mut |_| {});
        assert_eq!(outcome.skipped, None, "{project}/{log}");
        assert_eq!(outcome.counts.read.to_string(), records, "{project}/{log}");
        assert_eq!(outcome.counts.rejected_total(), 0, "{project}/{log}: {:?}", outcome.problems);
        assert!(!outcome.incomplete_last_line && outcome.stopped.is_none(), "{project}/{log}");
    }
}

/// The whole of the clinic's proxy log, by disposition: the refused attempts are denied, not egress.
#[test]
fn dispositions_of_the_clinic() {
    let mut pairs = Pairs::default();
    for log in ["access.log.2.gz", "access.log.1", "access.log"] {
        let bytes = stored(&folder().join("clinic/logs").join(log)).unwrap();
        read(Input::At(&&bytes[..]), Choice::Auto, &ReadOptions::default(), &mut pairs, &mut |_| {});
    }
    let count = |server: &str, disposition| {
        pairs.0.get(&("10.20.0.5".to_owned(), server.to_owned(), disposition)).copied().unwrap_or(0)
    };
    assert_eq!(count("api.comfy.org", "denied"), 4);
    assert_eq!(count("api.comfy.org", "delivered"), 0);
    // 144 within the day, 24 in the evening before it and 3 after it.
    assert_eq!(count("hb.domicile.invalid", "denied"), 144 + 24 + 3);
    assert_eq!(count("huggingface.co", "delivered"), 25);
    assert_eq!(count("crl3.digicert.com", "served-locally"), 2);
    assert_eq!(count("mirror.clinic.example", "failed"), 1);
}

#[test]
fn project_files_are_clean() {
    let services = Services::embedded().unwrap();
    for project in ["clinic", "bank", "shipyard", "blind"] {
        let name = format!("examples/{project}/domicile.toml");
        let text = std::fs::read_to_string(folder().join(project).join("domicile.toml")).unwrap();
        let mut found = Diagnostics::default();
        let loaded = load_project(&SourceText::new(name, text), &mut found);
        let messages: Vec<_> = found.list.iter().map(|d| &d.message).collect();
        assert!(messages.is_empty(), "{project}: {messages:?}");
        for expected in loaded.unwrap().expected {
            for (target, _) in expected.to {
                let known = target.contains('.') || services.knows_target(&target);
                assert!(known, "{project}: `{target}` is in no services file");
            }
        }
    }
}

#[test]
fn workflows_have_the_verdicts_their_projects_are_about() {
    let services = Services::embedded().unwrap();
    for (file, verdict) in [
        ("clinic/workflows/leaflet.api.json", Verdict::Local),
        ("clinic/workflows/retouch.api.json", Verdict::Local),
        ("bank/workflows/campaign.api.json", Verdict::Local),
        ("bank/workflows/portrait-batch.json", Verdict::Local),
        ("shipyard/workflows/hull-concept.json", Verdict::Remote),
        ("shipyard/workflows/badge.api.json", Verdict::Remote),
        ("blind/workflows/poster.api.json", Verdict::Local),
    ] {
        let bytes = std::fs::read(folder().join(file)).unwrap();
        let context = Context { services, locality: &undeclared_locality };
        let found = import(&File::new(file, &bytes), &context).unwrap();
        assert_eq!(found.verdict, verdict, "{file}: {found:?}");
    }
}

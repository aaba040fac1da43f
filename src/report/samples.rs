//! Evidence for tests: one like a real audit, one with hostile text in every field.

use super::evidence::Evidence;
use crate::model::audit::*;
use crate::model::data::{Certainty, DataKind, DataKinds, Locality};
use crate::model::flow::{Disposition, Lane, Visibility};
use crate::model::inventory::{FileInventory, Operation, State, Verdict, Where};
use crate::model::policy::{ControlRef, Parameter, PolicyLayer, Severity, Stance};
use crate::model::record::RecordCounts;
use crate::model::text::hex;
use crate::model::time::{HOUR, Period, Time};

fn at(text: &str) -> Time {
    Time::parse(text).unwrap()
}

fn digest(seed: u8) -> String {
    hex((0..32u8).map(|i| i.wrapping_mul(37).wrapping_add(seed)).collect::<Vec<_>>())
}

fn place(file: &str, line: u64) -> Where {
    Where { file: file.to_owned(), line: Some(line), inside: None }
}

fn control(id: &str, not_shown: &str) -> ControlRef {
    ControlRef {
        id: id.to_owned(),
        title: "Transmission confidentiality and integrity".to_owned(),
        specification: Some("addressable".to_owned()),
        not_shown: not_shown.to_owned(),
        grade: "confirmed".to_owned(),
    }
}

fn rule(id: &str, title: &str, outcome: Outcome, line: u64) -> RuleResult {
    RuleResult {
        id: id.to_owned(),
        title: title.to_owned(),
        severity: Severity::High,
        check: "observed-egress".to_owned(),
        method: "each aggregate of a generator is held against the boundary".to_owned(),
        outcome,
        waived: false,
        reason: "the explicit proxy `squid-access` logged 3 records to hosted services".to_owned(),
        settle: vec!["a log of the gateway for the same period".to_owned()],
        points: vec!["squid-access".to_owned()],
        findings: 1,
        controls: vec![control("SC-8", "paths that no source observes")],
        why: "a prompt may hold controlled information".to_owned(),
        fix: "point the workflow at the local model".to_owned(),
        stated: place("policies/defense.toml", line),
    }
}

fn finding(id: &str, outcome: Outcome) -> Finding {
    Finding {
        id: id.to_owned(),
        rule: "prompt-egress".to_owned(),
        severity: Severity::Critical,
        outcome,
        kind: "prompt-to-hosted-service",
        component: Some("comfyui".to_owned()),
        client: Some("10.20.0.5".to_owned()),
        service: Some("openai".to_owned()),
        destination: Some("api.openai.com".to_owned()),
        place: Some("US".to_owned()),
        data: DataKinds::of(&[DataKind::Prompt, DataKind::Image]),
        certainty: Certainty::Implied,
        visibility: Some(Visibility::Name),
        message: "3 exchanges of `comfyui` with an image service outside the boundary".to_owned(),
        records: 3,
        bytes_out: ByteSum { sum: 1_301_368, unknown: 1 },
        seen: Some((at("2026-11-22T03:14:15Z"), at("2026-11-22T09:00:01.5Z"))),
        declared: vec![Where {
            file: "workflows/hull.json".to_owned(),
            line: None,
            inside: Some("12 OpenAIDalle3".to_owned()),
        }],
        stated: place("policies/defense.toml", 31),
        exemplars: vec![Exemplar {
            source: "squid-access".to_owned(),
            log: "logs/access.log".to_owned(),
            record: 1042,
            line: Some(1042),
            offset: 118_003,
            length: 127,
            sha256: digest(3),
            time: at("2026-11-22T03:14:15Z"),
        }],
        waived_by: None,
        settle: None,
    }
}

fn row(disposition: Disposition) -> TrafficRow {
    TrafficRow {
        client: "comfyui".to_owned(),
        destination: "telemetry.vendor.example".to_owned(),
        service: None,
        disposition,
        lane: Lane::Proxy,
        locality: Locality::Remote,
        records: 12,
        bytes_out: ByteSum { sum: 0, unknown: 12 },
        seen: (at("2026-11-22T00:10:00Z"), at("2026-11-22T23:10:00Z")),
        note: "refused by the proxy".to_owned(),
    }
}

fn audit() -> Audit {
    let period = Period { start: at("2026-11-22T00:00:00Z"), end: at("2026-11-23T00:00:00Z") };
    let mut records = RecordCounts::default();
    (0..1204).for_each(|_| records.flow());
    (0..96).for_each(|_| records.ignore("cache control message"));
    records.reject("fewer fields than the format has");
    let mut passing =
        rule("encrypted-transport", "Prompts that cross the boundary are encrypted", Outcome::Pass, 77);
    passing.settle.clear();
    let mut open = rule("generators-observed", "Every generator is observed", Outcome::Inconclusive, 54);
    open.controls = vec![control("AU-12", "systems that feed no source")];
    Audit {
        tool: "domicile 0.1.0".to_owned(),
        created: at("2026-11-23T06:00:00Z"),
        time_supplied: true,
        subject: Subject {
            project: "shipyard-renderings".to_owned(),
            owner: "design-office@shipyard.example".to_owned(),
            assessment: "self".to_owned(),
            handling: Some("CONTROLLED".to_owned()),
            file: ("domicile.toml".to_owned(), digest(1)),
            networks: vec!["10.20.0.0/24 (site dock, GPU VLAN)".to_owned()],
            domains: vec!["imaging.shipyard.example".to_owned()],
            sites: vec![("dock".to_owned(), "US".to_owned(), "owned".to_owned())],
            components: vec![
                ("comfyui".to_owned(), "generator".to_owned(), vec!["10.20.0.5".to_owned()]),
                ("archive".to_owned(), "support".to_owned(), vec!["10.20.0.9".to_owned()]),
            ],
        },
        period,
        criteria: Criteria {
            policy: "defense".to_owned(),
            version: "2026.11.0".to_owned(),
            as_of: "2026-11-23".to_owned(),
            layers: vec![PolicyLayer {
                id: "defense".to_owned(),
                version: "2026.11.0".to_owned(),
                file: "policies/defense.toml".to_owned(),
                sha256: digest(2),
                embedded: true,
            }],
            parameters: vec![Parameter {
                name: "max_silence".to_owned(),
                value: "4h".to_owned(),
                default: "1h".to_owned(),
                bounds: Some("at most 4h".to_owned()),
                stance: Stance::Looser,
            }],
            services: ("2026-11-20".to_owned(), digest(4)),
            places: ("2026-11-20".to_owned(), digest(5)),
        },
        conclusion: Conclusion::DoesNotConform,
        sentence:
            "In the 24 h to 2026-11-23T00:00:00Z the explicit proxy logged 3 records of `comfyui` to 1 \
                   hosted image service outside the declared boundary; 1 of 3 rules fails, 1 is inconclusive."
                .to_owned(),
        rules: vec![
            rule("prompt-egress", "No prompt or image leaves the boundary", Outcome::Fail, 31),
            open,
            passing,
        ],
        findings: vec![finding("F1", Outcome::Fail), finding("F2", Outcome::Inconclusive)],
        blocked: vec![row(Disposition::Denied)],
        unresolved: vec![row(Disposition::Unknown)],
        expected: vec![ExpectedResult {
            id: "weights-and-time".to_owned(),
            to: vec!["@time".to_owned(), "huggingface-hub".to_owned()],
            carries: "fetch-only".to_owned(),
            limit: Some(("20MB out per day".to_owned(), false)),
            need: "model weights and clock".to_owned(),
            approval: ("owner".to_owned(), "ciso@shipyard.example".to_owned(), "2027-02-28".to_owned()),
            review_overdue: false,
            records: 88,
            bytes_out: ByteSum { sum: 120_000, unknown: 0 },
            peak_day: 120_000,
            destinations: 3,
            declared: place("domicile.toml", 40),
        }],
        waivers: vec![WaiverResult {
            rule: "undeclared-destination".to_owned(),
            scope: "host status.vendor.example".to_owned(),
            reason: "status page until it is replaced".to_owned(),
            owner: "design-office@shipyard.example".to_owned(),
            approver: "ciso@shipyard.example".to_owned(),
            ticket: Some("RISK-118".to_owned()),
            days: ("2026-11-01".to_owned(), "2026-12-31".to_owned()),
            status: "in force".to_owned(),
            remarks: vec!["unused".to_owned()],
            findings: 0,
            declared: place("domicile.toml", 52),
        }],
        sources: vec![SourceResult {
            id: "squid-access".to_owned(),
            point: "squid".to_owned(),
            kind: "explicit-proxy".to_owned(),
            observes: vec!["comfyui".to_owned()],
            bypass: "denied".to_owned(),
            bypass_evidence: Some(("fw/nftables.rules".to_owned(), Some(digest(6)))),
            custody: "netops@shipyard.example, read in place".to_owned(),
            seen: Some((at("2026-11-22T00:10:00Z"), at("2026-11-22T23:10:00Z"))),
            longest_silence: 5 * HOUR,
            gaps: vec![Period { start: at("2026-11-22T10:00:00Z"), end: at("2026-11-22T15:00:00Z") }],
            liveness: "heartbeat".to_owned(),
            heartbeats: 114,
        }],
        logs: vec![
            LogResult {
                source: "squid-access".to_owned(),
                path: "logs/access.log".to_owned(),
                format: Some("squid".to_owned()),
                skipped: None,
                records: records.clone(),
                seen: Some((at("2026-11-22T00:10:00Z"), at("2026-11-22T23:10:00Z"))),
                bytes: 165_213,
                sha256: Some(digest(7)),
                content: Some(digest(8)),
                problems: vec!["line 900: fewer fields than the format has".to_owned()],
            },
            LogResult {
                source: "squid-access".to_owned(),
                path: "logs/cache.bin".to_owned(),
                format: None,
                skipped: Some("no known format".to_owned()),
                records: RecordCounts::default(),
                seen: None,
                bytes: 4096,
                sha256: None,
                content: None,
                problems: Vec::new(),
            },
        ],
        others: OtherTraffic { clients: 4, records: 300, bytes_out: ByteSum { sum: 91_000, unknown: 2 } },
        inventory: vec![FileInventory {
            verdict: Verdict::Remote,
            operations: vec![Operation {
                id: "12 OpenAIDalle3".to_owned(),
                place: place("workflows/hull.json", 88),
                state: State::Active,
                sends: DataKinds::of(&[DataKind::Prompt]),
                fetch: false,
                service: Some("openai".to_owned()),
                route: vec!["api.comfy.org".to_owned(), "openai".to_owned()],
                locality: Locality::Remote,
                certainty: Certainty::Stated,
                because: "partner node".to_owned(),
                decided_at: None,
                spelled: None,
            }],
            notes: vec!["1 node of an unknown class".to_owned()],
            ..FileInventory::new("workflows/hull.json", "comfyui")
        }],
        records,
        aggregates: AggregateList { lines: 61, sha256: digest(9), root: digest(10) },
        disclosures: vec!["parameter max_silence is looser than its default: 4h instead of 1h".to_owned()],
    }
}

/// Evidence as a real audit gives it.
pub(crate) fn shipyard() -> Evidence {
    Evidence::from(&audit())
}

/// What an attacker would like to see in a page, on a terminal or in a CI log.
pub(crate) const HOSTILE: &str = "</script><!-- --> ]]> {{7*7}} {% raw %} \u{202e}gpj \u{1b}[31m \
    \n::error::x javascript:alert(1) \"'><img src=x onerror=alert(1)> \n<!--DOMICILE-SEAL-V1\n \u{e0041}\u{feff}&lt;";

/// Evidence with [`HOSTILE`] in every text there is.
pub(crate) fn hostile() -> Evidence {
    let tree = serde_json::to_value(shipyard()).unwrap();
    let fixed = |key: &str| {
        // Words of a fixed list and times cannot hold anything else; the format is checked on its own.
        ["format", "conclusion", "severity", "outcome", "disposition", "lane", "locality", "certainty"]
            .contains(&key)
            || ["visibility", "state", "verdict", "stance", "data", "sends", "created", "time"].contains(&key)
            || ["start", "end", "first", "last"].contains(&key)
    };
    fn spoil(key: &str, value: &mut serde_json::Value, fixed: &dyn Fn(&str) -> bool) {
        match value {
            serde_json::Value::String(text) if !fixed(key) => *text = format!("{HOSTILE}{text}"),
            serde_json::Value::Array(items) if !fixed(key) => {
                items.iter_mut().for_each(|item| spoil(key, item, fixed));
            }
            serde_json::Value::Object(members) => {
                members.iter_mut().for_each(|(key, value)| spoil(key, value, fixed));
            }
            _ => {}
        }
    }
    let mut tree = tree;
    spoil("", &mut tree, &fixed);
    // Days of a waiver are text too, under the names of a period.
    tree["waivers"][0]["start"] = HOSTILE.into();
    tree["waivers"][0]["end"] = HOSTILE.into();
    serde_json::from_value(tree).unwrap()
}

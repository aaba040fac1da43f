//! The result of judging: what every report is made from, already reduced and capped.
//!
//! Nothing in here is a prompt, an image, a credential, a user's name or a URL path. Every list has a
//! fixed order, so that equal inputs give equal bytes.

use super::data::{Certainty, DataKinds, Locality};
use super::flow::{Disposition, Lane, Visibility, names};
use super::inventory::{FileInventory, Where};
use super::policy::{ControlRef, Parameter, PolicyLayer, Severity};
use super::record::RecordCounts;
use super::time::{Period, Time};
use std::collections::BTreeMap;

names! {
    /// What became of a rule.
    Outcome {
        /// It holds, as far as its observation points see.
        Pass = "pass",
        /// It does not hold.
        Fail = "fail",
        /// The evidence does not decide it.
        Inconclusive = "inconclusive",
        /// A declaration makes it moot, and no traffic contradicts that.
        NotApplicable = "not-applicable",
        /// The check itself failed.
        Error = "error",
    }
}

names! {
    /// Conclusion of the audit (ISO 19011, 6.4.10).
    Conclusion {
        /// Every rule holds.
        Conforms = "conforms",
        /// Every rule holds or its failures are waived.
        ConformsExceptAsWaived = "conforms except as waived",
        /// A rule fails.
        DoesNotConform = "does not conform",
        /// The evidence does not decide.
        UnableToConclude = "unable to conclude",
        /// Only the declaration was looked at.
        DeclarationExamined = "declaration examined, traffic not tested",
    }
}

/// The most exemplars kept for one finding.
pub const EXEMPLARS: usize = 20;

/// An audit.
#[derive(Debug, Clone)]
pub struct Audit {
    /// Program and version.
    pub tool: String,
    /// The time the audit was made, which is "now" of all comparisons.
    pub created: Time,
    /// Whether that time was supplied rather than read from the clock.
    pub time_supplied: bool,
    /// What was audited.
    pub subject: Subject,
    /// The period that was asked for.
    pub period: Period,
    /// The criteria.
    pub criteria: Criteria,
    /// Conclusion.
    pub conclusion: Conclusion,
    /// The sentence an auditor could quote, with counts.
    pub sentence: String,
    /// One result for each rule, in policy order.
    pub rules: Vec<RuleResult>,
    /// Findings, worst first.
    pub findings: Vec<Finding>,
    /// Attempts that a control refused.
    pub blocked: Vec<TrafficRow>,
    /// Flows of components that nothing resolves.
    pub unresolved: Vec<TrafficRow>,
    /// Expected egress with what it explained.
    pub expected: Vec<ExpectedResult>,
    /// Waivers with their use.
    pub waivers: Vec<WaiverResult>,
    /// Sources with their coverage.
    pub sources: Vec<SourceResult>,
    /// Every log, read or not.
    pub logs: Vec<LogResult>,
    /// Traffic of clients that are no components: counted, destinations not listed.
    pub others: OtherTraffic,
    /// The declared side.
    pub inventory: Vec<FileInventory>,
    /// Totals of records over all logs.
    pub records: RecordCounts,
    /// Number, SHA-256 and RFC 6962 root of the full list of aggregates.
    pub aggregates: AggregateList,
    /// What page one must disclose: supplied time, forced formats, loosened parameters, altered knowledge.
    pub disclosures: Vec<String>,
}

/// What was audited.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Project name.
    pub project: String,
    /// Who answers for it.
    pub owner: String,
    /// `self`, `internal`, `third-party`.
    pub assessment: String,
    /// Handling marking.
    pub handling: Option<String>,
    /// Name of the project file and its SHA-256.
    pub file: (String, String),
    /// Declared networks, as text: `10.20.0.0/24 (site dc1, GPU VLAN)`.
    pub networks: Vec<String>,
    /// Declared domains.
    pub domains: Vec<String>,
    /// Declared sites: id, jurisdiction, basis.
    pub sites: Vec<(String, String, String)>,
    /// Components: id, role, hosts.
    pub components: Vec<(String, String, Vec<String>)>,
}

/// What it was held against.
#[derive(Debug, Clone)]
pub struct Criteria {
    /// Policy id.
    pub policy: String,
    /// Version.
    pub version: String,
    /// Date of its knowledge.
    pub as_of: String,
    /// Files it was made from.
    pub layers: Vec<PolicyLayer>,
    /// Parameters in force.
    pub parameters: Vec<Parameter>,
    /// Date and SHA-256 of the services list.
    pub services: (String, String),
    /// Date and SHA-256 of the places.
    pub places: (String, String),
}

/// The result of one rule.
#[derive(Debug, Clone)]
pub struct RuleResult {
    /// Rule id.
    pub id: String,
    /// Rule as a sentence.
    pub title: String,
    /// Severity.
    pub severity: Severity,
    /// Check that decided it.
    pub check: String,
    /// How the check works, one line.
    pub method: String,
    /// Outcome.
    pub outcome: Outcome,
    /// Whether every failure is waived.
    pub waived: bool,
    /// Why, as a sentence that names its observation points and claims no more.
    pub reason: String,
    /// What would settle an inconclusive outcome.
    pub settle: Vec<String>,
    /// Ids of the sources it rests on.
    pub points: Vec<String>,
    /// How many findings it has.
    pub findings: u64,
    /// Controls.
    pub controls: Vec<ControlRef>,
    /// Why the rule exists.
    pub why: String,
    /// What to do.
    pub fix: String,
    /// Policy file and line that state it.
    pub stated: Where,
}

/// A finding: a group of like facts that break a rule or leave it open.
#[derive(Debug, Clone)]
pub struct Finding {
    /// Number in the report, `F1`...; given last, in order.
    pub id: String,
    /// Rule id.
    pub rule: String,
    /// Severity of the rule.
    pub severity: Severity,
    /// `fail` or `inconclusive`.
    pub outcome: Outcome,
    /// Stable kebab-case kind: `prompt-to-hosted-service`, `undeclared-destination`.
    pub kind: &'static str,
    /// Component, if it is one.
    pub component: Option<String>,
    /// Client as logged.
    pub client: Option<String>,
    /// Service id.
    pub service: Option<String>,
    /// Destination as evidence has it: a host name or an address.
    pub destination: Option<String>,
    /// Jurisdiction, if known.
    pub place: Option<String>,
    /// Data concerned.
    pub data: DataKinds,
    /// How sure.
    pub certainty: Certainty,
    /// What was visible, for traffic.
    pub visibility: Option<Visibility>,
    /// What is the matter, as a sentence.
    pub message: String,
    /// Records in the group (strongest lane).
    pub records: u64,
    /// Bytes out and how many records did not say.
    pub bytes_out: ByteSum,
    /// First and last record.
    pub seen: Option<(Time, Time)>,
    /// Where the declaration says something about it.
    pub declared: Vec<Where>,
    /// Policy file and line.
    pub stated: Where,
    /// Sampled records, at most [`EXEMPLARS`].
    pub exemplars: Vec<Exemplar>,
    /// Waiver that covers it: its number in `waivers`.
    pub waived_by: Option<usize>,
    /// What would settle it, if inconclusive.
    pub settle: Option<String>,
}

/// A sum of bytes with the number of records that gave none.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize,
)]
pub struct ByteSum {
    /// Sum of those known.
    pub sum: u64,
    /// Records that gave no figure.
    pub unknown: u64,
}

impl ByteSum {
    /// Adds one figure.
    pub fn add(&mut self, bytes: Option<u64>) {
        match bytes {
            Some(n) => self.sum = self.sum.saturating_add(n),
            None => self.unknown += 1,
        }
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: ByteSum) {
        self.sum = self.sum.saturating_add(other.sum);
        self.unknown += other.unknown;
    }
}

/// A record that can be looked up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exemplar {
    /// Source id.
    pub source: String,
    /// Log, relative to its root.
    pub log: String,
    /// Record number, from 1.
    pub record: u64,
    /// Line number, from 1.
    pub line: Option<u64>,
    /// Byte offset in the decoded log.
    pub offset: u64,
    /// Length in bytes.
    pub length: u64,
    /// SHA-256 of the record's bytes, hex.
    pub sha256: String,
    /// When.
    pub time: Time,
}

/// A line of traffic in a table.
#[derive(Debug, Clone)]
pub struct TrafficRow {
    /// Component or client.
    pub client: String,
    /// Host or address.
    pub destination: String,
    /// Service id.
    pub service: Option<String>,
    /// What became of it.
    pub disposition: Disposition,
    /// Layer.
    pub lane: Lane,
    /// Where it is.
    pub locality: Locality,
    /// Records.
    pub records: u64,
    /// Bytes out.
    pub bytes_out: ByteSum,
    /// First and last.
    pub seen: (Time, Time),
    /// Why it is listed.
    pub note: String,
}

/// Expected egress and what it explained.
#[derive(Debug, Clone)]
pub struct ExpectedResult {
    /// Its id.
    pub id: String,
    /// Where it may go, as written.
    pub to: Vec<String>,
    /// What it may carry, as written.
    pub carries: String,
    /// Limit, as written, and whether the logs allow testing it.
    pub limit: Option<(String, bool)>,
    /// Need.
    pub need: String,
    /// Owner, approver, review date.
    pub approval: (String, String, String),
    /// Whether the review date has passed.
    pub review_overdue: bool,
    /// Records it explained.
    pub records: u64,
    /// Bytes out.
    pub bytes_out: ByteSum,
    /// Most bytes out on one UTC day.
    pub peak_day: u64,
    /// Destinations it explained.
    pub destinations: u64,
    /// Where it is declared.
    pub declared: Where,
}

/// A waiver and its use.
#[derive(Debug, Clone)]
pub struct WaiverResult {
    /// Rule.
    pub rule: String,
    /// Scope, as a sentence.
    pub scope: String,
    /// Reason, owner, approver, ticket.
    pub reason: String,
    /// Who carries the risk.
    pub owner: String,
    /// Who accepted it.
    pub approver: String,
    /// Ticket.
    pub ticket: Option<String>,
    /// First and last day.
    pub days: (String, String),
    /// `in force`, `expired`, `not yet in force`.
    pub status: String,
    /// `unused`, `expires within 30 days`, `retroactive`.
    pub remarks: Vec<String>,
    /// Findings it covers.
    pub findings: u64,
    /// Where it is declared.
    pub declared: Where,
}

/// A source and its coverage.
#[derive(Debug, Clone)]
pub struct SourceResult {
    /// Source id.
    pub id: String,
    /// Name and kind of the observation point.
    pub point: String,
    /// Kind.
    pub kind: String,
    /// Components observed.
    pub observes: Vec<String>,
    /// `denied` or `not controlled`.
    pub bypass: String,
    /// Evidence for that, with its SHA-256 if it was read.
    pub bypass_evidence: Option<(String, Option<String>)>,
    /// Custody, as printed.
    pub custody: String,
    /// First and last record in the period.
    pub seen: Option<(Time, Time)>,
    /// Longest silence of the sensor in the period, microseconds.
    pub longest_silence: i64,
    /// Gaps longer than the strictest limit of the policy, longest first, capped.
    pub gaps: Vec<Period>,
    /// How liveness is known: `heartbeat`, `statistics`, `other clients`, `none`.
    pub liveness: String,
    /// Heartbeats seen.
    pub heartbeats: u64,
}

/// A log file.
#[derive(Debug, Clone)]
pub struct LogResult {
    /// Source id.
    pub source: String,
    /// Path relative to its root.
    pub path: String,
    /// Format id, or why it was not read.
    pub format: Option<String>,
    /// Why it was not read, if it was not.
    pub skipped: Option<String>,
    /// Record counts.
    pub records: RecordCounts,
    /// First and last record.
    pub seen: Option<(Time, Time)>,
    /// Size as stored.
    pub bytes: u64,
    /// SHA-256 as stored, hex.
    pub sha256: Option<String>,
    /// BLAKE3 of the decoded bytes, hex.
    pub content: Option<String>,
    /// Places of the first rejected records with the reason.
    pub problems: Vec<String>,
}

/// Traffic of clients that are no components.
#[derive(Debug, Clone, Default)]
pub struct OtherTraffic {
    /// How many clients.
    pub clients: u64,
    /// Records.
    pub records: u64,
    /// Bytes out.
    pub bytes_out: ByteSum,
}

/// The full list of aggregates, bound by digest.
#[derive(Debug, Clone, Default)]
pub struct AggregateList {
    /// Lines.
    pub lines: u64,
    /// SHA-256 of the list as bytes, hex.
    pub sha256: String,
    /// RFC 6962 tree root over its lines, hex.
    pub root: String,
}

impl Audit {
    /// Counts of rules by outcome, waived failures apart under `waived`.
    #[must_use]
    pub fn outcome_counts(&self) -> BTreeMap<&'static str, u64> {
        let mut counts = BTreeMap::new();
        for rule in &self.rules {
            let name =
                if rule.outcome == Outcome::Fail && rule.waived { "waived" } else { rule.outcome.name() };
            *counts.entry(name).or_default() += 1;
        }
        counts
    }
}

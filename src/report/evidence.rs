//! The signed evidence, version 1: what a report is a function of.
//!
//! **Frozen.** `--output json` prints it, the page embeds it, the signature covers its canonical form
//! (RFC 8785, see [`Evidence::canonical`]). A member is never renamed, removed or given another meaning
//! within version 1; every member is always present, `null` where there is nothing to say. Numbers are
//! integers; one beyond 2^53-1 is a decimal string ([`Count`]). Times are RFC 3339 in UTC. Lists are in
//! the order of the audit, bounded (see [`limits`]), and what a bound left out is counted in
//! [`Evidence::omitted`].
//!
//! Text from logs and files stands here byte for byte. Only what a person reads is made visible, later.

mod canonical;
mod count;
mod from_audit;
pub mod limits;

pub use canonical::{EvidenceError, escape_for_page, unescape_from_page};
pub use count::Count;

use crate::model::audit::{Conclusion, Outcome};
use crate::model::data::{Certainty, DataKinds, Locality};
use crate::model::flow::{Disposition, Lane, Visibility};
use crate::model::inventory::{State, Verdict};
use crate::model::policy::{Severity, Stance};
use crate::model::time::{Period, Time};
use serde::{Deserialize, Serialize};

/// The value of [`Evidence::format`].
pub const FORMAT: &str = "domicile-evidence/1";

macro_rules! frozen {
    ($($(#[$meta:meta])* $type:ident { $($(#[$fmeta:meta])* $field:ident: $kind:ty),+ $(,)? })+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $type { $($(#[$fmeta])* pub $field: $kind),+ }
    )+};
}

frozen! {
    /// Evidence v1.
    Evidence {
        /// Always [`FORMAT`].
        format: String,
        /// Program and version that made it.
        tool: String,
        /// When the audit was made: a claim by whoever made it.
        created: Time,
        /// Whether that time was supplied by the operator instead of read from the clock.
        time_supplied: bool,
        /// What was audited, as its owner declares it.
        subject: Subject,
        /// Period that was asked for, end exclusive.
        period: Period,
        /// What it was held against.
        criteria: Criteria,
        /// Conclusion of the audit.
        conclusion: Conclusion,
        /// The sentence an auditor could quote.
        sentence: String,
        /// What page one must disclose.
        disclosures: Vec<String>,
        /// Rules by outcome; they add up to the number of rules.
        outcomes: Outcomes,
        /// One result for each rule, in policy order.
        rules: Vec<Rule>,
        /// Findings, worst first.
        findings: Vec<Finding>,
        /// Attempts that a control refused.
        blocked: Vec<TrafficRow>,
        /// Flows of components that nothing resolves.
        unresolved: Vec<TrafficRow>,
        /// Expected egress and what it explained.
        expected: Vec<Expected>,
        /// Waivers and their use.
        waivers: Vec<Waiver>,
        /// Sources of traffic and their coverage.
        sources: Vec<Source>,
        /// Every log, read or not.
        logs: Vec<Log>,
        /// Traffic of clients that are no components; destinations not listed.
        others: Others,
        /// Declared side: files and what they do.
        declared: Vec<DeclaredFile>,
        /// Totals of records over all logs.
        records: Records,
        /// The full list of aggregates, bound by digest.
        aggregates: Aggregates,
        /// What the limits left out, by list; empty if nothing.
        omitted: Vec<Omitted>,
    }

    /// A list that a limit cut.
    Omitted {
        /// Name of the list: `findings`, `rules.settle`.
        list: String,
        /// How many entries were left out.
        entries: Count,
    }

    /// Rules by outcome.
    Outcomes {
        /// Rules that hold.
        pass: Count,
        /// Rules that do not, unless waived.
        fail: Count,
        /// Rules that do not hold and whose every failure is waived.
        waived: Count,
        /// Rules the evidence does not decide.
        inconclusive: Count,
        /// Rules a declaration makes moot.
        not_applicable: Count,
        /// Rules whose check failed.
        error: Count,
    }

    /// What was audited.
    Subject {
        /// Project name.
        project: String,
        /// Who answers for it.
        owner: String,
        /// `self`, `internal` or `third-party`.
        assessment: String,
        /// Handling marking for every page.
        handling: Option<String>,
        /// The project file.
        file: FileDigest,
        /// Declared networks.
        networks: Vec<String>,
        /// Declared domains.
        domains: Vec<String>,
        /// Declared sites.
        sites: Vec<Site>,
        /// Components.
        components: Vec<Component>,
    }

    /// A file and its digest.
    FileDigest {
        /// Name, relative.
        name: String,
        /// SHA-256, hex.
        sha256: String,
    }

    /// A declared site.
    Site {
        /// Its id.
        id: String,
        /// Jurisdiction, ISO 3166-1 alpha-2.
        jurisdiction: String,
        /// By what right it is local.
        basis: String,
    }

    /// A component of the project.
    Component {
        /// Its id.
        id: String,
        /// Its role.
        role: String,
        /// Names and addresses as logs have them.
        hosts: Vec<String>,
    }

    /// What it was held against.
    Criteria {
        /// Policy id.
        policy: String,
        /// Version.
        version: String,
        /// Date of its knowledge.
        as_of: String,
        /// Files it was made from, base first.
        layers: Vec<Layer>,
        /// Parameters in force.
        parameters: Vec<Parameter>,
        /// The services list.
        services: Dated,
        /// The places.
        places: Dated,
    }

    /// One file of a policy.
    Layer {
        /// Policy id.
        id: String,
        /// Version.
        version: String,
        /// Name of the file.
        file: String,
        /// SHA-256, hex.
        sha256: String,
        /// Whether it is compiled into the program.
        embedded: bool,
    }

    /// A parameter in force.
    Parameter {
        /// Name.
        name: String,
        /// Value in force.
        value: String,
        /// Default of the policy that declared it.
        default: String,
        /// Bounds.
        bounds: Option<String>,
        /// How the value compares with the default.
        stance: Stance,
    }

    /// Dated knowledge.
    Dated {
        /// Date up to which it holds.
        as_of: String,
        /// SHA-256, hex.
        sha256: String,
    }

    /// A place in a file of the project or policy.
    Where {
        /// Path, relative.
        file: String,
        /// Line, from 1.
        line: Option<Count>,
        /// Path of keys or node ids inside the file.
        inside: Option<String>,
    }

    /// A control a rule gives evidence for.
    Control {
        /// Identifier as cited.
        id: String,
        /// Short title.
        title: String,
        /// `required`, `addressable`, where the regulation says so.
        specification: Option<String>,
        /// What this evidence cannot show.
        not_shown: String,
        /// Grade of the citation.
        grade: String,
    }

    /// The result of a rule.
    Rule {
        /// Rule id.
        id: String,
        /// The rule as a sentence.
        title: String,
        /// Severity.
        severity: Severity,
        /// Check that decided it.
        check: String,
        /// How that check works, one line.
        method: String,
        /// Outcome.
        outcome: Outcome,
        /// Whether every failure is waived.
        waived: bool,
        /// Why, naming the observation points.
        reason: String,
        /// What would settle an inconclusive outcome.
        settle: Vec<String>,
        /// Sources it rests on.
        points: Vec<String>,
        /// How many findings it has, including those a limit left out.
        findings: Count,
        /// Controls.
        controls: Vec<Control>,
        /// Why the rule exists.
        why: String,
        /// What to do.
        fix: String,
        /// Policy file and line.
        stated: Where,
    }

    /// Bytes with the number of records that gave no figure.
    Bytes {
        /// Sum of those known.
        sum: Count,
        /// Records that gave none.
        unknown: Count,
    }

    /// First and last record.
    Seen {
        /// First.
        first: Time,
        /// Last; the same instant if there is one record.
        last: Time,
    }

    /// A finding: a group of like facts that break a rule or leave it open.
    Finding {
        /// Number in the report.
        id: String,
        /// Rule id.
        rule: String,
        /// Severity.
        severity: Severity,
        /// `fail` or `inconclusive`.
        outcome: Outcome,
        /// Stable kind, kebab-case.
        kind: String,
        /// Component.
        component: Option<String>,
        /// Client as logged.
        client: Option<String>,
        /// Service id.
        service: Option<String>,
        /// Host name or address.
        destination: Option<String>,
        /// Jurisdiction.
        place: Option<String>,
        /// Data concerned.
        data: DataKinds,
        /// How sure.
        certainty: Certainty,
        /// What was visible, for traffic.
        visibility: Option<Visibility>,
        /// What is the matter.
        message: String,
        /// Records in the group (strongest lane).
        records: Count,
        /// Bytes sent.
        bytes_out: Bytes,
        /// When.
        seen: Option<Seen>,
        /// Where the declaration says something about it.
        declared: Vec<Where>,
        /// Policy file and line.
        stated: Where,
        /// Sampled records.
        exemplars: Vec<Exemplar>,
        /// Index in `waivers` of the waiver that covers it, from 0.
        waived_by: Option<Count>,
        /// What would settle it.
        settle: Option<String>,
    }

    /// A record that can be looked up.
    Exemplar {
        /// Source id.
        source: String,
        /// Log, relative to its root.
        log: String,
        /// Record number, from 1.
        record: Count,
        /// Line number, from 1.
        line: Option<Count>,
        /// Byte offset in the decoded log.
        offset: Count,
        /// Length in bytes, without the line end.
        length: Count,
        /// SHA-256 of those bytes, hex.
        sha256: String,
        /// When.
        time: Time,
    }

    /// A line of traffic.
    TrafficRow {
        /// Component or client.
        client: String,
        /// Host or address.
        destination: String,
        /// Service id.
        service: Option<String>,
        /// What became of it.
        disposition: Disposition,
        /// Layer.
        lane: Lane,
        /// Where it is.
        locality: Locality,
        /// Records.
        records: Count,
        /// Bytes sent.
        bytes_out: Bytes,
        /// When.
        seen: Seen,
        /// Why it is listed.
        note: String,
    }

    /// Expected egress and what it explained.
    Expected {
        /// Its id.
        id: String,
        /// Where it may go, as written.
        to: Vec<String>,
        /// What it may carry, as written.
        carries: String,
        /// Limit, as written.
        limit: Option<String>,
        /// Whether the logs allow testing that limit; `null` without a limit.
        limit_testable: Option<bool>,
        /// What it is needed for.
        need: String,
        /// Who answers for it.
        owner: String,
        /// Who approved it.
        approver: String,
        /// When the approval must be looked at again.
        review_by: String,
        /// Whether that day has passed.
        review_overdue: bool,
        /// Records it explained.
        records: Count,
        /// Bytes sent.
        bytes_out: Bytes,
        /// Most bytes sent on one UTC day.
        peak_day: Count,
        /// Destinations it explained.
        destinations: Count,
        /// Where it is declared.
        declared: Where,
    }

    /// A waiver and its use.
    Waiver {
        /// Rule it waives.
        rule: String,
        /// Scope, as a sentence.
        scope: String,
        /// Reason.
        reason: String,
        /// Who carries the risk.
        owner: String,
        /// Who accepted it.
        approver: String,
        /// Where it is recorded.
        ticket: Option<String>,
        /// First day.
        start: String,
        /// Last day, inclusive.
        end: String,
        /// `in force`, `expired`, `not yet in force`.
        status: String,
        /// `unused`, `expires within 30 days`, `retroactive`.
        remarks: Vec<String>,
        /// Findings it covers.
        findings: Count,
        /// Where it is declared.
        declared: Where,
    }

    /// A source of traffic and its coverage.
    Source {
        /// Its id.
        id: String,
        /// Name of the observation point.
        point: String,
        /// Its kind.
        kind: String,
        /// Components observed.
        observes: Vec<String>,
        /// Whether traffic around it is `denied` or `not controlled`.
        bypass: String,
        /// Evidence for that: a file, and its SHA-256 if it was read.
        bypass_evidence: Option<BypassEvidence>,
        /// Custody.
        custody: String,
        /// First and last record in the period.
        seen: Option<Seen>,
        /// Longest silence of the sensor in the period, milliseconds.
        longest_silence_ms: Count,
        /// Silences beyond the strictest limit of the policy, longest first.
        gaps: Vec<Period>,
        /// How liveness is known.
        liveness: String,
        /// Heartbeats seen.
        heartbeats: Count,
    }

    /// Evidence that traffic around a point is denied.
    BypassEvidence {
        /// File, relative.
        file: String,
        /// SHA-256, hex, if it was read.
        sha256: Option<String>,
    }

    /// A log file.
    Log {
        /// Source id.
        source: String,
        /// Path, relative to its root.
        path: String,
        /// Format id.
        format: Option<String>,
        /// Why it was not read.
        skipped: Option<String>,
        /// Record counts.
        records: Records,
        /// First and last record.
        seen: Option<Seen>,
        /// Size as stored, bytes.
        bytes: Count,
        /// SHA-256 as stored, hex.
        sha256: Option<String>,
        /// BLAKE3 of the decoded bytes, hex.
        content: Option<String>,
        /// First rejected records, place and reason.
        problems: Vec<String>,
    }

    /// Record counts: `read = flows + ignored + rejected`.
    Records {
        /// Records met.
        read: Count,
        /// Records that became a flow.
        flows: Count,
        /// Records that carry no traffic.
        ignored: Vec<Reason>,
        /// Records that could not be understood.
        rejected: Vec<Reason>,
    }

    /// A reason and how often it was given.
    Reason {
        /// Fixed words.
        reason: String,
        /// Records.
        records: Count,
    }

    /// Traffic of clients that are no components.
    Others {
        /// Clients.
        clients: Count,
        /// Records.
        records: Count,
        /// Bytes sent.
        bytes_out: Bytes,
    }

    /// A file of the declared side.
    DeclaredFile {
        /// Path, relative.
        path: String,
        /// Importer that read it.
        kind: String,
        /// What it says.
        verdict: Verdict,
        /// What it does.
        operations: Vec<Operation>,
        /// Parts not understood, limits reached.
        notes: Vec<String>,
    }

    /// Something a pipeline does that concerns data leaving.
    Operation {
        /// Node id with class, key path.
        id: String,
        /// Where it stands.
        place: Where,
        /// Whether it runs as saved.
        state: State,
        /// What it sends.
        sends: DataKinds,
        /// Whether it downloads.
        fetch: bool,
        /// Service id.
        service: Option<String>,
        /// Everyone the data passes, in order.
        route: Vec<String>,
        /// Where that is.
        locality: Locality,
        /// How sure.
        certainty: Certainty,
        /// The fact that decides.
        because: String,
    }

    /// The full list of aggregates (`aggregates.jsonl`), bound by digest.
    Aggregates {
        /// Lines.
        lines: Count,
        /// SHA-256 of the list as bytes, hex.
        sha256: String,
        /// RFC 6962 tree root over its lines, hex.
        root: String,
    }
}

#[cfg(test)]
mod tests {
    use crate::report::samples::shipyard;
    use serde_json::Value;
    use std::collections::BTreeSet;

    fn walk(value: &Value, path: &str, out: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                members.iter().for_each(|(name, value)| walk(value, &format!("{path}.{name}"), out))
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, &format!("{path}[]"), out)),
            _ => {
                let _ = out.insert(path.trim_start_matches('.').to_owned());
            }
        }
    }

    /// A report that was signed must be readable for ever: whoever fails here has broken version 1.
    #[test]
    fn the_members_of_version_1_are_frozen() {
        let mut paths = BTreeSet::new();
        walk(&serde_json::to_value(shipyard()).unwrap(), "", &mut paths);
        let now: Vec<String> = paths.into_iter().collect();
        let frozen: Vec<&str> = include_str!("evidence/v1.txt").lines().collect();
        assert_eq!(now, frozen);
    }
}

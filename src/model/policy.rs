//! The criteria: a policy after loading, inheritance and parameters.

use super::diagnostic::Place;
use super::flow::{Visibility, names};
use super::project::PointKind;
use super::table::Table;
use chrono::NaiveDate;

names! {
    /// How much a rule matters.
    Severity {
        /// Worth a note.
        Low = "low",
        /// Worth planning a fix.
        Medium = "medium",
        /// Must be fixed.
        High = "high",
        /// Must be fixed at once.
        Critical = "critical",
    }
}

/// A policy, resolved: its own rules and those it inherits, parameters filled in.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Ids of the policies that were asked for, joined by `+`.
    pub id: String,
    /// Version of the first.
    pub version: String,
    /// Date up to which its knowledge holds.
    pub as_of: NaiveDate,
    /// Every file it was made from, base first.
    pub layers: Vec<PolicyLayer>,
    /// Parameters with the value in force.
    pub parameters: Vec<Parameter>,
    /// Rules in order: inherited ones first, as written.
    pub rules: Vec<Rule>,
    /// Longest waiver in days, if bounded.
    pub max_waiver_days: Option<i64>,
    /// Whether a waiver without a scope is accepted.
    pub blanket_waivers: bool,
    /// What one of its files turned off where the policy below allows it, as sentences for page one.
    pub altered: Vec<String>,
}

/// One file a policy was made from.
#[derive(Debug, Clone)]
pub struct PolicyLayer {
    /// Policy id.
    pub id: String,
    /// Version.
    pub version: String,
    /// Name of the file.
    pub file: String,
    /// SHA-256 of its bytes, lower-case hex.
    pub sha256: String,
    /// Whether it is one of those compiled in.
    pub embedded: bool,
}

/// A parameter with the value in force.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Value in force, as written.
    pub value: String,
    /// Default of the policy that declared it, as written.
    pub default: String,
    /// Bounds, as written, if any.
    pub bounds: Option<String>,
    /// How the value compares with the default.
    pub stance: Stance,
}

names! {
    /// How a parameter in force compares with its default.
    Stance {
        /// The same.
        Default = "default",
        /// Stricter.
        Stricter = "stricter",
        /// Looser, which page one shows.
        Looser = "looser",
        /// Different; the parameter has no stricter side.
        Changed = "changed",
    }
}

/// A rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its id, unique in the policy.
    pub id: String,
    /// The rule as a sentence.
    pub title: String,
    /// How much it matters.
    pub severity: Severity,
    /// Id of the check that decides it.
    pub check: (String, Place),
    /// Parameters of the check, `{ parameter = "x" }` already replaced by the value in force.
    pub with: Table,
    /// What evidence it needs.
    pub needs: Requirement,
    /// Controls it gives evidence for.
    pub controls: Vec<ControlRef>,
    /// Why the rule exists.
    pub why: String,
    /// What to do about a finding.
    pub fix: String,
    /// Policy that states it.
    pub policy: String,
    /// Where it is stated.
    pub at: Place,
}

/// What evidence a rule needs. What is absent is not required.
#[derive(Debug, Clone, Default)]
pub struct Requirement {
    /// Any of these kinds of observation point, some only with bypass denied.
    pub points: Vec<PointNeed>,
    /// At least this much to be seen.
    pub visibility: Option<Visibility>,
    /// Longest silence of a sensor, in microseconds.
    pub max_silence: Option<i64>,
    /// Most rejected records, in parts per million.
    pub max_rejected_ppm: Option<u64>,
}

/// A kind of observation point that satisfies a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PointNeed {
    /// The kind.
    pub kind: PointKind,
    /// Whether traffic around it must be denied (`explicit-proxy+denied`).
    pub denied: bool,
}

/// A control a rule gives evidence for.
#[derive(Debug, Clone)]
pub struct ControlRef {
    /// Identifier as cited.
    pub id: String,
    /// Short title.
    pub title: String,
    /// `addressable`, `required`, where the regulation says so.
    pub specification: Option<String>,
    /// What the evidence cannot show.
    pub not_shown: String,
    /// Grade of the citation: `confirmed` or `secondary`.
    pub grade: String,
}

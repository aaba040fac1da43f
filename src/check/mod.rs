//! Judging: one file for each check, and the engine that binds rules and draws the conclusion.
//!
//! A [`Check`] is a kind of test the program knows; a rule of a policy names one and gives it
//! parameters. Binding happens before anything is read, so a mistake in a policy costs nothing; judging
//! is pure. A check never passes for want of evidence: the engine asks what the rule requires.
//!
//! To add a check: one file with `pub(super) static CHECK: ...`, one word in `shelf!`.

mod assets;
mod bind;
mod case;
mod conclude;
mod coverage;
mod destination;
mod engine;
mod group;
mod naming;
mod propose;
mod tables;
mod traffic;
mod waivers;

pub use bind::{Bindings, bind};
pub use case::{Case, Inputs};
pub use destination::locate;
pub use engine::{Circumstances, audit, conclusion_code};
pub use propose::proposals;
pub use waivers::validate as validate_waivers;

use crate::model::Diagnostics;
use crate::model::audit::Finding;
use crate::model::policy::Rule;
use crate::model::table::Table;

/// Which side of the project a check looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The declaration alone: it can be judged without a log.
    Declaration,
    /// The traffic: without logs it cannot be judged.
    Traffic,
}

/// A kind of test.
pub trait Check: Sync {
    /// Stable kebab-case id, equal to the file name.
    fn id(&self) -> &'static str;
    /// How it decides, in a line.
    fn about(&self) -> &'static str;
    /// Parameters, outcomes, limits. Markdown.
    fn doc(&self) -> &'static str;
    /// What it looks at.
    fn side(&self) -> Side;
    /// Binds a rule's parameters; reports every mistake and returns `None` if there was one.
    fn bind(&self, with: &Table, out: &mut Diagnostics) -> Option<Box<dyn Bound>>;
}

/// A check with its parameters.
pub trait Bound: Send + Sync {
    /// Judges the case. Findings decide the outcome: a failed one fails the rule, an inconclusive one
    /// leaves it open; without any, the rule holds as far as its required evidence reaches.
    fn judge(&self, case: &Case<'_>, rule: &Rule, out: &mut Vec<Finding>) -> Judged;
}

/// What a check says besides its findings.
#[derive(Debug, Clone, Default)]
pub struct Judged {
    /// What was found, as a sentence without a full stop; printed when the rule holds.
    pub holds_because: String,
    /// The declaration that makes the rule moot, if one does.
    pub moot: Option<String>,
}

impl Judged {
    /// The rule holds, if nothing was found, because of this.
    #[must_use]
    pub fn holds(because: impl Into<String>) -> Judged {
        Judged { holds_because: because.into(), moot: None }
    }

    /// The rule does not apply, because of this declaration.
    #[must_use]
    pub fn moot(because: impl Into<String>) -> Judged {
        Judged { holds_because: String::new(), moot: Some(because.into()) }
    }
}

/// Declares the checks: modules, and the table that everything else is made from.
macro_rules! shelf {
    ($($module:ident),* $(,)?) => {
        $(mod $module;)*
        /// Every check, by id.
        pub static CHECKS: &[&dyn Check] = &[$(&$module::CHECK),*];
    };
}

shelf! {
    declaration_agrees, declared_egress, declared_not_seen, expected_egress, exposure, jurisdiction,
    model_provenance, observed_egress, rejected_records, remote_code, remote_credentials, source_coverage,
    telemetry, transport, undeclared_destination, undeclared_source,
}

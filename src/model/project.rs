//! The declared side: what a project file says.

use super::data::DataKinds;
use super::diagnostic::Place;
use super::flow::names;
use super::net::Network;
use super::time::{Period, Time};
use chrono::NaiveDate;

names! {
    /// Who carried out the assessment. Printed on page one.
    Assessment {
        /// The audited team itself.
        SelfAssessed = "self",
        /// Another part of the same organisation.
        Internal = "internal",
        /// Somebody else.
        ThirdParty = "third-party",
    }
}

names! {
    /// What a component does.
    Role {
        /// Runs image models; its prompts and images must stay.
        Generator = "generator",
        /// A proxy or gateway: a hop, never a destination.
        Forwarder = "forwarder",
        /// A user interface or API client that hands prompts to a generator.
        Client = "client",
        /// Storage, scheduler, monitoring and whatever else belongs to the project.
        Support = "support",
    }
}

names! {
    /// Where a source of logs looks from (RFC 7011, observation point).
    PointKind {
        /// On the observed machine: packets, sockets.
        Host = "host",
        /// At a network gateway.
        Gateway = "gateway",
        /// In a proxy that clients are told to use.
        ExplicitProxy = "explicit-proxy",
        /// In a DNS resolver.
        Resolver = "resolver",
        /// In the client program: a browser's own log.
        Client = "client",
        /// In the application.
        Application = "application",
    }
}

names! {
    /// Whether traffic around an observation point is possible.
    Bypass {
        /// Denied, with evidence.
        Denied = "denied",
        /// Nothing prevents it.
        NotControlled = "not controlled",
    }
}

/// A project as declared.
#[derive(Debug, Clone)]
pub struct Project {
    /// Name of the project.
    pub name: String,
    /// Who answers for it.
    pub owner: String,
    /// Ids of the policies it is held to, or paths of policy files.
    pub policies: Vec<(String, Place)>,
    /// Who assesses.
    pub assessment: Assessment,
    /// Handling marking for every page.
    pub handling: Option<String>,
    /// The period asked for.
    pub period: Option<PeriodSpec>,
    /// The declared local boundary.
    pub boundary: Boundary,
    /// Its parts.
    pub components: Vec<Component>,
    /// Where its traffic is logged.
    pub sources: Vec<Source>,
    /// Approved communication.
    pub expected: Vec<Expected>,
    /// Accepted exceptions.
    pub waivers: Vec<Waiver>,
    /// Values for policy parameters.
    pub parameters: Vec<(String, super::table::Node)>,
    /// Where the file begins.
    pub at: Place,
}

/// The period of an audit as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeriodSpec {
    /// So many microseconds before "now".
    Last(i64),
    /// Fixed ends.
    Fixed(Period),
}

/// The declared local boundary.
#[derive(Debug, Clone, Default)]
pub struct Boundary {
    /// Networks inside.
    pub networks: Vec<LocalNetwork>,
    /// Domains inside, with everything below them.
    pub domains: Vec<(String, Option<Place>)>,
    /// Sites on which the networks are.
    pub sites: Vec<Site>,
}

/// A network inside the boundary.
#[derive(Debug, Clone)]
pub struct LocalNetwork {
    /// The network.
    pub network: Network,
    /// Id of its site.
    pub site: Option<String>,
    /// What it is used for.
    pub purpose: Option<String>,
    /// Why a public range counts as local.
    pub basis: Option<String>,
    /// Who answers for that.
    pub owner: Option<String>,
    /// Where it is declared.
    pub at: Option<Place>,
}

/// A site.
#[derive(Debug, Clone)]
pub struct Site {
    /// Its id.
    pub id: String,
    /// Jurisdiction, ISO 3166-1 alpha-2.
    pub jurisdiction: String,
    /// By what right it is local: owned, leased, colocated.
    pub basis: String,
    /// Where it is declared.
    pub at: Place,
}

/// A part of the project.
#[derive(Debug, Clone)]
pub struct Component {
    /// Its id.
    pub id: String,
    /// What it does.
    pub role: Role,
    /// Names or addresses as the logs have them.
    pub hosts: Vec<String>,
    /// Patterns of files that describe it.
    pub files: Vec<(String, Place)>,
    /// Where it is declared.
    pub at: Place,
}

/// A source of traffic logs.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its id.
    pub id: String,
    /// Patterns of log files.
    pub files: Vec<(String, Place)>,
    /// Forced format, which is printed.
    pub format: Option<String>,
    /// How its lines are laid out, in the words of the server's own configuration.
    pub log_format: Option<(String, Place)>,
    /// Name of the observation point.
    pub point: String,
    /// Kind of the observation point.
    pub kind: PointKind,
    /// Ids of the components it observes.
    pub observes: Vec<String>,
    /// Whether traffic around it is denied.
    pub bypass: Bypass,
    /// Path of the evidence for that.
    pub bypass_evidence: Option<(String, Place)>,
    /// Heartbeat, if there is one.
    pub heartbeat: Option<Heartbeat>,
    /// Who collected it.
    pub collector: Option<String>,
    /// How it was collected.
    pub custody: Option<String>,
    /// Where it is declared.
    pub at: Place,
}

/// A request made on a schedule so that a silent sensor can be told from a quiet host.
#[derive(Debug, Clone)]
pub struct Heartbeat {
    /// Host of the URL.
    pub host: String,
    /// Path of the URL.
    pub path: String,
    /// How often, in microseconds.
    pub every: i64,
}

/// Approved communication: explained within its limits, still counted, still shown.
#[derive(Debug, Clone)]
pub struct Expected {
    /// Its id.
    pub id: String,
    /// Ids of components it is for.
    pub from: Vec<String>,
    /// `@group`, service id, domain or network.
    pub to: Vec<(String, Place)>,
    /// What it may carry.
    pub carries: Carries,
    /// Most bytes out per UTC day.
    pub limit_out_per_day: Option<u64>,
    /// What it is needed for.
    pub need: String,
    /// Who answers for it.
    pub owner: String,
    /// Who approved it.
    pub approved_by: String,
    /// When the approval must be looked at again.
    pub review_by: NaiveDate,
    /// Where it is declared.
    pub at: Place,
}

/// What expected egress may carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carries {
    /// Only downloads: a write to an inference path is a finding.
    FetchOnly,
    /// These kinds of data.
    Data(DataKinds),
}

/// An accepted exception: a debt with a name on it.
#[derive(Debug, Clone)]
pub struct Waiver {
    /// The rule it is for.
    pub rule: (String, Place),
    /// Host it is limited to (and hosts below it).
    pub host: Option<String>,
    /// Service it is limited to.
    pub service: Option<String>,
    /// Component it is limited to.
    pub component: Option<String>,
    /// Why.
    pub reason: String,
    /// Who carries the risk.
    pub owner: String,
    /// Who accepted it.
    pub approver: String,
    /// Where it is recorded.
    pub ticket: Option<String>,
    /// First day.
    pub start: NaiveDate,
    /// Last day, inclusive.
    pub end: NaiveDate,
    /// Where it is declared.
    pub at: Place,
}

impl Waiver {
    /// Whether it covers the instant.
    #[must_use]
    pub fn covers(&self, time: Time) -> bool {
        (self.start..=self.end).contains(&time.date())
    }

    /// Whether it is limited to nothing: refused unless the policy allows it.
    #[must_use]
    pub fn is_blanket(&self) -> bool {
        self.host.is_none() && self.service.is_none() && self.component.is_none()
    }
}

//! `jurisdiction`: sites and destinations of content lie where the policy allows.

use super::bind::{CONTENT, Open, open, parameters};
use super::group::{Objection, blank, findings, stated};
use super::{Bound, Case, Check, Judged, Side};
use crate::model::audit::{Finding, Outcome};
use crate::model::diagnostic::Diagnostic;
use crate::model::policy::Rule;
use crate::model::table::{Reader, Table};
use crate::model::text::plural;
use crate::model::{Certainty, DataKinds, Diagnostics};
use crate::place::Places;

pub(super) static CHECK: Jurisdiction = Jurisdiction;

pub(super) struct Jurisdiction;

impl Check for Jurisdiction {
    fn id(&self) -> &'static str {
        "jurisdiction"
    }
    fn about(&self) -> &'static str {
        "compares declared sites and the places of destinations of content with those allowed"
    }
    fn doc(&self) -> &'static str {
        "The place of a hosted service is known only where its host name carries a region; everything else \
         is unknown, whatever country its vendor is in. A denied place beats an allowed one.\n\n\
         - `allowed`: countries (ISO 3166-1 alpha-2) or named sets; empty allows everywhere not denied\n\
         - `denied`: countries or named sets\n\
         - `unknown`: `fail`, `inconclusive` (default) or `disclose`"
    }
    fn side(&self) -> Side {
        Side::Traffic
    }
    fn bind(&self, with: &Table, out: &mut Diagnostics) -> Option<Box<dyn Bound>> {
        let bound = parameters(with, out, |r| Rules {
            allowed: places(r, "allowed"),
            denied: places(r, "denied"),
            unknown: open(r, "unknown", Open::Inconclusive),
        })?;
        Some(Box::new(bound))
    }
}

/// Reads a list of countries and named sets; one that is neither would silently allow nothing.
fn places(reader: &Reader<'_, '_>, key: &'static str) -> Vec<String> {
    let mut names = Vec::new();
    for name in reader.strings(key) {
        if let Some(Err(meant)) = Places::embedded().ok().map(|p| p.check_name(&name.value)) {
            let mut problem = Diagnostic::error(
                "unknown-place",
                format!("`{}` is neither a country nor a set", name.value),
            )
            .at(name.at, "unknown place");
            if let Some(meant) = meant {
                problem = problem.help(format!("did you mean `{meant}`?"));
            }
            reader.report(problem);
        }
        names.push(name.value);
    }
    names
}

struct Rules {
    allowed: Vec<String>,
    denied: Vec<String>,
    unknown: Open,
}

impl Rules {
    /// Whether a place is allowed; `None` if that cannot be said.
    fn allows(&self, case: &Case<'_>, place: &str) -> Option<bool> {
        let places = case.inputs.places;
        if !self.denied.is_empty() && places.within(place, &self.denied)? {
            return Some(false);
        }
        if self.allowed.is_empty() { Some(true) } else { places.within(place, &self.allowed) }
    }
}

impl Bound for Rules {
    fn judge(&self, case: &Case<'_>, rule: &Rule, out: &mut Vec<Finding>) -> Judged {
        for site in &case.inputs.project.boundary.sites {
            if self.allows(case, &site.jurisdiction) == Some(true) {
                continue;
            }
            let message = format!(
                "site {} is declared in {}, which the policy does not allow",
                site.id, site.jurisdiction
            );
            let mut finding = blank(rule, "site-outside-jurisdiction", Outcome::Fail, message);
            finding.place = Some(site.jurisdiction.clone());
            finding.declared = vec![stated(&site.at)];
            out.push(finding);
        }
        let mut objections = Vec::new();
        for (row, _) in case.component_traffic() {
            let data: DataKinds = row.data.intersection(CONTENT);
            if !row.crossed() || data.is_empty() || row.fetch || row.is_expected() {
                continue;
            }
            let allowed = row.destination.place.and_then(|p| self.allows(case, p));
            let (kind, outcome) = match (allowed, self.unknown) {
                (Some(true), _) | (None, Open::Disclose) => continue,
                (Some(false), _) => ("content-outside-jurisdiction", Outcome::Fail),
                (None, Open::Fail) => ("place-unknown", Outcome::Fail),
                (None, Open::Inconclusive) => ("place-unknown", Outcome::Inconclusive),
            };
            // Whether content went there at all is for another rule to fail on.
            let outcome = if row.certainty < Certainty::Implied { Outcome::Inconclusive } else { outcome };
            let settle =
                (outcome == Outcome::Inconclusive).then_some("use an endpoint whose name carries its region");
            objections.push(Objection { row, kind, outcome, data, certainty: row.certainty, settle });
        }
        findings(case, rule, objections, say, out);
        let sites = case.inputs.project.boundary.sites.len() as u64;
        Judged::holds(format!(
            "{} declared, in allowed places; no content was seen going elsewhere at {}",
            plural(sites, "site is", "sites are"),
            case.points_sentence()
        ))
    }
}

fn say(f: &Finding) -> String {
    let who = f.component.as_deref().unwrap_or("a component");
    let whither = f.service.as_deref().or(f.destination.as_deref()).unwrap_or("an unnamed destination");
    match &f.place {
        Some(place) => {
            format!("{who} reached {whither}, whose host name says {place}, which the policy does not allow")
        }
        None => format!("{who} reached {whither}, whose host name does not say where it processes"),
    }
}

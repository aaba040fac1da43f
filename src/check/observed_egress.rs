//! `observed-egress`: no content of a component was seen leaving the boundary.

use super::bind::{CONTENT, Open, data, open, parameters};
use super::group::{Objection, findings};
use super::traffic::{Observed, is_forwarder, proxied};
use super::{Bound, Case, Check, Judged, Side};
use crate::evidence::Server;
use crate::model::audit::{Finding, Outcome};
use crate::model::data::Locality;
use crate::model::policy::Rule;
use crate::model::table::Table;
use crate::model::text::plural;
use crate::model::{Certainty, DataKinds, Diagnostics, Visibility};
use std::collections::BTreeSet;

pub(super) static CHECK: ObservedEgress = ObservedEgress;

pub(super) struct ObservedEgress;

impl Check for ObservedEgress {
    fn id(&self) -> &'static str {
        "observed-egress"
    }
    fn about(&self) -> &'static str {
        "reads traffic of components for content that went outside the boundary"
    }
    fn doc(&self) -> &'static str {
        "Every aggregate of a component that went outside the boundary and was not refused or answered by \
         a cache is held against what it carried: seen by a detector (`observed`), or what the endpoint \
         is for (`implied`; `possible` where a host serves both downloads and inference and only its name \
         was seen). Expected egress explains what stays within its limits.\n\n\
         - `data`: kinds of data, default prompt, image, mask, embedding\n\
         - `fail_from`: least certainty that fails: `observed`, `implied` (default), `possible`\n\
         - `possible`: what to do below that: `fail`, `inconclusive` (default), `disclose`"
    }
    fn side(&self) -> Side {
        Side::Traffic
    }
    fn bind(&self, with: &Table, out: &mut Diagnostics) -> Option<Box<dyn Bound>> {
        let bound = parameters(with, out, |r| Rules {
            data: data(r, CONTENT),
            fail_from: r
                .word("fail_from", &["observed", "implied", "possible"], |w| match w {
                    "observed" => Some(Certainty::Observed),
                    "implied" => Some(Certainty::Implied),
                    "possible" => Some(Certainty::Possible),
                    _ => None,
                })
                .map_or(Certainty::Implied, |w| w.value),
            possible: open(r, "possible", Open::Inconclusive),
        })?;
        Some(Box::new(bound))
    }
}

struct Rules {
    data: DataKinds,
    fail_from: Certainty,
    possible: Open,
}

impl Rules {
    fn object<'r, 'a>(&self, row: &'r Observed<'a>) -> Option<Objection<'r, 'a>> {
        let data = row.data.intersection(self.data);
        if data.is_empty() || !row.crossed() || row.is_expected() {
            return None;
        }
        let sure = row.certainty >= self.fail_from && row.destination.locality == Locality::Remote;
        let outcome = match (sure, self.possible) {
            (true, _) | (false, Open::Fail) => Outcome::Fail,
            (false, Open::Inconclusive) => Outcome::Inconclusive,
            (false, Open::Disclose) => return None,
        };
        let kind = match row.certainty {
            Certainty::Observed => "content-seen-leaving",
            Certainty::Stated | Certainty::Implied => "content-to-generation-service",
            Certainty::Possible | Certainty::Undetermined => "possible-content-egress",
        };
        let settle = (outcome == Outcome::Inconclusive).then_some(
            "a log with method and path, or an `[[expected]]` entry if this is an approved download",
        );
        Some(Objection { row, kind, outcome, data, certainty: row.certainty, settle })
    }
}

impl Bound for Rules {
    fn judge(&self, case: &Case<'_>, rule: &Rule, out: &mut Vec<Finding>) -> Judged {
        let by_proxy = proxied(case.inputs.summary);
        let rows = case.component_traffic().filter(|(row, _)| {
            !is_forwarder(case.inputs.project, row.component) || !forwarded(row, &by_proxy)
        });
        let objections: Vec<_> = rows.filter_map(|(row, _)| self.object(row)).collect();
        findings(case, rule, objections, say, out);
        Judged::holds(format!(
            "no {} of a component was seen leaving the boundary in {} seen at {}",
            self.data.iter().map(crate::model::DataKind::name).collect::<Vec<_>>().join(", "),
            plural(case.component_records(), "record", "records"),
            case.points_sentence()
        ))
    }
}

/// Whether a proxy's own log shows the exchange that a forwarder made for somebody.
fn forwarded(row: &Observed<'_>, by_proxy: &BTreeSet<(&str, i64)>) -> bool {
    let Server::Name(name) = &row.key.server else { return false };
    let hours = row.cell.first.hour()..=row.cell.last.hour();
    row.total
        .hours
        .iter()
        .map(|c| c.hour())
        .filter(|h| hours.contains(h))
        .all(|h| (h - 1..=h + 1).any(|n| by_proxy.contains(&(&**name, n))))
}

fn say(f: &Finding) -> String {
    let whither = f.service.as_deref().or(f.destination.as_deref()).unwrap_or("an unnamed destination");
    let who = f.component.as_deref().unwrap_or("a component");
    let seen = match (f.certainty, f.visibility) {
        (Certainty::Observed, _) => format!("the recorded body holds {}", f.data),
        (Certainty::Implied, Some(Visibility::Url)) => {
            format!("method and path are those of a request that carries {}", f.data)
        }
        (Certainty::Implied, Some(Visibility::Address)) => {
            format!(
                "a look-up names the address; the service there takes {}; only the address was seen",
                f.data
            )
        }
        (Certainty::Implied, _) => {
            format!(
                "the service takes {}; the log shows that bytes went to its name, not what they were",
                f.data
            )
        }
        _ => format!("the host may take {} or serve downloads; the log shows only its name", f.data),
    };
    format!("{who} reached {whither}: {seen}")
}

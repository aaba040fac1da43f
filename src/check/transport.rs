//! `transport`: content that crosses the boundary is encrypted on the way.

use super::bind::{CONTENT, Open, data, open, parameters};
use super::group::{Objection, findings};
use super::{Bound, Case, Check, Judged, Side};
use crate::model::audit::{Finding, Outcome};
use crate::model::diagnostic::Diagnostic;
use crate::model::policy::Rule;
use crate::model::table::{Reader, Table};
use crate::model::{DataKinds, Diagnostics, Lane, Method, Transport as Wire};

pub(super) static CHECK: Transport = Transport;

pub(super) struct Transport;

impl Check for Transport {
    fn id(&self) -> &'static str {
        "transport"
    }
    fn about(&self) -> &'static str {
        "reads how exchanges that cross the boundary were protected on the wire"
    }
    fn doc(&self) -> &'static str {
        "Looks at exchanges of components that left the boundary and carried one of the listed kinds of \
         data, or were written to a destination nothing is known of. Only what a log states about the wire \
         counts: a proxy that was asked for a tunnel does not see the version inside.\n\n\
         - `data`: kinds of data, default prompt, image, mask, embedding\n\
         - `cleartext`: `fail` (default), `inconclusive` or `disclose`\n\
         - `min_tls`: `{ at_least = \"1.2\", unseen = \"disclose\" }`"
    }
    fn side(&self) -> Side {
        Side::Traffic
    }
    fn bind(&self, with: &Table, out: &mut Diagnostics) -> Option<Box<dyn Bound>> {
        let bound = parameters(with, out, |r| {
            let (min_tls, unseen) = min_tls(r);
            Rules { data: data(r, CONTENT), cleartext: open(r, "cleartext", Open::Fail), min_tls, unseen }
        })?;
        Some(Box::new(bound))
    }
}

fn min_tls(reader: &Reader<'_, '_>) -> (Wire, Open) {
    let Some(table) = reader.nested_table("min_tls") else { return (Wire::Ssl, Open::Disclose) };
    reader.nested(|out| {
        let inner = Reader::new(table, "`min_tls`", out);
        let version = inner.word("at_least", &["1.0", "1.1", "1.2", "1.3"], |w| match w {
            "1.0" => Some(Wire::Tls10),
            "1.1" => Some(Wire::Tls11),
            "1.2" => Some(Wire::Tls12),
            "1.3" => Some(Wire::Tls13),
            _ => None,
        });
        if table.get("at_least").is_none() {
            inner.report(
                Diagnostic::error("missing-key", "`min_tls` needs `at_least`").at(table.at.clone(), "here"),
            );
        }
        let unseen = open(&inner, "unseen", Open::Disclose);
        inner.finish();
        (version.map_or(Wire::Ssl, |v| v.value), unseen)
    })
}

struct Rules {
    data: DataKinds,
    cleartext: Open,
    min_tls: Wire,
    unseen: Open,
}

impl Bound for Rules {
    fn judge(&self, case: &Case<'_>, rule: &Rule, out: &mut Vec<Finding>) -> Judged {
        let mut objections = Vec::new();
        for (row, _) in case.component_traffic() {
            let data = row.data.intersection(self.data);
            let unknown_write = row.data.is_empty() && row.key.method == Method::Write;
            // A packet-flow log says nothing about what runs inside.
            let silent = row.key.lane == Lane::PacketFlow;
            if !row.crossed() || (data.is_empty() && !unknown_write) || row.fetch || silent {
                continue;
            }
            let (kind, open) = match row.key.transport {
                Wire::Cleartext => ("content-in-cleartext", self.cleartext),
                Wire::Ssl | Wire::Tls10 | Wire::Tls11 | Wire::Tls12 if row.key.transport < self.min_tls => {
                    ("tls-version-too-low", Open::Fail)
                }
                Wire::Tls | Wire::Unknown => ("tls-version-unseen", self.unseen),
                _ => continue,
            };
            let outcome = match open {
                Open::Fail => Outcome::Fail,
                Open::Inconclusive => Outcome::Inconclusive,
                Open::Disclose => continue,
            };
            let settle =
                (outcome == Outcome::Inconclusive).then_some("add a log of TLS handshakes on this path");
            objections.push(Objection { row, kind, outcome, data, certainty: row.certainty, settle });
        }
        findings(case, rule, objections, say, out);
        Judged::holds(format!(
            "no content was seen crossing the boundary unprotected at {}",
            case.points_sentence()
        ))
    }
}

fn say(f: &Finding) -> String {
    let who = f.component.as_deref().unwrap_or("a component");
    let whither = f.destination.as_deref().unwrap_or("an unnamed destination");
    match f.kind {
        "content-in-cleartext" if f.data.is_empty() => format!("{who} wrote to {whither} without encryption"),
        "content-in-cleartext" => format!("{who} sent {} to {whither} without encryption", f.data),
        "tls-version-too-low" => format!("{who} reached {whither} with a TLS version below the one required"),
        _ => format!("no log states the TLS version between {who} and {whither}"),
    }
}

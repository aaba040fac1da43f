//! Proposals: `[[expected]]` blocks for destinations that nothing declares, to be completed by hand.
//!
//! Owner and approver stay blank, and blank is invalid: an approval nobody gave cannot be pasted in. What
//! takes prompts or images is not proposed.

use super::bind::CONTENT;
use super::case::Case;
use super::group::strongest;
use super::traffic::Observed;
use crate::model::data::Locality;
use crate::model::text::{group, visible};
use std::collections::BTreeMap;
use std::fmt::Write;

/// The most blocks that are printed.
const MOST: usize = 50;

/// The blocks, or a comment that there is nothing to propose.
#[must_use]
pub fn proposals(case: &Case<'_>) -> String {
    let mut open: BTreeMap<(&str, &str), Vec<&Observed<'_>>> = BTreeMap::new();
    let mut withheld = BTreeMap::new();
    for (row, component) in case.component_traffic() {
        if !row.crossed() || row.expected.is_some() || row.destination.locality != Locality::Remote {
            continue;
        }
        let Some(name) = row.destination.names.first() else { continue };
        if !row.data.intersection(CONTENT).is_empty() && !row.fetch {
            withheld.insert((component.id.as_str(), &**name), ());
        } else {
            open.entry((&component.id, name)).or_default().push(row);
        }
    }
    open.retain(|key, _| !withheld.contains_key(key));
    let mut out = String::new();
    for ((component, name), rows) in open.iter().take(MOST) {
        let (records, bytes) = strongest(rows);
        let limit = bytes.sum.div_ceil(1_000_000).max(1) * 2;
        let _ = writeln!(
            out,
            "# {} records, {} bytes out{} in the period\n\
             [[expected]]\n\
             id = \"{}\"\n\
             from = [\"{component}\"]\n\
             to = [\"{name}\"]\n\
             carries = \"fetch-only\"\n\
             limit = {{ bytes_out_per_day = \"{limit}MB\" }}\n\
             need = \"REQUIRED\"                       # why this is needed\n\
             approval = {{ owner = \"\", by = \"\", review_by = \"\" }}   # REQUIRED: who answers, who approved, until when\n",
            group(records),
            group(bytes.sum),
            if bytes.unknown > 0 {
                format!(" ({} records without a size)", group(bytes.unknown))
            } else {
                String::new()
            },
            visible(&name.replace('.', "-")),
        );
    }
    for (component, name) in withheld.keys() {
        let _ =
            writeln!(out, "# not proposed: {component} to {}, which takes prompts or images", visible(name));
    }
    if open.len() > MOST {
        let _ = writeln!(out, "# and {} more destinations", open.len() - MOST);
    }
    if out.is_empty() {
        out.push_str("# nothing to propose: every named destination of a component is declared\n");
    }
    out
}

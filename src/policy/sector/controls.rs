//! Controls that policies may cite: ids and short titles, dated, with the grade of the citation.

use crate::model::Diagnostics;
use crate::model::diagnostic::Diagnostic;
use serde::Deserialize;
use std::collections::BTreeMap;

static FILES: &[(&str, &str)] = &[
    ("defense", include_str!("../../../policies/controls/defense.toml")),
    ("finance", include_str!("../../../policies/controls/finance.toml")),
    ("healthcare", include_str!("../../../policies/controls/healthcare.toml")),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(rename = "as_of")]
    _as_of: toml::value::Datetime,
    control: Vec<Control>,
}

/// A control.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Control {
    id: String,
    pub(super) title: String,
    /// `confirmed` against the source, or by a `secondary` page only.
    pub(super) grade: String,
    #[serde(rename = "source")]
    _source: String,
}

/// Controls by id.
pub(super) struct Controls {
    by_id: BTreeMap<String, Control>,
}

impl Controls {
    /// The controls compiled in; a file that cannot be read is a problem of ours and is reported.
    pub(super) fn embedded(out: &mut Diagnostics) -> Controls {
        let mut by_id = BTreeMap::new();
        for (name, text) in FILES {
            match toml::from_str::<Raw>(text) {
                Ok(raw) => by_id.extend(raw.control.into_iter().map(|c| (c.id.clone(), c))),
                Err(e) => {
                    out.push(Diagnostic::error(
                        "broken-controls",
                        format!("controls `{name}`: {}", e.message()),
                    ));
                }
            }
        }
        Controls { by_id }
    }

    pub(super) fn get(&self, id: &str) -> Option<&Control> {
        self.by_id.get(id)
    }
}

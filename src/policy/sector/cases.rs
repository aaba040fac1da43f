//! `cases` of a rule: what its author expects of it, beside it. Their shape is checked here; they are
//! documentation for readers of the policy, and nothing is claimed to have run them.

use crate::model::audit::Outcome;
use crate::model::diagnostic::Diagnostics;
use crate::model::flow::Disposition;
use crate::model::table::{Reader, Table};

/// Reports what is wrong with the shape of the cases.
pub(super) fn check(tables: &[&Table], out: &mut Diagnostics) {
    let words: Vec<&'static str> = Outcome::ALL.iter().map(|o| o.name()).collect();
    let dispositions: Vec<&'static str> = Disposition::ALL.iter().map(|d| d.name()).collect();
    for table in tables {
        let reader = Reader::new(table, "a case", out);
        let _ = reader.word("expect", &words, Outcome::parse);
        if table.get("expect").is_none() {
            reader.missing("expect", &format!("one of {}", words.join(", ")));
        }
        let flow = reader.nested_table("flow");
        let _ = reader.string("listed");
        let _ = reader.string("about");
        let _ = reader.duration("silent");
        let _ = reader.integer("records");
        reader.finish();
        if let Some(flow) = flow {
            let reader = Reader::new(flow, "`flow`", out);
            for key in ["from", "url", "connect", "address", "method", "tls"] {
                let _ = reader.string(key);
            }
            let _ = reader.word("disposition", &dispositions, Disposition::parse);
            let _ = reader.integer("bytes_out");
            let _ = reader.strings("data");
            reader.finish();
        }
    }
}

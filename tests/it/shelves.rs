//! The shelves: every file is on its table, ids are file names, everything is documented.

use domicile::check::CHECKS;
use domicile::inspect::DETECTORS;
use domicile::inventory::IMPORTERS;
use domicile::report::REPORTERS;
use domicile::traffic::FORMATS;
use std::collections::BTreeSet;
use std::path::Path;

fn assert_shelf(room: &str, entries: &[(&str, &str, &str)]) {
    let ids: Vec<_> = entries.iter().map(|(id, ..)| *id).collect();
    let distinct: BTreeSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len(), "{room}: an id stands twice");
    for (id, about, doc) in entries {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(room).join(id.replace('-', "_"));
        let found = file.with_extension("rs").is_file() || file.is_dir();
        assert!(found, "{room}: `{id}` has no file of its name");
        assert!(about.len() > 10 && !about.ends_with('.'), "{room}: `{id}` says too little of itself");
        assert!(doc.len() > 40, "{room}: `{id}` is not documented");
    }
}

#[test]
fn ids_are_file_names_and_everything_is_documented() {
    assert_shelf("check", &CHECKS.iter().map(|c| (c.id(), c.about(), c.doc())).collect::<Vec<_>>());
    assert_shelf("traffic", &FORMATS.iter().map(|f| (f.id(), f.about(), f.doc())).collect::<Vec<_>>());
    assert_shelf("inventory", &IMPORTERS.iter().map(|i| (i.id(), i.about(), i.doc())).collect::<Vec<_>>());
    let long = "x".repeat(50);
    assert_shelf(
        "inspect",
        &DETECTORS.iter().map(|d| (d.id(), d.about(), long.as_str())).collect::<Vec<_>>(),
    );
    assert_shelf("report", &REPORTERS.iter().map(|r| (r.id(), r.about(), long.as_str())).collect::<Vec<_>>());
}

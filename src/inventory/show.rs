//! `domicile inventory` on paper: text for people, JSON for programs, a bill of materials for other tools.
//! Pure functions.

mod cyclonedx;

pub use cyclonedx::cyclonedx;

use crate::model::inventory::{Asset, FileInventory, Operation, Verdict, Where};
use crate::model::text::{escaped, group, plural, visible};
use serde::Serialize;

/// Worst first.
const ORDER: [Verdict; 7] = [
    Verdict::Remote,
    Verdict::Undetermined,
    Verdict::RemoteCapable,
    Verdict::Inactive,
    Verdict::FetchOnly,
    Verdict::Local,
    Verdict::NoEvidence,
];

/// What a verdict means, for a heading.
fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Remote => "data leaves",
        Verdict::Undetermined => "the file does not decide it",
        Verdict::RemoteCapable => "able to send, no call seen",
        Verdict::Inactive => "a remote step is there and does not run",
        Verdict::FetchOnly => "only downloads",
        Verdict::Local => "nothing leaves",
        Verdict::NoEvidence => "says nothing about a pipeline",
    }
}

/// The inventory for a person: grouped by verdict, worst first, then by path. With `all`, files that were
/// passed over are listed too; they are counted always.
#[must_use]
pub fn text(files: &[FileInventory], all: bool) -> String {
    let mut out = String::new();
    for verdict in ORDER {
        let listed = files.iter().filter(|f| all || f.kind != "none" || f.verdict != Verdict::NoEvidence);
        let mut group: Vec<&FileInventory> = listed.filter(|f| f.verdict == verdict).collect();
        if group.is_empty() {
            continue;
        }
        group.sort_by(|a, b| a.path.cmp(&b.path));
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&format!(
            "{} ({}): {}\n",
            verdict.name(),
            meaning(verdict),
            count(group.len(), "file", "files")
        ));
        for file in group {
            file_text(file, &mut out);
        }
    }
    let read = files.iter().filter(|f| f.kind != "none").count();
    let passed = files.len() - read;
    if !out.is_empty() {
        out.push('\n');
    }
    let read = count(read, "pipeline file", "pipeline files");
    out.push_str(&format!("{read} read, {} passed over", group(passed as u64)));
    for verdict in ORDER {
        let n = files.iter().filter(|f| f.kind != "none" && f.verdict == verdict).count();
        if n > 0 {
            out.push_str(&format!("; {} {}", group(n as u64), verdict.name()));
        }
    }
    out.push('\n');
    out
}

fn count(n: usize, one: &str, many: &str) -> String {
    plural(u64::try_from(n).unwrap_or(u64::MAX), one, many)
}

fn file_text(file: &FileInventory, out: &mut String) {
    let kind = if file.kind == "none" { String::new() } else { format!("  [{}]", visible(&file.kind)) };
    out.push_str(&format!("  {}{kind}\n", visible(&file.path)));
    let operations = file.operations.iter().map(|o| (row(o), &o.because, None));
    let assets = file.assets.iter().map(|a| (asset_row(a), &a.because, a.sha256.as_ref()));
    let rows: Vec<([String; 4], &String, Option<&String>)> = operations.chain(assets).collect();
    let width = |column: usize| {
        rows.iter().filter_map(|(r, ..)| r.get(column)).map(|c| c.chars().count()).max().unwrap_or(0)
    };
    let widths = [width(0), width(1), width(2), width(3)];
    for (row, because, sha256) in &rows {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, w)| format!("{cell:<w$}")).collect();
        out.push_str(&format!("    {}\n", cells.join("  ").trim_end()));
        out.push_str(&format!("      {}\n", visible(because)));
        if let Some(sha256) = sha256 {
            out.push_str(&format!("      SHA-256 {}\n", visible(sha256)));
        }
    }
    if let Some(provenance) = file.provenance {
        out.push_str(&format!("    provenance: {}\n", provenance.name()));
    }
    for note in &file.notes {
        out.push_str(&format!("    note: {}\n", visible(note)));
    }
}

fn line(place: &Where) -> String {
    place.line.map_or_else(|| "-".to_owned(), |l| format!("line {l}"))
}

/// Line, state, what kind of thing it is, its name and service.
fn asset_row(asset: &Asset) -> [String; 4] {
    let of = asset.service.as_ref().map(|s| format!(" ({s})")).unwrap_or_default();
    let state = asset.state.name().to_owned();
    [line(&asset.place), state, asset.kind.name().to_owned(), visible(&format!("{}{of}", asset.name))]
}

/// Line, state, what is sent, where it goes.
fn row(operation: &Operation) -> [String; 4] {
    let line = line(&operation.place);
    let carries = match (operation.fetch, operation.sends.is_empty()) {
        (true, true) => "download".to_owned(),
        (true, false) => format!("{} and download", operation.sends),
        (false, _) => operation.sends.to_string(),
    };
    let to = if operation.route.is_empty() {
        operation.locality.name().to_owned()
    } else {
        format!(
            "{} ({}, {})",
            operation.route.join(" > "),
            operation.locality.name(),
            operation.certainty.name()
        )
    };
    [line, operation.state.name().to_owned(), carries, visible(&to)]
}

#[derive(Serialize)]
struct Document<'a> {
    files: Vec<&'a FileInventory>,
}

/// The inventory for a program: `files[]`, by path.
#[must_use]
pub fn json(files: &[FileInventory]) -> String {
    let mut files: Vec<&FileInventory> = files.iter().collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let mut text = escaped(&serde_json::to_string_pretty(&Document { files }).unwrap_or_default());
    text.push('\n');
    text
}

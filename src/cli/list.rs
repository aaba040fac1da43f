//! `domicile list` and `domicile explain`: what the program knows, made from its own tables.

use super::exit;
use super::shell::Shell;
use crate::check::CHECKS;
use crate::inspect::DETECTORS;
use crate::inventory::{IMPORTERS, reference};
use crate::policy;
use crate::report::REPORTERS;
use crate::services::Services;
use crate::traffic::FORMATS;

/// List what the program knows: checks, formats, importers, detectors, outputs, policies, services
///
/// `reference` is a page in Markdown of everything that an inventory recognises: file kinds, node classes,
/// packages, variables, images, programs and flags.
#[derive(clap::Args)]
pub(crate) struct ListArgs {
    /// What to list
    #[arg(value_parser = ["checks", "formats", "importers", "detectors", "outputs", "policies", "services", "reference"])]
    what: String,
}

/// Explain a check, a log format or an importer
#[derive(clap::Args)]
pub(crate) struct ExplainArgs {
    /// Its id, as `domicile list` prints it
    id: String,
}

fn entries(what: &str) -> Vec<(String, String)> {
    let pair = |id: &str, about: &str| (id.to_owned(), about.to_owned());
    match what {
        "checks" => CHECKS.iter().map(|c| pair(c.id(), c.about())).collect(),
        "formats" => FORMATS.iter().map(|f| pair(f.id(), f.about())).collect(),
        "importers" => IMPORTERS.iter().map(|i| pair(i.id(), i.about())).collect(),
        "detectors" => DETECTORS.iter().map(|d| pair(d.id(), d.about())).collect(),
        "outputs" => REPORTERS.iter().map(|r| pair(r.id(), r.about())).collect(),
        "policies" => policy::embedded().iter().map(|(id, _)| pair(id, "compiled in")).collect(),
        _ => Services::embedded()
            .map(|s| s.services().map(|s| pair(&s.id, &format!("{} [{}]", s.name, s.grade))).collect())
            .unwrap_or_default(),
    }
}

pub(crate) fn list(args: &ListArgs, shell: &Shell) -> u8 {
    if args.what == "reference" {
        return match Services::embedded() {
            Ok(services) => print(shell, &reference(services)),
            Err(why) => {
                shell.error(&why, None);
                exit::INTERNAL
            }
        };
    }
    let entries = entries(&args.what);
    let width = entries.iter().map(|(id, _)| id.len()).max().unwrap_or(0);
    let text: String = entries.iter().map(|(id, about)| format!("{id:width$}  {about}\n")).collect();
    print(shell, &text)
}

pub(crate) fn explain(args: &ExplainArgs, shell: &Shell) -> u8 {
    let docs = CHECKS
        .iter()
        .map(|c| (c.id(), c.about(), c.doc()))
        .chain(FORMATS.iter().map(|f| (f.id(), f.about(), f.doc())))
        .chain(IMPORTERS.iter().map(|i| (i.id(), i.about(), i.doc())));
    let known: Vec<_> = docs.collect();
    match known.iter().find(|(id, ..)| *id == args.id) {
        Some((id, about, doc)) => print(shell, &format!("{id}: {about}\n\n{doc}\n")),
        None => {
            let ids = known.iter().map(|(id, ..)| *id);
            let meant = crate::model::diagnostic::closest(&args.id, ids);
            let help =
                meant.map_or_else(|| "see `domicile list`".to_owned(), |m| format!("did you mean `{m}`?"));
            shell.error(&format!("nothing is called `{}`", args.id), Some(&help));
            exit::INVALID
        }
    }
}

fn print(shell: &Shell, text: &str) -> u8 {
    match shell.out(text.as_bytes()) {
        Ok(()) => exit::OK,
        Err(why) => {
            shell.error(&why, None);
            exit::INTERNAL
        }
    }
}

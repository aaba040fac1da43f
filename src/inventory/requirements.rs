//! Requirements and constraints files of pip.
//!
//! Format: pip's documentation, "Requirements File Format"; specifiers as in PEP 508. Not followed: `-r` and
//! `-c`, which name files that are read for themselves.

use super::manifest::Packages;
use super::{Context, File, Importer};
use crate::model::inventory::FileInventory;
use crate::services::Ecosystem;

pub(super) struct Requirements;

pub(super) static IMPORTER: Requirements = Requirements;

impl Importer for Requirements {
    fn id(&self) -> &'static str {
        "requirements"
    }

    fn about(&self) -> &'static str {
        "requirements and constraints files of pip"
    }

    fn doc(&self) -> &'static str {
        "Recognised by content: every line is a requirement, an option of pip or a comment, and one of them has a \
         version, a URL or an option; where the name says `requirements` or `constraints`, bare names suffice.\n\n\
         A package of the services list makes the file `remote-capable`, one that runs models `local`, none of \
         either `no-evidence`: that no client is listed does not prove that nothing is sent."
    }

    fn import(&self, file: &File<'_>, context: &Context<'_>) -> Option<FileInventory> {
        let named = ["requirement", "constraint"].iter().any(|w| file.name().to_lowercase().contains(w));
        // Cheap first: anything with a version, or the name.
        if file.name().contains("lock")
            || !(named || file.holds("==") || file.holds(">=") || file.holds("~="))
        {
            return None;
        }
        let text = file.text()?;
        let mut sure = named;
        let mut found = Vec::new();
        for (number, line) in (1u64..).zip(text.lines()) {
            match read(line)? {
                Line::Nothing => {}
                Line::Option => sure = true,
                Line::Package(name, particular) => {
                    sure |= particular;
                    found.push((name, number));
                }
            }
        }
        if !sure || found.is_empty() {
            return None;
        }
        let mut packages = Packages::new(file.path, Ecosystem::Python, context);
        for (name, line) in found {
            packages.add(name, line, None, "a requirement");
        }
        Some(packages.finish(self.id()))
    }
}

enum Line<'t> {
    Nothing,
    Option,
    /// A name, and whether something follows it that only a requirement has.
    Package(&'t str, bool),
}

/// Reads a line; `None` if it is none of a requirements file.
fn read(line: &str) -> Option<Line<'_>> {
    let line = line.split(" #").next().unwrap_or(line).trim().trim_end_matches('\\').trim_end();
    if line.is_empty() || line.starts_with('#') {
        return Some(Line::Nothing);
    }
    if let Some((_, egg)) = line.split_once("#egg=") {
        return Some(Line::Package(name_of(egg)?, true));
    }
    if line.starts_with('-') || line.contains("://") && !line.contains(" @ ") {
        // A continued `--hash`, an index, another file, or a package without a name.
        let hint = line.starts_with("--") || line.starts_with("-r") || line.starts_with("-c");
        let option = hint || line.starts_with("-e") || line.starts_with("-i") || line.starts_with("-f");
        return (option || line.contains("://") && !line.contains(' ')).then_some(Line::Option);
    }
    let name = name_of(line)?;
    let rest = line.get(name.len()..).unwrap_or_default().trim_start();
    let particular = rest.starts_with(['>', '<', '~', '!', '[', '@', ';', '(']) || rest.starts_with("==");
    (rest.is_empty() || particular).then_some(Line::Package(name, particular))
}

/// The name at the beginning of a requirement, as PEP 508 spells names.
pub(super) fn name_of(requirement: &str) -> Option<&str> {
    let text = requirement.trim_start();
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.'));
    let name = text.get(..end.unwrap_or(text.len()))?;
    name.starts_with(|c: char| c.is_ascii_alphanumeric()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assets, read as import};
    use super::*;

    #[test]
    fn names_are_found_in_every_form() {
        let text = "# c\n-r base.txt\n--index-url https://packages.example/simple\nOpenAI[datalib]==1.0 ; python_version > '3'\n\
                    fal_client @ git+https://example.org/x\n-e git+https://example.org/y#egg=replicate\ntorch \\\n    --hash=sha256:00\n";
        let inventory = import(&IMPORTER, "x.txt", text).unwrap();
        assert_eq!(inventory.verdict.name(), "remote-capable");
        assert_eq!(
            assets(&inventory),
            ["openai 4 openai", "fal-client 5 fal", "replicate 6 replicate", "torch 7"]
        );
    }

    #[test]
    fn prose_and_lists_of_words_are_none() {
        for text in ["openai is good\n", "openai\nreplicate\n", "a = 1\n", "# ==\nA=1\n", "[section]\nx==1\n"]
        {
            assert!(import(&IMPORTER, "notes.txt", text).is_none(), "{text}");
        }
        assert!(import(&IMPORTER, "requirements.txt", "openai\n").is_some());
    }

    #[test]
    fn a_hub_client_alone_says_nothing_and_a_local_package_says_local() {
        let verdict = |text: &str| import(&IMPORTER, "requirements.txt", text).unwrap().verdict.name();
        assert_eq!(verdict("huggingface-hub==0.35\nrequests\n"), "no-evidence");
        assert_eq!(verdict("huggingface-hub==0.35\ndiffusers\n"), "local");
        assert_eq!(verdict("boto3\ndiffusers\n"), "local");
        assert_eq!(verdict("litellm\ndiffusers\n"), "remote-capable");
        assert_eq!(verdict("flask\n"), "no-evidence");
    }
}

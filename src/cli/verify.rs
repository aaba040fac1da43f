//! `domicile verify`: whether a report is genuine.

use super::exit;
use super::keys;
use super::shell::{self, Shell};
use crate::model::audit::Conclusion;
use crate::model::text::{escaped, visible};
use crate::seal::page::MOST_BYTES;
use crate::seal::verify::{Genuine, Refused, verify};
use serde::Serialize;
use std::path::PathBuf;

/// Verify a report
///
/// Checks that the report was signed by a key you bring and has not changed since, and renders the page
/// again from its evidence to see that it shows what was signed.
///
/// Exit codes: 0 genuine and signed by a trusted key, whatever the audit concluded; 5 changed, bad or
/// signed by no key you trust; 4 genuine, but something could not be checked again; 2 usage; 6 internal
/// error. With --require-conformity a genuine report gives the code of its audit: 0 conforms, 1 does not
/// conform, 4 unable to conclude.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The report
    report: PathBuf,
    /// Public key file that you trust; repeat it for several
    #[arg(long, value_name = "PUBKEY", required = true)]
    trust: Vec<PathBuf>,
    /// Fail unless the audit concluded that the project conforms
    #[arg(long)]
    require_conformity: bool,
    /// How to print
    #[arg(long, short, value_name = "FORMAT", default_value = "text", value_parser = ["text", "json"])]
    output: String,
}

/// What a signature does not prove; stands under every result.
const NOT_PROVEN: &str = "A good signature proves who sealed these bytes and that they are unchanged. It does not prove \
that the logs are true or complete, that the stated time is right, that this is the latest report, or that \
the key still was its owner's. A printed or saved copy is not signed.";

/// The outcome in print. Its members are stable.
#[derive(Serialize)]
struct Verdict<'a> {
    /// `genuine`, `genuine but not fully checked` or `refused`.
    result: &'static str,
    report: String,
    reason: Option<String>,
    cause: Option<&'static str>,
    signed_by: Vec<Signer>,
    unverified_keys: &'a [String],
    not_checked: &'a [&'static str],
    stated_time: Option<&'a str>,
    time_supplied_by_operator: Option<bool>,
    assessment: Option<&'a str>,
    project: Option<&'a str>,
    policy: Option<String>,
    conclusion: Option<&'a str>,
    sentence: Option<&'a str>,
    does_not_prove: &'static str,
}

#[derive(Serialize)]
struct Signer {
    key: String,
    file: String,
}

pub(crate) fn run(args: &Args, shell: &Shell) -> u8 {
    let invalid = |why: &str| {
        shell.error(why, None);
        exit::INVALID
    };
    let trusted: Result<Vec<_>, _> = args.trust.iter().map(|path| keys::public(path)).collect();
    let trusted = match trusted {
        Ok(trusted) => trusted,
        Err(why) => return invalid(&why),
    };
    let file = match shell::read(&args.report, MOST_BYTES) {
        Ok(file) => file,
        Err(why) => return invalid(&why),
    };
    let outcome = verify(&file, &trusted);
    let mut result = Verdict::empty(args.report.display().to_string());
    match &outcome {
        Ok(genuine) => {
            result.fill(genuine);
            result.signed_by = (genuine.by.iter())
                .filter_map(|at| {
                    Some(Signer {
                        key: trusted.get(*at)?.id(),
                        file: args.trust.get(*at)?.display().to_string(),
                    })
                })
                .collect();
        }
        Err(refused) => {
            result.reason = Some(refused.to_string());
            result.cause = refused.cause;
        }
    }
    let text = match args.output.as_str() {
        "json" => serde_json::to_string_pretty(&result).map(|t| escaped(&t) + "\n").unwrap_or_default(),
        _ => result.text(),
    };
    if let Err(why) = shell.out(text.as_bytes()) {
        shell.error(&why, None);
        return exit::INTERNAL;
    }
    code(&outcome, args.require_conformity)
}

fn code(outcome: &Result<Genuine, Refused>, require_conformity: bool) -> u8 {
    let Ok(genuine) = outcome else { return exit::INTEGRITY };
    let audit = match genuine.evidence.as_ref().map(|e| e.conclusion) {
        _ if !require_conformity => exit::OK,
        Some(Conclusion::Conforms | Conclusion::ConformsExceptAsWaived | Conclusion::DeclarationExamined) => {
            exit::OK
        }
        Some(Conclusion::DoesNotConform) => exit::FINDINGS,
        Some(Conclusion::UnableToConclude) | None => exit::OPEN,
    };
    if audit == exit::OK && !genuine.unchecked.is_empty() { exit::OPEN } else { audit }
}

impl<'a> Verdict<'a> {
    fn empty(report: String) -> Verdict<'a> {
        Verdict {
            result: "refused",
            report,
            reason: None,
            cause: None,
            signed_by: Vec::new(),
            unverified_keys: &[],
            not_checked: &[],
            stated_time: None,
            time_supplied_by_operator: None,
            assessment: None,
            project: None,
            policy: None,
            conclusion: None,
            sentence: None,
            does_not_prove: NOT_PROVEN,
        }
    }

    fn fill(&mut self, genuine: &'a Genuine) {
        let said = &genuine.statement.predicate;
        self.result = if genuine.unchecked.is_empty() { "genuine" } else { "genuine but not fully checked" };
        self.unverified_keys = &genuine.unknown;
        self.not_checked = &genuine.unchecked;
        self.stated_time = Some(&said.created);
        self.policy = Some(format!("{} {}", said.policy.id, said.policy.version));
        self.conclusion = Some(&said.verdict);
        if let Some(evidence) = &genuine.evidence {
            self.time_supplied_by_operator = Some(evidence.time_supplied);
            self.assessment = Some(&evidence.subject.assessment);
            self.project = Some(&evidence.subject.project);
            self.sentence = Some(&evidence.sentence);
        }
    }

    fn text(&self) -> String {
        let mut lines = vec![format!("{}: {}", visible(&self.report), self.result.to_uppercase())];
        let mut line = |name: &str, value: &str| lines.push(format!("  {name:<12} {}", visible(value)));
        if let Some(reason) = &self.reason {
            line("reason", reason);
        }
        if let Some(cause) = self.cause {
            line("likely", cause);
        }
        for signer in &self.signed_by {
            line("signed by", &format!("{} (your file {})", signer.key, signer.file));
        }
        for key in self.unverified_keys {
            line("also names", &format!("{key}, a key you did not bring: not checked"));
        }
        for what in self.not_checked {
            line("not checked", what);
        }
        if let Some(time) = self.stated_time {
            let supplied = self.time_supplied_by_operator == Some(true);
            let by = if supplied { ", a time supplied by the operator" } else { "" };
            line("stated time", &format!("{time}{by}: a claim, not a proof"));
        }
        for (name, value) in [("project", self.project), ("policy", self.policy.as_deref())] {
            if let Some(value) = value {
                line(name, value);
            }
        }
        if self.assessment == Some("self") {
            line("assessment", "self: the audited team's own statement about itself");
        }
        if let Some(conclusion) = self.conclusion {
            line("conclusion", conclusion);
        }
        lines.push(self.does_not_prove.to_owned());
        lines.extend(self.sentence.map(visible));
        lines.join("\n") + "\n"
    }
}

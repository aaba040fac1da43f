//! `domicile check`: the main job.

use super::evidence;
use super::exit;
use super::gather;
use super::keys::PrivateKey;
use super::partials::Demands;
use super::shell::Shell;
use crate::check::{Case, Circumstances, Inputs, audit, conclusion_code, proposals};
use crate::evidence::Summary;
use crate::model::audit::{Audit, Conclusion};
use crate::place::Places;
use crate::report;
use crate::seal::{self, key::SigningKey};
use crate::services::Services;
use std::path::PathBuf;

/// Judge a project against its policies
///
/// Reads `domicile.toml`, the files and logs it names, and the policies it is held to; judges every
/// rule; writes findings on standard output and reports where asked.
///
/// With --evidence the logs are those that partials hold, read elsewhere or earlier; ranges of a log that no
/// partial holds are reported as not read.
///
/// Exit codes: 0 conforms (also except as waived, also a declaration examined without a finding), 1
/// findings, 2 usage, configuration or policy invalid, 3 nothing to check, 4 unable to conclude, 5
/// signature or integrity failure, 6 internal error.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Project file, or a directory that holds `domicile.toml`
    #[arg(default_value = ".")]
    project: PathBuf,
    /// Examine the declaration alone; no log is read
    #[arg(long)]
    examine: bool,
    /// Judge this partial of `domicile scan --partial` and read no log; may be repeated
    #[arg(long, value_name = "PARTIAL", conflicts_with = "examine")]
    evidence: Vec<PathBuf>,
    #[command(flatten)]
    demands: Demands,
    /// Hold the project to this policy instead of those it names; may be repeated
    #[arg(long, value_name = "ID|FILE")]
    policy: Vec<String>,
    /// Write a report: text, json, html or aggregates; may be repeated
    #[arg(long, short, value_name = "FORMAT[=PATH]")]
    output: Vec<String>,
    /// Print `[[expected]]` blocks for destinations nothing declares, to be completed by hand, and judge nothing
    #[arg(long)]
    propose: bool,
    /// Least conclusion that fails the run: `open` also fails on what cannot be concluded
    #[arg(long, value_name = "WHAT", default_value = "open", value_parser = ["open", "findings", "never"])]
    fail_on: String,
    /// Sign the HTML report with this private key
    #[arg(long, value_name = "KEY")]
    sign: Option<PathBuf>,
    #[command(flatten)]
    key: PrivateKey,
    /// Time of the audit, instead of the clock
    #[arg(long, value_name = "TIME")]
    now: Option<String>,
}

pub(crate) fn run(args: &Args, shell: &Shell) -> u8 {
    match check(args, shell) {
        Ok(code) | Err(code) => code,
    }
}

fn check(args: &Args, shell: &Shell) -> Result<u8, u8> {
    let outputs = report::Wanted::parse(&args.output).map_err(|why| {
        shell.error(&why, None);
        exit::INVALID
    })?;
    // The key is opened first: nobody should wait for an audit to learn that it cannot be signed.
    let key = match &args.sign {
        Some(path) if outputs.list.iter().any(|(f, _)| f == "html") => Some(args.key.open(path, shell)?),
        Some(_) => {
            shell.error("--sign signs an HTML report, and none is asked for", Some("add --output html=PATH"));
            return Err(exit::INVALID);
        }
        None => None,
    };
    if args.evidence.is_empty() && !args.demands.is_empty() {
        shell.error(
            "--trust and --checksums are about partials, and none is given",
            Some("add --evidence FILE"),
        );
        return Err(exit::INVALID);
    }
    let (now, time_supplied) = shell.now(args.now.as_deref())?;
    let mut loaded = gather::load(shell, &args.project, &args.policy)?;
    let nothing = |why: &str, help: &str| {
        shell.error(&format!("nothing to check: {why}"), Some(help));
        exit::NOTHING
    };
    if loaded.policy.rules.is_empty() {
        return Err(nothing(
            &format!("policy `{}` has no active rule", loaded.policy.id),
            "extend `baseline`, or add rules",
        ));
    }
    let internal = |why: String| {
        shell.error(&why, Some("this is a fault of the program, not of your input"));
        exit::INTERNAL
    };
    let services = Services::embedded().map_err(internal)?;
    let places = Places::embedded().map_err(|why| internal(why.to_owned()))?;
    let inventory = gather::inventory(shell, &loaded, services)?;
    let (summary, mut disclosures) = if args.examine {
        (Summary::default(), Vec::new())
    } else if args.evidence.is_empty() {
        (gather::traffic(shell, &loaded, services)?, Vec::new())
    } else {
        evidence::summary(shell, &mut loaded, services, &args.evidence, &args.demands)?
    };
    gather::warn(shell, &summary);
    if args.examine && inventory.is_empty() {
        return Err(nothing("no component names a file that is there", "add `files` to a `[[component]]`"));
    }
    if !args.examine {
        if loaded.project.sources.is_empty() {
            return Err(nothing(
                "the project declares no source of traffic",
                "add a `[[source]]`, or use --examine",
            ));
        }
        if summary.logs.values().all(|l| l.facts.counts.read == 0) {
            return Err(nothing(
                "no log holds a record",
                "see the warnings above, and `files` of each `[[source]]`",
            ));
        }
    }
    let (period, declared) = gather::period(&loaded.project, &summary, now);
    let evidence_files = gather::evidence_files(shell, &loaded);
    if !declared && !args.examine {
        disclosures.push("no period is declared: the span of the logs was taken".to_owned());
    }
    if !args.policy.is_empty() {
        disclosures.push("the policy was chosen on the command line, not by the project file".to_owned());
    }
    let case = Case::new(Inputs {
        project: &loaded.project,
        policy: &loaded.policy,
        inventory: &inventory,
        summary: &summary,
        services,
        places,
        period,
        now,
        examine: args.examine,
        evidence_files: &evidence_files,
    });
    if args.propose {
        let text = proposals(&case);
        shell.out(text.as_bytes()).map_err(internal)?;
        return Ok(exit::OK);
    }
    let around = Circumstances {
        tool: format!("domicile {}", env!("CARGO_PKG_VERSION")),
        time_supplied,
        project_file: loaded.file.clone(),
        disclosures,
    };
    let (audit, aggregates) = audit(&case, &loaded.bindings, around).map_err(internal)?;
    deliver(shell, &outputs, &audit, &aggregates, key.as_ref())?;
    Ok(code(&args.fail_on, audit.conclusion))
}

fn deliver(
    shell: &Shell,
    outputs: &report::Wanted,
    audit: &Audit,
    aggregates: &[u8],
    key: Option<&SigningKey>,
) -> Result<(), u8> {
    for (format, path) in &outputs.list {
        let internal = |why: String| {
            shell.error(&why, None);
            exit::INTERNAL
        };
        let color = shell.color() && path.is_none();
        let mut bytes = report::Wanted::render(format, audit, aggregates, color).map_err(internal)?;
        if let (Some(key), "html") = (key, format.as_str()) {
            bytes = seal::sign(&bytes, key).map_err(|e| internal(e.to_string()))?;
        }
        let written = match path {
            None => shell.out(&bytes),
            Some(path) => shell.write(&PathBuf::from(path), &bytes),
        };
        written.map_err(|why| {
            shell.error(&why, None);
            exit::INVALID
        })?;
    }
    Ok(())
}

/// `--fail-on` may only map an outcome down to 0.
fn code(fail_on: &str, conclusion: Conclusion) -> u8 {
    match (fail_on, conclusion_code(conclusion)) {
        ("never", exit::FINDINGS | exit::OPEN) | ("findings", exit::OPEN) => exit::OK,
        (_, code) => code,
    }
}

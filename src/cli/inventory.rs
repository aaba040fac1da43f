//! `domicile inventory`: what the files of a pipeline say.

use super::gather::{import_all, import_hashed};
use super::progress::Progress;
use super::shell::Shell;
use super::{exit, tree};
use crate::inventory::{Context, show, undeclared_locality};
use crate::services::Services;
use std::path::PathBuf;

/// Show what workflows and configuration files do with prompts and images
///
/// Reads every file below the paths, as git sees them, and says of each what it sends, to whom, and how
/// sure that is. Without a project only loopback is local. Model files are read in ranges, never loaded, and
/// hashed. `cyclonedx` writes what was understood as a bill of materials (CycloneDX 1.6, JSON).
///
/// Exit codes: 0 everything was read, 2 usage or a missing path, 3 no file of a known kind, 6 internal
/// error. It judges nothing: `domicile check --examine` does.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Files or directories
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// How to print
    #[arg(long, short, value_name = "FORMAT", default_value = "text", value_parser = ["text", "json", "cyclonedx"])]
    output: String,
    /// List files that were passed over too
    #[arg(long)]
    all: bool,
    /// Do not compute the SHA-256 of model files
    #[arg(long)]
    no_sha256: bool,
}

pub(crate) fn run(args: &Args, shell: &Shell) -> u8 {
    let services = match Services::embedded() {
        Ok(services) => services,
        Err(why) => {
            shell.error(&why, None);
            return exit::INTERNAL;
        }
    };
    let context = Context { services, locality: &undeclared_locality };
    let mut found = Vec::new();
    for path in &args.paths {
        if !path.exists() {
            shell.error(&format!("`{}` does not exist", path.display()), None);
            return exit::INVALID;
        }
        found.extend(tree::below(path, true));
    }
    let files = if args.no_sha256 {
        import_all(&found, &context)
    } else {
        import_hashed(&found, &context, &Progress::new())
    };
    let known = files.iter().any(|f| f.kind != "none");
    let text = match args.output.as_str() {
        "json" => show::json(&files),
        "cyclonedx" => show::cyclonedx(&files, services),
        _ => show::text(&files, args.all),
    };
    if let Err(why) = shell.out(text.as_bytes()) {
        shell.error(&why, None);
        return exit::INTERNAL;
    }
    if known { exit::OK } else { exit::NOTHING }
}

//! `domicile sign`: seals a report, or adds a signature to a sealed one.

use super::exit;
use super::keys::PrivateKey;
use super::shell::{self, Shell};
use crate::seal;
use crate::seal::page::MOST_BYTES;
use std::path::PathBuf;

/// Sign a report
///
/// Signs a page that `domicile check --output html=FILE` wrote, or adds a signature to a signed one: the
/// page and what is signed stay the same. Refuses a page that does not show what its evidence says.
///
/// Exit codes: 0 signed, 2 usage, a file or key that cannot be read, 5 not a report or changed since it
/// was written, 6 internal error.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The report
    report: PathBuf,
    /// Private key file
    #[arg(long, value_name = "KEY")]
    key: PathBuf,
    /// Where to write the signed report; over the report itself if not given
    #[arg(long, short, value_name = "PATH")]
    output: Option<PathBuf>,
    #[command(flatten)]
    private: PrivateKey,
}

pub(crate) fn run(args: &Args, shell: &Shell) -> u8 {
    sign(args, shell).err().unwrap_or(exit::OK)
}

fn sign(args: &Args, shell: &Shell) -> Result<(), u8> {
    let fail = |why: &str, code| {
        shell.error(why, None);
        code
    };
    let report = shell::read(&args.report, MOST_BYTES).map_err(|why| fail(&why, exit::INVALID))?;
    let key = args.private.open(&args.key, shell)?;
    let sealed = seal::sign(&report, &key)
        .map_err(|e| fail(&format!("`{}` is not signed: {e}", args.report.display()), exit::INTEGRITY))?;
    let path = args.output.as_ref().unwrap_or(&args.report);
    shell.write(path, &sealed).map_err(|why| fail(&why, exit::INVALID))?;
    shell.say(&format!("signed {} with key {}", path.display(), key.public().id()));
    Ok(())
}

//! `domicile merge`: partials of many logs, or of parts of one, as one.

use super::exit;
use super::keys::PrivateKey;
use super::partials::{self, Demands};
use super::shell::Shell;
use std::path::PathBuf;

/// Merge partial scans
///
/// Makes one partial of those that `domicile scan --partial` wrote. In whatever order and shape they are
/// merged, the outcome is the same to the byte, and the same as a scan of all logs at once. A partial that is
/// given twice counts once; partials that overlap otherwise are refused, since records would count twice.
/// The signatures of the partials do not go into the outcome: who merges vouches with --sign.
///
/// Exit codes: 0 merged; 2 usage, a file that cannot be read or is no partial, partials that cannot become
/// one; 5 cut, altered, a wrong signature or none that is trusted, a checksum that contradicts; 6 internal
/// error.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Partials
    #[arg(required = true, value_name = "PARTIAL")]
    partials: Vec<PathBuf>,
    /// Where to write the outcome
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    #[command(flatten)]
    demands: Demands,
    /// Sign the outcome with this private key
    #[arg(long, value_name = "KEY")]
    sign: Option<PathBuf>,
    #[command(flatten)]
    private: PrivateKey,
}

pub(crate) fn run(args: &Args, shell: &Shell) -> u8 {
    merge(args, shell).err().unwrap_or(exit::OK)
}

fn merge(args: &Args, shell: &Shell) -> Result<(), u8> {
    let key = args.sign.as_ref().map(|path| args.private.open(path, shell)).transpose()?;
    let (summary, origins) = partials::load(shell, &args.partials, &args.demands, None)?;
    partials::write(shell, &args.output, &summary, key.as_ref()).map_err(|why| {
        shell.error(&why, None);
        exit::INVALID
    })?;
    let records: u64 = summary.logs.values().map(|l| l.facts.counts.read).sum();
    shell.say(&format!(
        "merged {} of {}, {} in all",
        crate::model::text::plural(origins.len() as u64, "partial", "partials"),
        crate::model::text::plural(summary.logs.len() as u64, "log", "logs"),
        crate::model::text::plural(records, "record", "records"),
    ));
    Ok(())
}

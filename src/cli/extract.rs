//! `domicile extract`: a signed report in pieces that stock tools check.

use super::exit;
use super::shell::{self, Shell};
use crate::seal::page::{self, MOST_BYTES};
use std::path::PathBuf;

/// Take a signed report apart, for verification with OpenSSL
///
/// Writes report.payload (the signed statement), report.pae (the bytes that signatures are made over), one
/// KEYID.sig for each signature, envelope.json, evidence.json and page.html. It verifies nothing. Then:
///
///   openssl pkeyutl -verify -pubin -inkey signer.pub.pem -rawin -in report.pae -sigfile KEYID.sig
///   sha256sum page.html evidence.json    (must be the two digests in report.payload)
///
/// Exit codes: 0 written, 2 usage or a path that cannot be read or written, 5 not a signed report.
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// The report
    report: PathBuf,
    /// Directory to write to: new or empty
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub(crate) fn run(args: &Args, shell: &Shell) -> u8 {
    extract(args, shell).err().unwrap_or(exit::OK)
}

fn extract(args: &Args, shell: &Shell) -> Result<(), u8> {
    let fail = |why: &str, code| {
        shell.error(why, None);
        code
    };
    let file = shell::read(&args.report, MOST_BYTES).map_err(|why| fail(&why, exit::INVALID))?;
    let refuse = |e| fail(&format!("`{}`: {e}", args.report.display()), exit::INTEGRITY);
    let parts = page::split(&file).map_err(refuse)?;
    let evidence = page::evidence(parts.core).map_err(refuse)?;
    let envelope = parts.envelope.encode().map_err(refuse)?;
    let out = args.out.display();
    std::fs::create_dir_all(&args.out)
        .map_err(|e| fail(&format!("`{out}` cannot be made: {e}"), exit::INVALID))?;
    if std::fs::read_dir(&args.out).map_or(true, |mut entries| entries.next().is_some()) {
        return Err(fail(&format!("`{out}` is not empty"), exit::INVALID));
    }
    let write = |name: &str, bytes: &[u8]| {
        shell.write(&args.out.join(name), bytes).map_err(|why| fail(&why, exit::INVALID))
    };
    write("report.payload", &parts.envelope.payload)?;
    write("report.pae", &parts.envelope.pae())?;
    write("envelope.json", &envelope)?;
    write("evidence.json", &evidence)?;
    write("page.html", parts.core)?;
    for signature in &parts.envelope.signatures {
        // The id has been held against 64 hex digits, so it is a file name.
        write(&format!("{}.sig", signature.key), &signature.bytes)?;
    }
    shell.say(&format!("{} signature(s) in {out}; nothing was verified", parts.envelope.signatures.len()));
    Ok(())
}

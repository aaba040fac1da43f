//! `domicile keys`: key pairs for signing reports. Also how every subcommand opens a private key.

use super::exit;
use super::shell::{self, Shell};
use crate::seal::key::{self, KeyError, MOST_FILE, PublicKey, SigningKey};
use std::fs::OpenOptions;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Make and show keys that sign reports
///
/// Keys are Ed25519 in PEM files that OpenSSL reads. Give the public key to whoever verifies, by another
/// way than the report; keep the private one from the team that is audited, or the signature says no more
/// than that team's word.
///
/// Exit codes: 0 done, 2 usage, a file that exists, cannot be read or is no key, 6 internal error.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Make a key pair: NAME.key.pem (private, encrypted) and NAME.pub.pem; never overwrites
    New {
        /// Directory to put it in
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// Name of both files
        #[arg(long, default_value = "report")]
        name: String,
        /// Write the private key without encryption: for a store that encrypts and guards it itself
        #[arg(long, conflicts_with_all = ["passphrase_file", "passphrase_env"])]
        plaintext: bool,
        #[command(flatten)]
        passphrase: Passphrase,
    },
    /// Print the id of a key: the SHA-256 of the public key in DER
    Show {
        /// Public or private key file
        file: PathBuf,
        #[command(flatten)]
        passphrase: Passphrase,
    },
}

/// Where a passphrase comes from; without an option it is asked for at the terminal. Never an argument,
/// which every process on the machine can see.
#[derive(clap::Args)]
pub(crate) struct Passphrase {
    /// Read the passphrase from a file that only its owner can read
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_env")]
    passphrase_file: Option<PathBuf>,
    /// Read the passphrase from the environment variable of that name
    #[arg(long, value_name = "NAME")]
    passphrase_env: Option<String>,
}

/// A private key to sign with.
#[derive(clap::Args)]
pub(crate) struct PrivateKey {
    /// Accept a private key that is not encrypted
    #[arg(long)]
    allow_plaintext_key: bool,
    #[command(flatten)]
    passphrase: Passphrase,
}

impl PrivateKey {
    /// Opens the key, asking for its passphrase only if it has one. An error is told; the exit code comes back.
    pub(crate) fn open(&self, path: &Path, shell: &Shell) -> Result<SigningKey, u8> {
        open(path, &self.passphrase, self.allow_plaintext_key, shell)
    }
}

pub(crate) fn run(args: &Args, shell: &Shell) -> u8 {
    let done = match &args.action {
        Action::New { out, name, plaintext, passphrase } => new(out, name, *plaintext, passphrase, shell),
        Action::Show { file, passphrase } => show(file, passphrase, shell),
    };
    done.err().unwrap_or(exit::OK)
}

fn new(out: &Path, name: &str, plaintext: bool, passphrase: &Passphrase, shell: &Shell) -> Result<(), u8> {
    let invalid = |why: &str, help: Option<&str>| {
        shell.error(why, help);
        exit::INVALID
    };
    if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', ':', '\0']) {
        return Err(invalid(&format!("`{name}` is not a name for a file"), None));
    }
    std::fs::create_dir_all(out)
        .map_err(|e| invalid(&format!("`{}` cannot be made: {e}", out.display()), None))?;
    let (private, public) = (out.join(format!("{name}.key.pem")), out.join(format!("{name}.pub.pem")));
    for path in [&private, &public] {
        if path.symlink_metadata().is_ok() {
            let help = "a key is never overwritten: choose another `--name`, or move the old one away";
            return Err(invalid(&format!("`{}` exists", path.display()), Some(help)));
        }
    }
    let internal = |e: KeyError| {
        shell.error(&e.to_string(), None);
        exit::INTERNAL
    };
    let key = SigningKey::generate().map_err(internal)?;
    let text = if plaintext {
        key.to_plain_pem()
    } else {
        key.to_encrypted_pem(&passphrase.obtain("New passphrase", true, shell)?)
    };
    let text = text.map_err(internal)?;
    let written = create_private(&private, text.as_bytes())
        .map_err(|e| format!("`{}` cannot be written: {e}", private.display()));
    written.map_err(|why| invalid(&why, None))?;
    let pem = key.public().to_pem().map_err(internal)?;
    shell.write(&public, pem.as_bytes()).map_err(|why| invalid(&why, None))?;
    let note =
        if plaintext { "not encrypted: keep it where only the signer can read it" } else { "encrypted" };
    shell.say(&format!("private key  {} ({note})", private.display()));
    shell.say(&format!("public key   {}", public.display()));
    print(key.public(), shell)
}

fn show(file: &Path, passphrase: &Passphrase, shell: &Shell) -> Result<(), u8> {
    let public = match public(file) {
        Ok(public) => public,
        Err(_) if is_private(file) => open(file, passphrase, true, shell)?.public(),
        Err(why) => {
            shell.error(&why, Some("a public key file begins with `-----BEGIN PUBLIC KEY-----`"));
            return Err(exit::INVALID);
        }
    };
    print(public, shell)
}

fn print(key: PublicKey, shell: &Shell) -> Result<(), u8> {
    let id = key.id();
    let groups: Vec<String> =
        id.as_bytes().chunks(4).map(|c| String::from_utf8_lossy(c).into_owned()).collect();
    let text = format!("id           {id}\nfingerprint  {}\nalgorithm    Ed25519\n", groups.join(" "));
    shell.out(text.as_bytes()).map_err(|why| {
        shell.error(&why, None);
        exit::INTERNAL
    })
}

/// Reads a public key file.
pub(crate) fn public(path: &Path) -> Result<PublicKey, String> {
    let text = shell::read(path, MOST_FILE)?;
    PublicKey::from_pem(&text).map_err(|e| format!("`{}`: {e}", path.display()))
}

fn is_private(path: &Path) -> bool {
    shell::read(path, MOST_FILE).is_ok_and(|text| says_private(&text))
}

fn says_private(text: &[u8]) -> bool {
    memchr::memmem::find(text, b"PRIVATE KEY-----").is_some()
}

fn open(path: &Path, passphrase: &Passphrase, plaintext: bool, shell: &Shell) -> Result<SigningKey, u8> {
    let refuse = |why: &str, help: Option<&str>| {
        shell.error(&format!("`{}`: {why}", path.display()), help);
        exit::INVALID
    };
    let text = Zeroizing::new(shell::read(path, MOST_FILE).map_err(|why| {
        shell.error(&why, None);
        exit::INVALID
    })?);
    let encrypted = key::is_encrypted(&text);
    if readable_by_others(path) {
        if !encrypted && says_private(&text) {
            return Err(refuse("others than its owner can read this unencrypted key", Some("chmod 600")));
        }
        shell.say(&format!("warning: `{}` can be read by others than its owner", path.display()));
    }
    let secret = if encrypted { Some(passphrase.obtain("Passphrase", false, shell)?) } else { None };
    let key = SigningKey::from_pem(&text, secret.as_ref().map(|s| s.as_slice()), plaintext);
    let key = key.map_err(|e| {
        let help = match e {
            KeyError::Unprotected => Some("`--allow-plaintext-key` accepts it"),
            KeyError::NotAKey(_) => Some("`domicile keys new` makes one"),
            _ => None,
        };
        refuse(&e.to_string(), help)
    })?;
    if key.weakly_protected() {
        shell.say(&format!(
            "warning: `{}` is encrypted with so few rounds that its passphrase can be guessed",
            path.display()
        ));
    }
    Ok(key)
}

impl Passphrase {
    fn obtain(&self, prompt: &str, confirm: bool, shell: &Shell) -> Result<Zeroizing<Vec<u8>>, u8> {
        let secret = self.read(prompt, confirm).and_then(|secret| match secret.is_empty() {
            true => Err(("the passphrase is empty".to_owned(), None)),
            false => Ok(secret),
        });
        secret.map_err(|(why, help)| {
            shell.error(&why, help);
            exit::INVALID
        })
    }

    fn read(
        &self,
        prompt: &str,
        confirm: bool,
    ) -> Result<Zeroizing<Vec<u8>>, (String, Option<&'static str>)> {
        if let Some(path) = &self.passphrase_file {
            if readable_by_others(path) {
                let why = format!("`{}` can be read by others than its owner", path.display());
                return Err((why, Some("chmod 600, and consider the passphrase known")));
            }
            let mut text = Zeroizing::new(shell::read(path, MOST_FILE).map_err(|why| (why, None))?);
            // One line end, as editors and `echo` leave it; other white space belongs to the passphrase.
            for end in [b'\n', b'\r'] {
                if text.last() == Some(&end) {
                    text.pop();
                }
            }
            return Ok(text);
        }
        if let Some(name) = &self.passphrase_env {
            let value = std::env::var(name)
                .map_err(|_| (format!("the environment variable `{name}` is not set to a text"), None))?;
            return Ok(Zeroizing::new(value.into_bytes()));
        }
        if !io::stdin().is_terminal() {
            let help = "use `--passphrase-file FILE` or `--passphrase-env NAME`";
            return Err(("a passphrase is needed and there is no terminal to ask at".to_owned(), Some(help)));
        }
        let ask = |prompt: &str| {
            rpassword::prompt_password(format!("{prompt}: "))
                .map(|text| Zeroizing::new(text.into_bytes()))
                .map_err(|e| (format!("the passphrase cannot be read: {e}"), None))
        };
        let first = ask(prompt)?;
        if confirm && *ask("The same again")? != *first {
            return Err(("the two passphrases differ".to_owned(), None));
        }
        Ok(first)
    }
}

/// Creates a file that did not exist and that only its owner can read.
fn create_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Whether group or others have any right on a file. Elsewhere than on Unix this is not known.
#[cfg(unix)]
fn readable_by_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|m| m.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn readable_by_others(_: &Path) -> bool {
    false
}

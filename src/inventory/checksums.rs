//! SHA-256 of model files as other files give them: `sha256sum` lists and Git LFS pointers.

use super::artefact::sha256_of;
use super::endpoint::shown;
use super::{Context, File, Importer};
use crate::model::inventory::{Asset, AssetKind, FileInventory, State, Verdict, Where};
use crate::services::artefacts::Artefacts;

/// Largest list that is read.
const LARGEST: usize = 16 << 20;
/// First line of a Git LFS pointer, and the largest that Git LFS writes.
const POINTER: &str = "version https://git-lfs.github.com/spec/v1";
const LARGEST_POINTER: usize = 1024;

pub(super) struct Checksums;

pub(super) static IMPORTER: Checksums = Checksums;

impl Importer for Checksums {
    fn id(&self) -> &'static str {
        "checksums"
    }

    fn about(&self) -> &'static str {
        "SHA-256 given for model files: lists of sha256sum, Git LFS pointers"
    }

    fn doc(&self) -> &'static str {
        "Recognised by content: every line is a SHA-256 and a file name as `sha256sum` writes them (or `SHA256 (name) \
         = ...`), and one of the names is that of a model; a single SHA-256 in a file called after a model; a Git LFS \
         pointer with the name of a model.\n\n\
         A model file whose own SHA-256 is the one given has a verified provenance; one with another is contradicted."
    }

    fn import(&self, file: &File<'_>, _context: &Context<'_>) -> Option<FileInventory> {
        // Cheap: a digest stands in the first line of all of them but the pointer.
        let pointer = file.bytes.starts_with(POINTER.as_bytes());
        if file.bytes.len() > LARGEST || !(pointer || begins(file.bytes)) {
            return None;
        }
        let text = file.text()?;
        let found = if pointer { lfs(file, text).into_iter().collect() } else { list(file, text)? };
        let known = Artefacts::shipped();
        let assets: Vec<Asset> = found
            .into_iter()
            .filter(|given| known.names_a_model(&given.name))
            .map(|given| Asset {
                kind: AssetKind::Model,
                name: shown(&given.name),
                place: Where::line(file.path, given.line),
                state: State::Active,
                service: None,
                sha256: Some(given.sha256),
                because: if pointer {
                    "a Git LFS pointer gives its SHA-256; the file itself is not here".to_owned()
                } else {
                    "a list of checksums gives its SHA-256".to_owned()
                },
            })
            .collect();
        (!assets.is_empty()).then(|| FileInventory {
            verdict: Verdict::NoEvidence,
            assets,
            ..FileInventory::new(file.path, self.id())
        })
    }
}

struct Given {
    name: String,
    sha256: String,
    line: u64,
}

/// Whether the first line may be one of a list.
fn begins(bytes: &[u8]) -> bool {
    let bytes = bytes.trim_ascii_start();
    let first = bytes.strip_prefix(b"\\").unwrap_or(bytes);
    bytes.starts_with(b"SHA256 (") || first.get(..64).is_some_and(|d| d.iter().all(u8::is_ascii_hexdigit))
}

fn lfs(file: &File<'_>, text: &str) -> Option<Given> {
    if text.len() > LARGEST_POINTER {
        return None;
    }
    let (n, digest) =
        text.lines().enumerate().find_map(|(n, l)| Some((n, l.strip_prefix("oid sha256:")?)))?;
    let sha256 = sha256_of(digest.trim())?;
    Some(Given { name: file.name().to_owned(), sha256, line: u64::try_from(n).ok()? + 1 })
}

/// Every line, or `None` if one is not what `sha256sum` writes.
fn list(file: &File<'_>, text: &str) -> Option<Vec<Given>> {
    let mut given = Vec::new();
    for (line, text) in (1..).zip(text.lines()).filter(|(_, l)| !l.trim().is_empty() && !l.starts_with('#')) {
        let (digest, name) = match text.strip_prefix("SHA256 (").and_then(|rest| rest.rsplit_once(") = ")) {
            Some((name, digest)) => (digest, name),
            None => {
                let text = text.strip_prefix('\\').unwrap_or(text);
                // A digest alone is that of the file that the list is called after.
                text.split_once(char::is_whitespace).unwrap_or((text, ""))
            }
        };
        let name = name.trim_start().trim_start_matches('*').trim_end();
        let own = file.name().trim_end_matches(".sha256").trim_end_matches(".sha256sum");
        let name = if name.is_empty() { own } else { name.trim_start_matches("./") };
        given.push(Given { name: name.to_owned(), sha256: sha256_of(digest.trim())?, line });
    }
    Some(given)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::undeclared_locality;
    use crate::services::Services;

    const DIGEST: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    fn read(path: &str, text: &str) -> Vec<(String, Option<u64>)> {
        let context = Context { services: Services::embedded().unwrap(), locality: &undeclared_locality };
        let found = IMPORTER.import(&File::new(path, text.as_bytes()), &context);
        let assets = found.map(|f| f.assets).unwrap_or_default();
        assert!(assets.iter().all(|a| a.sha256.as_deref() == Some(DIGEST)));
        assets.into_iter().map(|a| (a.name, a.place.line)).collect()
    }

    #[test]
    fn every_form_is_read_at_its_line() {
        let model = |name: &str, line| vec![(name.to_owned(), Some(line))];
        assert_eq!(
            read("SHA256SUMS", &format!("{DIGEST}  README\n{DIGEST} *./a.ckpt\n")),
            model("a.ckpt", 2)
        );
        assert_eq!(read("x", &format!("SHA256 (b (1).gguf) = {DIGEST}\n")), model("b (1).gguf", 1));
        assert_eq!(read("m/a.pt.sha256", &DIGEST.to_uppercase()), model("a.pt", 1));
        let pointer = format!("{POINTER}\noid sha256:{DIGEST}\nsize 12\n");
        assert_eq!(read("m/a.safetensors", &pointer), model("a.safetensors", 2));
    }

    #[test]
    fn other_files_are_passed_by() {
        assert!(read("notes.txt", &format!("{DIGEST} is the digest of\nnothing\n")).is_empty());
        assert!(read("SHA256SUMS", &format!("{DIGEST}  main.rs\n")).is_empty());
        assert!(read("a.png", &format!("{POINTER}\noid sha256:{DIGEST}\nsize 12\n")).is_empty());
        assert!(read("a.pt", &format!("{POINTER}\noid sha256:12\n")).is_empty());
    }
}

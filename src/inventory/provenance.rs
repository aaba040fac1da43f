//! Where model files come from, by what other files of the tree say.
//!
//! A digest that another file gives decides, both ways. Without one, a declaration beside the model names a
//! source but proves nothing about the bytes. What would mislead: two models of the same name in different
//! folders. A list of checksums counts for the very path that it names, a bill of materials for its folder and
//! those in it, the nearest first; bytes that agree count wherever they are given.

use super::endpoint::shown;
use crate::model::inventory::{AssetKind, FileInventory, Provenance, State};
use std::collections::BTreeMap;

/// A file that describes the models of its folder and of the folders in it.
const INDEX: &str = "model_index.json";

/// Importers of files that list models. What other files say of one, such as a script that loads it, declares
/// nothing unless they give its digest.
const LISTS: [&str; 3] = ["cyclonedx", "spdx", "checksums"];

/// Settles the provenance of every model file.
pub fn trace(files: &mut [FileInventory]) {
    let declared = Declared::of(files);
    for file in files.iter_mut() {
        if let Some(own) = file.provenance {
            let (provenance, fact) = declared.settle(file, own);
            file.provenance = Some(provenance);
            if let Some(model) = file.assets.iter_mut().find(|a| a.kind == AssetKind::Model) {
                model.because = format!("{}; {fact}", model.because);
            }
        }
    }
}

/// What files say about models that are not in them.
#[derive(Default)]
struct Declared {
    /// File that gives it, by digest.
    digests: BTreeMap<String, String>,
    /// By the last part of the model's name.
    names: BTreeMap<String, Vec<Named>>,
    /// Folders with a card or an index, and its name.
    folders: BTreeMap<String, String>,
}

/// A model as another file names it.
struct Named {
    sha256: Option<String>,
    /// The file that names it.
    by: String,
    /// The path that it is about, if it is one.
    path: Option<String>,
}

impl Declared {
    fn of(files: &[FileInventory]) -> Declared {
        let mut declared = Declared::default();
        for file in files.iter().filter(|f| f.provenance.is_none()) {
            let models =
                || file.assets.iter().filter(|a| a.kind == AssetKind::Model && a.state == State::Active);
            if last(&file.path) == INDEX || (file.kind == "model-card" && models().next().is_some()) {
                declared.folders.insert(folder(&file.path).to_owned(), file.path.clone());
                continue;
            }
            for model in models() {
                if let Some(sha256) = &model.sha256 {
                    declared.digests.entry(sha256.clone()).or_insert_with(|| file.path.clone());
                }
                if model.sha256.is_none() && !LISTS.contains(&file.kind.as_str()) {
                    continue;
                }
                let path = (file.kind == "checksums").then(|| match folder(&file.path) {
                    "" => model.name.clone(),
                    folder => format!("{folder}/{}", model.name),
                });
                let named = Named { sha256: model.sha256.clone(), by: file.path.clone(), path };
                declared.names.entry(last(&model.name).to_owned()).or_default().push(named);
            }
        }
        declared
    }

    /// What is said about a model file, and the fact that says so.
    fn settle(&self, file: &FileInventory, own: Provenance) -> (Provenance, String) {
        let sha256 = file.assets.iter().find_map(|a| a.sha256.as_ref());
        if let Some(by) = sha256.and_then(|sha256| self.digests.get(sha256)) {
            return (Provenance::Verified, format!("`{}` gives the SHA-256 that it has", shown(by)));
        }
        let named = self.names.get(last(&file.path)).map(|all| nearest(all, &file.path)).unwrap_or_default();
        if let Some(Named { by, .. }) = named.iter().find(|n| n.sha256.is_some()) {
            let by = shown(by);
            return match sha256 {
                Some(_) => (Provenance::Contradicted, format!("`{by}` gives another SHA-256 for it")),
                None => (Provenance::Declared, format!("`{by}` gives a SHA-256 that was not compared")),
            };
        }
        if let Some(Named { by, .. }) = named.first() {
            return (Provenance::Declared, format!("`{}` lists it, without a SHA-256", shown(by)));
        }
        if own == Provenance::Declared {
            return (own, "no other file gives its SHA-256".to_owned());
        }
        let beside = folder(&file.path);
        let described = self.folders.get(beside).or_else(|| self.folders.get(folder(beside)));
        match described {
            Some(by) => (Provenance::Declared, format!("`{}` describes it", shown(by))),
            None => (own, "nothing says where it comes from".to_owned()),
        }
    }
}

/// What counts for a path: what is about that very path, else the nearest file above that names it.
fn nearest<'d>(all: &'d [Named], path: &str) -> Vec<&'d Named> {
    let exact: Vec<&Named> = all.iter().filter(|n| n.path.as_deref() == Some(path)).collect();
    if !exact.is_empty() {
        return exact;
    }
    let above = |n: &&Named| {
        let at = folder(&n.by);
        n.path.is_none() && (at.is_empty() || path.strip_prefix(at).is_some_and(|rest| rest.starts_with('/')))
    };
    let deepest = all.iter().filter(above).map(|n| folder(&n.by).len()).max();
    all.iter().filter(above).filter(|n| Some(folder(&n.by).len()) == deepest).collect()
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::inventory::{Asset, Where};

    fn model(path: &str, kind: &str, name: &str, sha256: Option<&str>) -> FileInventory {
        let mut file = FileInventory::new(path, kind);
        file.assets.push(Asset {
            kind: AssetKind::Model,
            name: name.to_owned(),
            place: Where::line(path, 1),
            state: State::Active,
            service: None,
            sha256: sha256.map(str::to_owned),
            because: "it is a model".to_owned(),
        });
        file
    }

    fn artefact(path: &str, sha256: Option<&str>, own: Provenance) -> FileInventory {
        let mut file = model(path, "safetensors", last(path), sha256);
        file.provenance = Some(own);
        file
    }

    fn settled(others: &[FileInventory], artefact: FileInventory) -> (Provenance, String) {
        let mut files = others.to_vec();
        files.push(artefact);
        trace(&mut files);
        let file = files.pop().unwrap();
        (file.provenance.unwrap(), file.assets[0].because.clone())
    }

    #[test]
    fn a_digest_decides_both_ways() {
        let bom = [model("bom.json", "cyclonedx", "x/a.pt", Some("aa"))];
        let of = |sha256| settled(&bom, artefact("m/a.pt", sha256, Provenance::Undeclared));
        assert_eq!(of(Some("aa")).0, Provenance::Verified);
        assert_eq!(
            of(Some("bb")),
            (Provenance::Contradicted, "it is a model; `bom.json` gives another SHA-256 for it".to_owned())
        );
        assert_eq!(of(None).0, Provenance::Declared);
        let elsewhere = settled(&bom, artefact("m/renamed.pt", Some("aa"), Provenance::Undeclared));
        assert_eq!(elsewhere.0, Provenance::Verified);
    }

    #[test]
    fn a_list_counts_for_the_path_that_it_names() {
        let sums = [model("one/SHA256SUMS", "checksums", "unet/a.pt", Some("11"))];
        let of = |path| settled(&sums, artefact(path, Some("22"), Provenance::Undeclared)).0;
        assert_eq!(of("one/unet/a.pt"), Provenance::Contradicted);
        assert_eq!(of("one/vae/a.pt"), Provenance::Undeclared);
        assert_eq!(of("two/unet/a.pt"), Provenance::Undeclared);
        let bom = [model("one/bom.json", "cyclonedx", "a.pt", Some("11"))];
        let of = |path| settled(&bom, artefact(path, Some("22"), Provenance::Undeclared)).0;
        assert_eq!(
            (of("one/vae/a.pt"), of("onetwo/a.pt")),
            (Provenance::Contradicted, Provenance::Undeclared)
        );
    }

    #[test]
    fn of_two_declarations_the_nearest_counts() {
        let sums = [
            model("one/SHA256SUMS", "checksums", "a.pt", Some("11")),
            model("two/SHA256SUMS", "checksums", "a.pt", Some("22")),
        ];
        assert_eq!(
            settled(&sums, artefact("two/a.pt", Some("22"), Provenance::Undeclared)).0,
            Provenance::Verified
        );
        let other = settled(&sums, artefact("two/a.pt", Some("33"), Provenance::Undeclared));
        assert_eq!(
            other,
            (
                Provenance::Contradicted,
                "it is a model; `two/SHA256SUMS` gives another SHA-256 for it".to_owned()
            )
        );
    }

    #[test]
    fn a_script_that_names_a_model_declares_nothing() {
        let own = || artefact("a.pt", Some("11"), Provenance::Undeclared);
        assert_eq!(settled(&[model("run.py", "python", "a.pt", None)], own()).0, Provenance::Undeclared);
        assert_eq!(settled(&[model("bom.json", "spdx", "a.pt", None)], own()).0, Provenance::Declared);
    }

    #[test]
    fn a_card_beside_or_an_index_above_declares() {
        let index = [FileInventory::new("sd/model_index.json", "diffusers")];
        let unet = artefact("sd/unet/a.safetensors", Some("aa"), Provenance::Undeclared);
        assert_eq!(settled(&index, unet.clone()).0, Provenance::Declared);
        let card = [model("sd/unet/README.md", "model-card", "the model of this card", None)];
        assert_eq!(settled(&card, unet.clone()).0, Provenance::Declared);
        assert_eq!(settled(&[], unet).0, Provenance::Undeclared);
    }
}

//! The other files that are read: workflows, project files, policies and reports, damaged.

use super::mutate::mutate;
use super::seeds::names;
use crate::producers::Rng;
use crate::program::{Folder, domicile, examples};
use domicile::check::{CHECKS, bind};
use domicile::cli::render;
use domicile::inventory::{Context, File, import, undeclared_locality};
use domicile::model::{Diagnostics, SourceText};
use domicile::policy::{self, load_project};
use domicile::seal;
use domicile::services::Services;
use std::path::Path;

/// The files of a folder of fixtures that end in one of these.
fn fixtures(folder: &str, ends: &[&str]) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let chosen = names(&folder).into_iter().filter(|n| ends.iter().any(|e| n.ends_with(e)));
    let files: Vec<_> = chosen.map(|n| (n.clone(), std::fs::read(folder.join(&n)).unwrap())).collect();
    assert!(!files.is_empty(), "{}", folder.display());
    files
}

fn damaged(files: &[(String, Vec<u8>)], rounds: usize, mut look: impl FnMut(&str, &[u8])) {
    let mut rng = Rng::new(17);
    let others: Vec<_> = files.iter().map(|(_, bytes)| bytes.clone()).collect();
    for (name, bytes) in files {
        for _ in 0..rounds {
            look(name, &mutate(&mut rng, bytes, &others));
        }
    }
}

#[test]
fn damaged_workflows_are_read_or_passed_over() {
    let context = Context { services: Services::embedded().unwrap(), locality: &undeclared_locality };
    let mut read = 0;
    damaged(&fixtures("tests/fixtures/comfyui", &[".json"]), 25, |name, bytes| {
        read += usize::from(import(&File::new(name, bytes), &context).is_some());
    });
    assert!(read > 50, "{read}");
}

/// Every problem is told with its place, and can be shown.
#[test]
fn damaged_project_files_and_policies_are_explained() {
    let checks: Vec<_> = CHECKS.iter().map(|c| c.id()).collect();
    let mut told = 0;
    let mut look = |name: &str, bytes: &[u8]| {
        let text = SourceText::new(name, String::from_utf8_lossy(bytes));
        let mut out = Diagnostics::default();
        let parameters = load_project(&text, &mut out).map(|p| p.parameters).unwrap_or_default();
        let find = |_: &str| Some(text.clone());
        for ids in
            [vec![(name.to_owned(), None)], vec![("baseline".to_owned(), None), (name.to_owned(), None)]]
        {
            if let Some(policy) = policy::load(&ids, &find, &parameters, &checks, &mut out) {
                let _ = bind(&policy, &mut out);
            }
        }
        told += out.list.len();
        assert!(out.list.is_empty() || !render(&out, true).is_empty());
    };
    damaged(&fixtures("tests/fixtures/policy", &[".toml"]), 40, &mut look);
    damaged(&fixtures("tests/fixtures/policy/invalid", &[".toml"]), 6, &mut look);
    damaged(&fixtures("policies", &[".toml"]), 8, &mut look);
    damaged(&fixtures("tests/fixtures/cli", &[".toml"]), 40, &mut look);
    assert!(told > 500, "{told}");
}

/// No damage makes a report genuine, and none breaks who looks at it.
#[test]
fn damaged_reports_are_refused() {
    let folder = Folder::new();
    let out = folder.path().join("r.html").display().to_string();
    let run = domicile(
        &examples().join("blind"),
        &["check", "--now", "2026-11-23T12:00:00Z", "-o", &format!("html={out}")],
    );
    assert!([1, 4].contains(&run.code), "{}", run.stderr);
    let page = std::fs::read(out).unwrap();
    let mut rng = Rng::new(23);
    for _ in 0..200 {
        let bad = mutate(&mut rng, &page, std::slice::from_ref(&page));
        assert!(seal::verify::verify(&bad, &[]).is_err());
        let _ = seal::page::split(&bad).is_ok();
        let _ = seal::page::evidence(&bad).is_ok();
    }
}

#![allow(clippy::print_stderr, reason = "a test that fails says with which input")]

//! Every reader at library level: the corpus, and the damage done to it and to every fixture.

use super::mutate::mutate;
use super::property::holds;
use super::seeds::{Seed, corpus, folder, produced};
use crate::producers::Rng;
use domicile::bytes::PIECE;
use domicile::traffic::{Choice, FORMATS, Framing, Head, ReadOptions, Sniff};
use std::path::{Path, PathBuf};

/// Blocks that are compared with the usual one: every boundary in small logs, a few in large ones.
fn blocks(bytes: &[u8]) -> &'static [usize] {
    match bytes.len() {
        0..6_000 => &[1, 7, 4096],
        6_000..60_000 => &[7, 4096],
        60_000..600_000 => &[4096],
        _ => &[],
    }
}

fn options(layout: Option<&str>) -> ReadOptions {
    ReadOptions { log_format: layout.map(str::to_owned), ..ReadOptions::default() }
}

/// Says which input it was if something does not hold, and keeps it where it can be looked at.
fn held(what: &str, bytes: &[u8], (choice, options): (Choice<'_>, &ReadOptions)) {
    let outcome = std::panic::catch_unwind(|| holds(bytes, (choice, options), blocks(bytes)).counts.read);
    if let Err(panic) = outcome {
        let kept = std::env::temp_dir().join("domicile-hostile-input");
        std::fs::write(&kept, bytes).unwrap();
        eprintln!("{what} as {choice:?}, {options:?}: {} bytes are in {}", bytes.len(), kept.display());
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn the_corpus_holds_what_producers_write() {
    for (format, name, bytes) in produced() {
        let path = folder().join("corpus").join(format).join(name);
        if std::env::var_os("DOMICILE_UPDATE_EXPECTED").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &bytes).unwrap();
        }
        assert!(std::fs::read(&path).unwrap_or_default() == bytes, "{}", path.display());
    }
}

#[test]
fn every_format_has_a_corpus_it_recognises() {
    let seeds = corpus();
    for format in FORMATS {
        let of = |s: &&Seed| s.format == format.id();
        let known = seeds.iter().filter(of).filter(|s| s.layout.is_none());
        let known = known.filter(|s| format.sniff(&Head { bytes: &s.bytes, whole: true }) != Sniff::No);
        assert!(known.count() > 0, "tests/fixtures/hostile/corpus/{} holds no log of it", format.id());
        let takes = format.layout("$remote_addr [$time_local] \"$request\"").is_ok()
            || format.layout("%ts %>a %ru").is_ok();
        let has = seeds.iter().filter(of).any(|s| s.layout.is_some());
        assert_eq!(takes, has, "tests/fixtures/hostile/layouts/{}", format.id());
    }
    for seed in &seeds {
        assert!(FORMATS.iter().any(|f| f.id() == seed.format), "{} is no format", seed.format);
    }
}

#[test]
fn the_corpus_is_read_the_same_in_every_way() {
    let mut flows = 0;
    for Seed { format, name, layout, bytes } in corpus() {
        let options = options(layout.as_deref());
        let way = (Choice::Forced(&format), &options);
        held(&name, &bytes, way);
        flows += holds(&bytes, way, &[]).counts.flows;
        held(&name, &bytes, (Choice::Auto, &options));
    }
    assert!(flows > 40, "{flows}");
}

#[test]
fn cut_anywhere_it_adds_up() {
    for Seed { format, name, layout, bytes } in corpus() {
        let options = options(layout.as_deref());
        for cut in (0..bytes.len()).step_by(bytes.len() / 100 + 1) {
            let whole = holds(&bytes[..cut], (Choice::Forced(&format), &options), &[]);
            assert!(whole.counts.adds_up(), "{name}");
        }
    }
}

#[test]
fn damaged_logs_are_read_the_same_in_every_way() {
    let seeds = corpus();
    let others: Vec<_> = seeds.iter().map(|s| s.bytes.clone()).collect();
    let mut rng = Rng::new(20_261_125);
    for Seed { format, name, layout, bytes } in &seeds {
        let options = options(layout.as_deref());
        for round in 0..120 {
            let bad = mutate(&mut rng, bytes, &others);
            let choice = if round % 4 == 0 { Choice::Auto } else { Choice::Forced(format) };
            held(name, &bad, (choice, &options));
        }
    }
}

#[test]
fn damaged_layouts_are_refused_or_read() {
    let seeds: Vec<_> = corpus().into_iter().filter(|s| s.layout.is_some()).collect();
    let others: Vec<_> = seeds.iter().map(|s| s.layout.clone().unwrap().into_bytes()).collect();
    let mut rng = Rng::new(7);
    for Seed { format, name, layout, bytes } in &seeds {
        for _ in 0..150 {
            let bad = mutate(&mut rng, layout.as_deref().unwrap().as_bytes(), &others);
            let bad = String::from_utf8_lossy(&bad).into_owned();
            let _ = FORMATS.iter().map(|f| f.layout(&bad)).filter(Result::is_ok).count();
            held(name, bytes, (Choice::Forced(format), &options(Some(&bad))));
        }
    }
}

/// A line of exactly the longest length is read, whichever of its bytes a block ends with; a byte more is rejected.
#[test]
fn the_longest_line_is_as_long_for_every_block() {
    let limit = |format: &str| match FORMATS.iter().find(|f| f.id() == format).map(|f| f.framing()) {
        Some(Framing::Lines { max }) => max,
        other => panic!("{format}: {other:?}"),
    };
    let max = limit("squid");
    let good = "1795312800.100 1 10.99.0.5 TCP_MISS/200 9 GET http://a.example/ - HIER_DIRECT/192.0.2.1 -\n";
    for (length, end, too_long) in
        [(max, "\r\n", 0), (max + 1, "\n", 1), (max, "\n", 0), (max + 1, "\r\n", 1)]
    {
        let bytes = [&vec![b'a'; length], end.as_bytes(), good.as_bytes()].concat();
        let way = (Choice::Forced("squid"), &ReadOptions::default());
        // The first six bytes come apart, looked at for what wraps the log.
        let log = holds(&bytes, way, &[max - 5, max - 4, max + 1]);
        assert_eq!(
            log.counts.rejected.get("longer than the limit").copied().unwrap_or(0),
            too_long,
            "{length}"
        );
        assert_eq!((log.counts.read, log.counts.flows), (2, 1));
    }
}

/// Logs of several pieces, with damage at their borders and lines longer than a piece.
#[test]
fn long_damaged_logs_are_read_the_same_in_stretches() {
    let mut rng = Rng::new(3);
    let seeds: Vec<_> = corpus().into_iter().filter(|s| s.layout.is_none()).collect();
    let others: Vec<_> = seeds.iter().map(|s| s.bytes.clone()).collect();
    let border = PIECE as usize;
    for format in FORMATS {
        let of: Vec<_> = seeds.iter().filter(|s| s.format == format.id()).collect();
        let mut long = Vec::new();
        while long.len() < border + 5_000 {
            long.extend_from_slice(&rng.pick(&of).bytes.repeat(20));
            if rng.within(0, 20) == 0 {
                long.extend(mutate(&mut rng, &of[0].bytes, &others));
            }
        }
        let way = (Choice::Forced(format.id()), &ReadOptions::default());
        held(format.id(), &long, way);
        // Of one format, a line across so many stretches that reading it from each would be noticed.
        let endless = border * if format.id() == "squid" { 8 } else { 2 };
        for (at, length) in [(border - 40, 90), (border - 5_000, border + 9_000), (border, endless)] {
            let mut bad = long.clone();
            bad.splice(at..at, vec![b'a'; length]);
            held(&format!("{} with {length} at {at}", format.id()), &bad, way);
        }
    }
}

/// Every file of the fixtures and examples, damaged, as every format and as what it looks like.
#[test]
fn every_damaged_fixture_adds_up_as_every_format() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    below(&root.join("tests/fixtures"), &mut files);
    below(&root.join("examples"), &mut files);
    assert!(files.len() > 150, "{}", files.len());
    let mut rng = Rng::new(11);
    let options = ReadOptions::default();
    for path in files {
        let bytes = std::fs::read(&path).unwrap();
        let name = path.display().to_string();
        held(&name, &bytes, (Choice::Auto, &options));
        let few = &bytes[..bytes.len().min(5_000)];
        for round in 0..6 {
            let bad = mutate(&mut rng, few, &[few.to_vec()]);
            let format = FORMATS[(rng.next() % FORMATS.len() as u64) as usize].id();
            let choice = if round % 2 == 0 { Choice::Auto } else { Choice::Forced(format) };
            held(&name, &bad, (choice, &options));
        }
    }
}

fn below(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { below(&path, files) } else { files.push(path) }
    }
    files.sort();
}

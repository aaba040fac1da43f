#![allow(clippy::print_stderr, reason = "a test that fails says with which input")]

//! Partials that are wrong, though their closing line fits: cut, changed, put together of others.

use super::property::{holds, merge, sealed};
use crate::hostile::mutate::mutate;
use crate::hostile::seeds::{folder, names};
use crate::producers::Rng;
use domicile::evidence::Summary;

/// The partials of the corpus, by name, without their closing lines.
fn corpus() -> Vec<(String, Vec<u8>)> {
    let folder = folder().join("partials");
    let files = names(&folder).into_iter().map(|name| {
        let bytes = std::fs::read(folder.join(&name)).unwrap();
        (name, before_closing(&bytes).to_vec())
    });
    files.collect()
}

/// The lines before the last one.
fn before_closing(bytes: &[u8]) -> &[u8] {
    let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    &bytes[..body.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1)]
}

/// Says which input it was if something does not hold, and keeps it where it can be looked at.
fn held(what: &str, bytes: &[u8]) -> Option<Summary> {
    std::panic::catch_unwind(|| holds(bytes)).unwrap_or_else(|panic| {
        let kept = std::env::temp_dir().join("domicile-hostile-partial");
        std::fs::write(&kept, bytes).unwrap();
        eprintln!("{what}: {} bytes are in {}", bytes.len(), kept.display());
        std::panic::resume_unwind(panic)
    })
}

#[test]
fn the_corpus_is_read_and_merges_in_any_order() {
    let mut read = Vec::new();
    for (name, lines) in corpus() {
        let summary = held(&name, &sealed(&lines));
        // Those are kept for what they once did to the reader.
        assert_eq!(summary.is_none(), name.starts_with("refused-"), "{name}");
        read.extend(summary);
    }
    assert!(read.len() > 5, "{}", read.len());
    for one in &read {
        read.iter().for_each(|other| merge(one, other));
    }
}

#[test]
fn cut_anywhere_it_is_refused_or_another() {
    for (name, lines) in corpus() {
        let file = sealed(&lines);
        for cut in 0..file.len() {
            assert!(held(&name, &file[..cut]).is_none(), "{name}, {cut}");
        }
        // With a closing line that fits what is left.
        for cut in (0..lines.len()).step_by(lines.len() / 200 + 1) {
            held(&name, &sealed(&lines[..cut]));
        }
    }
}

#[test]
fn damaged_ones_are_refused_or_others() {
    let corpus = corpus();
    let others: Vec<_> = corpus.iter().map(|(_, lines)| lines.clone()).collect();
    let mut rng = Rng::new(20_261_126);
    let mut read = 0;
    for (name, lines) in &corpus {
        let whole = holds(&sealed(lines)).unwrap_or_default();
        for _ in 0..300 {
            let bad = mutate(&mut rng, lines, &others);
            held(name, &bad);
            if let Some(other) = held(name, &sealed(&bad)) {
                read += 1;
                merge(&whole, &other);
            }
        }
        // Lines of its own and of others in other places.
        for _ in 0..200 {
            let mut some: Vec<_> = lines.split_inclusive(|b| *b == b'\n').collect();
            let (from, at) = (rng.pick(&others), (rng.next() % some.len() as u64) as usize);
            let from: Vec<_> = from.split_inclusive(|b| *b == b'\n').collect();
            some[at] = *rng.pick(&from);
            held(name, &sealed(&some.concat()));
        }
    }
    assert!(read > 20, "damage leaves few partials: {read}");
}

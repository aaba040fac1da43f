//! The file: one spelling for one summary, and no change of it goes unseen.

use super::bytes;
use super::summaries::{TINY, record, scan};
use domicile::evidence::{Caps, Summary, partial};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

fn small() -> Summary {
    let mut runner = TestRunner::deterministic();
    let records = prop::collection::vec(record(), 12).new_tree(&mut runner).unwrap().current();
    scan(0, &records, (0, 12), TINY, 2).merge(scan(1, &records[..5], (0, 3), TINY, 2)).unwrap()
}

/// The file with other lines before its closing line, which fits them.
fn sealed(body: &str) -> String {
    String::from_utf8(super::property::sealed(body.as_bytes())).unwrap()
}

#[test]
fn what_is_written_is_read() {
    for summary in [Summary::default(), small()] {
        let file = bytes(&summary);
        let read = partial::read(&mut file.as_slice()).unwrap();
        assert_eq!((&read.summary, &read.signature), (&summary, &None));
        assert_eq!(
            (read.body.bytes, read.body.lines as usize),
            (file.len() as u64, file.iter().filter(|b| **b == b'\n').count())
        );
    }
}

#[test]
fn no_change_of_a_byte_and_no_cut_goes_unseen() {
    let file = bytes(&small());
    for at in 0..file.len() {
        let mut changed = file.clone();
        for flip in [1, 0x20, 0x80] {
            changed[at] = file[at] ^ flip;
            let error = partial::read(&mut changed.as_slice()).unwrap_err();
            assert!(at <= 20 || error.is_integrity(), "byte {at}: {error}");
        }
        let cut = partial::read(&mut &file[..at]).unwrap_err();
        assert!(at <= 20 || cut.is_integrity(), "cut at {at}: {cut}");
        let mut less = file.clone();
        less.remove(at);
        assert!(partial::read(&mut less.as_slice()).is_err(), "without byte {at}");
    }
}

#[test]
fn a_file_that_contradicts_itself_is_refused_though_its_digest_fits() {
    let file = String::from_utf8(bytes(&small())).unwrap();
    let body = &file[..file.trim_end().rfind('\n').unwrap() + 1];
    assert_eq!(sealed(body), file);
    let mut refused = 0;
    // Every digit made another one: what still can be, is something else; nothing is taken for the original.
    for (at, old) in body.char_indices().filter(|(_, c)| c.is_ascii_digit()) {
        let new = if old == '9' { '1' } else { '9' };
        let changed = format!("{}{new}{}", &body[..at], &body[at + 1..]);
        match partial::read(&mut sealed(&changed).as_bytes()) {
            Ok(read) => assert_eq!(bytes(&read.summary), sealed(&changed).as_bytes()),
            Err(error) => {
                refused += 1;
                assert!(!error.to_string().contains('\n'));
            }
        }
    }
    assert!(refused > 100, "{refused}");
    for (from, to, why) in [
        ("\"texts\":", "\"texts\": ", "spelt"),
        ("\"tcp\"", "\"sctp\"", "spelt"),
        ("\"write\"", "\"shout\"", "spelt"),
        ("\"squid\"", "\"squib\"", "format that this program does not know"),
        ("\"flows\":", "\"flows\":1", "add up"),
        ("[[0,12582912,", "[[1,12582912,", "ranges"),
        ("[[0,12582912,", "[[0,12582912000000000000,", "larger"),
    ] {
        let Some(at) = body.find(from) else {
            assert!(from == "\"tcp\"", "{from}");
            continue;
        };
        let changed = format!("{}{to}{}", &body[..at], &body[at + from.len()..]);
        let error = partial::read(&mut sealed(&changed).as_bytes()).unwrap_err();
        assert!(error.to_string().contains(why), "{from}: {error}");
    }
}

#[test]
fn foreign_files_are_named_so() {
    for (text, why) in [
        ("", "it is no partial"),
        ("1795312800.100 120 10.0.0.1 TCP_MISS/200 1 GET http://a/ - X/- -\n", "it is no partial"),
        ("{\"domicile-partial\":2,\"more\":true}\n", "version 2"),
        ("{\"domicile-partial\":1,\"basis\"", "cut off"),
    ] {
        let error = partial::read(&mut text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn a_signature_may_follow_and_nothing_else() {
    let mut file = bytes(&small());
    file.extend_from_slice(b"{\"signed\"}\n");
    let read = partial::read(&mut file.as_slice()).unwrap();
    assert_eq!(read.signature.as_deref(), Some(&b"{\"signed\"}"[..]));
    file.extend_from_slice(b"more\n");
    assert!(partial::read(&mut file.as_slice()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_fall_over(
        lines in prop::collection::vec((0..40usize, 0..200usize, any::<u8>()), 1..4),
    ) {
        let file = String::from_utf8(bytes(&small())).unwrap();
        let mut lines_of: Vec<Vec<u8>> = file.lines().map(|l| l.as_bytes().to_vec()).collect();
        lines_of.pop();
        for (line, at, byte) in lines {
            let n = lines_of.len();
            let line = &mut lines_of[line % n];
            let at = at % line.len();
            line[at] = byte;
        }
        let body = lines_of.concat();
        let _ = partial::read(&mut body.as_slice());
        if let Ok(text) = String::from_utf8(lines_of.join(&b'\n')) {
            let _ = partial::read(&mut sealed(&(text + "\n")).as_bytes());
        }
    }

    #[test]
    fn records_survive(records in prop::collection::vec(record(), 1..50), cut in 0..50usize) {
        let end = (cut % records.len()).max(1);
        for caps in [TINY, Caps::default()] {
            let summary = scan(3, &records, (0, end), caps, 7);
            prop_assert_eq!(partial::read(&mut bytes(&summary).as_slice()).unwrap().summary, summary);
        }
    }
}

//! Documents that are cut into elements, against a JSON parser.

use super::elements::{hold, of};
use super::mutate::mutate;
use super::seeds::corpus;
use crate::producers::Rng;
use proptest::prelude::*;

#[test]
fn archives_are_cut_as_a_parser_cuts_them() {
    let archives: Vec<_> = corpus().into_iter().filter(|s| s.format == "har").map(|s| s.bytes).collect();
    let taken = archives.iter().filter(|bytes| hold(bytes) && !of(bytes).is_empty()).count();
    assert!(taken > 0, "{taken}");
    let mut rng = Rng::new(23);
    let mut taken = 0;
    for bytes in &archives {
        for cut in (0..bytes.len()).step_by(bytes.len() / 100 + 1) {
            hold(&bytes[..cut]);
        }
        for _ in 0..300 {
            taken += usize::from(hold(&mutate(&mut rng, bytes, &archives)));
        }
    }
    assert!(taken > 10, "damage leaves few documents that a parser takes: {taken}");
}

fn value() -> impl Strategy<Value = String> {
    let leaves =
        vec!["1", "-0.5e+3", "true", "null", r#""""#, r#""a\"]}""#, r#""\\""#, r#""[{\u0022""#, "\"\u{e9}\""];
    prop::sample::select(leaves).prop_map(str::to_owned).prop_recursive(5, 48, 5, |inner| {
        let keys = vec!["log", "entries", "l\\u006fg", "entries\\\\", "x", ""];
        let space = prop::sample::select(vec!["", " ", "\n\t", "\r\n"]);
        prop_oneof![
            (prop::collection::vec(inner.clone(), 0..5), space.clone())
                .prop_map(|(v, s)| format!("[{s}{}{s}]", v.join(&format!("{s},{s}")))),
            (prop::collection::vec((prop::sample::select(keys), inner), 0..5), space).prop_map(|(v, s)| {
                let members: Vec<_> = v.iter().map(|(k, v)| format!("{s}\"{k}\"{s}:{s}{v}{s}")).collect();
                format!("{{{s}{}}}", members.join(","))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn made_up_documents_are_cut_as_a_parser_cuts_them(
        values in prop::collection::vec(value(), 4),
        pad in 0..2_100_usize,
    ) {
        let [a, b, c, d] = &values[..] else { unreachable!() };
        let padding = "p".repeat(pad);
        let document = format!(
            r#"{{"x":{a},"log":{{"entries":[{b},"{padding}",{c}],"y":{d},"entries":[{a}]}},"log":{b}}}"#
        );
        prop_assert!(hold(document.as_bytes()));
        hold(a.as_bytes());
        hold(format!(r#"{{"log":{a},"log":{{"entries":{b}}}}}"#).as_bytes());
    }
}

//! Lines of JSON for tests that hold a quick pass against a parser.

use proptest::prelude::*;

/// A value made of these keys and leaves.
pub(in crate::traffic) fn value(
    keys: Vec<&'static str>,
    leaves: Vec<&'static str>,
) -> impl Strategy<Value = String> {
    prop::sample::select(leaves).prop_map(str::to_owned).prop_recursive(4, 24, 5, move |inner| {
        let key = prop::sample::select(keys.clone());
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|v| format!("[{}]", v.join(","))),
            prop::collection::vec((key, inner), 0..5).prop_map(|v| {
                let members: Vec<_> = v.iter().map(|(k, v)| format!("\"{k}\":{v}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

/// The line, cut, with every byte taken out, put twice, or made one that means something in JSON.
pub(in crate::traffic) fn damaged(line: &[u8], mut check: impl FnMut(&[u8])) {
    for at in 0..line.len() {
        check(&line[..at]);
        check(&[&line[..at], &line[at + 1..]].concat());
        check(&[&line[..=at], &line[at..]].concat());
        for b in *b"\"\\{}[]:,0 9-.etn\x01\x80u" {
            let mut bad = line.to_vec();
            bad[at] = b;
            check(&bad);
        }
    }
}

//! Quick ways held against slow ones, on any bytes: the way through JSON of the format that `DOMICILE_FUZZ_FORMAT`
//! names against a parser; without one, vector instructions against their portable twin and a loop, and the scan for
//! the elements of an array against a parser. The first byte tells how deep and where the scan breaks.
#![no_main]

#[path = "../../tests/it/hostile/elements.rs"]
mod elements;

use domicile::{bytes, traffic};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static FORMAT: LazyLock<Option<fn(&[u8])>> = LazyLock::new(|| {
    let named = std::env::var("DOMICILE_FUZZ_FORMAT").ok().filter(|named| !named.is_empty())?;
    let found = traffic::twins::FORMATS.iter().find(|(id, _)| *id == named);
    Some(found.unwrap_or_else(|| panic!("no two ways through JSON for `{named}`")).1)
});

fuzz_target!(|data: &[u8]| match *FORMAT {
    Some(agree) => {
        agree(data);
        elements::of(data).iter().for_each(|element| agree(element));
    }
    None => {
        let [how, data @ ..] = data else { return };
        bytes::twins::bitmaps(data);
        bytes::twins::scan(usize::from(how % 4) + 1, data, usize::from(how / 4));
        elements::hold(data);
    }
});

//! Any bytes, read as the format that `DOMICILE_FUZZ_FORMAT` names: see `tests/it/hostile/property.rs` for what
//! must hold. The first byte tells whether the format is forced, the second the block size; the rest is the log.
#![no_main]

#[path = "../../tests/it/hostile/property.rs"]
mod property;

use domicile::traffic::{Choice, FORMATS, ReadOptions};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static FORMAT: LazyLock<Option<&str>> = LazyLock::new(|| {
    let named = std::env::var("DOMICILE_FUZZ_FORMAT").ok().filter(|named| !named.is_empty())?;
    let format = FORMATS.iter().find(|f| f.id() == named);
    Some(format.unwrap_or_else(|| panic!("there is no format `{named}`")).id())
});

fuzz_target!(|data: &[u8]| {
    let [how, block, log @ ..] = data else { return };
    let choice = match *FORMAT {
        Some(id) if how % 4 != 0 => Choice::Forced(id),
        _ => Choice::Auto,
    };
    property::holds(log, (choice, &ReadOptions::default()), &[usize::from(*block) + 1]);
    // Long enough to be read in stretches, for a few.
    if *how == 0xff && !log.is_empty() {
        let times = (domicile::bytes::PIECE as usize + 70_000) / log.len() + 1;
        property::holds(&log.repeat(times), (choice, &ReadOptions::default()), &[]);
    }
});

//! Any layout and any log: the first line is a `log_format`, the rest is read by it as every format that takes one.
#![no_main]

#[path = "../../tests/it/hostile/property.rs"]
mod property;

use domicile::traffic::{Choice, FORMATS, ReadOptions};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let end = data.iter().position(|b| *b == b'\n').unwrap_or(data.len());
    let (layout, log) = data.split_at(end);
    let layout = String::from_utf8_lossy(layout).into_owned();
    for format in FORMATS.iter().filter(|f| f.layout(&layout).is_ok()) {
        let options = ReadOptions { log_format: Some(layout.clone()), ..ReadOptions::default() };
        property::holds(
            log.strip_prefix(b"\n").unwrap_or(log),
            (Choice::Forced(format.id()), &options),
            &[7],
        );
    }
});

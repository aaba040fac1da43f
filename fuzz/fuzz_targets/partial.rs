//! Any lines, read as a partial: see `tests/it/merge/property.rs` for what must hold. A byte 0 parts two of them, which
//! are merged. If the first byte is even, closing lines that fit are put behind them: no search would find those.
#![no_main]

#[path = "../../tests/it/merge/property.rs"]
mod property;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let [how, lines @ ..] = data else { return };
    let mut summaries = lines.splitn(2, |b| *b == 0).filter_map(|lines| {
        if how % 2 == 0 { property::holds(&property::sealed(lines)) } else { property::holds(lines) }
    });
    if let (Some(one), Some(other)) = (summaries.next(), summaries.next()) {
        property::merge(&one, &other);
    }
});

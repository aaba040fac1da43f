//! How templates write numbers, times and digests. Their results are escaped like any other value.

use crate::model::text::group;
use crate::model::time::show_duration;
use tera::{Kwargs, State, Tera, Value};

/// Adds the filters to the engine.
pub(super) fn register(tera: &mut Tera) {
    tera.register_filter("n", |v: Value, _: Kwargs, _: &State| number(&v));
    tera.register_filter("ms", |v: Value, _: Kwargs, _: &State| duration(&v));
    tera.register_filter("utc", |v: &str, _: Kwargs, _: &State| utc(v));
    tera.register_filter("fours", |v: &str, _: Kwargs, _: &State| fours(v));
    tera.register_filter("words", |v: &str, _: Kwargs, _: &State| v.replace('-', " "));
}

fn count(value: &Value) -> Option<u64> {
    // Counts beyond 2^53-1 are decimal strings in evidence.
    value.as_u128().and_then(|n| u64::try_from(n).ok()).or_else(|| value.as_str()?.parse().ok())
}

/// `1234567` as `1,234,567`; what is no count stays as it is.
fn number(value: &Value) -> String {
    count(value).map_or_else(|| value.to_string(), group)
}

/// Milliseconds as `1h 30m`, to the second.
fn duration(value: &Value) -> String {
    let micros = count(value).and_then(|ms| i64::try_from(ms).ok()).and_then(|ms| ms.checked_mul(1000));
    micros.map_or_else(|| value.to_string(), show_duration)
}

/// `2026-11-23T08:34:30Z` as `2026-11-23 08:34:30 UTC`.
fn utc(text: &str) -> String {
    match text.strip_suffix('Z').and_then(|t| t.split_once('T')) {
        Some((day, time)) => format!("{day} {time} UTC"),
        None => text.to_owned(),
    }
}

/// A digest in groups of four characters, to be read aloud and compared on paper.
fn fours(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    characters.chunks(4).map(|c| c.iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_well() {
        assert_eq!(number(&Value::from(1234567u64)), "1,234,567");
        assert_eq!(number(&Value::from("18446744073709551615")), "18,446,744,073,709,551,615");
        assert_eq!(duration(&Value::from(5_400_000u64)), "1h 30m");
        assert_eq!(utc("2026-11-23T08:34:30.5Z"), "2026-11-23 08:34:30.5 UTC");
        assert_eq!(utc("soon"), "soon");
        assert_eq!(fours("abcdef"), ["abcd", "ef"]);
    }
}

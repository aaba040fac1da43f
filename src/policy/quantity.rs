//! Sizes and percentages as people write them.

/// A size in bytes: `20MB` (decimal), `20MiB` (binary), `512B`, `512`.
#[must_use]
pub(super) fn parse_size(text: &str) -> Option<u64> {
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at_checked(split)?;
    let scale: u64 = match unit.trim_start() {
        "" | "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(scale)
}

/// A share in parts per million: `0.1%` is 1,000. At most four decimals, from 0% to 100%.
#[must_use]
pub(super) fn parse_ppm(text: &str) -> Option<u64> {
    let number = text.strip_suffix('%')?.trim_end();
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || decimals.len() > 4 || !digits(whole) || !digits(decimals) {
        return None;
    }
    if number.contains('.') && decimals.is_empty() {
        return None;
    }
    let fraction: u64 = format!("{decimals:0<4}").parse().ok()?;
    let ppm = whole.parse::<u64>().ok()?.checked_mul(10_000)?.checked_add(fraction)?;
    (ppm <= 1_000_000).then_some(ppm)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_decimal_unless_they_say_otherwise() {
        assert_eq!(parse_size("20MB"), Some(20_000_000));
        assert_eq!(parse_size("20 MiB"), Some(20 << 20));
        assert_eq!(parse_size("7"), Some(7));
        for bad in ["", "MB", "-1MB", "1.5MB", "20mb", "99999999999TB"] {
            assert_eq!(parse_size(bad), None, "{bad}");
        }
    }

    #[test]
    fn shares_are_exact() {
        assert_eq!(parse_ppm("0.1%"), Some(1_000));
        assert_eq!(parse_ppm("100%"), Some(1_000_000));
        assert_eq!(parse_ppm("0%"), Some(0));
        for bad in ["0.1", "%", ".5%", "1.%", "100.0001%", "0.00001%", "-1%"] {
            assert_eq!(parse_ppm(bad), None, "{bad}");
        }
    }
}

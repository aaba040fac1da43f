//! Numbers, times and addresses as logs spell them.

use crate::model::Time;
use crate::model::net::fold_mapped;
use std::net::{IpAddr, Ipv4Addr};

/// A whole number of at most 19 digits, nothing else.
pub(super) fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 19 {
        return None;
    }
    // Nineteen digits fit.
    text.iter().try_fold(0_u64, |n, b| match b.wrapping_sub(b'0') {
        digit @ 0..=9 => Some(n.wrapping_mul(10).wrapping_add(u64::from(digit))),
        _ => None,
    })
}

/// A port.
pub(super) fn port(text: &[u8]) -> Option<u16> {
    number(text).and_then(|n| u16::try_from(n).ok())
}

/// Seconds since 1970 with any number of decimals, cut to microseconds.
pub(super) fn epoch(text: &[u8]) -> Option<Time> {
    let (whole, decimals) = match memchr::memchr(b'.', text) {
        Some(at) => (text.get(..at)?, text.get(at + 1..)?),
        None => (text, &[][..]),
    };
    let seconds = i64::try_from(number(whole)?).ok()?;
    let mut micros = 0;
    for i in 0..6 {
        micros = micros * 10
            + decimals.get(i).map_or(Some(0), |b| b.is_ascii_digit().then(|| i64::from(b - b'0')))?;
    }
    if !decimals.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Time::from_micros(seconds.checked_mul(1_000_000)?.checked_add(micros)?)
}

/// As [`address`], of bytes that may be anything.
pub(super) fn address_bytes(text: &[u8]) -> Option<IpAddr> {
    let quick = dotted(text).map(IpAddr::V4);
    quick.or_else(|| std::str::from_utf8(text).ok().and_then(address))
}

/// An address, IPv4-mapped IPv6 folded; brackets and a zone are dropped.
pub(super) fn address(text: &str) -> Option<IpAddr> {
    if let Some(quick) = dotted(text.as_bytes()) {
        return Some(IpAddr::V4(quick));
    }
    let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
    let bare = bare.split('%').next().unwrap_or(bare);
    bare.parse().ok().map(fold_mapped)
}

/// Four decimal parts without leading zeros.
fn dotted(text: &[u8]) -> Option<Ipv4Addr> {
    let (mut address, mut part, mut digits, mut dots) = (0_u32, 0_u32, 0_u8, 0_u8);
    for b in text {
        match b.wrapping_sub(b'0') {
            digit @ 0..=9 if digits == 0 || (part > 0 && digits < 3) => {
                part = part * 10 + u32::from(digit);
                digits += 1;
            }
            _ if *b == b'.' && digits > 0 && part < 256 && dots < 3 => {
                address = address << 8 | part;
                (part, digits) = (0, 0);
                dots += 1;
            }
            _ => return None,
        }
    }
    (dots == 3 && digits > 0 && part < 256).then(|| Ipv4Addr::from_bits(address << 8 | part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_meant_is_read() {
        assert_eq!(number(b"1092421"), Some(1_092_421));
        for bad in [&b""[..], b"-", b"+1", b"1 ", b"99999999999999999999"] {
            assert_eq!(number(bad), None);
        }
        assert_eq!(epoch(b"1795422870.896").unwrap().to_string(), "2026-11-23T08:34:30.896Z");
        assert_eq!(epoch(b"1320279554.4963009").unwrap().micros(), 1_320_279_554_496_300);
        for bad in [&b"XXXXXXXXXX.XXXXXX"[..], b"1.x", b".5", b"9999999999999999.0", b"1.0000001x"] {
            assert_eq!(epoch(bad), None);
        }
        assert_eq!(address("10.0.0.1"), Some([10, 0, 0, 1].into()));
        assert_eq!(address("::ffff:10.0.0.1"), Some([10, 0, 0, 1].into()));
        assert_eq!(address("[::1]"), "::1".parse().ok());
        assert_eq!(address("010.0.0.1"), None);
        assert_eq!(address("255.0.9.100"), Some([255, 0, 9, 100].into()));
        for bad in
            ["", "1.2.3", "1.2.3.", ".1.2.3", "1..2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.0004", "00.1.2.3"]
        {
            assert_eq!(address(bad), None, "{bad}");
        }
    }
}

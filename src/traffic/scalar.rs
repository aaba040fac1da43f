//! Numbers, times and addresses as logs spell them.

use crate::model::Time;
use crate::model::net::fold_mapped;
use std::net::{IpAddr, Ipv4Addr};

/// A whole number of at most 19 digits, nothing else.
pub(super) fn number(text: &[u8]) -> Option<u64> {
    if (1..=8).contains(&text.len()) {
        return eight(padded(text)).map(i64::cast_unsigned);
    }
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
    usual_epoch(text).or_else(|| any_epoch(text))
}

/// Ten digits and no, three or six decimals, as logs of this century have them.
fn usual_epoch(text: &[u8]) -> Option<Time> {
    let (whole, rest) = text.split_first_chunk::<8>()?;
    let (tens, ones, micros) = match *rest {
        [tens, ones] => (tens, ones, 0),
        [tens, ones, b'.', a, b, c] => (tens, ones, eight([b'0', b'0', a, b, c, b'0', b'0', b'0'])?),
        [tens, ones, b'.', a, b, c, d, e, f] => (tens, ones, eight([b'0', b'0', a, b, c, d, e, f])?),
        _ => return None,
    };
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    if tens > 9 || ones > 9 {
        return None;
    }
    // Ten digits and six more fit.
    let last = i64::from(tens.wrapping_mul(10).wrapping_add(ones));
    let seconds = eight(*whole)?.wrapping_mul(100).wrapping_add(last);
    Time::from_micros(seconds.wrapping_mul(1_000_000).wrapping_add(micros))
}

/// Up to eight digits with zeros before them. Bytes may be put in twice: how long a number is cannot be
/// foreseen, and a wrong guess costs more.
#[inline]
fn padded(text: &[u8]) -> [u8; 8] {
    let free = 64_u32.wrapping_sub(8 * text.len() as u32);
    let zeros = ZEROS & !u64::MAX.wrapping_shl(free);
    let digits = match (text.first_chunk::<4>(), text.last_chunk::<4>(), text) {
        (Some(first), Some(last), _) => {
            let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
            u64::from(first).wrapping_shl(free) | u64::from(last) << 32
        }
        (.., &[first, ref rest @ ..]) => {
            let (middle, last) = (rest.first().unwrap_or(&first), rest.last().unwrap_or(&first));
            (u64::from(first) | u64::from(*middle) << 8).wrapping_shl(free) | u64::from(*last) << 56
        }
        _ => 0,
    };
    (digits | zeros).to_le_bytes()
}

/// A whole number of one to seven digits at the front, and how many they are. Nothing if there are other than so
/// many, or fewer than eight bytes.
#[inline(always)]
pub(super) fn short_number(text: &[u8]) -> Option<(u64, usize)> {
    let digits = u64::from_le_bytes(*text.first_chunk()?) ^ ZEROS;
    // Up to the first byte that is none, nothing is carried into a digit.
    let bits = beyond_nine(digits).trailing_zeros() & !7;
    // Zeros take the place of what follows, and of what would stand before.
    let number = |bits: u32| eight_digits(digits << (64 - bits)).cast_unsigned();
    matches!(bits, 8..64).then(|| (number(bits), bits as usize / 8))
}

/// Eight digits at once.
#[inline]
fn eight(text: [u8; 8]) -> Option<i64> {
    let digits = u64::from_le_bytes(text) ^ ZEROS;
    (beyond_nine(digits) == 0).then(|| eight_digits(digits))
}

/// The number that eight digits make, the first one lowest: pairs, then fours, then all.
#[inline(always)]
fn eight_digits(digits: u64) -> i64 {
    // Each even byte becomes a pair, each second one of those a four. No sum carries into the next.
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let high = (pairs & 0x0000_00ff_0000_00ff).wrapping_mul((1_000_000 << 32) | 100);
    let low = (pairs >> 16 & 0x0000_00ff_0000_00ff).wrapping_mul((10_000 << 32) | 1);
    (high.wrapping_add(low) >> 32).cast_signed()
}

fn any_epoch(text: &[u8]) -> Option<Time> {
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

/// Four decimal parts without leading zeros. All 7 to 15 bytes are looked at at once: where the points stand
/// cannot be foreseen, and a wrong guess costs more than the arithmetic.
fn dotted(text: &[u8]) -> Option<Ipv4Addr> {
    let length = text.len() as u32;
    // The first eight bytes and the last eight: two parts lie in each.
    let (first, last) = match (text.first_chunk::<8>(), text.last_chunk::<8>(), text) {
        (Some(first), Some(last), _) if length < 16 => {
            (u64::from_le_bytes(*first) ^ ZEROS, u64::from_le_bytes(*last) ^ ZEROS)
        }
        (_, _, &[a, b, c, d, e, f, g]) => {
            let first = u64::from_le_bytes([a, b, c, d, e, f, g, b'0']) ^ ZEROS;
            (first, first << 8)
        }
        _ => return None,
    };
    let (first_points, last_points) = (points(first), points(last));
    // Points are zero from here on, like what is not of the text.
    let (first, last) = (first & !(first_points * 0xff), last & !(last_points * 0xff));
    let gather = |points: u64| points.wrapping_mul(0x0102_0408_1020_4080) >> 56;
    let ends = gather(first_points) | gather(last_points) << (length - 7) >> 1;
    // Where the three points stand. Without one of them, no part fits.
    let next = |ends: u64| (ends & ends.wrapping_sub(1), (ends | 1 << 63).trailing_zeros());
    let (rest, one) = next(ends);
    let (rest, two) = next(rest);
    let (rest, three) = next(rest);
    // A part is the last bytes of four.
    let shifted = |word: u64, bytes: u32| word.wrapping_shl(8_u32.wrapping_mul(bytes));
    let fourth = length.wrapping_sub(three).wrapping_sub(1);
    let parts = [
        (shifted(first, 8_u32.wrapping_sub(one)), one),
        (shifted(first, 8_u32.wrapping_sub(two)), two.wrapping_sub(one).wrapping_sub(1)),
        (shifted(last, fourth.wrapping_add(1)), three.wrapping_sub(two).wrapping_sub(1)),
        (last, fourth),
    ];
    let mut wrong = beyond_nine(first) | beyond_nine(last) != 0 || rest != 0;
    let mut address = 0_u32;
    for (word, length) in parts {
        let bytes = (word >> 32) as u32;
        let digits = bytes & u32::MAX.wrapping_shl(8_u32.wrapping_mul(4_u32.wrapping_sub(length)));
        // Read as numbers of base 256, parts keep their order. The least of 1, 2 and 3 digits: none begins with zero.
        let ordered = digits.swap_bytes();
        let least = 1_u32.wrapping_shl(8_u32.wrapping_mul(length.wrapping_sub(1))) & !1;
        wrong |= (length > 3) | (ordered < least) | (ordered > 0x02_05_05);
        let part = ((digits >> 8).wrapping_mul((100 << 16) | (10 << 8) | 1) >> 16) & 0xff;
        address = address << 8 | part;
    }
    (!wrong).then(|| Ipv4Addr::from_bits(address))
}

/// Eight times the digit zero.
const ZEROS: u64 = 0x3030_3030_3030_3030;

/// The lowest bit of each byte that was a point before it was compared with [`ZEROS`].
fn points(digits: u64) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let x = digits ^ 0x1e1e_1e1e_1e1e_1e1e;
    !(((x & LOW) + LOW) | x | LOW) >> 7
}

/// Not zero if any of eight digits is none.
fn beyond_nine(digits: u64) -> u64 {
    // A byte above nine has or gets a high half. What it may carry over it does from there.
    (digits | digits.wrapping_add(0x0606_0606_0606_0606)) & 0xf0f0_f0f0_f0f0_f0f0
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

    mod made_up {
        use super::*;
        use proptest::prelude::*;

        proptest! {
            #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 16 } else { 5000 }))]

            #[test]
            fn the_quick_ways_agree_with_the_others(
                parts in prop::collection::vec((0_u16..300, 0_usize..12), 3..6),
                text in "[0-9.]{0,18}",
                damage in (0_usize..18, any::<u8>()),
                digits in prop::collection::vec(prop::sample::select(b"01234567890123456789./:x\xb0".to_vec()), 17..18),
            ) {
                let spelt = |(n, zeros): &(u16, usize)| match zeros {
                    0 => format!("0{n}"),
                    1 => String::new(),
                    _ => n.to_string(),
                };
                let joined = parts.iter().map(spelt).collect::<Vec<_>>().join(".");
                let mut damaged = joined.clone().into_bytes();
                if let Some(slot) = damaged.get_mut(damage.0) {
                    *slot = damage.1;
                }
                for text in [joined.as_bytes(), text.as_bytes(), &damaged] {
                    let by_std = std::str::from_utf8(text).ok().and_then(|t| t.parse().ok());
                    prop_assert_eq!(dotted(text), by_std, "{:?}", text);
                }
                for end in 0..=digits.len() {
                    let (text, later) = (&digits[..end], &digits[end..]);
                    for text in [text, later] {
                        let plain = text.len() <= 19 && text.iter().all(u8::is_ascii_digit);
                        let by_std = std::str::from_utf8(text).ok().filter(|_| plain).and_then(|t| t.parse().ok());
                        prop_assert_eq!(number(text), by_std, "{:?}", text);
                    }
                }
                let mut stamp = digits;
                for end in [10, 14, 17] {
                    for (at, b) in [(10, b'.'), (damage.0, damage.1)] {
                        if let Some(slot) = stamp.get_mut(at) {
                            *slot = b;
                        }
                        if let Some(quick) = usual_epoch(&stamp[..end]) {
                            prop_assert_eq!(Some(quick), any_epoch(&stamp[..end]));
                        }
                    }
                }
                for text in [text.as_bytes(), &damaged[..], &stamp[..]] {
                    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
                    let wanted = matches!(digits, 1..8).then(|| (number(&text[..digits]).unwrap(), digits));
                    prop_assert_eq!(short_number(text), wanted.filter(|_| text.len() >= 8));
                }
                let times = parts.iter().map(|(n, z)| format!("179{:03}{:04}.{:06}", n, z * 731, n * 197));
                for time in times {
                    prop_assert!(usual_epoch(time.as_bytes()).is_some(), "{}", time);
                    prop_assert_eq!(usual_epoch(time.as_bytes()), any_epoch(time.as_bytes()));
                }
            }
        }
    }
}

//! Time stamps, read by hand: they are half the work of a line.

use super::super::scalar::{epoch, number};
use super::{Role, Values};
use crate::model::Time;
use crate::model::time::{DAY, HOUR, MINUTE, SECOND};

/// `dd/Mon/yyyy:HH:MM:SS +zzzz`.
pub(in crate::traffic) fn clf(text: &[u8]) -> Option<Time> {
    let [
        d1,
        d2,
        b'/',
        m1,
        m2,
        m3,
        b'/',
        y1,
        y2,
        y3,
        y4,
        b':',
        h1,
        h2,
        b':',
        i1,
        i2,
        b':',
        s1,
        s2,
        b' ',
        zone @ ..,
    ] = text
    else {
        return None;
    };
    let year = two(*y1, *y2)? * 100 + two(*y3, *y4)?;
    let date = (year, month(&[*m1, *m2, *m3])?, two(*d1, *d2)?);
    at(date, (two(*h1, *h2)?, two(*i1, *i2)?, two(*s1, *s2)?), offset(zone)?)
}

/// `yyyy-mm-ddTHH:MM:SS` with any number of decimals and a zone.
fn iso(text: &[u8]) -> Option<Time> {
    let [
        y1,
        y2,
        y3,
        y4,
        b'-',
        m1,
        m2,
        b'-',
        d1,
        d2,
        b'T' | b' ',
        h1,
        h2,
        b':',
        i1,
        i2,
        b':',
        s1,
        s2,
        rest @ ..,
    ] = text
    else {
        return None;
    };
    let year = two(*y1, *y2)? * 100 + two(*y3, *y4)?;
    let date = (year, two(*m1, *m2)?, two(*d1, *d2)?);
    let (part, zone) = match rest {
        [b'.' | b',', decimals @ ..] => {
            let digits = decimals.iter().take_while(|b| b.is_ascii_digit()).count();
            let (digits, zone) = decimals.split_at_checked(digits)?;
            (fraction(digits)?, zone)
        }
        zone => (0, zone),
    };
    let whole = at(date, (two(*h1, *h2)?, two(*i1, *i2)?, two(*s1, *s2)?), offset(zone)?)?;
    Some(whole.plus(part))
}

/// The instant a line tells, in whatever fields it does: the beginning of the exchange if it tells how long
/// that took, else what is logged.
pub(in crate::traffic) fn instant(values: &Values<'_>) -> Option<Time> {
    let stamp = stamp(values)?;
    let part = |role| values.get(role).and_then(number).and_then(|n| i64::try_from(n).ok());
    let milli = part(Role::MilliPart).filter(|n| *n < 1000).map(|n| n * 1000);
    let micro = part(Role::MicroPart).filter(|n| *n < SECOND);
    let took = match (values.get(Role::TookSeconds), values.get(Role::TookMillis)) {
        // Shaped like an instant: seconds with decimals.
        (Some(seconds), _) => epoch(seconds).map(Time::micros),
        (None, Some(millis)) => {
            number(millis).and_then(|n| i64::try_from(n).ok()).and_then(|n| n.checked_mul(1000))
        }
        (None, None) => None,
    };
    Some(stamp.plus(milli.or(micro).unwrap_or(0)).plus(-took.unwrap_or(0)))
}

fn stamp(values: &Values<'_>) -> Option<Time> {
    if let Some(text) = values.get(Role::Clf) {
        return clf(text);
    }
    if let Some(text) = values.get(Role::Iso) {
        return any(text);
    }
    if let Some(text) = values.get(Role::Seconds) {
        return epoch(text);
    }
    for (role, micros) in [(Role::Millis, 1000), (Role::Micros, 1)] {
        if let Some(text) = values.get(role) {
            return Time::from_micros(i64::try_from(number(text)?).ok()?.checked_mul(micros)?);
        }
    }
    let part = |role| {
        values.get(role).and_then(|v| number(v.trim_ascii_start())).and_then(|n| i64::try_from(n).ok())
    };
    let named = values.get(Role::MonthName).and_then(month);
    let date = (part(Role::Year)?, named.or_else(|| part(Role::Month))?, part(Role::Day)?);
    let second = part(Role::Second).unwrap_or(0);
    at(date, (part(Role::Hour)?, part(Role::Minute)?, second), offset(values.get(Role::Zone)?)?)
}

/// A date in any of the spellings of JSON logs.
fn any(text: &[u8]) -> Option<Time> {
    iso(text).or_else(|| clf(text)).or_else(|| epoch(text))
}

/// The instant of a date and a time of day at an offset from UTC in microseconds.
fn at(
    (year, month, day): (i64, i64, i64),
    (hour, minute, second): (i64, i64, i64),
    offset: i64,
) -> Option<Time> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(leap),
        1..=12 => 31,
        _ => return None,
    };
    let fits =
        (1..=9999).contains(&year) && (1..=days).contains(&day) && hour < 24 && minute < 60 && second < 60;
    fits.then_some(())?;
    // Days since 1970-01-01 of a calendar whose year begins in March, so that a leap day is its last.
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719_468;
    Time::from_micros(days * DAY + hour * HOUR + minute * MINUTE + second * SECOND - offset)
}

/// `+zzzz`, `+zz:zz` or `Z`, in microseconds.
fn offset(zone: &[u8]) -> Option<i64> {
    let (sign, h1, h2, m1, m2) = match zone {
        [sign, h1, h2, b':', m1, m2] | [sign, h1, h2, m1, m2] => (sign, h1, h2, m1, m2),
        b"Z" => return Some(0),
        _ => return None,
    };
    let (hours, minutes) = (two(*h1, *h2)?, two(*m1, *m2)?);
    (hours < 24 && minutes < 60).then_some(())?;
    let length = hours * HOUR + minutes * MINUTE;
    match sign {
        b'+' => Some(length),
        b'-' => Some(-length),
        _ => None,
    }
}

fn two(a: u8, b: u8) -> Option<i64> {
    (a.is_ascii_digit() && b.is_ascii_digit()).then(|| i64::from(a - b'0') * 10 + i64::from(b - b'0'))
}

fn fraction(digits: &[u8]) -> Option<i64> {
    (!digits.is_empty()).then_some(())?;
    Some((0..6).fold(0, |n, i| n * 10 + digits.get(i).map_or(0, |b| i64::from(b - b'0'))))
}

fn month(name: &[u8]) -> Option<i64> {
    let [a, b, c] = name else { return None };
    Some(match (a, b, c) {
        (b'J', b'a', b'n') => 1,
        (b'F', b'e', b'b') => 2,
        (b'M', b'a', b'r') => 3,
        (b'A', b'p', b'r') => 4,
        (b'M', b'a', b'y') => 5,
        (b'J', b'u', b'n') => 6,
        (b'J', b'u', b'l') => 7,
        (b'A', b'u', b'g') => 8,
        (b'S', b'e', b'p') => 9,
        (b'O', b'c', b't') => 10,
        (b'N', b'o', b'v') => 11,
        (b'D', b'e', b'c') => 12,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    #[test]
    fn dates_agree_with_chrono_on_every_day() {
        let mut day = DateTime::parse_from_rfc3339("1601-01-02T23:59:58+00:00").unwrap();
        while day.timestamp() < 7_000_000_000 {
            let text = day.format("%d/%b/%Y:%H:%M:%S +0130").to_string();
            let expected = day.timestamp_micros() - 90 * MINUTE;
            assert_eq!(clf(text.as_bytes()).map(Time::micros), Some(expected), "{text}");
            let text = day.format("%Y-%m-%dT%H:%M:%S.25-01:30").to_string();
            assert_eq!(
                iso(text.as_bytes()).map(Time::micros),
                Some(day.timestamp_micros() + 90 * MINUTE + 250_000)
            );
            day += chrono::TimeDelta::seconds(86_400 * 7 + 3_607);
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for bad in [
            "29/Feb/2026:08:00:00 +0000",
            "31/Apr/2026:08:00:00 +0000",
            "00/Apr/2026:08:00:00 +0000",
            "01/apr/2026:08:00:00 +0000",
            "01/Apr/2026:24:00:00 +0000",
            "01/Apr/2026:08:60:00 +0000",
            "01/Apr/2026:08:00:60 +0000",
            "01/Apr/2026:08:00:00 +2400",
            "01/Apr/2026:08:00:00 0000",
            "01/Apr/2026:08:00:00",
            "1/Apr/2026:08:00:00 +0000",
            "01/Apr/2026:08:00:00 +0000 ",
            "01/Apr/0000:08:00:00 +0000",
            "01/Apr/1600:08:00:00 +0000",
            "-1/Apr/2026:08:00:00 +0000",
            "",
        ] {
            assert_eq!(clf(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(clf(b"29/Feb/2024:23:59:59 -0700").unwrap().to_string(), "2024-03-01T06:59:59Z");
        assert_eq!(any(b"2026-11-23T08:34:30.5Z").unwrap().to_string(), "2026-11-23T08:34:30.500Z");
        for bad in ["2026-11-23T08:34:30", "2026-11-23T08:34:30.Z", "2026-13-23T08:34:30Z", "x"] {
            assert_eq!(any(bad.as_bytes()), None, "{bad}");
        }
    }
}

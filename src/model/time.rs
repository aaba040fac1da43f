//! Instants and periods, in UTC, to the microsecond.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Microseconds in one second.
pub const SECOND: i64 = 1_000_000;
/// Microseconds in one minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Microseconds in one hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Microseconds in one day.
pub const DAY: i64 = 24 * HOUR;

/// An instant: microseconds since 1970-01-01T00:00:00Z, within the years 1601 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

impl Time {
    /// 1601-01-01T00:00:00Z.
    pub const EARLIEST: Time = Time(-11_644_473_600 * SECOND);
    /// 9999-12-31T23:59:59.999999Z.
    pub const LATEST: Time = Time(253_402_300_800 * SECOND - 1);

    /// The instant so many microseconds after the epoch, or `None` outside 1601 to 9999.
    #[must_use]
    pub fn from_micros(micros: i64) -> Option<Time> {
        (Time::EARLIEST.0..=Time::LATEST.0).contains(&micros).then_some(Time(micros))
    }

    /// The instant so many seconds after the epoch, or `None` outside 1601 to 9999.
    #[must_use]
    pub fn from_seconds(seconds: i64) -> Option<Time> {
        Time::from_micros(seconds.checked_mul(SECOND)?)
    }

    /// Parses RFC 3339 (`2026-11-23T08:34:30Z`), also with an offset without a colon (`+0000`).
    #[must_use]
    pub fn parse(text: &str) -> Option<Time> {
        if let Some(usual) = usual(text.as_bytes()) {
            return Some(usual);
        }
        let parsed = DateTime::parse_from_rfc3339(text)
            .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"))
            .ok()?;
        Time::from_micros(parsed.timestamp_micros())
    }

    /// Midnight UTC at which that day begins.
    #[must_use]
    pub fn from_date(date: NaiveDate) -> Option<Time> {
        Time::from_micros(date.and_hms_opt(0, 0, 0)?.and_utc().timestamp_micros())
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub fn micros(self) -> i64 {
        self.0
    }

    /// Whole hours since the epoch: the hour cell of an aggregate.
    #[must_use]
    pub fn hour(self) -> i64 {
        self.0.div_euclid(HOUR)
    }

    /// Whole minutes since the epoch.
    #[must_use]
    pub fn minute(self) -> i64 {
        self.0.div_euclid(MINUTE)
    }

    /// The day it falls on, in UTC.
    #[must_use]
    pub fn date(self) -> NaiveDate {
        self.chrono().date_naive()
    }

    /// The instant so many microseconds later (earlier if negative), kept within the range.
    #[must_use]
    pub fn plus(self, micros: i64) -> Time {
        Time(self.0.saturating_add(micros).clamp(Time::EARLIEST.0, Time::LATEST.0))
    }

    /// Microseconds from `earlier` to this.
    #[must_use]
    pub fn since(self, earlier: Time) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    fn chrono(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or(DateTime::UNIX_EPOCH)
    }
}

impl fmt::Display for Time {
    /// `2026-11-23T08:34:30Z`, with as many decimals as it takes (0, 3 or 6).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = match self.0.rem_euclid(SECOND) {
            0 => SecondsFormat::Secs,
            m if m % 1000 == 0 => SecondsFormat::Millis,
            _ => SecondsFormat::Micros,
        };
        f.write_str(&self.chrono().to_rfc3339_opts(format, true))
    }
}

impl Serialize for Time {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        Time::parse(&text).ok_or_else(|| serde::de::Error::custom("not an RFC 3339 time"))
    }
}

/// `2026-11-23T08:34:30`, decimals, `Z` or an offset with or without a colon: what nearly every log writes,
/// read without a general parser. Anything else is left to that.
fn usual(text: &[u8]) -> Option<Time> {
    let (date, rest) = text.split_first_chunk::<19>()?;
    let two = |a: u8, b: u8| -> Option<i64> {
        (a.is_ascii_digit() && b.is_ascii_digit()).then(|| i64::from(a - b'0') * 10 + i64::from(b - b'0'))
    };
    let ([years, days_hours, ..], times) = (date.as_chunks::<8>().0, date.last_chunk::<8>()?) else {
        return None;
    };
    let [century, _, year, _, _, month, ..] = pairs(u64::from_le_bytes(*years), *b"0000-00-")?;
    let [day, _, _, hour, _, _, minute, _] = pairs(u64::from_le_bytes(*days_hours), *b"00T00:00")?;
    let [.., second, _] = pairs(u64::from_le_bytes(*times), *b"00:00:00")?;
    let year = i64::from(century) * 100 + i64::from(year);
    let [month, day, hour, minute, second] = [month, day, hour, minute, second].map(i64::from);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (micros, zone) = match rest {
        [b'.', decimals @ ..] => six(decimals).or_else(|| one_to_nine(decimals))?,
        zone => (0, zone),
    };
    let offset = match *zone {
        [b'Z'] => 0,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] | [sign @ (b'+' | b'-'), h1, h2, m1, m2] => {
            let (hours, minutes) = (two(h1, h2)?, two(m1, m2)?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            (hours * 60 + minutes) * if sign == b'-' { -60 } else { 60 }
        }
        _ => return None,
    };
    let of_day = hour * 3600 + minute * 60 + second - offset;
    Time::from_micros((days(year, month, day)? * 86_400 + of_day) * SECOND + micros)
}

/// Decimals, cut to microseconds, and the zone behind them.
fn one_to_nine(decimals: &[u8]) -> Option<(i64, &[u8])> {
    let digits = decimals.iter().take_while(|b| b.is_ascii_digit()).count();
    let (fraction, zone) = decimals.split_at_checked(digits).filter(|_| (1..=9).contains(&digits))?;
    let padded = fraction.iter().chain(std::iter::repeat(&b'0')).take(6);
    Some((padded.fold(0, |n, b| n * 10 + i64::from(b - b'0')), zone))
}

/// The same of six decimals, the usual number.
#[inline]
fn six(decimals: &[u8]) -> Option<(i64, &[u8])> {
    const SIX: u64 = u64::MAX >> 16;
    let text = u64::from_le_bytes(*decimals.first_chunk()?) & SIX | u64::from_le_bytes(*b"00000000") & !SIX;
    let [high, _, middle, _, low, ..] = pairs(text, *b"00000000")?.map(i64::from);
    let zone = decimals.get(6..).filter(|zone| !zone.first().is_some_and(u8::is_ascii_digit))?;
    Some(((high * 100 + middle) * 100 + low, zone))
}

/// Each digit of a text with the one behind it, as a number, if the text has digits where `like` has zeros and
/// the same bytes elsewhere. All at once: a byte is at most 99 and carries nothing over.
#[inline]
fn pairs(text: u64, like: [u8; 8]) -> Option<[u8; 8]> {
    let digits = text ^ u64::from_le_bytes(like);
    let fixed = u64::from_le_bytes(like.map(|b| if b == b'0' { 0 } else { u8::MAX }));
    // A byte above nine has or gets a high half.
    let beyond_nine = (digits | digits.wrapping_add(0x0606_0606_0606_0606)) & 0xf0f0_f0f0_f0f0_f0f0;
    (beyond_nine | digits & fixed == 0).then(|| (digits * 10 + (digits >> 8)).to_le_bytes())
}

/// Days since 1970-01-01 in the Gregorian calendar (Howard Hinnant, "days_from_civil"); `None` for a day
/// that no month has.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * month + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// A stretch of time, from `start` up to but not including `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// First instant inside.
    pub start: Time,
    /// First instant after it.
    pub end: Time,
}

impl Period {
    /// Whether the instant lies in the period.
    #[must_use]
    pub fn contains(self, time: Time) -> bool {
        self.start <= time && time < self.end
    }
}

/// A length of time as people write it: `90s`, `10m`, `4h`, `2d`. Microseconds.
#[must_use]
pub fn parse_duration(text: &str) -> Option<i64> {
    let unit = text.chars().last()?;
    let scale = match unit {
        's' => SECOND,
        'm' => MINUTE,
        'h' => HOUR,
        'd' => DAY,
        _ => return None,
    };
    let number: i64 = text.strip_suffix(unit)?.parse().ok()?;
    (number >= 0).then_some(())?;
    number.checked_mul(scale)
}

/// Writes microseconds as people read them: `4h`, `1h 30m`, `45s`.
#[must_use]
pub fn show_duration(micros: i64) -> String {
    let mut rest = micros.max(0);
    let mut parts = Vec::new();
    for (unit, name) in [(DAY, "d"), (HOUR, "h"), (MINUTE, "m"), (SECOND, "s")] {
        if rest / unit > 0 {
            parts.push(format!("{}{name}", rest / unit));
            rest %= unit;
        }
    }
    if parts.is_empty() { "0s".to_owned() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_round_trip_and_refuse_what_is_out_of_range() {
        let t = Time::parse("2022-07-10T23:50:05.533101+0000").unwrap();
        assert_eq!(t.to_string(), "2022-07-10T23:50:05.533101Z");
        assert_eq!(Time::parse(&t.to_string()), Some(t));
        assert_eq!(Time::EARLIEST.to_string(), "1601-01-01T00:00:00Z");
        assert_eq!(Time::LATEST.to_string(), "9999-12-31T23:59:59.999999Z");
        assert_eq!(Time::from_micros(Time::LATEST.micros() + 1), None);
        assert_eq!(Time::from_seconds(i64::MAX), None);
        assert_eq!(Time::parse("yesterday"), None);
    }

    #[test]
    fn the_quick_way_agrees_with_the_calendar() {
        let by_chrono = |text: &str| {
            let parsed = DateTime::parse_from_rfc3339(text)
                .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"))
                .ok()?;
            Time::from_micros(parsed.timestamp_micros())
        };
        let mut read = 0;
        for year in [1600, 1601, 1899, 1900, 1969, 1970, 2000, 2024, 2026, 2100, 9999] {
            for month in 0..14 {
                for day in [0, 1, 28, 29, 30, 31, 32] {
                    for rest in [
                        "T00:00:00Z",
                        "T23:59:59.9+0100",
                        "T12:34:56.123456789-11:30",
                        "T12:34:56.654321+0200",
                        "T12:34:56.1234567Z",
                        "T12:34:56.99999xZ",
                        "T24:00:00Z",
                        "T00:60:00Z",
                        "T00:00:61Z",
                        "T01:02:03",
                        "T01:02:03.+0000",
                        "T01:02:03.5z",
                        "T01:02:03+2400",
                        "T01:02:03+00:60",
                    ] {
                        let text = format!("{year:04}-{month:02}-{day:02}{rest}");
                        if let Some(quick) = usual(text.as_bytes()) {
                            assert_eq!(Some(quick), by_chrono(&text), "{text}");
                            read += 1;
                        }
                        assert_eq!(Time::parse(&text), by_chrono(&text), "{text}");
                    }
                }
            }
        }
        assert!(read > 1000, "{read}");
        let text = "2026-11-23T08:34:30.123456+0100";
        for at in 0..text.len() {
            for b in "0:/9;-xZ".chars() {
                let text = format!("{}{b}{}", &text[..at], &text[at + 1..]);
                if let Some(quick) = usual(text.as_bytes()) {
                    assert_eq!(Some(quick), by_chrono(&text), "{text}");
                }
                assert_eq!(Time::parse(&text), by_chrono(&text), "{text}");
            }
        }
    }

    #[test]
    fn durations_read_and_write() {
        assert_eq!(parse_duration("10m"), Some(10 * MINUTE));
        assert_eq!(parse_duration("-1h"), None);
        assert_eq!(parse_duration("1 h"), None);
        assert_eq!(show_duration(90 * MINUTE), "1h 30m");
        assert_eq!(show_duration(0), "0s");
    }
}

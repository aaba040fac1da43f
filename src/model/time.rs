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
    fn durations_read_and_write() {
        assert_eq!(parse_duration("10m"), Some(10 * MINUTE));
        assert_eq!(parse_duration("-1h"), None);
        assert_eq!(parse_duration("1 h"), None);
        assert_eq!(show_duration(90 * MINUTE), "1h 30m");
        assert_eq!(show_duration(0), "0s");
    }
}

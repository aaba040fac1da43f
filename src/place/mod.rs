//! Jurisdictions: country codes, and named sets of them.
//!
//! Data lives in `policies/places.toml`, dated, each set with the grade of its source. Where a host name
//! carries a region, the services list says which place that is; this room says whether a place lies
//! within others. It never guesses a country from an address.

use crate::model::diagnostic::closest;
use crate::model::text::hex;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Every officially assigned code of ISO 3166-1 alpha-2.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ \
BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES \
ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO \
IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK \
ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR \
PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK \
TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// The places, ready for look-ups.
pub struct Places {
    /// Date up to which they hold, ISO.
    pub as_of: String,
    /// SHA-256 of the file, hex.
    pub sha256: String,
    sets: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    as_of: toml::value::Datetime,
    set: Vec<RawSet>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSet {
    name: String,
    #[expect(dead_code, reason = "for readers of the file")]
    about: String,
    #[expect(dead_code, reason = "for readers of the file")]
    grade: String,
    #[serde(default)]
    #[expect(dead_code, reason = "for readers of the file")]
    source: Option<String>,
    members: Vec<String>,
}

impl Places {
    /// The places compiled in.
    ///
    /// # Errors
    /// If the file cannot be read, which a test excludes.
    pub fn embedded() -> Result<&'static Places, String> {
        static PLACES: OnceLock<Result<Places, String>> = OnceLock::new();
        let parsed = PLACES.get_or_init(|| Places::parse(include_str!("../../policies/places.toml")));
        parsed.as_ref().map_err(Clone::clone)
    }

    /// Reads a file of places.
    ///
    /// # Errors
    /// If it is not of that form, or a member is no country.
    pub fn parse(text: &str) -> Result<Places, String> {
        let raw: Raw = toml::from_str(text).map_err(|e| format!("places: {e}"))?;
        for set in &raw.set {
            if let Some(odd) = set.members.iter().find(|m| !is_country(m)) {
                return Err(format!("places: `{odd}` in `{}` is not a country", set.name));
            }
        }
        let sha256 = hex(Sha256::digest(text.as_bytes()));
        let sets = raw.set.into_iter().map(|s| (s.name, s.members)).collect();
        Ok(Places { as_of: raw.as_of.to_string(), sha256, sets })
    }

    /// The members of a named set, or the country itself; `None` if it is neither.
    #[must_use]
    pub fn members<'a>(&'a self, name: &'a str) -> Option<Vec<&'a str>> {
        match self.sets.get(name) {
            Some(members) => Some(members.iter().map(String::as_str).collect()),
            None => is_country(name).then(|| vec![name]),
        }
    }

    /// Whether a place lies within others wholly; `None` if it lies there in part, or is not known.
    #[must_use]
    pub fn within(&self, place: &str, others: &[String]) -> Option<bool> {
        let members = self.members(place)?;
        let others: Vec<&str> = others.iter().filter_map(|o| self.members(o)).flatten().collect();
        match members.iter().filter(|m| others.contains(m)).count() {
            0 => Some(false),
            n if n == members.len() => Some(true),
            _ => None,
        }
    }

    /// Whether a name is a country or a set; otherwise the closest name, if there is one.
    ///
    /// # Errors
    /// The closest name that exists.
    pub fn check_name(&self, name: &str) -> Result<(), Option<String>> {
        if self.members(name).is_some() {
            return Ok(());
        }
        Err(closest(name, self.sets.keys().map(String::as_str)).map(str::to_owned))
    }
}

/// Whether it is an assigned code of ISO 3166-1 alpha-2, upper case.
#[must_use]
pub fn is_country(code: &str) -> bool {
    code.len() == 2 && COUNTRIES.split(' ').any(|c| c == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_lie_within_others_or_not_or_in_part() {
        let places = Places::embedded().unwrap();
        let within =
            |p: &str, of: &[&str]| places.within(p, &of.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>());
        assert_eq!(within("DE", &["EU"]), Some(true));
        assert_eq!(within("US", &["EU"]), Some(false));
        assert_eq!(within("EEA", &["EU"]), None);
        assert_eq!(within("EU", &["EEA"]), Some(true));
        assert_eq!(within("XX", &["EU"]), None);
        assert_eq!(COUNTRIES.split(' ').count(), 249);
    }
}

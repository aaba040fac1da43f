//! What a region token in a host name means, per provider.
//!
//! The key is provider and token, never the token alone: `eu-central-1` is Frankfurt at one provider and
//! another city at the next, `northeurope` is Ireland, `us-de-1` is Delaware. A token that is not in the
//! table means nothing. A region says where the front door is; it does not override routing across
//! regions that a model id or a deployment type chooses.

use rustc_hash::FxHashMap;

/// Tokens of one provider.
#[derive(Debug, Clone, Default)]
pub(super) struct Regions {
    exact: FxHashMap<String, String>,
    /// Tokens written `gra*`: the stem, followed by digits or nothing.
    numbered: FxHashMap<String, String>,
}

impl Regions {
    /// Adds a token; `false` if it is there already.
    pub(super) fn add(&mut self, token: &str, place: &str) -> bool {
        let (map, token) = match token.strip_suffix('*') {
            Some(stem) => (&mut self.numbered, stem),
            None => (&mut self.exact, token),
        };
        if map.contains_key(token) {
            return false;
        }
        map.insert(token.to_owned(), place.to_owned());
        true
    }

    /// Every place that a token can mean, in no order that means anything.
    pub(super) fn places(&self) -> impl Iterator<Item = &str> {
        self.exact.values().chain(self.numbered.values()).map(String::as_str)
    }

    /// What a token means, if it is known.
    pub(super) fn place(&self, token: &str) -> Option<&str> {
        let stem = token.trim_end_matches(|c: char| c.is_ascii_digit());
        self.exact.get(token).or_else(|| self.numbered.get(stem)).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbered_tokens_take_digits_only() {
        let mut regions = Regions::default();
        assert!(regions.add("eu*", "EU") && regions.add("us-de-1", "US") && !regions.add("us-de-1", "DE"));
        assert_eq!(regions.place("eu"), Some("EU"));
        assert_eq!(regions.place("eu2"), Some("EU"));
        assert_eq!(regions.place("eu-x"), None);
        assert_eq!(regions.place("us-de-1"), Some("US"));
        assert_eq!(regions.place("de"), None);
    }
}

//! Path patterns: a prefix that ends at a segment, with `*` for any run of characters.

/// A path pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PathPattern {
    /// As written: begins with `/` or `*`.
    text: String,
}

impl PathPattern {
    /// Reads a pattern; `None` if it does not begin with `/`.
    pub(super) fn parse(text: &str) -> Option<PathPattern> {
        let fits = text.starts_with('/') && text.len() > 1 && !text.contains(['?', '#', ' ']);
        fits.then(|| PathPattern { text: text.to_owned() })
    }

    /// How particular it is: its literal characters.
    pub(super) fn weight(&self) -> usize {
        self.text.bytes().filter(|b| *b != b'*').count()
    }

    /// Whether a path fits. The pattern covers what lies below it too: `/v1/edits` fits `/v1/edits/3`,
    /// not `/v1/editsx`. A pattern that ends in `*` or `/` fits whatever follows.
    pub(super) fn fits(&self, path: &str) -> bool {
        // Greedy matching with one point of return: O(pattern x path), and paths are bounded by their records.
        let (pattern, path) = (self.text.as_bytes(), path.as_bytes());
        let open = matches!(pattern.last(), Some(b'*' | b'/'));
        let (mut p, mut s) = (0, 0);
        let mut back: Option<(usize, usize)> = None;
        loop {
            let here = path.get(s).copied();
            match pattern.get(p) {
                None if open || matches!(here, None | Some(b'/' | b'?' | b':')) => return true,
                Some(b'*') => {
                    p += 1;
                    back = Some((p, s));
                    continue;
                }
                Some(wanted) if here == Some(*wanted) => {
                    p += 1;
                    s += 1;
                    continue;
                }
                _ => {}
            }
            let Some((after_star, taken)) = back else { return false };
            if taken >= path.len() {
                return false;
            }
            back = Some((after_star, taken + 1));
            p = after_star;
            s = taken + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_end_at_segments_and_stars_run_over_them() {
        let fits = |pattern: &str, path: &str| PathPattern::parse(pattern).unwrap().fits(path);
        assert!(fits("/v1/edits", "/v1/edits") && fits("/v1/edits", "/v1/edits/3"));
        assert!(!fits("/v1/edits", "/v1/editsx") && !fits("/v1/edits", "/v1/edit") && !fits("/v1/edits", ""));
        assert!(fits("/*/resolve/", "/org/name/resolve/main/model.safetensors"));
        assert!(!fits("/*/resolve/", "/org/name/tree/main"));
        assert!(fits("/v1beta/models/*:generateContent", "/v1beta/models/gemini-3:generateContent"));
        assert!(!fits("/v1beta/models/*:generateContent", "/v1beta/models/gemini-3:countTokens"));
        assert!(fits("/api/v*/interactions", "/api/v10/interactions"));
        assert!(!fits("/api/v*/interactions", "/api/v10/interactionsx"));
        assert!(fits("/v1/flux*", "/v1/flux-2-pro"));
        assert!(PathPattern::parse("v1").is_none() && PathPattern::parse("/").is_none());
    }
}

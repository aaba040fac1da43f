//! Which outputs were asked for: `--output FORMAT[=PATH]`, repeated.

use super::evidence::Evidence;
use super::{Options, REPORTERS, reporter};
use crate::model::audit::Audit;
use crate::model::diagnostic::closest;

/// The list of aggregates is no report of its own: it is what the evidence binds by digest.
const AGGREGATES: &str = "aggregates";

/// Outputs in the order asked for; text on standard output if none was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Format id and path; no path is standard output.
    pub list: Vec<(String, Option<String>)>,
}

impl Wanted {
    /// Reads the values of `--output`.
    ///
    /// # Errors
    /// If a format does not exist, a path is empty, or two outputs share standard output.
    pub fn parse(values: &[String]) -> Result<Wanted, String> {
        let mut list = Vec::new();
        for value in values {
            let (format, path) = match value.split_once('=') {
                Some((format, path)) => (format, Some(path.to_owned())),
                None => (value.as_str(), None),
            };
            if path.as_deref() == Some("") {
                return Err(format!("`{value}` names no path"));
            }
            if format != AGGREGATES && reporter(format).is_none() {
                let ids = || REPORTERS.iter().map(|r| r.id()).chain([AGGREGATES]);
                let meant = closest(format, ids()).map_or_else(
                    || format!("outputs: {}", ids().collect::<Vec<_>>().join(", ")),
                    |m| format!("did you mean `{m}`?"),
                );
                return Err(format!("there is no output `{format}`; {meant}"));
            }
            list.push((format.to_owned(), path));
        }
        if !list.iter().any(|(f, path)| f == "text" || path.is_none()) {
            list.insert(0, ("text".to_owned(), None));
        }
        if list.iter().filter(|(_, path)| path.is_none()).count() > 1 {
            return Err("only one output can go to standard output; give the others a path".to_owned());
        }
        Ok(Wanted { list })
    }

    /// The bytes of one output.
    ///
    /// # Errors
    /// If it cannot be rendered.
    pub fn render(format: &str, audit: &Audit, aggregates: &[u8], color: bool) -> Result<Vec<u8>, String> {
        if format == AGGREGATES {
            return Ok(aggregates.to_vec());
        }
        let evidence = Evidence::from(audit);
        let reporter = reporter(format).ok_or_else(|| format!("there is no output `{format}`"))?;
        reporter.render(&evidence, Options { color }).map_err(|e| e.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::Wanted;

    #[test]
    fn outputs_are_read_and_mistakes_named() {
        let parse = |v: &[&str]| Wanted::parse(&v.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>());
        assert_eq!(parse(&[]).unwrap().list, [("text".to_owned(), None)]);
        assert_eq!(parse(&["html=a=b.html"]).unwrap().list.len(), 2);
        assert!(parse(&["htlm=x"]).unwrap_err().contains("`html`"));
        assert!(parse(&["json", "html"]).is_err());
        assert!(parse(&["html="]).is_err());
    }
}

//! Addresses in pieces: what of one is known, and what decides the rest.

use super::value::{Fallback, Open, Piece, Text, Value};
use crate::inventory::endpoint::host_of;
use crate::model::inventory::Spelled;

/// Stands for a piece that is not known.
const HOLE: char = '\u{1}';

/// What a value says as an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    /// Nothing: the default applies.
    Absent,
    /// A path at the same server as the page or route.
    Relative(String),
    Said(Said),
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// What decides the host: variables, options, arguments.
    pub(super) names: Vec<String>,
    /// `scheme://host:port` or `host:port`, if it is known; unknown labels of the host are `*`.
    pub(super) authority: Option<String>,
    /// Path, if it is known; unknown segments are `x`.
    pub(super) path: Option<String>,
    /// Whether, with nothing set, there is no address: the service's own applies.
    pub(super) optional: bool,
}

impl Said {
    /// As other files may settle it. `vendor` is who gets it if no address is given at all.
    pub(super) fn spelled(&self, vendor: Option<&str>) -> Spelled {
        Spelled {
            variables: self.names.clone(),
            address: self.authority.clone(),
            vendor: vendor.filter(|_| self.optional && self.authority.is_none()).map(str::to_owned),
        }
    }

    /// The host, if it is known.
    pub(super) fn host(&self) -> Option<String> {
        let authority = self.authority.as_deref()?;
        if let Some(rest) = self.wild() {
            return Some(rest);
        }
        host_of(authority)
    }

    /// The host, if part of it is open: `*.openai.azure.com`.
    pub(super) fn wild(&self) -> Option<String> {
        let authority = self.authority.as_deref()?;
        let host = authority.split_once("://").map_or(authority, |(_, rest)| rest);
        let host = host.split(':').next().unwrap_or(host);
        host.contains('*').then(|| host.to_lowercase())
    }
}

/// Reads a value as an address.
pub(super) fn address(value: &Value) -> Address {
    match value {
        Value::Nothing => Address::Absent,
        Value::Text(text) => of_text(text),
        Value::Open(open) => of_text(&Text::open(open.clone())),
        Value::Symbol(path) => {
            // Imported from a file that is not looked at here.
            let last = path.rsplit(['.', '/']).next().unwrap_or(path);
            Address::Said(Said { names: vec![format!("imported {last}")], ..Said::default() })
        }
        _ => Address::Said(Said::default()),
    }
}

fn of_text(text: &Text) -> Address {
    let mut shown = String::new();
    let mut marks: Vec<(usize, usize, &Open)> = Vec::new();
    for piece in &text.0 {
        let start = shown.len();
        match piece {
            Piece::Known(text) => shown.push_str(text),
            Piece::Open(open) => {
                match &open.default {
                    Fallback::Text(text) => shown.push_str(text),
                    _ => shown.push(HOLE),
                }
                marks.push((start, shown.len(), open));
            }
        }
    }
    if shown.is_empty() {
        let names: Vec<String> = marks.iter().flat_map(|(.., o)| o.names.iter().cloned()).collect();
        let said = Said { names, optional: true, ..Said::default() };
        return if marks.is_empty() { Address::Absent } else { Address::Said(said) };
    }
    let (start, scheme) = match shown.find("://") {
        Some(at) => (at + 3, true),
        None => (0, false),
    };
    let rest = shown.get(start..).unwrap_or_default();
    if !scheme && rest.starts_with('/') {
        return Address::Relative(path_of(rest));
    }
    let length = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (host, tail) = rest.split_at_checked(length).unwrap_or((rest, ""));
    let (from, to) = (start, start + length);
    let deciding = marks.iter().filter(|(s, e, _)| *s < to && (*e > from || *s == from));
    // A port that is open decides nothing: only what stands before it does.
    let port = host.rfind(':').map(|at| from + at);
    let deciding: Vec<&Open> =
        deciding.filter(|(s, ..)| port.is_none_or(|p| *s <= p)).map(|(_, _, open)| *open).collect();
    let names: Vec<String> = deciding.iter().flat_map(|o| o.names.iter().cloned()).collect();
    let optional = !deciding.is_empty()
        && deciding
            .iter()
            .all(|o| matches!(o.default, Fallback::Nothing) || o.default == Fallback::Text(String::new()))
        && host.chars().all(|c| c == HOLE);
    let path = (!tail.is_empty()).then(|| path_of(tail));
    let bare = host.rsplit('@').next().unwrap_or(host);
    let name = bare.split(':').next().unwrap_or(bare);
    let authority = if !name.contains(HOLE) {
        let looks = scheme || name.contains('.') || bare.contains(':') || name == "localhost";
        if !looks {
            return if marks.is_empty() {
                Address::Relative(path_of(rest))
            } else {
                Address::Said(Said { names, path, ..Said::default() })
            };
        }
        let head = shown.get(..start).filter(|s| !s.contains(HOLE)).unwrap_or_default();
        Some(format!("{head}{}", bare.replace(HOLE, "0")))
    } else {
        let wild: Vec<&str> =
            name.split('.').map(|label| if label.contains(HOLE) { "*" } else { label }).collect();
        let known = wild.iter().rev().take_while(|l| **l != "*").count();
        (known >= 2 && !wild.iter().all(|l| l.parse::<u8>().is_ok() || *l == "*"))
            .then(|| format!("https://{}", wild.join(".")))
    };
    let names = if authority.as_deref().is_some_and(|a| a.contains('*')) { Vec::new() } else { names };
    Address::Said(Said { names, authority, path, optional })
}

fn path_of(tail: &str) -> String {
    let end = tail.find(['?', '#']).unwrap_or(tail.len());
    tail.get(..end).unwrap_or(tail).replace(HOLE, "x")
}

/// An address below another: a relative path at the base of a client.
pub(super) fn below(base: &Said, path: &str) -> Said {
    let head = base.path.as_deref().unwrap_or_default().trim_end_matches('/');
    let path = format!("{head}/{}", path.trim_start_matches('/'));
    Said { path: Some(path), ..base.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(name: &str, default: Fallback) -> Piece {
        Piece::Open(Open { names: vec![name.to_owned()], default })
    }

    fn known(text: &str) -> Piece {
        Piece::Known(text.to_owned())
    }

    fn said(pieces: Vec<Piece>) -> Said {
        match address(&Value::Text(Text(pieces))) {
            Address::Said(said) => said,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_literal_is_host_and_path() {
        let it = said(vec![known("https://api.stability.ai/v2beta/x?y=1")]);
        assert_eq!((it.host().as_deref(), it.path.as_deref()), (Some("api.stability.ai"), Some("/v2beta/x")));
        assert!(it.names.is_empty());
    }

    #[test]
    fn an_open_port_or_segment_decides_nothing() {
        let port = open("PORT", Fallback::Text("8188".to_owned()));
        let it = said(vec![known("http://127.0.0.1:"), port, known("/prompt")]);
        assert_eq!((it.host().as_deref(), it.names.len()), (Some("127.0.0.1"), 0));
        let it = said(vec![known("http://127.0.0.1:"), Piece::Open(Open::unknown()), known("/prompt")]);
        assert_eq!((it.host().as_deref(), it.path.as_deref()), (Some("127.0.0.1"), Some("/prompt")));
        let it = said(vec![known("https://api.replicate.com/v1/models/"), open("M", Fallback::Required)]);
        assert_eq!(
            (it.host().as_deref(), it.path.as_deref()),
            (Some("api.replicate.com"), Some("/v1/models/x"))
        );
    }

    #[test]
    fn an_open_host_is_named_by_what_decides_it() {
        let it = said(vec![open("BASE", Fallback::Nothing), known("/sdapi/v1/txt2img")]);
        assert_eq!((it.host(), it.names.join(","), it.optional), (None, "BASE".to_owned(), true));
        assert_eq!(it.path.as_deref(), Some("/sdapi/v1/txt2img"));
        let it = said(vec![
            known("http://"),
            open("HOST", Fallback::Text("localhost".to_owned())),
            known(":7860/x"),
        ]);
        assert_eq!((it.host().as_deref(), it.names.join(",")), (Some("localhost"), "HOST".to_owned()));
    }

    #[test]
    fn an_open_label_leaves_the_domain() {
        let it =
            said(vec![known("https://"), open("R", Fallback::Required), known(".openai.azure.com/openai")]);
        assert_eq!(it.host().as_deref(), Some("*.openai.azure.com"));
        let it = said(vec![known("http://10.0.0."), open("N", Fallback::Required), known("/x")]);
        assert_eq!(it.host(), None);
    }

    #[test]
    fn a_path_is_relative_and_nothing_is_absent() {
        assert_eq!(address(&Value::Text(Text::known("/api/x?y"))), Address::Relative("/api/x".to_owned()));
        assert_eq!(address(&Value::Nothing), Address::Absent);
        assert_eq!(address(&Value::Text(Text::known(""))), Address::Absent);
    }
}

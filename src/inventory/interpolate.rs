//! Values that name other variables: `$V`, `${V}`, `${V:-default}`, `${V:?error}`, `${V:+other}`, `$$`.
//!
//! The syntax is that of the shell as Compose, Docker and env files share it. What a variable holds is
//! settled elsewhere; what matters here is whether the host of an address depends on it.

use super::endpoint::host_of;

/// Deepest nesting of defaults.
const DEEPEST: usize = 8;
/// Longest value that is looked into, and longest that comes of it, in bytes.
const LONGEST: usize = 2048;
/// Most variables that one value depends on.
const MOST_VARIABLES: usize = 16;

/// A value as its file gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Given {
    /// It is written out, as far as it matters.
    Text(String),
    /// Variables decide.
    Open {
        /// Their names, the first that is set wins.
        variables: Vec<String>,
        /// What applies without them.
        default: Option<String>,
        /// Whether the first variable that is set is the whole value, not a part of it.
        whole: bool,
    },
    /// It is kept where the file does not show it.
    Secret,
}

impl Given {
    /// What it is if nobody else sets anything.
    pub(super) fn by_default(&self) -> Option<&str> {
        match self {
            Given::Text(text) => Some(text),
            Given::Open { default, .. } => default.as_deref(),
            Given::Secret => None,
        }
    }
}

/// A part of a value.
#[derive(Debug, PartialEq, Eq)]
enum Part<'t> {
    Text(&'t str),
    /// A variable with what follows its name: `:-default`, or nothing.
    Variable(&'t str, Option<Otherwise<'t>>),
}

#[derive(Debug, PartialEq, Eq)]
enum Otherwise<'t> {
    /// Without it.
    Default(&'t str),
    /// With it, in its place.
    Other(&'t str),
}

/// Reads a value; `known` holds what is set in the same file.
pub(super) fn given(text: &str, known: &dyn Fn(&str) -> Option<Given>) -> Given {
    read(text, known, DEEPEST)
}

fn read(text: &str, known: &dyn Fn(&str) -> Option<Given>, depth: usize) -> Given {
    if depth == 0 || text.len() > LONGEST {
        return Given::Text(text.to_owned());
    }
    let parts = parts(text);
    if let [Part::Variable(name, otherwise)] = parts.as_slice() {
        return one(name, otherwise.as_ref(), known, depth);
    }
    let mut variables: Vec<String> = Vec::new();
    let mut complete = true;
    let mut renderings = [String::new(), String::new(), String::new()];
    for part in &parts {
        let pieces: [String; 3] = match part {
            Part::Text(text) => [(*text).to_owned(), (*text).to_owned(), (*text).to_owned()],
            Part::Variable(name, otherwise) => match one(name, otherwise.as_ref(), known, depth) {
                Given::Text(text) => [text.clone(), text.clone(), text],
                Given::Open { variables: more, default, .. } => {
                    variables.extend(more);
                    complete &= default.is_some();
                    // Two values that could be a port as well as a label: where the host is the same with
                    // both, it does not depend on the variable.
                    [default.unwrap_or_default(), "1111".to_owned(), "2222".to_owned()]
                }
                Given::Secret => {
                    complete = false;
                    [String::new(), "1111".to_owned(), "2222".to_owned()]
                }
            },
        };
        renderings.iter_mut().zip(pieces).for_each(|(all, piece)| all.push_str(&piece));
        if renderings.iter().any(|r| r.len() > LONGEST) {
            variables.truncate(MOST_VARIABLES);
            return Given::Open { variables, default: None, whole: false };
        }
    }
    variables.truncate(MOST_VARIABLES);
    let [plain, first, second] = renderings;
    if variables.is_empty() && complete {
        return Given::Text(plain);
    }
    if first.contains("://") && host_of(&first).is_some() && host_of(&first) == host_of(&second) {
        return Given::Text(first);
    }
    Given::Open { variables, default: complete.then_some(plain), whole: false }
}

fn one(
    name: &str,
    otherwise: Option<&Otherwise<'_>>,
    known: &dyn Fn(&str) -> Option<Given>,
    depth: usize,
) -> Given {
    let found = known(name);
    match otherwise {
        Some(Otherwise::Other(other)) => {
            Given::Open { variables: vec![name.to_owned()], default: Some((*other).to_owned()), whole: false }
        }
        Some(Otherwise::Default(default)) => match found {
            Some(Given::Text(text)) if !text.is_empty() => Given::Text(text),
            Some(Given::Secret) => Given::Secret,
            _ => {
                let mut variables = vec![name.to_owned()];
                match read(default, known, depth - 1) {
                    Given::Text(text) => Given::Open { variables, default: Some(text), whole: true },
                    Given::Open { variables: more, default, whole } => {
                        variables.extend(more);
                        variables.truncate(MOST_VARIABLES);
                        Given::Open { variables, default, whole }
                    }
                    Given::Secret => Given::Secret,
                }
            }
        },
        None => found.unwrap_or_else(|| Given::Open {
            variables: vec![name.to_owned()],
            default: None,
            whole: true,
        }),
    }
}

fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (before, after) = rest.split_at(at);
        if !before.is_empty() {
            parts.push(Part::Text(before));
        }
        let after = after.get(1..).unwrap_or_default();
        let (part, left) = variable(after);
        parts.push(part);
        rest = left;
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest));
    }
    parts
}

/// What stands after a `$`, and what is left.
fn variable(after: &str) -> (Part<'_>, &str) {
    if let Some(left) = after.strip_prefix('$') {
        return (Part::Text("$"), left);
    }
    let name_end =
        |text: &str| text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    let Some(inside) = after.strip_prefix('{') else {
        let end = name_end(after);
        if end == 0 || after.starts_with(|c: char| c.is_ascii_digit()) {
            return (Part::Text("$"), after);
        }
        let (name, left) = after.split_at(end);
        return (Part::Variable(name, None), left);
    };
    let Some(close) = closing(inside) else { return (Part::Text("$"), after) };
    let (body, left) = inside.split_at(close);
    let left = left.get(1..).unwrap_or_default();
    let (name, tail) = body.split_at(name_end(body));
    let tail = tail.strip_prefix(':').unwrap_or(tail);
    let otherwise = match tail.chars().next() {
        Some('-' | '=') => Some(Otherwise::Default(tail.get(1..).unwrap_or_default())),
        Some('+') => Some(Otherwise::Other(tail.get(1..).unwrap_or_default())),
        _ => None,
    };
    (Part::Variable(name, otherwise), left)
}

/// Where the brace closes that is open before the text.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing(_: &str) -> Option<Given> {
        None
    }

    fn open(variables: &[&str], default: Option<&str>, whole: bool) -> Given {
        Given::Open {
            variables: variables.iter().map(|v| (*v).to_owned()).collect(),
            default: default.map(str::to_owned),
            whole,
        }
    }

    #[test]
    fn every_form_is_read() {
        let text = |t: &str| Given::Text(t.to_owned());
        for (value, expected) in [
            ("plain", text("plain")),
            ("a$$b", text("a$b")),
            ("100$", text("100$")),
            ("$V", open(&["V"], None, true)),
            ("${V}", open(&["V"], None, true)),
            ("${V:-d}", open(&["V"], Some("d"), true)),
            ("${V-}", open(&["V"], Some(""), true)),
            ("${V:?set me}", open(&["V"], None, true)),
            ("${V:+a}", open(&["V"], Some("a"), false)),
            ("${A:-${B:-http://x}}", open(&["A", "B"], Some("http://x"), true)),
            ("http://${H:-api}:80", open(&["H"], Some("http://api:80"), false)),
            ("${unclosed", text("${unclosed")),
        ] {
            assert_eq!(given(value, &nothing), expected, "{value}");
        }
    }

    #[test]
    fn a_port_or_path_does_not_open_the_host() {
        for value in ["http://comfyui:${PORT}/x", "https://api.openai.com/${VERSION:-v1}"] {
            let Given::Text(text) = given(value, &nothing) else { panic!("{value}") };
            assert!(host_of(&text).is_some());
        }
        assert!(matches!(given("http://api.${DOMAIN}/v1", &nothing), Given::Open { whole: false, .. }));
    }

    #[test]
    fn what_the_file_sets_is_put_in() {
        let known = |name: &str| (name == "BASE").then(|| Given::Text("https://api.openai.com".to_owned()));
        assert_eq!(given("${BASE}/v1", &known), Given::Text("https://api.openai.com/v1".to_owned()));
        assert_eq!(given("${BASE:-x}", &known), Given::Text("https://api.openai.com".to_owned()));
    }

    #[test]
    fn nested_defaults_are_bounded() {
        let deep = format!("{}x{}", "${A:-".repeat(20_000), "}".repeat(20_000));
        assert!(matches!(given(&deep, &nothing), Given::Text(_)));
        let deep = format!("{}x{}", "${A:-".repeat(200), "}".repeat(200));
        assert!(matches!(given(&deep, &nothing), Given::Open { .. }));
        let doubles = |_: &str| Some(Given::Text("x".repeat(1500)));
        assert!(matches!(given("${A}${A}", &doubles), Given::Open { default: None, .. }));
    }
}

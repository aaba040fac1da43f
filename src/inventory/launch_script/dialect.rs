//! Scripts that are not a POSIX shell's, written as one: each line stays on its line.

/// How a script is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Shell,
    Batch,
    /// `make` and `just`: recipes are indented, variables are `$(NAME)`.
    Make,
    /// `name: command` on each line.
    Procfile,
    /// `$env:NAME = "value"`, a backtick at the end of a line that goes on.
    PowerShell,
    /// `set -x NAME value`.
    Fish,
}

impl Dialect {
    /// By the name of a file, where that says it.
    pub(super) fn named(name: &str) -> Option<Dialect> {
        let name = name.to_ascii_lowercase();
        let ends = |endings: &[&str]| endings.iter().any(|e| name.ends_with(e));
        match name.as_str() {
            "makefile" | "gnumakefile" | "justfile" => Some(Dialect::Make),
            "procfile" => Some(Dialect::Procfile),
            _ if ends(&[".mk"]) => Some(Dialect::Make),
            _ if name.starts_with("procfile.") => Some(Dialect::Procfile),
            _ if ends(&[".ps1"]) => Some(Dialect::PowerShell),
            _ if ends(&[".fish"]) => Some(Dialect::Fish),
            _ if ends(&[".bat", ".cmd"]) => Some(Dialect::Batch),
            _ if ends(&[".sh", ".bash", ".zsh", ".ksh"]) => Some(Dialect::Shell),
            _ => None,
        }
    }

    /// The script as a POSIX shell would have it.
    pub(super) fn as_shell(self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for line in text.lines() {
            match self {
                Dialect::Shell | Dialect::Batch => out.push_str(line),
                Dialect::Make => make(line, &mut out),
                Dialect::Procfile => {
                    let command = line.split_once(':').map_or(line, |(_, command)| command);
                    out.push_str(command.trim_start());
                }
                Dialect::PowerShell => power_shell(line, &mut out),
                Dialect::Fish => fish(line, &mut out),
            }
            out.push('\n');
        }
        out
    }
}

fn make(line: &str, out: &mut String) {
    let recipe = line.starts_with(['\t', ' ']);
    let line = line.trim_start();
    let line = if recipe { line.trim_start_matches(['@', '-', '+']) } else { line };
    let assigned = (!recipe).then(|| line.split_once('=')).flatten();
    if let Some((name, value)) = assigned {
        let name = name.trim().trim_end_matches([':', '?', '+', '!']).trim_end();
        let name = name.strip_prefix("export ").unwrap_or(name);
        if !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            out.push_str(name);
            out.push_str("=\"");
            out.push_str(&variables(value.trim()).replace('"', ""));
            out.push('"');
            return;
        }
    }
    out.push_str(&variables(line));
}

/// `$(NAME)` as `${NAME}`, `$$` as `$`. What `make` computes stays.
fn variables(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(before);
        // The name is looked at, not the closing bracket: that may be far away, many times.
        let inner = from.strip_prefix("$(").and_then(|inner| {
            let end = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
            let (name, after) = inner.split_at_checked(end)?;
            Some((name, after.strip_prefix(')')?)).filter(|_| !name.is_empty())
        });
        if let Some((of, after)) = inner {
            out.push_str("${");
            out.push_str(of);
            out.push('}');
            rest = after;
        } else {
            out.push('$');
            rest = from.strip_prefix("$$").or_else(|| from.strip_prefix('$')).unwrap_or_default();
        }
    }
    out.push_str(rest);
    out
}

fn power_shell(line: &str, out: &mut String) {
    let bare = line.trim_start();
    let variable = bare.get(..5).filter(|p| p.eq_ignore_ascii_case("$env:")).and_then(|_| bare.get(5..));
    if let Some((name, value)) = variable.and_then(|v| v.split_once('=')) {
        out.push_str("export ");
        out.push_str(name.trim());
        out.push('=');
        out.push_str(value.trim());
        return;
    }
    let call = bare.strip_prefix("& ").unwrap_or(line);
    match call.trim_end().strip_suffix('`') {
        Some(goes_on) => {
            out.push_str(goes_on);
            out.push('\\');
        }
        None => out.push_str(call),
    }
}

fn fish(line: &str, out: &mut String) {
    let mut words = line.split_whitespace();
    let exported =
        words.next() == Some("set") && words.next().is_some_and(|o| o.starts_with('-') && o.contains('x'));
    match words.next().filter(|_| exported) {
        Some(name) => {
            let value = words.collect::<Vec<_>>().join(" ");
            out.push_str("export ");
            out.push_str(name);
            out.push_str("=\"");
            out.push_str(&value.replace(['"', '\''], ""));
            out.push('"');
        }
        None => out.push_str(line),
    }
}

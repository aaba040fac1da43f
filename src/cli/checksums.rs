//! SHA-256 of logs from a list, for logs that were scanned in ranges and have none.

use super::exit;
use super::shell::{self, Shell};
use crate::evidence::Summary;
use std::path::Path;

/// The largest list.
const MOST: u64 = 64 << 20;

/// Gives logs the SHA-256 that a list names, as `sha256sum` writes it.
pub(crate) fn supply(shell: &Shell, list: &Path, summary: &mut Summary) -> Result<(), u8> {
    let fail = |code: u8, why: String| {
        shell.error(&format!("`{}`{why}", list.display()), None);
        code
    };
    let text = shell::read(list, MOST).map_err(|why| {
        shell.error(&why, None);
        exit::INVALID
    })?;
    let text = String::from_utf8(text).map_err(|_| fail(exit::INVALID, " is not UTF-8".to_owned()))?;
    for (n, line) in text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty()) {
        let n = n + 1;
        let Some((digest, name)) = entry(line) else {
            let why = format!(" line {n}: no SHA-256 and a name, as `sha256sum` writes them");
            return Err(fail(exit::INVALID, why));
        };
        let mut met = false;
        for ((_, log), facts) in summary.logs.iter_mut().map(|(key, log)| (key, &mut log.facts)) {
            if **log != *name {
                continue;
            }
            met = true;
            if facts.sha256.get_or_insert_with(|| digest.clone()) != &digest {
                let why = format!(" line {n}: the partials have another SHA-256 of `{name}`");
                return Err(fail(exit::INTEGRITY, why));
            }
        }
        if !met {
            return Err(fail(exit::INVALID, format!(" line {n}: no partial holds a log `{name}`")));
        }
    }
    Ok(())
}

/// Digest and name of a line: `DIGEST  NAME`, `DIGEST *NAME`, or both behind `\` where the name is escaped.
fn entry(line: &str) -> Option<(String, String)> {
    let (escaped, line) = line.strip_prefix('\\').map_or((false, line), |rest| (true, rest));
    let (digest, name) = line.split_at_checked(64)?;
    let name = name.strip_prefix("  ").or_else(|| name.strip_prefix(" *"))?;
    let hex = digest.bytes().all(|b| b.is_ascii_hexdigit());
    let name = name.strip_prefix("./").unwrap_or(name);
    let name = if escaped { unescape(name)? } else { name.to_owned() };
    (hex && !name.is_empty()).then(|| (digest.to_ascii_lowercase(), name))
}

fn unescape(name: &str) -> Option<String> {
    let mut out = String::new();
    let mut chars = name.chars();
    while let Some(c) = chars.next() {
        out.push(match c {
            '\\' => match chars.next()? {
                'n' => '\n',
                'r' => '\r',
                '\\' => '\\',
                _ => return None,
            },
            other => other,
        });
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_of_sha256sum() {
        let digest = "0a".repeat(32);
        let read = |line: &str| entry(line).map(|(_, name)| name);
        assert_eq!(read(&format!("{digest}  logs/a b.log")).as_deref(), Some("logs/a b.log"));
        assert_eq!(read(&format!("{digest} *./logs/a.log")).as_deref(), Some("logs/a.log"));
        assert_eq!(read(&format!("\\{digest}  a\\nb\\\\c")).as_deref(), Some("a\nb\\c"));
        assert_eq!(read(&format!("{digest} a.log")), None);
        assert_eq!(read(&format!("{digest}  ")), None);
        assert_eq!(read("0a  a.log"), None);
        assert_eq!(read(&format!("SHA256 (a.log) = {digest}")), None);
    }
}

//! `LogFormat` of Apache: `%` with modifiers and a letter
//! (<https://httpd.apache.org/docs/2.4/mod/mod_log_config.html>).

use super::builder::{Builder, Needs, backslashed};
use super::{Layout, LayoutError, Role};

/// What strftime writes, by letter: a field, or letters that stand for several.
fn strftime(letter: u8) -> Option<Result<Role, &'static str>> {
    Some(match letter {
        b'd' | b'e' => Ok(Role::Day),
        b'm' => Ok(Role::Month),
        b'b' | b'h' => Ok(Role::MonthName),
        b'Y' => Ok(Role::Year),
        b'H' | b'k' => Ok(Role::Hour),
        b'M' => Ok(Role::Minute),
        b'S' => Ok(Role::Second),
        b'z' => Ok(Role::Zone),
        b's' => Ok(Role::Seconds),
        b'a' | b'A' | b'B' | b'j' | b'p' | b'u' | b'w' | b'Z' => Ok(Role::Other),
        b'T' => Err("%H:%M:%S"),
        b'F' => Err("%Y-%m-%d"),
        b'R' => Err("%H:%M"),
        b'D' => return None,
        _ => return None,
    })
}

pub(super) fn compile(text: &str) -> Result<Layout, LayoutError> {
    let mut builder = Builder::default();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|r| !r.is_empty()) {
        if rest.starts_with("%%") {
            builder.text(b"%");
            at += 2;
        } else if rest.starts_with('%') {
            at += directive(rest, at, &mut builder)?;
        } else if let Some((byte, length)) = backslashed(rest) {
            builder.text(&[byte]);
            at += length;
        } else {
            let end = rest.find(['%', '\\']).filter(|n| *n > 0).unwrap_or(if rest.starts_with('\\') {
                1
            } else {
                rest.len()
            });
            builder.text(rest.get(..end).unwrap_or_default().as_bytes());
            at += end;
        }
    }
    builder.layout(&Needs { client: "`%h` or `%a`", time: "`%t`", request: "`%r`, or `%m` and `%U`" })
}

/// Takes one directive and says how long it is.
fn directive(rest: &str, at: usize, builder: &mut Builder) -> Result<usize, LayoutError> {
    let open = || LayoutError::new(at, "`%{` is not closed by `}`");
    let bytes = rest.as_bytes();
    let mut end = 1;
    let mut argument = None;
    // Conditions and modifiers may stand before and after the argument.
    while let Some(byte) = bytes.get(end) {
        match byte {
            b'!' | b',' | b'<' | b'>' | b'0'..=b'9' => end += 1,
            b'{' => {
                let inner = rest.get(end + 1..).unwrap_or_default();
                let length = inner.find('}').ok_or_else(open)?;
                argument = inner.get(..length);
                end += length + 2;
            }
            _ => break,
        }
    }
    let code = match bytes.get(end..).unwrap_or_default() {
        [b'^', first, second, ..] if first.is_ascii_alphabetic() && second.is_ascii_alphabetic() => {
            rest.get(end..end + 3).unwrap_or_default()
        }
        [letter, ..] if letter.is_ascii_alphabetic() => rest.get(end..=end).unwrap_or_default(),
        _ => return Err(LayoutError::new(at, "`%` is not followed by a letter")),
    };
    end += code.len();
    let name = rest.get(..end).unwrap_or_default();
    if code == "t" {
        time(argument, name, at, builder)?;
        return Ok(end);
    }
    let Some(role) = role(code, argument) else {
        return Err(LayoutError::new(at, format!("Apache has no `{name}`")));
    };
    builder.field(role, name, at, false)?;
    Ok(end)
}

fn role(code: &str, argument: Option<&str>) -> Option<Role> {
    let header = |name: &str| argument.is_some_and(|a| a.eq_ignore_ascii_case(name));
    Some(match code {
        "a" | "h" if argument == Some("c") => Role::Connection,
        "a" | "h" => Role::Client,
        "A" => Role::ServerAddress,
        "p" if argument == Some("remote") => Role::ClientPort,
        "p" => Role::Port,
        "r" => Role::Request,
        "m" => Role::Method,
        "U" => Role::Path,
        "q" => Role::Query,
        "s" => Role::Status,
        "b" | "B" => Role::BackBody,
        "O" => Role::Back,
        "I" => Role::Sent,
        "v" | "V" => Role::ServerName,
        "i" if header("host") => Role::Host,
        "i" if header("content-length") => Role::Declared,
        "x" | "c" if header("SSL_PROTOCOL") => Role::Tls,
        "C" | "D" | "e" | "f" | "H" | "i" | "k" | "l" | "L" | "n" | "o" | "P" | "R" | "S" | "T" | "u"
        | "x" | "X" | "c" | "^FU" | "^FB" | "^ti" | "^to" => Role::Other,
        _ => return None,
    })
}

/// `%t` in all its forms. What strftime would write becomes fields of its own, so that a time put together
/// from several directives is read like any other.
fn time(argument: Option<&str>, name: &str, at: usize, builder: &mut Builder) -> Result<(), LayoutError> {
    let argument = argument.unwrap_or("");
    let pattern = argument.strip_prefix("begin:").or(argument.strip_prefix("end:")).unwrap_or(argument);
    let whole = match pattern {
        "" => {
            builder.text(b"[");
            builder.field(Role::Clf, name, at, false)?;
            builder.text(b"]");
            return Ok(());
        }
        "sec" => Role::Seconds,
        "msec" => Role::Millis,
        "usec" => Role::Micros,
        "msec_frac" => Role::MilliPart,
        "usec_frac" => Role::MicroPart,
        _ => return pieces(pattern, name, at, builder),
    };
    builder.field(whole, name, at, false)
}

fn pieces(pattern: &str, name: &str, at: usize, builder: &mut Builder) -> Result<(), LayoutError> {
    let mut rest = pattern.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            builder.text(&[*first]);
            continue;
        }
        let Some((letter, after)) = rest.split_first() else {
            return Err(LayoutError::new(at, format!("the time format of `{name}` ends with `%`")));
        };
        rest = after;
        match (letter, strftime(*letter)) {
            (b'%', _) => builder.text(b"%"),
            (letter, Some(Ok(role))) => builder.field(role, name, at, matches!(letter, b'e' | b'k'))?,
            (_, Some(Err(several))) => pieces(several, name, at, builder)?,
            (letter, None) => {
                let letter = char::from(*letter);
                return Err(LayoutError::new(
                    at,
                    format!("`%{letter}` in the time of `{name}` is not read here"),
                ));
            }
        }
    }
    Ok(())
}

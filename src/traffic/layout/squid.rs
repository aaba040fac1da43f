//! `logformat` of Squid: `%` with quoting, width, argument and a code
//! (<https://www.squid-cache.org/Doc/config/logformat/>).

use super::builder::{Builder, Needs};
use super::{Layout, LayoutError, Role};

/// Every code of Squid 6 that is not looked at, longest first among those that begin alike.
const OTHERS: &[&str] = &[
    "adapt::all_trs",
    "adapt::sum_trs",
    "adapt::<last_h",
    "icap::<last_h",
    "icap::<service_name",
    "icap::to_chunked",
    "icap::request_attempts",
    "icap::<bs",
    "icap::<st",
    "icap::>st",
    "icap::<A",
    "icap::<h",
    "icap::>h",
    "icap::tio",
    "icap::trs",
    "icap::tr",
    "icap::tt",
    "icap::to",
    "icap::Hs",
    "icap::rm",
    "icap::ru",
    "icap::tc",
    "ssl::>cert_subject",
    "ssl::>cert_issuer",
    "ssl::<cert_subject",
    "ssl::<cert_issuer",
    "ssl::<cert_errors",
    "ssl::<cert",
    "ssl::>negotiated_version",
    "ssl::<negotiated_version",
    "ssl::>negotiated_cipher",
    "ssl::<negotiated_cipher",
    "ssl::>received_hello_version",
    "ssl::<received_hello_version",
    "ssl::>received_supported_version",
    "ssl::<received_supported_version",
    "ssl::bump_mode",
    "ssl::>sni",
    "tls::>negotiated_version",
    "proxy_protocol::>h",
    "transport::>connection_id",
    "request_attempts",
    "master_xaction",
    "busy_time",
    "credentials",
    "err_detail",
    "err_code",
    "reply_time",
    "note",
    "un",
    "ui",
    "ul",
    "us",
    "ue",
    "mt",
    "sn",
    "ea",
    "et",
    "rv",
    "rG",
    "rs",
    "dt",
    "la",
    "lp",
    "st",
    ">sh",
    "<sh",
    "<st",
    ">eui",
    ">qos",
    "<qos",
    ">nfmark",
    "<nfmark",
    ">la",
    ">lp",
    "<la",
    "<lp",
    ">ha",
    ">rv",
    ">handshake",
    "<pt",
    "<tt",
    "<bs",
    "<p",
    "<rm",
    "<ru",
    "<rs",
    "<rd",
    "<rP",
    "<rp",
    "<rv",
    "<h",
    ">h",
    "ha",
    "h",
    "p",
    ">A",
    "<Hs",
    "tl",
    "tg",
];

/// The codes that are looked at; they are tried before the others.
const KNOWN: &[(&str, Role)] = &[
    (">a", Role::Client),
    (">A", Role::Client),
    (">p", Role::ClientPort),
    ("ts", Role::Seconds),
    ("tS", Role::Seconds),
    ("tu", Role::MilliPart),
    ("tl", Role::Clf),
    ("tg", Role::Clf),
    ("tr", Role::TookMillis),
    (">rm", Role::Method),
    ("rm", Role::Method),
    (">ru", Role::Target),
    ("ru", Role::Target),
    (">rp", Role::Path),
    ("rp", Role::Path),
    (">rd", Role::Host),
    ("rd", Role::Host),
    (">rP", Role::Port),
    ("rP", Role::Port),
    (">rs", Role::Scheme),
    (">Hs", Role::Status),
    ("Hs", Role::Status),
    (">st", Role::Sent),
    ("<st", Role::Back),
    ("Ss", Role::Result),
    ("Sh", Role::Hierarchy),
    ("<a", Role::Peer),
    ("<A", Role::Peer),
];

pub(super) fn compile(text: &str) -> Result<Layout, LayoutError> {
    let mut builder = Builder::default();
    let mut started = false;
    let (mut at, mut padded) = (0, false);
    while let Some(rest) = text.get(at..).filter(|r| !r.is_empty()) {
        if let Some(after) = rest.strip_prefix("%%") {
            builder.text(b"%");
            at = text.len() - after.len();
            continue;
        }
        if !rest.starts_with('%') {
            let end = rest.find('%').unwrap_or(rest.len());
            builder.text(rest.get(..end).unwrap_or_default().as_bytes());
            at += end;
            continue;
        }
        let found = directive(rest, at)?;
        started |= found.code == "tS";
        // `%tr` is taken off the time at the end; `%tS` is that of the beginning.
        let role =
            if found.code == "tr" && (started || text.contains("%tS")) { Role::Other } else { found.role };
        builder.field(role, found.name, at, found.width || padded)?;
        padded = found.width;
        at += found.name.len();
    }
    let request = "`%ru`";
    let layout = builder.layout(&Needs { client: "`%>a`", time: "`%ts`, `%tS` or `%tl`", request })?;
    // The path alone does not say where it went.
    if !layout.fields.iter().any(|f| f.role == Role::Target) {
        return Err(LayoutError::new(0, format!("it logs no URL: it needs {request}")));
    }
    Ok(layout)
}

struct Directive<'t> {
    name: &'t str,
    code: &'static str,
    role: Role,
    /// Whether it is filled up with blanks or zeros.
    width: bool,
}

fn directive(rest: &str, at: usize) -> Result<Directive<'_>, LayoutError> {
    let open = || LayoutError::new(at, "`{` is not closed by `}`");
    let skip =
        |from: usize, set: &[u8]| from + rest.bytes().skip(from).take_while(|b| set.contains(b)).count();
    let argument = |from: usize| -> Result<(usize, Option<&str>), LayoutError> {
        match rest.get(from..).and_then(|r| r.strip_prefix('{')) {
            Some(inner) => {
                let length = inner.find('}').ok_or_else(open)?;
                Ok((from + length + 2, inner.get(..length)))
            }
            None => Ok((from, None)),
        }
    };
    let quoting = skip(1, b"\"['#/");
    let sized = skip(quoting, b"-0123456789.");
    let (coded, before) = argument(sized)?;
    let ahead = rest.get(coded..).unwrap_or_default();
    let known = KNOWN.iter().map(|(code, role)| (*code, *role));
    let all = known.chain(OTHERS.iter().map(|code| (*code, Role::Other)));
    let Some((code, role)) = all
        .filter(|(code, _)| ahead.starts_with(code))
        .max_by_key(|(code, role)| (code.len(), *role != Role::Other))
    else {
        let shown: String = rest.chars().take_while(|c| !c.is_whitespace()).take(20).collect();
        return Err(LayoutError::new(at, format!("Squid has no code that begins `{shown}`")));
    };
    let (end, after) = argument(coded + code.len())?;
    let role = match (code, before.or(after)) {
        (">h", Some(name)) if name.eq_ignore_ascii_case("host") => Role::Host,
        (">h", Some(name)) if name.eq_ignore_ascii_case("content-length") => Role::Declared,
        // A time format of its own.
        ("tl" | "tg", Some(pattern)) => match pattern {
            "%d/%b/%Y:%H:%M:%S %z" => Role::Clf,
            "%Y-%m-%dT%H:%M:%S%z" => Role::Iso,
            _ => {
                return Err(LayoutError::new(
                    at,
                    "a time format of its own is not read here: log `%ts.%03tu`",
                ));
            }
        },
        ("tS" | "ts" | "tu" | "tr", Some(_)) => {
            return Err(LayoutError::new(at, format!("an argument of `%{code}` is not read here")));
        }
        _ => role,
    };
    Ok(Directive { name: rest.get(..end).unwrap_or_default(), code, role, width: sized > quoting })
}

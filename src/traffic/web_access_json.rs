//! Access logs of web servers as JSON: one flat object a line, keys named as nginx names its variables.

use super::layout::{Role, Values, variable};
use super::lines::{LONGEST, Lines};
use super::web::{ERROR_LINE, Served, is_error_line};
use super::{Block, Decoder, Format, Framing, Head, ReadOptions, Settled, Sink, Sniff, Split, Stop};
use std::ops::ControlFlow;

/// The shelf entry.
pub(super) static FORMAT: WebAccessJson = WebAccessJson;

/// Access logs as JSON.
pub(super) struct WebAccessJson;

/// How likely a log is one if a line has the keys of a request.
const LIKELY: u8 = 70;
/// Reason of a line that is no object.
const NO_OBJECT: &str = "not a JSON object";

impl Format for WebAccessJson {
    fn id(&self) -> &'static str {
        "web-access-json"
    }

    fn about(&self) -> &'static str {
        "Access logs of nginx as JSON, keys named like its variables"
    }

    fn doc(&self) -> &'static str {
        r#"Access logs written by a `log_format ... escape=json` of nginx
(<https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format>) as one object a line. Keys are the names of
variables, in any order (`remote_addr`, `request`, `status`, ...); the time may also be `time`, `timestamp` or
`@timestamp`. Other keys are passed over, as are values that are objects or lists.

What a record means, what it cannot show and what would mislead is the same as for lines: see `domicile explain
web-access`. Other keys: give the layout, which is then read as text, with `format = 'web-access'` and
`log_format = '{"t":"$time_iso8601","ip":"$remote_addr","r":"$request", ...}'`.

**To make it show more**, nginx:

    log_format domicile escape=json '{"time_iso8601":"$time_iso8601","remote_addr":"$remote_addr","request":"$request",'
      '"status":"$status","bytes_sent":"$bytes_sent","request_length":"$request_length","request_time":"$request_time",'
      '"scheme":"$scheme","host":"$host","server_port":"$server_port","ssl_protocol":"$ssl_protocol",'
      '"upstream_addr":"$upstream_addr","proxy_host":"$proxy_host","upstream_cache_status":"$upstream_cache_status"}';

**Not supported**: keys of other servers; objects over several lines. A key that stands twice counts once, as first
written."#
    }

    fn sniff(&self, head: &Head<'_>) -> Sniff {
        let mut lines = head.bytes.split(|b| *b == b'\n').filter(|l| !l.trim_ascii().is_empty());
        let request = |line: &[u8]| {
            object(line).is_some_and(|v| {
                let any = |roles: &[Role]| roles.iter().any(|r| v.has(*r));
                v.has(Role::Client) && v.has(Role::Status) && any(&TIMES) && any(&REQUESTS)
            })
        };
        if lines.by_ref().take(20).any(request) { Sniff::Maybe(LIKELY) } else { Sniff::No }
    }

    fn framing(&self) -> Framing {
        Framing::Lines { max: LONGEST }
    }

    fn split(&self) -> Split {
        Split::Lines
    }

    fn decoder<'o>(&self, _: &'o ReadOptions) -> Box<dyn Decoder + 'o> {
        Box::new(Reader)
    }
}

/// Roles one of which tells the time.
const TIMES: [Role; 3] = [Role::Clf, Role::Iso, Role::Seconds];
/// Roles one of which tells the request.
const REQUESTS: [Role; 3] = [Role::Request, Role::Target, Role::Path];

struct Reader;

impl Decoder for Reader {
    fn block(&mut self, block: Block<'_>, out: &mut dyn Sink) -> ControlFlow<Stop> {
        let mut lines = Lines::of(block);
        while let Some(line) = lines.next(out) {
            let served = match object(line.bytes) {
                Some(values) => Served::of(&values),
                None if is_error_line(line.bytes) => Err(Settled::Ignored(ERROR_LINE)),
                None => Err(Settled::Rejected(NO_OBJECT)),
            };
            match served {
                Ok(served) => served.settle(&line, out),
                Err(other) => out.record(line.at, line.bytes, other),
            }
        }
        ControlFlow::Continue(())
    }

    fn finish(&mut self, _: &mut dyn Sink) {}
}

fn role(key: &[u8]) -> Role {
    match key {
        b"time" | b"timestamp" | b"@timestamp" => Role::Iso,
        other => variable(other),
    }
}

/// The values of a flat object by role, strings without their quotes and with their escapes.
fn object(line: &[u8]) -> Option<Values<'_>> {
    let mut values = Values::none();
    let mut rest = line.trim_ascii().strip_prefix(b"{")?.trim_ascii_start();
    if rest == b"}" {
        return Some(values);
    }
    loop {
        let (key, after) = string(rest)?;
        let value = after.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
        let (value, after) = match value.first()? {
            b'"' => string(value)?,
            b'{' | b'[' => (&b"-"[..], nested(value)?),
            _ => bare(value)?,
        };
        match role(key) {
            Role::Other => {}
            // `null` is no value.
            role => values.set(role, if value == b"null" { b"-" } else { value }),
        }
        rest = after.trim_ascii_start();
        match rest.split_first()? {
            (b',', after) => rest = after.trim_ascii_start(),
            (b'}', after) => return after.is_empty().then_some(values),
            _ => return None,
        }
    }
}

/// A string at the front, and what follows its closing quote.
fn string(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inner = text.strip_prefix(b"\"")?;
    let mut from = 0;
    loop {
        let at = from + memchr::memchr2(b'"', b'\\', inner.get(from..)?)?;
        if inner.get(at) == Some(&b'"') {
            return Some((inner.get(..at)?, inner.get(at + 1..)?));
        }
        from = at + 2;
    }
}

/// A number or a word at the front, and what follows it.
fn bare(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.');
    let end = text.iter().position(|b| !part(b))?;
    (end > 0).then_some(())?;
    text.split_at_checked(end)
}

/// What follows a list or an object.
fn nested(text: &[u8]) -> Option<&[u8]> {
    let (mut rest, mut depth) = (text, 0_usize);
    loop {
        match rest.first()? {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            b'"' => {
                rest = string(rest)?.1;
                continue;
            }
            _ => {}
        }
        rest = rest.get(1..)?;
        if depth == 0 {
            return Some(rest);
        }
    }
}

/// Panics unless the scan of keys finds on every line what a JSON parser does, if that takes the line.
#[cfg(fuzzing)]
pub(super) fn agree_on(log: &[u8]) {
    for line in log.split(|b| *b == b'\n') {
        twins::agree(line);
    }
}

#[cfg(any(test, fuzzing))]
mod twins {
    //! The scan of keys held against a JSON parser, for unit tests and fuzz targets.

    use super::{Role, Values, object, role};
    use serde::Deserialize;
    use serde::de::{Deserializer, MapAccess, Visitor};
    use serde_json::value::RawValue;
    use std::borrow::Cow;
    use std::fmt;

    /// A key; owned if it is spelt with escapes, which no variable is.
    #[derive(Deserialize)]
    struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

    /// An object as a parser finds it.
    struct Parsed<'a>(Values<'a>);

    impl<'de> Deserialize<'de> for Parsed<'de> {
        fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            struct Members;
            impl<'de> Visitor<'de> for Members {
                type Value = Parsed<'de>;
                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("an object")
                }
                fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Parsed<'de>, A::Error> {
                    let mut values = Values::none();
                    while let Some((Key(key), value)) = members.next_entry::<Key<'de>, &'de RawValue>()? {
                        let value = value.get().as_bytes();
                        let plain = match value {
                            [b'"', text @ .., b'"'] => text,
                            [b'{' | b'[', ..] | b"null" => b"-",
                            word => word,
                        };
                        match key {
                            Cow::Borrowed(key) if role(key.as_bytes()) != Role::Other => {
                                values.set(role(key.as_bytes()), plain);
                            }
                            _ => {}
                        }
                    }
                    Ok(Parsed(values))
                }
            }
            from.deserialize_map(Members)
        }
    }

    /// Whether a line is an object to a parser.
    ///
    /// # Panics
    /// Unless the scan then finds the same in it.
    pub(super) fn agree(line: &[u8]) -> bool {
        let Ok(Parsed(parsed)) = serde_json::from_slice::<Parsed<'_>>(line) else { return false };
        assert_eq!(object(line), Some(parsed), "{}", String::from_utf8_lossy(line));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::json_walk::made_up;

    #[test]
    fn objects_are_read_in_any_order_and_spelling() {
        let line = br#" { "status" : 200, "x":{"a":["}",{"b":1}]} ,"request":"GET /a\"b HTTP/1.1","remote_addr":"10.0.0.1","time":"2026-11-23T08:34:30+00:00","upstream_addr":"","bytes_sent":null } "#;
        let values = object(line).unwrap();
        assert_eq!(values.get(Role::Status), Some(&b"200"[..]));
        assert_eq!(values.get(Role::Request), Some(&br#"GET /a\"b HTTP/1.1"#[..]));
        assert!(values.has(Role::Upstream) && values.get(Role::Upstream).is_none());
        assert!(values.has(Role::Back) && values.get(Role::Back).is_none());
        assert!(!values.has(Role::Host));
    }

    #[test]
    fn what_is_an_object_to_a_parser_is_read_alike() {
        let lines = [
            r#" {"remote_addr":"10.0.0.1","time":"2026-11-23T08:34:30+00:00","x":{"status":[1,"}",{}]},"status":200}"#,
            r#"{"request":"GET /a\"b\\ HTTP/1.1","request":null,"st\u0061tus":1,"status":-1.5e+3,"args":["]",[]],"":true}"#,
        ];
        for line in lines {
            assert!(twins::agree(line.as_bytes()), "{line}");
            made_up::damaged(line.as_bytes(), |line| {
                twins::agree(line);
            });
        }
    }

    #[test]
    fn what_is_no_object_is_none() {
        for bad in [
            &b"{"[..],
            b"{}x",
            br#"{"a"}"#,
            br#"{"a":}"#,
            br#"{"a":1"#,
            br#"{"a":1 "b":2}"#,
            br#"{"a":"b}"#,
            br#"{"a":[1}"#,
            br#"{"a":[[[}"#,
            b"[1]",
            b"10.0.0.1 - -",
        ] {
            assert!(object(bad).is_none(), "{}", String::from_utf8_lossy(bad));
        }
        assert!(object(b"{}").is_some());
    }
}

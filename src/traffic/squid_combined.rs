//! Squid access.log in the `combined` and `common` formats.

use super::layout::clf;
use super::lines::{LONGEST, Line, Lines};
use super::scalar::address_bytes;
use super::squid::Exchange;
use super::{Block, Decoder, Format, Framing, Head, ReadOptions, Settled, Sink, Sniff, Split, Stop};
use crate::model::{Flow, Lane};
use std::ops::ControlFlow;

/// The shelf entry.
pub(super) static FORMAT: SquidCombined = SquidCombined;

/// Squid's access log in the form of web servers.
pub(super) struct SquidCombined;

impl Format for SquidCombined {
    fn id(&self) -> &'static str {
        "squid-combined"
    }

    fn about(&self) -> &'static str {
        "Squid access.log in the combined or common format"
    }

    fn doc(&self) -> &'static str {
        r#"Squid's access log in the form of web servers, `logformat combined` and `common` in
<https://www.squid-cache.org/Doc/config/logformat/>:

    %>a %[ui %[un [%tl] "%rm %ru HTTP/%rv" %>Hs %<st "%{Referer}>h" "%{User-Agent}>h" %Ss:%Sh

**Shows** client, method, host, port, path (not for CONNECT), what the cache did, bytes to the client, to
the second and at the end of the exchange.

**Cannot show** the address of the server, how long it took, how much was sent, bodies, the inside of
tunnels. Squid does not escape quotes in the User-Agent, so the line is read from both ends.

**To make it show more**, log the native format with `%>st` appended: see `squid`."#
    }

    fn sniff(&self, head: &Head<'_>) -> Sniff {
        let lines = head.bytes.split(|b| *b == b'\n').filter(|l| !l.trim_ascii().is_empty()).take(20);
        if lines.filter(|l| Record::of(l.trim_ascii_end()).is_some()).count() > 0 {
            Sniff::Certain
        } else {
            Sniff::No
        }
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

struct Reader;

impl Decoder for Reader {
    fn block(&mut self, block: Block<'_>, out: &mut dyn Sink) -> ControlFlow<Stop> {
        let mut lines = Lines::of(block);
        while let Some(Line { bytes, at, .. }) = lines.next(out) {
            match read(bytes) {
                Ok(flow) => out.record(at, bytes, Settled::Flow(&flow)),
                Err(other) => out.record(at, bytes, other),
            }
        }
        ControlFlow::Continue(())
    }

    fn finish(&mut self, _: &mut dyn Sink) {}
}

struct Record<'a> {
    client: &'a [u8],
    time: &'a [u8],
    method: &'a [u8],
    url: &'a [u8],
    status: &'a [u8],
    size: &'a [u8],
    result: &'a [u8],
    hierarchy: &'a [u8],
}

impl<'a> Record<'a> {
    /// Client, time and request are read from the front, the result from the back; what lies between is
    /// referer and User-Agent, which may hold anything.
    fn of(line: &'a [u8]) -> Option<Record<'a>> {
        let (front, result) = cut(line, memchr::memrchr(b' ', line)?)?;
        let (result, hierarchy) = cut(result, memchr::memchr(b':', result)?)?;
        let upper = |t: &[u8]| !t.is_empty() && t.iter().all(|b| b.is_ascii_uppercase() || *b == b'_');
        if !upper(result) || !upper(hierarchy) {
            return None;
        }
        let (client, rest) = cut(front, memchr::memchr(b' ', front)?)?;
        let (_, rest) = cut(rest, memchr::memmem::find(rest, b" [")? + 1)?;
        let (time, rest) = cut(rest, memchr::memchr(b']', rest)?)?;
        let request = rest.strip_prefix(b" \"")?;
        // Blanks inside a URL are possible: the request ends with ` NAME/version" `.
        let end = memchr::memmem::find_iter(request, b"\" ").find(|end| {
            let before = request.get(..*end).unwrap_or_default();
            let version =
                memchr::memrchr(b' ', before).and_then(|at| before.get(at + 1..)).unwrap_or_default();
            memchr::memchr(b'/', version).is_some_and(|at| version.get(..at).is_some_and(upper))
        })?;
        let (request, rest) = cut(request, end)?;
        let (method, target) = cut(request, memchr::memchr(b' ', request)?)?;
        let (url, _) = cut(target, memchr::memchr(b' ', target)?)?;
        let mut numbers = rest.strip_prefix(b" ").unwrap_or(rest).split(|b| *b == b' ');
        let (status, size) = (numbers.next()?, numbers.next()?);
        Some(Record { client, time, method, url, status, size, result, hierarchy })
    }
}

/// Both sides of the byte at `at`.
fn cut(text: &[u8], at: usize) -> Option<(&[u8], &[u8])> {
    Some((text.get(..at)?, text.get(at + 1..)?))
}

fn read(line: &[u8]) -> Result<Flow<'_>, Settled<'static, 'static>> {
    let record = Record::of(line).ok_or(Settled::Rejected("not a line of this format"))?;
    let time = clf(record.time).ok_or(Settled::Rejected("time is not a date"))?;
    let Record { client, method, url, status, result, hierarchy, size, .. } = record;
    let (hierarchy, back) = (Some(hierarchy), Some(size));
    let [client, method, url] = [client, method, url].map(|text| std::str::from_utf8(text).ok());
    let exchange = Exchange { client, result, status, method, url, hierarchy, peer: None, back };
    let mut flow = Flow::new(time, "", Lane::Proxy);
    exchange.fill(&mut flow, address_bytes)?;
    Ok(flow)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Disposition;

    #[test]
    fn quotes_in_a_user_agent_do_not_matter() {
        let line = br#"10.0.0.7 - a%20b [23/Nov/2026:08:34:30 +0100] "GET http://www.example.org:18080/a%20b? HTTP/1.1" 200 314 "-" "Mozilla/5.0 "quoted" 1 "x" 500 2" TCP_MISS:HIER_DIRECT"#;
        let f = read(line).unwrap();
        assert_eq!((f.client, f.server_name, f.path), ("10.0.0.7", Some("www.example.org"), Some("/a%20b")));
        assert_eq!((f.bytes_in, f.bytes_out, f.disposition), (Some(314), None, Disposition::Delivered));
        assert_eq!(f.time.to_string(), "2026-11-23T07:34:30Z");
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            &br#"10.0.0.7 - - [23/Nov/2026:08:34:30 +0000] "GET / HTTP/1.1" 200 314 "-" "curl/8""#[..],
            br#"10.0.0.7 - - [yesterday] "GET http://a/ HTTP/1.1" 200 314 "-" "-" TCP_MISS:HIER_DIRECT"#,
            b" :",
            b"",
        ] {
            assert!(read(line).is_err());
        }
    }
}

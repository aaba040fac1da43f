//! Squid access.log, native format, and forms of it with sizes both ways.

mod custom;
mod exchange;

pub(super) use exchange::Exchange;

use super::addresses::Addresses;
use super::columns::{Columns, Row, alone, look};
use super::layout::{Dialect, Layout, LayoutError};
use super::lines::{LONGEST, Line, Lines, Places};
use super::scalar::{epoch, number};
use super::{Block, Decoder, Format, Framing, Head, ReadOptions, Settled, Sink, Sniff, Split, Stop};
use crate::model::{Flow, Lane, Time};
use exchange::known_hierarchy;
use std::ops::ControlFlow;

/// The shelf entry.
pub(super) static FORMAT: Squid = Squid;

/// Squid's own access log.
pub(super) struct Squid;

impl Format for Squid {
    fn id(&self) -> &'static str {
        "squid"
    }

    fn about(&self) -> &'static str {
        "Squid access.log, native format, also with sizes both ways"
    }

    fn doc(&self) -> &'static str {
        r#"Squid's native access log, `logformat squid` in <https://www.squid-cache.org/Doc/config/logformat/>:

    %ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt

Also read: the same with `%>st` appended, with `%>st/%<st` in place of `%<st`, and without the user column.

**Shows** client, method, host, port, path (not for CONNECT), what the cache did, the peer, bytes to the
client. The time is that of the end; the flow begins `%tr` milliseconds earlier.

**Cannot show** bodies; anything inside a CONNECT tunnel but its size; with the native format, how much was
*sent*: `%<st` is the reply. A 300,000 byte POST inside CONNECT is logged as 1247 natively.

**To make it show more**, append the size of the request, which then reads 301368 for that POST:

    logformat domicile %ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt %>st
    access_log daemon:/var/log/squid/access.log domicile

Any other form is read if its `logformat` is given, in a `[[source]]` of domicile.toml or to `scan`:

    format = 'squid'
    log_format = '%ts.%03tu %6tr %>a %Ss/%03>Hs %>st/%<st %rm %ru %Sh/%<a'

It needs client, time and URL. Without `%Ss` a refusal cannot be told from an answer, and without `%Sh` a hit not
from what left: what became of it is then unknown.

**Not supported**: ICP and HTCP queries (ignored, counted). What was decided without
asking the server: `TCP_DENIED` is denied, a hit without a peer is served locally, no peer at all is failed.
An error status that a peer answered means the request was delivered; 502, 503 and 504 may come from Squid
itself, so there the record does not say. A tunnel answered with 400 or more never opened: failed.

**Would mislead**: with `ssl_bump`, a CONNECT without a peer is followed by the requests taken out of it.
That CONNECT is ignored so that nothing is counted twice; one logged with a peer is kept."#
    }

    fn sniff(&self, head: &Head<'_>) -> Sniff {
        let (mut good, mut columns, mut maps) = (0, Columns::default(), Vec::new());
        let mut lines = head.bytes.split(|b| *b == b'\n').filter(|l| !l.trim_ascii().is_empty()).peekable();
        for _ in 0..20 {
            let Some(line) = lines.next() else { break };
            if lines.peek().is_none() && !head.whole {
                break;
            }
            let places = alone(line, b' ', &mut maps);
            let Some(record) = Record::of(&mut columns, line, places, None) else { continue };
            let dotted = record.time.get(record.time.len().saturating_sub(4)) == Some(&b'.');
            let result = record.result.iter().all(|b| b.is_ascii_uppercase() || *b == b'_');
            good += u32::from(dotted && epoch(record.time).is_some() && result && !record.result.is_empty());
        }
        if good > 0 { Sniff::Certain } else { Sniff::No }
    }

    fn framing(&self) -> Framing {
        Framing::Lines { max: LONGEST }
    }

    fn split(&self) -> Split {
        Split::Lines
    }

    fn layout(&self, log_format: &str) -> Result<(), LayoutError> {
        Layout::compile(Dialect::Squid, log_format).map(|_| ())
    }

    fn decoder<'o>(&self, options: &'o ReadOptions) -> Box<dyn Decoder + 'o> {
        match options.log_format.as_deref() {
            None => Box::new(Reader::default()),
            Some(text) => Box::new(custom::Custom::new(text)),
        }
    }
}

#[derive(Default)]
struct Reader {
    columns: Columns,
    addresses: Addresses,
}

impl Decoder for Reader {
    fn block(&mut self, block: Block<'_>, out: &mut dyn Sink) -> ControlFlow<Stop> {
        let mut lines = Lines::with(block, look(b' '));
        while let Some(line) = lines.next(out) {
            let mut flow = Flow::new(Time::EARLIEST, "", Lane::Proxy);
            match fill(&mut flow, &mut self.columns, &mut self.addresses, &line) {
                Ok(()) => out.record(line.at, line.bytes, Settled::Flow(&flow)),
                Err(other) => out.record(line.at, line.bytes, other),
            }
        }
        ControlFlow::Continue(())
    }

    fn finish(&mut self, _: &mut dyn Sink) {}
}

/// The parts of a line.
struct Record<'a> {
    time: &'a [u8],
    elapsed: &'a [u8],
    client: Option<&'a str>,
    result: &'a [u8],
    status: &'a [u8],
    sizes: &'a [u8],
    method: Option<&'a str>,
    url: Option<&'a str>,
    hierarchy: &'a [u8],
    peer: &'a [u8],
    sent: Option<&'a [u8]>,
}

/// Tokens of a line that are looked at; a URL with blanks in it has more.
const TOKENS: usize = 24;

impl<'a> Record<'a> {
    fn of(
        columns: &mut Columns,
        line: &'a [u8],
        places: Places<'_, 3>,
        text: Option<&'a str>,
    ) -> Option<Record<'a>> {
        let count = columns.words(places, TOKENS);
        Record::of_tokens(columns.of(line), text, count)
    }

    fn of_tokens(tokens: Row<'a, '_>, text: Option<&'a str>, count: usize) -> Option<Record<'a>> {
        let token = |i| tokens.column(i);
        let (result, status) = halves(token(3))?;
        // The user before it may be missing, and a URL may hold blanks: it is found by its fixed words.
        let peer = (7..count).rev().find_map(|i| {
            let token = Some(token(i)).filter(|t| t.first().is_some_and(u8::is_ascii_uppercase))?;
            halves(token).filter(|(word, _)| known_hierarchy(word)).map(|halves| (i, halves))
        });
        let (at, (hierarchy, peer)) = peer?;
        Some(Record {
            time: token(0),
            elapsed: token(1),
            client: tokens.text(2, text),
            result,
            status,
            sizes: token(4),
            method: tokens.text(5, text),
            url: tokens.text(6, text),
            hierarchy,
            peer,
            sent: (at + 2 < count).then(|| token(at + 2)),
        })
    }
}

/// Both sides of the first `/`.
fn halves(token: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(b'/', token)?;
    Some((token.get(..at)?, token.get(at + 1..)?))
}

/// Fills in the flow of a line, or says how it is settled without one.
fn fill<'a>(
    flow: &mut Flow<'a>,
    columns: &mut Columns,
    addresses: &mut Addresses,
    line: &Line<'a, '_, 3>,
) -> Result<(), Settled<'static, 'static>> {
    let rejected = Settled::Rejected;
    let record = Record::of(columns, line.bytes, line.places, line.text)
        .ok_or(rejected("not a line of this format"))?;
    let end = epoch(record.time).ok_or(rejected("time is not a number"))?;
    let elapsed = match record.elapsed {
        [b'-', ..] => 0, // Squid writes -1 where it does not know.
        digits => {
            number(digits).and_then(|n| i64::try_from(n).ok()).ok_or(rejected("duration is not a number"))?
        }
    };
    let (back, both) = match halves(record.sizes) {
        Some((out, back)) => (back, Some(out)),
        None => (record.sizes, None),
    };
    let exchange = Exchange {
        client: record.client,
        result: record.result,
        status: record.status,
        method: record.method,
        url: record.url,
        hierarchy: Some(record.hierarchy),
        peer: Some(record.peer),
        back: Some(back),
    };
    flow.time = end.plus(elapsed.saturating_mul(-1000));
    exchange.fill(flow, |peer| addresses.read(peer))?;
    flow.bytes_out = both.or(record.sent).and_then(number);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{At, Disposition, Transport, Visibility};

    /// A line, and what follows it in memory.
    fn among<'a, T>(line: &'a str, after: &str, then: impl FnOnce(&Line<'a, '_, 3>) -> T) -> T {
        let (mut maps, at) = (Vec::new(), At { offset: 0, length: 0, record: 0, line: None });
        look(b' ')(format!("{line}{after}").as_bytes(), &mut maps);
        let places = Places { maps: &maps, start: 0, end: line.len() };
        then(&Line { bytes: line.as_bytes(), ahead: line.as_bytes(), text: Some(line), at, places })
    }

    fn flow(line: &str) -> Flow<'_> {
        let mut flow = Flow::new(Time::EARLIEST, "", Lane::Proxy);
        among(line, "", |line| fill(&mut flow, &mut Columns::default(), &mut Addresses::default(), line))
            .unwrap_or_else(|e| panic!("{line}: {e:?}"));
        flow
    }

    fn settled(line: &str) -> String {
        let mut flow = Flow::new(Time::EARLIEST, "", Lane::Proxy);
        match among(line, "", |line| {
            fill(&mut flow, &mut Columns::default(), &mut Addresses::default(), line)
        }) {
            Err(Settled::Ignored(why)) => format!("ignored: {why}"),
            Err(Settled::Rejected(why)) => format!("rejected: {why}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn sizes_go_the_right_way_in_every_form() {
        let native = "1795422871.374   3000 10.0.0.7 TCP_TUNNEL/200 1247 CONNECT api.openai.com:443 - HIER_DIRECT/203.0.113.9 -";
        let f = flow(native);
        assert_eq!((f.bytes_in, f.bytes_out), (Some(1247), None));
        assert_eq!((f.server_name, f.server_port), (Some("api.openai.com"), Some(443)));
        assert_eq!((f.disposition, f.visibility), (Disposition::Delivered, Visibility::Name));
        assert_eq!(f.time.to_string(), "2026-11-23T08:34:28.374Z");
        assert_eq!(f.server_address, "203.0.113.9".parse().ok());
        let with_sent = format!("{native} 301368");
        assert_eq!((flow(&with_sent).bytes_in, flow(&with_sent).bytes_out), (Some(1247), Some(301_368)));
        let both = "1795422870.896 2 10.0.0.7 TCP_MISS/200 290/373 POST http://u:p@api.example:18080/v1/x?q=1 FIRSTUP_PARENT/10.9.9.9 a/b";
        let f = flow(both);
        assert_eq!((f.bytes_out, f.bytes_in, f.server_address), (Some(290), Some(373), None));
        assert_eq!(
            (f.server_name, f.path, f.transport),
            (Some("api.example"), Some("/v1/x"), Transport::Cleartext)
        );
    }

    #[test]
    fn what_left_is_told_apart_from_what_did_not() {
        let of = |result: &str, hierarchy: &str| {
            let line = format!(
                "1795422870.896 2 10.0.0.7 {result} 373 POST http://a.example/ - {hierarchy} text/html"
            );
            flow(&line).disposition
        };
        assert_eq!(of("TCP_MISS/200", "HIER_DIRECT/192.0.2.1"), Disposition::Delivered);
        assert_eq!(of("TCP_MISS/429", "HIER_DIRECT/192.0.2.1"), Disposition::Delivered);
        assert_eq!(of("TCP_MISS/500", "DIRECT/192.0.2.1"), Disposition::Delivered);
        assert_eq!(of("TCP_REFRESH_UNMODIFIED/304", "HIER_DIRECT/192.0.2.1"), Disposition::Delivered);
        assert_eq!(of("TCP_MISS/503", "HIER_DIRECT/192.0.2.1"), Disposition::Unknown);
        assert_eq!(of("TCP_MISS_ABORTED/000", "HIER_DIRECT/192.0.2.1"), Disposition::Unknown);
        assert_eq!(of("TCP_DENIED/403", "HIER_NONE/-"), Disposition::Denied);
        assert_eq!(of("TCP_DENIED_REPLY/403", "HIER_DIRECT/192.0.2.1"), Disposition::Delivered);
        assert_eq!(of("TCP_MEM_HIT/200", "HIER_NONE/-"), Disposition::ServedLocally);
        assert_eq!(of("TCP_MISS/502", "HIER_NONE/-"), Disposition::Failed);
        assert_eq!(of("TCP_MISS_ABORTED/000", "NONE/-"), Disposition::Failed);
        assert_eq!(of("TCP_MISS/200", "TIMEOUT_CD_PARENT_HIT/cache.example"), Disposition::Delivered);
    }

    #[test]
    fn requests_that_are_none_are_ignored() {
        let head = "1795422875.389      0 127.0.0.1";
        assert_eq!(
            settled(&format!(
                "{head} NONE_NONE/400 3444 garbage error:invalid-request - HIER_NONE/- text/html"
            )),
            "ignored: request that the proxy could not read"
        );
        assert_eq!(
            settled(&format!("{head} NONE_NONE/200 0 CONNECT api.openai.com:443 - HIER_NONE/- -")),
            "ignored: tunnel taken apart, its requests are logged by themselves"
        );
        assert_eq!(
            settled(&format!(
                "{head} TCP_MISS/200 9 GET cache_object://localhost/info - HIER_NONE/- text/plain"
            )),
            "ignored: request to the proxy itself"
        );
        assert_eq!(
            settled(&format!("{head} TCP_MISS/200 x GET http://a/ - HIER_NONE/- -")),
            "rejected: size is not a number"
        );
        assert_eq!(settled("2026/11/23 08:00:00 kid1| Starting"), "rejected: not a line of this format");
    }

    #[test]
    fn users_and_blanks_in_urls_do_not_shift_columns() {
        let f = flow(
            "1795422870.896 2 10.0.0.7 TCP_MISS/200 5 GET http://a.example/x y z NONE/u HIER_DIRECT/192.0.2.1 text/html",
        );
        assert_eq!((f.path, f.server_address), (Some("/x"), "192.0.2.1".parse().ok()));
    }

    /// The parts of a line as they were found by splitting it.
    fn by_splitting(line: &[u8]) -> Option<String> {
        let tokens: Vec<_> = line.split(|b| *b == b' ').filter(|t| !t.is_empty()).take(TOKENS).collect();
        let [time, elapsed, client, result, sizes, method, url, rest @ ..] = &*tokens else { return None };
        let (result, status) = halves(result)?;
        let at = rest.iter().rposition(|t| halves(t).is_some_and(|(word, _)| known_hierarchy(word)))?;
        let (hierarchy, peer) = halves(rest[at])?;
        let sent = rest.get(at + 2);
        let parts = [time, elapsed, result, status, sizes, hierarchy, peer];
        let texts = [client, method, url].map(|text| std::str::from_utf8(text).ok());
        Some(format!("{texts:?} {parts:?} {sent:?}"))
    }

    proptest::proptest! {
        #[test]
        fn lines_are_cut_as_by_splitting(
            tokens in proptest::collection::vec(proptest::sample::select(vec![
                "1795422870.896", "2", "10.0.0.7", "TCP_MISS/200", "/", "5", "GET", "http://a.example/x", "-", "", " ",
                "HIER_DIRECT/192.0.2.1", "TIMEOUT_CARP/x", "NONE/-", "text/html", "NONE", "hier_none/x", "\0", "\u{e9}/", "7",
            ]), 0..30),
        ) {
            let line = tokens.join(" ");
            let record = among(&line, "\nHIER_NONE/- x", |line| {
                Record::of(&mut Columns::default(), line.bytes, line.places, line.text)
            });
            let record = record.map(|r| {
                let parts = [r.time, r.elapsed, r.result, r.status, r.sizes, r.hierarchy, r.peer];
                format!("{:?} {parts:?} {:?}", [r.client, r.method, r.url], r.sent)
            });
            proptest::prop_assert_eq!(record, by_splitting(line.as_bytes()));
        }
    }
}

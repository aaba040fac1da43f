//! Lines in the common log format and what extends it, without a layout: read from the front to the size, and
//! from the back only if something stands after the User-Agent.

use super::super::Settled;
use super::super::addresses::Addresses;
use super::super::layout::{clf, near};
use super::super::scalar::number;
use super::super::web::{NO_REQUEST, OTHER_LINE, Onward, Served, misfit, request_line};
use crate::model::Time;

/// The least that the first line of a response and of a request take, in bytes with their ends.
const LEAST: u64 = 16;

/// What lines before said that most lines say again.
#[derive(Debug, Default)]
pub(super) struct Met {
    stamp: [u8; STAMP],
    time: Option<Time>,
    addresses: Addresses,
}

/// Length of a time stamp.
const STAMP: usize = "23/Nov/2026:08:34:30 +0000".len();

impl Met {
    /// As [`clf`].
    fn time(&mut self, stamp: &[u8; STAMP]) -> Option<Time> {
        if self.stamp != *stamp {
            (self.stamp, self.time) = (*stamp, clf(stamp));
        }
        self.time
    }
}

/// `client ident user [time] "request" status size`, a vhost may stand before it and anything after it.
pub(super) fn read<'a>(line: &'a [u8], met: &mut Met) -> Result<Served<'a>, Settled<'static, 'static>> {
    let Some((who, time, rest)) = front(line, met) else { return Err(misfit(line)) };
    let Some((client, host)) = who_asked(who, &mut met.addresses) else { return Err(misfit(line)) };
    let Some((request, rest)) = quoted_request(rest) else { return Err(misfit(line)) };
    let (status, rest) = word(rest);
    let (size, tail) = word(rest);
    let status = match status {
        b"-" => None,
        digits if digits.len() <= 3 => Some(number(digits).ok_or(Settled::Rejected(OTHER_LINE))?),
        _ => return Err(Settled::Rejected(OTHER_LINE)),
    };
    let back = match size {
        // Apache's `%b` of nothing. Without a status nothing was answered.
        b"-" => status.map(|_| 0),
        digits => Some(number(digits).ok_or(Settled::Rejected(OTHER_LINE))?),
    };
    let request = request_line(request).ok_or(Settled::Ignored(NO_REQUEST))?;
    let mut served = Served { status, back, host, ..Served::new(time, client, request) };
    match tail.last() {
        Some(b'0'..=b'9') => {
            if let Some((sent, all)) = both_sizes(tail, back.unwrap_or(0)) {
                (served.sent, served.back) = (Some(sent), Some(all));
            }
        }
        Some(b's') => served.onward = traefik(tail).unwrap_or(Onward::NotLogged),
        _ => {}
    }
    Ok(served)
}

/// What stands before the time, the time, and what stands after the quote that opens the request.
fn front<'a>(line: &'a [u8], met: &mut Met) -> Option<(&'a [u8], Time, &'a [u8])> {
    let mut from = 0;
    loop {
        let open = from + near(b'[', line.get(from..)?)?;
        // A user name may hold brackets, but no quote that is not escaped.
        if let Some((stamp, [b']', b' ', b'"', rest @ ..])) = line.get(open + 1..)?.split_first_chunk()
            && let Some(time) = met.time(stamp)
        {
            return Some((line.get(..open)?.strip_suffix(b" ")?, time, rest));
        }
        from = open + 1;
    }
}

/// The client, and the name of the server if it stands before it. A user name may hold blanks.
fn who_asked<'a>(who: &'a [u8], addresses: &mut Addresses) -> Option<(&'a [u8], Option<&'a [u8]>)> {
    let (first, rest) = word(who);
    let (second, after) = word(rest);
    let (third, more) = word(after);
    let mut is_address = |text: &[u8]| addresses.read(text).is_some();
    let is_name = |text: &[u8]| {
        let plain =
            |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':' | b'[' | b']');
        // A word without a dot may be a user in a layout that begins with one.
        let host = text.iter().any(|b| matches!(b, b'.' | b':')) || text == b"localhost";
        host && text.iter().all(plain)
    };
    // `name:443 client - -` and `name client - -`.
    let with_host = second != b"-" && !third.is_empty() && is_name(first) && is_address(second);
    if with_host {
        return Some((second, Some(first)));
    }
    if is_address(first) || first == b"unix:" {
        return Some((first, None));
    }
    let port = |text: &[u8]| {
        memchr::memrchr(b':', text).is_some_and(|at| text.get(at + 1..).and_then(number).is_some())
    };
    match (more.is_empty(), is_name(first)) {
        (true, true) => Some((first, None)),
        (false, true) if port(first) && is_name(second) => Some((second, Some(first))),
        _ => None,
    }
}

/// The request and what follows its closing quote. Some servers do not escape quotes inside: the one that
/// closes is followed by a status.
fn quoted_request(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut from = 0;
    loop {
        let at = from + memchr::memchr2(b'"', b'\\', rest.get(from..)?)?;
        match rest.get(at..)? {
            [b'"', b' ', b'0'..=b'9' | b'-', ..] => return Some((rest.get(..at)?, rest.get(at + 2..)?)),
            [b'\\', ..] => from = at + 2,
            _ => from = at + 1,
        }
    }
}

/// Text up to the first blank, and what follows it.
fn word(text: &[u8]) -> (&[u8], &[u8]) {
    match near(b' ', text) {
        Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default()),
        None => (text, &[]),
    }
}

/// `... "agent" %I %O`: two numbers that can be what was received and sent with headers.
fn both_sizes(tail: &[u8], body: u64) -> Option<(u64, u64)> {
    let all_at = memchr::memrchr(b' ', tail)?;
    let before = tail.get(..all_at)?;
    let sent_at = memchr::memrchr(b' ', before)?;
    let (sent, all) = (number(before.get(sent_at + 1..)?)?, number(tail.get(all_at + 1..)?)?);
    let quoted = before.get(..sent_at)?.ends_with(b"\"");
    (quoted && sent >= LEAST && all >= body.saturating_add(LEAST)).then_some((sent, all))
}

/// `"referer" "agent" N "router" "server" Nms`.
fn traefik(tail: &[u8]) -> Option<Onward<'_>> {
    let took = memchr::memrchr(b' ', tail)?;
    number(tail.get(took + 1..)?.strip_suffix(b"ms")?)?;
    let server = tail.get(..took)?.strip_suffix(b"\"")?;
    let open = memchr::memrchr(b'"', server)?;
    let (router, server) = (server.get(..open)?.strip_suffix(b"\" ")?, server.get(open + 1..)?);
    let open = memchr::memrchr(b'"', router)?;
    let count = router.get(..open)?.strip_suffix(b" ")?;
    let blank = memchr::memrchr(b' ', count)?;
    number(count.get(blank + 1..)?)?;
    count.get(..blank)?.ends_with(b"\"").then_some(match server {
        b"" | b"-" => Onward::Nowhere,
        url => Onward::Servers(url),
    })
}

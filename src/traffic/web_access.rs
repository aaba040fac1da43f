//! Access logs of web servers: common and combined, and layouts given by a format string.
//!
//! One format serves nginx, Apache and the servers that copied them. Their common and combined lines are the
//! same to the byte, so a log cannot show which of them wrote it, and two formats would have to guess. What
//! the guess would change is nothing: escapes differ, and both are taken back. It is never certain of a log,
//! so that every format with a mark of its own comes first: Squid's `combined` ends in `RESULT:HIERARCHY`.

mod clf;
#[cfg(test)]
mod tests;

use super::layout::{Layout, LayoutError};
use super::lines::{LONGEST, Line, Lines};
use super::web::{Served, is_error_line, misfit};
use super::{Block, Decoder, Format, Framing, Head, ReadOptions, Settled, Sink, Sniff, Split, Stop};
use std::ops::ControlFlow;

/// The shelf entry.
pub(super) static FORMAT: WebAccess = WebAccess;

/// Access logs of web servers.
pub(super) struct WebAccess;

/// How likely a log is one if a line fits.
const LIKELY: u8 = 60;
/// How likely a log is one if it has error lines alone.
const ERRORS: u8 = 10;

impl Format for WebAccess {
    fn id(&self) -> &'static str {
        "web-access"
    }

    fn about(&self) -> &'static str {
        "Access logs of nginx, Apache, traefik: common, combined, or a `log_format`"
    }

    fn doc(&self) -> &'static str {
        DOC
    }

    fn sniff(&self, head: &Head<'_>) -> Sniff {
        let (mut errors, mut met) = (false, clf::Met::default());
        let mut lines = head.bytes.split(|b| *b == b'\n').filter(|l| !l.trim_ascii().is_empty());
        for line in lines.by_ref().take(20) {
            if !matches!(clf::read(line.trim_ascii_end(), &mut met), Err(Settled::Rejected(_)))
                && !is_error_line(line)
            {
                return Sniff::Maybe(LIKELY);
            }
            errors |= is_error_line(line);
        }
        if errors { Sniff::Maybe(ERRORS) } else { Sniff::No }
    }

    fn framing(&self) -> Framing {
        Framing::Lines { max: LONGEST }
    }

    fn split(&self) -> Split {
        Split::Lines
    }

    fn layout(&self, log_format: &str) -> Result<(), LayoutError> {
        Layout::of_web(log_format).map(|_| ())
    }

    fn decoder<'o>(&self, options: &'o ReadOptions) -> Box<dyn Decoder + 'o> {
        match options.log_format.as_deref().map(Layout::of_web) {
            None => Box::<Usual>::default(),
            Some(layout) => Box::new(Custom { layout }),
        }
    }
}

/// Common, combined and what begins like them.
#[derive(Default)]
struct Usual {
    met: clf::Met,
}

impl Decoder for Usual {
    fn block(&mut self, block: Block<'_>, out: &mut dyn Sink) -> ControlFlow<Stop> {
        let mut lines = Lines::of(block);
        while let Some(line) = lines.next(out) {
            settle(&line, clf::read(line.bytes, &mut self.met), out);
        }
        ControlFlow::Continue(())
    }

    fn finish(&mut self, _: &mut dyn Sink) {}
}

/// A layout given by a format string.
struct Custom {
    layout: Result<Layout, LayoutError>,
}

impl Decoder for Custom {
    fn block(&mut self, block: Block<'_>, out: &mut dyn Sink) -> ControlFlow<Stop> {
        let layout = match &self.layout {
            Ok(layout) => layout,
            Err(e) => return ControlFlow::Break(Stop { why: format!("the log_format cannot be used: {e}") }),
        };
        let mut lines = Lines::of(block);
        while let Some(line) = lines.next(out) {
            let served = match layout.cut(line.bytes) {
                Some(values) => Served::of(&values),
                None => Err(misfit(line.bytes)),
            };
            settle(&line, served, out);
        }
        ControlFlow::Continue(())
    }

    fn finish(&mut self, _: &mut dyn Sink) {}
}

fn settle(line: &Line<'_, '_>, served: Result<Served<'_>, Settled<'static, 'static>>, out: &mut dyn Sink) {
    match served {
        Ok(served) => served.settle(line, out),
        Err(other) => out.record(line.at, line.bytes, other),
    }
}

const DOC: &str = r#"Access logs of web servers: nginx (<https://nginx.org/en/docs/http/ngx_http_log_module.html>), Apache
(<https://httpd.apache.org/docs/2.4/mod/mod_log_config.html>), traefik and others that write the same lines. Read
without being told: `common`, `combined`, `vhost_combined`, `combinedio` (with `%I %O`), the `main` of nginx
packages, and traefik's with router and server at the end. Anything after the size is passed over.

Any other layout is read if its format string is given, in a `[[source]]` of domicile.toml or to `scan`:

    format = 'web-access'
    log_format = '$remote_addr [$time_local] "$request" $status $body_bytes_sent $upstream_addr'

With `$name` it is nginx's `log_format` (also JSON text with `escape=json`), else Apache's `LogFormat`. Only the text
between the outer quotes, in one piece; `\"` means `"`. Lines that do not fit are rejected and counted.

**Shows** client, method, path, status, bytes to the client (of the body, or with headers if `%O`, `$bytes_sent`
is logged). What a record means depends on what it tells:

| record | flow |
|---|---|
| with `$upstream_addr` or `$proxy_host` | seen by a proxy, to that server; of several tries the last, which answered |
| `$upstream_addr` is `-`, a cache had it, or a socket in the file system | served locally |
| target is a whole URL | seen by a proxy, to that host; a server may answer such a request itself, so what became of it is unknown |
| CONNECT | tunnel to that host: 2xx delivered, 403 and 407 denied, other statuses failed |
| any other | to the server that wrote the log, by the name that is logged, or none |

**Cannot show**, as it comes: whether a request was passed on to another server. These are logs of a server, and
`combined` is silent about what stands behind it: such flows are of unknown disposition and never prove that nothing
left. Nor bodies, nor how much the client sent, nor the name the client called.

**To make it show more**, nginx:

    log_format domicile '$remote_addr - $remote_user [$time_iso8601] "$request" $status $bytes_sent $request_length '
                        '$scheme $host:$server_port "$ssl_protocol" "$upstream_addr" "$proxy_host" "$upstream_cache_status" $request_time';

Apache as a forward proxy logs whole URLs; `%I %O` (mod_logio) adds the bytes of both sides:

    LogFormat "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\" %I %O" combinedio

**Would mislead**: behind another proxy the client is that proxy, and `X-Forwarded-For` is not believed, since
anyone can send it (use `realip` or `mod_remoteip`). A status of 0, 499, 502, 503 or 504 may be the server's own: of
a request passed on, the record then does not say what became of it. Two numbers at the end are taken for
`%I %O` only if they can be. nginx logs a request when it ends and Apache when it began. Apache's `%U` is decoded: a
path with blanks then does not fit, `%r` does. A client over a socket in the file system is called `unix`.

**Not supported**: syslog headers before the line; nginx-proxy-manager's own layout without its `log_format`. Requests
that are not HTTP (`"\x16\x03\x01"`, `""`, `-`) and lines of the error log are ignored and counted."#;

//! Squid `access.log`, native format (squid.conf `logformat squid`), with or without `%>st` appended.
//! Compared with Squid 5.7: `%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt`.
//!
//! Squid writes a line when an exchange ends, and cuts URLs at `?` (`strip_query_terms`, on by default).

/// One exchange.
pub(crate) struct Exchange<'a> {
    /// When it ended, microseconds since the epoch. The log keeps milliseconds.
    pub(crate) end: i64,
    /// How long it took, milliseconds.
    pub(crate) elapsed: u64,
    /// Address of the client.
    pub(crate) client: &'a str,
    /// Result and status, `TCP_TUNNEL/200`.
    pub(crate) result: &'a str,
    /// Bytes sent to the client, with headers.
    pub(crate) reply: u64,
    /// Method.
    pub(crate) method: &'a str,
    /// URL, or `host:port` for CONNECT.
    pub(crate) url: &'a str,
    /// Hierarchy code and peer, `HIER_DIRECT/192.0.2.1`.
    pub(crate) peer: &'a str,
    /// Media type of the reply, or `-`.
    pub(crate) media: &'a str,
    /// Bytes received from the client, if the log format asks for them (`%>st`).
    pub(crate) request: Option<u64>,
}

/// The line for an exchange.
pub(crate) fn line(e: &Exchange<'_>) -> String {
    let (seconds, millis) = (e.end.div_euclid(1_000_000), e.end.rem_euclid(1_000_000) / 1000);
    let mut line = format!(
        "{seconds}.{millis:03} {:6} {} {} {} {} {} - {} {}",
        e.elapsed, e.client, e.result, e.reply, e.method, e.url, e.peer, e.media
    );
    if let Some(request) = e.request {
        line.push_str(&format!(" {request}"));
    }
    line
}

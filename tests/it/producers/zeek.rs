//! Zeek logs as the ASCII writer prints them (docs.zeek.org, "Log Files"; fields as in Zeek 8's default
//! scripts). Not compared with a running Zeek: the field lists are those of its published test baselines.

use super::{Rng, file, stamp};

/// A log: the path Zeek gives it, its fields and their types.
pub(crate) struct Log {
    /// `conn`, `dns`, `http`, `ssl`.
    pub(crate) path: &'static str,
    fields: &'static str,
    types: &'static str,
}

/// Connections.
pub(crate) static CONN: Log = Log {
    path: "conn",
    fields: "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes conn_state local_orig local_resp missed_bytes history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes tunnel_parents ip_proto",
    types: "time string addr port addr port enum string interval count count string bool bool count string count count count count set[string] count",
};

/// DNS queries.
pub(crate) static DNS: Log = Log {
    path: "dns",
    fields: "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto trans_id rtt query qclass qclass_name qtype qtype_name rcode rcode_name AA TC RD RA Z answers TTLs rejected opcode opcode_name",
    types: "time string addr port addr port enum count interval string count string count string count string bool bool bool bool count vector[string] vector[interval] bool count string",
};

/// HTTP exchanges.
pub(crate) static HTTP: Log = Log {
    path: "http",
    fields: "ts uid id.orig_h id.orig_p id.resp_h id.resp_p trans_depth method host uri referrer version user_agent origin request_body_len response_body_len status_code status_msg info_code info_msg tags username password proxied orig_fuids orig_filenames orig_mime_types resp_fuids resp_filenames resp_mime_types",
    types: "time string addr port addr port count string string string string string string string count count count string count string set[enum] string string set[string] vector[string] vector[string] vector[string] vector[string] vector[string] vector[string]",
};

/// TLS handshakes.
pub(crate) static SSL: Log = Log {
    path: "ssl",
    fields: "ts uid id.orig_h id.orig_p id.resp_h id.resp_p version cipher curve server_name resumed last_alert next_protocol established ssl_history cert_chain_fps client_cert_chain_fps sni_matches_cert",
    types: "time string addr port addr port string string string string bool string string bool string vector[string] vector[string] bool",
};

fn day(time: i64) -> String {
    stamp(time, "%Y-%m-%d-%H-%M-%S")
}

/// The header of a log that was opened at an instant.
pub(crate) fn header(log: &Log, open: i64) -> Vec<u8> {
    let tabs = |list: &str| list.replace(' ', "\t");
    let lines = [
        "#separator \\x09".to_owned(),
        "#set_separator\t,".to_owned(),
        "#empty_field\t(empty)".to_owned(),
        "#unset_field\t-".to_owned(),
        format!("#path\t{}", log.path),
        format!("#open\t{}", day(open)),
        format!("#fields\t{}", tabs(log.fields)),
        format!("#types\t{}", tabs(log.types)),
    ];
    file(lines.iter().map(String::as_str))
}

/// A rotated log: header, rows written in `[open, close)`, footer.
pub(crate) fn rotated(log: &Log, open: i64, close: i64, rows: Vec<&str>) -> Vec<u8> {
    let mut out = header(log, open);
    out.extend(file(rows));
    out.extend(file([format!("#close\t{}", day(close)).as_str()]));
    out
}

/// The name Zeek gives a rotated log by default.
pub(crate) fn rotated_name(log: &Log, open: i64) -> String {
    format!("{}.{}.log", log.path, day(open))
}

/// A connection's identity.
#[derive(Clone)]
pub(crate) struct Conn<'a> {
    /// Its unique id, shared by every log.
    pub(crate) uid: String,
    /// When it began.
    pub(crate) start: i64,
    /// How long it lasted, microseconds.
    pub(crate) duration: i64,
    /// Originator: address and port.
    pub(crate) client: (&'a str, u16),
    /// Responder: address and port.
    pub(crate) server: (&'a str, u16),
    /// `tcp` or `udp`.
    pub(crate) proto: &'a str,
    /// Service Zeek recognised.
    pub(crate) service: &'a str,
    /// Payload bytes from originator and from responder.
    pub(crate) bytes: (u64, u64),
    /// Whether the responder is in Zeek's `Site::local_nets`.
    pub(crate) local: bool,
}

/// A connection id as Zeek makes them: `C` and 16 or 17 base-62 digits.
pub(crate) fn uid(rng: &mut Rng) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let length = rng.within(16, 17);
    std::iter::once('C').chain((0..length).map(|_| char::from(*rng.pick(DIGITS)))).collect()
}

fn seconds(micros: i64) -> String {
    format!("{}.{:06}", micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000))
}

fn identity(c: &Conn<'_>) -> String {
    let ((orig, orig_port), (resp, resp_port)) = (c.client, c.server);
    format!("{}\t{}\t{orig}\t{orig_port}\t{resp}\t{resp_port}", seconds(c.start), c.uid)
}

/// A row of `conn.log`.
pub(crate) fn conn(c: &Conn<'_>) -> String {
    let tcp = c.proto == "tcp";
    let (out, back) = c.bytes;
    let extra = if tcp { 4 } else { 0 };
    let (sent, got) = (out.div_ceil(1460) + extra, back.div_ceil(1460) + extra);
    let header = if tcp { 52 } else { 28 };
    let (history, number) = if tcp { ("ShADadFf", 6) } else { ("Dd", 17) };
    let local = if c.local { 'T' } else { 'F' };
    format!(
        "{}\t{}\t{}\t{}\t{out}\t{back}\tSF\tT\t{local}\t0\t{history}\t{sent}\t{}\t{got}\t{}\t-\t{number}",
        identity(c),
        c.proto,
        c.service,
        seconds(c.duration),
        out + sent * header,
        back + got * header
    )
}

/// A row of `dns.log`: an A query that one address answered.
pub(crate) fn dns(c: &Conn<'_>, id: u64, name: &str, address: &str) -> String {
    format!(
        "{}\tudp\t{id}\t{}\t{name}\t1\tC_INTERNET\t1\tA\t0\tNOERROR\tF\tF\tT\tT\t0\t{address}\t300.000000\tF\t0\tquery",
        identity(c),
        seconds(c.duration)
    )
}

/// A row of `http.log`: a GET.
pub(crate) fn http(c: &Conn<'_>, host: &str, uri: &str, agent: &str, media: &str, fuid: &str) -> String {
    format!(
        "{}\t1\tGET\t{host}\t{uri}\t-\t1.1\t{agent}\t-\t0\t{}\t200\tOK\t-\t-\t(empty)\t-\t-\t-\t-\t-\t-\t{fuid}\t-\t{media}",
        identity(c),
        c.bytes.1.saturating_sub(310)
    )
}

/// A row of `ssl.log`: a TLS 1.3 handshake, whose certificates are encrypted and so not seen.
pub(crate) fn ssl(c: &Conn<'_>, name: &str) -> String {
    format!("{}\tTLSv13\tTLS_AES_256_GCM_SHA384\tx25519\t{name}\tF\t-\t-\tT\tCsiI\t-\t-\t-", identity(c))
}

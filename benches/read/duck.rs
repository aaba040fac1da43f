//! The same question put to DuckDB: records and bytes by host, then their sums.

use crate::kinds::Kind;

/// Columns of Zeek's logs, all as text.
const CONN: &str = "ts uid orig_h orig_p resp_h resp_p proto service duration orig_bytes resp_bytes conn_state local_orig local_resp missed_bytes history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes tunnel_parents ip_proto";
const HTTP: &str = "ts uid orig_h orig_p resp_h resp_p trans_depth method host uri referrer version user_agent origin request_body_len response_body_len status_code status_msg info_code info_msg tags username password proxied orig_fuids orig_filenames orig_mime_types resp_fuids resp_filenames resp_mime_types";
const SSL: &str = "ts uid orig_h orig_p resp_h resp_p version cipher curve server_name resumed last_alert next_protocol established ssl_history cert_chain_fps client_cert_chain_fps sni_matches_cert";
const DNS: &str = "ts uid orig_h orig_p resp_h resp_p proto trans_id rtt query qclass qclass_name qtype qtype_name rcode rcode_name AA TC RD RA Z answers TTLs rejected opcode opcode_name";
const VPC: &str = "version account interface srcaddr dstaddr srcport dstport protocol packets bytes start_ end_ action status";

fn columns(of: &str, separator: &str) -> String {
    let typed: Vec<_> = of.split(' ').map(|c| format!("'{c}': 'VARCHAR'")).collect();
    format!(
        "read_csv('FILE', delim='{separator}', header=false, auto_detect=false, quote='', escape='', comment='#', nullstr='-', \
         ignore_errors=true, columns={{{}}})",
        typed.join(", ")
    )
}

fn json(of: &str) -> String {
    format!(
        "read_json('FILE', format='newline_delimited', ignore_errors=true, maximum_object_size=16777216, columns={{{of}}})"
    )
}

/// Table, host, bytes out, bytes in and condition; `None` where DuckDB has no reader that fits.
pub(crate) fn query(kind: Kind) -> Option<String> {
    let (table, host, sent, back, which) = match kind {
        Kind::Eve => (
            json(
                "event_type: 'VARCHAR', dest_ip: 'VARCHAR', flow: 'STRUCT(bytes_toserver BIGINT, bytes_toclient BIGINT)', \
                 http: 'STRUCT(hostname VARCHAR, length BIGINT, request_headers STRUCT(name VARCHAR, value VARCHAR)[])', \
                 tls: 'STRUCT(sni VARCHAR)', dns: 'STRUCT(rrname VARCHAR)'",
            ),
            "coalesce(http.hostname, tls.sni, dns.rrname, dest_ip)",
            "coalesce(flow.bytes_toserver, list_filter(http.request_headers, lambda h: h.name = 'Content-Length')[1].value::BIGINT)",
            "coalesce(flow.bytes_toclient, http.length)",
            "event_type IN ('flow', 'tls', 'http', 'dns')",
        ),
        Kind::ZeekConn => {
            (columns(CONN, "\\t"), "resp_h", "orig_bytes::BIGINT", "resp_bytes::BIGINT", "resp_h IS NOT NULL")
        }
        Kind::ZeekHttp => (
            columns(HTTP, "\\t"),
            "coalesce(host, resp_h)",
            "request_body_len::BIGINT",
            "response_body_len::BIGINT",
            "resp_h IS NOT NULL",
        ),
        Kind::ZeekSsl => {
            (columns(SSL, "\\t"), "coalesce(server_name, resp_h)", "0", "0", "resp_h IS NOT NULL")
        }
        Kind::ZeekDns => (columns(DNS, "\\t"), "query", "0", "0", "resp_h IS NOT NULL"),
        Kind::ZeekJson => (
            json(
                "\"id.resp_h\": 'VARCHAR', orig_bytes: 'BIGINT', resp_bytes: 'BIGINT', conn_state: 'VARCHAR'",
            ),
            "\"id.resp_h\"",
            "orig_bytes",
            "resp_bytes",
            "\"id.resp_h\" IS NOT NULL",
        ),
        Kind::Vpc => (columns(VPC, " "), "dstaddr", "bytes::BIGINT", "0", "status = 'OK'"),
        Kind::Squid | Kind::Nginx | Kind::Har => return None,
    };
    Some(format!(
        "WITH hosts AS (SELECT {host} AS host, count(*) AS n, sum({sent}) AS o, sum({back}) AS b FROM {table} WHERE {which} GROUP BY 1) \
         SELECT sum(n)::BIGINT, coalesce(sum(o), 0)::BIGINT, coalesce(sum(b), 0)::BIGINT FROM hosts"
    ))
}

/// The line of bash. The start of Python and the import are part of the time, some tenth of a second.
pub(crate) fn script(kind: Kind, threads: u8) -> String {
    let query = query(kind).unwrap_or_default().replace('"', "\\\"").replace('\'', "\\'");
    let program = format!(
        "import duckdb, sys; c = duckdb.connect(); c.execute(\"SET threads = {threads}\"); \
         print(*c.execute(\"{}\".replace(\"FILE\", sys.argv[1])).fetchone())",
        query.replace("\\'", "\\x27")
    );
    format!("$T \"$P\" -c '{program}' \"$1\"")
}

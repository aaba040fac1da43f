//! `log_format` of nginx: `$name` and `${name}` between any text
//! (<https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format>).

use super::builder::{Builder, Needs, backslashed};
use super::{Layout, LayoutError, Role};

pub(super) fn compile(text: &str) -> Result<Layout, LayoutError> {
    let mut builder = Builder::default();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|r| !r.is_empty()) {
        if let Some(after) = rest.strip_prefix('$') {
            let (name, length) = match after.strip_prefix('{') {
                Some(inner) => {
                    let end =
                        inner.find('}').ok_or_else(|| LayoutError::new(at, "`${` is not closed by `}`"))?;
                    (inner.get(..end).unwrap_or_default(), end + 3)
                }
                None => {
                    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
                    let end = after.bytes().position(|b| !word(b)).unwrap_or(after.len());
                    (after.get(..end).unwrap_or_default(), end + 1)
                }
            };
            if name.is_empty() {
                return Err(LayoutError::new(at, "`$` is not followed by the name of a variable"));
            }
            builder.field(variable(name.as_bytes()), &format!("${name}"), at, false)?;
            at += length;
        } else if let Some((byte, length)) = backslashed(rest) {
            builder.text(&[byte]);
            at += length;
        } else {
            let end = rest.find(['$', '\\']).filter(|n| *n > 0).unwrap_or(if rest.starts_with('\\') {
                1
            } else {
                rest.len()
            });
            builder.text(rest.get(..end).unwrap_or_default().as_bytes());
            at += end;
        }
    }
    builder.layout(&Needs {
        client: "`$remote_addr`",
        time: "`$time_local`, `$time_iso8601` or `$msec`",
        request: "`$request`, or `$request_method` and `$request_uri`",
    })
}

/// What a variable tells.
pub(in crate::traffic) fn variable(name: &[u8]) -> Role {
    match name {
        b"remote_addr" => Role::Client,
        b"realip_remote_addr" | b"proxy_protocol_addr" => Role::Connection,
        b"remote_port" | b"realip_remote_port" | b"proxy_protocol_port" => Role::ClientPort,
        b"time_local" => Role::Clf,
        b"time_iso8601" => Role::Iso,
        b"msec" => Role::Seconds,
        b"request_time" => Role::TookSeconds,
        b"request" => Role::Request,
        b"request_method" => Role::Method,
        b"request_uri" => Role::Target,
        b"uri" | b"document_uri" => Role::Path,
        b"args" | b"query_string" | b"is_args" => Role::Query,
        b"host" | b"http_host" | b"ssl_server_name" => Role::Host,
        b"server_name" => Role::ServerName,
        b"server_addr" => Role::ServerAddress,
        b"server_port" => Role::Port,
        b"status" => Role::Status,
        b"bytes_sent" => Role::Back,
        b"body_bytes_sent" => Role::BackBody,
        b"request_length" => Role::Sent,
        b"content_length" | b"http_content_length" => Role::Declared,
        b"upstream_addr" => Role::Upstream,
        b"proxy_host" => Role::ProxyHost,
        b"proxy_port" => Role::ProxyPort,
        b"upstream_cache_status" => Role::Cache,
        b"scheme" => Role::Scheme,
        b"ssl_protocol" => Role::Tls,
        _ => Role::Other,
    }
}

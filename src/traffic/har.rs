//! HTTP Archive (HAR) 1.2, as browsers and proxies write it.

mod quick;

use super::json_walk::Scratch;
use super::{Block, Decoder, Format, Framing, Head, ReadOptions, Settled, Sink, Sniff, Split, Stop};
use crate::model::flow::UNNAMED_CLIENT;
use crate::model::net::Url;
use crate::model::{At, Disposition, Flow, Lane, Method, Orientation, Payload, Time, Transport, Visibility};
use base64ct::{Base64, Encoding};
use serde::Deserialize;
use std::borrow::Cow;
use std::net::IpAddr;
use std::ops::ControlFlow;

/// The shelf entry.
pub(super) static FORMAT: Har = Har;

/// HTTP Archive.
pub(super) struct Har;

/// The largest entry: one HAR entry may hold a whole upload.
const LARGEST: usize = 256 << 20;

impl Format for Har {
    fn id(&self) -> &'static str {
        "har"
    }

    fn about(&self) -> &'static str {
        "HTTP Archive 1.1 and 1.2, from browsers' developer tools and proxies"
    }

    fn doc(&self) -> &'static str {
        "HTTP Archive 1.2 (<http://www.softwareishard.com/blog/har-12-spec/>, W3C draft \
         <https://w3c.github.io/web-performance/specs/HAR/Overview.html>), also 1.1 and without a version.\n\n\
         **Shows** method, host, port, path, address of the server, request bodies where they were \
         recorded, WebSocket messages that were sent (Chrome's `_webSocketMessages`).\n\n\
         **Cannot show** which machine it was recorded on: every exchange is taken as of the one component that \
         the source observes. A body may be cut without a mark, and proxies leave out bodies they \
         streamed. The TLS version is not recorded.\n\n\
         **Not network**: `data:`, `blob:`, `about:` and extension URLs are ignored. Status 0 is failed, \
         although a body may have been sent; an answer from the browser's cache is served locally.\n\n\
         **To make it show more**, export *with content*."
    }

    fn sniff(&self, head: &Head<'_>) -> Sniff {
        let bytes = head.bytes.trim_ascii_start();
        let has = |key: &[u8]| memchr::memmem::find(bytes, key).is_some();
        if bytes.first() != Some(&b'{') || !has(b"\"log\"") {
            return Sniff::No;
        }
        let inside = has(b"\"entries\"") || has(b"\"creator\"") || has(b"\"pages\"");
        if inside { Sniff::Certain } else { Sniff::No }
    }

    fn framing(&self) -> Framing {
        Framing::JsonValues { at: &["log", "entries"], max: LARGEST }
    }

    fn split(&self) -> Split {
        Split::Never
    }

    fn decoder<'o>(&self, _: &'o ReadOptions) -> Box<dyn Decoder + 'o> {
        Box::<Reader>::default()
    }
}

#[derive(Default)]
struct Reader {
    scratch: Scratch,
}

impl Decoder for Reader {
    fn block(&mut self, block: Block<'_>, out: &mut dyn Sink) -> ControlFlow<Stop> {
        let at = At { offset: block.offset, length: block.bytes.len() as u64, record: 0, line: None };
        let reject = |out: &mut dyn Sink, why| out.record(at, block.bytes, Settled::Rejected(why));
        let quick = quick::entry(block.bytes, &mut self.scratch);
        match quick.or_else(|_| serde_json::from_slice::<Entry<'_>>(block.bytes)) {
            Ok(entry) => entry.settle(at, block.bytes, out),
            Err(e) if e.is_data() => reject(out, "an entry lacks what every entry has"),
            Err(_) => reject(out, "an entry is not JSON"),
        }
        ControlFlow::Continue(())
    }

    fn finish(&mut self, _: &mut dyn Sink) {}
}

// Members that are missing, null or of another type than the standard gives them are read as absent:
// writers differ, and only the request decides what left.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    #[serde(borrow)]
    started_date_time: Cow<'a, str>,
    #[serde(borrow)]
    request: Request<'a>,
    #[serde(default)]
    response: Response,
    #[serde(rename = "serverIPAddress", borrow, default, deserialize_with = "lenient_text")]
    server_address: Option<Cow<'a, str>>,
    #[serde(rename = "_fromCache", default)]
    from_cache: Option<serde::de::IgnoredAny>,
    #[serde(rename = "_webSocketMessages", borrow, default)]
    messages: Option<Vec<Message<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    #[serde(borrow, default)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    url: Cow<'a, str>,
    #[serde(borrow, default)]
    headers: Vec<Pair<'a>>,
    #[serde(borrow, default)]
    post_data: Option<PostData<'a>>,
    #[serde(default)]
    headers_size: Option<i64>,
    #[serde(default)]
    body_size: Option<i64>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Response {
    #[serde(default)]
    status: Option<i64>,
    #[serde(default)]
    headers_size: Option<i64>,
    #[serde(default)]
    body_size: Option<i64>,
    #[serde(rename = "_transferSize", default)]
    transfer_size: Option<i64>,
}

#[derive(Deserialize)]
struct Pair<'a> {
    #[serde(borrow, default)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    value: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PostData<'a> {
    #[serde(borrow, default)]
    mime_type: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    text: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    encoding: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    params: Option<Vec<Pair<'a>>>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(rename = "type", borrow, default)]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    data: Cow<'a, str>,
}

fn lenient_text<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Option<Cow<'de, str>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either<'a> {
        Text(#[serde(borrow)] Cow<'a, str>),
        Other(serde::de::IgnoredAny),
    }
    Ok(match Either::deserialize(d)? {
        Either::Text(text) => Some(text),
        Either::Other(_) => None,
    })
}

impl Entry<'_> {
    fn settle(&self, at: At, raw: &[u8], out: &mut dyn Sink) {
        let Some(time) = Time::parse(&self.started_date_time) else {
            return out.record(at, raw, Settled::Rejected("time is not RFC 3339"));
        };
        let Some(url) = Url::parse(&self.request.url) else {
            return out.record(at, raw, Settled::Ignored("no network: data, blob, about or extension URL"));
        };
        if !["http", "https", "ws", "wss"].iter().any(|s| url.scheme.eq_ignore_ascii_case(s)) {
            return out.record(at, raw, Settled::Ignored("no network: data, blob, about or extension URL"));
        }
        let bodies = self.bodies();
        let sent: Vec<Payload<'_>> =
            bodies.iter().map(|(kind, bytes)| Payload { media_type: kind.as_deref(), bytes }).collect();
        let mut flow = Flow::new(time, UNNAMED_CLIENT, Lane::Http);
        flow.server_name = Some(url.host);
        flow.server_address = self.server_address.as_deref().and_then(address);
        flow.server_port = url.port;
        flow.path = Some(url.path);
        flow.method = Method::of_http(&*self.request.method);
        flow.transport = if url.encrypted() { Transport::Tls } else { Transport::Cleartext };
        flow.visibility = if sent.is_empty() { Visibility::Url } else { Visibility::Payload };
        flow.disposition = self.disposition();
        flow.orientation = Orientation::Stated;
        flow.bytes_out = self.bytes_out();
        flow.bytes_in = size(self.response.headers_size, self.response.body_size);
        flow.payloads = &sent;
        out.record(at, raw, Settled::Flow(&flow));
    }

    fn disposition(&self) -> Disposition {
        let cached = self.from_cache.is_some()
            || self.response.transfer_size == Some(0) && self.response.status == Some(304);
        match self.response.status {
            _ if cached => Disposition::ServedLocally,
            None | Some(..=0) => Disposition::Failed,
            Some(_) => Disposition::Delivered,
        }
    }

    fn bytes_out(&self) -> Option<u64> {
        let request = &self.request;
        let messages: u64 = self.sent_messages().map(|m| m.data.len() as u64).sum();
        let body = positive(request.body_size).or_else(|| {
            let text = request.post_data.as_ref().and_then(|p| p.text.as_ref()).map(|t| t.len() as u64);
            let length = || request.headers.iter().find(|h| h.name.eq_ignore_ascii_case("content-length"));
            text.filter(|n| *n > 0).or_else(|| length().and_then(|h| h.value.parse().ok()))
        });
        let known = body?.checked_add(positive(request.headers_size).unwrap_or(0))?;
        known.checked_add(messages)
    }

    fn sent_messages(&self) -> impl Iterator<Item = &Message<'_>> {
        self.messages.iter().flatten().filter(|m| m.kind == "send")
    }

    /// Bodies the client sent, with their media types.
    fn bodies(&self) -> Vec<(Option<String>, Cow<'_, [u8]>)> {
        let mut bodies: Vec<(Option<String>, Cow<'_, [u8]>)> = Vec::new();
        if let Some(post) = &self.request.post_data {
            let header = || {
                let found = self.request.headers.iter().find(|h| h.name.eq_ignore_ascii_case("content-type"));
                found.map(|h| h.value.to_string())
            };
            let media =
                post.mime_type.as_deref().filter(|m| !m.is_empty()).map(str::to_owned).or_else(header);
            match post.text.as_deref().filter(|t| !t.is_empty()) {
                Some(text) => bodies.push((media, body(text, post.encoding.as_deref()))),
                None => {
                    let pairs = post.params.iter().flatten();
                    let rebuilt =
                        pairs.map(|p| format!("{}={}", p.name, p.value)).collect::<Vec<_>>().join("&");
                    if !rebuilt.is_empty() {
                        bodies.push((media, Cow::Owned(rebuilt.into_bytes())));
                    }
                }
            }
        }
        bodies.extend(self.sent_messages().map(|m| (None, Cow::Borrowed(m.data.as_bytes()))));
        bodies
    }
}

fn body<'a>(text: &'a str, encoding: Option<&str>) -> Cow<'a, [u8]> {
    if encoding == Some("base64")
        && let Ok(bytes) = Base64::decode_vec(text)
    {
        return Cow::Owned(bytes);
    }
    Cow::Borrowed(text.as_bytes())
}

/// -1 means unknown, and so does any other negative number.
fn positive(n: Option<i64>) -> Option<u64> {
    n.and_then(|n| u64::try_from(n).ok())
}

fn size(headers: Option<i64>, body: Option<i64>) -> Option<u64> {
    positive(body)?.checked_add(positive(headers).unwrap_or(0))
}

/// Panics unless the quick way, where it is sure, agrees with the parser on an entry.
#[cfg(fuzzing)]
pub(super) fn agree_on(entry: &[u8]) {
    quick::agree(entry);
}

/// `93.184.216.34`, `[::1]`, `10.0.0.1:443`; Safari writes an empty text.
fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok().or_else(|| crate::model::net::split_authority(text).0.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::{Health, NameFact};

    #[derive(Default)]
    struct Seen(Vec<String>);

    impl Sink for Seen {
        fn record(&mut self, _: At, _: &[u8], what: Settled<'_, '_>) {
            self.0.push(match what {
                Settled::Flow(f) => format!(
                    "{} {:?} {:?} {} {} {:?} {}",
                    f.server_name.unwrap_or("-"),
                    f.server_address,
                    f.server_port,
                    f.disposition.name(),
                    f.visibility.name(),
                    f.bytes_out,
                    f.payloads.len()
                ),
                Settled::Ignored(why) | Settled::Rejected(why) => why.to_owned(),
            });
        }
        fn name(&mut self, _: &NameFact<'_>) {}
        fn health(&mut self, _: Health) {}
    }

    fn read(entry: &str) -> String {
        let mut seen = Seen::default();
        let block = Block { bytes: entry.as_bytes(), offset: 0, line: 1, last: false };
        assert!(Reader::default().block(block, &mut seen).is_continue());
        seen.0.join("|")
    }

    #[test]
    fn a_post_with_a_body_is_seen_whole() {
        let entry = r#"{"startedDateTime":"2026-11-22T10:00:00.000+01:00","serverIPAddress":"[2001:db8::1]",
            "request":{"method":"POST","url":"https://u:p@api.bfl.ai/v1/flux-pro?k=1","headers":[],
            "headersSize":-1,"bodySize":-1,"postData":{"mimeType":"application/json","text":"{\"prompt\":1}"}},
            "response":{"status":200,"bodySize":5,"headersSize":-1}}"#;
        assert_eq!(read(entry), "api.bfl.ai Some(2001:db8::1) Some(443) delivered payload Some(12) 1");
    }

    #[test]
    fn unknown_sizes_stay_unknown_and_local_urls_are_no_network() {
        let get = |url: &str, more: &str| {
            format!(
                r#"{{"startedDateTime":"2026-11-22T10:00:00Z","request":{{"method":"GET","url":"{url}"}},"response":{{"status":0}}{more}}}"#
            )
        };
        assert_eq!(read(&get("http://a.example/x", "")), "a.example None Some(80) failed url None 0");
        assert_eq!(
            read(&get("data:image/png;base64,AA", "")),
            "no network: data, blob, about or extension URL"
        );
        assert!(read(&get("http://a.example/", r#","_fromCache":"disk""#)).contains("served-locally"));
        assert_eq!(read("{}"), "an entry lacks what every entry has");
    }
}

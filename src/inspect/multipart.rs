//! `multipart/form-data` bodies (RFC 7578, RFC 2046 section 5.1).

use super::image_bytes::is_image;
use super::{Detector, field};
use crate::model::{DataKind, DataKinds, Payload};
use memchr::memmem;

pub(super) static DETECTOR: Multipart = Multipart;

pub(super) struct Multipart;

/// Most parts that are looked at.
const PARTS: usize = 1000;
/// Longest head of a part.
const HEAD: usize = 4096;

impl Detector for Multipart {
    fn id(&self) -> &'static str {
        "multipart"
    }

    fn about(&self) -> &'static str {
        "parts of multipart forms, by field name, declared type and first bytes"
    }

    fn detect(&self, body: Payload<'_>) -> DataKinds {
        let Some(boundary) = body.media_type.and_then(boundary) else { return DataKinds::NONE };
        let mark = format!("--{boundary}").into_bytes();
        let starts: Vec<usize> = memmem::find_iter(body.bytes, &mark).take(PARTS).collect();
        let ends = starts.iter().skip(1).copied().chain([body.bytes.len()]);
        starts
            .iter()
            .zip(ends)
            .filter_map(|(start, end)| body.bytes.get(start + mark.len()..end))
            .map(part)
            .fold(DataKinds::NONE, DataKinds::union)
    }
}

/// The boundary of a media type. Case matters in its value only.
fn boundary(media: &str) -> Option<&str> {
    let (kind, parameters) = media.split_once(';')?;
    if !kind.trim().to_ascii_lowercase().starts_with("multipart/") {
        return None;
    }
    parameters.split(';').find_map(|p| {
        let (name, value) = p.split_once('=')?;
        let value = value.trim().trim_matches('"');
        (name.trim().eq_ignore_ascii_case("boundary") && !value.is_empty()).then_some(value)
    })
}

fn part(bytes: &[u8]) -> DataKinds {
    let Some(split) = memmem::find(bytes.get(..HEAD.min(bytes.len())).unwrap_or(bytes), b"\r\n\r\n") else {
        return DataKinds::NONE;
    };
    let head = String::from_utf8_lossy(bytes.get(..split).unwrap_or(&[])).into_owned();
    let content = bytes.get(split + 4..).unwrap_or(&[]);
    if content.trim_ascii().is_empty() {
        return DataKinds::NONE;
    }
    let name = head
        .split(';')
        .find_map(|p| p.trim().strip_prefix("name="))
        .map(|n| n.split(['\r', '\n']).next().unwrap_or(n).trim_matches('"').to_owned())
        .unwrap_or_default();
    let declared = head.to_ascii_lowercase();
    let picture = declared.contains("content-type: image/")
        || declared.contains("content-type: video/")
        || is_image(content);
    let named = field(&name);
    if picture && !named.contains(DataKind::Mask) {
        named.union(DataKinds::of(&[DataKind::Image]))
    } else {
        named
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn see(parts: &[(&str, &str)]) -> String {
        let body: String =
            parts.iter().map(|(head, content)| format!("--xYz\r\n{head}\r\n\r\n{content}\r\n")).collect();
        let body = body + "--xYz--\r\n";
        let media = Some("multipart/form-data; boundary=\"xYz\"");
        DETECTOR.detect(Payload { media_type: media, bytes: body.as_bytes() }).to_string()
    }

    #[test]
    fn an_edit_request_shows_prompt_image_and_mask() {
        let parts = [
            ("Content-Disposition: form-data; name=\"prompt\"", "a hat"),
            (
                "Content-Disposition: form-data; name=\"image[]\"; filename=\"a.png\"\r\nContent-Type: image/png",
                "x",
            ),
            (
                "Content-Disposition: form-data; name=\"mask\"; filename=\"m.png\"\r\nContent-Type: image/png",
                "x",
            ),
        ];
        assert_eq!(see(&parts), "prompt+image+mask");
    }

    #[test]
    fn other_fields_are_nothing() {
        assert_eq!(see(&[("Content-Disposition: form-data; name=\"size\"", "prompt image")]), "none");
        assert_eq!(see(&[("Content-Disposition: form-data; name=\"prompt\"", "")]), "none");
    }
}

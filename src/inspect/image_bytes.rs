//! Bodies that are a picture or a video, by their first bytes.

use super::Detector;
use crate::model::{DataKind, DataKinds, Payload};

pub(super) static DETECTOR: ImageBytes = ImageBytes;

pub(super) struct ImageBytes;

impl Detector for ImageBytes {
    fn id(&self) -> &'static str {
        "image-bytes"
    }

    fn about(&self) -> &'static str {
        "PNG, JPEG, WebP, GIF, AVIF, HEIC, MP4, TIFF, BMP and DICOM by their first bytes"
    }

    fn detect(&self, body: Payload<'_>) -> DataKinds {
        if is_image(body.bytes) { DataKinds::of(&[DataKind::Image]) } else { DataKinds::NONE }
    }
}

/// Whether bytes begin as a picture or video does.
pub(super) fn is_image(bytes: &[u8]) -> bool {
    let at = |offset: usize, magic: &[u8]| bytes.get(offset..offset + magic.len()) == Some(magic);
    let starts = [
        &b"\x89PNG\r\n\x1a\n"[..],
        b"\xff\xd8\xff",
        b"GIF87a",
        b"GIF89a",
        b"II*\0",
        b"MM\0*",
        b"\x1a\x45\xdf\xa3",
    ];
    starts.iter().any(|m| at(0, m))
        || (at(0, b"RIFF") && at(8, b"WEBP"))
        || (at(4, b"ftyp")
            && [&b"avif"[..], b"heic", b"mif1", b"isom", b"mp42", b"iso5"].iter().any(|m| at(8, m)))
        || (at(0, b"BM") && at(6, b"\0\0\0\0"))
        || at(128, b"DICM")
}

#[cfg(test)]
mod tests {
    use super::is_image;

    #[test]
    fn pictures_are_recognised_and_text_is_not() {
        assert!(
            is_image(b"\x89PNG\r\n\x1a\n....")
                && is_image(b"\xff\xd8\xff\xe0")
                && is_image(b"RIFF....WEBPVP8 ")
        );
        assert!(is_image(&[&[0; 128][..], b"DICM"].concat()));
        assert!(
            !is_image(b"RIFF....WAVEfmt ")
                && !is_image(b"{\"a\":1}")
                && !is_image(b"")
                && !is_image(b"BMW is a car")
        );
    }
}

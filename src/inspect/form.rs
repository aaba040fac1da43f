//! `application/x-www-form-urlencoded` bodies (WHATWG URL standard, section 5).

use super::{Detector, field};
use crate::model::{DataKinds, Payload};

pub(super) static DETECTOR: Form = Form;

pub(super) struct Form;

/// Longest field name that is looked at.
const NAME: usize = 128;

impl Detector for Form {
    fn id(&self) -> &'static str {
        "form"
    }

    fn about(&self) -> &'static str {
        "fields of URL-encoded forms whose names are those of prompts, images and keys"
    }

    fn detect(&self, body: Payload<'_>) -> DataKinds {
        if !body
            .media_type
            .is_some_and(|m| m.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded"))
        {
            return DataKinds::NONE;
        }
        body.bytes
            .split(|b| *b == b'&')
            .filter_map(|pair| {
                let eq = pair.iter().position(|b| *b == b'=')?;
                let name = std::str::from_utf8(pair.get(..eq.min(NAME))?).ok()?;
                let filled = pair.len() > eq + 1;
                filled.then(|| field(name))
            })
            .fold(DataKinds::NONE, DataKinds::union)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_judged_by_name_and_only_if_filled() {
        let see = |media, text: &str| {
            DETECTOR.detect(Payload { media_type: media, bytes: text.as_bytes() }).to_string()
        };
        let form = Some("application/x-www-form-urlencoded; charset=utf-8");
        assert_eq!(see(form, "a=1&prompt=a+cat&mask="), "prompt");
        assert_eq!(see(form, "q=prompt&x=image"), "none");
        assert_eq!(see(Some("text/plain"), "prompt=a"), "none");
    }
}

//! JSON bodies shaped as image and language services take them: OpenAI, Black Forest Labs, Stability,
//! Replicate, fal, Google, Automatic1111 and ComfyUI.
//!
//! A key decides, never a word in a value: an error report that quotes `prompt` is no prompt.

use super::image_bytes::is_image;
use super::{Detector, field};
use crate::model::{DataKind, DataKinds, Payload};
use base64ct::{Base64, Encoding};
use serde_json::Value;

pub(super) static DETECTOR: JsonPrompt = JsonPrompt;

pub(super) struct JsonPrompt;

/// Deepest nesting that is looked at.
const DEPTH: usize = 24;
/// Most values that are looked at.
const VALUES: usize = 200_000;

impl Detector for JsonPrompt {
    fn id(&self) -> &'static str {
        "json-prompt"
    }

    fn about(&self) -> &'static str {
        "prompts, images, masks, embeddings and keys in JSON bodies, by key and by the bytes of base64 values"
    }

    fn detect(&self, body: Payload<'_>) -> DataKinds {
        let text = body.bytes.trim_ascii_start();
        if !matches!(text.first(), Some(b'{' | b'[')) {
            return DataKinds::NONE;
        }
        let Ok(value) = serde_json::from_slice::<Value>(text) else { return DataKinds::NONE };
        let mut search = Search { found: DataKinds::NONE, left: VALUES };
        search.value(&value, DataKinds::NONE, DEPTH);
        search.found
    }
}

struct Search {
    found: DataKinds,
    left: usize,
}

impl Search {
    /// Looks at a value; `named` is what the key that leads to it says.
    fn value(&mut self, value: &Value, named: DataKinds, depth: usize) {
        if depth == 0 || self.left == 0 {
            return;
        }
        self.left -= 1;
        match value {
            Value::String(text) => self.text(text, named),
            Value::Array(items) => {
                let numbers = items.len() > 8 && items.iter().all(Value::is_number);
                if numbers && named.contains(DataKind::Embedding) {
                    self.found.insert(DataKind::Embedding);
                }
                items.iter().for_each(|v| self.value(v, named, depth - 1));
            }
            Value::Object(members) => {
                if is_graph(members) {
                    self.found.insert(DataKind::Prompt);
                }
                for (key, v) in members {
                    let own = field(key);
                    // `messages[].content`, `contents[].parts[].text`, `text_prompts[].text`,
                    // `image_url.url` and `inline_data.data` carry what the key above them says.
                    let carried =
                        ["content", "parts", "text", "url", "data", "weight"].contains(&key.as_str());
                    let inner = if own.is_empty() && carried { named } else { own };
                    self.value(v, inner, depth - 1);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn text(&mut self, text: &str, named: DataKinds) {
        if text.is_empty() {
            return;
        }
        if pictured(text) {
            let mask = named.contains(DataKind::Mask);
            self.found.insert(if mask { DataKind::Mask } else { DataKind::Image });
            return;
        }
        let plain = DataKinds::of(&[DataKind::Prompt, DataKind::Credential]);
        self.found = self.found.union(named.intersection(plain));
    }
}

/// Whether a value is a picture in base64, bare or as a data URI.
fn pictured(text: &str) -> bool {
    let encoded = match text.strip_prefix("data:") {
        Some(uri) => match uri.split_once(";base64,") {
            Some((media, rest)) if !media.starts_with("image/") && !media.starts_with("video/") => rest,
            Some(_) => return true,
            None => return uri.starts_with("image/"),
        },
        None => text,
    };
    let start: String = encoded.chars().take(256).collect();
    let whole = start.len() / 4 * 4;
    whole >= 16 && start.get(..whole).and_then(|s| Base64::decode_vec(s).ok()).is_some_and(|b| is_image(&b))
}

/// Whether an object is a ComfyUI graph: nodes with a class and inputs.
fn is_graph(members: &serde_json::Map<String, Value>) -> bool {
    !members.is_empty()
        && members
            .values()
            .all(|v| v.get("class_type").is_some_and(Value::is_string) && v.get("inputs").is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn see(text: &str) -> String {
        DETECTOR.detect(Payload { media_type: None, bytes: text.as_bytes() }).to_string()
    }

    const PNG: &str =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

    #[test]
    fn the_shapes_of_the_services_are_understood() {
        assert_eq!(see(r#"{"model":"gpt-image-1","prompt":"a cat"}"#), "prompt");
        assert_eq!(see(r#"{"version":"x","input":{"prompt":"a cat","seed":1}}"#), "prompt");
        assert_eq!(see(r#"{"text_prompts":[{"text":"a cat","weight":1}]}"#), "prompt");
        assert_eq!(
            see(r#"{"messages":[{"role":"user","content":[{"type":"text","text":"draw"}]}]}"#),
            "prompt"
        );
        assert_eq!(see(r#"{"contents":[{"parts":[{"text":"draw"}]}]}"#), "prompt");
        assert_eq!(
            see(&format!(r#"{{"prompt":"x","init_images":["{PNG}"],"mask":"data:image/png;base64,{PNG}"}}"#)),
            "prompt+image+mask"
        );
        assert_eq!(see(r#"{"prompt":{"3":{"class_type":"KSampler","inputs":{}}}}"#), "prompt");
    }

    #[test]
    fn words_in_values_are_nothing() {
        assert_eq!(see(r#"{"error":"the prompt was rejected","image":""}"#), "none");
        assert_eq!(see(r#"{"event":"prompt","seed":7,"image":"https://a.example/x.png"}"#), "none");
        assert_eq!(see("prompt"), "none");
        assert_eq!(see(&"[".repeat(100_000)), "none");
    }
}

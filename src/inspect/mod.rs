//! What a recorded body holds: content detectors, one file each.
//!
//! A detector looks at bytes the client sent and says which kinds of data they are. It keeps nothing:
//! what it saw never leaves this room, only the kind does. A body is looked at up to [`MOST`] bytes.
//!
//! To add a detector: one file with `pub(super) static DETECTOR: ...`, one word in `shelf!`.

use crate::model::{DataKinds, Payload};

/// Bytes of a body that are looked at.
pub const MOST: usize = 64 << 20;

/// A content detector.
pub trait Detector: Sync {
    /// Stable kebab-case id, equal to the file name.
    fn id(&self) -> &'static str;
    /// What it detects, in a line.
    fn about(&self) -> &'static str;
    /// The kinds of data the body holds, as far as this detector sees.
    fn detect(&self, body: Payload<'_>) -> DataKinds;
}

/// Declares the detectors: modules, and the table that everything else is made from.
macro_rules! shelf {
    ($($module:ident),* $(,)?) => {
        $(mod $module;)*
        /// Every detector, by id.
        pub static DETECTORS: &[&dyn Detector] = &[$(&$module::DETECTOR),*];
    };
}

shelf! { form, image_bytes, json_prompt, multipart }

/// The kinds of data that any detector sees in a body.
#[must_use]
pub fn inspect(body: Payload<'_>) -> DataKinds {
    let bytes = body.bytes.get(..MOST).unwrap_or(body.bytes);
    let body = Payload { bytes, ..body };
    DETECTORS.iter().fold(DataKinds::NONE, |kinds, d| kinds.union(d.detect(body)))
}

/// What a field of that name carries, wherever bodies have named fields.
fn field(name: &str) -> DataKinds {
    use crate::model::DataKind::{Credential, Embedding, Image, Mask, Prompt};
    let name = name.trim_matches(['[', ']', '"']).to_ascii_lowercase().replace('-', "_");
    let kinds: &[_] = match name.as_str() {
        "prompt" | "negative_prompt" | "text_prompt" | "text_prompts" | "prompt_2" | "prompt_3"
        | "positive" | "positive_prompt" | "prompts" | "inputs" | "messages" | "contents" | "instruction"
        | "caption" => &[Prompt],
        "image" | "images" | "init_image" | "init_images" | "input_image" | "image_prompt" | "image_url"
        | "image_data" | "control_image" | "reference_image" | "reference_images" | "source_image"
        | "inline_data" | "inlinedata" | "first_frame_image" | "subject_reference" => &[Image],
        "mask" | "mask_image" | "inpaint_mask" => &[Mask],
        "prompt_embeds" | "embedding" | "embeddings" | "pooled_prompt_embeds" => &[Embedding],
        "api_key"
        | "apikey"
        | "access_token"
        | "api_token"
        | "client_secret"
        | "api_key_comfy_org"
        | "auth_token_comfy_org" => &[Credential],
        _ => &[],
    };
    DataKinds::of(kinds)
}

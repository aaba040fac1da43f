//! The only way for data to reach a template.

use crate::model::text::visible;
use crate::report::RenderError;
use serde::Serialize;
use serde_json::Value as Json;

/// A value in which every character shows itself: each text, at any depth, has been through
/// [`visible`]. The templates escape it on top of that.
pub(super) struct Shown(tera::Value);

impl Shown {
    /// Makes a value fit to be seen. Its maps must have fixed keys; a key is not changed.
    pub(super) fn of<T: Serialize>(data: &T) -> Result<Shown, RenderError> {
        let mut tree = serde_json::to_value(data).map_err(|e| RenderError(e.to_string()))?;
        show(&mut tree);
        let value = tera::Value::try_from_serializable(&tree).map_err(|e| RenderError(e.to_string()))?;
        Ok(Shown(value))
    }

    /// The value, for the context of a template.
    pub(super) fn into_value(self) -> tera::Value {
        self.0
    }
}

fn show(tree: &mut Json) {
    match tree {
        Json::String(text) => *text = visible(text),
        Json::Array(items) => items.iter_mut().for_each(show),
        Json::Object(members) => members.iter_mut().for_each(|(_, value)| show(value)),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_at_any_depth_is_made_visible() {
        let shown = Shown::of(&serde_json::json!({"a": [{"b": "x\u{202e}y"}, "\u{1b}[0m"]})).unwrap();
        assert_eq!(shown.into_value().to_string(), r#"{"a": [{"b": "x[U+202E]y"}, "[U+001B][0m"]}"#);
    }
}

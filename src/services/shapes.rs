//! Shapes: paths of APIs that people host themselves or imitate, on whatever host they are met.

use crate::model::{DataKinds, Method};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::OnceLock;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(rename = "as_of")]
    _as_of: toml::value::Datetime,
    shape: Vec<RawShape>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawShape {
    id: String,
    paths: Vec<String>,
    sends: DataKinds,
}

/// What a request of a known shape carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// Endpoint id, `api/endpoint`.
    pub id: String,
    /// Kinds of data.
    pub sends: DataKinds,
}

pub(super) const FILE: &str = include_str!("../../policies/services/shapes.toml");

/// The shape of a request that writes to a path, if it is a known one. Case and a trailing slash do not
/// matter; the rest of the path does.
#[must_use]
pub fn shape(path: &str, method: Method) -> Option<&'static Shape> {
    static SHAPES: OnceLock<BTreeMap<String, Shape>> = OnceLock::new();
    if method != Method::Write {
        return None;
    }
    let shapes = SHAPES.get_or_init(|| {
        let raw = toml::from_str::<Raw>(FILE).map(|r| r.shape).unwrap_or_default();
        let pairs = raw.into_iter().flat_map(|s| {
            let shape = Shape { id: s.id, sends: s.sends };
            s.paths.into_iter().map(move |p| (p, shape.clone())).collect::<Vec<_>>()
        });
        pairs.collect()
    });
    shapes.get(path.trim_end_matches('/').to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_read_and_paths_are_whole() {
        let raw: Raw = toml::from_str(FILE).unwrap();
        assert!(raw.shape.len() > 5);
        let id = |p: &str| shape(p, Method::Write).map(|s| s.id.as_str());
        assert_eq!(id("/sdapi/v1/txt2img"), Some("automatic1111-api/txt2img"));
        assert_eq!(id("/V1/Images/Edits/"), Some("openai-shaped-api/images-edits"));
        assert_eq!(id("/x/sdapi/v1/txt2img"), None);
        assert_eq!(shape("/prompt", Method::Read), None);
    }
}

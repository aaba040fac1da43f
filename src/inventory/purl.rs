//! Package URLs (purl-spec), as bills of materials name packages and models.

use crate::model::inventory::{Asset, AssetKind, State, Where};
use crate::services::{Ecosystem, Services};

/// The parts of a package URL that matter here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Purl {
    /// Type, lower case: `pypi`, `npm`, `huggingface`.
    pub(super) kind: String,
    /// Namespace and name, joined by `/`.
    pub(super) name: String,
}

impl Purl {
    /// Reads `pkg:type/namespace/name@version?qualifiers#subpath`; `None` for anything else.
    pub(super) fn parse(text: &str) -> Option<Purl> {
        let rest = text.trim().strip_prefix("pkg:")?.trim_start_matches('/');
        let rest = rest.split(['?', '#']).next()?;
        let (kind, path) = rest.split_once('/')?;
        // A version is behind the last `@`, unless that one opens the namespace of an npm package.
        let path = path.trim_matches('/');
        let name = path.rsplit_once('@').map_or(path, |(name, _)| if name.is_empty() { path } else { name });
        let name = name.replace("%40", "@").replace("%2F", "/").replace("%2f", "/");
        (!kind.is_empty() && !name.is_empty()).then(|| Purl { kind: kind.to_ascii_lowercase(), name })
    }

    /// Whether what it names is a model.
    pub(super) fn is_model(&self) -> bool {
        matches!(self.kind.as_str(), "huggingface" | "mlflow")
    }

    /// The package as an asset, if it is a client of a service of the list.
    pub(super) fn client(&self, place: Where, services: &Services) -> Option<Asset> {
        let ecosystem = match self.kind.as_str() {
            "pypi" => Ecosystem::Python,
            "npm" => Ecosystem::Npm,
            "cargo" => Ecosystem::Rust,
            _ => return None,
        };
        let service = services.package(ecosystem, &self.name)?;
        Some(Asset {
            kind: AssetKind::Package,
            name: super::endpoint::shown(&self.name),
            place,
            state: State::Active,
            service: Some(service.id.clone()),
            sha256: None,
            because: format!("the bill of materials lists it; it is a client of {}", service.id),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_forms_are_read() {
        let of = |text: &str| Purl::parse(text).map(|p| (p.kind, p.name));
        let is = |kind: &str, name: &str| Some((kind.to_owned(), name.to_owned()));
        assert_eq!(of("pkg:pypi/openai@1.2.3?x=y#z"), is("pypi", "openai"));
        assert_eq!(of("pkg:npm/%40fal-ai/client@1.0.0"), is("npm", "@fal-ai/client"));
        assert_eq!(of("pkg:npm/@fal-ai/client"), is("npm", "@fal-ai/client"));
        assert_eq!(of("pkg:huggingface/Qwen/Qwen-7B@ef3c5c9"), is("huggingface", "Qwen/Qwen-7B"));
        assert_eq!(of("https://example.com"), None);
        assert_eq!(of("pkg:pypi/"), None);
    }
}

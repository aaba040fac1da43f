//! Model files: endings, metadata that names an origin, and what loading one may import.
//!
//! The data is `policies/services/artefacts.toml`.
//!
//! What would mislead: an import that looks like a library's may still run anything (`torch.os.system`), so
//! names are compared whole. Only where the table itself writes `*` does anything match.

use super::nodes::matches;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// The data as shipped.
pub(super) static SHIPPED: &str = include_str!("../../policies/services/artefacts.toml");

/// What is known of model files.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Artefacts {
    /// Date up to which the list holds, ISO.
    pub as_of: String,
    #[serde(rename = "grade")]
    _grade: String,
    endings: Vec<String>,
    metadata: Metadata,
    pickle: Pickle,
    onnx: Onnx,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    source: Vec<String>,
    license: Vec<String>,
    training: Vec<String>,
    nothing: BTreeSet<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pickle {
    usual: BTreeSet<String>,
    script: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Onnx {
    domains: BTreeSet<String>,
}

/// What a key of a model's metadata is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// Where the model comes from.
    Source,
    /// Under which licence.
    License,
    /// What it was trained with.
    Training,
}

impl Artefacts {
    /// The list that ships with the program.
    #[must_use]
    pub fn shipped() -> &'static Artefacts {
        // A test reads the shipped text; an empty list is never reached in a released binary.
        static LIST: LazyLock<Artefacts> = LazyLock::new(|| Artefacts::parse(SHIPPED).unwrap_or_default());
        &LIST
    }

    /// Reads a list.
    ///
    /// # Errors
    /// What the TOML reader says.
    pub fn parse(text: &str) -> Result<Artefacts, String> {
        toml::from_str(text).map_err(|e| e.to_string())
    }

    /// Whether a file name is one that models have.
    #[must_use]
    pub fn names_a_model(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        self.endings.iter().any(|ending| name.ends_with(ending.as_str()))
    }

    /// What an entry of a model's metadata is about, if that matters here and the value says something.
    #[must_use]
    pub fn about(&self, key: &str, value: &str) -> Option<About> {
        let value = value.trim().to_lowercase();
        if value.is_empty() || self.metadata.nothing.contains(&value) {
            return None;
        }
        let named = |list: &[String]| list.iter().any(|pattern| matches(pattern, key));
        let Metadata { source, license, training, .. } = &self.metadata;
        [(source, About::Source), (license, About::License), (training, About::Training)]
            .into_iter()
            .find_map(|(list, about)| named(list).then_some(about))
    }

    /// Whether an import, `module.name`, is one that brings no code of the file's own.
    #[must_use]
    pub fn is_usual(&self, import: &str) -> bool {
        self.pickle.usual.contains(import)
    }

    /// Whether an import names code that is interpreted from the archive itself.
    #[must_use]
    pub fn is_script(&self, import: &str) -> bool {
        self.pickle.script.iter().any(|pattern| matches(pattern, import))
    }

    /// Whether runtimes bring an ONNX operator set with them.
    #[must_use]
    pub fn knows_domain(&self, domain: &str) -> bool {
        self.onnx.domains.contains(domain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_list_is_read_and_dated() {
        let list = Artefacts::parse(SHIPPED).unwrap();
        assert_eq!(list.as_of, "2026-11-25");
        assert!(list.pickle.usual.len() > 100);
        assert!(Artefacts::parse(&format!("{SHIPPED}\nmore = 1")).is_err());
    }

    #[test]
    fn nothing_that_runs_code_is_usual() {
        let list = Artefacts::shipped();
        for import in [
            "os.system",
            "posix.system",
            "builtins.eval",
            "builtins.exec",
            "builtins.getattr",
            "__builtin__.getattr",
            "torch.os.system",
            "torch.hub.load",
            "numpy.testing._private.utils.runstring",
            "subprocess.Popen",
            "collections.OrderedDict.__init__",
        ] {
            assert!(!list.is_usual(import) && !list.is_script(import), "{import}");
        }
        assert!(list.is_usual("torch._utils._rebuild_tensor_v2"));
        assert!(list.is_script("__torch__.torch.nn.Linear"));
    }

    #[test]
    fn keys_and_endings_are_told_apart() {
        let list = Artefacts::shipped();
        assert_eq!(list.about("general.base_model.0.repo_url", "x"), Some(About::Source));
        assert_eq!(list.about("modelspec.license", "x"), Some(About::License));
        assert_eq!(list.about("ss_tag_frequency", "x"), Some(About::Training));
        assert_eq!(list.about("modelspec.author", "x"), None);
        assert_eq!((list.about("license", " Unknown"), list.about("source", "")), (None, None));
        assert!(list.names_a_model("SDXL.SafeTensors") && !list.names_a_model("safetensors.py"));
    }
}

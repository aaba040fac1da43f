//! ComfyUI node classes: which of them send something, what, and to whom.
//!
//! The data is `policies/services/comfyui.toml`; its head explains every key. Nothing in a saved workflow
//! marks a remote node, so its class name decides, and for general names the id of its pack.
//!
//! What would mislead: a vendor's word in a class name. Many vendors publish open weights whose nodes run on
//! the machine, so names match whole or by the patterns listed there, never by the vendor's word.

use crate::model::{DataKind, DataKinds};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// The data as shipped.
pub(super) static SHIPPED: &str = include_str!("../../policies/services/comfyui.toml");

/// What a node of a class does when it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// It sends.
    #[default]
    Call,
    /// It hands its inputs to the node that sends.
    Helper,
    /// It holds the endpoint for others.
    Config,
    /// It downloads.
    Fetch,
    /// It sends the whole graph to another machine.
    Queue,
    /// It runs here.
    Local,
}

/// Where a node keeps a value: position among its widgets, or name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spot {
    /// Position in `widgets_values`.
    pub widget: Option<usize>,
    /// Name of the input or widget.
    pub input: Option<String>,
}

/// A widget whose value selects among vendors and local engines.
#[derive(Debug, Clone, Deserialize)]
pub struct Choice {
    /// Name of the input or widget.
    pub input: String,
    /// Values that mean a program at the node's own endpoint.
    pub local: Vec<String>,
    /// Value to service id.
    #[serde(flatten)]
    pub services: BTreeMap<String, String>,
}

/// A widget whose value says which data the node takes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mode {
    /// Position in `widgets_values`.
    pub widget: Option<usize>,
    /// Name of the input or widget.
    pub input: Option<String>,
    /// Values with which only a prompt is sent.
    pub prompt_only: Vec<String>,
    /// Values with which only images are sent.
    pub image_only: Vec<String>,
}

/// What is known of a node class.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeClass {
    /// Name or pattern.
    pub class: String,
    /// What it does.
    #[serde(default)]
    pub role: Role,
    /// Inputs that carry a prompt.
    #[serde(default)]
    pub prompt: Vec<String>,
    /// Inputs that carry an image, a video or latents.
    #[serde(default)]
    pub image: Vec<String>,
    /// Inputs that carry a mask.
    #[serde(default)]
    pub mask: Vec<String>,
    /// Inputs that carry an embedding.
    #[serde(default)]
    pub embedding: Vec<String>,
    /// Inputs that carry something else: audio, files, models.
    #[serde(default)]
    pub other: Vec<String>,
    /// Kinds it may send, when its inputs are not listed.
    #[serde(default)]
    pub can: Vec<DataKind>,
    /// Whether it is executed even when nobody takes its result.
    #[serde(default)]
    pub output: bool,
    /// Where its endpoint is.
    pub endpoint: Option<Spot>,
    /// Where a host without scheme is.
    pub host_part: Option<Spot>,
    /// Where the model's tag is.
    pub model: Option<Spot>,
    /// Where a key may be stored in clear text.
    pub key: Option<Spot>,
    /// A boolean that means loopback.
    pub local_if: Option<Spot>,
    /// Inputs into which a config node is plugged.
    #[serde(default)]
    pub plugs: Vec<String>,
    /// A widget that selects the vendor.
    pub choice: Option<Choice>,
    /// A widget that selects the data.
    pub mode: Option<Mode>,
    /// Whether the first URL among its widgets is the endpoint when the position is not known.
    #[serde(default)]
    pub url_anywhere: bool,
    /// Service id; an empty one takes away the pack's.
    pub service: Option<String>,
    /// Host, where there is no service id.
    pub host: Option<String>,
    /// Whether no endpoint means a program on the machine.
    #[serde(default)]
    pub local_default: bool,
    /// Whether the name means nothing without the pack's id.
    #[serde(default)]
    pub own_pack: bool,
    /// Pack ids, besides the pack's own.
    #[serde(default)]
    pub packs: Vec<String>,
    /// Whether it is a guess from the form of the name.
    #[serde(default)]
    pub guess: bool,
    /// Filled in on reading: name of the partner vendor, for partner nodes.
    #[serde(skip)]
    pub partner: Option<String>,
    /// Filled in on reading: input that only the pack's own class has.
    #[serde(skip)]
    pub token_input: Option<String>,
    /// Filled in on reading: whether the pack's nodes run at the vendor's as one graph.
    #[serde(skip)]
    pub remote_graph: bool,
}

impl NodeClass {
    /// The kinds it may send.
    #[must_use]
    pub fn kinds(&self) -> DataKinds {
        let mut kinds: DataKinds = self.can.iter().copied().collect();
        for kind in DataKind::ALL {
            if !self.inputs(kind).is_empty() {
                kinds.insert(kind);
            }
        }
        kinds
    }

    /// The inputs listed for a kind.
    #[must_use]
    pub fn inputs(&self, kind: DataKind) -> &[String] {
        match kind {
            DataKind::Prompt => &self.prompt,
            DataKind::Image => &self.image,
            DataKind::Mask => &self.mask,
            DataKind::Embedding => &self.embedding,
            DataKind::Other => &self.other,
            _ => &[],
        }
    }

    fn accepts(&self, pack: &[&str], has_input: &dyn Fn(&str) -> bool) -> bool {
        let core = pack.contains(&"comfy-core");
        if self.partner.is_some() {
            return core || (pack.is_empty() && !(self.guess && self.class.starts_with('*')));
        }
        let own = pack.iter().any(|p| self.packs.iter().any(|known| known.eq_ignore_ascii_case(p)));
        own || (!core && !self.own_pack) || (!core && self.token_input.as_deref().is_some_and(has_input))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartnerBlock {
    name: String,
    vendor: Option<String>,
    nodes: Vec<NodeClass>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PackBlock {
    #[serde(rename = "id")]
    _id: String,
    service: Option<String>,
    host: Option<String>,
    #[serde(default)]
    packs: Vec<String>,
    token_input: Option<String>,
    #[serde(default)]
    remote_graph: bool,
    #[serde(default)]
    local_default: bool,
    nodes: Vec<NodeClass>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    as_of: String,
    #[serde(rename = "grade")]
    _grade: String,
    outputs: Vec<String>,
    output_words: Vec<String>,
    #[serde(rename = "virtual")]
    virtual_nodes: Vec<String>,
    relay: Vec<String>,
    text: Vec<String>,
    blank: Vec<String>,
    core: BTreeSet<String>,
    usual: BTreeMap<DataKind, Vec<String>>,
    partner: Vec<PartnerBlock>,
    pack: Vec<PackBlock>,
}

/// Every node class that is known.
#[derive(Debug, Default)]
pub struct NodeClasses {
    /// Date up to which the list holds, ISO.
    pub as_of: String,
    classes: Vec<NodeClass>,
    exact: BTreeMap<String, Vec<usize>>,
    patterns: Vec<usize>,
    outputs: Vec<String>,
    output_words: Vec<String>,
    virtual_nodes: Vec<String>,
    relay: Vec<String>,
    text: Vec<String>,
    blank: Vec<String>,
    core: BTreeSet<String>,
    usual: BTreeMap<DataKind, Vec<String>>,
}

impl NodeClasses {
    /// The list that ships with the program.
    #[must_use]
    pub fn shipped() -> &'static NodeClasses {
        // A test reads the shipped text; an empty list is never reached in a released binary.
        static LIST: LazyLock<NodeClasses> =
            LazyLock::new(|| NodeClasses::parse(SHIPPED).unwrap_or_default());
        &LIST
    }

    /// Reads a list.
    ///
    /// # Errors
    /// What the TOML reader says.
    pub fn parse(text: &str) -> Result<NodeClasses, String> {
        let document: Document = toml::from_str(text).map_err(|e| e.to_string())?;
        let mut list = NodeClasses {
            as_of: document.as_of,
            outputs: document.outputs,
            output_words: document.output_words,
            virtual_nodes: document.virtual_nodes,
            relay: document.relay,
            text: document.text,
            blank: document.blank,
            core: document.core,
            usual: document.usual,
            ..NodeClasses::default()
        };
        for block in document.partner {
            for mut class in block.nodes {
                class.partner = Some(block.name.clone());
                class.service = block.vendor.clone();
                list.add(class);
            }
        }
        for block in document.pack {
            for mut class in block.nodes {
                class.packs.extend(block.packs.iter().cloned());
                class.token_input = block.token_input.clone();
                class.remote_graph = block.remote_graph;
                class.local_default |= block.local_default;
                if class.host.is_none() && class.service.is_none() {
                    class.host = block.host.clone();
                }
                let service = class.service.take().or_else(|| block.service.clone());
                class.service = service.filter(|s| !s.is_empty());
                list.add(class);
            }
        }
        let length = |i: &usize| list.classes.get(*i).map_or(0, |c| c.class.len());
        let mut patterns = std::mem::take(&mut list.patterns);
        patterns.sort_by_key(|i| std::cmp::Reverse(length(i)));
        list.patterns = patterns;
        Ok(list)
    }

    fn add(&mut self, class: NodeClass) {
        let index = self.classes.len();
        if class.class.contains(['*', '?']) {
            self.patterns.push(index);
        } else {
            self.exact.entry(class.class.clone()).or_default().push(index);
        }
        self.classes.push(class);
    }

    /// Every class and pattern, in the order of the data.
    #[must_use]
    pub fn all(&self) -> &[NodeClass] {
        &self.classes
    }

    /// What is known of a class, given the pack ids its node states and the inputs it has.
    #[must_use]
    pub fn find(&self, class: &str, pack: &[&str], has_input: &dyn Fn(&str) -> bool) -> Option<&NodeClass> {
        let named = self.exact.get(class).into_iter().flatten().filter_map(|i| self.classes.get(*i));
        // A pack that is named, or its token input, beats the partner node of the same name.
        let mut partner = None;
        for known in named {
            if known.accepts(pack, has_input) {
                if known.partner.is_none() {
                    return Some(known);
                }
                partner = partner.or(Some(known));
            }
        }
        if partner.is_some() || self.core.contains(class) {
            return partner;
        }
        let found = self
            .patterns
            .iter()
            .filter_map(|i| self.classes.get(*i))
            .find(|known| matches(&known.class, class) && known.accepts(pack, has_input));
        // The pack is the file's word: to claim ComfyUI's own hides no class that is not ComfyUI's.
        if found.is_none() && pack.contains(&"comfy-core") { self.find(class, &[], has_input) } else { found }
    }

    /// Whether ComfyUI ships the class and runs it on the machine.
    #[must_use]
    pub fn is_core(&self, class: &str) -> bool {
        self.core.contains(class) || self.is_output(class)
    }

    /// Whether it is a listed output node.
    #[must_use]
    pub fn is_output(&self, class: &str) -> bool {
        self.outputs.iter().any(|o| o == class)
    }

    /// Whether the name of a custom node says that it shows, stores or sends.
    #[must_use]
    pub fn sounds_like_output(&self, class: &str) -> bool {
        let class = class.to_lowercase();
        self.output_words.iter().any(|word| class.contains(word.as_str()))
    }

    /// Whether it exists in the editor only.
    #[must_use]
    pub fn is_virtual(&self, class: &str) -> bool {
        any(&self.virtual_nodes, class)
    }

    /// Whether it passes its input on unchanged.
    #[must_use]
    pub fn is_relay(&self, class: &str) -> bool {
        any(&self.relay, class)
    }

    /// Whether it holds a text the user typed.
    #[must_use]
    pub fn is_text(&self, class: &str) -> bool {
        any(&self.text, class)
    }

    /// Whether what comes out of it is nobody's picture.
    #[must_use]
    pub fn is_blank(&self, class: &str) -> bool {
        any(&self.blank, class)
    }

    /// The kind that an input of this name usually carries.
    #[must_use]
    pub fn usual(&self, input: &str) -> Option<DataKind> {
        self.usual.iter().find(|(_, names)| names.iter().any(|n| same_input(n, input))).map(|(k, _)| *k)
    }
}

fn any(patterns: &[String], class: &str) -> bool {
    patterns.iter().any(|p| matches(p, class))
}

/// Whether an input goes by a listed name: `images.image_3` and `image2` go by `image`.
#[must_use]
pub fn same_input(listed: &str, input: &str) -> bool {
    let bare = |part: &str| {
        let part = part.to_lowercase();
        let cut = part.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches(['_', ' ']);
        if cut.is_empty() { part } else { cut.to_owned() }
    };
    let listed_bare = bare(listed);
    input.eq_ignore_ascii_case(listed) || input.split('.').any(|part| bare(part) == listed_bare)
}

/// Glob with `*` (any run) and `?` (one byte), case-sensitive; at most the product of both lengths in steps.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (p, t) = (pattern.as_bytes(), text.as_bytes());
    let (mut i, mut j, mut star) = (0, 0, None);
    while j < t.len() {
        match p.get(i) {
            Some(b'*') => {
                star = Some((i, j));
                i += 1;
            }
            Some(c) if *c == b'?' || Some(c) == t.get(j) => {
                i += 1;
                j += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    i = at + 1;
                    j = from + 1;
                }
                None => return false,
            },
        }
    }
    p.iter().skip(i).all(|c| *c == b'*')
}

#[cfg(test)]
mod tests;

//! Helm charts: `values.yaml`, and templates, of which nothing can be said until they are filled in.
//!
//! Format: Helm 3. Values are free: a chart's templates decide what they mean. What is read is what charts have in
//! common: images, variables in the two usual forms, replicas, the type of a service, an ingress.

use super::document::Node;
use super::variables::{Found, Program, Sibling, Variable};
use super::{Context, File, Importer};
use crate::model::data::Certainty;
use crate::model::inventory::{FileInventory, State, Verdict, Where};

pub(super) struct Helm;

pub(super) static IMPORTER: Helm = Helm;

/// Kinds of object that start programs.
const WORKLOADS: [&str; 8] =
    ["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod", "ReplicaSet", "RayService"];
/// Keys by which the values of a chart are recognised.
const USUAL: [&str; 14] = [
    "replicaCount",
    "image",
    "service",
    "ingress",
    "resources",
    "nodeSelector",
    "tolerations",
    "affinity",
    "fullnameOverride",
    "nameOverride",
    "serviceAccount",
    "autoscaling",
    "podAnnotations",
    "imagePullSecrets",
];

impl Importer for Helm {
    fn id(&self) -> &'static str {
        "helm"
    }

    fn about(&self) -> &'static str {
        "Helm: values of a chart, and templates that are not filled in"
    }

    fn doc(&self) -> &'static str {
        "Recognised by content: YAML with three of the keys that charts usually have (`replicaCount`, `image`, \
         `service`, `ingress`, `resources` and so on), or two where the name begins with `values`; a text with \
         `apiVersion`, `kind` and `{{ }}` that is not YAML as it stands; `Chart.yaml`.\n\n\
         Of values, images and variables are read, and the latter judged together. A template of a workload is \
         `undetermined`: render the chart (`helm template`) and have the result read. A `Chart.yaml` says what \
         other charts are used."
    }

    fn import(&self, file: &File<'_>, context: &Context<'_>) -> Option<FileInventory> {
        if file.holds("{{") && file.holds("apiVersion") && file.holds("kind:") {
            return template(file);
        }
        let named = file.name().starts_with("values") || file.path.contains("/values");
        let hint = USUAL.iter().filter(|key| file.holds(key)).count();
        let chart = file.holds("apiVersion: v") && file.holds("\nname:") && file.holds("version:");
        if !chart && hint < if named { 2 } else { 3 } {
            return None;
        }
        let (documents, problem) = file.yaml()?;
        let root = documents.first()?;
        if chart
            && root.get("kind").is_none()
            && root.get("name").is_some()
            && root.get("apiVersion").is_some()
        {
            return Some(self::chart(root, file.path));
        }
        let known = USUAL.iter().filter(|key| root.get(key).is_some()).count();
        if root.get("kind").is_some() || root.get("services").is_some() || known < if named { 2 } else { 3 } {
            return None;
        }
        let mut found = Found::new(file.path, context);
        if let Some(problem) = problem {
            found.partial = true;
            found.notes.push(problem.note());
        }
        values(root, &mut found);
        Some(found.finish(self.id()))
    }
}

/// A template that is not YAML as it stands.
fn template(file: &File<'_>) -> Option<FileInventory> {
    file.yaml()?.1.as_ref()?;
    let kinds = file.text()?.lines().filter_map(|line| line.strip_prefix("kind:")).map(str::trim);
    let starts = kinds.clone().any(|kind| WORKLOADS.contains(&kind) || kind.contains("{{"));
    // Nothing but a template names a kind at the beginning of a line and is still no YAML.
    kinds.into_iter().next()?;
    let mut inventory = FileInventory::new(file.path, IMPORTER.id());
    inventory.verdict = if starts { Verdict::Undetermined } else { Verdict::NoEvidence };
    inventory.notes.push("a template: it is not YAML until it is filled in (`helm template`)".to_owned());
    Some(inventory)
}

fn chart(root: &Node, path: &str) -> FileInventory {
    let mut inventory = FileInventory::new(path, IMPORTER.id());
    inventory.verdict = Verdict::NoEvidence;
    for dependency in root.get("dependencies").map(Node::items).unwrap_or_default() {
        if let Some(name) = dependency.text_of("name") {
            let name = super::endpoint::shown(name);
            inventory.notes.push(format!("it uses the chart `{name}`, which is not read"));
        }
    }
    inventory
}

fn values(root: &Node, found: &mut Found<'_>) {
    let zero = root.get("replicaCount").and_then(Node::word).is_some_and(|w| w == "0");
    let state = if zero { State::Inactive } else { State::Active };
    let mut gathered = Gathered::default();
    gather(root, "", &mut gathered);
    let path = found.path;
    for (reference, line, inside) in gathered.images {
        found.image("", state, &reference, Where::key(path, line, inside));
    }
    for (programs, pairs) in gathered.programs {
        let variables: Vec<Variable> = pairs
            .into_iter()
            .map(|(name, value, line)| {
                let place = Where::key(path, line, format!("{programs}.{name}"));
                // A value may hold a template of its own.
                let value = value.replace('$', "$$");
                Variable::read(&name, &value, place, &|_| None)
            })
            .collect();
        found.program(&Program { name: "", state, runs: true, variables: &variables, siblings: &in_cluster });
        if state == State::Active {
            found.export(&variables, Certainty::Possible);
        }
    }
    let kind = root.at(&["service", "type"]);
    if let Some(text @ ("LoadBalancer" | "NodePort")) = kind.and_then(Node::text) {
        let place = Where::key(path, kind.map_or(1, |k| k.line), "service.type");
        found.listener(text, state, place, "others reach it from outside the cluster");
    }
    if let Some(enabled) = root.at(&["ingress", "enabled"]).filter(|e| e.bool() == Some(true)) {
        let place = Where::key(path, enabled.line, "ingress.enabled");
        found.listener("ingress", state, place, "it takes requests from outside the cluster");
    }
}

/// In a cluster a name without a dot is one of the cluster.
fn in_cluster(host: &str) -> Option<Sibling> {
    let inside = host.ends_with(".svc") || host.ends_with(".cluster.local");
    let bare = !host.contains(['.', ':']) && host != "localhost";
    (inside || bare).then(|| Sibling::Inside("a name of the cluster".to_owned()))
}

/// Name, value and line of a variable.
type Pair = (String, String, u64);

/// Images, and groups of variables with the key that holds them.
#[derive(Default)]
struct Gathered {
    images: Vec<(String, u64, String)>,
    programs: Vec<(String, Vec<Pair>)>,
}

/// The depth of the tree is bounded where it was read.
fn gather(node: &Node, inside: &str, out: &mut Gathered) {
    if let Some(repository) = node.text_of("repository").filter(|r| !r.contains("://")) {
        let registry = node.text_of("registry").map(|r| format!("{r}/")).unwrap_or_default();
        out.images.push((format!("{registry}{repository}"), node.line, inside.to_owned()));
    }
    let capital = |name: &str| {
        name.len() > 2 && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    };
    let mut own: Vec<Pair> = Vec::new();
    for (key, value) in node.entries() {
        match value.word() {
            Some(word) if capital(&key.text) => own.push((key.text.clone(), word, value.line)),
            Some(word) if key.text == "image" => out.images.push((word, value.line, inside.to_owned())),
            _ => {
                let path =
                    if inside.is_empty() { key.text.clone() } else { format!("{inside}.{}", key.text) };
                gather(value, &path, out);
            }
        }
    }
    for item in node.items() {
        match (item.text_of("name"), item.get("value").and_then(Node::word)) {
            (Some(name), Some(value)) if capital(name) => own.push((name.to_owned(), value, item.line)),
            _ => gather(item, inside, out),
        }
    }
    if !own.is_empty() {
        out.programs.push((inside.to_owned(), own));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assets, operations, read as import};
    use super::*;

    #[test]
    fn values_are_read_in_both_forms_of_variables() {
        let text = "replicaCount: 1\nimage:\n  repository: ghcr.io/open-webui/open-webui\n  tag: main\nservice: {type: LoadBalancer}\nenv:\n  OPENAI_BASE_URL: https://api.openai.com/v1\nextraEnv:\n- name: COMFYUI_BASE_URL\n  value: http://comfyui:8188\n";
        let inventory = import(&IMPORTER, "values.yaml", text).unwrap();
        assert_eq!(
            operations(&inventory),
            ["OPENAI_BASE_URL 7 prompt remote openai", "COMFYUI_BASE_URL 9 prompt local comfyui"]
        );
        assert_eq!(assets(&inventory), ["LoadBalancer 5"]);
        let none = text.replace("replicaCount: 1", "replicaCount: 0");
        assert_eq!(import(&IMPORTER, "values.yaml", &none).unwrap().verdict.name(), "inactive");
    }

    #[test]
    fn a_template_is_said_to_be_one() {
        let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ .Values.name }}\n{{- if .x }}\nspec: 1\n{{- end }}\n";
        let inventory = import(&IMPORTER, "templates/d.yaml", text).unwrap();
        assert_eq!(inventory.verdict.name(), "undetermined");
        let service = text.replace("Deployment", "Service");
        assert_eq!(import(&IMPORTER, "templates/s.yaml", &service).unwrap().verdict.name(), "no-evidence");
    }

    #[test]
    fn other_yaml_is_none() {
        assert!(import(&IMPORTER, "x.yaml", "image: a\nservice: b\n").is_none());
        assert!(import(&IMPORTER, "values.yaml", "a: 1\n").is_none());
        assert!(import(&IMPORTER, "Chart.yaml", "apiVersion: v2\nname: x\nversion: 1\n").is_some());
    }
}

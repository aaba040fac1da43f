//! The first project file, written from what was found: what only a person knows says `REQUIRED`.
//!
//! A draft does not load until every `REQUIRED` is replaced, so that nobody audits a boundary, an owner
//! or an observation point that a program made up.

use crate::model::project::{PointKind, Role};
use crate::model::text::visible;
use std::fmt::Write;

/// What was found before anything was declared.
#[derive(Debug, Clone, Default)]
pub struct InitFacts {
    /// Name for the project, for example that of its directory.
    pub name: String,
    /// Ids of the policies to hold it to; `baseline` if there are none.
    pub policies: Vec<String>,
    /// Components that the project's files suggest; without any, one blank generator is drafted.
    pub components: Vec<InitComponent>,
    /// Downloads that the files ask for: service or host, and the places that say so.
    pub downloads: Vec<(String, Vec<String>)>,
    /// Traffic logs, relative to the project file.
    pub logs: Vec<InitLog>,
}

/// A component that files suggest.
#[derive(Debug, Clone)]
pub struct InitComponent {
    /// Its id.
    pub id: String,
    /// What it does.
    pub role: Role,
    /// Names that files give it, each with its place: printed as a hint, for logs may call it otherwise.
    pub names: Vec<(String, String)>,
    /// Files that describe it, relative to the project file, or patterns of them.
    pub files: Vec<String>,
    /// What its files do, one line each with the place, printed as comments.
    pub steps: Vec<String>,
}

/// A traffic log that was found.
#[derive(Debug, Clone)]
pub struct InitLog {
    /// Path or pattern.
    pub files: String,
    /// Kind of observation point that writes such logs, if only one does.
    pub kind: Option<PointKind>,
    /// What the logs hold, one line each, printed as comments above the source.
    pub seen: Vec<String>,
}

/// The text of a project file to start from.
#[must_use]
pub fn draft(facts: &InitFacts) -> String {
    let mut text = String::from(
        "# What is declared local, what generates images, and where its traffic is logged.\n\
         # Replace every REQUIRED; the file does not load before that.\n\n",
    );
    let baseline = ["baseline".to_owned()];
    let policies = if facts.policies.is_empty() { baseline.as_slice() } else { &facts.policies };
    let mut add = |line: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{line}");
    };
    add("[project]");
    add(&format!("name = {}", quoted(if facts.name.trim().is_empty() { "REQUIRED" } else { &facts.name })));
    add("owner = \"REQUIRED\"                     # who answers for the project");
    add(&format!("policies = {}", list(policies)));
    add("assessment = \"self\"                    # self | internal | third-party: printed on page one");
    add("period = { last = \"24h\" }");
    add("\n# What is not declared here is outside.\n[boundary]");
    add("networks = [{ cidr = \"REQUIRED\" }]      # for example \"10.20.0.0/24\"");
    let blank = [InitComponent {
        id: "generator".to_owned(),
        role: Role::Generator,
        names: Vec::new(),
        files: Vec::new(),
        steps: Vec::new(),
    }];
    let components = if facts.components.is_empty() { blank.as_slice() } else { &facts.components };
    for component in components {
        self::component(component, &mut add);
    }
    downloads(facts, components, &mut add);
    if facts.logs.is_empty() {
        add("\n# No traffic log was found: without one, only the declaration can be examined.");
    }
    for (i, log) in facts.logs.iter().enumerate() {
        let kind = log.kind.map_or("REQUIRED", PointKind::name);
        add("");
        for line in &log.seen {
            add(&format!("# {}", visible(line)));
        }
        add(&format!("[[source]]\nid = \"log-{}\"", i + 1));
        add(&format!("files = {}", list(std::slice::from_ref(&log.files))));
        let observed = components.iter().filter(|c| c.role != Role::Forwarder).map(|c| c.id.clone());
        let observed = list(&observed.collect::<Vec<_>>());
        add(&format!("point = {{ kind = \"{kind}\", observes = {observed} }}"));
        add("# If the firewall lets nothing around this point, say so and name the file that shows it:");
        add("# bypass = { direct_egress = \"denied\", evidence = \"fw/nftables.rules\" }");
        add("# A request on a schedule tells a quiet machine from a dead sensor:");
        add("# heartbeat = { url = \"http://hb.domicile.invalid/generator\", every = \"10m\" }");
        add("custody = { collector = \"REQUIRED\", method = \"read in place\" }");
    }
    text
}

/// A component with what its files say, as comments.
fn component(component: &InitComponent, add: &mut impl FnMut(&str)) {
    add("");
    if !component.steps.is_empty() {
        add(&format!("# What the files of {} do:", visible(&component.id)));
    }
    for step in &component.steps {
        add(&format!("#   {}", visible(step)));
    }
    add(&format!("[[component]]\nid = {}\nrole = \"{}\"", quoted(&component.id), component.role.name()));
    add("hosts = [\"REQUIRED\"]                   # as the logs name it: an address or a host name");
    for (name, place) in &component.names {
        add(&format!("# {} calls it `{}`", visible(place), visible(name)));
    }
    if !component.files.is_empty() {
        add(&format!("files = {}", list(&component.files)));
    }
}

/// Downloads as expected egress to approve: comments, for nobody has approved anything yet.
fn downloads(facts: &InitFacts, components: &[InitComponent], add: &mut impl FnMut(&str)) {
    if facts.downloads.is_empty() {
        return;
    }
    let from: Vec<String> = components.iter().map(|c| c.id.clone()).collect();
    add("\n# Downloads that the files ask for. Approve them by name, or keep the weights inside:");
    for (to, places) in &facts.downloads {
        add(&format!(
            "# {}: {}",
            visible(to),
            places.iter().map(|p| visible(p)).collect::<Vec<_>>().join(", ")
        ));
    }
    let to: Vec<String> = facts.downloads.iter().map(|(to, _)| to.clone()).collect();
    add(&format!(
        "# [[expected]]\n# id = \"downloads\"\n# from = {}\n# to = {}\n# carries = \"fetch-only\"\n\
         # limit = {{ bytes_out_per_day = \"20MB\" }}\n# need = \"REQUIRED\"\n\
         # approval = {{ owner = \"REQUIRED\", by = \"REQUIRED\", review_by = REQUIRED }}",
        list(&from),
        list(&to)
    ));
}

fn list(items: &[String]) -> String {
    format!("[{}]", items.iter().map(|item| quoted(item)).collect::<Vec<_>>().join(", "))
}

/// A TOML basic string.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::diagnostic::{Diagnostics, SourceText};
    use crate::policy::load_project;

    fn facts() -> InitFacts {
        InitFacts {
            name: "clinic \"a\\b\"\u{1b}\n".to_owned(),
            policies: vec!["healthcare".to_owned()],
            components: vec![InitComponent {
                id: "comfyui".to_owned(),
                role: Role::Generator,
                names: vec![("comfy\u{1b}".to_owned(), "compose.yaml:3".to_owned())],
                files: vec!["workflows/a b.json".to_owned()],
                steps: vec!["workflows/a b.json:8 sends prompt\nto openai".to_owned()],
            }],
            downloads: vec![("huggingface-hub".to_owned(), vec!["run.py:3".to_owned()])],
            logs: vec![
                InitLog {
                    files: "logs/access.log*".to_owned(),
                    kind: Some(PointKind::ExplicitProxy),
                    seen: vec!["10 records\n[x]".to_owned()],
                },
                InitLog { files: "logs/other.log".to_owned(), kind: None, seen: Vec::new() },
            ],
        }
    }

    #[test]
    fn a_draft_does_not_load_until_it_is_filled_in() {
        let text = draft(&facts());
        let mut out = Diagnostics::default();
        assert!(load_project(&SourceText::new("domicile.toml", text.as_str()), &mut out).is_none());
        // The owner, the network, the host, the second log's kind, and the collector of each log.
        let places: Vec<_> = out.list.iter().filter_map(|d| Some(d.at.as_ref()?.0.clone())).collect();
        assert!(places.iter().all(|p| text.get(p.span.clone()) == Some("\"REQUIRED\"")), "{:?}", out.list);
        assert_eq!(places.len(), 6, "{:?}", out.list);
    }

    #[test]
    fn a_draft_loads_once_filled_in_and_keeps_every_name() {
        let facts = facts();
        let text = draft(&facts)
            .replace("cidr = \"REQUIRED\"", "cidr = \"10.20.0.0/24\"")
            .replace("hosts = [\"REQUIRED\"]", "hosts = [\"10.20.0.5\"]")
            .replace("kind = \"REQUIRED\"", "kind = \"gateway\"")
            .replace("\"REQUIRED\"", "\"ops@clinic.example\"");
        let mut out = Diagnostics::default();
        let project = load_project(&SourceText::new("domicile.toml", text), &mut out).unwrap();
        assert!(out.list.is_empty(), "{:?}", out.list);
        assert_eq!(project.name, facts.name);
        assert_eq!(project.sources.len(), 2);
        assert_eq!(project.components[0].files[0].0, facts.components[0].files[0]);
        assert_eq!(project.sources[0].observes, ["comfyui"]);
    }
}

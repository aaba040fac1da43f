//! The reference page: everything that an inventory recognises, made from the tables it recognises it by.

use super::IMPORTERS;
use crate::model::DataKinds;
use crate::services::environment::{Effect, Environment, ImageRole};
use crate::services::nodes::{NodeClass, NodeClasses, Role};
use crate::services::programs::{CallRole, FlagRole, Program, Programs};
use crate::services::sdks::{self, Language, Sdks};
use crate::services::settings::AllSettings;
use crate::services::{Ecosystem, Services};
use std::collections::BTreeSet;
use std::fmt::Write;

/// The page, in Markdown.
#[must_use]
pub fn reference(services: &Services) -> String {
    let mut page = Page(String::from(
        "# What the inventory recognises\n\n\
         Made from the tables in `policies/services/` and from the importers by `domicile list reference`; not \
         edited by hand.\n",
    ));
    kinds(&mut page);
    nodes(&mut page);
    packages(&mut page, services);
    variables(&mut page, services);
    images(&mut page);
    programs(&mut page);
    settings(&mut page);
    code_libraries(&mut page);
    page.0
}

struct Page(String);

impl Page {
    fn heading(&mut self, title: &str, about: &str, columns: &[&str]) {
        let rule = "---|".repeat(columns.len());
        // Writing to a string cannot fail.
        let _ = write!(self.0, "\n## {title}\n\n{about}\n\n| {} |\n|{rule}\n", columns.join(" | "));
    }

    fn row(&mut self, cells: &[&str]) {
        let cells: Vec<String> = cells.iter().map(|c| c.replace('|', "\\|")).collect();
        let _ = writeln!(self.0, "| {} |", cells.join(" | "));
    }
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

fn codes(list: &[String]) -> String {
    list.iter().map(|t| code(t)).collect::<Vec<_>>().join(", ")
}

fn sent(kinds: DataKinds) -> String {
    if kinds.is_empty() { String::new() } else { kinds.to_string() }
}

fn kinds(page: &mut Page) {
    let about =
        "In the order in which they are asked; `domicile explain ID` says how each recognises a file.";
    page.heading("File kinds", about, &["id", "what it reads"]);
    for importer in IMPORTERS {
        page.row(&[&code(importer.id()), importer.about()]);
    }
}

fn nodes(page: &mut Page) {
    let classes = NodeClasses::shipped();
    let about =
        format!("As of {}. `*` stands for anything. What is not listed runs on the machine.", classes.as_of);
    page.heading("ComfyUI node classes", &about, &["class", "what it does", "to whom", "may send"]);
    let mut all: Vec<&NodeClass> = classes.all().iter().collect();
    all.sort_by(|a, b| (&a.class, &a.partner, &a.service).cmp(&(&b.class, &b.partner, &b.service)));
    for class in all {
        let does = match class.role {
            Role::Call => "sends",
            Role::Helper => "hands on to the node that sends",
            Role::Config => "holds the endpoint",
            Role::Fetch => "downloads",
            Role::Queue => "sends the whole graph",
            Role::Local => "runs here",
        };
        let whom = match (&class.partner, &class.service, &class.host) {
            (Some(vendor), ..) => format!("Comfy Org, then {vendor}"),
            (None, Some(service), _) => service.clone(),
            (None, None, Some(host)) => host.clone(),
            (None, None, None) if class.local_default => "the machine, unless an address is given".to_owned(),
            (None, None, None) => String::new(),
        };
        page.row(&[&code(&class.class), does, &whom, &sent(class.kinds())]);
    }
}

fn packages(page: &mut Page, services: &Services) {
    let about = "Clients of hosted services; names of Python packages in the form of PEP 503.";
    page.heading("Packages", about, &["package", "ecosystem", "service"]);
    for (ecosystem, name, service) in services.packages() {
        let ecosystem = match ecosystem {
            Ecosystem::Python => "Python",
            Ecosystem::Npm => "npm",
            Ecosystem::Rust => "Rust",
        };
        page.row(&[&code(name), ecosystem, &service.id]);
    }
    let environment = Environment::shipped();
    let about = "Packages that run models here, or that go both ways and prove nothing by being there.";
    page.heading("Other packages", about, &["package", "what it is"]);
    for (name, role) in environment.packages() {
        page.row(&[&code(name), &role]);
    }
}

fn variables(page: &mut Page, services: &Services) {
    let environment = Environment::shipped();
    let about = "Where a program sends its requests. Empty means what stands in the last column.";
    page.heading("Variables that hold an address", about, &["variable", "carries", "without it"]);
    for endpoint in environment.endpoints() {
        let carries = if endpoint.fetch { "downloads".to_owned() } else { sent(endpoint.sends) };
        let vendor = endpoint.vendor.as_deref().unwrap_or("undetermined");
        page.row(&[&codes(&endpoint.variables), &carries, vendor]);
    }
    let about = "What selects among engines: only the address of the engine that is chosen counts.";
    page.heading("Variables that select", about, &["variable", "switched on by", "default", "values"]);
    for engine in environment.engines() {
        let values: Vec<String> = engine.choices.iter().map(|c| c.value.clone()).collect();
        page.row(&[&code(&engine.selector), &code(&engine.switch), &engine.default, &codes(&values)]);
    }
    let about = "Variables that switch something when they have one of the values.";
    page.heading("Switches", about, &["variable", "values", "effect", "service"]);
    for switch in environment.switches() {
        let effect = match switch.effect {
            Effect::Offline => "no downloads",
            Effect::Quiet => "no usage data",
            Effect::Relay => "a third party stands between",
            Effect::Trace => "traces are sent",
            Effect::NoRemoteCode => "no code from elsewhere",
        };
        let service = switch.service.as_deref().unwrap_or_default();
        page.row(&[&codes(&switch.variables), &codes(&switch.values), effect, service]);
    }
    let about = "Variables of hosted services: credentials, and what else belongs to a service.";
    page.heading("Variables of services", about, &["variable", "service"]);
    for (name, service) in services.variables() {
        page.row(&[&code(name), &service.id]);
    }
}

fn images(page: &mut Page) {
    let about = "By the last part of the name, without registry and tag.";
    page.heading("Container images", about, &["image", "what it does", "service"]);
    for image in Environment::shipped().images() {
        let does = match image.role {
            ImageRole::Local => "runs here",
            ImageRole::Tunnel => "makes the machine reachable through a third party",
            ImageRole::Gateway => "passes requests on, as its configuration says",
            ImageRole::Update => "fetches other images",
        };
        page.row(&[&codes(&image.names), does, image.service.as_deref().unwrap_or_default()]);
    }
}

fn programs(page: &mut Page) {
    let programs = Programs::shipped();
    let about = format!("As of {}. Commands and flags, wherever a command line is met.", programs.as_of);
    page.heading("Programs and flags", &about, &["program", "flag or command", "what it means"]);
    let mut all: Vec<&Program> = programs.program.iter().collect();
    all.sort_by(|a, b| a.id.cmp(&b.id));
    for program in all {
        for flag in &program.flags {
            page.row(&[&program.name, &codes(&flag.names), &meaning(flag.does, &flag.because)]);
        }
        for call in &program.calls {
            let words =
                if call.words.is_empty() { program.commands.clone() } else { vec![call.words.join(" ")] };
            let does = match call.does {
                CallRole::Copy => "copies to a place that its name decides",
                CallRole::Http => "asks or sends, as its options decide",
                CallRole::Relay => "a third party stands between",
                CallRole::Send => "sends",
                CallRole::Fetch => "downloads",
                CallRole::Packages => "installs packages",
                CallRole::Telemetry => "switches usage data on",
                CallRole::Quiet => "switches usage data off",
            };
            page.row(&[&program.name, &codes(&words), &because(does, &call.because)]);
        }
    }
}

fn settings(page: &mut Page) {
    let Some(all) = AllSettings::shipped() else { return };
    let about = format!("As of {}. Keys of configuration files of image programs.", all.as_of);
    page.heading("Settings", &about, &["program", "key", "what it means"]);
    for program in &all.program {
        for entry in &program.keys {
            page.row(&[&program.id, &codes(&entry.names), &entry.because]);
        }
    }
}

fn code_libraries(page: &mut Page) {
    let sdks = Sdks::shipped();
    let about = format!(
        "As of {}. Calls in Python and in JavaScript or TypeScript, by the names under which a package is imported.",
        sdks.as_of
    );
    let columns =
        ["package", "language", "imported as", "to whom", "address by", "calls that send or download"];
    page.heading("Client libraries", &about, &columns);
    for package in sdks.packages() {
        let language = match package.language {
            Language::Python => "Python",
            Language::Javascript => "JavaScript",
        };
        let clients = || package.client.iter();
        let services: BTreeSet<&str> =
            clients().filter_map(|c| c.service.as_deref()).chain(package.service.as_deref()).collect();
        let addresses: BTreeSet<&String> =
            clients().flat_map(|c| c.address.iter().chain(&c.variables)).collect();
        let lists: BTreeSet<&str> = clients().map(|c| c.calls.as_str()).filter(|c| !c.is_empty()).collect();
        let words = |list: Vec<&str>| list.join(", ");
        page.row(&[
            &code(&package.name),
            language,
            &codes(&package.imports),
            &words(services.into_iter().collect()),
            &addresses.into_iter().map(|a| code(a)).collect::<Vec<_>>().join(", "),
            &words(lists.into_iter().collect()),
        ]);
    }
    page.heading(
        "Calls of client libraries",
        "Lists that the table above names.",
        &["list", "calls", "what leaves"],
    );
    for (list, calls) in sdks.lists() {
        for call in calls {
            let does = match call.role {
                sdks::Role::Fetch => "downloads".to_owned(),
                sdks::Role::Serve => "listens".to_owned(),
                sdks::Role::Http => "as address, method and body say".to_owned(),
                sdks::Role::Command => "runs a command line".to_owned(),
                sdks::Role::Send => call.sends.union(call.may).to_string(),
            };
            let named: Vec<String> = call.paths.iter().filter(|p| !p.is_empty()).cloned().collect();
            page.row(&[list, &codes(&named), &does]);
        }
    }
}

fn meaning(does: FlagRole, because: &str) -> String {
    let does = match does {
        FlagRole::Relay => "a third party stands between",
        FlagRole::Listen => "takes requests from other machines",
        FlagRole::Serve => "adds an interface",
        FlagRole::Guard => "keeps data in",
        FlagRole::Quiet => "no usage data",
        FlagRole::RemoteCode => "runs code from elsewhere",
        FlagRole::Send => "sends",
        FlagRole::Fetch => "downloads",
        FlagRole::Endpoint => "says where remote steps go",
        FlagRole::Note => "to be known",
    };
    self::because(does, because)
}

fn because(does: &str, why: &str) -> String {
    if why.is_empty() { does.to_owned() } else { format!("{does}: {why}") }
}

//! Unit files of systemd: what a service starts, with what, and what it may reach.
//!
//! Format: systemd.unit(5), systemd.service(5), systemd.exec(5), systemd.resource-control(5). Files that
//! `EnvironmentFile=` names are read for themselves.

use super::invocation::Invocation;
use super::variables::{Found, Program, Set, Variable, no_siblings, not_utf8};
use super::{Context, File, Importer};
use crate::model::data::Certainty;
use crate::model::inventory::{FileInventory, State, Where};

pub(super) struct Systemd;

pub(super) static IMPORTER: Systemd = Systemd;

impl Importer for Systemd {
    fn id(&self) -> &'static str {
        "systemd"
    }

    fn about(&self) -> &'static str {
        "unit files of systemd: commands, variables, limits of the network"
    }

    fn doc(&self) -> &'static str {
        "Recognised by content: a section `[Service]` with `ExecStart=`, or `[Container]` with `Image=` (Quadlet).\n\n\
         `Environment=` is judged as the variables of one program, `ExecStart=` and its like as commands. \
         `IPAddressDeny=any` and `PrivateNetwork=yes` are guards, the former with what `IPAddressAllow=` excepts."
    }

    fn import(&self, file: &File<'_>, context: &Context<'_>) -> Option<FileInventory> {
        let service = file.holds("[Service]") && file.holds("Exec");
        let container = file.holds("[Container]") && file.holds("Image=");
        if !service && !container {
            return None;
        }
        let section = if service { "[Service]" } else { "[Container]" };
        if let Some(unread) = not_utf8(file, self.id(), &[section]) {
            return Some(unread);
        }
        let entries = read(file.text()?)?;
        let allowed: Vec<&str> =
            entries.iter().filter(|e| e.key == "IPAddressAllow").map(|e| e.value.as_str()).collect();
        let open = allowed.iter().any(|a| a.split_whitespace().any(|w| w == "any" || w.ends_with("/0")));
        let ours = |e: &&Entry<'_>| matches!(e.section, "Service" | "Container");
        let place = |e: &Entry<'_>| Where::key(file.path, e.line, e.key.to_owned());
        let mut found = Found::new(file.path, context);
        let mut variables = Set::default();
        for entry in entries.iter().filter(ours).filter(|e| e.key == "Environment") {
            if entry.value.is_empty() {
                variables = Set::default();
            }
            for (name, value) in assignments(&entry.value) {
                let place = Where::key(file.path, entry.line, format!("Environment {name}"));
                // Variables are not put into variables here.
                let value = value.replace("%%", "%").replace('$', "$$");
                variables.put(Variable::read(&name, &value, place, &|_| None));
            }
        }
        let program = Program {
            name: "",
            state: State::Active,
            runs: true,
            variables: variables.list(),
            siblings: &no_siblings,
        };
        found.program(&program);
        found.partial |= variables.full;
        found.export(variables.list(), Certainty::Implied);
        for entry in entries.iter().filter(ours) {
            match entry.key {
                "ExecStart" | "ExecStartPre" | "ExecStartPost" | "ExecReload" | "ExecStop"
                | "ExecStopPost" => {
                    let line = entry.value.trim_start_matches(['-', '@', ':', '+', '!', '|']);
                    let parts = Invocation::Line(line.to_owned()).read(&place(entry), context);
                    found.commands(parts, &program);
                }
                "Exec" => {
                    let parts = Invocation::Line(entry.value.clone()).read(&place(entry), context);
                    found.commands(parts, &program);
                }
                "Image" => found.image("", State::Active, &entry.value, place(entry)),
                "IPAddressDeny" if entry.value == "any" => {
                    let because = if allowed.is_empty() {
                        "the service reaches no address".to_owned()
                    } else {
                        "the service reaches only the addresses that are excepted".to_owned()
                    };
                    let state = if open { State::Inactive } else { State::Active };
                    found.guard("IPAddressDeny", state, place(entry), because);
                }
                "PrivateNetwork" if is_yes(&entry.value) => {
                    let because = "the service has no network but loopback".to_owned();
                    found.guard("PrivateNetwork", State::Active, place(entry), because);
                }
                "Network" if entry.value == "none" => {
                    found.guard(
                        "Network",
                        State::Active,
                        place(entry),
                        "the container has no network".to_owned(),
                    );
                }
                "PublishPort" if !entry.value.starts_with("127.") => {
                    let because = "the port is published to other machines";
                    found.listener(&entry.value, State::Active, place(entry), because);
                }
                "EnvironmentFile" => {
                    found.notes.push("it takes variables from another file too".to_owned());
                }
                _ => {}
            }
        }
        Some(found.finish(self.id()))
    }
}

fn is_yes(value: &str) -> bool {
    ["yes", "true", "on", "1"].iter().any(|yes| value.eq_ignore_ascii_case(yes))
}

struct Entry<'t> {
    section: &'t str,
    key: &'t str,
    value: String,
    line: u64,
}

/// The entries of a unit file, continued lines joined; `None` if a line is none of one.
fn read(text: &str) -> Option<Vec<Entry<'_>>> {
    let mut entries = Vec::new();
    let mut section = "";
    let mut lines = (1u64..).zip(text.lines());
    while let Some((line, raw)) = lines.next() {
        let trimmed = raw.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = trimmed.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
            section = name;
            continue;
        }
        let (key, first) = trimmed.split_once('=')?;
        let mut value = first.trim().to_owned();
        while value.ends_with('\\') {
            value.pop();
            let Some((_, next)) = lines.next() else { break };
            // Comments between continued lines are left out.
            if next.trim_start().starts_with(['#', ';']) {
                value.push('\\');
            } else {
                value.push_str(next.trim());
            }
        }
        entries.push(Entry { section, key: key.trim(), value, line });
    }
    Some(entries)
}

/// `A=1 "B=two words"`.
fn assignments(text: &str) -> Vec<(String, String)> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for c in text.chars() {
        match (c, quote) {
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(q)) if c == q => quote = None,
            (c, None) if c.is_whitespace() => words.push(String::new()),
            (c, _) => {
                if let Some(word) = words.last_mut() {
                    word.push(c);
                }
            }
        }
    }
    words.iter().filter_map(|w| w.split_once('=')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assets, operations, read as import};
    use super::*;

    #[test]
    fn variables_commands_and_limits_are_read() {
        let text = "[Unit]\nDescription=x\n[Service]\nEnvironment=OPENAI_BASE_URL=http://127.0.0.1:1/v1 \"OPENAI_API_KEY=sk-4fQ9aZ\"\nEnvironment=HF_HUB_OFFLINE=1\nExecStart=/usr/bin/python3 launch.py \\\n  --listen \\\n  --share\nIPAddressDeny=any\nIPAddressAllow=localhost\n[Install]\nWantedBy=multi-user.target\n";
        let inventory = import(&IMPORTER, "sd.service", text).unwrap();
        assert_eq!(
            operations(&inventory),
            ["OPENAI_BASE_URL 4 prompt local 127.0.0.1", "--share 6 prompt+image remote gradio-share"]
        );
        assert_eq!(
            assets(&inventory),
            ["[OPENAI_API_KEY 4 openai]", "HF_HUB_OFFLINE 5 huggingface-hub", "0.0.0.0 6", "IPAddressDeny 9"]
        );
    }

    #[test]
    fn a_limit_that_excepts_everything_is_none_and_quadlets_are_read() {
        let text = "[Service]\nExecStart=/bin/true\nIPAddressDeny=any\nIPAddressAllow=0.0.0.0/0\n";
        assert_eq!(assets(&import(&IMPORTER, "a.service", text).unwrap()), ["[IPAddressDeny 3]"]);
        let text = "[Container]\nImage=docker.io/ngrok/ngrok\nPublishPort=8080:80\n";
        assert_eq!(import(&IMPORTER, "a.container", text).unwrap().verdict.name(), "remote");
        assert!(import(&IMPORTER, "x.ini", "[Service]\nname=1\n").is_none());
    }
}

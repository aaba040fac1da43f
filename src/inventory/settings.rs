//! What the keys of an image program's configuration file do to data.
//!
//! Files are flat: a key and a value, at most a list or a map of values. What keys mean is
//! `policies/services/settings.toml`.

use super::command::loopback;
use super::document::{Key, Node, Unreadable, Value};
use super::endpoint::{operation, shown};
use super::{Context, File};
use crate::model::data::{Certainty, DataKinds, Locality};
use crate::model::inventory::{Asset, AssetKind, FileInventory, Operation, Spelled, State, Verdict, Where};
use crate::services::settings::{KeyEntry, KeyRole, Settings};

/// Most values of one file that are looked at.
const MOST_VALUES: usize = 10_000;
/// Most operations and assets of one file.
const MOST_FACTS: usize = 2_000;

/// Reads a JSON file of a program, if it is one; what it means, or that it cannot be read.
pub(super) fn json(file: &File<'_>, id: &str, context: &Context<'_>) -> Option<FileInventory> {
    is_object(file).then_some(())?;
    let settings = Settings::of(id)?;
    settings.telling().any(|word| file.holds(word)).then_some(())?;
    match file.json() {
        Some(Ok(root)) => recognised(settings, root.entries())
            .then(|| judge(settings, root.entries(), FileInventory::new(file.path, id), context)),
        Some(Err(why)) => resembles(settings, file).then(|| unreadable(file.path, id, why)),
        None if file.text().is_none() => {
            let why = Unreadable { line: None, why: "it is not UTF-8" };
            resembles(settings, file).then(|| unreadable(file.path, id, &why))
        }
        None => None,
    }
}

/// Whether a file begins as a JSON object does. Comments before it are for source code, which may name any
/// key.
pub(super) fn is_object(file: &File<'_>) -> bool {
    let bytes = file.bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(file.bytes);
    bytes.trim_ascii_start().starts_with(b"{")
}

/// Whether keys are those of a program's file.
pub(super) fn recognised(settings: &Settings, entries: &[(Key, Node)]) -> bool {
    let keys: Vec<&str> = entries.iter().map(|(k, _)| k.text.as_str()).collect();
    settings.recognises(&keys)
}

/// Whether a file that cannot be read was going to be one of a program's.
pub(super) fn resembles(settings: &Settings, file: &File<'_>) -> bool {
    let holds = |key: &String| key.split('*').all(|part| file.holds(part));
    settings.recognise.iter().any(|set| {
        set.all.iter().all(holds) && set.any.iter().filter(|key| holds(key)).count() >= set.at_least
    })
}

/// A file of a known kind that could not be read.
pub(super) fn unreadable(path: &str, id: &str, why: &Unreadable) -> FileInventory {
    FileInventory { verdict: Verdict::Undetermined, notes: vec![why.note()], ..FileInventory::new(path, id) }
}

/// What the keys of a file mean, added to what is there.
pub(super) fn judge(
    settings: &Settings,
    entries: &[(Key, Node)],
    inventory: FileInventory,
    context: &Context<'_>,
) -> FileInventory {
    let mut judge = Judge { settings, entries, context, inventory, idle: false };
    let mut left = MOST_VALUES;
    for (key, node) in entries {
        // Most keys say nothing, whatever their value.
        if settings.keys.iter().any(|entry| entry.names(&key.text)) {
            judge.key(key, node, &mut left);
        }
    }
    judge.finish(left == 0)
}

struct Judge<'a> {
    settings: &'a Settings,
    entries: &'a [(Key, Node)],
    context: &'a Context<'a>,
    inventory: FileInventory,
    /// Whether a provider outside is set up, to be used by what asks for it.
    idle: bool,
}

impl Judge<'_> {
    fn key(&mut self, key: &Key, node: &Node, left: &mut usize) {
        for (line, value) in values(node, key.line) {
            let full = self.inventory.operations.len() + self.inventory.assets.len() >= MOST_FACTS;
            *left = if full { 0 } else { left.saturating_sub(1) };
            if *left == 0 {
                return;
            }
            let found = self.settings.keys.iter().find(|entry| {
                entry.names(&key.text)
                    && entry.speaks_of(&value)
                    && entry.with.iter().all(|(other, wanted)| {
                        self.value_of(other).is_some_and(|v| v.eq_ignore_ascii_case(wanted))
                    })
            });
            if let Some(entry) = found {
                self.means(entry, &key.text, &value, line);
            }
        }
    }

    fn value_of(&self, key: &str) -> Option<String> {
        self.entries.iter().rev().find(|(k, _)| k.text == key)?.1.word()
    }

    fn means(&mut self, entry: &KeyEntry, key: &str, value: &str, line: u64) {
        let because = format!("`{}`: {}", shown(key), entry.because);
        let vendor = entry.service.clone();
        match entry.does {
            KeyRole::Send => {
                let region = entry.region.as_deref().and_then(|k| self.value_of(k));
                let region = region.filter(|r| !r.is_empty()).map(|r| format!(", in `{}`", shown(&r)));
                let what = format!("{because}{}", region.unwrap_or_default());
                let to = Spelled { vendor, ..Spelled::default() };
                let operation = self.operation(entry, key, line, &what, to);
                self.inventory.operations.push(operation);
            }
            KeyRole::Endpoint => {
                let spelled = Spelled { address: Some(value.to_owned()), vendor, ..Spelled::default() };
                let idle = entry.idle;
                let mut operation = self.operation(entry, key, line, &because, spelled);
                if idle && operation.locality == Locality::Remote {
                    operation.state = State::NotReached;
                    self.idle = true;
                } else if idle && operation.locality == Locality::Local {
                    operation.locality = Locality::Undetermined;
                    operation.certainty = Certainty::Undetermined;
                    operation.because.push_str(", which may pass it on");
                }
                self.inventory.operations.push(operation);
            }
            KeyRole::Logs => {
                let (way, to) = value.split_once('=').unwrap_or(("", value));
                let to = if way == "syslog" { to.strip_prefix("address:").unwrap_or(to) } else { to };
                let spelled = Spelled { address: Some(to.to_owned()), ..Spelled::default() };
                let operation = self.operation(entry, key, line, &because, spelled);
                self.inventory.operations.push(operation);
            }
            KeyRole::Fetch => {
                let address = Some(value.to_owned()).filter(|_| vendor.is_none());
                let from = Spelled { address, vendor, ..Spelled::default() };
                let mut operation = self.operation(entry, key, line, &because, from);
                operation.fetch = true;
                self.inventory.operations.push(operation);
            }
            KeyRole::Credential => {
                let by_name = || {
                    let service = self.context.services.env_var(&key.to_ascii_uppercase())?;
                    (service.kind != "hub").then(|| service.id.clone())
                };
                let service = vendor.or_else(by_name);
                self.asset(AssetKind::Credential, key, service, because, line);
            }
            KeyRole::DownloadKey => self.asset(AssetKind::Credential, key, None, because, line),
            KeyRole::Listen if loopback(value) => {}
            KeyRole::Listen => self.asset(AssetKind::Listener, value, None, because, line),
            KeyRole::Guard => self.asset(AssetKind::Guard, key, vendor, because, line),
            KeyRole::Quiet => {
                self.asset(AssetKind::Telemetry, key, vendor, because, line);
                if let Some(asset) = self.inventory.assets.last_mut() {
                    asset.state = State::Inactive;
                }
            }
            KeyRole::RemoteCode => self.asset(AssetKind::RemoteCode, key, None, because, line),
            KeyRole::Note => {
                if !self.inventory.notes.contains(&because) {
                    self.inventory.notes.push(because);
                }
            }
        }
    }

    fn operation(&self, entry: &KeyEntry, key: &str, line: u64, what: &str, to: Spelled) -> Operation {
        let place = Where::key(&self.inventory.path, line, shown(key));
        let sends = if entry.does == KeyRole::Fetch { DataKinds::NONE } else { entry.sends };
        operation(place, key, sends, what, to, self.context)
    }

    fn asset(&mut self, kind: AssetKind, name: &str, service: Option<String>, because: String, line: u64) {
        self.inventory.assets.push(Asset {
            kind,
            name: shown(name),
            place: Where::line(&self.inventory.path, line),
            state: State::Active,
            service,
            sha256: None,
            because,
        });
    }

    fn finish(mut self, cut: bool) -> FileInventory {
        let own = &mut self.inventory;
        own.verdict = FileInventory::judge(&own.operations, &own.assets);
        if self.idle && matches!(own.verdict, Verdict::Local | Verdict::FetchOnly | Verdict::Inactive) {
            own.verdict = Verdict::RemoteCapable;
        }
        if cut {
            own.notes.push("not read whole: it has too many values".to_owned());
            if own.verdict != Verdict::Remote {
                own.verdict = Verdict::Undetermined;
            }
        }
        self.inventory
    }
}

/// The values of a key, each with its line: a scalar, the elements of a list, the values of a map. What is
/// deeper counts as filled in.
fn values(node: &Node, line: u64) -> Vec<(u64, String)> {
    let deep = |node: &Node| {
        node.word().unwrap_or_else(|| if node.is_null() { String::new() } else { "set".to_owned() })
    };
    match &node.value {
        Value::List(items) => items.iter().map(|item| (item.line, deep(item))).collect(),
        Value::Map(entries) => entries.iter().map(|(_, value)| (value.line, deep(value))).collect(),
        _ => vec![(line, deep(node))],
    }
}

//! Packages that a manifest or lock file names: clients of hosted services, and programs that run models
//! here.
//!
//! They show what a program is able to do, not what it does; and that none is named proves nothing,
//! because a request needs no package.

use super::Context;
use super::endpoint::shown;
use crate::model::inventory::{Asset, AssetKind, FileInventory, State, Verdict, Where};
use crate::services::environment::{Environment, PackageRole};
use crate::services::{Ecosystem, Services};
use std::collections::BTreeSet;

/// The packages of one file on their way.
pub(super) struct Packages<'a> {
    path: &'a str,
    ecosystem: Ecosystem,
    services: &'a Services,
    seen: BTreeSet<String>,
    assets: Vec<Asset>,
    notes: Vec<String>,
    capable: bool,
    local: bool,
    partial: bool,
}

impl<'a> Packages<'a> {
    pub(super) fn new(path: &'a str, ecosystem: Ecosystem, context: &Context<'a>) -> Packages<'a> {
        Packages {
            path,
            ecosystem,
            services: context.services,
            seen: BTreeSet::new(),
            assets: Vec::new(),
            notes: Vec::new(),
            capable: false,
            local: false,
            partial: false,
        }
    }

    /// The file was not read whole.
    pub(super) fn incomplete(&mut self, note: String) {
        self.partial = true;
        self.notes.push(note);
    }

    /// A package at a line. `how` says what kind of dependency it is: `a dependency`.
    pub(super) fn add(&mut self, name: &str, line: u64, inside: Option<String>, how: &str) {
        let name = match self.ecosystem {
            Ecosystem::Python => name.to_ascii_lowercase().replace(['_', '.'], "-"),
            Ecosystem::Npm | Ecosystem::Rust => name.to_owned(),
        };
        if self.seen.contains(&name) {
            return;
        }
        let place = Where { file: self.path.to_owned(), line: Some(line), inside };
        let environment = Environment::shipped();
        let role = environment.package(&name);
        let service = self.services.package(self.ecosystem, &name);
        let (kind, service, because) = match (role, service) {
            (Some(PackageRole::Local), _) => {
                self.local = true;
                (AssetKind::Package, None, format!("{how}: it runs models where it is installed"))
            }
            (Some(PackageRole::BothWays), _) => {
                (AssetKind::Package, None, format!("{how}: it downloads and may send as well"))
            }
            (Some(PackageRole::Remote(why)), _) => {
                self.capable = true;
                (AssetKind::Package, None, format!("{how}: {why}"))
            }
            (None, Some(service)) if service.takes_content() => {
                (AssetKind::Package, Some(service.id.clone()), format!("{how}: a client of {}", service.name))
            }
            (None, Some(service)) => (
                AssetKind::Telemetry,
                Some(service.id.clone()),
                format!("{how}: it reports to {}", service.name),
            ),
            (None, None) => {
                if let Some(service) = environment.package_telemetry(&name) {
                    self.telemetry(&name, service, place, how);
                    self.seen.insert(name);
                }
                return;
            }
        };
        if let Some(service) = environment.package_telemetry(&name) {
            self.telemetry(&name, service, place.clone(), how);
        }
        let asset =
            Asset { kind, name: shown(&name), place, state: State::Active, service, sha256: None, because };
        self.assets.push(asset);
        self.seen.insert(name);
    }

    fn telemetry(&mut self, name: &str, service: &str, place: Where, how: &str) {
        self.assets.push(Asset {
            kind: AssetKind::Telemetry,
            name: shown(name),
            place,
            state: State::Active,
            service: Some(service.to_owned()),
            sha256: None,
            because: format!("{how}: it sends usage data unless that is switched off"),
        });
    }

    /// The assets alone, for a file that holds packages among other things; whether one of them is a
    /// client of somebody, and whether one runs models here.
    pub(super) fn into_assets(self) -> (Vec<Asset>, bool, bool) {
        (self.assets, self.capable, self.local)
    }

    /// What the file says.
    pub(super) fn finish(self, kind: &str) -> FileInventory {
        let judged = FileInventory::judge(&[], &self.assets);
        let verdict = match judged {
            _ if self.partial && judged != Verdict::RemoteCapable => Verdict::Undetermined,
            Verdict::RemoteCapable => judged,
            _ if self.capable => Verdict::RemoteCapable,
            _ if self.local => Verdict::Local,
            _ => Verdict::NoEvidence,
        };
        FileInventory {
            verdict,
            assets: self.assets,
            notes: self.notes,
            ..FileInventory::new(self.path, kind)
        }
    }
}

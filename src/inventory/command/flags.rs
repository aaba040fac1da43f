//! Options that mean something by themselves: relays, listeners, guards.

use super::args::{Args, Given};
use super::{Reader, Word, most};
use crate::inventory::endpoint::{host_of, shown};
use crate::model::data::Certainty;
use crate::model::inventory::{AssetKind, Spelled, State};
use crate::model::net::{AddressKind, Host, address_kind, split_authority};
use crate::services::programs::{Flag, FlagRole, Program, Takes};

impl Reader<'_> {
    /// What the options of a program mean.
    pub(super) fn flags(&mut self, program: &Program, args: &Args<'_>) {
        let given: Vec<(&Flag, Given<'_>)> =
            args.options.iter().filter_map(|o| Some((self.programs.flag(program, o.name)?, *o))).collect();
        self.mean(&given, most(program));
    }

    /// Options without a program: those of an image's own entry point.
    pub(super) fn anyones_flags(&mut self, words: &[Word]) {
        let mut given = Vec::new();
        for (at, word) in words.iter().enumerate() {
            let (name, attached) =
                word.text.split_once('=').map_or((word.text.as_str(), None), |(n, v)| (n, Some(v)));
            let Some((_, flag)) = self.programs.anyones_flag(name) else { continue };
            let next = words.get(at + 1).filter(|n| flag.value != Takes::None && !n.text.starts_with('-'));
            let value = attached.or(next.map(|n| n.text.as_str()));
            given.push((flag, Given { name, value, line: word.line }));
        }
        self.mean(&given, Certainty::Possible);
    }

    fn mean(&mut self, given: &[(&Flag, Given<'_>)], most: Certainty) {
        let given: Vec<&(&Flag, Given<'_>)> =
            given.iter().filter(|(flag, option)| applies(flag, option)).collect();
        let open = |(flag, option): &&&(&Flag, Given<'_>)| match flag.does {
            FlagRole::Listen => !loopback(listened(flag, option)),
            FlagRole::Relay => true,
            _ => false,
        };
        let reached = given.iter().any(|g| open(&g));
        for (flag, option) in given {
            self.flag(flag, option, reached, most);
        }
    }

    fn flag(&mut self, flag: &Flag, option: &Given<'_>, reached: bool, most: Certainty) {
        let because = format!("`{}`: {}", option.name, flag.because);
        let service = flag.service.as_deref();
        let (line, id, state) = (option.line, option.name, self.state());
        let to = || Spelled { vendor: flag.service.clone(), ..Spelled::default() };
        match flag.does {
            FlagRole::Relay | FlagRole::Send => self.sends(line, id, flag.sends, &because, to(), most),
            FlagRole::Fetch => {
                let from = Spelled {
                    vendor: flag.service.clone(),
                    address: option.value.filter(|v| v.contains("://")).map(str::to_owned),
                    ..Spelled::default()
                };
                self.fetches(line, id, &because, from, most);
            }
            FlagRole::Listen => {
                let address = listened(flag, option);
                if !loopback(address) {
                    self.asset(AssetKind::Listener, state, line, address, None, because);
                }
            }
            FlagRole::Serve => {
                let because = if reached { because } else { format!("{because}, to this machine only") };
                let state = if reached { state } else { State::Inactive };
                self.asset(AssetKind::Listener, state, line, id, None, because);
            }
            FlagRole::Guard => self.asset(AssetKind::Guard, state, line, id, None, because),
            FlagRole::Quiet => {
                self.asset(AssetKind::Telemetry, State::Inactive, line, id, service, because);
            }
            FlagRole::RemoteCode => self.asset(AssetKind::RemoteCode, state, line, id, None, because),
            FlagRole::Endpoint => {
                let host = option
                    .value
                    .and_then(host_of)
                    .map_or("elsewhere".to_owned(), |h| format!("`{}`", shown(&h)));
                self.parts.notes.insert(format!("{because}: {host}"));
            }
            FlagRole::Note => {
                self.parts.notes.insert(because);
            }
        }
    }
}

/// `--share=false` is no `--share`; and some options mean something with some values only.
fn applies(flag: &Flag, option: &Given<'_>) -> bool {
    let off = |v: &str| ["false", "0", "no", "off"].iter().any(|o| v.eq_ignore_ascii_case(o));
    if flag.value != Takes::Required && option.value.is_some_and(off) {
        return false;
    }
    flag.when.is_empty() || option.value.is_some_and(|v| flag.when.iter().any(|w| w == v))
}

/// The address that an option makes a program listen at.
fn listened<'v>(flag: &'v Flag, option: &Given<'v>) -> &'v str {
    let given = option.value.filter(|v| !v.is_empty() && !v.eq_ignore_ascii_case("true"));
    let given = given.map(|v| match v.strip_prefix("${").and_then(|v| v.strip_suffix('}')) {
        Some(variable) => variable.split_once(":-").map_or(v, |(_, default)| default),
        None => v,
    });
    given.or(flag.address.as_deref()).unwrap_or("an address that is set elsewhere")
}

/// Whether nobody else can reach any of these addresses.
pub(in crate::inventory) fn loopback(addresses: &str) -> bool {
    addresses.split(',').all(|address| {
        let address = address.trim();
        let bare =
            if address.parse::<std::net::IpAddr>().is_ok() { address } else { split_authority(address).0 };
        match Host::parse(bare) {
            Some(Host::Address(ip)) => address_kind(ip) == AddressKind::Loopback,
            Some(Host::Name(name)) => name == "localhost",
            None => false,
        }
    })
}

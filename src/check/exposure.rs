//! `exposure`: the pipeline is not reachable through a tunnel, nor from everywhere.

use super::assets::{active, finding, outcome, understood};
use super::bind::{Open, open, parameters};
use super::{Bound, Case, Check, Judged, Side, locate};
use crate::model::Diagnostics;
use crate::model::audit::Finding;
use crate::model::data::Locality;
use crate::model::inventory::{AssetKind, State};
use crate::model::policy::Rule;
use crate::model::table::Table;
use crate::model::text::plural;
use std::net::IpAddr;

pub(super) static CHECK: Exposure = Exposure;

pub(super) struct Exposure;

impl Check for Exposure {
    fn id(&self) -> &'static str {
        "exposure"
    }
    fn about(&self) -> &'static str {
        "looks for tunnels to the outside and for listeners on every address"
    }
    fn doc(&self) -> &'static str {
        "A tunnel (`--share`, ngrok, cloudflared) hands every prompt and image to whoever runs it. A listener \
         on every address (`0.0.0.0`, `::`, a published port without an address) takes requests from \
         wherever the network lets them come from; one on loopback or on an address inside the boundary is \
         none.\n\n\
         - `tunnels`: `fail` (default), `inconclusive` or `disclose`\n\
         - `listeners`: the same words, default `disclose`"
    }
    fn side(&self) -> Side {
        Side::Declaration
    }
    fn bind(&self, with: &Table, out: &mut Diagnostics) -> Option<Box<dyn Bound>> {
        let bound = parameters(with, out, |r| Rules {
            tunnels: open(r, "tunnels", Open::Fail),
            listeners: open(r, "listeners", Open::Disclose),
        })?;
        Some(Box::new(bound))
    }
}

/// The addresses in the name of a listener: `10.1.2.3:8188`, `ui 10.1.2.3:80:8080`, `[fd00::1]:80`, `0.0.0.0,::`.
fn addresses(name: &str) -> Vec<IpAddr> {
    let words = name.split([' ', ',']).map(|word| word.rsplit_once("://").map_or(word, |(_, rest)| rest));
    words
        .filter_map(|word| {
            let bracketed =
                word.strip_prefix('[').and_then(|w| w.split_once(']')).map(|(address, _)| address);
            let host = bracketed.or_else(|| word.split([':', '/']).next())?;
            host.parse().or_else(|_| word.parse()).ok()
        })
        .collect()
}

struct Rules {
    tunnels: Open,
    listeners: Open,
}

impl Bound for Rules {
    fn judge(&self, case: &Case<'_>, rule: &Rule, out: &mut Vec<Finding>) -> Judged {
        let mut tunnels = 0;
        let operations = case.inputs.inventory.iter().flat_map(|f| &f.operations);
        for operation in operations.filter(|o| o.state == State::Active && o.locality != Locality::Local) {
            let service = operation.service.as_deref().and_then(|id| case.inputs.services.service(id));
            let Some(service) = service.filter(|s| s.kind == "tunnel") else { continue };
            tunnels += 1;
            let Some(outcome) = outcome(self.tunnels) else { continue };
            let message =
                format!("{} opens a way in through {}: {}", operation.id, service.id, operation.because);
            let settle = "say whether the tunnel is started";
            let mut finding = finding(rule, "tunnel", outcome, message, &operation.place, settle);
            finding.service = Some(service.id.clone());
            finding.data = operation.sends;
            finding.certainty = operation.certainty;
            out.push(finding);
        }
        let mut listeners = 0;
        for (_, asset) in active(case, AssetKind::Listener) {
            let inside = |address: IpAddr| {
                !address.is_unspecified()
                    && locate(case.inputs.project, &address.to_string()) == Locality::Local
            };
            let stated = addresses(&asset.name);
            if !stated.is_empty() && stated.into_iter().all(inside) {
                continue;
            }
            listeners += 1;
            let Some(outcome) = outcome(self.listeners) else { continue };
            let message = format!("{} takes requests from other machines: {}", asset.name, asset.because);
            let settle = "bind it to an address inside the boundary";
            out.push(finding(rule, "open-listener", outcome, message, &asset.place, settle));
        }
        Judged::holds(format!(
            "{} and {} on every address in {}",
            plural(tunnels, "tunnel", "tunnels"),
            plural(listeners, "listener", "listeners"),
            plural(understood(case), "file that was understood", "files that were understood")
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_in_the_names_that_importers_give() {
        let found =
            |name: &str| addresses(name).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        assert_eq!(found("comfyui 10.99.0.5:8188:8188"), "10.99.0.5");
        assert_eq!(found("comfyui 0.0.0.0,::"), "0.0.0.0 ::");
        assert_eq!(found("[fd00::1]:80"), "fd00::1");
        assert_eq!(found("http://10.1.2.3:11434/"), "10.1.2.3");
        assert_eq!(found("ui 3000:8080"), "");
        assert_eq!(found("svc LoadBalancer"), "");
    }
}

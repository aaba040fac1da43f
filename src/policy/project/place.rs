//! `[boundary]`: networks, domains, sites.

use super::super::boundary;
use super::{duplicates, identifier, refer};
use crate::model::diagnostic::{Diagnostic, Diagnostics, Place};
use crate::model::project::{Boundary, LocalNetwork, Site};
use crate::model::table::{Reader, Table};

/// By what right a site counts as local.
const BASES: [&str; 3] = ["owned", "leased", "colocated"];

pub(super) fn boundary(table: &Table, out: &mut Diagnostics) -> Boundary {
    let reader = Reader::new(table, "[boundary]", out);
    let networks = reader.tables("networks");
    let domains = reader.strings("domains");
    let sites = reader.tables("sites");
    if networks.is_empty() && domains.is_empty() {
        reader.report(
            Diagnostic::error("empty-boundary", "nothing is declared local")
                .at(table.at.clone(), "no `networks` and no `domains`")
                .help("what is not declared local is remote: name the networks of the project's machines"),
        );
    }
    reader.finish();

    let ids = super::ids(&sites);
    let sites: Vec<Site> = sites.into_iter().filter_map(|t| site(t, out)).collect();
    duplicates(sites.iter().map(|s| (s.id.as_str(), &s.at)), "site", out);
    let networks: Vec<LocalNetwork> = networks.into_iter().filter_map(|t| network(t, &ids, out)).collect();
    let named: Vec<(String, Place)> =
        networks.iter().filter_map(|n| Some((n.network.to_string(), n.at.clone()?))).collect();
    duplicates(named.iter().map(|(n, p)| (n.as_str(), p)), "network", out);
    let domains: Vec<(String, Option<Place>)> = domains
        .into_iter()
        .filter_map(|text| match boundary::domain(&text) {
            Ok(name) => Some((name, Some(text.at))),
            Err(problem) => {
                out.push(*problem);
                None
            }
        })
        .collect();
    duplicates(domains.iter().filter_map(|(d, p)| Some((d.as_str(), p.as_ref()?))), "domain", out);
    Boundary { networks, domains, sites }
}

fn network(table: &Table, sites: &[&str], out: &mut Diagnostics) -> Option<LocalNetwork> {
    let reader = Reader::new(table, "a network of [boundary]", out);
    let cidr = reader.required("cidr", "the network, for example \"10.20.0.0/24\"");
    let site = reader.string("site");
    let purpose = reader.string("use");
    let basis = reader.string("basis").filter(|t| !t.value.trim().is_empty());
    let owner = reader.string("owner").filter(|t| !t.value.trim().is_empty());
    reader.finish();
    if let Some(site) = &site {
        refer(site, "site", sites, out);
    }
    let cidr = cidr?;
    let network = match boundary::network(&cidr) {
        Ok(network) => network,
        Err(problem) => {
            out.push(*problem);
            return None;
        }
    };
    if !boundary::is_private(network) && (basis.is_none() || owner.is_none()) {
        out.push(
            Diagnostic::error("public-network", format!("`{network}` is public address space"))
                .at(cidr.at, "public addresses need a `basis` and an `owner`")
                .help("say why they are local and who answers for that: `basis = \"...\", owner = \"...\"`"),
        );
    }
    Some(LocalNetwork {
        network,
        site: site.map(|t| t.value),
        purpose: purpose.map(|t| t.value),
        basis: basis.map(|t| t.value),
        owner: owner.map(|t| t.value),
        at: Some(table.at.clone()),
    })
}

fn site(table: &Table, out: &mut Diagnostics) -> Option<Site> {
    let reader = Reader::new(table, "a site of [boundary]", out);
    let id = reader.required("id", "a short name that networks refer to");
    let jurisdiction = reader.required("jurisdiction", "ISO 3166-1 alpha-2 code of the country");
    let basis = reader.word("basis", &BASES, |w| BASES.into_iter().find(|b| *b == w));
    if table.get("basis").is_none() {
        reader.missing("basis", "by what right it is local: `owned`, `leased` or `colocated`");
    }
    reader.finish();
    let jurisdiction = jurisdiction.and_then(|text| {
        let code = &text.value;
        let help = match code.as_str() {
            "UK" => "the code of the United Kingdom is `GB`".to_owned(),
            "EU" | "EEA" => "a site is in one country: name it".to_owned(),
            _ if code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase()) => return Some(text.value),
            _ if code.len() == 2 && code.bytes().all(|b| b.is_ascii_alphabetic()) => {
                format!("write `{}`", code.to_ascii_uppercase())
            }
            _ => "two capital letters, as `US` or `DE`".to_owned(),
        };
        out.push(
            Diagnostic::error("wrong-jurisdiction", format!("`{code}` is not a country code"))
                .at(text.at, "expected ISO 3166-1 alpha-2")
                .help(help),
        );
        None
    });
    let id = identifier(id?, out)?;
    Some(Site { id: id.value, jurisdiction: jurisdiction?, basis: basis?.value.to_owned(), at: id.at })
}

//! What may not be declared local: the ways to write a boundary that holds everything.
//!
//! Refused: default routes; networks wider than a /8 (IPv4) or a /16 (IPv6) unless they lie wholly in
//! private space (RFC 1918, RFC 6598, RFC 4193); public addresses without a basis and an owner; public
//! suffixes, with the private section of the list (`github.io`); names that a provider shares among its
//! customers, and everything below them, since a provider's inference endpoints are named there too;
//! addresses and URLs in place of a name.
//!
//! What would mislead: a company's own domain may still point at a hosted service by an alias. That is
//! for the traffic to show; here only the name is known.

use crate::model::diagnostic::Diagnostic;
use crate::model::net::{AddressKind, Host, Network, address_kind, under_domain};
use crate::model::table::At;
use std::net::IpAddr;

/// Shortest prefix that may be declared, IPv4, outside private space.
const WIDEST_V4: u8 = 8;
/// Shortest prefix that may be declared, IPv6, outside private space.
const WIDEST_V6: u8 = 16;

/// Private space, which may be declared whole.
const PRIVATE: [(&str, u8); 5] =
    [("10.0.0.0", 8), ("172.16.0.0", 12), ("192.168.0.0", 16), ("100.64.0.0", 10), ("fc00::", 7)];

/// Names that a provider shares among customers, and under which it serves its own interfaces.
const SHARED: [(&str, &str); 33] = [
    ("amazonaws.com", "Amazon Web Services"),
    ("amazonaws.com.cn", "Amazon Web Services in China"),
    ("aws.dev", "Amazon Web Services"),
    ("on.aws", "Amazon Web Services"),
    ("api.aws", "Amazon Web Services"),
    ("cloudfront.net", "Amazon CloudFront"),
    ("azure.com", "Microsoft Azure"),
    ("azure.net", "Microsoft Azure"),
    ("azure.us", "Microsoft Azure Government"),
    ("azurewebsites.net", "Microsoft Azure"),
    ("azureedge.net", "Microsoft Azure"),
    ("azurefd.net", "Microsoft Azure"),
    ("windows.net", "Microsoft Azure"),
    ("cloudapp.net", "Microsoft Azure"),
    ("trafficmanager.net", "Microsoft Azure"),
    ("googleapis.com", "Google Cloud"),
    ("googleusercontent.com", "Google Cloud"),
    ("appspot.com", "Google Cloud"),
    ("run.app", "Google Cloud"),
    ("cloudfunctions.net", "Google Cloud"),
    ("workers.dev", "Cloudflare"),
    ("pages.dev", "Cloudflare"),
    ("r2.dev", "Cloudflare"),
    ("cloudflare.com", "Cloudflare"),
    ("trycloudflare.com", "Cloudflare tunnels"),
    ("akamaiedge.net", "Akamai"),
    ("fastly.net", "Fastly"),
    ("huggingface.co", "Hugging Face"),
    ("hf.space", "Hugging Face"),
    ("gradio.live", "Gradio share tunnels"),
    ("ngrok.io", "ngrok tunnels"),
    ("ngrok.app", "ngrok tunnels"),
    ("proxy.runpod.net", "RunPod"),
];

/// Top-level names that no public name server answers for (RFC 6761, RFC 6762, RFC 8375, ICANN).
const NEVER_PUBLIC: [&str; 4] = ["internal", "local", "localhost", "home.arpa"];

fn lies_in(inner: Network, outer: &(&str, u8)) -> bool {
    let Ok(base) = outer.0.parse::<IpAddr>() else { return false };
    inner.bits >= outer.1 && Network { base, bits: outer.1 }.contains(inner.base)
}

/// Whether every address of the network is private, loopback or link-local.
pub(super) fn is_private(network: Network) -> bool {
    let full = [AddressKind::Loopback, AddressKind::Link];
    let narrow = network.bits >= if network.base.is_ipv4() { 8 } else { 16 };
    PRIVATE.iter().any(|block| lies_in(network, block))
        || (narrow && full.contains(&address_kind(network.base)))
        || (network.bits == 32 || network.bits == 128) && full.contains(&address_kind(network.base))
}

/// Reads a network and refuses those that hold too much.
pub(super) fn network(text: &At<String>) -> Result<Network, Box<Diagnostic>> {
    let wrong = |why: &str, label: &str| {
        Diagnostic::error("wrong-network", format!("`{}` {why}", text.value)).at(text.at.clone(), label)
    };
    let network = match text.value.parse::<Network>() {
        Ok(network) => network,
        Err("host bits are set below the prefix") => {
            let problem = wrong("has host bits set below its prefix", "not the first address of the network");
            return Err(Box::new(match cleared(&text.value) {
                Some(meant) => problem.help(format!("the network is `{meant}`")),
                None => problem,
            }));
        }
        Err("prefix length out of range") => {
            return Err(Box::new(wrong(
                "has an impossible prefix length",
                "at most /32 for IPv4, /128 for IPv6",
            )));
        }
        Err(_) => {
            return Err(Box::new(
                wrong("is not a network", "expected an address and a prefix length")
                    .help("write for example \"10.20.0.0/24\" or \"fd00:20::/64\"; names go to `domains`"),
            ));
        }
    };
    if network.bits == 0 {
        return Err(Box::new(
            Diagnostic::error("default-route", format!("`{}` is every address there is", text.value))
                .at(text.at.clone(), "a default route cannot be local")
                .help("declare the networks that the project's machines are in"),
        ));
    }
    let widest = if network.base.is_ipv4() { WIDEST_V4 } else { WIDEST_V6 };
    if network.bits < widest && !is_private(network) {
        return Err(Box::new(
            Diagnostic::error(
                "network-too-wide",
                format!("`{}` is too wide to be one project's boundary", text.value),
            )
            .at(text.at.clone(), format!("wider than /{widest}"))
            .help("declare the networks that the project's machines are in"),
        ));
    }
    Ok(network)
}

fn cleared(text: &str) -> Option<String> {
    let (address, bits) = text.split_once('/')?;
    let bits: u32 = bits.parse().ok()?;
    Some(match address.parse::<IpAddr>().ok()? {
        IpAddr::V4(a) => {
            let mask = u32::MAX.checked_shl(32u32.checked_sub(bits)?).unwrap_or(0);
            format!("{}/{bits}", std::net::Ipv4Addr::from(u32::from(a) & mask))
        }
        IpAddr::V6(a) => {
            let mask = u128::MAX.checked_shl(128u32.checked_sub(bits)?).unwrap_or(0);
            format!("{}/{bits}", std::net::Ipv6Addr::from(u128::from(a) & mask))
        }
    })
}

/// Reads a host as it must be written in a project file: no scheme, port, path, or wildcard.
pub(super) fn host(text: &At<String>) -> Result<String, Box<Diagnostic>> {
    let wrong = |why: &str, label: &str| {
        Diagnostic::error("wrong-host", format!("`{}` {why}", text.value)).at(text.at.clone(), label)
    };
    let value = text.value.trim();
    if let Some(url) = crate::model::net::Url::parse(value) {
        return Err(Box::new(
            wrong("is a URL", "expected a host").help(format!("write the host alone: `{}`", url.host)),
        ));
    }
    if value.contains('*') {
        return Err(Box::new(
            wrong("has a wildcard", "expected a plain name")
                .help("a domain holds every name below it; leave the `*.` out"),
        ));
    }
    if value.contains('/') {
        return Err(Box::new(
            wrong("is not a host", "expected a name or an address")
                .help("a network belongs in `boundary.networks`; here list single hosts"),
        ));
    }
    let (name, port) = crate::model::net::split_authority(value);
    if port.is_some() {
        return Err(Box::new(wrong("has a port", "a host, without a port").help(format!("write `{name}`"))));
    }
    match Host::parse(value) {
        Some(host) => Ok(host.to_string()),
        None => Err(Box::new(
            wrong("is not a host", "expected a name or an address")
                .help("write it as the logs have it, for example `10.20.0.5` or `gpu1.clinic.example`"),
        )),
    }
}

/// Reads a domain and refuses those under which others live too.
pub(super) fn domain(text: &At<String>) -> Result<String, Box<Diagnostic>> {
    let name = host(text)?;
    if name.parse::<IpAddr>().is_ok() {
        return Err(Box::new(
            Diagnostic::error("address-as-domain", format!("`{name}` is an address, not a domain"))
                .at(text.at.clone(), "expected a name")
                .help(format!(
                    "declare it as a network: `networks = [{{ cidr = \"{name}/{}\", ... }}]`",
                    if name.contains(':') { 128 } else { 32 }
                )),
        ));
    }
    if NEVER_PUBLIC.contains(&name.as_str()) {
        return Ok(name);
    }
    let suffix = psl::suffix(name.as_bytes()).filter(|s| *s == name.as_str());
    if suffix.is_some_and(|s| s.typ() != Some(psl::Type::Private)) {
        return Err(Box::new(
            Diagnostic::error("public-suffix", format!("`{name}` is a public suffix"))
                .at(text.at.clone(), "anyone can register a name below it")
                .help("declare your own domain, with at least one more label"),
        ));
    }
    if let Some((shared, who)) = SHARED.iter().find(|(s, _)| under_domain(&name, s) || under_domain(s, &name))
    {
        return Err(Box::new(
            Diagnostic::error("shared-suffix", format!("`{name}` is not yours alone"))
                .at(text.at.clone(), format!("{who} serves other customers under `{shared}`"))
                .help("declare the addresses of a private endpoint as a network, or a domain of your own"),
        ));
    }
    if suffix.is_some() {
        return Err(Box::new(
            Diagnostic::error("public-suffix", format!("`{name}` is a public suffix"))
                .at(text.at.clone(), "its owner hands out names below it to anyone")
                .help("declare your own domain, with at least one more label"),
        ));
    }
    Ok(name)
}

/// Reads the name or address of a destination that is outside. A provider's name is fine here, a
/// public suffix is not: everything below it would be meant.
pub(super) fn reachable(text: &At<String>) -> Result<String, Box<Diagnostic>> {
    let name = host(text)?;
    let known = psl::suffix(name.as_bytes()).filter(|s| s.is_known() && *s == name.as_str());
    if known.is_some_and(|s| s.typ() == Some(psl::Type::Icann)) {
        return Err(Box::new(
            Diagnostic::error("public-suffix", format!("`{name}` is a public suffix"))
                .at(text.at.clone(), "every name below it would be meant")
                .help("name the host or the domain that is meant"),
        ));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::diagnostic::{Place, SourceText};

    fn text(value: &str) -> At<String> {
        let source = SourceText::new("t", value);
        At { value: value.to_owned(), at: Place { source, span: 0..value.len() } }
    }

    #[test]
    fn everything_is_not_a_boundary() {
        for (bad, code) in [
            ("0.0.0.0/0", "default-route"),
            ("::/0", "default-route"),
            ("0.0.0.0/1", "network-too-wide"),
            ("128.0.0.0/1", "network-too-wide"),
            ("8.0.0.0/7", "network-too-wide"),
            ("2000::/3", "network-too-wide"),
            ("::/1", "network-too-wide"),
            ("10.0.0.0/7", "network-too-wide"),
            ("10.20.0.5/24", "wrong-network"),
            ("10.0.0.0/33", "wrong-network"),
            ("local", "wrong-network"),
        ] {
            assert_eq!(network(&text(bad)).unwrap_err().code, code, "{bad}");
        }
        for good in ["10.0.0.0/8", "fc00::/7", "203.0.113.0/24", "10.20.0.5", "100.64.0.0/10"] {
            assert!(network(&text(good)).is_ok(), "{good}");
        }
        assert_eq!(
            network(&text("10.20.0.5/24")).unwrap_err().help.unwrap(),
            "the network is `10.20.0.0/24`"
        );
    }

    #[test]
    fn private_space_needs_no_basis_and_public_space_does() {
        let private = |t: &str| is_private(t.parse().unwrap());
        assert!(private("10.0.0.0/8") && private("172.20.0.0/16") && private("fd00::/8"));
        assert!(private("127.0.0.1/32") && private("fe80::/64"));
        assert!(!private("172.0.0.0/8") && !private("8.8.8.8/32") && !private("2001:db8::/32"));
    }

    #[test]
    fn names_that_others_share_are_refused() {
        for (bad, code) in [
            ("com", "public-suffix"),
            ("co.uk", "public-suffix"),
            ("github.io", "public-suffix"),
            ("lan", "public-suffix"),
            ("amazonaws.com", "shared-suffix"),
            ("bedrock-runtime.us-east-1.amazonaws.com", "shared-suffix"),
            ("API.huggingface.co", "shared-suffix"),
            ("runpod.net", "shared-suffix"),
            ("10.0.0.1", "address-as-domain"),
            ("::1", "address-as-domain"),
            ("*.clinic.example", "wrong-host"),
            ("https://clinic.example/", "wrong-host"),
            ("clinic.example:443", "wrong-host"),
            ("clinic example", "wrong-host"),
        ] {
            assert_eq!(domain(&text(bad)).unwrap_err().code, code, "{bad}");
        }
        for good in ["imaging.clinic.example", "clinic.lan", "corp.internal", "internal", "Clinic.Example."] {
            assert!(domain(&text(good)).is_ok(), "{good}");
        }
    }
}

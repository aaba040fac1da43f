//! Hosts, addresses and URLs as logs and files spell them.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Longest host name that is kept (RFC 1035: 253; some room for trailing dots and `_service` labels).
const LONGEST_NAME: usize = 255;

/// A host: either a name or an address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host<'a> {
    /// A name, lower case, without a trailing dot.
    Name(Cow<'a, str>),
    /// An address, IPv4-mapped IPv6 folded to IPv4.
    Address(IpAddr),
}

impl<'a> Host<'a> {
    /// Reads a host as it stands in a URL, a header or a log. `None` if it is empty, too long, or
    /// holds anything that a host name cannot (control characters, spaces, quotes, markup).
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Host<'a>> {
        let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
        let bare = bare.split('%').next().unwrap_or(bare);
        if let Ok(address) = IpAddr::from_str(bare) {
            return Some(Host::Address(fold_mapped(address)));
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'*');
        if name.is_empty() || name.len() > LONGEST_NAME {
            return None;
        }
        // Names outside ASCII appear in logs as typed; they are kept if every character is a letter or digit.
        let fits = name.bytes().all(|b| plain(b) || !b.is_ascii())
            && name.chars().all(|c| c.is_ascii() || c.is_alphanumeric())
            && !name.contains("..");
        if !fits {
            return None;
        }
        let lower = name.bytes().any(|b| b.is_ascii_uppercase() || !b.is_ascii());
        Some(Host::Name(if lower { Cow::Owned(name.to_lowercase()) } else { Cow::Borrowed(name) }))
    }
}

impl fmt::Display for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Name(name) => f.write_str(name),
            Host::Address(address) => address.fmt(f),
        }
    }
}

/// `::ffff:10.0.0.1` is `10.0.0.1`.
#[must_use]
pub fn fold_mapped(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

/// Splits `host:port`, `[v6]:port` or `host`, dropping `user:password@`. The host is not validated.
#[must_use]
pub fn split_authority(text: &str) -> (&str, Option<u16>) {
    let text = memchr::memrchr(b'@', text.as_bytes()).map_or(text, |at| both(text, at).1);
    if let Some(rest) = text.strip_prefix('[') {
        let Some((host, after)) = rest.split_once(']') else { return (text, None) };
        return (host, after.strip_prefix(':').and_then(|p| p.parse().ok()));
    }
    let Some(colon) = memchr::memchr(b':', text.as_bytes()) else { return (text, None) };
    match both(text, colon) {
        // More than one colon and no bracket: a bare IPv6 address.
        (_, port) if memchr::memchr(b':', port.as_bytes()).is_some() => (text, None),
        (host, port) => (host, port.parse().ok()),
    }
}

/// What stands before and after an ASCII character.
fn both(text: &str, at: usize) -> (&str, &str) {
    (text.get(..at).unwrap_or(text), text.get(at + 1..).unwrap_or_default())
}

/// The parts of a URL that matter here. User information and query are dropped on reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Url<'a> {
    /// Scheme as written, without `:`.
    pub scheme: &'a str,
    /// Host as written.
    pub host: &'a str,
    /// Port as written, or the default of `http`, `https`, `ws`, `wss`, `ftp`.
    pub port: Option<u16>,
    /// Path, at least `/`.
    pub path: &'a str,
}

impl<'a> Url<'a> {
    /// Reads an absolute URL with an authority (`scheme://host...`); `None` for anything else.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Url<'a>> {
        // A scheme holds no colon: the first one ends it.
        let (scheme, rest) = text.split_at_checked(memchr::memchr(b':', text.as_bytes())?)?;
        let rest = rest.strip_prefix("://")?;
        if scheme.is_empty() || !scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b)) {
            return None;
        }
        let end = memchr::memchr3(b'/', b'?', b'#', rest.as_bytes()).unwrap_or(rest.len());
        let end = rest.as_bytes().get(..end).and_then(|a| memchr::memchr(b'\\', a)).unwrap_or(end);
        let (authority, tail) = rest.split_at_checked(end)?;
        let path = tail.get(..memchr::memchr2(b'?', b'#', tail.as_bytes()).unwrap_or(tail.len()))?;
        let (host, port) = split_authority(authority);
        let is = |known: &str| scheme.eq_ignore_ascii_case(known);
        let default = || match () {
            () if is("http") || is("ws") => Some(80),
            () if is("https") || is("wss") => Some(443),
            () if is("ftp") => Some(21),
            () => None,
        };
        Some(Url {
            scheme,
            host,
            port: port.or_else(default),
            path: if path.is_empty() { "/" } else { path },
        })
    }

    /// Whether the scheme encrypts.
    #[must_use]
    pub fn encrypted(&self) -> bool {
        ["https", "wss", "ftps", "grpcs"].iter().any(|s| self.scheme.eq_ignore_ascii_case(s))
    }
}

/// What kind of address it is, before any declaration is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressKind {
    /// 127.0.0.0/8, ::1.
    Loopback,
    /// Link-local or multicast: cannot be routed off the site by itself.
    Link,
    /// RFC 1918, RFC 4193, RFC 6598: somebody's network, local only if declared.
    Private,
    /// Unspecified, documentation, reserved.
    Special,
    /// Everything else.
    Public,
}

/// Classifies an address (RFC 6890 registries, the entries that matter here).
#[must_use]
pub fn address_kind(address: IpAddr) -> AddressKind {
    match fold_mapped(address) {
        IpAddr::V4(a) => {
            let [first, second, ..] = a.octets();
            if a.is_loopback() {
                AddressKind::Loopback
            } else if a.is_link_local() || a.is_multicast() || a.is_broadcast() {
                AddressKind::Link
            } else if a.is_private() || (first == 100 && (64..128).contains(&second)) {
                AddressKind::Private
            } else if a == Ipv4Addr::UNSPECIFIED || first == 0 || first >= 240 {
                AddressKind::Special
            } else {
                AddressKind::Public
            }
        }
        IpAddr::V6(a) => {
            let [first, ..] = a.segments();
            if a == Ipv6Addr::LOCALHOST {
                AddressKind::Loopback
            } else if a.is_multicast() || (first & 0xffc0) == 0xfe80 {
                AddressKind::Link
            } else if (first & 0xfe00) == 0xfc00 {
                AddressKind::Private
            } else if a == Ipv6Addr::UNSPECIFIED {
                AddressKind::Special
            } else {
                AddressKind::Public
            }
        }
    }
}

/// A network in CIDR form, host bits cleared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    /// First address.
    pub base: IpAddr,
    /// Prefix length in bits.
    pub bits: u8,
}

impl Network {
    /// Whether the address lies in the network. IPv4-mapped IPv6 counts as IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.base, fold_mapped(address)) {
            (IpAddr::V4(n), IpAddr::V4(a)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.bits)).unwrap_or(0);
                u32::from(n) & mask == u32::from(a) & mask
            }
            (IpAddr::V6(n), IpAddr::V6(a)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.bits)).unwrap_or(0);
                u128::from(n) & mask == u128::from(a) & mask
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = &'static str;

    /// Reads `10.0.0.0/8`, `fd00::/8`, or a single address.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let base = IpAddr::from_str(address).map_err(|_| "not an IP address")?;
        let full: u8 = if base.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            Some(bits) => bits.parse().ok().filter(|b| *b <= full).ok_or("prefix length out of range")?,
            None => full,
        };
        let clear = match base {
            IpAddr::V4(a) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
                IpAddr::V4(Ipv4Addr::from(u32::from(a) & mask))
            }
            IpAddr::V6(a) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from(u128::from(a) & mask))
            }
        };
        if clear != base {
            return Err("host bits are set below the prefix");
        }
        Ok(Network { base, bits })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.bits)
    }
}

impl Serialize for Network {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Whether `host` is `domain` or lies below it, on a label boundary. Both lower case.
#[must_use]
pub fn under_domain(host: &str, domain: &str) -> bool {
    host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_normalised_and_hostile_ones_refused() {
        assert_eq!(Host::parse("API.OpenAI.com."), Some(Host::Name("api.openai.com".into())));
        assert_eq!(Host::parse("[::1]"), Some(Host::Address("::1".parse().unwrap())));
        assert_eq!(Host::parse("::ffff:10.0.0.1"), Some(Host::Address("10.0.0.1".parse().unwrap())));
        for bad in ["", ".", "a..b", "a b", "a\u{1b}[0m", "<script>", "a\"b", "a\u{202e}b"] {
            assert_eq!(Host::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn urls_lose_their_secrets() {
        let url = Url::parse("https://user:pa@ss@Example.com:8443/a/b?token=1#x").unwrap();
        assert_eq!((url.host, url.port, url.path), ("Example.com", Some(8443), "/a/b"));
        assert_eq!(
            Url::parse("http://[::1]:80").map(|u| (u.host, u.port, u.path)),
            Some(("::1", Some(80), "/"))
        );
        assert_eq!(Url::parse("data:image/png;base64,AAAA"), None);
    }

    /// As these were written before they were made quick.
    fn by_searching(text: &str) -> Option<(&str, &str, Option<u16>, &str)> {
        let (scheme, rest) = text.split_once("://")?;
        if scheme.is_empty() || !scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b)) {
            return None;
        }
        let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        let path = tail.split(['?', '#']).next().unwrap_or("");
        let (host, port) = authority_by_searching(authority);
        let default = match scheme.to_ascii_lowercase().as_str() {
            "http" | "ws" => Some(80),
            "https" | "wss" => Some(443),
            "ftp" => Some(21),
            _ => None,
        };
        Some((scheme, host, port.or(default), if path.is_empty() { "/" } else { path }))
    }

    fn authority_by_searching(text: &str) -> (&str, Option<u16>) {
        let text = text.rsplit_once('@').map_or(text, |(_, after)| after);
        if let Some(rest) = text.strip_prefix('[') {
            let Some((host, after)) = rest.split_once(']') else { return (text, None) };
            return (host, after.strip_prefix(':').and_then(|p| p.parse().ok()));
        }
        match text.split_once(':') {
            Some((_, port)) if port.contains(':') => (text, None),
            Some((host, port)) => (host, port.parse().ok()),
            None => (text, None),
        }
    }

    proptest::proptest! {
        #[test]
        fn urls_are_read_as_by_searching(
            pieces in proptest::collection::vec(proptest::sample::select(vec![
                "http", "HTTPS", "ws", "ftp", "x", ":", "/", "//", "://", "@", "[", "]", "::1", "?", "#", "\\", "a.example",
                ":80", ":+80", ":99999", "\u{e9}", "\u{2f0f}", ".", "-", "+", " ", "1",
            ]), 0..12),
        ) {
            let text = pieces.concat();
            for text in [text.clone(), format!("http://{text}")] {
                let url = Url::parse(&text).map(|u| (u.scheme, u.host, u.port, u.path));
                proptest::prop_assert_eq!(url, by_searching(&text));
                proptest::prop_assert_eq!(split_authority(&text), authority_by_searching(&text));
            }
        }
    }

    #[test]
    fn networks_match_by_prefix() {
        let net: Network = "10.20.0.0/24".parse().unwrap();
        assert!(net.contains("10.20.0.5".parse().unwrap()) && !net.contains("10.20.1.5".parse().unwrap()));
        assert!("0.0.0.0/0".parse::<Network>().unwrap().contains("8.8.8.8".parse().unwrap()));
        assert_eq!("10.20.0.5/24".parse::<Network>(), Err("host bits are set below the prefix"));
        assert!(under_domain("a.b.example", "b.example") && !under_domain("notb.example", "b.example"));
    }
}

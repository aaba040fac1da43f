//! nginx as a proxy before models: where its locations pass requests on to.
//!
//! Format: nginx's configuration file (ngx_http_proxy_module, ngx_http_upstream_module). Not followed: `include`,
//! `map`, and variables that requests set.

use super::proxy::{self, Way};
use super::variables::{Found, not_utf8};
use super::{Context, File, Importer};
use crate::model::inventory::{FileInventory, State, Where};
use crate::model::net::split_authority;
use crate::model::project::Role;
use std::collections::BTreeMap;

mod directives;

use directives::Directive;

pub(super) struct NginxProxy;

pub(super) static IMPORTER: NginxProxy = NginxProxy;

/// Most servers of an upstream that are followed for one location.
const MOST_SERVERS: usize = 64;
/// Longest address that is made of variables.
const LONGEST: usize = 1024;

impl Importer for NginxProxy {
    fn id(&self) -> &'static str {
        "nginx-proxy"
    }

    fn about(&self) -> &'static str {
        "nginx configuration: locations that pass requests for models on"
    }

    fn doc(&self) -> &'static str {
        "Recognised by content: directives of nginx with a `proxy_pass` or `grpc_pass` in a `server` or `location`.\n\n\
         A location counts if it leads to a service of the list, if its path is one of a model interface, or if its \
         port is one that image and text programs usually have (`policies/services/gateways.toml`). Upstreams and \
         variables that `set` gives a value are followed; a host that a request decides is undetermined. \
         Addresses at which such a server listens are listeners."
    }

    fn component(&self) -> Option<(&'static str, Role)> {
        Some(("gateway", Role::Forwarder))
    }

    fn import(&self, file: &File<'_>, context: &Context<'_>) -> Option<FileInventory> {
        if !file.holds("proxy_pass") && !file.holds("grpc_pass") {
            return None;
        }
        if let Some(unread) = not_utf8(file, self.id(), &["location", "_pass"]) {
            return Some(unread);
        }
        let (directives, whole) = directives::read(file.text()?);
        let servers =
            directives.iter().any(|d| d.name == "server" || d.name == "http" || d.name == "location");
        if !servers {
            return None;
        }
        let mut found = Found::new(file.path, context);
        if !whole {
            found.partial = true;
            found
                .notes
                .push("not read whole: its braces do not match, or it is nested too deeply".to_owned());
        }
        let mut reader = Reader { found: &mut found, upstreams: BTreeMap::new(), set: BTreeMap::new() };
        reader.gather(&directives);
        reader.walk(&directives, None);
        Some(found.finish(self.id()))
    }
}

struct Reader<'r, 'a> {
    found: &'r mut Found<'a>,
    /// Addresses of each upstream, with the place of each.
    upstreams: BTreeMap<String, Vec<(String, u64)>>,
    /// Values that `set` gives variables, the innermost last.
    set: BTreeMap<String, Vec<String>>,
}

impl Reader<'_, '_> {
    fn gather(&mut self, directives: &[Directive]) {
        for directive in directives {
            if directive.name == "upstream" {
                let Some(name) = directive.words.first() else { continue };
                let servers = directive.block.iter().filter(|d| d.name == "server");
                let servers = servers.filter(|d| !d.words.iter().any(|w| w == "down"));
                let addresses = servers.filter_map(|d| Some((d.words.first()?.clone(), d.line)));
                self.upstreams.insert(name.to_lowercase(), addresses.take(MOST_SERVERS).collect());
            } else {
                self.gather(&directive.block);
            }
        }
    }

    /// The depth is bounded where the file was read.
    fn walk(&mut self, directives: &[Directive], path: Option<&str>) {
        let mut own: Vec<&str> = Vec::new();
        for directive in directives.iter().filter(|d| d.name == "set") {
            if let [name, value, ..] = directive.words.as_slice() {
                let value = self.expand(value);
                self.set.entry(name.clone()).or_default().push(value);
                own.push(name);
            }
        }
        let before = self.found.operations.len();
        for directive in directives {
            match directive.name.as_str() {
                "location" => {
                    // `location ~ ^/v1/(images|chat)`: what a pattern begins with is a path.
                    let path = directive.words.last().map(|w| w.trim_start_matches(['^', '~', '*']));
                    let path =
                        path.map(|p| p.split(['(', '[', '\\', '*', '+', '?', '.', '$']).next().unwrap_or(p));
                    self.walk(&directive.block, path);
                }
                "proxy_pass" | "grpc_pass" => {
                    if let Some(address) = directive.words.first() {
                        let address = self.expand(address);
                        self.passed(&address, directive.line, path);
                    }
                }
                "upstream" => {}
                _ => self.walk(&directive.block, path),
            }
        }
        if self.found.operations.len() > before {
            for listen in directives.iter().filter(|d| d.name == "listen") {
                let Some(address) = listen.words.first() else { continue };
                let (host, _) = split_authority(address);
                if !host.starts_with("127.")
                    && host != "localhost"
                    && host != "::1"
                    && !host.starts_with("unix")
                {
                    let place = Where::key(self.found.path, listen.line, "listen");
                    let because = "requests to the model are taken from other machines";
                    self.found.listener(address, State::Active, place, because);
                }
            }
        }
        for name in own {
            self.set.get_mut(name).map(Vec::pop);
        }
    }

    /// `$name` and `${name}` replaced by what `set` gave them.
    fn expand(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            let (before, after) = rest.split_at(at);
            out.push_str(before);
            let inner = after.get(1..).unwrap_or_default();
            let braced = inner.strip_prefix('{').and_then(|i| i.split_once('}'));
            let (name, left) = braced.unwrap_or_else(|| {
                let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
                inner.split_at(inner.find(|c: char| !plain(c)).unwrap_or(inner.len()))
            });
            match self.set.get(&format!("${name}")).and_then(|values| values.last()) {
                Some(value) if out.len() < LONGEST => out.push_str(value),
                _ => out.push_str(&format!("${name}")),
            }
            rest = left;
        }
        out.push_str(rest);
        out.truncate(out.floor_char_boundary(2 * LONGEST));
        out
    }

    fn passed(&mut self, address: &str, line: u64, location: Option<&str>) {
        let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
        if rest.starts_with("unix:") {
            proxy::add_socket(self.way(line, (None, None), location, location), self.found);
            return;
        }
        let (authority, tail) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        // Without a path of its own the request keeps the one it came with.
        let tail = tail.split('?').next().unwrap_or(tail);
        let path = Some(tail).filter(|t| t.len() > 1 && !t.contains('$')).or(location);
        if let Some(servers) = self.upstreams.get(&authority.to_lowercase()).cloned() {
            for (server, at) in servers {
                if server.starts_with("unix:") {
                    proxy::add_socket(self.way(at, (None, None), path, location), self.found);
                } else {
                    self.lead(&server, at, path, location);
                }
            }
            return;
        }
        self.lead(authority, line, path, location);
    }

    fn lead(&mut self, authority: &str, line: u64, path: Option<&str>, location: Option<&str>) {
        let (host, port) = split_authority(authority);
        let host = super::endpoint::host_of(host);
        let way = self.way(line, (host.as_deref(), port), path, location);
        proxy::add(way, self.found);
    }

    fn way<'w>(
        &self,
        line: u64,
        (host, port): (Option<&'w str>, Option<u16>),
        path: Option<&'w str>,
        told: Option<&'w str>,
    ) -> Way<'w> {
        let id = told.map_or_else(|| "proxy_pass".to_owned(), |path| format!("location {path}"));
        let place = Where::key(self.found.path, line, "proxy_pass");
        Way { id, place, state: State::Active, host, port, path, told }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assets, operations, read as import};
    use super::*;

    #[test]
    fn upstreams_variables_and_paths_are_followed() {
        let text = "upstream sd { server 127.0.0.1:7860; server old:1 down; }\nserver {\n  listen 443 ssl;\n  set $vendor https://api.openai.com;\n  location /v1/ {\n    proxy_pass $vendor;\n  }\n  location /ui/ { proxy_pass http://sd; } # x\n  location ~ ^/sdapi/(.*)$ { proxy_pass http://$backend; }\n  location /shop { proxy_pass http://shop:80; }\n}\n";
        let inventory = import(&IMPORTER, "nginx.conf", text).unwrap();
        assert_eq!(
            operations(&inventory),
            [
                "location /v1/ 6 prompt+image+mask remote openai",
                "location /ui/ 1 prompt local 127.0.0.1",
                "location /sdapi/ 9 prompt undetermined"
            ]
        );
        assert_eq!(assets(&inventory), ["443 3"]);
    }

    #[test]
    fn a_proxy_before_no_model_says_nothing_and_a_cut_one_is_undetermined() {
        let web = "server { location / { proxy_pass http://web:3000; } }";
        assert_eq!(import(&IMPORTER, "n.conf", web).unwrap().verdict.name(), "no-evidence");
        let cut = "server { location /v1/ { proxy_pass http://x";
        assert_eq!(import(&IMPORTER, "n.conf", cut).unwrap().verdict.name(), "undetermined");
        assert!(import(&IMPORTER, "n.md", "use proxy_pass; to do so").is_none());
        let deep = format!("server {{ proxy_pass x; {}", "a {".repeat(100_000));
        assert_eq!(import(&IMPORTER, "n.conf", &deep).unwrap().verdict.name(), "undetermined");
    }

    #[test]
    fn sockets_are_of_the_machine() {
        let text = "server { location /v1/ { proxy_pass http://unix:/run/a.sock; } }";
        assert_eq!(operations(&import(&IMPORTER, "n.conf", text).unwrap()), ["location /v1/ 1 prompt local"]);
    }
}

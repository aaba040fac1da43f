//! What the generated logs are about: one network, the hosts it visits, and a day.
//!
//! Everything is drawn from a seed, and written without allocating: half a gigabyte takes seconds.

use crate::Outcome;
use std::fs;
use std::path::Path;

/// Clients of the network.
const CLIENTS: usize = 24;
/// Host names that are visited.
const HOSTS: usize = 2_500;
/// Names of the services list among them.
const LISTED: usize = 600;
/// Names that are nearly one of those.
const NEAR: usize = 120;
/// Registrable domains of the other names.
const DOMAINS: usize = 300;

/// SplitMix64 (Steele et al. 2014).
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Rng {
        Rng(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(n)) >> 64) as u64
    }

    /// True once in `n` times.
    pub(crate) fn once_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }

    /// A size as traffic has them: most are small, few are large. At least 60, at most some 8 MB.
    pub(crate) fn size(&mut self) -> u64 {
        let bits = self.next();
        60 + ((bits >> 32) & ((1 << (6 + (bits & 15) + ((bits >> 4) & 1))) - 1))
    }
}

/// Writing into a buffer, one piece after the other.
pub(crate) trait Put {
    fn s(&mut self, text: &str) -> &mut Self;
    fn n(&mut self, number: u64) -> &mut Self;
    /// A number of a fixed number of digits.
    fn z(&mut self, number: u64, digits: usize) -> &mut Self;
}

impl Put for Vec<u8> {
    fn s(&mut self, text: &str) -> &mut Self {
        self.extend_from_slice(text.as_bytes());
        self
    }

    fn n(&mut self, mut number: u64) -> &mut Self {
        let mut digits = [0_u8; 20];
        let mut at = digits.len();
        loop {
            at -= 1;
            digits[at] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.extend_from_slice(&digits[at..]);
        self
    }

    fn z(&mut self, mut number: u64, digits: usize) -> &mut Self {
        let mut text = [b'0'; 20];
        for digit in text[..digits].iter_mut().rev() {
            *digit = b'0' + (number % 10) as u8;
            number /= 10;
        }
        self.extend_from_slice(&text[..digits]);
        self
    }
}

/// A host and who visits it.
pub(crate) struct Host {
    pub(crate) name: String,
    addresses: Vec<String>,
    /// The first of its clients, and how many there are.
    clients: (usize, u64),
}

/// The network.
pub(crate) struct World {
    clients: Vec<String>,
    hosts: Vec<Host>,
    /// Hosts as often as they are visited: a draw is one look-up.
    popular: Vec<u16>,
    /// The names of the services list.
    pub(crate) listed: Vec<String>,
}

/// Who visits whom.
#[derive(Clone, Copy)]
pub(crate) struct Visit<'w> {
    pub(crate) client: &'w str,
    pub(crate) port: u64,
    pub(crate) name: &'w str,
    pub(crate) address: &'w str,
}

impl Visit<'_> {
    pub(crate) fn is_v6(&self) -> bool {
        self.address.contains(':')
    }
}

impl World {
    /// The world of that seed; the names of services are those of the lists in `services`.
    pub(crate) fn new(services: &Path, seed: u64) -> Outcome<World> {
        let mut rng = Rng::new(seed);
        let (mut listed, mut below) = listed_hosts(services)?;
        shuffle(&mut listed, &mut rng);
        shuffle(&mut below, &mut rng);
        listed.extend(below);
        if listed.len() < LISTED {
            return Err(format!("only {} hosts in {}", listed.len(), services.display()).into());
        }
        listed.truncate(LISTED);
        let mut names = listed.clone();
        for (i, name) in listed.iter().take(NEAR).enumerate() {
            names.push(if i % 2 == 0 {
                format!("not{name}")
            } else {
                format!("{name}.other{}.example", i % 40)
            });
        }
        let labels = ["www", "api", "cdn", "static", "img", "login", "mail", "files", "a1", "edge-eu"];
        let words = ["nordwind", "acme-tools", "hafen", "blue-ridge", "kontor", "linden", "papyrus", "orbit"];
        while names.len() < HOSTS {
            let domain = rng.below(DOMAINS as u64);
            let word = words[domain as usize % words.len()];
            let name = format!("{}{}.{word}{domain}.example", rng.pick(&labels), rng.below(12));
            if !names.contains(&name) {
                names.push(name);
            }
        }
        shuffle(&mut names, &mut rng);
        let hosts = names.into_iter().enumerate().map(|(rank, name)| host(rank, name, &mut rng)).collect();
        let clients = (0..CLIENTS).map(|i| format!("10.60.0.{}", 11 + i)).collect();
        Ok(World { clients, hosts, popular: zipf(HOSTS), listed })
    }

    pub(crate) fn visit(&self, rng: &mut Rng) -> Visit<'_> {
        let bits = rng.next();
        let host = &self.hosts[usize::from(self.popular[(bits & 0xffff) as usize])];
        let client = host.clients.0 + (((bits >> 16) & 0xff) % host.clients.1) as usize;
        Visit {
            client: &self.clients[client % CLIENTS],
            port: 32_768 + ((bits >> 24) & 0x3fff),
            name: &host.name,
            address: &host.addresses[((bits >> 40) & 0xff) as usize % host.addresses.len()],
        }
    }
}

/// Popular hosts are visited by every client, most by few.
fn host(rank: usize, name: String, rng: &mut Rng) -> Host {
    let v6 = rng.once_in(8);
    let addresses = (0..=rng.below(3)).map(|_| {
        let n = rng.next();
        if v6 {
            format!("2001:db8:{:x}:{:x}::{:x}", n & 0xfff, (n >> 16) & 0xff, (n >> 32) & 0xffff)
        } else {
            format!("198.{}.{}.{}", 18 + (n & 1), (n >> 8) & 0xff, 1 + (n >> 16) % 254)
        }
    });
    let addresses = addresses.collect();
    Host {
        name,
        addresses,
        clients: (rng.below(CLIENTS as u64) as usize, (24 / (1 + rank as u64 / 40)).max(1)),
    }
}

fn shuffle<T>(of: &mut [T], rng: &mut Rng) {
    for i in (1..of.len()).rev() {
        of.swap(i, rng.below(i as u64 + 1) as usize);
    }
}

/// Ranks as often as Zipf's law has them, in 65,536 places; each at least once.
fn zipf(hosts: usize) -> Vec<u16> {
    let total: f64 = (1..=hosts).map(|rank| 1.0 / rank as f64).sum();
    let room = (65_536 - hosts) as f64;
    let mut places = Vec::with_capacity(65_536);
    for rank in 1..=hosts {
        let share = 1 + (room / (rank as f64 * total)) as usize;
        places.extend(std::iter::repeat_n(rank as u16 - 1, share));
    }
    places.resize(65_536, 0);
    places
}

/// Host names that stand in the services lists, and one below each of their wildcards.
fn listed_hosts(folder: &Path) -> Outcome<(Vec<String>, Vec<String>)> {
    fn collect(value: &toml::Value, out: &mut Vec<String>) {
        match value {
            toml::Value::Table(table) => {
                for (key, value) in table {
                    match value {
                        toml::Value::Array(hosts) if key == "hosts" => out.extend(
                            hosts
                                .iter()
                                .filter_map(|h| h.as_str().or_else(|| h.get("host")?.as_str()))
                                .map(str::to_owned),
                        ),
                        other => collect(other, out),
                    }
                }
            }
            toml::Value::Array(values) => values.iter().for_each(|v| collect(v, out)),
            _ => {}
        }
    }
    let mut paths = fs::read_dir(folder)?.map(|e| Ok(e?.path())).collect::<Outcome<Vec<_>>>()?;
    paths.retain(|p| p.extension().is_some_and(|e| e == "toml"));
    let mut hosts = Vec::new();
    for path in paths {
        collect(&fs::read_to_string(path)?.parse::<toml::Table>()?.into(), &mut hosts);
    }
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-');
    let is_name =
        |h: &str| h.bytes().all(plain) && h.contains('.') && h.bytes().any(|b| b.is_ascii_lowercase());
    hosts.sort();
    hosts.dedup();
    let below = hosts.iter().filter_map(|h| h.strip_prefix("*.")).filter(|h| is_name(h));
    let below = below.map(|h| format!("app7.{h}")).collect();
    hosts.retain(|h| is_name(h));
    Ok((hosts, below))
}

/// What a log holds, counted while it is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// Bytes of the log.
    pub(crate) size: u64,
    pub(crate) flows: u64,
    pub(crate) ignored: u64,
    pub(crate) rejected: u64,
    /// Bytes clients sent, where a flow says so.
    pub(crate) sent: u64,
    /// Bytes clients received, where a flow says so.
    pub(crate) back: u64,
}

impl Totals {
    pub(crate) fn records(&self) -> u64 {
        self.flows + self.ignored + self.rejected
    }
}

/// Midnight at which the day begins, seconds since 1970: 2026-11-23T00:00:00Z.
pub(crate) const MIDNIGHT: u64 = 1_795_392_000;
/// The day, as logs spell it.
pub(crate) const DATE: &str = "2026-11-23";
const DAY: u64 = 86_400_000_000;

/// A log that is being written.
pub(crate) struct Day<'w> {
    pub(crate) world: &'w World,
    pub(crate) rng: Rng,
    pub(crate) totals: Totals,
    /// Microseconds since midnight; they ascend.
    pub(crate) now: u64,
    /// Microseconds between two records, in the mean.
    step: u64,
    /// Number of the record.
    pub(crate) id: u64,
}

impl<'w> Day<'w> {
    /// A day of `size` bytes, `width` a record.
    pub(crate) fn new(world: &'w World, seed: u64, size: u64, width: u64) -> Day<'w> {
        let step = (DAY * width / size.max(1)).max(1);
        Day { world, rng: Rng::new(seed), totals: Totals::default(), now: 0, step, id: 0 }
    }

    /// The next record's time, number and ends.
    pub(crate) fn next(&mut self) -> Visit<'w> {
        self.now = (self.now + self.rng.below(2 * self.step)).min(DAY - 1);
        self.id += 1;
        self.world.visit(&mut self.rng)
    }

    pub(crate) fn flow(&mut self, sent: u64, back: u64) {
        self.totals.flows += 1;
        self.totals.sent += sent;
        self.totals.back += back;
    }

    /// Seconds since 1970 with that many decimals, so many microseconds earlier.
    pub(crate) fn epoch(&self, out: &mut Vec<u8>, earlier: u64, decimals: usize) {
        let at = self.now.saturating_sub(earlier);
        out.n(MIDNIGHT + at / 1_000_000);
        if decimals > 0 {
            out.s(".").z(at % 1_000_000 / 10_u64.pow(6 - decimals as u32), decimals);
        }
    }

    /// Hour, minute and second, so many microseconds earlier.
    pub(crate) fn clock(&self, out: &mut Vec<u8>, earlier: u64) {
        let seconds = self.now.saturating_sub(earlier) / 1_000_000;
        out.z(seconds / 3600, 2).s(":").z(seconds / 60 % 60, 2).s(":").z(seconds % 60, 2);
    }

    /// ISO 8601 with that many decimals and without a zone.
    pub(crate) fn iso(&self, out: &mut Vec<u8>, earlier: u64, decimals: usize) {
        out.s(DATE).s("T");
        self.clock(out, earlier);
        let micros = self.now.saturating_sub(earlier) % 1_000_000;
        out.s(".").z(micros / 10_u64.pow(6 - decimals as u32), decimals);
    }
}

/// Browsers and programs.
pub(crate) const AGENTS: [&str; 5] = [
    "python-requests/2.32.3",
    "curl/8.11.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Go-http-client/2.0",
];

/// A user agent, now and then a very long one.
pub(crate) fn agent(out: &mut Vec<u8>, rng: &mut Rng) {
    out.s(rng.pick(&AGENTS));
    if rng.once_in(25) {
        for _ in 0..8 + rng.below(20) {
            out.s(" Component/").n(rng.below(900)).s(".").n(rng.below(9_000));
        }
    }
}

/// A path, now and then a very long one.
pub(crate) fn path(out: &mut Vec<u8>, rng: &mut Rng, slash: &str) {
    const PATHS: [&str; 6] = ["v1", "images", "assets", "generate", "models", "static"];
    for _ in 0..=rng.below(3) {
        out.s(slash).s(rng.pick(&PATHS));
    }
    out.s(slash).n(rng.below(4_000));
    if rng.once_in(25) {
        out.s("?token=");
        for _ in 0..10 + rng.below(60) {
            out.n(rng.next());
        }
    }
}

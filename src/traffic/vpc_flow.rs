//! AWS VPC flow logs, as text.

mod layout;
#[cfg(test)]
mod tests;

use super::addresses::Addresses;
use super::columns::{Columns, alone, look};
use super::lines::{LONGEST, Line, Lines};
use super::scalar::{epoch, number, port};
use super::{Block, Decoder, Format, Framing, Head, Health, ReadOptions, Settled, Sink, Sniff, Split, Stop};
use crate::model::{Disposition, Flow, Lane, Orientation, Protocol, Time, Visibility};
use layout::{Layout, Role};
use std::ops::ControlFlow;

/// The shelf entry.
pub(super) static FORMAT: VpcFlow = VpcFlow;

/// Flow logs of network interfaces in AWS.
pub(super) struct VpcFlow;

impl Format for VpcFlow {
    fn id(&self) -> &'static str {
        "vpc-flow"
    }

    fn about(&self) -> &'static str {
        "AWS VPC flow logs: version 2 without a header, any fields with one"
    }

    fn doc(&self) -> &'static str {
        r#"Flow logs of a VPC, a subnet or a network interface in AWS, as text ("Flow log records" in the Amazon VPC
User Guide): the 14 fields of version 2 without a header, as CloudWatch Logs delivers them, and any list of
fields of any version with its header, as objects in S3 begin. A header that stands again, of objects put
together, is followed. Exports with commas or tabs are read if their header has these names, with `-` or `_`.

**Shows** addresses, ports, protocol, bytes and whether security groups and network ACLs let the packets pass. A record is
**one direction**: its client is the source and its server the destination, as logged, also where the
source answers. Only bytes out are known.

Who began is stated where `tcp-flags` has SYN without ACK and `flow-direction` is logged, inferred from
these flags alone or from the higher port of the source, unknown otherwise and for every answer. An answer, by
its flags or by the lower port of the source, has no port: that of the client means nothing.

**Cannot show** names, paths, bodies; traffic to Amazon's DNS resolver, instance metadata, DHCP and the like,
which AWS leaves out. `ACCEPT` says that rules let packets pass, not that anyone was there.

`NODATA` is a sign of life, `SKIPDATA` a gap: AWS does not say how much it skipped. Both are ignored records.

**To make it show more**, log in a custom format with `srcaddr dstaddr srcport dstport protocol bytes start
action log-status` and `pkt-srcaddr pkt-dstaddr tcp-flags flow-direction`, and the queries of the resolver in
the same source.

**Would mislead**: behind a NAT gateway `srcaddr` or `dstaddr` is the gateway; `pkt-srcaddr` and `pkt-dstaddr` are
used where they are logged. Packets that pass several interfaces with flow logs have a record at each and
count once each.

**Not supported**: Parquet; logs of other fields without their header (rejected: columns are not
guessed); fields named by hand in other words; lines with a time put in front."#
    }

    fn sniff(&self, head: &Head<'_>) -> Sniff {
        let mut lines = head.bytes.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).filter(|l| !l.is_empty());
        let plain = Layout::default();
        let is_plain = |line: &[u8]| {
            let mut maps = Vec::new();
            let places = alone(line, b' ', &mut maps);
            plain.cut(line, places, &mut Columns::default()).is_some_and(layout::is_default)
        };
        let ours = |line: &[u8]| Layout::of_header(line).is_some_and(|l| l.is_certain()) || is_plain(line);
        if lines.by_ref().take(20).any(ours) { Sniff::Certain } else { Sniff::No }
    }

    fn framing(&self) -> Framing {
        Framing::Lines { max: LONGEST }
    }

    fn split(&self) -> Split {
        Split::LinesAfterHeader
    }

    fn header(&self, head: &Head<'_>) -> usize {
        let line = head.bytes.split_inclusive(|b| *b == b'\n').next().filter(|l| l.ends_with(b"\n"));
        line.filter(|l| Layout::of_header(l.trim_ascii_end()).is_some()).map_or(0, <[u8]>::len)
    }

    fn decoder<'o>(&self, _: &'o ReadOptions) -> Box<dyn Decoder + 'o> {
        Box::new(Reader::default())
    }
}

#[derive(Default)]
struct Reader {
    layout: Layout,
    columns: Columns,
    addresses: Addresses,
}

impl Decoder for Reader {
    fn block(&mut self, block: Block<'_>, out: &mut dyn Sink) -> ControlFlow<Stop> {
        let mut lines = Lines::with(block, look(self.layout.separator));
        while let Some(line) = lines.next(out) {
            let Line { bytes, at, .. } = line;
            if let Some(layout) = Layout::of_header(bytes) {
                lines.look_for(look(layout.separator));
                self.layout = layout;
                continue;
            }
            let mut flow = Flow::new(Time::EARLIEST, "", Lane::PacketFlow);
            match self.fill(&mut flow, &line) {
                Ok(Read::Flow) => out.record(at, bytes, Settled::Flow(&flow)),
                Ok(Read::Sign(health, why)) => {
                    out.health(health);
                    out.record(at, bytes, Settled::Ignored(why));
                }
                Err(why) => out.record(at, bytes, Settled::Rejected(why)),
            }
        }
        ControlFlow::Continue(())
    }

    fn finish(&mut self, _: &mut dyn Sink) {}

    fn state(&self) -> u64 {
        self.layout.digest()
    }
}

/// What a record is.
enum Read {
    Flow,
    /// Something about the sensor, and why it is no flow.
    Sign(Health, &'static str),
}

impl Reader {
    /// Fills in the flow of a record, if it is one.
    fn fill<'a>(&mut self, flow: &mut Flow<'a>, line: &Line<'a, '_, 3>) -> Result<Read, &'static str> {
        let Reader { layout, columns, addresses } = self;
        if let Some(why) = layout.fault {
            return Err(why);
        }
        let row = layout.cut(line.bytes, line.places, columns).ok_or(if layout.assumed {
            "no header before it"
        } else {
            "another number of columns than the header"
        })?;
        let is_set = |value: &[u8]| !matches!(value, [] | [b'-']);
        let of = |role: Role| Some(row.value(role)).filter(|v| is_set(v));
        // Without a header only the default format can be told from its looks.
        if layout.assumed && of(Role::Version) != Some(b"2") {
            return Err("no header before it");
        }
        let time = of(Role::Start).and_then(epoch).ok_or("start is not a number")?;
        match of(Role::Status) {
            None | Some(b"OK") => {}
            Some(b"NODATA") => {
                return Ok(Read::Sign(Health { time, lost: None }, "no traffic in the interval"));
            }
            // How much was skipped is not logged: at least one.
            Some(b"SKIPDATA") => {
                return Ok(Read::Sign(
                    Health { time, lost: Some(1) },
                    "records of the interval were skipped",
                ));
            }
            Some(_) => return Err("log-status is not one of AWS"),
        }
        let end = |real: Role, logged: Role| [real, logged].into_iter().find(|role| is_set(row.value(*role)));
        let source = end(Role::PacketSource, Role::Source).ok_or("no source address")?;
        let client = addresses.read(row.value(source)).and_then(|_| row.text(source, line.text));
        let server = end(Role::PacketDestination, Role::Destination).ok_or("no destination address")?;
        let (Some(client), Some(server)) = (client, addresses.read(row.value(server))) else {
            return Err("an end is no address");
        };
        let ports = (optional(of(Role::SourcePort), port)?, optional(of(Role::DestinationPort), port)?);
        (flow.time, flow.client) = (time, client);
        flow.server_address = Some(server);
        flow.protocol = match optional(of(Role::Protocol), number)? {
            Some(6) => Protocol::Tcp,
            Some(17) => Protocol::Udp,
            Some(1 | 58) => Protocol::Icmp,
            _ => Protocol::Other,
        };
        let has_ports = matches!(flow.protocol, Protocol::Tcp | Protocol::Udp);
        let flags = optional(of(Role::Flags), number)?.filter(|_| flow.protocol == Protocol::Tcp);
        if has_ports {
            let (known, answers) = roles(flags, of(Role::Direction).is_some(), ports);
            flow.orientation = known;
            // The port of whoever asked is drawn anew for every connection and is no server's.
            flow.server_port = ports.1.filter(|_| !answers);
        } else {
            flow.server_port = ports.1.filter(|port| *port != 0);
        }
        flow.visibility = Visibility::Address;
        flow.disposition = match of(Role::Action) {
            Some(b"ACCEPT") => Disposition::Delivered,
            Some(b"REJECT") => Disposition::Denied,
            None => Disposition::Unknown,
            Some(_) => return Err("action is not one of AWS"),
        };
        flow.bytes_out = optional(of(Role::Bytes), number)?;
        Ok(Read::Flow)
    }
}

fn optional<T>(value: Option<&[u8]>, read: impl Fn(&[u8]) -> Option<T>) -> Result<Option<T>, &'static str> {
    value.map(|v| read(v).ok_or("a count or port is not a number")).transpose()
}

/// Whether the source is known to have begun, and whether it looks like the one that answers. `tcp-flags` joins
/// those of the whole interval with "or", and tells ACK (16) only beside SYN (2): SYN alone is a question,
/// both are an answer.
fn roles(
    flags: Option<u64>,
    directed: bool,
    (source, server): (Option<u16>, Option<u16>),
) -> (Orientation, bool) {
    match (flags.map(|f| f & 18), source, server) {
        (Some(2), ..) if directed => (Orientation::Stated, false),
        (Some(2), ..) => (Orientation::Inferred, false),
        (Some(18), ..) => (Orientation::Unknown, true),
        (_, Some(source), Some(server)) if source > server && source >= 1024 => {
            (Orientation::Inferred, false)
        }
        (_, Some(source), Some(server)) if source < server && server >= 1024 => (Orientation::Unknown, true),
        _ => (Orientation::Unknown, false),
    }
}

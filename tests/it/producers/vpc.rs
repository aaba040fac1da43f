//! AWS VPC flow logs: version 2 as CloudWatch Logs delivers it, and custom fields below their header as objects
//! in S3 hold them. Compared with the records of the Amazon VPC User Guide ("Flow log record examples").

use std::io::Write as _;

/// The fields of [`write_custom`], version 5.
pub(crate) const CUSTOM: &str = "version interface-id flow-direction srcaddr dstaddr pkt-srcaddr pkt-dstaddr srcport dstport protocol tcp-flags packets bytes start end action log-status vpc-id";

/// The fields of [`write_default`].
pub(crate) const DEFAULT: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status";

/// One direction of a connection in one interval.
pub(crate) struct Record<'a> {
    /// First and last second.
    pub(crate) seconds: (i64, i64),
    /// Address and port of the source and of the destination.
    pub(crate) ends: [(&'a str, u16); 2],
    /// IANA number.
    pub(crate) protocol: u8,
    /// Flags joined with "or".
    pub(crate) flags: u8,
    /// Bytes.
    pub(crate) bytes: u64,
    /// Whether the rules let it pass.
    pub(crate) accepted: bool,
    /// Whether it leaves the interface.
    pub(crate) egress: bool,
}

fn action(r: &Record<'_>) -> &'static str {
    if r.accepted { "ACCEPT" } else { "REJECT" }
}

/// A line of version 2.
pub(crate) fn write_default(out: &mut Vec<u8>, r: &Record<'_>) {
    let [(source, from), (destination, to)] = r.ends;
    let ((start, end), packets) = (r.seconds, r.bytes.div_ceil(1500));
    writeln!(
        out,
        "2 123456789012 eni-0a1b2c3d4e5f60718 {source} {destination} {from} {to} {} {packets} {} {start} {end} {} OK",
        r.protocol,
        r.bytes,
        action(r)
    )
    .expect("memory takes it");
}

/// A line of an interval in which there was nothing (`NODATA`) or something was skipped (`SKIPDATA`).
pub(crate) fn write_empty(out: &mut Vec<u8>, (start, end): (i64, i64), status: &str) {
    writeln!(out, "2 123456789012 eni-0a1b2c3d4e5f60718 - - - - - - - {start} {end} - {status}")
        .expect("memory takes it");
}

/// A line of [`CUSTOM`].
pub(crate) fn write_custom(out: &mut Vec<u8>, r: &Record<'_>) {
    let [(source, from), (destination, to)] = r.ends;
    let ((start, end), packets) = (r.seconds, r.bytes.div_ceil(1500));
    let direction = if r.egress { "egress" } else { "ingress" };
    writeln!(
        out,
        "5 eni-0a1b2c3d4e5f60718 {direction} {source} {destination} {source} {destination} {from} {to} {} {} {packets} {} {start} {end} {} OK vpc-0123456789abcdef0",
        r.protocol,
        r.flags,
        r.bytes,
        action(r)
    )
    .expect("memory takes it");
}

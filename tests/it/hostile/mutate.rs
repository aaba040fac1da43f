//! Seeded damage: the same seed gives the same bytes on every machine.

use crate::producers::Rng;

/// What readers stumble over: ends of lines, quotes, brackets, escapes, numbers at the edge of every type, bytes
/// that are no UTF-8 and characters that hide.
const TOKENS: &[&[u8]] = &[
    b"\n",
    b"\r",
    b"\r\n",
    b"\n\n",
    b"\0",
    b"\xff",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\"",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"\\x",
    b"\\x0a",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b" ",
    b"\t",
    b"-",
    b"#",
    b"%",
    b"/",
    b"@",
    b"0",
    b"1",
    b"-1",
    b"1e999",
    b"0.1",
    b"NaN",
    b"null",
    b"true",
    b"18446744073709551615",
    b"18446744073709551616",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"253402300800",
    b"-11644473601",
    b"65536",
    b"1601",
    b"9999",
    b"0000",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xae",
    b"\x1b[2J",
    b"::",
    b"[::1]",
    b"0.0.0.0",
    b"#separator \\x20\n",
    b"#fields\t",
    b"\"a\":1,",
    b"{\"log\":{\"entries\":[",
    b"=",
    b"(",
    b"\x7f",
];

fn below(rng: &mut Rng, n: usize) -> usize {
    (rng.next() % n.max(1) as u64) as usize
}

/// A stretch of the bytes, short more often than long.
fn stretch(rng: &mut Rng, bytes: &[u8]) -> (usize, usize) {
    let from = below(rng, bytes.len() + 1);
    let most = [4, 30, 300, usize::MAX][below(rng, 4)].min(bytes.len() - from);
    (from, from + below(rng, most + 1))
}

/// The bytes with one to four things wrong, or cut off. `others` are logs to take pieces from.
pub(crate) fn mutate(rng: &mut Rng, bytes: &[u8], others: &[Vec<u8>]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for _ in 0..=below(rng, 4) {
        let (from, to) = stretch(rng, &out);
        match below(rng, 9) {
            0 => out.truncate(from),
            1 => drop(out.drain(from..to)),
            2 => {
                let copy = out[from..to].to_vec();
                let at = below(rng, out.len() + 1);
                out.splice(at..at, copy);
            }
            3 => {
                let other = &others[below(rng, others.len())];
                let (a, b) = stretch(rng, other);
                out.splice(from..to, other[a..b].iter().copied());
            }
            4 => {
                let nested = [b"[".as_slice(), b"{\"a\":", b"\\", b"\"", b"a", b" "][below(rng, 6)];
                let deep = nested.repeat([3, 200, 3000][below(rng, 3)]);
                out.splice(from..from, deep);
            }
            5 => {
                if let Some(byte) = out.get_mut(from) {
                    *byte ^= 1 << below(rng, 8);
                }
            }
            _ => {
                let token = TOKENS[below(rng, TOKENS.len())];
                out.splice(from..to, token.iter().copied());
            }
        }
    }
    out
}

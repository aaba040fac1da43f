//! Where a JSON value ends: strings and brackets are followed, nothing is validated.

use super::json_strings::Strings;
use super::simd::{Class, Classes, GROUP, Work, best, bitmaps};

/// What is told apart inside of a value.
struct Nested;

impl Classes<4> for Nested {
    const LIST: [Class; 4] = [Class::Is(b'"'), Class::Is(b'\\'), Class::Either(b'{'), Class::Either(b'}')];
}

/// Bytes that are looked at at once inside of a value: what lies behind its end is looked at again.
const AT_ONCE: usize = 16 * GROUP;

/// Where a scan through a value stands.
#[derive(Default)]
pub(super) struct Scan {
    depth: u64,
    in_string: bool,
    escaped: bool,
    maps: Vec<[u64; 4]>,
}

impl Scan {
    /// Goes on through `ahead`; the number of bytes up to and with the end of the value, if it ends here.
    pub(super) fn go(&mut self, ahead: &[u8]) -> Option<usize> {
        let mut at = 0;
        while self.depth == 0 {
            let rest = ahead.get(at..).filter(|r| !r.is_empty())?;
            match self.step(rest, at > 0) {
                Went::On(n) => at += n,
                Went::UpTo(n) => return Some(at + n),
            }
        }
        for piece in ahead.get(at..)?.chunks(AT_ONCE) {
            let mut maps = std::mem::take(&mut self.maps);
            bitmaps::<Nested, 4>(piece, &mut maps);
            let end = best(Through { scan: self, piece, maps: &maps });
            self.maps = maps;
            if let Some(end) = end {
                return Some(at + end);
            }
            at += piece.len();
        }
        None
    }

    /// As [`Scan::go`], for bytes that are not the first of the value: an end before them is an end at 0.
    pub(super) fn resume(&mut self, ahead: &[u8]) -> Option<usize> {
        let scalar = self.depth == 0 && !self.in_string && !self.escaped;
        if scalar { ahead.iter().position(ends_scalar) } else { self.go(ahead) }
    }

    /// Goes on by a few bytes: to the next one that matters.
    fn step(&mut self, rest: &[u8], begun: bool) -> Went {
        let found = if self.escaped {
            self.escaped = false;
            return Went::On(1);
        } else if self.in_string {
            memchr::memchr2(b'"', b'\\', rest)
        } else {
            rest.iter().position(ends_scalar)
        };
        let Some(found) = found else { return Went::On(rest.len()) };
        let b = rest.get(found);
        if self.in_string {
            self.escaped = b == Some(&b'\\');
            self.in_string = self.escaped;
            return if self.depth == 0 && !self.in_string {
                Went::UpTo(found + 1)
            } else {
                Went::On(found + 1)
            };
        }
        let scalar_ends = self.depth == 0 && (begun || found > 0);
        match b {
            Some(b'"') if !scalar_ends => self.in_string = true,
            Some(b'{' | b'[') if !scalar_ends => self.depth += 1,
            Some(b'}' | b']') if self.depth > 0 => {
                self.depth -= 1;
                if self.depth == 0 {
                    return Went::UpTo(found + 1);
                }
            }
            _ if self.depth == 0 => return Went::UpTo(found),
            _ => {}
        }
        Went::On(found + 1)
    }

    /// Goes on by a group inside of a value, byte by byte.
    #[cold]
    fn bytewise(&mut self, group: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(rest) = group.get(at..).filter(|rest| !rest.is_empty()) {
            match self.step(rest, true) {
                Went::On(n) => at += n,
                Went::UpTo(n) => return Some(at + n),
            }
        }
        None
    }
}

/// How far a scan went.
enum Went {
    /// So many bytes, without an end.
    On(usize),
    /// So many bytes, up to the end of the value.
    UpTo(usize),
}

fn ends_scalar(b: &u8) -> bool {
    matches!(b, b'"' | b'{' | b'[' | b'}' | b']' | b',' | b' ' | b'\n' | b'\r' | b'\t')
}

/// A piece inside of a value, to be gone through.
struct Through<'a> {
    scan: &'a mut Scan,
    piece: &'a [u8],
    maps: &'a [[u64; 4]],
}

impl Work for Through<'_> {
    /// The number of bytes up to and with the end of the value, if it ends here.
    type Out = Option<usize>;

    #[inline(always)]
    fn run(self) -> Option<usize> {
        let Through { scan, piece, maps } = self;
        for (i, (group, words)) in piece.chunks(GROUP).zip(maps).enumerate() {
            let [quotes, backslashes, opens, closes] = *words;
            let mut strings = Strings::resume(scan.in_string, scan.escaped);
            let inside = strings.next(quotes, backslashes, group.len()).inside;
            // Outside of a string a backslash escapes nothing.
            if backslashes & !inside != 0 {
                match scan.bytewise(group) {
                    Some(end) => return Some(i * GROUP + end),
                    None => continue,
                }
            }
            (scan.in_string, scan.escaped) = strings.state();
            let (opens, closes) = (opens & !inside, closes & !inside);
            if u64::from(closes.count_ones()) < scan.depth {
                scan.depth = scan.depth + u64::from(opens.count_ones()) - u64::from(closes.count_ones());
                continue;
            }
            let mut brackets = opens | closes;
            while brackets != 0 {
                let at = brackets.trailing_zeros();
                scan.depth = if opens >> at & 1 == 1 { scan.depth + 1 } else { scan.depth - 1 };
                if scan.depth == 0 {
                    return Some(i * GROUP + at as usize + 1);
                }
                brackets &= brackets - 1;
            }
        }
        None
    }
}

/// Holds what finds the end of a value by bitmaps, with a break at `cut`, against what finds it byte by byte:
/// `inner` stands so deep in arrays and objects, at most four.
///
/// # Panics
/// Unless both find the same end.
#[cfg(any(test, fuzzing))]
pub fn agree(depth: usize, inner: &[u8], cut: usize) {
    let open = b"[{[{".get(..depth).unwrap_or(b"[{[{");
    let bytes = [open, inner].concat();
    let (first, rest) = bytes.split_at(cut.min(bytes.len()));
    let mut scan = Scan::default();
    let found = scan.go(first).or_else(|| {
        let resumed = if first.is_empty() { scan.go(rest) } else { scan.resume(rest) };
        resumed.map(|end| first.len() + end)
    });
    let mut slow = Scan { depth: open.len() as u64, ..Scan::default() };
    assert_eq!(found, slow.bytewise(inner).map(|end| open.len() + end), "{}", inner.escape_ascii());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 1000 }))]

        #[test]
        fn bitmaps_find_the_end_that_a_loop_finds(
            inner in prop::collection::vec(prop::sample::select(b"{}[]\"\\\\ aaaa,\n".to_vec()), 0..400),
            depth in 1..5_usize,
            cut in 0..400_usize,
        ) {
            agree(depth, &inner, cut);
        }
    }
}

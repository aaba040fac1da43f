//! Bitmaps of where some bytes stand, one bit for each byte of a block: the only room with `unsafe` code.
//!
//! A block is looked at once, 64 bytes at a time, with the widest registers that the processor has
//! (AVX-512BW, AVX2, or eight bytes in a word, which runs everywhere). Everything after that, strings,
//! nesting, columns, is arithmetic on the bitmaps in safe code. All three ways give the same bits: a
//! property test holds them against each other and against a plain loop.

#![expect(
    unsafe_code,
    reason = "vector instructions that are there only on some processors; see each `unsafe`"
)]

/// Which bytes are meant: those `b` for which the rule holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// `b == x`.
    Is(u8),
    /// `b | 0x20 == x`: both cases of a letter, and of the brackets `[` `{` and `]` `}`.
    Either(u8),
    /// Below 0x20 or above 0x7f: control characters, and whatever is not ASCII.
    Odd,
    /// A quote, a backslash, or what is odd: where the text of a JSON string ends, or stops being plain.
    Break,
    /// `0` to `9`.
    Digit,
    /// Brackets, colons and commas: what stands between the values of JSON.
    Mark,
    /// Below 0x20.
    Control,
    /// White space of JSON: space, tab, line feed and carriage return.
    Space,
}

/// Bytes to a group: one word of each bitmap.
pub const GROUP: usize = 64;

/// The classes that a reader tells apart. A type, so that each reader has code of its own for them.
pub trait Classes<const N: usize> {
    /// In the order of the words of a group.
    const LIST: [Class; N];
}

/// One bitmap for each class, group by group: bit `i` of a group's word says whether its byte `i` is of
/// the class. What follows the end of the bytes is of none.
pub fn bitmaps<C: Classes<N>, const N: usize>(bytes: &[u8], out: &mut Vec<[u64; N]>) {
    Kind::of_this_machine().bitmaps(|| C::LIST, bytes, out);
}

/// As [`bitmaps`], of where each of some bytes stands that are known only at run time.
pub fn places<const N: usize>(of: [u8; N], bytes: &[u8], out: &mut Vec<[u64; N]>) {
    Kind::of_this_machine().bitmaps(|| of.map(Class::Is), bytes, out);
}

/// Work on bitmaps that is worth being compiled for the processor at hand: counting and finding bits are
/// single instructions there.
pub trait Work {
    /// What comes of it.
    type Out;
    /// Does it. To be of use it has to be `#[inline(always)]`, and so has what it calls.
    fn run(self) -> Self::Out;
}

/// Does a piece of work with the instructions that the processor has.
pub fn best<W: Work>(work: W) -> W::Out {
    match Kind::of_this_machine() {
        // SAFETY: every processor with AVX-512BW or AVX2 has the bit instructions that came before them,
        // and `has_bits` asked for each.
        #[cfg(target_arch = "x86_64")]
        Kind::Avx512 | Kind::Avx2 if has_bits() => unsafe { with_bits(work) },
        _ => work.run(),
    }
}

#[cfg(target_arch = "x86_64")]
fn has_bits() -> bool {
    std::arch::is_x86_feature_detected!("popcnt")
        && std::arch::is_x86_feature_detected!("lzcnt")
        && std::arch::is_x86_feature_detected!("bmi1")
        && std::arch::is_x86_feature_detected!("bmi2")
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "popcnt,lzcnt,bmi1,bmi2")]
fn with_bits<W: Work>(work: W) -> W::Out {
    work.run()
}

/// The ways to make bitmaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

impl Kind {
    fn of_this_machine() -> Kind {
        #[cfg(target_arch = "x86_64")]
        {
            if std::arch::is_x86_feature_detected!("avx512bw") {
                return Kind::Avx512;
            }
            if std::arch::is_x86_feature_detected!("avx2") {
                return Kind::Avx2;
            }
        }
        Kind::Portable
    }

    /// `classes` is a closure so that constant ones stay constants where they are compared.
    fn bitmaps<const N: usize>(
        self,
        classes: impl Fn() -> [Class; N] + Copy,
        bytes: &[u8],
        out: &mut Vec<[u64; N]>,
    ) {
        out.clear();
        out.reserve(bytes.len().div_ceil(GROUP));
        let (groups, rest) = bytes.as_chunks::<GROUP>();
        match self {
            // SAFETY: `of_this_machine` and the tests choose it only where AVX-512BW was detected.
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => unsafe { avx512(groups, classes, out) },
            // SAFETY: `of_this_machine` and the tests choose it only where AVX2 was detected.
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => unsafe { avx2(groups, classes, out) },
            Kind::Portable => out.extend(groups.iter().map(|group| portable(group, classes))),
        }
        if !rest.is_empty() {
            let mut last = [b' '; GROUP];
            last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
            let inside = u64::MAX >> (GROUP - rest.len());
            out.push(portable(&last, classes).map(|word| word & inside));
        }
    }
}

/// Eight bytes at a time. The comparisons are exact: no carry runs from one byte into the next.
fn portable<const N: usize>(group: &[u8; GROUP], classes: impl Fn() -> [Class; N]) -> [u64; N] {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = LOW << 7;
    // The high bit of each byte that is zero.
    let zero = |x: u64| !(((x & !HIGH) + !HIGH) | x | !HIGH);
    // The high bit of each byte, which is below 0x80, that is below `n`.
    let below = |x: u64, n: u8| HIGH & !((x | HIGH) - LOW * u64::from(n));
    let is = |x: u64, b: u8| zero(x ^ (LOW * u64::from(b)));
    let odd = |x: u64| (x & HIGH) | below(x & !HIGH, 0x20);
    let either = |x: u64, b: u8| zero((x | (LOW << 5)) ^ (LOW * u64::from(b)));
    let mut out = [0; N];
    for (i, eight) in group.as_chunks::<8>().0.iter().enumerate() {
        let x = u64::from_le_bytes(*eight);
        for (word, class) in out.iter_mut().zip(classes()) {
            let high = match class {
                Class::Is(b) => is(x, b),
                Class::Either(b) => either(x, b),
                Class::Odd => odd(x),
                Class::Break => odd(x) | is(x, b'"') | is(x, b'\\'),
                Class::Digit => below(x & !HIGH, b'9' + 1) & !below(x & !HIGH, b'0') & !x,
                Class::Mark => either(x, b'{') | either(x, b'}') | is(x, b':') | is(x, b','),
                Class::Control => below(x & !HIGH, 0x20) & !x,
                Class::Space => is(x, b' ') | is(x, b'\t') | is(x, b'\n') | is(x, b'\r'),
            };
            // Gathers the high bits of the bytes into one byte.
            let bits = ((high >> 7).wrapping_mul(0x0102_0408_1020_4080)) >> 56;
            *word |= bits << (8 * i);
        }
    }
    out
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512bw")]
fn avx512<const N: usize>(groups: &[[u8; GROUP]], classes: impl Fn() -> [Class; N], out: &mut Vec<[u64; N]>) {
    use std::arch::x86_64::{
        _mm512_cmpeq_epi8_mask, _mm512_cmplt_epi8_mask, _mm512_cmplt_epu8_mask, _mm512_loadu_si512,
        _mm512_or_si512, _mm512_set1_epi8, _mm512_sub_epi8,
    };
    for group in groups {
        // SAFETY: a group is 64 readable bytes, and the load needs no alignment.
        let v = unsafe { _mm512_loadu_si512(group.as_ptr().cast()) };
        let folded = _mm512_or_si512(v, _mm512_set1_epi8(0x20));
        let is = |b: u8| _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(b.cast_signed()));
        let either = |b: u8| _mm512_cmpeq_epi8_mask(folded, _mm512_set1_epi8(b.cast_signed()));
        // As signed numbers, bytes above 0x7f are below zero.
        let odd = || _mm512_cmplt_epi8_mask(v, _mm512_set1_epi8(0x20));
        let mut words = [0; N];
        for (word, class) in words.iter_mut().zip(classes()) {
            *word = match class {
                Class::Is(b) => is(b),
                Class::Either(b) => either(b),
                Class::Odd => odd(),
                Class::Break => odd() | is(b'"') | is(b'\\'),
                Class::Digit => {
                    let from_zero = _mm512_sub_epi8(v, _mm512_set1_epi8(b'0'.cast_signed()));
                    _mm512_cmplt_epu8_mask(from_zero, _mm512_set1_epi8(10))
                }
                Class::Mark => either(b'{') | either(b'}') | is(b':') | is(b','),
                Class::Control => _mm512_cmplt_epu8_mask(v, _mm512_set1_epi8(0x20)),
                Class::Space => is(b' ') | is(b'\t') | is(b'\n') | is(b'\r'),
            };
        }
        out.push(words);
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2<const N: usize>(groups: &[[u8; GROUP]], classes: impl Fn() -> [Class; N], out: &mut Vec<[u64; N]>) {
    use std::arch::x86_64::{
        __m256i, _mm256_cmpeq_epi8, _mm256_cmpgt_epi8, _mm256_loadu_si256, _mm256_max_epi8, _mm256_min_epu8,
        _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8, _mm256_sub_epi8, _mm256_xor_si256,
    };
    for group in groups {
        let mut words = [0; N];
        for (i, half) in group.as_chunks::<{ GROUP / 2 }>().0.iter().enumerate() {
            // SAFETY: a half is 32 readable bytes, and the load needs no alignment.
            let v = unsafe { _mm256_loadu_si256(half.as_ptr().cast()) };
            let folded = _mm256_or_si256(v, _mm256_set1_epi8(0x20));
            let is = |b: u8| _mm256_cmpeq_epi8(v, _mm256_set1_epi8(b.cast_signed()));
            // Several comparisons would be put together bit by bit; the least difference is zero if one is.
            let unlike = |b: u8, v| _mm256_xor_si256(v, _mm256_set1_epi8(b.cast_signed()));
            let any = |[a, b, c, d]: [__m256i; 4]| {
                let least = _mm256_min_epu8(_mm256_min_epu8(a, b), _mm256_min_epu8(c, d));
                _mm256_cmpeq_epi8(least, _mm256_set1_epi8(0))
            };
            for (word, class) in words.iter_mut().zip(classes()) {
                let hits = match class {
                    Class::Is(b) => is(b),
                    Class::Either(b) => _mm256_cmpeq_epi8(folded, _mm256_set1_epi8(b.cast_signed())),
                    Class::Odd => _mm256_cmpgt_epi8(_mm256_set1_epi8(0x20), v),
                    Class::Break => {
                        let even = _mm256_max_epi8(v, _mm256_set1_epi8(0x1f));
                        let odd = _mm256_sub_epi8(even, _mm256_set1_epi8(0x1f));
                        any([unlike(b'"', v), unlike(b'\\', v), odd, odd])
                    }
                    Class::Digit => {
                        let from_zero = _mm256_sub_epi8(v, _mm256_set1_epi8(b'0'.cast_signed()));
                        _mm256_cmpeq_epi8(_mm256_min_epu8(from_zero, _mm256_set1_epi8(9)), from_zero)
                    }
                    Class::Mark => {
                        let (open, close) = (unlike(b'{', folded), unlike(b'}', folded));
                        any([open, close, unlike(b':', v), unlike(b',', v)])
                    }
                    Class::Control => _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(0x1f)), v),
                    Class::Space => any([b' ', b'\t', b'\n', b'\r'].map(|b| unlike(b, v))),
                };
                *word |= u64::from(_mm256_movemask_epi8(hits).cast_unsigned()) << (32 * i);
            }
        }
        out.push(words);
    }
}

/// Asks for the cache line of a value that will be needed soon. It changes nothing but when the value is at hand.
#[inline]
pub fn prefetch<T>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: the instruction reads nothing that the program could see and never faults; SSE, which it belongs
        // to, is there on every x86-64.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(value).cast()) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}

#[cfg(any(test, fuzzing))]
pub(super) mod twins {
    //! All ways held against each other and a plain loop, for unit tests and fuzz targets.

    use super::{Class, Classes, GROUP, Kind};

    struct Told;

    impl Classes<11> for Told {
        const LIST: [Class; 11] = [
            Class::Is(b'"'),
            Class::Is(0),
            Class::Is(0xff),
            Class::Either(b'{'),
            Class::Either(b'}'),
            Class::Odd,
            Class::Break,
            Class::Digit,
            Class::Mark,
            Class::Control,
            Class::Space,
        ];
    }

    fn holds(class: Class, b: u8) -> bool {
        match class {
            Class::Is(x) => b == x,
            Class::Either(x) => b | 0x20 == x,
            Class::Odd => !(0x20..0x80).contains(&b),
            Class::Break => !(0x20..0x80).contains(&b) || matches!(b, b'"' | b'\\'),
            Class::Digit => b.is_ascii_digit(),
            Class::Mark => matches!(b | 0x20, b'{' | b'}') || matches!(b, b':' | b','),
            Class::Control => b < 0x20,
            Class::Space => matches!(b, b' ' | b'\t' | b'\n' | b'\r'),
        }
    }

    /// The ways that there are on this machine.
    pub(super) fn kinds() -> Vec<Kind> {
        let mut kinds = vec![Kind::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            if std::arch::is_x86_feature_detected!("avx2") {
                kinds.push(Kind::Avx2);
            }
            if std::arch::is_x86_feature_detected!("avx512bw") {
                kinds.push(Kind::Avx512);
            }
        }
        kinds
    }

    /// Holds what every way makes of some bytes against a loop over them.
    ///
    /// # Panics
    /// Unless all find the same.
    pub fn agree(bytes: &[u8]) {
        for kind in kinds() {
            let mut out = vec![[7; 11]];
            kind.bitmaps(|| Told::LIST, bytes, &mut out);
            assert_eq!(out.len(), bytes.len().div_ceil(GROUP), "{kind:?}");
            for (i, words) in out.iter().enumerate() {
                for (class, word) in Told::LIST.iter().zip(words) {
                    for bit in 0..GROUP {
                        let wanted = bytes.get(i * GROUP + bit).is_some_and(|b| holds(*class, *b));
                        assert_eq!(word >> bit & 1 == 1, wanted, "{kind:?} {class:?} at {}", i * GROUP + bit);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::twins::{agree, kinds};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bytes_known_at_run_time_are_found_too() {
        let text = b"a,b;c".repeat(30);
        for kind in kinds() {
            let (mut fixed, mut given) = (Vec::new(), Vec::new());
            kind.bitmaps(|| [Class::Is(b','), Class::Is(b';')], &text, &mut fixed);
            let of = std::hint::black_box([b',', b';']);
            kind.bitmaps(|| of.map(Class::Is), &text, &mut given);
            assert_eq!(fixed, given, "{kind:?}");
            places(of, &text, &mut fixed);
            assert_eq!(fixed, given);
        }
    }

    #[test]
    fn every_byte_is_seen_at_every_place() {
        let all: Vec<u8> = (0..=255).chain(0..=255).collect();
        for shift in 0..66 {
            agree(&all[shift..]);
        }
        agree(&[]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 256 }))]

        #[test]
        fn all_ways_give_the_same_bits(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            agree(&bytes);
        }
    }
}

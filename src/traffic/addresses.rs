//! Addresses that were read before: a few of them stand in nearly all records.

use super::scalar::address_bytes;
use std::net::{IpAddr, Ipv4Addr};

/// Reads addresses, each at most once for as long as no other one takes its place. What a log may hold
/// cannot make it grow, and costs at most a comparison and a copy more than reading every address.
#[derive(Debug)]
pub(super) struct Addresses {
    slots: Box<[Slot]>,
}

/// How many addresses are kept. A slot is a cache line: all of them together stay near the core.
const SLOTS: usize = 1 << SLOT_BITS;
const SLOT_BITS: u32 = 11;
/// Longest text that is kept, which is that of an IPv6 address.
const LONGEST: usize = 39;
/// What stands between the first eight bytes of such a text and the last eight.
const MIDDLE: usize = LONGEST - 16;

#[derive(Debug, Clone, Copy)]
struct Slot {
    first: u64,
    last: u64,
    middle: [u8; MIDDLE],
    /// Length of the text, 0 of none.
    length: u8,
    address: IpAddr,
}

impl Default for Addresses {
    fn default() -> Self {
        let address = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let empty = Slot { first: 0, last: 0, middle: [0; MIDDLE], length: 0, address };
        Addresses { slots: vec![empty; SLOTS].into_boxed_slice() }
    }
}

impl Addresses {
    /// As [`address_bytes`] does.
    #[inline]
    pub(super) fn read(&mut self, text: &[u8]) -> Option<IpAddr> {
        let ends = text.first_chunk::<8>().zip(text.last_chunk::<8>());
        let Some((first, last)) = ends.filter(|_| text.len() <= LONGEST) else { return address_bytes(text) };
        let (first, last) = (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
        // The bytes that differ most are the last ones.
        let hash = (first.rotate_left(25) ^ last).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let slot = self.slots.get_mut((hash >> (64 - SLOT_BITS)) as usize)?;
        let middle = text.get(8..text.len() - 8).unwrap_or_default();
        let met = slot.first == first && slot.last == last && usize::from(slot.length) == text.len();
        if met && slot.middle.get(..middle.len()) == Some(middle) {
            return Some(slot.address);
        }
        slot.fill(text)
    }
}

impl Slot {
    /// Reads an address and takes it in.
    #[inline(never)]
    fn fill(&mut self, text: &[u8]) -> Option<IpAddr> {
        let address = address_bytes(text)?;
        let (first, last) = text.first_chunk().zip(text.last_chunk())?;
        let middle = text.get(8..text.len() - 8).unwrap_or_default();
        self.middle.iter_mut().zip(middle).for_each(|(to, from)| *to = *from);
        (self.first, self.last) = (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
        (self.length, self.address) = (text.len() as u8, address);
        Some(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 500 }))]

        /// Texts are few and alike, so that many are met again and many share a slot.
        #[test]
        fn what_was_met_before_is_read_as_if_it_was_not(
            texts in prop::collection::vec("(1[0-9]?\\.){3}[0-9]|[0-9.]{7,16}|(fd00:[0-3]{0,4}:){1,2}:[01]|(2001:){6,7}[0-9a-f:]{4,9}|\\PC{0,45}", 1..60),
            order in prop::collection::vec(any::<prop::sample::Index>(), 0..200),
        ) {
            let mut addresses = Addresses::default();
            for text in order.iter().map(|i| i.get(&texts)) {
                prop_assert_eq!(addresses.read(text.as_bytes()), address_bytes(text.as_bytes()), "{}", text);
            }
        }
    }
}

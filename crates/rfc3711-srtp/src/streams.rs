//! The streams of a context by SSRC, found at the same cost whether there is one or ten thousand.
//! RFC 3711 §3.2.3.

use alloc::vec::Vec;
use core::mem;

/// The fewest places of a table that has any.
const FEWEST: usize = 4;

/// What makes a number odd and its bits irregular, whatever the seed.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// A hash table: a stream stands in the place that its SSRC falls on, or in one of the next. At
/// most half of the places are taken.
pub(crate) struct Streams<S> {
    /// A power of two, or none.
    places: Vec<Place<S>>,
    len: usize,
    factor: u64,
}

/// A place that begins with a cache line.
#[repr(align(64))]
struct Place<S>(Option<(u32, S)>);

impl<S> Streams<S> {
    /// `seed` decides who stands where.
    pub(crate) fn new(seed: u64) -> Streams<S> {
        Streams {
            places: Vec::new(),
            len: 0,
            factor: (seed ^ GOLDEN) | 1,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(crate) fn get(&self, ssrc: u32) -> Option<&S> {
        match self.places.get(self.find(ssrc)?) {
            Some(Place(Some((_, stream)))) => Some(stream),
            _ => None,
        }
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, ssrc: u32) -> Option<&mut S> {
        let at = self.find(ssrc)?;
        match self.places.get_mut(at) {
            Some(Place(Some((_, stream)))) => Some(stream),
            _ => None,
        }
    }

    /// Enters a stream, instead of the one with this SSRC if there is one.
    pub(crate) fn insert(&mut self, ssrc: u32, stream: S) {
        if let Some(old) = self.get_mut(ssrc) {
            *old = stream;
            return;
        }
        if (self.len + 1) * 2 > self.places.len() {
            self.grow();
        }
        self.settle(ssrc, stream);
        self.len += 1;
    }

    pub(crate) fn remove(&mut self, ssrc: u32) {
        let Some(gap) = self.find(ssrc) else {
            return;
        };
        if let Some(place) = self.places.get_mut(gap) {
            place.0 = None;
        }
        self.len -= 1;
        // Those behind the gap may have passed by it on their way.
        let mut at = self.next(gap);
        while let Some((ssrc, stream)) = self.places.get_mut(at).and_then(|place| place.0.take()) {
            self.settle(ssrc, stream);
            at = self.next(at);
        }
    }

    /// Where the stream stands.
    #[inline]
    fn find(&self, ssrc: u32) -> Option<usize> {
        let mut at = self.home(ssrc)?;
        // The table is never full, so an empty place is met.
        while let Some(Place(Some((other, _)))) = self.places.get(at) {
            if *other == ssrc {
                return Some(at);
            }
            at = self.next(at);
        }
        None
    }

    /// The place that an SSRC falls on: the high bits of a product.
    #[inline]
    fn home(&self, ssrc: u32) -> Option<usize> {
        let bits = self.places.len().checked_ilog2()?;
        let product = u64::from(ssrc).wrapping_mul(self.factor);
        // At least four places: the shift is below 64.
        usize::try_from(product >> (u64::BITS - bits)).ok()
    }

    #[inline]
    fn next(&self, at: usize) -> usize {
        (at + 1) & (self.places.len() - 1)
    }

    /// Puts a stream that is not there into the first free place.
    fn settle(&mut self, ssrc: u32, stream: S) {
        let Some(mut at) = self.home(ssrc) else {
            return;
        };
        while let Some(Place(Some(_))) = self.places.get(at) {
            at = self.next(at);
        }
        if let Some(place) = self.places.get_mut(at) {
            place.0 = Some((ssrc, stream));
        }
    }

    #[cold]
    fn grow(&mut self) {
        let mut places = Vec::new();
        places.resize_with((self.places.len() * 2).max(FEWEST), || Place(None));
        for Place(taken) in mem::replace(&mut self.places, places) {
            if let Some((ssrc, stream)) = taken {
                self.settle(ssrc, stream);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_table_agrees_with_a_map(
            seed: u64,
            // Few SSRCs, and such as fall together.
            steps in prop::collection::vec((0..24_u32, any::<bool>(), any::<u8>()), 0..200),
        ) {
            let (mut table, mut map) = (Streams::new(seed), BTreeMap::new());
            for (ssrc, remove, value) in steps {
                let ssrc = ssrc.wrapping_mul(0x0100_0000) ^ (ssrc >> 3);
                if remove {
                    table.remove(ssrc);
                    map.remove(&ssrc);
                } else {
                    table.insert(ssrc, value);
                    map.insert(ssrc, value);
                }
                prop_assert_eq!(table.len(), map.len());
                prop_assert!(table.places.len() <= 128);
                for (ssrc, value) in &map {
                    prop_assert_eq!(table.get(*ssrc), Some(value));
                    prop_assert_eq!(table.get_mut(*ssrc), Some(&mut value.clone()));
                }
                prop_assert_eq!(table.get(0xffff_ffff), None);
            }
        }
    }

    /// The longest way to a stream, in places.
    fn longest_way(table: &Streams<()>) -> usize {
        let mask = table.places.len() - 1;
        let ways = table.places.iter().enumerate().filter_map(|(at, place)| {
            let (ssrc, ()) = place.0.as_ref()?;
            Some((at.wrapping_sub(table.home(*ssrc)?)) & mask)
        });
        ways.max().unwrap_or(0)
    }

    #[test]
    fn ten_thousand_streams_stand_near_where_they_fall() {
        type Ssrcs = fn(u32) -> u32;
        let sequences: [Ssrcs; 4] = [
            |n| n,
            |n| n << 16,
            |n| n.wrapping_mul(0x9e37_79b9),
            |n| n.wrapping_mul(n) ^ 0xdead_beef,
        ];
        for seed in [0, 1, 0x0123_4567_89ab_cdef, u64::MAX] {
            for (number, ssrc) in sequences.iter().enumerate() {
                let mut table = Streams::new(seed);
                (0..10_000).for_each(|n| table.insert(ssrc(n), ()));
                let way = longest_way(&table);
                assert!(way < 64, "{way} places, seed {seed:x}, sequence {number}");
            }
        }
    }
}

//! IPv4 (RFC 791) and IPv6 (RFC 8200) with extension headers; fragments are put together again.

use super::time::Timestamp;
use etherparse::defrag::IpDefragBuf;
use etherparse::{
    IpFragOffset, IpNumber, Ipv6ExtensionSlice, Ipv6ExtensionsSlice, LaxIpSlice, LaxIpv6Slice,
};
use std::borrow::Cow;
use std::collections::HashMap;
use std::net::IpAddr;

/// Datagrams whose fragments are waited for at one time; at 64 KiB each this bounds the memory.
const MOST_DATAGRAMS: usize = 512;
/// RFC 8200 §4.5 gives up after 60 seconds.
const PATIENCE_SECONDS: f64 = 60.0;

/// A whole IP datagram.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Datagram<'a> {
    pub(crate) src: IpAddr,
    pub(crate) dst: IpAddr,
    pub(crate) protocol: IpNumber,
    pub(crate) payload: Cow<'a, [u8]>,
    /// The capture holds only the beginning.
    pub(crate) cut: bool,
}

/// Why there is no datagram in a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nothing {
    /// A fragment; the rest is waited for.
    Fragment,
    Malformed(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    src: IpAddr,
    dst: IpAddr,
    protocol: u8,
    identification: u32,
}

/// The fragments that wait for their missing parts.
#[derive(Default)]
pub(crate) struct Fragments {
    waiting: HashMap<Key, (IpDefragBuf, Timestamp)>,
    /// Datagrams given up.
    pub(crate) abandoned: u64,
}

struct Fragment<'a> {
    key: Key,
    offset: IpFragOffset,
    more: bool,
    payload: &'a [u8],
}

impl Fragments {
    /// Reads one IP packet.
    pub(crate) fn decode<'a>(
        &mut self,
        time: Timestamp,
        packet: &'a [u8],
    ) -> Result<Datagram<'a>, Nothing> {
        let (ip, _) = LaxIpSlice::from_slice(packet)
            .map_err(|_| Nothing::Malformed("IP header cut short or malformed"))?;
        let (src, dst) = (ip.source_addr(), ip.destination_addr());
        let payload = match &ip {
            LaxIpSlice::Ipv4(ip) => ip.payload(),
            LaxIpSlice::Ipv6(ip) => ip.payload(),
        };
        if !payload.fragmented {
            return Ok(Datagram {
                src,
                dst,
                protocol: payload.ip_number,
                payload: Cow::Borrowed(payload.payload),
                cut: payload.incomplete,
            });
        }
        if payload.incomplete {
            return Err(Nothing::Malformed("fragment cut short"));
        }
        let fragment = match &ip {
            LaxIpSlice::Ipv4(ip) => {
                let header = ip.header();
                Fragment {
                    key: Key {
                        src,
                        dst,
                        protocol: header.protocol().0,
                        identification: u32::from(header.identification()),
                    },
                    offset: header.fragments_offset(),
                    more: header.more_fragments(),
                    payload: payload.payload,
                }
            }
            LaxIpSlice::Ipv6(ip) => ipv6_fragment(ip, packet)
                .ok_or(Nothing::Malformed("IPv6 fragment header malformed"))?,
        };
        self.add(time, &fragment)
    }

    fn add(
        &mut self,
        time: Timestamp,
        fragment: &Fragment<'_>,
    ) -> Result<Datagram<'static>, Nothing> {
        let key = fragment.key;
        self.forget_stale(time, key);
        let (buffer, _) = self.waiting.entry(key).or_insert_with(|| {
            (
                IpDefragBuf::new(IpNumber(key.protocol), Vec::new(), Vec::new()),
                time,
            )
        });
        if buffer
            .add(fragment.offset, fragment.more, fragment.payload)
            .is_err()
        {
            self.waiting.remove(&key);
            self.abandoned += 1;
            return Err(Nothing::Malformed("fragments that contradict each other"));
        }
        if !buffer.is_complete() {
            return Err(Nothing::Fragment);
        }
        let Some((buffer, _)) = self.waiting.remove(&key) else {
            return Err(Nothing::Fragment);
        };
        let (data, _) = buffer.take_bufs();
        let (protocol, payload) = match key.src {
            IpAddr::V4(_) => (IpNumber(key.protocol), data),
            // More extension headers may stand in the part that was fragmented.
            IpAddr::V6(_) => {
                let (_, protocol, rest, _) =
                    Ipv6ExtensionsSlice::from_slice_lax(IpNumber(key.protocol), &data);
                (protocol, rest.to_vec())
            }
        };
        Ok(Datagram {
            src: key.src,
            dst: key.dst,
            protocol,
            payload: Cow::Owned(payload),
            cut: false,
        })
    }

    /// Makes room for `key`, giving up what waits too long or first what waits longest.
    fn forget_stale(&mut self, now: Timestamp, key: Key) {
        if let Some((_, since)) = self.waiting.get(&key)
            && now.seconds_since(*since) > PATIENCE_SECONDS
        {
            self.waiting.remove(&key);
            self.abandoned += 1;
        }
        if self.waiting.len() >= MOST_DATAGRAMS && !self.waiting.contains_key(&key) {
            let oldest = self.waiting.iter().min_by_key(|(_, (_, since))| *since);
            if let Some(oldest) = oldest.map(|(key, _)| *key) {
                self.waiting.remove(&oldest);
                self.abandoned += 1;
            }
        }
    }

    /// Datagrams that never became whole.
    pub(crate) fn incomplete(&self) -> u64 {
        self.abandoned + self.waiting.len() as u64
    }
}

/// The fragment header and all that follows it, extension headers included.
fn ipv6_fragment<'a>(ip: &LaxIpv6Slice<'a>, packet: &'a [u8]) -> Option<Fragment<'a>> {
    let header = ip.header();
    let end = 40 + usize::from(header.payload_length());
    let mut rest = packet.get(40..end)?;
    for extension in ip.extensions().clone() {
        let length = match &extension {
            Ipv6ExtensionSlice::HopByHop(raw)
            | Ipv6ExtensionSlice::Routing(raw)
            | Ipv6ExtensionSlice::DestinationOptions(raw) => raw.slice().len(),
            Ipv6ExtensionSlice::Fragment(fragment) => fragment.slice().len(),
            Ipv6ExtensionSlice::Authentication(header) => header.slice().len(),
        };
        rest = rest.get(length..)?;
        if let Ipv6ExtensionSlice::Fragment(fragment) = extension
            && fragment.is_fragmenting_payload()
        {
            return Some(Fragment {
                key: Key {
                    src: header.source_addr().into(),
                    dst: header.destination_addr().into(),
                    protocol: fragment.next_header().0,
                    identification: fragment.identification(),
                },
                offset: fragment.fragment_offset(),
                more: fragment.more_fragments(),
                payload: rest,
            });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use etherparse::{
        IpFragOffset, Ipv4Header, Ipv6FragmentHeader, Ipv6Header, Ipv6RawExtHeader, ip_number,
    };

    const V4: ([u8; 4], [u8; 4]) = ([192, 0, 2, 1], [192, 0, 2, 2]);

    fn v4(identification: u16, offset: u16, more: bool, payload: &[u8]) -> Vec<u8> {
        let length = u16::try_from(payload.len()).unwrap();
        let mut header = Ipv4Header::new(length, 64, ip_number::UDP, V4.0, V4.1).unwrap();
        header.identification = identification;
        header.fragment_offset = IpFragOffset::try_new(offset / 8).unwrap();
        header.more_fragments = more;
        header.dont_fragment = false;
        [&header.to_bytes()[..], payload].concat()
    }

    fn v6(next: IpNumber, parts: &[&[u8]]) -> Vec<u8> {
        let payload = parts.concat();
        let header = Ipv6Header {
            payload_length: u16::try_from(payload.len()).unwrap(),
            next_header: next,
            hop_limit: 64,
            source: [1; 16],
            destination: [2; 16],
            ..Default::default()
        };
        [&header.to_bytes()[..], &payload].concat()
    }

    fn fragment_header(next: IpNumber, offset: u16, more: bool) -> [u8; 8] {
        let offset = IpFragOffset::try_new(offset / 8).unwrap();
        Ipv6FragmentHeader::new(next, offset, more, 77).to_bytes()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::new(seconds, 0)
    }

    #[test]
    fn a_whole_packet_is_borrowed_and_ethernet_padding_left_out() {
        let mut packet = v4(1, 0, false, b"payload");
        packet.extend([0; 12]);
        let datagram = Fragments::default().decode(at(0), &packet).unwrap();
        assert!(matches!(datagram.payload, Cow::Borrowed(b"payload")));
        assert_eq!(datagram.protocol, ip_number::UDP);
        assert_eq!(datagram.src, IpAddr::from(V4.0));
        assert!(!datagram.cut);
    }

    #[test]
    fn a_packet_cut_by_the_capture_is_marked() {
        let packet = v4(1, 0, false, b"payload");
        let datagram = Fragments::default().decode(at(0), &packet[..23]).unwrap();
        assert!(datagram.cut);
        assert_eq!(&*datagram.payload, b"pay");
    }

    #[test]
    fn ipv4_fragments_in_any_order() {
        let whole: Vec<u8> = (0..40).collect();
        let parts = [
            v4(9, 0, true, &whole[..16]),
            v4(9, 16, true, &whole[16..32]),
            v4(9, 32, false, &whole[32..]),
        ];
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1]] {
            let mut fragments = Fragments::default();
            assert_eq!(
                fragments.decode(at(0), &parts[order[0]]),
                Err(Nothing::Fragment)
            );
            assert_eq!(
                fragments.decode(at(0), &parts[order[1]]),
                Err(Nothing::Fragment)
            );
            let datagram = fragments.decode(at(0), &parts[order[2]]).unwrap();
            assert_eq!(*datagram.payload, whole);
            assert_eq!(fragments.incomplete(), 0);
        }
    }

    #[test]
    fn fragments_of_two_datagrams_are_not_mixed() {
        let mut fragments = Fragments::default();
        let _ = fragments.decode(at(0), &v4(1, 0, true, b"11111111"));
        let _ = fragments.decode(at(0), &v4(2, 0, true, b"22222222"));
        let last = v4(1, 8, false, b"1");
        assert_eq!(
            *fragments.decode(at(0), &last).unwrap().payload,
            *b"111111111"
        );
        assert_eq!(fragments.incomplete(), 1);
    }

    #[test]
    fn a_fragment_does_not_wait_for_ever() {
        let mut fragments = Fragments::default();
        let _ = fragments.decode(at(0), &v4(1, 0, true, b"11111111"));
        assert_eq!(
            fragments.decode(at(61), &v4(1, 8, false, b"1")),
            Err(Nothing::Fragment)
        );
        assert_eq!(fragments.abandoned, 1);
    }

    #[test]
    fn the_number_of_waiting_datagrams_is_bounded() {
        let mut fragments = Fragments::default();
        for identification in 0..2000 {
            let _ = fragments.decode(at(0), &v4(identification, 0, true, b"11111111"));
        }
        assert_eq!(fragments.waiting.len(), MOST_DATAGRAMS);
        assert_eq!(fragments.incomplete(), 2000);
    }

    #[test]
    fn ipv6_extension_headers_are_walked() {
        let options = Ipv6RawExtHeader::new_raw(ip_number::UDP, &[1, 4, 0, 0, 0, 0]).unwrap();
        let packet = v6(
            ip_number::IPV6_HOP_BY_HOP,
            &[&options.to_bytes(), b"payload"],
        );
        let datagram = Fragments::default().decode(at(0), &packet).unwrap();
        assert_eq!(datagram.protocol, ip_number::UDP);
        assert_eq!(&*datagram.payload, b"payload");
    }

    #[test]
    fn ipv6_fragments_with_an_extension_header_within() {
        let options = Ipv6RawExtHeader::new_raw(ip_number::UDP, &[1, 4, 0, 0, 0, 0]).unwrap();
        let whole = [&options.to_bytes()[..], b"0123456789"].concat();
        let next = ip_number::IPV6_DEST_OPTIONS;
        let first = [&fragment_header(next, 0, true)[..], &whole[..16]].concat();
        let last = [&fragment_header(next, 16, false)[..], &whole[16..]].concat();
        let mut fragments = Fragments::default();
        let first = v6(ip_number::IPV6_FRAG, &[&first]);
        assert_eq!(fragments.decode(at(0), &first), Err(Nothing::Fragment));
        let last = v6(ip_number::IPV6_FRAG, &[&last]);
        let datagram = fragments.decode(at(0), &last).unwrap();
        assert_eq!(datagram.protocol, ip_number::UDP);
        assert_eq!(*datagram.payload, *b"0123456789");
    }

    #[test]
    fn an_atomic_ipv6_fragment_is_whole() {
        let header = fragment_header(ip_number::UDP, 0, false);
        let packet = v6(ip_number::IPV6_FRAG, &[&header, b"whole"]);
        let datagram = Fragments::default().decode(at(0), &packet).unwrap();
        assert_eq!(&*datagram.payload, b"whole");
    }
}

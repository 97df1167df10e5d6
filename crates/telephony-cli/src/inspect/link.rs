//! Link layers: what lies between the capture's record and the IP packet.

/// What a frame carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Payload<'a> {
    /// An IP packet, version 4 or 6 by its first nibble.
    Ip(&'a [u8]),
    /// A well-formed frame of something else (ARP, LLDP, spanning tree, …).
    Other,
    /// The frame is shorter than its headers.
    TooShort,
    /// A link type that is not read.
    UnknownLink,
}

// https://www.tcpdump.org/linktypes.html, and the DLT numbers that some systems write instead.
const NULL: i32 = 0;
const ETHERNET: i32 = 1;
const PPP: i32 = 9;
const PPP_HDLC: i32 = 50;
const RAW_LINUX: i32 = 12;
const RAW_OPENBSD: i32 = 14;
const RAW: i32 = 101;
const LOOP: i32 = 108;
const LINUX_SLL: i32 = 113;
const IPV4: i32 = 228;
const IPV6: i32 = 229;
const LINUX_SLL2: i32 = 276;

const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_IPV6: u16 = 0x86dd;
const ETHERTYPE_PPPOE_SESSION: u16 = 0x8864;
/// 802.1Q, 802.1ad and the two older numbers for stacked tags.
const ETHERTYPES_VLAN: [u16; 4] = [0x8100, 0x88a8, 0x9100, 0x9200];
/// More tags than this are an attack or noise.
const MOST_TAGS: usize = 8;

/// The name a link type is shown by.
pub(crate) fn name(link: i32) -> String {
    match link {
        NULL | LOOP => "loopback".into(),
        ETHERNET => "Ethernet".into(),
        PPP | PPP_HDLC => "PPP".into(),
        RAW | RAW_LINUX | RAW_OPENBSD | IPV4 | IPV6 => "raw IP".into(),
        LINUX_SLL => "Linux cooked".into(),
        LINUX_SLL2 => "Linux cooked v2".into(),
        _ => format!("link type {link}"),
    }
}

/// Takes the link layer off a frame.
pub(crate) fn strip(link: i32, frame: &[u8]) -> Payload<'_> {
    let stripped = match link {
        ETHERNET => split_u16(frame, 12).map(|(kind, rest)| ether_payload(kind, rest)),
        // Packet type, ARPHRD, address length, address: the protocol is last.
        LINUX_SLL => split_u16(frame, 14).map(|(kind, rest)| ether_payload(kind, rest)),
        // The protocol comes first, then reserved, interface, ARPHRD, type, address.
        LINUX_SLL2 => {
            split_u16(frame, 0).and_then(|(kind, rest)| Some(ether_payload(kind, rest.get(18..)?)))
        }
        // An address family: host order in NULL, network order in LOOP. 2 is AF_INET everywhere,
        // AF_INET6 is 10, 24, 28 or 30 by system; the version in the packet decides.
        NULL | LOOP => frame.split_first_chunk::<4>().map(|(family, rest)| {
            let family = u32::from_be_bytes(*family);
            let family = if family > 0xffff {
                family.swap_bytes()
            } else {
                family
            };
            if matches!(family, 2 | 10 | 24 | 28 | 30) {
                Payload::Ip(rest)
            } else {
                Payload::Other
            }
        }),
        RAW | RAW_LINUX | RAW_OPENBSD | IPV4 | IPV6 => Some(Payload::Ip(frame)),
        PPP | PPP_HDLC => ppp(frame),
        _ => Some(Payload::UnknownLink),
    };
    stripped.unwrap_or(Payload::TooShort)
}

fn ether_payload(mut kind: u16, mut rest: &[u8]) -> Payload<'_> {
    for _ in 0..MOST_TAGS {
        match kind {
            ETHERTYPE_IPV4 | ETHERTYPE_IPV6 => return Payload::Ip(rest),
            // Version and type, code, session, length: then PPP.
            ETHERTYPE_PPPOE_SESSION => {
                return rest.get(6..).and_then(ppp).unwrap_or(Payload::TooShort);
            }
            _ if ETHERTYPES_VLAN.contains(&kind) => match split_u16(rest, 2) {
                Some(inner) => (kind, rest) = inner,
                None => return Payload::TooShort,
            },
            _ => return Payload::Other,
        }
    }
    Payload::Other
}

/// RFC 1661's protocol field, after RFC 1662's address and control bytes where they are there.
fn ppp(frame: &[u8]) -> Option<Payload<'_>> {
    let frame = frame.strip_prefix(&[0xff, 0x03]).unwrap_or(frame);
    let (protocol, rest) = match frame.split_first()? {
        // An odd first byte is a protocol field compressed to one byte (RFC 1661 §6.5).
        (&low, rest) if low & 1 == 1 => (u16::from(low), rest),
        _ => split_u16(frame, 0)?,
    };
    Some(if matches!(protocol, 0x0021 | 0x0057) {
        Payload::Ip(rest)
    } else {
        Payload::Other
    })
}

/// The 16-bit number at `at`, and what follows it.
fn split_u16(bytes: &[u8], at: usize) -> Option<(u16, &[u8])> {
    let (number, rest) = bytes.get(at..)?.split_first_chunk()?;
    Some((u16::from_be_bytes(*number), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const IP: &[u8] = &[0x45, 1, 2, 3];

    fn frame(parts: &[&[u8]]) -> Vec<u8> {
        parts.concat()
    }

    #[track_caller]
    fn carries_ip(link: i32, header: &[u8]) {
        let frame = frame(&[header, IP]);
        assert_eq!(strip(link, &frame), Payload::Ip(IP));
        for length in 0..header.len() {
            assert_ne!(
                strip(link, &frame[..length]),
                Payload::Ip(IP),
                "of {length} bytes"
            );
        }
    }

    #[test]
    fn ethernet_with_and_without_tags() {
        let addresses = [0x11; 12];
        carries_ip(ETHERNET, &frame(&[&addresses, &[0x08, 0x00]]));
        carries_ip(ETHERNET, &frame(&[&addresses, &[0x86, 0xdd]]));
        carries_ip(
            ETHERNET,
            &frame(&[&addresses, &[0x81, 0, 0, 5, 0x08, 0x00]]),
        );
        let stacked = [0x88, 0xa8, 0, 7, 0x81, 0, 0, 5, 0x86, 0xdd];
        carries_ip(ETHERNET, &frame(&[&addresses, &stacked]));
        assert_eq!(
            strip(ETHERNET, &frame(&[&addresses, &[0x08, 0x06], IP])),
            Payload::Other
        );
    }

    #[test]
    fn endless_tags_are_given_up() {
        let tags = [0x81, 0, 0, 5].repeat(100);
        assert_eq!(strip(ETHERNET, &frame(&[&[0; 12], &tags])), Payload::Other);
    }

    #[test]
    fn ppp_over_ethernet() {
        let session = [0x88, 0x64, 0x11, 0, 0, 9, 0, 6];
        carries_ip(ETHERNET, &frame(&[&[0; 12], &session, &[0x00, 0x21]]));
        carries_ip(ETHERNET, &frame(&[&[0; 12], &session, &[0x57]]));
        assert_eq!(
            strip(ETHERNET, &frame(&[&[0; 12], &session, &[0xc0, 0x21], IP])),
            Payload::Other
        );
    }

    #[test]
    fn linux_cooked() {
        carries_ip(LINUX_SLL, &frame(&[&[0; 14], &[0x08, 0x00]]));
        carries_ip(LINUX_SLL2, &frame(&[&[0x86, 0xdd], &[0; 18]]));
        carries_ip(
            LINUX_SLL2,
            &frame(&[&[0x81, 0x00], &[0; 18], &[0, 5, 0x08, 0x00]]),
        );
    }

    #[test]
    fn loopback_in_either_byte_order() {
        for family in [2, 10, 24, 28, 30] {
            carries_ip(NULL, &[family, 0, 0, 0]);
            carries_ip(NULL, &[0, 0, 0, family]);
            carries_ip(LOOP, &[0, 0, 0, family]);
        }
        assert_eq!(strip(NULL, &frame(&[&[7, 0, 0, 0], IP])), Payload::Other);
    }

    #[test]
    fn point_to_point_and_raw() {
        carries_ip(PPP, &[0xff, 0x03, 0x00, 0x21]);
        carries_ip(PPP, &[0x00, 0x57]);
        carries_ip(PPP_HDLC, &[0x21]);
        for link in [RAW, RAW_LINUX, RAW_OPENBSD, IPV4, IPV6] {
            assert_eq!(strip(link, IP), Payload::Ip(IP));
        }
        assert_eq!(strip(147, IP), Payload::UnknownLink);
    }
}

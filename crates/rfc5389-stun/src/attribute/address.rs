//! Transport addresses, plain and masked. RFC 5389 §15.1, §15.2, §15.11; RFC 5780 §7.3, §7.4.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{Attribute, AttributeValue};
use crate::attribute_type::AttributeType;
use crate::error::{ErrorKind, ParseError, Rule};

const IPV4: u8 = 1;
const IPV6: u8 = 2;

macro_rules! address {
    ($($name:ident, $constant:ident, $title:literal, $section:literal, $mask:expr, $doc:literal;)*) => {$(
        #[doc = $doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name(pub SocketAddr);

        impl<'a> AttributeValue<'a> for $name {
            const TYPE: AttributeType = AttributeType::$constant;

            fn read(attribute: &Attribute<'a>) -> Result<Self, ParseError> {
                static LENGTH: Rule = Rule {
                    field: $title,
                    expected: "8 bytes for IPv4, 20 for IPv6",
                    section: $section,
                };
                static FAMILY: Rule = Rule {
                    field: $title,
                    expected: "address family 1 or 2",
                    section: $section,
                };
                let mask = $mask(attribute.mask());
                read(attribute, &mask, &LENGTH, &FAMILY).map($name)
            }

            fn value_len(&self) -> usize {
                if self.0.is_ipv4() { 8 } else { 20 }
            }

            fn write(&self, value: &mut [u8], mask: &[u8; 16]) {
                write(self.0, value, &$mask(mask));
            }
        }
    )*};
}

/// The mask of a plain address.
fn plain(_: &[u8; 16]) -> [u8; 16] {
    [0; 16]
}

/// The mask of an address of the XOR kind.
fn masked(mask: &[u8; 16]) -> [u8; 16] {
    *mask
}

address! {
    MappedAddress, MAPPED_ADDRESS, "MAPPED-ADDRESS", "RFC 5389 §15.1", plain,
        "MAPPED-ADDRESS: the client's address as the server saw it, for clients of RFC 3489.";
    XorMappedAddress, XOR_MAPPED_ADDRESS, "XOR-MAPPED-ADDRESS", "RFC 5389 §15.2", masked,
        "XOR-MAPPED-ADDRESS: the client's address as the server saw it, masked from NATs that rewrite addresses in payloads.";
    AlternateServer, ALTERNATE_SERVER, "ALTERNATE-SERVER", "RFC 5389 §15.11", plain,
        "ALTERNATE-SERVER: the server to try instead.";
    ResponseAddress, RESPONSE_ADDRESS, "RESPONSE-ADDRESS", "RFC 3489 §11.2.2", plain,
        "RESPONSE-ADDRESS: where the client of RFC 3489 wanted the response; a server today ignores it.";
    SourceAddress, SOURCE_ADDRESS, "SOURCE-ADDRESS", "RFC 3489 §11.2.5", plain,
        "SOURCE-ADDRESS: where a server of RFC 3489 sent the response from.";
    ChangedAddress, CHANGED_ADDRESS, "CHANGED-ADDRESS", "RFC 3489 §11.2.3", plain,
        "CHANGED-ADDRESS: the other address of a server of RFC 3489.";
    ReflectedFrom, REFLECTED_FROM, "REFLECTED-FROM", "RFC 3489 §11.2.11", plain,
        "REFLECTED-FROM: who asked a server of RFC 3489 to send a response elsewhere.";
    ResponseOrigin, RESPONSE_ORIGIN, "RESPONSE-ORIGIN", "RFC 5780 §7.3", plain,
        "RESPONSE-ORIGIN: where the response was sent from.";
    OtherAddress, OTHER_ADDRESS, "OTHER-ADDRESS", "RFC 5780 §7.4", plain,
        "OTHER-ADDRESS: the other address and port of a server that can test NAT behaviour.";
    XorPeerAddress, XOR_PEER_ADDRESS, "XOR-PEER-ADDRESS", "RFC 8656 §18.3", masked,
        "XOR-PEER-ADDRESS: the address of a TURN client's peer.";
    XorRelayedAddress, XOR_RELAYED_ADDRESS, "XOR-RELAYED-ADDRESS", "RFC 8656 §18.5", masked,
        "XOR-RELAYED-ADDRESS: the address that a TURN server relays for its client.";
}

fn read(
    attribute: &Attribute<'_>,
    mask: &[u8; 16],
    length: &'static Rule,
    family: &'static Rule,
) -> Result<SocketAddr, ParseError> {
    let value = attribute.value();
    let Some((&[_, address_family, port_high, port_low], address)) = value.split_first_chunk::<4>()
    else {
        return Err(attribute.error(ErrorKind::AttributeLength, value.len(), length));
    };
    let port = u16::from_be_bytes([port_high ^ mask[0], port_low ^ mask[1]]);
    let wrong_length = |_| attribute.error(ErrorKind::AttributeLength, value.len(), length);
    let ip = match address_family {
        IPV4 => {
            let mut octets = <[u8; 4]>::try_from(address).map_err(wrong_length)?;
            xor(&mut octets, mask);
            IpAddr::V4(Ipv4Addr::from(octets))
        }
        IPV6 => {
            let mut octets = <[u8; 16]>::try_from(address).map_err(wrong_length)?;
            xor(&mut octets, mask);
            IpAddr::V6(Ipv6Addr::from(octets))
        }
        _ => return Err(attribute.error(ErrorKind::AttributeValue, 1, family)),
    };
    Ok(SocketAddr::new(ip, port))
}

/// `value` has the length that belongs to the address.
fn write(address: SocketAddr, value: &mut [u8], mask: &[u8; 16]) {
    let Some((head, octets)) = value.split_first_chunk_mut::<4>() else {
        return;
    };
    let [port_high, port_low] = address.port().to_be_bytes();
    let family = if address.is_ipv4() { IPV4 } else { IPV6 };
    *head = [0, family, port_high ^ mask[0], port_low ^ mask[1]];
    match address.ip() {
        IpAddr::V4(ip) => octets.copy_from_slice(&ip.octets()),
        IpAddr::V6(ip) => octets.copy_from_slice(&ip.octets()),
    }
    xor(octets, mask);
}

fn xor(octets: &mut [u8], mask: &[u8; 16]) {
    for (octet, mask) in octets.iter_mut().zip(mask) {
        *octet ^= mask;
    }
}

//! The registry of attribute types. RFC 5389 §15 and §18.2, RFC 8489 §18.3, RFC 5780 §9.1.

use core::fmt;

/// The type of an attribute: 16 bits, from an open registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttributeType(pub u16);

macro_rules! registry {
    ($($constant:ident = $number:literal, $name:literal, $source:literal;)*) => {
        impl AttributeType {
            $(
                #[doc = concat!($name, " (", $source, ").")]
                pub const $constant: AttributeType = AttributeType($number);
            )*

            /// The registered name, such as `XOR-MAPPED-ADDRESS`, if this crate knows one.
            pub fn name(self) -> Option<&'static str> {
                Some(match self.0 {
                    $($number => $name,)*
                    _ => return None,
                })
            }
        }
    };
}

registry! {
    MAPPED_ADDRESS = 0x0001, "MAPPED-ADDRESS", "RFC 5389 §15.1";
    RESPONSE_ADDRESS = 0x0002, "RESPONSE-ADDRESS", "RFC 3489 §11.2.2";
    CHANGE_REQUEST = 0x0003, "CHANGE-REQUEST", "RFC 5780 §7.2";
    SOURCE_ADDRESS = 0x0004, "SOURCE-ADDRESS", "RFC 3489 §11.2.5";
    CHANGED_ADDRESS = 0x0005, "CHANGED-ADDRESS", "RFC 3489 §11.2.3";
    USERNAME = 0x0006, "USERNAME", "RFC 5389 §15.3";
    PASSWORD = 0x0007, "PASSWORD", "RFC 3489 §11.2.7";
    MESSAGE_INTEGRITY = 0x0008, "MESSAGE-INTEGRITY", "RFC 5389 §15.4";
    ERROR_CODE = 0x0009, "ERROR-CODE", "RFC 5389 §15.6";
    UNKNOWN_ATTRIBUTES = 0x000a, "UNKNOWN-ATTRIBUTES", "RFC 5389 §15.9";
    REFLECTED_FROM = 0x000b, "REFLECTED-FROM", "RFC 3489 §11.2.11";
    CHANNEL_NUMBER = 0x000c, "CHANNEL-NUMBER", "RFC 8656";
    LIFETIME = 0x000d, "LIFETIME", "RFC 8656";
    XOR_PEER_ADDRESS = 0x0012, "XOR-PEER-ADDRESS", "RFC 8656";
    DATA = 0x0013, "DATA", "RFC 8656";
    REALM = 0x0014, "REALM", "RFC 5389 §15.7";
    NONCE = 0x0015, "NONCE", "RFC 5389 §15.8";
    XOR_RELAYED_ADDRESS = 0x0016, "XOR-RELAYED-ADDRESS", "RFC 8656";
    REQUESTED_ADDRESS_FAMILY = 0x0017, "REQUESTED-ADDRESS-FAMILY", "RFC 8656";
    EVEN_PORT = 0x0018, "EVEN-PORT", "RFC 8656";
    REQUESTED_TRANSPORT = 0x0019, "REQUESTED-TRANSPORT", "RFC 8656";
    DONT_FRAGMENT = 0x001a, "DONT-FRAGMENT", "RFC 8656";
    ACCESS_TOKEN = 0x001b, "ACCESS-TOKEN", "RFC 7635";
    MESSAGE_INTEGRITY_SHA256 = 0x001c, "MESSAGE-INTEGRITY-SHA256", "RFC 8489 §14.6";
    PASSWORD_ALGORITHM = 0x001d, "PASSWORD-ALGORITHM", "RFC 8489 §14.12";
    USERHASH = 0x001e, "USERHASH", "RFC 8489 §14.4";
    XOR_MAPPED_ADDRESS = 0x0020, "XOR-MAPPED-ADDRESS", "RFC 5389 §15.2";
    RESERVATION_TOKEN = 0x0022, "RESERVATION-TOKEN", "RFC 8656";
    PRIORITY = 0x0024, "PRIORITY", "RFC 8445";
    USE_CANDIDATE = 0x0025, "USE-CANDIDATE", "RFC 8445";
    PADDING = 0x0026, "PADDING", "RFC 5780 §7.6";
    RESPONSE_PORT = 0x0027, "RESPONSE-PORT", "RFC 5780 §7.5";
    CONNECTION_ID = 0x002a, "CONNECTION-ID", "RFC 6062";
    ADDITIONAL_ADDRESS_FAMILY = 0x8000, "ADDITIONAL-ADDRESS-FAMILY", "RFC 8656";
    ADDRESS_ERROR_CODE = 0x8001, "ADDRESS-ERROR-CODE", "RFC 8656";
    PASSWORD_ALGORITHMS = 0x8002, "PASSWORD-ALGORITHMS", "RFC 8489 §14.11";
    ALTERNATE_DOMAIN = 0x8003, "ALTERNATE-DOMAIN", "RFC 8489 §14.16";
    ICMP = 0x8004, "ICMP", "RFC 8656";
    SOFTWARE = 0x8022, "SOFTWARE", "RFC 5389 §15.10";
    ALTERNATE_SERVER = 0x8023, "ALTERNATE-SERVER", "RFC 5389 §15.11";
    TRANSACTION_TRANSMIT_COUNTER = 0x8025, "TRANSACTION_TRANSMIT_COUNTER", "RFC 7982";
    CACHE_TIMEOUT = 0x8027, "CACHE-TIMEOUT", "RFC 5780 §7.7";
    FINGERPRINT = 0x8028, "FINGERPRINT", "RFC 5389 §15.5";
    ICE_CONTROLLED = 0x8029, "ICE-CONTROLLED", "RFC 8445";
    ICE_CONTROLLING = 0x802a, "ICE-CONTROLLING", "RFC 8445";
    RESPONSE_ORIGIN = 0x802b, "RESPONSE-ORIGIN", "RFC 5780 §7.3";
    OTHER_ADDRESS = 0x802c, "OTHER-ADDRESS", "RFC 5780 §7.4";
    ECN_CHECK_STUN = 0x802d, "ECN-CHECK-STUN", "RFC 6679";
    THIRD_PARTY_AUTHORIZATION = 0x802e, "THIRD-PARTY-AUTHORIZATION", "RFC 7635";
    MOBILITY_TICKET = 0x8030, "MOBILITY-TICKET", "RFC 8016";
}

impl AttributeType {
    /// Whether a receiver that does not know this type must not process the message:
    /// types below `0x8000`.
    pub const fn is_comprehension_required(self) -> bool {
        self.0 < 0x8000
    }
}

impl fmt::Display for AttributeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "{:#06x}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn half_of_the_types_must_be_understood() {
        assert!(AttributeType(0x7fff).is_comprehension_required());
        assert!(!AttributeType(0x8000).is_comprehension_required());
    }

    #[test]
    fn known_types_have_names_and_others_numbers() {
        assert_eq!(AttributeType(0x0020).to_string(), "XOR-MAPPED-ADDRESS");
        assert_eq!(AttributeType(0x8029).to_string(), "ICE-CONTROLLED");
        assert_eq!(AttributeType(0x7fff).to_string(), "0x7fff");
    }
}

//! The message type: class and method, interleaved in 14 bits. RFC 5389 §6, §18.1.

use core::fmt;

/// What a message is within its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Asks for a response.
    Request,
    /// Asks for none.
    Indication,
    /// Answers a request that succeeded.
    SuccessResponse,
    /// Answers a request that failed; has ERROR-CODE.
    ErrorResponse,
}

impl Class {
    /// Whether this is one of the two classes that answer a request.
    pub fn is_response(self) -> bool {
        matches!(self, Class::SuccessResponse | Class::ErrorResponse)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Class::Request => "request",
            Class::Indication => "indication",
            Class::SuccessResponse => "success response",
            Class::ErrorResponse => "error response",
        })
    }
}

/// A method: 12 bits, from an open registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Method(u16);

impl Method {
    /// Binding (RFC 5389 §3).
    pub const BINDING: Method = Method(0x001);
    /// Shared Secret (RFC 3489 §8.2; reserved since).
    pub const SHARED_SECRET: Method = Method(0x002);
    /// Allocate (RFC 8656).
    pub const ALLOCATE: Method = Method(0x003);
    /// Refresh (RFC 8656).
    pub const REFRESH: Method = Method(0x004);
    /// Send (RFC 8656).
    pub const SEND: Method = Method(0x006);
    /// Data (RFC 8656).
    pub const DATA: Method = Method(0x007);
    /// CreatePermission (RFC 8656).
    pub const CREATE_PERMISSION: Method = Method(0x008);
    /// ChannelBind (RFC 8656).
    pub const CHANNEL_BIND: Method = Method(0x009);
    /// Connect (RFC 6062).
    pub const CONNECT: Method = Method(0x00a);
    /// ConnectionBind (RFC 6062).
    pub const CONNECTION_BIND: Method = Method(0x00b);
    /// ConnectionAttempt (RFC 6062).
    pub const CONNECTION_ATTEMPT: Method = Method(0x00c);

    /// The method of this number, unless it needs more than 12 bits.
    pub const fn new(number: u16) -> Option<Method> {
        if number <= 0xfff {
            Some(Method(number))
        } else {
            None
        }
    }

    /// The number, at most `0xfff`.
    pub const fn get(self) -> u16 {
        self.0
    }

    /// The registered name, if this crate knows one.
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            Method::BINDING => "Binding",
            Method::SHARED_SECRET => "Shared Secret",
            Method::ALLOCATE => "Allocate",
            Method::REFRESH => "Refresh",
            Method::SEND => "Send",
            Method::DATA => "Data",
            Method::CREATE_PERMISSION => "CreatePermission",
            Method::CHANNEL_BIND => "ChannelBind",
            Method::CONNECT => "Connect",
            Method::CONNECTION_BIND => "ConnectionBind",
            Method::CONNECTION_ATTEMPT => "ConnectionAttempt",
            _ => return None,
        })
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "method {:#05x}", self.0),
        }
    }
}

/// Splits the 14 bits M11-M7 C1 M6-M4 C0 M3-M0.
pub(crate) const fn split(message_type: u16) -> (Class, Method) {
    let class = match (message_type & 0x0100 != 0, message_type & 0x0010 != 0) {
        (false, false) => Class::Request,
        (false, true) => Class::Indication,
        (true, false) => Class::SuccessResponse,
        (true, true) => Class::ErrorResponse,
    };
    let method =
        (message_type & 0x3e00) >> 2 | (message_type & 0x00e0) >> 1 | (message_type & 0x000f);
    (class, Method(method))
}

/// The reverse of [`split`].
pub(crate) const fn join(class: Class, method: Method) -> u16 {
    let class = match class {
        Class::Request => 0x0000,
        Class::Indication => 0x0010,
        Class::SuccessResponse => 0x0100,
        Class::ErrorResponse => 0x0110,
    };
    let method = method.0;
    class | (method & 0xf80) << 2 | (method & 0x070) << 1 | (method & 0x00f)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binding_types_are_those_of_the_rfc() {
        assert_eq!(join(Class::Request, Method::BINDING), 0x0001);
        assert_eq!(join(Class::Indication, Method::BINDING), 0x0011);
        assert_eq!(join(Class::SuccessResponse, Method::BINDING), 0x0101);
        assert_eq!(join(Class::ErrorResponse, Method::BINDING), 0x0111);
    }

    #[test]
    fn the_four_classes_of_method_fff() {
        for (message_type, class) in [
            (0x3eef, Class::Request),
            (0x3eff, Class::Indication),
            (0x3fef, Class::SuccessResponse),
            (0x3fff, Class::ErrorResponse),
        ] {
            assert_eq!(split(message_type), (class, Method(0xfff)));
            assert_eq!(join(class, Method(0xfff)), message_type);
        }
    }

    #[test]
    fn every_type_splits_and_joins_to_itself() {
        for message_type in 0..0x4000 {
            let (class, method) = split(message_type);
            assert_eq!(join(class, method), message_type);
        }
    }

    #[test]
    fn a_method_has_twelve_bits() {
        assert_eq!(Method::new(0xfff), Some(Method(0xfff)));
        assert_eq!(Method::new(0x1000), None);
    }
}

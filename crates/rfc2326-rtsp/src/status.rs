//! Status codes (RFC 2326 §7.1.1, §11).

use core::fmt;

/// A status code, 100 to 599: one of RFC 2326 §11 or an extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatusCode(u16);

/// The class of a status code, its first digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StatusClass {
    /// 1xx: received, continuing.
    Informational,
    /// 2xx: received, understood, accepted.
    Success,
    /// 3xx: further action is needed.
    Redirection,
    /// 4xx: the request is bad or cannot be fulfilled.
    ClientError,
    /// 5xx: the server failed.
    ServerError,
}

impl StatusCode {
    /// Continue.
    pub const CONTINUE: Self = Self(100);
    /// OK.
    pub const OK: Self = Self(200);
    /// Created.
    pub const CREATED: Self = Self(201);
    /// Low on Storage Space.
    pub const LOW_ON_STORAGE_SPACE: Self = Self(250);
    /// Multiple Choices.
    pub const MULTIPLE_CHOICES: Self = Self(300);
    /// Moved Permanently.
    pub const MOVED_PERMANENTLY: Self = Self(301);
    /// Moved Temporarily.
    pub const MOVED_TEMPORARILY: Self = Self(302);
    /// See Other.
    pub const SEE_OTHER: Self = Self(303);
    /// Not Modified.
    pub const NOT_MODIFIED: Self = Self(304);
    /// Use Proxy.
    pub const USE_PROXY: Self = Self(305);
    /// Bad Request.
    pub const BAD_REQUEST: Self = Self(400);
    /// Unauthorized.
    pub const UNAUTHORIZED: Self = Self(401);
    /// Payment Required.
    pub const PAYMENT_REQUIRED: Self = Self(402);
    /// Forbidden.
    pub const FORBIDDEN: Self = Self(403);
    /// Not Found.
    pub const NOT_FOUND: Self = Self(404);
    /// Method Not Allowed.
    pub const METHOD_NOT_ALLOWED: Self = Self(405);
    /// Not Acceptable.
    pub const NOT_ACCEPTABLE: Self = Self(406);
    /// Proxy Authentication Required.
    pub const PROXY_AUTHENTICATION_REQUIRED: Self = Self(407);
    /// Request Time-out.
    pub const REQUEST_TIMEOUT: Self = Self(408);
    /// Gone.
    pub const GONE: Self = Self(410);
    /// Length Required.
    pub const LENGTH_REQUIRED: Self = Self(411);
    /// Precondition Failed.
    pub const PRECONDITION_FAILED: Self = Self(412);
    /// Request Entity Too Large.
    pub const REQUEST_ENTITY_TOO_LARGE: Self = Self(413);
    /// Request-URI Too Large.
    pub const REQUEST_URI_TOO_LARGE: Self = Self(414);
    /// Unsupported Media Type.
    pub const UNSUPPORTED_MEDIA_TYPE: Self = Self(415);
    /// Parameter Not Understood.
    pub const PARAMETER_NOT_UNDERSTOOD: Self = Self(451);
    /// Conference Not Found.
    pub const CONFERENCE_NOT_FOUND: Self = Self(452);
    /// Not Enough Bandwidth.
    pub const NOT_ENOUGH_BANDWIDTH: Self = Self(453);
    /// Session Not Found.
    pub const SESSION_NOT_FOUND: Self = Self(454);
    /// Method Not Valid in This State.
    pub const METHOD_NOT_VALID_IN_THIS_STATE: Self = Self(455);
    /// Header Field Not Valid for Resource.
    pub const HEADER_FIELD_NOT_VALID_FOR_RESOURCE: Self = Self(456);
    /// Invalid Range.
    pub const INVALID_RANGE: Self = Self(457);
    /// Parameter Is Read-Only.
    pub const PARAMETER_IS_READ_ONLY: Self = Self(458);
    /// Aggregate Operation Not Allowed.
    pub const AGGREGATE_OPERATION_NOT_ALLOWED: Self = Self(459);
    /// Only Aggregate Operation Allowed.
    pub const ONLY_AGGREGATE_OPERATION_ALLOWED: Self = Self(460);
    /// Unsupported Transport.
    pub const UNSUPPORTED_TRANSPORT: Self = Self(461);
    /// Destination Unreachable.
    pub const DESTINATION_UNREACHABLE: Self = Self(462);
    /// Internal Server Error.
    pub const INTERNAL_SERVER_ERROR: Self = Self(500);
    /// Not Implemented.
    pub const NOT_IMPLEMENTED: Self = Self(501);
    /// Bad Gateway.
    pub const BAD_GATEWAY: Self = Self(502);
    /// Service Unavailable.
    pub const SERVICE_UNAVAILABLE: Self = Self(503);
    /// Gateway Time-out.
    pub const GATEWAY_TIMEOUT: Self = Self(504);
    /// RTSP Version Not Supported.
    pub const RTSP_VERSION_NOT_SUPPORTED: Self = Self(505);
    /// Option Not Supported.
    pub const OPTION_NOT_SUPPORTED: Self = Self(551);

    /// The code, if it is from 100 to 599.
    pub const fn new(code: u16) -> Option<Self> {
        match code {
            100..=599 => Some(Self(code)),
            _ => None,
        }
    }

    /// The number.
    pub const fn code(self) -> u16 {
        self.0
    }

    /// The class.
    pub const fn class(self) -> StatusClass {
        match self.0 {
            0..=199 => StatusClass::Informational,
            200..=299 => StatusClass::Success,
            300..=399 => StatusClass::Redirection,
            400..=499 => StatusClass::ClientError,
            _ => StatusClass::ServerError,
        }
    }

    /// The code itself if RFC 2326 has it, and else the x00 code of its class, as which a code
    /// that is not understood is treated (§7.1.1).
    #[must_use]
    pub const fn understood(self) -> Self {
        if self.reason_phrase().is_some() {
            self
        } else {
            Self(self.0 / 100 * 100)
        }
    }

    /// Whether a response with this code never has a body (§4.4).
    pub const fn forbids_body(self) -> bool {
        matches!(self.0, 100..=199 | 204 | 304)
    }

    /// The reason phrase that RFC 2326 proposes, if it has the code.
    pub const fn reason_phrase(self) -> Option<&'static str> {
        Some(match self {
            Self::CONTINUE => "Continue",
            Self::OK => "OK",
            Self::CREATED => "Created",
            Self::LOW_ON_STORAGE_SPACE => "Low on Storage Space",
            Self::MULTIPLE_CHOICES => "Multiple Choices",
            Self::MOVED_PERMANENTLY => "Moved Permanently",
            Self::MOVED_TEMPORARILY => "Moved Temporarily",
            Self::SEE_OTHER => "See Other",
            Self::NOT_MODIFIED => "Not Modified",
            Self::USE_PROXY => "Use Proxy",
            Self::BAD_REQUEST => "Bad Request",
            Self::UNAUTHORIZED => "Unauthorized",
            Self::PAYMENT_REQUIRED => "Payment Required",
            Self::FORBIDDEN => "Forbidden",
            Self::NOT_FOUND => "Not Found",
            Self::METHOD_NOT_ALLOWED => "Method Not Allowed",
            Self::NOT_ACCEPTABLE => "Not Acceptable",
            Self::PROXY_AUTHENTICATION_REQUIRED => "Proxy Authentication Required",
            Self::REQUEST_TIMEOUT => "Request Time-out",
            Self::GONE => "Gone",
            Self::LENGTH_REQUIRED => "Length Required",
            Self::PRECONDITION_FAILED => "Precondition Failed",
            Self::REQUEST_ENTITY_TOO_LARGE => "Request Entity Too Large",
            Self::REQUEST_URI_TOO_LARGE => "Request-URI Too Large",
            Self::UNSUPPORTED_MEDIA_TYPE => "Unsupported Media Type",
            Self::PARAMETER_NOT_UNDERSTOOD => "Parameter Not Understood",
            Self::CONFERENCE_NOT_FOUND => "Conference Not Found",
            Self::NOT_ENOUGH_BANDWIDTH => "Not Enough Bandwidth",
            Self::SESSION_NOT_FOUND => "Session Not Found",
            Self::METHOD_NOT_VALID_IN_THIS_STATE => "Method Not Valid in This State",
            Self::HEADER_FIELD_NOT_VALID_FOR_RESOURCE => "Header Field Not Valid for Resource",
            Self::INVALID_RANGE => "Invalid Range",
            Self::PARAMETER_IS_READ_ONLY => "Parameter Is Read-Only",
            Self::AGGREGATE_OPERATION_NOT_ALLOWED => "Aggregate Operation Not Allowed",
            Self::ONLY_AGGREGATE_OPERATION_ALLOWED => "Only Aggregate Operation Allowed",
            Self::UNSUPPORTED_TRANSPORT => "Unsupported Transport",
            Self::DESTINATION_UNREACHABLE => "Destination Unreachable",
            Self::INTERNAL_SERVER_ERROR => "Internal Server Error",
            Self::NOT_IMPLEMENTED => "Not Implemented",
            Self::BAD_GATEWAY => "Bad Gateway",
            Self::SERVICE_UNAVAILABLE => "Service Unavailable",
            Self::GATEWAY_TIMEOUT => "Gateway Time-out",
            Self::RTSP_VERSION_NOT_SUPPORTED => "RTSP Version Not Supported",
            Self::OPTION_NOT_SUPPORTED => "Option Not Supported",
            _ => return None,
        })
    }
}

impl fmt::Display for StatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_codes_are_treated_as_x00_of_their_class() {
        let code = StatusCode::new(431).unwrap();
        assert_eq!(code.understood(), StatusCode::BAD_REQUEST);
        assert_eq!(code.class(), StatusClass::ClientError);
        assert_eq!(
            StatusCode::SESSION_NOT_FOUND.understood(),
            StatusCode::SESSION_NOT_FOUND
        );
        assert_eq!(StatusCode::new(299).unwrap().understood(), StatusCode::OK);
    }

    #[test]
    fn codes_are_from_100_to_599() {
        assert_eq!(StatusCode::new(99), None);
        assert_eq!(StatusCode::new(600), None);
        assert_eq!(StatusCode::new(551), Some(StatusCode::OPTION_NOT_SUPPORTED));
    }

    #[test]
    fn bodies_are_forbidden_in_1xx_204_and_304() {
        let forbidden = (100..600)
            .filter_map(StatusCode::new)
            .filter(|code| code.forbids_body());
        assert_eq!(
            forbidden
                .map(StatusCode::code)
                .filter(|code| *code >= 200)
                .sum::<u16>(),
            508
        );
        assert!(StatusCode::CONTINUE.forbids_body());
    }
}

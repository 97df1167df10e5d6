//! The transport protocols of media: RTP's profiles and others (RFC 4566 §5.14, RFC 3711, 4585, 5124).

use alloc::string::{String, ToString};
use core::fmt;

/// The protocol field of an `m=` line. An answer has the one of the offer, never a lesser or safer one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Profile {
    /// `RTP/AVP` (RFC 3551).
    Avp,
    /// `RTP/SAVP`: with keys (RFC 3711).
    Savp,
    /// `RTP/AVPF`: with early feedback (RFC 4585).
    Avpf,
    /// `RTP/SAVPF`: both (RFC 5124).
    Savpf,
    /// Another one, such as `udptl`, `TCP/MSRP` or `UDP/TLS/RTP/SAVPF`.
    Other(String),
}

impl Profile {
    /// The profile that a protocol field names.
    pub fn from_name(name: &str) -> Self {
        match name {
            "RTP/AVP" => Self::Avp,
            "RTP/SAVP" => Self::Savp,
            "RTP/AVPF" => Self::Avpf,
            "RTP/SAVPF" => Self::Savpf,
            _ => Self::Other(name.to_string()),
        }
    }

    /// The protocol field.
    pub fn name(&self) -> &str {
        match self {
            Self::Avp => "RTP/AVP",
            Self::Savp => "RTP/SAVP",
            Self::Avpf => "RTP/AVPF",
            Self::Savpf => "RTP/SAVPF",
            Self::Other(name) => name,
        }
    }

    /// Whether formats are payload types of RTP.
    pub fn is_rtp(&self) -> bool {
        self.name().split('/').any(|part| part == "RTP")
    }

    /// Whether `a=crypto` has to give keys: `RTP/SAVP` and `RTP/SAVPF`.
    pub const fn wants_keys(&self) -> bool {
        matches!(self, Self::Savp | Self::Savpf)
    }

    /// Whether a=rtcp-fb feedback may be sent early.
    pub fn has_feedback(&self) -> bool {
        self.is_rtp() && self.name().ends_with("AVPF")
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways_and_tell_rtp_keys_and_feedback() {
        for (name, rtp, keys, feedback) in [
            ("RTP/AVP", true, false, false),
            ("RTP/SAVP", true, true, false),
            ("RTP/AVPF", true, false, true),
            ("RTP/SAVPF", true, true, true),
            ("UDP/TLS/RTP/SAVPF", true, false, true),
            ("TCP/RTP/AVP", true, false, false),
            ("udptl", false, false, false),
        ] {
            let profile = Profile::from_name(name);
            assert_eq!(profile.to_string(), name);
            assert_eq!(profile.is_rtp(), rtp, "{name}");
            assert_eq!(profile.wants_keys(), keys, "{name}");
            assert_eq!(profile.has_feedback(), feedback, "{name}");
        }
    }
}

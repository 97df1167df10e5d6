//! Why a context cannot be made, a packet not be sent, or not be accepted.

use core::fmt;

/// Why a context cannot be made of this configuration or key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConfigError {
    /// The master key has not the length that the profile demands.
    KeyLength,
    /// The master salt has not the length that the profile demands.
    SaltLength,
    /// The keys have MKIs of different lengths, one more than 128 bytes, two are equal, or there
    /// are several keys without, and without From and To.
    Mki,
    /// No key has this MKI.
    UnknownMki,
    /// The lifetime is 0.
    Lifetime,
    /// From is above To, To above 2^48 - 1, or both lie within those of another key.
    FromTo,
    /// The key derivation rate is not 2^0 to 2^24.
    KeyDerivationRate,
    /// The replay window is not 64 to 32,768 packets in steps of 64.
    ReplayWindow,
    /// AES-GCM always encrypts and authenticates RTP (RFC 7714 §8.2).
    WeakAead,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ConfigError::KeyLength => "master key of wrong length for the profile",
            ConfigError::SaltLength => "master salt of wrong length for the profile",
            ConfigError::Mki => "MKIs missing, equal or of different lengths",
            ConfigError::UnknownMki => "no master key has this MKI",
            ConfigError::Lifetime => "lifetime of 0 packets",
            ConfigError::FromTo => "From and To out of order, out of range or of two keys",
            ConfigError::KeyDerivationRate => "key derivation rate beyond 2^24",
            ConfigError::ReplayWindow => "replay window not 64 to 32768 in steps of 64",
            ConfigError::WeakAead => "RTP under AES-GCM is always encrypted and authenticated",
        })
    }
}

impl core::error::Error for ConfigError {}

/// Why a packet was not protected. The buffer and the context are as before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProtectError {
    /// The buffer has no room for what is added.
    BufferTooSmall {
        /// Length of the protected packet in bytes.
        needed: usize,
        /// Length of the buffer in bytes.
        available: usize,
    },
    /// This is no RTP or RTCP packet.
    Malformed,
    /// A packet with this index has been sent, or may have been: its key stream would be used
    /// twice.
    IndexReused,
    /// The stream has sent all packets that its index can count: 2^48 of RTP, 2^31 of RTCP.
    IndexExhausted,
    /// The master key has protected as many packets as its lifetime allows, or no key is for this
    /// index.
    KeyExpired,
    /// There are as many streams as the configuration allows.
    TooManyStreams,
}

impl fmt::Display for ProtectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProtectError::BufferTooSmall { needed, available } => {
                write!(
                    f,
                    "buffer of {available} bytes is too small for a packet of {needed}"
                )
            }
            ProtectError::Malformed => f.write_str("malformed packet"),
            ProtectError::IndexReused => f.write_str("packet index sent before"),
            ProtectError::IndexExhausted => f.write_str("packet index exhausted"),
            ProtectError::KeyExpired => f.write_str("master key expired"),
            ProtectError::TooManyStreams => f.write_str("too many streams"),
        }
    }
}

impl core::error::Error for ProtectError {}

/// Why a packet was not accepted. The buffer and the context are as before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UnprotectError {
    /// This is no SRTP or SRTCP packet: too short, or its header runs into what SRTP adds.
    Malformed,
    /// No master key has the packet's MKI.
    UnknownMki,
    /// The packet was received before.
    Replayed,
    /// The packet is too old for the replay window to tell whether it was received before.
    TooOld,
    /// The packet is encrypted but should not be, or the other way round (RFC 4568 §6).
    EncryptionFlag,
    /// The packet's tag is wrong.
    Authentication,
    /// The index of the stream would wrap: 2^48 packets of RTP.
    IndexExhausted,
    /// The master key has protected as many packets as its lifetime allows, or no key is for this
    /// index.
    KeyExpired,
    /// There are as many streams as the configuration allows.
    TooManyStreams,
}

impl fmt::Display for UnprotectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            UnprotectError::Malformed => "malformed packet",
            UnprotectError::UnknownMki => "unknown MKI",
            UnprotectError::Replayed => "packet received before",
            UnprotectError::TooOld => "packet too old for the replay window",
            UnprotectError::EncryptionFlag => "encryption flag against the policy",
            UnprotectError::Authentication => "authentication failure",
            UnprotectError::IndexExhausted => "packet index exhausted",
            UnprotectError::KeyExpired => "master key expired",
            UnprotectError::TooManyStreams => "too many streams",
        })
    }
}

impl core::error::Error for UnprotectError {}

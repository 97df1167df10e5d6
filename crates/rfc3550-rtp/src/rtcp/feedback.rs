//! Feedback messages: transport layer (RTPFB) and payload-specific (PSFB) (RFC 4585 §6,
//! RFC 5104 §4).

mod message;
mod nack;
mod payload;
mod tmmb;
mod transport;
mod transport_wide;

pub use message::FeedbackMessage;
pub use nack::{LostPackets, Nack, Nacks};
pub use payload::{Fir, PayloadMessage, Rpsi, Sli};
pub use tmmb::Tmmb;
pub use transport::TransportMessage;
pub use transport_wide::{TransportWide, TransportWidePackets};

use crate::error::{ErrorKind, ParseError, Rule, WriteError};
use crate::rtcp::raw::{HEADER_LEN, PacketType, RawPacket};
use crate::rtcp::write::{self, RtcpWrite};

/// Where the feedback control information begins: after header, sender and media source.
const FCI_START: usize = HEADER_LEN + 8;

/// A transport-layer feedback packet (RTPFB, type 205).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TransportFeedback<'a>(Feedback<'a>);

/// A payload-specific feedback packet (PSFB, type 206).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PayloadFeedback<'a>(Feedback<'a>);

/// What both have in common (RFC 4585 §6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Feedback<'a> {
    format: u8,
    sender_ssrc: u32,
    media_ssrc: u32,
    fci: &'a [u8],
}

impl<'a> Feedback<'a> {
    fn from_raw(raw: RawPacket<'a>) -> Result<Self, ParseError> {
        let Some((&[s0, s1, s2, s3, m0, m1, m2, m3], fci)) = raw.body().split_first_chunk() else {
            return Err(ParseError::new(ErrorKind::Truncated, HEADER_LEN, &SOURCES));
        };
        Ok(Self {
            format: raw.count(),
            sender_ssrc: u32::from_be_bytes([s0, s1, s2, s3]),
            media_ssrc: u32::from_be_bytes([m0, m1, m2, m3]),
            fci,
        })
    }
}

/// The view and the builder of one kind of feedback packet, which differ in type and messages
/// only.
macro_rules! feedback_packet {
    ($packet:ident, $builder:ident, $message:ident, $packet_type:expr, $zero:literal) => {
        impl<'a> $packet<'a> {
            pub(crate) fn from_raw(raw: RawPacket<'a>) -> Result<Self, ParseError> {
                Feedback::from_raw(raw).map(Self)
            }

            /// The feedback message type (FMT), 0 to 31.
            pub const fn format(&self) -> u8 {
                self.0.format
            }

            /// The source that sent the packet.
            pub const fn sender_ssrc(&self) -> u32 {
                self.0.sender_ssrc
            }

            /// The source that the message is about; 0 in messages that name it elsewhere.
            pub const fn media_ssrc(&self) -> u32 {
                self.0.media_ssrc
            }

            /// The feedback control information (FCI): whole words.
            pub const fn fci(&self) -> &'a [u8] {
                self.0.fci
            }

            /// The message, by its format.
            ///
            /// # Errors
            ///
            /// The format is known and the control information is not what it wants. The offset
            /// counts from the start of the packet.
            pub fn message(&self) -> Result<$message<'a>, ParseError> {
                $message::from_fci(self.format(), self.fci())
                    .map_err(|error| error.moved_by(FCI_START))
            }
        }

        #[doc = concat!("Writes a [`", stringify!($packet), "`] packet.")]
        #[derive(Debug, Clone, PartialEq)]
        pub struct $builder<'a> {
            sender_ssrc: u32,
            media_ssrc: u32,
            message: $message<'a>,
        }

        impl<'a> $builder<'a> {
            #[doc = concat!("A packet from `sender_ssrc` about `media_ssrc`, which is 0 for ", $zero, ".")]
            pub const fn new(sender_ssrc: u32, media_ssrc: u32, message: $message<'a>) -> Self {
                Self {
                    sender_ssrc,
                    media_ssrc,
                    message,
                }
            }
        }

        impl RtcpWrite for $builder<'_> {
            fn encoded_len(&self) -> usize {
                FCI_START + self.message.encoded_len()
            }

            fn write_into(&self, buffer: &mut [u8]) -> Result<usize, WriteError> {
                let (len, format) = (self.encoded_len(), self.message.format());
                let ssrcs = [self.sender_ssrc, self.media_ssrc];
                let fci = begin(buffer, len, $packet_type, format, ssrcs)?;
                self.message.write(fci)?;
                Ok(len)
            }
        }
    };
}

feedback_packet!(
    TransportFeedback,
    TransportFeedbackBuilder,
    TransportMessage,
    PacketType::RTPFB,
    "requests and notifications of a bit rate"
);
feedback_packet!(
    PayloadFeedback,
    PayloadFeedbackBuilder,
    PayloadMessage,
    PacketType::PSFB,
    "full intra requests"
);

/// Writes what comes before the control information and returns its place.
fn begin(
    buffer: &mut [u8],
    len: usize,
    packet_type: PacketType,
    format: u8,
    ssrcs: [u32; 2],
) -> Result<&mut [u8], WriteError> {
    const FIELD: &str = "feedback message type";
    if format > 31 {
        return Err(WriteError::OutOfRange { field: FIELD });
    }
    let mut body = write::begin(buffer, len, packet_type, usize::from(format), FIELD)?;
    for ssrc in ssrcs {
        *write::take(&mut body) = ssrc.to_be_bytes();
    }
    Ok(body)
}

static SOURCES: Rule = Rule {
    field: "feedback packet",
    expected: "8 octets of packet sender and media source",
    section: "RFC 4585 §6.1",
};

//! RTCP packets (RFC 3550 §6, §6.4–6.7) and those of the RFCs that added to them.

pub(crate) mod app;
pub(crate) mod bye;
pub(crate) mod compound;
pub mod feedback;
pub(crate) mod raw;
pub(crate) mod report;
pub(crate) mod report_block;
pub(crate) mod report_compound;
pub(crate) mod sdes;
pub(crate) mod write;
pub mod xr;

use crate::error::ParseError;
use app::App;
use bye::Bye;
use feedback::{PayloadFeedback, TransportFeedback};
use raw::{PacketType, RawPacket};
use report::{ReceiverReport, SenderReport};
use sdes::Sdes;
use xr::ExtendedReport;

/// One RTCP packet of a compound, by its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RtcpPacket<'a> {
    /// SR, type 200: what its sender has sent and received.
    SenderReport(SenderReport<'a>),
    /// RR, type 201: what its sender has received.
    ReceiverReport(ReceiverReport<'a>),
    /// SDES, type 202: names of sources.
    Sdes(Sdes<'a>),
    /// BYE, type 203: sources that leave.
    Bye(Bye<'a>),
    /// APP, type 204: defined by an application.
    App(App<'a>),
    /// RTPFB, type 205: feedback about the transport (RFC 4585).
    TransportFeedback(TransportFeedback<'a>),
    /// PSFB, type 206: feedback about the payload (RFC 4585).
    PayloadFeedback(PayloadFeedback<'a>),
    /// XR, type 207: extended reports (RFC 3611).
    ExtendedReport(ExtendedReport<'a>),
    /// Any other type, as it is.
    Other(RawPacket<'a>),
}

impl<'a> RtcpPacket<'a> {
    /// Reads the body of a packet whose header has been checked.
    ///
    /// # Errors
    ///
    /// The packet's type is known and its body is not what that type wants. The offset counts
    /// from the start of the packet.
    #[inline]
    pub fn from_raw(raw: RawPacket<'a>) -> Result<Self, ParseError> {
        Ok(match raw.packet_type() {
            PacketType::SR => Self::SenderReport(SenderReport::from_raw(raw)?),
            PacketType::RR => Self::ReceiverReport(ReceiverReport::from_raw(raw)?),
            PacketType::SDES => Self::Sdes(Sdes::from_raw(raw)?),
            PacketType::BYE => Self::Bye(Bye::from_raw(raw)?),
            PacketType::APP => Self::App(App::from_raw(raw)?),
            PacketType::RTPFB => Self::TransportFeedback(TransportFeedback::from_raw(raw)?),
            PacketType::PSFB => Self::PayloadFeedback(PayloadFeedback::from_raw(raw)?),
            PacketType::XR => Self::ExtendedReport(ExtendedReport::from_raw(raw)?),
            _ => Self::Other(raw),
        })
    }
}

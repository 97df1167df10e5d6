#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod builder;
mod contributing_sources;
mod demultiplex;
mod entries;
mod error;
mod extension;
mod header;
#[cfg(feature = "std")]
mod jitter_buffer;
mod ntp;
mod packet;
mod router;
mod rtcp;
mod sequence_number;
#[cfg(feature = "std")]
pub mod session;
mod statistics;
#[cfg(feature = "std")]
mod synchronizer;
mod timestamp;
#[cfg(feature = "std")]
pub mod translator;

pub use builder::RtpPacketBuilder;
pub use contributing_sources::ContributingSources;
pub use demultiplex::{PacketClass, classify, port_pair};
pub use entries::{Entries, Entry};
pub use error::{ErrorKind, ParseError, WriteError};
pub use extension::{ExtensionElement, ExtensionElements, ExtensionForm, HeaderExtension};
pub use header::RtpHeader;
#[cfg(feature = "std")]
pub use jitter_buffer::{Insertion, JitterBuffer, JitterBufferConfig, Playout};
pub use ntp::{NtpShort, NtpTimestamp, round_trip_time};
pub use packet::RtpPacket;
pub use router::{Route, SessionRouter};
pub use rtcp::RtcpPacket;
pub use rtcp::app::{App, AppBuilder};
pub use rtcp::bye::{Bye, ByeBuilder};
pub use rtcp::compound::{RtcpCompound, RtcpPackets};
pub use rtcp::raw::{PacketType, RawPacket};
pub use rtcp::report::{
    ReceiverReport, ReceiverReportBuilder, SenderInfo, SenderReport, SenderReportBuilder,
};
pub use rtcp::report_block::ReportBlock;
pub use rtcp::report_compound::{ReportCompoundBuilder, ReportRotation, RotationIndices};
pub use rtcp::sdes::{
    Sdes, SdesBuilder, SdesChunk, SdesChunkBuilder, SdesChunks, SdesItem, SdesItemBuilder,
    SdesItems, SdesType,
};
pub use rtcp::write::{CompoundWriter, RtcpWrite};
pub use rtcp::{feedback, xr};
pub use sequence_number::SequenceNumber;
pub use statistics::{
    Interval, Jitter, Reception, SequenceStatistics, SourceStatistics, StatisticsConfig,
};
#[cfg(feature = "std")]
pub use synchronizer::{Synchronizer, SynchronizerConfig};
pub use timestamp::Timestamp;

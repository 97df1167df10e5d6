#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod error;
mod huffman;
mod image;
mod interchange;
mod main_header;
mod packetizer;
mod payload;
mod quantization;
mod reassembler;
mod restart;
mod scan;

pub use error::{ErrorKind, ParseError, WriteError};
pub use image::JpegImage;
pub use main_header::{MAX_DIMENSION, MAX_FRAME_BYTES, MainHeader, Sampling, Scanning};
pub use packetizer::{Packet, Packetizer, PacketizerConfig};
pub use payload::{JpegPayload, JpegPayloadBuilder, QuantizationTableHeader};
pub use quantization::QuantizationTables;
pub use reassembler::{Frame, Reassembler, ReassemblerConfig, Statistics};
pub use restart::RestartMarkerHeader;

#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod defect;
mod error;
mod framer;
mod grammar;
mod header_name;
pub mod headers;
mod message;
mod method;
mod parameters;
mod policy;
mod q_value;
mod quoted;
mod status;

pub use defect::{Defect, DefectKind, Severity};
pub use error::{ErrorKind, ParseError, WriteError};
pub use framer::{Frame, FrameError, FrameErrorKind, FrameLength, Framer, StreamRole};
pub use header_name::{HeaderName, Shape};
pub use message::{HeaderField, Message, MessageRef, Parser, StartLine};
pub use method::Method;
pub use parameters::{Parameter, Parameters, ParametersIter};
pub use policy::{Limits, Policy};
pub use q_value::QValue;
pub use quoted::unquote;
pub use status::StatusCode;

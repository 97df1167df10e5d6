#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod defect;
pub mod dialog;
mod error;
mod framer;
mod grammar;
mod header_name;
pub mod headers;
mod line_feeds;
mod message;
mod method;
mod multipart;
mod parameters;
mod policy;
#[cfg(feature = "std")]
pub mod proxy;
mod q_value;
mod quoted;
#[cfg(feature = "std")]
pub mod registrar;
pub mod resolve;
mod response_target;
mod status;
#[cfg(feature = "std")]
pub mod transaction;
pub mod transport;
#[cfg(feature = "std")]
pub mod user_agent;
mod write;

pub use defect::{Defect, DefectKind, Severity};
pub use error::{ErrorKind, ParseError, WriteError};
pub use framer::{Frame, FrameError, FrameErrorKind, FrameLength, Framer, StreamRole};
pub use header_name::{HeaderName, Shape};
pub use message::{
    Edit, Fragment, HeaderField, Message, MessageRef, NoResponse, Parser, Rejection, StartLine,
};
pub use method::Method;
pub use multipart::{Part, Parts};
pub use parameters::{Parameter, Parameters, ParametersIter};
pub use policy::{Limits, Policy};
pub use q_value::QValue;
pub use quoted::unquote;
pub use response_target::{ResponseRoute, ResponseTarget};
pub use status::StatusCode;
pub use write::{RequestBuilder, RequestParts, ResponseBuilder, Style};

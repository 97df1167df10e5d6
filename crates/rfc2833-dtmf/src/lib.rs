#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod error;
mod event;
mod event_set;
mod grammar;
mod payload;
mod receiver;
mod sender;
mod tone;

pub use error::{ErrorKind, ParseError, WriteError};
pub use event::Event;
pub use event_set::EventSet;
pub use payload::{EventPayload, TelephoneEvent, TelephoneEvents, write_events};
pub use receiver::{
    EndCause, EventPacket, ReceivedEvent, Receiver, ReceiverConfig, ReceiverOutput, Statistics,
};
pub use sender::{Digit, OutgoingPacket, QueueError, Sender, SenderConfig};
pub use tone::{Frequencies, ToneBuilder, TonePayload};

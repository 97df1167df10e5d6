//! A feedback message of either kind.

use super::payload::PayloadMessage;
use super::transport::TransportMessage;

/// A message that a session is to send: about the transport or about the payload.
#[derive(Debug, Clone, PartialEq)]
pub enum FeedbackMessage<'a> {
    /// A message of a transport-layer feedback packet.
    Transport(TransportMessage<'a>),
    /// A message of a payload-specific feedback packet.
    Payload(PayloadMessage<'a>),
}

impl<'a> From<TransportMessage<'a>> for FeedbackMessage<'a> {
    fn from(message: TransportMessage<'a>) -> Self {
        Self::Transport(message)
    }
}

impl<'a> From<PayloadMessage<'a>> for FeedbackMessage<'a> {
    fn from(message: PayloadMessage<'a>) -> Self {
        Self::Payload(message)
    }
}

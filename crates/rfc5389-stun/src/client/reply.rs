//! What a response says. RFC 5389 §7.3.3, §7.3.4, §12.1; RFC 8489 §9.2.5.

use core::net::SocketAddr;

use super::Failure;
use super::transition::Reply;
use crate::attribute::{ErrorCode, MappedAddress, Nonce, XorMappedAddress};
use crate::attribute_type::AttributeType;
use crate::message::Message;
use crate::message_type::Class;

impl Reply {
    /// What kind of response it is, before anybody asks whether it is proven.
    pub(super) fn read(response: &Message<&[u8]>) -> Reply {
        if response.unknown_required(is_understood).next().is_some() {
            return Reply::Unintelligible;
        }
        if response.class() == Class::SuccessResponse {
            return Reply::Success;
        }
        match response.get::<ErrorCode<'_>>() {
            Ok(Some(error)) => match error.code() {
                300 => Reply::TryAlternate,
                401 => Reply::Unauthenticated,
                438 => Reply::StaleNonce,
                _ => Reply::Error,
            },
            Ok(None) | Err(_) => Reply::Unintelligible,
        }
    }

    /// Why a request fails with this response.
    pub(super) fn failure(self, response: &Message<&[u8]>) -> Failure {
        match (self, response.get::<ErrorCode<'_>>()) {
            (Reply::Unintelligible, _)
                if response.unknown_required(is_understood).next().is_some() =>
            {
                Failure::UnknownAttribute
            }
            (_, Ok(Some(error))) => Failure::Rejected(error.code()),
            _ => Failure::MalformedResponse,
        }
    }

    /// Whether the nonce speaks of a list that is missing, in a response that is no challenge:
    /// such a one is passed over (RFC 8489 §9.2.5).
    pub(super) fn is_bid_down(self, response: &Message<&[u8]>) -> bool {
        let is_challenge = matches!(self, Reply::Unauthenticated | Reply::StaleNonce);
        !is_challenge
            && response
                .attribute(AttributeType::PASSWORD_ALGORITHMS)
                .is_none()
            && response
                .get::<Nonce<'_>>()
                .ok()
                .flatten()
                .and_then(|nonce| nonce.security_features())
                .is_some_and(|features| features.password_algorithms)
    }
}

/// Whether a client knows this attribute of a response, be it only to pass over it.
fn is_understood(attribute_type: AttributeType) -> bool {
    matches!(
        attribute_type,
        AttributeType::MAPPED_ADDRESS
            | AttributeType::XOR_MAPPED_ADDRESS
            | AttributeType::ERROR_CODE
            | AttributeType::UNKNOWN_ATTRIBUTES
            | AttributeType::MESSAGE_INTEGRITY
            | AttributeType::MESSAGE_INTEGRITY_SHA256
            | AttributeType::USERNAME
            | AttributeType::USERHASH
            | AttributeType::REALM
            | AttributeType::NONCE
            | AttributeType::PASSWORD_ALGORITHM
            | AttributeType::PADDING
            | AttributeType::RESPONSE_PORT
            // Those of RFC 3489, which servers go on sending.
            | AttributeType::RESPONSE_ADDRESS
            | AttributeType::CHANGE_REQUEST
            | AttributeType::SOURCE_ADDRESS
            | AttributeType::CHANGED_ADDRESS
            | AttributeType::PASSWORD
            | AttributeType::REFLECTED_FROM
    )
}

/// The client's address as the server sees it.
pub(super) fn mapped_address(response: &Message<&[u8]>) -> Option<SocketAddr> {
    match response.get::<XorMappedAddress>() {
        Ok(Some(address)) => Some(address.0),
        // Servers of RFC 3489 know no other.
        _ => Some(response.get::<MappedAddress>().ok()??.0),
    }
}

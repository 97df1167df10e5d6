//! A STUN message, attribute by attribute (RFC 5389 §6, §15).

use std::fmt::Display;

use rfc5389_stun::attribute::*;
use rfc5389_stun::{AttributeType, Message, ParseError};

use super::binary::hex;
use super::field::{Field, Finding, Parsed};

pub(super) fn read(input: &[u8]) -> Result<Parsed, Finding> {
    let message = Message::parse(input)?;
    let cookie = if message.is_classic() {
        "absent (RFC 3489)"
    } else {
        "present"
    };
    let mut fields = vec![
        Field::new("class", 0..2, message.class()),
        Field::new("method", 0..2, message.method()),
        Field::new("length", 2..4, input.len() - rfc5389_stun::HEADER_LEN),
        Field::new("magic cookie", 4..8, cookie),
        Field::new("transaction ID", 8..20, message.transaction_id()),
    ];
    let mut defects = Vec::new();
    for attribute in message.all_attributes() {
        let at = attribute.offset();
        let value = value(&message, &attribute).unwrap_or_else(|error| {
            defects.push(Finding::from(error));
            hex(attribute.value())
        });
        let end = at + 4 + attribute.value().len();
        fields.push(Field::new(
            attribute.attribute_type().to_string(),
            at..end,
            value,
        ));
    }
    Ok(Parsed {
        summary: format!(
            "STUN {} {} of {} bytes",
            message.method(),
            message.class(),
            input.len()
        ),
        fields,
        defects,
    })
}

/// The value in words, or the error that says why it is none.
fn value(message: &Message<&[u8]>, attribute: &Attribute<'_>) -> Result<String, ParseError> {
    fn shown<'a, A: AttributeValue<'a>, D: Display>(
        attribute: &Attribute<'a>,
        show: impl Fn(A) -> D,
    ) -> Result<String, ParseError> {
        Ok(show(attribute.get()?).to_string())
    }
    match attribute.attribute_type() {
        AttributeType::MAPPED_ADDRESS => shown(attribute, |MappedAddress(address)| address),
        AttributeType::XOR_MAPPED_ADDRESS => shown(attribute, |XorMappedAddress(address)| address),
        AttributeType::XOR_PEER_ADDRESS => shown(attribute, |XorPeerAddress(address)| address),
        AttributeType::XOR_RELAYED_ADDRESS => {
            shown(attribute, |XorRelayedAddress(address)| address)
        }
        AttributeType::RESPONSE_ADDRESS => shown(attribute, |ResponseAddress(address)| address),
        AttributeType::SOURCE_ADDRESS => shown(attribute, |SourceAddress(address)| address),
        AttributeType::CHANGED_ADDRESS => shown(attribute, |ChangedAddress(address)| address),
        AttributeType::REFLECTED_FROM => shown(attribute, |ReflectedFrom(address)| address),
        AttributeType::ALTERNATE_SERVER => shown(attribute, |AlternateServer(address)| address),
        AttributeType::RESPONSE_ORIGIN => shown(attribute, |ResponseOrigin(address)| address),
        AttributeType::OTHER_ADDRESS => shown(attribute, |OtherAddress(address)| address),
        AttributeType::USERNAME => shown(attribute, |Username(text)| text.to_owned()),
        AttributeType::REALM => shown(attribute, |Realm(text)| text.to_owned()),
        AttributeType::NONCE => shown(attribute, |Nonce(text)| text.to_owned()),
        AttributeType::SOFTWARE => shown(attribute, |Software(text)| text.to_owned()),
        AttributeType::ALTERNATE_DOMAIN => {
            shown(attribute, |AlternateDomain(text)| text.to_owned())
        }
        AttributeType::ERROR_CODE => shown(attribute, |error: ErrorCode<'_>| error.to_string()),
        AttributeType::UNKNOWN_ATTRIBUTES => shown(attribute, |unknown: UnknownAttributes<'_>| {
            unknown
                .iter()
                .map(|one| one.to_string())
                .collect::<Vec<_>>()
                .join(", ")
        }),
        AttributeType::CHANGE_REQUEST => shown(attribute, |change: ChangeRequest| {
            format!(
                "change IP {}, change port {}",
                change.change_ip, change.change_port
            )
        }),
        AttributeType::FINGERPRINT => Ok(match message.verify_fingerprint() {
            Ok(()) => format!("{} (matches)", hex(attribute.value())),
            Err(error) => format!("{} ({error})", hex(attribute.value())),
        }),
        _ => Ok(hex(attribute.value())),
    }
}

//! The grammar of a message in nom, as what the reader in `message.rs` is compared with.

use alloc::vec::Vec;

use nom::bytes::complete::take;
use nom::combinator::{all_consuming, map_parser, verify};
use nom::multi::{length_data, many0};
use nom::number::complete::be_u16;
use nom::{IResult, Parser};

type Attributes<'a> = Vec<(u16, &'a [u8])>;

/// `message = type length cookie-and-id *attribute`, with `length` bytes of attributes.
fn message(input: &[u8]) -> IResult<&[u8], Attributes<'_>> {
    let (input, _) = verify(be_u16, |message_type| message_type & 0xc000 == 0).parse(input)?;
    let (input, length) = verify(be_u16, |length| length % 4 == 0).parse(input)?;
    let (input, _) = take(16_usize)(input)?;
    all_consuming(map_parser(take(length), all_consuming(many0(attribute)))).parse(input)
}

/// `attribute = type length value padding`.
fn attribute(input: &[u8]) -> IResult<&[u8], (u16, &[u8])> {
    let (input, (attribute_type, value)) = (be_u16, length_data(be_u16)).parse(input)?;
    let (input, _) = take(value.len().wrapping_neg() % 4)(input)?;
    Ok((input, (attribute_type, value)))
}

mod tests {
    use super::*;
    use crate::Message;
    use proptest::prelude::*;

    fn attributes(message: &Message<&[u8]>) -> Vec<(u16, Vec<u8>)> {
        message
            .all_attributes()
            .map(|attribute| (attribute.attribute_type().0, attribute.value().to_vec()))
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1024))]
        #[test]
        fn the_reader_agrees_with_the_grammar(
            header in prop::sample::select(alloc::vec![[0_u8, 1], [1, 1], [0x40, 1]]),
            length in prop_oneof![Just(None), (0..40_u16).prop_map(Some)],
            body in prop::collection::vec((0..3_u16, 0..12_u16, 0..12_usize), 0..6),
        ) {
            let body: Vec<u8> = body
                .into_iter()
                .flat_map(|(attribute_type, declared, len)| {
                    let head = [attribute_type.to_be_bytes(), declared.to_be_bytes()].concat();
                    head.into_iter().chain(core::iter::repeat_n(7, len))
                })
                .collect();
            let length = length.unwrap_or(u16::try_from(body.len()).unwrap());
            let bytes = [&header[..], &length.to_be_bytes(), &[9; 16], &body].concat();
            match (Message::parse(&bytes[..]), message(&bytes)) {
                (Ok(message), Ok((_, expected))) => {
                    let expected: Vec<_> =
                        expected.into_iter().map(|(t, v)| (t, v.to_vec())).collect();
                    prop_assert_eq!(attributes(&message), expected);
                }
                (Err(_), Err(_)) => {}
                (ours, theirs) => prop_assert!(false, "{:?} but {:?}", ours, theirs),
            }
        }
    }
}

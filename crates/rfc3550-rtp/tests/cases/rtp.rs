//! RTP packets: one base packet, and what may be wrong with it.

use rfc3550_rtp::{
    ErrorKind, ExtensionElement, ExtensionForm, PacketClass, ParseError, RtpHeader, RtpPacket,
    RtpPacketBuilder, SequenceNumber, Timestamp, WriteError, classify,
};

use crate::hex;

/// The base packet with another first octet, and what follows the fixed header.
fn packet(first: &str, rest: &str) -> Result<RtpPacket<Vec<u8>>, ParseError> {
    RtpPacket::parse(hex(&format!("{first}000001000000a011223344{rest}")))
}

#[track_caller]
fn refused(first: &str, rest: &str, kind: ErrorKind, field: &str, offset: usize) {
    let error = packet(first, rest).unwrap_err();
    assert_eq!(
        (error.kind(), error.field(), error.offset()),
        (kind, field, offset)
    );
}

#[test]
fn empty_and_11_bytes() {
    for len in [0, 11] {
        let error = RtpPacket::parse(&[0x80; 11][..len]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Truncated);
        assert_eq!((error.field(), error.offset()), ("fixed header", 0));
    }
}

#[test]
fn base_alone_is_valid() {
    let packet = packet("80", "").unwrap();
    assert_eq!(packet.sequence_number(), SequenceNumber(1));
    assert_eq!(packet.timestamp(), Timestamp(160));
    assert_eq!(packet.ssrc(), 0x1122_3344);
    assert!(!packet.marker());
    assert_eq!((packet.payload_type(), packet.padding_len()), (0, 0));
    assert_eq!((packet.csrcs().len(), packet.extension()), (0, None));
    assert!(packet.payload().is_empty());
}

#[test]
fn versions_0_1_and_3() {
    for first in ["00", "40", "c0"] {
        refused(first, "", ErrorKind::UnsupportedVersion, "version", 0);
    }
}

#[test]
fn fifteen_csrcs_without_and_with_their_bytes() {
    refused("8f", "", ErrorKind::Truncated, "CSRC list", 12);
    refused(
        "8f",
        &"00".repeat(59),
        ErrorKind::Truncated,
        "CSRC list",
        12,
    );
    let csrcs: String = (1..=15).map(|n| format!("{n:08x}")).collect();
    let packet = packet("8f", &csrcs).unwrap();
    assert!(packet.csrcs().eq(1..=15));
    assert!(packet.payload().is_empty());
}

#[test]
fn extension_alone_and_with_half_a_header() {
    refused("90", "", ErrorKind::Truncated, "header extension", 12);
    refused("90", "bede", ErrorKind::Truncated, "header extension", 12);
}

#[test]
fn extension_longer_than_the_packet() {
    refused(
        "90",
        "bedeffff",
        ErrorKind::Truncated,
        "header extension",
        14,
    );
}

#[test]
fn extension_without_words() {
    let packet = packet("90", "00000000").unwrap();
    let extension = packet.extension().unwrap();
    assert_eq!((extension.profile(), extension.data()), (0, &[][..]));
    assert_eq!(extension.form(), None);
    assert_eq!(extension.elements().count(), 0);
}

#[test]
fn extension_to_the_very_end() {
    let packet = packet("90", "bede0001 10aa0000").unwrap();
    assert_eq!(packet.extension().unwrap().element(1), Some(&[0xaa][..]));
    assert!(packet.payload().is_empty());
    assert_eq!(packet.header_len(), 20);
}

#[test]
fn padding_bit_without_padding() {
    // The last octet of the SSRC would count 0x44 octets.
    refused("a0", "", ErrorKind::InvalidPadding, "padding count", 11);
}

#[test]
fn padding_count_zero() {
    refused("a0", "4100", ErrorKind::InvalidPadding, "padding count", 13);
}

#[test]
fn all_padding_is_valid() {
    let packet = packet("a0", "00000004").unwrap();
    assert!(packet.payload().is_empty());
    assert_eq!(packet.padding_len(), 4);
}

#[test]
fn padding_count_beyond_the_header() {
    refused("a0", "4103", ErrorKind::InvalidPadding, "padding count", 13);
}

#[test]
fn padding_count_inside_the_extension() {
    refused(
        "b0",
        "bede0001 10aa0005",
        ErrorKind::InvalidPadding,
        "padding count",
        19,
    );
    // It is not padding of one octet either: the last octet belongs to the extension.
    refused(
        "b0",
        "bede0001 10aa0001",
        ErrorKind::InvalidPadding,
        "padding count",
        19,
    );
}

/// The elements of an extension, until an error or the end.
fn elements(extension: &str) -> (Vec<(u8, Vec<u8>)>, Option<ParseError>) {
    let words = extension.split_whitespace().collect::<String>();
    let len = (words.len() - 4) / 8;
    let packet = packet("90", &format!("{}{len:04x}{}", &words[..4], &words[4..])).unwrap();
    let mut error = None;
    let elements = packet
        .extension()
        .unwrap()
        .elements()
        .filter_map(|element| element.map_err(|e| error = Some(e)).ok())
        .map(|element| (element.id, element.data.to_vec()))
        .collect();
    (elements, error)
}

#[test]
fn one_byte_elements_and_padding_between() {
    let (elements, error) = elements("bede 10aa 0000 21bbcc 00");
    assert_eq!(elements, [(1, vec![0xaa]), (2, vec![0xbb, 0xcc])]);
    assert_eq!(error, None);
}

#[test]
fn one_byte_id_15_ends_the_list() {
    let (elements, error) = elements("bede 10aa f0bb 20cc 0000");
    assert_eq!(elements, [(1, vec![0xaa])]);
    assert_eq!(error, None);
}

#[test]
fn one_byte_id_0_with_a_length_ends_the_list() {
    let (elements, error) = elements("bede 10aa 01bbcc 20dd 00");
    assert_eq!(elements, [(1, vec![0xaa])]);
    assert_eq!(error, None);
}

#[test]
fn one_byte_element_past_the_end() {
    let (elements, error) = elements("bede 10aa 25bb");
    assert_eq!(elements, [(1, vec![0xaa])]);
    let error = error.unwrap();
    assert_eq!((error.field(), error.offset()), ("extension element", 2));
}

#[test]
fn two_byte_form_has_sixteen_profiles() {
    for appbits in 0..16u8 {
        let (elements, error) = elements(&format!("100{appbits:x} ff02 aabb"));
        assert_eq!(elements, [(255, vec![0xaa, 0xbb])]);
        assert_eq!(error, None);
        let form = ExtensionForm::from_profile(0x1000 | u16::from(appbits));
        assert_eq!(form, Some(ExtensionForm::TwoByte { appbits }));
        assert_eq!(form.unwrap().profile(), 0x1000 | u16::from(appbits));
    }
    assert_eq!(ExtensionForm::from_profile(0x1010), None);
}

#[test]
fn two_byte_element_of_length_zero() {
    let (elements, error) = elements("1000 0100 0201 aa 000000");
    assert_eq!(elements, [(1, vec![]), (2, vec![0xaa])]);
    assert_eq!(error, None);
}

#[test]
fn two_byte_element_without_its_length() {
    let (elements, error) = elements("1000 0101 aa 05");
    assert_eq!(elements, [(1, vec![0xaa])]);
    assert_eq!(error.unwrap().offset(), 3);
}

#[test]
fn extension_is_one_header_after_the_csrcs() {
    let packet = packet("91", "00000005 bede0001 10aa0000 d5").unwrap();
    assert!(packet.csrcs().eq([5]));
    assert_eq!(packet.extension().unwrap().data(), [0x10, 0xaa, 0, 0]);
    assert_eq!(packet.payload(), [0xd5]);
}

#[test]
fn rtcp_look_alike() {
    let bytes = hex("80c80006 00000000 00000000");
    assert_eq!(classify(&bytes), Some(PacketClass::Rtcp));
    let packet = RtpPacket::parse(bytes).unwrap();
    assert!(packet.marker());
    assert_eq!(packet.payload_type(), 72);
}

#[test]
fn header_of_an_encrypted_packet_is_read_without_its_padding() {
    // Padding count and payload are ciphertext: 0x00 at the end would be no padding.
    let bytes = hex("b1800001 000000a0 11223344 00000009 bede0001 10aa0000 5a5a00");
    assert!(RtpPacket::parse(&bytes).is_err());
    let header = RtpHeader::parse(&bytes).unwrap();
    assert!(header.padding && header.extension && header.marker);
    assert_eq!((header.csrc_count, header.header_len), (1, 24));
    assert_eq!(header.ssrc, 0x1122_3344);
    assert_eq!(header.sequence_number, SequenceNumber(1));
}

#[test]
fn a_relay_edits_in_place() {
    let mut packet = packet("a2", "00000001 00000002 d5d5 00000003").unwrap();
    packet.set_marker(true);
    packet.set_payload_type(127);
    packet.set_sequence_number(SequenceNumber(0xfffe));
    packet.set_timestamp(Timestamp(0xdead_beef));
    packet.set_ssrc(0xcafe_babe);
    packet.payload_mut().fill(0x2a);
    let wanted = hex("a2ff fffe deadbeef cafebabe 00000001 00000002 2a2a2a 000003");
    assert_eq!(packet.as_bytes(), wanted);
    packet.set_marker(false);
    packet.set_payload_type(0x80 | 8);
    assert_eq!((packet.marker(), packet.payload_type()), (false, 8));
    assert_eq!(packet.into_inner()[2..], wanted[2..]);
}

#[test]
fn reference_packet_is_written_without_gratuitous_padding() {
    let written = RtpPacketBuilder::new()
        .payload_type(8)
        .sequence_number(SequenceNumber(12))
        .timestamp(Timestamp(13))
        .ssrc(14)
        .csrcs(&[15, 16])
        .marker(true)
        .extension(17, &[0x18, 0x19, 0x1a, 0x1b])
        .payload(&[0x1c, 0x1d, 0x1e])
        .to_vec()
        .unwrap();
    let layout = "9288000c 0000000d 0000000e 0000000f 00000010 00110001 18191a1b 1c1d1e";
    assert_eq!(written, hex(layout));
}

#[test]
fn elements_are_written_as_the_rfc_8285_figures_show() {
    let elements = [
        ExtensionElement {
            id: 1,
            data: &[0xaa],
        },
        ExtensionElement {
            id: 2,
            data: &[0xbb, 0xcc],
        },
        ExtensionElement {
            id: 3,
            data: &[1, 2, 3, 4],
        },
    ];
    let written = |form| {
        let builder = RtpPacketBuilder::new().extension_elements(form, &elements);
        let mut buffer = [0xa5; 64];
        let len = builder.write_into(&mut buffer).unwrap();
        assert_eq!(len, builder.encoded_len());
        buffer[12..len].to_vec()
    };
    let one = hex("bede0003 10aa 21bbcc 3301020304 0000");
    assert_eq!(written(ExtensionForm::OneByte), one);
    let two = hex("10050004 0101aa 0202bbcc 030401020304 000000");
    assert_eq!(written(ExtensionForm::TwoByte { appbits: 5 }), two);
}

#[test]
fn elements_that_their_form_cannot_carry_are_refused() {
    let one = ExtensionForm::OneByte;
    let two = ExtensionForm::TwoByte { appbits: 0 };
    let long = [0; 256];
    for (form, id, len, fits) in [
        (one, 1, 1, true),
        (one, 14, 16, true),
        (one, 0, 1, false),
        (one, 15, 1, false),
        (one, 1, 0, false),
        (one, 1, 17, false),
        (two, 255, 0, true),
        (two, 15, 255, true),
        (two, 0, 1, false),
        (two, 1, 256, false),
    ] {
        let elements = [ExtensionElement {
            id,
            data: &long[..len],
        }];
        let written = RtpPacketBuilder::new()
            .extension_elements(form, &elements)
            .to_vec();
        assert_eq!(written.is_ok(), fits, "{form:?} {id} {len}");
    }
}

#[test]
fn what_does_not_fit_its_field_is_refused() {
    let new = RtpPacketBuilder::new;
    let too_many = WriteError::TooMany {
        field: "contributing sources",
        limit: 15,
    };
    assert_eq!(new().csrcs(&[0; 16]).to_vec(), Err(too_many));
    assert!(new().csrcs(&[0; 15]).to_vec().is_ok());
    assert!(new().payload_type(128).to_vec().is_err());
    assert!(new().payload_type(127).to_vec().is_ok());
    assert!(new().extension(1, &[0; 3]).to_vec().is_err());
    assert!(new().extension(1, &vec![0; 65_535 * 4]).to_vec().is_ok());
    assert!(new().extension(1, &vec![0; 65_536 * 4]).to_vec().is_err());
    let error = new().payload(&[0; 10]).write_into(&mut [0; 21]);
    assert_eq!(
        error,
        Err(WriteError::BufferTooSmall {
            needed: 22,
            available: 21
        })
    );
}

#[test]
fn padding_is_kept_on_the_way_through() {
    for padding_len in [0, 1, 4, 255] {
        let builder = RtpPacketBuilder::new()
            .payload(b"abc")
            .padding_len(padding_len);
        let mut buffer = [0xa5; 512];
        let len = builder.write_into(&mut buffer).unwrap();
        assert_eq!(len, 15 + usize::from(padding_len));
        let packet = RtpPacket::parse(&buffer[..len]).unwrap();
        assert_eq!(
            (packet.payload(), packet.padding_len()),
            (&b"abc"[..], padding_len)
        );
        assert_eq!(
            RtpPacketBuilder::from_packet(&packet).to_vec().unwrap(),
            buffer[..len]
        );
    }
}

#[test]
fn header_alone_is_written_for_a_payload_coded_in_place() {
    let mut buffer = [0xa5; 32];
    let builder = RtpPacketBuilder::new().ssrc(7).csrcs(&[8]);
    assert_eq!(builder.write_header_into(&mut buffer), Ok(16));
    assert_eq!(buffer[..16], hex("81000000 00000000 00000007 00000008"));
    assert_eq!(buffer[16], 0xa5);
}

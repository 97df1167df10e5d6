//! Hard payloads, one test each: an error that names what is wrong, or the blocks that RFC 2198
//! gives.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use rfc2198_red::{Block, ErrorKind, RedPayload, RedPayloadBuilder, WriteError};

fn error(bytes: &[u8]) -> (ErrorKind, usize) {
    let error = RedPayload::parse(bytes).unwrap_err();
    (error.kind(), error.offset())
}

/// A redundant block's header from its fields, written apart from the crate's own code.
fn header(payload_type: u32, offset: u32, length: u32) -> [u8; 4] {
    (1 << 31 | payload_type << 24 | offset << 10 | length).to_be_bytes()
}

#[test]
fn empty_payload() {
    assert_eq!(error(&[]), (ErrorKind::MissingPrimaryHeader, 0));
}

#[test]
fn redundant_header_only() {
    assert_eq!(
        error(&[0x80, 0x02, 0x80, 0x14]),
        (ErrorKind::MissingPrimaryHeader, 4)
    );
}

#[test]
fn no_final_block() {
    let bytes = [0x80, 0x02, 0x80, 0x00, 0x80, 0x02, 0x80, 0x00];
    assert_eq!(error(&bytes), (ErrorKind::MissingPrimaryHeader, 8));
}

#[test]
fn truncated_block_header() {
    assert_eq!(
        error(&[0x80, 0xa0, 0x02]),
        (ErrorKind::TruncatedBlockHeader, 0)
    );
    assert_eq!(
        error(&[0x80, 0x02, 0x80, 0x00, 0x80]),
        (ErrorKind::TruncatedBlockHeader, 4)
    );
}

#[test]
fn length_beyond_the_rest() {
    let mut bytes = [header(0, 160, 3), header(0, 80, 2)].concat();
    bytes.push(0);
    bytes.extend_from_slice(&[1, 1, 1, 2]);
    assert_eq!(
        error(&bytes),
        (ErrorKind::BlockLengthBeyondPayload, 4),
        "the second block"
    );
    bytes.push(2);
    let payload = RedPayload::parse(&bytes).unwrap();
    assert!(payload.primary().payload.is_empty());
}

#[test]
fn errors_say_what_where_and_which_rule() {
    let error = RedPayload::parse(&[0x80, 0x02, 0x83, 0xe8, 0x00, 0xaa][..]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid block length at byte 0: expected a block within the payload (RFC 2198 §3)"
    );
}

#[test]
fn every_length_and_offset_at_their_bounds() {
    for (offset, length) in [
        (0, 0),
        (0, 1023),
        (16383, 0),
        (16383, 1023),
        (1, 1),
        (255, 256),
        (8192, 512),
    ] {
        let data = vec![0x11; length];
        let blocks = [Block {
            payload_type: 8,
            timestamp_offset: offset,
            payload: &data,
        }];
        let bytes = RedPayloadBuilder::new(8, &[0x22; 3])
            .redundant(&blocks)
            .to_vec()
            .unwrap();
        assert_eq!(bytes[..4], header(8, offset.into(), length as u32));
        let payload = RedPayload::parse(&bytes).unwrap();
        assert_eq!(payload.redundant().collect::<Vec<_>>(), blocks);
        assert_eq!(payload.primary().payload, [0x22; 3]);
    }
}

#[test]
fn zero_length_block() {
    let mut bytes = header(0, 160, 0).to_vec();
    bytes.extend_from_slice(&[0x00, 0x55, 0x55]);
    let payload = RedPayload::parse(&bytes).unwrap();
    assert_eq!(payload.redundant().next().unwrap().payload, []);
    assert_eq!(payload.primary().payload, [0x55, 0x55]);
}

#[test]
fn primary_only() {
    let payload = RedPayload::parse([0x05, 0xaa, 0xbb]).unwrap();
    assert_eq!(payload.redundant_count(), 0);
    let primary = Block {
        payload_type: 5,
        timestamp_offset: 0,
        payload: &[0xaa, 0xbb],
    };
    assert_eq!(payload.blocks().collect::<Vec<_>>(), [primary]);
    assert_eq!(
        RedPayloadBuilder::new(5, &[0xaa, 0xbb]).to_vec().unwrap(),
        payload.as_bytes()
    );
}

#[test]
fn timestamp_wrap() {
    let bytes = [&header(0, 160, 1)[..], &[0x00, 0xaa]].concat();
    let payload = RedPayload::parse(&bytes).unwrap();
    assert_eq!(payload.redundant().next().unwrap().timestamp(159), u32::MAX);
    assert_eq!(payload.primary().timestamp(159), 159);
}

#[test]
fn three_and_more_blocks() {
    for count in [3, 4, 20] {
        let data: Vec<Vec<u8>> = (0..count).map(|n| vec![n; usize::from(n) + 1]).collect();
        let blocks: Vec<_> = data
            .iter()
            .zip((1..=u16::from(count)).rev())
            .map(|(payload, n)| Block {
                payload_type: 0,
                timestamp_offset: 160 * n,
                payload,
            })
            .collect();
        let bytes = RedPayloadBuilder::new(0, &[0xff; 9])
            .redundant(&blocks)
            .to_vec()
            .unwrap();
        let payload = RedPayload::parse(&bytes).unwrap();
        assert_eq!(payload.redundant_count(), usize::from(count));
        assert!(payload.redundant().eq(blocks.iter().copied()));
        assert_eq!(payload.blocks().len(), usize::from(count) + 1);
        assert_eq!(payload.blocks().last(), Some(payload.primary()));
    }
}

/// 160 ticks and 20 bytes are `028014` behind the type: fields of 14 and 10 bits, where 16 and 8
/// would give `00a014`.
#[test]
fn offset_160_and_20_bytes_encode_as_028014() {
    let blocks = [Block {
        payload_type: 0,
        timestamp_offset: 160,
        payload: &[0xaa; 20],
    }];
    let bytes = RedPayloadBuilder::new(0, &[0xbb; 160])
        .redundant(&blocks)
        .to_vec()
        .unwrap();
    assert_eq!(bytes[..5], [0x80, 0x02, 0x80, 0x14, 0x00]);
}

/// The redundant block stands before the primary, in headers and in data.
#[test]
fn blocks_are_not_swapped() {
    let blocks = [Block {
        payload_type: 7,
        timestamp_offset: 160,
        payload: &[0xaa],
    }];
    let bytes = RedPayloadBuilder::new(5, &[0xbb, 0xbb])
        .redundant(&blocks)
        .to_vec()
        .unwrap();
    assert_eq!(bytes, [0x87, 0x02, 0x80, 0x01, 0x05, 0xaa, 0xbb, 0xbb]);
    let payload = RedPayload::parse(&bytes).unwrap();
    let order: Vec<u8> = payload.blocks().map(|block| block.payload_type).collect();
    assert_eq!(order, [7, 5]);
}

#[test]
fn what_does_not_fit_is_not_written() {
    let mut buffer = [0xa5; 16];
    let refused = |blocks: &[Block<'_>], buffer: &mut [u8]| {
        RedPayloadBuilder::new(0, &[0; 8])
            .redundant(blocks)
            .write_into(buffer)
            .unwrap_err()
    };
    let block = |payload_type, timestamp_offset, payload| Block {
        payload_type,
        timestamp_offset,
        payload,
    };
    assert_eq!(
        refused(&[block(128, 0, &[])], &mut buffer),
        WriteError::PayloadTypeTooLarge(128)
    );
    assert_eq!(
        refused(&[block(0, 16384, &[])], &mut buffer),
        WriteError::TimestampOffsetTooLarge(16384)
    );
    assert_eq!(
        refused(&[block(0, 0, &[0; 1024])], &mut buffer),
        WriteError::BlockTooLong(1024)
    );
    assert_eq!(
        refused(&[block(0, 160, &[0; 4])], &mut buffer),
        WriteError::BufferTooSmall {
            needed: 17,
            available: 16
        }
    );
    assert_eq!(
        RedPayloadBuilder::new(0x80, &[]).write_into(&mut buffer),
        Err(WriteError::PayloadTypeTooLarge(128))
    );
    assert_eq!(buffer, [0xa5; 16]);
}

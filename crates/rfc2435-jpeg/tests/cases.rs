//! Hard cases: what strangers and losses do to a receiver.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use rfc2435_jpeg::{
    ErrorKind, Frame, JpegPayload, QuantizationTables, Reassembler, ReassemblerConfig, Statistics,
};

/// Type 1, Q 60, 320 by 240.
const HEADER: [u8; 8] = [0, 0, 0, 0, 1, 60, 40, 30];

/// A payload with the header's bytes from `at` replaced.
fn payload(at: usize, fields: &[u8], after: &[u8]) -> Vec<u8> {
    let mut header = HEADER;
    header[at..at + fields.len()].copy_from_slice(fields);
    [&header[..], after].concat()
}

/// A payload with its fragment offset.
fn fragment(offset: u8, data: &[u8]) -> Vec<u8> {
    payload(3, &[offset], data)
}

fn error(payload: &[u8]) -> (ErrorKind, usize) {
    let error = JpegPayload::parse(payload).unwrap_err();
    assert!(error.to_string().contains("RFC 2435 §"), "{error}");
    (error.kind(), error.offset())
}

fn reassembler() -> Reassembler {
    Reassembler::new(ReassemblerConfig::default())
}

/// Hands over one frame's packets, the last with the marker, which all are sound.
fn receive(reassembler: &mut Reassembler, timestamp: u32, payloads: &[Vec<u8>]) {
    for (n, payload) in payloads.iter().enumerate() {
        let marker = n + 1 == payloads.len();
        let result = reassembler.handle_packet(timestamp, marker, payload);
        assert_eq!(result, Ok(()));
    }
}

/// The scan of a frame that comes out.
fn scan(frame: Frame<'_>) -> &[u8] {
    let at = frame.jpeg.windows(2).position(|at| at == [0xff, 0xda]);
    let scan = &frame.jpeg[at.unwrap() + 14..];
    scan.strip_suffix(&[0xff, 0xd9]).unwrap()
}

#[test]
fn seven_bytes_and_every_shorter_prefix() {
    for length in 0..8 {
        let expected = (ErrorKind::TruncatedMainHeader, length);
        assert_eq!(error(&HEADER[..length]), expected);
    }
}

#[test]
fn every_prefix_of_all_headers_is_refused() {
    let all = payload(4, &[65, 255], &[0, 1, 0xff, 0xff, 0, 0, 0, 128]);
    let all = [all, vec![1; 128]].concat();
    assert!(JpegPayload::parse(&all[..]).is_ok());
    for length in 0..all.len() {
        assert!(JpegPayload::parse(&all[..length]).is_err(), "{length}");
    }
}

#[test]
fn offset_ffffff() {
    let largest = |data: &[u8]| payload(1, &[0xff, 0xff, 0xff], data);
    // One byte more ends at 2^24, two beyond.
    assert!(JpegPayload::parse(largest(&[1])).is_ok());
    let expected = (ErrorKind::FragmentBeyondFrame, 1);
    assert_eq!(error(&largest(&[1, 2])), expected);

    let mut reassembler = reassembler();
    let allocated = allocation_counter::measure(|| {
        receive(&mut reassembler, 0, &[largest(&[1])]);
    });
    assert!(allocated.bytes_max < 4096, "nothing by the offset");
    assert_eq!(reassembler.statistics().too_large, 1);
    assert_eq!(reassembler.poll_frame(), None);
}

#[test]
fn memory_follows_the_bytes_received() {
    let config = ReassemblerConfig::default();
    let frame_bytes = config.frame_bytes;
    let mut reassembler = Reassembler::new(config);
    let far = (frame_bytes - 1) as u32;
    let [_, a, b, c] = far.to_be_bytes();
    let allocated = allocation_counter::measure(|| {
        receive(&mut reassembler, 0, &[payload(1, &[a, b, c], &[1])]);
    });
    assert!(allocated.bytes_max < 4096, "{}", allocated.bytes_max);
    assert_eq!(reassembler.statistics().too_large, 0);
}

#[test]
fn a_hole_gives_no_frame() {
    let mut reassembler = reassembler();
    receive(
        &mut reassembler,
        0,
        &[fragment(0, &[1, 2]), fragment(3, &[4])],
    );
    assert_eq!(reassembler.poll_frame(), None);
    // The next frame is whole: the one before it is given up.
    receive(&mut reassembler, 3600, &[fragment(0, &[5])]);
    assert_eq!(reassembler.poll_frame().unwrap().timestamp, 3600);
    assert_eq!(reassembler.statistics().incomplete, 1);
    // What was missing comes too late.
    receive(&mut reassembler, 0, &[fragment(2, &[3])]);
    assert_eq!(reassembler.statistics().late, 1);
    assert_eq!(reassembler.poll_frame(), None);
}

#[test]
fn a_hole_that_is_filled_gives_the_frame() {
    let mut reassembler = reassembler();
    receive(
        &mut reassembler,
        0,
        &[fragment(0, &[1, 2]), fragment(3, &[4])],
    );
    reassembler
        .handle_packet(0, false, &fragment(2, &[3]))
        .unwrap();
    assert_eq!(scan(reassembler.poll_frame().unwrap()), [1, 2, 3, 4]);
}

#[test]
fn an_overlap_gives_no_frame() {
    for overlapping in [
        fragment(1, &[9, 9]),
        fragment(0, &[1, 2, 3]),
        fragment(3, &[4, 5]),
    ] {
        let mut reassembler = reassembler();
        let payloads = [fragment(0, &[1, 2]), fragment(4, &[5, 6]), overlapping];
        for payload in &payloads {
            reassembler.handle_packet(0, false, payload).unwrap();
        }
        assert_eq!(reassembler.statistics().inconsistent, 1);
        // What is left of the frame is ignored.
        receive(
            &mut reassembler,
            0,
            &[fragment(2, &[3, 4]), fragment(6, &[7])],
        );
        assert_eq!(reassembler.poll_frame(), None);
    }
}

#[test]
fn a_duplicate_changes_nothing() {
    let mut reassembler = reassembler();
    let first = fragment(0, &[1, 2]);
    receive(&mut reassembler, 0, &[first.clone(), fragment(2, &[3])]);
    assert_eq!(scan(reassembler.poll_frame().unwrap()), [1, 2, 3]);
    receive(&mut reassembler, 3600, &[fragment(4, &[5])]);
    for _ in 0..3 {
        reassembler.handle_packet(3600, false, &first).unwrap();
    }
    assert_eq!(reassembler.statistics().duplicates, 2);
    reassembler
        .handle_packet(3600, false, &fragment(2, &[3, 4]))
        .unwrap();
    assert_eq!(scan(reassembler.poll_frame().unwrap()), [1, 2, 3, 4, 5]);
}

#[test]
fn data_beyond_the_marked_end_gives_no_frame() {
    for (marked, beyond) in [(false, [2, 3]), (true, [2, 3])] {
        let mut reassembler = reassembler();
        reassembler
            .handle_packet(0, true, &fragment(1, &[2]))
            .unwrap();
        reassembler
            .handle_packet(0, marked, &fragment(2, &beyond))
            .unwrap();
        assert_eq!(reassembler.statistics().inconsistent, 1);
        // The other way round.
        reassembler
            .handle_packet(9, false, &fragment(2, &beyond))
            .unwrap();
        reassembler
            .handle_packet(9, true, &fragment(1, &[2]))
            .unwrap();
        assert_eq!(reassembler.statistics().inconsistent, 2);
    }
}

#[test]
fn too_many_pieces_give_no_frame() {
    let mut reassembler = reassembler();
    for piece in 0..2000_u16 {
        let [high, low] = (piece * 2).to_be_bytes();
        let payload = payload(2, &[high, low], &[1]);
        reassembler.handle_packet(0, false, &payload).unwrap();
    }
    assert_eq!(reassembler.statistics().inconsistent, 1);
}

#[test]
fn q_0_100_and_127_are_reserved() {
    for q in [0, 100, 127] {
        let reserved = payload(5, &[q], &[1]);
        // The view reads it: types to come may define it.
        assert_eq!(JpegPayload::parse(&reserved[..]).unwrap().header().q, q);
        let mut reassembler = reassembler();
        let error = reassembler.handle_packet(0, true, &reserved).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::ReservedQ, 5));
        assert_eq!(reassembler.statistics().malformed, 1);
        assert_eq!(reassembler.poll_frame(), None);
    }
}

#[test]
fn q_128_with_length_0_uses_earlier_tables() {
    let without = payload(5, &[128], &[0, 0, 0, 0, 1, 2]);
    let with = [payload(5, &[128], &[0, 0, 0, 128]), vec![7; 129]].concat();
    let mut reassembler = reassembler();
    receive(&mut reassembler, 0, core::slice::from_ref(&without));
    assert_eq!(reassembler.poll_frame(), None);
    assert_eq!(reassembler.statistics().without_tables, 1);
    receive(&mut reassembler, 3600, &[with]);
    assert!(reassembler.poll_frame().is_some());
    receive(&mut reassembler, 7200, core::slice::from_ref(&without));
    let tables = [vec![0xff, 0xdb, 0, 67, 0], vec![7; 64]].concat();
    let frame = reassembler.poll_frame().unwrap();
    assert_eq!(frame.jpeg[2..71], tables);
    // Another Q has other tables.
    receive(
        &mut reassembler,
        9999,
        &[payload(5, &[129], &[0, 0, 0, 0, 1])],
    );
    assert_eq!(reassembler.statistics().without_tables, 2);
}

#[test]
fn tables_may_be_known_out_of_band() {
    let mut reassembler = reassembler();
    reassembler.set_tables(200, QuantizationTables::new([3; 64], [4; 64]));
    reassembler.set_tables(255, QuantizationTables::new([3; 64], [4; 64]));
    receive(&mut reassembler, 0, &[payload(5, &[200], &[0, 0, 0, 0, 1])]);
    assert_eq!(reassembler.poll_frame().unwrap().jpeg[7..71], [3; 64]);
}

#[test]
fn q_255_with_length_0() {
    let without = payload(5, &[255], &[0, 0, 0, 0, 1, 2]);
    assert_eq!(error(&without), (ErrorKind::MissingQuantizationTables, 10));
}

#[test]
fn tables_of_q_255_serve_one_frame_only() {
    let with = [payload(5, &[255], &[0, 0, 0, 64]), vec![7; 65]].concat();
    let mut reassembler = reassembler();
    receive(&mut reassembler, 0, &[with]);
    assert!(reassembler.poll_frame().is_some());
    // Its first packet, with the tables, is lost.
    receive(&mut reassembler, 1, &[payload(3, &[1, 1, 255], &[1])]);
    assert_eq!(reassembler.poll_frame(), None);
}

#[test]
fn table_length_beyond_the_packet_and_of_no_tables() {
    let beyond = payload(5, &[255], &[0, 0, 0, 5, 1, 2, 3, 4]);
    let expected = (ErrorKind::QuantizationTablesBeyondPayload, 10);
    assert_eq!(error(&beyond), expected);
    let odd = [
        payload(4, &[65, 255], &[0, 1, 0xff, 0xff, 0, 0, 0, 65]),
        vec![1; 99],
    ]
    .concat();
    let error = reassembler().handle_packet(0, true, &odd).unwrap_err();
    let expected = (ErrorKind::InvalidQuantizationTablesLength, 14);
    assert_eq!((error.kind(), error.offset()), expected);
}

#[test]
fn type_64_without_restart_interval() {
    let zero = payload(4, &[64], &[0, 0, 0xff, 0xff, 1]);
    assert_eq!(error(&zero), (ErrorKind::ZeroRestartInterval, 8));
    let absent = payload(4, &[64], &[0, 1, 0xff]);
    let expected = (ErrorKind::TruncatedRestartMarkerHeader, 11);
    assert_eq!(error(&absent), expected);
}

#[test]
fn reserved_and_dynamic_types() {
    for jpeg_type in [2, 5, 63, 66, 127, 128, 255] {
        let payload = payload(4, &[jpeg_type], &[0, 1, 0xff, 0xff]);
        assert!(JpegPayload::parse(&payload[..]).is_ok(), "{jpeg_type}");
        let error = reassembler().handle_packet(0, true, &payload).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::ReservedType, 4));
    }
}

#[test]
fn width_or_height_0_is_known_otherwise_or_dropped() {
    for dimensions in [[0, 0], [0, 30], [40, 0]] {
        let payload = payload(6, &dimensions, &[1]);
        let mut without = reassembler();
        receive(&mut without, 0, core::slice::from_ref(&payload));
        assert_eq!(without.poll_frame(), None);
        assert_eq!(without.statistics().without_dimensions, 1);

        let mut config = ReassemblerConfig::default();
        config.dimensions = Some((2592, 1944));
        let mut with = Reassembler::new(config);
        receive(&mut with, 0, &[payload]);
        let frame = with.poll_frame().unwrap();
        assert_eq!((frame.width, frame.height), (2592, 1944));
    }
}

#[test]
fn size_change_within_a_frame() {
    for (at, value) in [(6, 41), (7, 31), (5, 61), (4, 0), (0, 1)] {
        let mut reassembler = reassembler();
        let mut changed = fragment(1, &[2]);
        changed[at] = value;
        receive(&mut reassembler, 0, &[fragment(0, &[1]), changed]);
        assert_eq!(reassembler.poll_frame(), None, "byte {at}");
        assert_eq!(reassembler.statistics().inconsistent, 1);
    }
}

#[test]
fn size_change_between_frames() {
    let mut reassembler = reassembler();
    receive(&mut reassembler, 0, &[fragment(0, &[1])]);
    assert_eq!(reassembler.poll_frame().unwrap().width, 320);
    receive(&mut reassembler, 1, &[payload(6, &[80, 60], &[1])]);
    let frame = reassembler.poll_frame().unwrap();
    assert_eq!((frame.width, frame.height), (640, 480));
}

#[test]
fn no_marker() {
    let mut reassembler = reassembler();
    for timestamp in 0..5 {
        let payload = fragment(0, &[1, 2, 3]);
        reassembler
            .handle_packet(timestamp, false, &payload)
            .unwrap();
        assert_eq!(reassembler.poll_frame(), None);
    }
    // Two are still waiting.
    assert_eq!(reassembler.statistics().incomplete, 3);
    reassembler.reset();
    assert_eq!(reassembler.statistics().incomplete, 5);
}

#[test]
fn an_empty_scan_is_no_frame() {
    let mut reassembler = reassembler();
    receive(&mut reassembler, 0, &[fragment(0, &[])]);
    assert_eq!(reassembler.poll_frame(), None);
}

#[test]
fn the_marker_may_come_alone() {
    let mut reassembler = reassembler();
    receive(
        &mut reassembler,
        0,
        &[fragment(0, &[1, 2]), fragment(2, &[])],
    );
    assert_eq!(scan(reassembler.poll_frame().unwrap()), [1, 2]);
}

#[test]
fn packets_of_two_frames_mixed() {
    let mut reassembler = reassembler();
    // The timestamp wraps between them; the second begins first.
    let (one, two) = (u32::MAX - 100, 3500);
    reassembler
        .handle_packet(two, false, &fragment(0, &[5]))
        .unwrap();
    reassembler
        .handle_packet(one, false, &fragment(0, &[1]))
        .unwrap();
    reassembler
        .handle_packet(one, true, &fragment(1, &[2]))
        .unwrap();
    let frame = reassembler.poll_frame().unwrap();
    assert_eq!((frame.timestamp, scan(frame)), (one, &[1, 2][..]));
    reassembler
        .handle_packet(two, true, &fragment(1, &[6]))
        .unwrap();
    let frame = reassembler.poll_frame().unwrap();
    assert_eq!((frame.timestamp, scan(frame)), (two, &[5, 6][..]));
    assert_eq!(reassembler.statistics().incomplete, 0);
}

#[test]
fn a_stream_that_begins_anew_is_followed() {
    let mut reassembler = reassembler();
    for timestamp in [3_000_000_000, 5, 3_000_000_000, 4_000_000_000] {
        receive(&mut reassembler, timestamp, &[fragment(0, &[1])]);
        let frame = reassembler.poll_frame().unwrap();
        assert_eq!(frame.timestamp, timestamp);
    }
}

#[test]
fn a_scan_ends_at_its_end_of_image() {
    for (written, expected) in [
        (&[1, 0xff, 0, 2, 0xff, 0xd9][..], &[1, 0xff, 0, 2][..]),
        (&[1, 0xff, 0xd9, 3, 4, 0xff, 0xc4, 5], &[1]),
        // Padding need not be announced.
        (&[1, 0xff, 0xda, 3, 4], &[1]),
        // No restart markers in type 1.
        (&[1, 0xff, 0xd0, 3, 4], &[1]),
    ] {
        let mut reassembler = reassembler();
        receive(&mut reassembler, 0, &[fragment(0, written)]);
        assert_eq!(scan(reassembler.poll_frame().unwrap()), expected);
    }
}

#[test]
fn nobody_polls() {
    let mut reassembler = reassembler();
    for timestamp in 0..10 {
        receive(&mut reassembler, timestamp, &[fragment(0, &[1])]);
    }
    let Statistics {
        frames, unpolled, ..
    } = reassembler.statistics();
    assert_eq!((frames, unpolled), (10, 9));
    assert_eq!(reassembler.poll_frame().unwrap().timestamp, 9);
    assert_eq!(reassembler.poll_frame(), None);
}

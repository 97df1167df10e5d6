//! Messages of other implementations: coturn's, and corpora where they are at hand.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::Path;

use rfc5389_stun::attribute::XorMappedAddress;
use rfc5389_stun::{CheckError, Key, Message, MessageBuilder};

#[test]
fn coturn_with_long_term_credentials() {
    let key = Key::long_term_md5("alice", "example.org", "wonderland");
    let mut mapped = 0;
    let lines = include_str!("vectors/coturn.txt")
        .lines()
        .filter(|line| !line.starts_with('#'));
    for line in lines {
        let [message_type, integrity, hex] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let bytes: Vec<u8> = (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
            .collect();
        let message = Message::parse(&bytes[..]).unwrap();
        assert_eq!(
            format!("{:#06x}", u16::from_be_bytes([bytes[0], bytes[1]])),
            message_type
        );
        let expected = if integrity == "integrity" {
            Ok(())
        } else {
            Err(CheckError::Missing)
        };
        assert_eq!(message.verify_integrity(&key), expected, "{line}");
        assert_eq!(message.verify_fingerprint(), Ok(()), "{line}");
        mapped += usize::from(message.get::<XorMappedAddress>().unwrap().is_some());
    }
    assert!(mapped > 0);
}

#[test]
fn corpora_are_read_and_written_back() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora/stun");
    let Ok(corpora) = fs::read_dir(&folder) else {
        println!("skipped: no {}", folder.display());
        return;
    };
    let mut accepted = 0;
    for file in corpora.flat_map(|corpus| fs::read_dir(corpus.unwrap().path()).unwrap()) {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        let Ok(message) = Message::parse(&bytes[..]) else {
            continue;
        };
        accepted += 1;
        let mut buffer = [0; 1024];
        let mut builder = MessageBuilder::response(&mut buffer, message.class(), &message);
        for attribute in message.all_attributes() {
            builder = builder.raw_attribute(attribute.attribute_type(), attribute.value());
        }
        assert_eq!(builder.finish().unwrap(), bytes);
        if message
            .attributes()
            .any(|attribute| attribute.attribute_type().0 == 0x8028)
        {
            assert_eq!(message.verify_fingerprint(), Ok(()));
        }
    }
    assert!(accepted >= 4, "{accepted}");
}

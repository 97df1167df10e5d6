//! SIP messages: whatever is accepted is written as it was read, and every getter holds.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rfc3261_sip::{HeaderName, Parser, Policy, headers::Via};

fuzz_target!(|bytes: &[u8]| {
    for policy in [Policy::Strict, Policy::Interoperable, Policy::Forensic] {
        let mut parser = Parser::new().policy(policy);
        let Ok(message) = parser.parse(bytes) else {
            continue;
        };
        let end = message.body_offset() + message.body().len();
        assert_eq!(message.edit().finish().as_deref(), Ok(&bytes[..end]));
        for field in message.fields() {
            assert_eq!(&bytes[field.value_span()], field.value());
        }
        for &name in HeaderName::ALL {
            for element in message.elements(name) {
                assert_eq!(&bytes[element.span()], element.value);
            }
        }
        for defect in message.check() {
            assert!(defect.span().end <= bytes.len());
            let _ = defect.to_string();
        }
        for via in message.list::<Via<'_>>().flatten() {
            let _ = via.response_target();
        }
        if let Some(Ok(parts)) = message.parts() {
            for part in parts {
                let _ = (
                    part.fields().count(),
                    part.content_type(),
                    part.disposition(),
                );
            }
        }
        let _ = message.rejection("tag");
    }
    let _ = Parser::new()
        .parse_fragment(bytes)
        .map(|fragment| fragment.fields().count());
});

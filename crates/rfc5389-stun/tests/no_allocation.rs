//! Reading, checking and writing allocate nothing.

use rfc5389_stun::attribute::{Software, XorMappedAddress};
use rfc5389_stun::{Class, Key, Message, MessageBuilder, Method, TransactionId};

#[test]
fn a_transaction_allocates_nothing() {
    let key = Key::long_term_md5("user", "realm", "pass");
    let mut buffer = [0; 256];
    let mut reply = [0; 256];
    let source = "192.0.2.1:4000".parse().unwrap();
    let counted = allocation_counter::measure(|| {
        let id = TransactionId([5; 12]);
        let request = MessageBuilder::new(&mut buffer, Class::Request, Method::BINDING, id)
            .attribute(&Software("s"))
            .integrity(&key)
            .integrity_sha256(&key)
            .fingerprint()
            .finish()
            .unwrap();
        let request = Message::parse(&request[..]).unwrap();
        request.verify_integrity(&key).unwrap();
        request.verify_integrity_sha256(&key, 32).unwrap();
        request.verify_fingerprint().unwrap();
        let response = MessageBuilder::response(&mut reply, Class::SuccessResponse, &request)
            .attribute(&XorMappedAddress(source))
            .fingerprint()
            .finish()
            .unwrap();
        let response = Message::parse(&response[..]).unwrap();
        assert_eq!(response.get(), Ok(Some(XorMappedAddress(source))));
        assert!(MessageBuilder::unknown_attributes(&mut [0; 128], &response, |_| false).is_some());
    });
    assert_eq!(counted.count_total, 0);
}

//! Credentials: what is read is written as the same, and no server lets in who has no secret.

#![no_main]

use core::time::Duration;

use libfuzzer_sys::fuzz_target;
use rfc2617_auth::{
    BasicCredentials, DigestCredentials, DigestServer, Ha1, Request, Scheme, ServerConfig, UriRule,
    Verdict,
};

fuzz_target!(|data: &[u8]| {
    for scheme in Scheme::parse_list(data).unwrap_or_default() {
        if let Ok(credentials) = DigestCredentials::from_scheme(&scheme) {
            let written = credentials.to_string();
            let again = Scheme::parse_list(written.as_bytes()).expect("what we write");
            assert_eq!(DigestCredentials::from_scheme(&again[0]), Ok(credentials));
        }
        if let Ok(credentials) = BasicCredentials::from_scheme(&scheme) {
            assert!(credentials.verify(credentials.username(), credentials.expose_password()));
            let value = credentials.header_value();
            let again = Scheme::parse_list(value.as_bytes()).expect("what we write");
            BasicCredentials::from_scheme(&again[0]).expect("what we write");
        }
    }
    let mut config = ServerConfig::new("a");
    config.uri = UriRule::Any;
    let mut server = DigestServer::new(config, [1; 32]).expect("a plain realm");
    let request = Request {
        method: "REGISTER",
        uri: "sip:a",
        body: b"",
    };
    let verdict = server.verify(Duration::ZERO, b"", &request, [data], |claim| {
        Some(Ha1::new(claim.hash, "a", claim.realm, "a secret that nobody can guess"))
    });
    assert!(!matches!(verdict, Verdict::Accepted(_)));
});

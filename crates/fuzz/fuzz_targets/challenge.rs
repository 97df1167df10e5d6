//! Challenges: what is read is written as the same, and what a client answers is read and right.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rfc2617_auth::{
    Account, AuthenticationInfo, BasicChallenge, Challenger, Client, ClientConfig, DigestChallenge,
    DigestCredentials, Ha1, Request, Scheme,
};

const REQUEST: Request<'static> = Request {
    method: "INVITE",
    uri: "sip:bob@example.com",
    body: b"v=0\r\n",
};

fuzz_target!(|data: &[u8]| {
    if let Ok(info) = AuthenticationInfo::parse(data) {
        let written = info.to_string();
        assert_eq!(AuthenticationInfo::parse(written.as_bytes()), Ok(info));
    }
    for scheme in Scheme::parse_list(data).unwrap_or_default() {
        let again = Scheme::parse_list(scheme.as_bytes()).expect("what was read");
        assert_eq!((again.len(), &again[0]), (1, &scheme));
        if let Ok(challenge) = DigestChallenge::from_scheme(&scheme) {
            let written = challenge.to_string();
            let again = Scheme::parse_list(written.as_bytes()).expect("what we write");
            assert_eq!(DigestChallenge::from_scheme(&again[0]), Ok(challenge));
        }
        if let Ok(challenge) = BasicChallenge::from_scheme(&scheme) {
            let written = challenge.to_string();
            let again = Scheme::parse_list(written.as_bytes()).expect("what we write");
            assert_eq!(BasicChallenge::from_scheme(&again[0]), Ok(challenge));
        }
    }
    let mut client = Client::new(ClientConfig::default(), [0; 32]);
    let account = |_: Challenger, _: &str| Account::new("Jäsøn", "secret").ok();
    let mut sent = Vec::new();
    for _ in 0..3 {
        client.handle_challenges(&sent, [(Challenger::Server, data)], account);
        sent = client.authorize(&REQUEST).expect("a plain request");
        for sent in &sent {
            let schemes = Scheme::parse_list(sent.header_value().as_bytes()).expect("what we write");
            let credentials = DigestCredentials::from_scheme(&schemes[0]).expect("what we write");
            let hash = credentials.algorithm().hash();
            let ha1 = Ha1::new(hash, "Jäsøn", credentials.realm(), "secret");
            assert!(credentials.verify(&ha1, REQUEST.method, REQUEST.body));
        }
    }
});

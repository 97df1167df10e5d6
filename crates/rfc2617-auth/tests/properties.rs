//! Whatever comes: nothing panics, and what was read is written as the same.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use core::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::string::string_regex;
use rfc2617_auth::{
    Account, AuthenticationInfo, BasicChallenge, BasicCredentials, Challenger, Client,
    ClientConfig, DigestChallenge, DigestCredentials, DigestServer, Ha1, Request, Scheme,
    ServerConfig,
};

/// Reads a value as everything that it could be, and writes what it is.
fn read(value: &[u8]) {
    if let Ok(info) = AuthenticationInfo::parse(value) {
        let written = info.to_string();
        assert_eq!(AuthenticationInfo::parse(written.as_bytes()), Ok(info));
    }
    let Ok(schemes) = Scheme::parse_list(value) else {
        let error = Scheme::parse_list(value).unwrap_err();
        assert!(error.offset() <= value.len());
        return;
    };
    for scheme in schemes {
        let again = Scheme::parse_list(scheme.as_bytes()).unwrap();
        assert_eq!((again.len(), &again[0]), (1, &scheme));
        for param in scheme.params() {
            assert!(param.value().len() <= value.len());
        }
        if let Ok(challenge) = DigestChallenge::from_scheme(&scheme) {
            let written = challenge.to_string();
            let again = Scheme::parse_list(written.as_bytes()).unwrap();
            assert_eq!(DigestChallenge::from_scheme(&again[0]), Ok(challenge));
        }
        if let Ok(credentials) = DigestCredentials::from_scheme(&scheme) {
            let written = credentials.to_string();
            let again = Scheme::parse_list(written.as_bytes()).unwrap();
            assert_eq!(DigestCredentials::from_scheme(&again[0]), Ok(credentials));
        }
        if let Ok(challenge) = BasicChallenge::from_scheme(&scheme) {
            let written = challenge.to_string();
            let again = Scheme::parse_list(written.as_bytes()).unwrap();
            assert_eq!(BasicChallenge::from_scheme(&again[0]), Ok(challenge));
        }
        if let Ok(credentials) = BasicCredentials::from_scheme(&scheme) {
            assert!(credentials.verify(credentials.username(), credentials.expose_password()));
        }
    }
}

/// Something that looks like a header value.
fn value() -> impl Strategy<Value = String> {
    const NAMES: &[&str] = &[
        "realm",
        "nonce",
        "username",
        "username*",
        "uri",
        "response",
        "qop",
        "nc",
        "cnonce",
        "algorithm",
        "opaque",
        "stale",
        "charset",
        "userhash",
        "x",
    ];
    const WORDS: &[&str] = &[
        "auth",
        "auth-int",
        "true",
        "MD5",
        "SHA-256-sess",
        "UTF-8''%4a",
        "UTF-8",
        "1",
        "0000000A",
        "",
    ];
    let quoted = string_regex("\"([a-z ,=]|\\\\[ -~]){0,8}\"").unwrap();
    let value = prop_oneof![select(WORDS).prop_map(str::to_owned), quoted];
    let param = (select(NAMES), select(&["=", " = "][..]), value)
        .prop_map(|(name, is, value)| format!("{name}{is}{value}"));
    let params = proptest::collection::vec(param, 0..12);
    let scheme = (select(&["Digest", "Basic", "digest", "X"][..]), params)
        .prop_map(|(name, params)| format!("{name} {}", params.join(", ")));
    proptest::collection::vec(scheme, 1..4).prop_map(|schemes| schemes.join(","))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_bytes(value in proptest::collection::vec(any::<u8>(), 0..200)) {
        read(&value);
    }

    #[test]
    fn any_likely_value(value in value()) {
        read(value.as_bytes());
    }

    /// A prefix of a challenge is an error or a challenge that says less.
    #[test]
    fn any_prefix_of_a_challenge(cut in 0_usize..150) {
        let whole = "Digest realm=\"a \\\"b\\\"\", nonce=\"n\", opaque=\"o\", algorithm=SHA-256, \
                     qop=\"auth,auth-int\", charset=UTF-8, userhash=true, Basic realm=\"c\"";
        let cut = cut.min(whole.len());
        read(&whole.as_bytes()[..cut]);
        let inside = whole[..cut].replace("\\\"", "").matches('"').count() % 2 == 1;
        prop_assert!(!inside || Scheme::parse_list(&whole.as_bytes()[..cut]).is_err());
    }

    /// A client answers what it can, a server judges it, and neither panics or writes a header
    /// that could not be read.
    #[test]
    fn client_and_server_take_anything(
        challenge in value(),
        credentials in value(),
        method in string_regex("[\\x00-\\x7fé]{0,5}").unwrap(),
        uri in string_regex("[\\x00-\\x7fé]{0,10}").unwrap(),
    ) {
        let mut config = ClientConfig::default();
        config.basic = true;
        let mut client = Client::new(config, [2; 32]);
        let rows = [(Challenger::Proxy, challenge.as_bytes())];
        let account = |_: Challenger, _: &str| Account::new("alice", "secret").ok();
        client.handle_challenges(&[], rows, account);
        let request = Request { method: &method, uri: &uri, body: b"" };
        for sent in client.authorize(&request).unwrap_or_default() {
            let value = sent.header_value();
            prop_assert!(!value.contains(['\r', '\n']));
            prop_assert_eq!(Scheme::parse_list(value.as_bytes()).unwrap().len(), 1);
            let _ = client.handle_info(&sent, credentials.as_bytes(), b"");
        }
        let mut server = DigestServer::new(ServerConfig::new("a"), [1; 32]).unwrap();
        let _ = server.verify(Duration::ZERO, b"", &request, [credentials.as_bytes()], |claim| {
            Some(Ha1::new(claim.hash, "a", claim.realm, "p"))
        });
    }
}

//! Header values: what is read, how leniently, and how it is written.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use rfc2617_auth::{
    Algorithm, AuthenticationInfo, BasicChallenge, BasicCredentials, DigestChallenge,
    DigestCredentials, Qop, QopOptions, Scheme, SchemeError, Username,
};

fn one(value: &str) -> Scheme<'_> {
    let mut schemes = Scheme::parse_list(value.as_bytes()).unwrap();
    assert_eq!(schemes.len(), 1, "{value}");
    schemes.pop().unwrap()
}

fn names(value: &str) -> Vec<String> {
    let schemes = Scheme::parse_list(value.as_bytes()).unwrap();
    schemes.iter().map(|scheme| format!("{scheme:?}")).collect()
}

fn challenge(value: &str) -> Result<DigestChallenge<'_>, SchemeError> {
    DigestChallenge::from_scheme(&one(value))
}

fn credentials(value: &str) -> Result<DigestCredentials<'_>, SchemeError> {
    DigestCredentials::from_scheme(&one(value))
}

const CREDENTIALS: &str =
    "Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"/\", response=\"00\"";

#[test]
fn several_schemes_stand_in_one_row() {
    assert_eq!(
        names("Digest realm=\"a\", nonce=\"b\", Basic realm=\"c\", NTLM, Negotiate YII+/==, X a=b"),
        [
            "Digest[\"realm\", \"nonce\"]",
            "Basic[\"realm\"]",
            "NTLM[]",
            "Negotiate[]",
            "X[\"a\"]"
        ]
    );
    let schemes = Scheme::parse_list(b"Negotiate YII+/==, NTLM").unwrap();
    assert_eq!(schemes[0].token68(), Some("YII+/=="));
    assert_eq!(schemes[1].token68(), None);
}

#[test]
fn unknown_schemes_and_parameters_are_kept_as_received() {
    let value = b"Bearer  realm=x ,error=\"a\\\"b\",Foo=\xe9bar;baz";
    let schemes = Scheme::parse_list(value).unwrap();
    assert_eq!(schemes[0].as_bytes(), value);
    assert_eq!(&*schemes[0].param("ERROR").unwrap().value(), b"a\"b");
    let foo = schemes[0].params()[2];
    assert_eq!(foo.name(), "Foo");
    assert_eq!(&*foo.value(), b"\xe9bar;baz");
    assert!(!foo.is_quoted());
}

#[test]
fn bytes_that_are_not_utf8_are_kept() {
    let schemes = Scheme::parse_list(b"Basic realm=\"caf\xe9\"").unwrap();
    let realm = schemes[0].param("realm").unwrap();
    assert_eq!(&*realm.value(), b"caf\xe9");
    assert_eq!(realm.text(), None);
    assert_eq!(
        BasicChallenge::from_scheme(&schemes[0]),
        Err(SchemeError::Invalid("realm"))
    );
}

#[test]
fn empty_elements_blanks_and_folds_are_passed_over() {
    assert_eq!(
        names(" ,, Digest ,realm = \"a\" ,\r\n\t,nonce\t=\r\n \"b\",, ,Basic realm=\"c\" , "),
        ["Digest[\"realm\", \"nonce\"]", "Basic[\"realm\"]"]
    );
    assert_eq!(names(""), [""; 0]);
    assert_eq!(names(" , "), [""; 0]);
}

#[test]
fn case_missing_commas_and_missing_quotation_marks_are_let_pass() {
    let read = challenge(
        "dIGEST Realm=sip.example.com NONCE=MTIz/+== qop=auth,auth-int, Stale=TRUE, \
         algorithm=\"md5-SESS\", opaque=",
    )
    .unwrap();
    assert_eq!(read.realm(), "sip.example.com");
    assert_eq!(read.nonce(), "MTIz/+==");
    assert_eq!(read.qop(), QopOptions::Both);
    assert!(read.is_stale());
    assert_eq!(read.algorithm(), Algorithm::MD5_SESS);
    assert_eq!(read.opaque(), Some(""));
}

#[test]
fn an_unquoted_list_of_qualities_ends_where_another_scheme_begins() {
    assert_eq!(
        names("Digest realm=a, nonce=b, qop=auth,auth-int, Basic realm=c"),
        ["Digest[\"realm\", \"nonce\", \"qop\"]", "Basic[\"realm\"]"]
    );
    assert_eq!(
        names("Digest realm=a, nonce=b, qop=auth, auth-param=c"),
        ["Digest[\"realm\", \"nonce\", \"qop\", \"auth-param\"]"]
    );
}

#[test]
fn malformed_values_say_where_and_why() {
    for (value, message) in [
        (
            "Digest realm=\"a",
            "malformed auth-param at byte 13: expected a quoted string with its end, \
             without control characters (RFC 2617 §1.2)",
        ),
        (
            "Digest realm=\"a\x01b\"",
            "malformed auth-param at byte 13: expected a quoted string with its end, \
             without control characters (RFC 2617 §1.2)",
        ),
        (
            "Digest realm=\"a\" Basic",
            "malformed auth-param at byte 17: expected a comma or the end (RFC 2617 §1.2)",
        ),
        (
            "Digest realm=\"a\", \"b\"",
            "malformed auth-scheme at byte 18: expected a token (RFC 2617 §1.2)",
        ),
    ] {
        let error = Scheme::parse_list(value.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn challenges_are_written_in_order_with_the_quotation_marks_of_rfc7616() {
    let value = "Digest realm=\"a \\\"b\\\" \\\\\", domain=\"/x /y\", nonce=\"n\", opaque=\"o\", \
                 stale=true, algorithm=SHA-256, qop=\"auth,auth-int\", charset=UTF-8, userhash=true";
    let read = challenge(value).unwrap();
    assert_eq!(read.realm(), "a \"b\" \\");
    assert_eq!(read.domain(), Some("/x /y"));
    assert!(read.charset_utf8() && read.userhash());
    assert_eq!(read.to_string(), value);
    let short = "Digest realm=\"a\", nonce=\"n\"";
    assert_eq!(challenge(short).unwrap().to_string(), short);
    assert_eq!(challenge(short).unwrap().algorithm(), Algorithm::MD5);
}

#[test]
fn challenges_that_cannot_be_answered_say_why() {
    for (value, error) in [
        ("Basic realm=\"a\"", SchemeError::Scheme),
        ("Digest nonce=\"n\"", SchemeError::Missing("realm")),
        ("Digest realm=\"a\"", SchemeError::Missing("nonce")),
        (
            "Digest realm=\"a\", nonce=\"n\", algorithm=SHA-1",
            SchemeError::Algorithm,
        ),
        (
            "Digest realm=\"a\", nonce=\"n\", qop=\"auth-conf\"",
            SchemeError::Qop,
        ),
        (
            "Digest realm=\"a\", realm=\"b\", nonce=\"n\"",
            SchemeError::Repeated("realm"),
        ),
    ] {
        assert_eq!(challenge(value), Err(error), "{value}");
    }
    challenge("Digest realm=\"a\", realm=\"a\", nonce=\"n\"").unwrap();
}

#[test]
fn unknown_qualities_and_parameters_of_challenges_are_ignored() {
    let value = "Digest realm=\"a\", nonce=\"n\", qop=\"auth-conf, auth\", x=y, stale=maybe";
    let read = challenge(value).unwrap();
    assert_eq!(read.qop(), QopOptions::Auth);
    assert!(!read.is_stale());
}

#[test]
fn credentials_are_written_in_order_with_the_quotation_marks_of_rfc7616() {
    let value = "Digest username=\"488869\", realm=\"r\", nonce=\"n\", uri=\"sip:a@b\", \
                 response=\"00ff\", algorithm=SHA-256, cnonce=\"c\", opaque=\"o\", qop=auth, \
                 nc=0000000a, userhash=true";
    let read = credentials(value).unwrap();
    assert_eq!(read.username(), &Username::Hashed("488869".into()));
    assert_eq!(read.qop(), Some(Qop::Auth));
    assert_eq!(read.nonce_count(), Some(10));
    assert_eq!(read.to_string(), value);
}

#[test]
fn credentials_are_read_with_the_quotation_marks_of_others() {
    let value = "DIGEST username=u,realm=r,nonce=\"n\",uri=sip:a@b;x,response=00,qop=\"auth\",\
                 nc=\"1\",cnonce=c,algorithm=\"MD5\"";
    let read = credentials(value).unwrap();
    assert_eq!(read.uri(), "sip:a@b;x");
    assert_eq!(read.nonce_count(), Some(1));
    assert_eq!(read.exchange().protection.unwrap().nc, "1");
}

#[test]
fn usernames_are_read_and_written_in_extended_notation() {
    let rest = "realm=\"api@example.org\", nonce=\"n\", uri=\"/doe.json\", response=\"00\"";
    let value = format!("Digest username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, {rest}");
    let read = credentials(&value).unwrap();
    assert_eq!(read.username(), &Username::Plain("Jäsøn Doe".into()));
    assert_eq!(read.to_string(), value);
    // What needs no extension is written without.
    let value = format!("Digest username*=UTF-8''bob, {rest}");
    let plain = format!("Digest username=\"bob\", {rest}");
    assert_eq!(credentials(&value).unwrap().to_string(), plain);
}

#[test]
fn improper_credentials_say_why() {
    for (value, error) in [
        (
            format!("{CREDENTIALS}, username*=UTF-8''u"),
            SchemeError::Repeated("username"),
        ),
        (
            format!("{CREDENTIALS}, realm=s"),
            SchemeError::Repeated("realm"),
        ),
        (
            format!("{CREDENTIALS}, qop=auth, cnonce=c"),
            SchemeError::Missing("nc"),
        ),
        (
            format!("{CREDENTIALS}, qop=auth, nc=00000001"),
            SchemeError::Missing("cnonce"),
        ),
        (
            format!("{CREDENTIALS}, qop=auth, cnonce=c, nc=0000000g"),
            SchemeError::Invalid("nc"),
        ),
        (
            format!("{CREDENTIALS}, qop=auth, cnonce=c, nc=000000001"),
            SchemeError::Invalid("nc"),
        ),
        (
            format!("{CREDENTIALS}, qop=auth-conf, cnonce=c, nc=1"),
            SchemeError::Qop,
        ),
        (
            format!("{CREDENTIALS}, algorithm=X"),
            SchemeError::Algorithm,
        ),
        (
            CREDENTIALS.replace("username=\"u\"", "username*=UTF-8''u, userhash=true"),
            SchemeError::Invalid("userhash"),
        ),
        (
            CREDENTIALS.replace("username=\"u\"", "username*=UTF-8''a%0D%0Ab"),
            SchemeError::Invalid("username*"),
        ),
        (
            CREDENTIALS.replace("username=\"u\", ", ""),
            SchemeError::Missing("username"),
        ),
        (
            CREDENTIALS.replace("response=", "answer="),
            SchemeError::Missing("response"),
        ),
    ] {
        assert_eq!(credentials(&value), Err(error), "{value}");
    }
    credentials(CREDENTIALS).unwrap();
}

#[test]
fn authentication_info_is_read_and_written() {
    let value = "rspauth=\"6629\", cnonce=\"0a4f113b\", nc=00000001, qop=auth, nextnonce=\"x\"";
    let info = AuthenticationInfo::parse(value.as_bytes()).unwrap();
    assert_eq!(info.rspauth(), Some("6629"));
    assert_eq!(info.nextnonce(), Some("x"));
    assert_eq!(info.to_string(), value);
    let info = AuthenticationInfo::parse(b"QOP=\"auth-int\",nextnonce=a, other=b").unwrap();
    assert_eq!(info.qop(), Some(Qop::AuthInt));
    assert_eq!(info.to_string(), "qop=auth-int, nextnonce=\"a\"");
    assert!(AuthenticationInfo::parse(b"nextnonce=\"a").is_err());
    // Found by fuzzing: written without quotation marks, it would be several parameters.
    assert!(AuthenticationInfo::parse(b"nc=\"1 a=b\"").is_err());
}

/// RFC 2617 §2, RFC 7617 §2 and §2.1.
#[test]
fn basic_credentials_are_those_of_the_rfcs() {
    for (username, password, value) in [
        (
            "Aladdin",
            "open sesame",
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        ),
        ("test", "123£", "Basic dGVzdDoxMjPCow=="),
        ("", ":", "Basic Ojo="),
    ] {
        let made = BasicCredentials::new(username, password).unwrap();
        assert_eq!(made.header_value(), value);
        let read = BasicCredentials::from_scheme(&one(value)).unwrap();
        assert_eq!(read.username(), username);
        assert_eq!(read.expose_password(), password);
        assert!(read.verify(username, password));
        assert!(!read.verify(username, "other"));
        let unpadded = one(value.trim_end_matches('='));
        assert!(
            BasicCredentials::from_scheme(&unpadded)
                .unwrap()
                .verify(username, password)
        );
    }
    // The first colon ends the name, so another division is another user.
    let read = BasicCredentials::from_scheme(&one("Basic YTpiOmM=")).unwrap();
    assert!(read.verify("a", "b:c"));
    assert!(!read.verify("a:b", "c"));
}

#[test]
fn basic_refuses_what_it_cannot_carry() {
    assert!(BasicCredentials::new("a:b", "c").is_err());
    assert!(BasicCredentials::new("a", "b\r\nc").is_err());
    for value in [
        "Basic",
        "Basic YWJj",
        "Basic YWJ",
        "Basic /w==",
        "Digest YTpi",
    ] {
        assert!(
            BasicCredentials::from_scheme(&one(value)).is_err(),
            "{value}"
        );
    }
    assert!(Scheme::parse_list(b"Basic !").is_err());
}

/// RFC 7617 §2.1.
#[test]
fn basic_challenges_are_read_and_written() {
    let value = "Basic realm=\"foo\", charset=\"UTF-8\"";
    let read = BasicChallenge::from_scheme(&one(value)).unwrap();
    assert_eq!((read.realm(), read.charset_utf8()), ("foo", true));
    assert_eq!(read.to_string(), value);
    let plain = BasicChallenge::new("WallyWorld", false).unwrap();
    assert_eq!(plain.to_string(), "Basic realm=\"WallyWorld\"");
    assert!(BasicChallenge::new("a\r\nb", false).is_err());
}

#[test]
fn debug_shows_no_secret() {
    let value = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==";
    let scheme = one(value);
    let credentials = BasicCredentials::from_scheme(&scheme).unwrap();
    let shown = format!("{scheme:?} {credentials:?}");
    assert_eq!(shown, "Basic[] BasicCredentials { .. }");
}

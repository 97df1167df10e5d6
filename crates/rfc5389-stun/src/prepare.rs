//! Preparing the names and passwords that people type: OpaqueString (RFC 8265 §4.2) for
//! RFC 8489, SASLprep (RFC 4013) for RFC 5389.
//!
//! Where all is printable ASCII both leave it as it is.

use alloc::borrow::Cow;
use core::fmt;

use precis_profiles::precis_core::profile::PrecisFastInvocation as _;

/// The text cannot be a name or password: it has a character that is not allowed, is empty, or
/// mixes directions of writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NotAllowed;

impl fmt::Display for NotAllowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text with characters that names and passwords may not have")
    }
}

impl core::error::Error for NotAllowed {}

/// Enforces the profile OpaqueString of RFC 8265, as RFC 8489 wants it of realms, passwords and
/// the names in hashes: every space is U+0020, and the form is NFC.
///
/// # Errors
///
/// The text is empty, or has control characters or others that the profile does not allow.
pub fn opaque_string(text: &str) -> Result<Cow<'_, str>, NotAllowed> {
    if is_plain(text) && !text.is_empty() {
        return Ok(Cow::Borrowed(text));
    }
    precis_profiles::OpaqueString::enforce(text).map_err(|_| NotAllowed)
}

/// Prepares by SASLprep, as RFC 5389 wants it of names, realms and passwords: compatible
/// characters become one, and those that show nothing go.
///
/// # Errors
///
/// The text has characters that are prohibited or not assigned, or runs in both directions.
pub fn saslprep(text: &str) -> Result<Cow<'_, str>, NotAllowed> {
    if is_plain(text) {
        return Ok(Cow::Borrowed(text));
    }
    stringprep::saslprep(text).map_err(|_| NotAllowed)
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn examples_of_rfc_8265() {
        for (text, prepared) in [
            (
                "correct horse battery staple",
                Some("correct horse battery staple"),
            ),
            (
                "Correct Horse Battery Staple",
                Some("Correct Horse Battery Staple"),
            ),
            ("\u{3c0}\u{df}\u{e5}", Some("\u{3c0}\u{df}\u{e5}")),
            ("Jack of \u{2666}s", Some("Jack of \u{2666}s")),
            ("foo\u{1680}bar", Some("foo bar")),
            ("", None),
            ("my cat is a \tby", None),
        ] {
            assert_eq!(opaque_string(text).ok().as_deref(), prepared, "{text:?}");
        }
    }

    #[test]
    fn examples_of_rfc_4013() {
        for (text, prepared) in [
            ("I\u{ad}X", Some("IX")),
            ("user", Some("user")),
            ("USER", Some("USER")),
            ("\u{aa}", Some("a")),
            ("\u{2168}", Some("IX")),
            ("\u{7}", None),
            ("\u{627}1", None),
        ] {
            assert_eq!(saslprep(text).ok().as_deref(), prepared, "{text:?}");
        }
    }

    #[test]
    fn the_credentials_of_rfc_5769() {
        let username = "\u{30de}\u{30c8}\u{30ea}\u{30c3}\u{30af}\u{30b9}";
        assert_eq!(saslprep(username).as_deref(), Ok(username));
        assert_eq!(opaque_string(username).as_deref(), Ok(username));
        let password = "The\u{ad}M\u{aa}tr\u{2168}";
        assert_eq!(saslprep(password).as_deref(), Ok("TheMatrIX"));
        // Its soft hyphen is nothing that RFC 8265 takes.
        assert_eq!(opaque_string(password), Err(NotAllowed));
    }

    proptest! {
        #[test]
        fn what_is_prepared_stays_so(text in "\\PC{0,12}") {
            for prepare in [opaque_string, saslprep] {
                if let Ok(once) = prepare(&text) {
                    // SASLprep may map to nothing at all.
                    if !once.is_empty() {
                        prop_assert_eq!(prepare(&once), Ok(Cow::Borrowed(&*once)));
                    }
                }
            }
        }

        #[test]
        fn printable_ascii_is_left_as_it_is(text in "[ -~]{1,20}") {
            prop_assert_eq!(opaque_string(&text), Ok(Cow::Borrowed(&*text)));
            prop_assert_eq!(saslprep(&text), Ok(Cow::Borrowed(&*text)));
            let by_precis = precis_profiles::OpaqueString::enforce(&*text);
            prop_assert_eq!(by_precis.ok(), Some(Cow::Borrowed(&*text)));
            prop_assert_eq!(stringprep::saslprep(&text).ok(), Some(Cow::Borrowed(&*text)));
        }
    }
}

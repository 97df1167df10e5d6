//! Header field names and their compact forms (RFC 3261 §7.3.3 and §20, IANA's registry).

mod guess;
mod key;

use core::fmt;

use crate::error::Rule;
use key::Key;

/// How the values of a header field may be spread over rows and commas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// One value in one row.
    Single,
    /// Values separated by commas, in any number of rows (RFC 3261 §7.3.1).
    List,
    /// One value a row, any number of rows: commas belong to the value (challenges and
    /// credentials).
    Rows,
}

macro_rules! header_names {
    ($($(#[$doc:meta])* $variant:ident $name:literal $compact:literal $shape:ident $section:literal;)*) => {
        /// A header field name that this crate knows; every other name is an extension and is
        /// kept as it stands.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum HeaderName {
            $(#[doc = concat!("`", $name, "`, ", $section)] $variant,)*
        }

        impl HeaderName {
            /// Every name of the table, in alphabetical order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
        }

        static INFO: [Info; COUNT] = [$(Info {
            name: $name,
            compact: $compact,
            shape: Shape::$shape,
            rule: Rule::new($name, $section),
        },)*];

        const NAMES: [(&str, &str); COUNT] = [$(($name, $compact),)*];
    };
}

/// How many names the table has.
pub(crate) const COUNT: usize = HeaderName::ALL.len();

struct Info {
    name: &'static str,
    compact: &'static str,
    shape: Shape,
    rule: Rule,
}

header_names! {
    Accept "Accept" "" List "RFC 3261 §20.1";
    AcceptContact "Accept-Contact" "a" List "RFC 3841 §9.2";
    AcceptEncoding "Accept-Encoding" "" List "RFC 3261 §20.2";
    AcceptLanguage "Accept-Language" "" List "RFC 3261 §20.3";
    AlertInfo "Alert-Info" "" List "RFC 3261 §20.4";
    Allow "Allow" "" List "RFC 3261 §20.5";
    AllowEvents "Allow-Events" "u" List "RFC 6665 §8.2.2";
    AuthenticationInfo "Authentication-Info" "" Rows "RFC 3261 §20.6";
    Authorization "Authorization" "" Rows "RFC 3261 §20.7";
    CallId "Call-ID" "i" Single "RFC 3261 §20.8";
    CallInfo "Call-Info" "" List "RFC 3261 §20.9";
    Contact "Contact" "m" List "RFC 3261 §20.10";
    ContentDisposition "Content-Disposition" "" Single "RFC 3261 §20.11";
    ContentEncoding "Content-Encoding" "e" List "RFC 3261 §20.12";
    ContentId "Content-ID" "" Single "RFC 8262 §3";
    ContentLanguage "Content-Language" "" List "RFC 3261 §20.13";
    ContentLength "Content-Length" "l" Single "RFC 3261 §20.14";
    ContentType "Content-Type" "c" Single "RFC 3261 §20.15";
    CSeq "CSeq" "" Single "RFC 3261 §20.16";
    Date "Date" "" Single "RFC 3261 §20.17";
    Diversion "Diversion" "" List "RFC 5806 §5";
    ErrorInfo "Error-Info" "" List "RFC 3261 §20.18";
    Event "Event" "o" Single "RFC 6665 §8.2.1";
    Expires "Expires" "" Single "RFC 3261 §20.19";
    From "From" "f" Single "RFC 3261 §20.20";
    HistoryInfo "History-Info" "" List "RFC 7044 §5";
    Identity "Identity" "y" List "RFC 8224 §4";
    IdentityInfo "Identity-Info" "n" Single "RFC 4474 §9";
    InReplyTo "In-Reply-To" "" List "RFC 3261 §20.21";
    Join "Join" "" Single "RFC 3911 §7.1";
    MaxForwards "Max-Forwards" "" Single "RFC 3261 §20.22";
    MimeVersion "MIME-Version" "" Single "RFC 3261 §20.24";
    MinExpires "Min-Expires" "" Single "RFC 3261 §20.23";
    MinSe "Min-SE" "" Single "RFC 4028 §5";
    Organization "Organization" "" Single "RFC 3261 §20.25";
    PAssertedIdentity "P-Asserted-Identity" "" List "RFC 3325 §9.1";
    PPreferredIdentity "P-Preferred-Identity" "" List "RFC 3325 §9.2";
    Path "Path" "" List "RFC 3327 §4";
    Priority "Priority" "" Single "RFC 3261 §20.26";
    Privacy "Privacy" "" Single "RFC 3323 §4.2";
    ProxyAuthenticate "Proxy-Authenticate" "" Rows "RFC 3261 §20.27";
    ProxyAuthorization "Proxy-Authorization" "" Rows "RFC 3261 §20.28";
    ProxyRequire "Proxy-Require" "" List "RFC 3261 §20.29";
    RAck "RAck" "" Single "RFC 3262 §7.2";
    Reason "Reason" "" List "RFC 3326 §2";
    RecordRoute "Record-Route" "" List "RFC 3261 §20.30";
    ReferTo "Refer-To" "r" Single "RFC 3515 §2.1";
    ReferredBy "Referred-By" "b" Single "RFC 3892 §3";
    RejectContact "Reject-Contact" "j" List "RFC 3841 §9.2";
    Replaces "Replaces" "" Single "RFC 3891 §6.1";
    ReplyTo "Reply-To" "" Single "RFC 3261 §20.31";
    RequestDisposition "Request-Disposition" "d" List "RFC 3841 §9.1";
    Require "Require" "" List "RFC 3261 §20.32";
    RetryAfter "Retry-After" "" Single "RFC 3261 §20.33";
    Route "Route" "" List "RFC 3261 §20.34";
    RSeq "RSeq" "" Single "RFC 3262 §7.1";
    Server "Server" "" Single "RFC 3261 §20.35";
    ServiceRoute "Service-Route" "" List "RFC 3608 §5";
    SessionExpires "Session-Expires" "x" Single "RFC 4028 §4";
    SipETag "SIP-ETag" "" Single "RFC 3903 §11.3.1";
    SipIfMatch "SIP-If-Match" "" Single "RFC 3903 §11.3.2";
    Subject "Subject" "s" Single "RFC 3261 §20.36";
    SubscriptionState "Subscription-State" "" Single "RFC 6665 §8.2.3";
    Supported "Supported" "k" List "RFC 3261 §20.37";
    Timestamp "Timestamp" "" Single "RFC 3261 §20.38";
    To "To" "t" Single "RFC 3261 §20.39";
    Unsupported "Unsupported" "" List "RFC 3261 §20.40";
    UserAgent "User-Agent" "" Single "RFC 3261 §20.41";
    UserToUser "User-to-User" "" List "RFC 7433 §4.1";
    Via "Via" "v" List "RFC 3261 §20.42";
    Warning "Warning" "" List "RFC 3261 §20.43";
    WwwAuthenticate "WWW-Authenticate" "" Rows "RFC 3261 §20.44";
}

impl HeaderName {
    /// The name that `bytes` spells, long or compact, in any case; `None` for an extension.
    #[must_use]
    #[inline]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        Self::from_id(Key::of(bytes)?.find()?)
    }

    /// The length of the name that ends in a colon at the start of `line`, and its place in the
    /// table; `None` where a known name, directly followed by a colon, does not begin the line.
    #[inline(always)]
    pub(crate) fn at_line_start(line: &[u8]) -> Option<(usize, u8)> {
        guess::usual(line).or_else(|| Self::at_unusual_line_start(line))
    }

    #[cold]
    fn at_unusual_line_start(line: &[u8]) -> Option<(usize, u8)> {
        let (len, key) = Key::up_to_colon(line)?;
        Some((len, key.find()?))
    }

    /// The name at a place of the table.
    #[inline]
    pub(crate) fn from_id(id: u8) -> Option<Self> {
        Self::ALL.get(usize::from(id)).copied()
    }

    /// The name in full, as its RFC writes it.
    #[must_use]
    #[inline]
    pub fn as_str(self) -> &'static str {
        INFO[self as usize].name
    }

    /// The compact form, where one is registered.
    #[must_use]
    pub fn compact(self) -> Option<&'static str> {
        let compact = INFO[self as usize].compact;
        (!compact.is_empty()).then_some(compact)
    }

    /// How the values of this field may be spread over rows and commas.
    #[must_use]
    #[inline]
    pub fn shape(self) -> Shape {
        INFO[self as usize].shape
    }

    #[inline]
    pub(crate) fn rule(self) -> &'static Rule {
        &INFO[self as usize].rule
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;

    #[test]
    fn every_name_is_found_in_any_case() {
        for &name in HeaderName::ALL {
            let text = name.as_str();
            assert_eq!(HeaderName::parse(text.as_bytes()), Some(name), "{text}");
            assert_eq!(
                HeaderName::parse(text.to_uppercase().as_bytes()),
                Some(name)
            );
            assert_eq!(
                HeaderName::parse(text.to_lowercase().as_bytes()),
                Some(name)
            );
        }
    }

    #[test]
    fn every_compact_form_registered_with_iana_is_known() {
        let registered = [
            (b"a", "Accept-Contact"),
            (b"b", "Referred-By"),
            (b"c", "Content-Type"),
            (b"d", "Request-Disposition"),
            (b"e", "Content-Encoding"),
            (b"f", "From"),
            (b"i", "Call-ID"),
            (b"j", "Reject-Contact"),
            (b"k", "Supported"),
            (b"l", "Content-Length"),
            (b"m", "Contact"),
            (b"n", "Identity-Info"),
            (b"o", "Event"),
            (b"r", "Refer-To"),
            (b"s", "Subject"),
            (b"t", "To"),
            (b"u", "Allow-Events"),
            (b"v", "Via"),
            (b"x", "Session-Expires"),
            (b"y", "Identity"),
        ];
        for (compact, long) in registered {
            let name = HeaderName::parse(compact).unwrap();
            assert_eq!(name.as_str(), long);
            assert_eq!(name.compact().unwrap().as_bytes(), compact);
            assert_eq!(HeaderName::parse(&compact.to_ascii_uppercase()), Some(name));
        }
        let known = HeaderName::ALL
            .iter()
            .filter(|n| n.compact().is_some())
            .count();
        assert_eq!(known, registered.len());
        for letter in b'a'..=b'z' {
            let known = registered.iter().any(|(c, _)| c[0] == letter);
            assert_eq!(
                HeaderName::parse(&[letter]).is_some(),
                known,
                "{}",
                letter as char
            );
        }
    }

    #[test]
    fn a_control_character_in_a_name_does_not_make_it_known() {
        // Case 18: such a name must not be taken for To; nor CR for the hyphen it resembles.
        assert_eq!(HeaderName::parse(b"To\x01"), None);
        assert_eq!(HeaderName::parse(b"Call\rID"), None);
        assert_eq!(HeaderName::parse(b""), None);
        assert_eq!(HeaderName::parse(b"To\0"), None);
    }

    #[test]
    fn the_name_at_the_start_of_a_line_is_the_name_parsed() {
        for &name in HeaderName::ALL {
            for text in [name.as_str().to_string(), name.as_str().to_lowercase()] {
                let line = text.clone() + ": value beyond the name\r\n";
                let found = HeaderName::at_line_start(line.as_bytes());
                assert_eq!(found, Some((text.len(), name as u8)), "{text}");
                let line = text + " : value beyond the name\r\n";
                assert_eq!(HeaderName::at_line_start(line.as_bytes()), None);
            }
        }
    }

    proptest! {
        /// Case 19.
        #[test]
        fn a_name_outside_the_table_stays_an_extension(name in "[A-Za-z0-9.!%*_+`'~-]{1,40}") {
            let listed = HeaderName::ALL.iter().copied().find(|n| {
                n.as_str().eq_ignore_ascii_case(&name)
                    || n.compact().is_some_and(|c| c.eq_ignore_ascii_case(&name))
            });
            prop_assert_eq!(HeaderName::parse(name.as_bytes()), listed);
        }

        #[test]
        fn a_known_name_with_one_byte_changed_is_another(
            which in 0..COUNT, at in any::<prop::sample::Index>(), byte in any::<u8>(),
        ) {
            let mut name = HeaderName::ALL[which].as_str().as_bytes().to_vec();
            let at = at.index(name.len());
            name[at] = byte;
            let listed = HeaderName::ALL.iter().copied().find(|n| {
                n.as_str().as_bytes().eq_ignore_ascii_case(&name)
            });
            prop_assert_eq!(HeaderName::parse(&name), listed);
        }
    }
}

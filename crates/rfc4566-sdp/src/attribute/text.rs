//! Attributes whose value is one token or free text (RFC 8866 §6, and the documents named at each).

use alloc::vec::Vec;

use super::Attribute;
use crate::error::{ErrorKind, ParseError, Rule};
use crate::text::Text;

/// Defines attributes that are one text: a token, or any non-empty text.
macro_rules! text_attributes {
    ($($(#[$doc:meta])* $type:ident $name:literal $section:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $type<'a>(pub Text<'a>);

        impl<'a> Attribute<'a> for $type<'a> {
            const NAME: &'static str = $name;

            fn parse(value: Text<'a>) -> Result<Self, ParseError> {
                static RULE: Rule = Rule { field: $name, expected: "a value", section: $section };
                let text = value.as_bytes().trim_ascii();
                if text.is_empty() {
                    return Err(ParseError::new(ErrorKind::Missing, 0, &RULE));
                }
                Ok(Self(Text::new(text)))
            }

            fn write_value(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.0);
            }
        }
    )+};
}

text_attributes! {
    /// `a=cat`: the session's category, its parts divided by dots.
    Cat "cat" "RFC 8866 §6.1";
    /// `a=keywds`: keywords, in the session's character set.
    Keywds "keywds" "RFC 8866 §6.2";
    /// `a=tool`: the program that made the description.
    Tool "tool" "RFC 8866 §6.3";
    /// `a=orient`: `portrait`, `landscape` or `seascape`.
    Orient "orient" "RFC 8866 §6.8";
    /// `a=type`: the kind of conference, such as `broadcast`.
    ConferenceType "type" "RFC 8866 §6.9";
    /// `a=charset`: the character set of session name and information, compared without regard to case.
    Charset "charset" "RFC 8866 §6.10";
    /// `a=sdplang`: a language of the description itself.
    SdpLang "sdplang" "RFC 8866 §6.11";
    /// `a=lang`: a language of the session or medium.
    Lang "lang" "RFC 8866 §6.12";
    /// `a=mid`: the name by which `a=group` means a medium.
    Mid "mid" "RFC 5888 §4";
    /// `a=label`: a name for the medium in other documents.
    Label "label" "RFC 4574 §4";
    /// `a=ice-ufrag`: the user name fragment of ICE.
    IceUfrag "ice-ufrag" "RFC 8839 §5.4";
    /// `a=ice-pwd`: the password of ICE.
    IcePwd "ice-pwd" "RFC 8839 §5.4";
    /// `a=crypto`: an offered or accepted key for SRTP, not taken apart.
    Crypto "crypto" "RFC 4568 §4";
    /// `a=control`: the URL for the control of a session or medium by RTSP.
    Control "control" "RFC 2326 §C.1.1";
    /// `a=range`: the range of time of a recording.
    Range "range" "RFC 2326 §C.1.5";
}

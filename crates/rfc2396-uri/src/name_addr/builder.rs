//! Making addresses from a display name and a URI (RFC 3261 §25.1).

use alloc::string::String;

use super::NameAddr;
use crate::error::Rule;
use crate::{ErrorKind, ParseError, Uri};

impl NameAddr<String> {
    /// An address with the URI in angle brackets, and with the display name quoted and escaped.
    ///
    /// ```
    /// use rfc2396_uri::{NameAddr, Uri};
    ///
    /// let uri = Uri::parse("sip:bob@b.example;lr")?;
    /// let address = NameAddr::new(Some("Bob \"the builder\""), &uri)?;
    /// assert_eq!(address.as_str(), r#""Bob \"the builder\"" <sip:bob@b.example;lr>"#);
    /// # Ok::<(), rfc2396_uri::ParseError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A line break in the display name, which a quoted string cannot hold.
    pub fn new<S: AsRef<str>>(
        display_name: Option<&str>,
        uri: &Uri<S>,
    ) -> Result<Self, ParseError> {
        let mut text = String::new();
        if let Some(name) = display_name {
            if let Some(at) = name.find(['\r', '\n']) {
                return Err(ParseError::new(ErrorKind::DisplayName, at, &LINE));
            }
            text.push('"');
            for c in name.chars() {
                if matches!(c, '"' | '\\') || c.is_ascii_control() {
                    text.push('\\');
                }
                text.push(c);
            }
            text.push_str("\" ");
        }
        text.push('<');
        text.push_str(uri.view().as_str());
        text.push('>');
        Self::parse(text)
    }
}

static LINE: Rule = Rule {
    field: "display name",
    expected: "no line break",
    section: "RFC 3261 §25.1",
};

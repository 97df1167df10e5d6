//! Basic: challenges and credentials. RFC 2617 §2; RFC 7617.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use core::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::error::{InvalidText, SchemeError};
use crate::scheme::{Scheme, sort};
use crate::text::{is_quotable, write_quoted};

/// Written with padding, read with and without it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A Basic challenge. Its credentials show the password to everybody on the way: SIP forbids it
/// (RFC 8760 §2.6), and elsewhere it needs TLS.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BasicChallenge<'a> {
    realm: Cow<'a, str>,
    charset_utf8: bool,
}

impl<'a> BasicChallenge<'a> {
    /// One that a server sends. `charset_utf8` says that names and passwords are read as UTF-8
    /// (RFC 7617 §2.1).
    ///
    /// # Errors
    ///
    /// The realm has control characters.
    pub fn new(realm: &'a str, charset_utf8: bool) -> Result<BasicChallenge<'a>, InvalidText> {
        if !is_quotable(realm) {
            return Err(InvalidText { field: "realm" });
        }
        let realm = Cow::Borrowed(realm);
        Ok(BasicChallenge {
            realm,
            charset_utf8,
        })
    }

    /// Reads the parameters of a scheme. Those that are not known are ignored.
    ///
    /// # Errors
    ///
    /// It is not Basic, or the realm is missing, not UTF-8 or there with two values.
    pub fn from_scheme(scheme: &Scheme<'a>) -> Result<BasicChallenge<'a>, SchemeError> {
        if !scheme.is("Basic") {
            return Err(SchemeError::Scheme);
        }
        let [realm, charset] = sort(scheme.params(), ["realm", "charset"])?;
        Ok(BasicChallenge {
            realm: realm.ok_or(SchemeError::Missing("realm"))?,
            charset_utf8: charset.is_some_and(|value| value.eq_ignore_ascii_case("UTF-8")),
        })
    }

    /// What the user is told.
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// Whether names and passwords are to be encoded in UTF-8.
    pub fn charset_utf8(&self) -> bool {
        self.charset_utf8
    }
}

impl fmt::Display for BasicChallenge<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_quoted(f, "Basic realm=", &self.realm)?;
        if self.charset_utf8 {
            f.write_str(", charset=\"UTF-8\"")?;
        }
        Ok(())
    }
}

/// Basic credentials: a name and a password. `Debug` shows neither; they are cleared when dropped.
#[derive(Clone)]
pub struct BasicCredentials {
    /// `name:password`.
    pair: String,
    colon: usize,
}

impl BasicCredentials {
    /// Those of a client. Both are encoded in UTF-8; prepare what people type after RFC 7617 §2
    /// before.
    ///
    /// # Errors
    ///
    /// The name has a colon, or one of them control characters.
    pub fn new(username: &str, password: &str) -> Result<BasicCredentials, InvalidText> {
        let is_control = |text: &str| text.bytes().any(|b| b.is_ascii_control());
        if username.contains(':') || is_control(username) {
            return Err(InvalidText { field: "username" });
        }
        if is_control(password) {
            return Err(InvalidText { field: "password" });
        }
        Ok(BasicCredentials {
            pair: format!("{username}:{password}"),
            colon: username.len(),
        })
    }

    /// Reads the credentials of a scheme.
    ///
    /// # Errors
    ///
    /// It is not Basic, not Base64, not UTF-8, or has no colon.
    pub fn from_scheme(scheme: &Scheme<'_>) -> Result<BasicCredentials, SchemeError> {
        if !scheme.is("Basic") {
            return Err(SchemeError::Scheme);
        }
        let invalid = SchemeError::Invalid("token68");
        let encoded = scheme.token68().ok_or(SchemeError::Missing("token68"))?;
        let bytes = Zeroizing::new(BASE64.decode(encoded).map_err(|_| invalid)?);
        let pair = core::str::from_utf8(&bytes).map_err(|_| invalid)?;
        let colon = pair.find(':').ok_or(invalid)?;
        let pair = String::from(pair);
        Ok(BasicCredentials { pair, colon })
    }

    /// The name.
    pub fn username(&self) -> &str {
        self.pair.get(..self.colon).unwrap_or_default()
    }

    /// Whether name and password are these, compared in constant time.
    pub fn verify(&self, username: &str, password: &str) -> bool {
        let expected = Zeroizing::new(format!("{username}:{password}"));
        // The colon of the name decides which is which.
        let same = self.pair.as_bytes().ct_eq(expected.as_bytes());
        bool::from(same) && self.colon == username.len()
    }

    /// The value of the header Authorization or Proxy-Authorization.
    pub fn header_value(&self) -> String {
        let mut value = String::from("Basic ");
        BASE64.encode_string(&self.pair, &mut value);
        value
    }

    /// The password, to be compared with a stored hash.
    pub fn expose_password(&self) -> &str {
        self.pair.get(self.colon + 1..).unwrap_or_default()
    }
}

impl Drop for BasicCredentials {
    fn drop(&mut self) {
        self.pair.zeroize();
    }
}

impl ZeroizeOnDrop for BasicCredentials {}

impl fmt::Debug for BasicCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BasicCredentials").finish_non_exhaustive()
    }
}

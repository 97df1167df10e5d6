//! Header field names (RFC 2326 §12).

use core::fmt;

use crate::error::Rule;

macro_rules! header_names {
    ($($variant:ident $name:literal $section:literal;)*) => {
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

        static RULES: [Rule; COUNT] = [$(Rule::new($name, $section),)*];

        const NAMES: [&str; COUNT] = [$($name,)*];

        /// The names as a line begins with them.
        static LINES: [&str; COUNT] = [$(concat!($name, ": "),)*];
    };
}

/// How many names the table has.
pub(crate) const COUNT: usize = HeaderName::ALL.len();

header_names! {
    Accept "Accept" "RFC 2326 §12.1";
    AcceptEncoding "Accept-Encoding" "RFC 2326 §12.2";
    AcceptLanguage "Accept-Language" "RFC 2326 §12.3";
    Allow "Allow" "RFC 2326 §12.4";
    Authorization "Authorization" "RFC 2326 §12.5";
    Bandwidth "Bandwidth" "RFC 2326 §12.6";
    Blocksize "Blocksize" "RFC 2326 §12.7";
    CacheControl "Cache-Control" "RFC 2326 §12.8";
    Conference "Conference" "RFC 2326 §12.9";
    Connection "Connection" "RFC 2326 §12.10";
    ContentBase "Content-Base" "RFC 2326 §12.11";
    ContentEncoding "Content-Encoding" "RFC 2326 §12.12";
    ContentLanguage "Content-Language" "RFC 2326 §12.13";
    ContentLength "Content-Length" "RFC 2326 §12.14";
    ContentLocation "Content-Location" "RFC 2326 §12.15";
    ContentType "Content-Type" "RFC 2326 §12.16";
    CSeq "CSeq" "RFC 2326 §12.17";
    Date "Date" "RFC 2326 §12.18";
    Expires "Expires" "RFC 2326 §12.19";
    From "From" "RFC 2326 §12.20";
    Host "Host" "RFC 2326 §12.21";
    IfMatch "If-Match" "RFC 2326 §12.22";
    IfModifiedSince "If-Modified-Since" "RFC 2326 §12.23";
    LastModified "Last-Modified" "RFC 2326 §12.24";
    Location "Location" "RFC 2326 §12.25";
    ProxyAuthenticate "Proxy-Authenticate" "RFC 2326 §12.26";
    ProxyAuthorization "Proxy-Authorization" "RFC 2617 §3.6";
    ProxyRequire "Proxy-Require" "RFC 2326 §12.27";
    Public "Public" "RFC 2326 §12.28";
    Range "Range" "RFC 2326 §12.29";
    Referer "Referer" "RFC 2326 §12.30";
    Require "Require" "RFC 2326 §12.32";
    RetryAfter "Retry-After" "RFC 2326 §12.31";
    RtpInfo "RTP-Info" "RFC 2326 §12.33";
    Scale "Scale" "RFC 2326 §12.34";
    Server "Server" "RFC 2326 §12.36";
    Session "Session" "RFC 2326 §12.37";
    Speed "Speed" "RFC 2326 §12.35";
    Timestamp "Timestamp" "RFC 2326 §12.38";
    Transport "Transport" "RFC 2326 §12.39";
    Unsupported "Unsupported" "RFC 2326 §12.40";
    UserAgent "User-Agent" "RFC 2326 §12.41";
    Vary "Vary" "RFC 2326 §12.42";
    Via "Via" "RFC 2326 §12.43";
    WwwAuthenticate "WWW-Authenticate" "RFC 2326 §12.44";
}

/// The longest name.
const MAX_LEN: usize = 19;

/// The names by their length, and where those of each length begin.
struct ByLength {
    names: [HeaderName; COUNT],
    starts: [usize; MAX_LEN + 2],
}

static BY_LENGTH: ByLength = by_length();

const fn by_length() -> ByLength {
    let mut table = ByLength {
        names: [HeaderName::Accept; COUNT],
        starts: [0; MAX_LEN + 2],
    };
    let mut filled = 0;
    let mut length = 0;
    while length <= MAX_LEN {
        table.starts[length] = filled;
        let mut i = 0;
        while i < COUNT {
            if NAMES[i].len() == length {
                table.names[filled] = HeaderName::ALL[i];
                filled += 1;
            }
            i += 1;
        }
        length += 1;
    }
    table.starts[length] = filled;
    assert!(filled == COUNT, "a name is longer than MAX_LEN");
    table
}

impl HeaderName {
    /// The name, without regard to case; `None` for an extension.
    pub fn parse(name: &[u8]) -> Option<Self> {
        let starts = BY_LENGTH.starts.get(name.len()..)?;
        let [start, end, ..] = starts else {
            return None;
        };
        let candidates = BY_LENGTH.names.get(*start..*end)?;
        candidates
            .iter()
            .find(|candidate| candidate.as_str().as_bytes().eq_ignore_ascii_case(name))
            .copied()
    }

    /// The name in the RFC's spelling.
    pub const fn as_str(self) -> &'static str {
        NAMES[self as usize]
    }

    /// The name, the colon and the space behind it.
    pub(crate) fn line_start(self) -> &'static [u8] {
        LINES[self as usize].as_bytes()
    }

    pub(crate) fn rule(self) -> &'static Rule {
        &RULES[self as usize]
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

    #[test]
    fn every_name_is_found_in_any_case() {
        for name in HeaderName::ALL {
            let text = name.to_string();
            assert_eq!(HeaderName::parse(text.as_bytes()), Some(*name));
            assert_eq!(
                HeaderName::parse(text.to_ascii_lowercase().as_bytes()),
                Some(*name)
            );
            assert_eq!(
                HeaderName::parse(text.to_ascii_uppercase().as_bytes()),
                Some(*name)
            );
            assert_eq!(name.rule().field, text);
        }
    }

    #[test]
    fn extensions_are_not_found() {
        for name in [
            "",
            "X",
            "CSeqs",
            "x-Dynamic-Rate",
            "Proxy-Authorization-Information",
        ] {
            assert_eq!(HeaderName::parse(name.as_bytes()), None, "{name}");
        }
    }
}

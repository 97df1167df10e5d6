//! Header field names and their compact forms (RFC 3261 §7.3.3 and §20, IANA's registry).
//!
//! A name is found with a perfect hash over three words of eight bytes, and then compared in full.

use core::fmt;

use crate::error::Rule;

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
        let mut window = [0; LONGEST];
        window.get_mut(..bytes.len())?.copy_from_slice(bytes);
        *window.get_mut(bytes.len())? = b':';
        Self::from_id(Key(words(&window)).find()?)
    }

    /// The length of the name that ends in a colon at the start of `line`, and its place in the
    /// table; `None` where a known name, directly followed by a colon, does not begin the line.
    ///
    /// Which of the three words has the colon depends on the field, in no order that a processor
    /// could learn: so that is not branched on.
    #[inline]
    pub(crate) fn at_line_start(line: &[u8]) -> Option<(usize, u8)> {
        let window = match line.first_chunk() {
            Some(window) => words(window),
            None => words(&padded(line)),
        };
        let [first, second, third] = window.map(|word| matches(word, b':'));
        let (colons, before) = if second != 0 {
            (second, 8)
        } else {
            (third, 16)
        };
        let (colons, before) = if first != 0 {
            (first, 0)
        } else {
            (colons, before)
        };
        let len = before + (colons.trailing_zeros() / 8) as usize;
        let mask = MASKS.get(len)?;
        let key = Key([
            window[0] & mask[0],
            window[1] & mask[1],
            window[2] & mask[2],
        ]);
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

/// The longest name that the table may have, with its colon: what three words hold.
const LONGEST: usize = 24;

/// A name and its colon as three little-endian words, with zeros behind them.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Key([u64; 3]);

impl Key {
    const fn new(name: &[u8]) -> Self {
        let mut words = [0; 3];
        let mut at = 0;
        while at <= name.len() {
            let byte = if at < name.len() { name[at] } else { b':' };
            words[at / 8] |= (byte as u64) << (8 * (at % 8));
            at += 1;
        }
        Self(words)
    }

    /// The place in the table of the name with this key.
    #[inline]
    fn find(self) -> Option<u8> {
        let id = TABLE[self.slot()];
        let known = KEYS.get(usize::from(id))?;
        // Nearly everybody writes names as the RFC does.
        if *known == self {
            return Some(id);
        }
        self.is_otherwise(id, *known).then_some(id)
    }

    /// Whether this is the name at `id` in another case, or its compact form.
    #[cold]
    fn is_otherwise(self, id: u8, known: Self) -> bool {
        let lower = self.lower();
        let compact = HeaderName::from_id(id).and_then(HeaderName::compact);
        known.lower() == lower || compact.is_some_and(|name| Self::new(name.as_bytes()) == lower)
    }

    /// Where in the table the name with this key is, in whatever case: setting bit five makes a
    /// letter lower case, and does the same to all bytes of equal names.
    #[inline]
    const fn slot(self) -> usize {
        const CASE: u64 = 0x20 * ONES;
        let Self([first, second, third]) = self;
        let mixed =
            (first | CASE) ^ (second | CASE).rotate_left(17) ^ (third | CASE).rotate_left(41);
        (mixed.wrapping_mul(MULTIPLIER) >> (64 - 9)) as usize
    }

    const fn lower(self) -> Self {
        let Self([first, second, third]) = self;
        Self([lower(first), lower(second), lower(third)])
    }
}

/// Found by trying: with it no two names and compact forms share one of 512 slots. The table
/// below does not compile when a name that is added breaks that.
const MULTIPLIER: u64 = 0x98b8_1c66_e10c_167d;

/// A one in each byte.
const ONES: u64 = 0x0101_0101_0101_0101;

static KEYS: [Key; COUNT] = {
    let mut keys = [Key([0; 3]); COUNT];
    let mut id = 0;
    while id < COUNT {
        keys[id] = Key::new(NAMES[id].0.as_bytes());
        id += 1;
    }
    keys
};

static TABLE: [u8; 512] = table();

const fn table() -> [u8; 512] {
    let mut table = [u8::MAX; 512];
    let mut id = 0;
    while id < COUNT {
        let (name, compact) = NAMES[id];
        assert!(name.len() < LONGEST, "a name is longer than the key");
        let slot = Key::new(name.as_bytes()).slot();
        assert!(
            table[slot] == u8::MAX,
            "two names share a slot: find another multiplier"
        );
        table[slot] = id as u8;
        if !compact.is_empty() {
            let slot = Key::new(compact.as_bytes()).slot();
            assert!(
                table[slot] == u8::MAX,
                "two names share a slot: find another multiplier"
            );
            table[slot] = id as u8;
        }
        id += 1;
    }
    table
}

/// What keeps a name of so many bytes, and its colon.
static MASKS: [[u64; 3]; LONGEST] = {
    let mut masks = [[0; 3]; LONGEST];
    let mut len = 0;
    while len < LONGEST {
        let mut at = 0;
        while at <= len {
            masks[len][at / 8] |= 0xff << (8 * (at % 8));
            at += 1;
        }
        len += 1;
    }
    masks
};

/// Three words, little-endian.
#[inline]
fn words(window: &[u8; LONGEST]) -> [u64; 3] {
    let word = |at: usize| {
        let bytes = window.get(at..).and_then(<[u8]>::first_chunk);
        bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
    };
    [word(0), word(8), word(16)]
}

/// The end of the last line, and zeros behind it.
#[cold]
fn padded(line: &[u8]) -> [u8; LONGEST] {
    let mut window = [0; LONGEST];
    for (to, from) in window.iter_mut().zip(line) {
        *to = *from;
    }
    window
}

/// The highest bit of each byte that is `byte`, the first place lowest. Those behind the first may
/// be wrong.
#[inline]
fn matches(word: u64, byte: u8) -> u64 {
    let zero_where_equal = word ^ (ONES * u64::from(byte));
    zero_where_equal.wrapping_sub(ONES) & !zero_where_equal & (ONES << 7)
}

/// ASCII lower case of eight bytes at once: exactly `A` to `Z` change.
#[inline]
const fn lower(word: u64) -> u64 {
    let low = word & (0x7f * ONES);
    let above_z = low + (0x7f - b'Z' as u64) * ONES;
    let from_a = low + (0x80 - b'A' as u64) * ONES;
    let upper = (above_z ^ from_a) & !word & (0x80 * ONES);
    word | upper >> 2
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

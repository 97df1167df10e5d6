//! Character classes of the grammars, as one table of 256 bit sets (RFC 3261 §25.1, RFC 3986
//! Appendix A).

/// `user` without escapes (RFC 3261 §25.1).
pub(crate) const USER: u16 = 1;
/// `password` without escapes (RFC 3261 §25.1).
pub(crate) const PASSWORD: u16 = 1 << 1;
/// `paramchar` without escapes (RFC 3261 §25.1, RFC 3966 §3).
pub(crate) const PARAM: u16 = 1 << 2;
/// `hname` and `hvalue` without escapes (RFC 3261 §25.1).
pub(crate) const HEADER: u16 = 1 << 3;
/// `token` (RFC 3261 §25.1).
pub(crate) const TOKEN: u16 = 1 << 4;
/// What a host name is made of, and what is seen in its place: underscores and bytes of UTF-8.
pub(crate) const HOST: u16 = 1 << 5;
/// `reserved` (RFC 2396 §2.2), which an escape does not stand for.
pub(crate) const RESERVED: u16 = 1 << 6;
/// `phonedigit` (RFC 3966 §3).
pub(crate) const PHONE_DIGIT: u16 = 1 << 7;
/// `phonedigit-hex` (RFC 3966 §3).
pub(crate) const PHONE_DIGIT_HEX: u16 = 1 << 8;
/// `scheme` after its first letter (RFC 3986 §3.1).
pub(crate) const SCHEME: u16 = 1 << 9;
/// `unreserved` (RFC 3986 §2.3).
pub(crate) const UNRESERVED: u16 = 1 << 10;
/// `reg-name` without escapes (RFC 3986 §3.2.2).
pub(crate) const REG_NAME: u16 = 1 << 11;
/// `userinfo` without escapes (RFC 3986 §3.2.1).
pub(crate) const USERINFO: u16 = 1 << 12;
/// `pchar` without escapes, and `/` (RFC 3986 §3.3).
pub(crate) const PATH: u16 = 1 << 13;
/// `query` and `fragment` without escapes (RFC 3986 §3.4, §3.5).
pub(crate) const QUERY: u16 = 1 << 14;

/// `=`, which stands in many a parameter value though it may not.
pub(crate) const EQUALS: u16 = 1 << 15;

/// Whether `byte` belongs to one of the classes.
pub(crate) const fn is(byte: u8, class: u16) -> bool {
    CLASSES[byte as usize] & class != 0
}

/// Whether `byte` can be no part of any URI, however lenient the reader: space, controls, and the
/// quotes and brackets that URIs are delimited with.
pub(crate) const fn is_foreign(byte: u8) -> bool {
    // Without branches, which lets the compiler do many bytes at once.
    (byte <= b' ') | (byte == 0x7f) | (byte == b'"') | (byte == b'<') | (byte == b'>')
}

/// Whether `byte` is white space as it may stand in a header field value, folded or not.
pub(crate) const fn is_white(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

static CLASSES: [u16; 256] = table();

const fn table() -> [u16; 256] {
    let mut table = [0; 256];
    let sip_unreserved = USER | PASSWORD | PARAM | HEADER;
    let generic = UNRESERVED | REG_NAME | USERINFO | PATH | QUERY;
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        if b.is_ascii_alphanumeric() {
            table[byte] = sip_unreserved | generic | TOKEN | HOST | SCHEME;
        }
        if b.is_ascii_digit() {
            table[byte] |= PHONE_DIGIT | PHONE_DIGIT_HEX;
        }
        if b.is_ascii_hexdigit() {
            table[byte] |= PHONE_DIGIT_HEX;
        }
        if b >= 0x80 {
            table[byte] = HOST;
        }
        byte += 1;
    }
    table = add(table, b"-_.!~*'()", sip_unreserved);
    table = add(table, b"&=+$,;?/", USER);
    table = add(table, b"&=+$,", PASSWORD);
    table = add(table, b"[]/:&+$", PARAM);
    table = add(table, b"[]/?:+$", HEADER);
    table = add(table, b"-.!%*_+`'~", TOKEN);
    table = add(table, b"-._", HOST);
    table = add(table, b";/?:@&=+$,", RESERVED);
    table = add(table, b"-.()", PHONE_DIGIT | PHONE_DIGIT_HEX);
    table = add(table, b"*#", PHONE_DIGIT_HEX);
    table = add(table, b"+-.", SCHEME);
    table = add(table, b"-._~", generic);
    table = add(table, b"!$&'()*+,;=", REG_NAME | USERINFO | PATH | QUERY);
    table = add(table, b":", USERINFO);
    table = add(table, b":@/", PATH | QUERY);
    table = add(table, b"?", QUERY);
    add(table, b"=", EQUALS)
}

const fn add(mut table: [u16; 256], bytes: &[u8], class: u16) -> [u16; 256] {
    let mut i = 0;
    while i < bytes.len() {
        table[bytes[i] as usize] |= class;
        i += 1;
    }
    table
}

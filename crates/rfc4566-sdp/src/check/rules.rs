//! The rules that the checks name.

use crate::error::Rule;

macro_rules! rules {
    ($($name:ident = $field:literal, $expected:literal, $section:literal;)+) => {
        $(pub(super) static $name: Rule = Rule { field: $field, expected: $expected, section: $section };)+
    };
}

rules! {
    LINE_END = "end of line", "CR LF", "RFC 8866 §5";
    LINE_FORM = "line", "a type letter directly followed by =", "RFC 8866 §5";
    LETTER = "line type", "one of v o s i u e p c b t r z k a m", "RFC 8866 §5";
    ORDER = "line", "the fixed order of lines", "RFC 8866 §5";
    ONCE = "line", "at most one of this type in the section", "RFC 8866 §5";
    OCTETS = "text", "no NUL and no carriage return", "RFC 8866 §5";
    UTF8 = "text", "UTF-8, or a=charset", "RFC 8866 §5";
    BLANKS = "value", "single spaces between fields and none at the end", "RFC 8866 §5";
    NO_ORIGIN = "origin", "an o= line", "RFC 8866 §5.2";
    NO_NAME = "session name", "an s= line", "RFC 8866 §5.3";
    EMPTY_TEXT = "text", "at least one character", "RFC 8866 §5.3";
    ADDRTYPE = "address type", "IP4 or IP6", "RFC 8866 §5.7";
    ADDRESS = "address", "an address of the type before it, or a name", "RFC 8866 §5.7";
    NO_CONNECTION = "connection", "a c= line in the session or in every medium", "RFC 8866 §5.7";
    NO_TTL = "connection", "a ttl behind an IPv4 multicast address", "RFC 8866 §5.7";
    UNICAST_SLASH = "connection", "no slash behind a unicast address", "RFC 8866 §5.7";
    SESSION_COUNT = "connection", "a single address for the session", "RFC 8866 §5.7";
    BWTYPE = "bandwidth", "a registered bwtype", "RFC 8866 §5.8";
    NO_TIME = "time", "a t= line", "RFC 8866 §5.9";
    REPEAT_PLACE = "repeat", "a t= line before it", "RFC 8866 §5.10";
    KEY = "key", "no k= line", "RFC 8866 §5.12";
    ATTRIBUTE_NAME = "attribute", "a token as name", "RFC 8866 §5.13";
    MEDIA_TOKEN = "media", "tokens", "RFC 8866 §5.14";
    PAYLOAD_TYPE = "media", "payload types from 0 to 127 as formats of RTP", "RFC 8866 §5.14";
    FORMAT_TWICE = "media", "each format once", "RFC 8866 §5.14";
    NO_RTPMAP = "rtpmap", "an rtpmap for every dynamic payload type", "RFC 4566 §8.2.3";
    RTPMAP_PLACE = "rtpmap", "a medium for it to belong to", "RFC 8866 §6.6";
    RTPMAP_FORMAT = "rtpmap", "a payload type of the m= line", "RFC 8866 §6.6";
    RTPMAP_TWICE = "rtpmap", "one rtpmap for each format", "RFC 8866 §6.6";
    DIRECTION_TWICE = "direction", "one direction in a section", "RFC 8866 §6.7";
    FMTP_FORMAT = "fmtp", "a format of the m= line", "RFC 8866 §6.15";
    FMTP_EMPTY = "fmtp", "parameters", "RFC 8866 §6.15";
    FMTP_TWICE = "fmtp", "one fmtp for each format", "RFC 8866 §6.15";
}

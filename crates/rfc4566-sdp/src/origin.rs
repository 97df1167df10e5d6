//! The `o=` line (RFC 8866 §5.2).

use alloc::vec::Vec;

use nom::Parser;

use crate::connection::ip_address;
use crate::error::{ParseError, Rule};
use crate::grammar::{decimal, digits, named, non_ws_string, sp, whole};
use crate::text::Text;
use crate::write::{display_as_written, put};

static USERNAME: Rule = Rule {
    field: "origin",
    expected: "a username",
    section: "RFC 8866 §5.2",
};
static SESS_ID: Rule = Rule {
    field: "origin",
    expected: "a space and sess-id, 1*DIGIT",
    section: "RFC 8866 §5.2",
};
static SESS_VERSION: Rule = Rule {
    field: "origin",
    expected: "a space and sess-version, 1*DIGIT",
    section: "RFC 8866 §5.2",
};
static NETTYPE: Rule = Rule {
    field: "origin",
    expected: "a space and nettype",
    section: "RFC 8866 §5.2",
};
static ADDRTYPE: Rule = Rule {
    field: "origin",
    expected: "a space and addrtype",
    section: "RFC 8866 §5.2",
};
static ADDRESS: Rule = Rule {
    field: "origin",
    expected: "a space and unicast-address, then the end of the line",
    section: "RFC 8866 §5.2",
};

/// Who made the session, and which version of its description this is.
///
/// All fields but the version identify the session together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Origin<'a> {
    /// The login name, `-` for none. Without spaces.
    pub username: Text<'a>,
    /// Digits, as many as the sender liked: some exceed 64 bits.
    pub sess_id: Text<'a>,
    /// Digits; raised with every change.
    pub sess_version: Text<'a>,
    /// Usually `IN`.
    pub nettype: Text<'a>,
    /// Usually `IP4` or `IP6`.
    pub addrtype: Text<'a>,
    /// An IP address or host name.
    pub unicast_address: Text<'a>,
}

impl<'a> Origin<'a> {
    /// Reads the value of an `o=` line.
    pub fn parse(value: Text<'a>) -> Result<Self, ParseError> {
        let fields = (
            named(&USERNAME, non_ws_string),
            named(&SESS_ID, (sp, digits)),
            named(&SESS_VERSION, (sp, digits)),
            named(&NETTYPE, (sp, non_ws_string)),
            named(&ADDRTYPE, (sp, non_ws_string)),
            named(&ADDRESS, (sp, non_ws_string)),
        );
        let origin = fields.map(
            |(
                username,
                (_, sess_id),
                (_, sess_version),
                (_, nettype),
                (_, addrtype),
                (_, address),
            )| {
                Self {
                    username,
                    sess_id,
                    sess_version,
                    nettype,
                    addrtype,
                    unicast_address: address,
                }
            },
        );
        whole(value, &ADDRESS, origin)
    }

    /// The version as a number, unless it exceeds 64 bits.
    pub fn version_number(&self) -> Option<u64> {
        decimal(&self.sess_version)
    }

    /// The address, if it is an IP address rather than a name.
    pub fn ip_address(&self) -> Option<core::net::IpAddr> {
        ip_address(self.unicast_address)
    }

    /// Whether both describe the same session, in whichever version.
    pub fn same_session(&self, other: &Origin<'_>) -> bool {
        Origin {
            sess_version: Text::default(),
            ..*self
        } == Origin {
            sess_version: Text::default(),
            ..*other
        }
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        put::joined(
            out,
            b' ',
            &[
                self.username,
                self.sess_id,
                self.sess_version,
                self.nettype,
                self.addrtype,
                self.unicast_address,
            ],
        );
    }
}

display_as_written!(Origin);

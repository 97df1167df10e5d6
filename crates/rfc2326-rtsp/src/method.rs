//! Methods (RFC 2326 §6.1, §10).

use core::fmt;

use crate::grammar;

/// A method: one of RFC 2326 §10 or an extension. Methods are compared with regard to case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Method<'a>(&'a str);

impl<'a> Method<'a> {
    /// Describes a presentation (§10.2).
    pub const DESCRIBE: Method<'static> = Method("DESCRIBE");
    /// Posts or updates a description (§10.3).
    pub const ANNOUNCE: Method<'static> = Method("ANNOUNCE");
    /// Retrieves parameters; without a body it keeps a session alive (§10.8).
    pub const GET_PARAMETER: Method<'static> = Method("GET_PARAMETER");
    /// Asks for the methods supported (§10.1).
    pub const OPTIONS: Method<'static> = Method("OPTIONS");
    /// Halts delivery (§10.6).
    pub const PAUSE: Method<'static> = Method("PAUSE");
    /// Starts delivery (§10.5).
    pub const PLAY: Method<'static> = Method("PLAY");
    /// Starts recording (§10.11).
    pub const RECORD: Method<'static> = Method("RECORD");
    /// Sends the client elsewhere (§10.10).
    pub const REDIRECT: Method<'static> = Method("REDIRECT");
    /// Specifies the transport (§10.4).
    pub const SETUP: Method<'static> = Method("SETUP");
    /// Sets a parameter (§10.9).
    pub const SET_PARAMETER: Method<'static> = Method("SET_PARAMETER");
    /// Ends a session (§10.7).
    pub const TEARDOWN: Method<'static> = Method("TEARDOWN");

    /// The method with this name, if the name is a token.
    pub fn new(name: &'a str) -> Option<Self> {
        grammar::is_token(name.as_bytes()).then_some(Self(name))
    }

    /// A name that is known to be a token.
    pub(crate) const fn unchecked(name: &'a str) -> Self {
        Self(name)
    }

    /// The name.
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

impl fmt::Display for Method<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

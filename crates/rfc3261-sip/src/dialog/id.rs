//! What identifies a dialog: Call-ID and the two tags (RFC 3261 §12).

use alloc::borrow::Cow;

use crate::{MessageRef, ParseError};

/// What identifies a dialog at one of its two sides; at the other the tags change places.
///
/// Two are the same if all three parts are, byte for byte. A side that is older than RFC 3261 may
/// go without a tag. A map whose keys are `DialogId<'static>` is asked with the borrowed one of a
/// message:
///
/// ```
/// use std::collections::HashMap;
/// use rfc3261_sip::{Message, dialog::DialogId};
///
/// let mut dialogs: HashMap<DialogId<'static>, usize> = HashMap::new();
/// dialogs.insert(DialogId::new("a84b4c76e66710", Some("314159"), Some("1928301774")), 7);
/// let bye = Message::parse(
///     &b"BYE sip:bob@192.0.2.4 SIP/2.0\r\n\
///        From: <sip:alice@example.com>;tag=1928301774\r\n\
///        To: <sip:bob@example.com>;tag=314159\r\n\
///        Call-ID: a84b4c76e66710\r\n\r\n"[..],
/// )?;
/// assert_eq!(dialogs.get(&DialogId::of_request(bye.view())?), Some(&7));
/// # Ok::<(), rfc3261_sip::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DialogId<'a> {
    call_id: Cow<'a, str>,
    local_tag: Option<Cow<'a, str>>,
    remote_tag: Option<Cow<'a, str>>,
}

impl<'a> DialogId<'a> {
    /// The identifier of these parts.
    #[must_use]
    pub fn new(call_id: &'a str, local_tag: Option<&'a str>, remote_tag: Option<&'a str>) -> Self {
        Self {
            call_id: Cow::Borrowed(call_id),
            local_tag: local_tag.map(Cow::Borrowed),
            remote_tag: remote_tag.map(Cow::Borrowed),
        }
    }

    /// The dialog that a request which was received is in: the tag of To is the local one. A
    /// request without one is in no dialog yet.
    pub fn of_request(request: MessageRef<'a>) -> Result<Self, ParseError> {
        Ok(Self::new(
            request.call_id()?.as_str(),
            request.to()?.tag(),
            request.from()?.tag(),
        ))
    }

    /// The dialog that a response which was received is in: the tag of From is the local one.
    pub fn of_response(response: MessageRef<'a>) -> Result<Self, ParseError> {
        Ok(Self::new(
            response.call_id()?.as_str(),
            response.from()?.tag(),
            response.to()?.tag(),
        ))
    }

    /// Call-ID.
    #[must_use]
    pub fn call_id(&self) -> &str {
        &self.call_id
    }

    /// The tag of this side; `None` if it gave none.
    #[must_use]
    pub fn local_tag(&self) -> Option<&str> {
        self.local_tag.as_deref()
    }

    /// The tag of the other side; `None` if it gave none.
    #[must_use]
    pub fn remote_tag(&self) -> Option<&str> {
        self.remote_tag.as_deref()
    }

    /// The same identifier with a text of its own.
    #[must_use]
    pub fn into_owned(self) -> DialogId<'static> {
        let owned = |text: Cow<'a, str>| Cow::Owned(text.into_owned());
        DialogId {
            call_id: owned(self.call_id),
            local_tag: self.local_tag.map(owned),
            remote_tag: self.remote_tag.map(owned),
        }
    }
}

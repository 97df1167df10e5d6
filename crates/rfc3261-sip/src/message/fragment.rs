//! Parts of messages, as bodies of type `message/sipfrag` (RFC 3420).

use super::{HeaderField, MessageRef, StartLine};
use crate::{Defect, HeaderName, ParseError, headers::Header};

/// A part of a message: it may lack a start line, any header fields, and a body.
#[derive(Debug, Clone, Copy)]
pub struct Fragment<'a>(pub(super) MessageRef<'a>);

impl<'a> Fragment<'a> {
    /// The start line, if there is one.
    #[must_use]
    pub fn start_line(self) -> Option<StartLine<'a>> {
        self.0.any_start_line()
    }

    /// All header fields, in order.
    pub fn fields(self) -> impl DoubleEndedIterator<Item = HeaderField<'a>> + ExactSizeIterator {
        self.0.fields()
    }

    /// The first header field of this name.
    #[must_use]
    pub fn first(self, name: HeaderName) -> Option<HeaderField<'a>> {
        self.0.first(name)
    }

    /// The first value of a header field as its type, if the field is there.
    pub fn get<T: Header<'a>>(self) -> Option<Result<T, ParseError>> {
        self.0.get()
    }

    /// What follows the empty line, if there is one.
    #[must_use]
    pub fn body(self) -> &'a [u8] {
        self.0.body()
    }

    /// What was found questionable.
    #[must_use]
    pub fn defects(self) -> &'a [Defect] {
        self.0.defects()
    }
}

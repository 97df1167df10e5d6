//! The usual getters of messages, the same for owned and borrowed ones.

use rfc2396_uri::Uri;

use super::{HeaderField, Message, MessageRef, Start, StartLine};
use crate::{
    Defect, ErrorKind, HeaderName, Method, ParseError, StatusCode,
    error::Rule,
    headers::{
        CSeq, CallId, Contact, ContentType, Elements, From, Header, MaxForwards, To, Values, Via,
    },
};

macro_rules! typed {
    ($($(#[$doc:meta])* $name:ident -> $type:ident $(<$life:lifetime>)?;)*) => {
        impl<'a> MessageRef<'a> {
            $($(#[$doc])*
            #[inline]
            pub fn $name(self) -> Result<$type $(<$life>)?, ParseError> {
                self.typed()
            })*
        }

        impl Message {
            $($(#[$doc])*
            #[inline]
            #[allow(clippy::needless_lifetimes)]
            pub fn $name<'a>(&'a self) -> Result<$type $(<$life>)?, ParseError> {
                self.view().typed()
            })*
        }
    };
}

typed! {
    /// The first Via value: the hop that the message came from.
    via -> Via<'a>;
    /// From.
    from -> From<'a>;
    /// To.
    to -> To<'a>;
    /// Call-ID.
    call_id -> CallId<'a>;
    /// CSeq.
    cseq -> CSeq<'a>;
    /// Max-Forwards.
    max_forwards -> MaxForwards;
    /// The first Contact value.
    contact -> Contact<'a>;
    /// Content-Type.
    content_type -> ContentType<'a>;
}

impl<'a> MessageRef<'a> {
    /// The Request-URI; [`ErrorKind::Missing`] in a response.
    #[inline]
    pub fn request_uri(self) -> Result<Uri<&'a str>, ParseError> {
        static RULE: Rule = Rule::new("Request-URI", "RFC 3261 §7.1");
        let Start::Request { uri, .. } = self.index.start else {
            return Err(ParseError::new(ErrorKind::Missing, 0, "a request", &RULE));
        };
        let offset = uri.start as usize;
        match self.text_of(uri) {
            Ok(text) => Uri::parse(text)
                .map_err(|error| crate::headers::from_uri(error, &RULE).shifted(offset)),
            Err(error) => {
                let at = offset + error.valid_up_to();
                Err(ParseError::new(ErrorKind::NotUtf8, at, "UTF-8", &RULE))
            }
        }
    }

    /// The values of a list header as they stand, across rows and commas, in order.
    #[must_use]
    pub fn elements(self, name: HeaderName) -> Elements<'a> {
        Elements::new(self, name)
    }

    /// The bytes up to the body, as far as they are known to be UTF-8.
    #[inline]
    pub(crate) fn text(self) -> &'a str {
        self.text
    }

    /// The number of the first row of this name, or that behind the last row.
    #[inline]
    pub(crate) fn first_row(self, name: HeaderName) -> usize {
        self.index.first(name).unwrap_or(self.index.rows.len())
    }

    /// The first field of this name among the rows from `row`, and its row.
    #[inline]
    pub(crate) fn next_field(
        self,
        row: usize,
        name: HeaderName,
    ) -> Option<(usize, HeaderField<'a>)> {
        let first = self.index.first(name)?;
        if row > first && !self.index.is_repeated(name) {
            return None;
        }
        let rows = self.index.rows.get(row..)?;
        let found = rows.iter().position(|row| row.id == name as u8)?;
        Some((row + found, self.field(*rows.get(found)?)))
    }
}

impl MessageRef<'_> {
    /// Where the row behind the one that begins at `offset` begins, or the empty line.
    pub(crate) fn next_row_offset(self, offset: usize) -> Option<usize> {
        let rows = &self.index.rows;
        let row = rows
            .binary_search_by_key(&offset, |row| row.name.start as usize)
            .ok()?;
        let value_end = rows.get(row)?.value.end as usize;
        let skip = value_end - offset;
        Some(super::field_value(self.bytes, offset, skip).1)
    }
}

/// What [`MessageRef`] has, for an owned message. Its documentation is there.
#[allow(missing_docs)]
impl Message {
    #[must_use]
    pub fn start_line(&self) -> StartLine<'_> {
        self.view().start_line()
    }

    pub fn request_uri(&self) -> Result<Uri<&str>, ParseError> {
        self.view().request_uri()
    }

    #[must_use]
    pub fn is_request(&self) -> bool {
        self.view().is_request()
    }

    #[must_use]
    pub fn method(&self) -> Option<Method<'_>> {
        self.view().method()
    }

    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.view().status()
    }

    pub fn fields(&self) -> impl DoubleEndedIterator<Item = HeaderField<'_>> + ExactSizeIterator {
        self.view().fields()
    }

    pub fn fields_named(&self, name: HeaderName) -> impl Iterator<Item = HeaderField<'_>> {
        self.view().fields_named(name)
    }

    #[must_use]
    pub fn first(&self, name: HeaderName) -> Option<HeaderField<'_>> {
        self.view().first(name)
    }

    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.view().body()
    }

    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.view().as_bytes()
    }

    #[must_use]
    pub fn defects(&self) -> &[Defect] {
        self.view().defects()
    }

    pub fn typed<'a, T: Header<'a>>(&'a self) -> Result<T, ParseError> {
        self.view().typed()
    }

    pub fn get<'a, T: Header<'a>>(&'a self) -> Option<Result<T, ParseError>> {
        self.view().get()
    }

    pub fn list<'a, T: Header<'a>>(&'a self) -> Values<'a, T> {
        self.view().list()
    }

    #[must_use]
    pub fn check(&self) -> alloc::vec::Vec<Defect> {
        self.view().check()
    }
}

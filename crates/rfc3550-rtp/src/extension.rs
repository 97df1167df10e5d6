//! The header extension (RFC 3550 §5.3.1) and its general forms with elements (RFC 8285 §4).

use crate::error::{ErrorKind, ParseError, Rule, WriteError};

/// The profile word of the one-byte form (RFC 8285 §4.2).
const ONE_BYTE: u16 = 0xbede;
/// The profile word of the two-byte form, without its four application bits (§4.3).
const TWO_BYTE: u16 = 0x1000;

/// A header extension: 16 bits whose meaning the profile gives, and whole 32-bit words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HeaderExtension<'a> {
    profile: u16,
    data: &'a [u8],
}

impl<'a> HeaderExtension<'a> {
    /// From the four octets of profile and length and all the words.
    #[inline]
    pub(crate) fn from_wire(bytes: &'a [u8]) -> Option<Self> {
        let (&[high, low, _, _], data) = bytes.split_first_chunk()?;
        Some(Self {
            profile: u16::from_be_bytes([high, low]),
            data,
        })
    }

    /// The 16 bits "defined by profile".
    pub const fn profile(&self) -> u16 {
        self.profile
    }

    /// The words, a multiple of four octets.
    pub const fn data(&self) -> &'a [u8] {
        self.data
    }

    /// Which form of RFC 8285 the profile bits announce, if any.
    pub const fn form(&self) -> Option<ExtensionForm> {
        ExtensionForm::from_profile(self.profile)
    }

    /// The elements, or nothing when the extension has neither form of RFC 8285.
    ///
    /// The reserved identifier 15 of the one-byte form, and identifier 0 with a length, end the
    /// list, as RFC 8285 §4.1.2 and §4.2 want it. An element that runs past the extension is one
    /// last `Err` whose offset counts from the start of [`data`](Self::data).
    pub const fn elements(&self) -> ExtensionElements<'a> {
        let form = self.form();
        ExtensionElements {
            form,
            data: self.data,
            position: match form {
                Some(_) => 0,
                None => self.data.len(),
            },
        }
    }

    /// The data of the first element with this identifier.
    pub fn element(&self, id: u8) -> Option<&'a [u8]> {
        self.elements()
            .filter_map(Result::ok)
            .find(|element| element.id == id)
            .map(|element| element.data)
    }
}

/// A form of header extension with elements (RFC 8285 §4.2, §4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExtensionForm {
    /// Identifiers 1 to 14, 1 to 16 octets of data.
    OneByte,
    /// Identifiers 1 to 255, 0 to 255 octets of data.
    TwoByte {
        /// Four bits for the application, the pseudo-element 256; 0 unless something was agreed.
        appbits: u8,
    },
}

impl ExtensionForm {
    /// The form that a profile word announces.
    pub const fn from_profile(profile: u16) -> Option<Self> {
        match profile {
            ONE_BYTE => Some(Self::OneByte),
            _ if profile & 0xfff0 == TWO_BYTE => Some(Self::TwoByte {
                appbits: (profile & 0x0f) as u8,
            }),
            _ => None,
        }
    }

    /// The profile word that announces this form. Only the low four bits of `appbits` count.
    pub const fn profile(self) -> u16 {
        match self {
            Self::OneByte => ONE_BYTE,
            Self::TwoByte { appbits } => TWO_BYTE | (appbits & 0x0f) as u16,
        }
    }
}

impl ExtensionForm {
    /// Octets before the data of an element.
    pub(crate) const fn element_head_len(self) -> usize {
        match self {
            Self::OneByte => 1,
            Self::TwoByte { .. } => 2,
        }
    }

    /// Writes an element to the start of `out`, which has room for it, and returns the rest.
    pub(crate) fn write_element<'b>(
        self,
        element: &ExtensionElement<'_>,
        out: &'b mut [u8],
    ) -> Result<&'b mut [u8], WriteError> {
        let len = element.data.len();
        let (ids, limit, too_short) = match self {
            Self::OneByte => (1..=14, 16, len == 0),
            Self::TwoByte { .. } => (1..=255, 255, false),
        };
        if !ids.contains(&element.id) || too_short {
            return Err(WriteError::OutOfRange {
                field: "extension element",
            });
        }
        if len > limit {
            return Err(WriteError::TooMany {
                field: "octets of extension element",
                limit,
            });
        }
        // Neither cast loses anything within these limits.
        let (head, rest) = out.split_at_mut(self.element_head_len());
        match head {
            [head] => *head = element.id << 4 | (len - 1) as u8,
            [id, length] => (*id, *length) = (element.id, len as u8),
            _ => {}
        }
        let (data, rest) = rest.split_at_mut(len);
        data.copy_from_slice(element.data);
        Ok(rest)
    }
}

/// One element of a header extension (RFC 8285 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ExtensionElement<'a> {
    /// The local identifier: 1 to 14 in the one-byte form, 1 to 255 in the two-byte form.
    pub id: u8,
    /// 1 to 16 octets in the one-byte form, 0 to 255 in the two-byte form.
    pub data: &'a [u8],
}

/// Walks the elements of a header extension. Padding is stepped over.
#[derive(Debug, Clone)]
pub struct ExtensionElements<'a> {
    form: Option<ExtensionForm>,
    data: &'a [u8],
    position: usize,
}

impl<'a> Iterator for ExtensionElements<'a> {
    type Item = Result<ExtensionElement<'a>, ParseError>;

    fn next(&mut self) -> Option<Self::Item> {
        let form = self.form?;
        loop {
            let start = self.position;
            let (&first, rest) = self.data.get(start..)?.split_first()?;
            if first == 0 {
                self.position += 1;
                continue;
            }
            let (id, len, head) = match form {
                ExtensionForm::OneByte => (first >> 4, usize::from(first & 0x0f) + 1, 1),
                ExtensionForm::TwoByte { .. } => {
                    (first, rest.first().map_or(0, |&len| usize::from(len)), 2)
                }
            };
            if form == ExtensionForm::OneByte && (id == 0 || id == 15) {
                self.position = self.data.len();
                return None;
            }
            let end = start + head + len;
            let Some(data) = self.data.get(start + head..end) else {
                self.position = self.data.len();
                return Some(Err(ParseError::new(ErrorKind::Truncated, start, &ELEMENT)));
            };
            self.position = end;
            return Some(Ok(ExtensionElement { id, data }));
        }
    }
}

static ELEMENT: Rule = Rule {
    field: "extension element",
    expected: "as many octets as its length says",
    section: "RFC 8285 §4",
};

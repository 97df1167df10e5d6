//! The `e=` and `p=` lines (RFC 8866 §5.6).

use crate::scan;
use crate::text::Text;

/// An email address or phone number with the name of its owner.
///
/// Both conventions are read: `j.doe@example.com (Jane Doe)` and `Jane Doe <j.doe@example.com>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Contact<'a> {
    /// The whole value, as written.
    pub value: Text<'a>,
    /// The address or number alone.
    pub address: Text<'a>,
    /// The free text beside it.
    pub name: Option<Text<'a>>,
}

impl<'a> Contact<'a> {
    /// Reads the value of an `e=` or `p=` line. What follows neither convention is all address.
    pub fn parse(value: Text<'a>) -> Self {
        let bytes = value.as_bytes().trim_ascii();
        let (before, inside) = match bytes.split_last() {
            Some((b')', text)) => split_at(text, b'('),
            Some((b'>', text)) => split_at(text, b'<'),
            _ => None,
        }
        .unwrap_or((bytes, b""));
        let (address, name) = if bytes.ends_with(b">") && !inside.is_empty() {
            (inside, before)
        } else {
            (before, inside)
        };
        Self {
            value,
            address: Text::new(address),
            name: (!name.is_empty()).then_some(Text::new(name)),
        }
    }
}

/// What stands before and behind the first `quote`, without the blanks between.
fn split_at(text: &[u8], quote: u8) -> Option<(&[u8], &[u8])> {
    let (before, inside) = text.split_at_checked(scan::position(text, quote)?)?;
    Some((before.trim_ascii_end(), inside.get(1..)?))
}

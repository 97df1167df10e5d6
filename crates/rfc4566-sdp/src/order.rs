//! The fixed order of lines (RFC 8866 §5).

use crate::line::LineType;

/// How many places there are in the order of the session section.
pub(crate) const RANKS: usize = 12;

/// A section of a description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SectionId {
    /// The lines before the first `m=`.
    Session,
    /// The lines of a medium, counted from 0.
    Media(usize),
}

/// A line type's place in its section; `None` where it may not stand. `m=` begins a section.
pub(crate) const fn rank(line_type: LineType, in_media: bool) -> Option<usize> {
    Some(match (line_type, in_media) {
        (LineType::VERSION, false) | (LineType::MEDIA, true) => 0,
        (LineType::ORIGIN, false) => 1,
        (LineType::SESSION_NAME, false) => 2,
        (LineType::INFORMATION, _) => 3,
        (LineType::URI, false) => 4,
        (LineType::EMAIL, false) => 5,
        (LineType::PHONE, false) => 6,
        (LineType::CONNECTION, _) => 7,
        (LineType::BANDWIDTH, _) => 8,
        // RFC 4566 has one z= behind all times, RFC 8866 one behind the r= of each.
        (LineType::TIME | LineType::REPEAT | LineType::ZONE, false) => 9,
        (LineType::KEY, _) => 10,
        (LineType::ATTRIBUTE, _) => 11,
        _ => return None,
    })
}

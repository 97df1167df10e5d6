//! Preferences: `qvalue` (RFC 3261 §25.1).

use core::fmt;

/// A preference of 0 to 1 in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QValue(u16);

impl QValue {
    /// The highest, 1.
    pub const MAX: Self = Self(1000);

    /// Reads `( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] )`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        if fraction.len() > 3 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let mut thousandths = 0;
        for place in 0..3 {
            let digit = fraction
                .as_bytes()
                .get(place)
                .map_or(0, |b| u16::from(b - b'0'));
            thousandths = thousandths * 10 + digit;
        }
        match whole {
            // `.5` is outside the grammar and common.
            "0" => Some(Self(thousandths)),
            "" if !fraction.is_empty() => Some(Self(thousandths)),
            "1" if thousandths == 0 => Some(Self::MAX),
            _ => None,
        }
    }

    /// The preference of this many thousandths, if it is at most 1000.
    #[must_use]
    pub const fn from_thousandths(thousandths: u16) -> Option<Self> {
        if thousandths <= 1000 {
            Some(Self(thousandths))
        } else {
            None
        }
    }

    /// The preference in thousandths.
    #[must_use]
    pub const fn thousandths(self) -> u16 {
        self.0
    }
}

impl fmt::Display for QValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 1000, self.0 % 1000) {
            (whole, 0) => write!(f, "{whole}"),
            (whole, part) if part % 100 == 0 => write!(f, "{whole}.{}", part / 100),
            (whole, part) if part % 10 == 0 => write!(f, "{whole}.{:02}", part / 10),
            (whole, part) => write!(f, "{whole}.{part:03}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn thousandths_and_back() {
        for (text, thousandths) in [("0", 0), ("1", 1000), ("0.33", 330), ("1.000", 1000)] {
            let q = QValue::parse(text).unwrap();
            assert_eq!(q.thousandths(), thousandths);
            assert_eq!(QValue::from_thousandths(thousandths), Some(q));
        }
        assert_eq!(QValue::parse("0.330").unwrap().to_string(), "0.33");
        assert_eq!(QValue::parse("0.007").unwrap().to_string(), "0.007");
        assert_eq!(QValue::parse("0.5").unwrap().to_string(), "0.5");
        assert_eq!(QValue::parse(".5"), QValue::parse("0.5"));
        for wrong in ["1.1", "2", "", ".", "0.1234", "-1", "0.x"] {
            assert_eq!(QValue::parse(wrong), None, "{wrong}");
        }
    }
}
